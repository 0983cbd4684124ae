//! What was seen of markets: bars, exchange rates, and the 32-byte events of order books and trades.
//!
//! An event has no id of its own: in a journal it is a row of a segment, and its place there is its id. One that was not
//! seen at once says so. Never: a price or size that is not a whole number.

use crate::Currency;
use crate::noun::{event, record};

record! {
    /// An observation of trading over a span of time, stamped at its close.
    Bar = 1, 88 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// When the bar closed, UTC nanoseconds.
        ts_event: i64,
        /// When we knew it, UTC nanoseconds; never before `ts_event`.
        ts_init: i64,
        /// First price, ticks.
        open_ticks: i64,
        /// Highest price, ticks.
        high_ticks: i64,
        /// Lowest price, ticks.
        low_ticks: i64,
        /// Last price, ticks.
        close_ticks: i64,
        /// Volume traded, lots; -1 = not known.
        volume_lots: i64,
        /// Length of the bar, nanoseconds; it opened at `ts_event - span_ns`.
        span_ns: i64,
        /// Dense index.
        instrument: u32,
        /// Zero.
        spare: u32,
    }
}
record! {
    /// An observation of an exchange rate: one unit of `base` costs `rate_nano` * 10^-9 units of `quote`.
    FxRate = 2, 56 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// When it held, UTC nanoseconds.
        ts_event: i64,
        /// When we knew it, UTC nanoseconds.
        ts_init: i64,
        /// The currency priced.
        base: Currency,
        /// The currency it is priced in.
        quote: Currency,
        /// Price in 10^-9 units.
        rate_nano: i64,
    }
}
event! {
    /// An observation of one price of an order book: the lots there now, or the best of its side.
    BookLevel = 27, 32 bytes {
        /// When it happened at the venue, UTC nanoseconds.
        ts_event: i64,
        /// When we knew it, UTC nanoseconds; a venue's clock may run ahead of ours.
        ts_init: i64,
        /// Lots at the price from now on; 0 = none.
        lots: i64,
        /// Price, ticks; 0 where the action needs none.
        price_ticks: i32,
        /// Dense index.
        instrument: u16,
        /// The [`Side`](crate::Side) of the orders there: buy = bids, sell = asks.
        side: u8,
        /// A [`LevelAction`](crate::LevelAction); bit 7 set: last of its update, the book is whole again.
        action: u8,
    }
}
event! {
    /// An observation of one order in a book: entered, reduced, changed, executed or gone.
    BookOrder = 28, 32 bytes {
        /// When it happened at the venue, UTC nanoseconds.
        ts_event: i64,
        /// The venue's number of the order.
        order_id: u64,
        /// Price, ticks; 0 where the action needs none.
        price_ticks: i32,
        /// Lots added, taken away, or left, as the action says.
        lots: u32,
        /// When we knew it, microseconds after `ts_event`, rounded up.
        delay_us: i32,
        /// Dense index.
        instrument: u16,
        /// The [`Side`](crate::Side) of the order; 0 where the action needs none.
        side: u8,
        /// An [`OrderAction`](crate::OrderAction); bit 7 set: last of its update, the book is whole again.
        action: u8,
    }
}
event! {
    /// An observation of one execution between others.
    Trade = 29, 32 bytes {
        /// When it happened at the venue, UTC nanoseconds.
        ts_event: i64,
        /// When we knew it, UTC nanoseconds; a venue's clock may run ahead of ours.
        ts_init: i64,
        /// Size, lots, positive.
        lots: i64,
        /// Price, ticks.
        price_ticks: i32,
        /// Dense index.
        instrument: u16,
        /// The [`Side`](crate::Side) that took liquidity; 0 = not known.
        aggressor: u8,
        /// A [`TradeKind`](crate::TradeKind).
        kind: u8,
    }
}

event! {
    /// An observation of what an instrument is doing at the venue: it gathers orders, trades, is halted, is closed.
    MarketPhase = 41, 32 bytes {
        /// When it happened at the venue, UTC nanoseconds.
        ts_event: i64,
        /// When we knew it, UTC nanoseconds; a venue's clock may run ahead of ours.
        ts_init: i64,
        /// Zero.
        spare: u64,
        /// Zero.
        spare2: u32,
        /// Dense index.
        instrument: u16,
        /// A [`Phase`](crate::Phase): from now on.
        phase: u8,
        /// Zero.
        spare3: u8,
    }
}

record! {
    /// An observation of the best prices of a book, as the kernel is told of it: marks, and that the market is alive.
    Quote = 30, 72 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// When it happened at the venue, UTC nanoseconds.
        ts_event: i64,
        /// When we knew it, UTC nanoseconds; never before `ts_event`.
        ts_init: i64,
        /// Best bid, ticks; 0 = none.
        bid_ticks: i64,
        /// Lots there.
        bid_lots: i64,
        /// Best ask, ticks; 0 = none.
        ask_ticks: i64,
        /// Lots there.
        ask_lots: i64,
        /// Dense index.
        instrument: u32,
        /// Zero.
        spare: u32,
    }
}

impl Quote {
    /// What a position is worth by it: half-way between the prices, cut to whole ticks; the one there is, if there is one.
    #[must_use]
    pub fn mark_ticks(&self) -> i64 {
        match (self.bid_ticks, self.ask_ticks) {
            (bid, 0) => bid,
            (0, ask) => ask,
            (bid, ask) => bid + (ask - bid) / 2,
        }
    }
}

impl BookOrder {
    /// When we knew it, UTC nanoseconds.
    #[inline]
    #[must_use]
    pub const fn ts_init(&self) -> i64 {
        self.ts_event.saturating_add(self.delay_us as i64 * 1_000)
    }
}
