//! The parent orders of a run, folded from its records: the run itself, a run taken up again and an audit do the same.
//!
//! Promises: what a parent order is follows from the log alone. Never: a record of its own; whoever decides writes it.

use crate::slice::LotRule;
use crate::work::{Child, Work};
use hedgerow_core::{
    Action, AlgoSettings, Decision, Fill, Instrument, InstrumentId, Noun, Order, OrderEvent, ParentEvent,
    ParentEventKind, ParentOrder, PlanStep, Problem, RecordId, Slice, Trade, Verdict, code,
};
use hedgerow_oms::OrderState;

/// What became of a parent order that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub parent: RecordId,
    /// Its total at the end.
    pub lots: i64,
    /// What of it was filled.
    pub filled_lots: i64,
}

/// The parent orders that have not ended, in order of their making, and what became of the others.
#[derive(Default)]
pub struct Parents {
    rules: Vec<LotRule>,
    work: Vec<Work>,
    ended: Vec<Ended>,
    /// A child that waits for its verdict, and whose it is.
    asked: Option<(usize, Order)>,
}

impl Parents {
    /// Takes a record of the log, in its order.
    ///
    /// # Errors
    /// `OMS_OVERFILL` if a child trades more than was sent, `CORE_INPUT` for a record of a parent order that is not there.
    #[inline]
    pub fn take(&mut self, kind: u16, bytes: &[u8]) -> Result<(), Problem> {
        let begins = kind == Instrument::KIND || kind == ParentOrder::KIND;
        if self.work.is_empty() && !begins { Ok(()) } else { self.take_one(kind, bytes) }
    }

    fn take_one(&mut self, kind: u16, bytes: &[u8]) -> Result<(), Problem> {
        match kind {
            Instrument::KIND => self.define(&bytemuck::pod_read_unaligned(bytes)),
            ParentOrder::KIND => self.add(bytemuck::pod_read_unaligned(bytes)),
            Order::KIND => {
                let order: Order = bytemuck::pod_read_unaligned(bytes);
                self.asked = self.place(order.cause).map(|at| (at, order));
                Ok(())
            }
            Verdict::KIND if self.asked.is_some() => self.judged(&bytemuck::pod_read_unaligned(bytes)),
            Fill::KIND => self.filled(&bytemuck::pod_read_unaligned(bytes)),
            OrderEvent::KIND => self.moved(&bytemuck::pod_read_unaligned(bytes)),
            AlgoSettings::KIND => {
                let told: AlgoSettings = bytemuck::pod_read_unaligned(bytes);
                self.of(told.cause).map(|work| work.settings = told)
            }
            PlanStep::KIND => {
                let step: PlanStep = bytemuck::pod_read_unaligned(bytes);
                self.of(step.cause).map(|work| work.steps.push(step))
            }
            Slice::KIND => {
                let slice: Slice = bytemuck::pod_read_unaligned(bytes);
                self.of(slice.cause).map(|work| work.decided(&slice))
            }
            ParentEvent::KIND => self.happened(&bytemuck::pod_read_unaligned(bytes)),
            Trade::KIND => {
                let trade: Trade = bytemuck::pod_read_unaligned(bytes);
                self.traded(trade.instrument.into(), trade.price_ticks.into(), trade.lots);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn define(&mut self, instrument: &Instrument) -> Result<(), Problem> {
        let place = instrument.instrument as usize;
        if self.rules.len() <= place {
            self.rules.resize(place + 1, LotRule::WHOLE);
        }
        self.rules[place] = LotRule::of(instrument);
        Ok(())
    }

    fn add(&mut self, parent: ParentOrder) -> Result<(), Problem> {
        let rule = self.rules.get(parent.instrument as usize).copied().unwrap_or(LotRule::WHOLE);
        self.work.push(Work::new(parent, rule));
        Ok(())
    }

    fn judged(&mut self, verdict: &Verdict) -> Result<(), Problem> {
        let Some((at, order)) = self.asked.take() else { return Ok(()) };
        let is_ours = verdict.order_id == order.id && verdict.action == Action::New as u8;
        if !is_ours || verdict.decision != Decision::Approved as u8 {
            return Ok(());
        }
        self.work[at].sent(Child::of(&order))
    }

    fn filled(&mut self, fill: &Fill) -> Result<(), Problem> {
        match self.family(fill.cause) {
            Some((work, _)) => work.progress.filled(fill.lots),
            None => Ok(()),
        }
    }

    fn moved(&mut self, event: &OrderEvent) -> Result<(), Problem> {
        let Some((work, at)) = self.family(event.order_id) else { return Ok(()) };
        match OrderState::from_u8(event.to) {
            Some(state) if state.is_terminal() => {
                let child = work.children.remove(at);
                if child.is_for_auction && event.from == OrderState::Unknown as u8 && state != OrderState::Filled {
                    work.lost_on_its_way();
                }
                work.progress.ended(child.lots - event.filled_lots)
            }
            state => {
                work.children[at].is_leaving = state == Some(OrderState::PendingCancel);
                Ok(())
            }
        }
    }

    fn happened(&mut self, event: &ParentEvent) -> Result<(), Problem> {
        let work = self.of(event.parent)?;
        match ParentEventKind::from_u8(event.event) {
            Some(ParentEventKind::Stopped | ParentEventKind::Expired) => work.stop(),
            Some(ParentEventKind::Amended) => work.amend(event),
            Some(ParentEventKind::Resumed) => work.resume(event.ts),
            Some(ParentEventKind::Ended | ParentEventKind::Left) => {
                let filled_lots = work.progress.filled_lots();
                self.ended.push(Ended { parent: event.parent, lots: event.lots, filled_lots });
                self.work.retain(|work| work.parent.id != event.parent);
                self.asked = None;
            }
            None => {}
        }
        Ok(())
    }

    fn place(&self, parent: RecordId) -> Option<usize> {
        // Orders come from the newest parents most often.
        self.work.iter().rposition(|work| work.parent.id == parent)
    }

    pub(crate) fn of(&mut self, parent: RecordId) -> Result<&mut Work, Problem> {
        match self.place(parent) {
            Some(at) => Ok(&mut self.work[at]),
            None => Err(Problem::new(code::CORE_INPUT, format!("record {parent} is no parent order at work"))),
        }
    }

    fn family(&mut self, order_id: RecordId) -> Option<(&mut Work, usize)> {
        self.work.iter_mut().find_map(|work| {
            let child = work.children.iter().rposition(|c| c.order_id == order_id)?;
            Some((work, child))
        })
    }

    /// Whether nothing is being worked.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.work.is_empty()
    }

    /// The parent orders at work.
    #[must_use]
    pub fn work(&self) -> &[Work] {
        &self.work
    }

    /// One of them, to look at the market.
    pub fn work_mut(&mut self, at: usize) -> &mut Work {
        &mut self.work[at]
    }

    /// One of them by its number.
    #[must_use]
    pub fn get(&self, parent: RecordId) -> Option<&Work> {
        self.place(parent).map(|at| &self.work[at])
    }

    /// What became of one that has ended.
    #[must_use]
    pub fn ended(&self, parent: RecordId) -> Option<&Ended> {
        self.ended.iter().rev().find(|ended| ended.parent == parent)
    }

    /// Something traded, for all that watch it.
    #[inline]
    pub fn traded(&mut self, instrument: InstrumentId, price_ticks: i64, lots: i64) {
        for work in self.work.iter_mut().filter(|work| work.parent.instrument == instrument && lots > 0) {
            work.traded(price_ticks, lots);
        }
    }

    /// Whether one of them works in an instrument, and so counts what trades there.
    #[must_use]
    pub fn watch(&self, instrument: InstrumentId) -> bool {
        self.work.iter().any(|work| work.parent.instrument == instrument)
    }

    /// Those that still send, by number.
    #[must_use]
    pub fn sending(&self) -> Vec<RecordId> {
        self.work.iter().filter(|work| !work.is_stopped()).map(|work| work.parent.id).collect()
    }

    /// When one of them wants to look next after all looked at `looked`; `i64::MAX` = never.
    #[must_use]
    pub fn wakes(&self, looked: i64) -> i64 {
        self.work.iter().map(|work| work.wakes(looked)).min().unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests;
