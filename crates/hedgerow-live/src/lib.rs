//! A live fund with a compiled strategy: one thread owns kernel, books and strategy, and rings of one producer and one
//! consumer lead to it and away from it.
//!
//! Promises: the kernel's thread makes no system call and waits for nobody, unless its own ring is full; what is to be
//! sent passes through the thread that keeps the journal, which lets it go when its records are durable, so that there is
//! no other way out; a ring that is full holds its producer up, nothing is dropped, and no circle of full rings stands still. Never: a socket, a clock, Python.
//!
//! ```text
//! feed -> ring of book changes -\                       / -> ring of notes -> journal's thread -> ring -> gateway
//!                                > the kernel's thread <       (writes, syncs, then lets go)
//! gateway -> ring of inputs ----/
//! ```
//!
//! There is no way around the journal's thread, hence no setting for one: an order that leaves before it is durable is not
//! to be had here.
#![forbid(unsafe_code)]

mod fund;
mod keeper;
mod note;
mod seat;

pub use fund::{Fund, Orders, Trader, run};
pub use keeper::keep;
pub use note::Note;
pub use rtrb::{Consumer, Producer, RingBuffer};
pub use seat::Seat;

/// Messages that a ring on the way of an order should have room for: all its places then stay in the first cache of both
/// processors, and a message takes half as long as through one of a thousand.
pub const ROOM: usize = 64;
