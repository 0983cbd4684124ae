//! Parent orders, and what becomes of them: what an algorithm was told, what it planned, what it decided each time.

use crate::noun::record;
#[cfg(doc)]
use crate::values::{Algo, ParentEventKind, Side, SliceReason};

record! {
    /// An intention to trade that is worked as a schedule of child orders.
    ParentOrder = 5, 64 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The target it serves.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Total to trade, lots.
        lots: i64,
        /// Worst price, ticks; 0 = none.
        limit_ticks: i64,
        /// When it ends, UTC nanoseconds.
        until_ts: i64,
        /// Dense index.
        instrument: u32,
        /// In how many slices.
        slices: u32,
        /// Whose order.
        strategy: u16,
        /// A [`Side`].
        side: u8,
        /// An [`Algo`].
        algo: u8,
        /// Zero.
        spare: u32,
    }
}
record! {
    /// What the algorithm of a parent order was told, and the market as it was then.
    AlgoSettings = 36, 104 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The parent order.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Seed of its random times and sizes.
        seed: u64,
        /// From when it works, UTC nanoseconds.
        from_ts: i64,
        /// Shortest time between two slices that wait for the market, nanoseconds.
        every_ns: i64,
        /// Best bid, ticks; over bars the last close; 0 = none was known.
        bid_ticks: i64,
        /// Best ask, ticks; over bars the last close; 0 = none was known.
        ask_ticks: i64,
        /// Smallest size on the other side that is worth taking, the size that is shown, or the volume that is foreseen until
        /// the next slice, lots.
        size_lots: i64,
        /// Market volume expected while it works, lots; -1 = not forecast.
        volume_lots: i64,
        /// Risk aversion per unit of currency, where the schedule rests on one.
        risk_aversion: f64,
        /// Share of the market's volume, basis points; 0 = none was set.
        share_bps: u32,
        /// By what share sizes vary at random, basis points.
        size_bps: u32,
        /// Whose order.
        strategy: u16,
        /// 1 if times are random.
        random_times: u8,
        /// 1 if the volumes that it follows were learnt, 2 if they were given, 0 if it follows none.
        curve: u8,
        /// 1 if slices wait at the own side's best price until the next one is due.
        passive: u8,
        /// 1 if the last step is for the closing auction.
        auction: u8,
        /// Zero.
        spare2: u16,
    }
}
record! {
    /// A step of a parent order's plan: how much shall be done by when.
    PlanStep = 37, 48 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The parent order.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// From when it is due, UTC nanoseconds; 0 = when the one before is filled, or the market is looked at again.
        due_ts: i64,
        /// Lots that shall be filled or at work by then, all steps before it counted.
        due_lots: i64,
        /// Its number in the plan, from 1.
        step: u32,
        /// Whose order.
        strategy: u16,
        /// Zero.
        spare: u16,
    }
}
record! {
    /// A decision of a parent order's algorithm: to send this much now, and why. The child order follows it.
    Slice = 38, 104 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The parent order.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// Lots that are due by now.
        due_lots: i64,
        /// Lots filled by now.
        filled_lots: i64,
        /// Lots in working children.
        working_lots: i64,
        /// Lots of the child order.
        lots: i64,
        /// Market volume since the parent was made, lots.
        volume_lots: i64,
        /// Best bid, ticks; over bars the last close; 0 = none.
        bid_ticks: i64,
        /// Best ask, ticks; over bars the last close; 0 = none.
        ask_ticks: i64,
        /// Lots on the other side within the limit, where the algorithm looks for them.
        found_lots: i64,
        /// Step of the plan that it belongs to; 0 = none.
        step: u32,
        /// Dense index.
        instrument: u32,
        /// Whose order.
        strategy: u16,
        /// A [`SliceReason`].
        reason: u8,
        /// 1 if its child is for the closing auction.
        auction: u8,
        /// Zero.
        spare2: u32,
    }
}
record! {
    /// A parent order shall end, is changed, or has ended.
    ParentEvent = 39, 88 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or the parent order.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// The parent order.
        parent: u64,
        /// Its total from now on, lots.
        lots: i64,
        /// Its worst price from now on, ticks; 0 = none.
        limit_ticks: i64,
        /// When it ends, UTC nanoseconds.
        until_ts: i64,
        /// Lots filled by now.
        filled_lots: i64,
        /// Market volume since it was made, lots.
        market_lots: i64,
        /// Volume-weighted average price of that volume, millionths of a tick; 0 = nothing traded.
        market_vwap_micro: i64,
        /// Dense index.
        instrument: u32,
        /// Whose order.
        strategy: u16,
        /// A [`ParentEventKind`].
        event: u8,
        /// Zero.
        spare: u8,
    }
}
