//! Loss and drawdown: counted from what the books are worth, told in time, and forgiven by people only.

use crate::people::Wish;
use crate::records::plausible;
use crate::world::{CARRY, MOMENTUM, World, capital_limits};
use hedgerow_core::{CashMovement, Limits, Money, Posting, Session, VenueReport, Verdict, time::FOREVER, time::SECOND};
use hedgerow_kernel::Input;

/// Ten thousand shares bought at 100.
fn invested() -> World {
    let mut world = World::trading();
    world.trades("buy 10000 AAA", 10_000);
    world
}

/// The price falls to 95, and the strategy's loss limit of 50,000 is reached.
fn losing() -> World {
    let mut world = invested();
    later(&mut world, 9_500);
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-026");
    world
}

/// A second later the price of AAA is another; nobody asks for anything.
fn later(world: &mut World, close: i64) {
    world.wait(SECOND);
    world.bar("AAA", close);
    world.wait(SECOND);
}

#[test]
fn a_strategy_cannot_forgive_its_own_losses_by_starting_again() {
    let mut world = losing();
    for stop in [true, false] {
        if stop {
            world.stop(MOMENTUM);
        }
        assert_eq!(world.start(MOMENTUM, 'A'), [""; 0]);
        assert_eq!(world.asks("buy 1 AAA @ 9400")[0], "denied RISK-026");
        assert_eq!(world.asks("sell 1 AAA @ 9500")[0], "approved, reduces risk despite RISK-026");
    }
}

#[test]
fn people_forgive_the_losses_of_a_strategy_by_signing_a_new_mandate() {
    let mut world = losing();
    let again = Wish { limits: Limits { gross: Money::units(19_000_000), ..capital_limits() }, ..Wish::of("momentum") };
    assert_eq!(world.grant(&again), ["mandate granted"]);
    assert_eq!(world.asks("buy 1 AAA")[0], "approved");
}

#[test]
fn the_losses_of_the_firm_stay_when_those_of_a_strategy_are_forgiven() {
    let mut world = invested();
    later(&mut world, 9_000);
    world.grant(&Wish {
        limits: Limits { gross: Money::units(19_000_000), ..capital_limits() },
        ..Wish::of("momentum")
    });
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-026");
    assert_eq!(world.effects.of::<Verdict>().next().unwrap().level, 1);
    world.firm(Limits { loss: Money::units(60_000), ..capital_limits() });
    assert_eq!(world.asks("buy 1 AAA")[0], "approved");
}

#[test]
fn the_losses_of_a_strategy_that_stopped_still_count_for_the_firm() {
    let mut world = invested();
    world.grant(&Wish { artifact: 'C', ..Wish::of("carry") });
    world.start(CARRY, 'C');
    later(&mut world, 10_000);
    world.stop(MOMENTUM);
    later(&mut world, 9_000);
    let order = world.written(CARRY, "buy 1 BBB");
    assert_eq!(world.take(Input::Order(order))[0], "denied RISK-026");
    let verdict: Verdict = world.effects.of().next().unwrap();
    assert_eq!((verdict.level, verdict.value), (1, Money::units(100_000)), "the firm's level, the whole loss");
}

#[test]
fn a_fill_that_loses_counts_before_any_new_price() {
    let mut world = World::trading();
    let order = world.sends("buy 10 AAA");
    let fee = Money::units(60_000);
    let report = VenueReport { fee, ..world.reported(&order, "Filled 10 @ 10000") };
    world.take(Input::VenueReport(report));
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-026");
}

#[test]
fn a_change_of_an_order_is_held_to_the_latest_losses_too() {
    let mut world = invested();
    let order = world.works("buy 10 AAA @ 9400");
    later(&mut world, 9_500);
    assert_eq!(world.replaces(&order, 20, 9_400), ["denied RISK-026"]);
}

#[test]
fn a_falling_currency_is_a_loss() {
    let mut world = World::trading();
    world.wait(SECOND);
    world.take(Input::FxRate(world.rate(500_000_000)));
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-026", "a hundred thousand euros lost sixty cents each");
}

#[test]
fn drawdown_counts_from_the_worth_before_a_currency_fell() {
    let mut world = invested();
    later(&mut world, 10_900);
    world.take(Input::FxRate(world.rate(50_000_000)));
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-027", "90,000 won and then 105,000 lost");
}

#[test]
fn drawdown_counts_from_the_last_moment_whatever_opens_the_next() {
    for books in 1..=2 {
        let mut before = invested();
        if books == 2 {
            before.start(CARRY, 'C');
        }
        let order = before.works("buy 10 AAA @ 9000");
        later(&mut before, 10_900);
        for opens in plausible(&mut before, &order) {
            let mut world = before.clone();
            if world.tries(opens.clone()).is_ok() {
                world.bar("AAA", 9_750);
                let told = world.asks("buy 1 AAA @ 9000");
                // What begins the day or the limits anew counts the loss from the same worth, and is named first.
                let is_denied = ["denied RISK-026", "denied RISK-027"].contains(&told[0].as_str());
                assert!(is_denied, "{told:?}: 90,000 won and then 115,000 lost, behind {opens:?}");
            }
        }
    }
}

#[test]
fn a_new_day_forgives_the_loss_and_counts_from_the_latest_prices() {
    let mut world = losing();
    let new_day =
        |world: &World| Session { ts: world.ts, closes_ts: FOREVER, open: 1, new_day: 1, ..Session::default() };
    world.take(Input::Session(new_day(&world)));
    assert_eq!(world.asks("buy 1 AAA @ 9000")[0], "approved");
    later(&mut world, 10_400);
    world.take(Input::Session(new_day(&world)));
    later(&mut world, 9_900);
    assert_eq!(world.asks("buy 1 AAA @ 9000")[0], "denied RISK-026", "50,000 since this morning");
}

#[test]
fn new_limits_of_the_firm_count_from_the_latest_prices() {
    let mut world = invested();
    later(&mut world, 10_900);
    world.firm(Limits { loss: Money::units(40_000), ..capital_limits() });
    later(&mut world, 10_500);
    assert_eq!(world.asks("buy 1 AAA")[0], "denied RISK-026");
    assert_eq!(world.effects.of::<Verdict>().next().unwrap().level, 1);
}

#[test]
fn capital_paid_in_or_out_is_neither_gain_nor_loss() {
    let mut world = World::trading();
    world.trades("buy 10 AAA", 10_000);
    for units in [-900_000, 5_000_000, -4_500_000] {
        world.wait(SECOND);
        world.take(Input::CashMovement(world.capital(MOMENTUM, "USD", units)));
        later(&mut world, 10_000);
        assert_eq!(world.asks("buy 1 AAA")[0], "approved", "after {units}");
    }
}

#[test]
fn capital_paid_out_after_a_high_does_not_look_like_a_fall_from_it() {
    let mut world = invested();
    later(&mut world, 10_300);
    later(&mut world, 10_000);
    world.take(Input::CashMovement(world.capital(MOMENTUM, "USD", -200_000)));
    assert_eq!(world.asks("buy 1 AAA")[0], "approved", "30,000 lost since the high, as before");
}

#[test]
fn a_capital_movement_of_any_size_the_books_can_hold_is_booked() {
    let mut world = World::trading();
    // 10^27 units: the product with a rate of one would not fit, and need not be taken.
    let amount = Money(1_000_000_000_000_000_000_000_000_000_000_000_000);
    let movement = CashMovement { amount, ..world.capital(MOMENTUM, "USD", 0) };
    world.take(Input::CashMovement(movement));
    let booked: Money = world.effects.of::<Posting>().map(|posting| posting.amount).sum();
    assert_eq!((booked, world.effects.of::<Posting>().count()), (Money::ZERO, 2));
    world.wait(SECOND);
    assert_eq!(world.asks("buy 1 AAA")[0], "approved");
}

#[test]
fn a_book_whose_worth_is_too_large_to_tell_counts_as_lost_whatever_its_limits() {
    let mut world = World::staffed();
    let much = Money::UNLIMITED;
    let limits = Limits { loss: much, drawdown: much, capital: much, gross: much, ..capital_limits() };
    world.firm(limits);
    world.grant(&Wish { limits, ..Wish::of("momentum") });
    world.start(MOMENTUM, 'A');
    world.trades("buy 10 AAA", 10_000);
    let amount = Money(100_000_000_000_000_000_000_000_000_000);
    world.take(Input::CashMovement(CashMovement { amount, ..world.capital(MOMENTUM, "EUR", 0) }));
    assert_eq!(world.asks("buy 1 AAA @ 9900")[0], "approved");
    world.take(Input::FxRate(world.rate(1_000_000_000_000)));
    assert!(world.kernel.ledger().nav(MOMENTUM).is_err(), "a thousand dollars for each of 10^20 euros do not fit");
    assert_eq!(world.asks("buy 1 AAA @ 9900")[0], "denied RISK-025", "no buying power is left");
    assert_eq!(world.asks("sell 5 AAA @ 9990")[0], "approved, reduces risk despite RISK-025 RISK-026 RISK-027");
    world.take(Input::FxRate(world.rate(1_100_000_000)));
    assert_eq!(world.asks("buy 1 AAA @ 9900")[0], "approved", "the worth can be told again");
}
