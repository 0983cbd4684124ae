//! Continuous trading: an order meets the other side, best price first and at each price the oldest first.

use super::order::Place;
use super::state::Made;
use super::{Event, Exchange, NewOrder, OrderStatus, OrderType, Phase, Reason, SelfTrades, TimeIn, TradeReport, What};
use hedgerow_book::Book;
use hedgerow_core::Side;

impl Exchange {
    /// Puts a working order where it belongs: it trades, rests, waits for its stop price or for an auction.
    pub(super) fn place(&mut self, id: u64) {
        let since = self.turn();
        self.at_mut(id).since = since;
        let working = self.at(id);
        let (order_type, time_in) = (working.order.order_type, working.order.time_in);
        let waits_for_stop = order_type.is_stop() && !working.is_triggered;
        let is_limited = working.is_limited();
        let is_aside = working.is_auction_only();
        if working.is_pegged() {
            return self.park(id);
        }
        let phase = self.market_of(id).phase;
        if waits_for_stop {
            self.at_mut(id).place = Place::Stop;
            self.market_of(id).stops.push(id);
        } else if is_aside || (phase != Phase::Continuous && !is_limited) {
            self.at_mut(id).place = Place::Aside;
            self.market_of(id).aside.push(id);
        } else if phase != Phase::Continuous {
            self.rest(id);
        } else if time_in == TimeIn::Fok && self.reachable_lots(id) < self.at(id).leaves_lots {
            self.end(id, OrderStatus::Cancelled, Reason::NoLiquidity);
        } else {
            self.take_liquidity(id);
        }
    }

    /// Trades what it can, and leaves the rest in the book or cancels it.
    pub(super) fn take_liquidity(&mut self, id: u64) {
        while self.at(id).leaves_lots > 0 {
            let taker = self.at(id);
            let (side, limit) = (taker.order.side, taker.is_limited().then_some(taker.limit_ticks()));
            let Some((other, level)) = self.market_of(id).first(opposite(side)) else { break };
            if limit.is_some_and(|limit| !reaches(side, limit, level.price_ticks.into())) {
                break;
            }
            if self.at(other).order.participant == self.at(id).order.participant {
                match self.self_trades {
                    SelfTrades::Allow => {}
                    SelfTrades::CancelIncoming => return self.end(id, OrderStatus::Cancelled, Reason::SelfTrade),
                    SelfTrades::CancelResting => {
                        self.end(other, OrderStatus::Cancelled, Reason::SelfTrade);
                        continue;
                    }
                }
            }
            let lots = level.lots.min(self.at(id).leaves_lots);
            self.take_shown(other, lots);
            self.trade(id, other, lots, level.price_ticks.into(), false);
            self.refill(other);
        }
        if self.at(id).leaves_lots == 0 {
            return;
        }
        let order = &self.at(id).order;
        let rests = self.at(id).is_limited() && !matches!(order.time_in, TimeIn::Ioc | TimeIn::Fok);
        if rests {
            self.rest(id);
        } else {
            self.end(id, OrderStatus::Cancelled, Reason::NoLiquidity);
        }
    }

    /// Into the book, at the end of its price's queue.
    pub(super) fn rest(&mut self, id: u64) {
        let since = self.turn();
        let working = self.at_mut(id);
        (working.place, working.since) = (Place::Book, since);
        let (side, price_ticks, shown) = (working.order.side, working.limit_ticks(), working.displayed());
        self.market_of(id).enter(id, side, price_ticks, shown);
    }

    /// Takes lots from what the book displays of an order.
    pub(super) fn take_shown(&mut self, id: u64, lots: i64) {
        let market = self.market_of(id);
        if market.shown(id) == lots {
            market.leave(id);
            self.at_mut(id).place = Place::Nowhere;
        } else {
            market.shrink(id, lots);
        }
    }

    /// Displays the next lots of an order whose displayed ones have traded.
    pub(super) fn refill(&mut self, id: u64) {
        if self.at(id).is_live() && self.at(id).place == Place::Nowhere {
            self.rest(id);
        }
    }

    /// A trade between two orders, told to both and to all.
    pub(super) fn trade(&mut self, taker: u64, maker: u64, lots: i64, price_ticks: i64, is_auction: bool) {
        let instrument = self.at(taker).order.instrument;
        let is_buy = self.at(taker).order.side == Side::Buy;
        let orders = if is_buy { [taker, maker] } else { [maker, taker] };
        self.trades.push(Made { instrument, orders, lots, price_ticks, is_busted: false });
        let trade = self.trades.len() as u64;
        self.market_of(taker).last_ticks = price_ticks;
        for id in [taker, maker] {
            self.at_mut(id).trade(lots, price_ticks);
            if !self.at(id).is_live() {
                self.forget(id);
            }
            self.report(id, What::Traded, |report| {
                (report.last_lots, report.last_ticks, report.trade) = (lots, price_ticks, trade);
                report.is_maker = id == maker && !is_auction;
            });
        }
        let [buy_order, sell_order] = orders;
        let ts = self.ts;
        self.tell(Event::Trade(TradeReport {
            trade,
            ts,
            instrument,
            price_ticks,
            lots,
            buy_order,
            sell_order,
            is_auction,
        }));
    }

    /// Whether an order would trade at once.
    pub(super) fn would_take(&self, order: &NewOrder) -> bool {
        let book = &self.markets[order.instrument as usize].book;
        let best = book.best(opposite(order.side));
        best.is_some_and(|level| reaches(order.side, order.price_ticks, level.price_ticks.into()))
    }

    /// Lots that an order could trade at once, those behind icebergs included.
    fn reachable_lots(&self, id: u64) -> i64 {
        let taker = self.at(id);
        let book = &self.markets[taker.order.instrument as usize].book;
        let (side, other) = (taker.order.side, opposite(taker.order.side));
        let mut reachable = 0;
        book.each_level(other, &mut |level| {
            if taker.is_limited() && !reaches(side, taker.order.price_ticks, level.price_ticks.into()) {
                return false;
            }
            let (mut shown_before_own, mut own_met, mut all) = (0, false, 0);
            book.each_order(other, level.price_ticks, &mut |resting, shown| {
                let resting = self.at(resting);
                let is_own =
                    resting.order.participant == taker.order.participant && self.self_trades != SelfTrades::Allow;
                own_met |= is_own;
                if !is_own {
                    all += resting.leaves_lots;
                    shown_before_own += if own_met { 0 } else { i64::from(shown) };
                }
            });
            // The first of our own ends an incoming order; icebergs before it are displayed again behind it.
            let is_barred = own_met && self.self_trades == SelfTrades::CancelIncoming;
            reachable += if is_barred { shown_before_own } else { all };
            !is_barred && reachable < taker.leaves_lots
        });
        reachable
    }

    /// Lets the stop orders in whose price was reached, the oldest first, until none is left.
    pub(super) fn trigger_stops(&mut self) {
        for at in 0..self.markets.len() {
            while let Some(id) = self.reached_stop(at) {
                self.take_out(id);
                let working = self.at_mut(id);
                working.is_triggered = true;
                working.order.order_type = match working.order.order_type {
                    OrderType::Stop => OrderType::Market,
                    _ => OrderType::Limit,
                };
                working.order.stop_ticks = 0;
                self.report(id, What::Triggered, |_| {});
                self.place(id);
            }
        }
    }

    fn reached_stop(&self, at: usize) -> Option<u64> {
        let market = &self.markets[at];
        let is_reached = |id: &&u64| {
            let order = &self.at(**id).order;
            match order.side {
                Side::Buy => market.last_ticks >= order.stop_ticks,
                Side::Sell => market.last_ticks <= order.stop_ticks,
            }
        };
        (market.phase == Phase::Continuous).then(|| market.stops.iter().find(is_reached).copied())?
    }
}

pub(super) fn opposite(side: Side) -> Side {
    if side == Side::Buy { Side::Sell } else { Side::Buy }
}

/// Whether a limit of this side reaches a price of the other.
pub(super) fn reaches(side: Side, limit: i64, price_ticks: i64) -> bool {
    if side == Side::Buy { limit >= price_ticks } else { limit <= price_ticks }
}
