//! Any operator, made by name: what a strategy registers and the engine updates on every bar without a virtual call.

use crate::average::{Ema, RollingMean, RollingSum};
use crate::change::{LogReturn, Momentum, SimpleReturn};
use crate::deviation::{RollingStd, RollingVol, ZScore};
use crate::extreme::{RollingMax, RollingMin};
use crate::table::{OPERATORS, OperatorDef, Param};
use crate::{Operator, batch};
use hedgerow_core::{Problem, code};

/// Longest window: 16 million observations, so that a slip of the keyboard is an error and not an empty machine.
const WINDOW_MAX: f64 = 16_777_216.0;

macro_rules! any_operator {
    ($($variant:ident),+ $(,)?) => {
        /// One of the operators of [`OPERATORS`].
        #[derive(Clone, Debug)]
        #[allow(missing_docs)]
        pub enum AnyOperator { $($variant($variant),)+ }

        impl Operator for AnyOperator {
            #[inline]
            fn update(&mut self, x: f64) -> f64 {
                match self { $(AnyOperator::$variant(o) => o.update(x),)+ }
            }
            #[inline]
            fn value(&self) -> f64 {
                match self { $(AnyOperator::$variant(o) => o.value(),)+ }
            }
            fn reset(&mut self) {
                match self { $(AnyOperator::$variant(o) => o.reset(),)+ }
            }
        }

        impl AnyOperator {
            /// As [`batch`](crate::batch()), with the choice of operator made once.
            pub fn batch(&mut self, xs: &[f64], out: &mut [f64]) {
                match self { $(AnyOperator::$variant(o) => batch(o, xs, out),)+ }
            }
        }
    };
}
any_operator!(
    SimpleReturn,
    LogReturn,
    RollingMean,
    RollingSum,
    Ema,
    RollingStd,
    RollingVol,
    ZScore,
    Momentum,
    RollingMax,
    RollingMin,
);

impl AnyOperator {
    /// The operator of this name. Parameters left out take their default; `MODEL_FEATURE` if the name or a parameter is
    /// unknown, missing, out of range or not whole.
    pub fn new(name: &str, params: &[(&str, f64)]) -> Result<AnyOperator, Problem> {
        let def = OPERATORS.iter().find(|d| d.name == name).ok_or_else(|| {
            let known: Vec<_> = OPERATORS.iter().map(|d| d.name).collect();
            problem(format!("'{name}' is not one of {}", known.join(", ")))
        })?;
        if let Some((unknown, _)) = params.iter().find(|(given, _)| def.params.iter().all(|p| p.name != *given)) {
            let known: Vec<_> = def.params.iter().map(|p| p.name).collect();
            return Err(problem(format!("{name} has no parameter '{unknown}', it takes [{}]", known.join(", "))));
        }
        let read = |param| Self::read(def, param, params);
        let whole = |param| read(param).map(|value| value as usize);
        Ok(match name {
            "return" => AnyOperator::SimpleReturn(SimpleReturn::new()),
            "log_return" => AnyOperator::LogReturn(LogReturn::new()),
            "sma" => AnyOperator::RollingMean(RollingMean::new(whole(0)?)),
            "rolling_sum" => AnyOperator::RollingSum(RollingSum::new(whole(0)?)),
            "ema" => AnyOperator::Ema(Ema::new(whole(0)?)),
            "volatility" => AnyOperator::RollingVol(RollingVol::new(whole(0)?, read(1)?)),
            "rolling_max" => AnyOperator::RollingMax(RollingMax::new(whole(0)?)),
            "rolling_min" => AnyOperator::RollingMin(RollingMin::new(whole(0)?)),
            "momentum" => {
                let (lookback, skip) = Self::ordered(def, whole(0)?, whole(1)?)?;
                AnyOperator::Momentum(Momentum::new(lookback, skip))
            }
            _ => {
                let (window, ddof) = Self::ordered(def, whole(0)?, whole(1)?)?;
                match name {
                    "rolling_std" => AnyOperator::RollingStd(RollingStd::new(window, ddof)),
                    _ => AnyOperator::ZScore(ZScore::new(window, ddof)),
                }
            }
        })
    }

    fn read(def: &OperatorDef, place: usize, params: &[(&str, f64)]) -> Result<f64, Problem> {
        let Param { name, min, default, whole, .. } = def.params[place];
        let given = params.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| *value);
        let value = given.or(default).ok_or_else(|| problem(format!("{} needs the parameter '{name}'", def.name)))?;
        let whole_ok = !whole || value.fract().abs() <= 0.0;
        if value >= min && value <= WINDOW_MAX && whole_ok {
            return Ok(value);
        }
        let kind = if whole { "a whole number" } else { "a number" };
        Err(problem(format!("{} of {} is {value}; it must be {kind} from {min} to {WINDOW_MAX}", name, def.name)))
    }

    /// Both values, if the second is below the first.
    fn ordered(def: &OperatorDef, more: usize, less: usize) -> Result<(usize, usize), Problem> {
        if less < more {
            return Ok((more, less));
        }
        let (first, second) = (def.params[0].name, def.params[1].name);
        Err(problem(format!("{second} of {} is {less}; it must be below {first}, {more}", def.name)))
    }
}

fn problem(detail: String) -> Problem {
    Problem::new(code::MODEL_FEATURE, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_of_the_table_is_made_by_its_name() {
        for def in OPERATORS {
            let params: Vec<_> = def.params.iter().map(|p| (p.name, p.default.unwrap_or(3.0))).collect();
            let mut operator = AnyOperator::new(def.name, &params).unwrap();
            assert!(!operator.ready());
            for i in 0..10 {
                operator.update(f64::from(i * i + 1));
            }
            assert!(operator.ready(), "{}", def.name);
            operator.reset();
            assert!(!operator.ready(), "{}", def.name);
        }
    }

    #[test]
    fn each_name_makes_the_operator_it_says() {
        let last = |name, params: &[(&str, f64)]| {
            let mut operator = AnyOperator::new(name, params).unwrap();
            [1.0, 2.0, 4.0].map(|x| operator.update(x))[2]
        };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-15;
        assert!(near(last("return", &[]), 1.0) && near(last("log_return", &[]), 2f64.ln()));
        assert!(near(last("sma", &[("window", 2.0)]), 3.0) && near(last("rolling_sum", &[("window", 2.0)]), 6.0));
        assert!(near(last("ema", &[("span", 3.0)]), 2.75) && near(last("momentum", &[("lookback", 2.0)]), 3.0));
        assert!(near(last("rolling_std", &[("window", 2.0)]), 2f64.sqrt()));
        assert!(near(last("rolling_std", &[("window", 2.0), ("ddof", 0.0)]), 1.0));
        assert!(near(last("zscore", &[("window", 2.0), ("ddof", 0.0)]), 1.0));
        assert!(near(last("volatility", &[("window", 2.0), ("annualise", 4.0)]), 0.0));
        assert!(
            near(last("rolling_max", &[("window", 2.0)]), 4.0) && near(last("rolling_min", &[("window", 2.0)]), 2.0)
        );
    }

    #[test]
    fn a_bad_name_or_parameter_is_a_named_error() {
        for (name, params, says) in [
            ("smaa", &[][..], "not one of"),
            ("sma", &[][..], "needs the parameter 'window'"),
            ("sma", &[("window", 0.0)][..], "from 1"),
            ("sma", &[("window", 2.5)][..], "whole"),
            ("sma", &[("window", f64::NAN)][..], "whole"),
            ("sma", &[("window", 1e12)][..], "to 16777216"),
            ("sma", &[("length", 3.0)][..], "no parameter 'length'"),
            ("momentum", &[("lookback", 3.0), ("skip", 3.0)][..], "below lookback"),
            ("rolling_std", &[("window", 1.0)][..], "below window"),
            ("volatility", &[("window", 5.0), ("annualise", -1.0)][..], "must be a number"),
        ] {
            let problem = AnyOperator::new(name, params).unwrap_err();
            assert_eq!(problem.code, code::MODEL_FEATURE);
            assert!(problem.detail.contains(says), "{problem}");
        }
    }
}
