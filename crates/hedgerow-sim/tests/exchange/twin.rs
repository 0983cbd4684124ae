//! The obvious twin: one list of orders, looked through from the beginning for every trade.

use hedgerow_core::Side;
use hedgerow_sim::exchange::{NewOrder, OrderType, Phase, SelfTrades, TimeIn};

#[derive(Clone, Debug)]
pub struct Kept {
    pub order: NewOrder,
    pub open: i64,
    pub done: i64,
    pub shown: i64,
    pub since: u64,
    pub waits: bool,
}

pub type Trade = (u64, u64, i64, i64);

pub struct Twin {
    pub orders: Vec<Kept>,
    pub phase: Phase,
    pub last: i64,
    pub trades: Vec<Trade>,
    pub self_trades: SelfTrades,
    turns: u64,
}

impl Twin {
    pub fn new(phase: Phase, self_trades: SelfTrades) -> Twin {
        Twin { orders: Vec::new(), phase, last: 100, trades: Vec::new(), self_trades, turns: 0 }
    }

    fn auction_only(order: &NewOrder) -> bool {
        matches!(order.time_in, TimeIn::AtOpen | TimeIn::AtClose)
    }

    fn limited(&self, at: usize) -> Option<i64> {
        (self.orders[at].order.price_ticks > 0).then_some(self.orders[at].order.price_ticks)
    }

    /// Whether an order stands in the book.
    fn rests(&self, at: usize) -> bool {
        let kept = &self.orders[at];
        kept.open > 0 && !kept.waits && !Self::auction_only(&kept.order) && self.limited(at).is_some()
    }

    /// The order of the other side that is served first, other than the one that comes.
    fn first(&self, side: Side, but: usize) -> Option<usize> {
        let best = |at: &usize| {
            let kept = &self.orders[*at];
            let price = kept.order.price_ticks;
            (if side == Side::Buy { -price } else { price }, kept.since)
        };
        (0..self.orders.len())
            .filter(|at| *at != but && self.rests(*at) && self.orders[*at].order.side == side)
            .min_by_key(best)
    }

    fn crosses(side: Side, limit: Option<i64>, price: i64) -> bool {
        limit.is_none_or(|limit| if side == Side::Buy { limit >= price } else { limit <= price })
    }

    pub fn enter(&mut self, order: &NewOrder) -> bool {
        let admitted = match self.phase {
            Phase::Closed | Phase::Halted => false,
            Phase::OpeningCall => !matches!(order.time_in, TimeIn::Ioc | TimeIn::Fok),
            Phase::Continuous => order.time_in != TimeIn::AtOpen,
            Phase::ClosingCall => !matches!(order.time_in, TimeIn::Ioc | TimeIn::Fok | TimeIn::AtOpen),
        };
        let other = if order.side == Side::Buy { Side::Sell } else { Side::Buy };
        let best = self.first(other, usize::MAX).map(|at| self.orders[at].order.price_ticks);
        let takes = best.is_some_and(|best| Self::crosses(order.side, Some(order.price_ticks), best));
        if !admitted || (order.post_only && self.phase == Phase::Continuous && takes) {
            return false;
        }
        self.orders.push(Kept { order: order.clone(), open: order.lots, done: 0, shown: 0, since: 0, waits: false });
        let at = self.orders.len() - 1;
        self.orders[at].waits = order.order_type == OrderType::Stop || order.order_type == OrderType::StopLimit;
        self.place(at);
        self.stops();
        true
    }

    /// At the end of its queue, with the lots that it displays.
    fn queue(&mut self, at: usize) {
        self.turns += 1;
        let kept = &mut self.orders[at];
        kept.since = self.turns;
        kept.shown = if kept.order.show_lots == 0 { kept.open } else { kept.open.min(kept.order.show_lots) };
    }

    fn place(&mut self, at: usize) {
        self.queue(at);
        if self.orders[at].waits || Self::auction_only(&self.orders[at].order) || self.phase != Phase::Continuous {
            return;
        }
        if self.orders[at].order.time_in == TimeIn::Fok {
            let mut trial =
                Twin { orders: self.orders.clone(), trades: Vec::new(), ..Twin::new(self.phase, self.self_trades) };
            trial.turns = self.turns;
            if !trial.match_one(at) {
                self.orders[at].open = 0;
                return;
            }
        }
        let whole = self.match_one(at);
        let stays = self.limited(at).is_some() && !matches!(self.orders[at].order.time_in, TimeIn::Ioc | TimeIn::Fok);
        if !whole && !stays {
            self.orders[at].open = 0;
        } else if self.orders[at].open > 0 {
            self.queue(at);
        }
    }

    /// Trades what it can; whether that was everything.
    fn match_one(&mut self, at: usize) -> bool {
        let (side, limit, who) = (self.orders[at].order.side, self.limited(at), self.orders[at].order.participant);
        let other = if side == Side::Buy { Side::Sell } else { Side::Buy };
        while self.orders[at].open > 0 {
            let Some(maker) = self.first(other, at) else { return false };
            let price = self.orders[maker].order.price_ticks;
            if !Self::crosses(side, limit, price) {
                return false;
            }
            if self.orders[maker].order.participant == who && self.self_trades != SelfTrades::Allow {
                let loser = if self.self_trades == SelfTrades::CancelResting { maker } else { at };
                self.orders[loser].open = 0;
                if loser == at {
                    return false;
                }
                continue;
            }
            let lots = self.orders[maker].shown.min(self.orders[at].open);
            self.trade(at, maker, lots, price);
            if self.orders[maker].shown == 0 && self.orders[maker].open > 0 {
                self.queue(maker);
            }
        }
        true
    }

    fn trade(&mut self, one: usize, other: usize, lots: i64, price: i64) {
        for at in [one, other] {
            let kept = &mut self.orders[at];
            (kept.open, kept.done, kept.shown) = (kept.open - lots, kept.done + lots, (kept.shown - lots).max(0));
        }
        let (buy, sell) = if self.orders[one].order.side == Side::Buy { (one, other) } else { (other, one) };
        self.trades.push((buy as u64 + 1, sell as u64 + 1, lots, price));
        self.last = price;
    }

    fn stops(&mut self) {
        while self.phase == Phase::Continuous {
            let reached = |at: &usize| {
                let kept = &self.orders[*at];
                let stop = kept.order.stop_ticks;
                let is_there = if kept.order.side == Side::Buy { self.last >= stop } else { self.last <= stop };
                kept.waits && kept.open > 0 && is_there
            };
            let Some(at) = (0..self.orders.len()).filter(reached).min_by_key(|at| self.orders[*at].since) else {
                return;
            };
            self.orders[at].waits = false;
            self.place(at);
        }
    }

    pub fn cancel(&mut self, at: usize) {
        self.orders[at].open = 0;
    }

    /// A change of lots, limit or, if it is said, lots shown of a resting order in continuous trading.
    pub fn replace(&mut self, at: usize, lots: i64, price: i64, shown: i64) {
        let kept = &mut self.orders[at];
        let before = kept.order.show_lots.min(lots);
        let show_lots = if shown == 0 { before } else { shown };
        let keeps = lots <= kept.order.lots && price == kept.order.price_ticks && show_lots == before;
        (kept.order.lots, kept.order.price_ticks, kept.order.show_lots) = (lots, price, show_lots);
        kept.open = lots - kept.done;
        kept.shown = kept.shown.min(kept.open);
        if !keeps {
            self.place(at);
        }
        self.stops();
    }

    pub fn set_phase(&mut self, phase: Phase) {
        let before = self.phase;
        if phase == Phase::Continuous && before != Phase::Closed {
            self.auction(TimeIn::AtOpen);
        }
        if phase == Phase::Closed && before == Phase::ClosingCall {
            self.auction(TimeIn::AtClose);
        }
        self.phase = phase;
        if phase == Phase::Closed {
            for kept in &mut self.orders {
                if matches!(kept.order.time_in, TimeIn::Day | TimeIn::AtOpen | TimeIn::AtClose) {
                    kept.open = 0;
                }
            }
        }
        self.stops();
    }

    /// Every price there is, looked at one by one.
    fn auction(&mut self, mine: TimeIn) {
        let takes_part = |at: &usize| {
            let kept = &self.orders[*at];
            kept.open > 0 && !kept.waits && (!Self::auction_only(&kept.order) || kept.order.time_in == mine)
        };
        let all: Vec<usize> = (0..self.orders.len()).filter(takes_part).collect();
        let sum = |side: Side, price: i64| -> i64 {
            let wants =
                |at: &&usize| self.orders[**at].order.side == side && Self::crosses(side, self.limited(**at), price);
            all.iter().filter(wants).map(|at| self.orders[*at].open).sum()
        };
        let rank = |price: &i64| {
            let (buy, sell) = (sum(Side::Buy, *price), sum(Side::Sell, *price));
            (-buy.min(sell), (buy - sell).abs(), (price - self.last).abs(), -price)
        };
        let price = (1..=1_000).min_by_key(rank).unwrap_or(self.last);
        let mut left = sum(Side::Buy, price).min(sum(Side::Sell, price));
        let [mut buys, mut sells] = [Side::Buy, Side::Sell].map(|side| {
            let mut of: Vec<usize> = all.iter().copied().filter(|at| self.orders[*at].order.side == side).collect();
            let eager = |limit: i64| if side == Side::Buy { -limit } else { limit };
            of.sort_by_key(|at| (self.limited(*at).map_or(i64::MIN, eager), self.orders[*at].since));
            of.into_iter()
        });
        let (mut buy, mut sell) = (buys.next(), sells.next());
        let mut open: Vec<i64> = self.orders.iter().map(|kept| kept.open).collect();
        while let (Some(one), Some(other), true) = (buy, sell, left > 0) {
            let lots = open[one].min(open[other]).min(left);
            self.trade(one, other, lots, price);
            for at in [one, other] {
                open[at] -= lots;
                if self.orders[at].shown == 0 && self.orders[at].open > 0 {
                    self.queue(at);
                }
            }
            left -= lots;
            buy = if open[one] == 0 { buys.next() } else { buy };
            sell = if open[other] == 0 { sells.next() } else { sell };
        }
        for at in all {
            if Self::auction_only(&self.orders[at].order) || self.limited(at).is_none() {
                self.orders[at].open = 0;
            }
        }
    }

    /// Displayed lots by price, best first.
    pub fn depth(&self, side: Side) -> Vec<(i64, i64)> {
        let mut levels = std::collections::BTreeMap::new();
        for at in (0..self.orders.len()).filter(|at| self.rests(*at) && self.orders[*at].order.side == side) {
            *levels.entry(self.orders[at].order.price_ticks).or_insert(0) += self.orders[at].shown;
        }
        let rising = levels.into_iter();
        if side == Side::Buy { rising.rev().collect() } else { rising.collect() }
    }
}
