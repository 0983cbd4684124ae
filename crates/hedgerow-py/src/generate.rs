//! A made-up market for Python: settings in, tables of events out.

use crate::itch::table;
use crate::words::named;
use hedgerow_core::{BookOrder, Trade};
use hedgerow_sim::{Generator, GeneratorConfig, Reactive, ReactiveConfig};
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A market that is made up, event by event; see `hedgerow.market.generated`.
///
/// Rates are per second and side. Raises SIM_BAD_COST for a setting that cannot be meant.
#[pyclass(module = "hedgerow._core", frozen)]
pub struct MarketGenerator(Mutex<Generator>);

#[pymethods]
impl MarketGenerator {
    #[new]
    #[pyo3(signature = (*, seed, instrument, start_ticks, start_ns, limit_rates, market_rate, cancel_rates, size_tail, branching, fear, split_tail, split_orders, refill))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        seed: u64,
        instrument: u16,
        start_ticks: i32,
        start_ns: i64,
        limit_rates: Vec<f64>,
        market_rate: f64,
        cancel_rates: Vec<f64>,
        size_tail: f64,
        branching: f64,
        fear: f64,
        split_tail: f64,
        split_orders: usize,
        refill: f64,
    ) -> PyResult<MarketGenerator> {
        let config = GeneratorConfig {
            seed,
            instrument,
            start_ticks,
            start_ns,
            limit_rates,
            market_rate,
            cancel_rates,
            size_tail,
            branching,
            fear,
            split_tail,
            split_orders,
            refill,
        };
        Ok(MarketGenerator(Mutex::new(Generator::new(config).map_err(named)?)))
    }

    /// The next events of orders, at least so many and whole updates, and the trades among them: `BookOrder` and `Trade`
    /// rows.
    #[pyo3(signature = (events) -> "tuple[numpy.typing.NDArray[typing.Any], numpy.typing.NDArray[typing.Any]]")]
    fn run<'py>(&self, py: Python<'py>, events: usize) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        tables(py, |orders, trades| opened(&self.0).run(events, orders, trades))
    }
}

/// The queue-reactive market, event by event; see `hedgerow.market.generated`.
///
/// Rates are per second, of each table a row is a queue. Raises SIM_BAD_COST for a setting that cannot be meant.
#[pyclass(module = "hedgerow._core", frozen)]
pub struct ReactiveGenerator(Mutex<Reactive>);

#[pymethods]
impl ReactiveGenerator {
    #[new]
    #[pyo3(signature = (*, seed, instrument, start_ticks, start_ns, limit_rates, cancel_rates, market_rates, theta, redraw))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        seed: u64,
        instrument: u16,
        start_ticks: i32,
        start_ns: i64,
        limit_rates: Vec<Vec<f64>>,
        cancel_rates: Vec<Vec<f64>>,
        market_rates: Vec<Vec<f64>>,
        theta: f64,
        redraw: f64,
    ) -> PyResult<ReactiveGenerator> {
        let config = ReactiveConfig {
            seed,
            instrument,
            start_ticks,
            start_ns,
            limit_rates,
            cancel_rates,
            market_rates,
            theta,
            redraw,
        };
        Ok(ReactiveGenerator(Mutex::new(Reactive::new(config).map_err(named)?)))
    }

    /// The next events of orders, at least so many and whole updates, and the trades among them: `BookOrder` and `Trade`
    /// rows.
    #[pyo3(signature = (events) -> "tuple[numpy.typing.NDArray[typing.Any], numpy.typing.NDArray[typing.Any]]")]
    fn run<'py>(&self, py: Python<'py>, events: usize) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        tables(py, |orders, trades| opened(&self.0).run(events, orders, trades))
    }
}

/// The market, whatever became of who held it before.
fn opened<M>(market: &Mutex<M>) -> MutexGuard<'_, M> {
    market.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a market tells while it runs, as tables.
fn tables<'py>(
    py: Python<'py>,
    run: impl FnOnce(&mut Vec<BookOrder>, &mut Vec<Trade>) + Send,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let (mut orders, mut trades) = (Vec::new(), Vec::new());
    py.detach(|| run(&mut orders, &mut trades));
    Ok((table(py, &orders)?, table(py, &trades)?))
}
