//! The books: fills and cash movements become double-entry postings, and every currency sums to zero at every step.
//!
//! Promises: all amounts are exact integers; what a step would break (too large a number, no exchange rate, no room)
//! is found before anything changes; positions are carried at average cost, and closing one removes all of it;
//! [`Ledger::nav`] after [`Ledger::mark`] costs a few additions; nothing is allocated after construction (only an
//! error makes text). Never: a clock, a price of its own, an id (postings leave with id 0; the kernel numbers them).
//!
//! Signs: a debit is positive, a credit negative. A profit is a credit of `Realised`; queries turn it round and say
//! profit, capital and income as positive numbers, and fees paid as a positive number too.
#![forbid(unsafe_code)]

mod audit;
mod book;
mod booking;
mod charge;
mod ledger;
mod lifecycle;
mod position;
mod statement;
mod written;

pub use book::Book;
pub use booking::{Booked, CashPlan, FillPlan};
pub use charge::ChargePlan;
pub use ledger::{Ledger, LedgerConfig};
pub use lifecycle::LifecyclePlan;
pub use position::{Position, Trade};
pub use statement::Statement;
