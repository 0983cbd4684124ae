//! The operators by name, with their parameters: what Python, settings and artifacts call them.

/// A parameter of an operator.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Param {
    /// Name.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Smallest value allowed.
    pub min: f64,
    /// Value when left out; `None` = must be given.
    pub default: Option<f64>,
    /// Whether it counts observations, and so must be whole.
    pub whole: bool,
}

/// An operator by name.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OperatorDef {
    /// Name.
    pub name: &'static str,
    /// What it computes.
    pub doc: &'static str,
    /// Its parameters, in order.
    pub params: &'static [Param],
}

const fn whole(name: &'static str, doc: &'static str, min: f64, default: Option<f64>) -> Param {
    Param { name, doc, min, default, whole: true }
}

const WINDOW: Param = whole("window", "observations in the window", 1.0, None);
const SAMPLE: Param = whole("window", "observations in the window", 2.0, None);
const DDOF: Param = whole("ddof", "taken off the window in the denominator", 0.0, Some(1.0));

/// Every operator.
pub const OPERATORS: &[OperatorDef] = &[
    OperatorDef { name: "return", doc: "simple return of one step", params: &[] },
    OperatorDef { name: "log_return", doc: "logarithmic return of one step", params: &[] },
    OperatorDef { name: "sma", doc: "rolling arithmetic mean", params: &[WINDOW] },
    OperatorDef { name: "rolling_sum", doc: "rolling sum", params: &[WINDOW] },
    OperatorDef {
        name: "ema",
        doc: "exponential moving average, alpha = 2 / (span + 1), recursive form",
        params: &[whole("span", "observations that carry most of the weight", 1.0, None)],
    },
    OperatorDef { name: "rolling_std", doc: "rolling standard deviation", params: &[WINDOW, DDOF] },
    OperatorDef {
        name: "volatility",
        doc: "rolling volatility of simple returns",
        params: &[
            SAMPLE,
            Param {
                name: "annualise",
                doc: "steps in a year, 1 for none",
                min: f64::MIN_POSITIVE,
                default: Some(1.0),
                whole: false,
            },
        ],
    },
    OperatorDef {
        name: "zscore",
        doc: "distance from the rolling mean in standard deviations",
        params: &[WINDOW, DDOF],
    },
    OperatorDef {
        name: "momentum",
        doc: "return over lookback steps that leaves out the last skip",
        params: &[
            whole("lookback", "steps back to the start", 1.0, None),
            whole("skip", "latest steps left out, fewer than lookback", 0.0, Some(0.0)),
        ],
    },
    OperatorDef { name: "rolling_max", doc: "rolling maximum", params: &[WINDOW] },
    OperatorDef { name: "rolling_min", doc: "rolling minimum", params: &[WINDOW] },
];
