//! An exchange at which many participants trade with each other: order books, auctions, halts, busts.
//!
//! Promises: price, then time; the same inputs give the same events and the same state, which `state_hash` names; an
//! input that is refused changes nothing but the client id that it used. Displayed lots stand in an `OrderBook`, so a
//! reduced order keeps its place and a refilled iceberg goes to the end. Never: a clock, a file, a socket, a random number.

mod admit;
mod auction;
mod book;
mod change;
mod event;
mod input;
mod matching;
mod order;
mod pegs;
mod phases;
mod state;

pub use event::{Event, Reason, Report, TradeReport, What};
pub use hedgerow_core::Phase;
pub use input::{Action, Amend, NewOrder, OrderType, SelfTrades, TimeIn};
pub use order::{OrderStatus, Working};
pub use state::{Exchange, Listing};
