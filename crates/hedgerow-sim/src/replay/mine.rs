//! One of our orders in the replayed book, and who stands ahead of it.

use super::display::Slice;
use super::queue::Place;
use hedgerow_core::{FullOrder, Money, Order, OrderTerms, Peg};

/// Who is served before us at our price.
#[derive(Clone, Debug)]
pub(crate) enum Ahead {
    /// So many lots, by a model (L1, L2).
    Lots(Place),
    /// These orders, with their lots (L3).
    Orders(Vec<(u64, u32)>),
}

impl Ahead {
    /// An order turns out to have been ahead, with so many lots.
    pub(crate) fn come(&mut self, id: u64, lots: u32) {
        if let Ahead::Orders(orders) = self
            && orders.iter().all(|order| order.0 != id)
        {
            orders.push((id, lots));
        }
    }

    /// If this order is ahead it loses lots, or all (`None`); says whether it was.
    pub(crate) fn lose(&mut self, id: u64, lots: Option<u32>) -> bool {
        let Ahead::Orders(orders) = self else { return false };
        let Some(at) = orders.iter().position(|order| order.0 == id) else { return false };
        match lots {
            Some(lots) if lots < orders[at].1 => orders[at].1 -= lots,
            _ => {
                orders.swap_remove(at);
            }
        }
        true
    }

    /// One of the orders ahead was changed; it stays ahead only at its price and without growing.
    pub(crate) fn change(&mut self, id: u64, stays: bool, lots: u32) {
        let Ahead::Orders(orders) = self else { return };
        if let Some(at) = orders.iter().position(|order| order.0 == id) {
            if stays && lots <= orders[at].1 {
                orders[at].1 = lots;
            } else {
                orders.swap_remove(at);
            }
        }
    }
}

/// One of our orders at rest.
#[derive(Clone, Debug)]
pub(crate) struct Mine {
    pub(crate) order: Order,
    pub(crate) terms: OrderTerms,
    /// Its price in the replayed book: its own less what our impact moved the book by.
    pub(crate) price_ticks: i32,
    /// Its own price: the limit, or of a pegged order what it follows now.
    pub(crate) own_ticks: i64,
    pub(crate) ahead: Ahead,
    pub(crate) filled_lots: i64,
    /// What the book shows of it.
    pub(crate) slice: Slice,
    /// How often it has traded.
    pub(crate) executions: u32,
    /// Fees on its fills so far: before the smallest fee of an order, and charged.
    pub(crate) fee_gross: Money,
    pub(crate) fee_charged: Money,
}

impl Mine {
    pub(crate) fn new(full: FullOrder, price_ticks: i32) -> Mine {
        Mine {
            order: full.order,
            terms: full.terms,
            price_ticks,
            own_ticks: full.order.limit_ticks,
            ahead: Ahead::Lots(Place::last(None)),
            filled_lots: 0,
            slice: Slice::first(full.terms.display_lots, full.order.lots),
            executions: 0,
            fee_gross: Money::ZERO,
            fee_charged: Money::ZERO,
        }
    }

    /// The order with all that it says.
    pub(crate) fn full(&self) -> FullOrder {
        FullOrder { order: self.order, terms: self.terms }
    }

    /// Lots that the book shows of it.
    pub(crate) fn shown_lots(&self) -> i64 {
        self.slice.lots(self.open_lots())
    }

    /// Lots that an execution of history at a price takes of it at most: all where it went past ours, at ours what is shown.
    pub(crate) fn within(&self, price_ticks: i32) -> i64 {
        if self.price_ticks == price_ticks { self.shown_lots() } else { self.open_lots() }
    }

    /// What its price follows, if it is pegged.
    pub(crate) fn peg(&self) -> Option<Peg> {
        Peg::from_u8(self.terms.peg)
    }

    /// Lots still to trade.
    #[inline]
    pub(crate) fn open_lots(&self) -> i64 {
        self.order.lots - self.filled_lots
    }
}
