//! What the exchange asks of an order book: enter, leave, shrink, who is first.
//!
//! The book knows displayed lots only. It cannot refuse what is asked here: lots and prices were checked when the order
//! came, and what would cross has traded before the rest enters; a refusal would be a fault of ours, and is one.

use super::state::Market;
use hedgerow_book::{Book, Level};
use hedgerow_core::{BookOrder, OrderAction, Side};

impl Market {
    /// Puts an order at the end of its price's queue.
    pub(super) fn enter(&mut self, id: u64, side: Side, price_ticks: i64, lots: i64) {
        self.update(id, side, price_ticks, lots, OrderAction::Add);
    }

    /// Takes an order out.
    pub(super) fn leave(&mut self, id: u64) {
        self.update(id, Side::Buy, 0, 0, OrderAction::Delete);
    }

    /// Takes lots from an order's displayed ones; those that it keeps keep their place.
    pub(super) fn shrink(&mut self, id: u64, lots: i64) {
        self.update(id, Side::Buy, 0, lots, OrderAction::Cancel);
    }

    /// Displayed lots of an order.
    pub(super) fn shown(&self, id: u64) -> i64 {
        self.book.order(id).map_or(0, |(_, level)| level.lots)
    }

    /// The first order of a side's best price, with its displayed lots and its price.
    pub(super) fn first(&self, side: Side) -> Option<(u64, Level)> {
        let price_ticks = self.book.best(side)?.price_ticks;
        let (id, lots) = self.book.first_order(side, price_ticks)?;
        Some((id, Level { price_ticks, lots: lots.into() }))
    }

    /// The orders of both sides, best price first, each price in its order.
    pub(super) fn queue(&self) -> Vec<u64> {
        let mut ids = Vec::new();
        for side in [Side::Buy, Side::Sell] {
            self.book.each_level(side, &mut |level| {
                self.book.each_order(side, level.price_ticks, &mut |id, _| ids.push(id));
                true
            });
        }
        ids
    }

    fn update(&mut self, order_id: u64, side: Side, price_ticks: i64, lots: i64, action: OrderAction) {
        let fits = i32::try_from(price_ticks).ok().zip(u32::try_from(lots).ok());
        let (price_ticks, lots) = fits.expect("checked when the order came");
        let event =
            BookOrder { order_id, price_ticks, lots, side: side as u8, action: action as u8, ..BookOrder::default() };
        self.book.update(&[event]).expect("the book agrees with the exchange");
    }
}
