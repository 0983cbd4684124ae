//! How long a message travels. Messages on one way never overtake each other.

use crate::draw::draw;
use hedgerow_core::time::DAY;
use hedgerow_core::{Problem, code};

/// A model of delay.
#[derive(Clone, PartialEq, Debug)]
pub enum Delay {
    /// Always so many nanoseconds.
    Constant(i64),
    /// Between two, each as likely as the other.
    Uniform(i64, i64),
    /// At least the first, and beyond it exponential with the second as its mean.
    Exponential(i64, i64),
    /// As measured: (UTC nanoseconds, delay), times rising; between two points on the line between them, before the first
    /// and after the last as there.
    Measured(Vec<(i64, i64)>),
}

impl Default for Delay {
    /// None. A run says what its own is; zero is for comparison with engines that have none.
    fn default() -> Delay {
        Delay::Constant(0)
    }
}

impl Delay {
    /// Refuses delays that are negative, longer than a day, or in no order.
    pub(crate) fn check(&self, name: &str) -> Result<(), Problem> {
        let fits = |ns: i64| (0..=DAY).contains(&ns);
        let good = match self {
            Delay::Constant(ns) => fits(*ns),
            Delay::Uniform(least, most) => fits(*least) && fits(*most) && least <= most,
            Delay::Exponential(least, mean) => fits(*least) && fits(*mean),
            Delay::Measured(points) => {
                !points.is_empty() && points.iter().all(|p| fits(p.1)) && points.windows(2).all(|w| w[0].0 < w[1].0)
            }
        };
        if good {
            return Ok(());
        }
        let shown = match self {
            Delay::Measured(points) => format!("{} measured points", points.len()),
            other => format!("{other:?}"),
        };
        let detail = format!("{name} delay {shown}; nanoseconds from 0 to {DAY} (a day), measured times rising");
        Err(Problem::new(code::SIM_BAD_MODEL, detail))
    }
}

/// One way between us and the venue.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    delay: Delay,
    draws: u64,
    last_ts: i64,
    /// Where in the measured points the last message fell.
    at: usize,
}

impl Way {
    pub(crate) fn new(delay: Delay, seed: u64) -> Way {
        Way { delay, draws: seed, last_ts: i64::MIN, at: 0 }
    }

    /// When a message that leaves at `ts` arrives.
    #[inline]
    pub(crate) fn arrival(&mut self, ts: i64) -> i64 {
        let delay_ns = match &self.delay {
            Delay::Constant(ns) => *ns,
            Delay::Uniform(least, most) => {
                let span = u128::from(most.abs_diff(*least)) + 1;
                least + ((u128::from(draw(&mut self.draws)) * span) >> 64) as i64
            }
            Delay::Exponential(least, mean) => {
                // 53 random bits make a number above 0 and not above 1.
                let uniform = ((draw(&mut self.draws) >> 11) + 1) as f64 / (1_u64 << 53) as f64;
                least.saturating_add((-libm::log(uniform) * *mean as f64) as i64).min(DAY)
            }
            Delay::Measured(points) => measured(points, &mut self.at, ts),
        };
        self.last_ts = ts.saturating_add(delay_ns).max(self.last_ts);
        self.last_ts
    }
}

fn measured(points: &[(i64, i64)], at: &mut usize, ts: i64) -> i64 {
    while *at + 1 < points.len() && points[*at + 1].0 <= ts {
        *at += 1;
    }
    let (from_ts, from_ns) = points[*at];
    match points.get(*at + 1) {
        Some((to_ts, to_ns)) if ts > from_ts => {
            let part = i128::from(ts - from_ts) * i128::from(to_ns - from_ns) / i128::from(to_ts - from_ts);
            from_ns + part as i64
        }
        _ => from_ns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measured_delay_is_read_between_its_points() {
        let mut way = Way::new(Delay::Measured(vec![(100, 10), (200, 30), (300, 30)]), 0);
        for (leaves, arrives) in [(50, 60), (100, 110), (150, 170), (200, 230), (1_000, 1_030)] {
            assert_eq!(way.arrival(leaves), arrives);
        }
    }

    #[test]
    fn no_message_overtakes_another() {
        let mut way = Way::new(Delay::Uniform(0, 1_000_000), 7);
        let arrivals: Vec<i64> = (0..1_000).map(|ts| way.arrival(ts)).collect();
        assert!(arrivals.windows(2).all(|w| w[0] <= w[1]));
    }

    #[test]
    fn drawn_delays_have_the_mean_that_was_asked_for_and_equal_seeds_draw_alike() {
        for (delay, mean) in [(Delay::Uniform(1_000, 3_000), 2_000.0), (Delay::Exponential(500, 1_500), 2_000.0)] {
            let sum = |seed| {
                // Messages far apart, so that none waits for another.
                let mut way = Way::new(delay.clone(), seed);
                (0..20_000).map(|i| way.arrival(i * 1_000_000) - i * 1_000_000).sum::<i64>()
            };
            assert!((sum(3) as f64 / 20_000.0 - mean).abs() < 50.0, "{delay:?}");
            assert_eq!(sum(3), sum(3));
            assert_ne!(sum(3), sum(4));
        }
    }

    #[test]
    fn delays_that_cannot_be_are_refused() {
        for delay in [
            Delay::Constant(-1),
            Delay::Uniform(5, 4),
            Delay::Exponential(0, -1),
            Delay::Measured(vec![]),
            Delay::Measured(vec![(2, 1), (1, 1)]),
        ] {
            assert_eq!(delay.check("entry").unwrap_err().code, code::SIM_BAD_MODEL);
        }
    }
}
