//! Decisions of execution algorithms: what of a parent order is sent now, and why; and of orders that hang together.
//!
//! Promises: what is filled, what is working and the next child together never exceed the parent; slices are cut from
//! cumulative targets, so rounding never adds up; a decision follows from the log and what the record says was seen.
//! Never: a clock, a socket, a random number (a plan has them drawn already), an order.
#![forbid(unsafe_code)]

mod derive;
mod links;
mod parents;
mod progress;
mod slice;
mod tape;
mod work;

pub use derive::Derivation;
pub use links::{Due, Held, Links, Standing};
pub use parents::{Ended, Parents};
pub use progress::Progress;
pub use slice::{LotRule, pov_slice, twap_slice};
pub use tape::{Stretch, Tape};
pub use work::{Child, Seen, Traded, Work};
