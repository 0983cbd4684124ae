//! The words of the fund: ids, money, time, the nouns as fixed-layout records, and one table of error codes.
//!
//! Promises: every record has a fixed little-endian layout without padding, asserted at compile time; every
//! number that decides about money is an integer. Never: a clock, a file, a socket, a random number.
#![forbid(unsafe_code)]

mod codes;
mod instrument;
mod limits;
mod money;
mod noun;
mod records;
pub mod time;
mod values;

pub use codes::{AREAS, Area, Code, CodeDef, Problem, TABLE, code};
pub use instrument::*;
pub use limits::Limits;
pub use money::{Currency, MONEY_UNIT, Money, RoundMode, div_round};
pub use noun::{Field, Journaled, KIND_GENESIS, KIND_REMARK, KIND_SEGMENT, KIND_SIGNED, Noun, NounInfo, nouns};
pub use records::*;

/// Identifies a record: its sequence number in the journal, from 1. Zero means "none".
pub type RecordId = u64;
/// Index of an instrument in the kernel's tables, dense from 0.
pub type InstrumentId = u32;
/// Index of a strategy in the kernel's tables, dense from 0.
pub type StrategyId = u16;
/// Index of an order in the OMS slab; only meaningful together with the order's [`RecordId`].
pub type OrderSlot = u32;
/// UTC nanoseconds since 1970.
pub type Nanos = i64;
