//! A data dictionary: which fields there are, what their values may be, and what stands in which message.
//!
//! Read from QuickFIX's XML form. Promises: components are resolved once, when the file is read; what is asked for per
//! field of a message is two loads and no search. Never: a network, a file (the caller reads it).

use super::values::Format;
use super::xml;
use hedgerow_core::Problem;
use std::collections::HashMap;
use std::sync::Arc;

/// Tags at or above this number are no tags here; FIX ends its user-defined range far below.
pub const TAG_END: u32 = 65_536;

/// A field of the dictionary.
#[derive(Clone, Debug)]
pub struct FieldDef {
    /// Its tag.
    pub tag: u32,
    /// Its name, such as `ClOrdID`.
    pub name: Box<str>,
    /// What its value may look like.
    pub format: Format,
    /// The values it may have; empty where any will do.
    pub values: Vec<Box<[u8]>>,
    /// What each of those values is called, in the same order.
    pub labels: Vec<Box<str>>,
    /// One-byte values as bits, where all are of one byte: asked first.
    pub(super) short: Option<[u64; 4]>,
    /// Whether some group is counted by it.
    pub counts: bool,
    /// The field that holds its length in bytes, where it is data; 0 elsewhere.
    pub length_tag: u32,
}

impl FieldDef {
    /// Whether the list of values allows this one; each of several, where the format is one of several values.
    #[must_use]
    pub fn allows(&self, value: &[u8]) -> bool {
        if self.values.is_empty() {
            return true;
        }
        if self.format.is_several() {
            return value.split(|&b| b == b' ').all(|one| self.lists(one));
        }
        self.lists(value)
    }

    fn lists(&self, value: &[u8]) -> bool {
        match (self.short, value) {
            (Some(bits), &[one]) => bits[usize::from(one >> 6)] >> (one & 63) & 1 == 1,
            (Some(_), _) => false,
            (None, _) => self.values.iter().any(|listed| **listed == *value),
        }
    }

    /// What a value is called, such as `BUY`.
    #[must_use]
    pub fn label(&self, value: &[u8]) -> Option<&str> {
        let at = self.values.iter().position(|listed| **listed == *value)?;
        Some(&self.labels[at])
    }
}

/// What is asked of every field on the hot path, by its tag: six bytes, and no search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quick {
    /// The field's place among the fields; `u16::MAX` where nobody knows the tag.
    pub slot: u16,
    /// Where its one-byte values stand as bits; `u16::MAX` where it has no such list.
    pub short: u16,
    /// What its value may look like.
    pub format: Format,
    /// Whether it has a list of longer values, counts a group, or is data.
    pub special: u8,
}

impl Quick {
    pub const UNKNOWN: Quick = Quick { slot: u16::MAX, short: u16::MAX, format: Format::Text, special: 0 };
    pub const LISTED: u8 = 1;
    pub const COUNTS: u8 = 2;
    pub const DATA: u8 = 4;
}

/// What may stand in a header, a message, a trailer, or an entry of a group.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The tags in the dictionary's order; a group's first is what every entry begins with.
    pub order: Vec<u32>,
    /// The tags that must be there, rising.
    pub required: Vec<u32>,
    /// The groups by the tag that counts them, rising.
    pub groups: Vec<(u32, Arc<Layout>)>,
    /// By tag, 64 to a pair: which belong here, and which must be there.
    bits: Vec<[u64; 2]>,
}

impl Layout {
    pub(super) fn add(&mut self, tag: u32, required: bool) {
        let (word, bit) = (tag as usize / 64, 1 << (tag % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, [0, 0]);
        }
        if self.bits[word][0] & bit == 0 {
            self.bits[word][0] |= bit;
            self.order.push(tag);
        }
        if required && let Err(at) = self.required.binary_search(&tag) {
            self.required.insert(at, tag);
            self.bits[word][1] |= bit;
        }
    }

    pub(super) fn add_group(&mut self, count_tag: u32, layout: Arc<Layout>) {
        match self.groups.binary_search_by_key(&count_tag, |group| group.0) {
            Ok(at) => self.groups[at].1 = layout,
            Err(at) => self.groups.insert(at, (count_tag, layout)),
        }
    }

    /// Whether a field belongs here.
    #[inline]
    #[must_use]
    pub fn has(&self, tag: u32) -> bool {
        self.role(tag).is_some()
    }

    /// Nothing where a field does not belong here; otherwise 1 where it must be there, 0 where it may.
    #[inline]
    pub(super) fn role(&self, tag: u32) -> Option<u32> {
        let [members, required] = *self.bits.get(tag as usize / 64)?;
        let bit = tag % 64;
        (members >> bit & 1 == 1).then_some((required >> bit & 1) as u32)
    }

    /// The group that a tag counts here.
    #[inline]
    #[must_use]
    pub fn group(&self, count_tag: u32) -> Option<&Layout> {
        let at = self.groups.binary_search_by_key(&count_tag, |group| group.0).ok()?;
        Some(&self.groups[at].1)
    }
}

/// A type of message.
#[derive(Clone, Debug)]
pub struct MessageDef {
    /// Its name, such as `NewOrderSingle`.
    pub name: Box<str>,
    /// Its type, such as `D`.
    pub msg_type: Box<[u8]>,
    /// Whether it belongs to the session rather than to the application.
    pub admin: bool,
    /// What may stand in its body.
    pub body: Layout,
}

/// What a version of FIX, or a counterparty's dialect of it, is made of.
#[derive(Clone, Debug)]
pub struct Dictionary {
    pub(super) version: Box<str>,
    pub(super) fields: Vec<FieldDef>,
    /// By tag.
    pub(super) quick: Vec<Quick>,
    /// One-byte values as bits.
    pub(super) shorts: Vec<[u64; 4]>,
    pub(super) names: HashMap<Box<str>, u16>,
    pub(super) header: Layout,
    pub(super) trailer: Layout,
    pub(super) messages: Vec<MessageDef>,
    pub(super) types: HashMap<Box<[u8]>, u16>,
    /// The places of types of one byte; `u16::MAX` where there is none.
    pub(super) singles: Box<[u16; 256]>,
}

impl Dictionary {
    /// Reads a dictionary in QuickFIX's XML form.
    ///
    /// # Errors
    /// `WIRE_DICTIONARY` with what could not be understood.
    pub fn from_xml(text: &str) -> Result<Dictionary, Problem> {
        xml::read(text)
    }

    /// The version as messages say it: `FIX.4.4`, `FIXT.1.1`, `FIX.5.0SP2`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The place of a tag among the fields.
    #[inline]
    #[must_use]
    pub fn slot(&self, tag: u32) -> Option<u16> {
        self.quick.get(tag as usize).map(|quick| quick.slot).filter(|&slot| slot != u16::MAX)
    }

    /// What the hot path asks of a tag.
    #[inline]
    pub(super) fn quick(&self, tag: i32) -> Quick {
        // A negative tag becomes one that no dictionary has.
        self.quick.get(tag as u32 as usize).copied().unwrap_or(Quick::UNKNOWN)
    }

    /// Whether a value that is not empty is one that its field may have.
    #[inline(always)]
    pub(super) fn fits(&self, quick: Quick, value: &[u8]) -> bool {
        if let Some(bits) = self.shorts.get(usize::from(quick.short)) {
            return matches!(value, &[one] if bits[usize::from(one >> 6)] >> (one & 63) & 1 == 1);
        }
        (quick.format == Format::Text || quick.format.fits(value))
            && (quick.special & Quick::LISTED == 0 || self.at(quick.slot).allows(value))
    }

    /// The field at a place.
    #[inline]
    #[must_use]
    pub fn at(&self, slot: u16) -> &FieldDef {
        &self.fields[usize::from(slot)]
    }

    /// The field of a tag.
    #[inline]
    #[must_use]
    pub fn field(&self, tag: u32) -> Option<&FieldDef> {
        self.slot(tag).map(|slot| self.at(slot))
    }

    /// The field of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&FieldDef> {
        self.names.get(name).map(|&slot| self.at(slot))
    }

    /// The message of a type.
    #[inline]
    #[must_use]
    pub fn message(&self, msg_type: &[u8]) -> Option<&MessageDef> {
        let at = match *msg_type {
            [single] => self.singles[usize::from(single)],
            _ => *self.types.get(msg_type)?,
        };
        self.messages.get(usize::from(at))
    }

    /// Every message, in the dictionary's order.
    #[must_use]
    pub fn messages(&self) -> &[MessageDef] {
        &self.messages
    }

    /// Every field, in the dictionary's order.
    #[must_use]
    pub fn fields(&self) -> &[FieldDef] {
        &self.fields
    }

    /// What stands before every body.
    #[must_use]
    pub const fn header(&self) -> &Layout {
        &self.header
    }

    /// What stands behind every body.
    #[must_use]
    pub const fn trailer(&self) -> &Layout {
        &self.trailer
    }
}
