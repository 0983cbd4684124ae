//! Who may trade: nobody without signatures, nobody with another artifact, nobody after the end.

use crate::people::{EXPIRES, Wish, artifact};
use crate::world::{CARRY, MOMENTUM, World, capital_limits};
use hedgerow_core::{
    Limits, Order, OrderKind, Sequenced, Side, StrategyId, StrategyStart, TierKind, TimeInForce, code, time::DAY,
};
use hedgerow_kernel::Input;

const DENIED: &str = "denied RISK-004";

#[test]
fn without_a_mandate_every_order_of_every_kind_is_denied() {
    let mut world = World::staffed();
    let mut client_id = 0;
    for (strategy, instrument) in [(MOMENTUM, 0), (MOMENTUM, 1), (CARRY, 2), (2, 0)] {
        for side in Side::ALL {
            for kind in OrderKind::ALL {
                for tif in TimeInForce::ALL {
                    client_id += 1;
                    let limit_ticks = if *kind == OrderKind::Limit { 10_000 } else { 0 };
                    let (side, kind, tif) = (*side as u8, *kind as u8, *tif as u8);
                    let order = Order {
                        ts: world.ts,
                        client_id,
                        lots: 10,
                        limit_ticks,
                        instrument,
                        strategy,
                        side,
                        kind,
                        tif,
                        ..Order::default()
                    };
                    assert_eq!(world.take(Input::Order(order)), [DENIED, "New -> Denied"], "{order:?}");
                    assert!(world.effects.sends.is_empty());
                }
            }
        }
    }
    assert!(world.kernel.oms().is_empty());
    assert_eq!(world.held("AAA"), "AAA 0 +0 -0");
}

#[test]
fn one_of_two_signatures_is_not_enough_and_the_second_opens() {
    let mut world = World::staffed();
    let wish = Wish::of("momentum");
    world.start(MOMENTUM, 'A');
    assert_eq!(world.asks("buy 10 AAA")[0], DENIED);
    assert_eq!(world.sign(wish.proposal()), [""; 0]);
    assert_eq!(world.asks("buy 10 AAA")[0], DENIED, "a proposal grants nothing");
    assert_eq!(world.sign(wish.approval("Rita")), [""; 0]);
    assert_eq!(world.asks("buy 10 AAA")[0], DENIED, "one signature grants nothing");
    assert_eq!(world.sign(wish.approval("Fay")), ["mandate granted"]);
    assert_eq!(world.asks("buy 10 AAA"), ["approved", "New -> PendingNew"]);
    assert_eq!(world.last_verdict().mandate, 1, "the order cites its mandate");
    assert_eq!(world.kernel.mandate(MOMENTUM).unwrap().artifact, artifact('A'));
}

#[test]
fn an_approved_strategy_that_does_not_run_may_not_trade() {
    let mut world = World::staffed();
    world.grant(&Wish::of("momentum"));
    assert_eq!(world.asks("buy 10 AAA")[0], DENIED);
    assert_eq!(world.start(MOMENTUM, 'A'), [""; 0]);
    assert_eq!(world.asks("buy 10 AAA")[0], "approved");
    world.stop(MOMENTUM);
    assert_eq!(world.asks("buy 10 AAA")[0], "denied RISK-005");
}

#[test]
fn another_artifact_than_the_approved_one_is_denied_and_found() {
    let mut world = World::staffed();
    world.grant(&Wish::of("momentum"));
    assert_eq!(world.start(MOMENTUM, 'B'), ["finding RISK-032"]);
    assert_eq!(world.asks("buy 10 AAA")[0], DENIED);
    world.start(MOMENTUM, 'A');
    world.trades("buy 10 AAA", 10_000);
    assert_eq!(world.start(MOMENTUM, 'B'), ["finding RISK-032"], "the artifact is changed while it holds a position");
    assert_eq!(world.asks("buy 10 AAA")[0], "denied RISK-005");
    assert_eq!(world.asks("sell 10 AAA")[0], "approved, reduces risk despite RISK-005");
}

#[test]
fn a_mandate_for_a_new_artifact_ends_the_old_one_while_it_runs() {
    let mut world = World::trading();
    let told = world.grant(&Wish { artifact: 'B', ..Wish::of("momentum") });
    assert_eq!(told, ["mandate granted", "finding RISK-032"]);
    assert_eq!(world.asks("buy 10 AAA")[0], "denied RISK-005");
    assert_eq!(world.start(MOMENTUM, 'B'), [""; 0]);
    assert_eq!(world.asks("buy 10 AAA")[0], "approved");
}

#[test]
fn after_its_end_a_mandate_lets_only_risk_reducing_orders_pass() {
    let mut world = World::trading();
    world.trades("buy 10 AAA", 10_000);
    world.ts = EXPIRES - 1;
    world.bar("AAA", 10_000);
    assert_eq!(world.asks("buy 1 AAA @ 9900")[0], "approved");
    world.ts = EXPIRES;
    assert_eq!(world.asks("buy 1 AAA @ 9900")[0], "denied RISK-005");
    assert_eq!(world.asks("sell 11 AAA @ 9990")[0], "denied RISK-005", "eleven would end short");
    assert_eq!(world.asks("sell 10 AAA @ 9990")[0], "approved, reduces risk despite RISK-005");
    assert_eq!(world.asks("sell 1 AAA @ 9990")[0], "denied RISK-005", "what can still be sold is sold already");
}

#[test]
fn a_revoked_mandate_lets_only_risk_reducing_orders_pass_even_after_a_restart() {
    let mut world = World::trading();
    world.trades("buy 10 AAA", 10_000);
    assert_eq!(world.sign(Wish::of("momentum").revocation()), ["mandate revoked"]);
    for restarted in [false, true] {
        if restarted {
            world.stop(MOMENTUM);
            world.start(MOMENTUM, 'A');
        }
        assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-005");
        assert_eq!(world.asks("sell 2 AAA")[0], "approved, reduces risk despite RISK-005");
    }
    assert_eq!(world.kernel.mandate(MOMENTUM).unwrap().revoked, 1);
}

#[test]
fn money_of_a_lesser_kind_trades_nothing_at_a_venue_of_a_greater_one() {
    for (venue, tier, days, is_allowed) in [
        (TierKind::Simulation, "simulation", 0, true),
        (TierKind::Simulation, "live", 1, true),
        (TierKind::Paper, "simulation", 0, false),
        (TierKind::Paper, "paper", 0, true),
        (TierKind::Live, "simulation", 0, false),
        (TierKind::Live, "paper", 0, false),
        (TierKind::Live, "live", 1, true),
    ] {
        let mut world = World::staffed_at(venue);
        world.grant(&Wish { tier, ..Wish::of("momentum") });
        world.wait(days * DAY);
        world.bar("AAA", 10_000);
        let told = world.start(MOMENTUM, 'A');
        assert_eq!(told, if is_allowed { vec![] } else { vec!["finding GOV-013"] }, "{tier} at {venue:?}");
        assert_eq!(world.asks("buy 1 AAA")[0], if is_allowed { "approved" } else { DENIED }, "{tier} at {venue:?}");
    }
}

#[test]
fn a_demotion_to_simulated_money_stops_a_strategy_that_trades_real_money() {
    let mut world = World::staffed_at(TierKind::Live);
    world.grant(&Wish { tier: "live", ..Wish::of("momentum") });
    world.wait(DAY);
    world.bar("AAA", 10_000);
    world.start(MOMENTUM, 'A');
    world.trades("buy 10 AAA", 10_000);
    let told = world.sign(Wish::of("momentum").demotion(&Limits::default()));
    assert_eq!(told, ["mandate revoked", "mandate granted", "finding GOV-013"]);
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-005");
    assert_eq!(world.asks("sell 10 AAA")[0], "approved, reduces risk despite RISK-005");
}

#[test]
fn a_mandate_that_cools_down_is_none_until_it_has() {
    let mut world = World::staffed();
    world.start(MOMENTUM, 'A');
    assert_eq!(world.grant(&Wish { tier: "live", ..Wish::of("momentum") }), ["mandate granted"]);
    assert_eq!(world.asks("buy 1 AAA")[0], DENIED);
    assert!(world.kernel.mandate(MOMENTUM).is_none());
    world.wait(DAY - 1);
    assert_eq!(world.asks("buy 1 AAA @ 9900")[0], DENIED);
    world.wait(1);
    assert_eq!(world.asks("buy 1 AAA @ 9900")[0], "approved", "an order at the very moment finds it in force");
    assert_eq!(world.last_verdict().mandate, 1);
}

#[test]
fn while_a_wider_mandate_cools_down_the_one_before_it_holds() {
    let mut world = World::trading();
    let narrow = Limits { order_lots: 5, ..capital_limits() };
    world.grant(&Wish { limits: narrow, ..Wish::of("momentum") });
    world.grant(&Wish { tier: "live", ..Wish::of("momentum") });
    assert_eq!(world.asks("buy 6 AAA")[0], "denied RISK-013");
    assert_eq!(world.last_verdict().mandate, 2);
    world.wait(DAY);
    world.bar("AAA", 10_000);
    assert_eq!(world.kernel.mandate(MOMENTUM).unwrap().index, 3, "a bar is enough to let it begin");
    assert_eq!(world.asks("buy 6 AAA")[0], "approved");
    assert_eq!(world.last_verdict().mandate, 3);
    let replay = World::replay(&world.tape).unwrap();
    assert_eq!(replay.0.to_bytes(), world.kernel.to_bytes());
}

#[test]
fn a_mandate_that_begins_for_another_artifact_ends_the_one_that_runs() {
    let mut world = World::trading();
    world.grant(&Wish { artifact: 'B', tier: "live", ..Wish::of("momentum") });
    assert_eq!(world.asks("buy 1 AAA")[0], "approved");
    world.wait(DAY);
    assert_eq!(world.asks("buy 1 AAA @ 9900"), ["finding RISK-032", "denied RISK-005", "New -> Denied"]);
}

#[test]
fn a_mandate_taken_back_while_it_cools_down_never_begins() {
    let mut world = World::trading();
    let wish = Wish { tier: "live", prev: Some(Wish::of("momentum").id()), ..Wish::of("momentum") };
    world.grant(&wish);
    assert_eq!(world.sign(wish.revocation()), ["mandate revoked"]);
    world.wait(2 * DAY);
    assert_eq!(world.asks("buy 1 AAA @ 9900")[0], "approved");
    assert_eq!(world.last_verdict().mandate, 1);
}

#[test]
fn a_paused_strategy_only_reduces_risk_until_a_new_mandate_resumes_it() {
    let mut world = World::trading();
    world.trades("buy 10 AAA", 10_000);
    assert_eq!(world.sign(Wish::of("momentum").pause()), ["mandate paused"]);
    for restarted in [false, true] {
        if restarted {
            world.stop(MOMENTUM);
            world.start(MOMENTUM, 'A');
        }
        assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-005");
        assert_eq!(world.asks("sell 2 AAA")[0], "approved, reduces risk despite RISK-005");
    }
    assert_eq!(world.grant(&Wish::of("momentum")), ["mandate granted"]);
    assert_eq!(world.asks("buy 1 BBB @ 4900")[0], "approved");
}

#[test]
fn a_demotion_narrows_at_once() {
    let mut world = World::trading();
    let narrow = Limits { order_lots: 5, ..capital_limits() };
    assert_eq!(world.sign(Wish::of("momentum").demotion(&narrow)), ["mandate revoked", "mandate granted"]);
    assert_eq!(world.asks("buy 6 AAA")[0], "denied RISK-013");
    assert_eq!(world.asks("buy 5 AAA")[0], "approved");
    assert_eq!((world.last_verdict().mandate, world.kernel.mandate(MOMENTUM).unwrap().rank), (2, 0));
}

#[test]
fn the_kill_switch_of_a_strategy_or_of_the_firm_lets_only_risk_reducing_orders_pass() {
    for switch in [MOMENTUM, StrategyId::MAX] {
        let mut world = World::trading();
        world.trades("buy 10 AAA", 10_000);
        let working = world.works("buy 5 AAA @ 9900");
        world.kill(switch, 1);
        assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-003");
        assert_eq!(world.asks("sell 4 AAA @ 9990")[0], "approved, reduces risk despite RISK-003");
        assert_eq!(world.cancels(&working), ["approved", "Live -> PendingCancel"], "a cancel always passes");
        world.kill(switch, 0);
        assert_eq!(world.asks("buy 1 AAA @ 9900")[0], "approved");
    }
    let mut world = World::trading();
    world.kill(CARRY, 1);
    assert_eq!(world.asks("buy 1 AAA")[0], "approved", "another strategy's switch is not ours");
}

#[test]
fn a_mandate_starts_when_it_was_sequenced_whatever_the_clock_of_the_run() {
    let mut world = World::staffed();
    let wish = Wish::of("momentum");
    let at = |ts, size| Input::Sequenced(Sequenced { ts, size, ..Sequenced::default() });
    world.take(at(world.ts - 30, 4));
    world.sign(wish.proposal());
    world.sign(wish.approval("Rita"));
    world.take(at(world.ts - 20, 7));
    world.sign(wish.approval("Fay"));
    assert_eq!(world.kernel.mandate(MOMENTUM).unwrap().ts, world.ts - 20);
    for earlier in [at(world.ts - 21, 9), at(world.ts, 6)] {
        assert_eq!(world.tries(earlier).unwrap_err().code, code::CORE_TIME_ORDER);
    }
}

#[test]
fn a_name_in_the_universe_that_nothing_has_is_found_and_not_granted() {
    let mut world = World::staffed();
    let wish = Wish { universe: &["AAA", "DDD", "ZZZ"], ..Wish::of("momentum") };
    let told = world.grant(&wish);
    assert_eq!(told, ["mandate granted", "finding CORE-007", "finding CORE-007"]);
    world.start(MOMENTUM, 'A');
    world.take(Input::Instrument(crate::world::instrument(3)));
    world.bar("DDD", 100);
    assert_eq!(world.asks("buy 1 DDD")[0], "denied RISK-030");
    assert_eq!(world.asks("buy 1 BBB")[0], "denied RISK-030");
    assert_eq!(world.asks("buy 1 AAA")[0], "approved");
}

#[test]
fn a_mandate_names_the_approval_that_completed_it() {
    let mut world = World::staffed();
    world.grant(&Wish::of("momentum"));
    let [.., (_, signed, _), (_, granted, _)] = world.tape.as_slice() else { panic!() };
    let mandate = world.kernel.mandate(MOMENTUM).unwrap();
    assert_eq!((mandate.cause, mandate.id), (*signed, *granted));
    let stranger = StrategyStart { strategy: 3, on: 1, ts: world.ts, ..StrategyStart::default() };
    assert!(world.tries(Input::StrategyStart(stranger)).is_err(), "there is room for three strategies");
}
