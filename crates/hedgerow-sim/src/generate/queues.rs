//! The orders of a made-up book, by side and price, first come first served.

use hedgerow_core::Side;
use std::collections::{BTreeMap, VecDeque};

/// An order that rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resting {
    pub id: u64,
    pub lots: u32,
}

/// One side. Prices are kept as distances from the far end, so that the best is the least: bids negated.
#[derive(Clone, Debug)]
pub(super) struct Queues {
    side: Side,
    by_key: BTreeMap<i32, VecDeque<Resting>>,
    orders: usize,
}

impl Queues {
    pub fn new(side: Side) -> Queues {
        Queues { side, by_key: BTreeMap::new(), orders: 0 }
    }

    fn key(&self, price: i32) -> i32 {
        if self.side == Side::Buy { -price } else { price }
    }

    /// The best price.
    pub fn best(&self) -> Option<i32> {
        self.by_key.first_key_value().map(|(key, _)| self.key(*key))
    }

    /// How many orders there are.
    pub fn len(&self) -> usize {
        self.orders
    }

    /// How many orders there are at a price.
    pub fn len_at(&self, price: i32) -> usize {
        self.by_key.get(&self.key(price)).map_or(0, VecDeque::len)
    }

    /// Prices with their numbers of orders, best first.
    pub fn levels(&self) -> impl Iterator<Item = (i32, usize)> {
        self.by_key.iter().map(|(key, queue)| (self.key(*key), queue.len()))
    }

    /// An order comes to the end of its queue.
    pub fn add(&mut self, price: i32, order: Resting) {
        self.by_key.entry(self.key(price)).or_default().push_back(order);
        self.orders += 1;
    }

    /// The order at a place of a queue goes.
    pub fn remove(&mut self, price: i32, place: usize) -> Resting {
        let key = self.key(price);
        let queue = self.by_key.get_mut(&key).expect("a price that levels() gave");
        let order = queue.remove(place).expect("a place below its length");
        self.orders -= 1;
        if queue.is_empty() {
            self.by_key.remove(&key);
        }
        order
    }

    /// Takes lots from the first order at the best price; gives its price, its number and what it gave.
    pub fn take(&mut self, lots: u32) -> Option<(i32, u64, u32)> {
        let mut entry = self.by_key.first_entry()?;
        let (key, queue) = (*entry.key(), entry.get_mut());
        let first = queue.front_mut().expect("no queue is empty");
        let (id, given) = (first.id, first.lots.min(lots));
        first.lots -= given;
        if first.lots == 0 {
            queue.pop_front();
            self.orders -= 1;
        }
        if queue.is_empty() {
            entry.remove();
        }
        Some((self.key(key), id, given))
    }
}
