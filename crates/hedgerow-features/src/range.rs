//! Volatility from the range of bars: Parkinson, Garman-Klass, Rogers-Satchell, Yang-Zhang.
//!
//! Each is the root of a mean variance per bar times `annualise`. A bar that cannot be (a price that is not positive, a low
//! above the high, an open or close outside) is a gap, not a number.

use crate::deviation::Spread;
use crate::{Operator, RollingSum};
use std::f64::consts::LN_2;

/// The logarithms of a bar measured from its open, `[high, low, close]`; NaN if the bar cannot be.
#[inline]
fn from_open([open, high, low, close]: [f64; 4]) -> [f64; 3] {
    let possible = low > 0.0 && low <= open && low <= close && open <= high && close <= high;
    if possible { [high, low, close].map(|price| (price / open).ln()) } else { [f64::NAN; 3] }
}

macro_rules! range_estimator {
    ($(#[doc = $doc:literal])+ $name:ident, $input:ty, $variance:expr) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name {
            sum: RollingSum,
            factor: f64,
            value: f64,
        }

        impl $name {
            /// Over `window >= 1` bars.
            #[must_use]
            pub fn new(window: usize, annualise: f64) -> $name {
                $name { sum: RollingSum::new(window), factor: annualise / window as f64, value: f64::NAN }
            }
            #[inline]
            fn take(&mut self, bar: $input) -> f64 {
                (self.sum.update($variance(bar)) * self.factor).sqrt()
            }
            fn forget(&mut self) {
                self.sum.reset();
            }
        }
        operator!($name, $input);
    };
}

range_estimator! {
    /// Parkinson's volatility of the last `n` bars `[high, low]`: variance `ln(H/L)^2 / (4 ln 2)` a bar (Parkinson, Journal of
    /// Business 53(1), 1980). For prices without drift and without gaps between bars.
    Parkinson, [f64; 2], |[high, low]: [f64; 2]| {
        let range = if low > 0.0 && low <= high { (high / low).ln() } else { f64::NAN };
        range * range / (4.0 * LN_2)
    }
}
range_estimator! {
    /// Garman-Klass volatility of the last `n` bars `[open, high, low, close]`: variance
    /// `ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2` a bar (Garman & Klass, Journal of Business 53(1), 1980, eq. 20). For prices without
    /// drift and without gaps between bars.
    GarmanKlass, [f64; 4], |bar: [f64; 4]| {
        let [high, low, close] = from_open(bar);
        let range = high - low;
        0.5 * range * range - (2.0 * LN_2 - 1.0) * close * close
    }
}
range_estimator! {
    /// Rogers-Satchell volatility of the last `n` bars `[open, high, low, close]`: variance
    /// `ln(H/C) ln(H/O) + ln(L/C) ln(L/O)` a bar (Rogers & Satchell, Annals of Applied Probability 1(4), 1991). Drift does not
    /// move it; for prices without gaps between bars.
    RogersSatchell, [f64; 4], rogers_satchell
}

#[inline]
fn rogers_satchell(bar: [f64; 4]) -> f64 {
    let [high, low, close] = from_open(bar);
    high * (high - close) + low * (low - close)
}

/// Yang-Zhang volatility of the last `n` bars `[open, high, low, close]`: the sample variance of `ln(O/C')` from the close
/// before, plus `k` times that of `ln(C/O)`, plus `1 - k` times Rogers and Satchell's, with `k = 0.34 / (1.34 + (n+1)/(n-1))` (Yang
/// & Zhang, Journal of Business 73(3), 2000). Neither drift nor gaps between bars move it.
#[derive(Clone, Debug)]
pub struct YangZhang {
    close: f64,
    overnight: Spread,
    within: Spread,
    range: RollingSum,
    count: f64,
    annualise: f64,
    value: f64,
}

impl YangZhang {
    /// Over `window >= 2` bars and the close before them.
    #[must_use]
    pub fn new(window: usize, annualise: f64) -> YangZhang {
        YangZhang {
            close: f64::NAN,
            overnight: Spread::new(window, 1),
            within: Spread::new(window, 1),
            range: RollingSum::new(window),
            count: window as f64,
            annualise,
            value: f64::NAN,
        }
    }
    #[inline]
    fn take(&mut self, bar: [f64; 4]) -> f64 {
        let [_, _, within] = from_open(bar);
        let before = std::mem::replace(&mut self.close, if within.is_nan() { f64::NAN } else { bar[3] });
        let overnight = self.overnight.push((bar[0] / before).ln()).1;
        let within = self.within.push(within).1;
        let range = self.range.update(rogers_satchell(bar)) / self.count;
        let k = 0.34 / (1.34 + (self.count + 1.0) / (self.count - 1.0));
        ((overnight + k * within + (1.0 - k) * range) * self.annualise).sqrt()
    }
    fn forget(&mut self) {
        self.close = f64::NAN;
        self.overnight.reset();
        self.within.reset();
        self.range.reset();
    }
}
operator!(YangZhang, [f64; 4]);
