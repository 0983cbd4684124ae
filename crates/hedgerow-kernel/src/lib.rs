//! The kernel: one deterministic state machine, `step(state, input) -> effects`.
//!
//! Promises: no clock, no randomness, no I/O; the same inputs give the same effects and the same state hash, byte
//! for byte; ordinary steps allocate nothing; an input that cannot be accepted changes nothing and uses no id.
//! Never: sends anything. It only says what may be sent, once its records are durable.
#![forbid(unsafe_code)]

pub mod authority;
mod capacity;
mod curve;
mod effects;
mod executions;
mod grants;
mod input;
mod jail;
mod kernel;
mod lifecycle;
mod orders;
mod parents;
mod quote_updates;
mod quotes;
mod replay;
mod routes;
mod stretch;
mod terms;
mod worth;

pub use capacity::Capacity;
pub use curve::Curve;
pub use effects::{Effects, Send};
pub use input::Input;
pub use kernel::{Kernel, RULES_VERSION};
pub use quote_updates::Standing;
pub use replay::{Replay, ReplayReport};
pub use stretch::{Ahead, Looked, Stretch};
