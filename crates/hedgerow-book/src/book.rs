//! What every order book answers, fast or obvious: updates in, levels out, one hash of the whole.
//!
//! The hash is over one canonical form, so a book built from an image, from differences, by the dense tables or by a
//! plain ordered map has the same hash if it holds the same orders.

use crate::Refused;
use hedgerow_core::{Code, LAST_OF_UPDATE, Side, code};
use sha2::{Digest, Sha256};

/// Most lots at one price of a book of prices: sums over a window stay exact in 64 bits, and each is a number that a double holds.
pub const LOTS_MAX: i64 = 1 << 52;
/// Fewest prices in the dense table of a side.
pub const WINDOW_MIN: u32 = 256;
/// Most prices in the dense table of a side.
pub const WINDOW_MAX: u32 = 64 * 64 * 64;

/// All that stands at one price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Level {
    /// Price, ticks.
    pub price_ticks: i32,
    /// Lots there, positive.
    pub lots: i64,
}

/// What a book believes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Lowest price, ticks.
    pub lowest_ticks: i32,
    /// Highest price, ticks.
    pub highest_ticks: i32,
    /// Whether the best bid may reach the best ask: before an auction, or while trading is halted.
    pub may_cross: bool,
    /// Prices in the dense table of a side, a power of two; prices further from the best are kept in an ordered list.
    pub window_ticks: u32,
}

impl Default for Rules {
    /// Positive prices, never crossed, 4,096 dense prices a side (64 KiB for a book of prices). Books whose updates spread
    /// further, as those of Bitcoin with a tick of a cent do, want more.
    fn default() -> Rules {
        Rules { lowest_ticks: 1, highest_ticks: i32::MAX, may_cross: false, window_ticks: 4096 }
    }
}

impl Rules {
    /// Refuses a range that is empty or not symmetric enough to be negated, and a window of no fitting size.
    pub(crate) fn checked(self) -> Result<Rules, Refused> {
        let window = self.window_ticks;
        if self.lowest_ticks > self.highest_ticks || self.lowest_ticks == i32::MIN {
            return Err(Refused::new(code::BOOK_PRICE, self.lowest_ticks.into(), self.highest_ticks.into()));
        }
        if !window.is_power_of_two() || !(WINDOW_MIN..=WINDOW_MAX).contains(&window) {
            return Err(Refused::new(code::BOOK_FIELD, window.into(), WINDOW_MAX.into()));
        }
        Ok(self)
    }

    /// Refuses a price outside the range.
    #[inline]
    pub(crate) fn check_price(&self, price_ticks: i32) -> Result<(), Refused> {
        if price_ticks < self.lowest_ticks {
            return Err(Refused::new(code::BOOK_PRICE, price_ticks.into(), self.lowest_ticks.into()));
        }
        if price_ticks > self.highest_ticks {
            return Err(Refused::new(code::BOOK_PRICE, price_ticks.into(), self.highest_ticks.into()));
        }
        Ok(())
    }
}

/// An event of a book: knows whether it is the last of its update.
pub trait Change: Copy {
    /// Its action, with the bit that says it is the last.
    fn action(&self) -> u8;
    /// Whether the book is whole after it.
    #[inline]
    fn is_last(&self) -> bool {
        self.action() & LAST_OF_UPDATE != 0
    }
}

impl Change for hedgerow_core::BookLevel {
    #[inline]
    fn action(&self) -> u8 {
        self.action
    }
}

impl Change for hedgerow_core::BookOrder {
    #[inline]
    fn action(&self) -> u8 {
        self.action
    }
}

/// An order book.
pub trait Book {
    /// What changes it.
    type Event: Change;
    /// 1, 2 or 3: the best prices, every price, every order.
    const DEPTH: u8;

    /// Allows or forbids that the best bid reaches the best ask, as a phase of trading ends.
    fn set_may_cross(&mut self, may_cross: bool);

    /// Takes one whole update, all of it or nothing.
    ///
    /// # Errors
    /// A `BOOK` code; the book is as before.
    fn update(&mut self, events: &[Self::Event]) -> Result<(), Refused>;

    /// The best level of a side.
    fn best(&self, side: Side) -> Option<Level>;

    /// Lots at a price; 0 where nothing is shown.
    fn lots_at(&self, side: Side, price_ticks: i32) -> i64 {
        let mut lots = 0;
        self.each_level(side, &mut |level| {
            if level.price_ticks == price_ticks {
                lots = level.lots;
            }
            level.price_ticks != price_ticks
        });
        lots
    }

    /// Tells the levels of a side, best first, while it is answered `true`.
    fn each_level(&self, side: Side, tell: &mut dyn FnMut(Level) -> bool);

    /// Tells the orders at a price, first in the queue first, as (number, lots); nothing in a book without orders.
    fn each_order(&self, _side: Side, _price_ticks: i32, _tell: &mut dyn FnMut(u64, u32)) {}

    /// Takes many updates one after the other; the last may lack its end and then counts as whole.
    ///
    /// # Errors
    /// The first refusal, and the number of events taken before the update that was refused.
    fn update_all(&mut self, events: &[Self::Event]) -> Result<(), (usize, Refused)>
    where
        Self: Sized,
    {
        self.update_each(events, |_| ())
    }

    /// The same, calling `after` with the book after each update.
    ///
    /// # Errors
    /// As `update_all`.
    fn update_each(&mut self, events: &[Self::Event], mut after: impl FnMut(&Self)) -> Result<(), (usize, Refused)>
    where
        Self: Sized,
    {
        let mut start = 0;
        for end in 1..=events.len() {
            if end == events.len() || events[end - 1].is_last() {
                self.update(&events[start..end]).map_err(|refused| (start, refused))?;
                after(self);
                start = end;
            }
        }
        Ok(())
    }

    /// The best `n` levels of a side, best first.
    fn levels(&self, side: Side, n: usize) -> Vec<Level> {
        let mut out = Vec::new();
        if n > 0 {
            self.each_level(side, &mut |level| {
                out.push(level);
                out.len() < n
            });
        }
        out
    }

    /// The canonical form: depth; for bids, then asks: how many levels, then for each, best first, price, lots, how many
    /// orders, and each order's number and lots. Little-endian.
    fn write_state(&self, out: &mut Vec<u8>) {
        out.push(Self::DEPTH);
        for side in [Side::Buy, Side::Sell] {
            let count_at = out.len();
            out.extend_from_slice(&[0; 4]);
            let mut levels = 0_u32;
            self.each_level(side, &mut |level| {
                levels += 1;
                out.extend_from_slice(&level.price_ticks.to_le_bytes());
                out.extend_from_slice(&level.lots.to_le_bytes());
                let orders_at = out.len();
                out.extend_from_slice(&[0; 4]);
                let mut orders = 0_u32;
                self.each_order(side, level.price_ticks, &mut |id, lots| {
                    orders += 1;
                    out.extend_from_slice(&id.to_le_bytes());
                    out.extend_from_slice(&lots.to_le_bytes());
                });
                out[orders_at..orders_at + 4].copy_from_slice(&orders.to_le_bytes());
                true
            });
            out[count_at..count_at + 4].copy_from_slice(&levels.to_le_bytes());
        }
    }

    /// SHA-256 of the canonical form.
    fn hash(&self) -> [u8; 32] {
        let mut state = Vec::new();
        self.write_state(&mut state);
        Sha256::digest(&state).into()
    }
}

/// The side that a byte of an event means.
#[inline]
pub(crate) fn side_of(byte: u8) -> Result<Side, Refused> {
    Side::from_u8(byte).ok_or_else(|| field(byte))
}

/// A byte that has no meaning here.
#[cold]
pub(crate) fn field(byte: u8) -> Refused {
    Refused::new(code::BOOK_FIELD, byte.into(), 0)
}

/// Refuses a number of lots outside `least..=LOTS_MAX`.
#[inline]
pub(crate) fn check_lots(lots: i64, least: i64) -> Result<(), Refused> {
    const CODE: Code = code::BOOK_LOTS;
    if (least..=LOTS_MAX).contains(&lots) { Ok(()) } else { Err(Refused::new(CODE, lots, LOTS_MAX)) }
}
