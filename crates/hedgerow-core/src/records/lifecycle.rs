//! What happens to those who hold an instrument.

use crate::Money;
use crate::noun::record;
#[cfg(doc)]
use crate::values::LifecycleKind;

record! {
    /// What happens to every holder of an instrument at once: a dividend, a split, an end, what borrowing or funding costs.
    LifecycleEvent = 31, 80 bytes {
        /// Cash for every `old_lots` held, in the instrument's currency; longs receive it, shorts pay it.
        cash: Money,
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// From when on, UTC nanoseconds.
        ts: i64,
        /// Lots held before, positive.
        old_lots: i64,
        /// Lots that stand in their place: as many, more or fewer (a split), none (an end).
        new_lots: i64,
        /// Price that is paid for what a split leaves of a lot, ticks.
        fraction_ticks: i64,
        /// Dense index.
        instrument: u32,
        /// A [`LifecycleKind`].
        kind: u8,
        /// Zero.
        spare: u8,
        /// Zero.
        spare2: u16,
        /// Zero.
        spare3: u64,
    }
}
