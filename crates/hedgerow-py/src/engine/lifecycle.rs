//! What happens to every holder of an instrument, as Python tells it.

use super::Engine;
use super::settings::currency;
use crate::words::raise;
use hedgerow_core::{CashKind, CashMovement, Currency, InstrumentId, LifecycleEvent, Money, RecordId, StrategyId};
use hedgerow_kernel::Input;
use pyo3::prelude::*;

/// Kind, instrument; lots before and after, cash for the lots before (10^-9 units), ticks paid for what is left of a lot.
#[derive(FromPyObject)]
pub struct Told(u8, u32, i64, i64, i128, i64);

impl Told {
    /// The event, at its time.
    pub fn at(self, ts: i64) -> LifecycleEvent {
        let Told(kind, instrument, old_lots, new_lots, cash, fraction_ticks) = self;
        let cash = Money(cash);
        LifecycleEvent { cash, ts, old_lots, new_lots, fraction_ticks, instrument, kind, ..LifecycleEvent::default() }
    }
}

/// What an instrument is worth now by the newest prices that reached us, ticks; `None` = no price ever did.
#[pyfunction]
pub fn known_mark(engine: &Engine, instrument: InstrumentId) -> PyResult<Option<i64>> {
    let mut desk = engine.shared.desk.borrow_mut();
    desk.tell_top(instrument).map_err(raise)?;
    Ok(desk.kernel.ledger().mark_ticks(instrument))
}

/// The last point of the equity curve becomes what the run is worth now: something happened behind its last row.
#[pyfunction]
pub fn restate_equity(engine: &Engine) -> PyResult<()> {
    let mut desk = engine.shared.desk.borrow_mut();
    let nav = desk.nav().map_err(raise)?;
    desk.recorder.equity.restate(nav);
    Ok(())
}

/// A strategy's books by currency: cash, and what was paid for what it holds, 10^-9 units.
#[pyfunction]
pub fn cash_balances(engine: &Engine, strategy: StrategyId) -> Vec<(String, i128, i128)> {
    let desk = engine.shared.desk.borrow();
    let (ledger, instruments) = (desk.kernel.ledger(), desk.kernel.instruments());
    let cost = |currency: Currency| {
        let held = instruments.iter().filter(|about| about.currency == currency);
        held.filter_map(|about| ledger.position(strategy, about.instrument)).map(|position| position.cost.0).sum()
    };
    ledger.books(strategy).map(|(currency, book)| (currency.to_string(), book.cash().0, cost(currency))).collect()
}

/// Interest comes (positive) or goes; `amount_nano` in 10^-9 units. Returns the id of its record.
#[pyfunction]
pub fn interest(
    engine: &Engine,
    strategy: StrategyId,
    currency_code: &str,
    amount_nano: i128,
    ts: i64,
) -> PyResult<RecordId> {
    let (currency, amount) = (currency(currency_code)?, Money(amount_nano));
    let ts = ts.max(engine.shared.desk.borrow().time());
    let kind = CashKind::Income as u8;
    let movement = CashMovement { amount, ts, currency, strategy, kind, ..CashMovement::default() };
    engine.feed(Input::CashMovement(movement)).map(|input| input.as_record().1)
}
