//! What the twin does with facts: fills, answers of the venue, equity, limits, days.

use super::{Book, Obvious};
use hedgerow_core::{Limits, Side};

impl Obvious {
    /// Leaves less open of an order, and drops it when nothing is.
    pub fn keep(&mut self, at: usize) {
        if self.live[at].reserved() == 0 {
            self.live.remove(at);
        }
    }

    pub fn fill(&mut self, at: usize, lots: i64) {
        let live = &mut self.live[at];
        let (key, sign) =
            ((live.order.strategy, live.order.instrument), if live.order.side == Side::Buy as u8 { 1 } else { -1 });
        live.open = (live.open - lots).max(0);
        live.next = live.next.map(|(open, limit)| ((open - lots).max(0), limit));
        *self.positions.entry(key).or_default() += sign * lots;
        self.keep(at);
    }

    pub fn answered(&mut self, at: usize, taken: bool) {
        let live = &mut self.live[at];
        if let (true, Some((open, limit))) = (taken, live.next) {
            let (asked, all) = (live.asked, open + live.order.lots - live.open);
            let shown = if asked.display_lots == 0 { live.terms.display_lots } else { asked.display_lots };
            live.terms.display_lots = shown.min(all);
            live.terms.offset_ticks = if asked.peg == 0 { live.terms.offset_ticks } else { asked.offset_ticks };
            live.open = open;
            live.order.limit_ticks = limit;
        }
        live.next = None;
        self.keep(at);
    }

    pub fn equity(&mut self, strategy: u16, equity: i128) {
        let firm = self.books.len() - 1;
        let before = self.books[usize::from(strategy)].equity.map_or(0, |levels| levels[3]);
        let first = self.books[usize::from(strategy)].equity.is_none();
        let report = |book: &mut Book, equity: i128| {
            let levels = book.equity.get_or_insert([equity; 4]);
            levels[3] = equity;
            levels[2] = levels[2].max(equity);
        };
        report(&mut self.books[usize::from(strategy)], equity);
        let house = &mut self.books[firm];
        match &mut house.equity {
            Some(levels) if first => levels.iter_mut().for_each(|level| *level += equity - before),
            Some(levels) => {
                let sum = levels[3] + equity - before;
                report(house, sum);
            }
            None => report(house, equity),
        }
    }

    pub fn grant(&mut self, book: usize, limits: Limits, expires_ts: i64) {
        let book = &mut self.books[book];
        (book.limits, book.granted, book.revoked, book.expires_ts) = (limits, true, false, expires_ts);
        book.equity = book.equity.map(|levels| [levels[3]; 4]);
        book.sent.clear();
    }

    pub fn new_day(&mut self) {
        for book in &mut self.books {
            book.equity = book.equity.map(|[start, _, peak, now]| [start, now, peak, now]);
        }
    }
}
