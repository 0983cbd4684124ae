//! What a queue-reactive market is like.

use super::config::RATE_MAX;
use hedgerow_core::{Problem, code};

/// Most queues on a side.
const QUEUES_MAX: usize = 100;
/// Most lengths of a queue that have rates of their own.
const LENGTHS_MAX: usize = 1_000;

/// Settings of a queue-reactive market. Rates are per second; of each table a row is a queue, the one next to the reference
/// price first, and both sides have the same.
#[derive(Clone, PartialEq, Debug)]
pub struct ReactiveConfig {
    /// The seed.
    pub seed: u64,
    /// Where its index stands in the run.
    pub instrument: u16,
    /// The price of the first bid queue at the start, ticks; the reference price is half a tick above.
    pub start_ticks: i32,
    /// When it begins, UTC nanoseconds.
    pub start_ns: i64,
    /// Limit orders into a queue of 0, 1, ... orders; of a longer one as at the last.
    pub limit_rates: Vec<Vec<f64>>,
    /// Cancels in a queue of 1, 2, ... orders.
    pub cancel_rates: Vec<Vec<f64>>,
    /// Market orders that take from a queue of 1, 2, ... orders while it is the best of its side.
    pub market_rates: Vec<Vec<f64>>,
    /// How likely the reference price follows where the mid has moved.
    pub theta: f64,
    /// How likely all queues are drawn anew where the reference price has moved.
    pub redraw: f64,
}

/// The rate of a table's row at a place; beyond its end as at its last.
pub(super) fn rate(row: &[f64], place: usize) -> f64 {
    row[place.min(row.len() - 1)]
}

impl ReactiveConfig {
    /// The settings, if they can be meant.
    ///
    /// # Errors
    /// `SIM_BAD_COST` names the setting, the value seen and its bounds.
    pub fn checked(self) -> Result<ReactiveConfig, Problem> {
        let refuse = |what: String| Err(Problem::new(code::SIM_BAD_COST, what));
        let queues = self.limit_rates.len();
        let tables = [
            ("limit_rates", &self.limit_rates),
            ("cancel_rates", &self.cancel_rates),
            ("market_rates", &self.market_rates),
        ];
        for (name, table) in tables {
            if table.len() != queues || !(1..=QUEUES_MAX).contains(&queues) {
                return refuse(format!("{name} of {} queues; equally many in each, 1 to {QUEUES_MAX}", table.len()));
            }
            for row in table {
                if row.is_empty() || row.len() > LENGTHS_MAX {
                    return refuse(format!("{name} of a queue at {} lengths; 1 to {LENGTHS_MAX}", row.len()));
                }
                if let Some(rate) = row.iter().find(|rate| !(0.0..=RATE_MAX).contains(*rate)) {
                    return refuse(format!("{name}: a rate of {rate}; from 0 to {RATE_MAX:e} a second"));
                }
            }
        }
        for queue in 0..queues {
            let (comes, goes) = (*self.limit_rates[queue].last().unwrap_or(&0.0), self.leaving(queue, usize::MAX));
            if comes >= goes {
                let number = queue + 1;
                return refuse(format!("queue {number} grows without end: {comes} come and {goes} go a second"));
            }
            if self.limit_rates[queue][0] == 0.0 {
                return refuse(format!("queue {} stays empty: limit_rates of 0 where it is empty", queue + 1));
            }
        }
        for (name, value) in [("theta", self.theta), ("redraw", self.redraw)] {
            if !(0.0..=1.0).contains(&value) {
                return refuse(format!("{name} is {value}; from 0 to 1"));
            }
        }
        if !(queues as i32..=i32::MAX / 2).contains(&self.start_ticks) || self.start_ns < 0 {
            let (ticks, ns) = (self.start_ticks, self.start_ns);
            return refuse(format!("starts at {ticks} ticks and {ns} ns; from {queues} and 0"));
        }
        Ok(self)
    }

    /// How fast orders leave a queue of so many; market orders reach the first one.
    fn leaving(&self, queue: usize, many: usize) -> f64 {
        let taken = if queue == 0 { rate(&self.market_rates[queue], many - 1) } else { 0.0 };
        rate(&self.cancel_rates[queue], many - 1) + taken
    }

    /// How likely a queue has at most 0, 1, ... orders in the long run, alone: a birth-death process.
    pub(super) fn law(&self, queue: usize) -> Vec<f64> {
        let (mut weight, mut sum) = (1.0, 1.0);
        let mut law = vec![1.0];
        while weight > sum * 1e-12 && law.len() < 100 * LENGTHS_MAX {
            let many = law.len();
            let goes = self.leaving(queue, many);
            if goes == 0.0 {
                // From here it only grows: shorter ones are left for good.
                (weight, sum) = (1.0, 0.0);
                law.fill(0.0);
            } else {
                weight *= rate(&self.limit_rates[queue], many - 1) / goes;
            }
            sum += weight;
            law.push(sum);
        }
        law.iter_mut().for_each(|share| *share /= sum);
        law
    }
}
