//! Rate and repeat: a token bucket that holds one second of messages, full at the start.
//!
//! RTS 6 art. 15(1)(d) maximum messages and 15(3) repeated-execution throttle; SEC 15c3-5(c)(1)(ii) short-period and
//! duplicative orders. The bucket counts in order-nanoseconds (rate times time), so it needs no division and is exact.

use hedgerow_core::{Nanos, time::SECOND};
use serde::{Deserialize, Serialize};

/// What one message costs: one order for one second.
const COST: u64 = SECOND.unsigned_abs();

/// A token bucket: what is left of it, and when that was so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[repr(C)]
pub struct Bucket {
    credit: u64,
    ts: Nanos,
}

impl Bucket {
    /// A full bucket.
    #[inline(always)]
    #[must_use]
    pub const fn full(per_second: u32, now: Nanos) -> Bucket {
        Bucket { credit: COST * per_second as u64, ts: now }
    }

    /// The bucket as it stands now: refilled for the time that has passed, never beyond full.
    #[inline(always)]
    #[must_use]
    pub fn at(self, per_second: u32, now: Nanos) -> Bucket {
        let elapsed = if now > self.ts { now.abs_diff(self.ts).min(COST) } else { 0 };
        let rate = u64::from(per_second);
        Bucket { credit: (self.credit + elapsed * rate).min(COST * rate), ts: now }
    }

    /// RISK-018, RISK-019: not enough is left for one message more.
    #[inline(always)]
    #[must_use]
    pub const fn empty(self) -> bool {
        self.credit < COST
    }

    /// The bucket after one message; call only if it is not empty.
    #[inline(always)]
    #[must_use]
    pub const fn spend(self) -> Bucket {
        Bucket { credit: self.credit - COST, ts: self.ts }
    }

    /// Messages counted against the bucket, one more included: what the rule saw.
    #[must_use]
    pub const fn seen(self, per_second: u32) -> i64 {
        (per_second as u64 - self.credit / COST) as i64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_lets_one_second_of_messages_through_and_refills_with_time() {
        let mut bucket = Bucket::full(2, 0);
        for (now, fails) in [
            (0, false),
            (0, false),
            (0, true),
            (SECOND / 2 - 1, true),
            (SECOND / 2, false),
            (SECOND / 2, true),
            (10 * SECOND, false),
            (10 * SECOND, false),
            (10 * SECOND, true),
        ] {
            let here = bucket.at(2, now);
            assert_eq!(here.empty(), fails, "{now}");
            if !fails {
                bucket = here.spend();
            } else {
                assert_eq!(here.seen(2), 3 - i64::from(here.credit / COST == 1));
            }
        }
    }

    #[test]
    fn a_rate_of_zero_grants_nothing_and_absurd_times_do_not_overflow() {
        assert!(Bucket::full(0, 0).at(0, i64::MAX).empty());
        assert!(!Bucket::full(u32::MAX, i64::MIN).at(u32::MAX, i64::MAX).empty());
    }

    #[test]
    fn time_running_backwards_refills_nothing() {
        let spent = Bucket::full(1, 100).at(1, 100).spend();
        assert!(spent.at(1, 50).empty());
    }
}
