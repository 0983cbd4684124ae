//! Order books rebuilt from what a venue says: the best prices (L1), every price (L2), every order (L3).
//!
//! Promises: an update is taken whole or refused by name and changes nothing; equal books have equal hashes, however
//! they were built; memory grows with the book and never with the length of the feed, and once warm no update asks for
//! any; sums over prices are exact. Never: a clock, a socket, a float before the last division.
#![forbid(unsafe_code)]

mod aggregate;
mod book;
mod checksum;
mod far;
mod feed;
mod follow;
mod index;
mod ladder;
mod level_book;
mod order_book;
mod refused;
mod top_book;

pub use aggregate::{Depth, imbalance, weighted_mid};
pub use book::{Book, LOTS_MAX, Level, Rules, WINDOW_MAX, WINDOW_MIN};
pub use checksum::{ChecksumRule, Written, checksum};
pub use feed::{Feed, Taken};
pub use follow::{Follower, Link, Numbers, State, Step, VENUES, VenueRule};
pub use level_book::LevelBook;
pub use order_book::OrderBook;
pub use refused::Refused;
pub use top_book::TopBook;
