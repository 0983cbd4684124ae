"""How good a forecast was: information coefficient by date, its ratio, and how it decays with the horizon.

Promises: every figure is computed date by date over instruments and then averaged, never pooled over dates (pooling
lets the market's direction pass for skill); a date with fewer than `NAMES_MIN` pairs has no figure. Source: Grinold
and Kahn, Active Portfolio Management (2000), ch. 6. Never annualises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.models.panel import LabelConfig, forward_returns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

NAMES_MIN = 3


@dataclass(frozen=True)
class IcSummary:
    """A series of information coefficients in five numbers.

    mean, std: over dates. icir: mean / std per date. dates: how many had a figure.
    t_statistic: of the mean, with Newey-West errors over `overlap` lags, since overlapping labels repeat themselves.
    """

    mean: float
    std: float
    icir: float
    dates: int
    t_statistic: float


def information_coefficient(forecast: FloatArray, outcome: FloatArray) -> FloatArray:
    """Pearson correlation over instruments, date by date: two T x N tables to T values, NaN where undefined.

    >>> information_coefficient(np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 4.0, 6.0]])).round(12).tolist()
    [1.0]
    """
    x, y = _paired(forecast, outcome)
    return _row_correlation(x, y)


def rank_information_coefficient(forecast: FloatArray, outcome: FloatArray) -> FloatArray:
    """Spearman correlation over instruments, date by date, ties sharing their mean rank; T x N tables to T values.

    >>> rank_information_coefficient(np.array([[1.0, 2.0, 9.0]]), np.array([[0.1, 0.2, 0.3]])).round(12).tolist()
    [1.0]
    """
    import pandas as pd

    x, y = _paired(forecast, outcome)
    ranks = (pd.DataFrame(table).rank(axis=1).to_numpy(dtype=np.float64) for table in (x, y))
    return _row_correlation(*ranks)


def summarise(coefficients: FloatArray, *, overlap: int = 0) -> IcSummary:
    """Mean, deviation, ratio and t-statistic of coefficients by date; `overlap` is the label horizon less one bar."""
    known = coefficients[np.isfinite(coefficients)]
    if len(known) < 2:
        raise problem(
            "MODEL_TOO_FEW_ROWS", f"{len(known)} dates have an information coefficient, at least 2 are wanted"
        )
    mean, std = float(known.mean()), float(known.std(ddof=1))
    error = _newey_west_error(known, overlap)
    return IcSummary(
        mean=mean,
        std=std,
        icir=mean / std if std > 0 else float("nan"),
        dates=len(known),
        t_statistic=mean / error if error > 0 else float("nan"),
    )


def ic_decay(
    forecast: FloatArray, closes: FloatArray, horizons_bars: Sequence[int], *, lag_bars: int = 1
) -> dict[int, float]:
    """Mean rank coefficient of one forecast (T x N) against returns over each horizon, to see how long it lives."""
    decay = {}
    for horizon in horizons_bars:
        config = LabelConfig(horizon_bars=horizon, lag_bars=lag_bars, demean=False)
        coefficients = rank_information_coefficient(forecast, forward_returns(closes, config))
        known = coefficients[np.isfinite(coefficients)]
        decay[horizon] = float(known.mean()) if len(known) else float("nan")
    return decay


def _paired(forecast: FloatArray, outcome: FloatArray) -> tuple[FloatArray, FloatArray]:
    if forecast.shape != outcome.shape or forecast.ndim != 2:
        raise problem(
            "MODEL_SHAPE", f"forecast {forecast.shape}, outcome {outcome.shape}; both are times x instruments"
        )
    both = np.isfinite(forecast) & np.isfinite(outcome)
    both &= (both.sum(axis=1) >= NAMES_MIN)[:, None]
    return np.where(both, forecast, np.nan), np.where(both, outcome, np.nan)


def _row_correlation(x: FloatArray, y: FloatArray) -> FloatArray:
    """Pearson correlation of each row; NaN where a row is empty or does not vary."""
    count = np.maximum(np.isfinite(x).sum(axis=1), 1)[:, None]
    dx, dy = (np.nan_to_num(v - np.nansum(v, axis=1, keepdims=True) / count) for v in (x, y))
    scale = np.sqrt((dx**2).sum(axis=1) * (dy**2).sum(axis=1))
    correlation: FloatArray = np.divide((dx * dy).sum(axis=1), scale, out=np.full(len(x), np.nan), where=scale > 0)
    return correlation


def _newey_west_error(series: FloatArray, lags: int) -> float:
    """Standard error of a mean, Bartlett weights (Newey and West, Econometrica 1987)."""
    n = len(series)
    centred = series - series.mean()
    variance = float(centred @ centred) / n
    for lag in range(1, min(lags, n - 1) + 1):
        variance += 2.0 * (1.0 - lag / (lags + 1.0)) * float(centred[lag:] @ centred[:-lag]) / n
    return float(np.sqrt(max(variance, 0.0) / n))
