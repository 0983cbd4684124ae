"""Cross-sectional momentum as a table of weights: the five of twenty stocks that rose most in a year, held for a month.

The table is computed with pandas from a frame of closes; its rows speak to the bars of the same dates, and what they
decide at a close trades at the next price. It is compared with holding all twenty.

Run it: python examples/momentum_weights.py
"""

from __future__ import annotations

import pandas as pd

import hedgerow as hr
from hedgerow.market import skfolio_sp500

HELD = 5


def momentum_weights(closes: pd.DataFrame) -> pd.DataFrame:
    """Equal weights in the stocks with the highest return of the last year but its last month, on every month's end."""
    rise = closes.shift(21) / closes.shift(252) - 1
    best = rise.rank(axis=1, ascending=False) <= HELD
    month = closes.index.tz_localize(None).to_period("M")
    last_of_month = pd.Series(month != month[1:].append(month[-1:] + 1), index=closes.index)
    return (best / HELD * 0.98)[last_of_month & rise.notna().all(axis=1)]


def main() -> None:
    """Run both portfolios and show them side by side."""
    bars = skfolio_sp500().slice("2005-01-01", "2014-12-31")
    closes = bars.close_frame()
    momentum = hr.backtest(bars, weights=momentum_weights(closes), name="momentum")
    equal = closes.iloc[[0]] * 0 + 0.98 / len(bars.symbols)
    held = hr.backtest(bars, weights=equal, name="held")
    for result in (momentum, held):
        about = result.performance
        print(result)
        print(f"  a year {about.cagr:+.1%}, Sharpe {about.sharpe:.2f}, deepest fall {about.max_drawdown:.1%}")
    print(f"denied orders: {(momentum.verdicts['decision'] == 'denied').sum()}")


if __name__ == "__main__":
    main()
