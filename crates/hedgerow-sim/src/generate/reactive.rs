//! The queue-reactive market: queues around a reference price, each with rates that depend on its length.

use super::queues::{Queues, Resting};
use super::random::Random;
use super::reactive_config::{ReactiveConfig, rate};
use super::rows::{Telling, join};
use hedgerow_core::{BookOrder, OrderAction, Problem, Side, Trade};

/// A queue-reactive market: events as long as they are asked for. Every order has one lot.
///
/// ```
/// use hedgerow_sim::{Reactive, ReactiveConfig};
/// let mut market = Reactive::new(ReactiveConfig {
///     seed: 7,
///     instrument: 0,
///     start_ticks: 10_000,
///     start_ns: 0,
///     limit_rates: vec![vec![1.0]; 3],
///     cancel_rates: vec![vec![0.3, 0.6, 0.9, 1.2]; 3],
///     market_rates: vec![vec![0.4]; 3],
///     theta: 0.7,
///     redraw: 0.85,
/// })?;
/// let (mut orders, mut trades) = (Vec::new(), Vec::new());
/// market.run(10_000, &mut orders, &mut trades);
/// assert!(orders.len() >= 10_000 && !trades.is_empty());
/// # Ok::<(), hedgerow_core::Problem>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reactive {
    config: ReactiveConfig,
    random: Random,
    /// Of each queue, how likely it has at most so many orders.
    laws: Vec<Vec<f64>>,
    bids: Queues,
    asks: Queues,
    /// The price of the first bid queue; that of the first ask queue is a tick above.
    low: i32,
    now_ns: i64,
    next_id: u64,
    began: bool,
}

/// What may happen next to a queue.
#[derive(Clone, Copy, Debug)]
enum Event {
    Limit,
    Cancel,
    Market,
}

impl Reactive {
    /// A market whose queues are drawn from their laws.
    ///
    /// # Errors
    /// `SIM_BAD_COST` if a setting cannot be meant.
    pub fn new(config: ReactiveConfig) -> Result<Reactive, Problem> {
        let config = config.checked()?;
        Ok(Reactive {
            random: Random::seeded(config.seed),
            laws: (0..config.limit_rates.len()).map(|queue| config.law(queue)).collect(),
            bids: Queues::new(Side::Buy),
            asks: Queues::new(Side::Sell),
            low: config.start_ticks,
            now_ns: config.start_ns,
            next_id: 1,
            began: false,
            config,
        })
    }

    /// Appends at least so many events of orders, whole updates only, and the trades among them.
    pub fn run(&mut self, events: usize, orders: &mut Vec<BookOrder>, trades: &mut Vec<Trade>) {
        let wanted = orders.len() + events;
        if !self.began {
            self.began = true;
            self.redraw_all(orders);
        }
        while orders.len() < wanted {
            self.step(orders, trades);
        }
    }

    /// Best bid and ask, ticks; a side can be empty for a while.
    #[must_use]
    pub fn best(&self) -> (Option<i32>, Option<i32>) {
        (self.bids.best(), self.asks.best())
    }

    fn side(&mut self, side: Side) -> &mut Queues {
        if side == Side::Buy { &mut self.bids } else { &mut self.asks }
    }

    fn many(&self, side: Side, queue: usize) -> usize {
        let queues = if side == Side::Buy { &self.bids } else { &self.asks };
        queues.len_at(self.price(side, queue))
    }

    fn price(&self, side: Side, queue: usize) -> i32 {
        if side == Side::Buy { self.low - queue as i32 } else { self.low + 1 + queue as i32 }
    }

    fn telling(&self) -> Telling {
        Telling { instrument: self.config.instrument, now_ns: self.now_ns }
    }

    fn step(&mut self, orders: &mut Vec<BookOrder>, trades: &mut Vec<Trade>) {
        let total = self.walk(f64::INFINITY).1;
        let seconds = self.random.wait(1.0 / total);
        self.now_ns += (seconds * 1e9).ceil().clamp(1.0, 1e18) as i64;
        let drawn = self.random.share() * total;
        // Rounding can leave the sum a little short of what was drawn; then nothing happens this time.
        let Some((side, queue, event)) = self.walk(drawn).0 else { return };
        let (first, before) = (orders.len(), self.best());
        match event {
            Event::Limit => self.add(side, queue, orders),
            Event::Cancel => self.cancel(side, queue, orders),
            Event::Market => self.trade(side, orders, trades),
        }
        self.follow(before, orders);
        join(&mut orders[first..]);
    }

    /// Walks over all that may happen until the rates sum to `until`; gives what it met there, and the sum.
    fn walk(&self, until: f64) -> (Option<(Side, usize, Event)>, f64) {
        let (config, mut sum) = (&self.config, 0.0);
        for side in [Side::Buy, Side::Sell] {
            let mut is_best = true;
            for queue in 0..config.limit_rates.len() {
                let many = self.many(side, queue);
                let mut rates = [
                    (rate(&config.limit_rates[queue], many), Event::Limit),
                    (0.0, Event::Cancel),
                    (0.0, Event::Market),
                ];
                if many > 0 {
                    rates[1].0 = rate(&config.cancel_rates[queue], many - 1);
                    rates[2].0 = if is_best { rate(&config.market_rates[queue], many - 1) } else { 0.0 };
                    is_best = false;
                }
                for (rate, event) in rates {
                    sum += rate;
                    if sum > until {
                        return (Some((side, queue, event)), sum);
                    }
                }
            }
        }
        (None, sum)
    }

    fn add(&mut self, side: Side, queue: usize, orders: &mut Vec<BookOrder>) {
        let (id, price) = (self.next_id, self.price(side, queue));
        self.next_id += 1;
        self.side(side).add(price, Resting { id, lots: 1 });
        orders.push(self.telling().order(id, side, price, 1, OrderAction::Add));
    }

    fn cancel(&mut self, side: Side, queue: usize, orders: &mut Vec<BookOrder>) {
        let place = self.random.place(self.many(side, queue));
        self.remove(side, self.price(side, queue), place, orders);
    }

    fn remove(&mut self, side: Side, price: i32, place: usize, orders: &mut Vec<BookOrder>) {
        let gone = self.side(side).remove(price, place);
        orders.push(self.telling().order(gone.id, side, price, 0, OrderAction::Delete));
    }

    fn trade(&mut self, passive: Side, orders: &mut Vec<BookOrder>, trades: &mut Vec<Trade>) {
        let Some((price, id, lots)) = self.side(passive).take(1) else { return };
        orders.push(self.telling().order(id, passive, price, lots, OrderAction::Execute));
        trades.push(self.telling().trade(passive, price, lots));
    }

    /// Where the mid moved, the reference price follows now and then, if it leaves no order on the wrong side.
    fn follow(&mut self, before: (Option<i32>, Option<i32>), orders: &mut Vec<BookOrder>) {
        let mid = |(bid, ask): (Option<i32>, Option<i32>)| Some(bid? + ask?);
        let (Some(was), Some(is)) = (mid(before), mid(self.best())) else { return };
        let rises = is > was;
        let in_the_way = self.many(if rises { Side::Sell } else { Side::Buy }, 0);
        let last = self.laws.len() - 1;
        if is == was || in_the_way > 0 || (!rises && self.low <= last as i32 + 1) {
            return;
        }
        if self.random.share() >= self.config.theta {
            return;
        }
        // The queue furthest behind leaves the market, and one comes ahead.
        let (behind, ahead) = if rises { (Side::Buy, Side::Sell) } else { (Side::Sell, Side::Buy) };
        let left = self.price(behind, last);
        self.low += if rises { 1 } else { -1 };
        while let Some(place) = self.side(behind).len_at(left).checked_sub(1) {
            self.remove(behind, left, place, orders);
        }
        if self.random.share() < self.config.redraw {
            self.redraw_all(orders);
        } else {
            self.redraw(ahead, last, orders);
        }
    }

    fn redraw_all(&mut self, orders: &mut Vec<BookOrder>) {
        for queue in 0..self.laws.len() {
            self.redraw(Side::Buy, queue, orders);
            self.redraw(Side::Sell, queue, orders);
        }
    }

    /// Has a queue a length drawn from its law; orders come to its end and go from there.
    fn redraw(&mut self, side: Side, queue: usize, orders: &mut Vec<BookOrder>) {
        let drawn = self.random.share();
        let wanted = self.laws[queue].partition_point(|share| *share <= drawn);
        let price = self.price(side, queue);
        for place in (wanted..self.many(side, queue)).rev() {
            self.remove(side, price, place, orders);
        }
        for _ in self.many(side, queue)..wanted {
            self.add(side, queue, orders);
        }
    }
}

#[cfg(test)]
mod tests;
