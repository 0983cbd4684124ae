//! What is spoken with venues, read where it lies: NASDAQ TotalView-ITCH 5.0 with its books, FIX with its session, and OUCH.
//!
//! Promises: a message is a view of the bytes that came, checked once; whatever the bytes, the answer is a message or a
//! named error; time is an argument. Never: a socket, a clock.
#![forbid(unsafe_code)]

pub mod fix;
pub mod itch;
pub mod ouch;
