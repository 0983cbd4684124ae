//! Features as incremental operators: one implementation that research drives over a column and live drives bar by bar.
//!
//! Promises: a batch run does the sums of the stream in the same order, so both give the same bits; an update allocates nothing;
//! nothing drifts, because a window never subtracts what left it. Missing data: an operator whose window is not yet
//! full, or holds a NaN, says NaN, and says a number again as soon as the window is full of numbers; one that has no
//! window (a moving average, an intensity, a volume bucket) skips a NaN: it says NaN once, and nothing else changes.
//! Never: a clock, a file, a random number, a guess for a missing value.
#![forbid(unsafe_code)]

/// An [`Operator`] from `take`, what a struct makes of an observation, and `forget`, which empties everything but `value`.
macro_rules! operator {
    ($name:ident, $input:ty) => {
        impl crate::Operator<$input> for $name {
            #[inline]
            fn update(&mut self, x: $input) -> f64 {
                self.value = self.take(x);
                self.value
            }
            #[inline]
            fn value(&self) -> f64 {
                self.value
            }
            fn reset(&mut self) {
                self.forget();
                self.value = f64::NAN;
            }
        }
    };
}

mod any;
mod average;
mod bank;
mod change;
mod cross;
mod deviation;
mod extreme;
mod hawkes;
mod impact;
mod input;
mod neutral;
mod quantile;
mod quotes;
mod range;
mod rank;
mod realised;
mod shape;
mod sides;
mod table;
mod vpin;
mod window;

pub use any::AnyOperator;
pub use average::{Ema, RollingMean, RollingSum};
pub use bank::{Bank, Feature};
pub use change::{LogReturn, Momentum, SimpleReturn};
pub use cross::{Beta, Correlation, Covariance};
pub use deviation::{RollingStd, RollingVar, RollingVol, ZScore};
pub use extreme::{RollingMax, RollingMin};
pub use hawkes::Hawkes;
pub use impact::{Amihud, KyleLambda, RollSpread};
pub use input::{INPUTS_MAX, Input};
pub use neutral::{Mean, Neutraliser, demean};
pub use quantile::RollingQuantile;
pub use quotes::{Ofi, QueueImbalance, WeightedMid};
pub use range::{GarmanKlass, Parkinson, RogersSatchell, YangZhang};
pub use rank::rank;
pub use realised::{BipowerVariance, RealisedVariance, RealisedVol};
pub use shape::{RollingKurt, RollingSkew};
pub use sides::{BulkBuyShare, LeeReady, TickTest, TradeImbalance};
pub use table::{Given, OPERATORS, OperatorDef, Param};
pub use vpin::Vpin;

/// A feature, computed one observation at a time: of one series, or of several whose observations belong together.
pub trait Operator<I: Input = f64> {
    /// Takes the next observation and returns the new value (NaN while it is not known).
    fn update(&mut self, x: I) -> f64;
    /// What the last update returned; NaN before the first.
    fn value(&self) -> f64;
    /// Forgets every observation, as if just made.
    fn reset(&mut self);
    /// Takes columns: `out[i]` is what `update` would have returned for observation `i`, to the bit. They have one length.
    fn update_all(&mut self, xs: I::Columns<'_>, out: &mut [f64]) {
        for (x, y) in I::rows(xs).zip(out) {
            *y = self.update(x);
        }
    }
    /// Whether the value is a number.
    fn ready(&self) -> bool {
        !self.value().is_nan()
    }
}
