"""The rule of J4: a thousand pairs of averages over the first 100,000 bars of J1, each as in J1.

Rule: fast 5 to 100 by 5, slow 105 to 350 by 5; long while the fast average is above the slow one, flat below it, where
they are equal (within `TIE`) as before; the first decision at the bar whose number is the slow window; next open, one
basis point. Needs the standard library only.
"""

from __future__ import annotations

import json
import resource
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

BARS = 100_000
PAIRS = [(fast, slow) for fast in range(5, 101, 5) for slow in range(105, 351, 5)]
TIE = 1e-9


@dataclass(frozen=True)
class Outcome:
    """The best pair, what it ended with, and the sum of what all ended with, in cents."""

    best: tuple[int, int]
    best_cents: int
    sum_cents: int


EXPECTED = Outcome((60, 110), 1_001_375_718, 992_080_310_754)


def outcome(equities: Mapping[tuple[int, int], float]) -> Outcome:
    """An engine's final equities in the form to compare."""
    best = max(equities, key=lambda pair: equities[pair])
    return Outcome(best, round(equities[best] * 100), sum(round(equity * 100) for equity in equities.values()))


def say(engine: str, seconds: list[float], came_to: Outcome) -> None:
    """Print what was measured and what it came to."""
    line = {
        "engine": engine,
        "cpu_seconds": statistics.median(seconds),
        "cpu_least": min(seconds),
        "cpu_most": max(seconds),
        "runs": len(seconds),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "best": came_to.best,
        "best_cents": came_to.best_cents,
        "sum_cents": came_to.sum_cents,
    }
    print(json.dumps(line))
