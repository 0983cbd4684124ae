//! Orders beside each other of several instruments count in proportion.

use super::*;
use hedgerow_core::Money;

/// Sales beside each other of so many lots each, of an instrument each, accepted.
fn beside(lots: &[i64]) -> World {
    let mut world = World::new();
    let mut root = 0;
    for (instrument, lots) in lots.iter().enumerate() {
        let order = Order { instrument: instrument as u32, ..Order::default() };
        let at = world.sells_as(*lots, root, order);
        root = world.orders[0].id;
        world.happens(at, OrderInput::Accept, 0);
    }
    world
}

#[test]
fn what_one_trades_the_other_trades_no_more_in_proportion_rounded_against_it() {
    for (traded, left) in [(1, 45), (4, 30), (9, 5)] {
        let mut world = beside(&[10, 50]);
        world.happens(0, OrderInput::Fill, traded);
        assert_eq!(world.state(1), Some((OrderState::PendingReplace, left)));
    }
    let mut world = beside(&[3, 50]);
    world.happens(0, OrderInput::Fill, 1);
    assert_eq!(world.state(1), Some((OrderState::PendingReplace, 33)));
    world.happens(1, OrderInput::Replaced, 33);
    world.happens(1, OrderInput::Fill, 33);
    assert_eq!((world.state(0).map(|(state, _)| state), world.tells.len()), (Some(OrderState::PendingCancel), 0));
}

#[test]
fn one_that_is_filled_ends_all_others() {
    let mut world = beside(&[10, 50, 6]);
    world.happens(1, OrderInput::Fill, 25);
    assert_eq!([world.state(0), world.state(2)], [5, 3].map(|lots| Some((OrderState::PendingReplace, lots))));
    world.happens(0, OrderInput::Replaced, 5);
    world.happens(2, OrderInput::Replaced, 3);
    world.happens(0, OrderInput::Fill, 5);
    assert_eq!([1, 2].map(|at| world.state(at).map(|(state, _)| state)), [Some(OrderState::PendingCancel); 2]);
    world.happens(1, OrderInput::Cancelled, 0);
    world.happens(2, OrderInput::Cancelled, 0);
    assert!(world.links.is_empty());
    assert!(world.tells.is_empty());
}

#[test]
fn a_race_is_told_once_in_the_instrument_that_traded_too_much() {
    let mut world = beside(&[10, 50]);
    world.happens(0, OrderInput::Fill, 10);
    for lots in [10, 15] {
        assert!(world.happens(1, OrderInput::Fill, lots));
    }
    world.happens(1, OrderInput::Cancelled, 0);
    let told: Vec<_> =
        world.tells.iter().map(|told| (told.code, told.instrument, told.cause, told.value, told.limit)).collect();
    let of_both = code::RUN_BOTH_TRADED.0;
    assert_eq!(told, [(of_both, 1, world.orders[1].id, Money::units(25), Money::ZERO)]);
    assert!(world.links.is_empty());
}

#[test]
fn a_size_that_the_strategy_gives_begins_the_proportion_anew() {
    let mut world = beside(&[10, 50]);
    world.happens(0, OrderInput::Fill, 5);
    world.happens(1, OrderInput::Replaced, 25);
    let request = ReplaceRequest { id: 90, order_id: world.orders[1].id, lots: 40, ..ReplaceRequest::default() };
    world.told(&request);
    assert!(world.steps(1, OrderInput::AskReplace, 40));
    world.happens(1, OrderInput::Replaced, 40);
    assert_eq!(world.state(0), Some((OrderState::PartiallyFilled, 10)), "five are open still");
    world.happens(1, OrderInput::Fill, 16);
    assert_eq!(world.state(0), Some((OrderState::PendingReplace, 8)), "two fifths of five are gone");
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_order_the_shares_traded_are_one_at_most_but_for_what_is_found(
        steps in prop::collection::vec((0usize..3, 0u8..6, 1i64..9), 1..60),
    ) {
        let sizes = [10, 50, 7];
        let mut world = beside(&sizes);
        for (at, what, lots) in steps {
            let input = [
                OrderInput::Fill, OrderInput::Fill, OrderInput::Cancelled,
                OrderInput::CancelRejected, OrderInput::Replaced, OrderInput::ReplaceRejected,
            ][usize::from(what)];
            let asked = world.oms.get(world.orders[at].slot, world.orders[at].id).and_then(|w| w.asked);
            let lots = if input == OrderInput::Replaced { asked.map_or(lots, |asked| asked.lots) } else { lots };
            world.happens(at, input, lots);
        }
        let traded = |at: usize| world.filled.get(&world.orders[at].id).copied().unwrap_or(0);
        let whole: i64 = sizes.iter().product();
        let shares: i64 = (0..3).map(|at| traded(at) * whole / sizes[at]).sum();
        let found = !world.tells.is_empty() || world.links.races().next().is_some();
        prop_assert!(shares <= whole || found, "{shares} of {whole}");
    }
}
