//! The loop: which event is next, when, and what a venue would tell of it.

use super::activity::Activity;
use super::config::GeneratorConfig;
use super::flow::Flow;
use super::queues::{Queues, Resting};
use super::random::Random;
use super::rows::{Telling, join, opposite};
use hedgerow_core::{BookOrder, OrderAction, Problem, Side, Trade};

/// Lots of the largest order.
const LOTS_MAX: u32 = 10_000;
/// Rates are kept this close to the market's lowest price, so that none is zero or less.
const LOWEST_TICKS: i32 = 1;

/// A made-up market: events as long as they are asked for.
///
/// ```
/// use hedgerow_sim::{Generator, GeneratorConfig};
/// let mut market = Generator::new(GeneratorConfig::zero_intelligence(7))?;
/// let (mut orders, mut trades) = (Vec::new(), Vec::new());
/// market.run(10_000, &mut orders, &mut trades);
/// assert!(orders.len() >= 10_000 && !trades.is_empty());
/// # Ok::<(), hedgerow_core::Problem>(())
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    config: GeneratorConfig,
    random: Random,
    activity: Activity,
    flow: Flow,
    /// Lots of an order on average.
    mean_lots: f64,
    bids: Queues,
    asks: Queues,
    now_ns: i64,
    next_id: u64,
    began: bool,
}

/// What may happen next, by side of the resting orders concerned.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A limit order at this distance from the opposite best.
    Limit(Side, i32),
    /// An order at this price goes.
    Cancel(Side, i32),
    /// A market order of whatever side the flow says.
    Market,
}

impl Generator {
    /// A market whose book is filled as it is on average.
    ///
    /// # Errors
    /// `SIM_BAD_COST` if a setting cannot be meant.
    pub fn new(config: GeneratorConfig) -> Result<Generator, Problem> {
        let config = config.checked()?;
        let mut random = Random::seeded(config.seed);
        let flow = Flow::new(config.split_tail, config.split_orders, &mut random);
        Ok(Generator {
            activity: Activity::new(config.branching, 2.0 * config.market_rate),
            mean_lots: Random::pareto_mean(config.size_tail, LOTS_MAX),
            bids: Queues::new(Side::Buy),
            asks: Queues::new(Side::Sell),
            now_ns: config.start_ns,
            next_id: 1,
            began: false,
            config,
            random,
            flow,
        })
    }

    /// Appends at least so many events of orders, whole updates only, and the trades among them.
    pub fn run(&mut self, events: usize, orders: &mut Vec<BookOrder>, trades: &mut Vec<Trade>) {
        let wanted = orders.len() + events;
        if !self.began {
            self.began = true;
            self.fill(orders);
        }
        while orders.len() < wanted {
            self.step(orders, trades);
        }
    }

    /// Best bid and ask, ticks.
    ///
    /// # Panics
    /// Before the first [`Generator::run`].
    #[must_use]
    pub fn best(&self) -> (i32, i32) {
        (self.bids.best().expect("no side is ever empty"), self.asks.best().expect("no side is ever empty"))
    }

    fn side(&mut self, side: Side) -> &mut Queues {
        if side == Side::Buy { &mut self.bids } else { &mut self.asks }
    }

    /// The orders there are on average, one tick apart around the start.
    fn fill(&mut self, orders: &mut Vec<BookOrder>) {
        let cancels = self.config.cancel_rates.clone();
        for (i, limit) in self.config.limit_rates.clone().into_iter().enumerate() {
            let many = (limit / cancels[i.min(cancels.len() - 1)]).round().clamp(1.0, 1000.0) as u32;
            for side in [Side::Buy, Side::Sell] {
                let away = i as i32;
                let price =
                    if side == Side::Buy { self.config.start_ticks - away } else { self.config.start_ticks + 1 + away };
                for _ in 0..many {
                    self.add(side, price, orders);
                }
            }
        }
    }

    /// One event, or none where the activity had faded before it came (thinning, Ogata 1981).
    fn step(&mut self, orders: &mut Vec<BookOrder>, trades: &mut Vec<Trade>) {
        let (bid, ask) = self.best();
        let total = self.walk(bid, ask, f64::INFINITY).1;
        let before = self.activity.factor();
        let seconds = self.random.wait(1.0 / (total * before));
        self.now_ns += (seconds * 1e9).ceil().clamp(1.0, 1e18) as i64;
        self.activity.fade(seconds);
        if self.random.share() * before > self.activity.factor() {
            return;
        }
        let drawn = self.random.share() * total;
        match self.walk(bid, ask, drawn).0.unwrap_or(Event::Market) {
            Event::Limit(Side::Buy, away) => self.add(Side::Buy, ask - away, orders),
            Event::Limit(_, away) => self.add(Side::Sell, bid + away, orders),
            Event::Cancel(side, price) => self.cancel(side, price, orders),
            Event::Market => self.trade(orders, trades),
        }
    }

    /// Walks over all that may happen until the rates sum to `until`; gives what it met there, and the sum.
    fn walk(&self, bid: i32, ask: i32, until: f64) -> (Option<Event>, f64) {
        let mut sum = 2.0 * self.config.market_rate;
        if sum > until {
            return (Some(Event::Market), sum);
        }
        for (side, queues) in [(Side::Buy, &self.bids), (Side::Sell, &self.asks)] {
            let eager = (1.0 + self.config.refill * self.flow.taken(side)).max(0.1);
            for (i, rate) in self.config.limit_rates.iter().enumerate() {
                let away = i as i32 + 1;
                if side == Side::Buy && ask - away < LOWEST_TICKS {
                    break;
                }
                sum += rate * eager;
                if sum > until {
                    return (Some(Event::Limit(side, away)), sum);
                }
            }
            let cancels = &self.config.cancel_rates;
            // The last order of a side stays: the book of a liquid share is never empty.
            for (price, many) in queues.levels().filter(|_| queues.len() > 1) {
                let away = if side == Side::Buy { ask - price } else { price - bid };
                sum += cancels[(away as usize - 1).min(cancels.len() - 1)] * many as f64;
                if sum > until {
                    return (Some(Event::Cancel(side, price)), sum);
                }
            }
        }
        (None, sum)
    }

    fn telling(&self) -> Telling {
        Telling { instrument: self.config.instrument, now_ns: self.now_ns }
    }

    fn add(&mut self, side: Side, price: i32, orders: &mut Vec<BookOrder>) {
        let (id, lots) = (self.next_id, self.random.pareto(self.config.size_tail, LOTS_MAX));
        self.next_id += 1;
        self.side(side).add(price, Resting { id, lots });
        orders.push(self.telling().order(id, side, price, lots, OrderAction::Add));
    }

    fn cancel(&mut self, side: Side, price: i32, orders: &mut Vec<BookOrder>) {
        let queues = if side == Side::Buy { &self.bids } else { &self.asks };
        let many = queues.levels().find(|(at, _)| *at == price).map_or(1, |(_, many)| many);
        let place = self.random.place(many);
        let gone = self.side(side).remove(price, place);
        orders.push(self.telling().order(gone.id, side, price, 0, OrderAction::Delete));
    }

    /// A market order takes what it wants, and leaves the last order of the other side.
    fn trade(&mut self, orders: &mut Vec<BookOrder>, trades: &mut Vec<Trade>) {
        let aggressor = self.flow.next(&mut self.random);
        let passive = opposite(aggressor);
        let lots = self.random.pareto(self.config.size_tail, LOTS_MAX);
        let (mut wanted, first, before) = (lots, orders.len(), self.best());
        while wanted > 0 && self.side(passive).len() > 1 {
            let Some((price, id, given)) = self.side(passive).take(wanted) else { break };
            wanted -= given;
            orders.push(self.telling().order(id, passive, price, given, OrderAction::Execute));
            trades.push(self.telling().trade(passive, price, given));
        }
        if orders.len() > first {
            join(&mut orders[first..]);
            let fell = self.best().0 < before.0;
            // A large trade brings more than a small one, so that activity has heavy tails too.
            let size = f64::from(lots) / self.mean_lots;
            self.activity.trade(if fell { size * (1.0 + self.config.fear) } else { size });
        }
    }
}

#[cfg(test)]
mod tests;
