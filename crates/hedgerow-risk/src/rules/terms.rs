//! Terms of the order and of the instrument: tick, lot, locate. Halted and restricted are flags of the instrument.

/// RISK-007: a limit order needs a positive price in whole ticks; a market order none. SEC 15c3-5(c)(2)(i).
#[inline(always)]
#[must_use]
pub const fn bad_price(market: bool, limit_ticks: i64) -> bool {
    if market { limit_ticks != 0 } else { limit_ticks <= 0 }
}

/// RISK-008: the size must be positive, at least the minimum and a multiple of the step. SEC 15c3-5(c)(2)(i).
#[inline(always)]
#[must_use]
pub const fn bad_lots(lots: i64, lots_min: i64, lots_step: i64) -> bool {
    // Most instruments trade in steps of one; the division is taken only for the others.
    (lots <= 0) | (lots < lots_min) | (lots_step > 1 && lots % lots_step != 0)
}

/// RISK-011: the firm would be short more than is located. Reg SHO 203(b)(1). `short_lots` is this order's strategy
/// after the order, `firm_short_lots` all strategies after it, working sells at their worst.
#[inline(always)]
#[must_use]
pub const fn no_locate(sell: bool, short_lots: i64, firm_short_lots: i64, located_lots: i64) -> bool {
    // One jump, and no other: the side is what nobody can foresee.
    (firm_short_lots > located_lots) & sell & (short_lots > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_positive_for_a_limit_order_and_absent_for_a_market_order() {
        for (market, ticks, fails) in
            [(false, 1, false), (false, 0, true), (false, i64::MIN, true), (true, 0, false), (true, 5, true)]
        {
            assert_eq!(bad_price(market, ticks), fails, "{market} {ticks}");
        }
    }

    #[test]
    fn a_size_is_positive_at_least_the_minimum_and_on_the_step() {
        for (lots, min, step, fails) in [
            (1, 1, 1, false),
            (0, 0, 1, true),
            (-5, 1, 1, true),
            (i64::MIN, 1, 100, true),
            (99, 100, 1, true),
            (150, 100, 100, true),
            (200, 100, 100, false),
        ] {
            assert_eq!(bad_lots(lots, min, step), fails, "{lots} {min} {step}");
        }
    }

    #[test]
    fn only_a_sale_that_ends_short_beyond_the_located_stock_fails() {
        for (sell, short, firm, located, fails) in [
            (true, 10, 10, 10, false),
            (true, 10, 11, 10, true),
            (true, 0, 11, 10, false),
            (false, 10, 11, 10, false),
            (true, 1, 1, 0, true),
        ] {
            assert_eq!(no_locate(sell, short, firm, located), fails, "{sell} {short} {firm} {located}");
        }
    }
}
