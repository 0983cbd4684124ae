//! One strategy's accounts in one currency.
//!
//! Promises: the seven accounts sum to zero. Never: another currency.

use hedgerow_core::{Account, Money};
use serde::{Deserialize, Serialize};

const ACCOUNTS: usize = Account::ALL.len();

/// The accounts of one strategy in one currency, and what its positions are worth at their marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Book {
    balances: [Money; ACCOUNTS],
    #[serde(skip)]
    market_value: Money,
}

impl Book {
    /// An account's balance: debits positive, credits negative.
    #[inline]
    #[must_use]
    pub const fn balance(&self, account: Account) -> Money {
        self.balances[account as usize - 1]
    }

    /// Money held.
    #[must_use]
    pub const fn cash(&self) -> Money {
        self.balance(Account::Cash)
    }

    /// Positions at what they cost; shorts count negative.
    #[must_use]
    pub const fn cost(&self) -> Money {
        self.balance(Account::Position)
    }

    /// Positions at their marks; shorts count negative.
    #[must_use]
    pub const fn market_value(&self) -> Money {
        self.market_value
    }

    /// Profit (positive) or loss taken, before fees.
    #[must_use]
    pub fn realised(&self) -> Money {
        -self.balance(Account::Realised)
    }

    /// Profit (positive) or loss not taken yet.
    #[must_use]
    pub fn unrealised(&self) -> Money {
        self.market_value - self.cost()
    }

    /// Fees paid, rebates deducted.
    #[must_use]
    pub const fn fees(&self) -> Money {
        self.balance(Account::Fees)
    }

    /// Capital paid in, less what was paid out.
    #[must_use]
    pub fn capital(&self) -> Money {
        -self.balance(Account::Capital)
    }

    /// Bought with other currencies (positive) or sold for them.
    #[must_use]
    pub fn exchanged(&self) -> Money {
        -self.balance(Account::Exchange)
    }

    /// Interest, dividends, borrow and funding: received positive, paid negative.
    #[must_use]
    pub fn income(&self) -> Money {
        -self.balance(Account::Income)
    }

    /// What the book is worth: cash and positions at their marks. Always equal to
    /// `capital + realised + unrealised + income + exchanged - fees`.
    #[inline]
    #[must_use]
    pub fn equity(&self) -> Money {
        self.cash() + self.market_value
    }

    /// The sum of all accounts; anything but zero is a defect.
    #[must_use]
    pub fn sum(&self) -> Money {
        self.balances.iter().copied().sum()
    }

    /// Posts an amount to an account of a copy; `None` if a number is too large, and the copy is not to be used. The bound
    /// leaves room for the sums that queries make of several balances.
    #[inline]
    pub(crate) fn post(&mut self, account: Account, amount: Money) -> Option<()> {
        add(&mut self.balances[account as usize - 1], amount)
    }

    /// The book with an amount posted to an account.
    #[inline]
    pub(crate) fn posted(mut self, account: Account, amount: Money) -> Option<Book> {
        self.post(account, amount).map(|()| self)
    }

    /// The positions of a copy are worth more (or less); as [`Book::post`].
    #[inline]
    pub(crate) fn revalue(&mut self, change: i128) -> Option<()> {
        add(&mut self.market_value, Money(change))
    }

    /// The book with its positions worth more (or less).
    #[inline]
    pub(crate) fn revalued(mut self, change: i128) -> Option<Book> {
        self.revalue(change).map(|()| self)
    }
}

/// Adds to a sum, if the result is not too large.
#[inline]
pub(crate) fn add(sum: &mut Money, amount: Money) -> Option<()> {
    *sum = bounded(sum.0.checked_add(amount.0)?)?;
    Some(())
}

/// Sixteen such amounts can be added without a check.
#[inline]
pub(crate) fn bounded(amount: i128) -> Option<Money> {
    const LARGEST: i128 = i128::MAX / 16;
    (-LARGEST..=LARGEST).contains(&amount).then_some(Money(amount))
}
