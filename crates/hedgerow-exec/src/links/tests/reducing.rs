//! Reduce-only orders are no larger than the position that they close.

use super::*;
use hedgerow_core::REDUCE_ONLY;

/// Ten held, and sales of so many lots each that may only reduce, accepted; then a plain one of ten.
fn holding(reducing: &[i64]) -> World {
    let mut world = World::new();
    world.positions.insert(0, 10);
    for lots in reducing {
        let at = world.sells_as(*lots, 0, Order { flags: REDUCE_ONLY, ..Order::default() });
        world.happens(at, OrderInput::Accept, 0);
    }
    let plain = world.sells(10, 0);
    world.happens(plain, OrderInput::Accept, 0);
    world
}

#[test]
fn a_position_that_shrinks_cuts_the_newest_first_and_what_is_nothing_any_more_is_cancelled() {
    let mut world = holding(&[4, 4, 2]);
    assert!(world.happens(3, OrderInput::Fill, 3));
    assert_eq!(world.state(0), Some((OrderState::Live, 4)));
    assert_eq!(world.state(1), Some((OrderState::PendingReplace, 3)));
    assert_eq!(world.state(2), Some((OrderState::PendingCancel, 2)));
}

#[test]
fn what_it_trades_itself_takes_nothing_from_it_and_a_position_that_turned_leaves_it_nothing() {
    let mut world = holding(&[10]);
    world.happens(0, OrderInput::Fill, 4);
    assert_eq!(world.state(0), Some((OrderState::PartiallyFilled, 10)));
    world.happens(1, OrderInput::Fill, 8);
    assert_eq!(world.state(0), Some((OrderState::PendingCancel, 10)));
}

#[test]
fn a_change_that_is_refused_becomes_a_cancel_and_a_cancel_is_asked_again_once_something_traded() {
    let mut world = holding(&[10]);
    world.happens(1, OrderInput::Fill, 4);
    world.happens(0, OrderInput::ReplaceRejected, 0);
    assert_eq!(world.state(0).map(|(state, _)| state), Some(OrderState::PendingCancel));
    world.happens(0, OrderInput::CancelRejected, 0);
    assert_eq!(world.state(0).map(|(state, _)| state), Some(OrderState::Live));
    world.happens(1, OrderInput::Fill, 1);
    assert_eq!(world.state(0).map(|(state, _)| state), Some(OrderState::PendingCancel));
}

#[test]
fn orders_beside_each_other_claim_the_position_once() {
    let mut world = World::new();
    world.positions.insert(0, 10);
    let order = Order { flags: REDUCE_ONLY, ..Order::default() };
    let first = world.sells_as(10, 0, order);
    let beside = world.orders[first].id;
    world.sells_as(10, beside, order);
    for at in [0, 1, world.sells(10, 0)] {
        world.happens(at, OrderInput::Accept, 0);
    }
    world.happens(2, OrderInput::Fill, 3);
    assert_eq!([0, 1].map(|at| world.state(at)), [Some((OrderState::PendingReplace, 7)); 2]);
    for at in [0, 1] {
        world.happens(at, OrderInput::Replaced, 7);
    }
    world.happens(0, OrderInput::Fill, 2);
    assert_eq!(world.state(1), Some((OrderState::PendingReplace, 5)), "what one trades the other trades no more");
}

#[test]
fn a_cut_without_its_reason_is_found_in_a_log() {
    let mut world = holding(&[10]);
    let (ours, theirs) = (world.orders[0].id, world.orders[1].id);
    world.happens(1, OrderInput::Fill, 4);
    world.happens(0, OrderInput::Replaced, 6);
    let check = |cause| {
        let request = ReplaceRequest { id: 90, cause, order_id: ours, lots: 5, ..ReplaceRequest::default() };
        world.links.check(ReplaceRequest::KIND, bytemuck::bytes_of(&request), &world.oms, &world.held())
    };
    assert_eq!(check(theirs).map_err(|problem| problem.code), Err(code::LOG_REPLAY));
    assert_eq!(check(0), Ok(false), "a strategy may change what it likes");
}

proptest! {
    #[test]
    fn whatever_trades_in_whatever_order_no_more_is_left_to_them_than_is_held(
        steps in prop::collection::vec((0usize..4, 0u8..6, 1i64..6), 1..60),
    ) {
        let mut world = holding(&[4, 4, 2]);
        for (at, what, lots) in steps {
            let input = [
                OrderInput::Fill, OrderInput::Fill, OrderInput::Cancelled, OrderInput::Replaced,
                OrderInput::ReplaceRejected, OrderInput::CancelRejected,
            ][usize::from(what)];
            let asked = world.oms.get(world.orders[at].slot, world.orders[at].id).and_then(|w| w.asked);
            let lots = if input == OrderInput::Replaced { asked.map_or(lots, |asked| asked.lots) } else { lots };
            let (before, refused) = (world.positions[&0], input == OrderInput::CancelRejected);
            world.happens(at, input, lots);
            let left: i64 = (0..3).filter_map(|at| {
                let Order { slot, id, .. } = world.orders[at];
                let working = world.oms.get(slot, id)?;
                let is_settled = matches!(working.state, OrderState::Live | OrderState::PartiallyFilled);
                is_settled.then_some(working.order.lots - working.filled_lots)
            }).sum();
            prop_assert!(refused || left <= world.positions[&0].max(0) || before == world.positions[&0], "{left} left");
        }
    }
}
