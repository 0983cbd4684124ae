//! When a session runs, in UTC.

use hedgerow_core::time::{DAY, SECOND};

/// 1 January 1970 was a Thursday; weeks here begin on Monday.
const THURSDAY: i64 = 3;

/// When a session runs; each run begins with the numbers at 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Schedule {
    /// Always: numbers begin anew only where a reset is agreed.
    #[default]
    Always,
    /// Every day, from one second of the day to another; beyond midnight where the end is not behind the start.
    Daily {
        /// Second of the day at which it begins.
        start_s: u32,
        /// Second of the day at which it ends.
        end_s: u32,
    },
    /// Every week, from one second of the week (from Monday 00:00) to another.
    Weekly {
        /// Second of the week at which it begins.
        start_s: u32,
        /// Second of the week at which it ends.
        end_s: u32,
    },
}

impl Schedule {
    /// When the run began that a time belongs to; nothing outside all runs.
    ///
    /// ```
    /// use hedgerow_wire::fix::Schedule;
    /// let hour = 3_600_000_000_000;
    /// let night = Schedule::Daily { start_s: 22 * 3600, end_s: 6 * 3600 };
    /// assert_eq!(night.run_of(29 * hour), Some(22 * hour));
    /// assert_eq!(night.run_of(12 * hour), None);
    /// ```
    #[must_use]
    pub const fn run_of(self, now_ns: i64) -> Option<i64> {
        let (period, origin, start_s, end_s) = match self {
            Schedule::Always => return Some(i64::MIN),
            Schedule::Daily { start_s, end_s } => (DAY, 0, start_s, end_s),
            Schedule::Weekly { start_s, end_s } => (7 * DAY, -THURSDAY * DAY, start_s, end_s),
        };
        let start = origin + start_s as i64 * SECOND;
        let length = (end_s as i64 - start_s as i64) * SECOND;
        // The same second twice is a run without a break.
        let length = if length <= 0 { length + period } else { length };
        let into = (now_ns - start).rem_euclid(period);
        if into < length { Some(now_ns - into) } else { None }
    }

    /// Whether two times belong to one run.
    #[must_use]
    pub fn one_run(self, a_ns: i64, b_ns: i64) -> bool {
        self.run_of(a_ns).is_some() && self.run_of(a_ns) == self.run_of(b_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_begin_and_end_where_they_say() {
        let hour = 3600 * SECOND;
        let day = Schedule::Daily { start_s: 8 * 3600, end_s: 17 * 3600 };
        assert_eq!(day.run_of(8 * hour), Some(8 * hour));
        assert_eq!((day.run_of(8 * hour - 1), day.run_of(17 * hour)), (None, None));
        assert!(!day.one_run(9 * hour, 33 * hour) && day.one_run(9 * hour, 16 * hour));
        let round = Schedule::Daily { start_s: 0, end_s: 0 };
        assert!(round.one_run(0, DAY - 1) && !round.one_run(0, DAY));
        // Sunday 17:00 to Friday 17:00; 1 January 1970 was a Thursday.
        let week = Schedule::Weekly { start_s: (6 * 24 + 17) * 3600, end_s: (4 * 24 + 17) * 3600 };
        assert!(week.one_run(0, DAY + 16 * hour));
        assert_eq!((week.run_of(DAY + 17 * hour), week.run_of(2 * DAY)), (None, None));
        assert_eq!(week.run_of(3 * DAY + 18 * hour), Some(3 * DAY + 17 * hour));
    }
}
