"""Runs a strategy again on bars that end earlier: orders of the past may not depend on what came later.

Promises: both runs know the same volatility and volume of each instrument, so that only the strategy can differ; orders
are compared up to the last bar but one, because a run's end may order too. Never: a difference of rounding.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hedgerow.engine.lint.rule import Answer, Seen
from hedgerow.engine.run_data import RunData

if TYPE_CHECKING:
    from hedgerow.engine.lint.subject import Subject
    from hedgerow.engine.result import Result
    from hedgerow.market.bars import Bars

Ints = npt.NDArray[np.int64]
PARTS = 3
FIELDS = ("ts", "instrument", "side", "kind", "lots", "limit_ticks")


def changed_by_later_bars(subject: Subject, again: Callable[[Bars], Result]) -> Answer:
    """Whether orders differ when the last third, or two thirds, of the bars are taken away."""
    bars = with_liquidity(subject.bars)
    times = subject.result.data.times_ns
    if times.size < 2 * PARTS:
        return f"{times.size} times are too few to take some away"
    whole = _orders(again(bars))
    compared = 0
    for part in range(1, PARTS):
        known = times[: times.size * part // PARTS]
        cut = _orders(again(bars.known_as_of(int(known[-1]))))
        before, until = whole[whole[:, 0] < known[-1]], cut[cut[:, 0] < known[-1]]
        compared += len(before)
        if not np.array_equal(before, until):
            return Seen(1.0, 0.0, _difference(subject, before, until, int(known[-1])))
    return None if compared else "it made no order in the part that was run again"


def with_liquidity(bars: Bars) -> Bars:
    """The bars, each instrument stating the volatility and daily volume that all of its bars show."""
    data = RunData(bars)
    stated = []
    for index, instrument in enumerate(bars.instruments):
        sigma, adv_lots = data.liquidity(index)
        adv = instrument.lot * adv_lots if adv_lots else instrument.adv
        stated.append(dataclasses.replace(instrument, sigma=sigma, adv=adv))
    return dataclasses.replace(bars, instruments=tuple(stated))


def _orders(result: Result) -> Ints:
    """What was ordered, a row an order, its fields as in `FIELDS`."""
    rows = result.records("Order")
    return np.stack([rows[name].astype(np.int64) for name in FIELDS], axis=1)


def _difference(subject: Subject, before: Ints, until: Ints, known_ns: int) -> str:
    """The first order that is another one, in words."""
    both = min(len(before), len(until))
    other = np.flatnonzero((before[:both] != until[:both]).any(axis=1))
    place = int(other[0]) if other.size else both
    row = before[place] if place < len(before) else until[place]
    when = np.datetime64(int(row[0]), "ns").astype("datetime64[m]")
    end = np.datetime64(known_ns, "ns").astype("datetime64[m]")
    symbol = subject.bars.symbols[int(row[1])]
    return f"the order in {symbol} at {when} is another one, or none, when the bars end at {end}"
