//! One instrument in one strategy's book, at average cost.
//!
//! Promises: a trade is split exactly into what it closes and what it opens; part of a position takes its share of
//! the cost with it, rounded half to even; all of it takes all. Never: a residue left on a flat position.

use crate::book::bounded;
use hedgerow_core::{Money, RoundMode, div_round};
use serde::{Deserialize, Serialize};

/// What a strategy holds of an instrument, in the instrument's currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Position {
    /// Signed lots: long positive, short negative.
    pub lots: i64,
    /// What they cost; negative for a short, whose sale brought money in.
    pub cost: Money,
    /// Profit (positive) or loss taken so far, before fees.
    pub realised: Money,
    /// Fees paid so far, rebates deducted.
    pub fees: Money,
}

/// A trade split into what it closes of a position and what it opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trade {
    /// Signed lots that close: opposite in sign to the position.
    pub closed_lots: i64,
    /// Cost leaving the position with them.
    pub closed_cost: Money,
    /// Signed lots that open or add.
    pub opened_lots: i64,
    /// Cost coming in with them.
    pub opened_cost: Money,
    /// Profit (positive) or loss of the closed lots.
    pub realised: Money,
}

impl Position {
    /// Splits a trade of signed `lots` at a price; `None` if a number is too large.
    ///
    /// ```
    /// use hedgerow_core::Money;
    /// use hedgerow_ledger::Position;
    /// let long = Position { lots: 3, cost: Money(100), ..Position::default() };
    /// let trade = long.split(-5, 50, 1).unwrap();
    /// assert_eq!((trade.closed_lots, trade.closed_cost, trade.realised), (-3, Money(100), Money(50)));
    /// assert_eq!((trade.opened_lots, trade.opened_cost), (-2, Money(-100)));
    /// ```
    #[inline]
    #[must_use]
    pub fn split(&self, lots: i64, price_ticks: i64, tick_value: i64) -> Option<Trade> {
        let held = i128::from(self.lots);
        let closing = if (self.lots < 0) == (lots < 0) { 0 } else { held.abs().min(i128::from(lots).abs()) };
        let closed_lots = i64::try_from(closing * i128::from(lots.signum())).ok()?;
        let closed_cost = match closing {
            0 => 0,
            all if all == held.abs() => self.cost.0,
            part => div_round(self.cost.0.checked_mul(part)?, held.abs(), RoundMode::HalfEven),
        };
        let proceeds = Money::checked_notional(price_ticks, closed_lots, tick_value)?.0.checked_neg()?;
        let opened_lots = lots - closed_lots;
        Some(Trade {
            closed_lots,
            closed_cost: Money(closed_cost),
            opened_lots,
            opened_cost: Money::checked_notional(price_ticks, opened_lots, tick_value)?,
            realised: Money(proceeds.checked_sub(closed_cost)?),
        })
    }

    /// The position after a trade and its fee; `None` if a number is too large.
    #[inline]
    #[must_use]
    pub fn after(&self, trade: &Trade, fee: Money) -> Option<Position> {
        let lots = self.lots.checked_add(trade.closed_lots)?.checked_add(trade.opened_lots)?;
        let cost = self.cost.0.checked_sub(trade.closed_cost.0)?.checked_add(trade.opened_cost.0)?;
        Some(Position {
            lots,
            cost: bounded(cost)?,
            realised: bounded(self.realised.0.checked_add(trade.realised.0)?)?,
            fees: bounded(self.fees.0.checked_add(fee.0)?)?,
        })
    }
}
