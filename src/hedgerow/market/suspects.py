"""What should not be believed of prices, dividends and splits, each place with the reason: vendors' usual faults.

Promises that every suspect names its moment, what was seen, what was expected and why; that nothing is repaired; and
that what is merely unusual (a crash, a large dividend with its fall) stays silent. The limits are constants with their
reasons. It judges one instrument at a time, from arrays: bars, and beside each what went ex with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

LEVEL = float(np.log(1.8))
"""A step of prices by less than this factor is left to `quality_report`'s spikes."""
NEAR = 0.15
"""How far a step may be from a known factor, in logarithms: a day's move lies between."""
UNITS = (10.0, 100.0, 1_000.0, 10_000.0)
"""Factors by which units are mistaken: pence and pounds, old and new money, shifted points."""
BLOCK_MAX = 30
"""Bars after which a level that came back is no vendor's block any more."""
NEIGHBOURS = 10
"""Bars between the day of a split and the step that it left in prices."""
WITHIN = 20.0
"""High over low within one bar beyond which one of them is a bad print."""
TWICE_NS = 14 * 86_400 * 10**9
"""Two equal dividends within two weeks are one told twice."""
ALIKE = 0.06
"""A dividend that is a hundredth of one beside it, but for so much, was given in another unit."""
YIELD, FALL = 0.1, 0.25
"""A dividend of more than a tenth of the price with a fall of less than a quarter of it was not paid."""


@dataclass(frozen=True)
class Suspect:
    """One thing not to be believed: which rule, when (UTC nanoseconds), how many bars, what is seen and expected."""

    rule: str
    ts_event: int
    bars: int
    seen: float
    expected: float
    why: str


@dataclass(frozen=True)
class Series:
    """One instrument's bars in order of time, (n,) each; what is not known is not a number, no action is 0.

    dividend: cash a share that went ex with this bar, capital gains included where the source does so; gain: the part
    of it that is capital gain; split: new shares for one old, 0 = none; adjusted: the source's adjusted close.
    """

    ts_event: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    dividend: Floats = field(default_factory=lambda: np.zeros(0))
    gain: Floats = field(default_factory=lambda: np.zeros(0))
    split: Floats = field(default_factory=lambda: np.zeros(0))
    adjusted: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        for name in ("dividend", "gain", "split"):
            if not getattr(self, name).size:
                object.__setattr__(self, name, np.zeros(self.close.size))


def suspects(series: Series) -> list[Suspect]:
    """All suspects of one instrument, in order of time.

    >>> closes = np.array([5.0, 5.1, 510.0, 5.1])
    >>> [one.rule for one in suspects(Series(np.arange(4), closes, closes, closes, closes))]
    ['level']
    """
    priced = _priced(series)
    if priced.close.size < 2:
        return []
    found = [*_levels(priced), *_within(priced), *_told_twice(priced), *_not_paid(priced)]
    if priced.adjusted.size:
        found += _misadjusted(priced)
    return sorted(found, key=lambda one: (one.ts_event, one.rule))


def _priced(series: Series) -> Series:
    """Rows with prices; what went ex on one without goes ex with the next."""
    there = np.isfinite(series.close) & (series.close > 0)
    last = np.cumsum(there)  # rows without a price belong to the next row that has one
    place = np.minimum(np.where(there, last - 1, last), max(int(there.sum()) - 1, 0))
    told: dict[str, Any] = {}
    for name in ("dividend", "gain"):
        told[name] = np.bincount(place, weights=np.nan_to_num(getattr(series, name)), minlength=int(there.sum()))
    ratio = np.where(np.nan_to_num(series.split) > 0, np.nan_to_num(series.split), 1.0)
    split = np.exp(np.bincount(place, weights=np.log(ratio), minlength=int(there.sum())))
    told["split"] = np.where(np.abs(split - 1) < 1e-12, 0.0, split)
    kept = {name: getattr(series, name)[there] for name in ("open", "high", "low", "close")}
    return Series(
        series.ts_event[there],
        **kept,
        **told,
        adjusted=series.adjusted[there] if series.adjusted.size else series.adjusted,
    )


def _steps(series: Series) -> Floats:
    """Log steps from bar to bar of the middle of their prices; of a split the part that the prices do not show yet."""
    middle = np.median(np.stack([series.open, series.high, series.low, series.close]), axis=0)
    if series.adjusted.size and (series.adjusted > 0).all():  # whatever a split did to prices, it left these alone
        return np.diff(np.log(middle * series.adjusted / series.close))
    steps = np.diff(np.log(np.where(middle > 0, middle, np.nan)))
    splits = np.log(np.where(series.split[1:] > 0, series.split[1:], 1.0))
    return np.where(np.abs(steps + splits) < np.abs(steps), steps + splits, steps)  # raw prices fall at a split


def _levels(series: Series) -> Iterator[Suspect]:
    """Bars whose prices stand a known factor, or any large factor that comes back, from those around them."""
    steps = np.nan_to_num(_steps(series))
    jumps = np.flatnonzero(np.abs(steps) >= LEVEL)
    factors = np.log(np.array(UNITS))
    done: set[int] = set()
    for place in jumps.tolist():
        if place in done:
            continue
        back = [
            other for other in jumps if place < other <= place + BLOCK_MAX and abs(steps[place] + steps[other]) < NEAR
        ]
        known = (np.abs(np.abs(steps[place]) - factors) < NEAR).any()
        known = known or _split_near(series, place, float(steps[place]))
        if not back and not known:
            continue
        first, bars = place + 1, 1
        if back:
            done.add(int(back[0]))
            bars = int(back[0]) - place
        elif (before := place + 1) * 2 < series.close.size:  # the shorter end is the one that is off
            first, bars = 0, before
        else:
            bars = series.close.size - first
        seen = float(series.close[first])
        other = float(series.close[place if first else place + 1])
        why = f"{bars} bars stand {np.exp(abs(steps[place])):.4g} times off the others" + (
            "" if back else ", to the end"
        )
        yield Suspect("level", int(series.ts_event[first]), bars, seen, other, why)


def _split_near(series: Series, place: int, step: float) -> bool:
    """Whether most of a step is a split that the source dates some bars away."""
    around = series.split[max(place - NEIGHBOURS, 0) : place + NEIGHBOURS + 2]
    sizes = np.abs(np.log(around[around > 0]))
    return bool((np.abs(abs(step) - sizes[sizes >= LEVEL]) < abs(step) / 3).any())


def _within(series: Series) -> Iterator[Suspect]:
    """A bar whose high and low cannot both be right."""
    prices = np.stack([series.open, series.high, series.low, series.close])
    high, low = np.nanmax(prices, axis=0), np.nanmin(prices, axis=0)
    for row in np.flatnonzero((low > 0) & (high > WITHIN * low)).tolist():
        why = f"one bar holds prices {high[row] / low[row]:.4g} times apart"
        yield Suspect("print", int(series.ts_event[row]), 1, float(low[row]), float(high[row]), why)


def _paid(series: Series) -> Ints:
    """Bars with a dividend and a bar before them."""
    rows = np.flatnonzero(series.dividend > 0)
    return rows[rows > 0]


def _told_twice(series: Series) -> Iterator[Suspect]:
    """A dividend told again within two weeks, also in another unit."""
    rows = np.flatnonzero(series.dividend > 0)
    for one, two in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True):
        if series.ts_event[two] - series.ts_event[one] > TWICE_NS:
            continue
        ratio = series.dividend[one] / series.dividend[two]
        if any(abs(ratio * unit - 1) < 0.01 for unit in (1.0, 0.01, 100.0)):
            why = "the same dividend stands within two weeks again"
            yield Suspect("told twice", int(series.ts_event[one]), 1, float(series.dividend[one]), 0.0, why)


def _falls(series: Series) -> Floats:
    """Overnight falls into each bar but the first, as fractions; the share of a split taken out."""
    split = np.where(series.split[1:] > 0, series.split[1:], 1.0)
    opened = np.where(np.isfinite(series.open[1:]) & (series.open[1:] > 0), series.open[1:], series.close[1:])
    fall = 1 - opened / series.close[:-1]
    raw = 1 - opened * split / series.close[:-1]
    return np.where(np.abs(raw) < np.abs(fall), raw, fall)


def _not_paid(series: Series) -> Iterator[Suspect]:
    """A dividend too large for the fall that came with it, or a hundredth of the usual one and of one beside it."""
    rows, falls = _paid(series), _falls(series)
    shares = series.dividend[rows] / series.close[rows - 1]
    for place, row in enumerate(rows.tolist()):
        share, seen = float(shares[place]), float(series.dividend[row])
        others = np.delete(shares, place)
        usual = float(np.median(others)) if others.size >= 2 else float("nan")
        fallen = max(float(falls[row - 1]), 1 - float(series.low[row] / series.close[row - 1]))
        beside = series.dividend[np.delete(rows[max(place - 1, 0) : place + 2], min(place, 1))]
        small = abs(np.log(share / usual * 100)) < 2 * NEAR and (np.abs(np.log(seen / beside * 100)) < ALIKE).any()
        if share > YIELD and fallen < FALL * share:
            why = f"{share:.1%} of the price is paid, and it falls by {falls[row - 1]:.1%}"
            yield Suspect("dividend", int(series.ts_event[row]), 1, seen, float("nan"), why)
        elif small:
            expected = usual * float(series.close[row - 1])
            yield Suspect("dividend", int(series.ts_event[row]), 1, seen, expected, "a hundredth of the others")


def _misadjusted(series: Series) -> Iterator[Suspect]:
    """Steps of the adjusted close that are not those of the dividend that went ex, and adjusted closes below zero."""
    bad = np.flatnonzero(~(series.adjusted > 0))
    if bad.size:
        why = f"{bad.size} adjusted closes are not positive"
        yield Suspect(
            "adjusted", int(series.ts_event[bad[0]]), bad.size, float(series.adjusted[bad[0]]), float("nan"), why
        )
    factor = np.where((series.adjusted > 0) & np.isfinite(series.adjusted), series.adjusted, np.nan) / series.close
    before = series.close[:-1]
    step = factor[:-1] / factor[1:]
    splits = np.where(series.split[1:] > 0, series.split[1:], 1.0)
    step = np.where(np.abs(np.log(step * splits)) < np.abs(np.log(step)), step * splits, step)  # of raw prices
    taken = (1 - step) * before / np.where(step != factor[:-1] / factor[1:], splits, 1.0)
    paid = series.dividend[1:]
    # Both closes are rounded in the source, most often to single precision.
    room = 0.02 * paid + 4e-6 * before + 1.5 * _grain(series.adjusted) / factor[1:]
    bought = series.close[1:] * (1 / step - 1)  # the other usual reckoning: shares are bought at the ex-date's close
    for row in np.flatnonzero(np.minimum(np.abs(taken - paid), np.abs(bought - paid)) > room).tolist():
        gain = series.gain[1:][row]
        why = "the adjusted close takes out another sum than the dividend"
        if gain > 0 and abs(taken[row] - paid[row] - gain) < room[row] + 0.02 * gain:
            if not _gain_is_inside(series):
                continue
            why = "the adjusted close takes the capital gain out twice"
        yield Suspect("adjusted", int(series.ts_event[row + 1]), 1, float(taken[row]), float(paid[row]), why)


def _grain(values: Floats) -> float:
    """The decimal step that all values lie on, from a hundredth down; 0 if they lie on none of six places."""
    there = values[np.isfinite(values)]
    return next((10.0**-n for n in range(2, 7) if np.allclose(there, np.round(there, n), rtol=0, atol=1e-9)), 0.0)


def _gain_is_inside(series: Series) -> bool:
    """Whether dividends include the gains beside them: the falls, taken together, then are nearer to them alone."""
    rows = np.flatnonzero(series.gain > 0)
    rows = rows[rows > 0]
    if not rows.size or (series.dividend[rows] < series.gain[rows]).any():
        return False
    fall = float(np.sum(_falls(series)[rows - 1] * series.close[rows - 1]))
    alone = float(np.sum(series.dividend[rows]))
    return abs(fall - alone) < abs(fall - alone - float(np.sum(series.gain[rows])))
