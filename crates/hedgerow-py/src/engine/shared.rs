//! What the engine and its strategies share: the desk, and how names and floats become indexes and integers.

use super::book_run::BookRun;
use super::desk::{Desk, Placed, Wish};
use hedgerow_core::{Instrument, InstrumentId, MONEY_UNIT, Money, Problem, RecordId, Side, StrategyId, code};
use hedgerow_kernel::Kernel;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// How one instrument's ticks and lots turn into prices and quantities.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    tick_nano: i64,
    lot_nano: i64,
}

const NANO: f64 = 1e9;

impl Unit {
    /// Of an instrument.
    pub fn of(instrument: &Instrument) -> Unit {
        Unit { tick_nano: instrument.tick_nano, lot_nano: instrument.lot_nano }
    }

    /// Price of so many ticks: the double nearest to the exact decimal.
    #[inline]
    pub fn price(&self, ticks: i64) -> f64 {
        (ticks * self.tick_nano) as f64 / NANO
    }

    /// Quantity of so many lots.
    #[inline]
    pub fn quantity(&self, lots: i64) -> f64 {
        if self.lot_nano == MONEY_UNIT as i64 {
            lots as f64
        } else {
            (lots as i128 * self.lot_nano as i128) as f64 / NANO
        }
    }

    /// Lots of a quantity; it must be a whole number of them.
    pub fn lots(&self, quantity: f64) -> Result<i64, Problem> {
        let exact = quantity * NANO / self.lot_nano as f64;
        let lots = exact.round();
        if !quantity.is_finite() || lots.abs() > 9e15 || (exact - lots).abs() > 1e-6 * lots.abs().max(1.0) {
            let detail = format!("quantity {quantity}, lot {}", self.lot_nano as f64 / NANO);
            return Err(Problem::new(code::RUN_NUMBER, detail));
        }
        Ok(lots as i64)
    }

    /// Ticks of a price; it must lie on the tick.
    pub fn ticks(&self, price: f64) -> Result<i64, Problem> {
        let exact = price * NANO / self.tick_nano as f64;
        let ticks = exact.round();
        let off_tick = (exact - ticks).abs() > 1e-6 * ticks.abs().max(1.0);
        if !(1.0..=9e15).contains(&ticks) || off_tick {
            let detail = format!("price {price}, tick {}", self.tick_nano as f64 / NANO);
            return Err(Problem::new(code::RUN_NUMBER, detail));
        }
        Ok(ticks as i64)
    }
}

/// The desk and the names around it. Lives on one thread.
pub struct Shared {
    /// The fund.
    pub desk: RefCell<Desk>,
    /// Per instrument.
    pub units: RefCell<Vec<Unit>>,
    /// Per instrument, as Python text.
    pub symbols: RefCell<Vec<Py<PyString>>>,
    names: RefCell<BTreeMap<String, InstrumentId>>,
    /// The observation being handled, cause of what a strategy does now.
    pub cause: Cell<RecordId>,
    /// The columns of bars that are being run over, and how many of their rows are known by now.
    pub bars: RefCell<Option<Py<PyAny>>>,
    /// See `bars`.
    pub bars_known: Cell<usize>,
    /// What is known of the books, in a run over books.
    pub books: RefCell<Option<BookRun>>,
    /// Columns of bars that the equity curve's lines run over.
    pub curve_columns: RefCell<Vec<Py<PyAny>>>,
}

impl Shared {
    /// Name of an instrument of the run.
    pub fn symbol(&self, py: Python<'_>, instrument: InstrumentId) -> Py<PyString> {
        self.symbols.borrow()[instrument as usize].clone_ref(py)
    }

    /// Around a desk without instruments.
    pub fn new(desk: Desk) -> Shared {
        Shared {
            desk: RefCell::new(desk),
            units: RefCell::default(),
            symbols: RefCell::default(),
            names: RefCell::default(),
            cause: Cell::new(0),
            bars: RefCell::default(),
            bars_known: Cell::new(0),
            books: RefCell::default(),
            curve_columns: RefCell::default(),
        }
    }

    /// The same names around a copy of a fund that has not begun.
    pub fn fork(&self, py: Python<'_>) -> Result<Shared, Problem> {
        let symbols = self.symbols.borrow().iter().map(|symbol| symbol.clone_ref(py)).collect();
        Ok(Shared {
            units: self.units.clone(),
            symbols: RefCell::new(symbols),
            names: self.names.clone(),
            ..Shared::new(self.desk.borrow().fork()?)
        })
    }

    /// Remembers an instrument's name and units.
    pub fn learn(&self, py: Python<'_>, instrument: &Instrument) {
        let unit = Unit::of(instrument);
        let (mut units, mut symbols) = (self.units.borrow_mut(), self.symbols.borrow_mut());
        if instrument.instrument as usize == units.len() {
            units.push(unit);
            symbols.push(PyString::new(py, instrument.symbol.as_str()).unbind());
            self.names.borrow_mut().insert(instrument.symbol.as_str().to_owned(), instrument.instrument);
        }
    }

    /// The instrument of a name; without a name, the only one there is.
    pub fn instrument(&self, symbol: Option<&str>) -> Result<InstrumentId, Problem> {
        let names = self.names.borrow();
        match symbol {
            Some(symbol) => names.get(symbol).copied().ok_or_else(|| {
                let known: Vec<&str> = names.keys().map(String::as_str).take(12).collect();
                Problem::new(code::CORE_UNKNOWN_INSTRUMENT, format!("{symbol:?}; known: {}", known.join(", ")))
            }),
            None if names.len() == 1 => Ok(0),
            None => Err(Problem::new(code::RUN_CONFIG, format!("{} instruments: say which symbol", names.len()))),
        }
    }

    /// The unit of an instrument.
    #[inline]
    pub fn unit(&self, instrument: InstrumentId) -> Unit {
        self.units.borrow()[instrument as usize]
    }

    /// Sends a signed number of lots to the gate; zero is nothing.
    pub fn order(
        &self,
        strategy: StrategyId,
        instrument: InstrumentId,
        lots: i64,
        limit_ticks: i64,
    ) -> Result<Option<Placed>, Problem> {
        self.wish(Wish { limit_ticks, ..Wish::new(strategy, instrument, Side::Buy, lots) })
    }

    /// Sends a wish whose lots are signed and whose side follows from that; zero is nothing.
    pub fn wish(&self, wish: Wish) -> Result<Option<Placed>, Problem> {
        if wish.lots == 0 {
            return Ok(None);
        }
        let side = if wish.lots > 0 { Side::Buy } else { Side::Sell };
        let wish = Wish { side, lots: wish.lots.saturating_abs(), cause: self.cause.get(), ..wish };
        self.desk.borrow_mut().submit(wish).map(Some)
    }
}

/// Lots that hold a share of the book's value at the last price, cut towards zero.
pub fn lots_of_weight(
    kernel: &Kernel,
    strategy: StrategyId,
    instrument: InstrumentId,
    weight: f64,
) -> Result<i64, Problem> {
    if !weight.is_finite() {
        return Err(Problem::new(code::RUN_NUMBER, format!("weight {weight}")));
    }
    let ledger = kernel.ledger();
    let about = kernel.instruments().get(instrument as usize);
    let about = about.ok_or_else(|| Problem::new(code::CORE_UNKNOWN_INSTRUMENT, format!("{instrument}")))?;
    let Some(price_ticks) = ledger.mark_ticks(instrument).filter(|ticks| *ticks > 0) else {
        return Err(Problem::new(code::RISK_STALE_DATA, format!("{} has no price yet", about.symbol)));
    };
    let rate_nano = ledger
        .rate_nano(about.currency)
        .ok_or_else(|| Problem::new(code::CORE_NO_RATE, format!("{}", about.currency)))?;
    let lot_base = Money::notional(price_ticks, 1, about.tick_value).convert(rate_nano).to_f64();
    Ok((weight * ledger.nav(strategy)?.to_f64() / lot_base).trunc() as i64)
}
