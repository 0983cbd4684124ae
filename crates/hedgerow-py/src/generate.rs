//! A made-up market for Python: settings in, tables of events out.

use crate::itch::table;
use crate::words::named;
use hedgerow_core::{BookOrder, Trade};
use hedgerow_sim::{Generator, GeneratorConfig};
use pyo3::prelude::*;

/// A market that is made up, event by event; see `hedgerow.market.generated`.
///
/// Rates are per second and side. Raises SIM_BAD_COST for a setting that cannot be meant.
#[pyclass(module = "hedgerow._core", frozen)]
pub struct MarketGenerator(std::sync::Mutex<Generator>);

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
        Ok(MarketGenerator(std::sync::Mutex::new(Generator::new(config).map_err(named)?)))
    }

    /// The next events of orders, at least so many and whole updates, and the trades among them: `BookOrder` and `Trade`
    /// rows.
    #[pyo3(signature = (events) -> "tuple[numpy.typing.NDArray[typing.Any], numpy.typing.NDArray[typing.Any]]")]
    fn run<'py>(&self, py: Python<'py>, events: usize) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let (orders, trades): (Vec<BookOrder>, Vec<Trade>) = py.detach(|| {
            let (mut orders, mut trades) = (Vec::new(), Vec::new());
            let mut generator = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            generator.run(events, &mut orders, &mut trades);
            (orders, trades)
        });
        Ok((table(py, &orders)?, table(py, &trades)?))
    }
}
