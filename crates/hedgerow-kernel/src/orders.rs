//! Orders through the gate, and what venues say about them.
//!
//! A venue is never believed blindly: a report that cannot be true becomes a finding and changes nothing else.

use crate::effects::Send;
use crate::{Effects, Kernel};
use hedgerow_core::{
    CancelRequest, Code, Decision, Fill, Order, OrderEvent, Posting, Problem, RecordId, ReplaceRequest, ReportKind,
    StrategyId, VenueReport, Verdict, code,
};
use hedgerow_oms::{OrderInput, Transition};

impl Kernel {
    /// An order asks to be sent. It always gets a verdict; approved orders are reserved and may be sent.
    ///
    /// # Errors
    /// See [`Kernel::step`].
    pub fn order(&mut self, order: &mut Order, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(order.instrument)?;
        self.check_strategy(order.strategy)?;
        let now = order.ts.max(self.clock());
        self.settle_equity()?;
        order.id = self.last_id() + 1;
        order.slot = self.oms.open(*order)?;
        self.accept(now);
        let (mut verdict, approved) = self.gate.check_new(order, now);
        let verdict_id = self.decide(&mut verdict, order.id, order.id, effects);
        let input = if approved.is_some() { OrderInput::Approve } else { OrderInput::Deny };
        self.transit(order.slot, order.id, input, 0, 0, verdict_id, effects)?;
        if let Some(approved) = approved {
            effects.sends.push(Send::New(approved));
        }
        Ok(())
    }

    /// A cancel always passes the gate, if there is something to cancel.
    ///
    /// # Errors
    /// `RISK_UNKNOWN_ORDER` if the order does not work; `OMS_ILLEGAL` if it cannot be cancelled in its state.
    pub fn cancel(&mut self, request: &mut CancelRequest, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        let order = self.working(request.slot, request.order_id)?;
        let now = request.ts.max(self.clock());
        self.oms.check(request.slot, request.order_id, OrderInput::AskCancel)?;
        request.id = self.accept(now);
        let (mut verdict, approved) = self.gate.check_cancel(request, &order, now);
        let verdict_id = self.decide(&mut verdict, request.id, order.id, effects);
        self.transit(request.slot, order.id, OrderInput::AskCancel, 0, 0, verdict_id, effects)?;
        effects.sends.push(Send::Cancel(approved));
        Ok(())
    }

    /// A change of a working order; the gate re-checks the difference. Denied: the order works on as it was.
    ///
    /// # Errors
    /// `RISK_UNKNOWN_ORDER` if the order does not work; `OMS_ILLEGAL` if it cannot be changed in its state.
    pub fn replace(&mut self, request: &mut ReplaceRequest, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        let order = self.working(request.slot, request.order_id)?;
        let filled = self.oms.get(request.slot, request.order_id).map_or(0, |w| w.filled_lots);
        let now = request.ts.max(self.clock());
        self.settle_equity()?;
        self.oms.check(request.slot, request.order_id, OrderInput::AskReplace)?;
        request.id = self.accept(now);
        let (mut verdict, approved) = self.gate.check_replace(&order, filled, request, now);
        let verdict_id = self.decide(&mut verdict, request.id, order.id, effects);
        if let Some(approved) = approved {
            let (lots, limit) = (request.lots, request.limit_ticks);
            self.transit(request.slot, order.id, OrderInput::AskReplace, lots, limit, verdict_id, effects)?;
            effects.sends.push(Send::Replace(approved));
        }
        Ok(())
    }

    /// A venue speaks. What cannot be true becomes a finding; what is true moves the order, the books and the limits.
    ///
    /// # Errors
    /// Only for time going backwards; every other oddity is recorded.
    pub fn report(&mut self, report: &mut VenueReport, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_time(report.ts_init)?;
        report.id = self.accept(report.ts_init);
        report.cause = report.order_id;
        if let Err(problem) = self.believe(report, effects) {
            let strategy = self.oms.get(report.slot, report.order_id).map_or(StrategyId::MAX, |w| w.order.strategy);
            self.finding(problem.code, report.id, strategy, effects);
        }
        Ok(())
    }

    fn believe(&mut self, report: &VenueReport, effects: &mut Effects) -> Result<(), Problem> {
        let kind = ReportKind::from_u8(report.kind).ok_or(Problem::new(code::OMS_BAD_REPORT, "unknown kind"))?;
        let input = match kind {
            ReportKind::Accepted => OrderInput::Accept,
            ReportKind::Rejected => OrderInput::Reject,
            ReportKind::Filled => return self.filled(report, effects),
            ReportKind::Cancelled => OrderInput::Cancelled,
            ReportKind::Expired => OrderInput::Expire,
            ReportKind::CancelRejected => OrderInput::CancelRejected,
            ReportKind::Replaced => OrderInput::Replaced,
            ReportKind::ReplaceRejected => OrderInput::ReplaceRejected,
            ReportKind::Lost => OrderInput::Lost,
        };
        if input.is_idle_after_end() && self.oms.get(report.slot, report.order_id).is_none() {
            return Ok(());
        }
        self.transit(report.slot, report.order_id, input, report.lots, report.price_ticks, report.id, effects)?;
        if kind == ReportKind::Lost {
            let strategy = self.oms.get(report.slot, report.order_id).map_or(StrategyId::MAX, |w| w.order.strategy);
            self.finding(Code(report.code), report.id, strategy, effects);
        }
        Ok(())
    }

    fn filled(&mut self, report: &VenueReport, effects: &mut Effects) -> Result<(), Problem> {
        let order = self.working(report.slot, report.order_id)?;
        if report.instrument != order.instrument {
            let detail = format!("instrument {}, order has {}", report.instrument, order.instrument);
            return Err(Problem::new(code::OMS_BAD_REPORT, detail));
        }
        self.oms.check_fill(report.slot, report.order_id, report.lots, report.price_ticks)?;
        let mut fill = Fill {
            fee: report.fee,
            id: self.last_id() + 1,
            cause: order.id,
            ts_event: report.ts_event,
            ts_init: report.ts_init,
            report: report.id,
            price_ticks: report.price_ticks,
            lots: report.lots,
            reference_ticks: report.reference_ticks,
            instrument: order.instrument,
            strategy: order.strategy,
            side: order.side,
            liquidity: report.liquidity,
            spare: 0,
        };
        self.ledger.check_fill(&fill)?;
        fill.id = self.next_id();
        effects.emit(&fill);
        self.transit(report.slot, order.id, OrderInput::Fill, report.lots, report.price_ticks, report.id, effects)?;
        let mut next = self.last_id();
        self.ledger.fill(&fill, &mut |mut posting: Posting| {
            next += 1;
            posting.id = next;
            effects.emit(&posting);
        })?;
        self.skip_to(next);
        self.equity_moved();
        Ok(())
    }

    /// Moves an order, records the step, and gives back to the gate what it no longer needs.
    #[allow(clippy::too_many_arguments)]
    fn transit(
        &mut self,
        slot: u32,
        order_id: RecordId,
        input: OrderInput,
        lots: i64,
        price_ticks: i64,
        cause: RecordId,
        effects: &mut Effects,
    ) -> Result<(), Problem> {
        let step: Transition = self.oms.apply(slot, order_id, input, lots, price_ticks)?;
        let event = OrderEvent {
            id: self.next_id(),
            cause,
            ts: self.clock(),
            order_id,
            filled_lots: step.filled_lots,
            slot,
            from: step.from as u8,
            to: step.to as u8,
            event: input as u8,
            spare: 0,
        };
        effects.emit(&event);
        match input {
            OrderInput::Fill => self.gate.fill(&step.order, lots)?,
            OrderInput::Replaced => self.gate.replaced(&step.order)?,
            OrderInput::ReplaceRejected => self.gate.replace_rejected(&step.order)?,
            _ => {}
        }
        if step.terminal {
            self.gate.release(&step.order);
        }
        Ok(())
    }

    fn decide(&mut self, verdict: &mut Verdict, cause: RecordId, order_id: RecordId, effects: &mut Effects) -> RecordId {
        verdict.id = self.next_id();
        verdict.cause = cause;
        verdict.order_id = order_id;
        debug_assert_eq!(verdict.decision == Decision::Denied as u8, verdict.code != 0);
        effects.emit(verdict);
        verdict.id
    }

    fn working(&self, slot: u32, order_id: RecordId) -> Result<Order, Problem> {
        self.oms.get(slot, order_id).map(|w| w.order).ok_or_else(|| {
            Problem::new(code::RISK_UNKNOWN_ORDER, format!("order {order_id} in slot {slot}"))
        })
    }
}
