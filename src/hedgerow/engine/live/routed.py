"""Several venues as one: their books as one book, each order at the venue that its `Route` names.

Promises: the run that stands above sees one venue, which is there while any of them is; what a venue says of an order
that is at another one is found and not believed; a venue that is away keeps its orders and is asked for them when it is
back. Never: a choice (that is the router's), a second home for an order.
"""

from __future__ import annotations

import select
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.engine.live.gateways import Gateway, Venue
from hedgerow.engine.live.orders import Book
from hedgerow.engine.live.routes import Routes
from hedgerow.execution.gateways import Known, OrderWords
from hedgerow.execution.gateways.fix_books import Level
from hedgerow.execution.route_choice import Levels

LOOK_S = 0.002
"""How long is waited at a time for a venue whose words must be looked for."""
_OPEN = ("continuous", "opening_call", "closing_call", "halted", "closed")
"""Phases, those in which more can be done first."""


@dataclass(eq=False)
class Seat:
    """One of the venues: its gateway tells it what it hears, and it tells the run, under the venue's name."""

    venue: Venue
    house: RoutedGateway
    run: Any
    gateway: Gateway = field(init=False)
    books: dict[str, tuple[Levels, Levels]] = field(default_factory=dict)
    phases: dict[str, str] = field(default_factory=dict)
    held: dict[str, Decimal] | None = None
    is_watched: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return self.venue.name

    def takes(self, symbol: str) -> bool:
        """Whether an order in an instrument can be sent there now, as far as anybody knows."""
        return self.gateway.is_up and self.venue.trades(symbol)

    def on_up(self) -> None:
        """Of the gateway."""
        self.run.on_up(self.name)

    def on_down(self, why: str) -> None:
        """Of the gateway: its prices count no more."""
        shown, self.books, self.is_watched = list(self.books), {}, False
        self.run.on_down(f"{self.name}: {why}" if why else f"{self.name}: no more was heard", self.name)
        for symbol in shown:
            self.house.tell_book(symbol)
        for symbol in self.phases if self.house.is_up else ():
            self.run.on_phase(symbol, self.house.phase_of(symbol))

    def on_report(self, kind: str, told: dict[int, str]) -> None:
        """Of the gateway: only of an order that is here, or of one that is nowhere any more."""
        if self._is_here(told):
            self.run.on_report(kind, told)

    def on_book(self, symbol: str, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Of the gateway: the venue's book, which joins those of the others."""
        counted = self.house.counted(symbol, bids, asks)
        if counted is None:
            self.books.pop(symbol, None)
            self.run.on_book(symbol, bids, asks)  # which says what is wrong with it
        else:
            self.books[symbol] = counted
            self.house.tell_book(symbol)

    def on_trade(self, symbol: str, price: str, quantity: str) -> None:
        """Of the gateway."""
        self.run.on_trade(symbol, price, quantity)

    def on_phase(self, symbol: str, phase: str) -> None:
        """Of the gateway: the instrument does what it does where most can be done."""
        self.phases[symbol] = phase
        self.run.on_phase(symbol, self.house.phase_of(symbol))

    def on_refused(self, kind: str, why: str) -> None:
        """Of the gateway."""
        self.run.on_refused(kind, f"{self.name}: {why}")

    def on_unsure(self, name: str, why: str, *, asks: bool = False) -> None:
        """Of the gateway: of such an order only, too."""
        if self._is_here({11: name}):
            self.run.on_unsure(name, why, asks=asks)

    def on_remark(self, text: str) -> None:
        """Of the gateway."""
        self.run.on_remark(f"{self.name}: {text}")

    def on_balances(self, held: dict[str, Decimal]) -> None:
        """Of the gateway: what all accounts hold is told once each of them has said."""
        self.held = held
        if (together := self.house.held_together()) is not None:
            self.run.on_balances(together)

    def settle(self) -> None:
        """Of the gateway."""
        self.run.keep()

    def _is_here(self, told: Mapping[int, str]) -> bool:
        """Whether no other venue has the order that is told of; if one has, that is found."""
        elsewhere = self.house.elsewhere(told, self.name)
        if elsewhere is not None:
            name = told.get(41) or told.get(11)
            self.house.find("LIVE_STRANGER", f"{self.name} reports on {name}, an order that is at {elsewhere}")
        return elsewhere is None


class RoutedGateway:
    """The venues of a run behind the face of one gateway."""

    def __init__(
        self, venues: Sequence[Venue], run: Any, book: Book, routes: Routes, find: Callable[[str, str], None]
    ) -> None:
        self._book, self._routes, self.find = book, routes, find
        self._index = {one.symbol: at for at, one in enumerate(book.instruments)}
        # Neither is held by what it holds: see the gateway that speaks FIX.
        self._run = weakref.proxy(run)
        self._spoken: dict[str, None] = {}
        """Venues that something was sent to, in order."""
        self.seats = {venue.name: Seat(venue, weakref.proxy(self), self._run) for venue in venues}

    def seat(self, gateways: Callable[[Venue, Seat], Gateway]) -> None:
        """Open the way to each venue, whose words its seat hears."""
        for seat in self.seats.values():
            seat.gateway = gateways(seat.venue, seat)

    @property
    def is_up(self) -> bool:
        """Whether a venue is there."""
        return any(seat.gateway.is_up for seat in self.seats.values())

    @property
    def wakes(self) -> None:
        """It waits for its venues itself."""

    def has_all(self, venues: Sequence[str]) -> bool:
        """Whether the venues that have orders of ours are there, and one at least."""
        return self.is_up and all(self.seats[name].gateway.is_up for name in venues)

    def turn(self, wait_s: float) -> None:
        """Take what comes from any of them within so many seconds."""
        gateways = [seat.gateway for seat in self.seats.values()]
        wakes = [gateway.wakes for gateway in gateways]
        sockets = [sock for woken in wakes if woken is not None for sock in woken]
        select.select(sockets, [], [], min(wait_s, LOOK_S) if None in wakes else wait_s)
        for gateway in gateways:
            gateway.turn(0.0)

    def close(self, farewell: Callable[[], bool] = lambda: False) -> None:
        """End the sessions, one after the other."""
        for seat in self.seats.values():
            seat.gateway.close(farewell)

    def new(self, name: str, order: OrderWords, ts: int) -> None:
        """Send an order where its route says; WIRE_SESSION where it has none, as no venue was there to take it."""
        self._home(name, order).new(name, order, ts)

    def replace(self, name: str, original: str, order: OrderWords, ts: int) -> None:
        """Ask for a change where the order is: it stays there."""
        self._home(original, order).replace(name, original, order, ts)

    def cancel(self, name: str, original: str, order: OrderWords, ts: int) -> None:
        """Ask to cancel an order where it is."""
        self._home(original, order).cancel(name, original, order, ts)

    def status(self, name: str, order: OrderWords, known: Callable[[], Known]) -> None:
        """Ask what became of an order where it is."""
        self._home(name, order).status(name, order, known)

    def watch(self, symbols: Sequence[str], depth: int) -> None:
        """Ask each venue that is there, and was not asked since it came, for the books of what it trades."""
        for seat in self.seats.values():
            if seat.gateway.is_up and not seat.is_watched:
                seat.is_watched = True
                seat.gateway.watch([symbol for symbol in symbols if seat.venue.trades(symbol)], depth)

    def flush(self) -> None:
        """Let leave what was sent, in the order of its venues."""
        for name in [*self._spoken, *(name for name in self.seats if name not in self._spoken)]:
            self.seats[name].gateway.flush()
        self._spoken.clear()

    def elsewhere(self, told: Mapping[int, str], venue: str) -> str | None:
        """The other venue that has the order of a report; None where it is this one, or none has it."""
        home = self._routes.venue_of(self._book.number(told.get(41) or told.get(11, "")))
        return None if home == venue else home

    def counted(self, symbol: str, bids: Sequence[Level], asks: Sequence[Level]) -> tuple[Levels, Levels] | None:
        """A book in ticks and lots; None where it cannot be one of this run."""
        at = self._index.get(symbol)
        if at is None:
            return None
        sides = [
            tuple((self._book.ticks(at, price), self._book.lots(at, size)) for price, size in told)
            for told in (bids, asks)
        ]
        is_one = all(ticks > 0 and lots >= 0 for side in sides for ticks, lots in side)
        return (sides[0], sides[1]) if is_one else None

    def tell_book(self, symbol: str) -> None:
        """Tell the run what all venues together show; nothing where none shows anything any more."""
        shown = [seat.books[symbol] for seat in self.seats.values() if symbol in seat.books]
        if shown:
            about = self._book.instruments[self._index[symbol]]
            bids, asks = joined([bids for bids, _ in shown], best=-1), joined([asks for _, asks in shown], best=1)
            told = [
                [(f"{ticks * about.tick:f}", f"{lots * about.lot:f}") for ticks, lots in side] for side in (bids, asks)
            ]
            self._run.on_book(symbol, told[0], told[1])

    def phase_of(self, symbol: str) -> str:
        """What an instrument does where most can be done; a venue that does not say trades continuously."""
        phases = [seat.phases.get(symbol, _OPEN[0]) for seat in self.seats.values() if seat.takes(symbol)]
        return min(phases, key=_OPEN.index, default=_OPEN[0])

    def held_together(self) -> dict[str, Decimal] | None:
        """What all accounts hold, by currency; None where one of them has not said."""
        together: dict[str, Decimal] = {}
        for seat in self.seats.values():
            if seat.held is None:
                return None
            for currency, size in seat.held.items():
                together[currency] = together.get(currency, Decimal(0)) + size
        return together

    def _home(self, name: str, order: OrderWords) -> Gateway:
        venue = self._routes.venue_of(self._book.number(name))
        if venue is None:
            raise problem("WIRE_SESSION", f"no venue that trades {order.symbol} is there")
        self._spoken[venue] = None
        return self.seats[venue].gateway


def joined(sides: Sequence[Levels], *, best: int) -> Levels:
    """The same side of several books as one: sizes at a price added up; best: 1 = the lowest price first, -1 = last.

    >>> joined([((101, 5), (102, 1)), ((100, 2), (101, 3))], best=1)
    ((100, 2), (101, 8), (102, 1))
    """
    sizes: dict[int, int] = {}
    for side in sides:
        for ticks, lots in side:
            sizes[ticks] = sizes.get(ticks, 0) + lots
    return tuple(sorted(sizes.items(), key=lambda one: best * one[0]))
