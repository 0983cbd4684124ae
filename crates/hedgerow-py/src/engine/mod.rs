//! `_core.Engine`: a run for Python, over kernel, simulated venue and journal.

mod book_listener;
mod book_run;
mod book_settings;
mod book_views;
mod columns;
mod contingent_ticket;
mod desk;
mod intents;
mod jailed;
mod jailed_replay;
mod known;
pub mod lifecycle;
mod live;
mod outside;
mod parent_desk;
mod quote_tickets;
mod recorder;
mod replay;
mod run;
mod said;
mod settings;
mod shared;
mod strategy;
mod told;
mod tops;
mod venues;
mod views;
mod wanted;

use crate::seal::Keyring;
use crate::words::raise;
use desk::Desk;
use hedgerow_core::{
    CashKind, CashMovement, FirmLimits, Forecast, FxRate, Instrument, KillSwitch, Money, Problem, RecordId, Sequenced,
    StrategyStart, Symbol, Target, code,
};
use hedgerow_kernel::Input;
use hedgerow_kernel::authority::parse_limits;
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use settings::{JournalSettings, currency};
use shared::Shared;
use std::rc::Rc;

pub use book_views::{BookView, PhaseView, QuoteView, TradeView};
pub use columns::{LookedAt, look_at};
pub use contingent_ticket::ContingentTicket;
pub use jailed::{JailLink, has_mandate, jail_rows, serve_module, wasm_faults};
pub use jailed_replay::{check_answers, open_tape};
pub use parent_desk::ParentDesk;
pub use quote_tickets::{QuoteTicket, StandingQuote};
pub use replay::replay_log;
pub use strategy::StrategyCore;
pub use views::{BarView, FillView, OrderTicket, order_state_names};
pub use wanted::wanted_lots;

/// One fund in one run: kernel, simulated venue, journal.
#[pyclass(unsendable, frozen, module = "hedgerow._core")]
pub struct Engine {
    shared: Rc<Shared>,
}

#[pymethods]
impl Engine {
    /// A fund at its beginning. `config` names capacities and costs; `journal` is (folder, origin, key seed, epoch, cadence)
    /// or `None`, the epoch being (its number, its key) if what is written is to be sealed, or `None`, and the cadence how many
    /// nanoseconds of the run's time, or entries, may wait to be published.
    #[new]
    #[pyo3(signature = (genesis, config, journal=None))]
    fn new(genesis: &[u8], config: &Bound<'_, PyDict>, journal: Option<JournalSettings>) -> PyResult<Engine> {
        let capacity = settings::capacity(config)?;
        let journal = journal.map(settings::journal).transpose().map_err(raise)?;
        let books = book_settings::read(config)?;
        let venue = settings::venue(config, books.as_ref())?;
        let shared = Shared::new(Desk::new(capacity, genesis, venue, journal).map_err(raise)?);
        if let Some(margin) = settings::margin(config)? {
            shared.desk.borrow_mut().hold_on_margin(margin).map_err(raise)?;
        }
        if let Some(books) = &books {
            *shared.books.borrow_mut() = Some(books.run(capacity.instruments as usize).map_err(raise)?);
        }
        Ok(Engine { shared: Rc::new(shared) })
    }

    /// The same fund once more, as it stands before its first bar: a sweep opens once and runs many variants. Only for a run
    /// over bars without journal and margin.
    fn fork(&self, py: Python<'_>) -> PyResult<Engine> {
        Ok(Engine { shared: Rc::new(self.shared.fork(py).map_err(raise)?) })
    }

    /// The signed events that follow were taken into the governance log at `ts`, behind `size` entries with this root.
    fn sequenced(&self, ts: i64, size: u64, root: [u8; 32]) -> PyResult<RecordId> {
        let record = Sequenced { ts, size, root, ..Sequenced::default() };
        self.feed(Input::Sequenced(record)).map(|input| input.as_record().1)
    }

    /// Takes a signed governance event; returns the id of its record.
    fn signed(&self, envelope: Vec<u8>) -> PyResult<RecordId> {
        self.feed(Input::Signed(0, envelope)).map(|input| input.as_record().1)
    }

    /// Defines an instrument (or changes its flags, volume and locate). All numbers are exact integers.
    #[pyo3(signature = (symbol, currency_code, tick_nano, lot_nano, multiplier, lots_min, lots_step, sector, adv_lots, sigma_nano, flags, locate_lots, ts))]
    #[allow(clippy::too_many_arguments)]
    fn instrument(
        &self,
        py: Python<'_>,
        symbol: &str,
        currency_code: &str,
        tick_nano: i64,
        lot_nano: i64,
        multiplier: i64,
        lots_min: i64,
        lots_step: i64,
        sector: u32,
        adv_lots: i64,
        sigma_nano: i64,
        flags: u32,
        locate_lots: i64,
        ts: i64,
    ) -> PyResult<u32> {
        let name =
            Symbol::parse(symbol).ok_or_else(|| raise(Problem::new(code::CORE_SYMBOL, format!("{symbol:?}"))))?;
        let tick_value = Instrument::exact_tick_value(tick_nano, lot_nano, multiplier).ok_or_else(|| {
            let detail = format!("{symbol}: tick {tick_nano}e-9, lot {lot_nano}e-9, multiplier {multiplier}");
            raise(Problem::new(code::CORE_TICK_VALUE, detail))
        })?;
        let known = self.shared.desk.borrow().kernel.instruments().len() as u32;
        let index = self.shared.instrument(Some(symbol)).unwrap_or(known);
        let instrument = Instrument {
            ts,
            tick_nano,
            lot_nano,
            tick_value,
            lots_min,
            lots_step,
            adv_lots,
            locate_lots,
            sigma_nano,
            currency: currency(currency_code)?,
            symbol: name,
            instrument: index,
            sector,
            flags,
            ..Instrument::default()
        };
        self.shared.desk.borrow_mut().define(instrument).map_err(raise)?;
        self.shared.learn(py, &instrument);
        Ok(index)
    }

    /// Capital paid into (positive) or out of (negative) a strategy's book; `amount_nano` in 10^-9 units.
    fn capital(&self, strategy: u16, currency_code: &str, amount_nano: i128, ts: i64) -> PyResult<RecordId> {
        let (amount, kind, currency) = (Money(amount_nano), CashKind::Capital as u8, currency(currency_code)?);
        let movement = CashMovement { amount, ts, currency, strategy, kind, ..CashMovement::default() };
        self.feed(Input::CashMovement(movement)).map(|input| input.as_record().1)
    }

    /// An exchange rate into the base currency, 10^-9 units.
    fn fx_rate(&self, base: &str, rate_nano: i64, ts: i64) -> PyResult<RecordId> {
        let quote = self.shared.desk.borrow().kernel.base();
        let rate = FxRate { ts_event: ts, ts_init: ts, base: currency(base)?, quote, rate_nano, ..FxRate::default() };
        self.feed(Input::FxRate(rate)).map(|input| input.as_record().1)
    }

    /// Something happens to every holder of an instrument: (kind, instrument, old lots, new lots, cash, price of a fraction).
    fn lifecycle(&self, told: lifecycle::Told, ts: i64) -> PyResult<RecordId> {
        self.shared.desk.borrow_mut().lifecycle(told.at(ts)).map_err(raise)
    }

    /// The firm's limits, in the form they have in a proposal (JSON object).
    fn firm_limits(&self, limits_json: &str, ts: i64) -> PyResult<RecordId> {
        let limits = parse_limits(limits_json).map_err(raise)?;
        self.feed(Input::FirmLimits(FirmLimits { limits, ts, ..FirmLimits::default() })).map(|i| i.as_record().1)
    }

    /// A strategy starts to run an artifact (32 bytes, SHA-256).
    fn start(&self, strategy: u16, artifact: [u8; 32], ts: i64) -> PyResult<RecordId> {
        let start = StrategyStart { ts, artifact, strategy, on: 1, ..StrategyStart::default() };
        self.feed(Input::StrategyStart(start)).map(|input| input.as_record().1)
    }

    /// The weakest isolation that a strategy's mandate allows, as its number, and the name of the mandate's tier.
    fn demanded_isolation(&self, strategy: u16) -> Option<(u8, String)> {
        jailed::demanded(&self.shared.desk.borrow().kernel, strategy)
    }

    /// Turns the kill switch of a strategy, or of the firm (65535).
    fn kill(&self, strategy: u16, on: bool) -> PyResult<RecordId> {
        let switch = KillSwitch { ts: self.clock(), strategy, on: u8::from(on), ..KillSwitch::default() };
        self.feed(Input::KillSwitch(switch)).map(|input| input.as_record().1)
    }

    /// A model's forecast; returns its record's id, to be named as the target's cause.
    #[allow(clippy::too_many_arguments)]
    fn forecast(
        &self,
        strategy: u16,
        instrument: u32,
        cause: RecordId,
        horizon_ns: i64,
        expected_return: f64,
        uncertainty: f64,
        model: [u8; 32],
    ) -> PyResult<RecordId> {
        let forecast = Forecast {
            cause,
            ts: self.clock(),
            horizon_ns,
            expected_return,
            uncertainty,
            instrument,
            strategy,
            model,
            ..Forecast::default()
        };
        self.feed(Input::Forecast(forecast)).map(|input| input.as_record().1)
    }

    /// A wanted position; returns its record's id, to be named as the parent order's cause.
    fn target(
        &self,
        strategy: u16,
        instrument: u32,
        cause: RecordId,
        horizon_ns: i64,
        lots: i64,
    ) -> PyResult<RecordId> {
        let target = Target { cause, ts: self.clock(), horizon_ns, lots, instrument, strategy, ..Target::default() };
        self.feed(Input::Target(target)).map(|input| input.as_record().1)
    }

    /// One order, by indexes and integers; returns (order id, code of the rule that denied it or 0).
    #[pyo3(signature = (strategy, instrument, lots, limit_ticks=0, cause=0))]
    fn order(
        &self,
        strategy: u16,
        instrument: u32,
        lots: i64,
        limit_ticks: i64,
        cause: RecordId,
    ) -> PyResult<(RecordId, u16)> {
        self.shared.cause.set(cause);
        let placed = self.shared.order(strategy, instrument, lots, limit_ticks).map_err(raise)?;
        let told = placed.map(|placed| (placed.order.id, placed.verdict.code));
        told.ok_or_else(|| raise(Problem::new(code::RISK_BAD_LOTS, "0 lots")))
    }

    /// Runs event strategies over bars: `handlers` holds (strategy, on_bar, on_fill, on_timer) with `None` for what is not there.
    #[pyo3(signature = (columns, handlers, progress=None))]
    fn run_events(
        &self,
        py: Python<'_>,
        columns: &Bound<'_, PyAny>,
        handlers: Vec<run::Handlers>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        *self.shared.bars.borrow_mut() = Some(columns.clone().unbind());
        let columns = columns::Columns::extract(columns)?;
        run::events(py, &self.shared, &columns.rows().map_err(raise)?, &handlers, progress.as_ref())
    }

    /// Plays rows of books to event strategies: `kinds` says which noun each row is, `rows` holds four 64-bit words a row,
    /// `handlers` (strategy, on_quote, on_trade, on_book, on_fill, on_timer). Behind the rows happens what else happens up to
    /// `until`: the least number = nothing, the run waits; the greatest = everything, it is over. Gives when something is due next.
    #[pyo3(signature = (kinds, rows, handlers, until, progress=None))]
    fn run_books(
        &self,
        py: Python<'_>,
        kinds: numpy::PyReadonlyArray1<'_, u8>,
        rows: numpy::PyReadonlyArray1<'_, u64>,
        handlers: Vec<book_listener::Handlers>,
        until: i64,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<i64> {
        let columns = book_run::columns(kinds.as_slice()?, rows.as_slice()?).map_err(raise)?;
        let mut listener = book_listener::Handled::new(py, &self.shared, &handlers);
        book_run::play(py, &self.shared, columns, until, &mut listener, progress.as_ref())
    }

    /// Takes up the run of a journal at a venue elsewhere, as its records left it; of `config` only the books count.
    #[staticmethod]
    #[pyo3(signature = (config, journal, keys=None))]
    fn resume(
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        journal: JournalSettings,
        keys: Option<&Keyring>,
    ) -> PyResult<Engine> {
        live::taken_up(py, config, journal, &keys.map(Keyring::keys).unwrap_or_default())
            .map(|shared| Engine { shared: Rc::new(shared) })
    }

    /// What was let pass since the last call and is durable, for a gateway: ("new" | "cancel" | "replace", record, stop, end).
    fn take_sends<'py>(&self, py: Python<'py>) -> Vec<live::Sent<'py>> {
        self.shared.desk.borrow_mut().take_waiting().into_iter().map(|send| live::told(py, send)).collect()
    }

    /// A venue elsewhere speaks: a `VenueReport` as bytes, and the `Execution` that its fill is, durable with the next
    /// `flush`. Fills are told to the strategies.
    #[pyo3(signature = (record, handlers, execution=None))]
    fn report(
        &self,
        py: Python<'_>,
        record: &[u8],
        handlers: Vec<book_listener::Handlers>,
        execution: Option<&[u8]>,
    ) -> PyResult<()> {
        live::heard(py, &self.shared, record, &handlers, execution)
    }

    /// What surrounds the kernel found something: a `Finding` as bytes, and words about it; returns its id.
    fn found(&self, record: &[u8], words: String) -> PyResult<RecordId> {
        live::found(&self.shared, record, words)
    }

    /// A venue was compared for an order: a `Route` as bytes.
    fn route(&self, record: &[u8]) -> PyResult<RecordId> {
        live::routed(&self.shared, record)
    }

    /// Orders that have not ended, or one: (`Order` with the terms in force, lots filled, state, stop price, end).
    #[pyo3(signature = (order_id=None))]
    fn working<'py>(&self, py: Python<'py>, order_id: Option<RecordId>) -> Vec<live::Working<'py>> {
        live::working(py, &self.shared.desk.borrow(), order_id)
    }

    /// Numbers of the working orders that a run which is taken up again leaves alone.
    fn lasting(&self) -> Vec<RecordId> {
        self.shared.desk.borrow().lasting()
    }

    /// Asks to cancel a working order, whoever sent it.
    fn cancel_order(&self, strategy: u16, slot: u32, order_id: RecordId) -> PyResult<()> {
        let mut desk = self.shared.desk.borrow_mut();
        desk.cancel(strategy, slot, order_id, 0).and_then(|()| desk.flush_near()).map_err(raise)
    }

    /// Whether the venue is there; what fell due of parent orders while it was not is caught up at once, or spread.
    fn reach(&self, is_there: bool, catches_up: bool) -> PyResult<()> {
        self.shared.desk.borrow_mut().reach(is_there, catches_up).map_err(raise)
    }

    /// Stops every parent order, and cancels its children or leaves them; how many were still being worked.
    fn stop_parents(&self, cancel: bool) -> PyResult<usize> {
        self.shared.desk.borrow_mut().stop_parents(cancel).map_err(raise)
    }

    /// Sends what waits once it is durable, makes the rest durable, and publishes the journal if it is time.
    fn flush(&self) -> PyResult<()> {
        let mut desk = self.shared.desk.borrow_mut();
        desk.flush().and_then(|()| desk.commit()).and_then(|()| desk.publish_due()).map_err(raise)
    }

    /// Times (UTC nanoseconds) and half-way prices (ticks, one for each time and instrument, 0 = none yet) at which the run
    /// over books was looked at.
    fn book_samples<'py>(&self, py: Python<'py>) -> (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i64>>) {
        let run = self.shared.books.borrow();
        let (ts, marks) = run.as_ref().map_or((&[][..], &[][..]), book_run::BookRun::samples);
        (PyArray1::from_slice(py, ts), PyArray1::from_slice(py, marks))
    }

    /// Runs one strategy from wanted positions: one signed lot count per row, `i64::MIN` = leave as it is. `looked`, here and
    /// below: what `look_at` found of the columns.
    #[pyo3(signature = (columns, strategy, lots, looked=None))]
    fn run_targets(
        &self,
        py: Python<'_>,
        columns: &Bound<'_, PyAny>,
        strategy: u16,
        lots: numpy::PyReadonlyArray1<'_, i64>,
        looked: Option<&LookedAt>,
    ) -> PyResult<()> {
        told::run_over(&self.shared, columns)?;
        let columns = columns::Columns::extract(columns)?;
        run::targets(py, &self.shared, &columns.rows().map_err(raise)?, looked, strategy, lots.as_slice()?)
    }

    /// Runs one strategy from signals: wanted position = signal times `unit_lots`, one signal per row.
    #[pyo3(signature = (columns, strategy, signals, unit_lots, looked=None))]
    fn run_signals(
        &self,
        py: Python<'_>,
        columns: &Bound<'_, PyAny>,
        strategy: u16,
        signals: numpy::PyReadonlyArray1<'_, i8>,
        unit_lots: i64,
        looked: Option<&LookedAt>,
    ) -> PyResult<()> {
        told::run_over(&self.shared, columns)?;
        let columns = columns::Columns::extract(columns)?;
        let signals = signals.as_slice()?;
        run::signals(py, &self.shared, &columns.rows().map_err(raise)?, looked, strategy, signals, unit_lots)
    }

    /// Runs one strategy from wanted shares of the book's value: one per row, NaN = leave as it is.
    #[pyo3(signature = (columns, strategy, weights, looked=None))]
    fn run_weights(
        &self,
        py: Python<'_>,
        columns: &Bound<'_, PyAny>,
        strategy: u16,
        weights: numpy::PyReadonlyArray1<'_, f64>,
        looked: Option<&LookedAt>,
    ) -> PyResult<()> {
        told::run_over(&self.shared, columns)?;
        let columns = columns::Columns::extract(columns)?;
        run::weights(py, &self.shared, &columns.rows().map_err(raise)?, looked, strategy, weights.as_slice()?)
    }

    /// Joins a strategy to this run under its number.
    fn bind(&self, strategy: &StrategyCore, number: u16) {
        strategy.bind(&self.shared, number);
    }

    /// Seals the run: hash of the state, everything durable, checkpoint signed. Returns what was sealed.
    fn close<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        told::sealed(py, &mut self.shared.desk.borrow_mut())
    }

    /// Records of a kind, one after the other, as bytes of the layout that `noun_table` gives; without so many bytes of them.
    #[pyo3(signature = (kind, skip=0))]
    fn records<'py>(&self, py: Python<'py>, kind: u16, skip: usize) -> PyResult<Bound<'py, PyBytes>> {
        told::records(py, &self.shared.desk.borrow(), kind, skip)
    }

    /// The equity curve: net asset value (base currency) after each time of the run so far, or at some of them, by number
    /// in rising order. What it follows from is kept until somebody asks.
    #[pyo3(signature = (places=None) -> "numpy.typing.NDArray[numpy.float64]")]
    fn equity_curve<'py>(&self, py: Python<'py>, places: Option<Vec<usize>>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        told::curve(py, &self.shared, places)
    }

    /// Times that the equity curve has a number for.
    #[getter]
    fn equity_points(&self) -> usize {
        self.shared.desk.borrow().recorder.equity.len()
    }

    /// Net asset value of all strategies in 10^-9 base currency units, exact.
    fn nav_nano(&self) -> PyResult<i128> {
        Ok(self.shared.desk.borrow().nav().map_err(raise)?.0)
    }

    /// Position of a strategy in an instrument, signed lots.
    fn position_lots(&self, strategy: u16, instrument: u32) -> i64 {
        self.shared.desk.borrow().position(strategy, instrument)
    }

    /// Position plus everything working, signed lots.
    fn expected_lots(&self, strategy: u16, instrument: u32) -> i64 {
        self.shared.desk.borrow().expected_lots(strategy, instrument)
    }

    /// Cash, realised and unrealised profit, fees and capital of a strategy, in 10^-9 base currency units.
    fn book<'py>(&self, py: Python<'py>, strategy: u16) -> PyResult<Bound<'py, PyDict>> {
        told::book(py, &self.shared.desk.borrow(), strategy)
    }

    /// Sum of all postings by currency, 10^-9 units: every one must be zero.
    fn trial_balance(&self) -> Vec<(String, i128)> {
        let desk = self.shared.desk.borrow();
        desk.kernel.ledger().trial_balance().map(|(c, m)| (c.to_string(), m.0)).collect()
    }

    /// The kernel's clock, UTC nanoseconds.
    #[getter]
    fn clock(&self) -> i64 {
        self.shared.desk.borrow().kernel.clock()
    }

    /// Entries of the governance log that the kernel was told of.
    #[getter]
    fn sequenced_size(&self) -> u64 {
        self.shared.desk.borrow().kernel.sequenced_size()
    }

    /// Number of the last record.
    #[getter]
    fn last_id(&self) -> RecordId {
        self.shared.desk.borrow().kernel.last_id()
    }

    /// SHA-256 of the kernel's state.
    #[getter]
    fn state_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.shared.desk.borrow().kernel.state_hash())
    }
}

impl Engine {
    fn feed(&self, mut input: Input) -> PyResult<Input> {
        self.shared.desk.borrow_mut().feed(&mut input).map_err(raise)?;
        Ok(input)
    }
}
