//! From a change of a book to an order's bytes, at the least: a bare book, integer sums over eight levels a side, eight
//! checks, the digits of a prepared FIX order.

use super::book::{BASE, Dense, TICKS};
use super::{fix, gate};
use hedgerow_core::BookLevel;

/// All of it, for one instrument.
pub struct Line {
    book: Dense,
    gate: gate::Gate,
    order: gate::Order,
    template: fix::Template,
    last: i64,
    sent: u64,
}

impl Line {
    /// A line that lets everything pass.
    pub fn new() -> Line {
        let order = gate::orders(1, 1, 64)[0].of_row_0();
        Line {
            book: Dense::new(),
            gate: gate::Gate::new(1, 64),
            order,
            template: fix::Template::new(),
            last: 0,
            sent: 0,
        }
    }

    /// Eight levels a side from the touch, sums of integers, one division; 0 at the edge of the table.
    #[inline(always)]
    fn signal(&self) -> i64 {
        let [bid, ask] = self.book.best;
        if bid < 7 || ask > TICKS as i32 - 9 {
            return 0;
        }
        let (mut bids, mut away_bids, mut asks, mut away_asks) = (0, 0, 0, 0);
        for level in 0..8_i64 {
            let bid_lots = self.book.lots_of(0, (i64::from(bid) - 7 + level) as usize);
            let ask_lots = self.book.lots_of(1, (i64::from(ask) + level) as usize);
            bids += bid_lots;
            away_bids += bid_lots * level;
            asks += ask_lots;
            away_asks += ask_lots * level;
        }
        (i64::from(bid + ask) << 7) + (((bids - asks) << 8) + ((away_bids - away_asks) << 2)) / (bids + asks + 1)
    }

    /// A change in, an order's bytes out where the signal moved.
    #[inline(always)]
    pub fn take(&mut self, change: &BookLevel) -> Option<&[u8]> {
        self.book.apply(change);
        let signal = self.signal();
        let moved = signal - std::mem::replace(&mut self.last, signal);
        if moved == 0 {
            return None;
        }
        let side = u32::from(moved < 0);
        self.sent += 1;
        let lots = 1 + (moved & 7);
        let order = self.order.again(side, lots, self.sent);
        if self.gate.check(&order) != 0 {
            return None;
        }
        let cents = (i64::from(BASE) + i64::from(self.book.best[side as usize])) as u64;
        Some(self.template.write(self.sent % 1_000_000, self.sent, u64::from(side), lots as u64, cents))
    }
}
