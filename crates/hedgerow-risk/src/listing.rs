//! What the gate knows of one instrument: its terms, its mark, and the firm's sums over all strategies in it.
//!
//! All division happens here, when a price, rate or definition comes in; the checks only multiply.

use crate::bounds::{LOT_VALUE_MAX, SIGMA_MAX_NANO, TICK_VALUE_BITS, VAR_BITS, shift_up};
use crate::rules::{bit, price};
use hedgerow_core::{
    Code, Currency, HALTED, Instrument, MONEY_UNIT, Nanos, Problem, RESTRICTED, RoundMode, SHORTABLE, code, div_round,
};
use serde::{Deserialize, Serialize};

/// One-sided 95 % quantile of the normal distribution, times 1,000.
const QUANTILE_MILLI: i128 = 1_645;

/// An instrument as the gate sees it; three cache lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub(crate) struct Listing {
    /// Value of one lot at the mark, base currency, rounded up; 0 until there is a mark and a rate.
    pub lot_value: i64,
    /// One-day value at risk of one lot.
    pub lot_var: i64,
    pub mark_ticks: i64,
    pub mark_ts: Nanos,
    /// Rules that fail for every order: halted, restricted, unusable mark.
    pub standing: u64,
    pub adv_lots: i64,
    /// Lots that may be sold short; 0 if the instrument is not shortable.
    pub located_lots: i64,
    /// Value of one tick of one lot in the base currency, with [`TICK_VALUE_BITS`] of fraction, rounded up.
    pub tick_value_scaled: i64,
    /// Sums over strategies, lots. Never netted between strategies, except where a net is asked for.
    pub worst: i64,
    pub net: [i64; 2],
    pub short: i64,
    /// How far the firm's own working orders reach, by side; see [`price::reach`].
    pub own_reach: [i64; 2],
    pub lots_min: i64,
    pub lots_step: i64,
    pub sector: u32,
    /// Working orders of the firm.
    pub working: u32,
    pub defined: bool,
    /// The mark was usable when it came in.
    marked: bool,
    flags: u32,
    var_scaled: i64,
    tick_value: i64,
    tick_nano: i64,
    lot_nano: i64,
    pub currency: Currency,
}

impl Default for Listing {
    fn default() -> Listing {
        Listing {
            lot_value: 0,
            lot_var: 0,
            mark_ticks: 0,
            mark_ts: Nanos::MIN,
            standing: bit(code::RISK_UNIVERSE),
            adv_lots: 0,
            located_lots: 0,
            tick_value_scaled: 0,
            worst: 0,
            net: [0; 2],
            short: 0,
            own_reach: [price::NO_REACH; 2],
            lots_min: 0,
            lots_step: 0,
            sector: 0,
            working: 0,
            defined: false,
            marked: false,
            flags: 0,
            var_scaled: 0,
            tick_value: 0,
            tick_nano: 0,
            lot_nano: 0,
            currency: Currency::default(),
        }
    }
}

fn refuse<T>(code: Code, detail: String) -> Result<T, Problem> {
    Err(Problem::new(code, detail))
}

impl Listing {
    /// Takes over a definition, or says why not and changes nothing. `rate_nano` is the currency's rate, if known.
    pub fn define(&mut self, new: &Instrument, rate_nano: Option<i64>) -> Result<(), Problem> {
        let name = new.symbol;
        let terms = (new.tick_nano, new.lot_nano, new.tick_value, new.currency, new.sector);
        if self.defined && terms != (self.tick_nano, self.lot_nano, self.tick_value, self.currency, self.sector) {
            return refuse(code::CORE_INPUT, format!("{name}: tick, lot, currency and sector cannot change"));
        }
        if new.tick_value <= 0 || new.lots_min < 0 || new.lots_step < 0 || new.adv_lots < 0 || new.locate_lots < 0 {
            return refuse(code::CORE_INPUT, format!("{name}: tick value must be positive, sizes not negative"));
        }
        if !(0..=SIGMA_MAX_NANO).contains(&new.sigma_nano) {
            return refuse(code::CORE_INPUT, format!("{name}: sigma of {} * 10^-9 a day", new.sigma_nano));
        }
        let scaled = rate_nano.map_or(Ok(0), |rate| scale_tick_value(new.tick_value, rate))?;
        self.defined = true;
        (self.tick_nano, self.lot_nano, self.tick_value) = (new.tick_nano, new.lot_nano, new.tick_value);
        (self.currency, self.sector, self.flags) = (new.currency, new.sector, new.flags);
        (self.lots_min, self.lots_step, self.adv_lots) = (new.lots_min, new.lots_step, new.adv_lots);
        self.located_lots = if new.flags & SHORTABLE != 0 { new.locate_lots } else { 0 };
        self.var_scaled = scale_sigma(new.sigma_nano);
        self.tick_value_scaled = scaled;
        self.settle();
        Ok(())
    }

    /// Takes over a rate, or says why not and changes nothing.
    pub fn rate(&mut self, rate_nano: i64) -> Result<(), Problem> {
        self.tick_value_scaled = scale_tick_value(self.tick_value, rate_nano)?;
        self.settle();
        Ok(())
    }

    /// Takes over a price. An impossible one stops trading until a usable one comes.
    pub fn mark(&mut self, ticks: i64, ts: Nanos) {
        self.marked = ticks > 0;
        self.mark_ticks = if self.marked { ticks } else { self.mark_ticks };
        self.mark_ts = ts;
        self.settle();
    }

    /// Value of one lot at a price, base currency, rounded up.
    #[inline(always)]
    pub const fn lot_value_at(&self, ticks: i64) -> i128 {
        shift_up(ticks as i128 * self.tick_value_scaled as i128, TICK_VALUE_BITS)
    }

    /// The value of one lot and the standing rules that follow from mark, rate and flags.
    fn settle(&mut self) {
        let value = self.lot_value_at(self.mark_ticks);
        let var = shift_up(value.min(i128::from(LOT_VALUE_MAX)) * i128::from(self.var_scaled), VAR_BITS);
        let fits = value <= i128::from(LOT_VALUE_MAX) && var <= i128::from(2 * LOT_VALUE_MAX);
        if fits {
            (self.lot_value, self.lot_var) = (value as i64, var as i64);
        }
        let rule = |fails: bool, code| if fails { bit(code) } else { 0 };
        self.standing = rule(!self.defined, code::RISK_UNIVERSE)
            | rule(self.flags & HALTED != 0, code::RISK_HALTED)
            | rule(self.flags & RESTRICTED != 0, code::RISK_RESTRICTED)
            | rule(!self.marked || self.lot_value == 0, code::RISK_STALE_DATA)
            | rule(!fits, code::RISK_RESERVATION);
    }
}

fn scale_tick_value(tick_value: i64, rate_nano: i64) -> Result<i64, Problem> {
    if rate_nano <= 0 {
        return refuse(code::CORE_INPUT, format!("an exchange rate of {rate_nano} * 10^-9"));
    }
    let product = i128::from(tick_value) * i128::from(rate_nano);
    let scaled = product.checked_mul(1 << TICK_VALUE_BITS).map(|p| div_round(p, MONEY_UNIT, RoundMode::AwayFromZero));
    match scaled.map(i64::try_from) {
        Some(Ok(scaled)) => Ok(scaled),
        _ => refuse(code::CORE_OVERFLOW, format!("a tick value of {tick_value} * 10^-9 at this rate")),
    }
}

/// Value at risk per unit of value; an unknown volatility (0) counts as the loss of everything.
fn scale_sigma(sigma_nano: i64) -> i64 {
    if sigma_nano == 0 {
        return 1 << VAR_BITS;
    }
    let product = i128::from(sigma_nano) * QUANTILE_MILLI * (1 << VAR_BITS);
    // SIGMA_MAX_NANO keeps this below 2^44.
    div_round(product, 1_000 * MONEY_UNIT, RoundMode::AwayFromZero) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use hedgerow_core::Symbol;

    fn share() -> Instrument {
        Instrument {
            tick_nano: 10_000_000,
            lot_nano: 1_000_000_000,
            tick_value: 10_000_000,
            lots_step: 1,
            sigma_nano: 20_000_000,
            symbol: Symbol::parse("XYZ").unwrap(),
            ..Instrument::default()
        }
    }

    #[test]
    fn a_lot_in_the_base_currency_is_worth_exactly_ticks_times_tick_value() {
        let mut listing = Listing::default();
        listing.define(&share(), Some(1_000_000_000)).unwrap();
        listing.mark(12_345, 1);
        assert_eq!(listing.lot_value, 123_450_000_000, "123.45");
        let var = 4_061_505_000; // 123.45 * 0.02 * 1.645
        assert!((var..var + 100).contains(&listing.lot_var), "{} is rounded up, by less than 10^-7", listing.lot_var);
        assert_eq!(listing.standing, 0);
    }

    #[test]
    fn a_foreign_lot_is_rounded_up_and_without_a_rate_there_is_no_market_data() {
        let mut listing = Listing::default();
        listing.define(&share(), None).unwrap();
        listing.mark(10_000, 1);
        assert_eq!(listing.standing, bit(code::RISK_STALE_DATA));
        listing.rate(333_333_333).unwrap();
        assert!((33_333_333_300..33_333_333_900).contains(&listing.lot_value), "{}", listing.lot_value);
        assert_eq!(listing.standing, 0);
    }

    #[test]
    fn an_unknown_volatility_counts_as_the_loss_of_everything() {
        let mut listing = Listing::default();
        listing.define(&Instrument { sigma_nano: 0, ..share() }, Some(1_000_000_000)).unwrap();
        listing.mark(100, 1);
        assert_eq!(listing.lot_var, listing.lot_value);
    }

    #[test]
    fn an_impossible_price_or_definition_is_refused_and_stops_trading() {
        let mut listing = Listing::default();
        listing.define(&share(), Some(1_000_000_000)).unwrap();
        listing.mark(100, 1);
        for (ticks, rule) in
            [(0, code::RISK_STALE_DATA), (-5, code::RISK_STALE_DATA), (i64::MAX, code::RISK_RESERVATION)]
        {
            listing.mark(ticks, 2);
            assert_eq!(listing.standing, bit(rule), "{ticks}");
            assert_eq!(listing.lot_value, 1_000_000_000, "the last usable value stands");
            listing.mark(100, 3);
            assert_eq!(listing.standing, 0);
        }
        for bad in [
            Instrument { tick_value: 0, ..share() },
            Instrument { tick_value: 20_000_000, ..share() },
            Instrument { sigma_nano: -1, ..share() },
            Instrument { adv_lots: -1, ..share() },
            Instrument { sector: 1, ..share() },
        ] {
            assert_eq!(listing.define(&bad, Some(1_000_000_000)).unwrap_err().code, code::CORE_INPUT);
        }
        assert_eq!(listing.rate(0).unwrap_err().code, code::CORE_INPUT);
        assert_eq!(listing.rate(i64::MAX).unwrap_err().code, code::CORE_OVERFLOW);
        assert_eq!(listing.tick_value_scaled, 10_000_000 << TICK_VALUE_BITS);
    }
}
