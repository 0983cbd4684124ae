"""The supervised panel: one row per time and instrument, with features known at that time and the return that
followed.

Promises: a row at time t holds features of t (data up to and including t) and a label that starts `lag_bars` later,
when a decision made at t can first have been traded. Each row keeps the time its label ENDED, because purging needs
times, not row counts. Never fills a gap: a row without a full set of features or without a label is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.models.digests import arrays_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class LabelConfig:
    """What is to be forecast: the simple return of `horizon_bars`, from `lag_bars` after the features were known.

    horizon_bars: longer horizons trade less and overlap more.
    lag_bars: 1 is a decision at one close that trades at the next; 0 trades the close it has just seen, which is
        look-ahead unless the price is an auction that accepts orders after it is known.
    demean: subtract the mean over instruments of each time, so that the model learns relative returns only.
    """

    horizon_bars: int = 5
    lag_bars: int = 1
    demean: bool = True

    def __post_init__(self) -> None:
        if self.horizon_bars < 1 or self.lag_bars < 0:
            seen = f"horizon_bars {self.horizon_bars}, lag_bars {self.lag_bars}"
            raise problem("RUN_CONFIG", f"{seen}; horizon_bars is at least 1, lag_bars at least 0")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Rows (R) of features (R x F) and labels (R), in order of time, then instrument.

    time_index, instrument_index: where each row stands in the wide tables it came from.
    prediction_ns, label_end_ns: UTC nanoseconds when the row's features were known, and when its label was.
    """

    features: FloatArray
    label: FloatArray
    time_index: IntArray
    instrument_index: IntArray
    prediction_ns: IntArray
    label_end_ns: IntArray
    feature_names: tuple[str, ...]
    instruments: tuple[str, ...]
    label_config: LabelConfig

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.label)

    def take(self, rows: IntArray) -> Panel:
        """The panel of some rows, in the given order."""
        return Panel(
            features=self.features[rows],
            label=self.label[rows],
            time_index=self.time_index[rows],
            instrument_index=self.instrument_index[rows],
            prediction_ns=self.prediction_ns[rows],
            label_end_ns=self.label_end_ns[rows],
            feature_names=self.feature_names,
            instruments=self.instruments,
            label_config=self.label_config,
        )

    def wide(self, values: FloatArray) -> FloatArray:
        """One value per row, laid out by distinct time and instrument (N columns); NaN where there is no row."""
        times, position = np.unique(self.time_index, return_inverse=True)
        table = np.full((len(times), len(self.instruments)), np.nan)
        table[position, self.instrument_index] = values
        return table

    def digest(self) -> bytes:
        """SHA-256 (32 bytes) over everything a model can learn from."""
        arrays = {
            "features": self.features,
            "label": self.label,
            "instrument_index": self.instrument_index,
            "prediction_ns": self.prediction_ns,
            "label_end_ns": self.label_end_ns,
        }
        return arrays_digest(arrays, [self.feature_names, self.instruments, self.label_config])


def forward_returns(closes: FloatArray, config: LabelConfig) -> FloatArray:
    """Simple returns from `t + lag_bars` on over `horizon_bars`, by time (T) and instrument (N); NaN where unknown.

    closes: T x N prices; NaN where an instrument does not trade. Source: AFML ch. 3, the fixed-horizon label.

    >>> forward_returns(np.array([[1.0], [2.0], [3.0]]), LabelConfig(horizon_bars=1, demean=False))[:, 0].tolist()
    [0.5, nan, nan]
    """
    start, ahead = config.lag_bars, config.lag_bars + config.horizon_bars
    label = np.full(closes.shape, np.nan)
    if ahead < len(closes):
        label[:-ahead] = closes[ahead:] / closes[start : len(closes) - config.horizon_bars] - 1.0
    if config.demean:
        label = _demeaned(label)
    return label


def build_panel(
    closes: FloatArray,
    features: FloatArray,
    *,
    times_ns: IntArray,
    instruments: Sequence[str],
    feature_names: Sequence[str],
    config: LabelConfig,
) -> Panel:
    """Turn wide closes (T x N) and a cube of features (T x N x F) into rows with labels.

    NaN means "not there" (not yet listed, warm-up) and drops the row; infinity is an error.
    Raises MODEL_SHAPE, MODEL_NAN, DATA_NOT_POSITIVE, DATA_UNSORTED, MODEL_TOO_FEW_ROWS.

    >>> closes = np.array([[1.0, 4.0], [2.0, 4.0], [3.0, 4.0], [3.0, 5.0]])
    >>> panel = build_panel(closes, closes[:, :, None], times_ns=np.arange(4), instruments=["A", "B"],
    ...                     feature_names=["close"], config=LabelConfig(horizon_bars=1, demean=False))
    >>> panel.label.tolist(), panel.label_end_ns.tolist()
    ([0.5, 0.0, 0.0, 0.25], [2, 2, 3, 3])
    """
    check_inputs(closes, features, times_ns, instruments, feature_names)
    label = forward_returns(closes, config)
    known = np.isfinite(label) & np.isfinite(features).all(axis=2)
    time_index, instrument_index = (index.astype(np.int64) for index in np.nonzero(known))
    if len(time_index) == 0:
        hint = "; demean=True needs two or more instruments" if config.demean and closes.shape[1] < 2 else ""
        raise problem("MODEL_TOO_FEW_ROWS", f"0 of {known.size} rows have all features and a label{hint}")
    return Panel(
        features=np.ascontiguousarray(features[known]),
        label=label[known],
        time_index=time_index,
        instrument_index=instrument_index,
        prediction_ns=times_ns[time_index],
        label_end_ns=times_ns[time_index + config.lag_bars + config.horizon_bars],
        feature_names=tuple(feature_names),
        instruments=tuple(instruments),
        label_config=config,
    )


def check_inputs(
    closes: FloatArray,
    features: FloatArray,
    times_ns: IntArray,
    instruments: Sequence[str],
    feature_names: Sequence[str],
) -> None:
    """Refuse tables that do not fit together: shapes, order of times, impossible prices, infinite features."""
    wanted = (len(times_ns), len(instruments), len(feature_names))
    if closes.ndim != 2 or features.ndim != 3 or features.shape != wanted or closes.shape != wanted[:2]:
        seen = f"closes {closes.shape}, features {features.shape}"
        raise problem("MODEL_SHAPE", f"{seen}; times x instruments x features is {wanted}")
    for what, names in (("instrument", instruments), ("feature", feature_names)):
        if len(set(names)) != len(names):
            raise problem("MODEL_SHAPE", f"two {what}s have the same name: {sorted(names)}")
    falls = np.flatnonzero(np.diff(times_ns) <= 0)
    if len(falls):
        row = int(falls[0]) + 1
        raise problem("DATA_UNSORTED", f"row {row}: time {times_ns[row]} does not follow {times_ns[row - 1]}")
    bad = np.argwhere((closes <= 0) | np.isinf(closes))
    if len(bad):
        row, column = bad[0]
        raise problem("DATA_NOT_POSITIVE", f"row {row}, {instruments[column]}: close {closes[row, column]}")
    endless = np.argwhere(np.isinf(features))
    if len(endless):
        row, column, name = endless[0]
        raise problem("MODEL_NAN", f"row {row}, {instruments[column]}: {feature_names[name]} is infinite")


def _demeaned(label: FloatArray) -> FloatArray:
    """Subtract each time's mean over instruments; a time with fewer than two labels has no relative return."""
    known = np.isfinite(label)
    count = known.sum(axis=1)
    total = np.where(known, label, 0.0).sum(axis=1)
    mean = np.divide(total, count, out=np.full(len(label), np.nan), where=count > 1)
    demeaned: FloatArray = label - mean[:, None]
    return demeaned
