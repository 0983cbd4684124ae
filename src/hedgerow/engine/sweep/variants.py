"""What one variant is and what it comes to: run in whatever process, it gives the same row."""

from __future__ import annotations

import dataclasses
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.carry import Carry
from hedgerow.core.costs import Costs
from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.simulation import Simulation
from hedgerow.core.spans import DAY_NS
from hedgerow.core.verdicts import DENIED
from hedgerow.engine.backtest import all_of, backtest, default_costs
from hedgerow.engine.book_backtest import book_costs
from hedgerow.engine.book_data import BookData
from hedgerow.engine.counting import outcome_of_series, plain_variant, settings_of
from hedgerow.engine.exchange import traded_value
from hedgerow.engine.lifecycle import holding_told
from hedgerow.engine.opening import research_limits
from hedgerow.engine.run_data import RunData
from hedgerow.engine.sweep.forked import Forked, can_fork
from hedgerow.engine.sweep.points import Point, Slice
from hedgerow.engine.sweep.sharing import attach
from hedgerow.governance.artifact import manifest, manifest_hash, plain, with_plain
from hedgerow.ledger.metrics import headline
from hedgerow.ledger.series import nav_series
from hedgerow.market.bars import Bars
from hedgerow.market.replay import Books

if TYPE_CHECKING:
    from hedgerow.engine.result import Result
    from hedgerow.models.trials import Variant
    from hedgerow.risk.limits import Limits

FIGURES = (
    "total_return",
    "cagr",
    "volatility",
    "sharpe",
    "sortino",
    "max_drawdown",
    "calmar",
    "turnover",
    "probabilistic_sharpe",
)
"""What a row tells of a run's performance."""


@dataclass(frozen=True)
class Settings:
    """What all variants have in common: the arguments of `backtest`."""

    size: float = 1.0
    cash: Any = 1_000_000
    currency: str = "USD"
    costs: Costs | None = None
    limits: Limits | None = None
    fx: dict[str, Any] | None = None
    seed: int = 0
    simulation: Simulation | None = None
    actions: Any = ()
    carry: Carry | None = None

    def __post_init__(self) -> None:
        """Actions may be asked for more than once."""
        object.__setattr__(self, "actions", all_of(self.actions, self.carry))

    @cached_property
    def holding(self) -> dict[str, Any]:
        """What is assumed of holding, as trials record it."""
        return holding_told(self.actions, self.carry)

    def arguments(self) -> dict[str, Any]:
        """By name, as `backtest` takes them."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


@dataclass(frozen=True)
class Job:
    """A sweep as those who compute it need it.

    form: `strategy`, `signals` or `weights`. maker: a strategy's class, or a function of bars and parameters.
    data: the bars or books, or the folder that they are shared in. keep_returns: whether rows carry each day's return.
    """

    form: str
    maker: Callable[..., Any]
    settings: Settings
    data: Bars | Books | Path
    keep_returns: bool

    def runner(self, bars: Bars | Books) -> Callable[[Point], Result]:
        """What runs variants over these bars: in copies of one fund where that can be, else in a fund for each."""
        if isinstance(bars, Bars) and can_fork(self):
            opened = cache(partial(Forked, self, bars))
            return lambda point: opened().run(point)
        return partial(self.run, bars=bars)

    def run(self, point: Point, bars: Bars | Books) -> Result:
        """One variant, as `backtest` runs it."""
        made = self.maker(**point.parameters) if self.form == "strategy" else self.maker(bars, **point.parameters)
        return backtest(bars, **{self.form: made}, **self.settings.arguments())

    def variant(
        self, name: str, point: Point, told: dict[str, Any], data: RunData | BookData, data_digest: str
    ) -> Variant:
        """The trial that a variant is. A strategy's is the one that `backtest` counts; a function's is its source."""
        config, own = point.parameters, None
        if self.form == "strategy":
            made = self.maker(**point.parameters)
            config, own = dataclasses.asdict(made.config), made.digest
        config = plain(config)
        artifact = own or manifest_hash(with_plain(self._content, config))
        return plain_variant(name, artifact, told | {"config": config}, data, data_digest)

    def told(self, data: RunData | BookData) -> dict[str, Any]:
        """What all variants over these data are set to, as their trials have it, plain."""
        limits = self.settings.limits
        settings = settings_of(
            {},
            self.settings.seed,
            float(self.settings.cash),
            self.settings.currency,
            self._costs(data).told(),
            research_limits(self.settings.cash) if limits is None else limits,
        )
        if isinstance(data, BookData):
            settings["simulation"] = (self.settings.simulation or Simulation()).told()
        if self.settings.holding:
            settings["holding"] = self.settings.holding
        if self.form != "strategy":
            settings["size"] = self.settings.size
        return dict(plain(settings))

    @cached_property
    def _content(self) -> dict[str, Any]:
        """What is said of the class or function, whatever its configuration."""
        return manifest(self.maker)

    def _costs(self, data: RunData | BookData) -> Costs:
        costs = self.settings.costs
        if isinstance(data, BookData):
            return book_costs(costs, [])
        return default_costs(data, []) if costs is None else costs


@dataclass(frozen=True)
class Row:
    """What became of a variant: figures by name, or why there are none. `days` are days since 1970, UTC."""

    number: int
    figures: dict[str, float | None]
    outcome: dict[str, float]
    days: npt.NDArray[np.int64] | None
    returns: npt.NDArray[np.float64] | None
    error: str | None
    seconds: float


def compute(job: Job, errors: str, points: list[Point]) -> list[Row]:
    """The rows of some variants. With errors="raise" the first exception ends it: a named one as it is, and what a
    strategy raises as RUN_STRATEGY with its traceback, because not every exception travels between processes.
    """
    bars = _bars(job.data)
    slices: dict[Slice, Callable[[Point], Result]] = {}
    rows = []
    for point in points:
        if point.slice not in slices:
            slices = {point.slice: job.runner(point.slice.of(bars))}  # one at a time: points come in order of slices
        rows.append(_row(job, point, slices[point.slice], errors))
    return rows


def _row(job: Job, point: Point, run: Callable[[Point], Result], errors: str) -> Row:
    start = time.process_time()
    try:
        result = run(point)
    except Exception as error:
        if errors == "keep":
            name = "" if isinstance(error, HedgerowError) else f"{type(error).__name__}: "
            return Row(point.number, {}, {}, None, None, f"{name}{error}", time.process_time() - start)
        if isinstance(error, HedgerowError):
            raise
        told = "".join(traceback.format_exception(error))
        raise problem("RUN_STRATEGY", f"variant {point.number}, {point.parameters}\n{told}") from None
    row = row_of(result, point.number, job.keep_returns)
    return dataclasses.replace(row, seconds=time.process_time() - start)


def row_of(result: Result, number: int, keep_returns: bool) -> Row:
    """What a run comes to as a row, as the run's own `performance` and `returns` have it."""
    ends = result.data.day_ends(result.equity_points)
    per_year, values = ends.periods_per_year, result.nav_at(ends.rows)
    series = nav_series(result.daily) if per_year is None else nav_series(values, periods_per_year=per_year)
    fills, decisions = result.records("Fill"), result.records("Verdict")["decision"]
    reached = headline(series, traded_value(result, fills))
    figures = {
        "final_nav": result.final_nav,
        **{name: reached[name] for name in FIGURES},
        "fills": len(fills),
        "denied": int((decisions == DENIED).sum()),
        "findings": len(result.records("Finding")),
    }
    days = returns = None
    if keep_returns:
        with np.errstate(divide="ignore", invalid="ignore"):
            days, returns = ends.ends_ns[1:] // DAY_NS, values[1:] / values[:-1] - 1
    return Row(number, figures, outcome_of_series(series), days, returns, None, 0.0)


_SHARED: dict[Path, Bars | Books] = {}


def _bars(data: Bars | Books | Path) -> Bars | Books:
    """The bars or books of the job, mapped once in each process."""
    if not isinstance(data, Path):
        return data
    if data not in _SHARED:
        _SHARED.clear()
        _SHARED[data] = attach(data)
    return _SHARED[data]
