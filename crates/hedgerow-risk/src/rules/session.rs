//! Session and clock: orders pass only while a session is open, and only if they are stamped when they are made.

use hedgerow_core::Nanos;

/// RISK-002: no session is open, or it has closed by its own time. FIA 2024, 1.4.
#[inline(always)]
#[must_use]
pub const fn closed(open: bool, closes_ts: Nanos, now: Nanos) -> bool {
    !open | (now >= closes_ts)
}

/// RISK-001: the order is stamped before the latest time the gate has seen, or after now. RTS 25 art. 4.
#[inline(always)]
#[must_use]
pub const fn clock(order_ts: Nanos, latest: Nanos, now: Nanos) -> bool {
    (order_ts < latest) | (order_ts > now) | (now < latest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_closed_before_it_opens_and_from_the_moment_it_closes() {
        for (open, closes, now, fails) in
            [(false, 100, 50, true), (true, 100, 99, false), (true, 100, 100, true), (true, i64::MAX, i64::MAX, true)]
        {
            assert_eq!(closed(open, closes, now), fails, "{open} {closes} {now}");
        }
    }

    #[test]
    fn an_order_from_the_past_or_the_future_fails_the_clock() {
        for (ts, latest, now, fails) in
            [(10, 10, 10, false), (9, 10, 10, true), (11, 10, 10, true), (11, 10, 12, false), (8, 10, 9, true)]
        {
            assert_eq!(clock(ts, latest, now), fails, "{ts} {latest} {now}");
        }
    }
}
