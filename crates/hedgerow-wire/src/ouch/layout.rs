//! The messages that are spoken, field by field, in the order of the specification.

/// What a field may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number up to this one.
    Number(u64),
    /// One of these letters.
    Letter(&'static str),
    /// Visible ASCII, padded with spaces.
    Text,
}

/// A field: its name, how many bytes it has, what it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// How many bytes it has.
    pub length: usize,
    /// What it may hold.
    pub kind: Kind,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its first byte.
    pub kind: u8,
    /// Its name.
    pub name: &'static str,
    /// What follows.
    pub fields: &'static [Field],
}

impl Layout {
    /// How many bytes it has.
    #[must_use]
    pub fn length(&self) -> usize {
        1 + self.fields.iter().map(|field| field.length).sum::<usize>()
    }
}

const fn number(name: &'static str, length: usize, most: u64) -> Field {
    Field { name, length, kind: Kind::Number(most) }
}

const fn letter(name: &'static str, known: &'static str) -> Field {
    Field { name, length: 1, kind: Kind::Letter(known) }
}

const fn text(name: &'static str, length: usize) -> Field {
    Field { name, length, kind: Kind::Text }
}

const TOKEN: Field = text("token", 14);
const PREVIOUS: Field = text("previous_token", 14);
const SIDE: Field = letter("side", "BSTE");
const SHARES: Field = number("shares", 4, 999_999);
const STOCK: Field = text("stock", 8);
/// In ten-thousandths; the highest means any price.
const PRICE: Field = number("price", 4, 0x7fff_ffff);
const TIME_IN: Field = number("time_in_s", 4, 99_999);
const FIRM: Field = text("firm", 4);
const DISPLAY: Field = letter("display", "AYNPIMWLOTQZmn");
const CAPACITY: Field = letter("capacity", "APRO");
const SWEEP: Field = letter("sweep", "YN");
const SHARES_MIN: Field = number("shares_min", 4, 999_999);
const CROSS: Field = letter("cross", "NOCHSREFK");
const CUSTOMER: Field = letter("customer", "RN ");
const TIME: Field = number("time_ns", 8, 86_400_000_000_000);
const REFERENCE: Field = number("order_ref", 8, u64::MAX);
const STATE: Field = letter("state", "LD");
const WEIGHT: Field = letter("weight", "0123NS ");
const MATCH: Field = number("match", 8, u64::MAX);

/// What a participant says.
pub const TO_VENUE: &[Layout] = &[
    Layout {
        kind: b'O',
        name: "enter",
        fields: &[
            TOKEN, SIDE, SHARES, STOCK, PRICE, TIME_IN, FIRM, DISPLAY, CAPACITY, SWEEP, SHARES_MIN, CROSS, CUSTOMER,
        ],
    },
    Layout {
        kind: b'U',
        name: "replace",
        fields: &[PREVIOUS, TOKEN, SHARES, PRICE, TIME_IN, DISPLAY, SWEEP, SHARES_MIN],
    },
    Layout { kind: b'X', name: "cancel", fields: &[TOKEN, SHARES] },
];

/// What the venue says.
pub const FROM_VENUE: &[Layout] = &[
    Layout { kind: b'S', name: "system", fields: &[TIME, letter("event", "SE")] },
    Layout {
        kind: b'A',
        name: "accepted",
        fields: &[
            TIME, TOKEN, SIDE, SHARES, STOCK, PRICE, TIME_IN, FIRM, DISPLAY, REFERENCE, CAPACITY, SWEEP, SHARES_MIN,
            CROSS, STATE, WEIGHT,
        ],
    },
    Layout {
        kind: b'U',
        name: "replaced",
        fields: &[
            TIME, TOKEN, SIDE, SHARES, STOCK, PRICE, TIME_IN, FIRM, DISPLAY, REFERENCE, CAPACITY, SWEEP, SHARES_MIN,
            CROSS, STATE, PREVIOUS, WEIGHT,
        ],
    },
    Layout { kind: b'C', name: "cancelled", fields: &[TIME, TOKEN, SHARES, letter("reason", "UITSDQZCEHKXNYF")] },
    Layout {
        kind: b'E',
        name: "executed",
        fields: &[TIME, TOKEN, SHARES, PRICE, letter("liquidity", "ARJMOCLK"), MATCH],
    },
    Layout { kind: b'B', name: "broken", fields: &[TIME, TOKEN, MATCH, letter("reason", "ECSX")] },
    Layout { kind: b'J', name: "rejected", fields: &[TIME, TOKEN, letter("reason", "THZSDCLMRXNYOPFGWK")] },
    Layout { kind: b'I', name: "cancel_rejected", fields: &[TIME, TOKEN] },
];
