"""How long a venue takes, as seen from here: HDR histograms of orders and cancels, by what was waited for.

Promises: three digits from a nanosecond to an hour, in memory that grows with orders that work and with nothing else;
what a broken session leaves open is not counted, for nobody knows it. Never: a clock, a decision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hedgerow import _core
from hedgerow.core.errors import problem
from hedgerow.core.files import write_whole

MEASURES = {
    "acknowledged": "order sent to the venue's first word about it",
    "durable": "order sent to that word being in the journal, on the disk",
    "filled": "order sent to its first execution",
    "cancelled": "cancel sent to the venue's answer",
}
"""What is measured, and from where to where."""
_SHARES = {"p50_us": 0.5, "p90_us": 0.9, "p99_us": 0.99, "p999_us": 0.999}
_ENDS = ("4", "8", "C", "3")
"""ExecType (150) of an order that has ended without more executions."""


class Latencies:
    """Of one venue. The gateway says what was sent and what was heard; `settled` once that is durable.

    >>> seen = Latencies()
    >>> seen.sent("a", 10)
    >>> seen.heard({11: "a", 150: "0"}, 40)
    >>> seen.settled(90)
    >>> [seen.histograms[name].count for name in MEASURES], seen.histograms["durable"].most
    ([1, 1, 0, 0], 80)
    """

    def __init__(self, buckets: Mapping[str, list[tuple[int, int]]] | None = None) -> None:
        kept = buckets or {}
        self.histograms = {name: _core.LatencyHistogram(kept.get(name, [])) for name in MEASURES}
        self._unanswered: dict[str, int] = {}
        self._unfilled: dict[str, int] = {}
        self._asked: dict[str, int] = {}
        self._unsettled: list[int] = []

    def sent(self, name: str, ts: int) -> None:
        """An order was handed to the session."""
        self._unanswered[name] = self._unfilled[name] = ts

    def asked(self, name: str, ts: int) -> None:
        """A cancel was handed to the session, under its own name."""
        self._asked[name] = ts

    def heard(self, told: Mapping[int, str], ts: int) -> None:
        """The venue spoke of an order or a cancel: an execution report or a refusal, by tag."""
        name, kind = told.get(11, ""), told.get(150, "")
        if name in self._asked:
            self.histograms["cancelled"].record(ts - self._asked.pop(name))
            name = told.get(41, "")
        if name in self._unanswered:
            since = self._unanswered.pop(name)
            self.histograms["acknowledged"].record(ts - since)
            self._unsettled.append(since)
        if kind in ("F", "1", "2") and name in self._unfilled:
            self.histograms["filled"].record(ts - self._unfilled.pop(name))
        elif kind in _ENDS:
            self._unfilled.pop(name, None)

    def settled(self, ts: int) -> None:
        """What was heard is durable."""
        for since in self._unsettled:
            self.histograms["durable"].record(ts - since)
        self._unsettled.clear()

    def forget(self) -> None:
        """The session broke: what is open will be answered after another, which measures something else."""
        for waiting in (self._unanswered, self._unfilled, self._asked):
            waiting.clear()
        self._unsettled.clear()

    def summary(self) -> dict[str, dict[str, float]]:
        """By measure: how many, percentiles and the greatest in microseconds; measures without any are left out."""
        return {name: summary_of(one) for name, one in self.histograms.items() if one.count}


def summary_of(histogram: _core.LatencyHistogram) -> dict[str, float]:
    """How many, percentiles and the greatest, in microseconds."""
    shares = {name: histogram.quantile(share) / 1_000 for name, share in _SHARES.items()}
    return {"count": histogram.count, **shares, "max_us": histogram.most / 1_000}


def keep_latencies(path: Path, venues: Mapping[str, Latencies]) -> None:
    """Write the histograms of some venues into a file, whole."""
    kept = {
        venue: {name: one.buckets() for name, one in seen.histograms.items() if one.count}
        for venue, seen in venues.items()
    }
    write_whole(path, json.dumps({"v": 1, "unit": "ns", "venues": kept}).encode())


def kept_latencies(path: Path) -> dict[str, Latencies]:
    """Those of a file; none where there is none. LOG_NOT_A_LOG where it is something else."""
    if not path.exists():
        return {}
    try:
        found: Any = json.loads(path.read_bytes())
        if found["v"] != 1:
            raise ValueError(f"version {found['v']!r}")
        rows = {
            venue: {name: [(int(at), int(n)) for at, n in found] for name, found in kept.items()}
            for venue, kept in found["venues"].items()
        }
        return {venue: Latencies(kept) for venue, kept in rows.items()}
    except (OSError, OverflowError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise problem("LOG_NOT_A_LOG", f"{path}, latencies of a run: {error}") from None
