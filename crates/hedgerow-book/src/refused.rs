//! Why an update was refused, small enough for the hot path; words are made only when somebody reads them.

use hedgerow_core::{Code, Problem, code};

/// What was refused: the code, the value seen, and what it was held against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Which row of the table of errors.
    pub code: Code,
    /// The value seen: ticks, lots, an order's number, an update's number.
    pub seen: i64,
    /// What it was held against, in the same unit.
    pub limit: i64,
}

impl Refused {
    /// A refusal with its particulars.
    #[cold]
    #[must_use]
    pub const fn new(code: Code, seen: i64, limit: i64) -> Refused {
        Refused { code, seen, limit }
    }

    /// The particulars in words.
    #[must_use]
    pub fn detail(&self) -> String {
        let (seen, limit) = (self.seen, self.limit);
        match self.code {
            code::BOOK_CROSSED => format!("best bid {seen}, best ask {limit} ticks"),
            code::BOOK_LOTS => format!("{seen} lots, allowed up to {limit}"),
            code::BOOK_PRICE => format!("{seen} ticks, the range ends at {limit}"),
            code::BOOK_UNKNOWN_ORDER | code::BOOK_DUPLICATE_ORDER => format!("order {}", seen as u64),
            code::BOOK_OVER_CANCEL => format!("{seen} lots taken from an order of {limit}"),
            code::BOOK_FIELD => format!("value {seen}"),
            code::BOOK_GAP => format!("an update that follows number {seen}, the book stands at {limit}"),
            code::BOOK_STALE_SNAPSHOT => format!("image of number {seen}, the oldest update held follows {limit}"),
            code::BOOK_CHECKSUM => format!("{seen}, the venue says {limit}"),
            code::BOOK_HELD => format!("{seen} changes held, room for {limit}"),
            _ => format!("{seen} against {limit}"),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        Problem::new(refused.code, refused.detail())
    }
}
