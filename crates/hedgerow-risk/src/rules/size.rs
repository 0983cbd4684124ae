//! Size of one order: lots, notional, share of average daily volume. Never waived: a fat finger can close, too.

use crate::bounds::{ADV_UNBOUNDED_BPS, BPS};

/// RISK-013. RTS 6 art. 15(1)(c) maximum order volume; FIA 2024, 1.1; SEC 15c3-5(c)(1)(ii).
#[inline(always)]
#[must_use]
pub const fn too_many_lots(lots: i64, lots_max: i64) -> bool {
    lots > lots_max
}

/// RISK-014. RTS 6 art. 15(1)(b) maximum order value; FIA 2024, 1.1; SEC 15c3-5(c)(1)(ii).
#[inline(always)]
#[must_use]
pub const fn too_large(notional: i128, notional_max: i128) -> bool {
    notional > notional_max
}

/// RISK-015: the order is a larger share of average daily volume than allowed; an unknown volume (0) allows nothing,
/// unless the limit says that no bound is meant ([`ADV_UNBOUNDED_BPS`]). FIA 2024, 1.1.
#[inline(always)]
#[must_use]
pub const fn too_much_volume(lots: i64, adv_lots: i64, share_bps: u32) -> bool {
    share_bps < ADV_UNBOUNDED_BPS && lots as i128 * BPS as i128 > adv_lots as i128 * share_bps as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_order_is_bounded_in_lots_and_money_and_zero_grants_nothing() {
        for (lots, max, fails) in [(100, 100, false), (101, 100, true), (1, 0, true), (i64::MAX, i64::MAX - 1, true)] {
            assert_eq!(too_many_lots(lots, max), fails, "{lots} {max}");
        }
        for (notional, max, fails) in [(100, 100, false), (101, 100, true), (1, 0, true)] {
            assert_eq!(too_large(notional, max), fails, "{notional} {max}");
        }
    }

    #[test]
    fn an_order_is_a_bounded_share_of_daily_volume_and_unknown_volume_allows_none() {
        for (lots, adv, bps, fails) in [
            (100, 1_000, 1_000, false),
            (101, 1_000, 1_000, true),
            (1, 0, 10_000, true),
            (1, 1_000, 0, true),
            (1, 0, ADV_UNBOUNDED_BPS, false),
            (i64::MAX, i64::MAX, 10_000, false),
        ] {
            assert_eq!(too_much_volume(lots, adv, bps), fails, "{lots} {adv} {bps}");
        }
    }
}
