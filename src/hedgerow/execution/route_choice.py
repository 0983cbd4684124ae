"""Which of several venues a whole order goes to: the one where a unit is expected to cost least in the end.

Promises: one measure for venues where the order takes and where it waits: the price of a unit with fees, as often as
it is had there, and otherwise what it would cost to take it late; exact decimals. Of equal venues the one with less
ahead or more to take, then the nearer price, the quicker answer, the one named first. Never: an estimate of its own.

Source: the cost of an order that may not fill is that of Cont & Kukanov, Optimal order placement in limit order
markets, Quantitative Finance 17(1), 2017, with what is not filled taken at a worse price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal

from hedgerow.core.fees import FeeTier
from hedgerow.execution.route_estimates import PARTS, Seen

TAKE, WAIT = 1, 2
"""What an order does at a venue first; the core's `RouteWay`."""
Levels = tuple[tuple[int, int], ...]
"""Ticks and lots, best first."""
_BPS, _NANO = Decimal("0.0001"), Decimal("0.000000001")


@dataclass(frozen=True)
class Wanted:
    """An order as a router looks at it. limit_ticks: 0 = any price. takes: it may take what is there; waits: what it
    does not take at once waits; whole: all of it at once or nothing. tick: of the instrument."""

    buys: bool
    lots: int
    limit_ticks: int
    takes: bool
    waits: bool
    whole: bool
    tick: Decimal

    @property
    def sign(self) -> int:
        """What a higher price is worth to who pays it."""
        return 1 if self.buys else -1


@dataclass(frozen=True)
class Place:
    """A venue as it stands: its book, its rates, and what own orders there have shown."""

    venue: str
    bids: Levels = ()
    asks: Levels = ()
    rates: FeeTier = field(default_factory=FeeTier)
    seen: Seen = field(default_factory=Seen)

    def offers(self, wanted: Wanted) -> Levels:
        """What it shows that an order could take, whatever its limit."""
        return self.asks if wanted.buys else self.bids

    def within(self, wanted: Wanted) -> Levels:
        """What it shows within an order's limit."""
        limit, sign = wanted.limit_ticks, wanted.sign
        return tuple(one for one in self.offers(wanted) if not limit or sign * (limit - one[0]) >= 0)

    def ahead(self, wanted: Wanted) -> int:
        """Lots shown at an order's limit or better on its own side, where it would wait behind them."""
        own = self.bids if wanted.buys else self.asks
        limit, sign = wanted.limit_ticks, wanted.sign
        return sum(lots for ticks, lots in own if not limit or sign * (ticks - limit) >= 0)

    def in_steps(self, step: int) -> Place:
        """The same with sizes in whole steps of so many lots."""
        bids, asks = (tuple((ticks, lots // step) for ticks, lots in side) for side in (self.bids, self.asks))
        flows = tuple(flow // step for flow in self.seen.flows)
        return replace(self, bids=bids, asks=asks, seen=replace(self.seen, flows=flows))

    def fee(self, price: Decimal, *, takes: bool) -> Decimal:
        """What a unit at a price is charged; below zero a rebate."""
        rates = self.rates
        bps, unit = (rates.taker_bps, rates.taker_per_unit) if takes else (rates.maker_bps, rates.maker_per_unit)
        return price * Decimal(str(bps)) * _BPS + Decimal(str(unit))


@dataclass(frozen=True)
class Compared:
    """What a venue promises for an order, as its `Route` says it: prices a unit in 10^-9, chances in 10^-6."""

    venue: str
    way: int
    price_ticks: int
    lots: int
    fee_nano: int
    cost_nano: int
    latency_ns: int
    chance_ppm: int
    hidden_ppm: int


def compared(wanted: Wanted, places: Sequence[Place]) -> list[Compared]:
    """Each venue for an order, in the order given; none where there are none.

    >>> dear, cheap = Place("A", asks=((100, 5),)), Place("B", asks=((100, 5),), rates=FeeTier(taker_per_unit=-0.002))
    >>> order = Wanted(True, 5, 100, takes=True, waits=False, whole=False, tick=Decimal("0.01"))
    >>> [(one.venue, one.cost_nano) for one in compared(order, [dear, cheap])]
    [('A', 1000000000), ('B', 998000000)]
    >>> best(order, compared(order, [dear, cheap])).venue
    'B'
    """
    taking = wanted.takes and (not wanted.waits or any(place.within(wanted) for place in places))
    missed = late(wanted, places) if places else Decimal(0)
    return [
        (_taking if taking and (not wanted.waits or place.within(wanted)) else _waiting)(wanted, place, missed)
        for place in places
    ]


def best(wanted: Wanted, found: Sequence[Compared]) -> Compared:
    """The venue that an order goes to."""

    def rank(one: Compared) -> tuple[int, int, bool, int, int]:
        shown = (one.lots, False, 0)
        if one.way == TAKE:
            shown = (-one.lots, not one.price_ticks, wanted.sign * one.price_ticks)
        return wanted.sign * one.cost_nano, *shown, one.latency_ns

    return min(found, key=rank)


def _taking(wanted: Wanted, place: Place, missed: Decimal) -> Compared:
    """Taken: what is shown as often as it is had, beyond it what is hidden, and the rest late."""
    levels, seen = place.within(wanted), place.seen
    shown = sum(lots for _, lots in levels)
    price, last, had = Decimal(0), 0, 0
    for ticks, lots in levels:
        taken = min(lots, wanted.lots - had)
        price, had, last = price + ticks * taken, had + taken, ticks if taken else last
    if wanted.whole and shown < wanted.lots:
        price, had = Decimal(0), 0
    average = price / had * wanted.tick if had else Decimal(0)
    beyond = 0 if wanted.whole or not levels else wanted.lots - had
    sure, hidden = (
        Decimal(size * chance) / PARTS for size, chance in ((had, seen.kept_ppm), (beyond, seen.hidden_ppm))
    )
    fee, paid = place.fee(average, takes=True), last * wanted.tick
    missing = wanted.lots - sure - hidden
    cost = sure * (average + wanted.sign * fee)
    cost += hidden * (paid + wanted.sign * place.fee(paid, takes=True)) + missing * missed
    first = next((ticks for ticks, _ in place.offers(wanted)), 0)
    return _told(wanted, place, (TAKE, first, shown), (fee, cost / wanted.lots), (seen.kept_ppm, seen.hidden_ppm))


def _waiting(wanted: Wanted, place: Place, missed: Decimal) -> Compared:
    """Waiting: its own price as often as such an order was filled, and otherwise taken in the end."""
    ahead, own = place.ahead(wanted), place.bids if wanted.buys else place.asks
    ticks = wanted.limit_ticks or (own[0][0] if own else 0)
    price, chance_ppm = ticks * wanted.tick, place.seen.waiting_ppm(ahead + wanted.lots)
    fee, chance = place.fee(price, takes=False), Decimal(chance_ppm) / PARTS
    cost = chance * (price + wanted.sign * fee) + (1 - chance) * missed
    return _told(wanted, place, (WAIT, ticks, ahead), (fee, cost), (chance_ppm, 0))


def late(wanted: Wanted, places: Sequence[Place]) -> Decimal:
    """What a unit costs that was not had: a tick more than all of it at the second best venue, with the highest fee.

    The same for every venue: one that has nothing to give does not look cheap because another one has.
    """
    reached = [levels for place in places if (levels := place.offers(wanted))]
    lasts = sorted((_last(levels, wanted.lots) for levels in reached), key=lambda ticks: wanted.sign * ticks)
    second = lasts[min(1, len(lasts) - 1)] if lasts else wanted.limit_ticks
    price = max(0, second + wanted.sign) * wanted.tick
    return price + wanted.sign * max(place.fee(price, takes=True) for place in places)


def _last(levels: Levels, lots: int) -> int:
    """The price of the last of so many lots, or of all there are."""
    for ticks, size in levels:
        lots -= size
        if lots <= 0:
            return ticks
    return levels[-1][0]


def _told(
    wanted: Wanted,
    place: Place,
    what: tuple[int, int, int],
    costs: tuple[Decimal, Decimal],
    chances: tuple[int, int],
) -> Compared:
    fee, cost = (int((one / _NANO).to_integral_value(ROUND_HALF_EVEN)) for one in costs)
    return Compared(place.venue, *what, fee, cost, place.seen.latency_ns, *chances)
