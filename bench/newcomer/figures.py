"""The group `newcomer`: import, first result, the demo, installation, each beside the quickest or smallest peer here.

Promises: every timing is of a fresh process; the first of them is thrown away (it compiles and fills caches). Never:
fails because the demo or a peer is not here.
"""

from __future__ import annotations

import csv
import datetime
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure, Goal
from bench.peers.environments import PEERS, Peer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DAYS = 2_500
DEMO_SECONDS_MAX = 300
RUN_CLI = "import sys; from hedgerow.cli.main import main; sys.exit(main())"
Say = Callable[[str], None]


def measure(*, runs: int, work: Path, say: Say) -> Iterator[Figure]:
    """The figures of the group."""
    here = [peer for peer in PEERS.values() if peer.is_here]
    yield from _imports(here, runs, say)
    yield from _first_results(here, runs, work, say)
    yield from _installation(here, say)
    yield from _demo(work, say)


def _imports(here: list[Peer], runs: int, say: Say) -> Iterator[Figure]:
    say("newcomer: import")
    ours = _seconds_of_import(sys.executable, "hedgerow", runs)
    theirs = {peer.title: _seconds_of_import(peer.interpreter, peer.module, 3) for peer in here}
    note = f"inside a fresh process, median of {runs}; bare start of Python not counted"
    yield _beside_least("newcomer.import", ours, "ms", theirs, Goal("<", 150, of="value", unit="ms"), note, scale=1e3)


def _seconds_of_import(python: str | Path, module: str, runs: int) -> float:
    words = [
        str(python),
        "-c",
        f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)",
    ]
    said = [subprocess.run(words, capture_output=True, text=True, check=True).stdout for _ in range(runs + 1)]
    return statistics.median(float(text) for text in said[1:])


def _first_results(here: list[Peer], runs: int, work: Path, say: Say) -> Iterator[Figure]:
    say("newcomer: first result")
    prices = write_prices(work / "daily.csv")
    ours = _seconds_of([sys.executable, HERE / "first_backtest.py", prices], runs)
    theirs = {peer.title: _seconds_of([peer.interpreter, peer.script("first"), prices], 3) for peer in here}
    note = (
        f"wall time of a whole fresh process: {DAYS} daily rows from CSV, averages 10/30, final value; median of {runs}"
    )
    goal = Goal("<", 1, of="value", unit="s")
    yield _beside_least("newcomer.first_result", ours, "s", theirs, goal, note)


def _seconds_of(words: list[Any], runs: int) -> float:
    seconds = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run([str(word) for word in words], capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def write_prices(path: Path) -> Path:
    """A random walk of daily prices, always the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    walk, close = random.Random(1), 100.0
    with path.open("w", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(["date", "open", "high", "low", "close", "volume"])
        for day in range(DAYS):
            close = round(close * (1 + walk.gauss(0.0002, 0.012)), 2)
            date = datetime.date(2016, 1, 1) + datetime.timedelta(day)
            rows.writerow([date, close, round(close * 1.01, 2), round(close * 0.99, 2), close, 10_000_000])
    return path


def _installation(here: list[Peer], say: Say) -> Iterator[Figure]:
    say("newcomer: installation")
    size = [HERE / "size.py"]
    ours, count = _megabytes([sys.executable, *size, "--project", ROOT / "pyproject.toml", ROOT / "src" / "hedgerow"])
    theirs = {p.title: _megabytes([p.interpreter, *size, *(w for w in p.packages if w[0] != "-")])[0] for p in here}
    note = f"package and everything a base installation needs, {count} distributions, without .pyc"
    yield _beside_least("newcomer.installed", ours, "MB", theirs, Goal("<", 350, of="value", unit="MB"), note)


def _megabytes(words: list[Any]) -> tuple[float, int]:
    said = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout.split()
    return float(said[0]), int(said[1])


def _beside_least(
    name: str, value: float, unit: str, theirs: dict[str, float], goal: Goal, note: str, *, scale: float = 1.0
) -> Figure:
    """A figure beside the best of the peers; the others stand in the note."""
    if not theirs:
        return Figure(name, value * scale, unit, None, None, goal, f"{note}; no peer is installed")
    best = min(theirs, key=lambda title: theirs[title])
    others = ", ".join(f"{title} {seconds * scale:.4g}" for title, seconds in theirs.items())
    return Figure(name, value * scale, unit, best, theirs[best] * scale, goal, f"{note}; {others} {unit}")


def _demo(work: Path, say: Say) -> Iterator[Figure]:
    say("newcomer: demo")
    seconds, memory = Goal("<", 60, of="value", unit="s"), Goal("<=", 1024, of="value", unit="MB")
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        words = [sys.executable, "-c", RUN_CLI, "demo", "--out", f"{folder}/demo", "--json"]
        start = time.perf_counter()
        try:
            ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=DEMO_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            yield Figure(
                "newcomer.demo.seconds", None, "s", None, None, seconds, f"still ran after {DEMO_SECONDS_MAX} s"
            )
            return
        took = time.perf_counter() - start
    lines = ran.stdout.strip().splitlines()
    if ran.returncode != 0 or not lines:
        why = f"the demo ended with {ran.returncode}: {ran.stderr.strip()[-300:]}"
        yield Figure("newcomer.demo.seconds", None, "s", None, None, seconds, why)
        yield Figure("newcomer.demo.memory", None, "MB", None, None, memory, why)
        return
    said = json.loads(lines[-1])
    note = (
        f"wall time of the whole process on {os.cpu_count()} processors; the demo itself says {said.get('seconds')} s"
    )
    yield Figure("newcomer.demo.seconds", took, "s", None, None, seconds, note)
    note = "highest resident memory of any process started by this group"
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    said_peak = said.get("peak_rss_mb")
    value = float(said_peak) if said_peak is not None else peak
    yield Figure("newcomer.demo.memory", value, "MB", None, None, memory, "as the demo says" if said_peak else note)
