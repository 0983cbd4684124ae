//! What a venue of books is told once: models of queue, delay and impact, and fees. Pessimistic where nothing is said.

use super::{Delay, Impact, QueueModel};
use crate::fees::FeeSchedules;
use hedgerow_book::Rules;
use hedgerow_core::{MONEY_UNIT, Money, Problem, code};

/// What the venue charges, and pays, for a fill.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fees {
    /// Of whoever waited, as a share of notional, 10^-9; negative = a rebate.
    pub maker_nano: i64,
    /// Of whoever took, as a share of notional, 10^-9.
    pub taker_nano: i64,
    /// Per unit (share, coin, contract), in the instrument's currency.
    pub per_unit: Money,
    /// Smallest fee of an order that trades; its fills share it.
    pub min: Money,
}

/// Settings of a [`BookVenue`](super::BookVenue).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BookConfig {
    /// Who leaves the queue before us, where the data do not say (L1, L2). On L3 the queue is known and needs no model.
    pub queue: QueueModel,
    /// How long our messages travel to the venue.
    pub entry: Delay,
    /// How long the venue's answers travel to us.
    pub response: Delay,
    /// What a fill costs.
    pub fees: Fees,
    /// Which instruments are charged by tier instead.
    pub schedules: FeeSchedules,
    /// How our own taking moves the replayed prices.
    pub impact: Impact,
    /// The most of an auction's lots that orders of ours on one side trade in it, as a share, 10^-9.
    pub auction_share_nano: i64,
    /// What the replayed books believe.
    pub rules: Rules,
    /// Seed of the delays that are drawn.
    pub seed: u64,
}

impl BookConfig {
    /// The settings, if they can be meant.
    ///
    /// # Errors
    /// `SIM_BAD_COST` for a fee beyond the whole price, `SIM_BAD_MODEL` for a model that cannot be meant.
    pub fn checked(self) -> Result<BookConfig, Problem> {
        let whole = MONEY_UNIT as i64;
        let Fees { maker_nano, taker_nano, per_unit, min } = self.fees;
        for (name, value, least) in [("maker_nano", maker_nano, -whole), ("taker_nano", taker_nano, -whole)] {
            if !(least..=whole).contains(&value) {
                let detail = format!("{name} is {value}; it must be from {least} to {whole}");
                return Err(Problem::new(code::SIM_BAD_COST, detail));
            }
        }
        for (name, value) in [("per_unit", per_unit), ("min", min)] {
            if value < Money::ZERO || value > Money::units(1_000_000_000) {
                return Err(Problem::new(code::SIM_BAD_COST, format!("{name} is {}", value.0)));
            }
        }
        if !(0..=whole).contains(&self.auction_share_nano) {
            let detail = format!("auction_share_nano is {}; it must be from 0 to {whole}", self.auction_share_nano);
            return Err(Problem::new(code::SIM_BAD_MODEL, detail));
        }
        self.queue.check()?;
        self.entry.check("entry")?;
        self.response.check("response")?;
        self.impact.check()?;
        Ok(self)
    }
}
