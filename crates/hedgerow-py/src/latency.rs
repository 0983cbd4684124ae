//! Latencies for Python: an HDR histogram of nanoseconds.
//!
//! Promises: three significant digits from a nanosecond to an hour, in memory that does not grow; recording cannot fail.
//! Never: a clock.

use hdrhistogram::Histogram;
use pyo3::prelude::*;

const LONGEST_NS: u64 = 3_600_000_000_000;
const DIGITS: u8 = 3;

/// Latencies in nanoseconds, counted by an HDR histogram of three significant digits.
#[pyclass(module = "hedgerow._core")]
pub struct LatencyHistogram(Histogram<u64>);

#[pymethods]
impl LatencyHistogram {
    /// An empty one, or what `buckets` of another gave.
    #[new]
    #[pyo3(signature = (buckets=Vec::new()))]
    fn new(buckets: Vec<(u64, u64)>) -> LatencyHistogram {
        let made = Histogram::new_with_bounds(1, LONGEST_NS, DIGITS).expect("the bounds are in order");
        let mut histogram = LatencyHistogram(made);
        buckets.into_iter().for_each(|(value, count)| histogram.0.saturating_record_n(value, count));
        histogram
    }

    /// Counts one. What is negative (a clock was set back) counts as 0, what is over an hour as an hour.
    fn record(&mut self, ns: i64) {
        self.0.saturating_record(u64::try_from(ns).unwrap_or(0));
    }

    /// How many were counted.
    #[getter]
    fn count(&self) -> u64 {
        self.0.len()
    }

    /// The smallest, 0 where nothing was counted.
    #[getter]
    fn least(&self) -> u64 {
        self.0.min()
    }

    /// The greatest, to three digits.
    #[getter]
    fn most(&self) -> u64 {
        self.0.max()
    }

    /// The mean, 0 where nothing was counted.
    #[getter]
    fn mean(&self) -> f64 {
        self.0.mean()
    }

    /// What a share of them (0 to 1) do not exceed, to three digits.
    fn quantile(&self, share: f64) -> u64 {
        self.0.value_at_quantile(share)
    }

    /// Adds what another counted.
    fn merge(&mut self, other: &LatencyHistogram) {
        self.0 += &other.0;
    }

    /// Values that occurred, to three digits, and how often.
    fn buckets(&self) -> Vec<(u64, u64)> {
        self.0.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())).collect()
    }
}
