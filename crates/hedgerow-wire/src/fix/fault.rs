//! What is wrong with a message, small enough for the hot path.

use hedgerow_core::{Code, Problem, code};

/// A kind of fault. The numbers of those that a session rejects are the protocol's (SessionRejectReason, tag 373).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// The tag is in no list of fields.
    Tag = 0,
    /// A required field is missing.
    Required = 1,
    /// The field does not belong to this message.
    NotOfMessage = 2,
    /// A tag without a value.
    NoValue = 4,
    /// The value is not among those listed.
    Value = 5,
    /// The value is not of the field's type.
    Format = 6,
    /// CompIDs that are not the session's.
    CompId = 9,
    /// A sending time too far from the clock, or before the time of the original.
    SendingTime = 10,
    /// The type of message is in no list.
    MsgType = 11,
    /// A field that belongs to no group stands twice.
    Repeated = 13,
    /// A field of the header behind the body, or of the body behind the trailer.
    OutOfOrder = 14,
    /// An entry of a group does not begin with the group's first field.
    GroupOrder = 15,
    /// A group does not have as many entries as its count says.
    GroupCount = 16,
    /// The separator stands within a value that is not data.
    Separator = 17,
    /// No message: no tag, no separator, header in another order.
    Garbled = 100,
    /// BodyLength is not the length.
    BodyLength = 101,
    /// CheckSum is not the sum.
    CheckSum = 102,
}

/// What is wrong, and with which tag (0: none in particular).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The kind.
    pub kind: Kind,
    /// The tag.
    pub tag: i32,
}

impl Fault {
    /// A fault with its tag.
    #[cold]
    #[must_use]
    pub const fn new(kind: Kind, tag: i32) -> Fault {
        Fault { kind, tag }
    }

    /// Whether the bytes are no message: such bytes are passed over without an answer.
    #[must_use]
    pub const fn is_garbled(self) -> bool {
        self.kind as u8 >= Kind::Garbled as u8
    }

    /// The words that a Reject has for it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self.kind {
            Kind::Tag => "Invalid tag number",
            Kind::Required => "Required tag missing",
            Kind::NotOfMessage => "Tag not defined for this message type",
            Kind::NoValue => "Tag specified without a value",
            Kind::Value => "Value is incorrect (out of range) for this tag",
            Kind::Format => "Incorrect data format for value",
            Kind::CompId => "CompID problem",
            Kind::SendingTime => "SendingTime accuracy problem",
            Kind::MsgType => "Invalid MsgType",
            Kind::Repeated => "Tag appears more than once",
            Kind::OutOfOrder => "Tag specified out of required order",
            Kind::GroupOrder => "Out of order repeating group members",
            Kind::GroupCount => "Incorrect NumInGroup count for repeating group",
            Kind::Separator => "Embedded SOH",
            Kind::Garbled => "Garbled message",
            Kind::BodyLength => "Incorrect BodyLength",
            Kind::CheckSum => "Incorrect CheckSum",
        }
    }

    /// Its row of the table of errors.
    #[must_use]
    pub const fn code(self) -> Code {
        match self.kind {
            Kind::Tag | Kind::NotOfMessage => code::WIRE_TAG,
            Kind::Required => code::WIRE_REQUIRED,
            Kind::NoValue | Kind::Value | Kind::Format | Kind::Separator => code::WIRE_VALUE,
            Kind::CompId | Kind::SendingTime => code::WIRE_SESSION,
            Kind::MsgType => code::WIRE_TYPE,
            Kind::Repeated | Kind::OutOfOrder => code::WIRE_REPEATED,
            Kind::GroupOrder | Kind::GroupCount => code::WIRE_GROUP,
            Kind::Garbled => code::WIRE_GARBLED,
            Kind::BodyLength => code::WIRE_BODY_LENGTH,
            Kind::CheckSum => code::WIRE_CHECKSUM,
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        let tag = if fault.tag == 0 { String::new() } else { format!(", tag {}", fault.tag) };
        Problem::new(fault.code(), format!("{}{tag}", fault.text()))
    }
}
