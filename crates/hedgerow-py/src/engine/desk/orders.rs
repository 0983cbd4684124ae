//! A strategy's wishes as inputs of the kernel: an order, a change of one, a cancel.

use super::Desk;
use hedgerow_core::{
    CancelRequest, Decision, InstrumentId, Noun, Order, OrderKind, OrderSlot, OrderTerms, Peg, Problem, RecordId,
    ReplaceRequest, Side, StrategyId, TimeInForce, Verdict, WITH_TERMS, code,
};
use hedgerow_kernel::Input;
use hedgerow_oms::OrderState;

/// What a strategy wishes to trade.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Whose.
    pub strategy: StrategyId,
    /// What.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How many lots.
    pub lots: i64,
    /// Limit in ticks, 0 = market.
    pub limit_ticks: i64,
    /// Stop price in ticks, 0 = none.
    pub stop_ticks: i64,
    /// How long.
    pub tif: TimeInForce,
    /// When a good-till-date order ends, UTC nanoseconds; 0 = it has no such end.
    pub until_ts: i64,
    /// Lots that the book shows of it at a time, 0 = all.
    pub display_lots: i64,
    /// What its price follows, and the ticks that are added to it.
    pub peg: Option<Peg>,
    /// See `peg`.
    pub offset_ticks: i64,
    /// `POST_ONLY`, `REDUCE_ONLY`.
    pub flags: u16,
    /// The order that it stands beside, 0 = none.
    pub beside: RecordId,
    /// The order whose fills it follows, 0 = none.
    pub after: RecordId,
    /// The record that made it happen, or 0.
    pub cause: RecordId,
}

impl Wish {
    /// At the market, good till cancelled, because of nothing in particular.
    pub fn new(strategy: StrategyId, instrument: InstrumentId, side: Side, lots: i64) -> Wish {
        Wish {
            strategy,
            instrument,
            side,
            lots,
            limit_ticks: 0,
            stop_ticks: 0,
            tif: TimeInForce::Gtc,
            until_ts: 0,
            display_lots: 0,
            peg: None,
            offset_ticks: 0,
            flags: 0,
            beside: 0,
            after: 0,
            cause: 0,
        }
    }

    fn kind(&self) -> OrderKind {
        match (self.limit_ticks != 0, self.stop_ticks != 0) {
            _ if self.peg.is_some() => OrderKind::Pegged,
            (false, false) => OrderKind::Market,
            (true, false) => OrderKind::Limit,
            (false, true) => OrderKind::Stop,
            (true, true) => OrderKind::StopLimit,
        }
    }
}

/// What a strategy wishes a working order to become.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Whose it is.
    pub strategy: StrategyId,
    /// The order meant, and its place in the OMS slab.
    pub order_id: RecordId,
    /// See `order_id`.
    pub slot: OrderSlot,
    /// Size in all, filled lots included; `None` = as it is.
    pub lots: Option<i64>,
    /// Limit in ticks; `None` = as it is.
    pub limit_ticks: Option<i64>,
    /// Stop price in ticks; `None` = as it is.
    pub stop_ticks: Option<i64>,
    /// Lots that the book shows of it at a time; `None` = as it is.
    pub display_lots: Option<i64>,
    /// What its price follows, which cannot change; `None` = what it follows.
    pub peg: Option<Peg>,
    /// Ticks added to that; `None` = as it is.
    pub offset_ticks: Option<i64>,
    /// The record that made it happen, or 0.
    pub cause: RecordId,
}

impl Change {
    /// Nothing yet, because of nothing in particular.
    pub fn of(strategy: StrategyId, order_id: RecordId, slot: OrderSlot) -> Change {
        Change {
            strategy,
            order_id,
            slot,
            lots: None,
            limit_ticks: None,
            stop_ticks: None,
            display_lots: None,
            peg: None,
            offset_ticks: None,
            cause: 0,
        }
    }

    /// What it says beside size and limit; an order that follows nothing is denied what a pegged one is asked.
    fn terms(&self, working: &OrderTerms) -> OrderTerms {
        let followed = self.peg.or(Peg::from_u8(working.peg)).unwrap_or(Peg::Primary);
        let is_pegged = self.peg.is_some() || self.offset_ticks.is_some();
        OrderTerms {
            stop_ticks: self.stop_ticks.unwrap_or_default(),
            display_lots: self.display_lots.unwrap_or_default(),
            peg: if is_pegged { followed as u8 } else { 0 },
            offset_ticks: self.offset_ticks.unwrap_or(if is_pegged { working.offset_ticks } else { 0 }),
            ..OrderTerms::default()
        }
    }
}

/// What became of a wish.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// The order.
    pub order: Order,
    /// The gate's decision.
    pub verdict: Verdict,
}

impl Desk {
    /// A wish becomes an order, and the gate decides on it. It is sent at the next [`Desk::flush`].
    pub fn submit(&mut self, wish: Wish) -> Result<Placed, Problem> {
        // The gate judges by the newest prices that we know, and the order names them.
        let known = self.tell_top(wish.instrument)?;
        let cause = if wish.cause == 0 { known } else { wish.cause };
        let terms = OrderTerms {
            stop_ticks: wish.stop_ticks,
            until_ts: wish.until_ts,
            beside: self.first_beside(wish.beside),
            after: wish.after,
            display_lots: wish.display_lots,
            peg: wish.peg.map_or(0, |peg| peg as u8),
            offset_ticks: wish.offset_ticks,
            instrument: wish.instrument,
            strategy: wish.strategy,
            ..OrderTerms::default()
        };
        let mut order = Order {
            cause,
            ts: self.time(),
            client_id: self.next_client_id(wish.strategy),
            lots: wish.lots,
            limit_ticks: wish.limit_ticks,
            instrument: wish.instrument,
            strategy: wish.strategy,
            side: wish.side as u8,
            kind: wish.kind() as u8,
            tif: wish.tif as u8,
            flags: wish.flags | self.tell_terms(terms, cause)?,
            ..Order::default()
        };
        self.kernel.order(&mut order, &mut self.effects)?;
        let verdict = self.decided()?;
        self.write(Order::KIND, order.id, bytemuck::bytes_of(&order))?;
        self.keep_effects(order.id)?;
        if verdict.decision == Decision::Approved as u8 {
            self.check_initial(order.id, order.strategy, order.instrument, order.side)?;
        }
        Ok(Placed { order, verdict })
    }

    /// A working order shall change, and the gate decides on the difference. Denied, it works on as it was.
    pub fn replace(&mut self, change: Change) -> Result<Placed, Problem> {
        let working = self.kernel.oms().get(change.slot, change.order_id).map(|working| working.order);
        let order = working.ok_or_else(|| {
            Problem::new(code::RISK_UNKNOWN_ORDER, format!("order {} does not work", change.order_id))
        })?;
        let known = self.tell_top(order.instrument)?;
        let cause = if change.cause == 0 { known } else { change.cause };
        let said = change.terms(&self.kernel.terms_of(order.id));
        let terms = OrderTerms { instrument: order.instrument, strategy: change.strategy, ..said };
        let mut request = ReplaceRequest {
            cause,
            ts: self.time(),
            order_id: order.id,
            client_id: self.next_client_id(change.strategy),
            lots: change.lots.unwrap_or(order.lots),
            limit_ticks: change.limit_ticks.unwrap_or(order.limit_ticks),
            slot: order.slot,
            strategy: change.strategy,
            flags: self.tell_terms(terms, cause)?,
            ..ReplaceRequest::default()
        };
        self.kernel.replace(&mut request, &mut self.effects)?;
        let verdict = self.decided()?;
        self.write(ReplaceRequest::KIND, request.id, bytemuck::bytes_of(&request))?;
        self.keep_effects(request.id)?;
        // What is made no larger needs no more margin than the order that works.
        if verdict.decision == Decision::Approved as u8 && request.lots > order.lots {
            self.check_initial(request.id, order.strategy, order.instrument, order.side)?;
        }
        Ok(Placed { order, verdict })
    }

    /// Asks to cancel a working order. Where that was asked already, nothing is: a strategy, a link and a start may all want
    /// the same, and none of them knows of the others.
    pub fn cancel(
        &mut self,
        strategy: StrategyId,
        slot: OrderSlot,
        order_id: RecordId,
        cause: RecordId,
    ) -> Result<(), Problem> {
        let working = self.kernel.oms().get(slot, order_id);
        if working.is_some_and(|working| working.state == OrderState::PendingCancel) {
            return Ok(());
        }
        let request = CancelRequest { cause, ts: self.time(), order_id, slot, strategy, ..CancelRequest::default() };
        self.feed(&mut Input::CancelRequest(request))
    }

    /// Puts terms before the order or the change that has them; gives the flag that says so, 0 where there are none.
    fn tell_terms(&mut self, terms: OrderTerms, cause: RecordId) -> Result<u16, Problem> {
        let OrderTerms { stop_ticks, until_ts, display_lots, peg, .. } = terms;
        if stop_ticks.max(until_ts).max(display_lots).max(peg.into()) == 0 && terms.beside.max(terms.after) == 0 {
            return Ok(0);
        }
        self.feed(&mut Input::OrderTerms(OrderTerms { cause, ts: self.time(), ..terms }))?;
        Ok(WITH_TERMS)
    }

    /// The next number that a strategy gives to an order or a change.
    pub(super) fn next_client_id(&mut self, strategy: StrategyId) -> u64 {
        let last = &mut self.client_ids[usize::from(strategy)];
        *last += 1;
        *last
    }

    /// What the gate said in the last step.
    pub(super) fn decided(&self) -> Result<Verdict, Problem> {
        let verdict = self.effects.of::<Verdict>().next();
        verdict.ok_or_else(|| Problem::new(code::CORE_INPUT, "nothing was decided"))
    }
}
