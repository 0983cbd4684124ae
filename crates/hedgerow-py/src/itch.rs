//! NASDAQ ITCH 5.0 for Python: bytes of a file in, books and tables of events out.

use crate::books::OrderBook;
use crate::words::named;
use hedgerow_book::Rules;
use hedgerow_core::{BookOrder, MarketPhase, Noun, Problem, Trade, code};
use hedgerow_wire::itch::{self, Frames, Sink};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// What a piece of a file told.
#[derive(Default)]
struct Kept {
    orders: Vec<BookOrder>,
    trades: Vec<Trade>,
    phases: Vec<MarketPhase>,
}

impl Sink for Kept {
    fn orders(&mut self, update: &[BookOrder]) {
        self.orders.extend_from_slice(update);
    }
    fn trade(&mut self, trade: &Trade) {
        self.trades.push(*trade);
    }
    fn phase(&mut self, phase: &MarketPhase) {
        self.phases.push(*phase);
    }
}

/// Books of a day of NASDAQ TotalView-ITCH 5.0 messages; prices are ticks of 0.0001, instruments the day's locates.
#[pyclass(module = "hedgerow._core")]
pub struct ItchBooks(itch::ItchBooks, Vec<MarketPhase>);

#[pymethods]
impl ItchBooks {
    /// `midnight_ns` is New York's midnight in UTC nanoseconds; `symbols` limits the books to those, all without it. `market`
    /// is whose feed it is, for what is halted at one market alone: `Q` Nasdaq, `B` BX, `X` PSX.
    #[new]
    #[pyo3(signature = (midnight_ns, symbols=None, *, window_ticks=4096, market='Q'))]
    fn new(midnight_ns: i64, symbols: Option<Vec<String>>, window_ticks: u32, market: char) -> PyResult<ItchBooks> {
        let rules = Rules { window_ticks, ..Rules::default() };
        let books = itch::ItchBooks::new(rules, midnight_ns).map_err(|refused| named(refused.into()))?;
        let Some(market) = u8::try_from(market).ok().filter(|market| b"QBX".contains(market)) else {
            return Err(named(Problem::new(code::RUN_CONFIG, format!("market {market:?}; there are Q, B and X"))));
        };
        let (symbols, books) = (symbols.unwrap_or_default(), books.of_market(market));
        Ok(ItchBooks(books.only(&symbols.iter().map(String::as_str).collect::<Vec<_>>()), Vec::new()))
    }

    /// Takes the whole messages of a piece of a file, each behind its two bytes of length. Gives how many bytes they were
    /// (what is left belongs to the next piece), and tables of what happened: `BookOrder` and `Trade`.
    ///
    /// Raises `WireError` or `BookError` with the message's offset; the messages before it are taken, their rows are lost.
    #[pyo3(signature = (data: "bytes") -> "tuple[int, numpy.typing.NDArray[typing.Any], numpy.typing.NDArray[typing.Any]]")]
    fn take<'py>(&mut self, py: Python<'py>, data: &[u8]) -> PyResult<(usize, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let mut kept = Kept::default();
        let mut frames = Frames::new(data);
        loop {
            let offset = frames.offset();
            match frames.next() {
                // The rest of a message that is cut off comes with the next piece.
                None | Some(Err(_)) => break,
                Some(Ok(message)) => self.0.take(message, &mut kept).map_err(|malformed| {
                    let problem = Problem::from(malformed);
                    named(Problem::new(problem.code, format!("at byte {offset}: {}", problem.detail)))
                })?,
            }
        }
        self.1.append(&mut kept.phases);
        Ok((frames.offset(), table(py, &kept.orders)?, table(py, &kept.trades)?))
    }

    /// What stocks did from when on, as `MarketPhase` rows: all that was told since the last call.
    #[pyo3(signature = () -> "numpy.typing.NDArray[typing.Any]")]
    fn take_phases<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        table(py, &std::mem::take(&mut self.1))
    }

    /// The stocks of the directory: (locate, symbol, shares of a round lot).
    fn stocks(&self) -> Vec<(u16, String, u32)> {
        self.0.stocks().map(|(locate, stock)| (locate, stock.symbol.clone(), stock.round_lot)).collect()
    }

    /// A copy of a stock's book as it stands; an empty one before its first order.
    fn book(&self, symbol: &str) -> PyResult<OrderBook> {
        let Some((_, stock)) = self.0.stocks().find(|(_, stock)| stock.symbol == symbol) else {
            return Err(named(Problem::new(code::WIRE_UNKNOWN_STOCK, format!("symbol '{symbol}'"))));
        };
        Ok(OrderBook(self.0.copy_of(stock)))
    }
}

/// Rows as a structured array.
pub(crate) fn table<'py, N: Noun>(py: Python<'py>, rows: &[N]) -> PyResult<Bound<'py, PyAny>> {
    let bytes = PyBytes::new(py, bytemuck::cast_slice(rows));
    py.import("hedgerow.core.nouns")?.call_method1("records", (N::INFO.name, bytes))
}
