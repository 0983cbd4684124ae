"""What a run at a venue came to.

Promises: all of it is read from the run's journal and the gateway's histograms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow import _core
from hedgerow.core.nouns import MONEY_UNIT, money_decimal, noun
from hedgerow.engine.live.orders import working_of
from hedgerow.execution.latencies import Latencies
from hedgerow.market.instruments import Instrument

if TYPE_CHECKING:
    from hedgerow.engine.live.findings import Found


@dataclass(frozen=True)
class Outcome:
    """What a run came to. working: orders that have not ended; unknown: those of which nobody could say what became.

    cash: by currency; below zero where fees took of one that the run does not hold.
    latencies: by venue and measure, over all lives of the run; see `hedgerow.execution.latencies`.
    """

    orders: int
    denied: int
    fills: int
    findings: tuple[str, ...]
    positions: dict[str, float]
    cash: dict[str, float]
    nav: float
    working: int
    unknown: int
    latencies: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return dict(vars(self), findings=list(self.findings))


def outcome_of(
    engine: Any,
    instruments: Sequence[Instrument],
    strategy: int,
    found: Sequence[Found],
    latencies: Mapping[str, Latencies],
) -> Outcome:
    """How things stand with a strategy's run."""
    left = working_of(engine)
    held = ((one.symbol, engine.position_lots(strategy, at) * float(one.lot)) for at, one in enumerate(instruments))
    return Outcome(
        orders=len(rows_of(engine, "Order")),
        denied=int((rows_of(engine, "Verdict")["code"] != 0).sum()),
        fills=len(rows_of(engine, "Fill")),
        findings=tuple(str(one) for one in found),
        positions=dict(held),
        cash={code: float(amount) for code, amount in cash_of(engine, strategy).items()},
        nav=engine.nav_nano() / MONEY_UNIT,
        working=len(left),
        unknown=sum(order.state == "Unknown" for order in left),
        latencies={venue: seen.summary() for venue, seen in latencies.items()},
    )


def rows_of(engine: Any, name: str, *, since: int = 0) -> Any:
    """The run's records of a noun, without the first so many."""
    known = noun(name)
    return np.frombuffer(engine.records(known.kind, since * known.dtype.itemsize), known.dtype)


def cash_of(engine: Any, strategy: int) -> dict[str, Decimal]:
    """A strategy's cash by currency, exact."""
    return {code: money_decimal(nano) for code, nano, _ in _core.cash_balances(engine, strategy)}


def is_killed(engine: Any, strategy: int) -> bool:
    """Whether the kill switch of a strategy, or of the firm, was turned last and not lifted since, by the journal."""
    turned = rows_of(engine, "KillSwitch")
    ours = turned[turned["strategy"] == strategy]
    return bool(len(ours) and ours["on"][-1])
