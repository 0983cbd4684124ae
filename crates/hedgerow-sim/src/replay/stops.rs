//! Stops that wait for the market, and orders whose time ends.
//!
//! A stop is due once a trade printed at its stop price or beyond, or the book of its own side came there: then any trade
//! would. It meets the book as the next update leaves it, and never lots that the trade which woke it took.

use super::BookConfig;
use super::market::Market;
use crate::matching::about;
use hedgerow_book::Book;
use hedgerow_core::{Code, FullOrder, FullReplace, Phase, ReportKind, Side, VenueReport, code};

/// A stop that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) full: FullOrder,
    is_due: bool,
}

impl<B: Book> Market<B> {
    /// An accepted stop waits; if the market is there already, not for long.
    pub(crate) fn wait(&mut self, full: FullOrder) {
        self.note_end(full.terms.until_ts);
        self.waiting.push(Waiting { full, is_due: false });
    }

    /// Where a stop waits.
    pub(crate) fn find_waiting(&self, slot: u32, order_id: u64) -> Option<usize> {
        self.waiting.iter().position(|w| w.full.order.slot == slot && w.full.order.id == order_id)
    }

    /// A waiting stop has other terms from now on, if it can have them.
    pub(crate) fn change_waiting(&mut self, at: usize, change: &FullReplace) -> Result<(), Code> {
        if !self.phase.is_open() {
            return Err(code::SIM_PHASE);
        }
        let FullOrder { order, terms } = &mut self.waiting[at].full;
        let request = &change.request;
        if request.lots <= 0 || (request.limit_ticks > 0) != (order.limit_ticks > 0) {
            return Err(code::RISK_BAD_PRICE);
        }
        (order.lots, order.limit_ticks) = (request.lots, request.limit_ticks);
        *terms = change.terms_of(terms);
        if change.terms.stop_ticks > 0 {
            self.waiting[at].is_due = false;
        }
        Ok(())
    }

    /// A trade printed, at a price of history.
    #[inline]
    pub(crate) fn printed(&mut self, price_ticks: i32) {
        let ticks = i64::from(price_ticks) + i64::from(self.shift);
        for waiting in &mut self.waiting {
            waiting.is_due |= reached(&waiting.full, ticks);
        }
    }

    /// The book has changed: stops that are due arrive as what they are without their stop price.
    #[inline]
    pub(crate) fn wake(&mut self, config: &BookConfig, ts: i64, say: &mut impl FnMut(VenueReport)) {
        if self.waiting.is_empty() || self.phase != Phase::Continuous {
            return;
        }
        let best = [Side::Buy, Side::Sell].map(|side| self.book.best(side).map(|level| level.price_ticks));
        for (side, ticks) in [(Side::Buy, best[0]), (Side::Sell, best[1])] {
            let Some(ticks) = ticks.map(|ticks| i64::from(ticks) + i64::from(self.shift)) else { continue };
            for waiting in self.waiting.iter_mut().filter(|waiting| waiting.full.order.side == side as u8) {
                waiting.is_due |= reached(&waiting.full, ticks);
            }
        }
        while let Some(at) = self.waiting.iter().position(|waiting| waiting.is_due) {
            let full = self.waiting.remove(at).full;
            self.place(config, full, ts, say);
        }
    }

    /// Some order ends by itself at that time (0 = none).
    pub(crate) fn note_end(&mut self, until_ts: i64) {
        if until_ts != 0 {
            self.first_end_ts = self.first_end_ts.min(until_ts);
        }
    }

    /// Orders whose time is over end before anything else happens.
    #[inline]
    pub(crate) fn expire(&mut self, ts: i64, say: &mut impl FnMut(VenueReport)) {
        if ts < self.first_end_ts {
            return;
        }
        let mut keep = |full: &FullOrder, first: &mut i64| match full.terms.until_ts {
            0 => true,
            until_ts if until_ts <= ts => {
                say(about(&full.order, ReportKind::Expired, ts));
                false
            }
            until_ts => {
                *first = until_ts.min(*first);
                true
            }
        };
        let mut first = i64::MAX;
        self.waiting.retain(|waiting| keep(&waiting.full, &mut first));
        for ours in self.ours.iter_mut().chain([&mut self.aside, &mut self.parked]) {
            ours.retain(|mine| keep(&mine.full(), &mut first));
        }
        self.first_end_ts = first;
    }
}

/// Whether a price has come to a stop price.
fn reached(full: &FullOrder, price_ticks: i64) -> bool {
    let FullOrder { order, terms } = full;
    if order.side == Side::Buy as u8 { price_ticks >= terms.stop_ticks } else { price_ticks <= terms.stop_ticks }
}
