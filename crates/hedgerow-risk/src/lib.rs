//! The pre-trade gate: the only maker of [`Approved`] orders.
//!
//! Promises: all rules are asked of every order, on the strategy's level and the firm's; what was not granted is denied;
//! an approved order has its worst case reserved before the next one is asked; all numbers are exact integers.
//! Never: a clock, a float, an allocation after construction, a panic on absurd numbers.
#![forbid(unsafe_code)]

mod account;
mod answer;
mod approved;
mod authority;
pub mod bounds;
mod check;
mod explain;
mod gate;
mod listing;
mod market;
mod question;
mod quote;
mod recount;
mod repeats;
mod reserve;
mod row;
pub mod rules;
mod working;

pub use approved::Approved;
pub use gate::{Exposure, Gate, GateConfig, Holding};
pub use quote::{ApprovedLeg, ApprovedQuote, Leg, Quoting};
