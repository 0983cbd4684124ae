//! Our place in the queue at a price where history shows only how many lots stand there (L1, L2).
//!
//! What trades at a price serves its queue from the front: that is known. What is cancelled was ahead of us or behind:
//! that is not known, and is what the models differ in. None of them lets more stand ahead of us than is shown.

use hedgerow_core::{Problem, code};

/// Who leaves when a price loses lots that did not trade.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum QueueModel {
    /// Always those behind us, as long as there are any: only trades bring us forward.
    #[default]
    TradesOnly,
    /// Those behind us with probability `b^n / (b^n + a^n)` for `a` lots ahead and `b` behind; the larger `n`, the more it is
    /// the longer part that shrinks.
    PowerProb(f64),
    /// The same with `ln(1 + x)` in place of `x^n`.
    LogProb,
    /// There is no queue: what trades at a price is shared out by size, as some futures are matched.
    ProRata,
}

impl QueueModel {
    pub(crate) fn check(&self) -> Result<(), Problem> {
        match self {
            QueueModel::PowerProb(n) if !n.is_finite() || !(0.0..=100.0).contains(n) => {
                let detail = format!("queue model with power {n}; use a number from 0 to 100");
                Err(Problem::new(code::SIM_BAD_MODEL, detail))
            }
            _ => Ok(()),
        }
    }

    /// The chance that a cancelled lot stood behind us.
    fn behind(&self, ahead: f64, behind: f64) -> f64 {
        let weight = |lots: f64| match self {
            QueueModel::TradesOnly | QueueModel::ProRata => 0.0,
            QueueModel::PowerProb(n) => libm::pow(lots, *n),
            QueueModel::LogProb => libm::log1p(lots),
        };
        let (a, b) = (weight(ahead), weight(behind));
        // Without weights, and where a power passes all numbers, those behind us leave.
        if a + b > 0.0 && (a + b).is_finite() { b / (a + b) } else { 1.0 }
    }
}

/// Where one of our orders stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Place {
    /// Lots to be served before us, on average; infinite while the price is not shown.
    ahead: f64,
    /// Lots that traded at the price and that history has not taken off what it shows yet.
    traded: i64,
    /// When the last of them traded.
    traded_ts: i64,
    /// What was shown there last; -1 = nothing yet.
    shown: i64,
}

impl Place {
    /// Behind all that is shown at a price; `None` = nobody can see how much that is.
    pub(crate) fn last(shown: Option<i64>) -> Place {
        let ahead = shown.map_or(f64::INFINITY, |lots| lots as f64);
        Place { ahead, traded: 0, traded_ts: i64::MIN, shown: shown.unwrap_or(-1) }
    }

    /// History traded `lots` at the price, of which `reaching` came as far as us.
    pub(crate) fn trade(&mut self, lots: i64, reaching: i64, ts: i64) {
        self.ahead -= reaching as f64;
        self.traded += lots;
        self.traded_ts = ts;
    }

    /// Our whole lots of a trade that is shared out by size among what was shown at the price and all of ours; none where
    /// nothing is shown, or what is left of a lot.
    pub(crate) fn share(&self, traded: i64, mine: i64, ours: i64) -> i64 {
        let all = i128::from(self.shown.max(0)) + i128::from(ours);
        if self.shown < 0 { 0 } else { (i128::from(traded).min(all) * i128::from(mine) / all) as i64 }
    }

    /// Whole lots of past trades that passed everyone ahead of us.
    pub(crate) fn passed(&self) -> i64 {
        if self.ahead < 0.0 { (-self.ahead) as i64 } else { 0 }
    }

    /// What passed was served, or found nothing to serve: nobody is ahead any more.
    pub(crate) fn served(&mut self) {
        self.ahead = self.ahead.max(0.0);
    }

    /// History shows so many lots at the price at `ts`. What traded before that has been taken off; of what traded at the
    /// same time only as much as the price has lost, for the rest may be shown to go next.
    pub(crate) fn show(&mut self, model: &QueueModel, lots: i64, ts: i64) {
        if lots == self.shown {
            return;
        }
        let lost = (self.shown - lots).max(0);
        let taken_off = if ts > self.traded_ts { self.traded } else { self.traded.min(lost) };
        // What stood there when those trades were over, and what is left of it.
        let (before, after) = ((self.shown - taken_off) as f64, lots as f64);
        let gone = before - after;
        (self.shown, self.traded) = (lots, self.traded - taken_off);
        if gone > 0.0 && self.ahead.is_finite() {
            let behind = (before - self.ahead).max(0.0);
            let share = model.behind(self.ahead, behind);
            // More cannot have left behind us than stood there.
            let left_behind = (share * gone).min(behind);
            self.ahead -= gone - left_behind;
        }
        self.ahead = self.ahead.min(after).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 30 lots ahead, 10 behind.
    fn place() -> Place {
        let mut place = Place::last(Some(30));
        place.show(&QueueModel::TradesOnly, 40, 1);
        place
    }

    #[test]
    fn what_is_cancelled_leaves_where_the_model_says() {
        let ahead = |model: QueueModel, lots| {
            let mut place = place();
            place.show(&model, lots, 2);
            place.ahead
        };
        // 8 lots leave. Behind us leave: all 8 of 10; (10/40); (10^2 / (10^2 + 30^2)); ln 11 / (ln 11 + ln 31).
        assert!((ahead(QueueModel::TradesOnly, 32) - 30.0).abs() < 1e-12);
        assert!((ahead(QueueModel::PowerProb(1.0), 32) - 24.0).abs() < 1e-12);
        assert!((ahead(QueueModel::PowerProb(2.0), 32) - (30.0 - 7.2)).abs() < 1e-12);
        let log = 11_f64.ln() / (11_f64.ln() + 31_f64.ln());
        assert!((ahead(QueueModel::LogProb, 32) - (30.0 - 8.0 * (1.0 - log))).abs() < 1e-12);
        // 18 leave, and only 10 stood behind us.
        assert!((ahead(QueueModel::TradesOnly, 22) - 22.0).abs() < 1e-12);
    }

    #[test]
    fn what_traded_is_not_cancelled_as_well() {
        let mut place = place();
        place.trade(25, 25, 2);
        place.show(&QueueModel::PowerProb(1.0), 15, 3);
        assert!((place.ahead - 5.0).abs() < 1e-12);
        place.trade(9, 9, 4);
        assert_eq!(place.passed(), 4);
        place.served();
        assert_eq!(place.passed(), 0);
    }

    #[test]
    fn trades_of_one_moment_are_taken_off_one_by_one_and_none_of_them_is_a_cancel() {
        let mut place = place();
        place.trade(5, 5, 2);
        place.trade(3, 3, 2);
        place.show(&QueueModel::PowerProb(1.0), 35, 2);
        place.show(&QueueModel::PowerProb(1.0), 32, 2);
        assert!((place.ahead - 22.0).abs() < 1e-12);
        // Later the price loses eight more, which nobody traded: of 22 ahead and 10 behind.
        place.show(&QueueModel::PowerProb(1.0), 24, 3);
        assert!((place.ahead - (22.0 - 8.0 * 22.0 / 32.0)).abs() < 1e-12);
    }

    #[test]
    fn a_price_that_nobody_sees_has_everyone_ahead_until_it_is_shown() {
        let mut place = Place::last(None);
        place.trade(1_000_000, 1_000_000, 1);
        assert_eq!(place.passed(), 0);
        place.show(&QueueModel::LogProb, 12, 2);
        assert!((place.ahead - 12.0).abs() < 1e-12);
    }

    #[test]
    fn powers_that_cannot_be_are_refused() {
        for n in [f64::NAN, f64::INFINITY, -1.0, 101.0] {
            assert!(QueueModel::PowerProb(n).check().is_err());
        }
    }
}
