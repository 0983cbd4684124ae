//! An order at the exchange, from its first day to its last.

use super::{NewOrder, OrderType, TimeIn};
use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// It works and has not traded.
    New,
    /// It works and has traded.
    PartiallyFilled,
    /// It has traded whole.
    Filled,
    /// It ended unfilled.
    Cancelled,
    /// It ended with its time.
    Expired,
    /// It was never taken.
    Rejected,
}

/// Where a working order waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Place {
    /// In the book, with its displayed lots.
    Book,
    /// For its stop price.
    Stop,
    /// For an auction: without a limit, or not before the close.
    Aside,
    /// For something that its price can follow.
    Parked,
    /// Nowhere: it is being matched, or has ended.
    Nowhere,
}

/// An order and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Working {
    /// The venue's number of it.
    pub order_id: u64,
    /// What was asked for, as changed since.
    pub order: NewOrder,
    /// Where it stands.
    pub status: OrderStatus,
    /// Lots that still work.
    pub leaves_lots: i64,
    /// Lots that have traded.
    pub cum_lots: i64,
    /// Sum of lots times ticks of what has traded.
    pub traded_ticks: i128,
    /// Its place in time: of two orders at a price the lower is served first.
    pub(super) since: u64,
    pub(super) place: Place,
    pub(super) is_triggered: bool,
    /// Where a pegged order stands now; 0: nowhere.
    #[serde(skip_serializing_if = "super::input::is_zero")]
    pub(super) peg_ticks: i64,
}

impl Working {
    /// Whether it can still trade.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.status, OrderStatus::New | OrderStatus::PartiallyFilled)
    }

    /// Whether it has a limit now.
    pub(super) fn is_limited(&self) -> bool {
        self.order.order_type.is_limited()
    }

    /// The price up to which it trades now, if it is limited.
    pub(super) fn limit_ticks(&self) -> i64 {
        if self.is_pegged() { self.peg_ticks } else { self.order.price_ticks }
    }

    /// Whether its price follows others.
    pub(super) fn is_pegged(&self) -> bool {
        self.order.order_type == OrderType::Pegged
    }

    /// Lots that the book displays when it enters.
    pub(super) fn displayed(&self) -> i64 {
        if self.order.show_lots == 0 { self.leaves_lots } else { self.leaves_lots.min(self.order.show_lots) }
    }

    /// Whether it trades in an auction only.
    pub(super) fn is_auction_only(&self) -> bool {
        matches!(self.order.time_in, TimeIn::AtOpen | TimeIn::AtClose)
    }

    /// Counts a trade in.
    pub(super) fn trade(&mut self, lots: i64, price_ticks: i64) {
        self.leaves_lots -= lots;
        self.cum_lots += lots;
        self.traded_ticks += i128::from(lots) * i128::from(price_ticks);
        self.status = if self.leaves_lots == 0 { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
    }

    /// Counts a trade out again: its lots do not work again.
    pub(super) fn untrade(&mut self, lots: i64, price_ticks: i64) {
        self.cum_lots -= lots;
        self.traded_ticks -= i128::from(lots) * i128::from(price_ticks);
        self.status = match self.status {
            OrderStatus::Filled => OrderStatus::Cancelled,
            OrderStatus::PartiallyFilled if self.cum_lots == 0 => OrderStatus::New,
            as_it_was => as_it_was,
        };
    }
}
