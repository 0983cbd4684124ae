//! Questions an auditor may ask of the running books: does every currency sum to zero, and do the totals follow from
//! the positions?

use crate::Ledger;
use hedgerow_core::{Account, Currency, Money, Problem, code};

impl Ledger {
    /// For every currency, the sum of all accounts of all strategies. Anything but zero is a defect.
    pub fn trial_balance(&self) -> impl Iterator<Item = (Currency, Money)> {
        self.rates.iter().enumerate().map(|(place, rate)| {
            let strategies = 0..usize::from(self.config.strategies);
            (rate.currency, strategies.map(|row| self.books[self.book_place(row, place as u16)].sum()).sum())
        })
    }

    /// Proves the books: every book sums to zero, and its position, profit and market value are those of its
    /// positions one by one.
    ///
    /// # Errors
    /// `LEDGER_UNBALANCED`, naming the first book that does not.
    pub fn prove(&self) -> Result<(), Problem> {
        for strategy in 0..self.config.strategies {
            for (place, rate) in self.rates.iter().enumerate() {
                self.prove_book(strategy, place as u16, rate.currency)?;
            }
        }
        Ok(())
    }

    fn prove_book(&self, strategy: u16, currency: u16, name: Currency) -> Result<(), Problem> {
        let at = self.book_place(usize::from(strategy), currency);
        let book = &self.books[at];
        let (mut cost, mut realised, mut fees, mut value) = (Money::ZERO, Money::ZERO, self.charges[at], Money::ZERO);
        let listings = self.listings.iter().enumerate().filter(|(_, listing)| listing.currency == currency);
        for (instrument, listing) in listings {
            let position = &self.positions[self.position_place(strategy, instrument as u32)];
            cost += position.cost;
            realised += position.realised;
            fees += position.fees;
            value += Money::notional(listing.mark_ticks, position.lots, listing.tick_value);
        }
        let claims = [
            ("sum of all accounts", book.sum(), Money::ZERO),
            ("positions at cost", book.cost(), cost),
            ("profit taken", -book.balance(Account::Realised), realised),
            ("fees", book.fees(), fees),
            ("market value", book.market_value(), value),
        ];
        match claims.into_iter().find(|(_, seen, follows)| seen != follows) {
            None => Ok(()),
            Some((what, seen, follows)) => {
                let detail = format!("strategy {strategy}, {name}: {what} is {seen}, should be {follows}");
                Err(Problem::new(code::LEDGER_UNBALANCED, detail))
            }
        }
    }
}
