//! The simulated venues: what would have become of our orders, told pessimistically. `BarVenue` trades against bars,
//! `BookVenue` (`replay`) against replayed quotes and order books; a market that is made up (`generate`); and an
//! exchange at which many participants trade with each other (`exchange`).
//!
//! Promises, of bars: an order never trades on the bar during which it was sent; costs never help; a limit is never broken; our
//! orders share what the volume cap leaves, in order of arrival; a resting limit order trades only if the market went
//! through it. Takes only `Approved` messages. Never: a clock, a file, or randomness without a seed.
#![forbid(unsafe_code)]

mod config;
mod cost;
mod draw;
pub mod exchange;
mod faults;
mod fees;
mod generate;
mod margin;
mod matching;
pub mod replay;
mod resting;
mod venue;

pub use config::VenueConfig;
pub use cost::{Depth, fee, impact_nano, price_ticks};
pub use faults::Faults;
pub use fees::{FeeSchedule, FeeSchedules, FeeTier, Rate};
pub use generate::{Generator, GeneratorConfig, Reactive, ReactiveConfig};
pub use margin::{Held, MarginConfig, MarginRate};
pub use replay::{BookConfig, BookVenue};
pub use venue::BarVenue;
