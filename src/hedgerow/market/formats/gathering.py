"""What the messages of a recording say, gathered by kind until there is enough for a table.

Promises that a message adds its rows in its own order, each with the record it came from and with when it was received.
A book's levels are gathered a side at a time, so that a message of a thousand levels costs little more than one of two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.market.formats.rows import Gathering, Rows, rows

FLUSH = 200_000
"""Rows of a kind that are gathered before they are given on."""
_UNITS = ((11, 10**9), (14, 10**6), (17, 10**3), (99, 1))


def moment(value: Any) -> int:
    """Nanoseconds of UTC of a time as venues write it: seconds to nanoseconds since 1970, or ISO 8601; else DATA-013.

    >>> moment(1723161255208), moment("1618678142.557535"), moment("2021-04-17T16:43:37.075687Z")
    (1723161255208000000, 1618678142557535000, 1618677817075687000)
    """
    if isinstance(value, int):
        return value * _unit(value)
    text = str(value).strip()
    whole, _, fraction = text.partition(".")
    if whole.isdecimal() and (not fraction or fraction.isdecimal()):
        unit = _unit(int(whole))
        return int(whole) * unit + int(fraction.ljust(9, "0")[:9] or 0) * unit // 10**9
    return iso(text)


def iso(text: str) -> int:
    """Nanoseconds of UTC of ISO 8601 text, to its last digit; without a zone it is UTC.

    >>> iso("2024-01-15T12:00:01.123456789Z")
    1705320001123456789
    """
    whole, point, rest = text.partition(".")
    digits = ""
    if point:
        digits = rest[: next((n for n, sign in enumerate(rest) if not sign.isdecimal()), len(rest))]
        whole += rest[len(digits) :]
    try:
        found = datetime.fromisoformat(whole)
    except ValueError:
        raise problem("DATA_TIME", f"{text!r}") from None
    since = found.replace(tzinfo=None) - datetime(1970, 1, 1) - (found.utcoffset() or datetime.min - datetime.min)
    return (since.days * 86_400 + since.seconds) * 10**9 + int(digits.ljust(9, "0")[:9] or 0)


def _unit(number: int) -> int:
    digits = len(str(abs(number)))
    return next(unit for most, unit in _UNITS if digits <= most)


@dataclass
class Phases:
    """What a stock does: by its trading action, which holds for all markets, and by a halt of the feed's own alone."""

    action: str = "continuous"
    reason: str | None = None
    is_halted_here: bool = False

    @property
    def phase(self) -> str:
        """What it does at the market of the feed."""
        return "halted" if self.is_halted_here else self.action

    @property
    def told(self) -> str | None:
        """Why, where that is told."""
        return "operational halt" if self.is_halted_here else self.reason


class Gathered:
    """Rows of all kinds, as messages come: set `record`, `known_ns` and `instrument`, then tell what one says."""

    def __init__(self) -> None:
        self.record = 0
        self.known_ns: int | None = None
        self.instrument = ""
        self.records = 0
        self._pending = 0
        self.places: dict[Any, Any] = {}
        """What a venue says once and later only refers to, such as the price of a level's id."""
        self._kinds: dict[str, Gathering] = {}
        self._books: list[tuple[Any, ...]] = []
        self._prices: list[Any] = []
        self._sizes: list[Any] = []
        self._first: int | None = None
        self._last: int | None = None

    def add(self, kind: str, event_ns: int | None, instrument: str | None = None, **given: Any) -> None:
        """One row of a kind."""
        kept = self._kinds.get(kind) or self._kinds.setdefault(kind, Gathering(kind))
        event = self.known_ns if event_ns is None else event_ns
        known = event if self.known_ns is None else self.known_ns
        who = instrument or self.instrument
        self._pending += 1
        kept.add(record=self.record, ts_event=event, ts_init=known, instrument=who, **given)

    def book(
        self,
        event_ns: int | None,
        instrument: str | None,
        bid: Sequence[tuple[Any, Any]],
        ask: Sequence[tuple[Any, Any]],
        *,
        snapshot: bool = False,
        sequence: Any = None,
    ) -> None:
        """Levels of a book, `(price, size)` each; a size of zero takes the level away, a snapshot all others."""
        number = None if sequence is None else self._whole(sequence)
        self._prices += [price for price, _ in bid] + [price for price, _ in ask]
        self._sizes += [size for _, size in bid] + [size for _, size in ask]
        event = self.known_ns if event_ns is None else event_ns
        known = event if self.known_ns is None else self.known_ns
        count = (len(bid), len(ask))
        self._pending += sum(count)
        who = instrument or self.instrument
        self._books.append((event, known, who, self.record, snapshot, number, *count))

    def _whole(self, written: Any) -> int:
        try:
            return int(written)
        except (TypeError, ValueError):
            raise problem("DATA_TYPE", f"record {self.record}: sequence is {written!r:.60}, no whole number") from None

    def counted(self, known_ns: int | None) -> None:
        """One more record was read, received at this time."""
        self.records += 1
        if known_ns is not None:
            self.seen(known_ns)

    def seen(self, known_ns: int) -> None:
        """A time that labels what was read."""
        self._first = known_ns if self._first is None else min(self._first, known_ns)
        self._last = known_ns if self._last is None else max(self._last, known_ns)

    @property
    def is_full(self) -> bool:
        """Whether it is time to give on what was gathered."""
        return self._pending >= FLUSH

    def flush(self) -> Iterator[Rows]:
        """What was gathered so far, the records counted once; gathering begins anew."""
        self._pending = 0
        parts = [kept.rows(records=0) for kept in self._kinds.values() if len(kept)]
        if self._books:
            parts.append(self._depth())
        for part in parts:
            told = self._first is not None
            first, last = (self._first, self._last) if told else (part.first_ns, part.last_ns)
            yield Rows(part.kind, part.table, self.records, first, last, part.notes)
            self.records = 0
        if not parts and self.records:
            part = Gathering("messages").rows(records=self.records)
            yield Rows("messages", part.table, self.records, self._first, self._last)
            self.records = 0
        self._first = self._last = None

    def _depth(self) -> Rows:
        event, known, who, record, snapshot, sequence, n_bids, n_asks = zip(*self._books, strict=True)
        counts = np.add(n_bids, n_asks)
        bid = np.repeat(np.tile([True, False], len(counts)), np.column_stack([n_bids, n_asks]).ravel())

        def spread(column: Sequence[Any]) -> Any:
            told = [value for value in column if value is not None]
            if not told:
                return None
            if isinstance(told[0], str) or len(told) < len(column):
                return [
                    value
                    for value, count in zip(column, counts.tolist(), strict=True)
                    for value in repeat(value, count)
                ]
            return np.repeat(np.array(column), counts)

        columns = {
            "ts_event": spread(event),
            "ts_init": spread(known),
            "instrument": spread(who),
            "record": spread(record),
            "snapshot": spread(snapshot),
            "sequence": spread(sequence),
            "side": np.where(bid, "bid", "ask").tolist(),
            "price": self._prices,
            "size": self._sizes,
        }
        found = rows("depth", columns, records=0)
        self._books, self._prices, self._sizes = [], [], []
        return found
