//! A message where it lies: its fields as places in the bytes that came, and what it is held against.

use super::dictionary::Dictionary;
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
    pub(super) raw: &'a [u8],
    pub(super) fields: &'a [Field],
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
