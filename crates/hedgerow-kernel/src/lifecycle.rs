//! What happens to positions that are held: dividends, splits, ends, borrow and funding.
//!
//! Promises: books and gate hold the same lots afterwards. Never: lots that change under a working order; the venue ends
//! those first.

use crate::{Effects, Kernel};
use hedgerow_core::{InstrumentId, LifecycleEvent, Posting, Problem, code};

impl Kernel {
    /// Something happened to every holder of an instrument: postings, positions, mark.
    ///
    /// # Errors
    /// See [`Kernel::step`]; `CORE_INPUT` if lots would change under a working order.
    pub(crate) fn lifecycle(&mut self, event: &mut LifecycleEvent, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(event.instrument)?;
        self.check_cause(event.cause)?;
        self.check_time(event.ts)?;
        let plan = self.ledger.plan_lifecycle(event)?;
        let moves_lots = event.new_lots != event.old_lots;
        if moves_lots {
            self.check_idle(event.instrument)?;
        }
        event.id = self.accept(event.ts);
        self.tell_high();
        if moves_lots {
            self.gate.restate(event.instrument, plan.holders(), plan.mark_ticks())?;
        }
        let mut next = event.id;
        self.ledger.book_lifecycle(event, plan, &mut |mut posting: Posting| {
            next += 1;
            posting.id = next;
            effects.emit(&posting);
        });
        self.skip_to(next);
        self.equity_moved();
        Ok(())
    }

    fn check_idle(&self, instrument: InstrumentId) -> Result<(), Problem> {
        let Some(working) = self.oms.iter().find(|working| working.order.instrument == instrument) else {
            return Ok(());
        };
        let detail = format!("the lots of instrument {instrument} change while order {} works in it", working.order.id);
        Err(Problem::new(code::CORE_INPUT, detail))
    }
}
