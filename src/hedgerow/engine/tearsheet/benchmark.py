"""What a strategy is compared with: its universe, bought in equal parts at the start and held.

Promises: the same capital, costs, venue, gate and data. Where the universe could not be bought there is no benchmark,
and the reason is given. Never: instruments that begin to trade later, which nobody could have bought then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.costs import Costs
from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.engine.tearsheet.markup import counted
from hedgerow.engine.tearsheet.series import clock
from hedgerow.ledger.metrics import performance

if TYPE_CHECKING:
    from hedgerow.engine.result import Result
    from hedgerow.ledger.metrics import Relative

INVESTED = 0.98
"""Share of the capital that is spent: prices move before the order fills, and costs are paid."""


def buy_and_hold(result: Result) -> tuple[Result | None, str]:
    """Run the benchmark of a run; returns it and its name, or `None` and why there is none."""
    from hedgerow.engine.backtest import backtest

    data = result.data
    at_start = data.time_index == 0
    count = int(at_start.sum())
    weights = np.where(at_start, INVESTED / count, np.nan)
    name = "buy and hold"
    if count < len(data.symbols):
        name += f" of the {counted(count, 'instrument')} there at the start"
    try:
        held = backtest(
            data.bars,
            weights=weights,
            cash=result.info.cash,
            currency=result.info.currency,
            costs=Costs(**result.info.costs),
            fx=_rates(result),
            actions=result.actions,
            name="buy and hold",
        )
    except HedgerowError as error:
        return None, f"the universe could not be bought and held: {error}"
    if not len(held.records("Fill")):
        return None, "the universe could not be bought and held: no order of the benchmark was filled"
    return held, name


def checked(result: Result, benchmark: Result) -> Result:
    """A benchmark that may stand beside the run: same currency, overlapping times.

    Raises RUN_CONFIG.
    """
    if benchmark.info.currency != result.info.currency:
        raise problem("RUN_CONFIG", f"benchmark in {benchmark.info.currency}, strategy in {result.info.currency}")
    ours, theirs = result.equity.index, benchmark.equity.index
    if theirs[0] > ours[-1] or theirs[-1] < ours[0]:
        raise problem(
            "RUN_CONFIG", f"benchmark from {theirs[0]} to {theirs[-1]}, strategy from {ours[0]} to {ours[-1]}"
        )
    return benchmark


def aligned(result: Result, benchmark: Result, ts: Any) -> Any:
    """The benchmark's net asset values at the run's times, scaled to the run's capital."""
    times = clock(benchmark.equity.index)
    place = np.searchsorted(times, ts, side="right") - 1
    nav = benchmark.equity["nav"].to_numpy()
    return nav[np.maximum(place, 0)] * (result.info.cash / benchmark.info.cash)


def relative_to(result: Result, benchmark: Result) -> Relative:
    """A run's performance beside another's, on the run's own days.

    Raises RUN_CONFIG if they cannot be compared, or the benchmark lost everything.
    """
    levels = aligned(result, checked(result, benchmark), clock(result.daily.index) + 1)
    relative = performance(
        result.daily,
        benchmark=levels,
        currency=result.info.currency,
        benchmark_currency=benchmark.info.currency,
    ).relative
    assert relative is not None
    return relative


def _rates(result: Result) -> dict[str, Any]:
    """The exchange rates of a run, as `backtest` takes them."""
    import pandas as pd

    rows = result.records("FxRate")
    codes = np.char.decode(rows["base"])
    return {
        str(code): pd.Series(
            rows["rate_nano"][codes == code] / MONEY_UNIT,
            index=pd.DatetimeIndex(rows["ts_init"][codes == code].astype("datetime64[ns]"), tz="UTC", name="ts_init"),
        )
        for code in np.unique(codes)
    }
