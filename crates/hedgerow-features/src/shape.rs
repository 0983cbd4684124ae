//! The shape of a window: skewness and kurtosis from population moments.
//!
//! Powers are summed as distances from a pivot inside the window. The pivot's own fourth power is part of the fourth
//! moment, so no more than `log10 n` digits can cancel.

use crate::window::{Summary, Window};

/// The first four power sums of distances from the pivot.
#[derive(Clone, Copy, Debug)]
struct Powers([f64; 4]);

impl Summary for Powers {
    type Item = f64;
    const GAP: f64 = f64::NAN;
    const EMPTY: Powers = Powers([0.0; 4]);
    const MISSING: Powers = Powers([f64::NAN; 4]);
    #[inline]
    fn of(x: f64, pivot: f64) -> Powers {
        let distance = x - pivot;
        let square = distance * distance;
        Powers([distance, square, square * distance, square * square])
    }
    #[inline]
    fn join(self, newer: Powers) -> Powers {
        Powers(std::array::from_fn(|power| self.0[power] + newer.0[power]))
    }
}

/// Second, third and fourth moment about the mean of one window.
#[derive(Clone, Debug)]
struct Shape {
    window: Window<Powers>,
    count: f64,
}

impl Shape {
    fn new(window: usize) -> Shape {
        Shape { window: Window::new(window), count: window as f64 }
    }

    #[inline]
    fn push(&mut self, x: f64) -> (f64, f64, f64) {
        let [d, d2, d3, d4] = self.window.push(x).0.map(|sum| sum / self.count);
        let second = d2 - d * d;
        let third = d3 - 3.0 * d * d2 + 2.0 * d * d * d;
        let fourth = d4 - 4.0 * d * d3 + 6.0 * d * d * d2 - 3.0 * d * d * d * d;
        (second, third, fourth)
    }
}

macro_rules! shape {
    ($(#[doc = $doc:literal])+ $name:ident, $value:expr) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name {
            shape: Shape,
            value: f64,
        }

        impl $name {
            /// Over `window >= 2` observations.
            #[must_use]
            pub fn new(window: usize) -> $name {
                $name { shape: Shape::new(window), value: f64::NAN }
            }
            #[inline]
            fn take(&mut self, x: f64) -> f64 {
                let (second, third, fourth) = self.shape.push(x);
                if second > 0.0 { $value(second, third, fourth) } else { f64::NAN }
            }
            fn forget(&mut self) {
                self.shape.window.reset();
            }
        }
        operator!($name, f64);
    };
}

shape! {
    /// Skewness of the last `n` observations, `m3 / m2^1.5` from population moments; NaN where all are equal.
    RollingSkew, |second: f64, third: f64, _| third / (second * second.sqrt())
}
shape! {
    /// Kurtosis of the last `n` observations, `m4 / m2^2` from population moments: raw, so 3 for the normal law; NaN where
    /// all are equal.
    RollingKurt, |second: f64, _, fourth: f64| fourth / (second * second)
}
