//! A maker's two-sided quote: what stands, and both sides changed by one decision.
//!
//! Promises: a side whose price and open lots stay is not touched and keeps its place in the queue; the others are made,
//! changed or withdrawn by one verdict, or nothing is; which orders make up the quote follows from the working orders, so
//! that no other state can disagree with them. Never: a second change of a side while the venue has not answered the first.

use crate::effects::Send;
use crate::{Effects, Kernel};
use hedgerow_core::{
    CancelRequest, InstrumentId, Order, OrderKind, POST_ONLY, Problem, QUOTE, QuoteUpdate, RecordId, ReplaceRequest,
    Side, StrategyId, TimeInForce, code,
};
use hedgerow_oms::{OrderInput, OrderState, Working, next};
use hedgerow_risk::{ApprovedQuote, Leg, Quoting};

/// What an update does to one side.
enum Step {
    Keep,
    Make,
    Change(Working),
    Withdraw(Working),
}

/// A maker's quote as it stands, or as it was asked to stand where the venue has not answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// The order that bids.
    pub bid: Option<Working>,
    /// The order that asks.
    pub ask: Option<Working>,
}

impl Standing {
    /// Whether the venue has answered all that was asked.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let settled = |side: &Working| matches!(side.state, OrderState::Live | OrderState::PartiallyFilled);
        self.bid.iter().chain(&self.ask).all(settled)
    }

    /// Price and open lots of a side, a change that is on its way counted as made; nothing where it is withdrawn.
    #[must_use]
    pub fn quoted(side: Option<&Working>) -> (i64, i64) {
        match side {
            Some(working) if working.state != OrderState::PendingCancel => {
                let terms = working.asked.unwrap_or(working.terms());
                (terms.limit_ticks, (terms.lots - working.filled_lots).max(0))
            }
            _ => (0, 0),
        }
    }

    /// Whether the sides that an update changes may be changed now: the venue has answered what they were asked before.
    #[must_use]
    pub fn can_become(&self, update: &QuoteUpdate) -> bool {
        let may = |side: Option<Working>, ticks: i64, lots: i64| match step_of(side, ticks, lots) {
            Step::Keep | Step::Make => true,
            Step::Change(working) => next(working.state, OrderInput::AskReplace, working.standing()).is_some(),
            Step::Withdraw(working) => next(working.state, OrderInput::AskCancel, working.standing()).is_some(),
        };
        may(self.bid, update.bid_ticks, update.bid_lots) && may(self.ask, update.ask_ticks, update.ask_lots)
    }

    /// Whether an update asks for what stands already.
    #[must_use]
    pub fn is_as(&self, update: &QuoteUpdate) -> bool {
        let wanted = [(update.bid_ticks, update.bid_lots), (update.ask_ticks, update.ask_lots)];
        [self.bid.as_ref(), self.ask.as_ref()].map(Standing::quoted) == wanted
    }
}

impl Kernel {
    /// The quote of a strategy in an instrument.
    #[must_use]
    pub fn standing_quote(&self, strategy: StrategyId, instrument: InstrumentId) -> Standing {
        let of = |side: Side| {
            let is_side = |order: &Order| order.is_quote() && order.side == side as u8;
            let is_it = |order: &Order| (order.strategy, order.instrument) == (strategy, instrument) && is_side(order);
            self.oms.iter().find(|working| is_it(&working.order)).copied()
        };
        Standing { bid: of(Side::Buy), ask: of(Side::Sell) }
    }

    /// A maker quotes anew. Denied: the quote stands as it was, on both sides.
    ///
    /// # Errors
    /// `RUN_QUOTE` for prices that cross, or a price without a size; `CORE_INPUT` where nothing would change;
    /// `OMS_ILLEGAL` while the venue has not answered what a side was asked before; `OMS_FULL` without room for both.
    pub fn quote_update(&mut self, update: &mut QuoteUpdate, effects: &mut Effects) -> Result<(), Problem> {
        effects.clear();
        self.check_instrument(update.instrument)?;
        self.check_strategy(update.strategy)?;
        self.check_cause(update.cause)?;
        update.check()?;
        let standing = self.standing_quote(update.strategy, update.instrument);
        if standing.is_as(update) {
            return Err(Problem::new(code::CORE_INPUT, "a quote update that changes nothing"));
        }
        if !standing.can_become(update) {
            let detail = format!("the quote of instrument {} has a change on its way", update.instrument);
            return Err(Problem::new(code::OMS_ILLEGAL, detail));
        }
        let bid = step_of(standing.bid, update.bid_ticks, update.bid_lots);
        let ask = step_of(standing.ask, update.ask_ticks, update.ask_lots);
        let made = usize::from(matches!(bid, Step::Make)) + usize::from(matches!(ask, Step::Make));
        if self.oms.len() + made > self.oms.capacity() {
            let detail = format!("a quote, {} orders work, room for {}", self.oms.len(), self.oms.capacity());
            return Err(Problem::new(code::OMS_FULL, detail));
        }
        self.settle_equity();
        let now = update.ts.max(self.clock());
        update.id = self.accept(now);
        self.ripen(update.id, effects)?;
        let old_ticks = |side: &Option<Working>| side.map_or(0, |working| working.order.limit_ticks);
        let (bid_before, ask_before) = (old_ticks(&standing.bid), old_ticks(&standing.ask));
        // The side that makes room goes first, so that a venue which takes one message a side never sees us cross ourselves.
        let ask_first = ask_before != 0 && update.bid_ticks >= ask_before;
        let bid_first = bid_before != 0 && update.ask_ticks != 0 && update.ask_ticks <= bid_before;
        let steps =
            if ask_first { [(Side::Sell, ask), (Side::Buy, bid)] } else { [(Side::Buy, bid), (Side::Sell, ask)] };
        let legs = self.legs_of(update, steps);
        let ids = [standing.bid, standing.ask].map(|side| side.map_or(0, |working| working.order.id));
        let quoting =
            Quoting { id: update.id, strategy: update.strategy, instrument: update.instrument, legs, standing: ids };
        let (mut verdict, approved) = self.gate.check_quote(&quoting, now);
        let verdict_id = self.decide(&mut verdict, update.id, update.id, effects);
        let Some(approved) = approved else {
            self.explain_denial(update.strategy, update.id, effects);
            return Ok(());
        };
        let legs = self.make_legs(legs, approved, verdict_id, effects)?;
        effects.sends.push(Send::Quote { in_turn: legs[1].is_some() && (ask_first || bid_first), legs });
        Ok(())
    }

    /// The orders, changes and cancels of the sides that change, with the ids that their records will have: the verdict
    /// comes first, and each is followed by its order's event.
    fn legs_of(&self, update: &QuoteUpdate, steps: [(Side, Step); 2]) -> [Option<Leg>; 2] {
        let QuoteUpdate { id: cause, ts, instrument, strategy, .. } = *update;
        let (mut id, mut client_id) = (self.last_id() + 2, update.client_id);
        let (mut legs, mut count) = ([None; 2], 0);
        for (side, step) in steps {
            let (limit_ticks, lots) = match side {
                Side::Buy => (update.bid_ticks, update.bid_lots),
                Side::Sell => (update.ask_ticks, update.ask_lots),
            };
            legs[count] = Some(match step {
                Step::Keep => continue,
                Step::Make => Leg::New(Order {
                    id,
                    cause,
                    ts,
                    client_id,
                    lots,
                    limit_ticks,
                    instrument,
                    strategy,
                    side: side as u8,
                    kind: OrderKind::Limit as u8,
                    tif: TimeInForce::Gtc as u8,
                    flags: QUOTE | POST_ONLY,
                    ..Order::default()
                }),
                Step::Change(working) => {
                    let (order, lots) = (working.order, working.filled_lots.saturating_add(lots));
                    let (order_id, slot) = (order.id, order.slot);
                    let request = ReplaceRequest {
                        id,
                        cause,
                        ts,
                        order_id,
                        client_id,
                        lots,
                        limit_ticks,
                        slot,
                        strategy,
                        ..ReplaceRequest::default()
                    };
                    Leg::Replace { working: order, filled_lots: working.filled_lots, request }
                }
                Step::Withdraw(working) => {
                    let (order_id, slot) = (working.order.id, working.order.slot);
                    Leg::Cancel(CancelRequest { id, cause, ts, order_id, slot, strategy, ..CancelRequest::default() })
                }
            });
            (id, client_id, count) = (id + 2, client_id.saturating_add(1), count + 1);
        }
        legs
    }

    /// Both sides were let pass: their records, and what they do to the orders.
    fn make_legs(
        &mut self,
        legs: [Option<Leg>; 2],
        approved: ApprovedQuote,
        verdict_id: RecordId,
        effects: &mut Effects,
    ) -> Result<ApprovedQuote, Problem> {
        let mut slots = [0; 2];
        for (leg, made) in legs.into_iter().flatten().zip(&mut slots) {
            let id = self.next_id();
            let (slot, order_id, input, lots, ticks) = match leg {
                Leg::New(order) => {
                    let slot = self.oms.open(order)?;
                    *made = slot;
                    effects.emit(&Order { slot, ..order });
                    (slot, id, OrderInput::Approve, 0, 0)
                }
                Leg::Replace { working, request, .. } => {
                    effects.emit(&request);
                    (working.slot, working.id, OrderInput::AskReplace, request.lots, request.limit_ticks)
                }
                Leg::Cancel(request) => {
                    effects.emit(&request);
                    (request.slot, request.order_id, OrderInput::AskCancel, 0, 0)
                }
            };
            self.transit(slot, order_id, input, lots, ticks, verdict_id, effects)?;
        }
        let [first, second] = approved;
        Ok([first.map(|leg| leg.with_slot(slots[0])), second.map(|leg| leg.with_slot(slots[1]))])
    }
}

/// What becomes of a side.
fn step_of(standing: Option<Working>, ticks: i64, lots: i64) -> Step {
    match standing {
        None if lots == 0 => Step::Keep,
        None => Step::Make,
        Some(working) if Standing::quoted(Some(&working)) == (ticks, lots) => Step::Keep,
        Some(working) if lots == 0 => Step::Withdraw(working),
        Some(working) => Step::Change(working),
    }
}
