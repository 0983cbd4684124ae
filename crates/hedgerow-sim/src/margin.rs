//! The account at a broker or clearing house: which margin positions need, and what is closed where it is not there.
//!
//! Promises: a requirement is rounded up, exact integers; what is closed is chosen by size of requirement, so that equal books
//! are closed alike; never more than is held. Never: a clock, a price of its own, an order.

use hedgerow_core::{InstrumentId, MONEY_UNIT, Money, Problem, RoundMode, code, div_round};

/// What a position in one instrument needs, as shares of its value, 10^-9.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MarginRate {
    /// To open it.
    pub initial_nano: i64,
    /// To keep it, long.
    pub long_nano: i64,
    /// To keep it, short.
    pub short_nano: i64,
}

/// The terms of an account.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MarginConfig {
    /// By instrument; one that is not there needs the whole of its value.
    pub rates: Vec<MarginRate>,
    /// How long a call may stay unanswered, nanoseconds; 0 = positions are closed at once.
    pub grace_ns: i64,
    /// Whether all is closed then, or only as much as leaves the rest its initial margin.
    pub closes_all: bool,
    /// Fee of a liquidation, a share of its notional, 10^-9, beside the venue's.
    pub fee_nano: i64,
}

/// A position as it stands at the prices that count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// In what.
    pub instrument: InstrumentId,
    /// Signed.
    pub lots: i64,
    /// What it is worth, without its sign, in the base currency.
    pub value: Money,
    /// Lots that are traded at least, and in steps of.
    pub lots_step: i64,
}

fn share(value: Money, nano: i64) -> Money {
    Money(div_round(value.abs().0.saturating_mul(i128::from(nano)), MONEY_UNIT, RoundMode::AwayFromZero))
}

impl MarginConfig {
    /// The terms, if they can be meant.
    ///
    /// # Errors
    /// `SIM_BAD_MODEL` for a rate that is negative or above the whole, a margin to keep above that to open, or negative time.
    pub fn checked(self) -> Result<MarginConfig, Problem> {
        let whole = MONEY_UNIT as i64;
        let is_bad = |rate: &&MarginRate| {
            let most = rate.long_nano.max(rate.short_nano);
            rate.long_nano < 0 || rate.short_nano < 0 || most > rate.initial_nano || rate.initial_nano > whole
        };
        if let Some(rate) = self.rates.iter().find(is_bad) {
            return Err(Problem::new(code::SIM_BAD_MODEL, format!("{rate:?}; 0 <= maintenance <= initial <= 10^9")));
        }
        if self.grace_ns < 0 || !(0..=whole).contains(&self.fee_nano) {
            let detail = format!("a margin call of {} ns, a fee of {}e-9", self.grace_ns, self.fee_nano);
            return Err(Problem::new(code::SIM_BAD_MODEL, detail));
        }
        Ok(self)
    }

    fn rate(&self, instrument: InstrumentId) -> MarginRate {
        let whole = MONEY_UNIT as i64;
        let all = MarginRate { initial_nano: whole, long_nano: whole, short_nano: whole };
        self.rates.get(instrument as usize).copied().unwrap_or(all)
    }

    /// What opening a position of such a value needs.
    #[must_use]
    pub fn initial(&self, instrument: InstrumentId, value: Money) -> Money {
        share(value, self.rate(instrument).initial_nano)
    }

    /// What keeping a position needs.
    #[must_use]
    pub fn maintenance(&self, held: &Held) -> Money {
        let rate = self.rate(held.instrument);
        share(held.value, if held.lots > 0 { rate.long_nano } else { rate.short_nano })
    }

    /// What the liquidation of such a notional costs beside the venue's fee.
    #[must_use]
    pub fn fee(&self, notional: Money) -> Money {
        share(notional, self.fee_nano)
    }

    /// What is traded to close what the account cannot carry: instruments with signed lots, the dearest to keep first.
    #[must_use]
    pub fn closes(&self, held: &[Held], equity: Money) -> Vec<(InstrumentId, i64)> {
        let mut dearest: Vec<&Held> = held.iter().collect();
        dearest.sort_by_key(|held| (std::cmp::Reverse(self.maintenance(held)), held.instrument));
        let initial = |held: &Held| self.initial(held.instrument, held.value);
        let mut missing = held.iter().map(initial).fold(Money::ZERO, |sum, margin| sum + margin) - equity;
        let mut closes = Vec::new();
        for held in dearest {
            let (needs, all) = (initial(held), held.lots.abs());
            let lots = if self.closes_all {
                all
            } else if missing <= Money::ZERO {
                break;
            } else if needs <= missing {
                all
            } else {
                let lots = div_round(i128::from(all) * missing.0, needs.0, RoundMode::AwayFromZero) as i64;
                let step = held.lots_step.max(1);
                (lots + (step - lots % step) % step).min(all)
            };
            missing -= needs;
            if lots > 0 {
                closes.push((held.instrument, -held.lots.signum() * lots));
            }
        }
        closes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: MarginRate = MarginRate { initial_nano: 500_000_000, long_nano: 250_000_000, short_nano: 300_000_000 };

    fn config(closes_all: bool) -> MarginConfig {
        MarginConfig { rates: vec![RATE, RATE], closes_all, ..MarginConfig::default() }
    }

    fn held(instrument: InstrumentId, lots: i64, value: i64) -> Held {
        Held { instrument, lots, value: Money::units(value), lots_step: 10 }
    }

    #[test]
    fn longs_and_shorts_need_their_shares_and_a_fraction_is_rounded_up() {
        assert_eq!(config(true).maintenance(&held(0, 5, 1_000)), Money::units(250));
        assert_eq!(config(true).maintenance(&held(0, -5, 1_000)), Money::units(300));
        assert_eq!(config(true).initial(0, Money(3)), Money(2));
        assert_eq!(config(true).initial(7, Money::units(9)), Money::units(9), "what has no rate is paid in full");
    }

    #[test]
    fn as_much_is_closed_as_leaves_the_rest_its_initial_margin() {
        // 1,500 are held and need 750; 600 are there: 150 are missing, three tenths of what the dearest needs.
        let both = [held(0, 100, 500), held(1, -100, 1_000)];
        assert_eq!(config(false).closes(&both, Money::units(600)), [(1, 30)]);
        assert_eq!(config(false).closes(&both, Money::units(601)), [(1, 30)], "29.8 lots are 30 in steps of ten");
        assert_eq!(config(false).closes(&both, Money::units(100)), [(1, 100), (0, -60)]);
        assert_eq!(config(false).closes(&both, Money::units(-5)), [(1, 100), (0, -100)]);
        assert_eq!(config(true).closes(&both, Money::units(600)), [(1, 100), (0, -100)]);
        assert!(config(false).closes(&both, Money::units(750)).is_empty());
        // What needs nothing stays where the rest has just enough.
        let free = MarginConfig { rates: vec![MarginRate::default(), RATE], ..config(false) };
        assert_eq!(free.closes(&[held(0, 100, 500), held(1, 100, 1_000)], Money::ZERO), [(1, -100)]);
    }

    #[test]
    fn terms_that_cannot_be_meant_are_refused() {
        let refused = |config: MarginConfig| config.checked().is_err();
        assert!(!refused(config(true)));
        assert!(refused(MarginConfig { rates: vec![MarginRate { long_nano: 600_000_000, ..RATE }], ..config(true) }));
        assert!(refused(MarginConfig { rates: vec![MarginRate { short_nano: -1, ..RATE }], ..config(true) }));
        assert!(refused(MarginConfig { grace_ns: -1, ..config(true) }));
        assert!(refused(MarginConfig { fee_nano: 2_000_000_000, ..config(true) }));
    }
}
