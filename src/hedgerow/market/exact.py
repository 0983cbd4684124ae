"""From floats to exact integers: prices to ticks, volume to lots, with every row that does not fit recorded as a fault.

A price becomes ticks only where it is a multiple of its instrument's tick (or rounding was asked for). Volume becomes
whole lots, rounded down, so that no more can be traded than there was. Nothing here raises: see `Faults`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hedgerow.market.faults import Faults
from hedgerow.market.instruments import Instrument
from hedgerow.market.ticks import TICKS_MAX, in_ticks, is_single, off_tick_single, ratio

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

Codes = npt.NDArray[np.integer[Any]]

LOTS_MAX = 2**62


def believable(prices: Mapping[str, Floats], faults: Faults) -> Mask:
    """(n,) true where all prices of the row are positive numbers; the other rows are recorded."""
    rows = next(iter(prices.values())).size
    nan, low = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool)
    for column in prices.values():
        nan |= ~np.isfinite(column)
        low |= column <= 0
    low &= ~nan
    faults.add("DATA_NAN", nan, lambda r: _first(prices, r, lambda value: not np.isfinite(value)))
    faults.add("DATA_NOT_POSITIVE", low, lambda r: _first(prices, r, lambda value: value <= 0))
    return ~(nan | low)


def to_ticks(
    prices: Mapping[str, Floats],
    codes: Codes,
    instruments: Sequence[Instrument],
    sound: Mask,
    faults: Faults,
    *,
    rounds: bool,
) -> dict[str, Ints]:
    """Prices in ticks by name; rows that are not `sound` are given one tick and not judged again."""
    tick = ratio([i.tick for i in instruments], codes)
    off, huge, nothing = (np.zeros(codes.size, dtype=bool) for _ in range(3))
    if not sound.all():  # stand-ins, so that the sound rows can still be checked
        prices = {name: np.where(sound, column, 1.0) for name, column in prices.items()}
    ticks = {}
    single: bool | None = None
    for name, column in prices.items():
        scaled, apart = in_ticks(column, tick)
        if apart.any() and not rounds:
            single = is_single(list(prices.values())) if single is None else single
            apart = off_tick_single(column, scaled, tick) if single else apart
        off |= apart
        huge |= scaled > TICKS_MAX
        nothing |= scaled < 1
        ticks[name] = (np.clip(scaled, 1, TICKS_MAX) if huge.any() or nothing.any() else scaled).astype(np.int64)

    def tick_of(row: int) -> str:
        return f"tick {instruments[int(codes[row])].tick:f}"

    def off_tick(row: int) -> str:
        one = ratio([instruments[int(codes[row])].tick])
        return f"{_first(prices, row, lambda value: bool(in_ticks(np.array([value]), one)[1][0]))}, {tick_of(row)}"

    if not rounds:
        faults.add("DATA_OFF_TICK", off & sound, off_tick)
        nothing &= ~off
    faults.add("DATA_NOT_POSITIVE", nothing & sound, lambda r: f"close is {prices['close'][r]:g}: none of {tick_of(r)}")
    faults.add("DATA_OVERFLOW", huge & sound, lambda r: f"close is {prices['close'][r]:g}, {tick_of(r)}")
    return ticks


def to_lots(volume: Floats, codes: Codes, instruments: Sequence[Instrument], faults: Faults) -> tuple[Ints, bool]:
    """((n,) volume in whole lots, whether any was rounded down); -1 where an instrument has no volume at all."""
    missing = np.isnan(volume)
    known = np.ones(codes.size, dtype=bool)
    if missing.any():
        told = np.zeros(len(instruments), dtype=bool)
        told[codes[~missing]] = True
        known = told[codes]
    faults.add("DATA_VOLUME", (missing & known) | (volume < 0), lambda r: f"volume is {volume[r]:g}")
    top, bottom = ratio([i.lot for i in instruments], codes)
    lots = np.where(missing | (volume < 0), 0.0, volume) * bottom / top
    whole = np.floor(lots * (1 + 1e-12))
    over = whole > LOTS_MAX
    faults.add("DATA_OVERFLOW", over, lambda r: f"volume is {volume[r]:g}, lot {instruments[int(codes[r])].lot:f}")
    counted = np.where(known, np.minimum(whole, LOTS_MAX), -1.0).astype(np.int64)
    return counted, bool((lots - whole > 1e-6).any())


def crossed_rows(opened: Ints, high: Ints, low: Ints, close: Ints) -> Mask:
    """(n,) true where the high is below, or the low above, another price of the row."""
    return (high < np.maximum(opened, close)) | (low > np.minimum(opened, close))


def prices_in_words(ticks: Mapping[str, Ints], row: int, instrument: Instrument) -> str:
    """The prices of a row as people write them: `open 10.00, high 9.50, ...`."""
    return ", ".join(f"{name} {instrument.price(int(column[row])):f}" for name, column in ticks.items())


def _first(prices: Mapping[str, Floats], row: int, is_bad: Callable[[float], bool]) -> str:
    """The first of a row's prices that is bad, with the shortest text that reads back as the same float."""
    return next(
        (f"{name} is {float(column[row])!r}" for name, column in prices.items() if is_bad(float(column[row]))), ""
    )
