"""Tables of decisions by time, aligned to the bars of a run.

Promises: labels are read as bars are read: midnights are dates and mean the last bar of that session, anything finer is
the bar's close, and an index named `ts_event` always is. So a table computed from a frame of prices fits the bars that
were read from the same frame, and no decision is taken before what it rests on was known. Never: fills a gap, or moves
a decision to another bar; a label without a bar is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.spans import DAY_NS
from hedgerow.market.times import Stamps, read_times

if TYPE_CHECKING:
    from hedgerow.engine.run_data import RunData

Ints = npt.NDArray[np.int64]
CLOSE_NAMES = ("ts_event", "ts_init", "ts")
"""Names of an index that holds closes, as `Bars.close_frame` and the tables of a result have them."""


def stamps_of(index: Any, what: str) -> tuple[Stamps, bool]:
    """Times of a pandas index, and whether they are dates of sessions; RUN_WEIGHTS where they are no times."""
    import pandas as pd

    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if not isinstance(index, pd.DatetimeIndex) and index.dtype.kind != "O":
        raise problem("RUN_WEIGHTS", f"the index of {what} is {index.dtype}, not times")
    stamps = read_times(pd.Series(index, name=index.name or "index"), time_unit=None, tz=None)
    return stamps, stamps.are_dates and index.name not in CLOSE_NAMES


def known_ns(index: Any, what: str) -> Ints:
    """When what an index labels was known, UTC nanoseconds: a date at the midnight that ends it."""
    stamps, are_dates = stamps_of(index, what)
    return stamps.wall_ns + DAY_NS if are_dates else stamps.utc_ns


def align(data: RunData, table: Any, what: str) -> npt.NDArray[np.float64]:
    """(n,) one value per bar row from a frame of times by symbols, or a Series of one instrument; NaN where none is.

    Raises RUN_WEIGHTS for a column that is no instrument, a time that comes twice or has no bar, and for text.
    """
    frame = table if hasattr(table, "columns") else table.to_frame(_only_symbol(data, what))
    frame = frame.set_axis([str(column) for column in frame.columns], axis=1)  # as `Bars.from_frame` names instruments
    for column in frame.columns:
        if column not in data.symbols:
            raise problem(
                "RUN_WEIGHTS", f"{what} column {column!r} is no instrument{did_you_mean(column, data.symbols)}"
            )
    if not frame.columns.is_unique:
        raise problem("RUN_WEIGHTS", f"{what} have two columns {frame.columns[frame.columns.duplicated()][0]!r}")
    if not len(frame):
        raise problem("RUN_WEIGHTS", f"{what} have no rows")
    stamps, are_dates = stamps_of(frame.index, what)
    labels = stamps.wall_ns if are_dates else stamps.utc_ns
    place = _places(data, frame.index, labels, what, are_dates=are_dates)
    try:
        values = frame.reindex(columns=list(data.symbols)).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise problem("RUN_WEIGHTS", f"{what} are not numbers: {error}") from None
    found = values[place, data.columns[2]]
    return np.where(place >= 0, found, np.nan)


def _only_symbol(data: RunData, what: str) -> str:
    if len(data.symbols) != 1:
        raise problem(
            "RUN_WEIGHTS", f"{what} are one series, the bars hold {len(data.symbols)} instruments; give a frame"
        )
    return data.symbols[0]


def _places(data: RunData, index: Any, labels: Ints, what: str, *, are_dates: bool) -> Ints:
    """For each bar row the row of the table that speaks to it, or -1."""
    order = np.argsort(labels, kind="stable")
    rising = labels[order]
    again = np.flatnonzero(np.diff(rising) == 0)
    if again.size:
        raise problem("RUN_WEIGHTS", f"{what} hold {index[order[again[0]]]} twice")
    moments = data.bars.session_dates().astype("datetime64[ns]").astype(np.int64) if are_dates else data.bars.ts_event
    stranger = ~np.isin(rising, moments)
    if stranger.any():
        ends = np.array([moments.min(), moments.max()]).astype("datetime64[ns]")
        told = "sessions run" if are_dates else "bars close"
        first, last = ends.astype("datetime64[D]") if are_dates else ends
        label = index[order[np.argmax(stranger)]]
        detail = f"{what} at {label} match no bar; {told} from {first} to {last}"
        # A calendar's month end is no session: the commonest way to come here.
        hint = "; month ends that trade are t.groupby(t.index.to_period('M')).tail(1)" if are_dates else ""
        raise problem("RUN_WEIGHTS", detail + hint)
    found = np.minimum(np.searchsorted(rising, moments), len(rising) - 1)
    speaks = rising[found] == moments
    if are_dates:
        speaks &= _ends_session(moments, data.columns[2])
    return np.where(speaks, order[found], -1)


def _ends_session(dates: Ints, instrument: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether each row is its instrument's last of its date."""
    order = np.argsort(instrument, kind="stable")
    last = np.ones(len(dates), dtype=bool)
    last[order[:-1]] = (np.diff(dates[order]) != 0) | (np.diff(instrument[order].astype(np.int64)) != 0)
    return last
