//! Orders at rest: a slab addressed by the OMS's slot, and per instrument a list in order of arrival.

use crate::fees::{LotRates, Rate};
use hedgerow_core::{FullOrder, Instrument, Money, Order};
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
    /// The stop price that it waits for, ticks; 0 = for none, or for none any more.
    pub(crate) stop_ticks: i64,
    /// When it ends, UTC nanoseconds; `i64::MAX` = not by itself.
    pub(crate) until_ts: i64,
    /// The order that it stands beside, or itself.
    pub(crate) group: u64,
    /// Lots that the one beside it traded and that it was not made smaller by yet.
    pub(crate) beside_lots: i64,
    /// What the position that it may only reduce lets it trade yet; `i64::MAX` for all others.
    pub(crate) bound_lots: i64,
    /// Whether it came because another order filled: what is left of the bar reaches it.
    pub(crate) follows: bool,
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
        stop_ticks: 0,
        until_ts: i64::MAX,
        group: 0,
        beside_lots: 0,
        bound_lots: i64::MAX,
        follows: false,
        in_session: false,
        prev: NONE,
        next: NONE,
    };

    /// Lots still to trade.
    pub(crate) fn open_lots(&self) -> i64 {
        (self.order.lots - self.filled_lots - self.beside_lots).min(self.bound_lots).max(0)
    }
}

/// What the venue knows about an instrument.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) tick_value: i64,
    pub(crate) lots_step: i64,
    pub(crate) adv_lots: i64,
    pub(crate) sigma_nano: i64,
    /// What fills of today are charged.
    pub(crate) rates: LotRates,
    /// Close of the last bar seen.
    pub(crate) last_close_ts: i64,
    /// Close of the bar that is open, or was last, while orders rested.
    pub(crate) bar_ts: i64,
    /// Lots of the present bar that our orders may still trade.
    pub(crate) left_lots: i64,
    /// Lots taken from the present bar: bought, sold.
    pub(crate) taken_lots: [i64; 2],
    /// No bar of the present session has closed yet.
    pub(crate) is_first: bool,
    /// Some order stood beside another.
    has_pairs: bool,
    head: u32,
    tail: u32,
}

impl Book {
    fn new(instrument: &Instrument, flat: Rate) -> Book {
        let mut book = Book {
            tick_value: 0,
            lots_step: 0,
            adv_lots: 0,
            sigma_nano: 0,
            rates: LotRates::default(),
            last_close_ts: i64::MIN,
            bar_ts: i64::MIN,
            left_lots: 0,
            taken_lots: [0; 2],
            is_first: true,
            has_pairs: false,
            head: NONE,
            tail: NONE,
        };
        book.redefine(instrument, flat);
        book
    }

    fn redefine(&mut self, instrument: &Instrument, flat: Rate) {
        self.tick_value = instrument.tick_value;
        self.lots_step = instrument.lots_step.max(1);
        self.adv_lots = instrument.adv_lots;
        self.sigma_nano = instrument.sigma_nano;
        self.rates = LotRates::of(instrument, flat, flat);
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
    /// Some order stood beside one of another instrument.
    spans: bool,
    /// Some order is bound by a position.
    bounds: bool,
}

impl Shelf {
    pub(crate) fn new(orders: usize) -> Shelf {
        Shelf { slots: vec![Resting::EMPTY(); orders], ..Shelf::default() }
    }

    /// Defines an instrument, or changes what may change while orders rest.
    pub(crate) fn define(&mut self, instrument: &Instrument, flat: Rate) {
        let place = instrument.instrument as usize;
        if self.books.len() <= place {
            self.books.resize(place + 1, None);
        }
        match &mut self.books[place] {
            Some(book) => book.redefine(instrument, flat),
            empty => *empty = Some(Book::new(instrument, flat)),
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
    pub(crate) fn add(&mut self, full: &FullOrder, since_ts: i64) {
        let FullOrder { order, terms } = *full;
        let follows = terms.after != 0;
        // Since the bar that is open, or has just closed: it could not have come before what it follows.
        let bar_ts = self.book(order.instrument).map_or(i64::MIN, |book| book.bar_ts);
        let place = order.slot as usize;
        if self.slots.len() <= place {
            self.slots.resize(place + 1, Resting::EMPTY());
        }
        self.slots[place] = Resting {
            order,
            since_ts,
            stop_ticks: terms.stop_ticks,
            until_ts: if terms.until_ts == 0 { i64::MAX } else { terms.until_ts },
            group: if terms.beside == 0 { order.id } else { terms.beside },
            follows,
            seen_ts: if follows { bar_ts } else { i64::MIN },
            in_session: follows && bar_ts != i64::MIN,
            ..Resting::EMPTY()
        };
        if let Some(book) = self.book(order.instrument) {
            book.has_pairs |= terms.beside != 0;
        }
        let spans = |one: &Resting| one.group == terms.beside && one.order.instrument != order.instrument;
        self.spans |= terms.beside != 0 && self.slots.iter().any(spans);
        self.link_last(order.slot);
    }

    /// An order traded: what stands beside it has so many lots less until it is told its new size.
    pub(crate) fn trade_beside(&mut self, slot: u32, lots: i64) {
        let Resting { order, group, .. } = *self.at(slot);
        let Some(book) = self.book(order.instrument).filter(|book| book.has_pairs) else { return };
        let mut other = book.head();
        while other != NONE {
            let next = self.after(other);
            let resting = self.at(other);
            if other != slot && resting.group == group {
                resting.beside_lots += lots;
            }
            other = next;
        }
    }

    /// An order traded: what stands beside it in other instruments trades no more in the bar that is open there, and meets
    /// the next one as it is by then.
    pub(crate) fn hold_beside(&mut self, slot: u32, ts: i64) {
        if !self.spans {
            return;
        }
        let Resting { order, group, .. } = *self.at(slot);
        let at_open = self.book(order.instrument).is_some_and(|book| ts < book.bar_ts);
        let beside = |one: &&mut Resting| one.group == group && one.order.instrument != order.instrument;
        for other in self.slots.iter_mut().filter(beside) {
            other.seen_ts = i64::MIN;
            other.since_ts = if at_open { other.since_ts.max(ts + 1) } else { other.since_ts };
        }
    }

    /// An order may trade so much until the next word on it.
    pub(crate) fn bound(&mut self, slot: u32, order_id: u64, lots: i64) {
        if let Some(resting) = self.get(slot, order_id) {
            resting.bound_lots = lots;
            self.bounds = true;
        }
    }

    /// An order traded: positions move, and so do the bounds of those that may only reduce them.
    pub(crate) fn move_bounds(&mut self, order: &Order, lots: i64) {
        if !self.bounds {
            return;
        }
        let mut next = self.book(order.instrument).map_or(NONE, |book| book.head());
        while next != NONE {
            let resting = self.at(next);
            if resting.bound_lots != i64::MAX && resting.order.strategy == order.strategy {
                resting.bound_lots += if resting.order.side == order.side { -lots } else { lots };
            }
            next = self.after(next);
        }
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
