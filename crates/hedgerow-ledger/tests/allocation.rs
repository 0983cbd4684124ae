//! Counts memory requests: once made, the books ask for none.

use hedgerow_core::{CashKind, CashMovement, Currency, Fill, FxRate, Instrument, Money, Side};
use hedgerow_ledger::{Ledger, LedgerConfig};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;
thread_local! {
    // Per thread, so that the test runner's own thread does not count.
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on unchanged to the system allocator, which keeps the trait's promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        REQUESTS.set(REQUESTS.get() + 1);
        // SAFETY: the caller keeps `alloc`'s conditions, which are those of the system allocator.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from `alloc` above, that is from the system allocator, with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn nothing_is_allocated_after_construction() {
    let (usd, eur) = (Currency::parse("USD").unwrap(), Currency::parse("EUR").unwrap());
    let mut ledger = Ledger::new(LedgerConfig { strategies: 4, instruments: 16, currencies: 3, base: usd });
    let mut posted = Money::ZERO;
    let before = REQUESTS.get();
    for instrument in 0..16 {
        let currency = if instrument % 2 == 0 { usd } else { eur };
        ledger.define(&Instrument { instrument, tick_value: 1_000, currency, ..Instrument::default() }).unwrap();
    }
    for round in 1..500_i64 {
        ledger.rate(&FxRate { base: eur, quote: usd, rate_nano: 1_000_000_000 + round, ..FxRate::default() }).unwrap();
        let (kind, amount) = (CashKind::Income as u8, Money::units(round));
        let income = CashMovement { kind, amount, currency: eur, ..CashMovement::default() };
        ledger.cash(&income, &mut |posting| posted += posting.amount).unwrap();
        for instrument in 0..16 {
            let side = if (round + i64::from(instrument)) % 3 == 0 { Side::Sell } else { Side::Buy } as u8;
            let strategy = (round % 4) as u16;
            let fill = Fill { instrument, strategy, side, lots: round, price_ticks: 100 + round, ..Fill::default() };
            ledger.fill(&fill, &mut |posting| posted += posting.amount).unwrap();
            ledger.mark(instrument, 100 + round % 7).unwrap();
            ledger.nav(strategy).unwrap();
        }
    }
    ledger.prove().unwrap();
    assert_eq!(posted, Money::ZERO);
    assert_eq!(REQUESTS.get() - before, 0);
}
