//! Realised measures of log returns: variance, bipower variance that jumps do not move, volatility.
//!
//! Sums of squares and of products of absolute values: nothing is subtracted, so they are never negative.

use crate::{LogReturn, Operator, RollingSum};
use std::f64::consts::FRAC_PI_2;

/// Realised variance: the sum of the squared log returns of the last `n` steps (Andersen, Bollerslev, Diebold & Labys,
/// Econometrica 71(2), 2003), with no mean taken off.
#[derive(Clone, Debug)]
pub struct RealisedVariance {
    change: LogReturn,
    sum: RollingSum,
    value: f64,
}

impl RealisedVariance {
    /// Over `window >= 1` returns.
    #[must_use]
    pub fn new(window: usize) -> RealisedVariance {
        RealisedVariance { change: LogReturn::new(), sum: RollingSum::new(window), value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, price: f64) -> f64 {
        let change = self.change.update(price);
        self.sum.update(change * change)
    }
    fn forget(&mut self) {
        self.change.reset();
        self.sum.reset();
    }
}
operator!(RealisedVariance, f64);

/// Realised volatility: the root of the mean squared log return of the last `n` steps times `annualise` (1 = per step, the
/// steps in a year = per year, `n` = over the window).
#[derive(Clone, Debug)]
pub struct RealisedVol {
    variance: RealisedVariance,
    factor: f64,
    value: f64,
}

impl RealisedVol {
    /// Over `window >= 1` returns.
    #[must_use]
    pub fn new(window: usize, annualise: f64) -> RealisedVol {
        RealisedVol { variance: RealisedVariance::new(window), factor: annualise / window as f64, value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, price: f64) -> f64 {
        (self.variance.update(price) * self.factor).sqrt()
    }
    fn forget(&mut self) {
        self.variance.reset();
    }
}
operator!(RealisedVol, f64);

/// Bipower variance: `pi/2 * n/(n-1)` times the sum of the `n-1` products of neighbouring absolute log returns of the last `n`
/// steps (Barndorff-Nielsen & Shephard, Journal of Financial Econometrics 2(1), 2004; the factor `n/(n-1)` for the product that
/// is missing). A jump is in one factor of two products, so realised less bipower variance is what jumps added.
#[derive(Clone, Debug)]
pub struct BipowerVariance {
    change: LogReturn,
    before: f64,
    sum: RollingSum,
    factor: f64,
    value: f64,
}

impl BipowerVariance {
    /// Over `window >= 2` returns.
    #[must_use]
    pub fn new(window: usize) -> BipowerVariance {
        let factor = FRAC_PI_2 * window as f64 / (window - 1) as f64;
        BipowerVariance {
            change: LogReturn::new(),
            before: f64::NAN,
            sum: RollingSum::new(window - 1),
            factor,
            value: f64::NAN,
        }
    }
    #[inline]
    fn take(&mut self, price: f64) -> f64 {
        let change = self.change.update(price).abs();
        let before = std::mem::replace(&mut self.before, change);
        self.sum.update(change * before) * self.factor
    }
    fn forget(&mut self) {
        self.change.reset();
        self.before = f64::NAN;
        self.sum.reset();
    }
}
operator!(BipowerVariance, f64);
