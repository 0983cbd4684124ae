"""Figures of the jail: one round trip to a native strategy behind its walls, beside the same program on bare pipes.

Promises: both run the same bytes, are asked the same question by the same words, and take turns.
"""

from __future__ import annotations

import os
import shutil
import statistics
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench.core import CannotMeasure
from bench.figures import Figure, Goal

ROOT = Path(__file__).resolve().parent.parent
TRIPS = 5_000
# One bar after the time and the book's value, as the protocol has it.
QUESTION = struct.pack("<IIHHIqdq7dII", 100, 1, 2, 1, 1, 0, 1e6, 1, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0, 0)


def measure(*, runs: int, work: Path) -> Iterator[Figure]:
    """The median trip of each, over all runs."""
    from hedgerow.governance.jail import JailedProcess, JailLimits

    program = _built(work)
    bare, jailed = [], []
    for _ in range(runs):
        with subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            bare.append(_median_us(process.stdin.fileno(), process.stdout.fileno()))
            process.stdin.close()
        walled = JailedProcess("native", program.read_bytes(), JailLimits())
        questions, answers = walled.pipes()
        jailed.append(_median_us(questions, answers))
        os.close(questions)
        os.close(answers)
        walled.close()
    note = f"native, one bar, runs {runs} x {TRIPS}, {min(jailed):.3g} to {max(jailed):.3g}"
    floor = statistics.median(bare)
    yield Figure("jail.trip.p50", statistics.median(jailed), "us", "bare pipes", floor, Goal("<=", 2), note)


def _built(work: Path) -> Path:
    if shutil.which("cc") is None:
        raise CannotMeasure("no C compiler is here; it builds the strategy that is asked")
    work.mkdir(parents=True, exist_ok=True)
    include, source = ROOT / "crates" / "hedgerow-strategy", ROOT / "examples" / "strategies" / "c" / "cross.c"
    words = ["cc", "-O2", "-static", "-s", f"-I{include}", "-o", str(work / "cross"), str(source)]
    subprocess.run(words, check=True)
    return work / "cross"


def _median_us(questions: int, answers: int) -> float:
    took = []
    for _ in range(TRIPS):
        start = time.perf_counter_ns()
        os.write(questions, QUESTION)
        os.read(answers, 4096)
        took.append(time.perf_counter_ns() - start)
    return statistics.median(took) / 1_000
