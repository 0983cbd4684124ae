"""Stylised facts of returns and order flow: what every real market shows, and a simulated one must.

Promises: each fact is one figure with the rule it was judged by; what a sample cannot carry is not judged (`holds` is
`None`, and the reason is said). Never: a verdict about a market as a whole.
Sources: Cont, Empirical properties of asset returns, Quantitative Finance 1, 2001 (its numbers 1 to 11); Hill (1975);
Lillo & Farmer (2004); Gould & Bonart (2016).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

RETURNS_MIN = 500
"""Fewest returns that are judged at all: the error of an autocorrelation is then 0.045."""
_SURE = 3.0
"""Standard errors that a figure lies from what it would be by chance: one false alarm in some hundreds."""
_LAGS = 20
_LONG_LAGS = 100
_TAIL_SHARE = 0.01
_COARSE = 5
"""Steps of a coarse move: a week of days."""


@dataclass(frozen=True)
class Fact:
    """One fact: its figure, the rule, and whether it holds; `None` where the sample cannot say."""

    name: str
    value: float
    rule: str
    holds: bool | None


@dataclass(frozen=True)
class StylisedFacts:
    """The facts of one market, in Cont's order."""

    facts: tuple[Fact, ...]

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts)

    def __getitem__(self, name: str) -> Fact:
        for fact in self.facts:
            if fact.name == name:
                return fact
        raise problem("RUN_CONFIG", f"{name!r} is no fact here; {', '.join(fact.name for fact in self.facts)}")

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the facts that do not hold."""
        return tuple(fact.name for fact in self.facts if fact.holds is False)

    def table(self) -> pd.DataFrame:
        """One row a fact."""
        import pandas as pd

        return pd.DataFrame([vars(fact) for fact in self.facts])


def stylised_facts(returns: ArrayLike, volumes: ArrayLike | None = None) -> StylisedFacts:
    """Cont's eleven facts of a series of returns at equal steps of time, oldest first.

    returns: at least 500, finite. volumes: traded in each step; without them their correlation with volatility is not
    judged. A leverage effect and an asymmetry of gains and losses are facts of shares and indices, not of currencies.
    Raises RUN_NUMBER for too few, or for numbers that are not finite.

    >>> walk = np.random.default_rng(1).normal(size=5_000)
    >>> "volatility clustering" in stylised_facts(walk).failed
    True
    """
    r = _series("returns", returns, RETURNS_MIN)
    n, absolute, squared = r.size, np.abs(r), r**2
    kurtosis, error = _kurtosis(r), math.sqrt(24 / n)
    beyond = _beyond_chance(r)
    index = tail_index(r) if n * _TAIL_SHARE >= 50 else math.nan
    steps = max(5, min(50, n // 100))
    sums = r[: n // steps * steps].reshape(-1, steps).sum(axis=1)
    gaussian = (_kurtosis(sums) - 3) / (kurtosis - 3) if kurtosis - 3 > _SURE * error else math.nan
    clusters = autocorrelation(squared, 10)
    slow = _slow_decay(absolute)
    shocks = float(np.mean([_correlation(r[:-k], squared[k:]) for k in range(1, 11)]))
    residual = _kurtosis(_filtered(r)) if n >= 1_000 else math.nan
    traded = math.nan if volumes is None else _correlation(absolute, _series("volumes", volumes, n, exactly=True))
    bursts = _bursts(absolute)
    scales = _scales(r)
    return StylisedFacts(
        (
            _fact("no autocorrelation", beyond, "at most 3 of 20 lags beyond 2 robust errors", beyond <= 3),
            _fact("heavy tails", kurtosis, f"kurtosis above 3 by {_SURE:g} errors", kurtosis > 3 + _SURE * error),
            _fact("tail index", index, "Hill's index of the largest 1 % from 2 to 5", 2 <= index <= 5),
            _fact(
                "gain/loss asymmetry", skew := _skew(r), "skewness below 0 (shares, indices)", skew < -_SURE * error / 2
            ),
            _fact(
                "aggregational Gaussianity", gaussian, f"excess kurtosis at {steps} steps below half", gaussian < 0.5
            ),
            _fact("intermittency", bursts, "variance over mean of counts of large moves above 1.5", bursts > 1.5),
            _fact(
                "volatility clustering",
                float(clusters.mean()),
                f"mean autocorrelation of squares, 10 lags, above {_SURE:g} errors",
                bool(clusters.mean() > _SURE / math.sqrt(10 * n)),
            ),
            _fact(
                "conditional heavy tails",
                residual,
                f"kurtosis after a GARCH filter above 3 by {_SURE:g} errors",
                residual > 3 + _SURE * error,
            ),
            _fact(
                "slow decay", slow, "autocorrelation of sizes falls as a power of the lag from 0 to 0.6", 0 < slow < 0.6
            ),
            _fact(
                "leverage effect",
                shocks,
                "moves correlate negatively with later squares (shares, indices)",
                shocks < -_SURE / math.sqrt(10 * n),
            ),
            _fact("volume and volatility", traded, "sizes and volumes correlate", traded > _SURE / math.sqrt(n)),
            _fact(
                "asymmetry of time scales",
                scales,
                "coarse volatility foretells fine better than the reverse, by 1.5 errors",
                scales > 1.5 * math.sqrt(2 * _COARSE / n),
            ),
        )
    )


def order_flow_facts(
    signs: ArrayLike,
    times_ns: ArrayLike,
    *,
    adds: int | None = None,
    cancels: int | None = None,
    imbalance: ArrayLike | None = None,
    next_move: ArrayLike | None = None,
) -> StylisedFacts:
    """Facts of order flow: long memory of signs, arrivals in bursts, cancels, and what the queues foretell.

    signs: +1 or -1 of each market order, at least 500. times_ns: of each, UTC nanoseconds. adds, cancels: limit orders
    that entered, and that left without a trade. imbalance, next_move: `(bid - ask) / (bid + ask)` sizes at some
    moments, and the sign of the next move of the mid. Raises RUN_NUMBER for what cannot be judged.
    """
    sign = _series("signs", signs, RETURNS_MIN)
    times = _series("times_ns", times_ns, sign.size, exactly=True)
    memory = _power(autocorrelation(sign, _LONG_LAGS))
    span = times[-1] - times[0]
    if span <= 0 or (np.diff(times) < 0).any():
        raise problem("RUN_NUMBER", "times_ns go back, or are all the same")
    counts = np.histogram(times, bins=max(10, sign.size // 50))[0].astype(np.float64)
    fano = float(counts.var() / counts.mean())
    left = math.nan if adds is None or cancels is None or adds == 0 else cancels / adds
    foretold = math.nan
    if imbalance is not None and next_move is not None:
        queues = _series("imbalance", imbalance, 100)
        foretold = _correlation(queues, _series("next_move", next_move, queues.size, exactly=True))
    return StylisedFacts(
        (
            _fact(
                "memory of signs",
                memory,
                "their autocorrelation falls as a power from 0.2 to 0.8",
                0.2 <= memory <= 0.8,
            ),
            _fact("bursts of arrivals", fano, "variance over mean of counts above 2", fano > 2),
            _fact("cancels", left, "share of limit orders that are cancelled above a half", left > 0.5),
            _fact("queues foretell", foretold, "imbalance correlates with the next move", foretold > 0.1),
        )
    )


def autocorrelation(values: ArrayLike, lags: int) -> Floats:
    """Autocorrelations at lags 1 to `lags`.

    >>> autocorrelation([1.0, -1.0, 1.0, -1.0], 1).tolist()
    [-0.75]
    """
    x = np.asarray(values, dtype=np.float64)
    x = x - x.mean()
    scale = float(x @ x)
    if scale == 0 or lags >= x.size:
        raise problem("RUN_NUMBER", f"{x.size} values, all the same or fewer than {lags} lags")
    return np.array([x[:-k] @ x[k:] / scale for k in range(1, lags + 1)])


def tail_index(values: ArrayLike, share: float = _TAIL_SHARE) -> float:
    """Hill's estimate of the exponent of the tails, from the largest `share` of absolute values.

    >>> 2.75 < tail_index(np.random.default_rng(2).standard_t(3, 200_000)) < 3.25
    True
    """
    sizes = np.sort(np.abs(np.asarray(values, dtype=np.float64)))[::-1]
    k = int(sizes.size * share)
    if k < 2 or sizes[k] <= 0:
        raise problem("RUN_NUMBER", f"{sizes.size} values; the largest {share:.1%} are too few, or zero")
    return float(1 / np.log(sizes[:k] / sizes[k]).mean())


def _fact(name: str, value: float, rule: str, holds: bool | np.bool_) -> Fact:
    return Fact(name, float(value), rule, None if math.isnan(value) else bool(holds))


def _series(name: str, values: ArrayLike, least: int, *, exactly: bool = False) -> Floats:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or (x.size != least if exactly else x.size < least):
        raise problem("RUN_NUMBER", f"{x.size} {name}; {'exactly' if exactly else 'at least'} {least} are needed")
    if not np.isfinite(x).all():
        at = int(np.flatnonzero(~np.isfinite(x))[0])
        raise problem("RUN_NUMBER", f"{name}[{at}] is {x[at]!r}; leave out what is not known")
    return x


def _correlation(a: Floats, b: Floats) -> float:
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.corrcoef(a, b)[0, 1])


def _moment(x: Floats, power: int) -> float:
    away = x - x.mean()
    deviation = math.sqrt(float((away**2).mean()))
    if deviation == 0:
        raise problem("RUN_NUMBER", "all values are the same")
    return float(((away / deviation) ** power).mean())


def _kurtosis(x: Floats) -> float:
    return _moment(x, 4)


def _skew(x: Floats) -> float:
    return _moment(x, 3)


def _beyond_chance(r: Floats) -> int:
    """Lags whose autocorrelation is beyond two errors that allow for changing volatility (Lo & MacKinlay 1988)."""
    away = r - r.mean()
    scale = float(away @ away)
    return sum(
        abs(float(away[:-k] @ away[k:])) / scale > 2 * math.sqrt(float((away[:-k] ** 2) @ (away[k:] ** 2))) / scale
        for k in range(1, _LAGS + 1)
    )


def _power(acf: Floats) -> float:
    """The exponent with which a positive autocorrelation falls; `nan` where it is soon lost in noise."""
    lags = np.unique(np.geomspace(1, acf.size, 20).astype(int))
    # Neighbouring lags are averaged, so that noise at long ones does not leave its mark.
    edges = pairwise(lags.tolist())
    points = [(math.sqrt(low * high), float(acf[low - 1 : high - 1].mean())) for low, high in edges]
    kept = [point for point in points if point[1] > 0]
    if len(kept) < len(points) * 0.7:
        return math.nan
    lag, height = np.log(np.array(kept)).T
    return -float(np.polyfit(lag, height, 1)[0])


def _slow_decay(absolute: Floats) -> float:
    if absolute.size < 10 * _LONG_LAGS:
        return math.nan
    acf = autocorrelation(absolute, _LONG_LAGS)
    # Without memory there is nothing whose decay could be slow.
    return _power(acf) if acf[:10].mean() > _SURE / math.sqrt(10 * absolute.size) else math.inf


def _bursts(absolute: Floats) -> float:
    large = (absolute > np.quantile(absolute, 0.95)).astype(np.float64)
    window = 100 if large.size >= 2_000 else 20
    counts = large[: large.size // window * window].reshape(-1, window).sum(axis=1)
    return float(counts.var() / counts.mean())


def _filtered(r: Floats) -> Floats:
    """Returns over their GARCH(1,1) deviation, with the variance of the sample as its target."""
    from scipy.optimize import minimize
    from scipy.signal import lfilter

    squared, mean = r**2, float((r**2).mean())

    def variances(alpha: float, beta: float) -> Floats:
        driven = mean * (1 - alpha - beta) + alpha * np.concatenate([[mean], squared[:-1]])
        path: Floats = lfilter([1.0], [1.0, -beta], driven, zi=[beta * mean])[0]
        return path

    def misfit(parameters: Any) -> float:
        alpha, beta = parameters
        if alpha <= 0 or beta <= 0 or alpha + beta >= 0.9999:
            return 1e10
        path = variances(alpha, beta)
        return float((np.log(path) + squared / path).mean())

    best = min((minimize(misfit, start, method="Nelder-Mead") for start in _STARTS), key=lambda found: found.fun)
    filtered: Floats = r / np.sqrt(variances(*best.x))
    return filtered


_STARTS: Iterable[tuple[float, float]] = ((0.05, 0.90), (0.20, 0.60))


def _scales(r: Floats) -> float:
    """Correlation of coarse with the next fine volatility, less that of fine with the next coarse one."""
    blocks = r[: r.size // _COARSE * _COARSE].reshape(-1, _COARSE)
    # Coarse: the size of the sum. Fine: the sum of the sizes.
    rough, fine = np.abs(blocks.sum(axis=1)), np.abs(blocks).sum(axis=1)
    return _correlation(rough[:-1], fine[1:]) - _correlation(fine[:-1], rough[1:])
