//! Parent orders and what their algorithms say of them.
//!
//! Promises: what stands in the log is one that could be meant. Never: holds a parent order; how it is worked is decided
//! outside, and each child passes the gate as any other order.

use crate::{Effects, Kernel};
use hedgerow_core::{
    Algo, AlgoSettings, ParentEvent, ParentEventKind, ParentOrder, PlanStep, Problem, RecordId, Side, Slice,
    SliceReason, Trade, code,
};

impl Kernel {
    pub(crate) fn parent(&mut self, parent: &mut ParentOrder, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(parent.instrument)?;
        self.check_strategy(parent.strategy)?;
        if parent.lots <= 0 || parent.slices == 0 {
            let detail = format!("parent order of {} lots in {} slices", parent.lots, parent.slices);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        if Side::from_u8(parent.side).is_none() || Algo::from_u8(parent.algo).is_none() {
            let detail = format!("parent order of side {}, algorithm {}", parent.side, parent.algo);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        self.check_cause(parent.cause)?;
        self.check_time(parent.ts)?;
        parent.id = self.accept(parent.ts);
        Ok(())
    }

    pub(crate) fn algo_settings(&mut self, told: &mut AlgoSettings, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_strategy(told.strategy)?;
        let prices = told.bid_ticks >= 0 && told.ask_ticks >= 0;
        let sizes = told.size_lots >= 0 && told.volume_lots >= -1 && told.every_ns >= 0 && told.size_bps <= 10_000;
        if !prices
            || !sizes
            || !told.risk_aversion.is_finite()
            || told.random_times.max(told.passive).max(told.auction) > 1
            || told.curve > 2
        {
            return Err(Problem::new(code::CORE_INPUT, format!("settings of parent order {}", told.cause)));
        }
        self.check_parent(told.cause)?;
        self.check_time(told.ts)?;
        told.id = self.accept(told.ts);
        Ok(())
    }

    pub(crate) fn plan_step(&mut self, step: &mut PlanStep, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_strategy(step.strategy)?;
        if step.step == 0 || step.due_lots < 0 || step.due_ts < 0 {
            let detail = format!("step {} of parent order {}: {} lots", step.step, step.cause, step.due_lots);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        self.check_parent(step.cause)?;
        self.check_time(step.ts)?;
        step.id = self.accept(step.ts);
        Ok(())
    }

    pub(crate) fn slice(&mut self, slice: &mut Slice, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(slice.instrument)?;
        self.check_strategy(slice.strategy)?;
        if slice.lots <= 0 || slice.filled_lots < 0 || slice.working_lots < 0 || slice.volume_lots < 0 {
            let detail = format!("a slice of {} lots for parent order {}", slice.lots, slice.cause);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        if SliceReason::from_u8(slice.reason).is_none() || slice.auction > 1 {
            let detail = format!("a slice for reason {}, auction {}", slice.reason, slice.auction);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        self.check_parent(slice.cause)?;
        self.check_time(slice.ts)?;
        slice.id = self.accept(slice.ts);
        Ok(())
    }

    pub(crate) fn parent_event(&mut self, event: &mut ParentEvent, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(event.instrument)?;
        self.check_strategy(event.strategy)?;
        let sizes = event.lots > 0 && event.limit_ticks >= 0 && event.filled_lots >= 0 && event.market_lots >= 0;
        if !sizes || ParentEventKind::from_u8(event.event).is_none() {
            let detail = format!("event {} of parent order {}: {} lots", event.event, event.parent, event.lots);
            return Err(Problem::new(code::CORE_INPUT, detail));
        }
        self.check_parent(event.parent)?;
        self.check_cause(event.cause)?;
        self.check_time(event.ts)?;
        event.id = self.accept(event.ts);
        Ok(())
    }

    /// Somebody traded while parent orders counted it.
    pub(crate) fn trade(&mut self, id: &mut RecordId, trade: &Trade, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(trade.instrument.into())?;
        if trade.lots <= 0 || trade.price_ticks <= 0 {
            let detail = format!("a trade of {} lots at {} ticks", trade.lots, trade.price_ticks);
            return Err(Problem::new(code::DATA_NOT_POSITIVE, detail));
        }
        self.check_time(trade.ts_init)?;
        *id = self.accept(trade.ts_init);
        Ok(())
    }

    /// A record that speaks of a parent order names one that is there.
    fn check_parent(&self, parent: u64) -> Result<(), Problem> {
        if parent == 0 {
            return Err(Problem::new(code::CORE_INPUT, "a plan, slice or event of no parent order"));
        }
        self.check_cause(parent)
    }
}
