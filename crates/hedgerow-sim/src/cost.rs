//! The costs of one fill: half-spread and square-root impact move the price against us, fees come on top.
//!
//! The impact of trading `Q` lots where `V` trade in a day is `Y * sigma * sqrt(Q / V)` of the price on average (square-root
//! law: Toth et al. 2011, Almgren et al. 2005). The law is applied to the sum of what we take from one bar on one side, so
//! cutting an order in two saves nothing. The only floating-point arithmetic of the venue is here, and it ends in an integer
//! that is rounded against us.

use crate::VenueConfig;
use hedgerow_core::{Instrument, MONEY_UNIT, Money, RoundMode, Side, div_round};

/// How deep the market is that a fill meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Depth {
    /// Lots that trade in a day; 0 = not known, and then our trade is taken for the whole of it.
    pub volume_lots: i64,
    /// One-day standard deviation of the return, 10^-9.
    pub sigma_nano: i64,
    /// Lots that we already took from this bar on this side.
    pub taken_lots: i64,
}

/// Average impact of the next `lots`, as a share of the price in 10^-9, rounded up.
#[must_use]
pub fn impact_nano(config: &VenueConfig, depth: Depth, lots: i64) -> i64 {
    if config.impact_nano == 0 || depth.sigma_nano <= 0 || lots <= 0 {
        return 0;
    }
    let before = depth.taken_lots as f64;
    let after = before + lots as f64;
    let volume = if depth.volume_lots > 0 { depth.volume_lots as f64 } else { after };
    // The difference of Q^(3/2) over the new lots; with nothing taken before it is sqrt(Q).
    let root = (after * after.sqrt() - before * before.sqrt()) / lots as f64 / volume.sqrt();
    (config.impact_nano as f64 * (depth.sigma_nano as f64 / MONEY_UNIT as f64) * root).ceil() as i64
}

/// Price at which a market order for `lots` trades when the market is at `reference_ticks`: never better than that.
#[must_use]
pub fn price_ticks(config: &VenueConfig, depth: Depth, side: Side, reference_ticks: i64, lots: i64) -> i64 {
    let share = i128::from(config.half_spread_nano) + i128::from(impact_nano(config, depth, lots));
    // A cost is rounded up to whole ticks; a sale brings at least one tick, since there are no prices below.
    let cost = div_round(i128::from(reference_ticks) * share, MONEY_UNIT, RoundMode::AwayFromZero);
    let price = i128::from(reference_ticks) + i128::from(side.sign()) * cost;
    price.clamp(1, i128::from(i64::MAX)) as i64
}

/// Fee on notional (a share of it, 10^-9; negative = a rebate) and size, rounded against us, before the smallest fee of an
/// order.
#[must_use]
pub fn fee(share_nano: i64, notional: Money, lots: i64, fee_per_lot: Money) -> Money {
    let mode = if share_nano < 0 { RoundMode::Down } else { RoundMode::AwayFromZero };
    let share = div_round(notional.abs().0 * i128::from(share_nano), MONEY_UNIT, mode);
    Money(share + fee_per_lot.0 * i128::from(lots))
}

/// A fee per unit (share, coin, contract) as one per lot, rounded up; a rebate (negative) down.
pub(crate) fn per_lot(instrument: &Instrument, per_unit: Money) -> Money {
    let mode = if per_unit < Money::ZERO { RoundMode::Down } else { RoundMode::AwayFromZero };
    Money(div_round(per_unit.0 * i128::from(instrument.lot_nano), MONEY_UNIT, mode))
}

/// What an order owes for its fills together: at least the smallest fee, where there is one.
pub(crate) fn due(gross: Money, least: Money) -> Money {
    if least > Money::ZERO { gross.max(least) } else { gross }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSTLY: VenueConfig =
        VenueConfig { half_spread_nano: 200_000, impact_nano: 1_000_000_000, fee_nano: 100_000, ..VenueConfig::FREE };
    const DEPTH: Depth = Depth { volume_lots: 1_000_000, sigma_nano: 20_000_000, taken_lots: 0 };

    #[test]
    fn a_hundredth_of_the_volume_costs_a_tenth_of_sigma() {
        assert_eq!(impact_nano(&COSTLY, DEPTH, 10_000), 2_000_000);
    }

    #[test]
    fn two_orders_cost_what_one_of_their_sum_would() {
        let first = impact_nano(&COSTLY, DEPTH, 3_000) * 3_000;
        let second = impact_nano(&COSTLY, Depth { taken_lots: 3_000, ..DEPTH }, 7_000) * 7_000;
        let whole = impact_nano(&COSTLY, DEPTH, 10_000) * 10_000;
        assert!((first + second - whole).abs() <= 10_000, "one rounded unit per lot");
    }

    #[test]
    fn unknown_volume_means_our_trade_is_all_of_it() {
        let unknown = Depth { volume_lots: 0, ..DEPTH };
        assert_eq!(impact_nano(&COSTLY, unknown, 5), 20_000_000);
        assert_eq!(impact_nano(&COSTLY, unknown, 5_000_000), 20_000_000);
    }

    #[test]
    fn a_price_moves_against_us_by_whole_ticks() {
        // Half-spread 0.02 % + impact 0.2 % of 10,000 ticks = 22 ticks; of 10,001 ticks 22.0022, so 23.
        for (side, reference, price) in [
            (Side::Buy, 10_000, 10_022),
            (Side::Sell, 10_000, 9_978),
            (Side::Buy, 10_001, 10_024),
            (Side::Sell, 10_001, 9_978),
            (Side::Sell, 1, 1),
        ] {
            assert_eq!(price_ticks(&COSTLY, DEPTH, side, reference, 10_000), price);
        }
    }

    #[test]
    fn without_costs_the_price_is_the_reference() {
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(price_ticks(&VenueConfig::FREE, DEPTH, side, 12_345, 1_000_000), 12_345);
        }
    }

    #[test]
    fn a_fee_is_exact_and_rounded_up_at_the_ninth_decimal() {
        assert_eq!(fee(COSTLY.fee_nano, Money::units(1_004_400), 10_000, Money::ZERO), Money(100_440_000_000));
        assert_eq!(fee(COSTLY.fee_nano, Money(1), 1, Money::ZERO), Money(1));
        assert_eq!(fee(0, Money::units(7), 3, Money(5)), Money(15));
        assert_eq!(fee(-50_000, Money(10_100_000_001), 10, Money::ZERO), Money(-505_000), "a rebate is rounded down");
        assert_eq!(fee(-50_000, Money(1), 1, Money::ZERO), Money::ZERO);
    }
}
