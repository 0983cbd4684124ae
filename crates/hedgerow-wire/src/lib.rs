//! Binary feeds read where they lie: NASDAQ TotalView-ITCH 5.0, its framing, and the order books that it builds.
//!
//! Promises: a message is a view of the bytes that came, checked for its length once; whatever the bytes, the answer is
//! a message or a named error. Never: a copy, a socket, a clock.
#![forbid(unsafe_code)]

pub mod itch;
