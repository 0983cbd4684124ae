//! Remembers recent orders so that equal ones (instrument, side, lots, price) can be counted: a strategy caught in a loop.
//!
//! Each strategy has a fixed number of slots, chosen by a hash of the order. Two different orders that share a slot push
//! each other out, so a repeat may be missed when a strategy sends about as many different orders a second as it has slots;
//! it is never invented.

use crate::rules::rate::Bucket;
use hedgerow_core::Nanos;
use serde::{Deserialize, Serialize};

/// What makes two orders equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Likeness {
    /// Instrument and side; 0 = empty slot.
    pub kind: u64,
    pub lots: i64,
    pub limit_ticks: i64,
}

impl Likeness {
    #[inline(always)]
    pub const fn new(instrument: u32, buy: bool, lots: i64, limit_ticks: i64) -> Likeness {
        Likeness { kind: ((instrument as u64) << 2) | 2 | buy as u64, lots, limit_ticks }
    }

    #[inline(always)]
    const fn hash(self) -> u64 {
        let mix = self.kind ^ (self.lots as u64).rotate_left(23) ^ (self.limit_ticks as u64).rotate_left(41);
        mix.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// One slot: the last order that fell into it, and what is left for its like.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[repr(C, align(64))]
pub(crate) struct Repeat {
    pub likeness: Likeness,
    pub bucket: Bucket,
}

impl Repeat {
    /// What is left for one more order, which is like the last one or is not.
    #[inline(always)]
    pub fn bucket(&self, is_like: bool, per_second: u32, now: Nanos) -> Bucket {
        if is_like { self.bucket.at(per_second, now) } else { Bucket::full(per_second, now) }
    }
}

/// The slots of all strategies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Repeats {
    bits: u32,
    slots: Vec<Repeat>,
}

impl Repeats {
    /// `slots` is rounded up to a power of two.
    pub fn new(strategies: usize, slots: u32) -> Repeats {
        let bits = slots.max(2).next_power_of_two().trailing_zeros();
        Repeats { bits, slots: vec![Repeat::default(); strategies << bits] }
    }

    /// The slot an order falls into.
    #[inline(always)]
    pub fn of(&mut self, strategy: usize, likeness: Likeness) -> Option<&mut Repeat> {
        self.slots.get_mut((strategy << self.bits) + (likeness.hash() >> (64 - self.bits)) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hedgerow_core::time::SECOND;

    #[test]
    fn equal_orders_are_counted_even_when_others_come_between() {
        let mut repeats = Repeats::new(2, 64);
        let (buy, sell) = (Likeness::new(0, true, 10, 100), Likeness::new(0, false, 10, 101));
        for like in [buy, sell] {
            let slot = repeats.of(1, like).unwrap();
            let bucket = slot.bucket(slot.likeness == like, 1, 0);
            assert!(!bucket.empty());
            *slot = Repeat { likeness: like, bucket: bucket.spend() };
        }
        let mut empty = |strategy, like, now| {
            let slot = repeats.of(strategy, like).unwrap();
            slot.bucket(slot.likeness == like, 1, now).empty()
        };
        assert!(empty(1, buy, SECOND - 1));
        assert!(!empty(1, buy, SECOND));
        assert!(!empty(0, buy, 0), "another strategy has slots of its own");
        assert!(!empty(1, Likeness { lots: 11, ..buy }, 0));
    }
}
