"""Variants of wanted positions over the same bars: the fund is opened once, and each variant runs in a copy of it.

Promises: each variant's orders pass the same gate, venue and ledger as in a run of its own, and every record is the
same but the artifact that the mandate names: of a sweep, it is the function that makes what is wanted; what variants
compute alike of the bars is computed once. Never: two runs of one copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hedgerow.core.alike import Alike, sharing
from hedgerow.core.errors import named_errors
from hedgerow.engine.backtest import changes_of, charged, check_settings, open_run, run_vectors
from hedgerow.engine.lifecycle import holding_told
from hedgerow.engine.opening import research_authority, research_limits
from hedgerow.engine.result import Result, RunInfo
from hedgerow.engine.run_data import RunData
from hedgerow.engine.vectors import from_signals, from_weights
from hedgerow.governance.artifact import artifact_hash

if TYPE_CHECKING:
    from hedgerow.engine.sweep.points import Point
    from hedgerow.engine.sweep.variants import Job
    from hedgerow.market.bars import Bars


def can_fork(job: Job) -> bool:
    """Whether variants of this job over bars can run in copies of one fund: signals and weights, without margin."""
    carry = job.settings.carry
    return job.form != "strategy" and (carry is None or carry.margin is None)


class Forked:
    """A fund over some bars, opened and not begun."""

    def __init__(self, job: Job, bars: Bars) -> None:
        settings = job.settings
        check_settings(settings.cash, settings.costs, settings.limits, 1, None)
        self._job, self._bars, self._data = job, bars, RunData(bars)
        self._data.look()
        self._alike: Alike | None = Alike(bars)
        notes = list(bars.notes)
        costs = charged(self._data, settings.costs, notes)
        limits = research_limits(settings.cash) if settings.limits is None else settings.limits
        rates, self._changes = changes_of(
            self._data, settings.currency, settings.fx, settings.actions, settings.carry, notes
        )
        artifact = artifact_hash(job.maker)
        self._info = RunInfo(
            name=job.form,
            strategy=job.form,
            artifact=artifact,
            config={},
            seed=settings.seed,
            cash=float(settings.cash),
            currency=settings.currency,
            data_digest="",
            symbols=tuple(bars.symbols),
            costs=costs.told(),
            holding=holding_told(settings.actions, settings.carry),
            log=None,
            notes=tuple(notes),
        )
        standing = research_authority(
            job.form, bytes.fromhex(artifact), limits, self._data, settings.currency, settings.seed
        )
        self._number = standing.number
        funds = {"cash": settings.cash, "currency": settings.currency, "costs": costs, "fx": rates.start}
        self._engine = open_run(self._data, standing, self._info, None, firm_limits=limits, log=None, **funds)

    def run(self, point: Point) -> Result:
        """One variant."""
        wanted, settings = self._wanted(point.parameters), self._job.settings
        if self._job.form == "weights":
            vectors = from_weights(self._data, wanted)
        else:
            vectors = from_signals(self._data, wanted, settings.size)
        with named_errors():
            engine = self._engine.fork()
            run_vectors(engine, self._number, self._data, vectors, self._changes)
        return Result(engine, self._data, self._info, {}, settings.actions)

    def _wanted(self, parameters: dict[str, Any]) -> Any:
        """What the variant's function makes of the bars. One that writes into what it was given is given its own."""
        if self._alike is not None:
            try:
                with sharing(self._alike):
                    return self._job.maker(self._bars, **parameters)
            except ValueError as error:
                if "read-only" not in str(error):
                    raise
            self._alike = None
        return self._job.maker(self._bars, **parameters)
