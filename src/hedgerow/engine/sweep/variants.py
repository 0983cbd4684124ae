"""What one variant is and what it comes to: run in whatever process, it gives the same row."""

from __future__ import annotations

import dataclasses
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.costs import Costs
from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.simulation import Simulation
from hedgerow.engine.backtest import backtest, default_costs
from hedgerow.engine.book_backtest import book_costs
from hedgerow.engine.book_data import BookData
from hedgerow.engine.counting import outcome_of, settings_of, variant
from hedgerow.engine.opening import research_limits
from hedgerow.engine.result import DECISIONS
from hedgerow.engine.run_data import RunData
from hedgerow.engine.sweep.points import Point, Slice
from hedgerow.engine.sweep.sharing import attach
from hedgerow.governance.artifact import artifact_hash
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

    def run(self, point: Point, bars: Bars | Books) -> Result:
        """One variant, as `backtest` runs it."""
        made = self.maker(**point.parameters) if self.form == "strategy" else self.maker(bars, **point.parameters)
        return backtest(bars, **{self.form: made}, **self.settings.arguments())

    def variant(self, name: str, point: Point, data: RunData | BookData, data_digest: str) -> Variant:
        """The trial that a variant is. A strategy's is the one that `backtest` counts; a function's is its source."""
        limits = self.settings.limits
        config, own = point.parameters, None
        if self.form == "strategy":
            made = self.maker(**point.parameters)
            config, own = dataclasses.asdict(made.config), made.digest
        settings = settings_of(
            config,
            self.settings.seed,
            float(self.settings.cash),
            self.settings.currency,
            dataclasses.asdict(self._costs(data)),
            research_limits(self.settings.cash) if limits is None else limits,
        )
        if isinstance(data, BookData):
            settings["simulation"] = (self.settings.simulation or Simulation()).told()
        if self.form != "strategy":
            settings["size"] = self.settings.size
        return variant(name, own or artifact_hash(self.maker, config), settings, data, data_digest)

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
    slices: dict[Slice, Bars | Books] = {}
    rows = []
    for point in points:
        if point.slice not in slices:
            slices = {point.slice: point.slice.of(bars)}  # one at a time: points come in order of their slices
        rows.append(_row(job, point, slices[point.slice], errors))
    return rows


def _row(job: Job, point: Point, bars: Bars | Books, errors: str) -> Row:
    start = time.process_time()
    try:
        result = job.run(point, bars)
    except Exception as error:
        if errors == "keep":
            name = "" if isinstance(error, HedgerowError) else f"{type(error).__name__}: "
            return Row(point.number, {}, {}, None, None, f"{name}{error}", time.process_time() - start)
        if isinstance(error, HedgerowError):
            raise
        told = "".join(traceback.format_exception(error))
        raise problem("RUN_STRATEGY", f"variant {point.number}, {point.parameters}\n{told}") from None
    days, returns = _daily(result) if job.keep_returns else (None, None)
    return Row(point.number, _figures(result), outcome_of(result), days, returns, None, time.process_time() - start)


def _figures(result: Result) -> dict[str, float | None]:
    performance, verdicts = result.measured(), result.records("Verdict")
    return {
        "final_nav": result.final_nav,
        **{name: getattr(performance, name) for name in FIGURES},
        "fills": len(result.records("Fill")),
        "denied": int((DECISIONS[verdicts["decision"]] == "denied").sum()),
        "findings": len(result.records("Finding")),
    }


def _daily(result: Result) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Each day and its return, the first from the capital."""
    returns = result.returns
    days = returns.index.to_numpy(dtype="datetime64[D]").astype(np.int64)
    return days, returns.to_numpy(dtype=np.float64)


_SHARED: dict[Path, Bars | Books] = {}


def _bars(data: Bars | Books | Path) -> Bars | Books:
    """The bars or books of the job, mapped once in each process."""
    if not isinstance(data, Path):
        return data
    if data not in _SHARED:
        _SHARED.clear()
        _SHARED[data] = attach(data)
    return _SHARED[data]
