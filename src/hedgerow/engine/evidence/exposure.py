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
from hedgerow.engine.held import held_events, money
from hedgerow.engine.tearsheet.series import effective_ts, exposure, lot_moves, session_days

if TYPE_CHECKING:
    from hedgerow.engine.evidence.sample import Sample
    from hedgerow.engine.result import Result

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Held:
    """Days x instruments. lots: signed, at the end of the day; values: in base currency; closes: in price units of the
    instrument, NaN before its first bar; shares: values over `nav`, the net asset value of the day's own run."""

    lots: Floats
    values: Floats
    closes: Floats
    shares: Floats
    nav: Floats


@dataclass(frozen=True)
class Traded:
    """What was traded of one instrument on one side of one day, one row each.

    lots; value, and costs as they were paid (fee; slippage by spread and impact), in base currency; nav: net asset
    value before the day.
    """

    instrument: Ints
    lots: Floats
    value: Floats
    fee: Floats
    slippage: Floats
    nav: Floats


def held(sample: Sample) -> Held:
    """The end of each day of the sample, its runs one behind the other."""
    parts = [_held(result) for result in sample.results]
    lots, values, closes = (np.concatenate([part[n] for part in parts]) for n in range(3))
    # Each run's own net asset value: a run of a fold starts with the capital again.
    own = np.concatenate([result.daily.to_numpy(dtype=np.float64)[1:] for result in sample.results])
    shares = np.divide(values, own[:, None], out=np.zeros_like(values), where=own[:, None] > 0)
    return Held(lots, values, closes, shares, own)


def traded(sample: Sample) -> Traded:
    """Every day's trading by instrument and side, in order."""
    parts = [_traded(result) for result in sample.results]
    instrument = np.concatenate([part[0] for part in parts]).astype(np.int64)
    return Traded(instrument, *(np.concatenate([part[n] for part in parts]) for n in range(1, 6)))


def _traded(result: Result) -> tuple[Floats, ...]:
    fills, paid = result.records("Fill"), fill_amounts(result)
    keys = np.stack([fill_days(result), fills["instrument"].astype(np.int64), fills["side"].astype(np.int64)], axis=1)
    groups, place = np.unique(keys, axis=0, return_inverse=True)
    columns = (fills["lots"], paid.value, paid.fee, paid.slippage)
    # Counting nothing gives integers.
    sums = (np.bincount(place.ravel(), column, len(groups)).astype(np.float64) for column in columns)
    before = np.searchsorted(np.unique(session_days(result.data.times_ns)), groups[:, 0])
    return groups[:, 1], *sums, result.daily.to_numpy(dtype=np.float64)[before]


def fill_days(result: Result) -> Ints:
    """The day since 1970 that each fill belongs to: that of the first close which counts it."""
    times = result.data.times_ns
    first_close = np.minimum(np.searchsorted(times, effective_ts(result)), times.size - 1)
    return session_days(times[first_close])


def profit_by_time(result: Result) -> Floats:
    """Profit from the beginning to each of the run's times, net of costs, in base currency: positions and fills' cash.

    Cash in another currency is worth what its rate says at the time, as in the ledger.
    """
    times, _, net = exposure(result)
    fills, paid, rates = result.records("Fill"), fill_amounts(result), Rates(result)
    flow = -SIGN_OF_SIDE[fills["side"]] * paid.value - paid.fee
    place = np.minimum(np.searchsorted(times, effective_ts(result)), times.size - 1)
    profit = np.array(net)
    events = held_events(result)
    came = np.minimum(np.searchsorted(times, events["ts"] + 1), times.size - 1)
    known = np.array([instrument.currency for instrument in result.data.instruments])
    currencies, theirs = known[fills["instrument"]], known[events["instrument"]]
    for currency in sorted({*currencies.tolist(), *theirs.tolist()}):
        own = np.flatnonzero(currencies == currency)
        native = flow[own] / rates.of_records(currency, fills["id"][own])
        paid_in = np.bincount(place[own], weights=native, minlength=times.size)
        held = theirs == currency
        cash = np.cumsum(paid_in + np.bincount(came[held], weights=money(events["cash"][held]), minlength=times.size))
        profit += cash * rates.at(currency, times)
    return profit


def _held(result: Result) -> tuple[Floats, Floats, Floats]:
    data, bars, rates = result.data, result.data.bars, Rates(result)
    days = np.unique(session_days(data.times_ns))
    shape = (days.size, len(data.instruments))
    lots, values, closes = np.zeros(shape), np.zeros(shape), np.full(shape, np.nan)
    moves = lot_moves(result)
    for index, instrument in enumerate(data.instruments):
        rows = np.flatnonzero(bars.instrument == index)
        if rows.size == 0:
            continue
        own = np.flatnonzero(moves.instrument == index)
        order = own[np.argsort(moves.ts[own], kind="stable")]
        level = np.concatenate([[0.0], np.cumsum(moves.lots[order])])
        at_bar = level[np.searchsorted(moves.ts[order], bars.ts_event[rows], side="right")]
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
