//! One of our orders in the replayed book, and who stands ahead of it.

use super::queue::Place;
use hedgerow_core::{Money, Order};

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
    /// Its price in the replayed book: the limit less what our impact moved the book by.
    pub(crate) price_ticks: i32,
    pub(crate) ahead: Ahead,
    pub(crate) filled_lots: i64,
    /// How often it has traded.
    pub(crate) executions: u32,
    /// Fees on its fills so far: before the smallest fee of an order, and charged.
    pub(crate) fee_gross: Money,
    pub(crate) fee_charged: Money,
}

impl Mine {
    pub(crate) fn new(order: Order, price_ticks: i32) -> Mine {
        Mine {
            order,
            price_ticks,
            ahead: Ahead::Lots(Place::last(None)),
            filled_lots: 0,
            executions: 0,
            fee_gross: Money::ZERO,
            fee_charged: Money::ZERO,
        }
    }

    /// Lots still to trade.
    #[inline]
    pub(crate) fn open_lots(&self) -> i64 {
        self.order.lots - self.filled_lots
    }
}
