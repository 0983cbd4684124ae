//! What the books refuse, by name, and that a refusal leaves them as they were.

use hedgerow_core::{CashKind, CashMovement, Code, Currency, Fill, FxRate, Instrument, Money, Problem, Side, code};
use hedgerow_ledger::{Ledger, LedgerConfig};

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

/// Two strategies, a share in USD, and one in EUR without a rate.
fn books() -> Ledger {
    let mut ledger = Ledger::new(LedgerConfig { strategies: 2, instruments: 3, currencies: 2, base: usd() });
    for (instrument, currency) in [(0, usd()), (1, eur())] {
        ledger.define(&Instrument { instrument, tick_value: 1, currency, ..Instrument::default() }).unwrap();
    }
    ledger
}

fn fill(lots: i64, price_ticks: i64) -> Fill {
    Fill { lots, price_ticks, side: Side::Buy as u8, ..Fill::default() }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(ledger: &mut Ledger, code: Code, act: impl Fn(&mut Ledger) -> Result<T, Problem>) {
    let before = ledger.clone();
    let problem = act(ledger).unwrap_err();
    assert_eq!(problem.code, code, "{problem}");
    assert!(!problem.detail.is_empty(), "says what it saw");
    assert_eq!(*ledger, before, "a refusal changes nothing");
}

fn book(ledger: &mut Ledger, fill: &Fill) -> Result<(), Problem> {
    assert_eq!(ledger.plan(fill).is_ok(), ledger.clone().fill(fill, &mut |_| ()).is_ok());
    ledger.fill(fill, &mut |_| panic!("a refused fill posts nothing")).map(|_| ())
}

#[test]
fn a_fill_of_nothing_of_no_side_or_of_the_unknown_is_refused() {
    let ledger = &mut books();
    for (lots, price) in [(0, 1), (-1, 1), (1, 0), (1, -1), (i64::MIN, i64::MIN)] {
        refused(ledger, code::CORE_INPUT, |l| book(l, &fill(lots, price)));
    }
    refused(ledger, code::CORE_INPUT, |l| book(l, &Fill { side: 0, ..fill(1, 1) }));
    refused(ledger, code::CORE_UNKNOWN_INSTRUMENT, |l| book(l, &Fill { instrument: 2, ..fill(1, 1) }));
    refused(ledger, code::CORE_UNKNOWN_STRATEGY, |l| book(l, &Fill { strategy: 2, ..fill(1, 1) }));
}

#[test]
fn nothing_is_booked_in_a_currency_without_a_rate() {
    let ledger = &mut books();
    refused(ledger, code::CORE_NO_RATE, |l| book(l, &Fill { instrument: 1, ..fill(1, 1) }));
    let kind = CashKind::Capital as u8;
    let movement = CashMovement { amount: Money::units(1), currency: eur(), kind, ..CashMovement::default() };
    refused(ledger, code::CORE_NO_RATE, |l| l.cash(&movement, &mut |_| ()));
    let unheard = CashMovement { currency: Currency::parse("XYZ").unwrap(), ..movement };
    refused(ledger, code::CORE_NO_RATE, |l| l.cash(&unheard, &mut |_| ()));
    assert_eq!(ledger.rate_nano(eur()), None);
}

#[test]
fn cash_for_nobody_or_of_no_kind_is_refused() {
    let ledger = &mut books();
    let movement = CashMovement { amount: Money::units(1), currency: usd(), ..CashMovement::default() };
    refused(ledger, code::CORE_INPUT, |l| l.cash(&movement, &mut |_| ()));
    let stranger = CashMovement { strategy: 2, kind: 1, ..movement };
    refused(ledger, code::CORE_UNKNOWN_STRATEGY, |l| l.cash(&stranger, &mut |_| ()));
}

#[test]
fn rates_are_positive_and_into_the_base_currency() {
    let ledger = &mut books();
    let rate = FxRate { base: eur(), quote: usd(), rate_nano: 1, ..FxRate::default() };
    for nano in [0, -1] {
        refused(ledger, code::DATA_NOT_POSITIVE, |l| l.rate(&FxRate { rate_nano: nano, ..rate }));
    }
    refused(ledger, code::CORE_CURRENCY, |l| l.rate(&FxRate { base: usd(), quote: eur(), ..rate }));
    refused(ledger, code::CORE_CURRENCY, |l| l.rate(&FxRate { base: usd(), ..rate }));
    let third = Currency::parse("GBP").unwrap();
    refused(ledger, code::LEDGER_FULL, |l| l.rate(&FxRate { base: third, ..rate }));
}

#[test]
fn instruments_come_in_order_keep_their_tick_and_fit_the_room() {
    let ledger = &mut books();
    let known = Instrument { instrument: 0, tick_value: 1, currency: usd(), ..Instrument::default() };
    ledger.define(&known).unwrap();
    refused(ledger, code::CORE_INPUT, |l| l.define(&Instrument { tick_value: 2, ..known }));
    refused(ledger, code::CORE_INPUT, |l| l.define(&Instrument { currency: eur(), ..known }));
    refused(ledger, code::CORE_CAPACITY, |l| l.define(&Instrument { instrument: 3, ..known }));
    refused(ledger, code::CORE_TICK_VALUE, |l| l.define(&Instrument { instrument: 2, tick_value: 0, ..known }));
    let third = Currency::parse("GBP").unwrap();
    refused(ledger, code::LEDGER_FULL, |l| l.define(&Instrument { instrument: 2, currency: third, ..known }));
    ledger.define(&Instrument { instrument: 2, ..known }).unwrap();
    refused(ledger, code::CORE_CAPACITY, |l| l.define(&Instrument { instrument: 3, ..known }));
}

#[test]
fn marks_are_positive_and_of_known_instruments() {
    let ledger = &mut books();
    refused(ledger, code::DATA_NOT_POSITIVE, |l| l.mark(0, 0));
    refused(ledger, code::DATA_NOT_POSITIVE, |l| l.mark(0, -3));
    refused(ledger, code::CORE_UNKNOWN_INSTRUMENT, |l| l.mark(2, 1));
    refused(ledger, code::CORE_UNKNOWN_STRATEGY, |l| l.nav(2));
    refused(ledger, code::CORE_UNKNOWN_STRATEGY, |l| l.statement(9));
}

#[test]
fn numbers_too_large_are_refused_before_anything_changes() {
    let ledger = &mut books();
    refused(ledger, code::LEDGER_OVERFLOW, |l| book(l, &fill(i64::MAX, i64::MAX)));
    refused(ledger, code::LEDGER_OVERFLOW, |l| book(l, &Fill { fee: Money(i128::MAX), ..fill(1, 1) }));
    refused(ledger, code::LEDGER_OVERFLOW, |l| book(l, &Fill { fee: Money(i128::MIN), ..fill(1, 1) }));
    for amount in [i128::MAX, i128::MIN] {
        let movement = CashMovement { amount: Money(amount), currency: usd(), kind: 1, ..CashMovement::default() };
        refused(ledger, code::LEDGER_OVERFLOW, |l| l.cash(&movement, &mut |_| ()));
    }
    ledger.fill(&fill(i64::MAX, 1), &mut |_| ()).unwrap();
    refused(ledger, code::LEDGER_OVERFLOW, |l| book(l, &fill(1, 1)));
    ledger.prove().unwrap();
}

#[test]
fn a_mark_too_large_for_one_strategy_is_taken_back_from_all() {
    let ledger = &mut books();
    ledger.fill(&fill(5, 7), &mut |_| ()).unwrap();
    ledger.fill(&Fill { strategy: 1, ..fill(i64::MAX, 7) }, &mut |_| ()).unwrap();
    refused(ledger, code::LEDGER_OVERFLOW, |l| l.mark(0, i64::MAX));
    ledger.prove().unwrap();
    ledger.mark(0, 8).unwrap();
    assert_eq!(ledger.nav(0).unwrap(), Money(5));
}

#[test]
fn a_rate_too_large_for_a_book_is_named_when_it_is_valued() {
    let ledger = &mut books();
    ledger.rate(&FxRate { base: eur(), quote: usd(), rate_nano: 1, ..FxRate::default() }).unwrap();
    let amount = Money(i128::MAX / 100);
    let movement = CashMovement { amount, currency: eur(), kind: 1, ..CashMovement::default() };
    ledger.cash(&movement, &mut |_| ()).unwrap();
    ledger.rate(&FxRate { base: eur(), quote: usd(), rate_nano: i64::MAX, ..FxRate::default() }).unwrap();
    refused(ledger, code::LEDGER_OVERFLOW, |l| l.nav(0));
}
