"""The group `j4`: a thousand variants swept, beside vectorbt; every result held against the known one first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.backtests import ONE_THREAD, Say, Speed
from bench.figures import Figure, Goal
from bench.j4 import rule
from bench.peers.environments import PEERS

HERE = Path(__file__).resolve().parent
UNIT = "variants/CPU s"
OUR_RUNS_MAX, PEER_RUNS_MAX = 5, 2
MEMORY_MAX_MB = 512
"""Bars, a hundred averages and one variant at a time: not more for more variants."""


def measure(*, runs: int, work: Path, say: Say) -> Iterator[Figure]:
    """The figures of J4."""
    say("j4: hedgerow")
    ours, peak = speed_of([sys.executable, HERE / "j4" / "ours.py"], min(runs, OUR_RUNS_MAX), work)
    peer, theirs = PEERS["vectorbt"], Speed(None, "is not installed (bench/run.py --install-peers)")
    if peer.is_here:
        say(f"j4: {peer.title}")
        theirs, _ = speed_of([peer.interpreter, peer.script("j4")], min(runs, PEER_RUNS_MAX), work)
    note = f"{ours.note}; {peer.title}: {theirs.note}"
    yield Figure(
        "j4.sweep.vectorbt",
        ours.per_second,
        UNIT,
        peer.title,
        theirs.per_second,
        Goal(">=", 20),
        note,
        wrong=ours.wrong,
    )
    bounded = Goal("<=", MEMORY_MAX_MB, of="value", unit="MB")
    yield Figure("j4.sweep.memory", peak, "MB", goal=bounded, note=ours.note)


def speed_of(command: list[Any], runs: int, work: Path) -> tuple[Speed, float | None]:
    """Run a contender; its speed, if its result is right, and its peak memory."""
    words = [*map(str, command), "--n", str(rule.BARS), "--runs", str(runs), "--work", str(work)]
    ran = subprocess.run(words, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        return Speed(None, f"failed: {ran.stderr.strip()[-300:]}", wrong=True), None
    said = json.loads(ran.stdout.splitlines()[-1])
    came_to = rule.Outcome(tuple(said["best"]), said["best_cents"], said["sum_cents"])
    if came_to != rule.EXPECTED:
        return Speed(None, f"wrong result, so no speed: {came_to} instead of {rule.EXPECTED}", wrong=True), None
    spread = f"{said['cpu_least']:.4g} to {said['cpu_most']:.4g} s"
    note = f"{said['engine']}, sum to the cent, {said['runs']} runs, {spread}, {said['peak_mb']:.0f} MB"
    return Speed(len(rule.PAIRS) / said["cpu_seconds"], note), said["peak_mb"]
