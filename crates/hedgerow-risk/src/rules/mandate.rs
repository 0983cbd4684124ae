//! Kill switch and mandate: who may trade at all, until when, and what.

use hedgerow_core::Nanos;

/// RISK-003: the switch is on, for the strategy or the firm. RTS 6 art. 12; FIA 2024, 1.5.
#[inline(always)]
#[must_use]
pub const fn killed(on: bool) -> bool {
    on
}

/// RISK-004: nothing was ever granted. SEC 15c3-5(c)(2)(iii): only authorised access; FIA 2024, 1.1: no limit set = block.
#[inline(always)]
#[must_use]
pub const fn missing(registered: bool, granted: bool) -> bool {
    !(registered & granted)
}

/// RISK-005: the mandate has ended. RTS 6 art. 5(7): deployment only within what was approved.
#[inline(always)]
#[must_use]
pub const fn expired(expires_ts: Nanos, now: Nanos) -> bool {
    now >= expires_ts
}

/// RISK-030: the instrument is not among those granted. SEC 15c3-5(c)(2)(ii).
#[inline(always)]
#[must_use]
pub const fn outside_universe(granted: bool) -> bool {
    !granted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mandate_must_be_registered_granted_and_running() {
        for (registered, granted, fails) in [(true, true, false), (true, false, true), (false, true, true)] {
            assert_eq!(missing(registered, granted), fails);
        }
        for (expires, now, fails) in [(10, 9, false), (10, 10, true), (0, 0, true), (i64::MAX, i64::MAX - 1, false)] {
            assert_eq!(expired(expires, now), fails, "{expires} {now}");
        }
        assert!(killed(true) && !killed(false));
        assert!(outside_universe(false) && !outside_universe(true));
    }
}
