"""How far a task has come, and what of an answer is new: pure functions of both.

Promises: rows come out in the order of their times, each once, however often and in which order the venue said them;
a bar comes out once it is closed. Never: forgets a row that stands at the very moment that was reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LATE_MS = 300_000
"""How late a venue may say what happened: no nearer to now is a window believed to be empty."""
HOUR_MS = 3_600_000
"""The window of time that some venues answer for, whatever was asked."""


@dataclass(frozen=True)
class Reached:
    """Up to when rows came, milliseconds of UTC, and the ids of those that stand at that very moment."""

    from_ms: int
    ids: frozenset[str] = frozenset()


def trades_after(was: Reached, trades: Iterable[Mapping[str, Any]], limit: int) -> tuple[list[Any], Reached, int]:
    """New trades as (ms, price, size, side, id), how far they reach, and whether (1) something between is missing.

    Something is missing where a full answer holds none of the trades that were known at the moment it was asked from.

    >>> trade = {"timestamp": 7, "price": "1.5", "amount": "2", "side": "buy", "id": "a"}
    >>> trades_after(Reached(7, frozenset()), [trade, trade], 9)
    ([[7, '1.5', '2', 'buy', 'a']], Reached(from_ms=7, ids=frozenset({'a'})), 0)
    """
    told: dict[tuple[int, str], list[Any]] = {}
    seen, alike, count = set[str](), Counter[str](), 0
    for trade in sorted(trades, key=_order):
        count += 1
        at_ms = int(trade["timestamp"])
        row = [at_ms, trade["price"], trade["amount"], trade.get("side"), trade.get("id")]
        key = str(row[4])
        if row[4] is None:  # those that are alike at one moment are told apart by their number
            alike[f"{row}"] += 1
            key = f"{row[1]} {row[2]} {row[3]} {alike[f'{row}']}"
        seen.add(key)
        if at_ms < was.from_ms or (at_ms == was.from_ms and key in was.ids):
            continue
        told.setdefault((at_ms, key), row)
    from_ms = max((at_ms for at_ms, _ in told), default=was.from_ms)
    ids = frozenset(key for at_ms, key in told if at_ms == from_ms)
    ids = ids | was.ids if from_ms == was.from_ms else ids
    missing = count >= limit and bool(was.ids) and not was.ids & seen
    return list(told.values()), Reached(from_ms, ids), int(missing)


def _order(trade: Mapping[str, Any]) -> tuple[int, int]:
    """By time, and within a moment by the venue's number where it is one."""
    number = str(trade.get("id") or "")
    return int(trade["timestamp"]), int(number) if number.isdecimal() else 0


def bars_after(was: Reached, bars: Iterable[Sequence[Any]], span_ms: int, now_ms: int) -> tuple[list[Any], Reached]:
    """New bars that are closed, as (open ms, open, high, low, close, volume), and where the next one opens.

    >>> bars_after(Reached(0), [[60, 1, 2, 1, 2, 9], [0, 1, 1, 1, 1, 4], [0, 1, 1, 1, 1, 4]], 60, 119)
    ([[0, 1, 1, 1, 1, 4]], Reached(from_ms=60, ids=frozenset()))
    """
    told = {int(bar[0]): list(bar[:6]) for bar in bars if was.from_ms <= int(bar[0]) <= now_ms - span_ms}
    rows = [told[at_ms] for at_ms in sorted(told)]
    return rows, Reached(rows[-1][0] + span_ms) if rows else was


def stepped(was: Reached, reached: Reached, window_ms: int, now_ms: int, *, full: bool) -> tuple[Reached, bool]:
    """Where to ask next, and whether at once: venues that answer for a window of time have more behind an empty one."""
    if full:
        return reached if reached.from_ms > was.from_ms else Reached(was.from_ms + 1), True
    if reached.from_ms + window_ms + LATE_MS < now_ms:
        return Reached(reached.from_ms + window_ms), True
    return reached, False
