//! Spread around the mean: variance, standard deviation, volatility of returns, z-score.
//!
//! Squares are summed as distances from a pivot that lies inside the window. Then the sum of squares is at most `n` times
//! the squared deviation, so no more than `log10 n` digits can cancel however large the level is, and a window of equal
//! values has a deviation of exactly zero.

use crate::window::{Summary, Window};
use crate::{Operator, SimpleReturn};

/// First and second power sums of distances from the pivot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    first: f64,
    second: f64,
}

impl Summary for Moments {
    type Item = f64;
    const GAP: f64 = f64::NAN;
    const EMPTY: Moments = Moments { first: 0.0, second: 0.0 };
    const MISSING: Moments = Moments { first: f64::NAN, second: f64::NAN };
    #[inline]
    fn of(x: f64, pivot: f64) -> Moments {
        let distance = x - pivot;
        Moments { first: distance, second: distance * distance }
    }
    #[inline]
    fn join(self, newer: Moments) -> Moments {
        Moments { first: self.first + newer.first, second: self.second + newer.second }
    }
}

/// Mean and variance of one window.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    window: Window<Moments>,
    count: f64,
    freedom: f64,
}

impl Spread {
    pub(crate) fn new(window: usize, ddof: usize) -> Spread {
        assert!(window > ddof, "a window must be longer than ddof");
        Spread { window: Window::new(window), count: window as f64, freedom: (window - ddof) as f64 }
    }

    /// Takes an observation; returns (mean, variance) of the window, NaN while it is not full of numbers.
    #[inline]
    pub(crate) fn push(&mut self, x: f64) -> (f64, f64) {
        let sums = self.window.push(x);
        let squares = sums.second - sums.first * sums.first / self.count;
        // Not `max`, which would turn NaN into zero.
        let squares = if squares < 0.0 { 0.0 } else { squares };
        (self.window.pivot() + sums.first / self.count, squares / self.freedom)
    }

    pub(crate) fn reset(&mut self) {
        self.window.reset();
    }
}

macro_rules! spread {
    ($(#[doc = $doc:literal])+ $name:ident, $value:expr) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name {
            spread: Spread,
            value: f64,
        }

        impl $name {
            /// Over `window > ddof` observations; `ddof` 1 is the sample, 0 the population.
            #[must_use]
            pub fn new(window: usize, ddof: usize) -> $name {
                $name { spread: Spread::new(window, ddof), value: f64::NAN }
            }
            #[inline]
            fn take(&mut self, x: f64) -> f64 {
                let (mean, variance) = self.spread.push(x);
                $value(x, mean, variance)
            }
            fn forget(&mut self) {
                self.spread.reset();
            }
        }
        operator!($name, f64);
    };
}

spread! {
    /// Variance of the last `n` observations, with `n - ddof` in the denominator.
    RollingVar, |_, _, variance| variance
}
spread! {
    /// Standard deviation of the last `n` observations, with `n - ddof` in the denominator.
    RollingStd, |_, _, variance: f64| variance.sqrt()
}
spread! {
    /// How many standard deviations the last observation lies above the mean of the last `n`, itself included; NaN where all
    /// are equal, because there is no scale to measure by.
    ZScore, |x, mean, variance: f64| if variance > 0.0 { (x - mean) / variance.sqrt() } else { f64::NAN }
}

/// Volatility: sample standard deviation of the last `n` simple returns of a price, times the square root of `annualise`
/// (1 = per step, 252 = per year of daily closes).
#[derive(Clone, Debug)]
pub struct RollingVol {
    change: SimpleReturn,
    spread: Spread,
    scale: f64,
    value: f64,
}

impl RollingVol {
    /// Over `window >= 2` returns.
    #[must_use]
    pub fn new(window: usize, annualise: f64) -> RollingVol {
        assert!(annualise > 0.0, "the steps of a year are positive");
        RollingVol {
            change: SimpleReturn::new(),
            spread: Spread::new(window, 1),
            scale: annualise.sqrt(),
            value: f64::NAN,
        }
    }
    #[inline]
    fn take(&mut self, x: f64) -> f64 {
        let change = self.change.update(x);
        self.spread.push(change).1.sqrt() * self.scale
    }
    fn forget(&mut self) {
        self.change.reset();
        self.spread.reset();
    }
}
operator!(RollingVol, f64);
