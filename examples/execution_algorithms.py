"""One order, four algorithms: what each did with it in the same market, and what that cost.

The market is made up: five days of minutes that trade most in the morning and before the close. On the last day each
algorithm buys the same 40,000 shares within two hours.

    python examples/execution_algorithms.py
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

import hedgerow as hr

DAYS, MINUTES = 5, 390
ORDERS = {
    "twap": {"slices": 24},
    "twap, disguised": {"slices": 24, "size_jitter": 0.4, "random_times": True, "seed": 11},
    "twap, waiting": {"slices": 24, "passive": True},
    "vwap": {"slices": 24},
    "pov": {"participation": 0.05},
    "is": {"slices": 24, "risk_aversion": 2e-5, "spread_bps": 4.0, "days": 2 / 6.5},
}


def market() -> hr.Bars:
    """Minutes of five days in which trading is heavy early and late."""
    random = np.random.default_rng(4)
    minute = np.arange(1, MINUTES + 1)
    shape = 4_000 + 20_000 * (2 * minute / MINUTES - 1) ** 2
    opens = np.datetime64("2024-03-04T14:30") + np.arange(DAYS).astype("timedelta64[D]")
    times = (opens[:, None] + minute.astype("timedelta64[m]")).reshape(-1)
    volume = np.round(np.tile(shape, DAYS) * random.lognormal(0, 0.3, DAYS * MINUTES))
    close = (50 * np.exp(np.cumsum(random.normal(0, 2e-4, DAYS * MINUTES)))).round(2)
    return hr.Bars.from_arrays(times, close=close, volume=volume, span="1min", symbol="ACME")


class Buyer(hr.Strategy):
    """Hands over its order at the beginning of the last day."""

    def __init__(self, algorithm: str, settings: dict[str, object], begins: int) -> None:
        super().__init__()
        self.algorithm, self.settings, self.begins = algorithm, settings, begins
        self.order = None

    def on_bar(self, bar: object) -> None:
        """Wait for the last day's first minute."""
        if self.order is None and self.now >= self.begins:
            hours = timedelta(hours=2)
            self.order = self.work(40_000, algorithm=self.algorithm, until=hours, **self.settings)


def main() -> None:
    """Run each algorithm over the same bars and print a line for it."""
    bars = market()
    begins = int(bars.ts_init[(DAYS - 1) * MINUTES])
    print(f"{'':16} {'children':>8} {'filled':>7} {'average':>8} {'vwap':>8} {'share':>6} {'shortfall':>10}")
    for title, settings in ORDERS.items():
        run = hr.backtest(bars, Buyer(title.split(",")[0], settings, begins), cash=1e8)
        row = run.parents.iloc[0]
        print(
            f"{title:16} {row['children']:8} {row['filled']:7,.0f} {row['average_price']:8.4f} "
            f"{row['interval_vwap']:8.4f} {row['participation']:6.1%} {row['total_bps']:6.1f} bps"
        )


if __name__ == "__main__":
    main()
