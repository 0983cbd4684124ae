"""A newcomer's first script with vectorbt."""

import sys

import pandas as pd
import vectorbt as vbt

close = pd.read_csv(sys.argv[1], index_col="date", parse_dates=True)["close"]
fast, slow = vbt.MA.run(close, 10), vbt.MA.run(close, 30)
entries, exits = fast.ma_crossed_above(slow), fast.ma_crossed_below(slow)
print(
    vbt.Portfolio.from_signals(
        close, entries, exits, size=100, init_cash=1_000_000, fees=0.0003, freq="1D"
    ).final_value()
)
