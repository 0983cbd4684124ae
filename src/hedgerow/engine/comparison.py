"""Variants of a strategy beside each other, and what choosing the best of them is worth.

Promises: every run that is given counts as a trial, and those that a ledger counted besides; the variance of their
Sharpe ratios is never below what worthless ones show by chance; equal runs give equal tables. Never: runs of two
currencies in one table, or a probability of overfitting from days that the runs do not share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.ledger import ratios
from hedgerow.ledger.overfitting import Overfitting, cscv

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.engine.result import Result

FIGURES = ("total_return", "cagr", "sharpe", "max_drawdown", "turnover", "probabilistic_sharpe", "deflated_sharpe")


@dataclass(frozen=True)
class Comparison:
    """Variants, the best first.

    table: a row a run: name, the settings that differ, and its figures, the Sharpe ratio deflated by all trials.
    results: the runs in the order of the table. overfitting: by CSCV, or `None`, and `why_not`. trials: how many were
    tried. grid: the values of each setting that differs, in order.
    """

    table: pd.DataFrame
    results: tuple[Result, ...]
    overfitting: Overfitting | None
    why_not: str
    trials: int
    grid: Mapping[str, tuple[Any, ...]]

    @property
    def best(self) -> Result:
        """The run with the highest Sharpe ratio."""
        return self.results[0]


def compare(runs: Sequence[Result], *, trials: int | None = None, blocks: int = 16) -> Comparison:
    """Compare the variants of a strategy that were tried, and say how likely the best of them is luck.

    runs: at least two, of one currency; tell all that were tried, not the good ones. Each is then deflated by their
    number. trials: how many were tried in all; `None` = the runs, or more where their ledger counted more. blocks: of
    the cross-validation, see `hedgerow.ledger.overfitting.cscv`. The runs that are given carry the number of
    trials from then on. Raises RUN_CONFIG.

    >>> import numpy as np, hedgerow as hr
    >>> closes = (100 * np.exp(np.random.default_rng(3).normal(0, 0.01, 300).cumsum())).round(2)
    >>> bars = hr.Bars.from_arrays(np.arange(300).astype("datetime64[D]"), close=closes)
    >>> runs = [hr.backtest(bars, signals=np.arange(300) // n % 2, size=1_000, name=f"every {n}") for n in (3, 5, 9)]
    >>> told = hr.compare(runs)
    >>> told.trials, told.overfitting.splits, len(told.table)
    (3, 12870, 3)
    """
    import pandas as pd

    if len(runs) < 2:
        raise problem("RUN_CONFIG", f"{len(runs)} run; at least 2 variants are compared")
    currencies = sorted({run.info.currency for run in runs})
    if len(currencies) > 1:
        raise problem("RUN_CONFIG", f"runs in {' and '.join(currencies)}; compare each currency by itself")
    count = max(len(runs), *(run.info.trials for run in runs)) if trials is None else trials
    if count < len(runs):
        raise problem("RUN_CONFIG", f"trials {count}, but {len(runs)} runs were given")
    each = [ratios.sharpe(run.returns) or 0.0 for run in runs]
    ranked = sorted(range(len(runs)), key=lambda n: (-each[n], n))
    results = tuple(_deflated(runs[n], count, each) for n in ranked)
    grid = _grid(results)
    rows = [
        {"name": run.info.name}
        | {name: run.info.config.get(name) for name in grid}
        | {name: getattr(run.performance, name) for name in FIGURES}
        | {"fills": len(run.records("Fill"))}
        for run in results
    ]
    overfitting, why_not = _overfitting(results, blocks)
    return Comparison(pd.DataFrame(rows), results, overfitting, why_not, count, grid)


def _deflated(run: Result, count: int, sharpes: list[float]) -> Result:
    """The run with all trials counted; their variance at least that of worthless ones."""
    periods = max(len(run.returns), 2)
    return run.with_trials(count, max(1 / (periods - 1), float(np.var(sharpes, ddof=1))))


def _grid(results: Sequence[Result]) -> dict[str, tuple[Any, ...]]:
    """Settings that differ between the runs, and their values in order, as far as they have one."""
    names = dict.fromkeys(name for run in results for name in run.info.config)
    values = {name: {repr(v): v for v in (run.info.config.get(name) for run in results)} for name in names}
    return {name: tuple(_ordered(list(own.values()))) for name, own in values.items() if len(own) > 1}


def _ordered(values: list[Any]) -> list[Any]:
    return sorted(values) if all(isinstance(v, int | float) for v in values) else sorted(values, key=repr)


def _overfitting(results: Sequence[Result], blocks: int) -> tuple[Overfitting | None, str]:
    """The probability of overfitting from the days that all runs share, or why there is none."""
    days = reduce(lambda left, right: left.intersection(right), (run.returns.index for run in results))
    table = np.stack([run.returns.reindex(days).to_numpy(dtype=np.float64) for run in results], axis=1)
    try:
        return cscv(table, blocks=blocks), ""
    except HedgerowError as error:
        if error.row.name != "RUN_TOO_SHORT":
            raise
        return None, error.detail
