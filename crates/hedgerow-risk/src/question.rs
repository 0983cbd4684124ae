//! What the rules are asked: one new order or one replace, in the gate's own bounded numbers.

use crate::bounds::{LOTS_MAX, TICKS_MAX};
use crate::repeats::Likeness;
use crate::row::BUY;
use hedgerow_core::{Action, Nanos, Order, OrderKind, ReplaceRequest, Side, TimeInForce};

/// An order or a replace as the rules see it.
#[derive(Clone, Copy)]
pub(crate) struct Question {
    pub action: Action,
    /// The record decided on, and the order meant.
    pub cause: u64,
    pub order_id: u64,
    pub strategy: u16,
    pub instrument: u32,
    /// `BUY` or `SELL`.
    pub side: usize,
    pub market: bool,
    /// Total size and limit as given, for the verdict.
    pub lots_given: i64,
    pub limit_given: i64,
    /// The same within bounds.
    pub lots: i64,
    pub limit_ticks: i64,
    /// Lots this order would have open, and those it has reserved already.
    pub open: i64,
    pub held: i64,
    pub client_id: u64,
    pub ts: Nanos,
    pub now: Nanos,
    /// Rules that failed before any number was looked at.
    pub failed: u64,
}

/// Whether side, kind and time in force have a meaning.
#[inline(always)]
pub(crate) const fn meaningful(order: &Order) -> bool {
    (order.side.wrapping_sub(Side::Buy as u8) < 2)
        & (order.kind.wrapping_sub(OrderKind::Market as u8) < 2)
        & (order.tif.wrapping_sub(TimeInForce::Gtc as u8) < 5)
}

impl Question {
    #[inline(always)]
    pub fn new_order(order: &Order, now: Nanos, failed: u64) -> Question {
        let lots = order.lots.clamp(0, LOTS_MAX);
        Question {
            action: Action::New,
            cause: order.id,
            order_id: order.id,
            strategy: order.strategy,
            instrument: order.instrument,
            side: usize::from(order.side != Side::Buy as u8),
            market: order.kind == OrderKind::Market as u8,
            lots_given: order.lots,
            limit_given: order.limit_ticks,
            lots,
            limit_ticks: order.limit_ticks.clamp(0, TICKS_MAX),
            open: lots,
            held: 0,
            client_id: order.client_id,
            ts: order.ts,
            now,
            failed,
        }
    }

    pub fn replace(
        order: &Order,
        filled_lots: i64,
        held: i64,
        request: &ReplaceRequest,
        now: Nanos,
        failed: u64,
    ) -> Question {
        Question {
            action: Action::Replace,
            cause: request.id,
            lots_given: request.lots,
            limit_given: request.limit_ticks,
            lots: request.lots.clamp(0, LOTS_MAX),
            limit_ticks: request.limit_ticks.clamp(0, TICKS_MAX),
            open: request.lots.saturating_sub(filled_lots).clamp(0, LOTS_MAX),
            held,
            client_id: request.client_id,
            ts: request.ts,
            ..Question::new_order(order, now, failed)
        }
    }

    /// Lots reserved beyond what is already.
    #[inline(always)]
    pub const fn added(&self) -> i64 {
        if self.open > self.held { self.open - self.held } else { 0 }
    }

    #[inline(always)]
    pub const fn buy(&self) -> bool {
        self.side == BUY
    }

    /// What makes another order equal to this one.
    #[inline(always)]
    pub const fn likeness(&self) -> Likeness {
        Likeness::new(self.instrument, self.buy(), self.lots, self.limit_ticks)
    }
}
