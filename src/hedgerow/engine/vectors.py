"""Signals and weights, aligned to the rows of a run.

Promises: one value per bar row, NaN (or a missing row) leaves the position as it is; a shape that does not fit is an
error that names both shapes. Whole-array signals on one instrument are taken without a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow import _core
from hedgerow.core.errors import problem
from hedgerow.engine.alignment import align

if TYPE_CHECKING:
    from hedgerow.engine.run_data import Floats, RunData

HOLD = int(np.iinfo(np.int64).min)
"""In an array of wanted lots: leave the position as it is."""
LOTS_MAX = 2.0**53 / 128
"""Largest size of a signal: times any signal of one byte it is still a whole number as a float."""


@dataclass(frozen=True)
class Vectors:
    """Wanted positions, one value per bar row: `signals` (int8, times `unit_lots`), `lots` or `weights`."""

    kind: str
    values: npt.NDArray[Any]
    unit_lots: int = 1

    @property
    def form(self) -> str:
        """What the user gave: signals or weights."""
        return "weights" if self.kind == "weights" else "signals"


def from_signals(data: RunData, signals: Any, size: float) -> Vectors:
    """Wanted positions in multiples of `size` units; RUN_NUMBER where that is no whole number of lots."""
    if not np.isfinite(size) or size <= 0:
        raise problem("RUN_CONFIG", f"size={size!r}; use a positive number of units")
    aligned = _aligned(data, signals, "signals")
    lots_per_signal = size / data.lot_sizes
    if (lots_per_signal > LOTS_MAX).any():
        raise problem("RUN_NUMBER", f"size {size} is more than {LOTS_MAX:,.0f} lots")
    if len(data.symbols) == 1 and float(lots_per_signal[0]).is_integer():
        small = _small(aligned)
        if small is not None:
            return Vectors("signals", small, int(lots_per_signal[0]))
    floats = np.ascontiguousarray(aligned, dtype=np.float64)
    if len(data.symbols) == 1:
        lots = _core.wanted_lots(floats, float(lots_per_signal[0]), LOTS_MAX)
        if lots is not None:
            return Vectors("lots", lots)
    return _one_by_one(data, floats, lots_per_signal, size)


def _one_by_one(data: RunData, floats: Floats, lots_per_signal: Floats, size: float) -> Vectors:
    """Wanted lots of several instruments, or the words for what is no whole number of lots."""
    if np.isinf(floats).any():
        raise problem("RUN_WEIGHTS", f"signals hold an infinity at row {int(np.argmax(np.isinf(floats)))}")
    wanted = floats * lots_per_signal[data.columns[2]]
    lots = np.full(len(floats), HOLD, dtype=np.int64)
    known = ~np.isnan(wanted)
    whole = np.round(wanted[known])
    if (np.abs(whole) > LOTS_MAX).any():
        raise problem("RUN_NUMBER", f"signals times size {size} reach {np.abs(whole).max():g} lots")
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


def _small(signals: npt.NDArray[Any]) -> npt.NDArray[np.int8] | None:
    """Whole-number signals of one byte, where they are that."""
    if signals.dtype == np.bool_:
        return np.ascontiguousarray(signals).view(np.int8)
    if signals.dtype.kind != "i":
        return None
    small = signals.astype(np.int8, copy=False)
    return np.ascontiguousarray(small) if np.array_equal(small, signals) else None


def _aligned(data: RunData, given: Any, what: str) -> npt.NDArray[Any]:
    """One value per bar row from an array, a Series or a frame of times by symbols."""
    if hasattr(given, "index") and hasattr(given, "reindex") and not _is_counted(given):
        return align(data, given, what)
    values = np.asarray(given)
    if values.dtype.kind not in "biuf":
        raise problem("RUN_WEIGHTS", f"{what} are {values.dtype}, not numbers")
    if values.ndim == 2 and values.shape == (len(data.times_ns), len(data.symbols)):
        return np.ascontiguousarray(values[data.time_index, data.columns[2]])
    if values.shape != (len(data),):
        wanted = f"({len(data)},) or ({len(data.times_ns)}, {len(data.symbols)})"
        raise problem("RUN_WEIGHTS", f"{what} have shape {values.shape}, the bars need {wanted}")
    return values


def _is_counted(table: Any) -> bool:
    """Whether a Series or frame carries no times: its index only counts its rows."""
    import pandas as pd

    return isinstance(table.index, pd.RangeIndex) and not hasattr(table, "columns")
