//! Signals as wanted positions, one pass over the column.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

/// How far from a whole number of lots a wanted position may be.
const NEAR_WHOLE: f64 = 1e-6;
/// One and a half times 2^52: there doubles are whole numbers, one apart.
const SHIFT: f64 = (3_u64 << 51) as f64;
/// Up to which a whole number can be read out of its sum with that.
const MOST: f64 = (1_u64 << 50) as f64;

/// Signals times lots for each as wanted lots, `i64::MIN` for what is not a number (leave the position as it is). `None` where
/// one is not finite, no whole number of lots within a millionth, or more than `most`: whoever asks then says which.
#[pyfunction]
#[pyo3(signature = (signals: "numpy.typing.NDArray[numpy.float64]", lots_per_signal, most) -> "numpy.typing.NDArray[numpy.int64] | None")]
pub fn wanted_lots<'py>(
    py: Python<'py>,
    signals: PyReadonlyArray1<'py, f64>,
    lots_per_signal: f64,
    most: f64,
) -> PyResult<Option<Bound<'py, PyArray1<i64>>>> {
    let signals = signals.as_slice()?;
    let mut lots = vec![0; signals.len()];
    let are_lots = most <= MOST && fill(signals, lots_per_signal, most, &mut lots);
    Ok(are_lots.then(|| lots.into_pyarray(py)))
}

/// The same into a column of equal length; false where some are no lots. Without a branch, so that it takes many at a time.
fn fill(signals: &[f64], lots_per_signal: f64, most: f64, lots: &mut [i64]) -> bool {
    let mut are_lots = true;
    for (place, signal) in lots.iter_mut().zip(signals) {
        let wanted = signal * lots_per_signal;
        let whole = wanted.round_ties_even();
        are_lots &= signal.is_nan() | ((whole.abs() <= most) & ((whole - wanted).abs() <= NEAR_WHOLE));
        // Behind the sum of a whole number and this one stands the whole number, in the low bits.
        let as_integer = ((whole + SHIFT).to_bits() as i64).wrapping_sub(SHIFT.to_bits() as i64);
        *place = if signal.is_nan() { i64::MIN } else { as_integer };
    }
    are_lots
}
