"""Ledger: what the postings say about performance, and the round trips behind it.

The public words: `performance`, `Performance`, `Relative`, `end_of_day` in `metrics`; `round_trips` in `trades`; the
single figures in `ratios` (Sharpe, Sortino, PSR, DSR) and `tails` (drawdown, VaR, expected shortfall).
"""
