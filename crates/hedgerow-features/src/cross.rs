//! How two series move together: covariance, correlation, and beta, the slope of one on the other.
//!
//! Products are summed as distances from a pivot that lies inside the window, as in `deviation`: a common level cancels
//! before anything is squared.

use crate::window::{Summary, Window};

/// Power sums of the distances of a pair from the pivot.
#[derive(Clone, Copy, Debug)]
struct Products {
    y: f64,
    x: f64,
    yy: f64,
    xx: f64,
    yx: f64,
}

impl Products {
    const fn all(value: f64) -> Products {
        Products { y: value, x: value, yy: value, xx: value, yx: value }
    }
}

impl Summary for Products {
    type Item = [f64; 2];
    const GAP: [f64; 2] = [f64::NAN; 2];
    const EMPTY: Products = Products::all(0.0);
    const MISSING: Products = Products::all(f64::NAN);
    #[inline]
    fn of(pair: [f64; 2], pivot: [f64; 2]) -> Products {
        let (y, x) = (pair[0] - pivot[0], pair[1] - pivot[1]);
        // A pair that lacks one number is no pair.
        if y.is_nan() || x.is_nan() {
            return Products::MISSING;
        }
        Products { y, x, yy: y * y, xx: x * x, yx: y * x }
    }
    #[inline]
    fn join(self, newer: Products) -> Products {
        Products {
            y: self.y + newer.y,
            x: self.x + newer.x,
            yy: self.yy + newer.yy,
            xx: self.xx + newer.xx,
            yx: self.yx + newer.yx,
        }
    }
}

/// Sums of squared and multiplied distances from the means, of the pairs of one window.
#[derive(Clone, Debug)]
struct Pairs {
    window: Window<Products>,
    count: f64,
}

impl Pairs {
    fn new(window: usize) -> Pairs {
        Pairs { window: Window::new(window), count: window as f64 }
    }

    /// Takes a pair; returns (yy, xx, yx) about the means, NaN while the window is not full of pairs.
    #[inline]
    fn push(&mut self, pair: [f64; 2]) -> (f64, f64, f64) {
        let sums = self.window.push(pair);
        let yy = sums.yy - sums.y * sums.y / self.count;
        let xx = sums.xx - sums.x * sums.x / self.count;
        (yy, xx, sums.yx - sums.y * sums.x / self.count)
    }
}

/// Covariance of the last `n` pairs `[y, x]`, with `n - ddof` in the denominator.
#[derive(Clone, Debug)]
pub struct Covariance {
    pairs: Pairs,
    freedom: f64,
    value: f64,
}

impl Covariance {
    /// Over `window > ddof` pairs; `ddof` 1 is the sample, 0 the population.
    #[must_use]
    pub fn new(window: usize, ddof: usize) -> Covariance {
        assert!(window > ddof, "a window must be longer than ddof");
        Covariance { pairs: Pairs::new(window), freedom: (window - ddof) as f64, value: f64::NAN }
    }
    #[inline]
    fn take(&mut self, pair: [f64; 2]) -> f64 {
        self.pairs.push(pair).2 / self.freedom
    }
    fn forget(&mut self) {
        self.pairs.window.reset();
    }
}
operator!(Covariance, [f64; 2]);

macro_rules! pairwise {
    ($(#[doc = $doc:literal])+ $name:ident, $value:expr) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name {
            pairs: Pairs,
            value: f64,
        }

        impl $name {
            /// Over `window >= 2` pairs.
            #[must_use]
            pub fn new(window: usize) -> $name {
                $name { pairs: Pairs::new(window), value: f64::NAN }
            }
            #[inline]
            fn take(&mut self, pair: [f64; 2]) -> f64 {
                let (yy, xx, yx) = self.pairs.push(pair);
                $value(yy, xx, yx)
            }
            fn forget(&mut self) {
                self.pairs.window.reset();
            }
        }
        operator!($name, [f64; 2]);
    };
}

pairwise! {
    /// Correlation (Pearson) of the last `n` pairs `[y, x]`; NaN where either does not vary.
    Correlation, |yy: f64, xx: f64, yx: f64| {
        if yy > 0.0 && xx > 0.0 { (yx / yy.sqrt() / xx.sqrt()).clamp(-1.0, 1.0) } else { f64::NAN }
    }
}
pairwise! {
    /// Beta: slope of `y` on `x` by least squares with an intercept, over the last `n` pairs `[y, x]`; NaN where `x` does
    /// not vary.
    Beta, |_, xx, yx| if xx > 0.0 { yx / xx } else { f64::NAN }
}
