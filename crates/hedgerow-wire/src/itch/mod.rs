//! NASDAQ TotalView-ITCH 5.0: every message of the public specification, files of them, and books built from them.
//!
//! Source: NASDAQ TotalView-ITCH 5.0 specification, section 1 (messages) and the two-byte framing of its sample files.
//! No recording with a usable licence was at hand: the tests read what an encoder of their own wrote from the
//! specification's tables.

mod books;
mod frames;
mod malformed;
mod messages;

pub use books::{ItchBooks, Sink, Stock};
pub use frames::Frames;
pub use malformed::Malformed;
pub use messages::*;
