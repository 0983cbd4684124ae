"""A breakout in brackets: each entry has a stop loss and a take profit that follow what it fills, and one trades.

Buys once the price rises above the highest of the last 20 closes, with a stop 4% below and a target 8% above the entry;
prints how the brackets ended, asks of the last exit why it was made, and verifies the log.

Run it: python examples/brackets.py [empty folder for the log]
"""

from __future__ import annotations

import sys
import tempfile
from collections import deque
from pathlib import Path
from typing import Any

import hedgerow as hr
from hedgerow.market import skfolio_sp500


class Breakout(hr.Strategy):
    """One bracket at a time: a stop order to enter, and two exits of which one trades."""

    def on_start(self) -> None:
        """Remember 20 closes; nothing is held."""
        self.closes: deque[float] = deque(maxlen=20)
        self.held: Any = None

    def on_bar(self, bar: Any) -> None:
        """A new entry once the last bracket is over: it ended at an exit, or its entry ended with the day."""
        over = self.held is None or self.held.take_profit is None or self.held.take_profit.state == "ended"
        if over and len(self.closes) == 20:
            above = round(max(*self.closes, bar.close) + 0.01, 2)
            exits = {"stop_loss": round(above * 0.96, 2), "take_profit": round(above * 1.08, 2)}
            self.held = self.bracket(1_000, stop=above, tif="day", **exits)
        self.closes.append(bar.close)


def main(folder: Path) -> None:
    """Run over Apple's history, then read the log."""
    apple = skfolio_sp500().select("AAPL").slice("2010-01-01", "2014-12-31")
    result = hr.backtest(apple, Breakout, log=folder, seed=7)
    print(result)
    sold = result.orders[(result.orders["side"] == "sell") & (result.orders["state"] == "Filled")]
    print(sold["kind"].map({"stop": "stopped", "limit": "took profit"}).value_counts().to_string())
    for cause in hr.why(folder, int(result.fills["id"].iloc[-1])):
        print(f"{cause.id:>6} {cause.noun:<15} {cause.says}")
    print(f"derived again: {hr.verify(folder).linked} steps of orders that hang together")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder) / "log")
