//! The kernel from outside: a small fund with people, prices and a venue that may lie.

mod allocation;
mod executions;
mod findings;
mod invariants;
mod isolation;
mod lies;
mod lifecycle;
mod lives;
mod losses;
mod mandates;
mod people;
mod properties;
mod quoting;
mod records;
mod refusals;
mod routes;
mod stretches;
mod words;
mod world;
