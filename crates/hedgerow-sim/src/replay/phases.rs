//! What an instrument does at the venue: it gathers orders for an auction, trades, is halted, is closed.
//!
//! Promises: outside continuous trading nothing meets but in an auction; a cancel is always heard; what each phase takes is
//! what the exchange takes in it, but that an order for the opening waits in continuous trading too until an opening
//! auction was held, as on venues that trade before it.

use super::BookConfig;
use super::market::Market;
use hedgerow_book::Book;
use hedgerow_core::{Order, Phase, TimeInForce, VenueReport};

impl<B: Book> Market<B> {
    /// The venue enters a phase.
    pub(crate) fn enter(&mut self, config: &BookConfig, phase: Phase, ts: i64, say: &mut impl FnMut(VenueReport)) {
        self.catch_up(config, ts, say);
        self.phase = phase;
        self.book.set_may_cross(config.rules.may_cross || phase != Phase::Continuous);
        match phase {
            Phase::Continuous => self.resume(config, ts, say),
            Phase::Closed => self.end_session(ts, say),
            _ => {}
        }
        self.follow_pegs(config, ts, say);
    }

    /// Orders trade as they come again: what waited for any auction arrives now, and then the stops that are due.
    fn resume(&mut self, config: &BookConfig, ts: i64, say: &mut impl FnMut(VenueReport)) {
        self.settle(config, ts, say);
        while let Some(at) = self.aside.iter().position(|mine| !is_auction_only(&mine.order)) {
            let mine = self.aside.remove(at);
            self.place(config, mine.full(), ts, say);
        }
        self.wake(config, ts, say);
    }

    /// Whether a new order, or one that loses its place, is taken.
    pub(crate) fn admits(&self, tif: TimeInForce) -> bool {
        let is_at_once = matches!(tif, TimeInForce::Ioc | TimeInForce::Fok);
        let [opened, closed] = self.held;
        let in_phase = match self.phase {
            Phase::Closed | Phase::Halted => false,
            Phase::OpeningCall => !is_at_once,
            Phase::Continuous => tif != TimeInForce::Opg || !opened,
            Phase::ClosingCall => !is_at_once && tif != TimeInForce::Opg,
        };
        in_phase && !(tif == TimeInForce::Cls && closed)
    }

    /// Whether an order is not for the book now: it is for an auction, or has no limit while orders gather for one.
    pub(crate) fn waits_for_auction(&self, order: &Order) -> bool {
        is_auction_only(order) || (order.limit_ticks == 0 && self.phase != Phase::Continuous)
    }
}

/// Whether an order is for an auction alone.
pub(crate) fn is_auction_only(order: &Order) -> bool {
    matches!(TimeInForce::from_u8(order.tif), Some(TimeInForce::Opg | TimeInForce::Cls))
}
