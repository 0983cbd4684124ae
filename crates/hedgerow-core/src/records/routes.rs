//! Where orders go when several venues trade the instrument, and what was compared.

use crate::Symbol;
use crate::noun::record;
#[allow(unused_imports, reason = "named in the docs")]
use crate::values::RouteWay;

record! {
    /// A venue that was compared for an order before it left; the one that it went to is marked, and stands last.
    Route = 45, 112 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The order.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// To take: the best price that the venue showed, within the limit or not; to wait: the order's price; 0 = none.
        price_ticks: i64,
        /// To take: lots shown within the limit; to wait: lots shown ahead.
        lots: i64,
        /// What the venue charges for a unit so traded, 10^-9 of its price's currency; below zero a rebate.
        fee_nano: i64,
        /// The price that a unit is expected to cost or to bring in the end, fees and chances in, 10^-9.
        cost_nano: i64,
        /// How long the slower of the last orders there waited for the venue's first word; 0 = none was sent yet.
        latency_ns: i64,
        /// Name in the run's settings.
        venue: Symbol,
        /// To take: how much of what is shown is usually had; to wait: how often such a lot is filled; 10^-6.
        chance_ppm: u32,
        /// To take: how much of what is wanted beyond what is shown is usually had; 10^-6.
        hidden_ppm: u32,
        /// Dense index.
        instrument: u32,
        /// Whose order.
        strategy: u16,
        /// A [`RouteWay`].
        way: u8,
        /// 1 = the order goes here.
        chosen: u8,
    }
}
