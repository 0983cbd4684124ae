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

/// RISK-017: the price reaches the firm's own best working order on the other side (both as [`reach`] prices).
/// FIA 2024 self-match prevention; MAR 2016/522 annex II (wash trades).
#[inline(always)]
#[must_use]
pub const fn self_match(buy: bool, reach_ticks: i64, own_buy_highest: i64, own_sell_lowest: i64) -> bool {
    if buy { reach_ticks >= own_sell_lowest } else { reach_ticks <= own_buy_highest }
}

/// No own order works on the buying side.
pub const NO_BUY: i64 = i64::MIN;
/// No own order works on the selling side.
pub const NO_SELL: i64 = i64::MAX;

/// The price up to which an order trades: its limit, or beyond every limit for a market order.
#[inline(always)]
#[must_use]
pub const fn reach(buy: bool, market: bool, limit_ticks: i64) -> i64 {
    match (market, buy) {
        (false, _) => limit_ticks,
        (true, true) => i64::MAX - 1,
        (true, false) => i64::MIN + 1,
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
        for (buy, market, limit, own_buy, own_sell, fails) in [
            (true, false, 100, NO_BUY, 101, false),
            (true, false, 101, NO_BUY, 101, true),
            (false, false, 100, 99, NO_SELL, false),
            (false, false, 99, 99, NO_SELL, true),
            (true, true, 0, NO_BUY, NO_SELL, false),
            (true, true, 0, NO_BUY, 1_000_000, true),
            (false, true, 0, 1, NO_SELL, true),
            (false, false, 1_000_000, reach(true, true, 0), NO_SELL, true),
            (true, false, 1, NO_BUY, reach(false, true, 0), true),
        ] {
            let reach_ticks = reach(buy, market, limit);
            assert_eq!(self_match(buy, reach_ticks, own_buy, own_sell), fails, "{buy} {market} {limit}");
        }
    }
}
