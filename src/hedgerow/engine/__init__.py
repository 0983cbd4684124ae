"""The only place where stages meet: backtest, fund, replay, audit."""
