//! Messages split into their fields, and checked against a dictionary.
//!
//! Promises: length and checksum are verified before anything else; what is checked in one pass (`check.rs`) is checked
//! again, slowly and in the order in which faults are reported, when something is wrong (`explain.rs`). Never: a copy of a
//! value, memory asked for once the parser has seen a message as long.

use super::check::Pass;
use super::dictionary::Quick;
use super::explain::explain;
use super::fault::{Fault, Kind};
use super::message::{Books, Field, Message, Rules};
use super::separators::Separators;
use super::values::number;

/// Splits messages and checks them; keeps its room from one to the next.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    pub(super) fields: Vec<Field>,
    /// By tag: when it was last seen, in passes.
    stamps: Vec<u32>,
    pass: u32,
}

impl Parser {
    /// A parser with nothing read.
    #[must_use]
    pub fn new() -> Parser {
        Parser::default()
    }

    /// Splits one framed message: length, checksum, and where each field stands.
    ///
    /// # Errors
    /// Garbled bytes, a wrong BodyLength, a wrong CheckSum, another header than 8, 9, 35.
    pub fn split(&mut self, raw: &[u8], books: Books<'_>) -> Result<(), Fault> {
        let split = self.split_loosely(raw, books);
        if split.is_err() || !self.has_its_length(raw) || !has_its_sum(raw) {
            // What the header says comes first: a message cut short is not one with a field that ends early.
            head(raw)?;
            if !has_its_sum(raw) {
                return Err(Fault::new(Kind::CheckSum, 10));
            }
            split?;
        }
        let third = self.fields.get(2).filter(|field| field.tag == 35);
        third.map(|_| ()).ok_or(Fault::new(Kind::Garbled, 35))
    }

    /// Whether BodyLength is the length, as far as the fields that were split say so.
    #[inline]
    fn has_its_length(&self, raw: &[u8]) -> bool {
        let [begin, length, body, .., sum] = &self.fields[..] else { return false };
        let tags = begin.tag == 8 && begin.start == 2 && length.tag == 9 && sum.tag == 10 && sum.end - sum.start == 3;
        // The body begins at its tag: MsgType's value less `35=`, or what stands there instead.
        let said = number(&raw[length.start as usize..length.end as usize]);
        tags && body.tag == 35 && said == Some(u64::from(sum.start - 3 - (body.start - 3)))
    }

    /// Splits bytes into fields and verifies nothing else: for people who look at what was refused.
    ///
    /// # Errors
    /// Something that is no field; those before it are there.
    pub fn split_loosely(&mut self, raw: &[u8], books: Books<'_>) -> Result<(), Fault> {
        self.fields.clear();
        let apart = !std::ptr::eq(books.session, books.application);
        let mut separators = Separators::new(raw);
        let mut at = 0;
        while let Some(mut end) = separators.next() {
            let (tag, start) = tag(raw, at).map_err(|fault| self.separated(raw, at).unwrap_or(fault))?;
            let mut special = books.application.quick(tag).special;
            if apart {
                special |= books.session.quick(tag).special;
            }
            if special & Quick::DATA != 0
                && let Some(length) = self.data_length(raw, tag, books)
            {
                let last = start.saturating_add(length);
                // The separators within the data end nothing.
                while end < last {
                    end = separators.next().ok_or(Fault::new(Kind::Garbled, tag))?;
                }
                if end != last {
                    return Err(Fault::new(Kind::Garbled, tag));
                }
            } else if end < start {
                // A value cannot begin behind its end: the tag reaches over a separator.
                return Err(self.separated(raw, at).unwrap_or(Fault::new(Kind::Garbled, 0)));
            }
            self.fields.push(Field { tag, start: start as u32, end: end as u32, depth: 0 });
            at = end + 1;
        }
        if at == raw.len() { Ok(()) } else { Err(Fault::new(Kind::Garbled, 0)) }
    }

    /// The length of a data field, where the field before it says one.
    #[cold]
    fn data_length(&self, raw: &[u8], tag: i32, books: Books<'_>) -> Option<usize> {
        let before = self.fields.last()?;
        let known = [books.application, books.session].into_iter().filter_map(|book| book.field(tag as u32));
        let length_tag = known.map(|def| def.length_tag).find(|tag| *tag != 0)?;
        let said = number(&raw[before.start as usize..before.end as usize]);
        (length_tag as i32 == before.tag).then_some(said? as usize)
    }

    /// The rest of a value that had the separator in it: nothing in it says that it is a field.
    #[cold]
    fn separated(&self, raw: &[u8], at: usize) -> Option<Fault> {
        let rest = raw[at..].split(|&b| b == 1).next()?;
        let before = self.fields.get(3..)?.last()?;
        (!rest.contains(&b'=')).then(|| Fault::new(Kind::Separator, before.tag))
    }

    /// The message that was split from these bytes.
    #[must_use]
    pub fn message<'a>(&'a self, raw: &'a [u8]) -> Message<'a> {
        Message { raw, fields: &self.fields }
    }

    /// Checks the message that was split: structure, tags, values, required fields, groups.
    ///
    /// # Errors
    /// The fault that QuickFIX would report first, where there are several.
    pub fn check(&mut self, raw: &[u8], books: Books<'_>, rules: Rules) -> Result<(), Fault> {
        if self.fast(raw, books, rules) { Ok(()) } else { self.slow(raw, books, rules) }
    }

    /// The one pass of the hot path alone: whether nothing is wrong, and no field is there that the rules only let pass.
    pub fn fast(&mut self, raw: &[u8], books: Books<'_>, rules: Rules) -> bool {
        let tags = books.session.quick.len().max(books.application.quick.len());
        // Passes rise from message to message, so that nothing need be cleared; a field is a pass at most.
        if self.stamps.len() < tags || self.pass > u32::MAX - self.fields.len() as u32 - 4 {
            self.stamps = vec![0; tags];
            self.pass = 0;
        }
        let mut pass = Pass { fields: &mut self.fields, stamps: &mut self.stamps, pass: self.pass, raw, rules };
        let right = pass.message(books).is_some();
        self.pass = pass.pass;
        right
    }

    /// Its slow twin alone, which knows the fault.
    ///
    /// # Errors
    /// See `check`.
    pub fn slow(&mut self, raw: &[u8], books: Books<'_>, rules: Rules) -> Result<(), Fault> {
        explain(raw, &mut self.fields, books, rules)
    }

    /// Splits and checks.
    ///
    /// # Errors
    /// See `split` and `check`.
    pub fn read<'a>(&'a mut self, raw: &'a [u8], books: Books<'_>, rules: Rules) -> Result<Message<'a>, Fault> {
        self.split(raw, books)?;
        self.check(raw, books, rules)?;
        Ok(self.message(raw))
    }
}

const TRAILER: usize = b"10=000\x01".len();

/// Whether CheckSum, the last three digits, is the sum of all that stands before it.
#[inline]
fn has_its_sum(raw: &[u8]) -> bool {
    let Some(body) = raw.len().checked_sub(TRAILER) else { return false };
    let sum = raw[..body].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    number(&raw[body + 3..body + 6]) == Some(u64::from(sum))
}

/// Where the body begins, after BodyLength has been found true.
fn head(raw: &[u8]) -> Result<usize, Fault> {
    let garbled = || Fault::new(Kind::Garbled, 0);
    if raw.len() < 20 || !raw.starts_with(b"8=") {
        return Err(garbled());
    }
    let begin_end = raw.iter().position(|&b| b == 1).ok_or_else(garbled)?;
    let rest = raw[begin_end + 1..].strip_prefix(b"9=").ok_or_else(garbled)?;
    let width = rest.iter().position(|&b| b == 1).ok_or_else(garbled)?;
    let body = begin_end + 3 + width + 1;
    let trailer = &raw[raw.len() - TRAILER..];
    let length = number(&rest[..width]);
    if length != raw.len().checked_sub(TRAILER + body).map(|length| length as u64) {
        return Err(Fault::new(Kind::BodyLength, 9));
    }
    if !trailer.starts_with(b"10=") || trailer[TRAILER - 1] != 1 || raw[raw.len() - TRAILER - 1] != 1 {
        return Err(Fault::new(Kind::CheckSum, 10));
    }
    Ok(body)
}

/// A tag and where its value begins; a minus in front is read, so that it can be reported.
#[inline]
fn tag(raw: &[u8], at: usize) -> Result<(i32, usize), Fault> {
    // Nearly all tags have one to three digits.
    if let Some(&[a, b, c, d]) = raw.get(at..at + 4).and_then(|bytes| bytes.first_chunk()) {
        let digit = |byte: u8| i32::from(byte.wrapping_sub(b'0'));
        let (one, two, three) = (digit(a), digit(b), digit(c));
        if b == b'=' && one <= 9 {
            return Ok((one, at + 2));
        }
        if c == b'=' && one.max(two) <= 9 {
            return Ok((one * 10 + two, at + 3));
        }
        if d == b'=' && one.max(two).max(three) <= 9 {
            return Ok((one * 100 + two * 10 + three, at + 4));
        }
    }
    any_tag(raw, at)
}

fn any_tag(raw: &[u8], at: usize) -> Result<(i32, usize), Fault> {
    let rest = &raw[at..];
    let minus = usize::from(rest.first() == Some(&b'-'));
    let mut tag = 0_i32;
    for (place, byte) in rest[minus..].iter().enumerate().take(10) {
        match byte.wrapping_sub(b'0') {
            digit @ 0..=9 if place < 9 => tag = tag * 10 + i32::from(digit),
            _ if *byte == b'=' && place > 0 => {
                return Ok((if minus == 1 { -tag } else { tag }, at + minus + place + 1));
            }
            _ => break,
        }
    }
    Err(Fault::new(Kind::Garbled, 0))
}
