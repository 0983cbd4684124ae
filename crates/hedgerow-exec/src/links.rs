//! Orders that hang together, folded from a run's records: the run itself, a run taken up again and an audit do the same.
//!
//! What one of several orders beside each other trades, the others trade no more: they are made smaller, or cancelled.
//! What follows another order's fills is sent as it fills, and grows with them.
//! Promises: what is due follows from the log and the states of orders alone, and what was done about it is not due again.
//! Never: a record of its own; whoever carries out what is due writes it.

mod group;
mod reducing;
mod room;

use crate::links::group::{Asking, Entry, Group, Member};
pub use crate::links::reducing::Held;
use crate::links::reducing::Reductions;
use crate::slice::LotRule;
use hedgerow_core::{
    Action, CancelRequest, Code, ContingentOrder, Decision, Fill, Finding, Instrument, InstrumentId, Money, Noun,
    Order, OrderEvent, OrderSlot, OrderTerms, Problem, RecordId, ReplaceRequest, Verdict, WITH_TERMS, code,
};
use hedgerow_oms::{Oms, OrderInput, OrderState};
use std::collections::BTreeMap;

/// What is due. Its cause is always an order: that is how the log tells it from what a strategy asks for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Due {
    /// A working order shall be cancelled, because another one traded.
    Cancel {
        /// Which.
        order: Order,
        /// Why.
        cause: RecordId,
    },
    /// A working order shall have so many lots in all.
    Resize {
        /// Which.
        order: Order,
        /// What of it is filled and what shall be open.
        lots: i64,
        /// Why.
        cause: RecordId,
    },
    /// An order shall be sent, because another one filled.
    Send {
        /// What it follows.
        wish: ContingentOrder,
        /// How much of it.
        lots: i64,
        /// The order that it stands beside, 0 = none.
        beside: RecordId,
    },
    /// More was traded than was meant, or less is in the market than was meant: people are told.
    Tell(Finding),
}

/// How an order that follows another's fills stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The order that works for it, or the last one that did; 0 = none was sent.
    pub order_id: RecordId,
    /// Its place in the OMS slab.
    pub slot: OrderSlot,
    /// Whether an order works for it.
    pub works: bool,
    /// Whether nothing more is sent for it.
    pub is_over: bool,
    /// What was traded for it.
    pub traded_lots: i64,
}

/// The orders of a run that hang together and have not all ended, and those that may only reduce a position.
#[derive(Default)]
pub struct Links {
    rules: Vec<LotRule>,
    groups: Vec<Group>,
    reductions: Reductions,
    /// What became of wishes whose group has ended.
    ended: BTreeMap<RecordId, Standing>,
    /// The terms that came last, and an order that concerns us and waits for its verdict.
    terms: OrderTerms,
    asked: Option<Order>,
}

impl Links {
    /// Takes a record of the log, in its order; `oms` stands, and `held` says what positions are, as the record left them.
    #[inline]
    pub fn take(&mut self, kind: u16, bytes: &[u8], oms: &Oms, held: &Held<'_>) {
        let begins = [OrderTerms::KIND, ContingentOrder::KIND, Instrument::KIND, Order::KIND].contains(&kind);
        if begins || self.terms.id != 0 || self.asked.is_some() || !self.is_empty() {
            self.take_one(kind, bytes, oms, held);
        }
    }

    fn take_one(&mut self, kind: u16, bytes: &[u8], oms: &Oms, held: &Held<'_>) {
        match kind {
            Instrument::KIND => self.define(&bytemuck::pod_read_unaligned(bytes)),
            ContingentOrder::KIND => self.wished(bytemuck::pod_read_unaligned(bytes), oms),
            OrderTerms::KIND => self.terms = bytemuck::pod_read_unaligned(bytes),
            Order::KIND => {
                let order: Order = bytemuck::pod_read_unaligned(bytes);
                let is_linked = order.flags & WITH_TERMS != 0 && self.terms.id + 1 == order.id;
                if !is_linked {
                    self.terms = OrderTerms::default();
                }
                let concerns = self.terms.beside != 0 || self.terms.after != 0 || order.is_reduce_only();
                self.asked = Some(order).filter(|_| concerns);
            }
            Verdict::KIND => self.judged(&bytemuck::pod_read_unaligned(bytes), oms),
            Fill::KIND => self.reductions.filled(&bytemuck::pod_read_unaligned(bytes), held),
            OrderEvent::KIND => self.moved(&bytemuck::pod_read_unaligned(bytes)),
            CancelRequest::KIND => {
                let request: CancelRequest = bytemuck::pod_read_unaligned(bytes);
                let reduces = self.reductions.is_own(request.order_id, request.cause);
                if let Some((group, at)) = self.family(request.order_id) {
                    let own = reduces || group.is_own(request.cause);
                    if reduces && !group.members[at].resize_refused {
                        group.cut(at, 0);
                    }
                    group.members[at].cancelling = own;
                    if !own {
                        group.members[at].is_over(false);
                    }
                }
            }
            ReplaceRequest::KIND => {
                let request: ReplaceRequest = bytemuck::pod_read_unaligned(bytes);
                let terms = std::mem::take(&mut self.terms);
                let terms = if request.flags & WITH_TERMS == 0 { OrderTerms::default() } else { terms };
                let grows = oms.iter().any(|one| one.order.id == request.order_id && request.lots > one.order.lots);
                let reduces = !grows && self.reductions.is_own(request.order_id, request.cause);
                self.reductions.changing(request.order_id, reduces);
                if let Some((group, at)) = self.family(request.order_id) {
                    let own = reduces || group.is_own(request.cause);
                    if reduces && !group.members[at].resize_refused {
                        group.cut(at, request.lots - group.members[at].of_order_lots);
                    }
                    let wanted = Asking::Terms { lots: request.lots, limit_ticks: request.limit_ticks, terms };
                    group.members[at].asking = if own { Asking::Resize } else { wanted };
                }
            }
            Finding::KIND => {
                self.found(&bytemuck::pod_read_unaligned(bytes));
                self.forget_ended();
            }
            _ => {}
        }
    }

    fn rule(&self, instrument: InstrumentId) -> LotRule {
        self.rules.get(instrument as usize).copied().unwrap_or(LotRule::WHOLE)
    }

    fn define(&mut self, instrument: &Instrument) {
        let place = instrument.instrument as usize;
        if self.rules.len() <= place {
            self.rules.resize(place + 1, LotRule::WHOLE);
        }
        self.rules[place] = LotRule::of(instrument);
    }

    /// An order shall follow another one's fills, or shall follow them no more.
    fn wished(&mut self, told: ContingentOrder, oms: &Oms) {
        if told.about != 0 {
            if let Some((group, at)) = self.wish(told.about) {
                group.members[at].is_over(false);
            }
            return self.forget_ended();
        }
        let member = Member::waiting(told, self.rule(told.instrument));
        if let Some((group, _)) = self.wish(told.beside).filter(|_| told.beside != 0) {
            return group.members.push(member);
        }
        let Some(working) = oms.iter().find(|working| working.order.id == told.after) else { return };
        let (order, filled_lots) = (working.order, working.filled_lots);
        let entry = Entry { order, filled_lots, has_ended: false, cancel_refused: false };
        let (strategy, mover, entry, members) = (told.strategy, told.after, Some(entry), vec![member]);
        self.groups.push(Group { strategy, mover, entry, members, ..Group::default() });
    }

    fn wish(&mut self, id: RecordId) -> Option<(&mut Group, usize)> {
        self.groups.iter_mut().find_map(|group| {
            let at = group.members.iter().position(|member| member.wish.is_some_and(|wish| wish.told.id == id))?;
            Some((group, at))
        })
    }

    fn found(&mut self, finding: &Finding) {
        let Finding { cause, value, limit, .. } = *finding;
        let lots = |money: Money| (money.0 / Money::units(1).0) as i64;
        match Code(finding.code) {
            code::RUN_UNPROTECTED => {
                if let Some((group, at)) = self.wish(cause)
                    && let Some(wish) = &mut group.members[at].wish
                {
                    wish.is_unplaced = false;
                }
            }
            code::RUN_CUT => {
                if let Some((group, at)) = self.wish(cause) {
                    group.cut(at, lots(value));
                    let told_lots = &mut group.members[at].told_short_lots;
                    *told_lots = lots(value).min(*told_lots);
                }
            }
            code::RUN_HELD_BACK => {
                if let Some((group, at)) = self.wish(cause) {
                    group.members[at].told_short_lots = lots(limit) - lots(value);
                }
            }
            code::RUN_BOTH_TRADED => {
                if let Some(group) = self.groups.iter_mut().find(|group| group.is_own(cause)) {
                    group.told_lots = group.excess_lots();
                }
            }
            code::RUN_TURNED => self.reductions.told(cause),
            _ => {}
        }
    }

    fn judged(&mut self, verdict: &Verdict, oms: &Oms) {
        let approved = verdict.decision == Decision::Approved as u8;
        let meets = |group: &Group, at: usize| {
            let told = group.members[at].wish.filter(|_| verdict.code == code::RISK_SELF_MATCH.0);
            told.is_some_and(|wish| group.meets_entry(&wish.told, oms))
        };
        if verdict.action == Action::Replace as u8 && !approved {
            self.reductions.denied(verdict.order_id);
        }
        if verdict.action == Action::Replace as u8
            && !approved
            && let Some((group, at)) = self.family(verdict.order_id)
        {
            if meets(group, at) && group.grows(at, oms) {
                group.members[at].waits_for_entry(verdict.order_id);
            } else {
                group.members[at].answered_change(false);
            }
        }
        let Some(order) = self.asked.take_if(|order| order.id == verdict.order_id) else { return };
        let OrderTerms { beside, after, .. } = std::mem::take(&mut self.terms);
        if approved && order.is_reduce_only() {
            self.reductions.approved(order);
        }
        if let Some((group, at)) = self.wish(order.cause).filter(|_| after != 0) {
            if !approved && meets(group, at) {
                return group.members[at].waits_for_entry(order.id);
            }
            if !approved {
                return group.members[at].is_over(true);
            }
            group.members[at].sent(&order);
            if beside == 0 {
                group.root = order.id;
            }
        } else if approved && beside != 0 {
            self.join(beside, &order, oms);
        }
    }

    /// An order was approved beside another, which is looked up where nothing stood beside it yet.
    fn join(&mut self, root: RecordId, order: &Order, oms: &Oms) {
        let at = self.groups.iter().position(|group| group.root == root).unwrap_or_else(|| {
            let first = oms.iter().find(|working| working.order.id == root);
            let members = first.map(|working| Member::of(working, self.rule(working.order.instrument)));
            let (strategy, members) = (order.strategy, members.into_iter().collect());
            self.groups.push(Group { root, strategy, members, ..Group::default() });
            self.groups.len() - 1
        });
        let member = Member::new(order, self.rule(order.instrument), order.lots, 0);
        self.groups[at].members.push(member);
    }

    fn moved(&mut self, event: &OrderEvent) {
        let mut raced_lots = 0;
        let state = OrderState::from_u8(event.to);
        let has_ended = state.is_some_and(OrderState::is_terminal);
        let input = OrderInput::from_u8(event.event);
        let followed = |group: &&mut Group| group.entry.is_some_and(|entry| entry.order.id == event.order_id);
        let refused = input == Some(OrderInput::CancelRejected);
        let followers = self.groups.iter_mut().filter(followed);
        followers.for_each(|group| group.entry_moved(event.filled_lots, has_ended, refused));
        if let Some((group, at)) = self.family(event.order_id) {
            let traded = event.filled_lots - group.members[at].of_order_lots;
            if traded > 0 {
                let before_lots = group.excess_lots();
                group.traded(at, traded);
                raced_lots = group.excess_lots() - before_lots;
            }
            if input == Some(OrderInput::Replaced) {
                group.changed(at);
            }
            let member = &mut group.members[at];
            match input {
                Some(OrderInput::ReplaceRejected) => member.answered_change(false),
                Some(OrderInput::CancelRejected) => {
                    member.cancel_refused = std::mem::take(&mut member.cancelling);
                }
                _ => {}
            }
            if let Some(state) = state.filter(|_| has_ended) {
                member.ended(OrderState::from_u8(event.from), state);
            }
        }
        self.reductions.told_elsewhere(event.order_id, raced_lots);
        self.reductions.moved(event);
        if has_ended {
            self.forget_ended();
        }
    }

    /// The group of a working order, and its place there.
    fn family(&mut self, order_id: RecordId) -> Option<(&mut Group, usize)> {
        self.groups.iter_mut().find_map(|group| {
            let at = group.members.iter().position(|member| member.order_id == order_id && !member.has_ended)?;
            Some((group, at))
        })
    }

    /// A group of which nothing works hangs together no more, once what people must know is told.
    fn forget_ended(&mut self) {
        for group in self.groups.iter().filter(|group| group.has_ended()) {
            let wishes = group.members.iter().filter_map(|member| Some((member.wish?.told.id, member.standing(true))));
            self.ended.extend(wishes);
        }
        self.groups.retain(|group| !group.has_ended());
    }

    /// How an order that follows another's fills stands; none where there is no such.
    #[must_use]
    pub fn standing(&self, wish: RecordId) -> Option<Standing> {
        let is_it = |member: &&Member| member.wish.is_some_and(|known| known.told.id == wish);
        let member = self.groups.iter().flat_map(|group| &group.members).find(is_it);
        member.map(|member| member.standing(false)).or_else(|| self.ended.get(&wish).copied())
    }

    /// Working orders that follow another one's fills, by number.
    #[must_use]
    pub fn following(&self) -> Vec<RecordId> {
        let members = self.groups.iter().flat_map(|group| &group.members);
        members.filter(|member| member.wish.is_some() && !member.has_ended).map(|member| member.order_id).collect()
    }

    /// The orders that may still be sent as others fill, for whoever ends them all.
    #[must_use]
    pub fn wishes(&self) -> Vec<ContingentOrder> {
        let wishes = self.groups.iter().flat_map(|group| &group.members).filter_map(|member| member.wish);
        wishes.filter(|wish| !wish.is_over).map(|wish| wish.told).collect()
    }

    /// Whether nothing hangs together, and nothing works that may only reduce.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.reductions.is_empty()
    }

    /// Working orders of an instrument that may only reduce, each with the lots that its position lets it trade.
    pub fn reducing<'a>(
        &'a self,
        instrument: InstrumentId,
        held: &'a Held<'_>,
    ) -> impl Iterator<Item = (Order, i64)> + 'a {
        self.reductions.closable(instrument, held)
    }

    /// What orders beside each other traded beyond what was meant, and reduce-only ones beyond their positions, and nobody
    /// was told; whoever ends a run tells it, though more may come.
    pub fn races(&self) -> impl Iterator<Item = Finding> + '_ {
        self.groups.iter().filter_map(Group::excess).chain(self.reductions.turned(false))
    }

    /// What is due first, if anything is; `held` says how large positions are.
    #[must_use]
    pub fn due(&self, oms: &Oms, held: &Held<'_>) -> Option<Due> {
        let stand = |order_id: RecordId| self.stands(order_id).unwrap_or((order_id, i64::MAX));
        let linked = self.groups.iter().find_map(|group| group.due(oms));
        let reduced = || self.reductions.due(oms, held, stand, |instrument| self.rule(instrument));
        let turned = || self.reductions.turned(true).next().map(Due::Tell);
        linked.or_else(reduced).or_else(turned).or_else(|| self.to_add(oms, held))
    }

    /// What an order that follows another's fills shows at a time once it has so many lots; `None` where it shows all.
    #[must_use]
    pub fn shown_of(&self, order_id: RecordId, lots: i64) -> Option<i64> {
        let mut members = self.groups.iter().flat_map(|group| &group.members);
        let wish = members.find(|member| member.order_id == order_id)?.wish?;
        Some(wish.told.shown_of(lots)).filter(|shown| *shown > 0)
    }

    /// Whether a record that an input of the kernel shall become is one that a link asks for, and the one that is due.
    ///
    /// # Errors
    /// `LOG_REPLAY` for an order, a cancel, a change or a finding in the name of a link that is not due.
    pub fn check(&self, kind: u16, bytes: &[u8], oms: &Oms, held: &Held<'_>) -> Result<bool, Problem> {
        let own = |order_id, cause| {
            self.groups.iter().any(|group| group.is_own(cause)) || self.reductions.is_own(order_id, cause)
        };
        let (id, due) = match kind {
            CancelRequest::KIND => {
                let told: CancelRequest = bytemuck::pod_read_unaligned(bytes);
                let is_due = matches!(self.due(oms, held), Some(Due::Cancel { order, cause })
                    if (order.id, cause) == (told.order_id, told.cause));
                (told.id, own(told.order_id, told.cause).then_some(is_due))
            }
            ReplaceRequest::KIND => {
                let told: ReplaceRequest = bytemuck::pod_read_unaligned(bytes);
                let is_due = matches!(self.due(oms, held), Some(Due::Resize { order, lots, cause })
                    if (order.id, lots, cause) == (told.order_id, told.lots, told.cause));
                (told.id, own(told.order_id, told.cause).then_some(is_due))
            }
            Order::KIND => {
                let told: Order = bytemuck::pod_read_unaligned(bytes);
                let wishes = self.groups.iter().flat_map(|group| &group.members).filter_map(|member| member.wish);
                let ours = wishes.into_iter().find(|wish| wish.told.id == told.cause);
                let has_terms = ours.is_none_or(|wish| wish.has_terms(&self.terms, told.lots));
                let is_due = has_terms
                    && matches!(self.due(oms, held), Some(Due::Send { wish, lots, .. })
                    if (wish.id, wish.side, wish.limit_ticks, lots) == (told.cause, told.side, told.limit_ticks, told.lots));
                (told.id, ours.map(|_| is_due))
            }
            Finding::KIND => {
                let told: Finding = bytemuck::pod_read_unaligned(bytes);
                let what = |one: &Finding| (one.code, one.cause, one.value, one.limit);
                let again = |finding: Finding| what(&finding) == what(&told);
                let is_due = match Code(told.code) {
                    code::RUN_BOTH_TRADED | code::RUN_TURNED => Some(self.races().any(again)),
                    code::RUN_UNPROTECTED | code::RUN_CUT | code::RUN_HELD_BACK => {
                        Some(matches!(self.due(oms, held), Some(Due::Tell(finding)) if again(finding)))
                    }
                    _ => None,
                };
                (told.id, is_due)
            }
            _ => return Ok(false),
        };
        match due {
            Some(false) => Err(Problem::new(code::LOG_REPLAY, format!("record {id}: no link of orders asks for it"))),
            due => Ok(due.is_some()),
        }
    }
}

#[cfg(test)]
mod tests;
