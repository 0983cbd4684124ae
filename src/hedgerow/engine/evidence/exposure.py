"""What a strategy held at the end of each day: lots, values, and closes of every instrument, as matrices.

Promises: a row per session day, a column per instrument, values in base currency at the rates the run knew; before its
first bar an instrument is worth nothing and held at nothing. Never: a price from a later day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.engine.exchange import SIGN_OF_SIDE, Rates, fill_amounts
from hedgerow.engine.tearsheet.series import effective_ts, session_days

if TYPE_CHECKING:
    from hedgerow.engine.evidence.sample import Sample
    from hedgerow.engine.result import Result

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Held:
    """Days x instruments. lots: signed, at the end of the day; values: in base currency; closes: in price units of the
    instrument, NaN before its first bar; shares: values over the day's net asset value."""

    lots: Floats
    values: Floats
    closes: Floats
    shares: Floats


@dataclass(frozen=True)
class Traded:
    """What was traded of one instrument on one side of one day: lots, and value in base currency; one row each."""

    instrument: Ints
    lots: Floats
    value: Floats


def held(sample: Sample) -> Held:
    """The end of each day of the sample, its runs one behind the other."""
    parts = [_held(result) for result in sample.results]
    lots, values, closes = (np.concatenate([part[n] for part in parts]) for n in range(3))
    # Each run's own net asset value: a run of a fold starts with the capital again.
    own = np.concatenate([result.daily.to_numpy(dtype=np.float64)[1:] for result in sample.results])
    shares = np.divide(values, own[:, None], out=np.zeros_like(values), where=own[:, None] > 0)
    return Held(lots, values, closes, shares)


def traded(sample: Sample) -> Traded:
    """Every day's trading by instrument and side, in order."""
    instrument, lots, value = [], [], []
    for result in sample.results:
        fills = result.records("Fill")
        if not len(fills):
            continue
        day = session_days(fills["ts_event"].astype(np.int64))
        keys = np.stack([day, fills["instrument"].astype(np.int64), fills["side"].astype(np.int64)], axis=1)
        groups, place = np.unique(keys, axis=0, return_inverse=True)
        place = place.ravel()
        instrument.append(groups[:, 1])
        lots.append(np.bincount(place, weights=fills["lots"], minlength=len(groups)))
        value.append(np.bincount(place, weights=fill_amounts(result).value, minlength=len(groups)))
    if not instrument:
        return Traded(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    return Traded(np.concatenate(instrument), np.concatenate(lots), np.concatenate(value))


def day_values(result: Result) -> tuple[Ints, Floats]:
    """Days since 1970 with bars, and the value of each instrument's position at the end of each, base currency."""
    return np.unique(session_days(result.data.times_ns)), _held(result)[1]


def _held(result: Result) -> tuple[Floats, Floats, Floats]:
    data, bars, rates = result.data, result.data.bars, Rates(result)
    days = np.unique(session_days(data.times_ns))
    shape = (days.size, len(data.instruments))
    lots, values, closes = np.zeros(shape), np.zeros(shape), np.full(shape, np.nan)
    fills, effective = result.records("Fill"), effective_ts(result)
    for index, instrument in enumerate(data.instruments):
        rows = np.flatnonzero(bars.instrument == index)
        if rows.size == 0:
            continue
        own = np.flatnonzero(fills["instrument"] == index)
        order = own[np.argsort(effective[own], kind="stable")]
        level = np.concatenate([[0.0], np.cumsum(fills["lots"][order] * SIGN_OF_SIDE[fills["side"][order]])])
        at_bar = level[np.searchsorted(effective[order], bars.ts_event[rows], side="right")]
        unit = instrument.tick_value / MONEY_UNIT * rates.at(instrument.currency, bars.ts_init[rows])
        # The last bar known by the end of each day; none before the first.
        last = np.searchsorted(session_days(bars.ts_init[rows]), days, side="right") - 1
        known = last >= 0
        last = np.maximum(last, 0)
        lots[:, index] = np.where(known, at_bar[last], 0.0)
        values[:, index] = np.where(known, (at_bar * bars.close_ticks[rows] * unit)[last], 0.0)
        price = bars.close_ticks[rows] * (instrument.tick_nano / MONEY_UNIT)
        closes[:, index] = np.where(known, price[last], np.nan)
    return lots, values, closes
