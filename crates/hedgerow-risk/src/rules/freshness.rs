//! Market data: an order may rest only on a price that is there and young enough.

use hedgerow_core::Nanos;

/// RISK-012: no price is known, or it is older than allowed. RTS 6 art. 15(1)(a): collars need a reference price.
#[inline(always)]
#[must_use]
pub const fn stale(mark_ticks: i64, age_ns: Nanos, age_ns_max: Nanos) -> bool {
    (mark_ticks <= 0) | (age_ns > age_ns_max) | (age_ns_max <= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_must_be_there_and_young_enough_and_a_limit_of_zero_grants_nothing() {
        for (mark, age, max, fails) in
            [(100, 5, 5, false), (100, 6, 5, true), (0, 0, 5, true), (-1, 0, 5, true), (100, 0, 0, true)]
        {
            assert_eq!(stale(mark, age, max), fails, "{mark} {age} {max}");
        }
    }
}
