"""Sessions of exchanges: which days they trade, when they open and close, half days and clock changes included.

The calendars are exchange_calendars', kept by people who watch for changes. Never guesses: a day that is no session is
refused by name, and a year that a calendar does not know is too.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.spans import DAY_NS
from hedgerow.market.formats.rows import Ints
from hedgerow.market.times import Moment, moment_ns

if TYPE_CHECKING:
    import pandas as pd


def is_code(text: str) -> bool:
    """Whether a text looks like an exchange's code (ISO 10383), such as XNYS.

    >>> is_code("XNYS"), is_code("16:00")
    (True, False)
    """
    return re.fullmatch(r"[A-Z][A-Z0-9]{3}", text) is not None


def sessions(code: str, start: Moment, end: Moment) -> pd.DataFrame:
    """The sessions of an exchange from one date to another, both included: a row a date, open, close (UTC), half.

    half: whether it ends earlier than usual. Raises RUN-002 for a code that is
    not known or dates that its calendar does not reach, CLI-003 where exchange_calendars is not installed.

    >>> found = sessions("XNYS", "2024-07-02", "2024-07-05")
    >>> found.close.dt.strftime("%m-%d %H:%M").tolist(), found.half.tolist()
    (['07-02 20:00', '07-03 17:00', '07-05 20:00'], [False, True, False])
    """
    first, last = _day(moment_ns(start)), _day(moment_ns(end, end=True) - 1)
    calendar = _calendar(code, int(str(first)[:4]), int(str(last)[:4]))
    found: pd.DataFrame = calendar.schedule.loc[str(first) : str(last)][["open", "close"]].rename_axis("session")
    return found.assign(half=found.index.isin(calendar.early_closes))


def closes(code: str, wall_ns: Ints) -> Ints:
    """UTC instants at which an exchange closed on dates, (n,) ns of their midnights; DATA-013 for no session."""
    if not wall_ns.size:
        return wall_ns
    days = wall_ns // DAY_NS
    first, last = (int(str(_day(int(edge)))[:4]) for edge in (wall_ns.min(), wall_ns.max()))
    schedule = _calendar(code, first, last).schedule
    held: Ints = schedule.index.as_unit("ns").asi8 // DAY_NS
    place = np.minimum(np.searchsorted(held, days), max(held.size - 1, 0))
    wrong = held[place] != days if held.size else np.ones(days.size, dtype=bool)
    if wrong.any():
        day = _day(int(wall_ns[int(np.argmax(wrong))]))
        raise problem("DATA_TIME", f"{day} is no session of {code} ({int(wrong.sum())} such dates)")
    ends: Ints = schedule["close"].dt.as_unit("ns").astype(np.int64).to_numpy()[place]
    return ends


@cache
def _calendar(code: str, first: int, last: int) -> Any:
    try:
        import exchange_calendars as known
    except ImportError:
        raise problem("CLI_MISSING", f"exchange_calendars, for {code}: pip install 'hedgerow[feeds]'") from None
    names = known.get_calendar_names()
    if code not in names:
        raise problem("RUN_CONFIG", f"{code!r} is no exchange's code that is known{did_you_mean(code, names)}")
    try:
        return known.get_calendar(code, start=f"{first}-01-01", end=f"{last}-12-31")
    except ValueError as error:
        raise problem("RUN_CONFIG", f"{code} {first} to {last}: {error}") from None


def _day(ns: int) -> np.datetime64:
    return np.datetime64(ns // DAY_NS, "D")
