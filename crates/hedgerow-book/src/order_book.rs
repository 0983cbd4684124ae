//! L3: every order of a book, in the order in which each price will be served.
//!
//! Promises: orders at a price stand in a list through the slab, so entering, reducing and leaving cost the same
//! wherever an order stands; an update is taken whole or put back step by step, with every place in every queue as it
//! was. Never: a guess about an order that it does not know.

use crate::Refused;
use crate::book::{Book, Level, Rules, field, side_of};
use crate::index::{Found, Orders, Resting};
use crate::ladder::{Ladder, Rung, key_of};
use crate::level_book::{at, crossed, refuse_crossed};
use hedgerow_core::{BookOrder, LAST_OF_UPDATE, OrderAction, Side, code};

/// The orders at one price: all lots, the first and the last order.
#[derive(Clone, Copy, Debug, Default)]
struct Queue {
    lots: i64,
    head: u32,
    tail: u32,
}

impl Rung for Queue {
    // Orders come and go at prices where others rest.
    const IS_CROWDED: bool = true;
    #[inline(always)]
    fn lots(&self) -> i64 {
        self.lots
    }
}

/// A step of an update, so that it can be put back.
#[derive(Clone, Copy, Debug)]
enum Done {
    /// The order at this place was entered.
    Added(u32),
    /// The order at this place lost so many lots.
    Reduced(u32, u32),
    /// This order left this place.
    Removed(u32, Resting),
}

/// A book of orders.
///
/// ```
/// use hedgerow_book::{Book, OrderBook, Rules};
/// use hedgerow_core::{BookOrder, OrderAction, Side};
/// let mut book = OrderBook::new(Rules::default())?;
/// let add = |order_id, price_ticks, lots| {
///     let side = Side::Buy as u8;
///     BookOrder { order_id, price_ticks, lots, side, action: OrderAction::Add as u8, ..BookOrder::default() }
/// };
/// book.update(&[add(7, 99, 5)])?;
/// book.update(&[add(8, 99, 4)])?;
/// assert_eq!((book.best(Side::Buy).unwrap().lots, book.lots_ahead(8)), (9, Some(5)));
/// assert!(book.update(&[add(8, 98, 1)]).is_err());
/// # Ok::<(), hedgerow_book::Refused>(())
/// ```
#[derive(Clone, Debug)]
pub struct OrderBook {
    rules: Rules,
    /// Asks and bids; see `at`.
    sides: [Ladder<Queue>; 2],
    orders: Orders,
    undo: Vec<Done>,
}

impl OrderBook {
    /// An empty book.
    ///
    /// # Errors
    /// `BOOK_PRICE` or `BOOK_FIELD` for rules that cannot be kept.
    pub fn new(rules: Rules) -> Result<OrderBook, Refused> {
        let rules = rules.checked()?;
        let side = || Ladder::new(rules.window_ticks);
        Ok(OrderBook { rules, sides: [side(), side()], orders: Orders::new(), undo: Vec::new() })
    }

    /// Whether the best bid reaches the best ask.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        crossed(self.sides[0].best_or_above(), self.sides[1].best_or_above())
    }

    /// How many orders rest in the book.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether no order rests in the book.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.len() == 0
    }

    /// Side, price and lots of an order.
    #[must_use]
    pub fn order(&self, id: u64) -> Option<(Side, Level)> {
        let order = self.orders.at(self.known(id).ok()?.place);
        Some((order.side(), Level { price_ticks: order.price_ticks, lots: order.lots.into() }))
    }

    /// The order that is served first at a price, and its lots.
    #[must_use]
    pub fn first_order(&self, side: Side, price_ticks: i32) -> Option<(u64, u32)> {
        let place = self.sides[at(side)].get(key_of(side, price_ticks)).head;
        (place != 0).then(|| (self.orders.at(place).id, self.orders.at(place).lots))
    }

    /// Lots that will be served before an order at its price.
    #[must_use]
    pub fn lots_ahead(&self, id: u64) -> Option<i64> {
        let mut place = self.orders.at(self.known(id).ok()?.place).prev;
        let mut ahead = 0;
        while place != 0 {
            ahead += i64::from(self.orders.at(place).lots);
            place = self.orders.at(place).prev;
        }
        Some(ahead)
    }

    #[inline(always)]
    fn known(&self, id: u64) -> Result<Found, Refused> {
        let found = self.orders.find(id);
        if found.place == 0 {
            return Err(Refused::new(code::BOOK_UNKNOWN_ORDER, id as i64, 0));
        }
        Ok(found)
    }

    /// Checks an order that would enter; gives its key. Lots at a price cannot pass 63 bits: an order has fewer than 2^32,
    /// and there is no room for 2^31 orders.
    #[inline(always)]
    fn check_enter(&self, side: Side, price_ticks: i32, lots: u32) -> Result<i32, Refused> {
        self.rules.check_price(price_ticks)?;
        if lots == 0 {
            return Err(Refused::new(code::BOOK_LOTS, 0, u32::MAX.into()));
        }
        Ok(key_of(side, price_ticks))
    }

    /// Puts an order at the end of its queue.
    #[inline(always)]
    fn enter(&mut self, key: i32, order: Resting, looked: Found) -> u32 {
        let place = self.orders.insert(order, looked);
        let orders = &mut self.orders;
        self.sides[at(order.side())].change(key, |queue| {
            let last = queue.tail;
            orders.at_mut(place).prev = last;
            orders.at_mut(last).next = place;
            queue.head = if last == 0 { place } else { queue.head };
            queue.tail = place;
            queue.lots += i64::from(order.lots);
        });
        place
    }

    /// Takes an order out of its queue and the book.
    #[inline(always)]
    fn leave(&mut self, found: Found) {
        let Resting { price_ticks, lots, next, prev, .. } = *self.orders.at(found.place);
        let side = self.orders.at(found.place).side();
        self.orders.remove(found);
        let orders = &mut self.orders;
        self.sides[at(side)].change(key_of(side, price_ticks), |queue| {
            orders.at_mut(prev).next = next;
            orders.at_mut(next).prev = prev;
            queue.head = if prev == 0 { next } else { queue.head };
            queue.tail = if next == 0 { prev } else { queue.tail };
            queue.lots -= i64::from(lots);
        });
    }

    /// Takes lots from an order that keeps some.
    #[inline(always)]
    fn reduce(&mut self, place: u32, lots: u32) {
        let order = self.orders.at_mut(place);
        order.lots -= lots;
        let (side, price_ticks) = (order.side(), order.price_ticks);
        self.sides[at(side)].change(key_of(side, price_ticks), |queue| queue.lots -= i64::from(lots));
    }

    #[inline(always)]
    fn add<const UNDO: bool>(&mut self, event: &BookOrder) -> Result<(), Refused> {
        let side = side_of(event.side)?;
        let key = self.check_enter(side, event.price_ticks, event.lots)?;
        let looked = self.orders.find(event.order_id);
        if looked.place != 0 {
            return Err(Refused::new(code::BOOK_DUPLICATE_ORDER, event.order_id as i64, 0));
        }
        if !UNDO && !self.rules.may_cross {
            let (own, other) = (self.sides[at(side)].best_or_above(), self.sides[at(side) ^ 1].best_or_above());
            if crossed(key.into(), other) && !crossed(own, other) {
                return Err(refuse_crossed(side, key.into(), other));
            }
        }
        let place = self.enter(key, Resting::new(event.order_id, side, event.price_ticks, event.lots), looked);
        if UNDO {
            self.undo.push(Done::Added(place));
        }
        Ok(())
    }

    #[inline(always)]
    fn take<const UNDO: bool>(&mut self, event: &BookOrder) -> Result<(), Refused> {
        let found = self.known(event.order_id)?;
        let has = self.orders.at(found.place).lots;
        if event.lots == 0 {
            return Err(Refused::new(code::BOOK_LOTS, 0, has.into()));
        }
        if event.lots > has {
            return Err(Refused::new(code::BOOK_OVER_CANCEL, event.lots.into(), has.into()));
        }
        if event.lots == has {
            self.remove::<UNDO>(found);
        } else {
            self.reduce(found.place, event.lots);
            if UNDO {
                self.undo.push(Done::Reduced(found.place, event.lots));
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn remove<const UNDO: bool>(&mut self, found: Found) {
        if UNDO {
            self.undo.push(Done::Removed(found.place, *self.orders.at(found.place)));
        }
        self.leave(found);
    }

    /// A changed order keeps its place only at the same price and without growing.
    fn modify(&mut self, event: &BookOrder) -> Result<(), Refused> {
        let found = self.known(event.order_id)?;
        let order = *self.orders.at(found.place);
        if event.price_ticks == order.price_ticks && (1..=order.lots).contains(&event.lots) {
            let lots = order.lots - event.lots;
            self.reduce(found.place, lots);
            self.undo.push(Done::Reduced(found.place, lots));
            return Ok(());
        }
        let key = self.check_enter(order.side(), event.price_ticks, event.lots)?;
        self.remove::<true>(found);
        let looked = self.orders.find(order.id);
        let entered = self.enter(key, Resting::new(order.id, order.side(), event.price_ticks, event.lots), looked);
        self.undo.push(Done::Added(entered));
        Ok(())
    }

    fn clear(&mut self) {
        for side in [Side::Buy, Side::Sell] {
            while let Some(key) = self.sides[at(side)].best() {
                let first = self.sides[at(side)].get(key).head;
                self.remove::<true>(self.orders.find(self.orders.at(first).id));
            }
        }
    }

    /// Takes an update step by step, and puts every step back if the whole is refused.
    #[inline(never)]
    fn many(&mut self, events: &[BookOrder]) -> Result<(), Refused> {
        let was_crossed = self.is_crossed();
        self.undo.clear();
        let mut taken = Ok(());
        for event in events {
            taken = match OrderAction::from_u8(event.action & !LAST_OF_UPDATE) {
                Some(OrderAction::Add) => self.add::<true>(event),
                Some(OrderAction::Cancel | OrderAction::Execute) => self.take::<true>(event),
                Some(OrderAction::Delete) => self.known(event.order_id).map(|found| self.remove::<true>(found)),
                Some(OrderAction::Modify) => self.modify(event),
                Some(OrderAction::Clear) => {
                    self.clear();
                    Ok(())
                }
                None => Err(field(event.action)),
            };
            if taken.is_err() {
                break;
            }
        }
        if taken.is_ok() && !self.rules.may_cross && !was_crossed && self.is_crossed() {
            let best = |side| self.sides[at(side)].best_or_above();
            taken = Err(refuse_crossed(Side::Buy, best(Side::Buy), best(Side::Sell)));
        }
        if taken.is_err() {
            self.put_back();
        }
        taken
    }

    #[cold]
    fn put_back(&mut self) {
        while let Some(done) = self.undo.pop() {
            match done {
                Done::Added(place) => self.leave(self.orders.find(self.orders.at(place).id)),
                Done::Reduced(place, lots) => {
                    let order = self.orders.at_mut(place);
                    order.lots += lots;
                    let (side, key) = (order.side(), key_of(order.side(), order.price_ticks));
                    self.sides[at(side)].change(key, |queue| queue.lots += i64::from(lots));
                }
                Done::Removed(place, order) => self.reenter(place, order),
            }
        }
    }

    /// Puts an order that left back between its neighbours.
    fn reenter(&mut self, place: u32, order: Resting) {
        let back = self.orders.insert(order, self.orders.find(order.id));
        debug_assert_eq!(back, place, "steps are put back in reverse, so the place freed last is this one");
        let orders = &mut self.orders;
        self.sides[at(order.side())].change(key_of(order.side(), order.price_ticks), |queue| {
            orders.at_mut(order.prev).next = place;
            orders.at_mut(order.next).prev = place;
            queue.head = if order.prev == 0 { place } else { queue.head };
            queue.tail = if order.next == 0 { place } else { queue.tail };
            queue.lots += i64::from(order.lots);
        });
    }
}

impl Book for OrderBook {
    type Event = BookOrder;
    const DEPTH: u8 = 3;

    fn set_may_cross(&mut self, may_cross: bool) {
        self.rules.may_cross = may_cross;
    }

    #[inline]
    fn update(&mut self, events: &[BookOrder]) -> Result<(), Refused> {
        if let [event] = events {
            match OrderAction::from_u8(event.action & !LAST_OF_UPDATE) {
                Some(OrderAction::Add) => return self.add::<false>(event),
                Some(OrderAction::Cancel | OrderAction::Execute) => return self.take::<false>(event),
                Some(OrderAction::Delete) => {
                    let found = self.known(event.order_id)?;
                    self.remove::<false>(found);
                    return Ok(());
                }
                _ => {}
            }
        }
        self.many(events)
    }

    #[inline]
    fn best(&self, side: Side) -> Option<Level> {
        let ladder = &self.sides[at(side)];
        ladder.best().map(|key| Level { price_ticks: key_of(side, key), lots: ladder.best_rung().lots })
    }

    #[inline]
    fn lots_at(&self, side: Side, price_ticks: i32) -> i64 {
        self.sides[at(side)].get(key_of(side, price_ticks)).lots
    }

    fn each_level(&self, side: Side, tell: &mut dyn FnMut(Level) -> bool) {
        self.sides[at(side)].each(|key, queue| tell(Level { price_ticks: key_of(side, key), lots: queue.lots }));
    }

    fn each_order(&self, side: Side, price_ticks: i32, tell: &mut dyn FnMut(u64, u32)) {
        let mut place = self.sides[at(side)].get(key_of(side, price_ticks)).head;
        while place != 0 {
            let order = self.orders.at(place);
            tell(order.id, order.lots);
            place = order.next;
        }
    }
}
