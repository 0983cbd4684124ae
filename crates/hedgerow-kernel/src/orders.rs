//! Orders through the gate, and what venues say about them.
//!
//! A venue is never believed blindly: a report that cannot be true becomes a finding and changes nothing else.

use crate::effects::Send;
use crate::{Effects, Kernel};
use hedgerow_core::{
    CancelRequest, Code, Decision, Fill, FullOrder, FullReplace, InstrumentId, Order, OrderEvent, Posting, Problem,
    RecordId, ReplaceRequest, ReportKind, StrategyId, VenueReport, Verdict, WITH_TERMS, code,
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
        self.check_cause(order.cause)?;
        if order.is_quote() {
            return Err(Problem::new(code::CORE_INPUT, "an order as one side of a quote; a quote update brings both"));
        }
        let terms = self.terms_before(order.flags, order.strategy, order.instrument)?;
        let slot = self.oms.open(Order { id: self.last_id() + 1, ..*order })?;
        self.settle_equity();
        let now = order.ts.max(self.clock());
        (order.id, order.slot) = (self.accept(now), slot);
        self.ripen(order.id, effects)?;
        let (mut verdict, approved) = if order.flags & WITH_TERMS == 0 {
            let (verdict, approved) = self.gate.check_new(order, now);
            (verdict, approved.map(Send::New))
        } else {
            let (verdict, approved) = self.gate.check_full(&FullOrder { order: *order, terms }, now);
            if approved.is_some() {
                self.terms.keep(order.id, terms);
            }
            (verdict, approved.map(Send::NewFull))
        };
        let verdict_id = self.decide(&mut verdict, order.id, order.id, effects);
        let input = if approved.is_some() { OrderInput::Approve } else { OrderInput::Deny };
        self.transit(order.slot, order.id, input, 0, 0, verdict_id, effects)?;
        match approved {
            Some(send) => effects.sends.push(send),
            None => self.explain_denial(order.strategy, order.id, effects),
        }
        Ok(())
    }

    /// A cancel always passes the gate, if there is something to cancel.
    ///
    /// # Errors
    /// `RISK_UNKNOWN_ORDER` if the order does not work; `OMS_ILLEGAL` if it cannot be cancelled in its state.
    pub fn cancel(&mut self, request: &mut CancelRequest, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_cause(request.cause)?;
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
        self.check_cause(request.cause)?;
        let order = self.working(request.slot, request.order_id)?;
        let filled = self.oms.get(request.slot, request.order_id).map_or(0, |w| w.filled_lots);
        self.oms.check(request.slot, request.order_id, OrderInput::AskReplace)?;
        let terms = self.terms_before(request.flags, request.strategy, order.instrument)?;
        self.settle_equity();
        let now = request.ts.max(self.clock());
        request.id = self.accept(now);
        self.ripen(request.id, effects)?;
        let full = FullOrder { order, terms: self.terms.of(order.id) };
        let change = FullReplace { request: *request, terms };
        let (mut verdict, approved) = self.gate.check_full_replace(&full, filled, &change, now);
        let verdict_id = self.decide(&mut verdict, request.id, order.id, effects);
        if let Some(approved) = approved {
            let (lots, limit) = (request.lots, request.limit_ticks);
            self.transit(request.slot, order.id, OrderInput::AskReplace, lots, limit, verdict_id, effects)?;
            self.terms.ask(order.id, terms);
            effects.sends.push(match order.flags & WITH_TERMS {
                0 => Send::Replace(approved.without_terms()),
                _ => Send::ReplaceFull(approved),
            });
        } else {
            self.explain_denial(order.strategy, request.id, effects);
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
        // A venue can name an order that never was; a cause is always a record that is there.
        report.cause = if report.order_id < report.id { report.order_id } else { 0 };
        if let Err(problem) = self.believe(report, effects) {
            let strategy = self.oms.get(report.slot, report.order_id).map_or(StrategyId::MAX, |w| w.order.strategy);
            self.finding(problem.code, report.id, strategy, effects);
        }
        Ok(())
    }

    fn believe(&mut self, report: &VenueReport, effects: &mut Effects) -> Result<(), Problem> {
        let kind = ReportKind::from_u8(report.kind)
            .ok_or_else(|| Problem::new(code::OMS_BAD_REPORT, format!("a report of kind {}", report.kind)))?;
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
        if input.is_idle_after_end() && self.has_ended(report) {
            return Ok(());
        }
        // A venue that does not know the order cannot name its instrument.
        if report.instrument != InstrumentId::MAX {
            self.check_report(report)?;
        }
        self.transit(report.slot, report.order_id, input, report.lots, report.price_ticks, report.id, effects)?;
        if kind == ReportKind::Lost {
            let strategy = self.oms.get(report.slot, report.order_id).map_or(StrategyId::MAX, |w| w.order.strategy);
            let code = Some(Code(report.code)).filter(|code| code.def().is_some()).unwrap_or(code::OMS_LOST);
            self.finding(code, report.id, strategy, effects);
        }
        Ok(())
    }

    /// Whether the report speaks of an order that may have ended: its number was given, and it works nowhere.
    fn has_ended(&self, report: &VenueReport) -> bool {
        let (slot, id) = (report.slot, report.order_id);
        let gone = self.oms.get(slot, id).is_none() && (1..report.id).contains(&id);
        gone && self.oms.iter().all(|working| working.order.id != id)
    }

    /// A report speaks of a working order, and of its instrument.
    fn check_report(&self, report: &VenueReport) -> Result<Order, Problem> {
        let order = self.oms.get(report.slot, report.order_id).map(|w| w.order).ok_or_else(|| {
            let detail = format!("order {} in slot {}", report.order_id, report.slot);
            Problem::new(code::OMS_UNKNOWN_ORDER, detail)
        })?;
        if report.instrument == order.instrument {
            return Ok(order);
        }
        let detail = format!("instrument {}, order has {}", report.instrument, order.instrument);
        Err(Problem::new(code::OMS_BAD_REPORT, detail))
    }

    fn filled(&mut self, report: &VenueReport, effects: &mut Effects) -> Result<(), Problem> {
        let order = self.check_report(report)?;
        let after = self.oms.check_fill(report.slot, order.id, report.execution, report.lots, report.price_ticks)?;
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
            execution: report.execution,
            spare: 0,
        };
        let plan = self.ledger.plan(&fill)?;
        fill.id = self.next_id();
        effects.emit(&fill);
        let step = self.oms.book_fill(&after)?;
        self.moved(&step, report.lots, report.id, effects)?;
        let mut next = self.last_id();
        self.ledger.book_fill(&fill, plan, &mut |mut posting: Posting| {
            next += 1;
            posting.id = next;
            effects.emit(&posting);
        });
        self.skip_to(next);
        self.equity_moved();
        Ok(())
    }

    /// Moves an order, and tells what follows from it.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn transit(
        &mut self,
        slot: u32,
        order_id: RecordId,
        input: OrderInput,
        lots: i64,
        price_ticks: i64,
        cause: RecordId,
        effects: &mut Effects,
    ) -> Result<(), Problem> {
        let step = self.oms.apply(slot, order_id, input, lots, price_ticks)?;
        self.moved(&step, lots, cause, effects)
    }

    /// Records a step, and gives back to the gate what the order no longer needs.
    fn moved(&mut self, step: &Transition, lots: i64, cause: RecordId, effects: &mut Effects) -> Result<(), Problem> {
        let event = OrderEvent {
            id: self.next_id(),
            cause,
            ts: self.clock(),
            order_id: step.order.id,
            filled_lots: step.filled_lots,
            slot: step.order.slot,
            from: step.from as u8,
            to: step.to as u8,
            event: step.event as u8,
            spare: 0,
        };
        effects.emit(&event);
        match step.event {
            OrderInput::Fill => self.gate.fill(&step.order, lots)?,
            OrderInput::Replaced => {
                self.gate.replaced(&step.order)?;
                self.gate.cut(&step.order, step.open_lots);
            }
            OrderInput::ReplaceRejected => self.gate.replace_rejected(&step.order)?,
            _ => {}
        }
        if step.order.flags & WITH_TERMS != 0 {
            match step.event {
                OrderInput::Replaced => self.terms.answer(step.order.id, Some(step.order.lots)),
                OrderInput::ReplaceRejected => self.terms.answer(step.order.id, None),
                _ => {}
            }
            if step.terminal {
                self.terms.forget(step.order.id);
            }
        }
        if step.terminal {
            self.gate.release(&step.order);
        }
        Ok(())
    }

    pub(crate) fn decide(
        &mut self,
        verdict: &mut Verdict,
        cause: RecordId,
        order_id: RecordId,
        effects: &mut Effects,
    ) -> RecordId {
        verdict.id = self.next_id();
        verdict.cause = cause;
        verdict.order_id = order_id;
        debug_assert_eq!(verdict.decision == Decision::Denied as u8, verdict.code != 0);
        effects.emit(verdict);
        verdict.id
    }

    fn working(&self, slot: u32, order_id: RecordId) -> Result<Order, Problem> {
        self.oms
            .get(slot, order_id)
            .map(|w| w.order)
            .ok_or_else(|| Problem::new(code::RISK_UNKNOWN_ORDER, format!("order {order_id} in slot {slot}")))
    }
}
