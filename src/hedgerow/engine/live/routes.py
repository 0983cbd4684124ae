"""Where each order of a run over several venues is, and what orders have shown of these venues: by the journal alone.

Promises: a run taken up again knows what the run that died knew, because both read it from the same records; an order
without a `Route` never left. Never: a record of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hedgerow import _core
from hedgerow.engine.live.orders import TAKER, Working
from hedgerow.engine.live.outcome import rows_of
from hedgerow.execution.route_choice import TAKE
from hedgerow.execution.route_estimates import Estimates, Seen

OWED_NS, OWED_TIMES = 10**9, 10
"""So long, and so many of its latencies, a venue may take for its first word about an order."""
_NOUNS = ("Order", "Route", "Fill", "OrderEvent")
_STATES = ("", *_core.order_state_names())
_NO_WORD = ("Unknown", "PendingCancel", "PendingReplace", "Rejected")
"""States that say nothing of how soon the venue speaks: some refusals are our own."""
_PLAIN, _AUCTIONS = (1, 2), (7, 8)
"""Kinds of orders, market and limit, that trade by what their venue shows then, and times in force that do not."""
_ENDS = ("Filled", "Cancelled", "Rejected", "Denied", "Expired")


def venue_text(row: Any) -> str:
    """The name of the venue in a `Route`."""
    return bytes(row["venue"]).rstrip(b"\0").decode()


def venues_of(routes: Any) -> dict[int, str]:
    """By order, the venue that it went to, out of `Route` records."""
    return {int(row["cause"]): venue_text(row) for row in routes[routes["chosen"] == 1]}


@dataclass
class _Open:
    """An order that has not ended: where it is, and what has been seen of it."""

    venue: str
    takes: bool
    ts: int
    lots: int
    """0 for an order that teaches nothing."""
    shown: int
    """Lots that it came for, or those that it waits behind."""
    taken: int = 0
    filled: int = 0
    is_answered: bool = False


class Routes:
    """The routes of a run's orders that have not ended, and the estimates of those that have."""

    def __init__(self, engine: Any) -> None:
        self._engine, self._read = engine, dict.fromkeys(_NOUNS, 0)
        self._lots: dict[int, int] = {}
        self._open: dict[int, _Open] = {}
        self._estimates: dict[str, Estimates] = {}
        self.follow()

    def venue_of(self, order_id: int) -> str | None:
        """Where an order went; None where it has ended, or never left."""
        route = self._open.get(order_id)
        return None if route is None else route.venue

    def seen(self, venue: str, now_ns: int) -> Seen:
        """What own orders have shown of a venue."""
        found = self._estimates.get(venue)
        return Seen() if found is None else found.seen(now_ns)

    def owes(self, venue: str, now_ns: int) -> bool:
        """Whether a venue has left an order without a word for far longer than it usually takes."""
        patience_ns = max(OWED_NS, OWED_TIMES * self.seen(venue, now_ns).latency_ns)
        waiting = (one.ts for one in self._open.values() if one.venue == venue and not one.is_answered)
        return any(now_ns - ts > patience_ns for ts in waiting)

    def at(self, venue: str, orders: list[Working]) -> list[Working]:
        """Those of some orders that are at a venue."""
        return [order for order in orders if self.venue_of(order.id) == venue]

    def follow(self) -> None:
        """Read what the journal has more."""
        fresh: list[tuple[int, str, Any]] = []
        for name in _NOUNS:
            rows = rows_of(self._engine, name, since=self._read[name])
            self._read[name] += len(rows)
            fresh += [(int(row["id"]), name, row) for row in rows]
        for number, name, row in sorted(fresh, key=lambda one: one[0]):
            if name == "Order":
                is_plain = int(row["kind"]) in _PLAIN and int(row["tif"]) not in _AUCTIONS
                self._lots[number] = int(row["lots"]) if is_plain else 0
            elif name == "Route":
                self._routed(row)
            elif name == "Fill":
                self._filled(row)
            else:
                self._moved(row)

    def _routed(self, row: Any) -> None:
        order, venue = int(row["cause"]), venue_text(row)
        if row["chosen"] and order in self._lots:
            takes, lots = int(row["way"]) == TAKE, self._lots[order]
            self._open[order] = _Open(venue, takes, int(row["ts"]), lots, int(row["lots"]))

    def _filled(self, row: Any) -> None:
        if (route := self._open.get(int(row["cause"]))) is not None:
            route.filled += int(row["lots"])
            route.taken += int(row["lots"]) if int(row["liquidity"]) == TAKER else 0

    def _moved(self, row: Any) -> None:
        order, state, ts = int(row["order_id"]), _STATES[int(row["to"])], int(row["ts"])
        route = self._open.get(order)
        if route is not None:
            found = self._estimates.setdefault(route.venue, Estimates())
            if not route.is_answered and state not in _NO_WORD:
                found.answered(ts, max(0, ts - route.ts))
            route.is_answered = True
            if state not in _ENDS or not route.lots:
                pass
            elif route.takes:
                found.took(ts, lots=route.lots, shown=route.shown, taken=route.taken)
            else:
                found.waited(ts, ahead=route.shown, filled=route.filled)
        if state in _ENDS:
            self._open.pop(order, None)
            self._lots.pop(order, None)
