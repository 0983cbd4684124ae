//! The obvious twin: our orders stand in the very lists in which history's stand. Slow, and easy to believe.

use crate::world::Line;
use hedgerow_core::{ReportKind, Side, TimeInForce};
use std::collections::BTreeMap;

/// Who stands in a queue.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Who {
    History(u64),
    Us(u64),
}

/// Somebody in a queue, with lots.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub who: Who,
    pub lots: i64,
}

/// A market of queues.
#[derive(Default)]
pub struct Twin {
    pub queues: BTreeMap<(Side, i32), Vec<Entry>>,
    pub is_halted: bool,
    taken: BTreeMap<(Side, i32), i64>,
    /// Of each of our orders that shows a part of itself: how much, and what is open.
    icebergs: BTreeMap<u64, (i64, i64)>,
    /// Slices that are shown next.
    next: Vec<(u64, Side, i32, i64)>,
    said: Vec<Line>,
}

fn other(side: Side) -> Side {
    if side == Side::Buy { Side::Sell } else { Side::Buy }
}

/// Prices of a side in which an order would be served, as a number that rises.
fn rank(side: Side, price: i32) -> i32 {
    if side == Side::Buy { -price } else { price }
}

impl Twin {
    /// Prices of a side, best first.
    fn prices(&self, side: Side) -> Vec<i32> {
        let mut prices: Vec<i32> = self.queues.keys().filter(|key| key.0 == side).map(|key| key.1).collect();
        prices.sort_by_key(|price| rank(side, *price));
        prices
    }

    /// Lots of history at a price.
    pub fn shown(&self, side: Side, price: i32) -> i64 {
        let queue = self.queues.get(&(side, price)).map_or(&[][..], Vec::as_slice);
        queue.iter().filter(|e| matches!(e.who, Who::History(_))).map(|e| e.lots).sum()
    }

    /// The best price of history.
    pub fn best(&self, side: Side) -> Option<i32> {
        self.prices(side).into_iter().find(|price| self.shown(side, *price) > 0)
    }

    /// Where an order of history stands.
    pub fn find(&self, who: Who) -> Option<(Side, i32, usize)> {
        self.queues.iter().find_map(|((side, price), queue)| {
            queue.iter().position(|entry| entry.who == who).map(|at| (*side, *price, at))
        })
    }

    /// Side, price and lots of an order of history.
    pub fn standing(&self, id: u64) -> Option<(Side, i32, i64)> {
        self.find(Who::History(id)).map(|(side, price, at)| (side, price, self.queues[&(side, price)][at].lots))
    }

    pub fn enter(&mut self, who: Who, side: Side, price: i32, lots: i64) {
        self.queues.entry((side, price)).or_default().push(Entry { who, lots });
    }

    /// Takes lots from an entry; it leaves with the last.
    pub fn reduce(&mut self, who: Who, lots: i64) {
        let (side, price, at) = self.find(who).unwrap();
        let queue = self.queues.get_mut(&(side, price)).unwrap();
        queue[at].lots -= lots;
        if queue[at].lots == 0 {
            queue.remove(at);
        }
        if queue.is_empty() {
            self.queues.remove(&(side, price));
        }
    }

    fn fill(&mut self, id: u64, price: i32, lots: i64) {
        self.said.push((id, ReportKind::Filled, price.into(), lots));
        let Some((side, _, at)) = self.find(Who::Us(id)) else { return };
        let shown = self.queues[&(side, price)][at].lots;
        self.reduce(Who::Us(id), lots.min(shown));
        if let Some((show, open)) = self.icebergs.get_mut(&id) {
            *open -= lots;
            if lots >= shown && *open > 0 {
                // One slice after the other: of the last one, what is left.
                self.next.push((id, side, price, (*show - (lots - shown) % *show).min(*open)));
            }
        }
    }

    /// What is open of an entry, hidden or not.
    fn open(&self, entry: &Entry) -> i64 {
        match entry.who {
            Who::Us(id) => self.icebergs.get(&id).map_or(entry.lots, |(_, open)| *open),
            Who::History(_) => entry.lots,
        }
    }

    /// Somebody traded with an order that nobody saw: our better prices had come first.
    pub fn hidden(&mut self, price: i32, lots: i64) {
        for side in [Side::Buy, Side::Sell] {
            let mut left = if self.is_halted { 0 } else { lots };
            for better in self.prices(side).into_iter().filter(|p| rank(side, *p) < rank(side, price)) {
                for entry in self.queues[&(side, better)].clone() {
                    if let Who::Us(id) = entry.who
                        && left > 0
                    {
                        let part = self.open(&entry).min(left);
                        left -= part;
                        self.fill(id, better, part);
                    }
                }
            }
        }
    }

    /// History executed one of its orders: whoever of us stands before it is served first, but for an auction's.
    pub fn execute(&mut self, id: u64, lots: i64) {
        if self.is_halted {
            return self.reduce(Who::History(id), lots);
        }
        let (side, price, at) = self.find(Who::History(id)).unwrap();
        let mut left = lots;
        let mut before: Vec<(i32, Entry)> = Vec::new();
        for better in self.prices(side).into_iter().filter(|p| rank(side, *p) < rank(side, price)) {
            before.extend(self.queues[&(side, better)].iter().map(|entry| (better, *entry)));
        }
        before.extend(self.queues[&(side, price)][..at].iter().map(|entry| (price, *entry)));
        for (its, entry) in before {
            if let Who::Us(ours) = entry.who {
                // Who came as far as the executed order's price took better ones whole, and of this one what is shown.
                let most = if its == price { entry.lots } else { self.open(&entry) };
                let part = most.min(left);
                left -= part;
                if part > 0 {
                    self.fill(ours, its, part);
                }
            }
        }
        self.reduce(Who::History(id), lots);
    }

    /// What an order could take within its limit: price, lots.
    fn offers(&self, side: Side, limit: Option<i32>) -> Vec<(i32, i64)> {
        let opposite = other(side);
        let within = |price: i32| limit.is_none_or(|limit| rank(opposite, price) <= rank(opposite, limit));
        let left = |price| self.shown(opposite, price) - self.taken.get(&(opposite, price)).copied().unwrap_or(0);
        self.prices(opposite).into_iter().filter(|p| within(*p)).map(|p| (p, left(p))).filter(|o| o.1 > 0).collect()
    }

    /// Takes up to so many lots; `at` = the price that is paid instead of the offers' own.
    fn take(&mut self, id: u64, side: Side, limit: Option<i32>, lots: i64, at: Option<i32>) -> i64 {
        let mut left = lots;
        let mut whole = 0;
        for (price, lots) in self.offers(side, limit) {
            let part = lots.min(left);
            if part > 0 {
                *self.taken.entry((other(side), price)).or_default() += part;
                (left, whole) = (left - part, whole + part);
                if at.is_none() {
                    self.said.push((id, ReportKind::Filled, price.into(), part));
                }
            }
        }
        if let (Some(price), true) = (at, whole > 0) {
            self.fill(id, price, whole);
        }
        whole
    }

    /// An order of ours arrives.
    pub fn order(&mut self, id: u64, side: Side, limit: i32, lots: i64, tif: TimeInForce) {
        let bound = (limit > 0).then_some(limit);
        let best = self.best(other(side));
        let meets = best.is_some_and(|best| bound.is_none_or(|b| rank(other(side), best) <= rank(other(side), b)));
        if self.is_halted || (tif == TimeInForce::Gtx && meets) {
            return self.said.push((id, ReportKind::Rejected, 0, 0));
        }
        self.said.push((id, ReportKind::Accepted, 0, 0));
        let there: i64 = self.offers(side, bound).iter().map(|offer| offer.1).sum();
        let whole = if tif == TimeInForce::Fok && there < lots { 0 } else { self.take(id, side, bound, lots, None) };
        if whole < lots {
            match (tif, bound) {
                (TimeInForce::Gtc | TimeInForce::Gtx, Some(price)) => {
                    self.enter(Who::Us(id), side, price, lots - whole);
                }
                _ => self.said.push((id, ReportKind::Expired, 0, 0)),
            }
        }
    }

    /// One that shows a part of itself.
    pub fn iceberg(&mut self, id: u64, side: Side, limit: i32, lots: i64, show: i64) {
        self.order(id, side, limit, lots, TimeInForce::Gtc);
        if let Some((side, price, at)) = self.find(Who::Us(id)) {
            let entry = &mut self.queues.get_mut(&(side, price)).unwrap()[at];
            self.icebergs.insert(id, (show, entry.lots));
            entry.lots = entry.lots.min(show);
        }
    }

    pub fn cancel(&mut self, id: u64) {
        match self.find(Who::Us(id)) {
            Some((side, price, at)) => {
                let lots = self.queues[&(side, price)][at].lots;
                self.reduce(Who::Us(id), lots);
                self.said.push((id, ReportKind::Cancelled, 0, 0));
            }
            None => self.said.push((id, ReportKind::CancelRejected, 0, 0)),
        }
    }

    /// After every step: nothing is missing that is not shown, and our orders meet what came to their prices.
    pub fn settle(&mut self) -> Vec<Line> {
        let shown: Vec<_> = self.taken.keys().map(|(side, price)| self.shown(*side, *price)).collect();
        self.taken.values_mut().zip(shown).for_each(|(missing, shown)| *missing = (*missing).min(shown));
        for side in [Side::Buy, Side::Sell] {
            let prices = if self.is_halted { Vec::new() } else { self.prices(side) };
            for price in prices {
                for entry in self.queues.get(&(side, price)).cloned().unwrap_or_default() {
                    if let Who::Us(id) = entry.who {
                        self.take(id, side, Some(price), self.open(&entry), Some(price));
                    }
                }
            }
        }
        for (id, side, price, lots) in std::mem::take(&mut self.next) {
            self.enter(Who::Us(id), side, price, lots);
        }
        std::mem::take(&mut self.said)
    }
}
