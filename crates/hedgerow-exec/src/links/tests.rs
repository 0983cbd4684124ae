mod reducing;
mod room;
mod spanning;

use super::*;
use hedgerow_core::{OrderKind, Side};
use proptest::prelude::*;

/// Orders at a venue that answers when it is told to, and the links that follow what it says.
struct World {
    oms: Oms,
    links: Links,
    last_id: RecordId,
    orders: Vec<Order>,
    tells: Vec<Finding>,
    filled: std::collections::BTreeMap<RecordId, i64>,
    /// The position in each instrument.
    positions: std::collections::BTreeMap<InstrumentId, i64>,
    /// The order that each stands beside, as the gate is told.
    beside: std::collections::BTreeMap<RecordId, RecordId>,
    /// For what the gate denies whatever follows.
    denies: Option<Code>,
}

impl World {
    fn new() -> World {
        let (oms, links, filled) = (Oms::new(64), Links::default(), std::collections::BTreeMap::new());
        World {
            oms,
            links,
            last_id: 0,
            orders: Vec::new(),
            tells: Vec::new(),
            filled,
            positions: Default::default(),
            beside: Default::default(),
            denies: None,
        }
    }

    fn id(&mut self) -> RecordId {
        self.last_id += 1;
        self.last_id
    }

    fn told<N: Noun>(&mut self, record: &N) {
        let held = self.held();
        self.links.take(N::KIND, bytemuck::bytes_of(record), &self.oms, &held);
    }

    fn held(&self) -> impl Fn(hedgerow_core::StrategyId, InstrumentId) -> i64 + use<> {
        let positions = self.positions.clone();
        move |_, instrument| positions.get(&instrument).copied().unwrap_or_default()
    }

    /// A sale is approved, perhaps beside another.
    fn sells(&mut self, lots: i64, beside: RecordId) -> usize {
        self.sells_as(lots, beside, Order::default())
    }

    /// The same of another instrument, or with flags.
    fn sells_as(&mut self, lots: i64, beside: RecordId, order: Order) -> usize {
        let flags = if beside == 0 { 0 } else { WITH_TERMS };
        if beside != 0 {
            let terms = OrderTerms { id: self.id(), beside, ..OrderTerms::default() };
            self.told(&terms);
        }
        let (side, kind) = (Side::Sell as u8, OrderKind::Limit as u8);
        let flags = flags | order.flags;
        let side = if order.side == 0 { side } else { order.side };
        let order = Order { id: self.id(), lots, limit_ticks: 100, side, kind, flags, ..order };
        self.beside.insert(order.id, if beside == 0 { order.id } else { beside });
        self.sends(order, None);
        self.orders.len() - 1
    }

    /// An order asks to be sent, and is judged.
    fn sends(&mut self, mut order: Order, denied: Option<Code>) {
        if order.cause != 0 {
            assert_eq!(self.links.check(Order::KIND, bytemuck::bytes_of(&order), &self.oms, &self.held()), Ok(true));
        }
        order.slot = self.oms.open(order).unwrap();
        let input = if denied.is_none() { OrderInput::Approve } else { OrderInput::Deny };
        self.oms.apply(order.slot, order.id, input, 0, 0).unwrap();
        self.told(&order);
        self.judge(order.id, order.id, Action::New, denied);
        self.orders.push(order);
    }

    /// An order shall follow the first one's fills; 0 lots = as many as it fills.
    fn wish(&mut self, lots: i64, beside: RecordId) -> RecordId {
        self.wishes(ContingentOrder { beside, lots, limit_ticks: 90, ..ContingentOrder::default() })
    }

    fn wishes(&mut self, wish: ContingentOrder) -> RecordId {
        let after = if wish.after == 0 { self.orders[0].id } else { wish.after };
        let wish = ContingentOrder { id: self.id(), after, side: Side::Buy as u8, tif: 1, ..wish };
        self.told(&wish);
        self.follow();
        wish.id
    }

    /// Lots that the orders of a wish may still trade, and those that they traded.
    fn of_wish(&self, wish: RecordId) -> (i64, i64) {
        let ours: Vec<_> = self.orders.iter().filter(|order| order.cause == wish).collect();
        let open = ours.iter().filter_map(|order| self.oms.get(order.slot, order.id));
        let traded = ours.iter().filter_map(|order| self.filled.get(&order.id));
        (open.map(|working| working.order.lots - working.filled_lots).sum(), traded.sum())
    }

    fn judge(&mut self, cause: RecordId, order_id: RecordId, action: Action, denied: Option<Code>) {
        let decision = if denied.is_none() { Decision::Approved } else { Decision::Denied } as u8;
        let (action, code) = (action as u8, denied.unwrap_or_default().0);
        let verdict = Verdict { id: self.id(), cause, order_id, action, decision, code, ..Verdict::default() };
        self.told(&verdict);
    }

    /// Something happens to an order, if it can, and what is due after it is asked for.
    fn happens(&mut self, at: usize, input: OrderInput, lots: i64) -> bool {
        let Order { slot, id, .. } = self.orders[at];
        let price_ticks = if input == OrderInput::Fill { 100 } else { self.orders[at].limit_ticks };
        let Ok(step) = self.oms.apply(slot, id, input, lots, price_ticks) else { return false };
        let (order_id, filled_lots) = (id, step.filled_lots);
        if input == OrderInput::Fill {
            let Order { instrument, side, strategy, .. } = self.orders[at];
            *self.positions.entry(instrument).or_default() += if side == Side::Buy as u8 { lots } else { -lots };
            self.told(&Fill { id: self.last_id, cause: id, lots, instrument, side, strategy, ..Fill::default() });
        }
        self.filled.insert(order_id, filled_lots);
        let (from, to, event) = (step.from as u8, step.to as u8, step.event as u8);
        let event = OrderEvent { id: self.id(), order_id, filled_lots, slot, from, to, event, ..OrderEvent::default() };
        self.told(&event);
        self.follow();
        true
    }

    fn follow(&mut self) {
        while let Some(due) = self.links.due(&self.oms, &self.held()) {
            let (id, at) = (self.id(), |order: &Order| self.orders.iter().position(|o| o.id == order.id).unwrap());
            match due {
                Due::Cancel { order, cause } => {
                    let (at, order_id) = (at(&order), order.id);
                    let request = CancelRequest { id, cause, order_id, slot: order.slot, ..CancelRequest::default() };
                    self.proves(&request);
                    assert!(self.steps(at, OrderInput::AskCancel, 0));
                }
                Due::Resize { order, lots, cause } => {
                    if lots > order.lots {
                        self.reduces(&order, lots - self.filled.get(&order.id).copied().unwrap_or_default());
                    }
                    let (at, order_id) = (at(&order), order.id);
                    let request = ReplaceRequest { id, cause, order_id, lots, ..ReplaceRequest::default() };
                    self.proves(&request);
                    match self.denies {
                        Some(_) => self.judge(id, order_id, Action::Replace, self.denies),
                        None => assert!(self.steps(at, OrderInput::AskReplace, lots)),
                    }
                }
                Due::Send { wish, lots, beside } => {
                    let terms = OrderTerms { id, beside, after: wish.after, ..OrderTerms::default() };
                    self.told(&terms);
                    let order = Order { id: self.id(), cause: wish.id, side: wish.side, lots, ..Order::default() };
                    let flags = WITH_TERMS | wish.flags;
                    let order = Order { flags, limit_ticks: wish.limit_ticks, kind: 2, ..order };
                    self.beside.insert(order.id, if beside == 0 { order.id } else { beside });
                    self.reduces(&order, lots);
                    self.sends(order, self.denies);
                }
                Due::Tell(finding) => {
                    self.proves(&Finding { id, ..finding });
                    self.tells.push(finding);
                }
            }
        }
    }

    /// What is due is what an audit finds due.
    fn proves<N: Noun>(&mut self, record: &N) {
        assert_eq!(self.links.check(N::KIND, bytemuck::bytes_of(record), &self.oms, &self.held()), Ok(true));
        self.told(record);
    }

    fn steps(&mut self, at: usize, input: OrderInput, lots: i64) -> bool {
        let Order { slot, id, limit_ticks, .. } = self.orders[at];
        self.oms.apply(slot, id, input, lots, limit_ticks).is_ok()
    }

    fn state(&self, at: usize) -> Option<(OrderState, i64)> {
        let Order { slot, id, .. } = self.orders[at];
        self.oms
            .get(slot, id)
            .map(|working| (working.state, working.asked.map_or(working.order.lots, |asked| asked.lots)))
    }
}

/// Two sales of ten beside each other, accepted.
fn pair() -> World {
    let mut world = World::new();
    let first = world.sells(10, 0);
    let beside = world.orders[first].id;
    world.sells(10, beside);
    world.happens(0, OrderInput::Accept, 0);
    world.happens(1, OrderInput::Accept, 0);
    world
}

#[test]
fn one_fills_and_the_other_is_cancelled_and_of_a_part_the_other_is_smaller_by_it() {
    for (lots, wanted) in [(10, (OrderState::PendingCancel, 10)), (4, (OrderState::PendingReplace, 6))] {
        for (one, other) in [(0, 1), (1, 0)] {
            let mut world = pair();
            assert!(world.happens(one, OrderInput::Fill, lots));
            assert_eq!(world.state(other), Some(wanted), "{one} {lots}");
        }
    }
}

#[test]
fn a_change_that_is_refused_becomes_a_cancel_and_a_cancel_that_is_refused_is_asked_again_after_the_next_fill() {
    let mut world = pair();
    world.happens(0, OrderInput::Fill, 4);
    world.happens(1, OrderInput::ReplaceRejected, 0);
    assert_eq!(world.state(1), Some((OrderState::PendingCancel, 10)));
    world.happens(1, OrderInput::CancelRejected, 0);
    assert_eq!(world.state(1), Some((OrderState::Live, 10)));
    world.happens(0, OrderInput::Fill, 1);
    assert_eq!(world.state(1), Some((OrderState::PendingCancel, 10)));
}

#[test]
fn both_that_trade_in_a_race_are_found_once_and_for_what_is_too_much() {
    let mut world = pair();
    world.happens(0, OrderInput::Fill, 10);
    for lots in [1, 1] {
        assert!(world.happens(1, OrderInput::Fill, lots));
    }
    assert!(world.tells.is_empty(), "more may come");
    assert_eq!(world.links.races().map(|finding| finding.value).collect::<Vec<_>>(), [hedgerow_core::Money::units(12)]);
    assert!(world.happens(1, OrderInput::Fill, 1));
    assert!(world.happens(1, OrderInput::Cancelled, 0));
    let told: Vec<_> = world.tells.iter().map(|finding| (finding.cause, finding.value, finding.limit)).collect();
    let units = hedgerow_core::Money::units;
    assert_eq!(told, [(world.orders[1].id, units(13), units(10))]);
    assert!(world.links.is_empty());
}

#[test]
fn a_size_that_the_strategy_gives_counts_from_then_on() {
    let mut world = pair();
    world.happens(0, OrderInput::Fill, 4);
    world.happens(1, OrderInput::Replaced, 6);
    let request = ReplaceRequest { id: 90, order_id: world.orders[1].id, lots: 8, ..ReplaceRequest::default() };
    world.told(&request);
    assert!(world.steps(1, OrderInput::AskReplace, 8));
    world.happens(1, OrderInput::Replaced, 8);
    world.happens(0, OrderInput::Fill, 5);
    assert_eq!(world.state(1), Some((OrderState::PendingReplace, 3)));
}

#[test]
fn what_no_link_asks_for_is_found_in_a_log() {
    let world = pair();
    let [first, second] = [world.orders[0].id, world.orders[1].id];
    let cancel = CancelRequest { id: 90, cause: first, order_id: second, ..CancelRequest::default() };
    let check = |cause| {
        let request = CancelRequest { cause, ..cancel };
        world.links.check(CancelRequest::KIND, bytemuck::bytes_of(&request), &world.oms, &world.held())
    };
    assert_eq!(check(first).map_err(|problem| problem.code), Err(code::LOG_REPLAY));
    assert_eq!(check(0), Ok(false), "a strategy may cancel what it likes");
}

/// A sale of ten that has been accepted, and two exits of what it fills beside each other.
fn bracket() -> (World, [RecordId; 2]) {
    let mut world = World::new();
    world.sells(10, 0);
    world.happens(0, OrderInput::Accept, 0);
    let loss = world.wish(0, 0);
    let exits = [loss, world.wish(0, loss)];
    (world, exits)
}

#[test]
fn exits_are_sent_and_grow_as_the_entry_fills_and_the_last_one_that_trades_ends_the_other() {
    let (mut world, exits) = bracket();
    assert_eq!(exits.map(|exit| world.of_wish(exit)), [(0, 0), (0, 0)]);
    world.happens(0, OrderInput::Fill, 4);
    assert_eq!(exits.map(|exit| world.of_wish(exit)), [(4, 0), (4, 0)]);
    world.happens(1, OrderInput::Accept, 0);
    world.happens(2, OrderInput::Accept, 0);
    world.happens(0, OrderInput::Fill, 6);
    assert_eq!(
        (world.state(1), world.state(2)),
        (Some((OrderState::PendingReplace, 10)), Some((OrderState::PendingReplace, 10)))
    );
    world.happens(1, OrderInput::Replaced, 10);
    world.happens(2, OrderInput::Replaced, 10);
    world.happens(2, OrderInput::Fill, 10);
    assert_eq!(world.state(1), Some((OrderState::PendingCancel, 10)));
    world.happens(1, OrderInput::Cancelled, 0);
    assert!(world.links.is_empty());
    assert!(world.tells.is_empty());
    assert_eq!(
        world.links.standing(exits[1]).map(|standing| (standing.is_over, standing.traded_lots)),
        Some((true, 10))
    );
}

#[test]
fn an_exit_that_closed_what_was_filled_comes_again_with_what_fills_later() {
    let (mut world, exits) = bracket();
    world.happens(0, OrderInput::Fill, 4);
    world.happens(1, OrderInput::Fill, 4);
    world.happens(2, OrderInput::Cancelled, 0);
    assert_eq!(exits.map(|exit| world.of_wish(exit)), [(0, 4), (0, 0)]);
    world.happens(0, OrderInput::Fill, 3);
    assert_eq!(exits.map(|exit| world.of_wish(exit)), [(3, 4), (3, 0)]);
}

#[test]
fn a_change_that_is_answered_while_the_cancel_is_on_its_way_does_not_make_the_cancel_somebody_elses() {
    let (mut world, exits) = bracket();
    world.happens(0, OrderInput::Fill, 10);
    world.happens(1, OrderInput::Accept, 0);
    world.happens(2, OrderInput::Fill, 3);
    world.happens(2, OrderInput::Fill, 7);
    assert_eq!(world.state(1).map(|(state, _)| state), Some(OrderState::PendingCancel));
    world.happens(1, OrderInput::Replaced, 7);
    world.happens(1, OrderInput::Cancelled, 0);
    assert_eq!((exits.map(|exit| world.of_wish(exit)), world.tells.len()), ([(0, 0), (0, 10)], 0));
}

#[test]
fn an_entry_that_ends_unfilled_takes_what_waits_along() {
    for input in [OrderInput::Cancelled, OrderInput::Expire] {
        let (mut world, exits) = bracket();
        assert!(world.happens(0, input, 0));
        assert!(world.links.is_empty());
        assert_eq!(exits.map(|exit| world.of_wish(exit)), [(0, 0), (0, 0)]);
        assert!(world.links.standing(exits[0]).is_some_and(|standing| standing.is_over));
    }
}

#[test]
fn what_is_meant_for_the_whole_comes_in_proportion_rounded_down_and_whole_at_the_end() {
    let (mut world, wish) = (World::new(), 0);
    world.sells(10, 0);
    world.happens(0, OrderInput::Accept, 0);
    let wish = wish + world.wish(25, 0);
    for (lots, open) in [(1, 2), (2, 7), (7, 25)] {
        world.happens(0, OrderInput::Fill, lots);
        world.happens(1, OrderInput::Accept, 0);
        world.happens(1, OrderInput::Replaced, open);
        assert_eq!(world.of_wish(wish), (open, 0));
    }
}

/// A sale of ten, and a stop that buys back what is filled of it, which the market has reached.
fn reached() -> (World, RecordId) {
    let mut world = World::new();
    world.sells(10, 0);
    world.happens(0, OrderInput::Accept, 0);
    let loss = world.wishes(ContingentOrder { stop_ticks: 105, ..ContingentOrder::default() });
    (world, loss)
}

#[test]
fn a_stop_that_is_reached_ends_an_entry_that_it_would_meet_and_comes_for_what_was_filled_by_then() {
    let (mut world, loss) = reached();
    world.denies = Some(code::RISK_SELF_MATCH);
    world.happens(0, OrderInput::Fill, 4);
    assert_eq!(world.state(0), Some((OrderState::PendingCancel, 10)));
    assert_eq!((world.of_wish(loss), world.orders.len()), ((0, 0), 2), "asked for once");
    world.happens(0, OrderInput::CancelRejected, 0);
    assert_eq!(world.state(0), Some((OrderState::PartiallyFilled, 10)), "the venue will not have it now");
    world.happens(0, OrderInput::Fill, 1);
    assert_eq!(world.state(0), Some((OrderState::PendingCancel, 10)), "and is asked again");
    world.denies = None;
    world.happens(0, OrderInput::Cancelled, 0);
    assert_eq!((world.of_wish(loss), world.tells.len()), ((5, 0), 0));
}

#[test]
fn a_stop_that_was_sent_keeps_what_it_has_until_the_entry_that_it_would_meet_has_ended() {
    let (mut world, loss) = reached();
    world.happens(0, OrderInput::Fill, 4);
    world.happens(1, OrderInput::Accept, 0);
    world.denies = Some(code::RISK_SELF_MATCH);
    world.happens(0, OrderInput::Fill, 3);
    assert_eq!(
        [world.state(0), world.state(1)].map(|at| at.map(|(state, _)| state)),
        [Some(OrderState::PendingCancel), Some(OrderState::Live)]
    );
    world.denies = None;
    world.happens(0, OrderInput::Fill, 3);
    assert_eq!((world.state(1), world.of_wish(loss)), (Some((OrderState::PendingReplace, 10)), (4, 0)));
}

#[test]
fn a_limit_that_would_meet_its_entry_waits_for_its_end_and_one_that_meets_another_order_is_told() {
    for (limit_ticks, waits) in [(100, true), (101, true), (99, false)] {
        let mut world = World::new();
        world.sells(10, 0);
        world.happens(0, OrderInput::Accept, 0);
        let wish = world.wishes(ContingentOrder { limit_ticks, ..ContingentOrder::default() });
        world.denies = Some(code::RISK_SELF_MATCH);
        world.happens(0, OrderInput::Fill, 4);
        assert_eq!((world.tells.len(), world.state(0)), (usize::from(!waits), Some((OrderState::PartiallyFilled, 10))));
        world.denies = None;
        world.happens(0, OrderInput::Fill, 6);
        assert_eq!(world.of_wish(wish).0, if waits { 10 } else { 0 });
    }
}

#[test]
fn an_exit_that_cannot_be_placed_is_told_once_and_one_that_was_lost_on_its_way_is_sent_anew() {
    let (mut world, exits) = bracket();
    world.denies = Some(code::RISK_BAD_LOTS);
    world.happens(0, OrderInput::Fill, 4);
    let told: Vec<_> = world.tells.iter().map(|finding| (finding.code, finding.cause)).collect();
    assert_eq!(told, exits.map(|exit| (code::RUN_UNPROTECTED.0, exit)));
    let (mut world, exits) = bracket();
    world.happens(0, OrderInput::Fill, 4);
    world.happens(1, OrderInput::Lost, 0);
    world.happens(1, OrderInput::Reject, 0);
    assert_eq!(exits.map(|exit| world.of_wish(exit)), [(4, 0), (4, 0)]);
    assert_eq!((world.orders.len(), world.tells.len()), (4, 0));
    world.happens(2, OrderInput::Reject, 0);
    assert_eq!((exits.map(|exit| world.of_wish(exit)), world.tells.len()), ([(4, 0), (0, 0)], 1));
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_order_exits_never_exceed_what_the_entry_filled_but_for_what_is_found(
        steps in prop::collection::vec((0usize..12, 0u8..9, 1i64..6), 1..80),
    ) {
        let (mut world, exits) = bracket();
        for (at, what, lots) in steps {
            let at = at % world.orders.len();
            let input = [
                OrderInput::Accept, OrderInput::Fill, OrderInput::Fill, OrderInput::Cancelled, OrderInput::Reject,
                OrderInput::CancelRejected, OrderInput::Replaced, OrderInput::ReplaceRejected, OrderInput::Lost,
            ][usize::from(what)];
            let asked = world.oms.get(world.orders[at].slot, world.orders[at].id).and_then(|w| w.asked);
            let lots = if input == OrderInput::Replaced { asked.map_or(lots, |asked| asked.lots) } else { lots };
            world.happens(at, input, lots);
            let entered = world.filled.get(&world.orders[0].id).copied().unwrap_or(0);
            let traded: i64 = exits.iter().map(|exit| world.of_wish(*exit).1).sum();
            let mut found = world.tells.iter().copied().chain(world.links.races());
            let is_found = found.any(|finding| finding.code == code::RUN_BOTH_TRADED.0);
            prop_assert!(traded <= entered || is_found, "{traded} left, {entered} came");
            for exit in exits {
                let (open, _) = world.of_wish(exit);
                prop_assert!(open <= entered, "{open} open, {entered} came");
            }
        }
    }

    #[test]
    fn whatever_comes_in_whatever_order_three_beside_each_other_trade_no_more_than_one_but_for_what_is_found(
        steps in prop::collection::vec((0usize..3, 0u8..8, 1i64..6), 1..60),
    ) {
        let mut world = World::new();
        let first = world.sells(10, 0);
        let beside = world.orders[first].id;
        world.sells(10, beside);
        world.sells(8, beside);
        let refused = steps.iter().any(|(_, what, _)| *what == 4);
        for (at, what, lots) in steps {
            let input = [
                OrderInput::Accept, OrderInput::Fill, OrderInput::Fill, OrderInput::Cancelled,
                OrderInput::CancelRejected, OrderInput::Replaced, OrderInput::ReplaceRejected, OrderInput::Lost,
            ][usize::from(what)];
            let asked = world.oms.get(world.orders[at].slot, world.orders[at].id).and_then(|w| w.asked);
            let lots = if input == OrderInput::Replaced { asked.map_or(lots, |asked| asked.lots) } else { lots };
            world.happens(at, input, lots);
        }
        let traded: i64 = world.filled.values().sum();
        let races: Vec<_> = world.tells.iter().copied().chain(world.links.races()).collect();
        let found = races.last().map_or(10, |finding| (finding.value.0 / 1_000_000_000) as i64);
        prop_assert!(traded <= found, "{traded} traded, {found} known of");
        // A cancel that was refused leaves an order at work: what it trades then is told as well.
        prop_assert!(refused || races.len() <= 1, "one race was told {} times", races.len());
    }
}
