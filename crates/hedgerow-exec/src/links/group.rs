//! Orders beside each other, those that follow another's fills, and what is due among them.
//!
//! Of one instrument they count lot by lot, of several in proportion to what each was to trade.

use super::{Due, Standing};
use crate::slice::LotRule;
use hedgerow_core::{
    Code, ContingentOrder, Finding, InstrumentId, Money, Order, OrderKind, OrderSlot, OrderTerms, RecordId, RoundMode,
    Side, StrategyId, code, div_round,
};
use hedgerow_oms::{Oms, OrderState, Working};

/// What change was asked of a working order and is not answered.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) enum Asking {
    #[default]
    Nothing,
    /// We change its size.
    Resize,
    /// Its strategy wants it to have other lots in all, another limit, other terms (zero = as they are).
    Terms { lots: i64, limit_ticks: i64, terms: OrderTerms },
}

/// The order whose fills others follow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub order: Order,
    pub filled_lots: i64,
    pub has_ended: bool,
    /// The venue did not cancel what is left of it; it is asked again after the next fill.
    pub cancel_refused: bool,
}

/// An order that is sent as another fills, time and again if need be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub told: ContingentOrder,
    /// Nothing more is sent for it.
    pub is_over: bool,
    /// It is over although nobody wanted that; people are told once.
    pub is_unplaced: bool,
}

/// An order of a group, or what becomes one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Member {
    pub wish: Option<Wish>,
    pub order_id: RecordId,
    pub slot: OrderSlot,
    pub instrument: InstrumentId,
    pub rule: LotRule,
    /// What it was to trade from when it came to stand beside the others.
    pub asked_lots: i64,
    /// What it traded since.
    pub traded_lots: i64,
    /// What it traded in all.
    pub of_order_lots: i64,
    /// What was taken from it because its position was smaller, and does not come back.
    pub cut_lots: i64,
    /// What other orders at work hold back of it, of which people were told.
    pub told_short_lots: i64,
    pub has_ended: bool,
    pub asking: Asking,
    /// We asked to cancel it; a change on its way may be answered before.
    pub cancelling: bool,
    pub cancel_refused: bool,
    pub resize_refused: bool,
    /// The order of its that the gate denied, or would not let grow, because it would meet the entry; 0 = none.
    pub crossed: RecordId,
}

impl Wish {
    /// Its strategy gave the order that works for it other terms (zero = as they are): what is sent later has them, too.
    fn changed(&mut self, asked: &OrderTerms) {
        let or_as_it_is = |asked: i64, is: i64| if asked == 0 { is } else { asked };
        self.told.stop_ticks = or_as_it_is(asked.stop_ticks, self.told.stop_ticks);
        self.told.display_lots = or_as_it_is(asked.display_lots, self.told.display_lots);
        if asked.peg != 0 {
            self.told.offset_ticks = asked.offset_ticks;
        }
    }

    /// Whether terms are those of an order of so many lots that is sent for it.
    pub fn has_terms(&self, terms: &OrderTerms, lots: i64) -> bool {
        let told = (self.told.shown_of(lots), self.told.peg, self.told.offset_ticks);
        told == (terms.display_lots, terms.peg, terms.offset_ticks)
    }
}

impl Member {
    pub fn new(order: &Order, rule: LotRule, asked_lots: i64, of_order_lots: i64) -> Member {
        let Order { id: order_id, slot, instrument, .. } = *order;
        Member { order_id, slot, instrument, rule, asked_lots, of_order_lots, ..Member::default() }
    }

    /// One that works already.
    pub fn of(working: &Working, rule: LotRule) -> Member {
        Member::new(&working.order, rule, working.order.lots - working.filled_lots, working.filled_lots)
    }

    /// One that follows another order's fills; nothing of it is sent.
    pub fn waiting(told: ContingentOrder, rule: LotRule) -> Member {
        let wish = Some(Wish { told, is_over: false, is_unplaced: false });
        Member { wish, instrument: told.instrument, rule, has_ended: true, ..Member::default() }
    }

    /// Its order was approved.
    pub fn sent(&mut self, order: &Order) {
        let Member { wish, traded_lots, cut_lots, told_short_lots, rule, .. } = *self;
        *self = Member { wish, traded_lots, cut_lots, told_short_lots, ..Member::new(order, rule, 0, 0) };
    }

    /// Nothing more is sent for it; whether nobody wanted that.
    pub fn is_over(&mut self, is_unplaced: bool) {
        if let Some(wish) = self.wish.as_mut().filter(|wish| !wish.is_over) {
            (wish.is_over, wish.is_unplaced) = (true, is_unplaced);
        }
    }

    /// Its order has ended. What was lost on its way, by us or by the venue that we could not see, is sent anew.
    pub fn ended(&mut self, from: Option<OrderState>, to: OrderState) {
        self.has_ended = true;
        let is_ours = self.cancelling || from == Some(OrderState::Unknown);
        match to {
            OrderState::Cancelled | OrderState::Rejected if !is_ours => self.is_over(true),
            OrderState::Expired => self.is_over(false),
            _ => {}
        }
        (self.asking, self.cancelling) = (Asking::Nothing, false);
    }

    pub fn standing(&self, is_over: bool) -> Standing {
        Standing {
            order_id: self.order_id,
            slot: self.slot,
            works: !self.has_ended,
            is_over: is_over || self.wish.is_some_and(|wish| wish.is_over),
            traded_lots: self.traded_lots,
        }
    }

    /// Its order, or what was to be added to it, would meet the entry: it comes when that has ended.
    pub fn waits_for_entry(&mut self, order_id: RecordId) {
        (self.crossed, self.asking) = (order_id, Asking::Nothing);
    }

    pub fn answered_change(&mut self, taken: bool) {
        self.resize_refused |= self.asking == Asking::Resize && !taken;
        self.asking = Asking::Nothing;
    }
}

/// Orders beside each other, and the one whose fills they follow, if they follow one.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// The order that the others were put beside; 0 = none was sent yet.
    pub root: RecordId,
    pub strategy: StrategyId,
    pub entry: Option<Entry>,
    pub members: Vec<Member>,
    /// The one that traded last, of them and the one that they follow.
    pub mover: RecordId,
    /// The place of the member that traded last.
    pub trader: usize,
    /// Lots traded beyond what was meant, of which people were told.
    pub told_lots: i64,
}

impl Group {
    /// Whether what has this cause was asked by the group and not by a strategy, which acts on what it hears.
    pub fn is_own(&self, cause: RecordId) -> bool {
        cause != 0
            && (cause == self.mover
                || self.members.iter().any(|member| [member.order_id, member.crossed].contains(&cause)))
    }

    pub fn traded(&mut self, at: usize, lots: i64) {
        self.members[at].traded_lots += lots;
        self.members[at].of_order_lots += lots;
        (self.mover, self.trader) = (self.members[at].order_id, at);
        // What was refused before may be right now.
        self.members.iter_mut().for_each(|member| member.cancel_refused = false);
        self.settle();
    }

    /// What was too much and is so no more was one race; the next one is told by itself.
    fn settle(&mut self) {
        self.told_lots = self.told_lots.min(self.excess_lots());
    }

    /// The order that they follow moved.
    pub fn entry_moved(&mut self, filled_lots: i64, has_ended: bool, cancel_refused: bool) {
        let Some(entry) = &mut self.entry else { return };
        if filled_lots > entry.filled_lots {
            (self.mover, entry.cancel_refused) = (entry.order.id, false);
        }
        entry.cancel_refused |= cancel_refused;
        (entry.filled_lots, entry.has_ended) = (filled_lots, has_ended);
        if has_ended {
            self.members.iter_mut().for_each(|member| member.crossed = 0);
        }
        self.settle();
    }

    /// The venue made the change that was asked for of one of them.
    pub fn changed(&mut self, at: usize) {
        if let Asking::Terms { lots, limit_ticks, terms } = self.members[at].asking {
            if let Some(wish) = &mut self.members[at].wish {
                wish.told.limit_ticks = limit_ticks;
                wish.changed(&terms);
            } else if self.excess_lots() == 0 {
                self.begin_anew(at, lots);
            }
        }
        self.members[at].answered_change(true);
    }

    /// One shall have other lots in all: from now on each counts from what it has open.
    fn begin_anew(&mut self, at: usize, lots: i64) {
        let open: Vec<i64> = self.members.iter().map(|member| self.open_lots(member)).collect();
        for (member, open_lots) in self.members.iter_mut().zip(open) {
            (member.asked_lots, member.traded_lots, member.cut_lots) = (open_lots, 0, 0);
        }
        self.members[at].asked_lots = lots - self.members[at].of_order_lots;
    }

    /// The position that one of them may only reduce leaves it so much: what is above that is taken from it for good.
    pub fn cut(&mut self, at: usize, left_lots: i64) {
        let mut over_lots = self.open_lots(&self.members[at]) - left_lots;
        while over_lots > 0 {
            self.members[at].cut_lots += over_lots;
            over_lots = self.open_lots(&self.members[at]) - left_lots;
        }
    }

    /// Lots that one of them would trade by now if the others traded nothing.
    fn meant_lots(&self, member: &Member) -> i64 {
        (self.wanted_lots(member) - member.cut_lots).max(0)
    }

    fn wanted_lots(&self, member: &Member) -> i64 {
        let (Some(wish), Some(entry)) = (&member.wish, &self.entry) else { return member.asked_lots };
        let (wanted, filled, whole) = (wish.told.lots, entry.filled_lots, entry.order.lots);
        if wanted == 0 {
            return filled;
        }
        if filled >= whole {
            return wanted;
        }
        let part = (i128::from(wanted) * i128::from(filled) / i128::from(whole.max(1))) as i64;
        part - part % member.rule.step_lots
    }

    /// Whether they are of several instruments, whose lots are not each other's: they count in proportion.
    fn spans(&self) -> bool {
        self.members.iter().any(|member| member.instrument != self.members[0].instrument)
    }

    /// Lots that one of them may trade in all, by what the others traded; where lots must be rounded, against it.
    fn allowed_lots(&self, member: &Member) -> i64 {
        let (meant, spans) = (self.meant_lots(member), self.spans());
        let others = self.members.iter().filter(|other| !std::ptr::eq(*other, member));
        let taken = |other: &Member| match spans {
            false => other.traded_lots,
            true => {
                let (traded, whole) = (i128::from(other.traded_lots), i128::from(self.meant_lots(other).max(1)));
                div_round(i128::from(meant) * traded, whole, RoundMode::AwayFromZero).min(i128::from(meant)) as i64
            }
        };
        meant - others.map(taken).sum::<i64>()
    }

    /// Lots that one of them shall still have open.
    pub fn open_lots(&self, member: &Member) -> i64 {
        let open_lots = (self.allowed_lots(member) - member.traded_lots).max(0);
        if self.spans() { member.rule.down(open_lots) } else { open_lots }
    }

    /// Lots traded beyond what was meant: two traded before one could be cancelled. Of one instrument, by all beyond the
    /// most that one was to trade alone; of several, by the one that traded last.
    pub fn excess_lots(&self) -> i64 {
        (self.traded_lots() - self.limit_lots()).max(0)
    }

    fn traded_lots(&self) -> i64 {
        match self.members.get(self.trader).filter(|_| self.spans()) {
            Some(member) => member.traded_lots,
            None => self.members.iter().map(|member| member.traded_lots).sum(),
        }
    }

    fn limit_lots(&self) -> i64 {
        match self.members.get(self.trader).filter(|_| self.spans()) {
            Some(member) => self.allowed_lots(member).max(0),
            None => self.members.iter().map(|member| self.meant_lots(member)).max().unwrap_or(0),
        }
    }

    pub fn has_ended(&self) -> bool {
        let may_move = self.entry.is_some_and(|entry| !entry.has_ended);
        let waits = |member: &Member| match member.wish {
            Some(wish) if wish.is_over => wish.is_unplaced && (may_move || self.open_lots(member) > 0),
            Some(_) => may_move || self.sendable_lots(member) > 0,
            None => false,
        };
        self.excess_lots() <= self.told_lots && self.members.iter().all(|member| member.has_ended && !waits(member))
    }

    /// What may be sent of a wish that has no order at work.
    pub fn sendable_lots(&self, member: &Member) -> i64 {
        let (Some(wish), open_lots) = (member.wish, self.open_lots(member)) else { return 0 };
        if wish.is_over { 0 } else { member.rule.down(open_lots) }
    }

    /// A market order that is filled in part reaches whatever we would put on the other side: it waits for the rest.
    pub fn would_meet_entry(&self, wish: &ContingentOrder) -> bool {
        self.entry.is_some_and(|Entry { order, has_ended, .. }| {
            let meets = (order.instrument, order.kind) == (wish.instrument, OrderKind::Market as u8);
            meets && !has_ended && order.side != wish.side && wish.stop_ticks == 0
        })
    }

    /// Whether one of them, at work or about to be, trades with what is left of the order that they follow. A stop does
    /// once the market has reached it.
    pub fn meets_entry(&self, wish: &ContingentOrder, oms: &Oms) -> bool {
        let Some((_, Working { order, .. })) = self.rest_of_entry(oms) else { return false };
        let (ours, theirs) = (wish.limit_ticks, order.limit_ticks);
        let crosses = if wish.side == Side::Buy as u8 { ours >= theirs } else { ours <= theirs };
        let is_opposite = order.instrument == wish.instrument && order.side != wish.side;
        is_opposite && (ours == 0 || theirs == 0 || crosses)
    }

    /// Whether one of them is to be larger than it is.
    pub fn grows(&self, at: usize, oms: &Oms) -> bool {
        let member = &self.members[at];
        let working = oms.get(member.slot, member.order_id);
        working.is_some_and(|working| working.filled_lots + self.open_lots(member) > working.order.lots)
    }

    fn rest_of_entry<'a>(&self, oms: &'a Oms) -> Option<(Entry, &'a Working)> {
        let entry = self.entry.filter(|entry| !entry.has_ended)?;
        Some((entry, oms.get(entry.order.slot, entry.order.id)?))
    }

    /// What is due to be taken back of them, or to be told of what they traded.
    pub fn due(&self, oms: &Oms) -> Option<Due> {
        let mut working = self.members.iter().filter(|member| !member.has_ended);
        let of_working = working.find_map(|member| self.due_of(member, oms));
        of_working.or_else(|| self.entry_to_end(oms)).or_else(|| self.race().map(Due::Tell))
    }

    /// What two traded before one could be cancelled, once nothing of them is on its way any more: one race is told once.
    fn race(&self) -> Option<Finding> {
        let is_over = self.members.iter().all(|member| member.has_ended || member.cancel_refused);
        self.excess().filter(|_| is_over)
    }

    /// What was traded beyond what was meant, and was not told.
    pub fn excess(&self) -> Option<Finding> {
        let trader = self.members.get(self.trader).filter(|_| self.excess_lots() > self.told_lots)?;
        Some(self.tell(code::RUN_BOTH_TRADED, trader.order_id, trader, self.traded_lots(), self.limit_lots()))
    }

    /// The market has come to a stop while its entry still works, and the two would trade with each other: whoever is to
    /// leave does not go on entering.
    fn entry_to_end(&self, oms: &Oms) -> Option<Due> {
        let is_stop = |member: &&Member| member.wish.is_some_and(|wish| wish.told.stop_ticks > 0 && !wish.is_over);
        let cause = self.members.iter().filter(is_stop).find(|member| member.crossed != 0)?.crossed;
        let (entry, working) = self.rest_of_entry(oms)?;
        let is_asked = matches!(working.state, OrderState::PendingCancel | OrderState::Unknown);
        (!is_asked && !entry.cancel_refused).then_some(Due::Cancel { order: working.order, cause })
    }

    fn due_of(&self, member: &Member, oms: &Oms) -> Option<Due> {
        let Working { order, state, filled_lots, .. } = *oms.get(member.slot, member.order_id)?;
        let open_lots = self.open_lots(member);
        let (lots, cause) = (filled_lots + open_lots, self.mover);
        if lots >= order.lots || matches!(state, OrderState::PendingCancel | OrderState::Unknown) {
            return None;
        }
        if open_lots == 0 || member.resize_refused {
            return (!member.cancel_refused).then_some(Due::Cancel { order, cause });
        }
        matches!(state, OrderState::Live | OrderState::PartiallyFilled).then_some(Due::Resize { order, lots, cause })
    }

    pub fn tell(&self, code: Code, cause: RecordId, about: &Member, seen_lots: i64, meant_lots: i64) -> Finding {
        let (value, limit) = (Money::units(seen_lots), Money::units(meant_lots));
        let (instrument, strategy) = (about.instrument, self.strategy);
        Finding { value, limit, cause, instrument, strategy, code: code.0, ..Finding::default() }
    }
}
