//! Where messages begin and end in a stream of bytes.
//!
//! Promises: what cannot be a message is passed over up to the next place where one may begin, as QuickFIX does it (a
//! message with a wrong length is lost together with what its length covers); nothing longer than the limit is waited
//! for. Never: a copy, a look at a body.

use super::fault::{Fault, Kind};
use super::values::number;

/// The longest message that a stream is read for, unless said otherwise.
pub const MESSAGE_MAX: usize = 1 << 20;

const BEGIN: &[u8] = b"8=FIX";
/// `8=FIXT.1.1|9=` and room for versions to come; what has no BodyLength by then is none.
const BEGIN_MAX: usize = 24;
const TRAILER: usize = b"10=000\x01".len();

/// What a stream begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// A whole message, from one place to another.
    Message(usize, usize),
    /// Nothing whole yet; bytes before this place will never be needed.
    More(usize),
    /// Bytes up to this place are no message.
    Garbage(usize, Fault),
}

/// Looks for the first message of these bytes.
///
/// ```
/// use hedgerow_wire::fix::{Found, first_message};
/// let bytes = b"noise8=FIX.4.4\x019=5\x0135=0\x0110=163\x018=FIX";
/// assert_eq!(first_message(bytes, 1000), Found::Message(5, 31));
/// assert_eq!(first_message(&bytes[31..], 1000), Found::More(0));
/// ```
#[inline]
#[must_use]
pub fn first_message(bytes: &[u8], message_max: usize) -> Found {
    let Some(begin) = begin(bytes) else {
        // The last bytes may be the first of a message.
        return none_yet(bytes);
    };
    let rest = &bytes[begin..];
    let head = &rest[..rest.len().min(BEGIN_MAX)];
    let Some(after) = head.iter().position(|&b| b == 1) else {
        return if rest.len() < BEGIN_MAX { Found::More(begin) } else { garbage(begin, Kind::Garbled) };
    };
    if !b"9=".starts_with(&rest[after + 1..rest.len().min(after + 3)]) {
        return garbage(begin, Kind::Garbled);
    }
    let Some(digits) = rest.get(after + 3..) else { return Found::More(begin) };
    let Some(width) = digits[..digits.len().min(10)].iter().position(|&b| b == 1) else {
        return if digits.len() < 10 { Found::More(begin) } else { garbage(begin, Kind::BodyLength) };
    };
    let body = after + 3 + width + 1;
    let length = match number(&digits[..width]) {
        Some(length) if length as usize <= message_max => length as usize,
        _ => return garbage(begin, Kind::BodyLength),
    };
    end(rest, body + length, message_max).map_or(Found::More(begin), |end| match end {
        Ok(end) => Found::Message(begin, begin + end),
        Err(kind) => garbage(begin, kind),
    })
}

/// Looks for the first message of a log: one with a wrong BodyLength ends at its own CheckSum, and not behind the next.
///
/// For files that people look at; a stream has no way to tell a lost byte from a field of data.
#[must_use]
pub fn first_logged(bytes: &[u8], message_max: usize) -> Found {
    let found = first_message(bytes, message_max);
    let Some(begin) = begin(bytes) else { return found };
    if let Found::Message(_, to) = found
        && declared_end(&bytes[begin..]) == Some(to - begin)
    {
        return found;
    }
    let rest = &bytes[begin..bytes.len().min(begin + message_max)];
    let end = rest.windows(4).position(|window| window == b"\x0110=").map(|at| at + 4).and_then(|value| {
        let width = rest[value..].iter().take(16).position(|&b| b == 1)?;
        Some(value + width + 1)
    });
    end.map_or(found, |end| Found::Message(begin, begin + end))
}

/// Where a message ends if its BodyLength is true.
fn declared_end(rest: &[u8]) -> Option<usize> {
    let at = rest.iter().position(|&b| b == 1)? + 3;
    let width = rest.get(at..)?.iter().position(|&b| b == 1)?;
    Some(at + width + 1 + number(&rest[at..at + width])? as usize + TRAILER)
}

/// Where a message ends whose body should end at a place: there, or behind the next CheckSum.
#[inline]
fn end(rest: &[u8], body_end: usize, message_max: usize) -> Option<Result<usize, Kind>> {
    let trailer = rest.get(body_end..)?;
    if trailer.starts_with(b"10=") && trailer.get(TRAILER - 1) == Some(&1) {
        return Some(Ok(body_end + TRAILER));
    }
    let from = body_end - 1;
    let room = &rest[from..rest.len().min(from + message_max)];
    let Some(at) = room.windows(4).position(|window| window == b"\x0110=") else {
        return (room.len() >= message_max).then_some(Err(Kind::BodyLength));
    };
    let value = from + at + 4;
    match rest[value..].iter().position(|&b| b == 1) {
        Some(width) => Some(Ok(value + width + 1)),
        None => (rest.len() - value > 16).then_some(Err(Kind::CheckSum)),
    }
}

#[cold]
fn garbage(begin: usize, kind: Kind) -> Found {
    Found::Garbage(begin + BEGIN.len(), Fault::new(kind, 0))
}

#[inline]
fn begin(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(BEGIN) {
        return Some(0);
    }
    bytes.windows(BEGIN.len()).position(|window| window == BEGIN)
}

/// Nothing begins here, but the last bytes may be a beginning.
fn none_yet(bytes: &[u8]) -> Found {
    let kept = (1..BEGIN.len()).rev().find(|&kept| bytes.ends_with(&BEGIN[..kept])).unwrap_or(0);
    let passed = bytes.len() - kept;
    if passed == 0 { Found::More(0) } else { Found::Garbage(passed, Fault::new(Kind::Garbled, 0)) }
}

/// Messages of a stream that comes in pieces.
#[derive(Clone, Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    start: usize,
    message_max: usize,
}

impl Framer {
    /// A stream without a byte yet.
    #[must_use]
    pub const fn new(message_max: usize) -> Framer {
        Framer { buffer: Vec::new(), start: 0, message_max }
    }

    /// Takes the next piece of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// How many bytes wait for the rest of their message.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Forgets what came: the next byte is of another stream.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.start = 0;
    }

    /// The next message, or what was passed over; nothing where more bytes are needed.
    #[allow(clippy::should_implement_trait)] // it lends what it has, which an iterator cannot
    pub fn next(&mut self) -> Option<Result<&[u8], Fault>> {
        match first_message(&self.buffer[self.start..], self.message_max) {
            Found::More(skip) => {
                self.start += skip;
                None
            }
            Found::Garbage(skip, fault) => {
                self.start += skip;
                Some(Err(fault))
            }
            Found::Message(from, to) => {
                let message = self.start + from..self.start + to;
                self.start = message.end;
                Some(Ok(&self.buffer[message]))
            }
        }
    }
}
