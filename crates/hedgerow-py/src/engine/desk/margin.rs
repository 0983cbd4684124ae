//! The account's broker: initial margin before an order leaves, maintenance margin as prices move, calls, liquidations.
//!
//! Promises: a call is a finding with what is there and what is needed; what closes positions are orders that pass the gate and
//! name the call as their cause; orders that the margin does not carry are rejected with a report. All are inputs of the
//! kernel, so an audit derives the rest. Never: an order that opens or turns a position; a position that stays unchecked.

use super::{Desk, Wish};
use crate::engine::outside::{leg_refused, refused};
use hedgerow_core::{
    Bar, Decision, Finding, InstrumentId, Money, Order, Problem, REDUCE_ONLY, RecordId, ReportKind, Side, StrategyId,
    TimeInForce, VenueReport, code,
};
use hedgerow_kernel::{Input, Send};
use hedgerow_oms::OrderState;
use hedgerow_risk::{ApprovedLeg, ApprovedQuote};
use hedgerow_sim::{Held, MarginConfig};

/// A margin call that was not met yet.
#[derive(Clone, Copy)]
struct Call {
    id: RecordId,
    ts: i64,
}

/// What the broker knows of the run.
pub struct Broker {
    config: MarginConfig,
    /// By strategy.
    calls: Vec<Option<Call>>,
    /// Orders that close positions.
    forced: Vec<RecordId>,
    /// Orders and changes that the gate let pass and the margin does not carry; they leave no more.
    refused: Vec<RecordId>,
    /// Over books, by instrument: the price at which the accounts were looked at last, ticks; 0 = at none.
    seen_ticks: Vec<i64>,
    is_forcing: bool,
}

impl Broker {
    /// What the broker answers in the venue's place, if it lets a message not pass.
    fn refusal(&mut self, send: &Send, ts: i64) -> Option<VenueReport> {
        let (id, order_id, slot, instrument, kind) = match send {
            Send::New(order) => {
                let Order { id, slot, instrument, .. } = *order.get();
                (id, id, slot, instrument, ReportKind::Rejected)
            }
            Send::NewFull(full) => {
                let Order { id, slot, instrument, .. } = full.get().order;
                (id, id, slot, instrument, ReportKind::Rejected)
            }
            Send::ReplaceFull(change) => {
                let request = &change.get().request;
                (request.id, request.order_id, request.slot, InstrumentId::MAX, ReportKind::ReplaceRejected)
            }
            Send::Replace(request) => {
                let request = request.get();
                (request.id, request.order_id, request.slot, InstrumentId::MAX, ReportKind::ReplaceRejected)
            }
            // The sides of a quote are asked about one by one.
            Send::Cancel(_) | Send::Quote { .. } => return None,
        };
        let place = self.refused.iter().position(|refused| *refused == id)?;
        self.refused.swap_remove(place);
        Some(refused((order_id, slot, instrument), kind, code::SIM_MARGIN, ts))
    }

    /// The same for a quote: where one side is not let pass, neither is the other, unless it only withdraws.
    fn refuse_quote(&mut self, legs: &mut ApprovedQuote, ts: i64, reports: &mut Vec<VenueReport>) {
        let ids = [0, 1].map(|side| legs[side].as_ref().map_or(0, ApprovedLeg::record_id));
        let before = self.refused.len();
        self.refused.retain(|refused| !ids.contains(refused));
        if self.refused.len() < before {
            let adds = legs.iter_mut().filter(|leg| !matches!(leg, Some(ApprovedLeg::Cancel(_))));
            reports.extend(adds.filter_map(Option::take).map(|leg| leg_refused(&leg, code::SIM_MARGIN, ts)));
        }
    }

    /// Takes out of a message what the margin does not carry, and reports it in the venue's place; what is left of it.
    pub fn let_pass(&mut self, send: Send, ts: i64, reports: &mut Vec<VenueReport>) -> Option<Send> {
        match send {
            Send::Quote { mut legs, in_turn } => {
                self.refuse_quote(&mut legs, ts, reports);
                legs.iter().any(Option::is_some).then_some(Send::Quote { legs, in_turn })
            }
            send => match self.refusal(&send, ts) {
                Some(refused) => {
                    reports.push(refused);
                    None
                }
                None => Some(send),
            },
        }
    }

    /// A liquidation's fill costs its fee beside the venue's.
    pub fn charge(&self, report: &mut VenueReport, tick_value: i64) {
        if report.kind == ReportKind::Filled as u8 && self.forced.contains(&report.order_id) {
            report.fee += self.config.fee(Money::notional(report.price_ticks, report.lots, tick_value));
        }
    }
}

impl Desk {
    /// The account is held on margin from here on.
    pub fn hold_on_margin(&mut self, config: MarginConfig) -> Result<(), Problem> {
        let calls = vec![None; usize::from(self.kernel.capacity().strategies)];
        let (forced, refused) = (Vec::new(), Vec::new());
        let (config, seen_ticks) = (config.checked()?, Vec::new());
        self.broker = Some(Broker { config, calls, forced, refused, seen_ticks, is_forcing: false });
        Ok(())
    }

    /// Notes an order or change that was let pass, if the equity does not carry what it may come to.
    pub(super) fn check_initial(
        &mut self,
        id: RecordId,
        strategy: StrategyId,
        instrument: InstrumentId,
        side: u8,
    ) -> Result<(), Problem> {
        let Some(broker) = self.broker.as_ref().filter(|broker| !broker.is_forcing) else { return Ok(()) };
        let gate = self.kernel.gate();
        let held = gate.holding(strategy, instrument);
        let (position, open) =
            if side == Side::Buy as u8 { (held.position, held.open_buy) } else { (-held.position, held.open_sell) };
        if position < 0 && open <= -position {
            return Ok(());
        }
        let mut needed = Money::ZERO;
        for instrument in 0..self.kernel.instruments().len() as InstrumentId {
            let held = gate.holding(strategy, instrument);
            let lots = (held.position + held.open_buy).abs().max((held.position - held.open_sell).abs());
            needed += broker.config.initial(instrument, self.value(instrument, lots, None));
        }
        if needed > self.kernel.ledger().nav(strategy)?
            && let Some(broker) = &mut self.broker
        {
            broker.refused.push(id);
        }
        Ok(())
    }

    /// Looks at every account after prices moved: those of bars at their worst within the bar, unless calls have time.
    #[inline]
    pub fn check_margin(&mut self, bars: &[Bar]) -> Result<(), Problem> {
        if self.broker.is_none() { Ok(()) } else { self.check_accounts(bars) }
    }

    /// The same over books, at a moment at which the run is looked at: what is sent leaves then, and not before.
    pub fn check_margin_at(&mut self, ts: i64) -> Result<(), Problem> {
        if self.broker.is_some() {
            self.now = self.now.max(ts);
            self.check_accounts(&[])?;
            self.note_marks();
        }
        Ok(())
    }

    /// The same after an instrument's price changed: only where somebody holds it and it is worse for them than it was
    /// when the accounts were looked at last, for else nothing has become tighter since.
    #[inline]
    pub fn check_margin_of(&mut self, instrument: InstrumentId, ts: i64) -> Result<(), Problem> {
        let Some(broker) = &self.broker else { return Ok(()) };
        let seen = broker.seen_ticks.get(instrument as usize).copied().unwrap_or_default();
        let mark = self.kernel.ledger().mark_ticks(instrument).unwrap_or_default();
        let is_worse =
            self.running.iter().any(|strategy| (mark - seen) * self.position(*strategy, instrument).signum() < 0);
        if is_worse { self.check_margin_at(ts) } else { Ok(()) }
    }

    fn note_marks(&mut self) {
        let (ledger, instruments) = (self.kernel.ledger(), 0..self.kernel.instruments().len() as InstrumentId);
        let Some(broker) = &mut self.broker else { return };
        broker.seen_ticks.clear();
        broker.seen_ticks.extend(instruments.map(|instrument| ledger.mark_ticks(instrument).unwrap_or_default()));
    }

    fn check_accounts(&mut self, bars: &[Bar]) -> Result<(), Problem> {
        (0..self.running.len()).try_for_each(|i| self.check_account(self.running[i], bars))
    }

    fn check_account(&mut self, strategy: StrategyId, bars: &[Bar]) -> Result<(), Problem> {
        let Some(Broker { config, calls, .. }) = &self.broker else { return Ok(()) };
        let (grace_ns, call) = (config.grace_ns, calls[usize::from(strategy)]);
        let (held, equity) = self.standing(strategy, if grace_ns == 0 { bars } else { &[] })?;
        let needed = held.iter().fold(Money::ZERO, |sum, held| sum + config.maintenance(held));
        if held.is_empty() || equity >= needed {
            self.set_call(strategy, None);
            return Ok(());
        }
        let call = match call {
            Some(call) => call,
            None => {
                let cause = bars.last().map_or(self.tops.told_id(held[0].instrument), |bar| bar.id);
                let ts = self.time();
                let (instrument, code) = (InstrumentId::MAX, code::SIM_MARGIN_CALL.0);
                let finding = Finding { value: equity, limit: needed, cause, ts, instrument, strategy, code, id: 0 };
                let mut input = Input::Finding(finding);
                self.feed(&mut input)?;
                Call { id: input.as_record().1, ts }
            }
        };
        self.set_call(strategy, Some(call));
        if self.time() < call.ts.saturating_add(grace_ns) || self.is_liquidating(strategy) {
            return Ok(());
        }
        self.liquidate(strategy, call.id, &held, equity, bars)
    }

    fn set_call(&mut self, strategy: StrategyId, call: Option<Call>) {
        if let Some(broker) = &mut self.broker {
            broker.calls[usize::from(strategy)] = call;
        }
    }

    /// What is held, and the equity, at the marks or at the worst prices of bars.
    fn standing(&self, strategy: StrategyId, bars: &[Bar]) -> Result<(Vec<Held>, Money), Problem> {
        let mut equity = self.kernel.ledger().nav(strategy)?;
        let mut held = Vec::new();
        for (instrument, about) in self.kernel.instruments().iter().enumerate() {
            let instrument = instrument as InstrumentId;
            let lots = self.position(strategy, instrument);
            if lots == 0 {
                continue;
            }
            let bar = bars.iter().find(|bar| bar.instrument == instrument);
            let worst = bar.map(|bar| if lots > 0 { bar.low_ticks } else { bar.high_ticks });
            let value = self.value(instrument, lots, worst);
            if worst.is_some() {
                let moved = value - self.value(instrument, lots, None);
                equity += if lots > 0 { moved } else { -moved };
            }
            held.push(Held { instrument, lots, value, lots_step: about.lots_step });
        }
        Ok((held, equity))
    }

    /// What so many lots are worth, without their sign, in the base currency; at the mark where no price is said.
    fn value(&self, instrument: InstrumentId, lots: i64, price_ticks: Option<i64>) -> Money {
        let (ledger, about) = (self.kernel.ledger(), &self.kernel.instruments()[instrument as usize]);
        let price_ticks = price_ticks.or_else(|| ledger.mark_ticks(instrument)).unwrap_or_default();
        let worth = Money::notional(price_ticks, lots.abs(), about.tick_value);
        worth.convert(ledger.rate_nano(about.currency).unwrap_or_default())
    }

    fn is_liquidating(&self, strategy: StrategyId) -> bool {
        let Some(broker) = &self.broker else { return false };
        let mut working = self.kernel.oms().iter();
        working.any(|working| working.order.strategy == strategy && broker.forced.contains(&working.order.id))
    }

    /// Working orders are called back, and positions closed by orders at the market.
    fn liquidate(
        &mut self,
        strategy: StrategyId,
        call: RecordId,
        held: &[Held],
        equity: Money,
        bars: &[Bar],
    ) -> Result<(), Problem> {
        for held in held {
            self.cancel_parents(strategy, held.instrument, call)?;
        }
        let is_ours = |w: &&hedgerow_oms::Working| w.order.strategy == strategy && w.state != OrderState::PendingCancel;
        let ours: Vec<_> = self.kernel.oms().iter().filter(is_ours).map(|w| (w.order.slot, w.order.id)).collect();
        for (slot, order_id) in ours {
            self.cancel(strategy, slot, order_id, call)?;
        }
        self.flush()?;
        let Some(broker) = &mut self.broker else { return Ok(()) };
        broker.is_forcing = true;
        let done = broker.config.closes(held, equity);
        let done =
            done.into_iter().try_for_each(|(instrument, lots)| self.close_out(strategy, call, instrument, lots, bars));
        if let Some(broker) = &mut self.broker {
            broker.is_forcing = false;
        }
        done
    }

    /// One order of a liquidation. On bars it trades at once, at the worst price of the bar; elsewhere when it arrives, so
    /// that the gate denies it while orders that are called back could close the same lots.
    fn close_out(
        &mut self,
        strategy: StrategyId,
        call: RecordId,
        instrument: InstrumentId,
        lots: i64,
        bars: &[Bar],
    ) -> Result<(), Problem> {
        let side = if lots > 0 { Side::Buy } else { Side::Sell };
        let placed = self.submit(Wish {
            limit_ticks: 0,
            tif: TimeInForce::Ioc,
            flags: REDUCE_ONLY,
            cause: call,
            ..Wish::new(strategy, instrument, side, lots.abs())
        })?;
        if placed.verdict.decision != Decision::Approved as u8 {
            return Ok(());
        }
        if let Some(broker) = &mut self.broker {
            broker.forced.push(placed.order.id);
        }
        self.flush()?;
        if let Some(bar) = bars.iter().find(|bar| bar.instrument == instrument) {
            self.venue.force(placed.order.slot, placed.order.id, bar, &mut self.reports);
            self.hear()?;
        }
        Ok(())
    }
}
