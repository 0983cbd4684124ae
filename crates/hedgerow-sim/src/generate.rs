//! A market that is made up: orders come, trade and go at random, and every one of them is told as a venue tells it.
//!
//! Promises: equal settings and seed give equal events on every machine; the events make a book that is never crossed and
//! never, but in the queue-reactive one, without a side; a trade's lots are those that its executions took. What it shares with real markets is said, and
//! tested, fact by fact; no profit made in it is evidence. Never: a clock, a file.
//!
//! The book is that of Cont, Stoikov & Talreja (Operations Research 58(3), 2010): limit orders, market orders and cancels
//! as Poisson streams whose rates depend on the distance from the opposite best. Around it, each off at zero: time runs
//! faster after trades (a Hawkes process whose kernel is a sum of exponentials), market orders are pieces of larger ones
//! (Lillo, Mike & Farmer 2005), who supplies lots comes to where they are taken, and sizes have heavy tails.
//!
//! Beside it stands the queue-reactive model of Huang, Lehalle & Rosenbaum (JASA 110, 2015): what comes and goes depends on how
//! many orders its queue has, around a reference price that follows the mid now and then.

mod activity;
mod config;
mod flow;
mod market;
mod queues;
mod random;
mod reactive;
mod reactive_config;
mod rows;

pub use config::GeneratorConfig;
pub use market::Generator;
pub use reactive::Reactive;
pub use reactive_config::ReactiveConfig;
