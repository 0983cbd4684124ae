//! How isolated a strategy must be: what its tier demands of the jail around it, and of one that has none.

use crate::people::Wish;
use crate::world::{CARRY, MOMENTUM, World};
use hedgerow_core::{Finding, Isolation, JailStart, Money, Noun, code, time::SECOND};
use hedgerow_kernel::Input;

const DENIED: &str = "denied RISK-004";
const FOUND: &str = "finding GOV-031";

/// A mandate of a tier for momentum, which runs.
fn running(tier: &'static str) -> World {
    let mut world = World::staffed();
    world.grant(&Wish { tier, ..Wish::of("momentum") });
    assert_eq!(world.start(MOMENTUM, 'A'), [""; 0]);
    world.wait(1);
    world
}

/// The tape leads to the same state, and a jail that tells of more on it is not believed.
fn is_derived_again(world: &World) {
    let (kernel, _) = World::replay(&world.tape).unwrap();
    assert_eq!(kernel.to_bytes(), world.kernel.to_bytes());
    let at = world.tape.iter().rposition(|(kind, ..)| *kind == JailStart::KIND).unwrap();
    let mut lied = world.tape.clone();
    let mut start: JailStart = bytemuck::pod_read_unaligned(&lied[at].2);
    start.isolation = Isolation::Jail as u8;
    lied[at].2 = bytemuck::bytes_of(&start).to_vec();
    assert!(World::replay(&lied).is_err());
}

#[test]
fn a_jail_weaker_than_the_tier_allows_is_found_and_nothing_it_asks_for_passes() {
    for (tier, weakest) in [("paper", Isolation::None), ("filtered", Isolation::Filtered), ("silent", Isolation::Jail)]
    {
        for level in Isolation::ALL {
            let mut world = running(tier);
            assert_eq!(world.kernel.mandate(MOMENTUM).unwrap().isolation, weakest as u8);
            let told = world.jail(MOMENTUM, *level);
            if *level >= weakest {
                assert_eq!(told, [""; 0], "{level:?} in {tier}");
                assert_eq!(world.asks("buy 1 AAA")[0], "approved", "{level:?} in {tier}");
                continue;
            }
            assert_eq!(told, [FOUND], "{level:?} in {tier}");
            let found = world.effects.of::<Finding>().next().unwrap();
            let (reached, demanded) = (Money::units(*level as i64), Money::units(weakest as i64));
            assert_eq!((found.value, found.limit, found.strategy), (reached, demanded, MOMENTUM));
            assert_eq!(world.asks("buy 1 AAA"), [DENIED, "New -> Denied"], "{level:?} in {tier}");
            is_derived_again(&world);
        }
    }
}

#[test]
fn a_jail_that_starts_again_weaker_ends_the_mandate_until_a_strong_one_starts() {
    let mut world = running("filtered");
    world.jail(MOMENTUM, Isolation::Filtered);
    world.trades("buy 10 AAA", 10_000);
    let works = world.works("buy 5 BBB @ 4900");
    assert_eq!(world.jail(MOMENTUM, Isolation::Limits), [FOUND]);
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-005");
    assert_eq!(world.asks("sell 2 AAA")[0], "approved, reduces risk despite RISK-005");
    assert_eq!(world.cancels(&works)[0], "approved", "a cancel always passes");
    assert_eq!(world.jail(MOMENTUM, Isolation::None), [FOUND], "each one that is too weak is found");
    is_derived_again(&world);
    assert_eq!(world.jail(MOMENTUM, Isolation::Jail), [""; 0]);
    assert_eq!(world.asks("buy 1 BBB")[0], "approved");
}

#[test]
fn losses_are_not_forgiven_by_another_jail() {
    let mut world = running("filtered");
    world.jail(MOMENTUM, Isolation::Filtered);
    world.trades("buy 10000 AAA", 10_000);
    world.wait(SECOND);
    world.bar("AAA", 9_500);
    for level in [Isolation::None, Isolation::Jail] {
        world.jail(MOMENTUM, level);
    }
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-026");
}

#[test]
fn a_jail_that_starts_before_its_mandate_counts_for_it() {
    for (level, told) in
        [(Isolation::Jail, vec!["mandate granted"]), (Isolation::Limits, vec!["mandate granted", FOUND])]
    {
        let mut world = World::staffed();
        world.start(MOMENTUM, 'A');
        assert_eq!(world.jail(MOMENTUM, level), [""; 0], "there is nothing to compare it with");
        assert_eq!(world.grant(&Wish { tier: "silent", ..Wish::of("momentum") }), told);
        assert_eq!(world.asks("buy 1 AAA")[0], if told.len() == 1 { "approved" } else { DENIED });
    }
}

#[test]
fn a_stricter_mandate_ends_what_runs_behind_less() {
    let mut world = running("filtered");
    world.jail(MOMENTUM, Isolation::Filtered);
    world.trades("buy 10 AAA", 10_000);
    let told = world.grant(&Wish { tier: "silent", ..Wish::of("momentum") });
    assert_eq!(told, ["mandate granted", FOUND]);
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-005");
    assert_eq!(world.asks("sell 10 AAA")[0], "approved, reduces risk despite RISK-005");
    is_derived_again(&world);
    assert_eq!(world.jail(MOMENTUM, Isolation::Jail), [""; 0]);
    assert_eq!(world.asks("buy 1 BBB")[0], "approved");
    assert_eq!(world.last_verdict().mandate, 2);
}

#[test]
fn each_start_needs_its_own_jail() {
    let mut world = running("silent");
    world.jail(MOMENTUM, Isolation::Jail);
    assert_eq!(world.asks("buy 1 AAA @ 9900")[0], "approved");
    assert_eq!(world.start(MOMENTUM, 'A'), [""; 0]);
    assert_eq!(world.asks("buy 1 AAA @ 9900"), ["denied RISK-005", "New -> Denied", FOUND]);
    world.jail(MOMENTUM, Isolation::Jail);
    assert_eq!(world.asks("buy 1 AAA @ 9900")[0], "approved");
}

#[test]
fn a_strategy_in_no_jail_is_denied_where_one_is_demanded_and_found_once() {
    let mut world = running("filtered");
    assert_eq!(world.asks("buy 1 AAA"), [DENIED, "New -> Denied", FOUND]);
    let found = world.effects.of::<Finding>().next().unwrap();
    assert_eq!((found.value, found.limit), (Money::ZERO, Money::units(Isolation::Filtered as i64)));
    assert_eq!(world.asks("buy 2 AAA"), [DENIED, "New -> Denied"], "found once is enough");
    world.grant(&Wish { tier: "silent", ..Wish::of("momentum") });
    assert_eq!(world.asks("buy 3 AAA"), [DENIED, "New -> Denied", FOUND], "another mandate, another finding");
    world.grant(&Wish::of("momentum"));
    let works = world.works("buy 4 BBB @ 4900");
    world.trades("buy 5 AAA", 10_000);
    world.grant(&Wish { tier: "silent", ..Wish::of("momentum") });
    assert_eq!(world.replaces(&works, 40, 4_900), ["denied RISK-005", FOUND], "a change of an order is one too");
    assert_eq!(world.asks("sell 5 AAA")[0], "approved, reduces risk despite RISK-005");
    let (kernel, _) = World::replay(&world.tape).unwrap();
    assert_eq!(kernel.to_bytes(), world.kernel.to_bytes());
}

#[test]
fn the_jail_of_one_strategy_is_not_anothers() {
    let mut world = running("silent");
    world.grant(&Wish { tier: "silent", ..Wish::of("carry") });
    world.start(CARRY, 'A');
    assert_eq!(world.jail(CARRY, Isolation::Jail), [""; 0]);
    assert_eq!(world.asks("buy 1 AAA")[0], DENIED);
    let order = world.written(CARRY, "buy 1 AAA");
    assert_eq!(world.take(Input::Order(order))[0], "approved");
    assert_eq!(world.jail(CARRY, Isolation::None), [FOUND]);
    world.jail(MOMENTUM, Isolation::Jail);
    assert_eq!(world.asks("buy 1 AAA")[0], "approved");
}

#[test]
fn a_level_that_there_is_not_is_no_jail() {
    let mut world = running("silent");
    let start = JailStart { ts: world.ts, isolation: Isolation::Jail as u8 + 1, ..JailStart::default() };
    assert_eq!(world.tries(Input::JailStart(start)).unwrap_err().code, code::CORE_INPUT);
    assert_eq!(world.asks("buy 1 AAA")[0], DENIED);
}
