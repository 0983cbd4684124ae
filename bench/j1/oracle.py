"""What J1 must come to, to the last fill and the last cent, whoever runs it.

Rule: at the close of bar t >= 99, if five times the sum of the last 20 closes is above the sum of the last 100 and we
are flat, buy 10,000 at the open of t + 1; if below and long, sell 10,000 at the open of t + 1. One basis point of
notional on every fill, cash 10,000,000; the last position stays open, marked at the last close. Promises: integers
only. Never: believes an engine's own summary.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from bench.j1.data import CASH, FAST, LOTS, SLOW, Columns

FillList = Iterable[tuple[int, int, int]]
"""Bar, +1 or -1, price in ticks."""


@dataclass(frozen=True)
class Outcome:
    """Number of fills, first 16 hex digits of SHA-256 over lines `bar,B|S,price`, final equity in cents."""

    fills: int
    digest: str
    equity_cents: int


KNOWN = {
    14_400: Outcome(204, "32c9a04b21687317", 990_792_861),
    100_000: Outcome(1_328, "419452a5cc727256", 988_055_723),
    1_000_000: Outcome(13_677, "1a7e4db9edb2581b", 898_357_026),
}
"""By number of bars."""

KNOWN_ONE_LATER = {1_000_000: Outcome(13_675, "0ed6271abb8cd61e", 898_487_103)}
"""For engines that first decide at bar 100, one bar after their slowest indicator exists."""


def outcome(fills: FillList, equity: float) -> Outcome:
    """An engine's fills and final equity, in the form to compare."""
    lines = [f"{bar},{'B' if side > 0 else 'S'},{price}\n" for bar, side, price in fills]
    return Outcome(len(lines), hashlib.sha256("".join(lines).encode()).hexdigest()[:16], round(equity * 100))


def expected(n: int, *, first_decision: int = SLOW - 1) -> Outcome | None:
    """What `n` bars come to, if that is known beforehand."""
    return (KNOWN if first_decision == SLOW - 1 else KNOWN_ONE_LATER).get(n)


def reference(columns: Columns, *, first_decision: int = SLOW - 1) -> Outcome:
    """The rule in plain integers, for any number of bars."""
    opens, closes = columns["o"].tolist(), columns["c"].tolist()
    fast = slow = position = wanted = 0
    cents = CASH * 100
    fills: list[tuple[int, int, int]] = []
    for t, close in enumerate(closes):
        if wanted:
            cents -= wanted * LOTS * opens[t] + LOTS * opens[t] // 10_000
            position += wanted
            fills.append((t, wanted, opens[t]))
            wanted = 0
        fast += close - (closes[t - FAST] if t >= FAST else 0)
        slow += close - (closes[t - SLOW] if t >= SLOW else 0)
        if t >= first_decision:
            wanted = int(5 * fast > slow and position == 0) - int(5 * fast < slow and position == 1)
    return outcome(fills, (cents + position * LOTS * closes[-1]) / 100)
