"""An order that a strategy has cut over the venues of its run; see `Strategy.route`.

Promises: each part is an order as any other, through the gate, at one venue; where the run has one venue, or simulates
it, there is one part, which takes what is there and waits with the rest. Never: a look at a venue of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from hedgerow import _core
from hedgerow.core.errors import named_errors
from hedgerow.execution.route_cut import Part

if TYPE_CHECKING:
    from hedgerow.engine.strategy import Strategy


class Cutter(Protocol):
    """Who knows the venues of a run."""

    def cut(self, instrument: int, lots: int, limit_ticks: int) -> Sequence[Part]:
        """Parts of an order of signed lots; none where no venue is there."""

    def pin(self, order_id: int, venue: str) -> None:
        """An order is the part for a venue."""

    def price(self, instrument: int, ticks: int) -> float:
        """The price of so many ticks."""


def route(strategy: Strategy, quantity: float, symbol: str | None, *, limit: float) -> tuple[_core.OrderTicket, ...]:
    """Cut an order of signed units; see `Strategy.route`."""
    with named_errors():
        desk = _core.ParentDesk(strategy)
        instrument, *_ = desk.about(symbol)
        lots, limit_ticks = desk.lots(instrument, quantity), desk.ticks(instrument, limit)
    if not lots:
        return ()
    send, cutter = strategy.buy if lots > 0 else strategy.sell, strategy.cutter
    parts = [] if cutter is None else cutter.cut(instrument, lots, limit_ticks)
    if cutter is None or not parts:
        ticket = send(desk.quantity(instrument, abs(lots)), symbol, limit=limit)
        return () if ticket is None else (ticket,)
    tickets = []
    for part in parts:
        price, units = cutter.price(instrument, part.limit_ticks), desk.quantity(instrument, part.lots)
        ticket = send(units, symbol, limit=price, tif="gtc" if part.waits else "ioc")
        if ticket is not None:
            cutter.pin(ticket.id, part.venue)
            tickets.append(ticket)
    return tuple(tickets)
