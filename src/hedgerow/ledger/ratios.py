"""Ratios of return to risk, per period and from returns: Sharpe, Sortino, their honest errors and their annualisation.

Promises: every figure is per period unless its name says otherwise; a ratio without a denominator is `None`, never
infinite; kurtosis is the raw fourth moment (normal = 3). Never: a guess at how many configurations were tried.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

NORMAL = NormalDist()
EULER_GAMMA = 0.577215664901532860606512090082
# A ratio of two net asset values near 1 is known to about this much; a smaller spread of returns is rounding.
RESOLUTION = 8 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Shape:
    """How returns are spread: how many, their mean, their deviation (n - 1), skewness and raw kurtosis.

    `None` where there are too few (two, for skewness and kurtosis four) or they do not differ.
    """

    count: int
    mean: float | None
    deviation: float | None
    skew: float | None
    kurtosis: float | None

    @property
    def sharpe(self) -> float | None:
        """Mean over deviation: of excess returns, the Sharpe ratio per period."""
        return None if self.deviation is None or self.mean is None else self.mean / self.deviation


def shape(returns: ArrayLike) -> Shape:
    """What `sharpe` and `moments` say, worked out once, to the bit.

    >>> of = shape([0.02, -0.01, 0.03, 0.0])
    >>> (of.sharpe, (of.skew, of.kurtosis)) == (sharpe([0.02, -0.01, 0.03, 0.0]), moments([0.02, -0.01, 0.03, 0.0]))
    True
    """
    values = _floats(returns)
    count = values.size
    if count < 2:
        return Shape(count, float(values[0]) if count else None, None, None, None)
    mean = np.add.reduce(values) / count
    centred = values - mean
    squares = float(np.add.reduce(centred * centred))
    deviation = math.sqrt(squares / (count - 1))
    if deviation <= RESOLUTION:
        return Shape(count, float(mean), None, None, None)
    if count < 4:
        return Shape(count, float(mean), deviation, None, None)
    z = centred / math.sqrt(squares / count)
    skew, kurtosis = (float(np.add.reduce(z**power) / count) for power in (3, 4))
    return Shape(count, float(mean), deviation, skew, kurtosis)


def spread(returns: ArrayLike) -> float | None:
    """Standard deviation of returns with n - 1, or `None` if there are too few or they do not differ.

    >>> spread([0.01, 0.01, 0.01]) is None
    True
    """
    values = _floats(returns)
    if values.size < 2:
        return None
    deviation = float(values.std(ddof=1))
    return deviation if deviation > RESOLUTION else None


def co_movement(returns: ArrayLike, market: ArrayLike) -> tuple[float | None, float | None]:
    """Correlation of returns with a market's, and beta, their slope on it; `None` where either does not vary.

    >>> [round(number, 9) for number in co_movement([0.02, -0.02, 0.04], [0.01, -0.01, 0.02])]
    [1.0, 2.0]
    >>> co_movement([0.01, 0.01], [0.01, -0.01])
    (None, 0.0)
    """
    own, theirs = spread(returns), spread(market)
    if theirs is None:
        return None, None
    covariance = float(np.cov(_floats(returns), _floats(market))[0, 1])
    return (None if own is None else covariance / own / theirs), covariance / theirs**2


def sharpe(returns: ArrayLike, risk_free: ArrayLike = 0.0) -> float | None:
    """Sharpe ratio per period: mean over standard deviation (n - 1) of the returns in excess of the risk-free.

    returns: one per period. risk_free: one number, or one per period. The deviation is that of the *excess* return.
    Source: Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21(1), 1994.

    >>> round(sharpe([0.02, -0.01, 0.03, 0.0]), 4)
    0.5477
    """
    return shape(_floats(returns) - _floats(risk_free)).sharpe


def downside_deviation(returns: ArrayLike, minimum: ArrayLike = 0.0) -> float | None:
    """Root of the mean squared shortfall below `minimum`, over *all* periods; `None` without returns.

    Source: Sortino and Price, Performance Measurement in a Downside Risk Framework, Journal of Investing 3(3), 1994.

    >>> round(downside_deviation([0.03, -0.01, 0.02, -0.02]), 6)
    0.01118
    """
    shortfall = np.minimum(_floats(returns) - _floats(minimum), 0.0)
    return float(np.sqrt(np.mean(shortfall**2))) if shortfall.size else None


def sortino(returns: ArrayLike, minimum: ArrayLike = 0.0) -> float | None:
    """Sortino ratio per period: mean return in excess of `minimum` over the downside deviation from it.

    `None` if no return fell short. The deviation counts every period, not only the losing ones. Source: as
    `downside_deviation`.

    >>> round(sortino([0.03, -0.01, 0.02, -0.02]), 4)
    0.4472
    """
    excess = _floats(returns) - _floats(minimum)
    deviation = downside_deviation(excess)
    return float(excess.mean()) / deviation if deviation is not None and deviation > RESOLUTION else None


def moments(returns: ArrayLike) -> tuple[float, float] | None:
    """Skewness and raw kurtosis (normal: 0 and 3) from population moments; `None` with fewer than four returns.

    >>> skew, kurtosis = moments([-1.0, 0.0, 0.0, 1.0])
    >>> round(skew, 9), round(kurtosis, 9)
    (0.0, 2.0)
    """
    of = shape(returns)
    return None if of.skew is None or of.kurtosis is None else (of.skew, of.kurtosis)


def probabilistic_sharpe(
    sharpe_ratio: float, periods: int, *, skew: float, kurtosis: float, against: float = 0.0
) -> float | None:
    """Probability that the true Sharpe ratio exceeds `against`, given its estimate; all per period, kurtosis raw.

    `None` if the estimate's variance is not positive. Source: Bailey and Lopez de Prado, The Sharpe Ratio Efficient
    Frontier, Journal of Risk 15(2), 2012, eq. 10.

    >>> round(probabilistic_sharpe(0.458, 24, skew=-2.448, kurtosis=10.164), 3)
    0.913
    """
    variance = _sharpe_variance(sharpe_ratio, skew, kurtosis)
    if periods < 2 or variance <= 0:
        return None
    return NORMAL.cdf((sharpe_ratio - against) * math.sqrt((periods - 1) / variance))


def minimum_track_record(
    sharpe_ratio: float, *, skew: float, kurtosis: float, against: float = 0.0, confidence: float = 0.95
) -> float | None:
    """Periods needed to say with `confidence` that the true Sharpe ratio exceeds `against`; `None` if it does not.

    Source: as `probabilistic_sharpe`, eq. 13.

    >>> round(minimum_track_record(2 / 12**0.5, skew=-0.72, kurtosis=5.78, against=1 / 12**0.5), 3)
    59.895
    """
    if sharpe_ratio <= against:
        return None
    variance = _sharpe_variance(sharpe_ratio, skew, kurtosis)
    return 1 + variance * (NORMAL.inv_cdf(confidence) / (sharpe_ratio - against)) ** 2


def expected_best_sharpe(trials: int, variance: float) -> float:
    """The Sharpe ratio that the best of `trials` worthless strategies is expected to show; per period.

    variance: of the Sharpe ratios over the trials, per period (an annual one divided by the periods of a year).
    Source: Bailey and Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), 2014, eq. 1.
    Raises RUN_CONFIG for fewer than two trials: one trial has no best.

    >>> round(expected_best_sharpe(100, 0.5 / 250), 4)
    0.1132
    """
    if trials < 2 or variance < 0:
        raise problem("RUN_CONFIG", f"{trials} trials with variance {variance}; at least 2 trials, variance at least 0")
    first, second = NORMAL.inv_cdf(1 - 1 / trials), NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(variance) * ((1 - EULER_GAMMA) * first + EULER_GAMMA * second)


def minimum_backtest_length(trials: int, sharpe_year: float = 1.0) -> float | None:
    """Years below which the best of `trials` worthless strategies is expected to show a yearly Sharpe ratio this high.

    `None` where the ratio is not positive. Source: Bailey, Borwein, Lopez de Prado and Zhu, Pseudo-Mathematics and
    Financial Charlatanism, Notices of the AMS 61(5), 2014, eq. 6, without the bound's slack. Raises RUN_CONFIG for
    fewer than two trials.

    >>> round(minimum_backtest_length(45), 1), round(minimum_backtest_length(45, sharpe_year=2.0), 1)
    (5.0, 1.2)
    """
    best = expected_best_sharpe(trials, 1.0)
    return (best / sharpe_year) ** 2 if sharpe_year > 0 else None


def deflated_sharpe(
    sharpe_ratio: float, periods: int, *, skew: float, kurtosis: float, trials: int, variance: float
) -> float | None:
    """Probability that the true Sharpe ratio exceeds what the best of all `trials` would show by luck.

    All per period, kurtosis raw; `variance` as in `expected_best_sharpe`. Source: as there, eq. 2.

    >>> daily = 2.5 / 250**0.5
    >>> round(deflated_sharpe(daily, 1250, skew=-3, kurtosis=10, trials=100, variance=0.5 / 250), 4)
    0.9004
    """
    luck = expected_best_sharpe(trials, variance)
    return probabilistic_sharpe(sharpe_ratio, periods, skew=skew, kurtosis=kurtosis, against=luck)


def kelly(returns: ArrayLike, risk_free: ArrayLike = 0.0, *, fraction: float = 0.5) -> float | None:
    """Capital at risk, as a multiple of wealth, that grows it fastest, times a `fraction`: half of it by default.

    Mean over variance of the returns in *excess* of the risk-free; full Kelly is never a target, because the mean is an
    estimate. Source: Thorp, The Kelly Criterion in Blackjack, Sports Betting and the Stock Market, 2006, eq. 7.
    Raises RUN_CONFIG unless 0 < fraction <= 1.

    >>> round(kelly([0.02, -0.01, 0.03, 0.0]), 2)
    15.0
    """
    if not 0 < fraction <= 1:
        raise problem("RUN_CONFIG", f"fraction {fraction} of Kelly; above 0, at most 1")
    excess = _floats(returns) - _floats(risk_free)
    deviation = spread(excess)
    return None if deviation is None else fraction * float(excess.mean()) / deviation**2


def lags_for(periods: int) -> int:
    """How many autocorrelations a sample carries: `4 (n / 100)^(2/9)`, rounded down.

    Source: Newey and West, Automatic Lag Selection in Covariance Matrix Estimation, Review of Economic Studies 61(4),
    1994.

    >>> lags_for(100), lags_for(2520)
    (4, 8)
    """
    return int(4 * (periods / 100) ** (2 / 9))


def autocorrelation(returns: ArrayLike, lag: int = 1) -> float | None:
    """Correlation of returns with those `lag` periods before; `None` if there are too few or they do not differ.

    >>> round(autocorrelation([0.01, -0.01] * 10), 2)
    -0.95
    """
    values = _floats(returns)
    if values.size <= lag or spread(values) is None:
        return None
    centred = values - values.mean()
    return float(centred[lag:] @ centred[:-lag]) / float(centred @ centred)


def annual_factor(returns: ArrayLike, periods_per_year: int, lags: int) -> float | None:
    """What to multiply a Sharpe ratio per period with to annualise it when returns are autocorrelated.

    Without autocorrelation this is the square root of `periods_per_year`. Autocorrelations up to `lags` are
    estimated, later ones taken as zero. `None` if they leave no positive variance.
    Source: Lo, The Statistics of Sharpe Ratios, Financial Analysts Journal 58(4), 2002, eq. 20.

    >>> trending = [0.03, 0.02, 0.02, 0.01, -0.01, -0.02, -0.02, -0.03, 0.0, 0.01]
    >>> round(annual_factor(trending, 12, lags=1), 2), round(annual_factor(trending, 12, lags=0), 2)
    (2.36, 3.46)
    """
    values, q = _floats(returns), periods_per_year
    if not 0 <= lags < min(q, values.size):
        raise problem("RUN_CONFIG", f"{lags} lags; at least 0 and fewer than {min(q, values.size)}")
    centred = values - values.mean()
    total = float(centred @ centred)
    if spread(values) is None:
        return None
    weights = ((q - k) * float(centred[k:] @ centred[:-k]) / total for k in range(1, lags + 1))
    variance = q + 2 * sum(weights)
    return q / math.sqrt(variance) if variance > 0 else None


def _sharpe_variance(sharpe_ratio: float, skew: float, kurtosis: float) -> float:
    return 1 - skew * sharpe_ratio + (kurtosis - 1) / 4 * sharpe_ratio**2


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
