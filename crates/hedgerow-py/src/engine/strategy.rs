//! The part of a strategy that lives in the core: its orders, positions and indicators.

use super::book_views::BookView;
use super::contingent_ticket::{ContingentTicket, Ticket};
use super::desk::{Change, Wish};
use super::quote_tickets::{self, QuoteTicket, StandingQuote};
use super::said::{Said, peg_named, positive};
use super::shared::{Shared, lots_of_weight};
use super::views::OrderTicket;
use crate::features::Indicator;
use crate::words::named;
use hedgerow_core::{InstrumentId, Problem, Side, StrategyId, code};
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

    fn place(&self, lots: i64, symbol: Option<&str>, said: Said<'_>) -> PyResult<Option<OrderTicket>> {
        self.run(|shared| {
            let instrument = shared.instrument(symbol).map_err(named)?;
            let wish = Wish::new(self.strategy.get(), instrument, Side::Buy, lots);
            let placed = shared.wish(said.wish(wish, shared.unit(instrument))?).map_err(named)?;
            Ok(placed.map(|placed| OrderTicket::new(placed, Rc::clone(shared))))
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

    /// Buys a positive quantity: at the market, at a `limit`, once the market has reached `stop`, or both. `tif` is `gtc`, `day`,
    /// `ioc`, `fok`, `gtd` (with `until`, UTC nanoseconds), `opg` or `cls`; `beside` is the ticket of another order:
    /// what one of them trades the other trades no more (OCO), in proportion where they are of two instruments; `display` is what
    /// the book shows of an order with a limit at a time (iceberg). With `peg` (`primary`, `midpoint`, `market`) and `offset_ticks` its
    /// price follows the book, never beyond `limit`. Returns the order's ticket.
    #[pyo3(signature = (quantity, symbol=None, *, limit=None, stop=None, tif="gtc", until=None, post_only=false, reduce_only=false, beside=None, display=None, peg=None, offset_ticks=0))]
    #[allow(clippy::too_many_arguments)]
    fn buy(
        &self,
        quantity: f64,
        symbol: Option<&str>,
        limit: Option<f64>,
        stop: Option<f64>,
        tif: &str,
        until: Option<i64>,
        post_only: bool,
        reduce_only: bool,
        beside: Option<&OrderTicket>,
        display: Option<f64>,
        peg: Option<&str>,
        offset_ticks: i64,
    ) -> PyResult<Option<OrderTicket>> {
        let beside = beside.map_or(0, |ticket| ticket.id);
        let said = Said { limit, stop, tif, until, post_only, reduce_only, display, peg, offset_ticks, beside };
        self.place(self.lots(positive(quantity).map_err(named)?, symbol)?, symbol, said)
    }

    /// Sells a positive quantity: at the market, at a `limit`, once the market has reached `stop`, or both. `tif` is `gtc`, `day`,
    /// `ioc`, `fok`, `gtd` (with `until`, UTC nanoseconds), `opg` or `cls`; `beside` is the ticket of another order:
    /// what one of them trades the other trades no more (OCO), in proportion where they are of two instruments; `display` is what
    /// the book shows of an order with a limit at a time (iceberg). With `peg` (`primary`, `midpoint`, `market`) and `offset_ticks` its
    /// price follows the book, never beyond `limit`. Returns the order's ticket.
    #[pyo3(signature = (quantity, symbol=None, *, limit=None, stop=None, tif="gtc", until=None, post_only=false, reduce_only=false, beside=None, display=None, peg=None, offset_ticks=0))]
    #[allow(clippy::too_many_arguments)]
    fn sell(
        &self,
        quantity: f64,
        symbol: Option<&str>,
        limit: Option<f64>,
        stop: Option<f64>,
        tif: &str,
        until: Option<i64>,
        post_only: bool,
        reduce_only: bool,
        beside: Option<&OrderTicket>,
        display: Option<f64>,
        peg: Option<&str>,
        offset_ticks: i64,
    ) -> PyResult<Option<OrderTicket>> {
        let beside = beside.map_or(0, |ticket| ticket.id);
        let said = Said { limit, stop, tif, until, post_only, reduce_only, display, peg, offset_ticks, beside };
        self.place(-self.lots(positive(quantity).map_err(named)?, symbol)?, symbol, said)
    }

    /// An order that follows another one's fills (OTO): as `entry` fills, so much of it is sent in proportion. `quantity` is what
    /// it comes to in all, positive to buy, negative to sell; without one it closes as much as `entry` fills. `beside` is
    /// another that follows the same entry: what one of them trades the other trades no more. The other words are those of
    /// `buy`. Returns its ticket, `None` where `entry` does not work.
    #[pyo3(signature = (entry, quantity=None, symbol=None, *, limit=None, stop=None, tif="gtc", until=None, post_only=false, reduce_only=false, beside=None, display=None, peg=None, offset_ticks=0))]
    #[allow(clippy::too_many_arguments)]
    fn after(
        &self,
        entry: &OrderTicket,
        quantity: Option<f64>,
        symbol: Option<&str>,
        limit: Option<f64>,
        stop: Option<f64>,
        tif: &str,
        until: Option<i64>,
        post_only: bool,
        reduce_only: bool,
        beside: Option<&ContingentTicket>,
        display: Option<f64>,
        peg: Option<&str>,
        offset_ticks: i64,
    ) -> PyResult<Option<ContingentTicket>> {
        let beside = beside.map_or(0, |ticket| ticket.id);
        let said = Said { limit, stop, tif, until, post_only, reduce_only, display, peg, offset_ticks, beside };
        self.run(|shared| {
            let instrument = symbol.map_or(Ok(entry.instrument), |symbol| shared.instrument(Some(symbol)));
            let (instrument, buys) = (instrument.map_err(named)?, entry.buys());
            let unit = shared.unit(instrument);
            let lots = quantity.map(|quantity| unit.lots(quantity)).transpose().map_err(named)?;
            if lots == Some(0) || (lots.is_none() && instrument != entry.instrument) {
                let detail = "after: give a quantity other than 0; without one it closes what the entry fills";
                return Err(named(Problem::new(code::RUN_CONFIG, detail)));
            }
            let side = if lots.map_or(!buys, |lots| lots > 0) { Side::Buy } else { Side::Sell };
            let wish = Wish::new(self.strategy.get(), instrument, side, lots.unwrap_or(0).abs());
            let wish = Wish { after: entry.id, cause: shared.cause.get(), ..said.wish(wish, unit)? };
            let id = shared.desk.borrow_mut().wish_after(&wish).map_err(named)?;
            Ok(id.map(|id| ContingentTicket::new(id, instrument, Rc::clone(shared))))
        })
    }

    /// Trades what is missing to a wanted position, working orders counted; `None` if nothing is missing.
    #[pyo3(signature = (quantity, symbol=None))]
    fn order_target(&self, quantity: f64, symbol: Option<&str>) -> PyResult<Option<OrderTicket>> {
        let lots = self.lots(quantity, symbol)? - self.expected(symbol)?;
        self.place(lots, symbol, Said::MARKET)
    }

    /// Trades what is missing to a wanted share of the book's value at the last price, cut to whole lots.
    #[pyo3(signature = (weight, symbol=None))]
    fn order_target_weight(&self, weight: f64, symbol: Option<&str>) -> PyResult<Option<OrderTicket>> {
        let lots = self.run(|shared| {
            let instrument = shared.instrument(symbol).map_err(named)?;
            lots_of_weight(&shared.desk.borrow().kernel, self.strategy.get(), instrument, weight).map_err(named)
        })?;
        self.place(lots - self.expected(symbol)?, symbol, Said::MARKET)
    }

    /// Closes the position in an instrument, working orders counted.
    #[pyo3(signature = (symbol=None))]
    fn close(&self, symbol: Option<&str>) -> PyResult<Option<OrderTicket>> {
        self.place(-self.expected(symbol)?, symbol, Said::MARKET)
    }

    /// Asks to cancel a working order; an order that follows another one's fills follows them no more.
    fn cancel(&self, ticket: Ticket<'_>) -> PyResult<()> {
        self.run(|shared| {
            let (cause, mut desk) = (shared.cause.get(), shared.desk.borrow_mut());
            match ticket {
                Ticket::Order(ticket) => desk.cancel(self.strategy.get(), ticket.slot, ticket.id, cause),
                Ticket::Contingent(ticket) => desk.end_wish(self.strategy.get(), ticket.id, cause),
            }
            .map_err(named)
        })
    }

    /// Asks to change a working order: its quantity in all (what is filled included), its limit, its stop price, how much an
    /// iceberg shows (`display`), what is added to what a pegged order follows (`offset_ticks`; what it follows, `peg`, can be
    /// said again and cannot change). The ticket that comes back says whether the gate approved the change; denied, the order
    /// works on as it was.
    #[pyo3(signature = (ticket, quantity=None, *, limit=None, stop=None, display=None, peg=None, offset_ticks=None))]
    #[allow(clippy::too_many_arguments)]
    fn replace(
        &self,
        ticket: Ticket<'_>,
        quantity: Option<f64>,
        limit: Option<f64>,
        stop: Option<f64>,
        display: Option<f64>,
        peg: Option<&str>,
        offset_ticks: Option<i64>,
    ) -> PyResult<OrderTicket> {
        let numbers = [quantity, limit, stop, display];
        if numbers.iter().all(Option::is_none) && peg.is_none() && offset_ticks.is_none() {
            let detail =
                "replace: nothing is to change; give a quantity, a limit, a stop price, a display or an offset";
            return Err(named(Problem::new(code::RUN_CONFIG, detail)));
        }
        self.run(|shared| {
            let (order_id, slot, instrument) = ticket.order()?;
            let unit = shared.unit(instrument);
            let lots = |units: Option<f64>| units.map(|units| positive(units).and_then(|units| unit.lots(units)));
            let ticks = |price: Option<f64>| price.map(|price| unit.ticks(price)).transpose().map_err(named);
            let change = Change {
                lots: lots(quantity).transpose().map_err(named)?,
                limit_ticks: ticks(limit)?,
                stop_ticks: ticks(stop)?,
                display_lots: lots(display).transpose().map_err(named)?,
                peg: peg.map(peg_named).transpose().map_err(named)?,
                offset_ticks,
                cause: shared.cause.get(),
                ..Change::of(self.strategy.get(), order_id, slot)
            };
            let placed = shared.desk.borrow_mut().replace(change).map_err(named)?;
            Ok(OrderTicket::new(placed, Rc::clone(shared)))
        })
    }

    /// Makes the two-sided quote in an instrument what is said here: both sides change by one decision of the gate, or neither
    /// does. A side that is left out is withdrawn; one whose price and open quantity stay keeps its place in the queue. Quotes
    /// only make liquidity. Returns `None` where nothing changes, or the venue has not answered the last change yet.
    #[pyo3(signature = (symbol=None, *, bid=None, bid_quantity=None, ask=None, ask_quantity=None))]
    fn quote(
        &self,
        symbol: Option<&str>,
        bid: Option<f64>,
        bid_quantity: Option<f64>,
        ask: Option<f64>,
        ask_quantity: Option<f64>,
    ) -> PyResult<Option<QuoteTicket>> {
        let (bid, ask) = ((bid, bid_quantity), (ask, ask_quantity));
        self.run(|shared| quote_tickets::quote(shared, self.strategy.get(), symbol, bid, ask))
    }

    /// The two-sided quote in an instrument as it stands.
    #[pyo3(signature = (symbol=None))]
    fn quoted(&self, symbol: Option<&str>) -> PyResult<StandingQuote> {
        self.run(|shared| {
            let instrument = shared.instrument(symbol).map_err(named)?;
            Ok(quote_tickets::standing(shared, self.strategy.get(), instrument))
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
