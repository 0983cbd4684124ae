//! An exit that may only reduce is for what is held, and what is held has its exit.

use super::*;
use hedgerow_core::{Money, REDUCE_ONLY};

/// A sale of so many lots has been accepted where so much is held (long = what an older race left), and two exits follow it.
fn bracket_at(position: i64, lots: i64) -> (World, [RecordId; 2]) {
    let mut world = World::new();
    world.positions.insert(0, position);
    let exits = world.enters(lots);
    (world, exits)
}

impl World {
    /// What the gate asks of an order that may only reduce, were it to have so many lots open: all that may trade on its
    /// side closes no more than is held.
    pub(super) fn reduces(&self, order: &Order, open_lots: i64) {
        let root = |id: RecordId| self.beside[&id];
        let mut reserved = std::collections::BTreeMap::new();
        let same = self.oms.iter().filter(|one| one.order.side == order.side && root(one.order.id) != root(order.id));
        for one in same {
            let lots = one.asked.map_or(one.order.lots, |asked| asked.lots.max(one.order.lots)) - one.filled_lots;
            let most = reserved.entry(root(one.order.id)).or_insert(0);
            *most = lots.max(*most);
        }
        let position = self.positions.get(&order.instrument).copied().unwrap_or_default();
        let held = if order.side == Side::Buy as u8 { -position } else { position };
        let others: i64 = reserved.values().sum();
        let passes = order.flags & REDUCE_ONLY == 0 || held >= others + open_lots;
        assert!(passes, "{open_lots} lots, {held} held, {others} at work");
    }

    fn enters(&mut self, lots: i64) -> [RecordId; 2] {
        let at = self.sells(lots, 0);
        self.happens(at, OrderInput::Accept, 0);
        let exit =
            ContingentOrder { after: self.orders[at].id, flags: REDUCE_ONLY, limit_ticks: 90, ..Default::default() };
        let loss = self.wishes(exit);
        [loss, self.wishes(ContingentOrder { beside: loss, ..exit })]
    }

    /// A purchase is at work, beside nothing.
    fn buys(&mut self, lots: i64, flags: u16) -> usize {
        let at = self.sells_as(lots, 0, Order { side: Side::Buy as u8, flags, ..Order::default() });
        self.happens(at, OrderInput::Accept, 0);
        at
    }

    /// Code, lots that are sent, lots that were meant: of each finding.
    fn said(&self) -> Vec<(u16, i64, i64)> {
        let lots = |money: Money| (money.0 / Money::units(1).0) as i64;
        self.tells.iter().map(|told| (told.code, lots(told.value), lots(told.limit))).collect()
    }

    fn opens(&self, exits: [RecordId; 2]) -> [i64; 2] {
        exits.map(|exit| self.of_wish(exit).0)
    }

    /// Whether people were told of a race.
    fn raced(&self) -> bool {
        self.tells.iter().any(|told| [code::RUN_BOTH_TRADED.0, code::RUN_TURNED.0].contains(&told.code))
    }

    fn last(&self) -> usize {
        self.orders.len() - 1
    }
}

#[test]
fn exits_are_sent_for_what_an_older_race_left_and_people_are_told_how_much_was_meant() {
    let (mut world, exits) = bracket_at(6, 10);
    world.happens(0, OrderInput::Fill, 10);
    assert_eq!((world.opens(exits), world.said()), ([4, 4], vec![(code::RUN_CUT.0, 4, 10); 2]));
    for at in [1, 2] {
        world.happens(at, OrderInput::Accept, 0);
    }
    world.happens(1, OrderInput::Fill, 4);
    world.happens(2, OrderInput::Cancelled, 0);
    assert!(world.links.is_empty());
    assert_eq!((world.positions[&0], world.tells.len()), (0, 2));
}

#[test]
fn where_nothing_is_held_nothing_is_sent_and_what_fills_later_has_its_exits() {
    let (mut world, exits) = bracket_at(6, 10);
    world.happens(0, OrderInput::Fill, 5);
    assert_eq!((world.opens(exits), world.said()), ([0, 0], vec![(code::RUN_CUT.0, 0, 5); 2]));
    world.happens(0, OrderInput::Fill, 5);
    assert_eq!((world.opens(exits), world.said()[2..].to_vec()), ([4, 4], vec![(code::RUN_CUT.0, 4, 5); 2]));
    let (mut world, _) = bracket_at(10, 10);
    world.happens(0, OrderInput::Fill, 10);
    assert!(world.links.is_empty(), "nothing is to come of it");
}

#[test]
fn an_exit_waits_for_an_older_one_that_is_about_to_go_and_is_sent_in_whole_once_that_has_gone() {
    for (answer, lots, open, told) in
        [(OrderInput::Cancelled, 0, [10, 10], vec![]), (OrderInput::Fill, 4, [6, 6], vec![(code::RUN_CUT.0, 6, 10); 2])]
    {
        let (mut world, exits) = bracket_at(-4, 10);
        let (older, plain) = (world.buys(4, REDUCE_ONLY), world.buys(4, 0));
        world.happens(plain, OrderInput::Fill, 4);
        assert_eq!(world.state(older).map(|(state, _)| state), Some(OrderState::PendingCancel));
        world.happens(0, OrderInput::Fill, 10);
        assert_eq!((world.opens(exits), world.said()), ([6, 6], vec![]), "no more than may trade");
        for at in [world.last(), world.last() - 1] {
            world.happens(at, OrderInput::Accept, 0);
        }
        world.happens(older, answer, lots);
        for at in [world.last(), world.last() - 1] {
            world.happens(at, OrderInput::Replaced, 10);
        }
        assert_eq!((world.opens(exits), world.said()), (open, told));
    }
}

#[test]
fn an_exit_waits_for_what_is_unknown_and_loses_nothing_to_it() {
    let (mut world, exits) = bracket_at(-4, 10);
    let older = world.buys(4, REDUCE_ONLY);
    world.happens(older, OrderInput::Lost, 0);
    world.positions.insert(0, 0);
    world.happens(0, OrderInput::Fill, 4);
    assert_eq!((world.opens(exits), world.said()), ([0, 0], vec![(code::RUN_HELD_BACK.0, 0, 4); 2]));
    world.happens(older, OrderInput::Cancelled, 0);
    assert_eq!((world.opens(exits), world.tells.len()), ([4, 4], 2));
}

#[test]
fn a_plain_order_that_may_close_the_position_first_holds_an_exit_back_and_people_are_told_once() {
    let (mut world, exits) = bracket_at(0, 10);
    let plain = world.buys(7, 0);
    world.happens(0, OrderInput::Fill, 10);
    for at in [world.last(), world.last() - 1] {
        world.happens(at, OrderInput::Accept, 0);
    }
    assert_eq!((world.opens(exits), world.said()), ([3, 3], vec![(code::RUN_HELD_BACK.0, 3, 10); 2]));
    world.happens(plain, OrderInput::Fill, 2);
    let cut = vec![(code::RUN_CUT.0, 8, 10); 2];
    assert_eq!((world.opens(exits), world.said()[2..].to_vec()), ([3, 3], cut), "what it closed is closed");
    world.happens(plain, OrderInput::Cancelled, 0);
    for at in [world.last(), world.last() - 1] {
        world.happens(at, OrderInput::Replaced, 8);
    }
    assert_eq!(world.opens(exits), [8, 8]);
}

#[test]
fn what_is_held_back_anew_after_what_was_held_back_is_closed_is_told_anew() {
    let (mut world, exits) = bracket_at(0, 10);
    let plain = world.buys(7, 0);
    world.happens(0, OrderInput::Fill, 3);
    world.happens(plain, OrderInput::Fill, 3);
    world.happens(0, OrderInput::Fill, 2);
    let told = [(code::RUN_HELD_BACK.0, 0, 3), (code::RUN_CUT.0, 0, 3), (code::RUN_HELD_BACK.0, 0, 2)];
    assert_eq!((world.opens(exits), world.said()), ([0, 0], told.iter().flat_map(|one| [*one; 2]).collect()));
}

#[test]
fn exits_of_two_entries_share_what_is_held() {
    let (mut world, first) = bracket_at(3, 10);
    let second = world.enters(5);
    world.happens(0, OrderInput::Fill, 10);
    let entry = world.orders.iter().rposition(|order| order.side == Side::Sell as u8).unwrap();
    world.happens(entry, OrderInput::Fill, 5);
    assert_eq!((world.opens(first), world.opens(second)), ([7, 7], [5, 5]));
}

#[test]
fn a_reduce_only_order_that_trades_beyond_its_position_is_told_once_when_no_more_can_come_of_it() {
    let mut world = World::new();
    world.positions.insert(0, -10);
    let (reduces, plain) = (world.buys(10, REDUCE_ONLY), world.buys(9, 0));
    world.happens(plain, OrderInput::Fill, 4);
    for lots in [5, 3] {
        world.happens(reduces, OrderInput::Fill, lots);
    }
    assert_eq!((world.positions[&0], world.tells.len(), world.links.races().count()), (2, 0, 1), "more may come");
    world.happens(reduces, OrderInput::Cancelled, 0);
    assert_eq!(world.said(), [(code::RUN_TURNED.0, 8, 6)]);
    assert_eq!((world.tells[0].cause, world.links.is_empty()), (world.orders[reduces].id, true));
}

#[test]
fn exits_that_both_trade_are_told_as_one_race_and_not_as_two_findings() {
    let (mut world, _) = bracket_at(0, 10);
    world.happens(0, OrderInput::Fill, 10);
    world.happens(1, OrderInput::Fill, 10);
    world.happens(2, OrderInput::Fill, 10);
    assert_eq!(world.said(), [(code::RUN_BOTH_TRADED.0, 20, 10)]);
    assert!(world.links.is_empty());
}

/// Lots that what may only reduce has at work, the largest of those beside each other; none while something is on its way.
fn cover(world: &World) -> Option<i64> {
    let mut covered = std::collections::BTreeMap::new();
    for working in world.oms.iter() {
        let order = working.order;
        if !matches!(working.state, OrderState::Live | OrderState::PartiallyFilled) {
            return None;
        }
        if order.is_reduce_only() {
            let most = covered.entry(world.beside[&order.id]).or_insert(0);
            *most = (order.lots - working.filled_lots).max(*most);
        } else if order.side == Side::Buy as u8 {
            return None;
        }
    }
    Some(covered.values().sum())
}

proptest! {
    #[test]
    fn whatever_was_held_and_comes_in_whatever_order_what_is_held_is_what_has_its_exits(
        held in -6i64..7,
        refuses in any::<bool>(),
        steps in prop::collection::vec((0usize..16, 0u8..8, 1i64..6), 1..120),
    ) {
        let mut world = World::new();
        world.positions.insert(0, held);
        if held < 0 {
            world.buys(-held, REDUCE_ONLY);
        }
        world.buys(4, 0);
        world.enters(10);
        world.enters(7);
        // A cancel that is refused is asked for again after the next fill, and not before.
        let mut refused = false;
        // What a race cut does not come back when an entry goes on and makes up for it.
        let (mut raced, mut makes_up) = (false, false);
        for (at, what, lots) in steps {
            let at = at % world.orders.len();
            let input = [
                OrderInput::Accept, OrderInput::Fill, OrderInput::Fill, OrderInput::Cancelled, OrderInput::CancelRejected,
                OrderInput::Replaced, OrderInput::ReplaceRejected, OrderInput::Lost,
            ][usize::from(what)];
            let state = world.state(at).map(|(state, _)| state);
            let Order { cause, .. } = world.orders[at];
            let is_exit = cause != 0;
            // What a strategy itself has at work goes when it cannot be made smaller, and nobody sends it anew.
            let goes = input == OrderInput::ReplaceRejected && !is_exit
                || input == OrderInput::Cancelled && is_exit && state != Some(OrderState::PendingCancel)
                || input == OrderInput::Cancelled && at == 0 && held < 0 && state != Some(OrderState::PendingCancel);
            if goes || input == OrderInput::CancelRejected && !refuses {
                continue;
            }
            let asked = world.oms.get(world.orders[at].slot, world.orders[at].id).and_then(|w| w.asked);
            let lots = if input == OrderInput::Replaced { asked.map_or(lots, |asked| asked.lots) } else { lots };
            refused |= world.happens(at, input, lots) && input == OrderInput::CancelRejected;
            makes_up |= raced && input == OrderInput::Fill && !is_exit;
            raced |= world.links.races().next().is_some() || world.raced();
            let short = (-world.positions[&0]).max(0);
            if let Some(covered) = cover(&world) {
                prop_assert!(covered <= short || refused, "{covered} lots have an exit, {short} are held");
                prop_assert!(covered == short || refused || makes_up, "{covered} lots have an exit, {short} are held");
            }
        }
    }
}
