"""The moving-average cross as events, with settings, a limit order and a log that proves itself.

Buys one cent below the close and takes back what has not traded by the next bar; sells at the market. Writes a signed
journal, asks why the last fill happened, and verifies every record.

Run it: python examples/sma_cross_events.py [empty folder for the log]
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hedgerow as hr
from hedgerow.market import skfolio_sp500


class SmaCross(hr.Strategy):
    """Long while the fast mean is above the slow one."""

    @dataclass(frozen=True)
    class Config:
        """Windows in bars, and the size of the position in shares."""

        fast: int = 20
        slow: int = 100
        quantity: float = 1_000.0

    def on_start(self) -> None:
        """Make both means; the engine feeds them before each bar."""
        self.fast, self.slow = self.sma(self.config.fast), self.sma(self.config.slow)
        self.ticket: Any = None

    def on_bar(self, bar: Any) -> None:
        """Decide at the close; orders can trade from the next bar on."""
        if self.ticket is not None and self.ticket.state is not None:
            self.cancel(self.ticket)
        if self.fast.value > self.slow.value and self.position == 0:
            self.ticket = self.buy(self.config.quantity, limit=round(bar.close - 0.01, 2))
        elif self.fast.value < self.slow.value and self.position > 0:
            self.close()


def main(folder: Path) -> None:
    """Run over Apple's history, then read the log."""
    apple = skfolio_sp500().select("AAPL").slice("2010-01-01", "2014-12-31")
    result = hr.backtest(apple, SmaCross(quantity=2_000.0), log=folder, seed=7)
    print(result)
    print(result.orders["state"].value_counts().to_string())
    for cause in hr.why(folder, int(result.fills["id"].iloc[-1])):
        print(f"{cause.id:>6} {cause.noun:<9} {cause.says}")
    proof = hr.verify(folder)
    print(f"verified {proof.records:,} records, root {proof.root[:16]}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder) / "log")
