//! The highest and the lowest of a window.

use crate::window::{Summary, Window};

macro_rules! extreme {
    ($(#[doc = $doc:literal])+ $name:ident, $summary:ident, $empty:expr, $beats:tt) => {
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $summary(f64);

        impl Summary for $summary {
            type Item = f64;
            const GAP: f64 = f64::NAN;
            const EMPTY: $summary = $summary($empty);
            const MISSING: $summary = $summary(f64::NAN);
            #[inline]
            fn of(x: f64, _pivot: f64) -> $summary {
                $summary(x)
            }
            #[inline]
            fn join(self, newer: $summary) -> $summary {
                // A comparison with NaN is false, so the NaN of either side is kept.
                if self.0.is_nan() || self.0 $beats newer.0 { self } else { newer }
            }
        }

        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name {
            window: Window<$summary>,
            value: f64,
        }

        impl $name {
            /// Over `window >= 1` observations.
            #[must_use]
            pub fn new(window: usize) -> $name {
                $name { window: Window::new(window), value: f64::NAN }
            }
            #[inline]
            fn take(&mut self, x: f64) -> f64 {
                self.window.push(x).0
            }
            fn forget(&mut self) {
                self.window.reset();
            }
        }
        operator!($name, f64);
    };
}

extreme! {
    /// Highest of the last `n` observations.
    RollingMax, Highest, f64::NEG_INFINITY, >
}
extreme! {
    /// Lowest of the last `n` observations.
    RollingMin, Lowest, f64::INFINITY, <
}
