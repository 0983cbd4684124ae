//! What a made-up market is like.

use hedgerow_core::{Problem, code};

/// Most prices on a side that have rates of their own.
const DEPTH_MAX: usize = 200;
/// The highest rate: more a second would leave less than a nanosecond between events.
pub(super) const RATE_MAX: f64 = 1e7;

/// Settings of a made-up market. Rates are per second and side.
#[derive(Clone, PartialEq, Debug)]
pub struct GeneratorConfig {
    /// The seed.
    pub seed: u64,
    /// Where its index stands in the run.
    pub instrument: u16,
    /// The mid at the start, ticks.
    pub start_ticks: i32,
    /// When it begins, UTC nanoseconds.
    pub start_ns: i64,
    /// Limit orders at each distance from the opposite best, 1 tick first.
    pub limit_rates: Vec<f64>,
    /// Market orders.
    pub market_rate: f64,
    /// Cancels of each resting order, by its distance; further away as at the last.
    pub cancel_rates: Vec<f64>,
    /// Exponent of the tail of sizes; 0 = every order has one lot.
    pub size_tail: f64,
    /// How many trades each trade brings, below 1; 0 = arrivals do not cluster.
    pub branching: f64,
    /// How much more a trade that moves the mid down brings; 0 = as much as one that moves it up.
    pub fear: f64,
    /// Exponent of the lengths of the orders whose pieces market orders are; 0 = each stands alone.
    pub split_tail: f64,
    /// How many such orders are worked at a time.
    pub split_orders: usize,
    /// How much faster limit orders come where lots will be taken, and slower on the other side; 0 = they do not look.
    pub refill: f64,
}

impl GeneratorConfig {
    /// The published parameters of Cont, Stoikov & Talreja (2010), table 1: orders of one lot, Poisson arrivals; one of
    /// their minutes is a second.
    #[must_use]
    pub fn zero_intelligence(seed: u64) -> GeneratorConfig {
        GeneratorConfig {
            seed,
            instrument: 0,
            start_ticks: 10_000,
            start_ns: 0,
            limit_rates: vec![1.85, 1.51, 1.09, 0.88, 0.77],
            market_rate: 0.94,
            cancel_rates: vec![0.71, 0.81, 0.68, 0.56, 0.47],
            size_tail: 0.0,
            branching: 0.0,
            fear: 0.0,
            split_tail: 0.0,
            split_orders: 1,
            refill: 0.0,
        }
    }

    /// The settings, if they can be meant.
    ///
    /// # Errors
    /// `SIM_BAD_COST` names the setting, the value seen and its bounds.
    pub fn checked(self) -> Result<GeneratorConfig, Problem> {
        let refuse = |what: String| Err(Problem::new(code::SIM_BAD_COST, what));
        for (name, rates) in [("limit_rates", &self.limit_rates), ("cancel_rates", &self.cancel_rates)] {
            if rates.is_empty() || rates.len() > DEPTH_MAX {
                return refuse(format!("{} {name}; from 1 to {DEPTH_MAX}", rates.len()));
            }
        }
        let rates = self.limit_rates.iter().chain(&self.cancel_rates).chain([&self.market_rate]);
        if let Some(rate) = rates.into_iter().find(|rate| !(**rate > 0.0 && **rate <= RATE_MAX)) {
            return refuse(format!("a rate of {rate}; positive, at most {RATE_MAX:e} a second"));
        }
        for (name, value, most) in [
            ("branching", self.branching, 0.99),
            ("fear", self.fear, 10.0),
            ("refill", self.refill, 100.0),
            ("size_tail", self.size_tail, 100.0),
            ("split_tail", self.split_tail, 100.0),
        ] {
            if !(0.0..=most).contains(&value) {
                return refuse(format!("{name} is {value}; from 0 to {most}"));
            }
        }
        if self.branching * (1.0 + self.fear / 2.0) > 0.99 {
            return refuse(format!(
                "branching {} with fear {}; together a trade brings a trade",
                self.branching, self.fear
            ));
        }
        if !(1..=10_000).contains(&self.split_orders) {
            return refuse(format!("split_orders is {}; from 1 to 10,000", self.split_orders));
        }
        let depth = self.limit_rates.len() as i32;
        if !(2 * depth..=i32::MAX / 2).contains(&self.start_ticks) || self.start_ns < 0 {
            let least = 2 * depth;
            return refuse(format!(
                "starts at {} ticks and {} ns; from {least} and 0",
                self.start_ticks, self.start_ns
            ));
        }
        Ok(self)
    }
}
