//! The limits of a proposal in JSON: the field names of [`Limits`], money as decimal strings in currency units.
//!
//! Promises: a missing field is zero and grants nothing; an unknown field, a float, a negative number or more digits
//! than money has is an error; what is written reads back as the same limits. Never: a rounding.

use super::canonical::INTEGER_MAX;
use super::fields::{Fields, decimal_integer};
use hedgerow_core::{Limits, MONEY_UNIT, Money, Problem, code};
use serde_json::{Map, Value};

/// How one field is read and written.
enum Slot {
    /// `"1000000.00"`, in currency units.
    Money(fn(&mut Limits) -> &mut Money),
    /// An integer, or a decimal string where JSON's 2^53 - 1 is too small.
    Long(fn(&mut Limits) -> &mut i64),
    /// An integer.
    Short(fn(&mut Limits) -> &mut u32),
}

macro_rules! slots {
    ($($kind:ident { $($field:ident)* })*) => {
        const SLOTS: &[(&str, Slot)] = &[$($((stringify!($field), Slot::$kind(|limits| &mut limits.$field)),)*)*];
        const NAMES: &[&str] = &[$($(stringify!($field),)*)*];
    };
}
slots! {
    Money { capital gross net position sector order_notional loss drawdown var }
    Long { order_lots data_age_ns }
    Short { collar_bps orders_per_second repeats_per_second concentration_bps margin_bps adv_share_bps }
}

/// The fields in order of layout, each with its type: `money`, `i64` or `u32`.
pub fn limit_fields() -> impl Iterator<Item = (&'static str, &'static str)> {
    SLOTS.iter().map(|(name, slot)| {
        let kind = match slot {
            Slot::Money(_) => "money",
            Slot::Long(_) => "i64",
            Slot::Short(_) => "u32",
        };
        (*name, kind)
    })
}

/// Reads limits from JSON text, canonical or not: the firm's limits and other limits that nobody signs.
///
/// # Errors
/// `GOV_BAD_BODY` with the field, the value seen and what was wanted.
pub fn parse_limits(json: &str) -> Result<Limits, Problem> {
    let value: Value = serde_json::from_str(json).map_err(|e| Problem::new(code::GOV_BAD_BODY, e.to_string()))?;
    limits_from_json(&value).map_err(|why| Problem::new(code::GOV_BAD_BODY, why))
}

/// Reads limits from their JSON object.
///
/// # Errors
/// A sentence that names the field, the value seen and what was wanted.
pub fn limits_from_json(value: &Value) -> Result<Limits, String> {
    let fields = Fields::of(value, "limits", NAMES)?;
    let mut limits = Limits::default();
    for (name, slot) in SLOTS {
        let Some(value) = fields.optional(name) else { continue };
        match slot {
            Slot::Money(at) => {
                *at(&mut limits) = money(value).ok_or_else(|| {
                    fields.wrong(name, value, "a decimal string of currency units such as \"1000000.00\"")
                })?;
            }
            Slot::Long(at) => {
                let number = value.as_i64().or_else(|| decimal_integer(value)).filter(|n| *n >= 0);
                *at(&mut limits) = number.ok_or_else(|| fields.wrong(name, value, "a whole number from 0"))?;
            }
            Slot::Short(at) => {
                let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
                *at(&mut limits) =
                    number.ok_or_else(|| fields.wrong(name, value, "a whole number from 0 to 4294967295"))?;
            }
        }
    }
    Ok(limits)
}

/// Writes limits as their JSON object; fields that grant nothing are left out.
#[must_use]
pub fn limits_to_json(limits: &Limits) -> Value {
    let mut limits = *limits;
    let mut map = Map::new();
    for (name, slot) in SLOTS {
        let value = match slot {
            Slot::Money(at) => (at(&mut limits).0 != 0).then(|| Value::from(decimal(*at(&mut limits)))),
            Slot::Long(at) => match *at(&mut limits) {
                0 => None,
                n if n > INTEGER_MAX => Some(Value::from(n.to_string())),
                n => Some(Value::from(n)),
            },
            Slot::Short(at) => (*at(&mut limits) != 0).then(|| Value::from(*at(&mut limits))),
        };
        if let Some(value) = value {
            map.insert((*name).to_owned(), value);
        }
    }
    Value::Object(map)
}

/// The first field that is wider than in the other limits.
pub(super) fn first_wider(limits: &Limits, than: &Limits) -> Option<&'static str> {
    let (mut limits, mut than) = (*limits, *than);
    let wider = |(_, slot): &&(&'static str, Slot)| match slot {
        Slot::Money(at) => at(&mut limits).0 > at(&mut than).0,
        Slot::Long(at) => *at(&mut limits) > *at(&mut than),
        Slot::Short(at) => *at(&mut limits) > *at(&mut than),
    };
    SLOTS.iter().find(wider).map(|(name, _)| *name)
}

/// `"1000000.00"`: no sign, no exponent, no leading zero, at most nine decimals, at most [`Money::UNLIMITED`].
pub(super) fn money(value: &Value) -> Option<Money> {
    let text = value.as_str()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole, 24) || !digits(fraction, 9) || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let nano: i128 = format!("{fraction:0<9}").parse().ok()?;
    let amount = Money(whole.parse::<i128>().ok()?.checked_mul(MONEY_UNIT)?.checked_add(nano)?);
    (amount <= Money::UNLIMITED).then_some(amount)
}

/// Money as a decimal string in currency units, with at least two decimals.
pub(super) fn decimal(amount: Money) -> String {
    amount.to_string().replace(',', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn money_is_read_exactly_and_a_missing_field_grants_nothing() {
        let limits = limits_from_json(&json!({
            "capital": "1000000.00", "loss": "0.000000001", "order_lots": 500, "data_age_ns": "9223372036854775807",
            "collar_bps": 300
        }))
        .unwrap();
        assert_eq!(limits.capital, Money::units(1_000_000));
        assert_eq!(limits.loss, Money(1));
        assert_eq!((limits.order_lots, limits.data_age_ns, limits.collar_bps), (500, i64::MAX, 300));
        assert_eq!((limits.gross, limits.orders_per_second), (Money::ZERO, 0));
    }

    #[test]
    fn even_the_largest_limits_are_written_and_read_back_unchanged() {
        for limits in [Limits::UNLIMITED, Limits::default()] {
            assert_eq!(limits_from_json(&limits_to_json(&limits)).unwrap(), limits);
        }
    }

    #[test]
    fn a_limit_that_is_not_exact_is_refused_with_the_value_seen() {
        for bad in [
            json!({"capital": 1_000_000}),
            json!({"capital": 0.5}),
            json!({"capital": "-1"}),
            json!({"capital": "01"}),
            json!({"capital": "1e6"}),
            json!({"capital": "1,000"}),
            json!({"capital": "1."}),
            json!({"capital": ".5"}),
            json!({"capital": "0.0000000001"}),
            json!({"capital": "999999999999999999999999"}),
            json!({"capital": "+1"}),
            json!({"order_lots": -1}),
            json!({"order_lots": 1.5}),
            json!({"collar_bps": 4_294_967_296u64}),
            json!({"collar_bps": "30"}),
            json!([]),
        ] {
            assert!(limits_from_json(&bad).is_err(), "{bad}");
        }
        let problem = parse_limits(r#"{"gros": "1"}"#).unwrap_err();
        assert_eq!(problem.detail, "limits has an unknown field \"gros\"; did you mean \"gross\"?");
        assert_eq!(parse_limits("{").unwrap_err().code, code::GOV_BAD_BODY);
    }
}
