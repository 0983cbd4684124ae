//! FIX tag=value: messages framed, split and checked where they lie, written, and the session that speaks them.
//!
//! Source: FIX 4.0 to 5.0 SP2 and FIXT 1.1 session protocol (FIX Trading Community); which of several faults is told, and
//! in which words, follows QuickFIX, whose acceptance definitions this passes. Values and rules come from a data
//! dictionary in QuickFIX's XML form, so that a venue's dialect is a file and not code.

mod check;
mod dictionary;
mod encode;
mod explain;
mod fault;
mod frames;
mod message;
mod parser;
mod separators;
mod session;
mod values;
mod xml;

pub use dictionary::{Dictionary, FieldDef, Layout, MessageDef};
pub use encode::{Writer, separates};
pub use fault::{Fault, Kind};
pub use frames::{Found, Framer, MESSAGE_MAX, first_logged, first_message};
pub use message::{Books, Field, Message, Rules, is_admin};
pub use parser::Parser;
pub use session::{
    Dictionaries, Event, FileStore, Identity, MemoryStore, Numbers, Schedule, Session, Settings, Store, identify,
};
pub use values::{Format, number, timestamp_ns, write_digits, write_number, write_timestamp};
