//! Where a strategy's worth comes from, in the base currency.
//!
//! Promises: the lines add up to the net asset value exactly. Profit, fees, income and capital in other currencies
//! count at the rate of the day they were booked; what the rates did since then is a line of its own.

use crate::Ledger;
use crate::book::bounded;
use crate::ledger::convert;
use hedgerow_core::{Currency, Money, Problem, StrategyId, code};
use serde::{Deserialize, Serialize};

/// The accounts of one strategy over all currencies, each amount converted when it was booked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Translated {
    pub(crate) capital: Money,
    pub(crate) realised: Money,
    pub(crate) income: Money,
    pub(crate) exchanged: Money,
    pub(crate) fees: Money,
}

/// Where a strategy's worth comes from, in the base currency:
/// `nav = capital + realised + unrealised + income + exchanged + currency_effect - fees`, exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Paid in, less paid out.
    pub capital: Money,
    /// Profit (positive) or loss taken, before fees.
    pub realised: Money,
    /// Profit (positive) or loss not taken yet, at today's rates.
    pub unrealised: Money,
    /// Interest, dividends, borrow and funding.
    pub income: Money,
    /// What conversions brought or cost against the rates of their day.
    pub exchanged: Money,
    /// Fees paid, rebates deducted.
    pub fees: Money,
    /// What moving exchange rates did to cash and to positions at cost. Zero for a fund in one currency.
    pub currency_effect: Money,
    /// What the strategy is worth.
    pub nav: Money,
}

impl Ledger {
    /// Where a strategy's worth comes from.
    ///
    /// # Errors
    /// `CORE_UNKNOWN_STRATEGY`, `LEDGER_OVERFLOW`.
    pub fn statement(&self, strategy: StrategyId) -> Result<Statement, Problem> {
        let nav = self.nav(strategy)?;
        let mut unrealised = Money::ZERO;
        for (book, rate) in self.row(strategy)?.iter().zip(&self.rates) {
            let open = convert(book.unrealised(), rate.rate_nano).and_then(|open| bounded(unrealised.0 + open.0));
            unrealised = open.ok_or_else(|| too_large(strategy, rate.currency))?;
        }
        let Translated { capital, realised, income, exchanged, fees } = self.translated[usize::from(strategy)];
        let booked = capital + realised + income + exchanged - fees;
        let currency_effect = nav - booked - unrealised;
        Ok(Statement { capital, realised, unrealised, income, exchanged, fees, currency_effect, nav })
    }
}

#[cold]
fn too_large(strategy: StrategyId, currency: Currency) -> Problem {
    let detail = format!("open profit in {currency} of strategy {strategy} in the base currency");
    Problem::new(code::LEDGER_OVERFLOW, detail)
}
