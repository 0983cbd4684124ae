//! What a venue says of a fill in its own words: it is named, and a fee in another currency is booked in that currency.

use crate::invariants;
use crate::records::charged;
use crate::world::{CARRY, MOMENTUM, World, currency};
use hedgerow_core::{
    Account, Currency, Execution, Fill, FxRate, Money, Posting, StrategyId, Text64, VenueReport, code, time::SECOND,
};
use hedgerow_kernel::Input;

/// Bought 10 AAA; the fill.
fn bought() -> (World, Fill) {
    let mut world = World::trading();
    let order = world.works("buy 10 AAA @ 10000");
    let report = world.reported(&order, "Filled 10 @ 10000");
    world.take(Input::VenueReport(VenueReport { fee: Money::ZERO, ..report }));
    let fill = world.effects.of::<Fill>().next().unwrap();
    (world, fill)
}

fn of(fill: &Fill, world: &World, said: Execution) -> Input {
    let Fill { id: cause, cause: order_id, instrument, strategy, .. } = *fill;
    let trade = Text64::parse("28457").unwrap();
    Input::Execution(Execution { ts: world.ts, cause, order_id, instrument, strategy, trade, ..said })
}

fn cash(world: &World, name: &str) -> i128 {
    world.kernel.ledger().book(MOMENTUM, currency(name)).map_or(0, |book| book.cash().0)
}

#[test]
fn a_fee_in_a_third_currency_is_booked_in_it_and_counts_once_a_rate_is_known() {
    let (mut world, fill) = bought();
    let worth = world.kernel.ledger().nav(MOMENTUM).unwrap();
    world.take(of(&fill, &world, charged("BNB", 11_400_001)));
    let postings: Vec<_> =
        world.effects.of::<Posting>().map(|p| (p.account, p.amount.0, p.currency, p.cause)).collect();
    let (bnb, id) = (currency("BNB"), postings[0].3);
    assert_eq!(
        postings,
        [(Account::Cash as u8, -11_400_001, bnb, id), (Account::Fees as u8, 11_400_001, bnb, id)],
        "the execution is the cause of both"
    );
    assert_eq!(cash(&world, "BNB"), -11_400_001);
    assert_eq!(world.kernel.ledger().nav(MOMENTUM).unwrap(), worth, "nobody knows what it is worth");
    invariants::hold(&world.kernel);
    let rate = FxRate { base: bnb, rate_nano: 600_000_000_000, ..world.rate(1) };
    world.take(Input::FxRate(rate));
    assert_eq!(world.kernel.ledger().nav(MOMENTUM).unwrap(), worth - Money(6_840_000_600));
    let said = world.kernel.ledger().statement(MOMENTUM).unwrap();
    assert_eq!(said.currency_effect, Money(-6_840_000_600), "at no rate on its day, and since then at one");
    world.take(of(&fill, &world, charged("BNB", 1_000_000_000)));
    assert_eq!(world.kernel.ledger().statement(MOMENTUM).unwrap().fees - said.fees, Money::units(600));
    invariants::hold(&world.kernel);
}

#[test]
fn a_charge_that_there_is_no_room_for_is_found_and_the_names_stand() {
    let (mut world, fill) = bought();
    world.take(of(&fill, &world, charged("BNB", 5)));
    assert_eq!(world.take(of(&fill, &world, charged("OKB", 5))), ["finding LEDGER-003"]);
    assert_eq!(world.take(of(&fill, &world, charged("BNB", i128::MAX))), ["finding LEDGER-002"]);
    assert_eq!(cash(&world, "BNB"), -5);
    invariants::hold(&world.kernel);
}

#[test]
fn without_a_charge_only_the_names_are_kept_and_nothing_moves() {
    let (mut world, fill) = bought();
    let worth = world.kernel.ledger().nav(MOMENTUM).unwrap();
    let told = Execution { currency: currency("USD"), ..Execution::default() };
    for said in [Execution::default(), told] {
        assert_eq!(world.take(of(&fill, &world, said)), [""; 0]);
        assert!(world.effects.is_empty());
    }
    assert_eq!(world.kernel.ledger().nav(MOMENTUM).unwrap(), worth);
}

#[test]
fn words_about_what_is_not_there_are_refused() {
    let (mut world, fill) = bought();
    world.wait(SECOND);
    let Input::Execution(good) = of(&fill, &world, charged("BNB", 5)) else { unreachable!() };
    for (code, wrong) in [
        (code::CORE_INPUT, Execution { cause: 0, ..good }),
        (code::CORE_INPUT, Execution { cause: world.kernel.last_id() + 1, ..good }),
        (code::CORE_INPUT, Execution { order_id: world.kernel.last_id() + 1, ..good }),
        (code::CORE_UNKNOWN_INSTRUMENT, Execution { instrument: 3, ..good }),
        (code::CORE_UNKNOWN_STRATEGY, Execution { strategy: StrategyId::MAX, ..good }),
        (code::CORE_CURRENCY, Execution { currency: Currency::default(), ..good }),
        (code::CORE_CURRENCY, Execution { currency: Currency(*b"bnb\0\0\0\0\0"), ..good }),
        (code::CORE_TIME_ORDER, Execution { ts: world.kernel.clock() - 1, ..good }),
    ] {
        assert_eq!(world.tries(Input::Execution(wrong)).unwrap_err().code, code, "{wrong:?}");
    }
    world.take(Input::Execution(Execution { strategy: CARRY, ..good }));
}
