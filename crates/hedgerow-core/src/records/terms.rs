//! What few orders say beyond side, size, limit and time in force; the others stay 64 bytes.

use super::{Order, OrderKind, POST_ONLY, Peg, QUOTE, REDUCE_ONLY, ReplaceRequest, TimeInForce, WITH_TERMS};
use crate::noun::record;

record! {
    /// What the order or the change behind it says more: it stands right before the one whose flags have [`WITH_TERMS`].
    OrderTerms = 44, 80 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Stop price, ticks; 0 = none.
        stop_ticks: i64,
        /// When a good-till-date order ends, UTC nanoseconds; 0 = it has no such end.
        until_ts: i64,
        /// The order that it stands beside: what one of the two trades the other trades no more; 0 = none.
        beside: u64,
        /// Dense index.
        instrument: u32,
        /// Whose.
        strategy: u16,
        /// A [`Peg`] of a pegged order; 0 = none.
        peg: u8,
        /// Zero.
        spare: u8,
        /// The order whose fills brought it about; 0 = none.
        after: u64,
        /// Lots that the book shows of it at a time; 0 = all.
        display_lots: i64,
        /// Ticks added to what a pegged order follows.
        offset_ticks: i64,
    }
}
record! {
    /// An order that is sent when another one fills, in proportion to what is filled; or a change of such a wish.
    ContingentOrder = 43, 112 bytes {
        /// Sequence number of this record; the wish's identity.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// The order whose fills it follows.
        after: u64,
        /// The wish that it stands beside: what one of the two trades the other trades no more; 0 = none.
        beside: u64,
        /// The wish that is changed or ended; 0 = this is a new one.
        about: u64,
        /// Lots once the other order is filled in whole; 0 = as many as it fills.
        lots: i64,
        /// Limit price, ticks; 0 = none.
        limit_ticks: i64,
        /// Stop price, ticks; 0 = none.
        stop_ticks: i64,
        /// When a good-till-date order ends, UTC nanoseconds; 0 = it has no such end.
        until_ts: i64,
        /// Dense index.
        instrument: u32,
        /// Whose.
        strategy: u16,
        /// [`crate::POST_ONLY`], [`REDUCE_ONLY`].
        flags: u16,
        /// A [`crate::Side`].
        side: u8,
        /// A [`TimeInForce`].
        tif: u8,
        /// 1 = nothing more is sent for it.
        ends: u8,
        /// A [`Peg`] of a pegged order; 0 = none.
        peg: u8,
        /// Zero.
        spare: u32,
        /// Lots that the book shows of it at a time, or all where there are fewer; 0 = all.
        display_lots: i64,
        /// Ticks added to what a pegged order follows.
        offset_ticks: i64,
    }
}

impl ContingentOrder {
    /// What kind of order it sends.
    #[must_use]
    pub const fn kind(&self) -> OrderKind {
        match (self.limit_ticks != 0, self.stop_ticks != 0) {
            _ if self.peg != 0 => OrderKind::Pegged,
            (false, false) => OrderKind::Market,
            (true, false) => OrderKind::Limit,
            (false, true) => OrderKind::Stop,
            (true, true) => OrderKind::StopLimit,
        }
    }

    /// What an order of so many lots that is sent for it shows at a time; 0 = all.
    #[must_use]
    pub fn shown_of(&self, lots: i64) -> i64 {
        self.display_lots.min(lots)
    }

    /// Whether what it sends can be meant; see [`FullOrder::goes_together`].
    #[must_use]
    pub fn goes_together(&self) -> bool {
        let ContingentOrder { stop_ticks, until_ts, display_lots, peg, offset_ticks, .. } = *self;
        let terms =
            OrderTerms { id: 1, stop_ticks, until_ts, display_lots, peg, offset_ticks, ..OrderTerms::default() };
        let (kind, tif, flags) = (self.kind() as u8, self.tif, self.flags | WITH_TERMS);
        FullOrder { order: Order { kind, tif, flags, ..Order::default() }, terms }.goes_together()
    }
}

/// An order with all that it says.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct FullOrder {
    /// The order.
    pub order: Order,
    /// Its terms; all zero where it has none.
    pub terms: OrderTerms,
}

/// A change of an order with all that it says.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct FullReplace {
    /// The request.
    pub request: ReplaceRequest,
    /// What else it shall have: zero = as it is. An offset counts with what is followed beside it, which cannot change.
    pub terms: OrderTerms,
}

impl FullReplace {
    /// A change of size and limit alone.
    #[must_use]
    pub fn plain(request: ReplaceRequest) -> FullReplace {
        FullReplace { request, terms: OrderTerms::default() }
    }

    /// The terms that an order has once it is changed. The book shows no more of it than there is.
    #[must_use]
    pub fn terms_of(&self, order: &OrderTerms) -> OrderTerms {
        order.changed(&self.terms, self.request.lots)
    }

    /// Whether an order that is changed has the terms that it had, but for showing no more than there is.
    #[must_use]
    pub fn keeps(&self, order: &OrderTerms) -> bool {
        self.terms_of(order) == order.changed(&OrderTerms::default(), self.request.lots)
    }

    /// Whether an order can be asked to change so: its stop price, how much it shows of itself, what is added to what it
    /// follows, each where it has one.
    #[must_use]
    pub fn goes_with(&self, order: &OrderTerms) -> bool {
        let OrderTerms { stop_ticks, display_lots, peg, offset_ticks, until_ts, beside, after, .. } = self.terms;
        let says = stop_ticks != 0 || display_lots != 0 || peg != 0;
        says == (self.request.flags & WITH_TERMS != 0)
            && (display_lots == 0 || (display_lots > 0 && order.display_lots > 0))
            && (peg == 0 || peg == order.peg)
            && (offset_ticks == 0 || peg != 0)
            && (until_ts, beside, after) == (0, 0, 0)
    }
}

impl OrderTerms {
    /// These terms, changed as a request asks that makes the order so many lots.
    #[must_use]
    pub fn changed(&self, asked: &OrderTerms, lots: i64) -> OrderTerms {
        let or_as_it_is = |asked: i64, is: i64| if asked == 0 { is } else { asked };
        OrderTerms {
            stop_ticks: or_as_it_is(asked.stop_ticks, self.stop_ticks),
            display_lots: or_as_it_is(asked.display_lots, self.display_lots).min(lots),
            offset_ticks: if asked.peg == 0 { self.offset_ticks } else { asked.offset_ticks },
            ..*self
        }
    }
}

impl Order {
    /// Whether it is refused where it would take.
    #[must_use]
    pub const fn is_post_only(&self) -> bool {
        self.flags & POST_ONLY != 0 || self.tif == TimeInForce::Gtx as u8
    }

    /// Whether it may only shrink a position.
    #[must_use]
    pub const fn is_reduce_only(&self) -> bool {
        self.flags & REDUCE_ONLY != 0
    }

    /// Whether it is one side of a two-sided quote.
    #[must_use]
    pub const fn is_quote(&self) -> bool {
        self.flags & QUOTE != 0
    }
}

impl FullOrder {
    /// Whether kind, time in force, flags and terms can be meant together.
    ///
    /// A stop price belongs to stops, an end to good-till-date orders, something to follow to pegged ones; what may only make
    /// liquidity, or shows a part of itself, rests with a limit; an auction has neither stops nor pegs; a side of a quote
    /// only makes liquidity.
    #[must_use]
    pub fn goes_together(&self) -> bool {
        let FullOrder { order, terms } = self;
        let (Some(kind), Some(tif)) = (OrderKind::from_u8(order.kind), TimeInForce::from_u8(order.tif)) else {
            return false;
        };
        let rests = !matches!(tif, TimeInForce::Ioc | TimeInForce::Fok | TimeInForce::Opg | TimeInForce::Cls);
        let is_pegged = kind == OrderKind::Pegged;
        order.flags & !(WITH_TERMS | POST_ONLY | REDUCE_ONLY | QUOTE) == 0
            && (!order.is_quote() || order.flags == QUOTE | POST_ONLY)
            && (order.flags & WITH_TERMS != 0) == (terms.id != 0)
            && kind.is_stop() == (terms.stop_ticks > 0)
            && terms.stop_ticks >= 0
            && (tif == TimeInForce::Gtd) == (terms.until_ts > 0)
            && (!(kind.is_stop() || is_pegged) || rests)
            && is_pegged == Peg::from_u8(terms.peg).is_some()
            && (is_pegged || (terms.peg == 0 && terms.offset_ticks == 0))
            && (!order.is_post_only() || (kind == OrderKind::Limit && rests))
            && terms.display_lots >= 0
            && (terms.display_lots == 0 || (kind.is_limited() && rests))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(kind: OrderKind, tif: TimeInForce, flags: u16, stop_ticks: i64, until_ts: i64) -> FullOrder {
        let order = Order { kind: kind as u8, tif: tif as u8, flags, ..Order::default() };
        let id = u64::from(flags & WITH_TERMS);
        FullOrder { order, terms: OrderTerms { id, stop_ticks, until_ts, ..OrderTerms::default() } }
    }

    #[test]
    fn kind_time_in_force_flags_and_terms_go_together_or_not() {
        use OrderKind::{Limit, Market, Stop, StopLimit};
        use TimeInForce::{Cls, Day, Fok, Gtc, Gtd, Gtx, Ioc, Opg};
        for (kind, tif, flags, stop, until, together) in [
            (Market, Gtc, 0, 0, 0, true),
            (Limit, Gtx, 0, 0, 0, true),
            (Limit, Day, POST_ONLY | REDUCE_ONLY, 0, 0, true),
            (Market, Opg, 0, 0, 0, true),
            (Limit, Cls, REDUCE_ONLY, 0, 0, true),
            (Stop, Gtc, WITH_TERMS, 90, 0, true),
            (StopLimit, Gtd, WITH_TERMS, 90, 5, true),
            (Stop, Gtc, WITH_TERMS, 0, 0, false),
            (Stop, Gtc, WITH_TERMS, -90, 0, false),
            (Limit, Gtc, WITH_TERMS, 90, 0, false),
            (Stop, Ioc, WITH_TERMS, 90, 0, false),
            (Stop, Cls, WITH_TERMS, 90, 0, false),
            (StopLimit, Gtc, WITH_TERMS | POST_ONLY, 90, 0, false),
            (Limit, Gtd, 0, 0, 0, false),
            (Limit, Day, WITH_TERMS, 0, 5, false),
            (Limit, Fok, POST_ONLY, 0, 0, false),
            (Market, Gtx, 0, 0, 0, false),
            (Limit, Opg, POST_ONLY, 0, 0, false),
            (Market, Gtc, 8, 0, 0, false),
            (Limit, Gtc, QUOTE | POST_ONLY, 0, 0, true),
            (Limit, Gtc, QUOTE, 0, 0, false),
            (Market, Gtc, QUOTE | POST_ONLY, 0, 0, false),
            (Limit, Gtd, WITH_TERMS | QUOTE | POST_ONLY, 0, 5, false),
        ] {
            let full = full(kind, tif, flags, stop, until);
            assert_eq!(full.goes_together(), together, "{kind:?} {tif:?} {flags} {stop} {until}");
        }
    }

    #[test]
    fn what_is_pegged_says_to_what_and_nothing_else_does() {
        for (kind, tif, flags, peg, offset_ticks, together) in [
            (OrderKind::Pegged, TimeInForce::Gtc, 0, 1, 0, true),
            (OrderKind::Pegged, TimeInForce::Day, REDUCE_ONLY, 3, -2, true),
            (OrderKind::Pegged, TimeInForce::Gtc, 0, 0, 0, false),
            (OrderKind::Pegged, TimeInForce::Gtc, 0, 4, 0, false),
            (OrderKind::Pegged, TimeInForce::Ioc, 0, 2, 0, false),
            (OrderKind::Pegged, TimeInForce::Cls, 0, 2, 0, false),
            (OrderKind::Pegged, TimeInForce::Gtx, 0, 1, 0, false),
            (OrderKind::Pegged, TimeInForce::Gtc, POST_ONLY, 1, 0, false),
            (OrderKind::Limit, TimeInForce::Gtc, 0, 1, 0, false),
            (OrderKind::Limit, TimeInForce::Gtc, 0, 0, 1, false),
        ] {
            let mut full = full(kind, tif, WITH_TERMS | flags, 0, 0);
            (full.terms.peg, full.terms.offset_ticks) = (peg, offset_ticks);
            assert_eq!(full.goes_together(), together, "{kind:?} {tif:?} {flags} {peg} {offset_ticks}");
        }
    }

    #[test]
    fn a_change_says_what_the_order_has_and_leaves_the_rest() {
        let iceberg = OrderTerms { display_lots: 10, ..OrderTerms::default() };
        let pegged = OrderTerms { peg: 1, offset_ticks: -2, ..OrderTerms::default() };
        let stop = OrderTerms { stop_ticks: 90, ..OrderTerms::default() };
        let asked = |display_lots, peg, offset_ticks| {
            let terms = OrderTerms { display_lots, peg, offset_ticks, ..OrderTerms::default() };
            let request = ReplaceRequest { lots: 40, flags: WITH_TERMS, ..ReplaceRequest::default() };
            FullReplace { request, terms }
        };
        assert_eq!(asked(5, 0, 0).terms_of(&iceberg).display_lots, 5);
        assert_eq!(asked(50, 0, 0).terms_of(&iceberg).display_lots, 40, "no more than there is");
        assert_eq!(asked(0, 1, 0).terms_of(&pegged).offset_ticks, 0);
        assert_eq!(asked(0, 0, 0).terms_of(&pegged), pegged);
        assert!(asked(0, 0, 0).keeps(&stop) && asked(10, 0, 0).keeps(&iceberg) && asked(0, 1, -2).keeps(&pegged));
        assert!(!asked(5, 0, 0).keeps(&iceberg) && !asked(0, 1, 3).keeps(&pegged));
        for (change, order, goes) in [
            (asked(5, 0, 0), iceberg, true),
            (asked(5, 0, 0), stop, false),
            (asked(-5, 0, 0), iceberg, false),
            (asked(0, 1, 3), pegged, true),
            (asked(0, 2, 3), pegged, false),
            (asked(0, 0, 3), pegged, false),
            (asked(0, 1, 3), iceberg, false),
            (asked(0, 0, 0), stop, false),
            (FullReplace { terms: OrderTerms { until_ts: 7, ..stop }, ..asked(0, 0, 0) }, stop, false),
            (FullReplace { terms: stop, request: ReplaceRequest::default() }, stop, false),
            (FullReplace::plain(ReplaceRequest::default()), stop, true),
        ] {
            assert_eq!(change.goes_with(&order), goes, "{change:?} {order:?}");
        }
    }

    #[test]
    fn only_what_rests_with_a_limit_shows_a_part_of_itself() {
        for (kind, tif, display_lots, together) in [
            (OrderKind::Limit, TimeInForce::Gtc, 10, true),
            (OrderKind::Limit, TimeInForce::Gtx, 10, true),
            (OrderKind::Limit, TimeInForce::Day, -1, false),
            (OrderKind::Limit, TimeInForce::Ioc, 10, false),
            (OrderKind::Limit, TimeInForce::Cls, 10, false),
            (OrderKind::Market, TimeInForce::Gtc, 10, false),
        ] {
            let mut full = full(kind, tif, WITH_TERMS, 0, 0);
            full.terms.display_lots = display_lots;
            assert_eq!(full.goes_together(), together, "{kind:?} {tif:?} {display_lots}");
        }
    }
}
