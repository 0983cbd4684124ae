"""The router of a run: to which venue each order goes, decided once, before it leaves, and written down with reasons.

Promises: one `Route` for each venue that was compared, the chosen one last, all durable before the order leaves; what
the venues showed, charge, and have shown of themselves is all that counts. Never: a second thought about an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from hedgerow.core.errors import named_errors
from hedgerow.core.fees import FeeTier, schedule_of
from hedgerow.core.nouns import noun
from hedgerow.engine.live.orders import GTX, POST_ONLY, Book, Working
from hedgerow.engine.live.routed import RoutedGateway, Seat
from hedgerow.engine.live.routes import Routes
from hedgerow.execution.route_choice import Compared, Place, Wanted, best, compared
from hedgerow.execution.route_cut import Part, cut_in_steps

_AT_ONCE, _WHOLE = (3, 4), 4
"""Times in force that wait for nothing, and the one that takes all or nothing."""
_CLOSED = ("halted", "closed")


class Router:
    """Chooses among the venues of a gateway, for the orders of an engine."""

    def __init__(self, engine: Any, book: Book, routes: Routes, gateway: RoutedGateway) -> None:
        self._engine, self._book, self._routes, self._gateway = engine, book, routes, gateway
        self._dtype = noun("Route").dtype
        self._pins: dict[int, str] = {}

    def route(self, sends: Sequence[tuple[str, bytes, bytes]]) -> bool:
        """Write down where those go that are new orders; whether any was. Nothing is durable yet."""
        orders = [Working.of(record, 0, "New", terms) for what, record, terms in sends if what == "new"]
        self._routes.follow()
        for order in orders:
            self._route(order)
        self._pins.clear()
        self._routes.follow()
        return bool(orders)

    def cut(self, instrument: int, lots: int, limit_ticks: int) -> list[Part]:
        """Parts of an order of signed lots; none where no venue is there."""
        self._routes.follow()
        about = self._book.instruments[instrument]
        wanted = Wanted(lots > 0, abs(lots), limit_ticks, takes=True, waits=True, whole=False, tick=about.tick)
        return cut_in_steps(wanted, self._places(instrument), step=about.lots_step, least=about.lots_min)

    def pin(self, order_id: int, venue: str) -> None:
        """An order that leaves next is the part for a venue; it goes elsewhere only where that is away by then."""
        self._pins[order_id] = venue

    def price(self, instrument: int, ticks: int) -> float:
        """The price of so many ticks."""
        return float(ticks * self._book.instruments[instrument].tick)

    def _route(self, order: Working) -> None:
        wanted = self._wanted(order)
        found = compared(wanted, self._places(order.instrument))
        if not found:
            return  # it does not leave, and whoever sends it says so
        pinned = self._pins.get(order.id)
        chosen = next((one for one in found if one.venue == pinned), None) or best(wanted, found)
        with named_errors():
            for one in [*(other for other in found if other is not chosen), chosen]:
                self._engine.route(self._record(order, one, is_chosen=one is chosen))

    def _wanted(self, order: Working) -> Wanted:
        waits = bool(order.flags & POST_ONLY) or order.tif == GTX
        return Wanted(
            buys=order.side == 1,
            lots=order.lots,
            limit_ticks=order.limit_ticks,
            takes=not waits and not order.peg,
            waits=bool(order.limit_ticks or order.peg) and order.tif not in _AT_ONCE,
            whole=order.tif == _WHOLE,
            tick=self._book.instruments[order.instrument].tick,
        )

    def _places(self, instrument: int) -> list[Place]:
        """The venues that an order can go to: those that are there; not halted, and owing no answer, if not all are."""
        symbol, now_ns = self._book.instruments[instrument].symbol, self._engine.clock
        there = [seat for seat in self._gateway.seats.values() if seat.takes(symbol)]
        seats = [one for one in there if one.phases.get(symbol) not in _CLOSED] or there
        seats = [one for one in seats if not self._routes.owes(one.name, now_ns)] or seats
        return [self._place(seat, symbol) for seat in seats]

    def _place(self, seat: Seat, symbol: str) -> Place:
        bids, asks = seat.books.get(symbol, ((), ()))
        schedule = schedule_of(seat.venue.fees, symbol)
        rates = FeeTier() if schedule is None else schedule.at(0.0)
        return Place(seat.name, bids, asks, rates, self._routes.seen(seat.name, self._engine.clock))

    def _record(self, order: Working, one: Compared, *, is_chosen: bool) -> bytes:
        row = np.zeros(1, self._dtype)
        for name, value in asdict(one).items():
            row[name] = value
        row["cause"], row["instrument"], row["strategy"] = order.id, order.instrument, order.strategy
        row["chosen"] = is_chosen
        return row.tobytes()
