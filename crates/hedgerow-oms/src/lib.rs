//! The life of an order: a state machine as one constant table, and the slab that holds every order still alive.
//!
//! Promises: an input that cannot happen is a named error and changes nothing; filled lots never exceed what was
//! approved (the present size, or that of an unanswered change); what a step frees of a reservation is told exactly once; nothing is allocated after construction
//! (only an error makes text). Never: a clock, a venue, a limit, a guess about an order we lost sight of.
//!
//! Terminal means gone. When an order ends, its slot is free for the next one and its id is not valid any more.
//! A report that comes later (a late fill too) is `OMS_UNKNOWN_ORDER`: it is not booked, it is reconciled by people.
//! The same holds for an execution whose number does not rise within its order: `OMS_DUPLICATE`.
//! Answers that merely lost a race are named by [`OrderInput::is_idle_after_end`], so that a caller can drop them.
#![forbid(unsafe_code)]

mod oms;
mod state;
mod working;

pub use oms::Oms;
pub use state::{Extent, OrderInput, OrderState, Standing, next};
pub use working::{Terms, Transition, Working};
