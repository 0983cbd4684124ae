//! The part of a strategy that lives in the core: its orders, positions and indicators.

use super::book_views::BookView;
use super::shared::{Shared, lots_of_weight};
use super::views::OrderTicket;
use crate::features::Indicator;
use crate::words::named;
use hedgerow_core::{InstrumentId, Problem, StrategyId, TimeInForce, code};
use pyo3::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What a bar feeds an indicator with.
const BAR_FIELDS: [&str; 5] = ["open", "high", "low", "close", "volume"];

/// An indicator fed by the engine before the strategy sees each bar.
pub struct Fed {
    /// Which instrument's bars feed it.
    pub instrument: InstrumentId,
    /// Which prices, in order of its inputs: 0 open, 1 high, 2 low, 3 close, 4 volume.
    pub fields: Vec<u8>,
    /// The indicator.
    pub indicator: Py<Indicator>,
}

/// Base of every strategy: what it may ask and do while a run is on.
#[pyclass(subclass, unsendable, frozen, module = "hedgerow._core")]
pub struct StrategyCore {
    shared: RefCell<Option<Rc<Shared>>>,
    strategy: Cell<StrategyId>,
    /// Indicators to feed.
    pub fed: RefCell<Vec<Fed>>,
    /// How often `on_timer` is called, nanoseconds; 0 = never.
    pub timer_ns: Cell<i64>,
    /// When it is called next, UTC nanoseconds.
    pub timer_due: Cell<i64>,
}

impl StrategyCore {
    /// Joins the strategy to a run.
    pub fn bind(&self, shared: &Rc<Shared>, strategy: StrategyId) {
        *self.shared.borrow_mut() = Some(Rc::clone(shared));
        self.strategy.set(strategy);
        self.fed.borrow_mut().clear();
        self.timer_ns.set(0);
        self.timer_due.set(i64::MIN);
    }

    /// Its number in the run.
    pub fn id(&self) -> StrategyId {
        self.strategy.get()
    }

    /// The run it is joined to.
    pub fn shared(&self) -> PyResult<Rc<Shared>> {
        self.run(|shared| Ok(Rc::clone(shared)))
    }

    fn run<T>(&self, f: impl FnOnce(&Rc<Shared>) -> PyResult<T>) -> PyResult<T> {
        match &*self.shared.borrow() {
            Some(shared) => f(shared),
            None => Err(named(Problem::new(code::RUN_OUTSIDE, ""))),
        }
    }

    fn place(&self, lots: i64, symbol: Option<&str>, limit: Option<f64>, tif: &str) -> PyResult<Option<OrderTicket>> {
        self.run(|shared| {
            let instrument = shared.instrument(symbol).map_err(named)?;
            let limit_ticks = limit.map_or(Ok(0), |p| shared.unit(instrument).ticks(p)).map_err(named)?;
            let tif = parse_tif(tif)?;
            let placed = shared.order(self.strategy.get(), instrument, lots, limit_ticks, tif).map_err(named)?;
            Ok(placed.map(|p| OrderTicket::new(p.order.id, p.order.slot, p.verdict, Rc::clone(shared))))
        })
    }

    fn lots(&self, quantity: f64, symbol: Option<&str>) -> PyResult<i64> {
        self.run(|shared| {
            let unit = shared.unit(shared.instrument(symbol).map_err(named)?);
            unit.lots(quantity).map_err(named)
        })
    }

    fn expected(&self, symbol: Option<&str>) -> PyResult<i64> {
        self.run(|shared| {
            let instrument = shared.instrument(symbol).map_err(named)?;
            Ok(shared.desk.borrow().expected_lots(self.strategy.get(), instrument))
        })
    }
}

fn parse_tif(text: &str) -> PyResult<TimeInForce> {
    match text {
        "gtc" => Ok(TimeInForce::Gtc),
        "day" => Ok(TimeInForce::Day),
        "ioc" => Ok(TimeInForce::Ioc),
        "fok" => Ok(TimeInForce::Fok),
        "gtx" => Ok(TimeInForce::Gtx),
        other => Err(named(Problem::new(
            code::RUN_CONFIG,
            format!("tif={other:?}; use 'gtc', 'day' or 'ioc', and with books also 'fok' or 'gtx'"),
        ))),
    }
}

fn positive(quantity: f64) -> PyResult<f64> {
    if quantity > 0.0 {
        return Ok(quantity);
    }
    Err(named(Problem::new(code::RUN_NUMBER, format!("quantity {quantity}; buy and sell take positive quantities"))))
}

#[pymethods]
impl StrategyCore {
    #[new]
    #[pyo3(signature = (*_args, **_settings))]
    fn new(_args: &Bound<'_, PyAny>, _settings: Option<&Bound<'_, PyAny>>) -> StrategyCore {
        StrategyCore {
            shared: RefCell::new(None),
            strategy: Cell::new(0),
            fed: RefCell::default(),
            timer_ns: Cell::new(0),
            timer_due: Cell::new(i64::MIN),
        }
    }

    /// Position in the only instrument, signed units.
    #[getter]
    fn position(&self) -> PyResult<f64> {
        self.position_of(None)
    }

    /// Position in an instrument, signed units.
    #[pyo3(signature = (symbol=None))]
    fn position_of(&self, symbol: Option<&str>) -> PyResult<f64> {
        self.run(|shared| {
            let instrument = shared.instrument(symbol).map_err(named)?;
            let lots = shared.desk.borrow().position(self.strategy.get(), instrument);
            Ok(shared.unit(instrument).quantity(lots))
        })
    }

    /// Value of the strategy's book in base currency.
    #[getter]
    fn nav(&self) -> PyResult<f64> {
        self.run(|shared| Ok(shared.desk.borrow().kernel.ledger().nav(self.strategy.get()).map_err(named)?.to_f64()))
    }

    /// The time of the run, UTC nanoseconds.
    #[getter]
    fn now(&self) -> PyResult<i64> {
        self.run(|shared| Ok(shared.desk.borrow().time()))
    }

    /// The book of an instrument as it is known now, in a run over books; it changes as the run goes on.
    #[pyo3(signature = (symbol=None))]
    fn book(&self, symbol: Option<&str>) -> PyResult<BookView> {
        self.run(|shared| {
            let instrument = shared.instrument(symbol).map_err(named)?;
            if shared.books.borrow().is_none() {
                return Err(named(Problem::new(code::RUN_CONFIG, "book(): this run is over bars, which show no book")));
            }
            Ok(BookView::new(instrument, Rc::clone(shared)))
        })
    }

    /// Buys a positive quantity, at the market or at a limit; returns the order's ticket.
    #[pyo3(signature = (quantity, symbol=None, *, limit=None, tif="gtc"))]
    fn buy(&self, quantity: f64, symbol: Option<&str>, limit: Option<f64>, tif: &str) -> PyResult<Option<OrderTicket>> {
        self.place(self.lots(positive(quantity)?, symbol)?, symbol, limit, tif)
    }

    /// Sells a positive quantity, at the market or at a limit; returns the order's ticket.
    #[pyo3(signature = (quantity, symbol=None, *, limit=None, tif="gtc"))]
    fn sell(
        &self,
        quantity: f64,
        symbol: Option<&str>,
        limit: Option<f64>,
        tif: &str,
    ) -> PyResult<Option<OrderTicket>> {
        self.place(-self.lots(positive(quantity)?, symbol)?, symbol, limit, tif)
    }

    /// Trades what is missing to a wanted position, working orders counted; `None` if nothing is missing.
    #[pyo3(signature = (quantity, symbol=None))]
    fn order_target(&self, quantity: f64, symbol: Option<&str>) -> PyResult<Option<OrderTicket>> {
        let lots = self.lots(quantity, symbol)? - self.expected(symbol)?;
        self.place(lots, symbol, None, "gtc")
    }

    /// Trades what is missing to a wanted share of the book's value at the last price, cut to whole lots.
    #[pyo3(signature = (weight, symbol=None))]
    fn order_target_weight(&self, weight: f64, symbol: Option<&str>) -> PyResult<Option<OrderTicket>> {
        let lots = self.run(|shared| {
            let instrument = shared.instrument(symbol).map_err(named)?;
            lots_of_weight(&shared.desk.borrow().kernel, self.strategy.get(), instrument, weight).map_err(named)
        })?;
        self.place(lots - self.expected(symbol)?, symbol, None, "gtc")
    }

    /// Closes the position in an instrument, working orders counted.
    #[pyo3(signature = (symbol=None))]
    fn close(&self, symbol: Option<&str>) -> PyResult<Option<OrderTicket>> {
        self.place(-self.expected(symbol)?, symbol, None, "gtc")
    }

    /// Asks to cancel a working order.
    fn cancel(&self, ticket: &OrderTicket) -> PyResult<()> {
        self.run(|shared| {
            let cause = shared.cause.get();
            shared.desk.borrow_mut().cancel(self.strategy.get(), ticket.slot, ticket.id, cause).map_err(named)
        })
    }

    /// Feeds an indicator with an instrument's bars from now on: with `field` (`open`, `high`, `low`, `close`, `volume`) if it
    /// takes one series, else with the fields that its inputs are called after.
    #[pyo3(signature = (indicator, symbol=None, field="close"))]
    fn feed(&self, indicator: Py<Indicator>, symbol: Option<&str>, field: &str) -> PyResult<()> {
        let place = |field: &str| match BAR_FIELDS.iter().position(|known| *known == field) {
            Some(place) => Ok(place as u8),
            None => Err(named(Problem::new(
                code::RUN_CONFIG,
                format!("field={field:?}; use open, high, low, close or volume"),
            ))),
        };
        let fields = match indicator.get().inputs() {
            [_] => vec![place(field)?],
            several => several.iter().map(|input| place(input)).collect::<PyResult<_>>()?,
        };
        let instrument = self.run(|shared| shared.instrument(symbol).map_err(named))?;
        self.fed.borrow_mut().push(Fed { instrument, fields, indicator });
        Ok(())
    }

    /// Calls `on_timer` after the bars of a time, whenever so many nanoseconds have passed.
    fn set_timer(&self, every_ns: i64) -> PyResult<()> {
        if every_ns <= 0 {
            return Err(named(Problem::new(code::RUN_CONFIG, format!("every_ns={every_ns}; use a positive number"))));
        }
        self.timer_ns.set(every_ns);
        Ok(())
    }
}
