//! How a noun describes itself, so that Python, NumPy, Arrow, the glossary and the golden files are printed from it.

use bytemuck::Pod;

/// One field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Name, unit last.
    pub name: &'static str,
    /// `u8 u16 u32 i32 u64 i64 f64 money currency bytes32 text32 text64 limits`.
    pub kind: &'static str,
    /// Bytes from the start of the record.
    pub offset: usize,
    /// Bytes it occupies.
    pub size: usize,
    /// What it means.
    pub doc: &'static str,
}

/// A record type's description.
#[derive(Clone, Copy, Debug)]
pub struct NounInfo {
    /// The noun, as written in every language.
    pub name: &'static str,
    /// Its number in journal frames.
    pub kind: u16,
    /// Bytes of one record.
    pub size: usize,
    /// What it is.
    pub doc: &'static str,
    /// Its fields in order of layout.
    pub fields: &'static [Field],
}

/// A fixed-layout record.
pub trait Noun: Pod {
    /// Its description.
    const INFO: NounInfo;
    /// Its number in journal frames.
    const KIND: u16 = Self::INFO.kind;
}

/// A record that carries its own number in the journal and names its cause; events of books are numbered by their place.
pub trait Journaled: Noun {
    /// Its sequence number.
    fn id(&self) -> u64;
    /// The record that made it happen, or 0.
    fn cause(&self) -> u64;
}

/// The word for a field's type; implemented for every type a record may hold.
pub trait FieldKind {
    /// See [`Field::kind`].
    const KIND: &'static str;
}
macro_rules! field_kinds { ($($t:ty => $k:literal),* $(,)?) => { $(impl FieldKind for $t { const KIND: &'static str = $k; })* } }
field_kinds! {
    u8 => "u8", u16 => "u16", u32 => "u32", i32 => "i32", u64 => "u64", i64 => "i64", f64 => "f64",
    crate::Money => "money", crate::Currency => "currency", crate::Limits => "limits",
    [u8; 32] => "bytes32", [u8; 5] => "spare", [u8; 6] => "spare", crate::Symbol => "text32",
    crate::Text64 => "text64",
}

/// Declares a record of the journal: an [`event!`] that has `id` and `cause`.
macro_rules! record {
    ($(#[doc = $doc:literal])+ $name:ident = $($rest:tt)+) => {
        $crate::noun::event! { $(#[doc = $doc])+ $name = $($rest)+ }
        impl $crate::noun::Journaled for $name {
            #[inline]
            fn id(&self) -> u64 { self.id }
            #[inline]
            fn cause(&self) -> u64 { self.cause }
        }
    };
}

/// Declares a fixed-layout record: the struct, its description, and the assertion of its size.
macro_rules! event {
    ($(#[doc = $doc:literal])+ $name:ident = $kind:literal, $size:literal bytes { $($(#[doc = $fdoc:literal])+ $field:ident: $type:ty,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Debug, bytemuck::Pod, bytemuck::Zeroable, serde::Serialize, serde::Deserialize)]
        #[repr(C)]
        pub struct $name { $($(#[doc = $fdoc])+ pub $field: $type,)+ }
        const _: () = assert!(core::mem::size_of::<$name>() == $size);
        impl Default for $name {
            fn default() -> Self { bytemuck::Zeroable::zeroed() }
        }
        impl $crate::noun::Noun for $name {
            const INFO: $crate::noun::NounInfo = $crate::noun::NounInfo {
                name: stringify!($name), kind: $kind, size: $size, doc: concat!($($doc, "\n"),+),
                fields: &[$($crate::noun::Field {
                    name: stringify!($field), kind: <$type as $crate::noun::FieldKind>::KIND,
                    offset: core::mem::offset_of!($name, $field), size: core::mem::size_of::<$type>(),
                    doc: concat!($($fdoc, "\n"),+),
                }),+],
            };
        }
    };
}
pub(crate) use event;
pub(crate) use record;

/// Every noun, in order of its number.
#[must_use]
pub fn nouns() -> &'static [NounInfo] {
    crate::records::ALL
}

/// Frame kind of a signed governance event (DSSE envelope, JSON bytes).
pub const KIND_SIGNED: u16 = 32;
/// Frame kind of the fund's first record (JSON: name, base currency, root keys).
pub const KIND_GENESIS: u16 = 33;
/// Frame kind of words about the record before it (UTF-8).
pub const KIND_REMARK: u16 = 63;
/// Frame kind of a segment of market data: the entry holds kind, count, first id and SHA-256 of the rows that follow it.
pub const KIND_SEGMENT: u16 = 34;
