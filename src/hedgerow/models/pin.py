"""PIN, the probability of informed trading, by the likelihood of Easley, Kiefer, O'Hara and Paperman.

Promises: the likelihood is that of the mixture, factorials included, computed from logarithms so that no count of
trades overflows; the estimate is the best of many starts, the same at every call. Never: an order imbalance or a
cluster count under the name of PIN.

Source: Easley, Kiefer, O'Hara and Paperman, Liquidity, Information, and Infrequently Traded Stocks, Journal of Finance
51(4), 1996; starts as in Yan and Zhang, An Improved Estimation Method and Empirical Properties of the Probability of
Informed Trading, Journal of Banking and Finance 36(2), 2012.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

GRID = (0.1, 0.3, 0.5, 0.7, 0.9)
# Starts that are followed to their end: the most likely ones of the grid.
STARTS = 12
DAYS_MIN = 5


@dataclass(frozen=True, kw_only=True)
class PinModel:
    """Parameters of the mixture: how often there is news, how often it is bad, and how many trade.

    alpha: probability of news on a day. delta: that news is bad. mu: informed trades on a day with news. eps_buy,
    eps_sell: uninformed trades a day. log_likelihood: of `days` days, factorials included.
    """

    alpha: float
    delta: float
    mu: float
    eps_buy: float
    eps_sell: float
    log_likelihood: float
    days: int

    @property
    def pin(self) -> float:
        """Share of all trades that are informed: `alpha mu / (alpha mu + eps_buy + eps_sell)`."""
        informed = self.alpha * self.mu
        return informed / (informed + self.eps_buy + self.eps_sell)


def pin(buys: ArrayLike, sells: ArrayLike) -> PinModel:
    """Estimate PIN from the number of buyers' and sellers' trades of each day.

    buys, sells: whole numbers, one a day, of at least five days. Raises MODEL_SHAPE, MODEL_FEATURE for what are not
    counts, MODEL_TOO_FEW_ROWS, OPT_SOLVER if no start comes to an end, MODEL_MISSING_EXTRA without SciPy.

    >>> quiet, news = np.full(30, 100), np.full(10, 400)
    >>> model = pin(np.concatenate([quiet, news]), np.concatenate([quiet, quiet[:10]]))
    >>> round(model.alpha, 2), round(model.delta, 2), round(model.mu), round(model.pin, 3)
    (0.25, 0.0, 300, 0.273)
    """
    try:
        from scipy.optimize import minimize
    except ModuleNotFoundError:
        raise problem("MODEL_MISSING_EXTRA", "scipy: pip install 'hedgerow[research]'") from None
    bought, sold = _counts(buys, sells)
    constant = _factorials(bought, sold)
    scale = float(len(bought) * max(bought.mean() + sold.mean(), 1.0))

    def loss(free: FloatArray) -> tuple[float, FloatArray]:
        value, slope = _value_and_slope(_bounded(free), bought, sold)
        return -value / scale, -slope / scale

    ends = [
        minimize(
            loss, _free(start), jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-12, "maxiter": 2_000}
        )
        for start in _starts(bought, sold)
    ]
    best = min((end for end in ends if np.isfinite(end.fun)), key=lambda end: float(end.fun), default=None)
    if best is None:
        raise problem("OPT_SOLVER", f"{len(ends)} starts, none ended at a likelihood")
    alpha, delta, mu, eps_buy, eps_sell = map(float, _bounded(best.x))
    return PinModel(
        alpha=alpha,
        delta=delta,
        mu=mu,
        eps_buy=eps_buy,
        eps_sell=eps_sell,
        log_likelihood=-float(best.fun) * scale - constant,
        days=len(bought),
    )


def pin_log_likelihood(
    buys: ArrayLike, sells: ArrayLike, *, alpha: float, delta: float, mu: float, eps_buy: float, eps_sell: float
) -> float:
    """Log-likelihood of the mixture of days without news, with bad and with good news; factorials included.

    Each day's is `log(sum of exp)` of the logarithms of its three parts, which Lin and Ke (Journal of Financial Markets
    14(4), 2011) and Easley, Hvidkjaer and O'Hara (2010) reach by factorising; products of Poisson probabilities
    overflow from about 150 trades a day. Raises as `pin`, and MODEL_FEATURE for parameters out of range.

    >>> parameters = dict(alpha=0.5, delta=0.5, mu=50.0, eps_buy=100.0, eps_sell=100.0)
    >>> round(pin_log_likelihood([100], [100], **parameters), 6)
    -7.137783
    """
    if not (0 <= alpha <= 1 and 0 <= delta <= 1 and mu >= 0 and eps_buy > 0 and eps_sell > 0):
        seen = f"alpha {alpha}, delta {delta}, mu {mu}, eps_buy {eps_buy}, eps_sell {eps_sell}"
        raise problem("MODEL_FEATURE", f"{seen}; probabilities lie from 0 to 1, rates above 0")
    bought, sold = _counts(buys, sells, at_least=1)
    parts = _parts(np.array([alpha, delta, mu, eps_buy, eps_sell]), bought, sold)
    return float(np.logaddexp.reduce(parts, axis=0).sum()) - _factorials(bought, sold)


def _parts(theta: FloatArray, bought: FloatArray, sold: FloatArray) -> FloatArray:
    """Logarithms of the likelihood's parts (3 x days), without factorials: no news, bad, good."""
    alpha, delta, mu, eps_buy, eps_sell = theta
    with np.errstate(divide="ignore"):
        weights = np.log([1 - alpha, alpha * delta, alpha * (1 - delta)])
    buy_rates = np.array([eps_buy, eps_buy, eps_buy + mu])[:, np.newaxis]
    sell_rates = np.array([eps_sell, eps_sell + mu, eps_sell])[:, np.newaxis]
    counts: FloatArray = bought * np.log(buy_rates) - buy_rates + sold * np.log(sell_rates) - sell_rates
    return counts + weights[:, np.newaxis]


def _value_and_slope(theta: FloatArray, bought: FloatArray, sold: FloatArray) -> tuple[float, FloatArray]:
    """Log-likelihood without factorials, and its slope along the free parameters."""
    alpha, delta, mu, eps_buy, eps_sell = theta
    parts = _parts(theta, bought, sold)
    total = np.logaddexp.reduce(parts, axis=0)
    quiet, bad, good = np.exp(parts - total)
    informed_sell = (bad * (sold / (eps_sell + mu) - 1)).sum()
    informed_buy = (good * (bought / (eps_buy + mu) - 1)).sum()
    slope = np.array(
        [
            (bad + good).sum() * (1 - alpha) - quiet.sum() * alpha,
            bad.sum() * (1 - delta) - good.sum() * delta,
            mu * (informed_sell + informed_buy),
            eps_buy * (((quiet + bad) * (bought / eps_buy - 1)).sum() + informed_buy),
            eps_sell * (((quiet + good) * (sold / eps_sell - 1)).sum() + informed_sell),
        ]
    )
    return float(total.sum()), slope


def _bounded(free: FloatArray) -> FloatArray:
    """Probabilities from their logits, rates from their logarithms."""
    free = np.clip(free, -30, 30)
    return np.concatenate([1 / (1 + np.exp(-free[:2])), np.exp(free[2:])])


def _free(theta: FloatArray) -> FloatArray:
    return np.concatenate([np.log(theta[:2] / (1 - theta[:2])), np.log(theta[2:])])


def _starts(bought: FloatArray, sold: FloatArray) -> list[FloatArray]:
    """The most likely points of a grid on which the means are those of the days."""
    mean_buy, mean_sell = max(bought.mean(), 0.5), max(sold.mean(), 0.5)
    points = []
    for alpha, delta, share in itertools.product(GRID, GRID, GRID):
        eps_buy = share * mean_buy
        mu = (mean_buy - eps_buy) / (alpha * (1 - delta))
        eps_sell = mean_sell - alpha * delta * mu
        if eps_sell > 0:
            points.append(np.array([alpha, delta, mu, eps_buy, eps_sell]))
    return sorted(points, key=lambda theta: -_value_and_slope(theta, bought, sold)[0])[:STARTS]


def _factorials(bought: FloatArray, sold: FloatArray) -> float:
    return sum(math.lgamma(count + 1) for count in [*bought.tolist(), *sold.tolist()])


def _counts(buys: Any, sells: Any, at_least: int = DAYS_MIN) -> tuple[FloatArray, FloatArray]:
    """Both columns as floats, if they are counts of the same days."""
    both = [np.asarray(side, dtype=np.float64) for side in (buys, sells)]
    if both[0].ndim != 1 or both[0].shape != both[1].shape:
        raise problem("MODEL_SHAPE", f"buys {both[0].shape}, sells {both[1].shape}; one number a day each")
    if len(both[0]) < at_least:
        raise problem("MODEL_TOO_FEW_ROWS", f"{len(both[0])} days, at least {at_least} are wanted")
    for name, side in zip(("buys", "sells"), both, strict=True):
        bad = ~((side >= 0) & (side == np.floor(side)) & (side < np.inf))
        if bad.any():
            day = int(np.argmax(bad))
            raise problem("MODEL_FEATURE", f"{name} of day {day} is {side[day]}; counts are whole and not negative")
    return both[0], both[1]
