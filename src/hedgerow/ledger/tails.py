"""The bad end of a return series: drawdown, value at risk, expected shortfall.

Promises: losses are positive numbers; drawdown is of compounded wealth and counts the starting point; expected
shortfall splits the observation at the quantile, so that it is coherent and never below the value at risk. Never:
a scaled horizon (the figures are for one period).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Drawdown:
    """The deepest fall of wealth from an earlier peak.

    depth: a positive share of the peak. peak, trough: places in the wealth series, the starting point being 0.
    recovered: the first place at or above the peak again; `None` if there is none.
    """

    depth: float
    peak: int
    trough: int
    recovered: int | None


def max_drawdown(wealth: ArrayLike) -> Drawdown:
    """The deepest fall of a wealth series whose first value is the starting point.

    Raises RUN_NO_DATA without values, RUN_NUMBER unless the starting point is positive.

    >>> max_drawdown([100.0, 90.0, 110.0, 88.0, 111.0])
    Drawdown(depth=0.2, peak=2, trough=3, recovered=4)
    >>> max_drawdown([100.0, 90.0]).depth
    0.1
    """
    values = np.asarray(wealth, dtype=np.float64)
    if values.size == 0:
        raise problem("RUN_NO_DATA", "a wealth series without values")
    if not values[0] > 0:
        raise problem("RUN_NUMBER", f"wealth starts at {values[0]}")
    peaks = np.maximum.accumulate(values)
    trough = int(np.argmax((peaks - values) / peaks))
    depth = float((peaks[trough] - values[trough]) / peaks[trough])
    peak = int(np.argmax(values[: trough + 1]))
    back = np.flatnonzero(values[trough:] >= peaks[trough]) if trough > peak else np.zeros(1, dtype=np.int64)
    return Drawdown(depth, peak, trough, trough + int(back[0]) if back.size else None)


def drawdowns(wealth: ArrayLike) -> NDArray[np.float64]:
    """Loss from the highest value so far, at each point: a positive share, 0 at a new high.

    >>> drawdowns([100.0, 90.0, 120.0]).round(2).tolist()
    [0.0, 0.1, 0.0]
    """
    values = np.asarray(wealth, dtype=np.float64)
    return np.asarray(1 - values / np.maximum.accumulate(values), dtype=np.float64)


def longest_below_peak(wealth: ArrayLike) -> int:
    """The longest stretch of points that lie below an earlier value.

    >>> longest_below_peak([100.0, 90.0, 95.0, 101.0, 99.0])
    2
    """
    values = np.asarray(wealth, dtype=np.float64)
    below = values < np.maximum.accumulate(values)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], below, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max()) if edges.size else 0


def value_at_risk(returns: ArrayLike, level: float = 0.95) -> float:
    """Historical value at risk of one period: the loss that is exceeded with probability of at most `1 - level`.

    The strict empirical quantile: of n losses the (floor(n (1 - level)) + 1)-th worst. A negative figure is a gain.
    Source: McNeil, Frey and Embrechts, Quantitative Risk Management, 2015, def. 2.8. Raises RUN_NO_DATA without
    returns, RUN_CONFIG unless 0 < level < 1.

    >>> value_at_risk([-0.10, -0.08, -0.06, -0.04, -0.02, -0.01, 0.0, 0.0, 0.0, 0.0], level=0.85)
    0.08
    """
    losses, tail = _tail(returns, level)
    return float(losses[int(tail)])


def expected_shortfall(returns: ArrayLike, level: float = 0.95) -> float:
    """Historical expected shortfall of one period: the mean of the worst `1 - level` of losses, the last in part.

    Source: Acerbi and Tasche, On the Coherence of Expected Shortfall, Journal of Banking and Finance 26(7), 2002.
    Raises as `value_at_risk`.

    >>> losses = [-0.10, -0.08, -0.06, -0.04, -0.02, -0.01, 0.0, 0.0, 0.0, 0.0]
    >>> round(expected_shortfall(losses, level=0.85), 7)
    0.0933333
    """
    losses, tail = _tail(returns, level)
    whole = int(tail)
    return (float(losses[:whole].sum()) + float(tail - whole) * float(losses[whole])) / float(tail)


def _tail(returns: ArrayLike, level: float) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], Fraction]:
    """Losses, the worst first, and how many of them make up the tail: exact, because 10 * (1 - 0.9) is not 1."""
    values = np.asarray(returns, dtype=np.float64).ravel()
    if values.size == 0:
        raise problem("RUN_NO_DATA", "no returns")
    if not 0 < level < 1:
        raise problem("RUN_CONFIG", f"level {level}; between 0 and 1, such as 0.95")
    return -np.sort(values), values.size * (1 - Fraction(str(level)))
