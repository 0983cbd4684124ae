"""What an ingest adds to rows that can be corrected: values of series, corporate actions and news.

Promises that what is known already is not added again, that what differs is a new row with a later `ts_init`, and that
something else said of the same moment of knowledge is refused until it is told when it became known. What a catalog
holds is read once an ingest, however many blocks a file has.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from hedgerow.core.errors import problem
from hedgerow.market.formats.rows import SCHEMAS

Told: TypeAlias = tuple[Hashable, int, int, Hashable, tuple[int, ...]]
"""What it is about, its event, when it was known, what was said, and the rows that say it."""


class Corrections:
    """Knows what is held, by owner, and settles what a table adds to it."""

    def __init__(self, held: Callable[[str, str], pa.Table], restated_ns: int | None) -> None:
        self._held, self._restated_ns = held, restated_ns
        self._said: dict[tuple[str, str], dict[Hashable, dict[int, Hashable]]] = {}

    def new(self, kind: str, owner: str, table: pa.Table) -> pa.Table:
        """The rows that are new, known when they were said, or when they were restated; DATA-017 for a conflict."""
        if (kind, owner) not in self._said:
            said = self._said[kind, owner] = {}
            for key, _, known, words, _ in _TOLD[kind](self._held(kind, owner)):
                said.setdefault(key, {})[known] = words
        said = self._said[kind, owner]
        fresh: list[tuple[int, Hashable, int, Hashable]] = []
        for key, event, known, words, rows in _TOLD[kind](table):
            when = self._settled(said.get(key, {}), event, known, words, owner, key)
            if when is not None:
                fresh += [(row, key, when, words) for row in rows]
        for _, key, when, words in fresh:  # only now: values of one block are not held against each other
            said.setdefault(key, {})[when] = words
        fresh.sort(key=lambda one: one[0])
        kept = table.take(pa.array([row for row, *_ in fresh], pa.int64()))
        dated = table.column("ts_init").is_valid().to_pylist()
        times = pa.array([when if dated[row] else None for row, _, when, _ in fresh], pa.int64())
        place = SCHEMAS[kind].get_field_index("ts_init")
        return kept.set_column(place, SCHEMAS[kind].field(place), times.cast(SCHEMAS[kind].field(place).type))

    def _settled(
        self, was: dict[int, Hashable], event: int, known: int, words: Hashable, owner: str, key: Hashable
    ) -> int | None:
        """When something counts as known; None where it is known already."""
        restated = self._restated_ns
        if restated is not None and known == event and restated not in was and min(was, default=restated) < restated:
            # The source says no time of its own: what was believed just before is what it is held against, so that a
            # value that goes back to an older one is a correction too.
            return None if was[max(time for time in was if time < restated)] == words else restated
        earlier = [time for time in was if time <= known]
        if earlier and (was[max(earlier)] == words or (known == event and was[max(was)] == words)):
            return None
        if known not in was:
            return known
        if self._restated_ns is None:
            moment = np.datetime64(event, "ns").astype("datetime64[D]")
            name = owner or " ".join(str(part) for part in key[::2]) if isinstance(key, tuple) else owner
            raise problem("DATA_CONFLICT", f"{name} {moment}: the value is {_shown(was[known])}, now {_shown(words)}")
        return self._restated_ns


def _shown(words: Any) -> str:
    if isinstance(words, frozenset):
        return ", ".join(sorted(str(value) for value, _ in words))
    return str(words)


def _of_series(table: pa.Table) -> Iterator[Told]:
    events, times = _times(table)
    written = table.column("written").to_pylist()
    for row, (event, known, words) in enumerate(zip(events, times, written, strict=True)):
        yield event, event, known, words, (row,)


def _of_actions(table: pa.Table) -> Iterator[Told]:
    """Actions of one instrument, day and kind, known at one time, are told together: a day may have two dividends."""
    together: dict[tuple[Any, ...], list[int]] = {}
    events, times = _times(table)
    names, actions = table.column("instrument").to_pylist(), table.column("action").to_pylist()
    for row, key in enumerate(zip(names, events, actions, times, strict=True)):
        together.setdefault(key, []).append(row)
    values, details = table.column("value").to_pylist(), table.column("detail").to_pylist()
    for (name, event, action, known), rows in together.items():
        words = frozenset((values[row], details[row]) for row in rows)
        yield (name, event, action), event, known, words, tuple(rows)


def _of_news(table: pa.Table) -> Iterator[Told]:
    """Items by what their source calls them; those without a time, or of one name, are known word for word."""
    events, times = _times(table)
    names, contents = table.column("instrument").to_pylist(), table.column("content").to_pylist()
    called = [(name, _called(content)) for name, content in zip(names, contents, strict=True)]
    counts, dated = Counter(called), table.column("ts_init").is_valid().to_pylist()
    for row, (event, known, who, content) in enumerate(zip(events, times, called, contents, strict=True)):
        apart = counts[who] > 1 or not dated[row]
        yield ((*who, content) if apart else who), event, known, content, (row,)


def _called(content: str | None) -> str:
    """The name of an item, in its own words: RSS' guid, Atom's id, an address; without one, all it says."""
    try:
        told = json.loads(content or "")
        return next(str(told[key]) for key in ("guid", "id", "link", "url", "article_url") if told.get(key))
    except (ValueError, TypeError, AttributeError, StopIteration, RecursionError):
        return content or ""


def _times(table: pa.Table) -> list[list[int]]:
    return [table.column(name).cast(pa.int64()).fill_null(0).to_pylist() for name in ("ts_event", "ts_init")]


_TOLD: dict[str, Callable[[pa.Table], Iterator[Told]]] = {
    "series": _of_series,
    "actions": _of_actions,
    "news": _of_news,
}
CORRECTED = frozenset(_TOLD)
"""Kinds of which a value can be corrected."""
