"""Your own prices: any CSV or Parquet file with a time and closes (or open, high, low, close, volume).

What cannot be believed (holes, crossed prices, times out of order) is refused with the row and the remedy.

Run it: python examples/own_csv.py PRICES.csv      without a file, it writes a small one and reads that
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import hedgerow as hr


class BuyTheDip(hr.SimpleStrategy):
    """Half of the book while the close is two deviations below its mean, until it is back."""

    def init(self) -> None:
        """Distance from the mean of 20 bars."""
        self.distance = self.I(hr.zscore, self.data.close, 20)

    def next(self) -> None:
        """Buy the dip, sell the recovery."""
        if self.position == 0 and self.distance[-1] < -2:
            self.order_target_weight(0.5)
        elif self.position > 0 and self.distance[-1] > 0:
            self.close()


def write_prices(path: Path) -> Path:
    """Two years of made-up daily prices, as a vendor would send them."""
    random = np.random.default_rng(2024)
    days = np.arange("2022-01-01", "2024-01-01", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    close = np.round(50 * np.exp(np.cumsum(random.normal(0, 0.015, days.size))), 2)
    rows: list[Any] = ["Date,Open,High,Low,Close,Volume"]
    for day, price, before in zip(days, close, [close[0], *close[:-1]], strict=True):
        high, low = max(price, before) + 0.05, min(price, before) - 0.05
        rows.append(f"{day},{before:.2f},{high:.2f},{low:.2f},{price:.2f},{random.integers(10**5, 10**6)}")
    path.write_text("\n".join(rows) + "\n")
    return path


def main(path: Path) -> None:
    """Read, run, print."""
    bars = hr.Bars.read(path)
    print(bars.describe().to_string())
    result = hr.backtest(bars, BuyTheDip, cash=100_000)
    print(result)
    print(result.trades[["side", "quantity", "entry_price", "exit_price", "pnl", "fees"]].tail(3).to_string())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(write_prices(Path(folder) / "MADEUP.csv"))
