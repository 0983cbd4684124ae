//! How a venue names a fill, and what it charged for it in a currency of its own.
//!
//! Promises: the record stands whatever becomes of the charge; one that cannot be booked is a finding and changes nothing.

use crate::kernel::check_currency;
use crate::{Effects, Kernel};
use hedgerow_core::{Currency, Execution, Money, Posting, Problem, code};

impl Kernel {
    /// The venue's words about a fill that was booked; a charge in another currency becomes postings.
    ///
    /// # Errors
    /// See [`Kernel::step`]; `CORE_CURRENCY` for a charge in none, `CORE_INPUT` for words about no record.
    pub(crate) fn execution(&mut self, execution: &mut Execution, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(execution.instrument)?;
        self.check_strategy(execution.strategy)?;
        self.check_cause(execution.cause)?;
        self.check_cause(execution.order_id)?;
        let currency = execution.currency;
        if currency != Currency::default() || execution.charge != Money::ZERO {
            check_currency(currency)?;
        }
        if execution.cause == 0 {
            return Err(Problem::new(code::CORE_INPUT, "an execution of no fill"));
        }
        self.check_time(execution.ts)?;
        if execution.charge == Money::ZERO {
            execution.id = self.accept(execution.ts);
            return Ok(());
        }
        let plan = self.ledger.plan_charge(execution);
        execution.id = self.accept(execution.ts);
        let plan = match plan {
            Ok(plan) => plan,
            Err(problem) => {
                self.finding(problem.code, execution.id, execution.strategy, effects);
                return Ok(());
            }
        };
        self.tell_high();
        let mut next = execution.id;
        self.ledger.book_charge(execution, plan, &mut |mut posting: Posting| {
            next += 1;
            posting.id = next;
            effects.emit(&posting);
        });
        self.skip_to(next);
        self.equity_moved();
        Ok(())
    }
}
