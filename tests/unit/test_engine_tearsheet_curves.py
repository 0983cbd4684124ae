"""Curves of a tear sheet: what is drawn is what was measured, and amounts are those of the ledger."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

import hedgerow as hr
from hedgerow.core.nouns import money_int, noun
from hedgerow.engine.exchange import fill_amounts, money_total
from hedgerow.engine.tearsheet.series import exposure, monthly_returns, thin

DAY = 86_400 * 10**9
SECONDS_OF_FIVE_YEARS = 5 * 365 * 86_400


@given(st.lists(st.floats(-1e9, 1e9) | st.just(math.nan), min_size=1, max_size=600), st.integers(8, 60))
def test_thinning_keeps_the_ends_and_the_extremes(values: list[float], points: int) -> None:
    """Never more points than asked for, none that was not measured, and lowest and highest among them."""
    column = np.array(values)
    ts = np.arange(column.size, dtype=np.int64) * DAY
    curves = thin(ts, (column,), points)
    assert curves.ts.size <= max(points, 2)
    assert curves.ts[0] == ts[0]
    assert curves.ts[-1] == ts[-1]
    np.testing.assert_array_equal(curves.columns[0], column[curves.ts // DAY])
    if not np.isnan(column).all():
        for extreme in (np.nanmin, np.nanmax):
            assert extreme(curves.columns[0]) == extreme(column)


@given(
    st.lists(st.integers(0, SECONDS_OF_FIVE_YEARS), min_size=2, max_size=80, unique=True),
    st.lists(st.floats(0.5, 2.0), min_size=80, max_size=80),
)
def test_months_and_years_compound_to_the_total(seconds: list[int], steps: list[float]) -> None:
    """Whatever the times: nothing is lost between two months, the first day included."""
    times = pd.DatetimeIndex(np.sort(np.array(seconds)) * 10**9 + 1_577_836_800 * 10**9, tz="UTC")
    nav = pd.Series(1000.0 * np.cumprod(steps[: len(times)]), index=times)
    total = float(nav.iloc[-1] / nav.iloc[0])
    for parts in monthly_returns(nav):
        assert math.isclose(math.prod(1 + value for value in parts.values()), total, rel_tol=1e-9)


def test_a_close_at_midnight_belongs_to_the_month_it_ends() -> None:
    """The last session of January closes at the first instant of February."""
    times = pd.DatetimeIndex(["2020-01-30", "2020-01-31", "2020-02-01", "2020-02-02"], tz="UTC") - pd.Timedelta(1, "ns")
    months, _ = monthly_returns(pd.Series([100.0, 110.0, 121.0, 121.0], index=times))
    assert list(months) == [(2020, 0), (2020, 1)]
    assert math.isclose(months[2020, 0], 0.21)


def test_a_position_counts_from_the_bar_that_filled_it() -> None:
    """An order filled at an open is not held at the close of the same instant before it."""
    bars = hr.Bars.from_arrays(DAY * np.arange(1, 6), close=[10.0, 11.0, 12.0, 13.0, 14.0], symbol="A")
    result = hr.backtest(bars, signals=[1, 1, -1, -1, 0], size=100, costs=hr.Costs.none())
    ts, gross, net = exposure(result)
    assert ts.tolist() == [DAY * n for n in range(1, 6)]
    assert net.tolist() == [0.0, 1100.0, 1200.0, -1300.0, -1400.0]
    assert gross.tolist() == [0.0, 1100.0, 1200.0, 1300.0, 1400.0]


def test_spread_and_impact_are_the_price_against_the_one_before() -> None:
    """Both sides pay: buying above and selling below the reference cost the same."""
    bars = hr.Bars.from_arrays(DAY * np.arange(1, 5), close=[100.0] * 4, symbol="A")
    costs = hr.Costs(half_spread_bps=10, impact=0, fee_bps=1, volume_cap=0)
    amounts = fill_amounts(hr.backtest(bars, signals=[1, 0, 0, 0], size=100, costs=costs))
    assert amounts.slippage.round(6).tolist() == [10.0, 10.0]
    assert amounts.value.round(6).tolist() == [10_010.0, 9_990.0]
    assert amounts.fee.round(6).tolist() == [1.001, 0.999]


@given(st.lists(st.integers(-(2**100), 2**100), max_size=50))
def test_a_column_of_money_is_added_exactly(amounts: list[int]) -> None:
    """Beyond 64 bits too, and with signs."""
    column = np.zeros(len(amounts), dtype=noun("Posting").dtype["amount"])
    for row, value in enumerate(amounts):
        column[row] = (value & (2**64 - 1), value >> 64)
        assert money_int(column[row]) == value
    assert money_total(column) == sum(amounts)
