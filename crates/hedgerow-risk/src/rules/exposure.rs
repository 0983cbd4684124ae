//! Exposure after the order, all working orders at their worst. SEC 15c3-5(c)(1)(i) credit and capital thresholds, finer
//! by sector and security; RTS 6 art. 15(4) market and credit limits; FIA 2024, 1.2 intraday position with working orders.
//!
//! Money is exact and in the base currency, valued at the mark.

use crate::bounds::BPS;

/// The larger of the long position after all buys and the short position after all sells, lots.
#[inline(always)]
#[must_use]
pub const fn worst_lots(long_after_buys: i64, short_after_sells: i64) -> i64 {
    if long_after_buys > short_after_sells { long_after_buys } else { short_after_sells }
}

/// Whether an order shrinks the position and cannot cross zero, even if all working orders on its side fill first.
/// `directed_position` is the position seen from the order's side: negated for a sell.
#[inline(always)]
#[must_use]
pub const fn reducing(directed_position: i64, open_same_side: i64, lots: i64) -> bool {
    (lots > 0) & (directed_position + open_same_side + lots <= 0)
}

/// RISK-020: worst-case exposure to the instrument.
#[inline(always)]
#[must_use]
pub const fn position(exposure: i128, limit: i128) -> bool {
    exposure > limit
}

/// RISK-021: worst-case gross exposure.
#[inline(always)]
#[must_use]
pub const fn gross(gross: i128, limit: i128) -> bool {
    gross > limit
}

/// RISK-022: net exposure in the order's own direction (long for a buy, short for a sell), working orders of that side
/// included. An order that brings the net back is not held against the breach it mends.
#[inline(always)]
#[must_use]
pub const fn net(directed_net: i128, limit: i128) -> bool {
    directed_net > limit
}

/// RISK-023: worst-case gross exposure to the sector.
#[inline(always)]
#[must_use]
pub const fn sector(sector_gross: i128, limit: i128) -> bool {
    sector_gross > limit
}

/// RISK-024: the instrument's share of gross, this order included. Of capital while gross is smaller, or no first order
/// could ever pass: `share_of_capital` is that amount of money, at least 0. `share_bps` is at most 10,000 and sums are
/// below 2^94, so products fit; beyond that RISK-029 speaks.
#[inline(always)]
#[must_use]
pub const fn concentration(exposure: i128, gross: i128, share_of_capital: i128, share_bps: u32) -> bool {
    exposure > share_of_capital && exposure.wrapping_mul(BPS as i128) > gross.wrapping_mul(share_bps as i128)
}

/// The share of capital that [`concentration`] allows in any case, rounded down.
#[must_use]
pub const fn share_of_capital(capital: i128, share_bps: u32) -> i128 {
    capital.saturating_mul(share_bps as i128) / BPS as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_case_is_the_larger_of_all_buys_and_all_sells_filled() {
        for (position, buys, sells, worst) in
            [(0, 0, 0, 0), (10, 5, 3, 15), (10, 0, 30, 20), (-10, 5, 5, 15), (-10, 30, 0, 20), (5, 0, 5, 5)]
        {
            assert_eq!(worst_lots(position + buys, sells - position), worst, "{position} {buys} {sells}");
        }
    }

    #[test]
    fn an_order_reduces_only_if_it_cannot_cross_zero_with_all_working_orders_of_its_side() {
        for (buy, position, open, lots, yes) in [
            (false, 100, 60, 40, true),
            (false, 100, 60, 41, false),
            (false, 100, 0, 100, true),
            (false, 0, 0, 1, false),
            (true, 100, 0, 1, false),
            (true, -100, 0, 100, true),
            (true, -100, 1, 100, false),
            (false, -100, 0, 1, false),
            (false, 100, 0, 0, false),
        ] {
            assert_eq!(
                reducing(if buy { position } else { -position }, open, lots),
                yes,
                "{buy} {position} {open} {lots}"
            );
        }
    }

    #[test]
    fn exposures_may_reach_their_limit_but_not_pass_it_and_zero_grants_nothing() {
        for rule in [position, gross, net, sector] {
            assert!(!rule(100, 100));
            assert!(rule(101, 100));
            assert!(rule(1, 0));
        }
        assert!(!net(-500, 100), "an order towards a smaller net passes");
    }

    #[test]
    fn one_instrument_is_a_bounded_share_of_the_larger_of_gross_and_capital() {
        for (exposure, gross, capital, bps, fails) in [
            (100, 1_000, 0, 1_000, false),
            (101, 1_000, 0, 1_000, true),
            (100, 100, 1_000, 1_000, false),
            (100, 100, 0, 10_000, false),
            (1, 1_000, 1_000, 0, true),
        ] {
            assert_eq!(
                concentration(exposure, gross, share_of_capital(capital, bps), bps),
                fails,
                "{exposure} {gross} {capital} {bps}"
            );
        }
    }
}
