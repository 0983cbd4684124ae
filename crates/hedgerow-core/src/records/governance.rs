//! What the governance log says of itself: when signed events took effect.

use crate::noun::record;

record! {
    /// The signed events behind it, up to the next such record, were taken into the governance log at this time.
    Sequenced = 24, 64 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// When the events behind it took effect, UTC nanoseconds.
        ts: i64,
        /// Entries of the governance log before them.
        size: u64,
        /// Merkle root of those entries.
        root: [u8; 32],
    }
}
