//! What an order says beyond side, size and limit, as the twin understands it.

use super::{Ask, UNIT, Word};
use hedgerow_core::{Instrument, OrderKind, TimeInForce, code};

impl Ask {
    /// Whether kind, time in force and terms make sense together, and what is asked with them.
    pub fn is_meant(&self) -> bool {
        let shows = self.asked.display_lots == 0 || (self.asked.display_lots > 0 && self.terms.display_lots != 0);
        let follows = if self.asked.peg == 0 { self.asked.offset_ticks == 0 } else { self.asked.peg == self.terms.peg };
        self.is_meant_anew() && shows && follows
    }

    fn is_meant_anew(&self) -> bool {
        let is = |kind: OrderKind| self.order.kind == kind as u8;
        let takes_or_waits = [TimeInForce::Ioc, TimeInForce::Fok, TimeInForce::Opg, TimeInForce::Cls];
        let rests = !takes_or_waits.map(|tif| tif as u8).contains(&self.order.tif);
        let only_makes = self.order.tif == TimeInForce::Gtx as u8;
        let follows = (1..=3).contains(&self.terms.peg);
        let says_peg = self.terms.peg != 0 || self.terms.offset_ticks != 0;
        let peg = if is(OrderKind::Pegged) { follows && rests } else { !says_peg };
        let makes = !only_makes || is(OrderKind::Limit);
        let shows = self.terms.display_lots == 0
            || (self.terms.display_lots > 0 && rests && (is(OrderKind::Limit) || is(OrderKind::Pegged)));
        peg && makes && shows
    }

    /// The word on the size, and on how much of it is shown.
    pub fn lots_word(&self, listing: &Instrument) -> Word {
        let step = listing.lots_step.max(1);
        let shown = self.asked.display_lots;
        let bad_shown = shown != 0 && (shown < 0 || shown > self.lots || shown % step != 0);
        let bad_lots = self.open == 0 || self.lots <= 0 || self.lots < listing.lots_min || self.lots % step != 0;
        let (seen, allowed) = if bad_shown { (shown, self.lots) } else { (self.lots, listing.lots_min) };
        let n = |number: i64| i128::from(number) * UNIT;
        let (code, fails) = (code::RISK_BAD_LOTS, bad_shown || bad_lots);
        Word { code, level: 0, fails, seen: n(seen), allowed: n(allowed) }
    }
}
