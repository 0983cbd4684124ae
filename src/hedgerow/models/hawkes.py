"""Hawkes processes with an exponential kernel: intensity, likelihood, fit, and the test that a fit must pass.

Promises: likelihood and residuals come from the operator that computes the intensity in a stream; the same events give
the same fit. Never: a fit that is not stationary without saying so (`branching` is 1 or more).

Times are seconds (or any unit, in which the rates then are), ascending, from `start` to `end`; only their differences
count. Sources: Hawkes, Spectra of some Self-Exciting and Mutually Exciting Point Processes, Biometrika 58(1), 1971;
Ozaki, Maximum Likelihood Estimation of Hawkes' Self-Exciting Point Processes, Annals of the Institute of Statistical
Mathematics 31, 1979.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.models.features import Prices, columns, indicator

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

EVENTS_MIN = 10


@dataclass(frozen=True, kw_only=True)
class HawkesModel:
    """A fitted process: base rate `mu`, jump `alpha`, decay `beta`, per unit of time; and how likely it is."""

    mu: float
    alpha: float
    beta: float
    log_likelihood: float
    events: int

    @property
    def branching(self) -> float:
        """Events that each event brings forth itself, `alpha / beta`; below 1 if the process is stationary."""
        return self.alpha / self.beta


def hawkes_intensity(times: Prices, events: Prices, *, mu: float, alpha: float, beta: float) -> Prices:
    """The intensity `mu + sum of alpha exp(-beta (t - t_i))` at some times, just after the events there.

    times: ascending. events: how many there were at each time, 0 to ask for the intensity only. NaN for a time that is
    missing or before the last one, which changes nothing.

    >>> hawkes_intensity(np.array([0.0, 1.0]), np.array([1, 0]), mu=0.5, alpha=0.8, beta=1.0).round(6).tolist()
    [1.3, 0.794304]
    """
    return columns("hawkes", times, events, mu=mu, alpha=alpha, beta=beta)


def hawkes_log_likelihood(
    times: ArrayLike, *, mu: float, alpha: float, beta: float, end: float, start: float = 0.0
) -> float:
    """Log-likelihood of all events from `start` to `end`: `sum of log intensity just before each - its integral`.

    Raises MODEL_FEATURE for parameters out of range and for times that go back or lie outside.

    >>> events = [0.5, 0.9, 1.0, 2.4, 2.5, 2.55, 4.0, 7.1]
    >>> round(hawkes_log_likelihood(events, mu=0.6, alpha=0.8, beta=1.5, end=8.0), 9)
    -8.544090555
    """
    at = _times(times, start, end)
    excited = _excitation(at, beta)
    with np.errstate(divide="ignore"):
        logarithms = np.log(mu + alpha * excited).sum()
    expected = mu * (end - start) - alpha / beta * np.expm1(-beta * (end - at)).sum()
    return float(logarithms - expected)


def hawkes_residuals(times: ArrayLike, *, mu: float, alpha: float, beta: float, start: float = 0.0) -> FloatArray:
    """The intensity's integral between events: independent, exponential with mean 1, if the model is right.

    Source: Ogata, Statistical Models for Earthquake Occurrences, Journal of the American Statistical Association 83,
    1988.

    >>> hawkes_residuals([2.0, 3.0, 7.0], mu=0.5, alpha=0.0, beta=1.0).tolist()
    [1.0, 0.5, 2.0]
    """
    at = _times(times, start, np.inf)
    gaps = np.diff(at, prepend=start)
    # Just after the event before, and nothing before the first.
    after = np.concatenate([[0.0], _excitation(at, beta)[:-1] + 1.0])[: len(at)]
    return mu * gaps - alpha / beta * after * np.expm1(-beta * gaps)


def fit_hawkes(times: ArrayLike, *, end: float, start: float = 0.0) -> HawkesModel:
    """Fit a process to all events from `start` to `end` by maximum likelihood, from several starts.

    Check it: `hawkes_residuals` of the fit must look exponential. Raises MODEL_FEATURE for times that go back or lie
    outside, MODEL_TOO_FEW_ROWS, OPT_SOLVER, MODEL_MISSING_EXTRA without SciPy.

    >>> bursts = np.sort(np.concatenate([np.arange(40) * 10.0 + gap for gap in (0.0, 0.2, 0.5, 1.1)]))
    >>> fit_hawkes(bursts, end=400.0).branching > 0.5
    True
    """
    try:
        from scipy.optimize import minimize
    except ModuleNotFoundError:
        raise problem("MODEL_MISSING_EXTRA", "scipy: pip install 'hedgerow[research]'") from None
    at = _times(times, start, end)
    if len(at) < EVENTS_MIN:
        raise problem("MODEL_TOO_FEW_ROWS", f"{len(at)} events, at least {EVENTS_MIN} are wanted")
    rate = len(at) / (end - start)

    def parameters(free: FloatArray) -> dict[str, float]:
        mu, branching, beta = np.exp(np.clip(free, -60, 60))
        return {"mu": float(mu), "alpha": float(branching * beta), "beta": float(beta)}

    def loss(free: FloatArray) -> float:
        return -hawkes_log_likelihood(at, end=end, start=start, **parameters(free)) / len(at)

    options = {"xatol": 1e-8, "fatol": 1e-12, "maxiter": 2_000}
    starts = [np.log([rate / 2, 0.5, decay * rate]) for decay in (0.2, 2.0, 20.0)]
    ends = [minimize(loss, free, method="Nelder-Mead", options=options) for free in starts]
    best = min((one for one in ends if one.success), key=lambda one: float(one.fun), default=None)
    if best is None:
        raise problem("OPT_SOLVER", f"{len(ends)} starts: {ends[0].message}")
    return HawkesModel(**parameters(best.x), log_likelihood=-float(best.fun) * len(at), events=len(at))


def _excitation(at: FloatArray, beta: float) -> FloatArray:
    """`sum of exp(-beta (t_i - t_j))` over the events before each event: what the operator has just before it jumps."""
    return indicator("hawkes", mu=0.0, alpha=1.0, beta=beta).batch(at, np.ones(len(at))) - 1.0


def _times(times: ArrayLike, start: float, end: float) -> FloatArray:
    at = np.asarray(times, dtype=np.float64)
    if at.ndim != 1:
        raise problem("MODEL_SHAPE", f"times of shape {at.shape}; they are a column")
    wrong = ~np.isfinite(at) | (np.diff(at, prepend=start) < 0) | (at > end)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise problem("MODEL_FEATURE", f"time {place} is {at[place]}; times ascend from {start} to {end}")
    return at
