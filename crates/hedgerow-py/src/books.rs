//! Order books for Python: structured arrays of events in, best prices, levels, sums and hashes out.
//!
//! Events are read where NumPy holds them. What a book refuses is raised as `BookError`, and the rows before the refused
//! update stay taken.

use crate::words::named;
use hedgerow_book::{
    self as book, Book as _, ChecksumRule, Depth, Level, Numbers, Refused, Rules, Taken, VenueRule, Written,
};
use hedgerow_core::{BookLevel, BookOrder, Noun, Problem, Side, code};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;

/// Calls `work` with the rows of a structured array of a noun.
pub(crate) fn with_rows<N: Noun, T>(events: &Bound<'_, PyAny>, work: impl FnOnce(&[N]) -> PyResult<T>) -> PyResult<T> {
    let py = events.py();
    let wanted = py.import("hedgerow.core.nouns")?.call_method1("noun", (N::INFO.name,))?.getattr("dtype")?;
    if !events.getattr("dtype")?.eq(&wanted)? {
        let detail = format!("an array of {}, wanted nouns()['{}'].dtype", events.getattr("dtype")?, N::INFO.name);
        return Err(named(Problem::new(code::CORE_INPUT, detail)));
    }
    let rows = py.import("numpy")?.call_method1("ascontiguousarray", (events,))?;
    let bytes: PyReadonlyArray1<'_, u8> =
        rows.call_method1("view", ("u1",))?.call_method1("reshape", (-1,))?.extract()?;
    match bytemuck::try_cast_slice(bytes.as_slice()?) {
        Ok(rows) => work(rows),
        Err(_) => {
            let read = bytemuck::pod_read_unaligned;
            work(&bytes.as_slice()?.chunks_exact(size_of::<N>()).map(read).collect::<Vec<N>>())
        }
    }
}

fn refuse(refused: Refused) -> PyErr {
    named(refused.into())
}

/// The refusal of one of many updates, with the row at which it begins.
fn refuse_at((row, refused): (usize, Refused)) -> PyErr {
    named(Problem::new(refused.code, format!("update from row {row}: {}", refused.detail())))
}

fn side_named(side: &str) -> PyResult<Side> {
    match side {
        "bid" => Ok(Side::Buy),
        "ask" => Ok(Side::Sell),
        other => Err(named(Problem::new(code::BOOK_FIELD, format!("side '{other}', use 'bid' or 'ask'")))),
    }
}

fn checksum_named(rule: &str) -> PyResult<ChecksumRule> {
    match rule {
        "kraken" => Ok(ChecksumRule::Kraken),
        "okx" => Ok(ChecksumRule::Okx),
        other => Err(named(Problem::new(code::BOOK_FIELD, format!("checksum of '{other}', use 'kraken' or 'okx'")))),
    }
}

type Best = Option<(i32, i64)>;
type Columns<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i64>>);

fn best(book: &impl book::Book, side: Side) -> Best {
    book.best(side).map(|Level { price_ticks, lots }| (price_ticks, lots))
}

fn columns<'py>(py: Python<'py>, book: &impl book::Book, side: Side, n: Option<usize>) -> Columns<'py> {
    let levels = book.levels(side, n.unwrap_or(usize::MAX));
    let column = |of: fn(&Level) -> i64| PyArray1::from_vec(py, levels.iter().map(of).collect());
    (column(|level| level.price_ticks.into()), column(|level| level.lots))
}

/// Takes updates in turn and keeps the best prices after each.
fn tops<'py, B: book::Book>(py: Python<'py>, book: &mut B, events: &[B::Event]) -> PyResult<Bound<'py, PyArray2<i64>>> {
    let mut out: Vec<i64> = Vec::new();
    let taken = book.update_each(events, |book| {
        for side in [Side::Buy, Side::Sell] {
            let level = book.best(side).unwrap_or(Level { price_ticks: 0, lots: 0 });
            out.extend([level.price_ticks.into(), level.lots]);
        }
    });
    taken.map_err(refuse_at)?;
    let rows = out.len() / 4;
    PyArray1::from_vec(py, out).reshape([rows, 4])
}

fn sums(depth: Depth) -> (u32, i128, i128) {
    (depth.levels, depth.lots, depth.tick_lots)
}

/// The best bid and ask (L1), from `BookLevel` events that say what is best.
#[pyclass(module = "hedgerow._core")]
pub struct TopBook(book::TopBook);

#[pymethods]
impl TopBook {
    /// An empty book of prices from `lowest_ticks` to `highest_ticks`.
    #[new]
    #[pyo3(signature = (*, lowest_ticks=1, highest_ticks=i32::MAX, may_cross=false))]
    fn new(lowest_ticks: i32, highest_ticks: i32, may_cross: bool) -> PyResult<TopBook> {
        let rules = Rules { lowest_ticks, highest_ticks, may_cross, ..Rules::default() };
        Ok(TopBook(book::TopBook::new(rules).map_err(refuse)?))
    }

    /// Takes `BookLevel` events, update by update; raises `BookError` at the first update refused.
    #[pyo3(signature = (events: "numpy.typing.NDArray[typing.Any]"))]
    fn apply(&mut self, events: &Bound<'_, PyAny>) -> PyResult<()> {
        with_rows(events, |rows| self.0.update_all(rows).map_err(refuse_at))
    }

    /// Price (ticks) and lots of the best bid.
    #[getter]
    fn best_bid(&self) -> Best {
        best(&self.0, Side::Buy)
    }

    /// Price (ticks) and lots of the best ask.
    #[getter]
    fn best_ask(&self) -> Best {
        best(&self.0, Side::Sell)
    }

    /// SHA-256 of the book's canonical form.
    fn state_hash(&self) -> [u8; 32] {
        self.0.hash()
    }
}

/// Every price of a book (L2), from `BookLevel` events.
#[pyclass(module = "hedgerow._core")]
pub struct LevelBook(book::LevelBook);

#[pymethods]
impl LevelBook {
    /// An empty book of prices from `lowest_ticks` to `highest_ticks`; `window_ticks` (a power of two, 256 to 262,144) of
    /// them, around the best of each side, are kept in dense tables of 8 bytes a tick.
    #[new]
    #[pyo3(signature = (*, lowest_ticks=1, highest_ticks=i32::MAX, may_cross=false, window_ticks=4096))]
    fn new(lowest_ticks: i32, highest_ticks: i32, may_cross: bool, window_ticks: u32) -> PyResult<LevelBook> {
        let rules = Rules { lowest_ticks, highest_ticks, may_cross, window_ticks };
        Ok(LevelBook(book::LevelBook::new(rules).map_err(refuse)?))
    }

    /// Takes `BookLevel` events, update by update; raises `BookError` at the first update refused.
    #[pyo3(signature = (events: "numpy.typing.NDArray[typing.Any]"))]
    fn apply(&mut self, events: &Bound<'_, PyAny>) -> PyResult<()> {
        with_rows(events, |rows| self.0.update_all(rows).map_err(refuse_at))
    }

    /// The same, giving the best prices after each update: (updates, 4) of bid ticks, bid lots, ask ticks, ask lots.
    #[pyo3(signature = (events: "numpy.typing.NDArray[typing.Any]") -> "numpy.typing.NDArray[numpy.int64]")]
    fn tops<'py>(&mut self, py: Python<'py>, events: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray2<i64>>> {
        with_rows(events, |rows| tops(py, &mut self.0, rows))
    }

    /// Price (ticks) and lots of the best bid.
    #[getter]
    fn best_bid(&self) -> Best {
        best(&self.0, Side::Buy)
    }

    /// Price (ticks) and lots of the best ask.
    #[getter]
    fn best_ask(&self) -> Best {
        best(&self.0, Side::Sell)
    }

    /// Prices (ticks) and lots of the best `n` bids, best first; all without `n`.
    #[pyo3(signature = (n=None) -> "tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]")]
    fn bids<'py>(&self, py: Python<'py>, n: Option<usize>) -> Columns<'py> {
        columns(py, &self.0, Side::Buy, n)
    }

    /// Prices (ticks) and lots of the best `n` asks, best first; all without `n`.
    #[pyo3(signature = (n=None) -> "tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]")]
    fn asks<'py>(&self, py: Python<'py>, n: Option<usize>) -> Columns<'py> {
        columns(py, &self.0, Side::Sell, n)
    }

    /// Levels, lots, and lots times ticks from the best, over the best `n` levels of a side (`bid` or `ask`); exact.
    fn depth(&self, side: &str, n: usize) -> PyResult<(u32, i128, i128)> {
        Ok(sums(self.0.depth(side_named(side)?, n)))
    }

    /// The same over the levels up to so many ticks from the best, that included.
    fn depth_within(&self, side: &str, ticks: u32) -> PyResult<(u32, i128, i128)> {
        Ok(sums(self.0.depth_within(side_named(side)?, ticks)))
    }

    /// The mid in ticks over the best `n` levels a side: each side's mean price weighted by the other side's lots.
    #[pyo3(signature = (n=1))]
    fn weighted_mid(&self, n: usize) -> Option<f64> {
        self.0.weighted_mid(n)
    }

    /// Bids' lots less asks' lots over both, over the best `n` levels a side: from -1 to 1.
    #[pyo3(signature = (n=1))]
    fn imbalance(&self, n: usize) -> Option<f64> {
        self.0.imbalance(n)
    }

    /// The checksum by the rule of `kraken` or `okx`; `price` and `size` say how the venue writes them: units of the last
    /// decimal in a tick (or lot), and decimals (at most 18).
    fn checksum(&self, rule: &str, price: (i64, u32), size: (i64, u32)) -> PyResult<u32> {
        let written = |(units, decimals)| Written { units, decimals };
        Ok(book::checksum(&self.0, checksum_named(rule)?, written(price), written(size)))
    }

    /// SHA-256 of the book's canonical form: equal books have equal hashes, however they were built.
    fn state_hash(&self) -> [u8; 32] {
        self.0.hash()
    }
}

/// Every order of a book (L3), from `BookOrder` events.
#[pyclass(module = "hedgerow._core")]
pub struct OrderBook(pub(crate) book::OrderBook);

#[pymethods]
impl OrderBook {
    /// An empty book; see `LevelBook` for the settings (16 bytes a tick of the window).
    #[new]
    #[pyo3(signature = (*, lowest_ticks=1, highest_ticks=i32::MAX, may_cross=false, window_ticks=4096))]
    fn new(lowest_ticks: i32, highest_ticks: i32, may_cross: bool, window_ticks: u32) -> PyResult<OrderBook> {
        let rules = Rules { lowest_ticks, highest_ticks, may_cross, window_ticks };
        Ok(OrderBook(book::OrderBook::new(rules).map_err(refuse)?))
    }

    /// Takes `BookOrder` events, update by update; raises `BookError` at the first update refused.
    #[pyo3(signature = (events: "numpy.typing.NDArray[typing.Any]"))]
    fn apply(&mut self, events: &Bound<'_, PyAny>) -> PyResult<()> {
        with_rows(events, |rows: &[BookOrder]| self.0.update_all(rows).map_err(refuse_at))
    }

    /// The same, giving the best prices after each update: (updates, 4) of bid ticks, bid lots, ask ticks, ask lots.
    #[pyo3(signature = (events: "numpy.typing.NDArray[typing.Any]") -> "numpy.typing.NDArray[numpy.int64]")]
    fn tops<'py>(&mut self, py: Python<'py>, events: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray2<i64>>> {
        with_rows(events, |rows| tops(py, &mut self.0, rows))
    }

    /// Price (ticks) and lots of the best bid.
    #[getter]
    fn best_bid(&self) -> Best {
        best(&self.0, Side::Buy)
    }

    /// Price (ticks) and lots of the best ask.
    #[getter]
    fn best_ask(&self) -> Best {
        best(&self.0, Side::Sell)
    }

    /// Prices (ticks) and lots of the best `n` bids, best first; all without `n`.
    #[pyo3(signature = (n=None) -> "tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]")]
    fn bids<'py>(&self, py: Python<'py>, n: Option<usize>) -> Columns<'py> {
        columns(py, &self.0, Side::Buy, n)
    }

    /// Prices (ticks) and lots of the best `n` asks, best first; all without `n`.
    #[pyo3(signature = (n=None) -> "tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]")]
    fn asks<'py>(&self, py: Python<'py>, n: Option<usize>) -> Columns<'py> {
        columns(py, &self.0, Side::Sell, n)
    }

    /// The orders at a price of a side (`bid` or `ask`), first in the queue first: (number, lots).
    fn queue(&self, side: &str, price_ticks: i32) -> PyResult<Vec<(u64, u32)>> {
        let mut out = Vec::new();
        self.0.each_order(side_named(side)?, price_ticks, &mut |id, lots| out.push((id, lots)));
        Ok(out)
    }

    /// Lots that will be served before an order at its price; `None` if there is no such order.
    fn lots_ahead(&self, order_id: u64) -> Option<i64> {
        self.0.lots_ahead(order_id)
    }

    /// How many orders rest.
    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// SHA-256 of the book's canonical form, every queue included.
    fn state_hash(&self) -> [u8; 32] {
        self.0.hash()
    }
}

/// A book of prices that follows its venue's numbers: gaps are found, updates held, images taken.
#[pyclass(module = "hedgerow._core")]
pub struct BookFeed(book::Feed<book::LevelBook>);

#[pymethods]
impl BookFeed {
    /// A feed by a venue's rule (see `venue_rules()`) that waits for its first image and holds up to `room` changes.
    #[new]
    #[pyo3(signature = (rule, *, room=1_000_000, lowest_ticks=1, highest_ticks=i32::MAX, window_ticks=4096))]
    fn new(rule: &str, room: usize, lowest_ticks: i32, highest_ticks: i32, window_ticks: u32) -> PyResult<BookFeed> {
        let Some(rule) = VenueRule::named(rule) else {
            let known: Vec<&str> = book::VENUES.iter().map(|rule| rule.name).collect();
            let detail = format!("venue rule '{rule}'; there are {}", known.join(", "));
            return Err(named(Problem::new(code::BOOK_FIELD, detail)));
        };
        let rules = Rules { lowest_ticks, highest_ticks, may_cross: false, window_ticks };
        Ok(BookFeed(book::Feed::new(book::LevelBook::new(rules).map_err(refuse)?, rule, room)))
    }

    /// Takes one numbered update; gives `applied`, `skipped` (the book held it) or `held` (until an image comes).
    ///
    /// Raises `BookError`: BOOK-008 for a gap (the feed then waits for an image), or what the book refuses.
    #[pyo3(signature = (events: "numpy.typing.NDArray[typing.Any]", *, first, last, previous=0))]
    fn update(&mut self, events: &Bound<'_, PyAny>, first: i64, last: i64, previous: i64) -> PyResult<&'static str> {
        let numbers = Numbers { first, last, previous };
        let taken = with_rows::<BookLevel, _>(events, |rows| self.0.update(&numbers, rows).map_err(refuse))?;
        Ok(match taken {
            Taken::Applied => "applied",
            Taken::Skipped => "skipped",
            Taken::Held => "held",
        })
    }

    /// Takes an image of the whole book as of a number, then the updates held that follow it.
    #[pyo3(signature = (events: "numpy.typing.NDArray[typing.Any]", *, last))]
    fn image(&mut self, events: &Bound<'_, PyAny>, last: i64) -> PyResult<()> {
        with_rows::<BookLevel, _>(events, |rows| self.0.image(last, rows).map(drop).map_err(refuse))
    }

    /// Says that the book was found to be wrong: it waits for an image.
    fn lose(&mut self) {
        self.0.lose();
    }

    /// Whether the book waits for an image and is not to be believed.
    #[getter]
    fn needs_image(&self) -> bool {
        self.0.needs_image()
    }

    /// Number of the last change in the book.
    #[getter]
    fn last(&self) -> i64 {
        self.0.last()
    }

    /// A copy of the book as it stands.
    fn book(&self) -> LevelBook {
        LevelBook(self.0.book().clone())
    }

    /// Price (ticks) and lots of the best bid.
    #[getter]
    fn best_bid(&self) -> Best {
        best(self.0.book(), Side::Buy)
    }

    /// Price (ticks) and lots of the best ask.
    #[getter]
    fn best_ask(&self) -> Best {
        best(self.0.book(), Side::Sell)
    }
}

/// The numbering rules of the venues: (name, where it is written).
#[pyfunction]
pub fn venue_rules() -> Vec<(&'static str, &'static str)> {
    book::VENUES.iter().map(|rule| (rule.name, rule.source)).collect()
}
