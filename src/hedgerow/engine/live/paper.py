"""A paper run: the live clock, a recording that comes by it, and the simulated venue of a backtest over books.

Promises: the journal is durable before a message leaves, and is sealed when the run ends or is told to stop; a strategy
gives the orders that it gives in `backtest` over the same books, byte for byte, at any speed. Never: real money, or a
journal over one that is there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hedgerow.core.errors import problem
from hedgerow.engine.backtest import backtest
from hedgerow.engine.live.pacing import Pace, PacedBooks
from hedgerow.market.catalog import Catalog

if TYPE_CHECKING:
    from hedgerow.engine.live.settings import PaperSettings
    from hedgerow.engine.result import Result
    from hedgerow.engine.strategy import Strategy
    from hedgerow.governance import Desk

WORKING = ("Live", "PartiallyFilled", "PendingNew", "PendingCancel", "PendingReplace", "Unknown")


@dataclass(frozen=True)
class Paper:
    """What a paper run left: its result, how many rows of the recording came, and whether it was told to stop."""

    result: Result
    rows: int
    of_rows: int
    stopped: bool

    def to_json(self) -> dict[str, Any]:
        """The status at its end; money in the run's currency."""
        result = self.result
        book = result.book
        return {
            "strategy": result.info.strategy,
            "stopped": self.stopped,
            "rows": self.rows,
            "of_rows": self.of_rows,
            "orders": len(result.orders),
            "denied": int((result.verdicts["decision"] == "denied").sum()),
            "working": int(result.orders["state"].isin(WORKING).sum()),
            "fills": len(result.fills),
            "positions": {str(s): float(q) for s, q in held(result).items()},
            "final_nav": result.final_nav,
            "pnl": result.final_nav - result.info.cash,
            "fees": book["fees"],
            "currency": result.info.currency,
            "findings": len(result.findings),
            "state_hash": result.state_hash,
            "log": result.info.log,
        }


def held(result: Result) -> dict[str, float]:
    """Units held at the end by symbol, from the fills."""
    fills = result.fills
    signed = fills["quantity"].where(fills["side"] == "buy", -fills["quantity"])
    return {str(symbol): float(units) for symbol, units in signed.groupby(fills["symbol"]).sum().items()}


def paper(
    settings: PaperSettings,
    strategy: Strategy,
    *,
    clock: Callable[[], float],
    stop: threading.Event | None = None,
    wait: Callable[[float], object] | None = None,
    desk: Desk | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Paper:
    """Run a strategy over a recording as it would come, until the recording ends or `stop` is set.

    clock: seconds, never going back (`time.monotonic`). wait: sleeps so many seconds (`stop.wait` without it). desk:
    the fund whose signed mandate it runs under, given exactly where the settings name its folder. progress: called with
    the number of rows done, and of all rows.
    Raises what `backtest` raises; where a journal lies in the folder already, LOG errors, and nothing is touched.
    """
    if (settings.mandate is None) != (desk is None):
        raise problem("RUN_CONFIG", f"mandate={str(settings.mandate)!r} and a fund that is not its: give both or none")
    stop = stop or threading.Event()
    books = settings.books()
    paced = PacedBooks.of(books, Pace(settings.speed, clock, stop, wait or stop.wait))
    came = [0]

    def tell(rows: int) -> None:
        came[0] = rows
        if progress is not None:
            progress(rows, books.rows or rows)

    result = backtest(
        paced,
        strategy,
        cash=settings.cash,
        currency=settings.currency,
        costs=settings.costs,
        carry=settings.carry,
        actions=None if settings.actions is None else Catalog(settings.actions).actions(),
        simulation=settings.simulation,
        seed=settings.seed,
        name=settings.name,
        log=settings.folder,
        mandate=desk,
        artifact=None if desk is None or strategy.digest else settings.strategy.partition(":")[0],
        progress=tell,
    )
    return Paper(result, came[0], books.rows or came[0], stop.is_set())
