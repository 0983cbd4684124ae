"""The three forms of a strategy agree: the same decisions give the same trades, to the last digit."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow import Bars, Costs, Instrument, Result, SimpleStrategy, Strategy, backtest

DAY_NS = 86_400 * 10**9
COSTS = [
    Costs.none(),
    Costs(),
    Costs(fill="vwap", volume_cap=0.02, fee_per_share=0.005, fee_min=1.0),
]


@st.composite
def walks(draw: st.DrawFn, instruments: int = 1) -> Bars:
    """Random bars of a day or of fifteen minutes: gaps, ranges and volumes from a seed; listed one after the other."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    bars = draw(st.integers(2, 60))
    step_ns = draw(st.sampled_from([DAY_NS, 15 * 60 * 10**9]))
    parts = []
    for number in range(instruments):
        rows = max(1, bars - 3 * number)
        close = 10_000 + np.cumsum(random.integers(-150, 151, rows))
        first = np.roll(close, 1) + random.integers(-20, 21, rows)
        first[0] = close[0]
        parts.append(
            Bars.from_arrays(
                np.arange(bars - rows + 1, bars + 1) * step_ns,
                open=first,
                high=np.maximum(first, close) + random.integers(0, 30, rows),
                low=np.minimum(first, close) - random.integers(0, 30, rows),
                close=close,
                volume=random.integers(1_000, 60_000, rows),
                instruments=Instrument(f"S{number}"),
                span=step_ns,
            )
        )
    return Bars.joined(parts)


class TargetsByEvent(Strategy):
    """Trades to a table of wanted quantities, one per bar row."""

    wanted: np.ndarray[Any, Any]

    def on_start(self) -> None:
        """Begin at row 0."""
        self.row = 0

    def on_bar(self, bar: Any) -> None:
        """Trade what is missing."""
        if not np.isnan(self.wanted[self.row]):
            self.order_target(float(self.wanted[self.row]), bar.symbol)
        self.row += 1


class TargetsBySeries(SimpleStrategy):
    """The same as `init` and `next`, through a series."""

    wanted: np.ndarray[Any, Any]

    def init(self) -> None:
        """The table as a series of the closes."""
        self.target = self.I(lambda close: np.nan_to_num(self.wanted[: len(close)], nan=-1e6), self.data.close)

    def next(self) -> None:
        """Trade what is missing."""
        if self.target[-1] != -1e6:
            self.order_target(self.target[-1])


class WeightsByEvent(Strategy):
    """Holds a table of shares of the book's value, one per bar row."""

    wanted: np.ndarray[Any, Any]

    def on_start(self) -> None:
        """Begin at row 0."""
        self.row = 0

    def on_bar(self, bar: Any) -> None:
        """Trade what is missing."""
        if not np.isnan(self.wanted[self.row]):
            self.order_target_weight(float(self.wanted[self.row]), bar.symbol)
        self.row += 1


def with_table(strategy: type[Strategy], table: np.ndarray[Any, Any]) -> Strategy:
    """A strategy that follows a table."""
    made = strategy()
    made.wanted = table  # type: ignore[attr-defined]
    return made


def assert_same(one: Result, other: Result) -> None:
    """Fills, denials and the value of the book are the same."""
    columns = ["ts", "symbol", "side", "quantity", "price", "reference_price", "fee", "liquidity"]
    pd.testing.assert_frame_equal(one.fills[columns], other.fills[columns])
    assert one.verdicts["code"].tolist() == other.verdicts["code"].tolist()
    assert one.nav_nano == other.nav_nano
    np.testing.assert_allclose(one.equity["nav"], other.equity["nav"], rtol=0, atol=1e-6)
    assert one.equity.index.equals(other.equity.index)


@settings(max_examples=40)
@given(st.data(), walks(), st.sampled_from(COSTS), st.sampled_from([1, 100, 15_000]))
def test_signals_events_and_series_trade_alike(data: st.DataObject, bars: Bars, costs: Costs, size: int) -> None:
    """Targets on one instrument, long, short and flat, affordable or not."""
    signals = np.array(data.draw(st.lists(st.integers(-2, 2), min_size=len(bars), max_size=len(bars))))
    table = signals * float(size)
    vectors = backtest(bars, signals=signals, size=size, costs=costs)
    assert_same(vectors, backtest(bars, with_table(TargetsByEvent, table), costs=costs))
    assert_same(vectors, backtest(bars, with_table(TargetsBySeries, table), costs=costs))


@settings(max_examples=25)
@given(st.data(), walks(), st.sampled_from(COSTS))
def test_signals_that_leave_the_position_as_it_is_trade_alike(data: st.DataObject, bars: Bars, costs: Costs) -> None:
    """A signal that is not a number asks for nothing, in every form."""
    choice = st.one_of(st.just(float("nan")), st.integers(-3, 3).map(float))
    signals = np.array(data.draw(st.lists(choice, min_size=len(bars), max_size=len(bars))))
    vectors = backtest(bars, signals=signals, size=10, costs=costs)
    assert_same(vectors, backtest(bars, with_table(TargetsByEvent, signals * 10), costs=costs))
    assert_same(vectors, backtest(bars, with_table(TargetsBySeries, signals * 10), costs=costs))


@settings(max_examples=40)
@given(st.data(), st.integers(1, 3), st.sampled_from(COSTS))
def test_weights_and_events_trade_alike(data: st.DataObject, instruments: int, costs: Costs) -> None:
    """Shares of the book on one to three instruments, listed at different times, with holes."""
    bars = data.draw(walks(instruments))
    choice = st.one_of(st.just(float("nan")), st.floats(-0.8, 0.8))
    weights = np.array(data.draw(st.lists(choice, min_size=len(bars), max_size=len(bars))))
    vectors = backtest(bars, weights=weights, costs=costs)
    assert_same(vectors, backtest(bars, with_table(WeightsByEvent, weights), costs=costs))


@settings(max_examples=25)
@given(st.data(), walks(3), st.sampled_from(COSTS))
def test_signals_on_many_instruments_and_events_trade_alike(data: st.DataObject, bars: Bars, costs: Costs) -> None:
    """Targets on three instruments in one table."""
    signals = np.array(data.draw(st.lists(st.integers(-2, 2), min_size=len(bars), max_size=len(bars))))
    vectors = backtest(bars, signals=signals, size=50, costs=costs)
    assert_same(vectors, backtest(bars, with_table(TargetsByEvent, signals * 50.0), costs=costs))


@settings(max_examples=25)
@given(st.data(), walks(2), st.sampled_from(COSTS))
def test_the_books_balance_after_any_run(data: st.DataObject, bars: Bars, costs: Costs) -> None:
    """Postings of a cause sum to zero, so do all, and round trips earn what the books say."""
    signals = np.array(data.draw(st.lists(st.integers(-2, 2), min_size=len(bars), max_size=len(bars))))
    result = backtest(bars, signals=signals, size=50, costs=costs)
    assert set(result.trial_balance.values()) <= {0}
    assert (result.postings.groupby(["cause", "currency"])["amount"].sum().abs() < 1e-6).all()
    book = result.book_nano
    assert book["nav"] == book["capital"] + book["realised"] + book["unrealised"] + book["income"] - book["fees"]
    trades = result.trades
    assert abs(trades["pnl"].sum() - result.book["realised"]) < 0.005
    assert abs(trades["fees"].sum() - result.book["fees"]) < 0.005
    assert result.equity["nav"].iloc[0] == 1_000_000
    assert abs(result.equity["nav"].iloc[-1] - result.final_nav) < 1e-6


@settings(max_examples=15)
@given(st.data(), walks())
def test_a_run_with_a_log_trades_as_one_without(data: st.DataObject, bars: Bars) -> None:
    """Writing everything down changes nothing."""
    signals = np.array(data.draw(st.lists(st.sampled_from([0, 1, 500]), min_size=len(bars), max_size=len(bars))))
    with tempfile.TemporaryDirectory() as folder:
        logged = backtest(bars, signals=signals, size=100, log=f"{folder}/log")
        plain = backtest(bars, signals=signals, size=100)
        assert_same(logged, plain)
        assert logged.state_hash == plain.state_hash


@pytest.mark.parametrize("rows", [2_047, 4_096, 8_193, 20_000, 65_536, 70_001])
@pytest.mark.parametrize("every", [3, 500, 100_000])
def test_runs_of_any_length_trade_alike(rows: int, every: int) -> None:
    """Long quiet stretches, short ones and none, over blocks that are full, empty and begun: the same state."""
    random = np.random.default_rng(rows)
    close = 10_000 + np.cumsum(random.integers(-2, 3, rows))
    bars = Bars.from_arrays(
        np.arange(1, rows + 1) * 60 * 10**9, close=close, instruments=Instrument("LONG"), span="1min"
    )
    signals = (np.arange(rows) // every + 1) % 3 - 1
    vectors = backtest(bars, signals=signals, size=10)
    assert_same(vectors, backtest(bars, with_table(TargetsByEvent, signals * 10.0)))
    weights = np.where(np.arange(rows) % every == 0, (signals * 0.3).astype(float), np.nan)
    assert_same(backtest(bars, weights=weights), backtest(bars, with_table(WeightsByEvent, weights)))
