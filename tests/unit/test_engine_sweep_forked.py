"""Variants in copies of one fund against their twin, a run of their own: trade for trade, record for record."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.alike import Alike, once, sharing
from hedgerow.core.errors import HedgerowError
from hedgerow.core.margin import Margin
from hedgerow.engine.run_data import RunData
from hedgerow.engine.sweep import sweep
from hedgerow.engine.sweep.forked import Forked
from hedgerow.engine.sweep.points import points_of
from hedgerow.engine.sweep.variants import Job, Settings
from hedgerow.market.actions import Action

RANDOM = np.random.default_rng(5)
DAYS = pd.bdate_range("2022-01-03", periods=300)
CLOSES = {s: np.round(50 * np.exp(np.cumsum(RANDOM.normal(0.0004, 0.015, 300))), 2) for s in ("AAA", "BBB")}
ONE = hr.Bars.from_frame(pd.DataFrame({"AAA": CLOSES["AAA"]}, index=DAYS))
TWO = hr.Bars.from_frame(pd.DataFrame(CLOSES, index=DAYS))
RECORDS = ("Order", "Verdict", "OrderEvent", "Fill", "Posting", "LifecycleEvent", "FxRate", "Finding")
GRID = {"window": [3, 10, 40]}


def above(bars: hr.Bars, window: int) -> Any:
    """One above the average, nothing below it."""
    return bars.prices() > hr.sma(bars.prices(), window)


def held_between(bars: hr.Bars, window: int) -> Any:
    """Long or short far from the average; near it, and before it is there, what is held."""
    away = bars.prices() / hr.sma(bars.prices(), window) - 1
    return np.where(away > 0.01, 1.5, np.where(away < -0.01, -1.0, np.nan))


def shares(bars: hr.Bars, window: int) -> Any:
    """A share of the book that is traded back to now and then."""
    wanted = np.where(above(bars, window), 0.4, 0.1)
    wanted[::7] = np.nan
    return wanted


def overwritten(bars: hr.Bars, window: int) -> Any:
    """Writes into the average that it was given."""
    average = hr.sma(bars.prices(), window)
    average[np.isnan(average)] = np.inf
    return bars.prices() > average


def split(bars: hr.Bars) -> list[Action]:
    """Two for one, and a dividend."""
    at = [int(bars.ts_event[place]) for place in (100, 180)]
    told = (("split", at[0], Decimal(2)), ("dividend", at[1], Decimal("0.50")))
    return [Action("AAA", action, ts, ts, value) for action, ts, value in told]


CASES: dict[str, tuple[hr.Bars, str, Any, dict[str, Any]]] = {
    "signals": (ONE, "signals", above, {"size": 100}),
    "signals of several instruments": (TWO, "signals", above, {"size": 100}),
    "signals that hold": (ONE, "signals", held_between, {"size": 200, "costs": hr.Costs.none()}),
    "weights": (ONE, "weights", shares, {}),
    "weights of several instruments": (TWO, "weights", shares, {"seed": 7}),
    "a maker that writes": (ONE, "signals", overwritten, {"size": 100}),
    "more than the limits allow": (ONE, "signals", above, {"size": 1_000_000}),
    "borrow is paid": (ONE, "signals", held_between, {"size": 200, "carry": hr.Carry(borrow=0.05)}),
    "another currency": (ONE, "signals", above, {"size": 100, "currency": "EUR", "fx": {"USD": 0.9}}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_copy_runs_as_a_fund_of_its_own(case: str) -> None:
    """Every record with its id, the equity curve to the bit, and the books are those of a run of its own."""
    bars, form, maker, settings = CASES[case]
    forked = Forked(Job(form, maker, Settings(**settings), bars, keep_returns=True), bars)
    for point in points_of(GRID):
        copy = forked.run(point)
        alone = hr.backtest(bars, **{form: maker(bars, **point.parameters)}, **settings)
        assert len(alone.records("Order")) > 0
        for name in RECORDS:
            assert copy.records(name).tobytes() == alone.records(name).tobytes(), name
        assert copy.equity.equals(alone.equity)
        assert copy.book_nano == alone.book_nano


def test_actions_reach_every_copy() -> None:
    """A split and a dividend come to each variant as to a run of its own."""
    settings = {"size": 100, "actions": split(ONE)}
    forked = Forked(Job("signals", above, Settings(**settings), ONE, keep_returns=True), ONE)
    for point in points_of(GRID):
        copy, alone = forked.run(point), hr.backtest(ONE, signals=above(ONE, **point.parameters), **settings)
        assert len(copy.records("LifecycleEvent")) > 0
        for name in RECORDS:
            assert copy.records(name).tobytes() == alone.records(name).tobytes(), name


@pytest.mark.parametrize("case", CASES)
def test_a_row_is_what_the_run_itself_says(case: str) -> None:
    """Figures and daily returns of a row are those of `performance` and `returns`, to the bit."""
    bars, form, maker, settings = CASES[case]
    done = sweep(bars, grid=GRID, workers=1, **{form: maker}, **settings)
    for number, row in done.table.iterrows():
        alone = hr.backtest(bars, **{form: maker(bars, row["window"])}, **settings)
        told = alone.performance
        for name in ("total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "calmar", "turnover"):
            value = getattr(told, name)
            assert row[name] == value or (value is None and np.isnan(row[name])), name
        assert row["denied"] == (alone.verdicts["decision"] == "denied").sum()
        kept = done.returns[number].dropna()
        assert kept.to_numpy().tolist() == alone.returns.to_numpy().tolist()
        assert kept.index.tz_localize(None).tolist() == alone.returns.index.tolist()


def test_variants_on_margin_run_in_funds_of_their_own() -> None:
    """A broker that asks for margin is not copied; the rows are those of single runs all the same."""
    carry = hr.Carry(margin=Margin(initial=0.5, maintenance=0.25))
    done = sweep(ONE, signals=above, grid=GRID, workers=1, size=100, carry=carry)
    alone = [hr.backtest(ONE, signals=above(ONE, w), size=100, carry=carry).final_nav for w in GRID["window"]]
    assert done.table["final_nav"].tolist() == alone


def test_settings_that_cannot_be_are_named_for_every_variant() -> None:
    """What ends the opening is kept in each row, or ends the sweep."""
    settings: dict[str, Any] = {"signals": above, "grid": GRID, "workers": 1, "currency": "EUR", "size": 100}
    kept = sweep(ONE, errors="keep", **settings).table["error"]
    assert [error.split()[0] for error in kept] == ["CORE-013"] * 3 or all("USD into EUR" in error for error in kept)
    with pytest.raises(HedgerowError, match="USD into EUR"):
        sweep(ONE, **settings)


def test_a_run_that_has_begun_cannot_be_copied() -> None:
    """A copy is of what has not begun."""
    result = hr.backtest(ONE, signals=above(ONE, 3), size=100)
    with pytest.raises(Exception, match="before it begins"):
        result._engine.fork()


def test_what_variants_compute_alike_is_computed_once() -> None:
    """The same average is the same array while a sweep shares; outside it everybody has an own one to write to."""
    with sharing(Alike(ONE)):
        first, again = hr.sma(ONE.prices(), 5), hr.sma(ONE.prices(), 5)
        other, copied = hr.sma(ONE.prices(), 6), hr.sma(ONE.prices().copy(), 5)
        assert first is again
        assert not first.flags.writeable
        assert copied is not first
        assert copied.flags.writeable
        assert np.array_equal(copied, first, equal_nan=True)
        assert not np.array_equal(other, first, equal_nan=True)
    assert hr.sma(ONE.prices(), 5).flags.writeable
    assert ONE.prices() is not ONE.prices()


def test_shared_columns_are_bounded_and_never_mistaken() -> None:
    """Only so many bytes are kept; what follows from a column that was let go is computed anew."""
    alike, made = Alike(ONE, bytes_max=8 * 1_000 * 3), 0

    def column(value: float) -> Any:
        nonlocal made
        made += 1
        return np.full(1_000, value)

    with sharing(alike):
        for round_ in range(2):
            for value in range(5):
                base = once("base", (ONE,), (value,), lambda value=value: column(value))
                twice = once("twice", (base,), (), lambda base=base: 2 * base)
                assert twice[0] == 2 * value, round_
    assert made == 10
    assert len(alike._kept) <= 3


def test_bars_that_were_looked_at_are_run_as_those_that_were_not() -> None:
    """The proof of whole columns changes nothing about a run, and covers no others."""
    other = hr.Bars.from_frame(pd.DataFrame({"AAA": CLOSES["BBB"]}, index=DAYS))
    looked = {name: RunData(bars) for name, bars in (("own", ONE), ("others", other), ("two", TWO))}
    for data in looked.values():
        data.look()
    assert looked["own"].looked_at is not None
    assert looked["two"].looked_at is None
    runs = []
    for seen in (looked["own"].looked_at, None, looked["others"].looked_at):
        forked = Forked(Job("signals", above, Settings(size=100), ONE, keep_returns=True), ONE)
        forked._data.looked_at = seen
        runs.append(forked.run(points_of(GRID)[1]))
    for run in runs[1:]:
        assert run.equity.equals(runs[0].equity)
        assert all(run.records(name).tobytes() == runs[0].records(name).tobytes() for name in RECORDS)


def test_a_run_alone_looks_at_its_bars_anew() -> None:
    """Bars lie where their owner put them: who writes there after one run is refused in the next."""
    times = np.arange(1, 101) * 60_000_000_000
    close, high = np.full(100, 1_000), np.full(100, 1_000)
    ones = {
        "instrument": np.zeros(100, np.uint32),
        "volume_lots": np.full(100, 10**6),
        "span_ns": np.diff(times, prepend=0),
    }
    ticks = {f"{name}_ticks": close for name in ("open", "low", "close")} | {"high_ticks": high}
    bars = hr.Bars(ts_event=times, ts_init=times, **ones, **ticks, instruments=(hr.Instrument("X"),))
    result = hr.backtest(bars, signals=np.ones(100), size=1)
    close[90], high[50] = 900, 999
    assert result.equity["nav"].iloc[91] == result.equity["nav"].iloc[51], "what a run came to is not told anew"
    with pytest.raises(HedgerowError, match=r"DATA-003.*high 999"):
        hr.backtest(bars, signals=np.ones(100), size=1)
