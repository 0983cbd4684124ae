"""Sweeps: every variant as `backtest` runs it, every one a trial, and honest words about the best of many."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.sweep import sweep
from hedgerow.engine.sweep.points import points_of
from hedgerow.engine.sweep.sharing import attach, share
from hedgerow.ledger.overfitting import cscv
from hedgerow.models.trials import TrialLedger

RANDOM = np.random.default_rng(11)
DAYS = pd.bdate_range("2022-01-03", periods=400)
CLOSES = {s: np.round(50 * np.exp(np.cumsum(RANDOM.normal(0.0006, 0.01, 400))), 2) for s in ("AAA", "BBB")}
ONE = hr.Bars.from_frame(pd.DataFrame({"AAA": CLOSES["AAA"]}, index=DAYS))
TWO = hr.Bars.from_frame(pd.DataFrame(CLOSES, index=DAYS))
GRID = {"fast": [5, 10], "slow": [20, 40]}


class Cross(hr.Strategy):
    """Long while the fast average is above the slow one."""

    @dataclass(frozen=True)
    class Config:
        """Lengths of the averages."""

        fast: int = 5
        slow: int = 20

    def on_start(self) -> None:
        """Ask for both averages."""
        self.fast, self.slow = self.sma(self.config.fast), self.sma(self.config.slow)

    def on_bar(self, bar: Any) -> None:
        """Hold a thousand or nothing."""
        self.order_target(1_000 if self.fast.value > self.slow.value else 0)


def trend(bars: hr.Bars, window: int, size: int = 1) -> Any:
    """Long above the average."""
    return (bars.prices() > hr.sma(bars.prices(), window)) * size


def breaks(bars: hr.Bars, window: int) -> Any:
    """Divides by zero for one window."""
    return trend(bars, window) * (6 // (window - 3))


def error_of(call: Any, *args: Any, **settings: Any) -> str:
    """The words of the named error that a call ends with."""
    with pytest.raises(HedgerowError) as caught:
        call(*args, **settings)
    return str(caught.value)


def test_a_variant_is_the_backtest_of_its_parameters() -> None:
    """Final value, figures and daily returns are those of single runs with the same settings."""
    done = sweep(ONE, Cross, GRID, workers=1, cash=500_000, costs=hr.Costs.none())
    assert done.table[["fast", "slow"]].values.tolist() == [[5, 20], [5, 40], [10, 20], [10, 40]]
    for number, (fast, slow) in enumerate(done.table[["fast", "slow"]].values.tolist()):
        alone = hr.backtest(ONE, Cross(fast=fast, slow=slow), cash=500_000, costs=hr.Costs.none())
        row = done.table.iloc[number]
        assert row["final_nav"] == alone.final_nav
        assert row["sharpe"] == alone.performance.sharpe
        assert row["max_drawdown"] == alone.performance.max_drawdown
        assert row["fills"] == len(alone.fills)
        daily = alone.daily.pct_change().dropna().to_numpy()
        assert np.allclose(done.returns[number].to_numpy(), daily, atol=1e-15)


def test_every_variant_is_the_trial_that_a_backtest_of_it_is(tmp_path: Path) -> None:
    """Running one of them by hand with the same ledger adds no trial; another one does."""
    ledger = tmp_path / "trials.jsonl"
    assert sweep(ONE, Cross, GRID, workers=1, trials=ledger).trials == 4
    assert hr.backtest(ONE, Cross(fast=10, slow=20), trials=ledger).info.trials == 4
    assert hr.backtest(ONE, Cross(fast=11, slow=20), trials=ledger).info.trials == 5
    assert sweep(ONE, Cross, GRID, workers=1, trials=ledger).trials == 5


def test_variants_are_counted_before_they_run(tmp_path: Path) -> None:
    """A sweep that breaks at its first variant has tried them all: their number was decided then."""
    ledger = tmp_path / "trials.jsonl"
    with pytest.raises(HedgerowError, match=r"RUN-001(.|\n)*ZeroDivisionError"):
        sweep(ONE, signals=breaks, grid={"window": [3, 4, 5]}, workers=1, trials=ledger)
    assert TrialLedger(ledger).family("breaks").count == 3


def test_a_failing_variant_can_be_a_row() -> None:
    """Its error stands in its row, the others have their figures, and the best is one of them."""
    done = sweep(ONE, signals=breaks, grid={"window": [3, 4, 5]}, workers=1, errors="keep")
    assert done.table["error"].isna().tolist() == [False, True, True]
    assert "ZeroDivisionError" in done.table["error"][0]
    assert done.table["final_nav"].isna().tolist() == [True, False, False]
    assert done.best("final_nav")["variant"] in (1, 2)
    assert list(done.returns.columns) == [1, 2]


def test_windows_and_universes_multiply_the_grid() -> None:
    """Each window is run by itself, on the symbols of each universe, in a fixed order."""
    windows = [("2022-01-01", "2022-09-30"), ("2022-10-01", None)]
    universes, grid = {"a": ["AAA"], "both": ["AAA", "BBB"]}, {"window": [10, 20]}
    done = sweep(TWO, signals=trend, grid=grid, windows=windows, universes=universes, workers=1, size=1_000)
    assert len(done.table) == 8
    assert done.table["window"].iloc[:4].unique().tolist() == ["2022-01-01..2022-09-30", "2022-10-01.."]
    assert done.table["universe"].tolist() == ["a"] * 4 + ["both"] * 4
    part = TWO.select(["AAA", "BBB"]).slice("2022-10-01", None)
    assert done.table["final_nav"][7] == hr.backtest(part, signals=trend(part, 20), size=1_000).final_nav


def test_walking_forward_takes_what_was_best_before() -> None:
    """Each window's row is of the parameters that had the highest figure in the window before it."""
    windows = [("2022-01-01", "2022-06-30"), ("2022-07-01", "2022-12-31"), ("2023-01-01", None)]
    done = sweep(ONE, Cross, GRID, windows=windows, workers=1)
    ahead = done.walk_forward("final_nav")
    assert ahead["window"].tolist() == ["2022-07-01..2022-12-31", "2023-01-01.."]
    for place in range(2):
        before = done.table.iloc[4 * place : 4 * place + 4]
        best = before.loc[before["final_nav"].idxmax()]
        assert ahead[["fast", "slow"]].iloc[place].tolist() == best[["fast", "slow"]].tolist()
        assert ahead["chosen_final_nav"].iloc[place] == best["final_nav"]
    listed = sweep(ONE, Cross, [{"fast": 5}, {"fast": 5, "slow": 40}], windows=windows, workers=1)
    assert len(listed.walk_forward("final_nav")) == 2
    assert "two windows" in error_of(sweep(ONE, Cross, GRID, workers=1).walk_forward, "final_nav")


def test_the_best_of_many_is_believed_less_than_the_best_of_few() -> None:
    """The deflated Sharpe ratio of the same variant falls with the number of variants."""
    few = sweep(ONE, signals=trend, grid={"window": [10, 20]}, workers=1, size=5_000)
    many = sweep(ONE, signals=trend, grid={"window": list(range(5, 45))}, workers=1, size=5_000)
    at = many.table.index[many.table["window"] == few.best()["window"]][0]
    believed = many._deflated(many._rows[at])
    assert few.best()["deflated_sharpe"] > believed
    assert (few.trials, many.trials) == (2, 40)


def test_choosing_on_noise_is_told_as_overfitting() -> None:
    """The probability is that of the table of daily returns; several windows share no days."""
    done = sweep(ONE, signals=trend, grid={"window": list(range(5, 15))}, workers=1, size=5_000)
    assert done.overfitting(blocks=8).probability == cscv(done.returns.to_numpy(), blocks=8).probability
    halves = [("2022-01-01", "2022-09-30"), ("2022-10-01", None)]
    apart = sweep(ONE, signals=trend, grid={"window": [5, 6]}, windows=halves, workers=1)
    assert "share no days" in error_of(apart.overfitting)


def test_a_broken_sweep_goes_on_where_it_was(tmp_path: Path) -> None:
    """Rows that are there are not computed again, a torn last line is, and the outcome is the same."""
    folder, seen = tmp_path / "sweep", []
    whole = sweep(ONE, Cross, GRID, workers=1, folder=folder)
    rows = folder / "rows.jsonl"
    lines = rows.read_bytes().splitlines(keepends=True)
    rows.write_bytes(b"".join(lines[:2]) + lines[2][:50])
    again = sweep(ONE, Cross, GRID, workers=1, folder=folder, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(3, 4), (4, 4)]
    pd.testing.assert_frame_equal(again.table, whole.table)
    pd.testing.assert_frame_equal(again.returns, whole.returns)
    assert again.best() == whole.best()
    assert len(rows.read_bytes().splitlines()) == 4


def test_the_rows_of_another_sweep_are_not_taken(tmp_path: Path) -> None:
    """Other values, other data, other settings, a changed row, and a folder of something else."""
    folder = tmp_path / "sweep"
    sweep(ONE, Cross, GRID, workers=1, folder=folder)
    for data, grid, settings in (
        (ONE, {"fast": [5, 10], "slow": [20, 41]}, {}),
        (TWO, GRID, {}),
        (ONE, GRID, {"cash": 2_000_000}),
    ):
        assert "another folder" in error_of(sweep, data, Cross, grid, workers=1, folder=folder, **settings)
    (folder / "rows.jsonl").write_text("{}\n")
    assert "line 1" in error_of(sweep, ONE, Cross, GRID, workers=1, folder=folder)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    assert "something else" in error_of(sweep, ONE, Cross, GRID, workers=1, folder=tmp_path / "letters")


def test_what_cannot_be_swept_is_named_before_anything_runs() -> None:
    """Grids, windows, settings and forms that mean nothing."""
    for told, call in {
        "no variant": lambda: sweep(ONE, Cross, {"fast": [5]}, where=lambda fast: False),
        "has no values": lambda: sweep(ONE, Cross, {"fast": []}),
        "repeat": lambda: sweep(ONE, Cross, [{"fast": 5}, {"fast": 5}]),
        "either of them None": lambda: sweep(ONE, Cross, GRID, windows=["2020"]),
        "no bars from": lambda: sweep(ONE, Cross, GRID, windows=[("1990-01-01", "1990-12-31")]),
        "CORE-007": lambda: sweep(ONE, Cross, GRID, universes={"x": ["ZZZ"]}),
        "without symbols": lambda: sweep(ONE, Cross, GRID, universes={"x": []}),
        "give one of": lambda: sweep(ONE, Cross, GRID, signals=trend),
        "give the class": lambda: sweep(ONE, Cross(), GRID),
        "give a function": lambda: sweep(ONE, signals=[1, 2], grid=GRID),
        "'cast' is no setting": lambda: sweep(ONE, Cross, GRID, cast=5),
        "workers=0": lambda: sweep(ONE, Cross, GRID, workers=0),
        "errors='none'": lambda: sweep(ONE, Cross, GRID, errors="none"),
        "10,000,000": lambda: points_of({"a": range(10_000), "b": range(10_000)}),
        "is no figure": lambda: sweep(ONE, Cross, GRID, workers=1).best("sharp"),
        "is no parameter": lambda: sweep(ONE, Cross, GRID, workers=1).grid("fast", "slwo"),
    }.items():
        assert told in error_of(call), told


def test_a_figure_over_two_parameters_is_a_table() -> None:
    """Rows by one, columns by the other, each cell the variant's figure."""
    done = sweep(ONE, Cross, GRID, workers=1)
    table = done.grid("fast", "slow", "final_nav")
    assert (table.index.tolist(), table.columns.tolist()) == ([5, 10], [20, 40])
    assert table.loc[10, 40] == done.table["final_nav"][3]


def test_the_whole_outcome_is_json() -> None:
    """No NaN and no NumPy in it."""
    told = sweep(ONE, Cross, GRID, workers=1).to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert len(told["variants"]) == 4


def test_shared_bars_are_the_bars(tmp_path: Path) -> None:
    """What a process maps has the digest of what was shared, and a column that repeats one value stays small."""
    share(TWO, tmp_path)
    again = attach(tmp_path)
    assert again.digest() == TWO.digest()
    assert again.instruments == TWO.instruments
    assert not again.close_ticks.flags.writeable
