"""J4 with vectorbt, a hundred columns at a time: all at once takes longer, and 7 GB. Its compilation is not timed."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pandas as pd
import vectorbt

from bench.j1 import data, timing
from bench.j4 import rule

warnings.filterwarnings("ignore")
COLUMNS = 100
Pairs = list[tuple[int, int]]


def main() -> None:
    """Time it."""
    asked = timing.arguments()
    bars = data.load(asked.n, asked.work)
    index = pd.to_datetime(bars["ts"])
    opens, closes = pd.Series(bars["o"] / 100, index=index), pd.Series(bars["c"] / 100, index=index)

    def part(pairs: Pairs) -> dict[tuple[int, int], float]:
        fast, slow = (vectorbt.MA.run(closes, [pair[i] for pair in pairs]).ma.to_numpy() for i in (0, 1))
        decided = np.arange(asked.n)[:, None] >= np.array([pair[1] for pair in pairs])
        signals = []
        for on in (fast > slow + rule.TIE, fast < slow - rule.TIE):
            on &= decided
            signals.append(np.vstack([np.zeros((1, len(pairs)), bool), on[:-1]]))
        portfolio = vectorbt.Portfolio.from_signals(
            closes,
            *signals,
            price=opens,
            size=data.LOTS,
            size_type="amount",
            fees=data.FEE_BPS / 10_000,
            init_cash=data.CASH,
            freq="1min",
        )
        return dict(zip(pairs, np.asarray(portfolio.final_value(), float).tolist(), strict=True))

    def run() -> dict[tuple[int, int], float]:
        equities: dict[tuple[int, int], float] = {}
        for at in range(0, len(rule.PAIRS), COLUMNS):
            equities |= part(rule.PAIRS[at : at + COLUMNS])
        return equities

    part(rule.PAIRS[:2])
    equities, seconds = timing.timed(run, asked.runs)
    rule.say(f"vectorbt {vectorbt.__version__}", seconds, rule.outcome(equities))


if __name__ == "__main__":
    main()
