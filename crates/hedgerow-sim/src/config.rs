//! What trading costs at the simulated venue, and how much of a bar's volume is ours. Plain numbers, each with its reason.

use hedgerow_core::{FillRule, MONEY_UNIT, Money, Problem, code};
use serde::{Deserialize, Serialize};

/// Settings of a simulated venue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VenueConfig {
    /// Half of the bid-ask spread as a share of the price, 10^-9. Bars show trades, not quotes: whoever takes liquidity pays it.
    pub half_spread_nano: i64,
    /// `Y` of the square-root law `Y * sigma * sqrt(Q / V)`, 10^-9; 0 = no impact. About 1 in Toth et al. (2011).
    pub impact_nano: i64,
    /// Fee as a share of notional, 10^-9; 1 basis point = 100,000.
    pub fee_nano: i64,
    /// Fee per unit (share, coin, contract), in the instrument's currency.
    pub fee_per_unit: Money,
    /// Smallest fee of an order that trades, in the instrument's currency; its fills share it.
    pub fee_min: Money,
    /// Largest share of a bar's volume that our orders together may trade, basis points; 0 = no cap, volume is not looked at.
    pub volume_cap_bps: i64,
    /// With a cap, a bar of unknown volume counts as the instrument's average daily volume, scaled by the bar's length as a
    /// share of 24 hours. Otherwise it is the error `SIM_NO_VOLUME`.
    pub assume_volume: bool,
    /// Where market orders trade, if the order does not say.
    pub fill_rule: FillRule,
}

impl VenueConfig {
    /// No cost, no cap, next open: for tests and for comparison with engines that have no costs.
    pub const FREE: VenueConfig = VenueConfig {
        half_spread_nano: 0,
        impact_nano: 0,
        fee_nano: 0,
        fee_per_unit: Money::ZERO,
        fee_min: Money::ZERO,
        volume_cap_bps: 0,
        assume_volume: false,
        fill_rule: FillRule::NextOpen,
    };

    /// The settings, if they can be meant.
    ///
    /// # Errors
    /// `SIM_BAD_COST` if a cost is negative, a share is above the whole, or `Y` is above 1,000.
    pub fn checked(self) -> Result<VenueConfig, Problem> {
        let whole = MONEY_UNIT as i64;
        let money_max = Money::units(1_000_000_000).0;
        for (name, value, max) in [
            ("half_spread_nano", i128::from(self.half_spread_nano), i128::from(whole)),
            ("impact_nano", i128::from(self.impact_nano), i128::from(1000 * whole)),
            ("fee_nano", i128::from(self.fee_nano), i128::from(whole)),
            ("fee_per_unit", self.fee_per_unit.0, money_max),
            ("fee_min", self.fee_min.0, money_max),
            ("volume_cap_bps", i128::from(self.volume_cap_bps), 10_000),
        ] {
            if value < 0 || value > max {
                return Err(Problem::new(code::SIM_BAD_COST, format!("{name} is {value}; it must be from 0 to {max}")));
            }
        }
        Ok(self)
    }
}
