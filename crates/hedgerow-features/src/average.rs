//! Sums and averages: over a window, or over all the past with weights that fade.

use crate::Operator;
use crate::window::{Summary, Window};

/// A plain sum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum(f64);

impl Summary for Sum {
    type Item = f64;
    const GAP: f64 = f64::NAN;
    const EMPTY: Sum = Sum(0.0);
    const MISSING: Sum = Sum(f64::NAN);
    #[inline]
    fn of(x: f64, _pivot: f64) -> Sum {
        Sum(x)
    }
    #[inline]
    fn join(self, newer: Sum) -> Sum {
        Sum(self.0 + newer.0)
    }
}

/// A sum of distances from the pivot, so that the mean of equal values is exactly that value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distances(f64);

impl Summary for Distances {
    type Item = f64;
    const GAP: f64 = f64::NAN;
    const EMPTY: Distances = Distances(0.0);
    const MISSING: Distances = Distances(f64::NAN);
    #[inline]
    fn of(x: f64, pivot: f64) -> Distances {
        Distances(x - pivot)
    }
    #[inline]
    fn join(self, newer: Distances) -> Distances {
        Distances(self.0 + newer.0)
    }
}

/// Sum of the last `n` observations.
#[derive(Clone, Debug)]
pub struct RollingSum {
    window: Window<Sum>,
    value: f64,
}

impl RollingSum {
    /// Over `window >= 1` observations.
    #[must_use]
    pub fn new(window: usize) -> RollingSum {
        RollingSum { window: Window::new(window), value: f64::NAN }
    }
}

impl Operator for RollingSum {
    #[inline]
    fn update(&mut self, x: f64) -> f64 {
        self.value = self.window.push(x).0;
        self.value
    }
    fn update_all(&mut self, xs: &[f64], out: &mut [f64]) {
        self.window.push_all(xs, out, |sum, _| sum.0);
        self.value = out.last().copied().unwrap_or(self.value);
    }
    #[inline]
    fn value(&self) -> f64 {
        self.value
    }
    fn reset(&mut self) {
        self.window.reset();
        self.value = f64::NAN;
    }
}

/// Arithmetic mean of the last `n` observations (simple moving average).
#[derive(Clone, Debug)]
pub struct RollingMean {
    window: Window<Distances>,
    count: f64,
    value: f64,
}

impl RollingMean {
    /// Over `window >= 1` observations.
    #[must_use]
    pub fn new(window: usize) -> RollingMean {
        RollingMean { window: Window::new(window), count: window as f64, value: f64::NAN }
    }
}

impl Operator for RollingMean {
    #[inline]
    fn update(&mut self, x: f64) -> f64 {
        let distances = self.window.push(x).0;
        self.value = self.window.pivot() + distances / self.count;
        self.value
    }
    fn update_all(&mut self, xs: &[f64], out: &mut [f64]) {
        let count = self.count;
        self.window.push_all(xs, out, |distances, pivot| pivot + distances.0 / count);
        self.value = out.last().copied().unwrap_or(self.value);
    }
    #[inline]
    fn value(&self) -> f64 {
        self.value
    }
    fn reset(&mut self) {
        self.window.reset();
        self.value = f64::NAN;
    }
}

/// Exponential moving average with `alpha = 2 / (span + 1)`, in the recursive form (`adjust=False` in pandas): it starts at
/// the first observation and then moves by `alpha` times the distance. NaN until `span` observations were seen, because
/// before that the start dominates. A NaN is skipped: it gives NaN and changes nothing.
#[derive(Clone, Debug)]
pub struct Ema {
    alpha: f64,
    level: f64,
    value: f64,
    span: usize,
    seen: usize,
}

impl Ema {
    /// With `span >= 1`.
    #[must_use]
    pub fn new(span: usize) -> Ema {
        assert!(span >= 1, "a span is at least one observation");
        Ema { alpha: 2.0 / (span as f64 + 1.0), level: f64::NAN, value: f64::NAN, span, seen: 0 }
    }
}

impl Operator for Ema {
    #[inline]
    fn update(&mut self, x: f64) -> f64 {
        if x.is_nan() {
            self.value = f64::NAN;
            return self.value;
        }
        self.level = if self.seen == 0 { x } else { self.level + self.alpha * (x - self.level) };
        self.seen = self.seen.saturating_add(1);
        self.value = if self.seen >= self.span { self.level } else { f64::NAN };
        self.value
    }
    #[inline]
    fn value(&self) -> f64 {
        self.value
    }
    fn reset(&mut self) {
        *self = Ema::new(self.span);
    }
}
