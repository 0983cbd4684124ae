"""A run read back from its log: the same curve, tables, statistics and suspicions; and the command that lints it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.cli.main import run as command
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.logged import logged_run

TIMES = pd.date_range("2022-01-03", periods=24 * 90, freq="h", tz="UTC")
CLOSES = np.round(60 * np.exp(np.cumsum(np.random.default_rng(4).normal(0, 0.003, (24 * 90, 2)), axis=0)), 2)
SIGNALS = np.repeat(np.random.default_rng(5).integers(-1, 2, (90, 2)), 24, axis=0)

STRATEGY = """
import hedgerow as hr

class Turns(hr.SimpleStrategy):
    def next(self):
        if len(self.data) // 12 % 2:
            self.order_target(1_000)
        else:
            self.close()
"""


def hourly() -> hr.Bars:
    """Ninety days of hours in dollars and euros."""
    parts = [
        hr.Bars.from_arrays(
            TIMES.tz_localize(None).to_numpy(),
            close=CLOSES[:, n],
            volume=np.full(len(TIMES), 90_000),
            instruments=hr.Instrument(symbol, currency),
            span="1h",
        )
        for n, (symbol, currency) in enumerate([("HERE", "USD"), ("THERE", "EUR")])
    ]
    return hr.Bars.joined(parts)


def test_the_curve_of_a_log_is_the_runs(tmp_path: Path) -> None:
    """Two currencies, hourly bars: each value to the cent, each table, the statistics and the suspicions."""
    rates = pd.Series([1.1, 1.2, 1.05], index=pd.to_datetime(["2021-12-01", "2022-01-20", "2022-03-01"], utc=True))
    run = hr.backtest(hourly(), signals=SIGNALS, size=500, fx={"EUR": rates}, log=tmp_path)
    read = logged_run(tmp_path)
    assert np.abs(read.equity["nav"].to_numpy() - run.equity["nav"].to_numpy()).max() < 0.005
    assert read.equity.index.equals(run.equity.index)
    for table in ("fills", "orders", "trades", "positions"):
        pd.testing.assert_frame_equal(getattr(read, table), getattr(run, table))
    assert read.performance.sharpe == pytest.approx(run.performance.sharpe)
    assert read.final_nav == pytest.approx(run.final_nav, abs=0.005)
    assert read.lint.names == run.lint.names
    assert read.capacity.reason == "the cost model is not known"
    assert read.attribution()["profit"].to_dict() == pytest.approx(run.attribution()["profit"].to_dict(), abs=0.01)


def test_a_log_is_linted_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text and JSON, exit status 1 where something was found; the strategy can be run again, its trials counted."""
    monkeypatch.chdir(tmp_path)
    Path("turns.py").write_text(STRATEGY)
    pd.DataFrame({"close": CLOSES[:, 0], "volume": 90_000}, index=TIMES).rename_axis("time").to_csv("here.csv")
    words = ["backtest", "turns.py:Turns", "here.csv", "--log", "log", "--trials", "trials.jsonl", "--json"]
    assert command(words) == 0
    summary = json.loads(capsys.readouterr().out)
    assert command(["lint", "log", "--again", "turns.py:Turns", "--trials", "trials.jsonl", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    names = [suspicion["rule"] for suspicion in found["suspicions"]]
    assert names == summary["suspicions"]
    assert "too-short" in names
    assert "look-ahead" not in names
    assert "look-ahead" not in found["unasked"]
    assert command(["lint", "log"]) == 1
    text = capsys.readouterr().out
    assert "too-short: 0.25 years" in text
    assert "    use at least a year" in text
    assert "not asked: grid-edge" in text


def test_a_log_that_cannot_be_read_as_a_run_is_named(tmp_path: Path) -> None:
    """An unknown strategy, with a suggestion; a folder without a log."""
    hr.backtest(hourly().select("HERE"), signals=SIGNALS[:, 0], size=10, name="signals", log=tmp_path / "log")
    with pytest.raises(HedgerowError, match=r"GOV-.*did you mean 'signals'"):
        logged_run(tmp_path / "log", "signal")
    with pytest.raises(HedgerowError, match="LOG-"):
        logged_run(tmp_path / "nothing")
