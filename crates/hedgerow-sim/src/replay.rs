//! The simulated venue for books: our orders in the replayed market, with a place in the queue and a way to travel.
//!
//! Promises: what happens at the venue and what happens here are merged in strict order of time, ties as [`Next`] says;
//! an order trades only with what history shows: lots that stood there, lots that traded there; what we took stays taken.
//! Equal inputs and seeds give equal reports on every machine. Never: a clock, a file, a fill because a price was touched.

mod arrive;
mod auction;
mod config;
mod delay;
mod display;
mod impact;
mod line;
mod market;
mod mine;
mod pegs;
mod phases;
mod prints;
mod queue;
mod stops;
mod taken;
mod venue;

pub use config::{BookConfig, Fees};
pub use delay::Delay;
pub use impact::Impact;
pub use line::{FeedLine, Next, Packet, Row, next};
pub use queue::QueueModel;
pub use venue::{BookVenue, Depth};
