"""Prices as whole ticks: the conversion, the inference of a tick, and what is off tick.

Promises that a price is turned into ticks only where it is the nearest float to a multiple of the tick (to 1e-9), or
where rounding was asked for. Never invents a tick size without being told `tick="auto"`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Ratio: TypeAlias = tuple[float | Floats, float | Floats]

TICKS_MAX = 2**52
"""Largest price in ticks: beyond it a float cannot hold every whole number of ticks."""
AUTO_TICKS = tuple(Decimal(1).scaleb(-k) for k in range(2, 10))
"""What `tick="auto"` chooses from: 0.01, then ten times finer each, to 0.000000001."""
_SAMPLE_ROWS = 4096
_SIGNIFICANT_DIGITS = 6


def ratio(steps: Sequence[Decimal], codes: npt.NDArray[np.integer[Any]] | None = None) -> Ratio:
    """Ticks (or lots) as numerator over denominator, both exact in floats: one pair if all are equal, else one a row.

    steps: one for each instrument; codes: (n,) each row's instrument.

    >>> ratio([Decimal("0.01")])
    (1.0, 100.0)
    """
    pairs = [step.as_integer_ratio() for step in steps]
    if codes is None or len(set(pairs)) == 1:
        return float(pairs[0][0]), float(pairs[0][1])
    top, bottom = (np.array(column, dtype=np.float64) for column in zip(*pairs, strict=True))
    return top[codes], bottom[codes]


def in_ticks(prices: Floats, tick: Ratio) -> tuple[Floats, Mask]:
    """Prices as ticks, rounded to the nearest, and where they are off tick.

    prices: (n,) currency units, finite. Returns ((n,) whole ticks as float64, (n,) true where the price is further than
    1e-9, or a quarter tick where that is less, from the multiple; both widened by four units in the last place).

    >>> ticks, off = in_ticks(np.array([10.01, 10.015]), ratio([Decimal("0.01")]))
    >>> ticks.tolist(), off.tolist()
    ([1001.0, 1002.0], [False, True])
    """
    top, bottom = tick
    scaled = prices * bottom
    scaled /= top
    ticks = np.rint(scaled)
    slack = np.minimum(1e-9 * bottom / top, 0.25)
    error = np.abs(scaled - ticks)
    off = error > slack
    if off.any():  # large prices: a float's own spacing may be wider than 1e-9
        off &= error > slack + 4 * np.spacing(np.abs(scaled))
    return ticks, np.asarray(off)


def is_single(columns: Sequence[Floats]) -> bool:
    """True where every price is a single-precision number, as from a vendor whose 37.03 is 37.02999877929687."""
    return all(bool((np.abs(prices - prices.astype(np.float32)) <= 1e-14 * np.abs(prices)).all()) for prices in columns)


def off_tick_single(prices: Floats, ticks: Floats, tick: Ratio) -> Mask:
    """(n,) true where a single-precision price is not the one nearest to its ticks."""
    top, bottom = tick
    return np.not_equal((ticks * top / bottom).astype(np.float32), prices.astype(np.float32))


def auto_tick(columns: Sequence[Floats]) -> Decimal | None:
    """The coarsest of `AUTO_TICKS` of which every price is a multiple; None where even 0.000000001 is too coarse.

    columns: open, high, low, close or fewer, each (n,), finite. 0.01 is the coarsest, so that whole-number prices are
    not given a tick of 1, to which every cost would be rounded up. Prices in single precision are read as the shortest
    decimals that they stand for.

    >>> auto_tick([np.array([100.0, 101.0])]), auto_tick([np.array([1.08225, 1.0823])])
    (Decimal('0.01'), Decimal('0.00001'))
    >>> auto_tick([np.array([37.03, 37.1]).astype(np.float32).astype(np.float64)])
    Decimal('0.01')
    """
    exactly = (tick for tick in AUTO_TICKS if _holds(columns, ratio([tick]), single=False))
    found = next(exactly, None)
    if found is None and is_single(columns):
        return next((tick for tick in AUTO_TICKS if _holds(columns, ratio([tick]), single=True)), None)
    return found


def _holds(columns: Sequence[Floats], tick: Ratio, *, single: bool) -> bool:
    for rows in (slice(_SAMPLE_ROWS), slice(None)):  # a sample first: most ticks fail on it
        for prices in columns:
            ticks, off = in_ticks(prices[rows], tick)
            if (off_tick_single(prices[rows], ticks, tick) if single else off).any():
                return False
    return True


def rounding_tick(prices: Floats) -> Decimal:
    """The tick for prices that fit no exact one: six significant digits of the lowest price, at most 0.01.

    >>> rounding_tick(np.array([3.766468123456, 250.0]))
    Decimal('0.00001')
    """
    digits = _SIGNIFICANT_DIGITS - 1 - int(np.floor(np.log10(prices.min())))
    return Decimal(1).scaleb(-min(max(digits, 2), 9))
