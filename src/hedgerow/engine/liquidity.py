"""Liquidity as a strategy sees it: what the next interval is expected to bring, learnt from the run's own tape.

Promises: rests on what had reached the run when it was asked. Never: a bar or trade that comes later.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.core.spans import ns_of
from hedgerow.execution.liquidity import LiquidityForecast, LiquidityModel

if TYPE_CHECKING:
    from hedgerow.engine.strategy import Strategy

STRETCH_NS = 10 * 10**9
"""How finely the tape of a run over books is kept."""
INTERVALS_MAX = 2_000
"""Intervals of the past that a single order learns from."""


class LiquidityWatch:
    """An instrument's liquidity, interval by interval; `forecast()` takes in what is new and foretells the next one."""

    def __init__(self, desk: Any, symbol: str | None, every_ns: int) -> None:
        with named_errors():
            self._instrument, tick, lot, *_ = desk.about(symbol)
        if desk.over_books and every_ns < STRETCH_NS:
            raise problem("RUN_CONFIG", f"every={every_ns} ns; over books 10 seconds are the shortest interval")
        self._desk, self._model, self._taken = desk, LiquidityModel(every_ns), 0
        self._lot, self._tick = lot / 1e9, tick / 1e9

    def forecast(self) -> LiquidityForecast:
        """Of the interval after the last whole one: volume in units, spread in the instrument's currency."""
        found = self.in_lots()
        return dataclasses.replace(found, volume=found.volume * self._lot, spread=found.spread * self._tick)

    def in_lots(self, last: int | None = None) -> LiquidityForecast:
        """The same in lots and ticks; of so many intervals of the past only, where that is said."""
        now_ns = self._desk.now
        with named_errors():
            *columns, self._taken = self._desk.tape(self._instrument, self._taken)
        first = 0 if last is None else int(np.searchsorted(columns[0], now_ns - last * self._model.every_ns))
        self._model.learn(*(column[first:] for column in columns), until_ns=now_ns)
        return self._model.forecast()


def watch(strategy: Strategy, symbol: str | None, every: Any) -> LiquidityWatch:
    """See `Strategy.liquidity`."""
    if not isinstance(every, timedelta) or every <= timedelta(0):
        raise problem("RUN_CONFIG", f"every={every!r}; use a timedelta above zero")
    with named_errors():
        desk = _core.ParentDesk(strategy)
    return LiquidityWatch(desk, symbol, ns_of(every))
