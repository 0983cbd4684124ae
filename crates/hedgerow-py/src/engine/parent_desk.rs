//! Parent orders for Python: what a strategy's plans need to know, and what it says of them, in integers.

use super::columns::Columns;
use super::shared::Shared;
use super::strategy::StrategyCore;
use crate::words::named;
use hedgerow_core::{AlgoSettings, ParentOrder, RecordId, Side, StrategyId, time::FOREVER};
use hedgerow_exec::Stretch;
use numpy::PyArray1;
use pyo3::prelude::*;
use std::rc::Rc;

/// What a plan rests on: instrument, tick and lot (10^-9 units), multiplier, bid, ask (ticks, 0 = none), average daily
/// volume (lots, 0 = not known), daily deviation (10^-9).
type About = (u32, i64, i64, i64, i64, i64, i64);
/// What an algorithm was told: seed, from, every, size, expected volume, risk aversion, share, jitter of sizes (bps),
/// random times, kind of curve, whether slices wait, whether the last step is for the closing auction.
type Told = (u64, i64, i64, i64, i64, f64, u32, u32, bool, u8, bool, bool);

/// A parent order at work: number, instrument, symbol, side (1 or -1), algorithm, slices, from when it works, its end, what
/// its algorithm was told, and its plan: when each step is due, and its own lots.
type AtWork = (RecordId, u32, String, i64, u8, u32, i64, Option<i64>, Told, Vec<(i64, i64)>);

/// How a parent order stands: total, filled, working lots, limit, end, whether more will be sent, whether it has ended.
type State = (i64, i64, i64, i64, Option<i64>, bool, bool);
/// A column for Python.
type Column<'py, T> = Bound<'py, PyArray1<T>>;
/// Columns of the tape: when a stretch ended, lots, mean width, mean depth; and the row behind the last.
type Seen<'py> = (Column<'py, i64>, Column<'py, i64>, Column<'py, f64>, Column<'py, f64>, usize);

/// A strategy's parent orders in its run.
#[pyclass(module = "hedgerow._core", unsendable, frozen)]
pub struct ParentDesk {
    shared: Rc<Shared>,
    strategy: StrategyId,
}

#[pymethods]
impl ParentDesk {
    /// Of a strategy that is in a run; RUN_OUTSIDE otherwise.
    #[new]
    fn new(strategy: PyRef<'_, StrategyCore>) -> PyResult<ParentDesk> {
        Ok(ParentDesk { shared: strategy.shared()?, strategy: strategy.id() })
    }

    /// Whether the run is over books.
    #[getter]
    fn over_books(&self) -> bool {
        self.shared.books.borrow().is_some()
    }

    /// The run's time, UTC nanoseconds.
    #[getter]
    fn now(&self) -> i64 {
        self.shared.desk.borrow().time()
    }

    /// (instrument, tick, lot, bid, ask, average daily volume, daily deviation): see the module.
    #[pyo3(signature = (symbol=None))]
    fn about(&self, symbol: Option<&str>) -> PyResult<About> {
        let index = self.shared.instrument(symbol).map_err(named)?;
        let desk = self.shared.desk.borrow();
        let known = &desk.kernel.instruments()[index as usize];
        let (bid, ask) = desk.best(index);
        Ok((index, known.tick_nano, known.lot_nano, bid, ask, known.adv_lots, known.sigma_nano))
    }

    /// What was seen of an instrument from row `first` on, stretch by stretch: when it ended, lots traded, mean width of the
    /// market (ticks), mean lots at its two best prices (NaN = not known); and the row to go on from. Over bars a stretch is a
    /// bar whose volume is known; over books one that is not over yet is not shown.
    #[pyo3(signature = (instrument, first=0))]
    fn tape<'py>(&self, py: Python<'py>, instrument: u32, first: usize) -> PyResult<Seen<'py>> {
        if let Some(columns) = &*self.shared.bars.borrow() {
            return self.bars(columns.bind(py), instrument, first);
        }
        let mut desk = self.shared.desk.borrow_mut();
        let now = desk.time();
        let rows = desk.tape.rows(instrument, now);
        let whole = rows.partition_point(|row| row.end_ts <= now);
        let rows = &rows[first.min(whole)..whole];
        let mean =
            |sum: i64, row: &Stretch| if row.quoted_ns == 0 { f64::NAN } else { sum as f64 / row.quoted_ns as f64 };
        Ok((
            PyArray1::from_iter(py, rows.iter().map(|row| row.end_ts)),
            PyArray1::from_iter(py, rows.iter().map(|row| row.lots)),
            PyArray1::from_iter(py, rows.iter().map(|row| mean(row.spread_tick_ns, row))),
            PyArray1::from_iter(py, rows.iter().map(|row| mean(row.depth_lot_ns, row))),
            whole,
        ))
    }

    /// Signed lots of a quantity.
    fn lots(&self, instrument: u32, quantity: f64) -> PyResult<i64> {
        self.shared.unit(instrument).lots(quantity).map_err(named)
    }

    /// Ticks of a price.
    fn ticks(&self, instrument: u32, price: f64) -> PyResult<i64> {
        self.shared.unit(instrument).ticks(price).map_err(named)
    }

    /// Units of so many lots.
    fn quantity(&self, instrument: u32, lots: i64) -> f64 {
        self.shared.unit(instrument).quantity(lots)
    }

    /// Starts a parent order of signed lots; returns its record's id. `told` = seed, from, every, size, volume, risk aversion,
    /// share, sizes, times, curve, passive, auction; `steps` = (due, lots in all). `cause` 0 = what is being handled.
    #[pyo3(signature = (instrument, lots, algo, limit_ticks, until, slices, steps, told=None, cause=0))]
    #[allow(clippy::too_many_arguments)]
    fn work(
        &self,
        instrument: u32,
        lots: i64,
        algo: u8,
        limit_ticks: i64,
        until: Option<i64>,
        slices: u32,
        steps: Vec<(i64, i64)>,
        told: Option<Told>,
        cause: RecordId,
    ) -> PyResult<RecordId> {
        let side = if lots > 0 { Side::Buy } else { Side::Sell };
        let parent = ParentOrder {
            cause: if cause == 0 { self.shared.cause.get() } else { cause },
            lots: lots.saturating_abs(),
            limit_ticks,
            until_ts: until.unwrap_or(FOREVER),
            instrument,
            slices,
            strategy: self.strategy,
            side: side as u8,
            algo,
            ..ParentOrder::default()
        };
        let told = told.map(|told| AlgoSettings {
            seed: told.0,
            from_ts: told.1,
            every_ns: told.2,
            size_lots: told.3,
            volume_lots: told.4,
            risk_aversion: told.5,
            share_bps: told.6,
            size_bps: told.7,
            random_times: u8::from(told.8),
            curve: told.9,
            passive: u8::from(told.10),
            auction: u8::from(told.11),
            ..AlgoSettings::default()
        });
        self.shared.desk.borrow_mut().parent(parent, told, &steps).map_err(named)
    }

    /// The strategy's parent orders that are being worked, in order of their making, those of an earlier life of the run among
    /// them.
    fn at_work(&self) -> Vec<AtWork> {
        let desk = self.shared.desk.borrow();
        let own = desk.parents.work().iter().filter(|work| work.parent.strategy == self.strategy);
        own.filter(|work| !work.is_stopped() && !work.is_done())
            .map(|work| {
                let (order, told) = (&work.parent, &work.settings);
                let symbol = desk.kernel.instruments()[order.instrument as usize].symbol.as_str().to_owned();
                let side = if order.side == Side::Buy as u8 { 1 } else { -1 };
                let until = (order.until_ts != FOREVER).then_some(order.until_ts);
                let begins = order.ts.max(told.from_ts);
                let plan = work.own_lots().collect();
                (order.id, order.instrument, symbol, side, order.algo, order.slices, begins, until, as_told(told), plan)
            })
            .collect()
    }

    /// (total, filled, working lots, limit, until or `None`, whether more will be sent, whether it has ended) of a parent order.
    fn state(&self, parent: RecordId) -> Option<State> {
        let desk = self.shared.desk.borrow();
        if let Some(work) = desk.parents.get(parent) {
            let (done, order) = (&work.progress, &work.parent);
            let until = (order.until_ts != FOREVER).then_some(order.until_ts);
            let (filled, working) = (done.filled_lots(), done.working_lots());
            let is_done = work.is_done();
            return Some((
                order.lots,
                filled,
                working,
                order.limit_ticks,
                until,
                !work.is_stopped() && !is_done,
                is_done,
            ));
        }
        desk.parents.ended(parent).map(|ended| (ended.lots, ended.filled_lots, 0, 0, None, false, true))
    }

    /// Stops a parent order and cancels its children; whether it was still being worked.
    fn stop(&self, parent: RecordId) -> PyResult<bool> {
        let cause = self.shared.cause.get();
        self.shared.desk.borrow_mut().stop_parent(parent, cause).map_err(named)
    }

    /// Stops all parent orders of the strategy in an instrument, because of a record.
    fn stop_all(&self, instrument: u32, cause: RecordId) -> PyResult<()> {
        self.shared.desk.borrow_mut().cancel_parents(self.strategy, instrument, cause).map_err(named)
    }

    /// Another total, limit and end for a parent order, and its new plan.
    fn amend(
        &self,
        parent: RecordId,
        lots: i64,
        limit_ticks: i64,
        until: Option<i64>,
        steps: Vec<(i64, i64)>,
    ) -> PyResult<()> {
        let cause = self.shared.cause.get();
        let told = (lots, limit_ticks, until.unwrap_or(FOREVER));
        self.shared.desk.borrow_mut().amend_parent(parent, told, &steps, cause).map_err(named)
    }
}

fn as_told(told: &AlgoSettings) -> Told {
    (
        told.seed,
        told.from_ts,
        told.every_ns,
        told.size_lots,
        told.volume_lots,
        told.risk_aversion,
        told.share_bps,
        told.size_bps,
        told.random_times == 1,
        told.curve,
        told.passive == 1,
        told.auction == 1,
    )
}

impl ParentDesk {
    /// The tape of a run over bars: the bars that are known by now, from where they lie.
    fn bars<'py>(&self, columns: &Bound<'py, PyAny>, instrument: u32, first: usize) -> PyResult<Seen<'py>> {
        let (py, known) = (columns.py(), self.shared.bars_known.get());
        let columns = Columns::extract(columns)?;
        let rows = columns.rows().map_err(named)?;
        let bars = (first.min(known)..known).map(|row| rows.bar(row));
        let mine = bars.filter(|bar| bar.instrument == instrument && bar.volume_lots >= 0);
        let (ends, lots): (Vec<i64>, Vec<i64>) = mine.map(|bar| (bar.ts_event, bar.volume_lots)).unzip();
        let unknown = vec![f64::NAN; lots.len()];
        let (widths, depths) = (PyArray1::from_slice(py, &unknown), PyArray1::from_slice(py, &unknown));
        Ok((PyArray1::from_vec(py, ends), PyArray1::from_vec(py, lots), widths, depths, known))
    }
}
