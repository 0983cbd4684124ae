//! Durations in nanoseconds. There is no clock here: time is always an argument.

/// One second.
pub const SECOND: i64 = 1_000_000_000;
/// One minute.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour.
pub const HOUR: i64 = 60 * MINUTE;
/// One day of 24 hours.
pub const DAY: i64 = 24 * HOUR;
/// "Never expires".
pub const FOREVER: i64 = i64::MAX;
