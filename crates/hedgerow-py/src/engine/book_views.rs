//! What a strategy sees of books: quotes, trades, and the book itself as it is known here.

use super::known::moved_level;
use super::shared::{Shared, Unit};
use hedgerow_book::Level;
use hedgerow_core::{InstrumentId, MarketPhase, Phase, Quote, Side, Trade, TradeKind};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::rc::Rc;

/// Price and size, in the instrument's units.
type Priced = (f64, f64);

/// The best prices of an instrument, as they reached us. Prices are floats for research; `*_ticks` are exact.
#[pyclass(name = "Quote", module = "hedgerow", frozen)]
pub struct QuoteView {
    quote: Quote,
    unit: Unit,
    symbol: Py<PyString>,
}

impl QuoteView {
    /// A view of one quote.
    pub fn new(py: Python<'_>, shared: &Shared, quote: Quote) -> QuoteView {
        let instrument = quote.instrument;
        QuoteView { quote, unit: shared.unit(instrument), symbol: shared.symbol(py, instrument) }
    }
}

#[pymethods]
impl QuoteView {
    /// Name of the instrument.
    #[getter]
    fn symbol(&self, py: Python<'_>) -> Py<PyString> {
        self.symbol.clone_ref(py)
    }
    /// When it happened at the venue, UTC nanoseconds.
    #[getter]
    fn ts(&self) -> i64 {
        self.quote.ts_event
    }
    /// When it reached us, UTC nanoseconds.
    #[getter]
    fn ts_init(&self) -> i64 {
        self.quote.ts_init
    }
    /// Best bid; 0 = none.
    #[getter]
    fn bid(&self) -> f64 {
        self.unit.price(self.quote.bid_ticks)
    }
    /// Best ask; 0 = none.
    #[getter]
    fn ask(&self) -> f64 {
        self.unit.price(self.quote.ask_ticks)
    }
    /// Size of the best bid.
    #[getter]
    fn bid_size(&self) -> f64 {
        self.unit.quantity(self.quote.bid_lots)
    }
    /// Size of the best ask.
    #[getter]
    fn ask_size(&self) -> f64 {
        self.unit.quantity(self.quote.ask_lots)
    }
    /// Best bid in ticks; 0 = none.
    #[getter]
    fn bid_ticks(&self) -> i64 {
        self.quote.bid_ticks
    }
    /// Best ask in ticks; 0 = none.
    #[getter]
    fn ask_ticks(&self) -> i64 {
        self.quote.ask_ticks
    }
    fn __repr__(&self, py: Python<'_>) -> String {
        format!("Quote({}, ts={}, bid={}, ask={})", self.symbol.bind(py), self.ts(), self.bid(), self.ask())
    }
}

/// A trade between others, as it reached us.
#[pyclass(name = "Trade", module = "hedgerow", frozen)]
pub struct TradeView {
    trade: Trade,
    unit: Unit,
    symbol: Py<PyString>,
}

impl TradeView {
    /// A view of one trade.
    pub fn new(py: Python<'_>, shared: &Shared, trade: &Trade) -> TradeView {
        let instrument = trade.instrument.into();
        TradeView { trade: *trade, unit: shared.unit(instrument), symbol: shared.symbol(py, instrument) }
    }
}

#[pymethods]
impl TradeView {
    /// Name of the instrument.
    #[getter]
    fn symbol(&self, py: Python<'_>) -> Py<PyString> {
        self.symbol.clone_ref(py)
    }
    /// When it happened at the venue, UTC nanoseconds.
    #[getter]
    fn ts(&self) -> i64 {
        self.trade.ts_event
    }
    /// Price per unit.
    #[getter]
    fn price(&self) -> f64 {
        self.unit.price(self.trade.price_ticks.into())
    }
    /// Units traded.
    #[getter]
    fn quantity(&self) -> f64 {
        self.unit.quantity(self.trade.lots)
    }
    /// How it came about: `continuous`, `hidden` (against orders that nobody saw), `opening`, `closing`, or `auction`
    /// for any other.
    #[getter]
    fn kind(&self) -> Option<&'static str> {
        Some(match TradeKind::from_u8(self.trade.kind)? {
            TradeKind::Continuous => "continuous",
            TradeKind::Auction => "auction",
            TradeKind::Hidden => "hidden",
            TradeKind::Opening => "opening",
            TradeKind::Closing => "closing",
        })
    }
    /// Who took: `buy`, `sell`, or `None` where it is not known.
    #[getter]
    fn aggressor(&self) -> Option<&'static str> {
        match Side::from_u8(self.trade.aggressor) {
            Some(Side::Buy) => Some("buy"),
            Some(Side::Sell) => Some("sell"),
            None => None,
        }
    }
    fn __repr__(&self, py: Python<'_>) -> String {
        format!("Trade({}, ts={}, {} @ {})", self.symbol.bind(py), self.ts(), self.quantity(), self.price())
    }
}

/// What an instrument does at the venue from now on, as it reached us.
#[pyclass(name = "MarketPhase", module = "hedgerow", frozen)]
pub struct PhaseView {
    told: MarketPhase,
    symbol: Py<PyString>,
}

impl PhaseView {
    /// A view of one change.
    pub fn new(py: Python<'_>, shared: &Shared, told: &MarketPhase) -> PhaseView {
        PhaseView { told: *told, symbol: shared.symbol(py, told.instrument.into()) }
    }
}

#[pymethods]
impl PhaseView {
    /// Name of the instrument.
    #[getter]
    fn symbol(&self, py: Python<'_>) -> Py<PyString> {
        self.symbol.clone_ref(py)
    }
    /// When it happened at the venue, UTC nanoseconds.
    #[getter]
    fn ts(&self) -> i64 {
        self.told.ts_event
    }
    /// `closed`, `opening_call`, `continuous`, `closing_call` or `halted`.
    #[getter]
    fn phase(&self) -> Option<&'static str> {
        Phase::from_u8(self.told.phase).map(Phase::word)
    }
    fn __repr__(&self, py: Python<'_>) -> String {
        format!("MarketPhase({}, ts={}, {})", self.symbol.bind(py), self.ts(), self.phase().unwrap_or_default())
    }
}

/// The book of an instrument as it is known here; it changes as the run goes on.
#[pyclass(name = "Book", module = "hedgerow", unsendable, frozen)]
pub struct BookView {
    instrument: InstrumentId,
    shared: Rc<Shared>,
}

impl BookView {
    /// The book of an instrument of the run.
    pub fn new(instrument: InstrumentId, shared: Rc<Shared>) -> BookView {
        BookView { instrument, shared }
    }

    fn levels(&self, side: Side, n: usize) -> Vec<Level> {
        let run = self.shared.books.borrow();
        let Some(known) = run.as_ref().and_then(|run| run.known.get(self.instrument as usize)) else {
            return Vec::new();
        };
        let shown = if n == 1 { known.book.best(side).into_iter().collect() } else { known.book.levels(side, n) };
        shown.into_iter().filter_map(|level| moved_level(side, level, known.shift_ticks)).collect()
    }

    fn priced(&self, side: Side, n: usize) -> Vec<Priced> {
        let unit = self.shared.unit(self.instrument);
        let price = |level: Level| (unit.price(level.price_ticks.into()), unit.quantity(level.lots));
        self.levels(side, n).into_iter().map(price).collect()
    }
}

#[pymethods]
impl BookView {
    /// Name of the instrument.
    #[getter]
    fn symbol(&self, py: Python<'_>) -> Py<PyString> {
        self.shared.symbol(py, self.instrument)
    }
    /// What the instrument does at the venue, as far as we know: see `MarketPhase.phase`.
    #[getter]
    fn phase(&self) -> Option<&'static str> {
        let run = self.shared.books.borrow();
        Some(run.as_ref()?.known.get(self.instrument as usize)?.phase.word())
    }
    /// Price and size of the best bid, `None` where there is none.
    #[getter]
    fn best_bid(&self) -> Option<Priced> {
        self.priced(Side::Buy, 1).pop()
    }
    /// Price and size of the best ask, `None` where there is none.
    #[getter]
    fn best_ask(&self) -> Option<Priced> {
        self.priced(Side::Sell, 1).pop()
    }
    /// Prices and sizes of the best `n` bids, best first.
    #[pyo3(signature = (n=10))]
    fn bids(&self, n: usize) -> Vec<Priced> {
        self.priced(Side::Buy, n)
    }
    /// Prices and sizes of the best `n` asks, best first.
    #[pyo3(signature = (n=10))]
    fn asks(&self, n: usize) -> Vec<Priced> {
        self.priced(Side::Sell, n)
    }
    /// Half-way between the best prices, `None` where one is missing.
    #[getter]
    fn mid(&self) -> Option<f64> {
        Some((self.best_bid()?.0 + self.best_ask()?.0) / 2.0)
    }
    fn __repr__(&self, py: Python<'_>) -> String {
        format!("Book({}, bid={:?}, ask={:?})", self.symbol(py).bind(py), self.best_bid(), self.best_ask())
    }
}
