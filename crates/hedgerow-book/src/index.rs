//! The orders of a book: a slab, and buckets that find an order by the venue's number.
//!
//! Promises: taking an order in and out costs a few reads whatever the number of orders; memory grows with the most
//! orders held at a time; a place freed last is used first, so equal inputs give equal places. Order numbers that follow
//! one another lie side by side, as venues number them. Never: an order of buckets that anybody could see.

use hedgerow_core::Side;

/// An order that rests in the book, and its links. Place 0 holds none: it ends
/// every list, and takes what is written to the neighbour that an order does not have.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Resting {
    pub id: u64,
    pub price_ticks: i32,
    pub lots: u32,
    /// The next order at its price.
    pub next: u32,
    /// The one before at its price.
    pub prev: u32,
    /// The next in its bucket; of a free place, the next free place.
    chain: u32,
    /// A [`Side`].
    side: u8,
    spare: [u8; 3],
}
const _: () = assert!(size_of::<Resting>() == 32);

impl Resting {
    pub(crate) fn new(id: u64, side: Side, price_ticks: i32, lots: u32) -> Resting {
        Resting { id, price_ticks, lots, side: side as u8, ..Resting::default() }
    }

    #[inline(always)]
    pub(crate) fn side(&self) -> Side {
        if self.side == Side::Buy as u8 { Side::Buy } else { Side::Sell }
    }
}

/// Where an order is: its place, 0 if it is not there, and its bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub place: u32,
    bucket: usize,
}

/// Buckets at the start.
const BUCKETS_MIN: usize = 64;

/// All orders of a book.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    slab: Vec<Resting>,
    /// First order of each bucket; a power of two of them, never fewer than twice the orders held.
    buckets: Vec<u32>,
    /// The first free place.
    free: u32,
    len: usize,
}

impl Orders {
    pub(crate) fn new() -> Orders {
        Orders { slab: vec![Resting::default()], buckets: vec![0; BUCKETS_MIN], free: 0, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Runs of 4,096 numbers lie together, wherever the run itself may lie.
    #[inline(always)]
    fn bucket(&self, id: u64) -> usize {
        let run = (id >> 12).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 36;
        ((id & 0xfff) + run) as usize & (self.buckets.len() - 1)
    }

    /// Where an order is, or would be.
    #[inline(always)]
    pub(crate) fn find(&self, id: u64) -> Found {
        let bucket = self.bucket(id);
        let mut place = self.buckets[bucket];
        while place != 0 && self.slab[place as usize].id != id {
            place = self.slab[place as usize].chain;
        }
        Found { place, bucket }
    }

    #[inline(always)]
    pub(crate) fn at(&self, place: u32) -> &Resting {
        &self.slab[place as usize]
    }

    #[inline(always)]
    pub(crate) fn at_mut(&mut self, place: u32) -> &mut Resting {
        &mut self.slab[place as usize]
    }

    /// Takes in an order that was looked for and not found; gives its place.
    #[inline(always)]
    pub(crate) fn insert(&mut self, order: Resting, looked: Found) -> u32 {
        let mut bucket = looked.bucket;
        if (self.len + 1) * 2 > self.buckets.len() {
            self.grow();
            bucket = self.bucket(order.id);
        }
        self.len += 1;
        let chain = self.buckets[bucket];
        let mut place = self.free;
        if place == 0 {
            place = self.slab.len() as u32;
            self.slab.push(Resting { chain, ..order });
        } else {
            let slot = &mut self.slab[place as usize];
            self.free = slot.chain;
            *slot = Resting { chain, ..order };
        }
        self.buckets[bucket] = place;
        place
    }

    /// Takes out an order that was found.
    #[inline(always)]
    pub(crate) fn remove(&mut self, found: Found) {
        let Found { place, bucket } = found;
        let chain = std::mem::replace(&mut self.slab[place as usize].chain, self.free);
        self.free = place;
        self.len -= 1;
        let mut at = self.buckets[bucket];
        if at == place {
            self.buckets[bucket] = chain;
            return;
        }
        while self.slab[at as usize].chain != place {
            at = self.slab[at as usize].chain;
        }
        self.slab[at as usize].chain = chain;
    }

    /// Doubles the buckets.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let wider = vec![0; self.buckets.len() * 2];
        let old = std::mem::replace(&mut self.buckets, wider);
        for first in old {
            let mut place = first;
            while place != 0 {
                let Resting { id, chain, .. } = self.slab[place as usize];
                let bucket = self.bucket(id);
                self.slab[place as usize].chain = self.buckets[bucket];
                self.buckets[bucket] = place;
                place = chain;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(orders: &mut Orders, id: u64) {
        let looked = orders.find(id);
        orders.insert(Resting::new(id, Side::Buy, 1, 1), looked);
    }

    /// Most orders that share a bucket.
    fn longest(orders: &Orders) -> usize {
        let length = |first: &u32| {
            let mut place = *first;
            std::iter::from_fn(|| (place != 0).then(|| place = orders.at(place).chain)).count()
        };
        orders.buckets.iter().map(length).max().unwrap()
    }

    #[test]
    fn numbers_in_any_usual_pattern_spread_over_the_buckets() {
        for stride in [1, 2, 7, 64, 1 << 12, 1 << 20, 1 << 32, 1 << 44, 0x9e37_79b9] {
            let mut orders = Orders::new();
            for n in 0..20_000_u64 {
                put(&mut orders, n.wrapping_mul(stride));
            }
            assert!(longest(&orders) <= 12, "stride {stride}: {} in one bucket", longest(&orders));
        }
    }

    #[test]
    fn places_are_used_again_and_memory_does_not_grow_with_what_passed_through() {
        let mut orders = Orders::new();
        for id in 0..100_000_u64 {
            put(&mut orders, id);
            if id >= 100 {
                let found = orders.find(id - 100);
                assert_eq!(orders.at(found.place).id, id - 100);
                orders.remove(found);
                assert_eq!(orders.find(id - 100).place, 0);
            }
        }
        assert_eq!((orders.len(), orders.slab.len()), (100, 102));
        assert!(orders.buckets.len() <= 256);
    }
}
