"""Variants beside each other: all are counted, the best is deflated, and choosing it is judged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError

CLOSES = (100 * np.exp(np.random.default_rng(3).normal(0.0002, 0.01, 400).cumsum())).round(2)
FRAME = pd.DataFrame({"NOISE": CLOSES}, index=pd.bdate_range("2022-01-03", periods=400))


class Turn(hr.SimpleStrategy):
    """Holds every other stretch of so many days."""

    @dataclasses.dataclass(frozen=True)
    class Config:
        """How many days."""

        days: int = 5

    def next(self) -> None:
        """Buy or close at the turn."""
        if len(self.data) // self.config.days % 2:
            self.order_target(5_000)
        else:
            self.close()


@pytest.fixture(scope="module")
def told() -> hr.Comparison:
    """Four variants of one setting."""
    return hr.compare([hr.backtest(FRAME, Turn(days=days), name=f"turn {days}") for days in (4, 10, 25, 60)])


def test_the_best_stands_first_and_every_run_is_a_trial(told: hr.Comparison) -> None:
    """Sorted by Sharpe ratio, deflated by four trials, with the setting that differs."""
    assert told.table["sharpe"].is_monotonic_decreasing
    assert told.trials == 4
    assert told.best.info.trials == 4
    assert told.grid == {"days": (4, 10, 25, 60)}
    assert set(told.table["days"]) == {4, 10, 25, 60}
    assert (told.table["deflated_sharpe"] < told.table["probabilistic_sharpe"]).all()
    assert told.overfitting is not None
    assert told.overfitting.variants == 4
    assert 0 <= told.overfitting.probability <= 1


def test_more_trials_than_runs_deflate_more(told: hr.Comparison) -> None:
    """Those that were tried and thrown away count, whether a ledger or a person says so."""
    before = told.table["deflated_sharpe"].iloc[0]
    runs = [hr.backtest(FRAME, Turn(days=days)) for days in (4, 60)]
    more = hr.compare(runs, trials=500)
    assert more.trials == 500
    assert more.table["deflated_sharpe"].max() < before
    counted = [hr.backtest(FRAME, Turn(days=days), trials=70) for days in (4, 60)]
    assert hr.compare(counted).trials == 70


def test_a_sample_too_short_for_the_blocks_says_so() -> None:
    """The table stands, the probability does not."""
    runs = [hr.backtest(FRAME.iloc[:30], Turn(days=days)) for days in (4, 6)]
    told = hr.compare(runs)
    assert told.overfitting is None
    assert "rows in 16 blocks" in told.why_not


def test_runs_that_cannot_be_compared_are_named(told: hr.Comparison) -> None:
    """One run, two currencies, fewer trials than runs."""
    with pytest.raises(HedgerowError, match=r"RUN-002.*at least 2"):
        hr.compare([told.best])
    yen = hr.backtest(FRAME, Turn(), currency="JPY", fx={"USD": 150.0})
    with pytest.raises(HedgerowError, match=r"RUN-002.*JPY and USD"):
        hr.compare([told.best, yen])
    with pytest.raises(HedgerowError, match=r"RUN-002.*4 runs"):
        hr.compare(told.results, trials=2)


def test_the_tear_sheet_shows_what_a_run_was_chosen_from(told: hr.Comparison, tmp_path: Path) -> None:
    """The probability of overfitting, the number of trials, and this run by name."""
    page = Path(told.best.report(str(tmp_path / "best.html"), among=told)).read_text()
    assert "Among its variants" in page
    assert "Probability of overfitting" in page
    assert f"{told.best.info.name} (this run)" in page
    assert "4 trials counted, 4 of 4 shown" in page


def test_returns_are_simple_daily_and_named(told: hr.Comparison) -> None:
    """Dates without a zone, one a session day, compounding to the total; the first day counts."""
    returns = told.best.returns
    assert isinstance(returns.index, pd.DatetimeIndex)
    assert returns.index.tz is None
    assert (returns.index == returns.index.normalize()).all()
    assert list(returns.index) == list(FRAME.index)
    assert returns.name == told.best.info.name
    assert float(np.prod(1 + returns) - 1) == pytest.approx(told.best.performance.total_return)
