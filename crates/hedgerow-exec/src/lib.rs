//! Decisions of schedules: how many lots of a parent order the next child order should be.
//!
//! Promises: pure functions of numbers; what is filled, what is working and the next child together never exceed the
//! parent; slices are cut from cumulative targets, so rounding never adds up. Never: a clock, a price, a socket, an order.
#![forbid(unsafe_code)]

mod parent;
mod slice;

pub use parent::{ParentState, Schedule};
pub use slice::{LotRule, pov_slice, twap_slice};
