//! The operators by name, with what they take and their parameters: what Python, settings and artifacts call them.

use crate::any::{AnyOperator, problem};
use crate::{
    Amihud, Beta, BipowerVariance, BulkBuyShare, Correlation, Covariance, Ema, GarmanKlass, Hawkes, KyleLambda,
    LeeReady, LogReturn, Momentum, Ofi, Parkinson, QueueImbalance, RealisedVariance, RealisedVol, RogersSatchell,
    RollSpread, RollingKurt, RollingMax, RollingMean, RollingMin, RollingQuantile, RollingSkew, RollingStd, RollingSum,
    RollingVar, RollingVol, SimpleReturn, TickTest, TradeImbalance, Vpin, WeightedMid, YangZhang, ZScore,
};
use hedgerow_core::Problem;

/// A parameter of an operator.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Param {
    /// Name.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Smallest value allowed.
    pub min: f64,
    /// Largest value allowed.
    pub max: f64,
    /// Value when left out; `None` = must be given.
    pub default: Option<f64>,
    /// Whether it counts observations, and so must be whole.
    pub whole: bool,
}

/// An operator by name.
#[derive(Clone, Copy, Debug)]
pub struct OperatorDef {
    /// Name.
    pub name: &'static str,
    /// What it computes.
    pub doc: &'static str,
    /// What it takes at once, in order; one name for an operator of any one series.
    pub inputs: &'static [&'static str],
    /// Its parameters, in order.
    pub params: &'static [Param],
    /// Makes one.
    pub make: fn(&Given) -> Result<AnyOperator, Problem>,
}

/// What an operator is made with: a value for each of its parameters, each within its bounds.
pub struct Given {
    /// The operator.
    pub def: &'static OperatorDef,
    /// The values, in order of its parameters.
    pub values: Vec<f64>,
}

impl Given {
    fn whole(&self, place: usize) -> usize {
        self.values[place] as usize
    }

    /// The first two parameters, if the second is below the first.
    fn ordered(&self) -> Result<(usize, usize), Problem> {
        let (more, less) = (self.whole(0), self.whole(1));
        if less < more {
            return Ok((more, less));
        }
        let (first, second) = (self.def.params[0].name, self.def.params[1].name);
        Err(problem(format!("{second} of {} is {less}; it must be below {first}, {more}", self.def.name)))
    }
}

/// Longest window: 16 million observations, so that a slip of the keyboard is an error and not an empty machine.
const WINDOW_MAX: f64 = 16_777_216.0;

const fn whole(name: &'static str, doc: &'static str, min: f64, default: Option<f64>) -> Param {
    Param { name, doc, min, max: WINDOW_MAX, default, whole: true }
}

const fn number(name: &'static str, doc: &'static str, min: f64, max: f64, default: Option<f64>) -> Param {
    Param { name, doc, min, max, default, whole: false }
}

const WINDOW: Param = whole("window", "observations in the window", 1.0, None);
const SAMPLE: Param = whole("window", "observations in the window", 2.0, None);
const DDOF: Param = whole("ddof", "taken off the window in the denominator", 0.0, Some(1.0));
const ANNUALISE: Param = number("annualise", "steps in a year, 1 for none", f64::MIN_POSITIVE, WINDOW_MAX, Some(1.0));
const SWITCH: Param = Param { max: 1.0, ..whole("normalise", "1 for a share of all volume", 0.0, Some(0.0)) };
const SKIP: Param = whole("skip", "latest steps left out, fewer than lookback", 0.0, Some(0.0));
const MANY: f64 = 1e18;

const X: &[&str] = &["x"];
const PRICE: &[&str] = &["price"];
const PAIR: &[&str] = &["y", "x"];
const QUOTE: &[&str] = &["bid_price", "bid_size", "ask_price", "ask_size"];
const BAR: &[&str] = &["open", "high", "low", "close"];

type Make = fn(&Given) -> Result<AnyOperator, Problem>;

const fn row(
    name: &'static str,
    doc: &'static str,
    inputs: &'static [&'static str],
    params: &'static [Param],
    make: Make,
) -> OperatorDef {
    OperatorDef { name, doc, inputs, params, make }
}

/// Every operator.
pub const OPERATORS: &[OperatorDef] = &[
    row("return", "simple return of one step", X, &[], |_| Ok(SimpleReturn::new().into())),
    row("log_return", "logarithmic return of one step", X, &[], |_| Ok(LogReturn::new().into())),
    row("sma", "rolling arithmetic mean", X, &[WINDOW], |p| Ok(RollingMean::new(p.whole(0)).into())),
    row("rolling_sum", "rolling sum", X, &[WINDOW], |p| Ok(RollingSum::new(p.whole(0)).into())),
    row(
        "ema",
        "exponential moving average, alpha = 2 / (span + 1), recursive form",
        X,
        &[whole("span", "observations that carry most of the weight", 1.0, None)],
        |p| Ok(Ema::new(p.whole(0)).into()),
    ),
    row("rolling_var", "rolling variance", X, &[WINDOW, DDOF], |p| {
        p.ordered().map(|(window, ddof)| RollingVar::new(window, ddof).into())
    }),
    row("rolling_std", "rolling standard deviation", X, &[WINDOW, DDOF], |p| {
        p.ordered().map(|(window, ddof)| RollingStd::new(window, ddof).into())
    }),
    row("rolling_skew", "rolling skewness, population moments", X, &[SAMPLE], |p| {
        Ok(RollingSkew::new(p.whole(0)).into())
    }),
    row("rolling_kurt", "rolling kurtosis, raw (3 for the normal law), population moments", X, &[SAMPLE], |p| {
        Ok(RollingKurt::new(p.whole(0)).into())
    }),
    row("volatility", "rolling volatility of simple returns", X, &[SAMPLE, ANNUALISE], |p| {
        Ok(RollingVol::new(p.whole(0), p.values[1]).into())
    }),
    row("zscore", "distance from the rolling mean in standard deviations", X, &[WINDOW, DDOF], |p| {
        p.ordered().map(|(window, ddof)| ZScore::new(window, ddof).into())
    }),
    row(
        "momentum",
        "return over lookback steps that leaves out the last skip",
        X,
        &[whole("lookback", "steps back to the start", 1.0, None), SKIP],
        |p| p.ordered().map(|(lookback, skip)| Momentum::new(lookback, skip).into()),
    ),
    row("rolling_max", "rolling maximum", X, &[WINDOW], |p| Ok(RollingMax::new(p.whole(0)).into())),
    row("rolling_min", "rolling minimum", X, &[WINDOW], |p| Ok(RollingMin::new(p.whole(0)).into())),
    row(
        "rolling_quantile",
        "rolling quantile, interpolated (type 7)",
        X,
        &[WINDOW, number("q", "share of the window below, 0.5 for the median", 0.0, 1.0, Some(0.5))],
        |p| Ok(RollingQuantile::new(p.whole(0), p.values[1]).into()),
    ),
    row("covariance", "rolling covariance", PAIR, &[WINDOW, DDOF], |p| {
        p.ordered().map(|(window, ddof)| Covariance::new(window, ddof).into())
    }),
    row("correlation", "rolling correlation", PAIR, &[SAMPLE], |p| Ok(Correlation::new(p.whole(0)).into())),
    row("beta", "rolling slope of y on x, with an intercept", PAIR, &[SAMPLE], |p| Ok(Beta::new(p.whole(0)).into())),
    row("realised_variance", "sum of squared log returns", PRICE, &[WINDOW], |p| {
        Ok(RealisedVariance::new(p.whole(0)).into())
    }),
    row("realised_volatility", "root of the mean squared log return", PRICE, &[WINDOW, ANNUALISE], |p| {
        Ok(RealisedVol::new(p.whole(0), p.values[1]).into())
    }),
    row("bipower_variance", "realised variance that jumps do not move", PRICE, &[SAMPLE], |p| {
        Ok(BipowerVariance::new(p.whole(0)).into())
    }),
    row("parkinson", "volatility from high and low", &["high", "low"], &[WINDOW, ANNUALISE], |p| {
        Ok(Parkinson::new(p.whole(0), p.values[1]).into())
    }),
    row("garman_klass", "volatility from open, high, low, close", BAR, &[WINDOW, ANNUALISE], |p| {
        Ok(GarmanKlass::new(p.whole(0), p.values[1]).into())
    }),
    row("rogers_satchell", "volatility from bars, whatever the drift", BAR, &[WINDOW, ANNUALISE], |p| {
        Ok(RogersSatchell::new(p.whole(0), p.values[1]).into())
    }),
    row("yang_zhang", "volatility from bars, whatever drift and gaps", BAR, &[SAMPLE, ANNUALISE], |p| {
        Ok(YangZhang::new(p.whole(0), p.values[1]).into())
    }),
    row("weighted_mid", "both prices, weighted with the size opposite", QUOTE, &[], |_| Ok(WeightedMid::new().into())),
    row("queue_imbalance", "(bid - ask) / (bid + ask) of the sizes", &["bid_size", "ask_size"], &[], |_| {
        Ok(QueueImbalance::new().into())
    }),
    row(
        "ofi",
        "order flow imbalance of the best quotes",
        QUOTE,
        &[whole("window", "changes summed", 1.0, Some(1.0))],
        |p| Ok(Ofi::new(p.whole(0)).into()),
    ),
    row("tick_test", "side of each trade by the last change of price", PRICE, &[], |_| Ok(TickTest::new().into())),
    row(
        "lee_ready",
        "side of each trade by the quote, at its middle by the tick test",
        &["price", "bid_price", "ask_price"],
        &[whole("lag", "trades between the quote and the trade", 0.0, Some(0.0))],
        |p| Ok(LeeReady::new(p.whole(0)).into()),
    ),
    row("bulk_buy_share", "share of a bar's volume that buyers began", &["change"], &[SAMPLE], |p| {
        Ok(BulkBuyShare::new(p.whole(0)).into())
    }),
    row("trade_imbalance", "buyers' less sellers' volume", &["side", "volume"], &[WINDOW, SWITCH], |p| {
        Ok(TradeImbalance::new(p.whole(0), p.whole(1) == 1).into())
    }),
    row(
        "vpin",
        "one-sidedness of the last volume buckets",
        &["buy_volume", "sell_volume"],
        &[
            number("bucket", "volume of a bucket", f64::MIN_POSITIVE, MANY, None),
            whole("buckets", "buckets in the mean", 1.0, Some(50.0)),
        ],
        |p| Ok(Vpin::new(p.values[0], p.whole(1)).into()),
    ),
    row("kyle_lambda", "price change per signed volume", &["price", "signed_volume"], &[SAMPLE], |p| {
        Ok(KyleLambda::new(p.whole(0)).into())
    }),
    row(
        "amihud",
        "mean absolute return per traded value",
        &["return", "traded_value"],
        &[WINDOW, number("scale", "what the mean is multiplied with", f64::MIN_POSITIVE, MANY, Some(1e6))],
        |p| Ok(Amihud::new(p.whole(0), p.values[1]).into()),
    ),
    row(
        "roll_spread",
        "spread from the bounce of prices",
        PRICE,
        &[SAMPLE],
        |p| Ok(RollSpread::new(p.whole(0)).into()),
    ),
    row(
        "hawkes",
        "intensity of a self-exciting process",
        &["time", "events"],
        &[
            number("mu", "base rate", 0.0, MANY, None),
            number("alpha", "jump at an event", 0.0, MANY, None),
            number("beta", "decay", f64::MIN_POSITIVE, MANY, None),
        ],
        |p| Ok(Hawkes::new(p.values[0], p.values[1], p.values[2]).into()),
    ),
];
