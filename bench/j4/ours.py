"""J4 with `hedgerow.sweep`: every variant a trial, through gate, venue and ledger. Run as a program it is timed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

import hedgerow as hr
from bench.j1 import data, timing
from bench.j1.forms import COSTS, bars_of
from bench.j4 import rule

GRID = [{"fast": fast, "slow": slow} for fast, slow in rule.PAIRS]


def cross(bars: hr.Bars, fast: int, slow: int) -> Any:
    """Long above, flat below, as before where the averages are equal or not to be used yet."""
    close = bars.prices()
    gap = hr.sma(close, fast) - hr.sma(close, slow)
    wanted = (gap > rule.TIE).astype(float)
    wanted[np.abs(gap) <= rule.TIE] = np.nan
    wanted[:slow] = np.nan
    return wanted


def swept(bars: hr.Bars, grid: list[dict[str, int]]) -> dict[tuple[int, int], float]:
    """Final equity by pair, computed in this process alone."""
    done = hr.sweep(bars, signals=cross, grid=grid, size=data.LOTS, cash=data.CASH, costs=COSTS, workers=1)
    pairs = [(point["fast"], point["slow"]) for point in grid]
    return dict(zip(pairs, done.table["final_nav"].tolist(), strict=True))


def main() -> None:
    """Time it."""
    asked = timing.arguments()
    bars = bars_of(data.load(asked.n, asked.work))
    equities, seconds = timing.timed(lambda: swept(bars, GRID), asked.runs)
    rule.say("hedgerow", seconds, rule.outcome(equities))


if __name__ == "__main__":
    main()
