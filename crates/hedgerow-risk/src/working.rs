//! The firm's working orders, a fixed number of places per instrument: what is reserved for each, and at which prices.
//!
//! While a replace is on its way both its old and its new terms may be working at the venue, so the larger size stays
//! reserved and both prices count for self-match until the venue has answered.

use crate::row::{BUY, SELL};
use crate::rules::price::NO_REACH;
use hedgerow_core::StrategyId;
use serde::{Deserialize, Serialize};

/// What is reserved for one working order.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Working {
    /// How far it trades, see [`crate::rules::price::reach`].
    pub reach: i64,
    /// Lots still open.
    pub lots: i64,
    /// The same under the terms of a replace that the venue has not answered.
    pub next_reach: i64,
    pub next_lots: i64,
    /// The order that it stands beside: the two share one reservation, the larger of theirs; 0 = none.
    pub beside: u64,
    pub strategy: StrategyId,
    /// `BUY` or `SELL`.
    pub side: u8,
    pub replacing: bool,
}

impl Working {
    /// Lots reserved: the most that can still be filled.
    #[inline]
    pub fn reserved(&self) -> i64 {
        if self.replacing { self.lots.max(self.next_lots) } else { self.lots }
    }

    /// How far it may reach at most.
    #[inline]
    pub fn reach_max(&self) -> i64 {
        if self.replacing { self.reach.max(self.next_reach) } else { self.reach }
    }

    /// The order after some of it was filled.
    pub fn filled(mut self, lots: i64) -> Working {
        self.lots = (self.lots - lots).max(0);
        self.next_lots = (self.next_lots - lots).max(0);
        self
    }
}

/// Working orders of one strategy and side of which what one trades the others trade no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Group {
    pub id: u64,
    pub strategy: StrategyId,
    pub side: u8,
}

/// The table: ids apart from the rest, because they are what is searched.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WorkingTable {
    places: usize,
    ids: Vec<u64>,
    orders: Vec<Working>,
}

impl WorkingTable {
    pub fn new(instruments: usize, places: usize) -> WorkingTable {
        WorkingTable {
            places,
            ids: vec![0; instruments * places],
            orders: vec![Working::default(); instruments * places],
        }
    }

    /// Places per instrument.
    #[inline(always)]
    pub const fn places(&self) -> usize {
        self.places
    }

    /// Where an order stands among the `count` working orders of an instrument.
    #[inline]
    pub fn find(&self, instrument: usize, count: u32, id: u64) -> Option<usize> {
        let first = instrument * self.places;
        self.ids[first..first + count as usize].iter().position(|held| *held == id).map(|place| first + place)
    }

    #[inline]
    pub fn get(&self, at: usize) -> Working {
        self.orders[at]
    }

    #[inline]
    pub fn set(&mut self, at: usize, working: Working) {
        self.orders[at] = working;
    }

    /// Takes the next place; the caller has seen that there is one.
    #[inline(always)]
    pub fn push(&mut self, instrument: usize, count: u32, id: u64, working: Working) {
        let at = instrument * self.places + count as usize;
        self.ids[at] = id;
        self.orders[at] = working;
    }

    /// Gives a place back; the last order of the instrument moves into it.
    pub fn remove(&mut self, instrument: usize, count: u32, at: usize) {
        let last = instrument * self.places + count as usize - 1;
        self.ids[at] = self.ids[last];
        self.orders[at] = self.orders[last];
        (self.ids[last], self.orders[last]) = (0, Working::default());
    }

    fn of(&self, instrument: usize, count: u32) -> &[Working] {
        &self.orders[instrument * self.places..][..count as usize]
    }

    /// What a working order shares its reservation with: the order it stands beside, or itself.
    pub fn group(&self, at: usize) -> Group {
        let Working { beside, strategy, side, .. } = self.orders[at];
        Group { id: if beside == 0 { self.ids[at] } else { beside }, strategy, side }
    }

    /// Whether some working order of an instrument and a strategy, on either side, is in the group of an order.
    pub fn has_group(&self, instrument: usize, count: u32, id: u64, strategy: StrategyId) -> bool {
        let first = instrument * self.places;
        let mut groups = (first..first + count as usize).map(|at| self.group(at));
        groups.any(|group| (group.id, group.strategy) == (id, strategy))
    }

    /// Lots reserved for a group among the `count` working orders of an instrument: one of them trades, not all.
    pub fn shared(&self, instrument: usize, count: u32, group: Group) -> i64 {
        self.largest(instrument, count, group, usize::MAX)
    }

    /// Lots reserved for what else is in the group of the order at a place.
    pub fn beside(&self, instrument: usize, count: u32, at: usize) -> i64 {
        self.largest(instrument, count, self.group(at), at)
    }

    fn largest(&self, instrument: usize, count: u32, group: Group, except: usize) -> i64 {
        let first = instrument * self.places;
        let of_group = (first..first + count as usize).filter(|at| *at != except && self.group(*at) == group);
        of_group.map(|at| self.orders[at].reserved()).max().unwrap_or(0)
    }

    /// Lots reserved for a strategy by side among the `count` working orders of an instrument.
    pub fn reserved(&self, instrument: usize, count: u32, strategy: usize) -> [i64; 2] {
        let (mut lots, mut seen) = ([0; 2], Vec::new());
        let first = instrument * self.places;
        for group in (first..first + count as usize).map(|at| self.group(at)) {
            if usize::from(group.strategy) == strategy && !seen.contains(&group) {
                lots[usize::from(group.side)] += self.shared(instrument, count, group);
                seen.push(group);
            }
        }
        lots
    }

    /// How far the `count` working orders of an instrument reach, by side.
    pub fn reach(&self, instrument: usize, count: u32) -> [i64; 2] {
        self.reach_without(instrument, count, [0; 2])
    }

    /// The same without two of them.
    pub fn reach_without(&self, instrument: usize, count: u32, without: [u64; 2]) -> [i64; 2] {
        let mut reach = [NO_REACH; 2];
        let ids = &self.ids[instrument * self.places..];
        for (order, id) in self.of(instrument, count).iter().zip(ids) {
            if without.contains(id) {
                continue;
            }
            let side = if order.side == BUY as u8 { BUY } else { SELL };
            reach[side] = reach[side].max(order.reach_max());
        }
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reach_of_own_orders_follows_every_change_and_a_place_is_used_again() {
        let mut table = WorkingTable::new(2, 3);
        let order = |side, reach| Working { side, reach, lots: 1, ..Working::default() };
        table.push(1, 0, 11, order(0, 100));
        table.push(1, 1, 12, order(0, 102));
        table.push(1, 2, 13, order(1, -105));
        assert_eq!(table.reach(1, 3), [102, -105]);
        table.remove(1, 3, table.find(1, 3, 12).unwrap());
        assert_eq!(table.reach(1, 2), [100, -105]);
        assert_eq!(table.find(1, 2, 12), None);
        let at = table.find(1, 2, 13).unwrap();
        table.set(at, Working { replacing: true, next_reach: -103, next_lots: 5, ..table.get(at) });
        assert_eq!(table.reach(1, 2), [100, -103], "both prices of a pending replace count");
        assert_eq!(table.get(at).reserved(), 5);
        assert_eq!(table.reserved(1, 2, 0), [1, 5]);
        assert_eq!(table.reach(0, 0), [NO_REACH; 2]);
    }

    #[test]
    fn orders_that_stand_beside_each_other_share_the_larger_reservation() {
        let mut table = WorkingTable::new(1, 4);
        let order = |side, lots, beside| Working { side, lots, beside, ..Working::default() };
        table.push(0, 0, 11, order(1, 10, 0));
        table.push(0, 1, 12, order(1, 7, 11));
        table.push(0, 2, 13, order(0, 5, 11));
        table.push(0, 3, 14, order(1, 3, 0));
        assert_eq!(table.reserved(0, 4, 0), [5, 13], "the other side has a reservation of its own");
        assert_eq!((table.shared(0, 4, table.group(1)), table.beside(0, 4, 0), table.beside(0, 4, 3)), (10, 7, 0));
        table.remove(0, 4, table.find(0, 4, 11).unwrap());
        assert_eq!(table.reserved(0, 3, 0), [5, 10], "what is left keeps its own");
    }
}
