//! What working orders say beyond side, size and limit. Most say nothing more, and have no place here.
//!
//! Promises: terms are taken by the order or the change right behind them, or by none; what has ended is forgotten.

use crate::{Effects, Kernel};
use hedgerow_core::{
    ContingentOrder, InstrumentId, OrderTerms, Problem, RecordId, Side, StrategyId, TimeInForce, WITH_TERMS, code,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The terms of one working order, and those asked for that the venue has not answered (zero = none).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Held {
    terms: OrderTerms,
    asked: OrderTerms,
}

/// Terms by order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct TermsTable {
    /// The terms that came last; they are for the record right behind them.
    next: OrderTerms,
    held: BTreeMap<RecordId, Held>,
}

impl TermsTable {
    /// The terms of a working order; all zero where it has none.
    pub fn of(&self, order_id: RecordId) -> OrderTerms {
        self.held.get(&order_id).map(|held| held.terms).unwrap_or_default()
    }

    /// An order with terms was approved.
    pub fn keep(&mut self, order_id: RecordId, terms: OrderTerms) {
        self.held.insert(order_id, Held { terms, asked: OrderTerms::default() });
    }

    /// A change was approved, perhaps of terms.
    pub fn ask(&mut self, order_id: RecordId, asked: OrderTerms) {
        if let Some(held) = self.held.get_mut(&order_id) {
            held.asked = asked;
        }
    }

    /// The venue made the change, to so many lots, or refused it (`None`). It shows no more of an order than there is.
    pub fn answer(&mut self, order_id: RecordId, lots: Option<i64>) {
        if let Some(held) = self.held.get_mut(&order_id) {
            let asked = std::mem::take(&mut held.asked);
            if let Some(lots) = lots {
                held.terms = held.terms.changed(&asked, lots);
            }
        }
    }

    /// The order has ended.
    pub fn forget(&mut self, order_id: RecordId) {
        self.held.remove(&order_id);
    }
}

impl Kernel {
    /// Terms for the order or the change that comes next.
    pub(crate) fn order_terms(&mut self, terms: &mut OrderTerms, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(terms.instrument)?;
        self.check_strategy(terms.strategy)?;
        self.check_cause(terms.cause)?;
        self.check_time(terms.ts)?;
        let OrderTerms { stop_ticks, until_ts, display_lots, .. } = *terms;
        if stop_ticks.min(until_ts).min(display_lots) < 0 {
            let detail = format!("a stop price of {stop_ticks} ticks, an end at {until_ts}, {display_lots} lots shown");
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        terms.id = self.accept(terms.ts);
        self.terms.next = *terms;
        Ok(())
    }

    /// An order that shall be sent when another one fills; what is sent of it passes the gate then.
    ///
    /// What is new follows an order that works, of the same strategy; a change or an end names a record that is there.
    pub(crate) fn contingent(&mut self, wish: &mut ContingentOrder, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(wish.instrument)?;
        self.check_strategy(wish.strategy)?;
        let ContingentOrder { lots, limit_ticks, stop_ticks, until_ts, display_lots, side, tif, ends, .. } = *wish;
        let meant = lots.min(limit_ticks).min(stop_ticks).min(until_ts).min(display_lots) >= 0
            && Side::from_u8(side).is_some()
            && TimeInForce::from_u8(tif).is_some()
            && ends <= u8::from(wish.about != 0);
        if !meant {
            let detail = format!("a contingent order of side {side}, {lots} lots at {limit_ticks}, stop {stop_ticks}");
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        if !wish.goes_together() {
            let detail = format!("a contingent order of kind {:?} with these words", wish.kind());
            return Err(Problem::new(code::RISK_BAD_FIELD, detail));
        }
        if wish.peg != 0 && limit_ticks == 0 {
            return Err(Problem::new(code::RISK_BAD_PRICE, "a pegged contingent order has a limit, which is its cap"));
        }
        if lots != 0 && display_lots > lots {
            let detail = format!("a contingent order of {lots} lots that shows {display_lots}");
            return Err(Problem::new(code::RISK_BAD_LOTS, detail));
        }
        let followed = |id| self.oms.iter().any(|w| (w.order.id, w.order.strategy) == (id, wish.strategy));
        if wish.about == 0 && !followed(wish.after) {
            let detail = format!("to follow order {}, which does not work", wish.after);
            return Err(Problem::new(code::RISK_UNKNOWN_ORDER, detail));
        }
        [wish.about, wish.beside, wish.cause].into_iter().try_for_each(|id| self.check_cause(id))?;
        self.check_time(wish.ts)?;
        wish.id = self.accept(wish.ts);
        Ok(())
    }

    /// The terms that an order or a change with these flags has; all zero where it has none.
    pub(crate) fn terms_before(
        &self,
        flags: u16,
        strategy: StrategyId,
        instrument: InstrumentId,
    ) -> Result<OrderTerms, Problem> {
        if flags & WITH_TERMS == 0 {
            return Ok(OrderTerms::default());
        }
        let terms = self.terms.next;
        if terms.id == self.last_id && terms.strategy == strategy && terms.instrument == instrument {
            return Ok(terms);
        }
        Err(Problem::new(code::CORE_INPUT, "an order with terms whose terms are not the record before it"))
    }

    /// The terms of a working order, for venues that are told it again; all zero where it has none.
    #[must_use]
    pub fn terms_of(&self, order_id: RecordId) -> OrderTerms {
        self.terms.of(order_id)
    }
}
