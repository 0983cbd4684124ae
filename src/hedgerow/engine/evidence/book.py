"""The running book that a new strategy would join: its daily returns, and how the strategy moves with them.

Promises: days are matched by date; correlations want enough common days or are left out by name. Never: a return of
the book on a day that it has no value for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem
from hedgerow.engine.evidence.pack import LeftOut, decimal
from hedgerow.engine.tearsheet.series import clock
from hedgerow.ledger.metrics import end_of_day
from hedgerow.ledger.ratios import co_movement

if TYPE_CHECKING:
    from hedgerow.engine.evidence.sample import Sample

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]
COMMON_DAYS_MIN = 20
WORST_DAYS_MIN = 10
WORST_SHARE = 0.10


@dataclass(frozen=True)
class Book:
    """Daily returns of what runs already: one for each of `days`."""

    days: Days
    returns: Floats

    @classmethod
    def of(cls, given: Any) -> Book:
        """From net asset values by time (a Series), a `Result`, or several of either by name, whose values are summed.

        RUN_CONFIG for anything else, or for a value that is not positive.
        """
        parts = list(given.values()) if isinstance(given, Mapping) else [given]
        summed = None
        for part in parts:
            daily = _by_day(getattr(part, "daily", part))
            summed = daily if summed is None else (summed + daily).dropna()
        if summed is None or len(summed) < 2:
            raise problem("RUN_CONFIG", "the book has fewer than two common days of net asset values")
        nav = summed.to_numpy(dtype=np.float64)
        if not (np.isfinite(nav) & (nav > 0)).all():
            raise problem("RUN_CONFIG", "the book has a net asset value that is not positive")
        days = clock(summed.index).astype("datetime64[ns]").astype("datetime64[D]")
        return cls(days[1:], nav[1:] / nav[:-1] - 1)

    @property
    def digest(self) -> str:
        """SHA-256 of days and returns, hexadecimal."""
        told = self.days.astype("<i8").tobytes() + self.returns.astype("<f8").tobytes()
        return hashlib.sha256(told).hexdigest()


def _by_day(values: Any) -> Any:
    """Net asset values at the end of each UTC day, indexed by the day."""
    import pandas as pd

    if not isinstance(values, pd.Series) or not isinstance(values.index, pd.DatetimeIndex):
        raise problem("RUN_CONFIG", f"the book is a {type(values).__name__}; give net asset values by time, or results")
    daily = end_of_day(values)
    index = pd.DatetimeIndex(daily.index)
    naive = index.tz_convert("UTC").tz_localize(None) if index.tz is not None else index
    daily = daily.set_axis(naive.floor("D"), axis=0)
    return daily[~daily.index.duplicated(keep="last")]


def with_book(sample: Sample, book: Book | None, left_out: LeftOut) -> dict[str, Any] | None:
    """How the strategy's days go with the book's: correlation, beta, and correlation on the book's worst days."""
    if book is None:
        left_out.add("correlation with the running book", "no book was given")
        return None
    _, mine, theirs = np.intersect1d(sample.days, book.days, return_indices=True)
    told: dict[str, Any] = {"digest": book.digest, "common_days": int(mine.size)}
    ours, others = sample.returns[mine], book.returns[theirs]
    told |= _co_movement("", ours, others, COMMON_DAYS_MIN, left_out)
    worst = np.argsort(others, kind="stable")[: int(others.size * WORST_SHARE)]
    told |= _co_movement("_on_worst_days", ours[worst], others[worst], WORST_DAYS_MIN, left_out)
    return told


def _co_movement(suffix: str, ours: Floats, others: Floats, least: int, left_out: LeftOut) -> dict[str, str]:
    name = f"correlation{suffix}"
    if ours.size < least:
        left_out.add(name, f"{ours.size} common days, at least {least}")
        return {}
    correlation, beta = co_movement(ours, others)
    if correlation is None or beta is None:
        left_out.add(name, "the returns do not differ")
        return {}
    return {name: decimal(correlation), f"beta{suffix}": decimal(beta)}
