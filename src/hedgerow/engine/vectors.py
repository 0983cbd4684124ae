"""Signals and weights, aligned to the rows of a run.

Promises: one value per bar row, NaN (or a missing row) leaves the position as it is; a shape that does not fit is an
error that names both shapes. Whole-array signals on one instrument are taken without a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import did_you_mean, problem

if TYPE_CHECKING:
    from hedgerow.engine.run_data import RunData

HOLD = int(np.iinfo(np.int64).min)
"""In an array of wanted lots: leave the position as it is."""


@dataclass(frozen=True)
class Vectors:
    """Wanted positions, one value per bar row: `signals` (int8, times `unit_lots`), `lots` or `weights`."""

    kind: str
    values: npt.NDArray[Any]
    unit_lots: int = 1


def from_signals(data: RunData, signals: Any, size: float) -> Vectors:
    """Wanted positions in multiples of `size` units."""
    aligned = _aligned(data, signals, "signals")
    lots_per_signal = size / data.lot_sizes
    if aligned.dtype.kind in "bi" and len(data.symbols) == 1 and float(lots_per_signal[0]).is_integer():
        return Vectors("signals", _small(aligned), int(lots_per_signal[0]))
    floats = aligned.astype(np.float64)
    if np.isinf(floats).any():
        raise problem("RUN_WEIGHTS", f"signals hold an infinity at row {int(np.argmax(np.isinf(floats)))}")
    wanted = floats * lots_per_signal[data.columns[2]]
    lots = np.full(len(floats), HOLD, dtype=np.int64)
    known = ~np.isnan(wanted)
    whole = np.round(wanted[known])
    if (np.abs(whole - wanted[known]) > 1e-6).any():
        row = int(np.flatnonzero(known)[np.argmax(np.abs(whole - wanted[known]) > 1e-6)])
        raise problem("RUN_NUMBER", f"row {row}: signal {floats[row]} times size {size} is not a whole number of lots")
    lots[known] = whole.astype(np.int64)
    return Vectors("lots", lots)


def from_weights(data: RunData, weights: Any) -> Vectors:
    """Wanted shares of the book's value."""
    values = np.ascontiguousarray(_aligned(data, weights, "weights"), dtype=np.float64)
    if np.isinf(values).any():
        raise problem("RUN_WEIGHTS", f"weights hold an infinity at row {int(np.argmax(np.isinf(values)))}")
    return Vectors("weights", values)


def _small(signals: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
    if signals.dtype == np.bool_:
        return signals.view(np.int8)
    small = signals.astype(np.int8, copy=False)
    if small.dtype != signals.dtype and not np.array_equal(small, signals):
        raise problem("RUN_WEIGHTS", "integer signals must lie between -128 and 127; use size for the units")
    return np.ascontiguousarray(small)


def _aligned(data: RunData, given: Any, what: str) -> npt.NDArray[Any]:
    """One value per bar row from an array, a Series or a frame of times by symbols."""
    if hasattr(given, "columns") and hasattr(given, "index"):
        return _from_frame(data, given, what)
    values = np.asarray(given)
    if values.dtype.kind not in "bif":
        raise problem("RUN_WEIGHTS", f"{what} are {values.dtype}, not numbers")
    if values.shape == (len(data.times_ns), len(data.symbols)) and values.ndim == 2:
        return values[data.time_index, data.columns[2]]
    if values.shape != (len(data),):
        wanted = f"({len(data)},) or ({len(data.times_ns)}, {len(data.symbols)})"
        raise problem("RUN_WEIGHTS", f"{what} have shape {values.shape}, the bars need {wanted}")
    return values


def _from_frame(data: RunData, frame: Any, what: str) -> npt.NDArray[Any]:
    for column in frame.columns:
        if column not in data.symbols:
            raise problem("RUN_WEIGHTS", f"{what} column {column!r} is no instrument{did_you_mean(str(column), data.symbols)}")
    import pandas as pd

    times = pd.DatetimeIndex(data.times_ns.astype("datetime64[ns]"), tz="UTC")
    index = pd.DatetimeIndex(frame.index)
    index = index.tz_localize("UTC") if index.tz is None else index.tz_convert("UTC")
    strangers = ~index.isin(times)
    if strangers.any():
        raise problem("RUN_WEIGHTS", f"{what} at {index[strangers][0]} match no bar; bars close at times like {times[0]}")
    table = frame.set_axis(index, axis=0).reindex(index=times, columns=list(data.symbols)).to_numpy(dtype=np.float64)
    return np.asarray(table[data.time_index, data.columns[2]])
