//! Two-sided quotes: both sides by one verdict, or neither; what stays keeps its place; who sees what in which order.

use crate::world::{MOMENTUM, World, capital_limits};
use hedgerow_core::{Action, Noun, Order, OrderEvent, QuoteUpdate, StrategyId, Verdict, code};
use hedgerow_kernel::{Input, Send, Standing};
use hedgerow_risk::ApprovedLeg;
use proptest::prelude::*;

const NONE: (i64, i64) = (0, 0);

/// The orders of the quote in AAA, as they stand.
fn standing(world: &World) -> [Option<Order>; 2] {
    let Standing { bid, ask } = world.kernel.standing_quote(MOMENTUM, 0);
    [bid, ask].map(|side| side.map(|working| working.order))
}

/// A quote that the venue has taken on both sides.
fn quoting(bid: (i64, i64), ask: (i64, i64)) -> World {
    let mut world = World::trading();
    world.quotes(bid, ask);
    settle(&mut world);
    world
}

/// The venue answers all that was asked of the quote.
fn settle(world: &mut World) {
    for order in standing(world).into_iter().flatten() {
        let working = *world.kernel.oms().get(order.slot, order.id).unwrap();
        let answer = match working.state.name() {
            "PendingNew" => "Accepted",
            "PendingReplace" => "Replaced",
            "PendingCancel" => "Cancelled",
            _ => continue,
        };
        world.says(&order, answer);
    }
}

/// What was sent: the record of each side's message, in order, and whether the second waits for the first.
fn sent(world: &World) -> (Vec<&'static str>, bool) {
    let [Send::Quote { legs, in_turn }] = world.effects.sends.as_slice() else { panic!("{:?}", world.effects.sends) };
    let named = |leg: &ApprovedLeg| match leg {
        ApprovedLeg::New(_) => "new",
        ApprovedLeg::Replace(_) => "replace",
        ApprovedLeg::Cancel(_) => "cancel",
    };
    (legs.iter().flatten().map(named).collect(), *in_turn)
}

#[test]
fn one_verdict_brings_both_sides_and_names_the_update() {
    let mut world = World::trading();
    let told = world.quotes((9_990, 10), (10_010, 20));
    let lines = ["approved", "buy 10 @ 9990", "New -> PendingNew", "sell 20 @ 10010", "New -> PendingNew"];
    assert_eq!(told, lines);
    assert_eq!(sent(&world), (vec!["new", "new"], false));
    assert_eq!(world.held("AAA"), "AAA 0 +10 -20");
    let verdict = world.last_verdict();
    let update = world.tape.iter().rev().find(|(kind, ..)| *kind == QuoteUpdate::KIND).unwrap().1;
    assert_eq!((verdict.cause, verdict.order_id, verdict.action), (update, update, Action::Quote as u8));
    let events: Vec<OrderEvent> = world.effects.of().collect();
    assert!(events.iter().all(|event| event.cause == verdict.id));
    let orders: Vec<Order> = world.effects.of().collect();
    assert!(orders.iter().all(|order| order.cause == update && order.is_post_only() && order.is_quote()));
    assert_eq!(orders[1].client_id, orders[0].client_id + 1);
}

#[test]
fn a_side_that_stays_is_not_touched() {
    let mut world = quoting((9_990, 10), (10_010, 20));
    assert_eq!(world.quotes((9_990, 10), (10_012, 20)), ["approved", "change to 20 @ 10012", "Live -> PendingReplace"]);
    assert_eq!(sent(&world), (vec!["replace"], false));
    settle(&mut world);
    assert_eq!(world.quotes((9_990, 10), NONE), ["approved", "cancel", "Live -> PendingCancel"]);
    settle(&mut world);
    let unchanged = world.quote((9_990, 10), NONE);
    assert_eq!(world.tries(Input::QuoteUpdate(unchanged)).unwrap_err().code, code::CORE_INPUT);
    assert_eq!(world.held("AAA"), "AAA 0 +10 -0");
}

#[test]
fn what_is_said_of_a_side_is_what_shall_be_open_so_that_a_filled_part_is_added() {
    let mut world = quoting((9_990, 10), (10_010, 20));
    let [Some(bid), _] = standing(&world) else { panic!() };
    world.says(&bid, "Filled 4 @ 9990");
    let as_it_is = world.quote((9_990, 6), (10_010, 20));
    assert_eq!(world.tries(Input::QuoteUpdate(as_it_is)).unwrap_err().code, code::CORE_INPUT, "six are open still");
    let told = world.quotes((9_990, 10), (10_010, 20));
    assert_eq!(told, ["approved", "change to 14 @ 9990", "PartiallyFilled -> PendingReplace"]);
}

#[test]
fn one_side_denied_denies_both_and_the_quote_stands_as_it_was() {
    let mut world = quoting((9_990, 10), (10_010, 20));
    let before = standing(&world);
    // The bid is too large; the ask alone would pass.
    assert_eq!(world.quotes((9_991, 90_000), (10_011, 20)), ["denied RISK-014"]);
    assert!(world.effects.sends.is_empty());
    assert_eq!(standing(&world), before);
    assert_eq!(world.held("AAA"), "AAA 0 +10 -20");
    // A withdrawal beside it waits too; alone it always passes.
    assert_eq!(world.quotes((9_991, 90_000), NONE), ["denied RISK-014"]);
    world.kill(StrategyId::MAX, 1);
    assert_eq!(world.quotes((9_991, 10), (10_011, 20)), ["denied RISK-003"]);
    let told = world.quotes(NONE, NONE);
    assert_eq!(told, ["approved", "cancel", "Live -> PendingCancel", "cancel", "Live -> PendingCancel"]);
}

#[test]
fn every_rule_that_spoke_of_either_side_stands_in_the_verdict() {
    let mut world = World::trading();
    // The bid lies outside the collar, the ask is too large.
    world.quotes((5_000, 10), (10_010, 90_000));
    let Verdict { failed, .. } = world.last_verdict();
    let spoke = |code: hedgerow_core::Code| failed & hedgerow_risk::rules::bit(code) != 0;
    assert!(spoke(code::RISK_COLLAR) && spoke(code::RISK_ORDER_NOTIONAL));
}

#[test]
fn both_sides_count_at_their_worst_against_the_throttle_and_the_places() {
    let mut world = World::trading();
    world.firm(hedgerow_core::Limits { orders_per_second: 3, ..capital_limits() });
    world.wait(1);
    assert_eq!(world.quotes((9_990, 10), (10_010, 20))[0], "approved");
    settle(&mut world);
    // One order more passes in this second, two do not.
    assert_eq!(world.quotes((9_991, 10), (10_011, 20)), ["denied RISK-018"]);
    assert_eq!(world.quotes((9_991, 10), (10_010, 20))[0], "approved", "what was denied used nothing");
}

#[test]
fn own_sides_are_no_match_for_each_other_and_what_else_works_is() {
    let mut world = quoting((9_990, 10), (10_010, 20));
    // The whole quote moves above where its ask was.
    let told = world.quotes((10_020, 10), (10_040, 20));
    assert_eq!(told[..2], ["approved", "change to 20 @ 10040"], "the side that makes room goes first");
    assert_eq!(sent(&world), (vec!["replace", "replace"], true));
    settle(&mut world);
    let told = world.quotes((9_990, 10), (10_010, 20));
    assert_eq!(told[..2], ["approved", "change to 10 @ 9990"]);
    settle(&mut world);
    world.works("sell 5 AAA @ 10030");
    assert_eq!(world.quotes((10_030, 10), (10_040, 20)), ["denied RISK-017"]);
    assert_eq!(world.asks("buy 1 AAA @ 10010")[0], "denied RISK-017", "a plain order meets the quote");
}

#[test]
fn crossing_quotes_and_sides_that_say_half_are_named_errors() {
    for (bid, ask) in [
        ((10_010, 10), (10_010, 10)),
        ((10_011, 10), (10_010, 10)),
        ((9_990, 0), (10_010, 10)),
        ((0, 10), NONE),
        ((9_990, -1), NONE),
        ((-1, 10), NONE),
    ] {
        let mut world = World::trading();
        let update = world.quote(bid, ask);
        assert_eq!(world.tries(Input::QuoteUpdate(update)).unwrap_err().code, code::RUN_QUOTE, "{bid:?} {ask:?}");
    }
    let mut world = World::trading();
    let order =
        Order { flags: hedgerow_core::QUOTE | hedgerow_core::POST_ONLY, ..world.written(MOMENTUM, "buy 1 AAA @ 9000") };
    assert_eq!(world.tries(Input::Order(order)).unwrap_err().code, code::CORE_INPUT, "no side comes alone");
}

#[test]
fn a_side_whose_change_is_on_its_way_is_not_changed_again_but_may_be_withdrawn() {
    let mut world = World::trading();
    world.quotes((9_990, 10), (10_010, 20));
    let update = world.quote((9_991, 10), (10_010, 20));
    assert_eq!(world.tries(Input::QuoteUpdate(update)).unwrap_err().code, code::OMS_ILLEGAL);
    assert!(!world.kernel.standing_quote(MOMENTUM, 0).can_become(&update));
    let told = world.quotes(NONE, NONE);
    assert_eq!(told, ["approved", "cancel", "PendingNew -> PendingCancel", "cancel", "PendingNew -> PendingCancel"]);
    let again = world.quote((9_990, 10), NONE);
    assert_eq!(
        world.tries(Input::QuoteUpdate(again)).unwrap_err().code,
        code::OMS_ILLEGAL,
        "the old bid may still trade"
    );
    settle(&mut world);
    assert_eq!(world.quotes((9_990, 10), NONE)[0], "approved");
}

#[test]
fn no_room_for_both_orders_is_an_error_before_either_is_made() {
    let mut world = World::trading();
    for _ in 0..23 {
        world.sends("buy 1 AAA @ 9000");
    }
    let update = world.quote((9_990, 10), (10_010, 20));
    assert_eq!(world.tries(Input::QuoteUpdate(update)).unwrap_err().code, code::OMS_FULL);
    assert_eq!(world.quotes((9_990, 10), NONE)[0], "approved", "there is room for one");
}

/// A random quote: now and then a side is missing, too large or far away.
fn side() -> impl Strategy<Value = (i64, i64)> {
    (0_i64..60, prop_oneof![4 => 1_i64..50, 1 => Just(0), 1 => 20_000_i64..60_000])
}

proptest! {
    /// Whatever was quoted before and whatever the venue answered: an update changes exactly the sides that differ, or
    /// nothing at all; the gate's reservations are those of the orders.
    #[test]
    fn never_one_side_without_the_other(updates in prop::collection::vec((side(), side(), any::<bool>(), 0_u8..4), 1..30)) {
        let mut world = World::trading();
        for (bid, ask, answers, fills) in updates {
            let at = |base: i64, (away, lots): (i64, i64)| if lots == 0 { NONE } else { (base + away, lots) };
            let (bid, ask) = (at(9_950, bid), at(10_010, ask));
            world.wait(1);
            let before = standing(&world);
            let shown = |world: &World| {
                let Standing { bid, ask } = world.kernel.standing_quote(MOMENTUM, 0);
                [bid, ask].map(|side| Standing::quoted(side.as_ref()))
            };
            let quoted = shown(&world);
            let update = world.quote(bid, ask);
            match world.tries(Input::QuoteUpdate(update)) {
                Ok(told) if told[0] == "approved" => {
                    prop_assert_eq!(shown(&world), [bid, ask]);
                    let changes = [bid, ask].iter().zip(&quoted).filter(|(wanted, had)| wanted != had).count();
                    prop_assert_eq!(told.len(), 1 + 2 * changes);
                    prop_assert_eq!(sent(&world).0.len(), changes);
                }
                _ => {
                    prop_assert_eq!(shown(&world), quoted);
                    prop_assert_eq!(standing(&world), before);
                    prop_assert!(world.effects.sends.is_empty());
                }
            }
            world.kernel.gate().recount().unwrap();
            if answers {
                settle(&mut world);
            }
            if let Some(order) = standing(&world)[usize::from(fills % 2)].filter(|_| fills < 2) {
                world.says(&order, "Filled 1 @ 10000");
            }
        }
        world.seal();
        let (kernel, _) = World::replay(&world.tape).unwrap();
        prop_assert_eq!(kernel.state_hash(), world.kernel.state_hash());
    }
}
