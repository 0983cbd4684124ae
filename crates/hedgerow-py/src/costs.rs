//! The simulated venue's price of a market order, as a pure function: so that Python's cost formula can be held to it.

use crate::words::raise;
use hedgerow_core::{Problem, Side, code};
use hedgerow_sim::{Depth, VenueConfig, price_ticks};
use pyo3::prelude::*;

/// Price in ticks at which `lots` (positive buys, negative sells) trade at a venue with these costs, in 10^-9. An
/// `adv_lots` of 0 is not known.
#[pyfunction]
#[pyo3(signature = (*, reference_ticks, lots, adv_lots, sigma_nano, half_spread_nano, impact_nano))]
pub fn venue_price_ticks(
    reference_ticks: i64,
    lots: i64,
    adv_lots: i64,
    sigma_nano: i64,
    half_spread_nano: i64,
    impact_nano: i64,
) -> PyResult<i64> {
    if reference_ticks < 1 || lots.unsigned_abs() > i64::MAX as u64 || lots == 0 {
        let detail = format!("reference {reference_ticks} ticks, {lots} lots");
        return Err(raise(Problem::new(code::RUN_NUMBER, detail)));
    }
    let config = VenueConfig { half_spread_nano, impact_nano, ..VenueConfig::FREE }.checked().map_err(raise)?;
    let side = if lots > 0 { Side::Buy } else { Side::Sell };
    let depth = Depth { volume_lots: adv_lots, sigma_nano, taken_lots: 0 };
    Ok(price_ticks(&config, depth, side, reference_ticks, lots.abs()))
}
