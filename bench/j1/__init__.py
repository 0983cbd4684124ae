"""J1, the bar backtest that every engine can run: its data, its oracle, our three forms of the strategy."""
