//! What trading costs, from prices and volumes alone: Kyle's lambda, Amihud's illiquidity, Roll's spread.

use crate::window::{Summary, Window};
use crate::{Beta, Covariance, Operator};

/// Kyle's lambda: slope, by least squares with an intercept over the last `n` intervals, of the price's change over an
/// interval on the *signed* volume of that interval, from `[price at its end, signed volume]` (Kyle, Econometrica 53(6), 1985,
/// whose equilibrium slope is `sqrt(Sigma0) / (2 sigma_u)`). NaN where the volume does not vary.
#[derive(Clone, Debug)]
pub struct KyleLambda {
    price: f64,
    slope: Beta,
    value: f64,
}

impl KyleLambda {
    /// Over `window >= 2` intervals.
    #[must_use]
    pub fn new(window: usize) -> KyleLambda {
        KyleLambda { price: f64::NAN, slope: Beta::new(window), value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, [price, signed_volume]: [f64; 2]) -> f64 {
        let before = std::mem::replace(&mut self.price, price);
        self.slope.update([price - before, signed_volume])
    }
    fn forget(&mut self) {
        self.price = f64::NAN;
        self.slope.reset();
    }
}
operator!(KyleLambda, [f64; 2]);

/// Absolute returns over volumes, and over how many.
#[derive(Clone, Copy, Debug)]
struct Ratios {
    sum: f64,
    count: f64,
}

impl Summary for Ratios {
    type Item = [f64; 2];
    const GAP: [f64; 2] = [f64::NAN; 2];
    const EMPTY: Ratios = Ratios { sum: 0.0, count: 0.0 };
    const MISSING: Ratios = Ratios { sum: f64::NAN, count: f64::NAN };
    #[inline]
    fn of([change, volume]: [f64; 2], _pivot: [f64; 2]) -> Ratios {
        // No trade, no ratio: not an infinite one.
        if volume.abs() <= 0.0 && !change.is_nan() {
            return Ratios::EMPTY;
        }
        Ratios { sum: change.abs() / volume, count: 1.0 }
    }
    #[inline]
    fn join(self, newer: Ratios) -> Ratios {
        Ratios { sum: self.sum + newer.sum, count: self.count + newer.count }
    }
}

/// Amihud's illiquidity: the mean of `|return| / traded value` over the last `n` periods `[return, traded value]`, times
/// `scale` (Amihud, Journal of Financial Markets 5(1), 2002). A mean of ratios; periods without trades are left out of it, and
/// it is NaN if there were no others.
#[derive(Clone, Debug)]
pub struct Amihud {
    window: Window<Ratios>,
    scale: f64,
    value: f64,
}

impl Amihud {
    /// Over `window >= 1` periods.
    #[must_use]
    pub fn new(window: usize, scale: f64) -> Amihud {
        Amihud { window: Window::new(window), scale, value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, period: [f64; 2]) -> f64 {
        let ratios = self.window.push(period);
        if ratios.count > 0.0 { ratios.sum / ratios.count * self.scale } else { f64::NAN }
    }
    fn forget(&mut self) {
        self.window.reset();
    }
}
operator!(Amihud, [f64; 2]);

/// Roll's spread: `2 sqrt(-cov)`, with `cov` the sample covariance of the last `n` pairs of successive price changes (Roll,
/// Journal of Finance 39(4), 1984). Undefined, so NaN, where the covariance is not negative; its absolute value is no spread.
#[derive(Clone, Debug)]
pub struct RollSpread {
    price: f64,
    change: f64,
    covariance: Covariance,
    value: f64,
}

impl RollSpread {
    /// Over `window >= 2` pairs of changes.
    #[must_use]
    pub fn new(window: usize) -> RollSpread {
        let covariance = Covariance::new(window, 1);
        RollSpread { price: f64::NAN, change: f64::NAN, covariance, value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, price: f64) -> f64 {
        let change = price - std::mem::replace(&mut self.price, price);
        let before = std::mem::replace(&mut self.change, change);
        let covariance = self.covariance.update([change, before]);
        if covariance < 0.0 { 2.0 * (-covariance).sqrt() } else { f64::NAN }
    }
    fn forget(&mut self) {
        (self.price, self.change) = (f64::NAN, f64::NAN);
        self.covariance.reset();
    }
}
operator!(RollSpread, f64);
