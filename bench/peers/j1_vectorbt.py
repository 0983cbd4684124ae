"""J1 with vectorbt: whole columns, signals shifted by one bar, trades at the open. Its compilation is not timed."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pandas as pd
import vectorbt

from bench.j1 import data, oracle, timing

warnings.filterwarnings("ignore")


def main() -> None:
    """Time it."""
    asked = timing.arguments()
    bars = data.load(asked.n, asked.work)
    index = pd.to_datetime(bars["ts"])
    opens, closes = pd.Series(bars["o"] / 100, index=index), pd.Series(bars["c"] / 100, index=index)

    def run() -> tuple[Any, float]:
        fast, slow = vectorbt.MA.run(closes, data.FAST), vectorbt.MA.run(closes, data.SLOW)
        portfolio = vectorbt.Portfolio.from_signals(
            closes,
            (fast.ma > slow.ma).shift(1, fill_value=False),
            (fast.ma < slow.ma).shift(1, fill_value=False),
            price=opens,
            size=data.LOTS,
            size_type="amount",
            fees=data.FEE_BPS / 10_000,
            init_cash=data.CASH,
            freq="1min",
        )
        return portfolio, float(portfolio.final_value())

    (portfolio, equity), seconds = timing.timed(run, asked.runs)
    orders = portfolio.orders.records
    columns = zip(orders["idx"], orders["side"], orders["price"], strict=True)
    came_to = oracle.outcome(
        [(int(i), 1 if side == 0 else -1, round(price * 100)) for i, side, price in columns], equity
    )
    timing.say(
        f"vectorbt {vectorbt.__version__}", asked.n, seconds, came_to.fills, came_to.digest, came_to.equity_cents
    )


if __name__ == "__main__":
    main()
