"""The way from a run to its venue, or to its venues with a router before them.

Promises: a run at one venue has no router and no record of one; a run that was begun at several is taken up at several,
with each that has an order of it. Never: a venue that the settings do not name.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

from hedgerow.core.errors import named_errors, problem
from hedgerow.engine.live.beside import was_routed
from hedgerow.engine.live.findings import Findings
from hedgerow.engine.live.gateways import Gateway, Venue, gateway_of
from hedgerow.engine.live.orders import REJECTED, Book, Working, working_of
from hedgerow.engine.live.outcome import rows_of
from hedgerow.engine.live.rising import Clock
from hedgerow.engine.live.routed import RoutedGateway
from hedgerow.engine.live.router import Router
from hedgerow.engine.live.routes import Routes
from hedgerow.engine.live.venue_settings import LiveSettings
from hedgerow.execution.gateways import FixLink
from hedgerow.execution.latencies import Latencies


@dataclass(frozen=True)
class Way:
    """How orders leave a run. routes, router: of a run over several venues."""

    gateway: Gateway
    routes: Routes | None = None
    router: Router | None = None

    def here(self, orders: list[Working], venue: str) -> list[Working]:
        """Those of some orders that are at a venue; all where there is only one, which then has no name."""
        return orders if self.routes is None or not venue else self.routes.at(venue, orders)

    def reaches(self, orders: Callable[[], list[Working]]) -> bool:
        """Whether a venue is there, and each that has one of these orders."""
        if self.routes is None or not isinstance(self.gateway, RoutedGateway):
            return self.gateway.is_up
        homes = (self.routes.venue_of(order.id) for order in orders())
        return self.gateway.has_all([home for home in homes if home is not None])


def way_of(
    settings: LiveSettings,
    run: Any,
    known: tuple[Any, Book, Findings],
    clocks: tuple[Clock, Clock],
    latencies: MutableMapping[str, Latencies],
) -> Way:
    """The way of a run. known: its engine, names of orders, findings; clocks: the wall's, and one that never goes back;
    latencies: by venue, those of earlier lives."""
    engine, book, findings = known
    has_ordered = len(rows_of(engine, "Order")) > 0

    def open_way(venue: Venue, heard: Any) -> Gateway:
        seen, place = latencies.setdefault(venue.name, Latencies()), venue.place
        if isinstance(place, FixLink) and has_ordered:  # what the venue holds for us must come
            place = replace(place, resets=False)
        traded = [one for one in settings.instruments if venue.trades(one.symbol)]
        return gateway_of(place, traded, heard, *clocks, seen)

    if not settings.is_routed:
        return Way(open_way(settings.venues[0], run))
    routes = Routes(engine)
    _settle_unsent(engine, book, findings, routes)
    for order in working_of(engine):
        home = routes.venue_of(order.id)
        if home is not None and home not in [venue.name for venue in settings.venues]:
            raise problem("RUN_CONFIG", f"order {order.id} works at {home!r}, which is none of the venues told")
    gateway = RoutedGateway(settings.venues, run, book, routes, lambda name, words: findings.add(name, words))
    gateway.seat(open_way)
    return Way(gateway, routes, Router(engine, book, routes, gateway))


def must_match(settings: LiveSettings) -> None:
    """RUN_CONFIG where a run that was begun at one venue is taken up at several, or the other way round: where the
    orders of the one are, no record says."""
    if was_routed(settings.folder) != settings.is_routed:
        began, told = ("[[venue]]", "[venue]") if was_routed(settings.folder) else ("[venue]", "[[venue]]")
        raise problem("RUN_CONFIG", f"{settings.folder}: this run began with {began} and cannot go on with {told}")


def _settle_unsent(engine: Any, book: Book, findings: Findings, routes: Routes) -> None:
    """An order of an earlier life without a route did not leave: a route is durable before its order goes."""
    for order in working_of(engine):
        if routes.venue_of(order.id) is None:
            words = f"{book.name(order.id)}: not sent: the run ended before a venue was chosen for it"
            findings.add("LIVE_NOT_SENT", words, cause=order.id)
            code = problem("LIVE_NOT_SENT").row.number
            with named_errors():
                engine.report(book.report(REJECTED, order, engine.clock, code=code), [])
