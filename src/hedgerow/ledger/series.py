"""A net asset value series made ready for statistics: checked values, returns with the first day, wealth, calendar.

Promises: one return per period, flows taken out (time-weighted); what the values cannot mean is a named error.
Never: a filled gap, a reordered row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.ledger.ratios import Shape, shape

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

DAY_SECONDS = 86_400
YEAR_SECONDS = 365.2425 * DAY_SECONDS
# Median spacing in days, up to which a series counts as having so many periods per year.
CALENDAR = ((0.9, 4.0, 252.0), (6.0, 8.0, 52.0), (27.0, 32.0, 12.0), (85.0, 95.0, 4.0), (350.0, 380.0, 1.0))
DAYS_WITH_WEEKENDS = 365.0
YEARS_MIN = 0.25
PERIODS_MIN = 12


@dataclass(frozen=True)
class Series:
    """What the statistics are taken of.

    nav: values, the starting point first. returns: one per period. wealth: compounded from 1.
    whole: false if the value fell to zero or below, where the series then ends.
    """

    nav: Floats
    returns: Floats
    wealth: Floats
    periods_per_year: float | None
    whole: bool

    @cached_property
    def shape(self) -> Shape:
        """How the returns are spread."""
        return shape(self.returns)

    @property
    def years(self) -> float | None:
        """Length of the sample."""
        return None if self.periods_per_year is None else self.returns.size / self.periods_per_year

    @property
    def periods_min(self) -> int:
        """Periods below which nothing is annualised: a quarter of a year, at least twelve."""
        return max(PERIODS_MIN, math.ceil(YEARS_MIN * (self.periods_per_year or 0.0)))

    @property
    def long_enough(self) -> bool:
        """Whether figures may be annualised."""
        return self.periods_per_year is not None and self.whole and self.returns.size >= self.periods_min


def nav_series(
    equity: pd.Series[Any] | ArrayLike,
    *,
    capital: float | None = None,
    flows: ArrayLike | None = None,
    periods_per_year: float | None = None,
) -> Series:
    """Check a net asset value series and take its returns; arguments and errors as in `metrics.performance`.

    >>> nav_series([110.0, 99.0], capital=100.0, periods_per_year=252).returns.round(6).tolist()
    [0.1, -0.1]
    >>> nav_series([100.0, 160.0], flows=[50.0], periods_per_year=12).returns.round(6).tolist()
    [0.1]
    """
    values = np.asarray(equity, dtype=np.float64).ravel()
    if values.size == 0:
        raise problem("RUN_NO_DATA", "a net asset value series without values")
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        raise problem("RUN_NUMBER", f"net asset value of row {row} is {values[row]}")
    per_year = _per_year(equity, periods_per_year)
    nav = values if capital is None else np.concatenate([[capital], values])
    if not (math.isfinite(nav[0]) and nav[0] > 0):
        raise problem("RUN_NUMBER", f"the starting point is {nav[0]}; it must be positive")
    before_flow = nav[1:] if flows is None else nav[1:] - _flows(flows, nav.size - 1)
    ruined = np.flatnonzero((before_flow <= 0) | (nav[1:] <= 0))
    if ruined.size:
        nav, before_flow = nav[: ruined[0] + 2], before_flow[: ruined[0] + 1]
    returns = before_flow / nav[:-1] - 1
    wealth = np.concatenate([[1.0], np.cumprod(1 + returns)])
    return Series(nav, returns, wealth, per_year, not ruined.size)


def end_of_day(equity: pd.Series[Any]) -> pd.Series[Any]:
    """The last value of each UTC day, keeping the first row of all as the starting point even if its day has others.

    >>> import pandas as pd
    >>> times = pd.to_datetime(["2024-01-02 00:00", "2024-01-02 15:00", "2024-01-02 21:00", "2024-01-03 21:00"])
    >>> end_of_day(pd.Series([100.0, 99.0, 101.0, 102.0], index=times)).tolist()
    [100.0, 101.0, 102.0]
    """
    times = _times(equity)
    days = (times if times.tz is None else times.tz_convert("UTC")).as_unit("ns").asi8 // (DAY_SECONDS * 10**9)
    return equity.iloc[last_of_days(days)]


def last_of_days(days: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where the first row and the last row of each day stand, from the day of every row in order of time.

    >>> last_of_days(np.array([5, 5, 5, 6])).tolist()
    [0, 2, 3]
    """
    ends = np.ones(days.size, dtype=bool)
    np.not_equal(days[1:], days[:-1], out=ends[:-1])
    ends[:1] = True
    return np.flatnonzero(ends)


def periodic_rate(risk_free: float | ArrayLike, series: Series) -> Floats:
    """The risk-free return of each period: a yearly rate spread evenly, or returns as given.

    >>> periodic_rate(0.12, nav_series([100.0, 101.0, 102.0], periods_per_year=12)).tolist()
    [0.01, 0.01]
    """
    rates = np.asarray(risk_free, dtype=np.float64)
    count = series.returns.size
    if not np.isfinite(rates).all():
        raise problem("RUN_NUMBER", "the risk-free rate is not finite")
    if rates.ndim == 0:
        return np.full(count, float(rates) / (series.periods_per_year or math.inf))
    if rates.size < count or (series.whole and rates.size > count):
        raise problem("RUN_CONFIG", f"risk_free of {rates.size} periods; {count}")
    return rates[:count]


def _flows(flows: ArrayLike, count: int) -> Floats:
    paid = np.asarray(flows, dtype=np.float64)
    if paid.size != count or not np.isfinite(paid).all():
        raise problem("RUN_CONFIG", f"flows of {paid.size} periods; {count} finite amounts, one per return")
    return paid


def _times(equity: Any) -> pd.DatetimeIndex:
    import pandas as pd

    if not (isinstance(equity, pd.Series) and isinstance(equity.index, pd.DatetimeIndex)):
        raise problem("RUN_CONFIG", "periods_per_year cannot be told without times; name it, or give a DatetimeIndex")
    return equity.index


def _per_year(equity: Any, given: float | None) -> float | None:
    """Periods per year as given, or by the calendar."""
    if given is None:
        return periods_per_year_of(_times(equity))
    if not (math.isfinite(given) and given > 0):
        raise problem("RUN_CONFIG", f"periods_per_year {given}; positive, such as 252")
    return float(given)


def periods_per_year_of(times: pd.DatetimeIndex) -> float | None:
    """Periods per year by the calendar: 252 for working days, 365 where weekends trade, and so on.

    `None` for fewer than two times. Raises DATA_TIME, DATA_UNSORTED, DATA_DUPLICATE.
    """
    if times.hasnans:
        raise problem("DATA_TIME", f"net asset value of row {int(times.isna().argmax())} has no time")
    if not times.is_monotonic_increasing:
        row = int((times[1:] < times[:-1]).argmax())
        raise problem("DATA_UNSORTED", f"net asset values: {times[row + 1]} after {times[row]}")
    if not times.is_unique:
        raise problem("DATA_DUPLICATE", f"net asset values: {times[times.duplicated()][0]}")
    if times.size < 2:
        return None
    gaps = np.diff(times.as_unit("ns").asi8) / 1e9
    days = float(np.median(gaps)) / DAY_SECONDS
    for low, high, per_year in CALENDAR:
        if low <= days <= high:
            weekends = float(np.mean(times.day_of_week >= 5)) if per_year == 252.0 else 0.0
            return DAYS_WITH_WEEKENDS if weekends > 0.1 else per_year
    return float(gaps.size / (gaps.sum() / YEAR_SECONDS))
