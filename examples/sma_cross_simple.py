"""A moving-average cross in twelve lines: 95 % of the book in Apple while its 20-day mean is above its 100-day mean.

Run it: python examples/sma_cross_simple.py
"""

import hedgerow as hr
from hedgerow.market import skfolio_sp500


class SmaCross(hr.SimpleStrategy):
    def init(self):
        self.fast = self.I(hr.sma, self.data.close, 20)
        self.slow = self.I(hr.sma, self.data.close, 100)

    def next(self):
        self.order_target_weight(0.95 if self.fast[-1] > self.slow[-1] else 0.0)


print(hr.backtest(skfolio_sp500().select("AAPL"), SmaCross))
