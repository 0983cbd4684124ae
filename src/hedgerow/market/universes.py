"""Who belonged to an index or list at each time, by what was known then: joinings and leavings, never a list of today.

Promises that membership at a moment rests on nothing that happened or was told later, so that what was removed since is
still there before. Never guesses: who never joined was no member.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.market.formats.rows import Ints
from hedgerow.market.times import Moment, moment_ns


@dataclass(frozen=True)
class Change:
    """A joining or leaving: when it took effect, when it was known (UTC nanoseconds)."""

    symbol: str
    ts_event: int
    ts_init: int
    joined: bool


@dataclass(frozen=True)
class Universe:
    """A universe through time. A change counts from when it had both taken effect and become known.

    >>> changes = (Change("A", 10, 10, True), Change("A", 30, 25, False), Change("B", 20, 40, True))
    >>> universe = Universe("tens", changes)
    >>> [universe.at(time) for time in (10, 11, 31, 41)]
    [(), ('A',), (), ('B',)]
    """

    name: str
    changes: tuple[Change, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """All that ever belonged to it, sorted."""
        return tuple(sorted({change.symbol for change in self.changes}))

    def at(self, moment: Moment) -> tuple[str, ...]:
        """Members just before a moment, sorted; of a bare date, with that date's changes."""
        time = moment_ns(moment)
        members = {}
        for when, change in self._ordered:
            if when >= time:
                break
            members[change.symbol] = change.joined
        return tuple(sorted(symbol for symbol, joined in members.items() if joined))

    def between(self, start: Moment, end: Moment) -> tuple[str, ...]:
        """All that belonged to it at some time from one moment to another, sorted."""
        first, last = moment_ns(start), moment_ns(end, end=True)
        joined = {change.symbol for when, change in self._ordered if first <= when < last and change.joined}
        return tuple(sorted(joined.union(self.at(first))))

    def mask(self, times: Any, symbols: Sequence[str]) -> npt.NDArray[np.bool_]:
        """(times, symbols) whether each belonged just before each time, UTC nanoseconds or an index of times.

        Weights of a backtest are kept where it is true: `weights.where(universe.mask(weights.index, weights.columns))`.
        """
        import pandas as pd

        stamps = np.asarray(times)
        told: Ints = stamps if stamps.dtype.kind == "i" else pd.to_datetime(times, utc=True).as_unit("ns").asi8
        found = np.zeros((told.size, len(symbols)), dtype=bool)
        place = {symbol: column for column, symbol in enumerate(symbols)}
        for when, change in self._ordered:
            if change.symbol in place:
                found[told > when, place[change.symbol]] = change.joined
        return found

    @cached_property
    def _ordered(self) -> list[tuple[int, Change]]:
        """Changes by when they count; of one moment, leavings first."""
        timed = [(max(change.ts_event, change.ts_init), change) for change in self.changes]
        return sorted(timed, key=lambda one: (one[0], one[1].joined, one[1].symbol))


def universe_of(table: pa.Table, name: str | None) -> Universe:
    """The universe of a name among rows; without a name the only one. DATA-014 where there is none or are several."""
    names = sorted({str(told) for told in table.column("universe").to_pylist()})
    if name is None and len(names) == 1:
        name = names[0]
    if name is None or name not in names:
        held = ", ".join(names) or "none"
        asked = "say which universe" if name is None else f"no universe {name!r}{did_you_mean(name, names)}"
        raise problem("DATA_NOT_FOUND", f"{asked}; it holds {held}")
    return Universe(name, tuple(_changes(table, name)))


def _changes(table: pa.Table, name: str) -> Iterable[Change]:
    columns = [table.column(column) for column in ("universe", "instrument", "ts_init", "member_from", "member_to")]
    told = [column.cast(pa.int64()) if n >= 2 else column for n, column in enumerate(columns)]
    for universe, symbol, known, begun, ended in zip(*(column.to_pylist() for column in told), strict=True):
        if str(universe) != name:
            continue
        if begun is not None:
            yield Change(symbol, begun, begun if known is None else known, True)
        if ended is not None:
            yield Change(symbol, ended, ended if known is None else known, False)
