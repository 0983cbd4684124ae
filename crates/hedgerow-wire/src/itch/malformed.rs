//! Why a message was refused, small enough for the hot path.

use hedgerow_core::{Code, Problem, code};

/// What was wrong with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// Which row of the table of errors.
    pub code: Code,
    /// The message's type, or 0.
    pub kind: u8,
    /// What was seen: a length, a field's value, an offset, or what the book saw.
    pub seen: i64,
    /// What it was held against.
    pub limit: i64,
}

impl Malformed {
    /// A refusal with its particulars.
    #[cold]
    #[must_use]
    pub const fn new(code: Code, kind: u8, seen: i64, limit: i64) -> Malformed {
        Malformed { code, kind, seen, limit }
    }
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Problem {
        let Malformed { code, kind, seen, limit } = malformed;
        let kind = char::from(kind);
        let detail = match code {
            code::WIRE_LENGTH => format!("message {kind:?} of {seen} bytes, it has {limit}"),
            code::WIRE_TYPE => format!("type {kind:?}"),
            code::WIRE_TRUNCATED => format!("a message begins at byte {seen} of {limit}"),
            code::WIRE_FIELD => format!("message {kind:?}, value {seen}"),
            code::WIRE_UNKNOWN_STOCK => format!("message {kind:?}, stock locate {seen}"),
            _ => format!("message {kind:?}: {}", hedgerow_book::Refused { code, seen, limit }.detail()),
        };
        Problem::new(code, detail)
    }
}
