//! The lives of orders, as the venue tells them.

use crate::world::{CARRY, MOMENTUM, World};
use hedgerow_core::{Account, Money, Order, OrderEvent, Posting, ReplaceRequest, Verdict, code};
use hedgerow_kernel::{Input, Send};

#[test]
fn an_order_is_accepted_filled_in_parts_and_ends() {
    let mut world = World::trading();
    let order = world.sends("buy 10 AAA @ 10000");
    assert!(matches!(world.effects.sends.as_slice(), [Send::New(approved)] if *approved.get() == order));
    assert_eq!(world.held("AAA"), "AAA 0 +10 -0");
    assert_eq!(world.says(&order, "Accepted"), ["PendingNew -> Live"]);
    assert_eq!(world.says(&order, "Filled 4 @ 9990"), ["fill 4 @ 9990", "Live -> PartiallyFilled"]);
    assert_eq!(world.held("AAA"), "AAA 4 +6 -0");
    assert_eq!(world.says(&order, "Filled 5 @ 9980"), ["fill 5 @ 9980", "PartiallyFilled -> PartiallyFilled"]);
    assert_eq!(world.says(&order, "Filled 1 @ 10000"), ["fill 1 @ 10000", "PartiallyFilled -> Filled"]);
    assert_eq!(world.held("AAA"), "AAA 10 +0 -0");
    assert!(world.kernel.oms().is_empty());
    let position = world.kernel.ledger().position(MOMENTUM, 0).unwrap();
    assert_eq!((position.lots, position.cost), (10, Money(998_600_000_000)), "4 at 99.90, 5 at 99.80, 1 at 100.00");
}

#[test]
fn a_fill_is_booked_with_its_fee_and_names_its_causes() {
    let mut world = World::trading();
    let order = world.sends("buy 10 CCC");
    let report = hedgerow_core::VenueReport { fee: Money::units(3), ..world.reported(&order, "Filled 10 @ 2000") };
    world.take(Input::VenueReport(report));
    let postings: Vec<_> =
        world.effects.of::<Posting>().map(|p| (Account::from_u8(p.account).unwrap(), p.amount)).collect();
    let euros =
        [(Account::Cash, -203), (Account::Position, 200), (Account::Fees, 3)].map(|(a, n)| (a, Money::units(n)));
    assert_eq!(postings, euros);
    let fill: hedgerow_core::Fill = world.effects.of().next().unwrap();
    assert_eq!(fill.cause, order.id);
    assert!(world.effects.of::<Posting>().all(|posting| posting.cause == fill.id && posting.strategy == MOMENTUM));
    let event: OrderEvent = world.effects.of().next().unwrap();
    assert_eq!(event.cause, fill.report);
}

#[test]
fn a_fill_before_the_acknowledgement_is_one_and_the_late_acknowledgement_says_nothing_new() {
    let mut world = World::trading();
    let order = world.sends("buy 10 AAA");
    assert_eq!(world.says(&order, "Filled 4 @ 10000"), ["fill 4 @ 10000", "PendingNew -> PartiallyFilled"]);
    assert_eq!(world.says(&order, "Accepted"), ["PartiallyFilled -> PartiallyFilled"]);
    world.says(&order, "Filled 6 @ 10000");
    assert_eq!(world.says(&order, "Accepted"), [""; 0], "it lost the race against the last fill");
}

#[test]
fn a_cancel_frees_what_was_reserved_once_the_venue_confirms() {
    let mut world = World::trading();
    let order = world.works("sell 10 AAA @ 10100");
    assert_eq!(world.cancels(&order), ["approved", "Live -> PendingCancel"]);
    assert!(matches!(world.effects.sends.as_slice(), [Send::Cancel(_)]));
    assert_eq!(world.held("AAA"), "AAA 0 +0 -10", "until the venue answers it may still trade");
    assert_eq!(world.says(&order, "Cancelled"), ["PendingCancel -> Cancelled"]);
    assert_eq!(world.held("AAA"), "AAA 0 +0 -0");
}

#[test]
fn a_cancel_can_lose_the_race_against_a_fill() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10100");
    world.cancels(&order);
    assert_eq!(world.says(&order, "Filled 4 @ 10000"), ["fill 4 @ 10000", "PendingCancel -> PendingCancel"]);
    assert_eq!(world.says(&order, "CancelRejected"), ["PendingCancel -> PartiallyFilled"]);
    world.cancels(&order);
    assert_eq!(world.says(&order, "Filled 6 @ 10000"), ["fill 6 @ 10000", "PendingCancel -> Filled"]);
    assert_eq!(world.says(&order, "CancelRejected"), [""; 0]);
    assert_eq!(world.held("AAA"), "AAA 10 +0 -0");
}

#[test]
fn a_replace_reserves_the_larger_size_until_the_venue_answers() {
    for (answer, then, held) in [
        ("Replaced", "PendingReplace -> Live", "AAA 0 +15 -0"),
        ("ReplaceRejected", "PendingReplace -> Live", "AAA 0 +10 -0"),
    ] {
        let mut world = World::trading();
        let order = world.works("buy 10 AAA @ 9900");
        assert_eq!(world.replaces(&order, 15, 9_950), ["approved", "Live -> PendingReplace"]);
        assert!(matches!(world.effects.sends.as_slice(), [Send::Replace(_)]));
        assert_eq!(world.held("AAA"), "AAA 0 +15 -0");
        assert_eq!(world.says(&order, answer), [then]);
        assert_eq!(world.held("AAA"), held);
    }
}

#[test]
fn a_replace_that_the_gate_denies_leaves_the_order_as_it_was() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 9900");
    assert_eq!(world.replaces(&order, 90_000, 9_900), ["denied RISK-014"]);
    assert!(world.effects.sends.is_empty());
    assert_eq!(world.held("AAA"), "AAA 0 +10 -0");
    assert_eq!(world.says(&order, "Filled 10 @ 9900"), ["fill 10 @ 9900", "Live -> Filled"]);
}

#[test]
fn a_replace_by_another_strategy_is_denied() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 9900");
    let request = ReplaceRequest { strategy: CARRY, ..world.replace(&order, 15, 9_900) };
    assert_eq!(world.take(Input::ReplaceRequest(request)), ["denied RISK-031"]);
}

#[test]
fn what_the_venue_cuts_from_a_replace_is_not_reserved_any_longer() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 9900");
    world.replaces(&order, 15, 9_900);
    assert_eq!(world.says(&order, "Replaced 12 @ 9900"), ["PendingReplace -> Live"]);
    assert_eq!(world.held("AAA"), "AAA 0 +12 -0");
    world.replaces(&order, 8, 9_900);
    world.says(&order, "Filled 5 @ 9900");
    assert_eq!(world.says(&order, "Replaced 5 @ 9900"), ["PendingReplace -> Filled"], "cut to what is filled");
    assert_eq!(world.held("AAA"), "AAA 5 +0 -0");
}

#[test]
fn more_may_fill_than_a_pending_smaller_size_and_it_is_booked() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 9900");
    world.replaces(&order, 5, 9_900);
    assert_eq!(world.says(&order, "Filled 7 @ 9900")[1], "PendingReplace -> PendingReplace");
    assert_eq!(world.held("AAA"), "AAA 7 +3 -0");
    assert_eq!(world.says(&order, "Replaced"), ["PendingReplace -> Filled"]);
    assert_eq!(world.held("AAA"), "AAA 7 +0 -0");
}

#[test]
fn an_order_ends_rejected_or_expired_and_nothing_stays_reserved() {
    for (said, ends) in [("Rejected", "PendingNew -> Rejected"), ("Expired", "PendingNew -> Expired")] {
        let mut world = World::trading();
        let order = world.sends("buy 10 AAA");
        assert_eq!(world.says(&order, said), [ends]);
        assert_eq!(world.held("AAA"), "AAA 0 +0 -0");
        assert!(world.kernel.oms().is_empty());
    }
}

#[test]
fn an_order_that_the_venue_lost_keeps_its_reservation_until_the_venue_knows() {
    let mut world = World::trading();
    let order = world.sends("buy 10 AAA");
    assert_eq!(world.says(&order, "Lost"), ["PendingNew -> Unknown", "finding OMS-006"]);
    assert_eq!(world.held("AAA"), "AAA 0 +10 -0");
    assert_eq!(world.says(&order, "Lost"), ["Unknown -> Unknown", "finding OMS-006"]);
    assert_eq!(world.says(&order, "Filled 3 @ 10000"), ["fill 3 @ 10000", "Unknown -> Unknown"]);
    assert_eq!(world.held("AAA"), "AAA 3 +7 -0");
    assert_eq!(world.cancels(&order), ["approved", "Unknown -> Unknown"], "a cancel may always be asked for");
    assert_eq!(world.says(&order, "Cancelled"), ["Unknown -> Cancelled"]);
    assert_eq!(world.held("AAA"), "AAA 3 +0 -0");
}

#[test]
fn a_cancel_needs_an_order_that_can_be_cancelled() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 9900");
    world.cancels(&order);
    let twice = world.tries(Input::CancelRequest(world.cancel(&order))).unwrap_err();
    assert_eq!(twice.code, code::OMS_ILLEGAL);
    world.says(&order, "Cancelled");
    let late = world.tries(Input::CancelRequest(world.cancel(&order))).unwrap_err();
    assert_eq!(late.code, code::RISK_UNKNOWN_ORDER);
}

#[test]
fn the_same_client_order_id_trades_once() {
    let mut world = World::trading();
    let order = world.written(MOMENTUM, "buy 10 AAA");
    assert_eq!(world.take(Input::Order(order))[0], "approved");
    assert_eq!(world.take(Input::Order(order)), ["denied RISK-006", "New -> Denied"]);
}

#[test]
fn the_verdict_tells_what_the_first_failing_rule_saw_and_allows() {
    let mut world = World::trading();
    assert_eq!(world.asks("buy 30000 AAA")[0], "denied RISK-014");
    let verdict: Verdict = world.effects.of().next().unwrap();
    assert_eq!((verdict.value, verdict.limit), (Money::units(3_000_000), Money::units(2_000_000)));
    assert_eq!(verdict.order_id, verdict.cause);
}

#[test]
fn there_is_room_for_so_many_orders_and_one_more_is_refused_without_a_trace() {
    let mut world = World::trading();
    let orders: Vec<Order> = (0..24).map(|_| world.sends("buy 1 AAA @ 9900")).collect();
    let order = world.written(MOMENTUM, "buy 1 AAA @ 9900");
    assert_eq!(world.tries(Input::Order(order)).unwrap_err().code, code::OMS_FULL);
    world.says(&orders[7], "Rejected");
    assert_eq!(world.take(Input::Order(order))[0], "approved");
    assert_eq!(world.last_order().slot, orders[7].slot, "the place is used again");
}
