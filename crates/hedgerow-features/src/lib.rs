//! Features as incremental operators: one implementation that research drives over a column and live drives bar by bar.
//!
//! Promises: a batch run does the sums of the stream in the same order, so both give the same bits; an update allocates nothing;
//! nothing drifts, because a window never subtracts what left it. Missing data: an operator whose window is not yet
//! full, or holds a NaN, says NaN, and says a number again as soon as the window is full of numbers.
//! Never: a clock, a file, a random number, a guess for a missing value.
#![forbid(unsafe_code)]

mod any;
mod average;
mod bank;
mod change;
mod deviation;
mod extreme;
mod rank;
mod table;
mod window;

pub use any::AnyOperator;
pub use average::{Ema, RollingMean, RollingSum};
pub use bank::{Bank, Feature};
pub use change::{LogReturn, Momentum, SimpleReturn};
pub use deviation::{RollingStd, RollingVol, ZScore};
pub use extreme::{RollingMax, RollingMin};
pub use rank::rank;
pub use table::{OPERATORS, OperatorDef, Param};

/// A feature of one series, computed one observation at a time.
pub trait Operator {
    /// Takes the next observation and returns the new value (NaN while it is not known).
    fn update(&mut self, x: f64) -> f64;
    /// What the last update returned; NaN before the first.
    fn value(&self) -> f64;
    /// Forgets every observation, as if just made.
    fn reset(&mut self);
    /// Takes a column: `out[i]` is what `update(xs[i])` would have returned, to the bit. The slices have one length.
    fn update_all(&mut self, xs: &[f64], out: &mut [f64]) {
        for (x, y) in xs.iter().zip(out) {
            *y = self.update(*x);
        }
    }
    /// Whether the value is a number.
    fn ready(&self) -> bool {
        !self.value().is_nan()
    }
}

/// Drives an operator over a column: `out[i]` is what `update(xs[i])` would have returned. The slices have one length.
pub fn batch<O: Operator>(operator: &mut O, xs: &[f64], out: &mut [f64]) {
    assert_eq!(xs.len(), out.len(), "a batch needs one output per input");
    operator.update_all(xs, out);
}
