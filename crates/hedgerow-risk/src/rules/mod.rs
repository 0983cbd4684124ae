//! The pre-trade rules: each a pure function of plain integers that says whether it fails, with its citation.
//!
//! Promises: no rule reads state, clock or table; all rules of an order are evaluated, so that one verdict names every
//! rule that spoke. A limit of zero grants nothing. Never: a float, a panic, a rule that fails open.

pub mod capital;
pub mod exposure;
pub mod freshness;
pub mod identity;
pub mod mandate;
pub mod price;
pub mod rate;
pub mod session;
pub mod size;
pub mod terms;

use hedgerow_core::{Code, code};

/// The rules in the order in which they speak: the first that fails gives the verdict its code.
pub const ORDER: [Code; 34] = [
    // Session and clock.
    code::RISK_SESSION_CLOSED,
    code::RISK_CLOCK,
    // Kill switch and mandate.
    code::RISK_KILLED,
    code::RISK_NO_MANDATE,
    code::RISK_MANDATE_EXPIRED,
    code::RISK_ARTIFACT,
    code::RISK_UNIVERSE,
    // Duplicate.
    code::RISK_DUPLICATE,
    code::RISK_UNKNOWN_ORDER,
    // Tick, lot, session of the instrument, restricted, locate.
    code::RISK_BAD_FIELD,
    code::RISK_BAD_PRICE,
    code::RISK_BAD_LOTS,
    code::RISK_HALTED,
    code::RISK_RESTRICTED,
    code::RISK_NO_LOCATE,
    code::RISK_REDUCE_ONLY,
    // Market data.
    code::RISK_STALE_DATA,
    // Size and notional.
    code::RISK_ORDER_LOTS,
    code::RISK_ORDER_NOTIONAL,
    code::RISK_ADV_SHARE,
    // Price collar and self-match.
    code::RISK_COLLAR,
    code::RISK_SELF_MATCH,
    // Rate and repeat.
    code::RISK_RATE,
    code::RISK_REPEAT,
    // Exposure on worst case with working orders.
    code::RISK_POSITION,
    code::RISK_GROSS,
    code::RISK_NET,
    code::RISK_SECTOR,
    code::RISK_CONCENTRATION,
    // Buying power.
    code::RISK_BUYING_POWER,
    // Loss, drawdown, value at risk.
    code::RISK_LOSS,
    code::RISK_DRAWDOWN,
    code::RISK_VAR,
    // Reservation.
    code::RISK_RESERVATION,
];

/// The rules that do not hold back an order which can only reduce risk (FIA 2024, 1.5: a kill switch may let
/// risk-reducing orders through). Never among them: session, clock, duplicate, price, lots, halt, market data (without
/// a price an order can neither be valued nor collared), size, collar, self-match, rate, reservation.
pub const WAIVABLE: u64 = bit(code::RISK_KILLED)
    | bit(code::RISK_MANDATE_EXPIRED)
    | bit(code::RISK_UNIVERSE)
    | bit(code::RISK_RESTRICTED)
    | bit(code::RISK_POSITION)
    | bit(code::RISK_GROSS)
    | bit(code::RISK_NET)
    | bit(code::RISK_SECTOR)
    | bit(code::RISK_CONCENTRATION)
    | bit(code::RISK_BUYING_POWER)
    | bit(code::RISK_LOSS)
    | bit(code::RISK_DRAWDOWN)
    | bit(code::RISK_VAR);

/// The bit of `RISK-n` in a verdict: bit n.
#[inline]
#[must_use]
pub const fn bit(code: Code) -> u64 {
    1 << (code.0 & 0xff)
}

/// The bit of a rule if it fails, else nothing.
#[inline(always)]
#[must_use]
pub const fn bit_if(fails: bool, code: Code) -> u64 {
    (fails as u64) << (code.0 & 0xff)
}

/// How failing rules are counted. The rules are written down once and asked in two ways: an order that no rule stops
/// only needs to know that; for any other one all rules are asked, and it is noted which of them spoke.
pub(crate) trait Tally {
    /// Notes whether a rule fails; `None` if no other rule needs to be asked.
    fn note(&mut self, fails: bool, code: Code) -> Option<()>;
    /// The same for rules that are known to fail.
    fn standing(&mut self, failed: u64) -> Option<()>;
}

/// Every failing rule by its bit.
#[derive(Default)]
pub(crate) struct Spoken(pub u64);
impl Tally for Spoken {
    #[inline(always)]
    fn note(&mut self, fails: bool, code: Code) -> Option<()> {
        self.0 |= bit_if(fails, code);
        Some(())
    }
    #[inline(always)]
    fn standing(&mut self, failed: u64) -> Option<()> {
        self.0 |= failed;
        Some(())
    }
}

/// Every rule is silent, or the asking ends.
pub(crate) struct Silence;
impl Tally for Silence {
    #[inline(always)]
    fn note(&mut self, fails: bool, _: Code) -> Option<()> {
        (!fails).then_some(())
    }
    #[inline(always)]
    fn standing(&mut self, failed: u64) -> Option<()> {
        (failed == 0).then_some(())
    }
}

/// By a rule's bit, its place in the order.
const PLACE: [u8; 64] = {
    let (mut places, mut at) = ([u8::MAX; 64], 0);
    while at < ORDER.len() {
        places[(ORDER[at].0 & 0xff) as usize] = at as u8;
        at += 1;
    }
    places
};

/// The first failing rule in the order in which the rules speak.
#[must_use]
pub fn first(failed: u64) -> Option<Code> {
    let (mut left, mut place) = (failed, usize::from(u8::MAX));
    while left != 0 {
        place = place.min(usize::from(PLACE[left.trailing_zeros() as usize]));
        left &= left - 1;
    }
    ORDER.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_risk_code_has_exactly_one_place_in_the_order() {
        let mut seen = 0;
        for code in ORDER {
            assert_eq!(seen & bit(code), 0, "{code} twice");
            seen |= bit(code);
        }
        for def in hedgerow_core::TABLE.iter().filter(|d| d.code.area().is_some_and(|a| a.name == "RISK")) {
            assert_ne!(seen & bit(def.code), 0, "{} has no place", def.code);
        }
    }

    #[test]
    fn the_first_failing_rule_is_the_first_of_the_order_not_the_lowest_number() {
        let failed = bit(code::RISK_POSITION) | bit(code::RISK_UNIVERSE) | bit(code::RISK_DUPLICATE);
        assert_eq!(first(failed), Some(code::RISK_UNIVERSE));
        assert_eq!(first(0), None);
        for (place, code) in ORDER.into_iter().enumerate() {
            let behind = ORDER[place..].iter().fold(0, |failed, code| failed | bit(*code));
            assert_eq!(first(behind), Some(code));
        }
    }
}
