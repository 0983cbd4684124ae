"""Sweeps over several processes and over a Ray cluster: the same rows whoever computes, and no end without a name."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.sweep import sweep

STEP = np.arange(300)
CLOSE = (100 + 10 * np.sin(STEP / 9) + STEP % 7 / 10).round(2)
BARS = hr.Bars.from_arrays(np.datetime64("2020-01-01") + STEP, close=CLOSE, volume=np.full(300, 1e7), symbol="ABC")
GRID = {"window": list(range(2, 42))}

STRATEGY = '''
from dataclasses import dataclass
import hedgerow as hr

class Trend(hr.Strategy):
    """Long above the average."""

    @dataclass(frozen=True)
    class Config:
        """Length of the average."""

        window: int = 10

    def on_start(self):
        self.average = self.sma(self.config.window)

    def on_bar(self, bar):
        self.order_target(100 if bar.close > self.average.value else 0)
'''


def trend(bars: hr.Bars, window: int) -> Any:
    """Long above the average."""
    return bars.prices() > hr.sma(bars.prices(), window)


def dies(bars: hr.Bars, window: int, dying: str = "") -> Any:
    """Takes its process with it, as long as a file says so."""
    if window == 30 and Path(dying).exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return trend(bars, window)


@pytest.fixture
def strategy(tmp_path: Path) -> Path:
    """A file that no other process could import."""
    file = tmp_path / "apart" / "trend.py"
    file.parent.mkdir()
    file.write_text(STRATEGY)
    return file


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """The bars as a file."""
    file = tmp_path / "prices.csv"
    pd.DataFrame({"date": BARS.session_dates(), "close": CLOSE, "volume": 10_000_000}).to_csv(file, index=False)
    return file


def test_two_processes_come_to_the_rows_of_one() -> None:
    """Figures, daily returns and trials, in the order of the grid."""
    alone = sweep(BARS, signals=trend, grid=GRID, workers=1, size=1_000)
    both = sweep(BARS, signals=trend, grid=GRID, workers=2, size=1_000)
    pd.testing.assert_frame_equal(both.table, alone.table)
    pd.testing.assert_frame_equal(both.returns, alone.returns)
    assert both.best() == alone.best()


def test_a_process_that_dies_is_named_and_what_was_done_is_kept(tmp_path: Path) -> None:
    """Run again when nothing kills it, the sweep goes on and comes to the rows of an undisturbed one."""
    dying, folder = tmp_path / "dying", tmp_path / "sweep"
    dying.touch()
    grid = [{"window": window, "dying": str(dying)} for window in GRID["window"]]
    with pytest.raises(HedgerowError, match="RUN-011"):
        sweep(BARS, signals=dies, grid=grid, workers=2, folder=folder)
    dying.unlink()
    first: list[int] = []
    again = sweep(BARS, signals=dies, grid=grid, workers=2, folder=folder, progress=lambda done, _: first.append(done))
    whole = sweep(BARS, signals=dies, grid=grid, workers=1)
    pd.testing.assert_frame_equal(again.table, whole.table)
    assert again.trials == 40


def test_what_a_variant_raises_in_another_process_is_told_with_its_parameters() -> None:
    """The exception's own words, and which variant it was."""

    def broken(bars: hr.Bars, window: int) -> Any:
        raise ArithmeticError(f"no average over {window}")

    with pytest.raises(
        HedgerowError, match=r"RUN-001(.|\n)*variant \d+, \{'window': \d+\}(.|\n)*ArithmeticError: no average over"
    ):
        sweep(BARS, signals=broken, grid=GRID, workers=2)


def test_the_command_sweeps_a_class_of_a_file(
    strategy: Path, prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over processes, with a ledger, twice: the second time nothing is computed and no trial is added."""
    words = ["sweep", f"{strategy}:Trend", str(prices), "--grid", "window=2:41", "--workers", "2", "--json"]
    words += ["--trials", str(tmp_path / "trials.jsonl"), "--out", str(tmp_path / "sweep")]
    assert run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (len(told["variants"]), told["trials"]) == (40, 40)
    assert told["best"]["sharpe"] == max(row["sharpe"] for row in told["variants"] if row["sharpe"] is not None)
    assert run(words) == 0
    assert json.loads(capsys.readouterr().out) == told
    assert run([*words[:-5], "--top", "3"]) == 0
    shown = capsys.readouterr().out
    assert "40 variants" in shown
    assert "after 40 trials" in shown
    assert f"Probability of overfitting (CSCV): {told['probability_of_overfitting']:.2f}" in shown


def test_words_that_are_no_grid_are_refused(strategy: Path, prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with what to write instead."""
    for extra, told in (
        (["--grid", "window"], "name=10,20,30"),
        (["--grid", "window=5:2"], "FROM <= TO"),
        (["--grid", "window=2:3", "--grid", "window=4:5"], "given twice"),
        (["--grid", "window=2:3", "--window", "2020"], "FROM..TO"),
        (["--grid", "window=2:3", "--universe", "all"], "NAME=AAA,BBB"),
        (["--grid", "widow=2:3"], "widow"),
    ):
        assert run(["sweep", str(strategy), str(prices), *extra]) != 0
        assert told in capsys.readouterr().err


@pytest.fixture
def ray_address(tmp_path: Path) -> Iterator[str]:
    """A Ray cluster of its own on this machine, reached by its address."""
    if shutil.which("ray", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("ray is not installed: pip install 'hedgerow[cluster]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = str(Path(sys.executable).parent / "ray")
    start = ["start", "--head", "--node-ip-address=127.0.0.1", f"--port={port}", "--num-cpus=2", "--block"]
    start += ["--include-dashboard=false", "--disable-usage-stats", f"--temp-dir=/tmp/hr-{os.getpid()}"]
    with (tmp_path / "ray.log").open("w") as log:
        head = subprocess.Popen([command, *start], stdout=log, stderr=log, start_new_session=True)
        try:
            for _ in range(120):
                with socket.socket() as probe:
                    probe.settimeout(0.5)
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if head.poll() is not None:
                    break
            yield f"127.0.0.1:{port}"
        finally:
            os.killpg(head.pid, signal.SIGKILL)
            head.wait()
            shutil.rmtree(f"/tmp/hr-{os.getpid()}", ignore_errors=True)


@pytest.mark.slow
def test_a_cluster_comes_to_the_rows_of_one_process(ray_address: str) -> None:
    """The same call with the cluster's address."""
    alone = sweep(BARS, signals=trend, grid=GRID, workers=1, size=1_000)
    there = sweep(BARS, signals=trend, grid=GRID, cluster=ray_address, size=1_000)
    pd.testing.assert_frame_equal(there.table, alone.table)
    pd.testing.assert_frame_equal(there.returns, alone.returns)
