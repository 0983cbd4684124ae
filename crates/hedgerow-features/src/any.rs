//! Any operator, made by name: what a strategy registers and the engine updates on every bar without a virtual call.

use crate::table::{Given, OPERATORS, OperatorDef, Param};
use crate::{
    Amihud, Beta, BipowerVariance, BulkBuyShare, Correlation, Covariance, Ema, GarmanKlass, Hawkes, Input, KyleLambda,
    LeeReady, LogReturn, Momentum, Ofi, Operator, Parkinson, QueueImbalance, RealisedVariance, RealisedVol,
    RogersSatchell, RollSpread, RollingKurt, RollingMax, RollingMean, RollingMin, RollingQuantile, RollingSkew,
    RollingStd, RollingSum, RollingVar, RollingVol, SimpleReturn, TickTest, TradeImbalance, Vpin, WeightedMid,
    YangZhang, ZScore,
};
use hedgerow_core::{Problem, code};

macro_rules! any_operator {
    ($($variant:ident),+ $(,)?) => {
        /// One of the operators of [`OPERATORS`].
        #[derive(Clone, Debug)]
        #[allow(missing_docs)]
        pub enum AnyOperator { $($variant($variant),)+ }

        $(impl From<$variant> for AnyOperator {
            fn from(operator: $variant) -> AnyOperator {
                AnyOperator::$variant(operator)
            }
        })+

        impl AnyOperator {
            /// Takes the next observation, one number for each of its inputs, and returns the new value (NaN while it is
            /// not known).
            #[inline]
            pub fn update(&mut self, row: &[f64]) -> f64 {
                match self { $(AnyOperator::$variant(o) => o.update(Input::of_row(row)),)+ }
            }
            /// What the last update returned; NaN before the first.
            #[inline]
            #[must_use]
            pub fn value(&self) -> f64 {
                match self { $(AnyOperator::$variant(o) => o.value(),)+ }
            }
            /// Forgets every observation, as if just made.
            pub fn reset(&mut self) {
                match self { $(AnyOperator::$variant(o) => o.reset(),)+ }
            }
            /// Takes a column for each of its inputs, with the choice of operator made once: `out[i]` is what `update`
            /// would have returned for observation `i`, to the bit. Columns and `out` have one length.
            pub fn batch(&mut self, columns: &[&[f64]], out: &mut [f64]) {
                assert!(columns.iter().all(|c| c.len() == out.len()), "a batch needs one output per observation");
                match self { $(AnyOperator::$variant(o) => o.update_all(columns_of(o, columns), out),)+ }
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
    RollingVar,
    RollingStd,
    RollingSkew,
    RollingKurt,
    RollingVol,
    ZScore,
    Momentum,
    RollingMax,
    RollingMin,
    RollingQuantile,
    Covariance,
    Correlation,
    Beta,
    RealisedVariance,
    RealisedVol,
    BipowerVariance,
    Parkinson,
    GarmanKlass,
    RogersSatchell,
    YangZhang,
    WeightedMid,
    QueueImbalance,
    Ofi,
    TickTest,
    LeeReady,
    BulkBuyShare,
    TradeImbalance,
    Vpin,
    KyleLambda,
    Amihud,
    RollSpread,
    Hawkes,
);

/// The columns as an operator takes them.
fn columns_of<'a, I: Input, O: Operator<I>>(_operator: &O, columns: &[&'a [f64]]) -> I::Columns<'a> {
    I::of_columns(columns)
}

impl AnyOperator {
    /// The operator of this name. Parameters left out take their default; `MODEL_FEATURE` if the name or a parameter is
    /// unknown, missing, out of range or not whole.
    pub fn new(name: &str, params: &[(&str, f64)]) -> Result<AnyOperator, Problem> {
        let def = OperatorDef::named(name)?;
        if let Some((unknown, _)) = params.iter().find(|(given, _)| def.params.iter().all(|p| p.name != *given)) {
            let known: Vec<_> = def.params.iter().map(|p| p.name).collect();
            return Err(problem(format!("{name} has no parameter '{unknown}', it takes [{}]", known.join(", "))));
        }
        let values = def.params.iter().map(|param| read(def, param, params)).collect::<Result<_, _>>()?;
        (def.make)(&Given { def, values })
    }

    /// Whether the value is a number.
    #[must_use]
    pub fn ready(&self) -> bool {
        !self.value().is_nan()
    }
}

impl OperatorDef {
    /// The definition of this name; `MODEL_FEATURE` if there is none.
    pub fn named(name: &str) -> Result<&'static OperatorDef, Problem> {
        OPERATORS.iter().find(|d| d.name == name).ok_or_else(|| {
            let known: Vec<_> = OPERATORS.iter().map(|d| d.name).collect();
            problem(format!("'{name}' is not one of {}", known.join(", ")))
        })
    }
}

fn read(def: &OperatorDef, param: &Param, params: &[(&str, f64)]) -> Result<f64, Problem> {
    let Param { name, min, max, default, whole, .. } = *param;
    let given = params.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| *value);
    let value = given.or(default).ok_or_else(|| problem(format!("{} needs the parameter '{name}'", def.name)))?;
    let whole_ok = !whole || value.fract().abs() <= 0.0;
    if value >= min && value <= max && whole_ok {
        return Ok(value);
    }
    let kind = if whole { "a whole number" } else { "a number" };
    Err(problem(format!("{} of {} is {value}; it must be {kind} from {min} to {max}", name, def.name)))
}

pub(crate) fn problem(detail: String) -> Problem {
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
            // Prices that turn, quotes and bars that can be, times that go on.
            for i in 0..12 {
                let x = f64::from(i);
                let row: Vec<_> = def
                    .inputs
                    .iter()
                    .map(|input| match *input {
                        "high" | "ask_price" => 9.0 + x.sin().abs(),
                        "low" | "bid_price" => 7.0 - x.sin().abs(),
                        "time" => x,
                        _ => 8.0 + (x * x).sin(),
                    })
                    .collect();
                operator.update(&row);
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
            [1.0, 2.0, 4.0].map(|x| operator.update(&[x]))[2]
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
            ("rolling_quantile", &[("window", 5.0), ("q", 1.5)][..], "from 0 to 1"),
            ("hawkes", &[("mu", 1.0), ("alpha", 1.0), ("beta", 0.0)][..], "beta of hawkes is 0"),
        ] {
            let problem = AnyOperator::new(name, params).unwrap_err();
            assert_eq!(problem.code, code::MODEL_FEATURE);
            assert!(problem.detail.contains(says), "{problem}");
        }
    }
}
