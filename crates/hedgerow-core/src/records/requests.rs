//! What is asked about working orders: to cancel them, to change them, to quote anew.

#[allow(unused_imports, reason = "named in the docs")]
use crate::WITH_TERMS;
use crate::noun::record;
use crate::{Problem, code};

record! {
    /// A wish to cancel a working order; it always passes the gate.
    CancelRequest = 7, 40 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// The order meant.
        order_id: u64,
        /// Its place in the OMS slab.
        slot: u32,
        /// Who asks.
        strategy: u16,
        /// Zero.
        spare: u16,
    }
}
record! {
    /// A wish to change a working order; the gate re-checks the difference.
    ReplaceRequest = 8, 64 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// The order meant.
        order_id: u64,
        /// The strategy's own number; must rise.
        client_id: u64,
        /// New total size, lots, already filled lots included.
        lots: i64,
        /// New limit price, ticks; 0 for a market order.
        limit_ticks: i64,
        /// Its place in the OMS slab.
        slot: u32,
        /// Who asks.
        strategy: u16,
        /// [`WITH_TERMS`] where the stop price shall change.
        flags: u16,
    }
}
record! {
    /// What a maker's two-sided quote shall be from now on: both sides change by one verdict, or neither does.
    QuoteUpdate = 42, 72 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// The strategy's own number of the first order or change that it brings; a second one has the next.
        client_id: u64,
        /// Price bid, ticks; 0 = no bid.
        bid_ticks: i64,
        /// Lots to be open at it; 0 = the bid is withdrawn.
        bid_lots: i64,
        /// Price asked, ticks; 0 = no ask.
        ask_ticks: i64,
        /// Lots to be open at it; 0 = the ask is withdrawn.
        ask_lots: i64,
        /// Dense index.
        instrument: u32,
        /// Whose quote.
        strategy: u16,
        /// Zero.
        spare: u16,
    }
}

impl QuoteUpdate {
    /// Whether each side has a price and lots, or neither, and the bid lies below the ask.
    ///
    /// # Errors
    /// `RUN_QUOTE`, with what is wrong.
    pub fn check(&self) -> Result<(), Problem> {
        let QuoteUpdate { bid_ticks, bid_lots, ask_ticks, ask_lots, .. } = *self;
        let is_side = |ticks: i64, lots: i64| (ticks > 0 && lots > 0) || (ticks == 0 && lots == 0);
        let crosses = bid_ticks != 0 && ask_ticks != 0 && bid_ticks >= ask_ticks;
        if is_side(bid_ticks, bid_lots) && is_side(ask_ticks, ask_lots) && !crosses {
            return Ok(());
        }
        let detail = format!("{bid_lots} lots bid at {bid_ticks} ticks, {ask_lots} asked at {ask_ticks}");
        Err(Problem::new(code::RUN_QUOTE, detail))
    }
}
