//! Price: not far from the reference, and never against our own working order.

use crate::bounds::BPS;

/// RISK-016: the limit lies further from the reference than the collar; a market order has no limit to check, but a
/// collar of zero stops it too. RTS 6 art. 15(1)(a) price collars; FIA 2024, 1.3; SEC 15c3-5(c)(1)(ii).
#[inline(always)]
#[must_use]
pub const fn outside_collar(market: bool, limit_ticks: i64, reference_ticks: i64, collar_bps: u32) -> bool {
    let distance = limit_ticks as i128 - reference_ticks as i128;
    let beyond = distance.abs() * BPS as i128 > reference_ticks as i128 * collar_bps as i128;
    (collar_bps == 0) | (!market & beyond)
}

/// RISK-017: the order and the firm's own best working order on the other side reach each other (see [`reach`]).
/// FIA 2024 self-match prevention; MAR 2016/522 annex II (wash trades).
#[inline(always)]
#[must_use]
pub const fn self_match(reach: i64, own_opposite_reach: i64) -> bool {
    reach + own_opposite_reach >= 0
}

/// The reach of a side on which no own order works: nothing reaches it.
pub const NO_REACH: i64 = -(1 << 62);
/// The reach of a market order: beyond every limit.
pub const MARKET_REACH: i64 = 1 << 61;

/// How far an order goes to trade: its limit for a buy, its negated limit for a sell, so that more always reaches
/// further. A buy and a sell meet when their reaches sum to zero or more. `limit_ticks` is at most 2^60.
#[inline(always)]
#[must_use]
pub const fn reach(buy: bool, market: bool, limit_ticks: i64) -> i64 {
    match (market, buy) {
        (true, _) => MARKET_REACH,
        (false, true) => limit_ticks,
        (false, false) => -limit_ticks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_stays_within_the_collar_on_both_sides_and_zero_grants_nothing() {
        for (market, limit, reference, bps, fails) in [
            (false, 105, 100, 500, false),
            (false, 106, 100, 500, true),
            (false, 95, 100, 500, false),
            (false, 94, 100, 500, true),
            (false, 100, 100, 0, true),
            (true, 0, 100, 500, false),
            (true, 0, 100, 0, true),
            (false, i64::MAX, 1, u32::MAX, true),
            (false, i64::MIN, i64::MAX, u32::MAX, false),
        ] {
            assert_eq!(outside_collar(market, limit, reference, bps), fails, "{market} {limit} {reference} {bps}");
        }
    }

    #[test]
    fn an_order_matches_our_own_when_its_price_reaches_it_and_a_market_order_reaches_all() {
        let (none, at) = (NO_REACH, |buy, ticks| reach(buy, false, ticks));
        for (buy, market, limit, own_opposite, fails) in [
            (true, false, 100, at(false, 101), false),
            (true, false, 101, at(false, 101), true),
            (false, false, 100, at(true, 99), false),
            (false, false, 99, at(true, 99), true),
            (true, true, 0, none, false),
            (true, true, 0, at(false, 1 << 60), true),
            (false, true, 0, at(true, 1), true),
            (false, false, 1 << 60, MARKET_REACH, true),
            (true, false, 1, MARKET_REACH, true),
            (true, false, 1 << 60, none, false),
        ] {
            assert_eq!(self_match(reach(buy, market, limit), own_opposite), fails, "{buy} {market} {limit}");
        }
    }
}
