//! What people decided meets the kernel: when signed events took effect, and which artifact starts to run.

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
record! {
    /// A strategy starts to run one artifact; its mandate counts only for the artifact that was approved.
    StrategyStart = 22, 64 bytes {
        /// Sequence number of this record.
        id: u64,
        /// The record that made it happen, or 0.
        cause: u64,
        /// UTC nanoseconds.
        ts: i64,
        /// SHA-256 of the artifact that runs.
        artifact: [u8; 32],
        /// Which strategy.
        strategy: u16,
        /// 1 = starts, 0 = stops.
        on: u8,
        /// Zero.
        spare: [u8; 5],
    }
}
