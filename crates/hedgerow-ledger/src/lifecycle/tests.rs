//! One table: what a holder has before, what happens, what he has afterwards.

use super::*;
use crate::LedgerConfig;
use hedgerow_core::{CashKind, CashMovement, Currency, Fill, Instrument, Side};

/// A book with 100,000 units of cash and a position of so many lots, bought or sold at 100 ticks of 0.01.
fn holding(lots: i64) -> Ledger {
    let usd = Currency::parse("USD").unwrap();
    let mut ledger = Ledger::new(LedgerConfig { strategies: 2, instruments: 1, currencies: 1, base: usd });
    ledger.define(&Instrument { tick_value: 10_000_000, currency: usd, ..Instrument::default() }).unwrap();
    let (amount, kind) = (Money::units(100_000), CashKind::Capital as u8);
    ledger.cash(&CashMovement { amount, currency: usd, kind, ..CashMovement::default() }, &mut |_| ()).unwrap();
    if lots != 0 {
        let side = if lots > 0 { Side::Buy } else { Side::Sell } as u8;
        let fill = Fill { lots: lots.abs(), price_ticks: 100, side, ..Fill::default() };
        ledger.fill(&fill, &mut |_| ()).unwrap();
    }
    ledger
}

fn event(kind: LifecycleKind, old_lots: i64, new_lots: i64, cash: i128) -> LifecycleEvent {
    let cash = Money(cash * 1_000_000);
    LifecycleEvent { kind: kind as u8, old_lots, new_lots, cash, fraction_ticks: 50, ..LifecycleEvent::default() }
}

/// Lots, cost, realised, income, cash beside the capital, each in thousandths; and the lots that postings moved.
fn after(lots: i64, event: &LifecycleEvent) -> (i64, i128, i128, i128, i128) {
    let mut ledger = holding(lots);
    let start = ledger.books(0).next().unwrap().1.cash();
    let plan = ledger.plan_lifecycle(event).unwrap();
    let (mut moved, mut sum) = (0, Money::ZERO);
    ledger.book_lifecycle(event, plan, &mut |posting| (moved, sum) = (moved + posting.lots, sum + posting.amount));
    ledger.prove().unwrap();
    let (position, book) = (*ledger.position(0, 0).unwrap(), *ledger.books(0).next().unwrap().1);
    assert_eq!((moved, sum), (position.lots - lots, Money::ZERO));
    let milli = |money: Money| money.0 / 1_000_000;
    (position.lots, milli(position.cost), milli(book.realised()), milli(book.income()), milli(book.cash() - start))
}

#[test]
fn what_happens_to_holders() {
    use LifecycleKind::{Borrow, Delisting, Dividend, Expiry, Funding, Merger, Split};
    // Held lots cost 1.00 each; money in thousandths.
    for (lots, event, want) in [
        (10, event(Dividend, 1, 1, 240), (10, 10_000, 0, 2_400, 2_400)),
        (-10, event(Dividend, 1, 1, 240), (-10, -10_000, 0, -2_400, -2_400)),
        (10, event(Split, 1, 4, 0), (40, 10_000, 0, 0, 0)),
        (-10, event(Split, 1, 4, 0), (-40, -10_000, 0, 0, 0)),
        // 11 lots become 5.5: half a lot, which cost 1.00, is paid with 0.25.
        (11, event(Split, 2, 1, 0), (5, 10_000, -750, 0, 250)),
        (-11, event(Split, 2, 1, 0), (-5, -10_000, 750, 0, -250)),
        (1, event(Split, 10, 1, 0), (0, 0, -950, 0, 50)),
        (10, event(Merger, 1, 0, 3_000), (0, 0, 20_000, 0, 30_000)),
        (-10, event(Delisting, 1, 0, 0), (0, 0, 10_000, 0, 0)),
        (10, event(Expiry, 1, 0, -500), (0, 0, -15_000, 0, -5_000)),
        (10, event(Borrow, 1, 1, 10), (10, 10_000, 0, 0, 0)),
        (-10, event(Borrow, 1, 1, 10), (-10, -10_000, 0, -100, -100)),
        (10, event(Funding, 1_000, 1_000, -500), (10, 10_000, 0, -5, -5)),
        (-10, event(Funding, 1_000, 1_000, -500), (-10, -10_000, 0, 5, 5)),
        (0, event(Split, 1, 4, 0), (0, 0, 0, 0, 0)),
    ] {
        assert_eq!(after(lots, &event), want, "{lots} lots, {event:?}");
    }
}

#[test]
fn a_split_changes_no_worth_where_the_new_mark_is_whole() {
    let mut ledger = holding(12);
    ledger.mark(0, 120).unwrap();
    let (nav, event) = (ledger.nav(0).unwrap(), event(LifecycleKind::Split, 1, 3, 0));
    let plan = ledger.plan_lifecycle(&event).unwrap();
    ledger.book_lifecycle(&event, plan, &mut |_| ());
    assert_eq!((ledger.nav(0).unwrap(), ledger.mark_ticks(0)), (nav, Some(40)));
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    use LifecycleKind::{Borrow, Delisting, Dividend, Merger, Split};
    let ledger = holding(10);
    let good = event(Split, 1, 4, 0);
    for (event, code) in [
        (LifecycleEvent { kind: 0, ..good }, code::CORE_INPUT),
        (LifecycleEvent { kind: 99, ..good }, code::CORE_INPUT),
        (LifecycleEvent { old_lots: 0, ..good }, code::CORE_INPUT),
        (LifecycleEvent { old_lots: -1, ..good }, code::CORE_INPUT),
        (LifecycleEvent { new_lots: 0, ..good }, code::CORE_INPUT),
        (LifecycleEvent { new_lots: i64::MIN, ..good }, code::CORE_INPUT),
        (LifecycleEvent { fraction_ticks: 0, ..good }, code::CORE_INPUT),
        (LifecycleEvent { cash: Money(1), ..good }, code::CORE_INPUT),
        (LifecycleEvent { instrument: 1, ..good }, code::CORE_UNKNOWN_INSTRUMENT),
        (LifecycleEvent { new_lots: i64::MAX, ..good }, code::LEDGER_OVERFLOW),
        (LifecycleEvent { old_lots: i64::MAX, fraction_ticks: i64::MAX, ..good }, code::LEDGER_OVERFLOW),
        (event(Dividend, 1, 1, -1), code::CORE_INPUT),
        (event(Dividend, 1, 2, 1), code::CORE_INPUT),
        (event(Borrow, 1, 1, -1), code::CORE_INPUT),
        (event(Merger, 1, 1, 1), code::CORE_INPUT),
        (event(Delisting, 1, 0, -1), code::CORE_INPUT),
        (LifecycleEvent { cash: Money(i128::MAX), ..event(Merger, 1, 0, 0) }, code::LEDGER_OVERFLOW),
        (LifecycleEvent { cash: Money(i128::MAX / 20), ..event(Merger, 1, 0, 0) }, code::LEDGER_OVERFLOW),
    ] {
        assert_eq!(ledger.plan_lifecycle(&event).err().map(|p| p.code), Some(code), "{event:?}");
    }
}
