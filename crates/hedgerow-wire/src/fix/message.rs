//! A message split into its fields, where it lies, and checked against a dictionary.
//!
//! Promises: a field is a place in the bytes that came; length and checksum are verified before anything else; what is
//! checked in one pass here is checked again, slowly and in the order in which faults are reported, when something is
//! wrong (`explain.rs`). Never: a copy of a value, memory asked for once the parser has seen a message as long.

use super::dictionary::{Dictionary, FieldDef, Layout, MessageDef};
use super::explain::explain;
use super::fault::{Fault, Kind};
use super::values::number;

/// A field of a message: where its value stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// The tag; what a hostile sender wrote there may be 0 or negative.
    pub tag: i32,
    /// Where the value begins.
    pub start: u32,
    /// Where it ends: the separator's place.
    pub end: u32,
    /// 0 for a field of the message, 1 for one of a group's entry, 2 within that, and so on. Known once checked.
    pub depth: u8,
}

/// What a counterparty's messages are held against.
#[derive(Clone, Copy, Debug)]
pub struct Books<'d> {
    /// Header, trailer and the session's own messages.
    pub session: &'d Dictionary,
    /// The application's messages; the same dictionary before FIXT.
    pub application: &'d Dictionary,
}

impl<'d> Books<'d> {
    /// One dictionary for everything, as before FIXT.
    #[must_use]
    pub const fn one(dictionary: &'d Dictionary) -> Books<'d> {
        Books { session: dictionary, application: dictionary }
    }

    /// The dictionary of a type's body.
    #[inline]
    #[must_use]
    pub fn of(self, msg_type: &[u8]) -> &'d Dictionary {
        if is_admin(msg_type) { self.session } else { self.application }
    }
}

/// Whether a message belongs to the session: Heartbeat to Logout, Logon, XMLnonFIX is the application's.
#[inline]
#[must_use]
pub const fn is_admin(msg_type: &[u8]) -> bool {
    matches!(msg_type, [b'0'..=b'5' | b'A'])
}

/// What is let pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// A tag without a value is a fault.
    pub values_present: bool,
    /// A field that the message does not have is a fault.
    pub fields_known: bool,
    /// So is one of the user-defined range (5000 and up) that the dictionary does not have.
    pub user_fields_known: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { values_present: true, fields_known: true, user_fields_known: true }
    }
}

impl Rules {
    /// Whether a tag must be known.
    #[inline]
    #[must_use]
    pub const fn must_know(self, tag: i32) -> bool {
        self.fields_known && (tag < 5000 || self.user_fields_known)
    }
}

/// A message where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    raw: &'a [u8],
    fields: &'a [Field],
}

impl<'a> Message<'a> {
    /// The bytes.
    #[must_use]
    pub const fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// Every field, as it came.
    #[must_use]
    pub const fn fields(self) -> &'a [Field] {
        self.fields
    }

    /// A field's value.
    #[inline]
    #[must_use]
    pub fn value(self, field: Field) -> &'a [u8] {
        &self.raw[field.start as usize..field.end as usize]
    }

    /// The value of a tag outside all groups.
    #[inline]
    #[must_use]
    pub fn get(self, tag: i32) -> Option<&'a [u8]> {
        self.fields.iter().find(|field| field.tag == tag && field.depth == 0).map(|field| self.value(*field))
    }

    /// The value of a tag as a number of digits.
    #[inline]
    #[must_use]
    pub fn number(self, tag: i32) -> Option<u64> {
        self.get(tag).and_then(number)
    }

    /// The type of the message.
    #[inline]
    #[must_use]
    pub fn msg_type(self) -> &'a [u8] {
        self.fields.get(2).map_or(&[], |field| self.value(*field))
    }

    /// Whether a flag such as PossDupFlag is there and `Y`.
    #[must_use]
    pub fn flag(self, tag: i32) -> bool {
        self.get(tag) == Some(b"Y")
    }
}

/// Splits messages and checks them; keeps its room from one to the next.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    pub(super) fields: Vec<Field>,
    /// By a field's place in its dictionary: when it was last seen, in passes.
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
        let body = head(raw)?;
        let sum = raw[..raw.len() - TRAILER].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        if number(&raw[raw.len() - 4..raw.len() - 1]) != Some(u64::from(sum)) {
            return Err(Fault::new(Kind::CheckSum, 10));
        }
        self.split_loosely(raw, books)?;
        let third = self.fields.get(2).filter(|field| field.tag == 35 && field.end as usize > body);
        third.map(|_| ()).ok_or(Fault::new(Kind::Garbled, 35))
    }

    /// Splits bytes into fields and verifies nothing else: for people who look at what was refused.
    ///
    /// # Errors
    /// Something that is no field; those before it are there.
    pub fn split_loosely(&mut self, raw: &[u8], books: Books<'_>) -> Result<(), Fault> {
        self.fields.clear();
        let mut at = 0;
        while at < raw.len() {
            let (tag, start) = tag(raw, at).map_err(|fault| self.separated(raw, at).unwrap_or(fault))?;
            let end = self.end(raw, tag, start, books)?;
            self.fields.push(Field { tag, start: start as u32, end: end as u32, depth: 0 });
            at = end + 1;
        }
        Ok(())
    }

    /// The rest of a value that had the separator in it: nothing in it says that it is a field.
    #[cold]
    fn separated(&self, raw: &[u8], at: usize) -> Option<Fault> {
        let rest = raw[at..].split(|&b| b == 1).next()?;
        let before = self.fields.get(3..)?.last()?;
        (!rest.contains(&b'=')).then(|| Fault::new(Kind::Separator, before.tag))
    }

    /// Where a value ends: at the separator, or where the length before it says.
    #[inline]
    fn end(&self, raw: &[u8], tag: i32, start: usize, books: Books<'_>) -> Result<usize, Fault> {
        let rest = &raw[start..];
        if let Some(before) = self.fields.last()
            && let Some(length) = data_length(raw, *before, tag, books)
        {
            let end = length as usize;
            return if rest.get(end) == Some(&1) { Ok(start + end) } else { Err(Fault::new(Kind::Garbled, tag)) };
        }
        rest.iter().position(|&b| b == 1).map(|end| start + end).ok_or(Fault::new(Kind::Garbled, tag))
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
        Pass { parser: self, raw, rules }.message(books).is_some()
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

/// Where the body begins, after BodyLength has been found true.
#[inline]
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

/// The length of a data field, where the field before it says one.
#[inline]
fn data_length(raw: &[u8], before: Field, tag: i32, books: Books<'_>) -> Option<u64> {
    let length_tag = |dictionary: &Dictionary| dictionary.field(tag as u32).map_or(0, |def| def.length_tag);
    let known = length_tag(books.application);
    let known = if known == 0 { length_tag(books.session) } else { known };
    if known == 0 || known as i32 != before.tag {
        return None;
    }
    number(&raw[before.start as usize..before.end as usize])
}

/// One pass over a message; nothing means that something is wrong, or is let pass by the rules only.
struct Pass<'p> {
    parser: &'p mut Parser,
    raw: &'p [u8],
    rules: Rules,
}

impl Pass<'_> {
    fn message(&mut self, books: Books<'_>) -> Option<()> {
        let msg_type = self.value(*self.parser.fields.get(2)?);
        let dictionary = books.of(msg_type);
        let def: &MessageDef = dictionary.message(msg_type)?;
        let slots = books.session.fields().len().max(dictionary.fields().len());
        if self.parser.stamps.len() < slots {
            self.parser.stamps.resize(slots, 0);
        }
        let at = self.layout(0, books.session.header(), books.session)?;
        let at = self.layout(at, &def.body, dictionary)?;
        let at = self.layout(at, books.session.trailer(), books.session)?;
        (at == self.parser.fields.len()).then_some(())
    }

    /// The fields of a layout from a place on; gives the place behind them.
    #[inline]
    fn layout(&mut self, from: usize, layout: &Layout, dictionary: &Dictionary) -> Option<usize> {
        let pass = self.next_pass();
        let mut at = from;
        while let Some(&field) = self.parser.fields.get(at) {
            let Some(slot) = dictionary.slot(field.tag as u32).filter(|slot| layout.has(*slot)) else { break };
            at = self.field(at, field, slot, layout, dictionary, pass, 0)?;
        }
        self.required(layout, dictionary, pass)?;
        Some(at)
    }

    /// One field and the group that it counts; gives the place behind them.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    fn field(
        &mut self,
        at: usize,
        field: Field,
        slot: u16,
        layout: &Layout,
        dictionary: &Dictionary,
        pass: u32,
        depth: u8,
    ) -> Option<usize> {
        let def = dictionary.at(slot);
        let stamp = &mut self.parser.stamps[usize::from(slot)];
        if *stamp == pass || !value_fits(def, self.raw, field, self.rules) {
            return None;
        }
        *stamp = pass;
        if def.counts
            && let Some(group) = layout.group(def.tag)
        {
            let count = number(self.value(field))?;
            return self.group(at + 1, group, count, dictionary, depth + 1);
        }
        Some(at + 1)
    }

    fn group(&mut self, from: usize, layout: &Layout, count: u64, dictionary: &Dictionary, depth: u8) -> Option<usize> {
        let first = *layout.order.first()? as i32;
        let (mut at, mut entries) = (from, 0);
        while self.parser.fields.get(at).is_some_and(|field| field.tag == first) {
            entries += 1;
            let (pass, begin) = (self.next_pass(), at);
            while let Some(&field) = self.parser.fields.get(at) {
                let slot = dictionary.slot(field.tag as u32).filter(|slot| layout.has(*slot));
                let Some(slot) = slot.filter(|_| at == begin || field.tag != first) else { break };
                self.parser.fields[at].depth = depth;
                at = self.field(at, field, slot, layout, dictionary, pass, depth)?;
            }
            self.required(layout, dictionary, pass)?;
        }
        // A field of the group that follows where no entry begins was meant to be one.
        let stray = self.parser.fields.get(at).and_then(|field| dictionary.slot(field.tag as u32));
        (entries == count && !stray.is_some_and(|slot| layout.has(slot))).then_some(at)
    }

    /// Passes rise, so that what a group within saw counts as seen and nothing need be cleared.
    #[inline]
    fn next_pass(&mut self) -> u32 {
        self.parser.pass = self.parser.pass.wrapping_add(1);
        if self.parser.pass == 0 {
            self.parser.stamps.fill(0);
            self.parser.pass = 1;
        }
        self.parser.pass
    }

    #[inline]
    fn required(&self, layout: &Layout, dictionary: &Dictionary, pass: u32) -> Option<()> {
        let seen = |tag: &u32| dictionary.slot(*tag).is_some_and(|slot| self.parser.stamps[usize::from(slot)] >= pass);
        layout.required.iter().all(seen).then_some(())
    }

    #[inline]
    fn value(&self, field: Field) -> &[u8] {
        &self.raw[field.start as usize..field.end as usize]
    }
}

/// Whether a value is one that its field may have.
#[inline]
pub(super) fn value_fits(def: &FieldDef, raw: &[u8], field: Field, rules: Rules) -> bool {
    let value = &raw[field.start as usize..field.end as usize];
    if value.is_empty() {
        return !rules.values_present;
    }
    def.format.fits(value) && def.allows(value)
}
