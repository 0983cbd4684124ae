//! Auctions of history, and what our orders trade in them.
//!
//! The rule: at the price that was printed, what is better than it trades; at the price itself others stand before us.
//! All our orders of a side together trade no more than a share of the lots that were printed, orders without a limit
//! first, then better prices, then older orders. What is for that auction alone ends with it.

use super::BookConfig;
use super::market::{Deal, Market, deal};
use super::mine::Mine;
use super::phases::is_auction_only;
use crate::matching::about;
use hedgerow_book::Book;
use hedgerow_core::{
    Code, FullReplace, Liquidity, MONEY_UNIT, Order, Phase, ReportKind, Side, TimeInForce, Trade, TradeKind,
    VenueReport, code,
};

impl<B: Book> Market<B> {
    /// An auction printed its price and its lots.
    pub(crate) fn auction(&mut self, config: &BookConfig, trade: &Trade, say: &mut impl FnMut(VenueReport)) {
        // One that is not named is the closing one only where orders gathered for that.
        let closes = trade.kind == TradeKind::Closing as u8
            || (trade.kind == TradeKind::Auction as u8 && self.phase == Phase::ClosingCall);
        self.held[usize::from(closes)] |= trade.kind != TradeKind::Auction as u8 || self.phase != Phase::Continuous;
        let mine_tif = if closes { TimeInForce::Cls } else { TimeInForce::Opg };
        let is_of_it = |order: &Order| order.tif == mine_tif as u8 || !is_auction_only(order);
        let share = i128::from(trade.lots) * i128::from(config.auction_share_nano) / MONEY_UNIT;
        let price_ticks = (i64::from(trade.price_ticks) + i64::from(self.shift)).max(1);
        let (terms, ts) = (self.terms, trade.ts_event);
        for (side, ours) in [Side::Buy, Side::Sell].into_iter().zip(&mut self.ours) {
            // Pegged orders follow prices that nobody has while orders gather: they are not of an auction.
            let aside = self.aside.iter_mut().filter(|mine| mine.order.side == side as u8 && is_of_it(&mine.order));
            let mut bidders: Vec<&mut Mine> = aside.chain(ours.iter_mut()).collect();
            bidders.retain(|mine| mine.peg().is_none() && is_within(side, mine.order.limit_ticks, price_ticks));
            bidders.sort_by_key(|mine| (eagerness(side, mine.order.limit_ticks), mine.order.id));
            let mut left = share as i64;
            for mine in bidders {
                let lots = mine.open_lots().min(left);
                left -= lots;
                let liquidity = Liquidity::Taker;
                deal(&terms, mine, Deal { lots, price_ticks, reference_ticks: price_ticks, liquidity, ts }, say);
            }
            ours.retain(|mine| mine.open_lots() > 0);
        }
        self.aside.retain(|mine| {
            if mine.open_lots() > 0 && is_of_it(&mine.order) {
                say(about(&mine.order, ReportKind::Expired, ts));
            }
            !is_of_it(&mine.order)
        });
    }

    /// Where an order waits for an auction.
    pub(crate) fn find_aside(&self, slot: u32, order_id: u64) -> Option<usize> {
        self.aside.iter().position(|mine| mine.order.slot == slot && mine.order.id == order_id)
    }

    /// An order that waits for an auction has other terms from now on, if it can have them.
    pub(crate) fn change_aside(&mut self, at: usize, change: &FullReplace) -> Result<(), Code> {
        let order = self.aside[at].order;
        let request = &change.request;
        if !self.phase.is_open() {
            return Err(code::SIM_PHASE);
        }
        if request.lots <= 0 || (request.limit_ticks > 0) != (order.limit_ticks > 0) || change.terms.stop_ticks != 0 {
            return Err(code::RISK_BAD_PRICE);
        }
        self.aside[at].terms = change.terms_of(&self.aside[at].terms);
        self.aside[at].order = Order { lots: request.lots, limit_ticks: request.limit_ticks, ..order };
        Ok(())
    }
}

/// Whether an order trades at an auction's price: without a limit, or with one that is better than it.
fn is_within(side: Side, limit_ticks: i64, price_ticks: i64) -> bool {
    limit_ticks == 0 || (limit_ticks - price_ticks) * side.sign() > 0
}

/// The smaller, the earlier an auction serves it.
fn eagerness(side: Side, limit_ticks: i64) -> i64 {
    if limit_ticks == 0 { i64::MIN } else { -limit_ticks * side.sign() }
}
