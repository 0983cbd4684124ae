//! Spread around the mean: standard deviation, volatility of returns, z-score.
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

/// Mean and standard deviation of one window.
#[derive(Clone, Debug)]
struct Spread {
    window: Window<Moments>,
    count: f64,
    freedom: f64,
}

impl Spread {
    fn new(window: usize, ddof: usize) -> Spread {
        assert!(window > ddof, "a window must be longer than ddof");
        Spread { window: Window::new(window), count: window as f64, freedom: (window - ddof) as f64 }
    }

    /// Takes an observation; returns (mean, standard deviation) of the window, NaN while it is not full of numbers.
    #[inline]
    fn push(&mut self, x: f64) -> (f64, f64) {
        let sums = self.window.push(x);
        let squares = sums.second - sums.first * sums.first / self.count;
        // Not `max`, which would turn NaN into zero.
        let squares = if squares < 0.0 { 0.0 } else { squares };
        (self.window.pivot() + sums.first / self.count, (squares / self.freedom).sqrt())
    }
}

/// Standard deviation of the last `n` observations, with `n - ddof` in the denominator.
#[derive(Clone, Debug)]
pub struct RollingStd {
    spread: Spread,
    value: f64,
}

impl RollingStd {
    /// Over `window > ddof` observations; `ddof` 1 is the sample, 0 the population.
    #[must_use]
    pub fn new(window: usize, ddof: usize) -> RollingStd {
        RollingStd { spread: Spread::new(window, ddof), value: f64::NAN }
    }
}

impl Operator for RollingStd {
    #[inline]
    fn update(&mut self, x: f64) -> f64 {
        self.value = self.spread.push(x).1;
        self.value
    }
    #[inline]
    fn value(&self) -> f64 {
        self.value
    }
    fn reset(&mut self) {
        self.spread.window.reset();
        self.value = f64::NAN;
    }
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
}

impl Operator for RollingVol {
    #[inline]
    fn update(&mut self, x: f64) -> f64 {
        let change = self.change.update(x);
        self.value = self.spread.push(change).1 * self.scale;
        self.value
    }
    #[inline]
    fn value(&self) -> f64 {
        self.value
    }
    fn reset(&mut self) {
        self.change.reset();
        self.spread.window.reset();
        self.value = f64::NAN;
    }
}

/// How many standard deviations the last observation lies above the mean of the last `n`, itself included; NaN where all
/// are equal, because there is no scale to measure by.
#[derive(Clone, Debug)]
pub struct ZScore {
    spread: Spread,
    value: f64,
}

impl ZScore {
    /// Over `window > ddof` observations.
    #[must_use]
    pub fn new(window: usize, ddof: usize) -> ZScore {
        ZScore { spread: Spread::new(window, ddof), value: f64::NAN }
    }
}

impl Operator for ZScore {
    #[inline]
    fn update(&mut self, x: f64) -> f64 {
        let (mean, deviation) = self.spread.push(x);
        self.value = if deviation > 0.0 { (x - mean) / deviation } else { f64::NAN };
        self.value
    }
    #[inline]
    fn value(&self) -> f64 {
        self.value
    }
    fn reset(&mut self) {
        self.spread.window.reset();
        self.value = f64::NAN;
    }
}
