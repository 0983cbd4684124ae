//! What an author writes an opaque strategy against: rows in, intents out, and nothing else in reach.
//!
//! Implement [`Strategy`], say `hedgerow_strategy::export!(Type, expression)`, and build the same source as a WebAssembly
//! module without imports or as a static native program. Promises: no dependency, no standard library, no allocation; the
//! exports that the runner calls are made by the macro. Never: a clock, a file, a socket; they are not there where it runs.
//!
//! ```
//! use hedgerow_strategy::{Bar, Now, Orders, Rows, Strategy};
//!
//! struct Hold;
//! impl Strategy for Hold {
//!     fn on_bars(&mut self, _now: Now, bars: Rows<'_, Bar>, orders: &mut Orders<'_>) {
//!         for bar in bars {
//!             orders.target(bar.instrument, 100.0);
//!         }
//!     }
//! }
//! ```
#![no_std]
#![warn(missing_docs)]

mod frame;
mod orders;
#[cfg(any(target_arch = "wasm32", unix))]
#[doc(hidden)]
pub mod place;
mod rows;

pub use frame::{answer, Frame, FrameError, Kind, ABI, FRAME_BYTES_MAX, HEAD_BYTES, NOW_BYTES};
pub use orders::{Action, Orders, Tif};
pub use rows::{Bar, Field, Fill, Instrument, Intent, Now, Row, Rows};

/// A trading strategy: it hears batches of what became known at one time, and says what it wants.
///
/// What it wants are intents: they pass the fund's gate like any order, and may be denied.
pub trait Strategy {
    /// Called once, first: which instruments there are. They are named by their index from here on.
    fn on_start(&mut self, now: Now, instruments: Rows<'_, Instrument>, orders: &mut Orders<'_>) {
        let _ = (now, instruments, orders);
    }

    /// Bars that closed, oldest first; intents act after the last of them.
    fn on_bars(&mut self, now: Now, bars: Rows<'_, Bar>, orders: &mut Orders<'_>) {
        let _ = (now, bars, orders);
    }

    /// Executions of this strategy's own orders, told before the bars of their time.
    fn on_fills(&mut self, now: Now, fills: Rows<'_, Fill>, orders: &mut Orders<'_>) {
        let _ = (now, fills, orders);
    }

    /// Called once, last.
    fn on_stop(&mut self, now: Now, orders: &mut Orders<'_>) {
        let _ = (now, orders);
    }
}
