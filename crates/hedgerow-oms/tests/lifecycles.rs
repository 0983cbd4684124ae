//! Lives of orders, told as a script: what happens, and where the order then stands.
//!
//! A line is `input [lots] [@ price] -> State filled/size [release lots @ price]`, or `-> CODE` for a refusal.

use hedgerow_core::{Code, Order, Problem, TABLE};
use hedgerow_oms::{Oms, OrderInput, Transition};

const ID: u64 = 41;

/// Plays a script on an order to buy 100 lots at 50 ticks; every line is checked, and refusals must change nothing.
fn play(script: &str) {
    let mut oms = Oms::new(4);
    let slot = oms.open(Order { id: ID, lots: 100, limit_ticks: 50, ..Order::default() }).unwrap();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (action, expected) = line.split_once("->").expect("an arrow");
        let mut words = action.split_whitespace().filter(|word| *word != "@");
        let name = words.next().expect("an input");
        let input = *OrderInput::ALL.iter().find(|i| i.name() == name).expect("an input's name");
        let mut number = || words.next().map_or(0, |word| word.parse().expect("a number"));
        let (lots, price) = (number(), number());
        let before = oms.clone();
        let seen = oms.apply(slot, ID, input, lots, price);
        if seen.is_err() {
            assert_eq!(oms, before, "a refusal changes nothing: {line}");
        }
        assert!(oms.is_consistent(), "{line}");
        assert_eq!(tell(&seen), expected.trim(), "{line}");
    }
}

fn tell(seen: &Result<Transition, Problem>) -> String {
    match seen {
        Err(problem) => name_of(problem.code).to_string(),
        Ok(step) => {
            let place = format!("{} {}/{}", step.to.name(), step.filled_lots, step.order.lots);
            match step.release_lots {
                0 => place,
                lots => format!("{place} release {lots} @ {}", step.release_limit_ticks),
            }
        }
    }
}

fn name_of(code: Code) -> &'static str {
    TABLE.iter().find(|def| def.code == code).map_or("?", |def| def.name)
}

#[test]
fn an_order_is_approved_accepted_and_filled_in_parts() {
    play(
        "Approve        -> PendingNew 0/100
         Accept         -> Live 0/100
         Fill 30 @ 49   -> PartiallyFilled 30/100
         Fill 70 @ 50   -> Filled 100/100
         Fill 1 @ 50    -> OMS_UNKNOWN_ORDER",
    );
}

#[test]
fn a_denied_order_never_held_a_reservation() {
    play("Deny -> Denied 0/100");
}

#[test]
fn a_rejected_order_gives_its_whole_reservation_back() {
    play(
        "Approve -> PendingNew 0/100
         Reject  -> Rejected 0/100 release 100 @ 50",
    );
}

#[test]
fn a_fill_before_the_acknowledgement_counts_and_the_late_acknowledgement_is_harmless() {
    play(
        "Approve      -> PendingNew 0/100
         Fill 10 @ 50 -> PartiallyFilled 10/100
         Accept       -> PartiallyFilled 10/100
         Reject       -> OMS_ILLEGAL",
    );
}

#[test]
fn an_order_filled_whole_before_the_acknowledgement_is_over() {
    play(
        "Approve       -> PendingNew 0/100
         Fill 100 @ 50 -> Filled 100/100
         Accept        -> OMS_UNKNOWN_ORDER",
    );
    assert!(OrderInput::Accept.is_idle_after_end(), "the caller may drop it");
}

#[test]
fn a_cancel_that_wins_releases_what_was_not_filled() {
    play(
        "Approve      -> PendingNew 0/100
         Accept       -> Live 0/100
         Fill 30 @ 50 -> PartiallyFilled 30/100
         AskCancel    -> PendingCancel 30/100
         Cancelled    -> Cancelled 30/100 release 70 @ 50",
    );
}

#[test]
fn a_cancel_that_loses_the_race_to_a_fill_ends_filled() {
    play(
        "Approve        -> PendingNew 0/100
         Accept         -> Live 0/100
         AskCancel      -> PendingCancel 0/100
         Fill 60 @ 50   -> PendingCancel 60/100
         Fill 40 @ 50   -> Filled 100/100
         CancelRejected -> OMS_UNKNOWN_ORDER",
    );
    assert!(OrderInput::CancelRejected.is_idle_after_end(), "the caller may drop it");
}

#[test]
fn a_refused_cancel_returns_the_order_to_where_its_fills_put_it() {
    play(
        "Approve        -> PendingNew 0/100
         Accept         -> Live 0/100
         AskCancel      -> PendingCancel 0/100
         CancelRejected -> Live 0/100
         AskCancel      -> PendingCancel 0/100
         Fill 5 @ 50    -> PendingCancel 5/100
         CancelRejected -> PartiallyFilled 5/100
         AskCancel      -> PendingCancel 5/100
         AskCancel      -> OMS_ILLEGAL",
    );
}

#[test]
fn a_cancel_refused_before_the_acknowledgement_leaves_the_order_waiting_for_it() {
    play(
        "Approve        -> PendingNew 0/100
         AskCancel      -> PendingCancel 0/100
         CancelRejected -> PendingNew 0/100
         AskCancel      -> PendingCancel 0/100
         Accept         -> PendingCancel 0/100
         Reject         -> OMS_ILLEGAL
         CancelRejected -> Live 0/100",
    );
}

#[test]
fn an_order_cancelled_in_flight_may_still_be_rejected() {
    play(
        "Approve   -> PendingNew 0/100
         AskCancel -> PendingCancel 0/100
         Reject    -> Rejected 0/100 release 100 @ 50",
    );
}

#[test]
fn a_smaller_size_releases_the_difference_at_the_old_price() {
    play(
        "Approve            -> PendingNew 0/100
         Accept             -> Live 0/100
         AskReplace 60 @ 48 -> PendingReplace 0/100
         Fill 10 @ 50       -> PendingReplace 10/100
         Replaced           -> PartiallyFilled 10/60 release 40 @ 50
         Cancelled          -> Cancelled 10/60 release 50 @ 48",
    );
}

#[test]
fn a_refused_larger_size_releases_the_difference_at_the_price_asked() {
    play(
        "Approve             -> PendingNew 0/100
         Accept              -> Live 0/100
         AskReplace 150 @ 52 -> PendingReplace 0/100
         ReplaceRejected     -> Live 0/100 release 50 @ 52
         Fill 100 @ 50       -> Filled 100/100",
    );
}

#[test]
fn a_size_replaced_below_what_was_filled_meanwhile_is_a_filled_order() {
    play(
        "Approve            -> PendingNew 0/100
         Accept             -> Live 0/100
         AskReplace 60 @ 50 -> PendingReplace 0/100
         Fill 80 @ 50       -> PendingReplace 80/100
         Replaced 60        -> Filled 80/80 release 20 @ 50",
    );
}

#[test]
fn fills_of_the_larger_size_may_arrive_before_the_answer_that_granted_it() {
    play(
        "Approve             -> PendingNew 0/100
         Accept              -> Live 0/100
         AskReplace 150 @ 50 -> PendingReplace 0/100
         Fill 120 @ 50       -> PendingReplace 120/100
         ReplaceRejected     -> OMS_BAD_REPORT
         Fill 31 @ 50        -> OMS_OVERFILL
         Replaced 150 @ 50   -> PartiallyFilled 120/150
         Fill 30 @ 50        -> Filled 150/150",
    );
}

#[test]
fn an_old_size_filled_while_a_larger_one_is_asked_ends_when_the_venue_refuses() {
    play(
        "Approve             -> PendingNew 0/100
         Accept              -> Live 0/100
         AskReplace 150 @ 50 -> PendingReplace 0/100
         Fill 100 @ 50       -> PendingReplace 100/100
         ReplaceRejected     -> Filled 100/100 release 50 @ 50",
    );
}

#[test]
fn a_cancel_may_overtake_a_change_and_the_answers_come_in_any_order() {
    play(
        "Approve            -> PendingNew 0/100
         Accept             -> Live 0/100
         AskReplace 60 @ 50 -> PendingReplace 0/100
         AskCancel          -> PendingCancel 0/100
         CancelRejected     -> PendingReplace 0/100
         AskCancel          -> PendingCancel 0/100
         Replaced 60 @ 50   -> PendingCancel 0/60 release 40 @ 50
         Replaced 60 @ 50   -> OMS_ILLEGAL
         Cancelled          -> Cancelled 0/60 release 60 @ 50",
    );
}

#[test]
fn a_venue_may_cut_a_change_but_not_raise_it_or_move_its_price() {
    play(
        "Approve             -> PendingNew 0/100
         Accept              -> Live 0/100
         AskReplace 150 @ 52 -> PendingReplace 0/100
         Replaced 151 @ 52   -> OMS_BAD_REPORT
         Replaced 150 @ 53   -> OMS_BAD_REPORT
         Replaced -1 @ 52    -> OMS_BAD_REPORT
         Replaced 120 @ 52   -> Live 0/120 release 30 @ 50",
    );
}

#[test]
fn one_change_at_a_time() {
    play(
        "Approve             -> PendingNew 0/100
         AskReplace 90 @ 50  -> OMS_ILLEGAL
         Accept              -> Live 0/100
         AskReplace 0 @ 50   -> CORE_INPUT
         AskReplace 90 @ -1  -> CORE_INPUT
         AskReplace 90 @ 50  -> PendingReplace 0/100
         AskReplace 80 @ 50  -> OMS_ILLEGAL",
    );
}

#[test]
fn an_order_lost_from_sight_keeps_its_reservation_until_a_report_resolves_it() {
    play(
        "Approve      -> PendingNew 0/100
         Accept       -> Live 0/100
         Lost         -> Unknown 0/100
         Lost         -> Unknown 0/100
         AskCancel    -> Unknown 0/100
         AskReplace 9 -> OMS_ILLEGAL
         Fill 40 @ 50 -> Unknown 40/100
         Accept       -> PartiallyFilled 40/100
         Lost         -> Unknown 40/100
         Cancelled    -> Cancelled 40/100 release 60 @ 50",
    );
}

#[test]
fn an_order_lost_before_the_acknowledgement_may_turn_out_never_to_have_arrived() {
    play(
        "Approve -> PendingNew 0/100
         Lost    -> Unknown 0/100
         Reject  -> Rejected 0/100 release 100 @ 50",
    );
}

#[test]
fn an_order_lost_while_changing_comes_back_with_the_answer_to_the_change() {
    play(
        "Approve            -> PendingNew 0/100
         Accept             -> Live 0/100
         AskReplace 60 @ 50 -> PendingReplace 0/100
         Lost               -> Unknown 0/100
         Accept             -> PendingReplace 0/100
         Lost               -> Unknown 0/100
         Replaced           -> Live 0/60 release 40 @ 50",
    );
}

#[test]
fn an_order_lost_and_filled_to_the_end_is_filled() {
    play(
        "Approve       -> PendingNew 0/100
         Lost          -> Unknown 0/100
         Fill 100 @ 50 -> Filled 100/100",
    );
}

#[test]
fn a_venue_may_end_an_order_unasked_and_its_time_may_end() {
    play(
        "Approve   -> PendingNew 0/100
         Cancelled -> Cancelled 0/100 release 100 @ 50",
    );
    play(
        "Approve      -> PendingNew 0/100
         Accept       -> Live 0/100
         Fill 25 @ 50 -> PartiallyFilled 25/100
         Expire       -> Expired 25/100 release 75 @ 50",
    );
}

#[test]
fn impossible_fills_are_named() {
    play(
        "Fill 10 @ 50  -> OMS_ILLEGAL
         Approve       -> PendingNew 0/100
         Accept        -> Live 0/100
         Accept        -> OMS_ILLEGAL
         Fill 0 @ 50   -> OMS_BAD_REPORT
         Fill -5 @ 50  -> OMS_BAD_REPORT
         Fill 10 @ 0   -> OMS_BAD_REPORT
         Fill 10 @ -50 -> OMS_BAD_REPORT
         Fill 101 @ 50 -> OMS_OVERFILL
         Fill 9223372036854775807 @ 9223372036854775807 -> OMS_OVERFILL
         Fill 99 @ 50  -> PartiallyFilled 99/100
         Fill 2 @ 50   -> OMS_OVERFILL
         Fill 9223372036854775807 @ 1 -> OMS_OVERFILL",
    );
}

#[test]
fn a_problem_names_the_order_the_value_and_the_limit() {
    let mut oms = Oms::new(1);
    let slot = oms.open(Order { id: ID, lots: 100, ..Order::default() }).unwrap();
    oms.apply(slot, ID, OrderInput::Approve, 0, 0).unwrap();
    let problem = oms.apply(slot, ID, OrderInput::Fill, 130, 50).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "OMS-003 fill exceeds the order's open quantity: order 41, fill of 130 lots, 100 open; \
         nothing was changed; reconcile with the venue"
    );
}
