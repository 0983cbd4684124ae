//! The rows of the protocol, little-endian without padding. Documentation, C header and NumPy types follow this table.

use core::convert::TryInto;
use core::marker::PhantomData;
use core::mem::size_of;

/// One field of a row: what documentation and other languages are printed from.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its Rust type.
    pub kind: &'static str,
    /// How many bytes it has.
    pub bytes: usize,
    /// What it means.
    pub says: &'static str,
}

/// A row of fixed layout.
pub trait Row: Copy {
    /// Its name.
    const NAME: &'static str;
    /// What it is.
    const SAYS: &'static str;
    /// How many bytes it has.
    const BYTES: usize;
    /// Its fields in order; they follow each other without holes.
    const FIELDS: &'static [Field];
    /// Reads it from the first [`Row::BYTES`] bytes, or nothing if there are fewer.
    fn read(bytes: &[u8]) -> Option<Self>;
    /// Writes it into the first [`Row::BYTES`] bytes; says whether there was room.
    fn write(&self, bytes: &mut [u8]) -> bool;
}

/// A value in little-endian bytes.
trait Cell: Copy {
    fn take(bytes: &mut &[u8]) -> Option<Self>;
    fn put(self, bytes: &mut [u8], at: &mut usize);
}

macro_rules! cells {
    ($($kind:ty),+) => {$(
        impl Cell for $kind {
            #[inline]
            fn take(bytes: &mut &[u8]) -> Option<Self> {
                let value = <$kind>::from_le_bytes(bytes.get(..size_of::<$kind>())?.try_into().ok()?);
                *bytes = &bytes[size_of::<$kind>()..];
                Some(value)
            }
            #[inline]
            fn put(self, bytes: &mut [u8], at: &mut usize) {
                bytes[*at..*at + size_of::<$kind>()].copy_from_slice(&self.to_le_bytes());
                *at += size_of::<$kind>();
            }
        }
    )+};
}
cells!(u16, u32, i64, f64);

impl Cell for [u8; 32] {
    #[inline]
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let value = bytes.get(..32)?.try_into().ok()?;
        *bytes = &bytes[32..];
        Some(value)
    }
    #[inline]
    fn put(self, bytes: &mut [u8], at: &mut usize) {
        bytes[*at..*at + 32].copy_from_slice(&self);
        *at += 32;
    }
}

macro_rules! rows {
    ($($(#[doc = $doc:literal])+ $name:ident, $bytes:literal bytes {
        $($(#[doc = $fdoc:literal])+ $field:ident: $kind:ty,)+
    })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[repr(C)]
        pub struct $name { $($(#[doc = $fdoc])+ pub $field: $kind,)+ }

        const _: () = assert!(size_of::<$name>() == $bytes && $bytes == 0 $(+ size_of::<$kind>())+);

        impl Row for $name {
            const NAME: &'static str = stringify!($name);
            const SAYS: &'static str = concat!($($doc),+);
            const BYTES: usize = $bytes;
            const FIELDS: &'static [Field] = &[$(Field {
                name: stringify!($field),
                kind: stringify!($kind),
                bytes: size_of::<$kind>(),
                says: concat!($($fdoc),+),
            }),+];
            #[inline]
            fn read(bytes: &[u8]) -> Option<Self> {
                let mut rest = bytes;
                Some($name { $($field: <$kind as Cell>::take(&mut rest)?,)+ })
            }
            #[inline]
            fn write(&self, bytes: &mut [u8]) -> bool {
                if bytes.len() < $bytes {
                    return false;
                }
                let mut at = 0;
                $(self.$field.put(bytes, &mut at);)+
                at == $bytes
            }
        }
    )+};
}

rows! {
    /// What stands before the rows of every frame to a strategy.
    Now, 16 bytes {
        /// The time of the run, UTC nanoseconds.
        ts: i64,
        /// Value of the strategy's book in base currency.
        nav: f64,
    }
    /// An instrument, told once at the start.
    Instrument, 56 bytes {
        /// Name, UTF-8, filled up with zeros.
        symbol: [u8; 32],
        /// Smallest step of the price.
        tick: f64,
        /// Smallest step of the quantity, in units.
        lot: f64,
        /// What it is called in all other rows.
        instrument: u32,
        /// Zero.
        spare: u32,
    }
    /// A bar that closed. Prices are the doubles nearest to the exact decimals.
    Bar, 72 bytes {
        /// When it closed, UTC nanoseconds.
        ts: i64,
        /// First price.
        open: f64,
        /// Highest price.
        high: f64,
        /// Lowest price.
        low: f64,
        /// Last price.
        close: f64,
        /// Volume in units; NaN where it is not known.
        volume: f64,
        /// The strategy's position when the frame was made, signed units.
        position: f64,
        /// The position plus everything working, signed units.
        expected: f64,
        /// Which instrument.
        instrument: u32,
        /// Place of its time within the batch: bars of one time share it, and it rises.
        step: u32,
    }
    /// An execution of one of the strategy's orders.
    Fill, 40 bytes {
        /// When it happened, UTC nanoseconds.
        ts: i64,
        /// Price per unit.
        price: f64,
        /// Units, negative when sold.
        quantity: f64,
        /// Fee paid, negative for a rebate.
        fee: f64,
        /// Which instrument.
        instrument: u32,
        /// Zero.
        spare: u32,
    }
    /// What a strategy wants. It becomes an order only if the gate lets it pass.
    Intent, 32 bytes {
        /// Units, or a share of the book's value, as the action says.
        amount: f64,
        /// Limit price on the tick; 0 = at the market.
        limit: f64,
        /// Which instrument.
        instrument: u32,
        /// What to do: 1 buy, 2 sell, 3 hold `amount` units, 4 hold the share `amount`, 5 cancel what works.
        action: u16,
        /// How long: 0 until cancelled, 1 for the day, 2 at once or never.
        tif: u16,
        /// Zero.
        spare: i64,
    }
}

impl Instrument {
    /// The name without its zeros.
    #[must_use]
    pub fn name(&self) -> &str {
        let end = self.symbol.iter().position(|b| *b == 0).unwrap_or(32);
        core::str::from_utf8(&self.symbol[..end]).unwrap_or("")
    }
}

/// Rows as they lie in a frame, read one by one.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, R> {
    bytes: &'a [u8],
    kind: PhantomData<R>,
}

impl<'a, R: Row> Rows<'a, R> {
    /// The rows in these bytes; what is left over at the end is no row.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Rows<'a, R> {
        Rows { bytes, kind: PhantomData }
    }

    /// How many are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() / R::BYTES
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last one.
    #[must_use]
    pub fn last_row(&self) -> Option<R> {
        R::read(&self.bytes[self.len().checked_sub(1)? * R::BYTES..])
    }
}

impl<R: Row> Iterator for Rows<'_, R> {
    type Item = R;

    #[inline]
    fn next(&mut self) -> Option<R> {
        let row = R::read(self.bytes)?;
        self.bytes = &self.bytes[R::BYTES..];
        Some(row)
    }
}
