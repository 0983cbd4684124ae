//! Costs: what is refused, and what a liquidation is not charged for.

use super::*;

#[test]
fn a_liquidation_is_not_charged_for_what_was_taken_from_an_earlier_bar() {
    let config = VenueConfig { impact_nano: 1_000_000_000, ..VenueConfig::FREE };
    let (flat, sell) = ([10_000, 10_100, 9_900, 10_000, -1], |lots| order(Side::Sell, lots, 0, TimeInForce::Ioc));
    let forced_at = |earlier_lots: i64| {
        let mut floor = Floor::new(config);
        if earlier_lots > 0 {
            floor.send(sell(earlier_lots));
        }
        floor.bar(flat).unwrap();
        floor.bar(flat).unwrap(); // Nothing works while it opens.
        let order_id = floor.send(sell(10_000));
        let bar = Bar { ts_event: floor.now, high_ticks: 10_100, low_ticks: 9_900, volume_lots: -1, ..Bar::default() };
        let mut price_ticks = 0;
        floor.matching.force(order_id as u32 - 1, order_id, &bar, &mut |said| price_ticks = said.report.price_ticks);
        price_ticks
    };
    assert_eq!((forced_at(0), forced_at(200_000)), (9_880, 9_880), "the low less 2 % x sqrt(1 %), 19.8 ticks");
}

#[test]
fn a_cost_that_cannot_be_meant_is_refused() {
    for config in [
        VenueConfig { half_spread_nano: -1, ..VenueConfig::FREE },
        VenueConfig { impact_nano: -1, ..VenueConfig::FREE },
        VenueConfig { fee_nano: 1_000_000_001, ..VenueConfig::FREE },
        VenueConfig { fee_min: Money(-1), ..VenueConfig::FREE },
        VenueConfig { volume_cap_bps: 10_001, ..VenueConfig::FREE },
    ] {
        assert_eq!(Matching::new(config, FeeSchedules::default()).unwrap_err().code, code::SIM_BAD_COST);
    }
}
