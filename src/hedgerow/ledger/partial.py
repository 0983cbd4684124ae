"""Partial moments of returns, above and below a target: potential, frequency, skewness of risk, and Omega.

Promises: every mean is over *all* periods, those on the other side counting as nothing; a ratio without a denominator
is `None`. Never: annualised, because a partial moment does not grow with time in any simple way.
Source: Bacon, Practical Portfolio Performance Measurement and Attribution, 2nd ed. 2008, ch. 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def downside_potential(returns: ArrayLike, minimum: ArrayLike = 0.0) -> float | None:
    """Mean shortfall below `minimum`, a positive figure; `None` without returns.

    >>> round(downside_potential([0.03, -0.01, 0.02, -0.02]), 6)
    0.0075
    """
    return _mean(-np.minimum(_excess(returns, minimum), 0.0))


def upside_potential(returns: ArrayLike, minimum: ArrayLike = 0.0) -> float | None:
    """Mean excess over `minimum`; `None` without returns.

    >>> round(upside_potential([0.03, -0.01, 0.02, -0.02]), 6)
    0.0125
    """
    return _mean(np.maximum(_excess(returns, minimum), 0.0))


def frequencies(returns: ArrayLike, minimum: ArrayLike = 0.0) -> tuple[float, float] | None:
    """Shares of periods above and below `minimum`; one that hits it exactly is neither. `None` without returns.

    >>> frequencies([0.03, -0.01, 0.02, 0.0])
    (0.5, 0.25)
    """
    excess = _excess(returns, minimum)
    return (float(np.mean(excess > 0)), float(np.mean(excess < 0))) if excess.size else None


def volatility_skewness(returns: ArrayLike, minimum: ArrayLike = 0.0) -> float | None:
    """Mean squared excess over `minimum`, over the mean squared shortfall; its root is the variability skewness.

    >>> round(volatility_skewness([0.03, -0.01, 0.02, -0.02]), 6)
    2.6
    """
    excess = _excess(returns, minimum)
    up, down = _mean(np.maximum(excess, 0.0) ** 2), _mean(np.minimum(excess, 0.0) ** 2)
    return up / down if up is not None and down else None


def omega(returns: ArrayLike, minimum: ArrayLike = 0.0) -> float | None:
    """Gains over losses around `minimum`: upside potential over downside potential (Keating and Shadwick, 2002).

    With a minimum of 0 this is the ratio of Bernardo and Ledoit; less one it is the Omega-Sharpe ratio.

    >>> round(omega([0.03, -0.01, 0.02, -0.02]), 6)
    1.666667
    """
    gain, loss = upside_potential(returns, minimum), downside_potential(returns, minimum)
    return gain / loss if gain is not None and loss else None


def _excess(returns: ArrayLike, minimum: ArrayLike) -> Floats:
    return np.asarray(returns, dtype=np.float64) - np.asarray(minimum, dtype=np.float64)


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if values.size else None
