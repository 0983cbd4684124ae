"""A run read back from its journal, as a result: tables, curve and statistics, from what the log holds alone.

Promises: the curve is worked out from capital, fills, bars and exchange rates of the log, and is that of the run; only
the named strategy's records are seen. What a log does not hold (costs that were set, settings, number of trials) is not
made up: costs are what was paid. Never: proves the log; that is `hedgerow.verify`.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem
from hedgerow.core.nouns import MONEY_UNIT, noun_of_kind
from hedgerow.engine.evidence.exposure import profit_by_time
from hedgerow.engine.evidence.strategy_log import StrategyLog
from hedgerow.engine.exchange import money_total
from hedgerow.engine.result import Result, RunInfo
from hedgerow.engine.why import Journal

if TYPE_CHECKING:
    from hedgerow.engine.run_data import RunData

Floats = npt.NDArray[np.float64]


class _Records:
    """Stands where the engine stands in a result: the records of the log, and the curve that follows from them."""

    def __init__(self, log: StrategyLog, cash: float) -> None:
        self._log = log
        self._cash = cash

    def records(self, kind: int) -> bytes:
        """The bytes of all records of a kind."""
        told = noun_of_kind(kind)
        assert told is not None
        return bytes(self._log.records(told.name).tobytes())

    @cached_property
    def _curve(self) -> Floats:
        return self._cash + profit_by_time(self._log)  # type: ignore[arg-type]

    def equity_curve(self, places: Any = slice(None)) -> Floats:
        """Net asset value at each of the run's times, or at some of them."""
        curve: Floats = self._curve[places]
        return curve

    @property
    def equity_points(self) -> int:
        """How many times there are."""
        return self._curve.size

    def nav_nano(self) -> int:
        """Net asset value at the end, in 10^-9 units."""
        return round(float(self._curve[-1]) * MONEY_UNIT)


def logged_run(folder: str | Path, strategy: str | None = None, *, identity: str | Path | None = None) -> Result:
    """The run in a log's folder as a `Result`, for statistics, attribution and the linter.

    strategy: its name in the proposals; `None` where the log holds one. identity: file of the age identity that opens a
    sealed log. Raises LOG errors, GOV_UNKNOWN_PROPOSAL for an unknown strategy, RUN_CONFIG where there are several and
    none is named, RUN_NO_DATA for a log without bars or capital.
    """
    journal = Journal(folder, identity=identity)
    log = StrategyLog(journal, _named(journal, strategy))
    base = log.info.currency
    moved = journal.of("CashMovement")
    cash = money_total(moved["amount"][np.char.decode(moved["currency"]) == base]) / MONEY_UNIT
    if cash <= 0:
        raise problem("RUN_NO_DATA", f"{folder} holds no capital in {base}")
    return Result(_Records(log, cash), log.data, _info(log, folder, cash), {})


def _named(journal: Journal, strategy: str | None) -> str:
    if strategy is not None:
        return strategy
    events = [event for _, _, event in journal.signed_events() if event["type"] == "proposal"]
    names = list(dict.fromkeys(event["body"]["strategy"] for event in events))
    if len(names) != 1:
        raise problem("RUN_CONFIG", f"the log holds {', '.join(names) or 'no strategy'}; name one (strategy=)")
    return str(names[0])


def _info(log: StrategyLog, folder: str | Path, cash: float) -> RunInfo:
    data: RunData = log.data
    starts: Any = log.records("StrategyStart")
    return RunInfo(
        name=log.strategy,
        strategy=log.strategy,
        artifact=bytes(starts[-1]["artifact"]).hex() if len(starts) else "",
        config={},
        seed=0,
        cash=cash,
        currency=log.info.currency,
        data_digest="",
        symbols=tuple(data.symbols),
        costs=log.info.costs,
        log=str(folder),
        number=log.number,
    )
