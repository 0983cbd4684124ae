//! Exact money: an `i128` count of 10^-9 of a currency's unit (Arrow `decimal128(38, 9)`), and currency codes.
//!
//! Sums are exact in any order. Products of ticks and lots are exact because an instrument's `tick_value` is a
//! whole number of these units. Division happens in one named place, with a named rounding.

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// How many of the smallest units make one unit of currency.
pub const MONEY_UNIT: i128 = 1_000_000_000;

/// An exact amount of one currency, in units of 10^-9.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Pod, Zeroable, Serialize, Deserialize)]
#[repr(transparent)]
pub struct Money(pub i128);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);
    /// So much that no limit is meant by it; leaves room to add without overflow.
    pub const UNLIMITED: Money = Money(i128::MAX / 1_000_000);

    /// A whole number of currency units.
    #[must_use]
    pub const fn units(units: i64) -> Money {
        Money(units as i128 * MONEY_UNIT)
    }

    /// `tick_value * ticks * lots`, exact. Cannot overflow while |ticks * lots| < 2^64 and tick_value < 2^62.
    #[inline]
    #[must_use]
    pub const fn notional(ticks: i64, lots: i64, tick_value: i64) -> Money {
        Money((ticks as i128 * lots as i128).wrapping_mul(tick_value as i128))
    }

    /// Same as [`Money::notional`], or `None` on overflow: used where input is not yet trusted.
    #[must_use]
    pub fn checked_notional(ticks: i64, lots: i64, tick_value: i64) -> Option<Money> {
        (ticks as i128 * lots as i128).checked_mul(tick_value as i128).map(Money)
    }

    /// Magnitude.
    #[inline]
    #[must_use]
    pub const fn abs(self) -> Money {
        Money(self.0.abs())
    }

    /// This amount times `bps` basis points, rounded against us (away from zero).
    #[inline]
    #[must_use]
    pub fn bps(self, bps: i64) -> Money {
        Money(div_round(self.0 * bps as i128, 10_000, RoundMode::AwayFromZero))
    }

    /// This amount converted at `rate_nano` (10^-9 quote units per base unit), rounded half to even. A rate of one leaves
    /// any amount as it is.
    #[inline]
    #[must_use]
    pub fn convert(self, rate_nano: i64) -> Money {
        if i128::from(rate_nano) == MONEY_UNIT {
            return self;
        }
        Money(div_round(self.0 * rate_nano as i128, MONEY_UNIT, RoundMode::HalfEven))
    }

    /// For display and research only; a float never comes back into the books.
    #[must_use]
    #[inline]
    pub fn to_f64(self) -> f64 {
        // The usual amount fits a register, and is then several times faster; both give the nearest double.
        let count = i64::try_from(self.0).map_or(self.0 as f64, |small| small as f64);
        count / MONEY_UNIT as f64
    }
}

/// How a division is rounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoundMode {
    /// To the nearest, ties to the even neighbour.
    HalfEven,
    /// Towards zero.
    Down,
    /// Away from zero: costs and reservations.
    AwayFromZero,
}

/// `numerator / denominator` (denominator > 0) under a named rounding: the only division of money.
#[must_use]
pub fn div_round(numerator: i128, denominator: i128, mode: RoundMode) -> i128 {
    debug_assert!(denominator > 0);
    let (q, r) = divide(numerator, denominator);
    if r == 0 {
        return q;
    }
    let away = q + numerator.signum();
    match mode {
        RoundMode::Down => q,
        RoundMode::AwayFromZero => away,
        RoundMode::HalfEven => match (r.unsigned_abs() * 2).cmp(&denominator.unsigned_abs()) {
            std::cmp::Ordering::Less => q,
            std::cmp::Ordering::Greater => away,
            std::cmp::Ordering::Equal if q % 2 == 0 => q,
            std::cmp::Ordering::Equal => away,
        },
    }
}

/// Quotient and remainder. Most numbers fit into 64 bits, where a division is many times quicker.
#[inline]
fn divide(numerator: i128, denominator: i128) -> (i128, i128) {
    match (i64::try_from(numerator), i64::try_from(denominator)) {
        (Ok(n), Ok(d)) if d > 0 => (i128::from(n / d), i128::from(n % d)),
        _ => (numerator / denominator, numerator % denominator),
    }
}

impl Add for Money {
    type Output = Money;
    #[inline]
    fn add(self, o: Money) -> Money {
        Money(self.0 + o.0)
    }
}
impl Sub for Money {
    type Output = Money;
    #[inline]
    fn sub(self, o: Money) -> Money {
        Money(self.0 - o.0)
    }
}
impl Neg for Money {
    type Output = Money;
    #[inline]
    fn neg(self) -> Money {
        Money(-self.0)
    }
}
impl AddAssign for Money {
    #[inline]
    fn add_assign(&mut self, o: Money) {
        self.0 += o.0;
    }
}
impl SubAssign for Money {
    #[inline]
    fn sub_assign(&mut self, o: Money) {
        self.0 -= o.0;
    }
}
impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(iter: I) -> Money {
        iter.fold(Money::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    /// Thousands separated, at least two decimals, no digit lost: `1,250,000.00`, `-0.000000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let unit = MONEY_UNIT.unsigned_abs();
        let whole = (magnitude / unit).to_string();
        let mut fraction = format!("{:09}", magnitude % unit);
        while fraction.len() > 2 && fraction.ends_with('0') {
            fraction.pop();
        }
        let mut text = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        write!(f, "{}{text}.{fraction}", if self.0 < 0 { "-" } else { "" })
    }
}

/// A currency code of up to eight ASCII letters or digits, padded with zero bytes (`USD`, `EUR`, `USDT`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Pod, Zeroable, Serialize, Deserialize)]
#[repr(transparent)]
pub struct Currency(pub [u8; 8]);

impl Currency {
    /// Parses a code; `None` if it is empty, longer than eight, or not upper-case ASCII letters and digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Currency> {
        let bytes = text.as_bytes();
        let ok =
            !bytes.is_empty() && bytes.len() <= 8 && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        ok.then(|| {
            let mut code = [0; 8];
            code[..bytes.len()].copy_from_slice(bytes);
            Currency(code)
        })
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(8);
        std::str::from_utf8(&self.0[..end]).unwrap_or("?")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_prints_every_digit_it_holds() {
        assert_eq!(Money::units(1_250_000).to_string(), "1,250,000.00");
        assert_eq!(Money(-1).to_string(), "-0.000000001");
        assert_eq!(Money(999_500_000_000).to_string(), "999.50");
    }

    #[test]
    fn division_rounds_as_named() {
        for (n, half, down, away) in [(5, 2, 2, 3), (7, 4, 3, 4), (-5, -2, -2, -3), (6, 3, 3, 3)] {
            assert_eq!(div_round(n, 2, RoundMode::HalfEven), half);
            assert_eq!(div_round(n, 2, RoundMode::Down), down);
            assert_eq!(div_round(n, 2, RoundMode::AwayFromZero), away);
        }
    }

    #[test]
    fn numbers_of_any_width_divide_alike() {
        let wide = i128::from(i64::MAX) + 1;
        for (n, d) in [(7, 2), (-7, 2), (i64::MIN.into(), 3), (wide, 3), (-wide * 5, 7), (9, wide), (wide * wide, wide)]
        {
            assert_eq!(divide(n, d), (n / d, n % d), "{n} / {d}");
        }
    }

    #[test]
    fn a_currency_code_is_one_to_eight_capitals_or_digits() {
        assert_eq!(Currency::parse("USD").unwrap().as_str(), "USD");
        for bad in ["", "usd", "NINECHARS", "U D"] {
            assert_eq!(Currency::parse(bad), None);
        }
    }
}
