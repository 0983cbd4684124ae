//! A fee in another currency than its instrument's becomes postings in that currency.
//!
//! Promises: everything is worked out and checked on copies first, so a refusal changes nothing and posts nothing; a
//! currency that no rate is known of holds charges too. Never: a conversion that is booked.

use crate::book::add;
use crate::booking::NO_INSTRUMENT;
use crate::ledger::{Rate, convert, unknown_strategy};
use crate::statement::Translated;
use crate::{Book, Ledger};
use hedgerow_core::{Account, Execution, Money, Posting, Problem, code};

/// A charge worked out against the books as they stand.
pub struct ChargePlan {
    is_new: bool,
    at: usize,
    book: Book,
    charged: Money,
    translated: Translated,
}

impl Ledger {
    /// Whether what an execution was charged can be booked, and what booking it would change.
    ///
    /// # Errors
    /// `CORE_UNKNOWN_STRATEGY`, `LEDGER_FULL` for one currency too many, `LEDGER_OVERFLOW`.
    pub fn plan_charge(&self, execution: &Execution) -> Result<ChargePlan, Problem> {
        let Execution { charge, currency, strategy, .. } = *execution;
        if strategy >= self.config.strategies {
            return Err(unknown_strategy(strategy, self.config.strategies));
        }
        let (row, place) = (usize::from(strategy), self.place_for(currency)?);
        let (at, is_new) = (self.book_place(row, place), usize::from(place) == self.rates.len());
        let rate_nano = self.rate_nano(currency).unwrap_or_default();
        let plan = || {
            let (mut charged, mut translated) = (self.charges[at], self.translated[row]);
            add(&mut charged, charge)?;
            add(&mut translated.fees, convert(charge, rate_nano)?)?;
            let book = self.books[at].posted(Account::Cash, Money(charge.0.checked_neg()?))?;
            Some(ChargePlan { is_new, at, book: book.posted(Account::Fees, charge)?, charged, translated })
        };
        plan().ok_or_else(|| Problem::new(code::LEDGER_OVERFLOW, format!("a charge of {charge} {currency}")))
    }

    /// Books a charge as it was planned. Nothing else may have been booked since, and only the execution's id may have
    /// changed. Postings carry the execution's id as cause, and id 0.
    pub fn book_charge(&mut self, execution: &Execution, plan: ChargePlan, sink: &mut impl FnMut(Posting)) {
        let Execution { charge, currency, strategy, id: cause, ts, .. } = *execution;
        if plan.is_new {
            self.rates.push(Rate { currency, rate_nano: 0 });
        }
        (self.books[plan.at], self.charges[plan.at]) = (plan.book, plan.charged);
        self.translated[usize::from(strategy)] = plan.translated;
        debug_assert_eq!(plan.book.sum(), Money::ZERO, "the postings of {execution:?} do not balance");
        let post = Posting { cause, ts, currency, strategy, ..Posting::default() };
        if charge != Money::ZERO {
            sink(Posting { amount: -charge, account: Account::Cash as u8, instrument: NO_INSTRUMENT, ..post });
            sink(Posting { amount: charge, account: Account::Fees as u8, instrument: execution.instrument, ..post });
        }
    }
}
