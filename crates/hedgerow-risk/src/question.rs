//! What the rules are asked: one new order or one replace, in the gate's own bounded numbers.

use crate::bounds::{LOTS_MAX, TICKS_MAX};
use crate::repeats::Likeness;
use crate::row::BUY;
use hedgerow_core::{Action, FullOrder, FullReplace, Nanos, Order, OrderKind, REDUCE_ONLY, Side, TimeInForce};

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
    /// Stop price within bounds; 0 = none.
    pub stop_ticks: i64,
    /// Lots that it shows at a time; 0 = all.
    pub display_lots: i64,
    /// Whether it may only shrink the position.
    pub reduce_only: bool,
    /// The order that it stands beside; 0 = none.
    pub beside: u64,
    /// Rules that failed before any number was looked at.
    pub failed: u64,
}

/// Whether side, kind and time in force have a meaning, and there is nothing more to look at.
#[inline(always)]
pub(crate) const fn simple(order: &Order) -> bool {
    (order.side.wrapping_sub(Side::Buy as u8) < 2)
        & (order.kind.wrapping_sub(OrderKind::Market as u8) < 2)
        // With a limit good-till-crossing too, which is the last of these times in force; at the market it would take.
        & (order.tif.wrapping_sub(TimeInForce::Gtc as u8) < 3 + (order.kind & 3))
        & (order.flags == 0)
}

/// Whether all that an order says can be meant together.
pub(crate) fn meaningful(full: &FullOrder) -> bool {
    Side::from_u8(full.order.side).is_some() && (simple(&full.order) || full.goes_together())
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
            stop_ticks: 0,
            display_lots: 0,
            reduce_only: false,
            beside: 0,
            failed,
        }
    }

    /// A new order with all that it says; `held` is reserved for the one that it stands beside.
    pub fn full_order(full: &FullOrder, held: i64, now: Nanos, failed: u64) -> Question {
        let FullOrder { order, terms } = full;
        Question {
            market: !OrderKind::from_u8(order.kind).is_some_and(OrderKind::is_limited),
            stop_ticks: terms.stop_ticks.clamp(0, TICKS_MAX),
            display_lots: terms.display_lots,
            reduce_only: order.flags & REDUCE_ONLY != 0,
            beside: terms.beside,
            held,
            ..Question::new_order(order, now, failed)
        }
    }

    pub fn replace(
        working: &FullOrder,
        filled_lots: i64,
        held: i64,
        change: &FullReplace,
        now: Nanos,
        failed: u64,
    ) -> Question {
        let request = &change.request;
        Question {
            stop_ticks: change.terms_of(&working.terms).stop_ticks.clamp(0, TICKS_MAX),
            // What is asked for now; what is shown already fits.
            display_lots: change.terms.display_lots,
            action: Action::Replace,
            cause: request.id,
            lots_given: request.lots,
            limit_given: request.limit_ticks,
            lots: request.lots.clamp(0, LOTS_MAX),
            limit_ticks: request.limit_ticks.clamp(0, TICKS_MAX),
            open: request.lots.saturating_sub(filled_lots).clamp(0, LOTS_MAX),
            client_id: request.client_id,
            ts: request.ts,
            // What is made no larger does no more than it could before.
            reduce_only: working.order.is_reduce_only() && request.lots > working.order.lots,
            ..Question::full_order(working, held, now, failed)
        }
    }

    /// Lots reserved beyond what is already.
    #[inline(always)]
    pub const fn added(&self) -> i64 {
        if self.open > self.held { self.open - self.held } else { 0 }
    }

    /// The price that a limit is measured against: where a stop waits, or else the mark.
    #[inline(always)]
    pub const fn reference(&self, mark_ticks: i64) -> i64 {
        if self.stop_ticks > 0 { self.stop_ticks } else { mark_ticks }
    }

    /// The highest price that it may trade at, as far as anybody can say.
    #[inline(always)]
    pub const fn worst_ticks(&self, mark_ticks: i64) -> i64 {
        let limit = if self.limit_ticks > self.stop_ticks { self.limit_ticks } else { self.stop_ticks };
        if limit > mark_ticks { limit } else { mark_ticks }
    }

    /// Whether it waits for the market to come to its stop price.
    #[inline(always)]
    pub const fn waits(&self, mark_ticks: i64) -> bool {
        let reached = if self.buy() { mark_ticks >= self.stop_ticks } else { mark_ticks <= self.stop_ticks };
        (self.stop_ticks > 0) & !reached
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
