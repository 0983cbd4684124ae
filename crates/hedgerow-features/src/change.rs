//! Changes of a price: returns over one step, and momentum over many.
//!
//! A change from zero has no size, so it is NaN, never an infinity that would poison what is built on it.

use crate::Operator;

#[inline]
fn relative(now: f64, before: f64) -> f64 {
    if before.abs() > 0.0 { now / before - 1.0 } else { f64::NAN }
}

macro_rules! step_change {
    ($(#[doc = $doc:literal])+ $name:ident, $change:expr) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name {
            last: f64,
            value: f64,
        }
        impl $name {
            /// Before the first observation.
            #[must_use]
            pub fn new() -> $name {
                $name { last: f64::NAN, value: f64::NAN }
            }
        }
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
        impl Operator for $name {
            #[inline]
            fn update(&mut self, x: f64) -> f64 {
                self.value = $change(x, self.last);
                self.last = x;
                self.value
            }
            #[inline]
            fn value(&self) -> f64 {
                self.value
            }
            fn reset(&mut self) {
                *self = Self::new();
            }
        }
    };
}

step_change! {
    /// Simple return of one step: `x[t] / x[t-1] - 1`.
    SimpleReturn, relative
}
step_change! {
    /// Logarithmic return of one step: `ln(x[t] / x[t-1])`; NaN unless both are positive.
    LogReturn, |now: f64, before: f64| if now > 0.0 && before > 0.0 { (now / before).ln() } else { f64::NAN }
}

/// Return over `lookback` steps that leaves out the last `skip`: `x[t-skip] / x[t-lookback] - 1`. With 252 and 21 daily
/// closes it is the 12-1 momentum of Jegadeesh & Titman (1993).
#[derive(Clone, Debug)]
pub struct Momentum {
    ring: Box<[f64]>,
    skip: usize,
    at: usize,
    value: f64,
}

impl Momentum {
    /// With `lookback > skip`.
    #[must_use]
    pub fn new(lookback: usize, skip: usize) -> Momentum {
        assert!(lookback > skip, "momentum looks back further than it skips");
        Momentum { ring: vec![f64::NAN; lookback + 1].into(), skip, at: 0, value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, x: f64) -> f64 {
        let size = self.ring.len();
        self.ring[self.at] = x;
        let oldest = if self.at + 1 == size { 0 } else { self.at + 1 };
        let recent = if self.at >= self.skip { self.at - self.skip } else { self.at + size - self.skip };
        self.at = oldest;
        relative(self.ring[recent], self.ring[oldest])
    }
    fn forget(&mut self) {
        self.ring.fill(f64::NAN);
        self.at = 0;
    }
}
operator!(Momentum, f64);
