"""A moving-average cross: 95 % of the book while the mean of 20 closes is above that of 100."""

from hedgerow_strategy import Bar, Now, Orders, Strategy


class Cross(Strategy):
    """Long while the fast mean is above the slow one."""

    def __init__(self) -> None:
        self.closes: list[float] = []

    def mean(self, count: int) -> float:
        """Mean of the last closes, summed from the oldest."""
        total = 0.0
        for close in self.closes[-count:]:
            total += close
        return total / count

    def on_bars(self, now: Now, bars: list[Bar], orders: Orders) -> None:
        """Decide at each close."""
        for bar in bars:
            self.closes = [*self.closes[-99:], bar.close]
            if len(self.closes) == 100:
                orders.target_weight(bar.instrument, 0.95 if self.mean(20) > self.mean(100) else 0.0)
