"""Covariance of returns that an optimiser can trust: shrunk towards a multiple of the identity, or exponentially
weighted.

Promises: what is returned is symmetric, finite and positive semi-definite (OPT_NOT_PSD otherwise). Never fills a
missing return: the caller chooses names and a window in which all of them traded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

# An eigenvalue below minus this share of the largest one is a defect, not rounding.
PSD_TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class CovarianceConfig:
    """How risk is measured.

    method: "ledoit_wolf" for a steady estimate of many names, "ewma" to follow volatility.
    window_bars: how much history is looked at; more is steadier and staler.
    halflife_bars: of the EWMA; 63 is a quarter of daily bars.
    horizon_bars: the covariance is scaled to this horizon, as if returns were independent; the forecast's horizon.
    """

    method: Literal["ledoit_wolf", "ewma"] = "ledoit_wolf"
    window_bars: int = 504
    halflife_bars: float = 63.0
    horizon_bars: int = 1

    def __post_init__(self) -> None:
        if self.method not in ("ledoit_wolf", "ewma"):
            raise problem("RUN_CONFIG", f"CovarianceConfig.method {self.method!r}; 'ledoit_wolf' or 'ewma'")
        if self.window_bars < 2 or self.horizon_bars < 1 or not self.halflife_bars > 0:
            raise problem(
                "RUN_CONFIG",
                f"window_bars {self.window_bars}, horizon_bars {self.horizon_bars}, "
                f"halflife_bars {self.halflife_bars}; at least 2, at least 1, positive",
            )


@dataclass(frozen=True)
class Shrunk:
    """A shrunk covariance (N x N) and how far it was pulled towards the target, from 0 (sample) to 1 (target)."""

    covariance: FloatArray
    shrinkage: float


def estimate(returns: FloatArray, config: CovarianceConfig) -> FloatArray:
    """Covariance (N x N) over `horizon_bars` from the last `window_bars` of simple returns (T x N).

    Raises OPT_BAD_INPUT (NaN, too few rows), OPT_NOT_PSD.
    """
    window = returns[-config.window_bars :]
    if config.method == "ledoit_wolf":
        covariance = ledoit_wolf(window).covariance
    else:
        covariance = ewma(window, halflife_bars=config.halflife_bars)
    return require_psd(covariance * config.horizon_bars)


def ledoit_wolf(returns: FloatArray) -> Shrunk:
    """Shrink the sample covariance (divisor T) of returns (T x N) towards mu * I with the optimal intensity.

    Source: Ledoit and Wolf, A well-conditioned estimator for large-dimensional covariance matrices,
    J. Multivariate Analysis 88 (2004), section 3.

    >>> ledoit_wolf(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])).covariance.tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    _check_returns(returns)
    count, size = returns.shape
    centred = returns - returns.mean(axis=0)
    sample = centred.T @ centred / count
    mu = float(np.trace(sample)) / size
    distance = float(((sample - mu * np.eye(size)) ** 2).sum())
    # Sum over t of |x_t x_t' - S|^2 without forming any N x N matrix per row.
    noise = (float(((centred**2).sum(axis=1) ** 2).sum()) / count - float((sample**2).sum())) / count
    shrinkage = min(max(noise / distance, 0.0), 1.0) if distance > 0 else 0.0
    return Shrunk((1.0 - shrinkage) * sample + shrinkage * mu * np.eye(size), shrinkage)


def ewma(returns: FloatArray, *, halflife_bars: float) -> FloatArray:
    """Covariance with weights that halve every `halflife_bars`, about a mean of zero (RiskMetrics, 1996).

    >>> ewma(np.array([[0.0], [0.0], [0.02]]), halflife_bars=1.0).round(7).tolist()
    [[0.0002286]]
    """
    _check_returns(returns)
    weight = 0.5 ** (np.arange(len(returns))[::-1] / halflife_bars)
    covariance: FloatArray = (returns * (weight / weight.sum())[:, None]).T @ returns
    return covariance


def require_psd(covariance: FloatArray) -> FloatArray:
    """The covariance, symmetric to the bit; OPT_NOT_PSD with its smallest eigenvalue if it is not one."""
    if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1] or not np.isfinite(covariance).all():
        raise problem("OPT_BAD_INPUT", f"covariance {covariance.shape} must be square and finite")
    scale = float(np.abs(covariance).max(initial=0.0))
    skew = float(np.abs(covariance - covariance.T).max(initial=0.0))
    if skew > PSD_TOLERANCE * scale:
        raise problem("OPT_NOT_PSD", f"it is not symmetric: the largest difference across the diagonal is {skew:.3g}")
    symmetric: FloatArray = (covariance + covariance.T) / 2.0
    eigenvalues = np.linalg.eigvalsh(symmetric)
    if eigenvalues[0] < -PSD_TOLERANCE * max(float(eigenvalues[-1]), 0.0):
        raise problem("OPT_NOT_PSD", f"smallest eigenvalue {eigenvalues[0]:.3g}, largest {eigenvalues[-1]:.3g}")
    return symmetric


def _check_returns(returns: FloatArray) -> None:
    if returns.ndim != 2 or returns.shape[0] < 2 or returns.shape[1] < 1:
        raise problem("OPT_BAD_INPUT", f"returns {returns.shape}; at least 2 times x 1 instrument")
    bad = np.argwhere(~np.isfinite(returns))
    if len(bad):
        row, column = bad[0]
        raise problem("OPT_BAD_INPUT", f"return at row {row}, instrument {column} is {returns[row, column]}")
