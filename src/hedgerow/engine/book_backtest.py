"""The backtest over books: the same kernel, gate and ledger; history at the venue, and its news on the way to us.

Promises: a handler is called when its news has arrived, and never before; orders meet the book as it is when they
arrive; costs are on unless you say otherwise. Never: a fill because a price was touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow import _core
from hedgerow.core.costs import Costs
from hedgerow.core.errors import named_errors, problem
from hedgerow.core.fees import BPS_NANO
from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.core.simulation import Simulation
from hedgerow.engine.book_lifecycle import Ended, parts
from hedgerow.engine.simple import SimpleStrategy
from hedgerow.engine.strategy import BOOK_HANDLERS, Strategy, handlers_of

if TYPE_CHECKING:
    from hedgerow.engine.book_data import BookData
    from hedgerow.engine.book_lifecycle import Due
    from hedgerow.engine.opening import RunStanding
    from hedgerow.engine.run_data import RunData
    from hedgerow.market.replay import Books

UNUSED = "books show their own spread and size: half-spread, impact and volume cap of the costs are not used"

WAIT, OVER = -(2**63), 2**63 - 1
"""Until when a run over books goes on behind its rows: not at all, and to its end."""


def book_costs(costs: Costs | None, notes: list[str]) -> Costs:
    """The costs of a run over books: fees alone, since spread and size are in the data."""
    if costs is None:
        return Costs(half_spread_bps=0.0, impact=0.0, volume_cap=0.0)
    if costs.half_spread_bps or costs.impact or costs.volume_cap:
        notes.append(UNUSED)
    return costs


def book_strategy(strategy: Any, **others: Any) -> Strategy:
    """The event strategy that runs over books; RUN_CONFIG for any other form."""
    given = [name for name, value in others.items() if value is not None]
    if strategy is None or given:
        raise problem("RUN_CONFIG", f"{given[0] if given else 'no strategy'}: books are for event strategies")
    made = strategy() if isinstance(strategy, type) else strategy
    if not isinstance(made, Strategy):
        kind = getattr(strategy, "__name__", type(strategy).__name__)
        raise problem("RUN_CONFIG", f"{kind} is no Strategy; write `class {kind}(Strategy)` with on_quote or on_book")
    if isinstance(made, SimpleStrategy):
        raise problem(
            "RUN_CONFIG", f"{type(made).__name__}: init/next strategies are for bars; over books, write on_quote"
        )
    handlers_of(made, BOOK_HANDLERS)
    return made


def book_rates(books: Books, base: str, given: Mapping[str, Any] | None) -> dict[str, int]:
    """Exchange rates of the run, 10^-9: numbers only, since nothing but books moves in it."""
    rates: dict[str, int] = {}
    for currency in sorted({i.currency for i in books.instruments} - {base}):
        rate = (given or {}).get(currency)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < 1e9:
            raise problem("CORE_NO_RATE", f"{currency} into {base}; pass fx={{{currency!r}: number}}")
        rates[currency] = round(rate * MONEY_UNIT)
    return rates


def book_settings(books: Books, simulation: Simulation, costs: Costs, seed: int) -> dict[str, Any]:
    """What the core is told of a run over books."""
    maker_bps = costs.fee_bps if simulation.maker_fee_bps is None else simulation.maker_fee_bps
    return {
        **simulation.for_core(),
        "depth": books.shown,
        "maker_nano": round(maker_bps * BPS_NANO),
        "seed": seed % 2**64,
    }


def run_books(
    engine: Any,
    standing: RunStanding,
    data: BookData,
    strategy: Strategy,
    dues: Sequence[Due],
    demand: Any,
    progress: Callable[[int], None] | None,
    log: Path | None,
) -> None:
    """Play all pieces as they come, cut where something happens to positions, then what is still under way."""
    engine.bind(strategy, standing.number)
    done, left, ended = 0, list(dues), Ended(data, {})
    with strategy.running(log, standing, demand):
        strategy.on_start()
        handlers = [handlers_of(strategy, BOOK_HANDLERS)]
        for piece in data.books.pieces():
            for (kinds, rows), due in parts(piece, left):
                ended.check((kinds, rows))
                words = np.ascontiguousarray(rows).reshape(-1)
                tell = None if progress is None else _teller(progress, done)
                until = WAIT if due is None else due.ts
                engine.run_books(np.ascontiguousarray(kinds), words, handlers, until, tell)
                done += len(kinds)
                if due is not None:
                    due.tell(engine, standing.number)
                    ended.note(due)
        engine.run_books(np.zeros(0, np.uint8), np.zeros(0, np.uint64), handlers, OVER)
        if done < (data.books.rows or 0):  # a recording that was told to stop: what comes behind has not happened
            left.clear()
        for due in left:
            due.tell(engine, standing.number)
        if left:
            _core.restate_equity(engine)
        strategy.on_stop()
    if progress is not None:
        progress(done)


def _teller(progress: Callable[[int], None], done: int) -> Callable[[int], None]:
    def tell(rows: int) -> None:
        progress(done + rows)

    return tell


def sampled(engine: Any, data: Any, simulation: Simulation | None) -> RunData:
    """The bars that the result's tables rest on: those of the run, or of what it saw of books."""
    if simulation is None:
        return data  # type: ignore[no-any-return]
    with named_errors():
        found: RunData = data.sampled(engine, simulation.for_core()["sample_ns"])
    return found
