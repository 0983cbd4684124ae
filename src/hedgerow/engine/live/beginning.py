"""The fund of a run at a venue elsewhere, at its beginning: opened, its first records durable.

Promises: the instruments, cash and authority of its settings, and a journal that holds them. Never: an order.
"""

from __future__ import annotations

from typing import Any

from hedgerow.core.costs import Costs
from hedgerow.core.errors import named_errors
from hedgerow.engine.live.stated import Stated
from hedgerow.engine.live.venue_settings import LiveSettings
from hedgerow.engine.opening import LogSettings, RunStanding, open_engine, research_limits


def begun(
    settings: LiveSettings,
    standing: RunStanding,
    artifact: bytes,
    log: LogSettings,
    books: dict[str, Any],
    start_ns: int,
) -> Any:
    """The core's engine of a new fund."""
    data: Any = Stated(settings, start_ns)
    engine = open_engine(
        data,
        standing=standing,
        artifact=artifact,
        firm_limits=research_limits(settings.cash),
        cash=settings.cash,
        currency=settings.currency,
        costs=Costs.none(),
        fx={},
        log=log,
        books=books,
        outside="simulation" if settings.mandate is None else settings.mode,
    )
    with named_errors():
        engine.flush()
    return engine
