//! How large numbers may be. Within these bounds every sum of the gate is exact and nothing overflows; what lies beyond
//! is denied with RISK-029, and counts as the bound where other rules look at it.

/// Basis points in one.
pub const BPS: i64 = 10_000;
/// From here on an ADV share means "no volume limit", so that instruments of unknown volume can be traded.
pub const ADV_UNBOUNDED_BPS: u32 = 1_000_000_000;
/// Lots of one order, and of all worst-case positions of the firm in one instrument.
pub const LOTS_MAX: i64 = 1 << 44;
/// Ticks of a price.
pub const TICKS_MAX: i64 = 1 << 60;
/// Value of one lot in the base currency, in 10^-9 units: 576 million units.
pub const LOT_VALUE_MAX: i64 = (1 << LOT_VALUE_BITS) - 1;
/// Bits of that value.
pub const LOT_VALUE_BITS: u32 = 59;
/// Gross exposure of the firm, and any limit of money: 19 * 10^18 units.
pub const EXPOSURE_MAX: i128 = 1 << 94;
/// Fraction bits of an instrument's value of one tick of one lot in the base currency.
pub const TICK_VALUE_BITS: u32 = 16;
/// Fraction bits of an instrument's one-day value at risk per unit of value.
pub const VAR_BITS: u32 = 32;
/// Highest one-day standard deviation, in 10^-9: about 1,100 (110,000 %).
pub const SIGMA_MAX_NANO: i64 = 1 << 40;

/// `number / 2^bits`, rounded up.
#[inline(always)]
#[must_use]
pub const fn shift_up(number: i128, bits: u32) -> i128 {
    (number + ((1 << bits) - 1)) >> bits
}
