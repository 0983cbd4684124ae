"""A newcomer's first script with backtesting.py."""

import sys

import pandas as pd
from backtesting import Backtest, Strategy


def sma(values, window):  # noqa: D103 (a newcomer writes no docstrings)
    return pd.Series(values).rolling(window).mean()


class Cross(Strategy):  # noqa: D101
    def init(self):  # noqa: D102
        self.fast = self.I(sma, self.data.Close, 10)
        self.slow = self.I(sma, self.data.Close, 30)

    def next(self):  # noqa: D102
        if self.fast[-1] > self.slow[-1] and not self.position:
            self.buy(size=100)
        elif self.fast[-1] < self.slow[-1] and self.position:
            self.position.close()


prices = pd.read_csv(sys.argv[1], index_col="date", parse_dates=True)
prices.columns = [name.capitalize() for name in prices.columns]
print(Backtest(prices, Cross, cash=1_000_000, commission=0.0003).run()["Equity Final [$]"])
