"""Timing of one contender in its own process, and the one JSON line it says.

Rule for all: data are prepared outside the timed stretch in the engine's own form; what is timed is the run, from
nothing but these data to the final equity; CPU seconds count, because the machine is shared. Standard library only.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def arguments(*forms: str) -> argparse.Namespace:
    """What every contender is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--work", type=Path, required=True)
    if forms:
        parser.add_argument("--form", choices=forms, required=True)
    return parser.parse_args()


def timed(
    run: Callable[..., Any], runs: int, *, setup: Callable[[], tuple[Any, ...]] = tuple
) -> tuple[Any, list[float]]:
    """Run once untimed, then `runs` times; returns the last result and CPU seconds of each run."""
    seconds, result = [], run(*setup())
    for _ in range(runs):
        prepared = setup()
        gc.collect()
        start = time.process_time()
        result = run(*prepared)
        seconds.append(time.process_time() - start)
    return result, seconds


def say(engine: str, n: int, seconds: list[float], fills: int, digest: str, equity_cents: int) -> None:
    """Print what was measured and what it came to."""
    median = statistics.median(seconds)
    line = {
        "engine": engine,
        "n": n,
        "cpu_seconds": median,
        "cpu_least": min(seconds),
        "cpu_most": max(seconds),
        "runs": len(seconds),
        "bars_per_second": n / median,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "fills": fills,
        "digest": digest,
        "equity_cents": equity_cents,
    }
    print(json.dumps(line))
