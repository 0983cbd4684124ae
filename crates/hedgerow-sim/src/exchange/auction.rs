//! The auction: the one price at which most trades.
//!
//! Most executed volume, then the smallest imbalance, then nearest to the reference price (the last trade), then the
//! higher one. Orders without a limit come first, then the better price, then the older; icebergs take part whole.
//! Trades of a participant with itself are trades here, whatever the setting.

use super::order::Place;
use super::{Event, Exchange, OrderStatus, Reason, TimeIn};
use hedgerow_core::Side;

/// An order in the auction: limit (none: any price), place in time, number, lots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bidder {
    pub(super) limit: Option<i64>,
    pub(super) since: u64,
    pub(super) id: u64,
    pub(super) lots: i64,
}

/// Where an auction would trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clearing {
    pub(super) price_ticks: i64,
    pub(super) lots: i64,
    /// Bought less sold at the price, both as wanted.
    pub(super) imbalance_lots: i64,
}

impl Exchange {
    /// Trades an instrument's auction; orders that belong to it alone end with it.
    pub(super) fn uncross(&mut self, at: usize, closes: bool) {
        let mine = if closes { TimeIn::AtClose } else { TimeIn::AtOpen };
        let [mut buys, mut sells] = [Side::Buy, Side::Sell].map(|side| self.bidders(at, side, mine));
        let clearing = clearing(&buys, &sells, self.markets[at].last_ticks, self.markets[at].listing.ticks_max);
        if clearing.lots > 0 {
            serve(Side::Buy, &mut buys);
            serve(Side::Sell, &mut sells);
            self.trade_all(&mut buys, &mut sells, clearing);
        }
        let Clearing { price_ticks, lots, imbalance_lots } = clearing;
        self.tell(Event::Auction { instrument: at as u32, price_ticks, lots, imbalance_lots });
        let rest: Vec<u64> = self.markets[at].aside.clone();
        for id in rest {
            if self.at(id).order.time_in == mine || !self.at(id).is_auction_only() {
                self.end(id, OrderStatus::Cancelled, Reason::AuctionOver);
            }
        }
    }

    /// The orders of a side that take part.
    fn bidders(&self, at: usize, side: Side, mine: TimeIn) -> Vec<Bidder> {
        let market = &self.markets[at];
        let takes_part = |id: &u64| {
            let working = self.at(*id);
            working.order.side == side && (working.order.time_in == mine || !working.is_auction_only())
        };
        let ids = market.aside.iter().copied().chain(market.queue()).filter(takes_part);
        let bidder = |id| {
            let working = self.at(id);
            let limit = working.is_limited().then_some(working.order.price_ticks);
            Bidder { limit, since: working.since, id, lots: working.leaves_lots }
        };
        ids.map(bidder).collect()
    }

    fn trade_all(&mut self, buys: &mut [Bidder], sells: &mut [Bidder], clearing: Clearing) {
        let (mut buy, mut sell, mut left) = (0, 0, clearing.lots);
        while left > 0 {
            let lots = buys[buy].lots.min(sells[sell].lots).min(left);
            for bidder in [&mut buys[buy], &mut sells[sell]] {
                bidder.lots -= lots;
            }
            let (bid, ask) = (buys[buy].id, sells[sell].id);
            for id in [bid, ask] {
                self.take_in_auction(id, lots);
            }
            self.trade(bid, ask, lots, clearing.price_ticks, true);
            for id in [bid, ask] {
                self.refill_after_auction(id);
            }
            buy += usize::from(buys[buy].lots == 0);
            sell += usize::from(sells[sell].lots == 0);
            left -= lots;
        }
    }

    /// Takes lots from an order: those that are displayed first.
    fn take_in_auction(&mut self, id: u64, lots: i64) {
        match self.at(id).place {
            Place::Book => {
                let shown = self.market_of(id).shown(id);
                self.take_shown(id, lots.min(shown));
            }
            Place::Aside if self.at(id).leaves_lots == lots => self.take_out(id),
            _ => {}
        }
    }

    fn refill_after_auction(&mut self, id: u64) {
        if self.at(id).is_limited() && !self.at(id).is_auction_only() {
            self.refill(id);
        }
    }
}

/// In the order in which an auction serves a side.
fn serve(side: Side, bidders: &mut [Bidder]) {
    let eager = |limit: Option<i64>| limit.map_or(i64::MIN, |limit| if side == Side::Buy { -limit } else { limit });
    bidders.sort_by_key(|bidder| (eager(bidder.limit), bidder.since));
}

/// The price of an auction, and what trades at it.
pub(super) fn clearing(buys: &[Bidder], sells: &[Bidder], reference_ticks: i64, ticks_max: i64) -> Clearing {
    // Between limits nothing changes, so their neighbours and the reference stand for all prices there are.
    let limits = buys.iter().chain(sells).filter_map(|bidder| bidder.limit);
    let mut prices: Vec<i64> = limits.flat_map(|limit| [limit - 1, limit, limit + 1]).collect();
    prices.push(reference_ticks);
    prices.retain(|price| (1..=ticks_max).contains(price));
    prices.sort_unstable();
    prices.dedup();
    let wanted = at_or_better(&prices, buys, true);
    let offered = at_or_better(&prices, sells, false);
    let all = prices.iter().zip(wanted.iter().zip(&offered)).map(|(price_ticks, (wanted, offered))| Clearing {
        price_ticks: *price_ticks,
        lots: *wanted.min(offered),
        imbalance_lots: wanted - offered,
    });
    let rank = |one: &Clearing| {
        let distance = (one.price_ticks - reference_ticks).abs();
        (-one.lots, one.imbalance_lots.abs(), distance, -one.price_ticks)
    };
    all.min_by_key(rank).unwrap_or(Clearing { price_ticks: reference_ticks, lots: 0, imbalance_lots: 0 })
}

/// Lots of a side that would trade at each of these prices, which rise.
fn at_or_better(prices: &[i64], bidders: &[Bidder], is_buy: bool) -> Vec<i64> {
    let mut lots = vec![0; prices.len()];
    for bidder in bidders {
        let place = bidder.limit.map_or(if is_buy { prices.len() - 1 } else { 0 }, |limit| {
            prices.partition_point(|price| *price < limit).min(prices.len() - 1)
        });
        lots[place] += bidder.lots;
    }
    let mut sum = 0;
    let places: Vec<usize> = if is_buy { (0..prices.len()).rev().collect() } else { (0..prices.len()).collect() };
    for place in places {
        sum += lots[place];
        lots[place] = sum;
    }
    lots
}
