//! Executions of history that a trade alone tells of, and what they say about our orders at rest.
//!
//! Three kinds, by what each proves. A trade at a shown price serves its queue. A trade with the hidden proves only that
//! whoever took would have met our better prices first. An auction has a queue of its own (`auction.rs`).

use super::market::{Market, deal, is_better, maker, opposite, place_of};
use super::mine::{Ahead, Mine};
use super::{BookConfig, QueueModel};
use hedgerow_book::Book;
use hedgerow_core::{Phase, Side, Trade, TradeKind, VenueReport};

impl<B: Book> Market<B> {
    /// History executed an order: one that nobody names (L1, L2), one that nobody saw, or many in an auction.
    pub(crate) fn trade(&mut self, config: &BookConfig, trade: &Trade, say: &mut impl FnMut(VenueReport)) {
        self.catch_up(config, trade.ts_event, say);
        self.printed(trade.price_ticks);
        match TradeKind::from_u8(trade.kind) {
            Some(TradeKind::Auction | TradeKind::Opening | TradeKind::Closing) => self.auction(config, trade, say),
            _ if self.is_idle() || self.phase != Phase::Continuous => {}
            Some(TradeKind::Hidden) => self.hidden(trade, say),
            // Where orders are shown, those that traded are named.
            Some(TradeKind::Continuous) if B::DEPTH < 3 => self.anonymous(config, trade, say),
            _ => {}
        }
        self.renew();
    }

    /// Who traded with the hidden passes nobody in the queue, and had met our better prices first: at our own price, where
    /// the shown come before the hidden, nothing is taken for granted.
    fn hidden(&mut self, trade: &Trade, say: &mut impl FnMut(VenueReport)) {
        let (terms, middle) = (self.terms, self.middle(trade.price_ticks.into()));
        for side in [Side::Buy, Side::Sell] {
            let mut left = trade.lots;
            self.ours[place_of(side)].retain_mut(|mine| {
                if is_better(side, mine.price_ticks, trade.price_ticks) {
                    let lots = mine.open_lots().min(left);
                    left -= lots;
                    deal(&terms, mine, maker(mine, lots, middle, trade.ts_event), say);
                }
                mine.open_lots() > 0
            });
        }
    }

    /// An execution at a price of which only the lots are shown.
    fn anonymous(&mut self, config: &BookConfig, trade: &Trade, say: &mut impl FnMut(VenueReport)) {
        let Some(hit) = self.side_hit(trade) else { return };
        let (terms, middle) = (self.terms, self.middle(trade.price_ticks.into()));
        let is_shared = config.queue == QueueModel::ProRata;
        let at_price = |mine: &&Mine| is_shared && mine.price_ticks == trade.price_ticks;
        let ours = self.ours[place_of(hit)].iter().filter(at_price).map(Mine::shown_lots).sum();
        let (mut left, mut shared) = (trade.lots, None);
        self.ours[place_of(hit)].retain_mut(|mine| {
            let within = mine.within(trade.price_ticks);
            let mut lots = within.min(left);
            if is_better(hit, trade.price_ticks, mine.price_ticks) {
                return true;
            }
            if mine.price_ticks == trade.price_ticks
                && let Ahead::Lots(place) = &mut mine.ahead
            {
                if is_shared {
                    lots = place.share(*shared.get_or_insert(left), within, ours);
                } else {
                    place.trade(trade.lots, left, trade.ts_event);
                    lots = lots.min(place.passed());
                    place.served();
                }
            }
            left -= lots;
            deal(&terms, mine, maker(mine, lots, middle, trade.ts_event), say);
            mine.open_lots() > 0
        });
    }

    /// The side whose resting orders a trade met: as told, or else the one whose best price it reached.
    fn side_hit(&self, trade: &Trade) -> Option<Side> {
        if let Some(aggressor) = Side::from_u8(trade.aggressor) {
            return Some(opposite(aggressor));
        }
        let reached = |side| self.book.best(side).is_some_and(|b| !is_better(side, trade.price_ticks, b.price_ticks));
        [Side::Buy, Side::Sell].into_iter().find(|side| reached(*side))
    }
}
