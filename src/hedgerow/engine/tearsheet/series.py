"""The curves of a tear sheet: rolling figures, months, exposure, and fewer points to draw them from.

Promises: thinning keeps the first, the last and each stretch's lowest and highest value of every curve; rolling figures
begin when their window is full. Never: a value between two that were measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.core.spans import DAY_NS
from hedgerow.engine.exchange import SIGN_OF_SIDE, Rates
from hedgerow.engine.held import held_events

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.engine.result import Result
    from hedgerow.engine.run_data import RunData

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
WINDOW = 63
MARKET = 1
PERIODS = {252.0: "day", 365.0: "day", 52.0: "week", 12.0: "month", 4.0: "quarter", 1.0: "year"}


@dataclass(frozen=True)
class Curves:
    """Curves over the same times. ts: UTC nanoseconds. columns: one array per curve. total: points before thinning.
    daily: whether there is at most one point a day."""

    ts: Ints
    columns: tuple[Floats, ...]
    total: int
    daily: bool

    @property
    def thinned(self) -> bool:
        """Whether points were left out."""
        return self.ts.size < self.total


def thin(ts: Ints, columns: tuple[Floats, ...], points: int) -> Curves:
    """At most `points` of the points, the extremes of every stretch among them.

    >>> thin(np.arange(1000), (np.sin(np.arange(1000.0)),), 50).ts.size <= 50
    True
    """
    size, daily = ts.size, bool((np.diff(session_days(ts)) > 0).all())
    if size <= points:
        return Curves(ts, columns, size, daily)
    stretches = max(1, (points - 2) // (2 * len(columns)))
    length = -(-size // stretches)
    starts = np.arange(0, size, length)
    kept = [np.array([0, size - 1])]
    for column in columns:
        for fill, pick in ((np.inf, np.argmin), (-np.inf, np.argmax)):
            padded = np.full(starts.size * length, fill)
            padded[:size] = np.where(np.isnan(column), fill, column)
            kept.append(starts + pick(padded.reshape(-1, length), axis=1))
    rows = np.unique(np.concatenate(kept))
    return Curves(ts[rows], tuple(column[rows] for column in columns), size, daily)


def clock(index: Any) -> Ints:
    """A pandas index of times as UTC nanoseconds."""
    import pandas as pd

    return np.asarray(pd.DatetimeIndex(index).as_unit("ns").asi8, dtype=np.int64)


def session_days(ts: Ints) -> Ints:
    """Days since 1970 that closes belong to; one at midnight ends its day."""
    return np.asarray((ts - 1) // DAY_NS, dtype=np.int64)


def period_word(per_year: float | None) -> str:
    """What one return covers.

    >>> period_word(252.0), period_word(None)
    ('day', 'period')
    """
    return PERIODS.get(per_year or 0.0, "period")


def rolling(returns: Floats, per_year: float, window: int = WINDOW) -> tuple[Floats, Floats]:
    """Sharpe ratio and volatility of the last `window` returns, annualised; NaN until there are so many.

    >>> sharpe, volatility = rolling(np.tile([0.01, -0.005], 40), 252.0)
    >>> int(np.isnan(sharpe).sum()), round(float(volatility[-1]), 4)
    (62, 0.12)
    """
    import pandas as pd

    moving = pd.Series(returns).rolling(window)
    volatility = moving.std(ddof=1).to_numpy(dtype=np.float64)
    # Running sums leave dust where returns do not differ at all.
    volatility = np.where(volatility < 1e-12, 0.0, volatility)
    with np.errstate(divide="ignore", invalid="ignore"):
        sharpe = np.where(volatility > 0, moving.mean().to_numpy() / volatility, np.nan)
    return np.asarray(sharpe * per_year**0.5), np.asarray(volatility * per_year**0.5)


def monthly_returns(daily: pd.Series[Any]) -> tuple[dict[tuple[int, int], float], dict[int, float]]:
    """Returns by (year, month from 0) and by year, the first from the capital; they compound to the total return.

    daily: net asset values by time, the capital first. There are none after a value that is not positive.
    """
    nav = daily.to_numpy(dtype=np.float64)
    ruined = np.flatnonzero(nav <= 0)
    last = int(ruined[0]) + 1 if ruined.size else nav.size
    nav, dates = nav[:last], session_days(clock(daily.index)[1:last] + 1).astype("datetime64[D]")
    years, months = (dates.astype(f"datetime64[{unit}]").astype(np.int64) for unit in "YM")
    by_month = _period_returns(nav, months + 12 * 1970)
    return {divmod(key, 12): value for key, value in by_month.items()}, _period_returns(nav, years + 1970)


def _period_returns(nav: Floats, periods: npt.NDArray[Any]) -> dict[int, float]:
    """Return from the end of each period to the end of the next, the first from the first value."""
    if periods.size == 0:
        return {}
    ends = np.append(np.flatnonzero(np.diff(periods)), periods.size - 1)
    levels = nav[1:][ends]
    returns = levels / np.concatenate([nav[:1], levels[:-1]]) - 1
    return dict(zip(periods[ends].tolist(), returns.tolist(), strict=True))


def exposure(result: Result) -> tuple[Ints, Floats, Floats]:
    """Times (UTC nanoseconds), gross and net exposure at each close, base currency."""
    data, bars = result.data, result.data.bars
    rates, many = Rates(result), len(data.instruments) > 1
    gross_change, net_change = np.zeros(len(data)), np.zeros(len(data))
    moves = lot_moves(result)
    for index, instrument in enumerate(data.instruments):
        own = np.flatnonzero(moves.instrument == index)
        if own.size == 0:
            continue
        rows = np.flatnonzero(bars.instrument == index) if many else slice(None)
        # A fill is held from the first close that is not before it.
        place = np.searchsorted(bars.ts_event[rows], moves.ts[own])
        signed = moves.lots[own]
        closes = bars.close_ticks[rows]
        lots = np.cumsum(np.bincount(place, weights=signed, minlength=closes.size + 1)[: closes.size])
        unit = instrument.tick_value / MONEY_UNIT * rates.at(instrument.currency, bars.ts_init[rows])
        value = lots * closes * unit
        if not many and data.times_ns.size == value.size:
            return data.times_ns, np.abs(value), value
        net_change[rows] = np.diff(value, prepend=0.0)
        gross_change[rows] = np.diff(np.abs(value), prepend=0.0)
    gross, net = (_per_moment(data, change) for change in (gross_change, net_change))
    return data.times_ns, gross, net


def _per_moment(data: RunData, changes: Floats) -> Floats:
    """Changes of rows, added up to a level at each of the run's times."""
    sums = np.bincount(data.time_index, weights=changes, minlength=data.times_ns.size)
    return np.asarray(np.cumsum(sums), dtype=np.float64)


def effective_ts(result: Result) -> Ints:
    """When a fill counts. A market order that fills at an open belongs to the bar that opens, not to the one that
    closes at the same instant."""
    fills, orders = result.records("Fill"), result.records("Order")
    ts = np.array(fills["ts_event"], dtype=np.int64)
    if result.info.costs.get("fill") != "next_open" or not len(fills):
        return ts
    place = np.searchsorted(orders["id"], fills["cause"])
    return np.asarray(ts + (orders["kind"][place] == MARKET), dtype=np.int64)


@dataclass(frozen=True)
class LotMoves:
    """What moved positions, in order of booking: fills, and what happened to holders. ts: from when it counts; lots:
    signed; id: of the fill or event."""

    id: Ints
    ts: Ints
    instrument: Ints
    lots: Floats


def lot_moves(result: Result) -> LotMoves:
    """Every move of a position. An event counts before the bar that opens behind it."""
    fills, events = result.records("Fill"), held_events(result)
    signed = fills["lots"] * SIGN_OF_SIDE[fills["side"]]
    made = LotMoves(fills["id"].astype(np.int64), effective_ts(result), fills["instrument"].astype(np.int64), signed)
    events = events[events["lots"] != 0]
    if not len(events):
        return made
    ids = np.concatenate([made.id, events["id"]])
    order = np.argsort(ids, kind="stable")
    pairs = ((made.ts, events["ts"] + 1), (made.instrument, events["instrument"]), (made.lots, events["lots"]))
    ts, instrument, lots = (np.concatenate(pair)[order] for pair in pairs)
    return LotMoves(ids[order], ts, instrument, lots)
