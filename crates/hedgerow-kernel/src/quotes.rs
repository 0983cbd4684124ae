//! The best prices of books, as the kernel is told of them: marks, and that the market is alive.

use crate::{Effects, Kernel};
use hedgerow_core::{Problem, Quote, code};

impl Kernel {
    /// The best prices of a book changed: mark, freshness, equity.
    ///
    /// # Errors
    /// See [`Kernel::step`].
    #[inline]
    pub fn quote(&mut self, quote: &mut Quote, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(quote.instrument)?;
        check_quote(quote)?;
        if quote.ts_init < quote.ts_event {
            return Err(Problem::new(code::DATA_KNOWN_BEFORE, format!("{} < {}", quote.ts_init, quote.ts_event)));
        }
        self.check_cause(quote.cause)?;
        self.check_time(quote.ts_init)?;
        let mark_ticks = quote.mark_ticks();
        self.ledger.check_mark(quote.instrument, mark_ticks)?;
        self.gate.observe(quote.instrument, mark_ticks, quote.ts_event)?;
        self.advance(quote.ts_init);
        self.ledger.mark(quote.instrument, mark_ticks)?;
        quote.id = self.next_id();
        self.equity_is_old = true;
        self.ripen(quote.id, effects)
    }
}

/// A quote has a price at least on one side, and its bid does not pass its ask.
fn check_quote(quote: &Quote) -> Result<(), Problem> {
    let Quote { bid_ticks, bid_lots, ask_ticks, ask_lots, .. } = *quote;
    if bid_ticks < 0 || ask_ticks < 0 || bid_lots < 0 || ask_lots < 0 || (bid_ticks == 0 && ask_ticks == 0) {
        let detail = format!("bid {bid_ticks} x {bid_lots}, ask {ask_ticks} x {ask_lots} at {}", quote.ts_event);
        return Err(Problem::new(code::DATA_NOT_POSITIVE, detail));
    }
    if ask_ticks > 0 && bid_ticks > ask_ticks {
        let detail = format!("bid {bid_ticks}, ask {ask_ticks} ticks at {}", quote.ts_event);
        return Err(Problem::new(code::DATA_CROSSED, detail));
    }
    Ok(())
}
