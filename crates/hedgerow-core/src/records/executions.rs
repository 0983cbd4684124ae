//! What venues say of orders, what of it is believed, and how a venue names that.

use crate::noun::record;
#[cfg(doc)]
use crate::values::{Liquidity, ReportKind, Side};
use crate::{Currency, Money, Symbol, Text64};

record! {
    /// What a venue says about an order. Not yet believed: the OMS checks it.
    VenueReport = 10, 96 bytes {
        /// Fee charged (positive) or rebate (negative), in the instrument's currency.
        fee: Money,
        /// Sequence number of this record.
        id: u64,
        /// The order meant.
        cause: u64,
        /// When it happened at the venue, UTC nanoseconds.
        ts_event: i64,
        /// When we knew it, UTC nanoseconds.
        ts_init: i64,
        /// The order meant.
        order_id: u64,
        /// Price of a fill, ticks.
        price_ticks: i64,
        /// Lots of a fill, or the new size after a replace.
        lots: i64,
        /// Price before spread and impact, ticks; for cost analysis.
        reference_ticks: i64,
        /// Dense index.
        instrument: u32,
        /// Place in the OMS slab.
        slot: u32,
        /// A [`ReportKind`].
        kind: u8,
        /// A [`Liquidity`].
        liquidity: u8,
        /// Code of a rejection, 0 if none.
        code: u16,
        /// Number of the execution within its order, rising from 1; 0 = the venue does not number them.
        execution: u32,
    }
}
record! {
    /// An execution, believed and booked.
    Fill = 11, 96 bytes {
        /// Fee charged (positive) or rebate (negative), in the instrument's currency.
        fee: Money,
        /// Sequence number of this record.
        id: u64,
        /// The order filled.
        cause: u64,
        /// When it happened at the venue, UTC nanoseconds.
        ts_event: i64,
        /// When we knew it, UTC nanoseconds.
        ts_init: i64,
        /// The venue report that told us.
        report: u64,
        /// Price, ticks.
        price_ticks: i64,
        /// Size, lots, positive.
        lots: i64,
        /// Price before spread and impact, ticks.
        reference_ticks: i64,
        /// Dense index.
        instrument: u32,
        /// Whose fill.
        strategy: u16,
        /// A [`Side`].
        side: u8,
        /// A [`Liquidity`].
        liquidity: u8,
        /// Number of the execution within its order, rising from 1; 0 = the venue does not number them.
        execution: u32,
        /// Zero.
        spare: u32,
    }
}
record! {
    /// How a venue names a fill, and what it charged for it in its own digits. Its cause is the fill; a charge in another
    /// currency than the instrument's is booked in that currency.
    Execution = 46, 224 bytes {
        /// Charged (positive) or paid back, in `currency`; 0 = the fill's own fee says it, or nothing was charged.
        charge: Money,
        /// Sequence number of this record.
        id: u64,
        /// The fill.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// The order filled.
        order_id: u64,
        /// Currency that the venue charged in; empty = it told no fee.
        currency: Currency,
        /// Dense index.
        instrument: u32,
        /// Whose fill.
        strategy: u16,
        /// Zero.
        spare: u16,
        /// What was charged, in the venue's digits; the amount booked is this, rounded up to 10^-9.
        fee: Symbol,
        /// The venue's number of the trade, by which its statement names it (FIX TrdMatchID 880).
        trade: Text64,
        /// The venue's name of its report, by which it would take it back (FIX ExecID 17).
        report: Text64,
    }
}
