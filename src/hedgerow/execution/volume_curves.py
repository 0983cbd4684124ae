"""When in a day trading happens, learnt from days that were, and orders cut along it (VWAP) or by any weights.

Promises: slices are whole lots, none negative, and sum to the order; at every moment what is cut lies within one lot
of what the weights want; how well the curve foretells a day that it has not seen is said beside it. Never: a random
number without a seed.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem

Floats = npt.NDArray[np.float64]
LOTS_MAX = 10**15


@dataclass(frozen=True)
class VolumeCurve:
    """Shares of a day's volume by interval, which sum to one.

    error: how far the share done by a moment was from the curve's on days left out one at a time, mean over moments
    and days (a fraction of the day's volume). flat_error: the same for an even curve; a curve that is not better than
    it says nothing. days: how many it was learnt from.
    """

    shares: tuple[float, ...]
    error: float
    flat_error: float
    days: int

    def part(self, first: int, end: int) -> VolumeCurve:
        """Of the intervals from `first` up to before `end` alone, for an order that has not the whole day.

        Raises RUN_NUMBER where these are none, or where nothing is traded in them.
        """
        if not 0 <= first < end <= len(self.shares):
            raise problem("RUN_NUMBER", f"intervals {first} to {end} of {len(self.shares)}")
        shares = _normal(np.array(self.shares[first:end]), f"intervals {first} to {end}")
        return VolumeCurve(tuple(shares.tolist()), self.error, self.flat_error, self.days)


def volume_curve(volumes: npt.ArrayLike) -> VolumeCurve:
    """The curve of days like these. volumes: (days, intervals), what was traded in each interval.

    Each day counts the same, however much was traded on it; a day on which nothing was is left out. Raises RUN_NUMBER
    for negative or unknown volumes, or fewer than two days with trades.

    >>> curve = volume_curve([[30, 10, 60], [50, 10, 40]])
    >>> [round(share, 3) for share in curve.shares], curve.days
    ([0.4, 0.1, 0.5], 2)
    """
    table = np.asarray(volumes, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 1 or not np.isfinite(table).all() or (table < 0).any():
        raise problem("RUN_NUMBER", f"volumes of shape {table.shape}: one finite row a day, none below zero")
    table = table[table.sum(axis=1) > 0]
    if len(table) < 2:
        raise problem("RUN_NUMBER", f"{len(table)} days with trades; a curve is learnt from two at least")
    days = table / table.sum(axis=1, keepdims=True)
    done, total = np.cumsum(days, axis=1), days.sum(axis=0)
    others = np.cumsum((total - days) / (len(days) - 1), axis=1)
    even = np.cumsum(np.full(days.shape[1], 1 / days.shape[1]))
    error, flat_error = (float(np.abs(done - wanted).mean()) for wanted in (others, even))
    return VolumeCurve(tuple((total / len(days)).tolist()), error, flat_error, len(days))


class CurveLearner:
    """A curve learnt day by day: bit for bit what `volume_curve` says of the same days at once.

    That, and how well each day was foretold by the others, wants all of them: they are kept, the latest `days_max` (0:
    all). What it knows is plain values, for a file.

    >>> learner = CurveLearner(3)
    >>> learner.learn([30, 10, 60])
    >>> again = CurveLearner.of_json(learner.to_json())
    >>> again.learn([50, 10, 40])
    >>> again.curve() == volume_curve([[30, 10, 60], [50, 10, 40]])
    True
    """

    def __init__(self, intervals: int, days_max: int = 0) -> None:
        if intervals < 1 or days_max < 0 or days_max == 1:
            raise problem("RUN_NUMBER", f"{intervals} intervals, {days_max} days; one interval, and two days, at least")
        self._days: deque[Floats] = deque(maxlen=days_max or None)
        self._intervals, self._days_max = intervals, days_max

    @property
    def days(self) -> int:
        """How many are kept."""
        return len(self._days)

    def learn(self, volumes: npt.ArrayLike) -> None:
        """One more day; one on which nothing was traded is passed over. RUN_NUMBER changes nothing."""
        day = np.array(volumes, dtype=np.float64)
        if day.shape != (self._intervals,) or not np.isfinite(day).all() or (day < 0).any():
            raise problem(
                "RUN_NUMBER", f"a day of shape {day.shape}: {self._intervals} finite volumes, none below zero"
            )
        if day.sum() > 0:
            self._days.append(day)

    def curve(self) -> VolumeCurve:
        """The curve of the days that are kept; RUN_NUMBER for fewer than two."""
        return volume_curve(np.array(list(self._days)).reshape(-1, self._intervals))

    def to_json(self) -> dict[str, Any]:
        """What it knows as plain values; numbers as text keep every bit."""
        days = [[value.hex() for value in day.tolist()] for day in self._days]
        return {"v": 1, "intervals": self._intervals, "days_max": self._days_max, "days": days}

    @classmethod
    def of_json(cls, told: Any) -> CurveLearner:
        """From `to_json`; RUN_NUMBER where it is none."""
        try:
            if told["v"] != 1 or not (type(told["intervals"]) is type(told["days_max"]) is int):
                raise ValueError(f"version {told['v']!r}")
            found = cls(told["intervals"], told["days_max"])
            for day in told["days"]:
                found.learn([float.fromhex(text) for text in day])
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise problem("RUN_NUMBER", f"no learner of a volume curve: {error!r}") from None
        return found


def slices(lots: int, weights: Sequence[float]) -> list[int]:
    """An order cut along weights, which need not sum to one.

    Raises RUN_NUMBER for fewer lots than none, weights below zero, or none above it.

    >>> slices(10, [1, 1, 1]), slices(7, [0.4, 0.1, 0.5])
    ([3, 4, 3], [3, 1, 3])
    """
    if type(lots) is not int or not 0 <= lots <= LOTS_MAX:
        raise problem("RUN_NUMBER", f"{lots!r} lots; a whole number from 0 to 10^15")
    given = np.asarray(weights, dtype=np.float64)
    _normal(given, "weights")
    exact = [Fraction(weight) for weight in given.tolist()]
    whole, done, cut, found = sum(exact), Fraction(0), 0, []
    for weight in exact:
        done += weight
        reached = round(lots * done / whole)  # half to even: never against the order of what is done
        found.append(reached - cut)
        cut = reached
    return found


def disguised(wanted: Sequence[int], *, seed: int, by: float) -> list[int]:
    """The same order in sizes that nobody can foresee: each slice gives up to a share `by` of itself to another.

    Equal seeds give equal slices; keep the seed with the order. Raises RUN_NUMBER for a share that is not from 0 to 1.

    >>> found = disguised([100, 100, 100], seed=1, by=0.3)
    >>> sum(found), found != [100, 100, 100], all(70 <= size <= 160 for size in found)
    (300, True, True)
    """
    if not 0 <= by <= 1:
        raise problem("RUN_NUMBER", f"by={by!r}; a share from 0 to 1")
    if any(size < 0 for size in wanted):
        raise problem("RUN_NUMBER", "a slice below zero")
    draws, found = Random(seed), list(wanted)
    for place, size in enumerate(wanted):
        moved = draws.randint(0, math.floor(size * by))
        other = draws.randrange(len(found))
        found[place] -= moved
        found[other] += moved
    return found


def moments(first_ns: int, end_ns: int, count: int, *, seed: int | None = None) -> list[int]:
    """When each of `count` slices is sent: in the middle of equal stretches, or anywhere within its own by a seed.

    >>> moments(0, 90, 3)
    [15, 45, 75]
    """
    if not first_ns < end_ns or count < 1:
        raise problem("RUN_NUMBER", f"{count} slices from {first_ns} to {end_ns}")
    edges = [first_ns + (end_ns - first_ns) * n // count for n in range(count + 1)]
    if seed is None:
        return [(begin + end) // 2 for begin, end in pairwise(edges)]
    draws = Random(seed)
    return [draws.randrange(begin, max(end, begin + 1)) for begin, end in pairwise(edges)]


def _normal(weights: Floats, what: str) -> Floats:
    """Weights that sum to one."""
    total = weights.sum() if weights.size else 0.0
    if weights.ndim != 1 or not np.isfinite(weights).all() or (weights < 0).any() or not 0 < total < math.inf:
        raise problem("RUN_NUMBER", f"{what}: finite, none below zero, one above it")
    found: Any = weights / total
    return np.asarray(found, dtype=np.float64)
