//! Buying power, loss, drawdown and value at risk. SEC 15c3-5(c)(1)(i) pre-set capital thresholds; RTS 6 art. 15(4).

use crate::bounds::BPS;

const BPS_WIDE: i128 = BPS as i128;

/// RISK-025: margin on worst-case gross exceeds the buying power, given as the [`gross_affordable`] with it.
#[inline(always)]
#[must_use]
pub const fn no_buying_power(gross: i128, gross_affordable: i128) -> bool {
    gross > gross_affordable
}

/// The largest gross exposure whose margin the buying power covers: `gross * margin <= power` and `gross <= power /
/// margin` are the same for whole numbers. A margin rate of zero would grant everything; it grants nothing.
#[must_use]
pub const fn gross_affordable(buying_power: i128, margin_bps: u32) -> i128 {
    match margin_bps as i128 {
        0 => -1,
        // Fully paid is the usual case, and needs no division.
        BPS_WIDE => buying_power,
        margin => match small(buying_power) {
            // The same in 64 bits: whole margins, and what is left of the last.
            Some(power) => {
                let margin = margin as u64;
                (power / margin) as i128 * BPS_WIDE + (power % margin * BPS as u64 / margin) as i128
            }
            None => buying_power.saturating_mul(BPS_WIDE) / margin,
        },
    }
}

/// The amount in 64 bits, if it has room there.
const fn small(amount: i128) -> Option<u64> {
    let low = amount as u64;
    if low as i128 == amount { Some(low) } else { None }
}

/// Capital granted and what was won or lost since. What a gain may be put to is bounded by the limit on gross.
#[must_use]
pub fn buying_power(capital: i128, equity: i128, equity_start: i128) -> i128 {
    capital.saturating_add(equity.saturating_sub(equity_start)).max(0)
}

/// RISK-026, RISK-027: the loss since the session's start, or the fall from the highest equity, has reached its limit.
#[inline(always)]
#[must_use]
pub const fn loss_reached(loss: i128, limit: i128) -> bool {
    (loss >= limit) | (limit <= 0)
}

/// RISK-028: one-day 95 % value at risk after the order, as the plain sum of |exposure| * sigma * 1.645. It counts no
/// diversification and no hedge (all correlations one against us), so it is never below the parametric figure.
#[inline(always)]
#[must_use]
pub const fn beyond_var(var: i128, limit: i128) -> bool {
    var > limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margin_on_gross_stays_within_buying_power_and_a_rate_of_zero_grants_nothing() {
        for (gross, bps, power, fails) in [
            (1_000, 10_000, 1_000, false),
            (1_001, 10_000, 1_000, true),
            (2_000, 5_000, 1_000, false),
            (3_334, 3_000, 1_000, true),
            (3_333, 3_000, 1_000, false),
            (0, 0, i128::MAX, true),
            (1, 10_000, 0, true),
        ] {
            assert_eq!(no_buying_power(gross, gross_affordable(power, bps)), fails, "{gross} {bps} {power}");
        }
    }

    #[test]
    fn what_a_margin_lets_one_hold_is_the_same_in_64_bits_and_in_more() {
        for margin in [1, 3, 4_000, 7_777, 9_999, 20_000, u32::MAX] {
            for power in [0, 2_999, 10_i128.pow(16) + 7, u64::MAX as i128, u64::MAX as i128 + 1, i128::MAX / 20_000] {
                assert_eq!(gross_affordable(power, margin), power * BPS_WIDE / i128::from(margin), "{power} {margin}");
            }
        }
    }

    #[test]
    fn buying_power_starts_from_the_capital_and_moves_with_gains_and_losses() {
        for (capital, equity, start, power) in
            [(100, 0, 0, 100), (100, 50, 0, 150), (100, -30, 0, 70), (100, 870, 900, 70), (100, -500, 0, 0)]
        {
            assert_eq!(buying_power(capital, equity, start), power, "{capital} {equity} {start}");
        }
        assert_eq!(buying_power(1, i128::MIN, i128::MAX), 0);
    }

    #[test]
    fn a_loss_limit_holds_from_the_moment_it_is_reached_and_zero_grants_nothing() {
        for (loss, limit, fails) in [(99, 100, false), (100, 100, true), (0, 0, true), (-5, 0, true), (-5, 1, false)] {
            assert_eq!(loss_reached(loss, limit), fails, "{loss} {limit}");
        }
        assert!(beyond_var(101, 100) && !beyond_var(100, 100) && beyond_var(1, 0));
    }
}
