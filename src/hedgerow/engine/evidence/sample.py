"""Runs a strategy on the platform's own data: as one whole, or fold by fold where it trains, always out of sample.

A strategy trains if it has `fit(bars) -> strategy`: it is given the bars known before each fold and nothing else, and
what it returns trades the fold. Any other strategy is fixed; its folds are sub-periods of one run.

Promises: equal arguments give equal runs; what trades a fold never saw it; every order meets the gate. Never: code of a
jailed artifact in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.costs import Costs
from hedgerow.core.errors import problem
from hedgerow.engine.backtest import backtest
from hedgerow.engine.jailed import JailedStrategy
from hedgerow.engine.run_data import RunData
from hedgerow.engine.strategy import Strategy
from hedgerow.engine.tearsheet.series import clock
from hedgerow.governance.jail import Isolation

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.engine.result import Result
    from hedgerow.market.bars import Bars
    from hedgerow.risk.limits import Limits

IN_PROCESS = "none"
"""The isolation of a run in the platform's own process."""

FOLDS_MAX = 100
Days = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """How a strategy is run: name, capital in `currency`, costs, limits, seed, rates of other currencies.

    artifact: the file or folder that is proposed; `None` = the class's source and settings.
    """

    name: str
    capital: Decimal
    currency: str
    costs: Costs
    limits: Limits
    seed: int
    fx: Mapping[str, float]
    artifact: str | Path | None = None


@dataclass(frozen=True)
class Ran:
    """What a runner gives back: everything that happened, and how well the strategy was shut in while it ran."""

    result: Result
    isolation: str


Runner = Callable[[Any, "Bars", Settings], Ran]
"""Runs a strategy over bars: in this process, or in the jail."""


@dataclass(frozen=True)
class Fold:
    """A stretch of the sample: its place among the daily returns, and up to when its strategy was trained, if so."""

    number: int
    first: int
    end: int
    trained_to_ns: int | None


@dataclass(frozen=True)
class Sample:
    """The runs of a strategy, joined: one return a day, the capital first in `nav`."""

    results: tuple[Result, ...]
    isolation: str
    nav: Floats
    days: Days
    folds: tuple[Fold, ...]

    @property
    def returns(self) -> Floats:
        """One return for each of `days`."""
        return np.asarray(self.nav[1:] / self.nav[:-1] - 1, dtype=np.float64)

    @property
    def daily(self) -> pd.Series[Any]:
        """Net asset value by day, the capital on the day before the first."""
        import pandas as pd

        index = np.concatenate([[self.days[0] - np.timedelta64(1, "D")], self.days])
        return pd.Series(self.nav, index=pd.DatetimeIndex(index.astype("datetime64[ns]"), tz="UTC"))


def run_in_process(strategy: Any, bars: Bars, settings: Settings) -> Ran:
    """Run a strategy as `hedgerow.backtest` does: a class in this process, an opaque one in the jail."""
    made = fresh(strategy)
    result = backtest(
        bars,
        made,
        cash=settings.capital,
        currency=settings.currency,
        costs=settings.costs,
        limits=settings.limits,
        fx=dict(settings.fx),
        seed=settings.seed,
        name=settings.name,
        artifact=None if is_opaque(made) else settings.artifact,
    )
    return Ran(result, _isolation(result))


def fresh(strategy: Any) -> Any:
    """The strategy as it is before its first bar: a strategy keeps what it saw, an opaque one starts anew by itself."""
    if isinstance(strategy, str | Path):
        return JailedStrategy(strategy)
    if isinstance(strategy, type):
        return strategy()
    if isinstance(strategy, Strategy) and not is_opaque(strategy):
        return type(strategy)(strategy.config)
    return strategy


def is_opaque(strategy: Any) -> bool:
    """Whether a strategy runs in the jail: nobody here reads it, and its hash is its file's."""
    return isinstance(strategy, JailedStrategy)


def _isolation(result: Result) -> str:
    """How well a run's strategy was shut in, as the run's own records say."""
    starts = result.records("JailStart")
    return Isolation(int(starts["isolation"].min())).name.lower() if len(starts) else IN_PROCESS


def trains(strategy: Any) -> bool:
    """Whether a strategy is fitted to what came before it."""
    return callable(getattr(strategy, "fit", None))


def fold_days(bars: Bars, folds: int) -> Days:
    """The session days of the bars; RUN_CONFIG where they do not carry so many folds."""
    days = np.unique(bars.session_dates())
    if not 1 <= folds <= FOLDS_MAX:
        raise problem("RUN_CONFIG", f"folds={folds!r}; a whole number from 1 to {FOLDS_MAX}")
    if days.size < 2 * (folds + 1):
        raise problem("RUN_CONFIG", f"folds={folds} of {days.size} days; at least {2 * (folds + 1)} days")
    return days


def sample(strategy: Any, bars: Bars, settings: Settings, *, folds: int, run: Runner) -> Sample:
    """Run a strategy over the bars in so many folds; errors as `fold_days`."""
    days = fold_days(bars, folds)
    if trains(strategy):
        return _trained(strategy, bars, settings, np.array_split(days, folds + 1), run)
    return _fixed(run(strategy, bars, settings), folds)


def whole(result: Result) -> Sample:
    """A run that is there already, as a sample of one fold."""
    return _fixed(Ran(result, _isolation(result)), 1)


def _fixed(ran: Ran, folds: int) -> Sample:
    nav, days = _daily(ran.result)
    parts = np.array_split(np.arange(days.size), folds)
    cut = tuple(Fold(n, int(part[0]), int(part[-1]) + 1, None) for n, part in enumerate(parts, start=1) if part.size)
    return Sample((ran.result,), ran.isolation, nav, days, cut)


def _trained(strategy: Any, bars: Bars, settings: Settings, blocks: list[Days], run: Runner) -> Sample:
    results, cut, navs, days = [], [], [np.array([float(settings.capital)])], []
    isolation, done = set(), 0
    for number, block in enumerate(blocks[1:], start=1):
        tested = bars.slice(str(block[0]), str(block[-1]))
        start = RunData(tested).start_ns
        known = bars.slice(None, str(blocks[number - 1][-1])).known_as_of(start)
        fitted = fresh(strategy).fit(known)
        if not isinstance(fitted, Strategy):
            raise problem("RUN_CONFIG", f"{settings.name}.fit gave a {type(fitted).__name__}; it gives a Strategy")
        ran = run(fitted, tested, settings)
        nav, own_days = _daily(ran.result)
        cut.append(Fold(number, done, done + own_days.size, int(known.ts_init.max())))
        navs.append(navs[-1][-1] * nav[1:] / nav[0])
        results.append(ran.result)
        days.append(own_days)
        isolation.add(ran.isolation)
        done += own_days.size
    return Sample(tuple(results), ", ".join(sorted(isolation)), np.concatenate(navs), np.concatenate(days), tuple(cut))


def _daily(result: Result) -> tuple[Floats, Days]:
    """Net asset values by day, the capital first, and the day of each but the first."""
    daily = result.daily
    days = clock(daily.index)[1:].astype("datetime64[ns]").astype("datetime64[D]")
    return daily.to_numpy(dtype=np.float64), days
