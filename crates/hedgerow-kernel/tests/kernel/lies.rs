//! What a venue may say that cannot be true. Each is a finding, and nothing else moves.

use crate::world::{MOMENTUM, World};
use hedgerow_core::{Fill, Finding, Money, Order, StrategyId, VenueReport, time::SECOND};
use hedgerow_kernel::Input;

/// Books, working orders and limits, as bytes.
pub fn state(world: &World) -> [Vec<u8>; 3] {
    let kernel = &world.kernel;
    let bytes =
        [postcard::to_stdvec(kernel.ledger()), postcard::to_stdvec(kernel.oms()), postcard::to_stdvec(kernel.gate())];
    bytes.map(Result::unwrap)
}

fn lie(world: &mut World, report: VenueReport) -> String {
    let before = state(world);
    let told = world.take(Input::VenueReport(report));
    assert_eq!(state(world), before, "{report:?} was believed");
    assert!(world.effects.sends.is_empty());
    let [line] = told.as_slice() else { panic!("{told:?} of {report:?}") };
    line.clone()
}

#[test]
fn a_fill_that_cannot_be_true_is_found_and_not_booked() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    let fill = |world: &World| world.reported(&order, "Filled 4 @ 9990");
    type Change = fn(&mut VenueReport);
    let lies: [(&str, &str, Change); 16] = [
        ("another instrument", "OMS-005", |r| r.instrument = 1),
        ("an instrument that is not there", "OMS-005", |r| r.instrument = 99),
        ("no instrument", "OMS-005", |r| r.instrument = u32::MAX),
        ("more than was asked for", "OMS-003", |r| r.lots = 11),
        ("absurdly more", "OMS-003", |r| r.lots = i64::MAX),
        ("no lots", "OMS-005", |r| r.lots = 0),
        ("negative lots", "OMS-005", |r| r.lots = -4),
        ("the most negative lots", "OMS-005", |r| r.lots = i64::MIN),
        ("no price", "OMS-005", |r| r.price_ticks = 0),
        ("a negative price", "OMS-005", |r| r.price_ticks = -9_990),
        ("an unknown order", "OMS-002", |r| r.order_id = 3),
        ("an order of the future", "OMS-002", |r| r.order_id = u64::MAX),
        ("another slot", "OMS-002", |r| r.slot += 1),
        ("a slot beyond the slab", "OMS-002", |r| r.slot = u32::MAX),
        ("a fee beyond all money", "LEDGER-002", |r| r.fee = Money(i128::MAX)),
        ("a rebate beyond all money", "LEDGER-002", |r| r.fee = Money(i128::MIN)),
    ];
    for (what, code, change) in lies {
        let mut report = fill(&world);
        change(&mut report);
        assert_eq!(lie(&mut world, report), format!("finding {code}"), "{what}");
    }
    let told = world.says(&order, "Filled 4 @ 9990");
    assert_eq!(told[1], "Live -> PartiallyFilled", "the truth is still believed");
}

#[test]
fn a_report_of_a_kind_that_nobody_knows_is_found() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    for kind in [0, 10, 255] {
        let report = VenueReport { kind, ..world.reported(&order, "Accepted") };
        assert_eq!(lie(&mut world, report), "finding OMS-005", "kind {kind}");
    }
}

#[test]
fn an_answer_to_a_question_that_nobody_asked_is_found() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    for said in ["Accepted", "Rejected", "CancelRejected", "Replaced", "ReplaceRejected"] {
        let report = world.reported(&order, said);
        assert_eq!(lie(&mut world, report), "finding OMS-001", "{said}");
    }
}

#[test]
fn a_replace_to_terms_that_nobody_approved_is_found_and_the_order_still_waits() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    world.replaces(&order, 15, 9_990);
    for said in ["Replaced 16 @ 9990", "Replaced 15 @ 9991", "Replaced -1 @ 9990", "Replaced 9223372036854775807 @ 0"] {
        let report = world.reported(&order, said);
        assert_eq!(lie(&mut world, report), "finding OMS-005", "{said}");
    }
    assert_eq!(world.says(&order, "Replaced 15 @ 9990"), ["PendingReplace -> Live"]);
}

#[test]
fn a_refused_change_cannot_undo_what_was_filled_under_it() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    world.replaces(&order, 15, 10_000);
    world.says(&order, "Filled 12 @ 10000");
    let report = world.reported(&order, "ReplaceRejected");
    assert_eq!(lie(&mut world, report), "finding OMS-005");
    assert_eq!(world.held("AAA"), "AAA 12 +3 -0");
}

#[test]
fn a_last_fill_told_twice_is_booked_once() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    world.says(&order, "Filled 4 @ 10000");
    let last = world.reported(&order, "Filled 6 @ 10000");
    world.take(Input::VenueReport(last));
    assert_eq!(lie(&mut world, last), "finding OMS-002");
    assert_eq!(world.held("AAA"), "AAA 10 +0 -0");
}

#[test]
fn a_partial_fill_told_twice_is_booked_once() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    let first = world.reported(&order, "Filled 4 @ 10000 as 1");
    assert_eq!(world.take(Input::VenueReport(first)), ["fill 4 @ 10000", "Live -> PartiallyFilled"]);
    let booked: Fill = world.effects.of().next().unwrap();
    assert_eq!(booked.execution, 1);
    for report in [first, VenueReport { lots: 2, ..first }, VenueReport { lots: 400, ..first }] {
        assert_eq!(lie(&mut world, report), "finding OMS-007", "{report:?}");
    }
    assert_eq!(world.says(&order, "Filled 3 @ 10000 as 2")[0], "fill 3 @ 10000", "the same order fills on");
    assert_eq!(world.held("AAA"), "AAA 7 +3 -0");
}

#[test]
fn an_execution_told_after_a_later_one_is_found_for_people_to_settle() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    world.says(&order, "Filled 4 @ 10000 as 3");
    let late = world.reported(&order, "Filled 2 @ 10000 as 2");
    assert_eq!(lie(&mut world, late), "finding OMS-007");
    assert_eq!(world.held("AAA"), "AAA 4 +6 -0");
}

#[test]
fn fills_of_a_venue_that_does_not_number_them_are_booked_as_they_come() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    for _ in 0..2 {
        assert_eq!(world.says(&order, "Filled 4 @ 10000")[0], "fill 4 @ 10000");
    }
    assert_eq!(world.held("AAA"), "AAA 8 +2 -0");
}

#[test]
fn an_end_told_twice_or_another_end_after_it_is_found() {
    let mut world = World::trading();
    for (first, then) in
        [("Cancelled", "Cancelled"), ("Expired", "Cancelled"), ("Cancelled", "Filled 1 @ 10000"), ("Expired", "Lost")]
    {
        let order = world.works("buy 10 AAA @ 10000");
        world.says(&order, first);
        let report = world.reported(&order, then);
        assert_eq!(lie(&mut world, report), "finding OMS-002", "{then} after {first}");
    }
}

#[test]
fn a_late_report_does_not_touch_the_order_that_took_the_place() {
    let mut world = World::trading();
    let first = world.works("buy 10 AAA @ 10000");
    world.says(&first, "Cancelled");
    let second = world.works("buy 20 AAA @ 10000");
    assert_eq!(first.slot, second.slot);
    let late = world.reported(&first, "Filled 10 @ 10000");
    assert_eq!(lie(&mut world, late), "finding OMS-002");
    assert_eq!(world.held("AAA"), "AAA 0 +20 -0");
}

#[test]
fn an_acknowledgement_is_dropped_only_if_its_order_can_have_ended() {
    let mut world = World::trading();
    let order = world.sends("buy 10 AAA @ 10000");
    let acknowledged = world.reported(&order, "Accepted");
    for report in [
        VenueReport { slot: 9, ..acknowledged },
        VenueReport { order_id: 0, ..acknowledged },
        VenueReport { order_id: u64::MAX, ..acknowledged },
        VenueReport { order_id: order.id + 100, ..acknowledged },
    ] {
        assert_eq!(lie(&mut world, report), "finding OMS-002", "{report:?}");
    }
    let wrong = VenueReport { instrument: 1, ..acknowledged };
    assert_eq!(lie(&mut world, wrong), "finding OMS-005");
    assert_eq!(world.says(&order, "Accepted"), ["PendingNew -> Live"]);
}

#[test]
fn a_venue_that_does_not_know_an_order_need_not_know_its_instrument() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    world.cancels(&order);
    let report = VenueReport { instrument: u32::MAX, ..world.reported(&order, "CancelRejected") };
    assert_eq!(world.take(Input::VenueReport(report)), ["PendingCancel -> Live"]);
}

#[test]
fn a_finding_names_the_report_and_the_strategy_it_concerns() {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    let report = VenueReport { lots: 11, ..world.reported(&order, "Filled 1 @ 10000") };
    lie(&mut world, report);
    let finding: Finding = world.effects.of().next().unwrap();
    assert_eq!((finding.cause, finding.strategy), (finding.id - 1, MOMENTUM));
    let nobody = VenueReport { order_id: 10_000, ..report };
    lie(&mut world, nobody);
    let finding: Finding = world.effects.of().next().unwrap();
    assert_eq!(finding.strategy, StrategyId::MAX);
    let [.., (_, _, report), _] = world.tape.as_slice() else { panic!() };
    let report: VenueReport = bytemuck::pod_read_unaligned(report);
    assert_eq!(report.cause, 0, "a record that is not there is nobody's cause");
}

#[test]
fn time_running_backwards_is_refused_and_uses_no_id() {
    let mut world = World::trading();
    world.wait(SECOND);
    let order: Order = world.works("buy 10 AAA @ 10000");
    let id = world.kernel.last_id();
    for text in ["Filled 4 @ 9990", "Lost", "Accepted"] {
        let report = world.reported(&order, text);
        let past = VenueReport { ts_init: report.ts_init - 1, ..report };
        assert_eq!(world.tries(Input::VenueReport(past)).unwrap_err().code, hedgerow_core::code::CORE_TIME_ORDER);
    }
    assert_eq!(world.kernel.last_id(), id);
}
