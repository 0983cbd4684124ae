"""A newcomer's first script: a file of daily prices, a strategy in twelve lines, a result."""

import sys

import hedgerow as hr


class Cross(hr.SimpleStrategy):  # noqa: D101 (a newcomer writes no docstrings)
    def init(self):  # noqa: D102
        self.fast = self.I(hr.sma, self.data.close, 10)
        self.slow = self.I(hr.sma, self.data.close, 30)

    def next(self):  # noqa: D102
        if self.fast[-1] > self.slow[-1] and self.position == 0:
            self.buy(100)
        elif self.fast[-1] < self.slow[-1] and self.position > 0:
            self.close()


print(hr.backtest(sys.argv[1], Cross).final_nav)
