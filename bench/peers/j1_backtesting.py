"""J1 with backtesting.py, which first decides at bar 100: one bar after its slowest indicator exists."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import backtesting
import pandas as pd

from bench.j1 import data, oracle, timing

warnings.filterwarnings("ignore")
backtesting.backtesting._tqdm = lambda rows, **_: rows  # its progress bar costs time


class Cross(backtesting.Strategy):
    """The rule in its idiom."""

    def init(self) -> None:
        """Both averages."""
        self.fast = self.I(_average, self.data.Close, data.FAST)
        self.slow = self.I(_average, self.data.Close, data.SLOW)

    def next(self) -> None:
        """Decide at the close; orders fill at the next open by default."""
        if self.fast[-1] > self.slow[-1]:
            if not self.position:
                self.buy(size=data.LOTS)
        elif self.fast[-1] < self.slow[-1] and self.position:
            self.position.close()


def _average(prices: Any, window: int) -> Any:
    return pd.Series(prices).rolling(window).mean()


def main() -> None:
    """Time it."""
    asked = timing.arguments()
    bars = data.load(asked.n, asked.work)
    names = {"Open": "o", "High": "h", "Low": "l", "Close": "c"}
    frame = pd.DataFrame({name: bars[column] / 100 for name, column in names.items()}, index=pd.to_datetime(bars["ts"]))
    frame["Volume"] = bars["v"]

    def run() -> Any:
        return backtesting.Backtest(
            frame, Cross, cash=data.CASH, commission=data.FEE_BPS / 10_000, finalize_trades=False
        ).run()

    stats, seconds = timing.timed(run, asked.runs)
    trades = stats["_trades"]
    fills = [(int(bar), 1, round(price * 100)) for bar, price in zip(trades.EntryBar, trades.EntryPrice, strict=True)]
    fills += [(int(bar), -1, round(price * 100)) for bar, price in zip(trades.ExitBar, trades.ExitPrice, strict=True)]
    fills += [(int(t.entry_bar), 1, round(t.entry_price * 100)) for t in stats["_strategy"].trades]
    came_to = oracle.outcome(sorted(fills), stats["Equity Final [$]"])
    timing.say(
        f"backtesting {backtesting.__version__}", asked.n, seconds, came_to.fills, came_to.digest, came_to.equity_cents
    )


if __name__ == "__main__":
    main()
