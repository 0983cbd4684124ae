//! Orders at rest: a slab addressed by the OMS's slot, and per instrument a list in order of arrival.

use crate::cost::fee_per_lot;
use hedgerow_core::{Instrument, Money, Order};
use serde::{Deserialize, Serialize};

/// "No order": the end of a list.
pub(crate) const NONE: u32 = u32::MAX;

/// An order at rest, or an empty place (`order.id` = 0).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Resting {
    pub(crate) order: Order,
    pub(crate) filled_lots: i64,
    /// How often it has traded.
    pub(crate) executions: u32,
    /// Fees on its fills so far, before the smallest fee.
    pub(crate) fee_gross: Money,
    /// Since when it works as it does.
    pub(crate) since_ts: i64,
    /// Close of the last bar whose open it was there for.
    pub(crate) seen_ts: i64,
    /// Whether it has been there for a bar at all, and so belongs to a session.
    pub(crate) in_session: bool,
    prev: u32,
    next: u32,
}

impl Resting {
    const EMPTY: fn() -> Resting = || Resting {
        order: Order::default(),
        filled_lots: 0,
        executions: 0,
        fee_gross: Money::ZERO,
        since_ts: 0,
        seen_ts: i64::MIN,
        in_session: false,
        prev: NONE,
        next: NONE,
    };

    /// Lots still to trade.
    pub(crate) fn open_lots(&self) -> i64 {
        self.order.lots - self.filled_lots
    }
}

/// What the venue knows about an instrument.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) tick_value: i64,
    pub(crate) lots_step: i64,
    pub(crate) adv_lots: i64,
    pub(crate) sigma_nano: i64,
    pub(crate) fee_per_lot: Money,
    /// Close of the last bar seen.
    pub(crate) last_close_ts: i64,
    /// Lots of the present bar that our orders may still trade.
    pub(crate) left_lots: i64,
    /// Lots taken from the present bar: bought, sold.
    pub(crate) taken_lots: [i64; 2],
    head: u32,
    tail: u32,
}

impl Book {
    fn new(instrument: &Instrument, fee_per_unit: Money) -> Book {
        let mut book = Book {
            tick_value: 0,
            lots_step: 0,
            adv_lots: 0,
            sigma_nano: 0,
            fee_per_lot: Money::ZERO,
            last_close_ts: i64::MIN,
            left_lots: 0,
            taken_lots: [0; 2],
            head: NONE,
            tail: NONE,
        };
        book.redefine(instrument, fee_per_unit);
        book
    }

    fn redefine(&mut self, instrument: &Instrument, fee_per_unit: Money) {
        self.tick_value = instrument.tick_value;
        self.lots_step = instrument.lots_step.max(1);
        self.adv_lots = instrument.adv_lots;
        self.sigma_nano = instrument.sigma_nano;
        self.fee_per_lot = fee_per_lot(instrument, fee_per_unit);
    }

    /// First order in time priority, or [`NONE`].
    #[inline]
    pub(crate) fn head(&self) -> u32 {
        self.head
    }
}

/// All orders at rest. Grows to the highest slot and instrument seen, then allocates no more.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Shelf {
    /// By instrument; `None` = not defined.
    pub(crate) books: Vec<Option<Book>>,
    slots: Vec<Resting>,
}

impl Shelf {
    pub(crate) fn new(orders: usize) -> Shelf {
        Shelf { books: Vec::new(), slots: vec![Resting::EMPTY(); orders] }
    }

    /// Defines an instrument, or changes what may change while orders rest.
    pub(crate) fn define(&mut self, instrument: &Instrument, fee_per_unit: Money) {
        let place = instrument.instrument as usize;
        if self.books.len() <= place {
            self.books.resize(place + 1, None);
        }
        match &mut self.books[place] {
            Some(book) => book.redefine(instrument, fee_per_unit),
            empty => *empty = Some(Book::new(instrument, fee_per_unit)),
        }
    }

    /// The instrument's book, if it is defined.
    #[inline]
    pub(crate) fn book(&mut self, instrument: u32) -> Option<&mut Book> {
        self.books.get_mut(instrument as usize)?.as_mut()
    }

    /// The order in this slot, if it is this one.
    pub(crate) fn get(&mut self, slot: u32, order_id: u64) -> Option<&mut Resting> {
        self.slots.get_mut(slot as usize).filter(|r| order_id != 0 && r.order.id == order_id)
    }

    /// The order in this slot, which the caller took from a list.
    #[inline]
    pub(crate) fn at(&mut self, slot: u32) -> &mut Resting {
        &mut self.slots[slot as usize]
    }

    /// The order after this one in time priority, or [`NONE`].
    #[inline]
    pub(crate) fn after(&self, slot: u32) -> u32 {
        self.slots[slot as usize].next
    }

    /// Whether an order may be put here: the slot is empty and the instrument is known.
    pub(crate) fn has_room(&self, slot: u32, instrument: u32) -> bool {
        slot != NONE
            && self.slots.get(slot as usize).is_none_or(|r| r.order.id == 0)
            && self.books.get(instrument as usize).is_some_and(Option::is_some)
    }

    /// Puts an order at the end of its instrument's list. [`Shelf::has_room`] must hold.
    pub(crate) fn add(&mut self, order: Order, since_ts: i64) {
        let place = order.slot as usize;
        if self.slots.len() <= place {
            self.slots.resize(place + 1, Resting::EMPTY());
        }
        self.slots[place] = Resting { order, since_ts, ..Resting::EMPTY() };
        self.link_last(order.slot);
    }

    /// Takes an order away.
    pub(crate) fn remove(&mut self, slot: u32) {
        self.unlink(slot);
        *self.at(slot) = Resting::EMPTY();
    }

    /// Sends an order to the end of its list: it lost its priority.
    pub(crate) fn move_last(&mut self, slot: u32) {
        self.unlink(slot);
        self.link_last(slot);
    }

    fn link_last(&mut self, slot: u32) {
        let instrument = self.at(slot).order.instrument;
        let Some(book) = self.book(instrument) else { return };
        let last = std::mem::replace(&mut book.tail, slot);
        if last == NONE {
            book.head = slot;
        } else {
            self.at(last).next = slot;
        }
        (self.at(slot).prev, self.at(slot).next) = (last, NONE);
    }

    fn unlink(&mut self, slot: u32) {
        let Resting { prev, next, order, .. } = *self.at(slot);
        if prev != NONE {
            self.at(prev).next = next;
        }
        if next != NONE {
            self.at(next).prev = prev;
        }
        let Some(book) = self.book(order.instrument) else { return };
        if prev == NONE {
            book.head = next;
        }
        if next == NONE {
            book.tail = prev;
        }
    }
}
