"""Where an order goes when several venues trade the instrument: what is taken at once, and where the rest waits.

Promises: both answers are optimal for what they are told, not merely good: taking is a sum of costs per lot with a
limit on each level, and waiting a sum of concave gains, so that giving the next lot to whoever is best for it is
exact (tested against every other allocation). Never: a venue beyond its shown size, a price beyond the limit, an
estimate of its own.

Source: the separable concave programme is solved by its margins (Gross, 1956; Fox, 1966); fills by what flows out
behind a queue as in Cont & Kukanov, Optimal order placement in limit order markets, Quantitative Finance 17(1), 2017.
"""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hedgerow.core.errors import problem


@dataclass(frozen=True)
class Offer:
    """Lots that a venue shows at a price, and what its taker pays there per lot, in ticks; below zero for a rebate."""

    venue: str
    price_ticks: int
    lots: int
    fee_ticks: Decimal = Decimal(0)


@dataclass(frozen=True)
class Queue:
    """A price at a venue where a lot of ours would wait behind `ahead` lots.

    outflows: lots that left the front of such a queue within the horizon, one figure for each time it was observed; a
    lot is filled as often as the flow reached it. gain_ticks: what a filled lot is worth against taking it elsewhere
    at the end: spread saved, plus the rebate, less what the price has usually moved against who was filled.
    """

    venue: str
    ahead: int
    outflows: tuple[int, ...]
    gain_ticks: Decimal

    def chance(self, lots: int) -> Decimal:
        """How often the flow reached the `lots`-th lot of ours.

        >>> Queue("X", 5, (3, 6, 7, 20), Decimal(1)).chance(2)
        Decimal('0.5')
        """
        flows = sorted(self.outflows)
        reached = len(flows) - bisect.bisect_left(flows, self.ahead + lots)
        return Decimal(reached) / len(flows) if flows else Decimal(0)


def sweep(buys: bool, lots: int, offers: Sequence[Offer], limit_ticks: int | None = None) -> dict[tuple[str, int], int]:
    """What to take where, by (venue, price): the cheapest lots first, fees counted; fewer if there are not so many.

    limit_ticks: the worst price, fees apart. Of equal costs the venue named first. Raises RUN_NUMBER for lots below
    one.

    >>> offers = [Offer("A", 100, 5, Decimal("0.3")), Offer("B", 100, 5, Decimal("-0.2")), Offer("A", 101, 9)]
    >>> sweep(True, 12, offers)
    {('B', 100): 5, ('A', 100): 5, ('A', 101): 2}
    """
    _check(lots, offers)
    sign = 1 if buys else -1
    within = [one for one in offers if limit_ticks is None or sign * (limit_ticks - one.price_ticks) >= 0]
    left, found = lots, dict[tuple[str, int], int]()
    for offer in sorted(within, key=lambda one: sign * one.price_ticks + one.fee_ticks):
        taken = min(left, offer.lots)
        if taken > 0:
            key = (offer.venue, offer.price_ticks)
            found[key] = found.get(key, 0) + taken
            left -= taken
    return found


def split(lots: int, queues: Sequence[Queue]) -> dict[str, int]:
    """Where to let lots wait, by venue, so that the expected gain is greatest; lots that gain nothing stay home.

    Exact: the chance of a further lot never rises, so each lot goes where it is worth most. Of equal worth the venue
    named first. Raises RUN_NUMBER for lots below one, or a venue named twice.

    >>> split(6, [Queue("A", 0, (4, 4), Decimal(1)), Queue("B", 0, (1, 9), Decimal(1))])
    {'A': 4, 'B': 2}
    """
    _check(lots, queues)
    names = [queue.venue for queue in queues]
    if len(set(names)) != len(names):
        raise problem("RUN_NUMBER", f"a venue stands twice among {', '.join(names)}")
    found = dict.fromkeys(names, 0)
    heap = [(-queue.gain_ticks * queue.chance(1), at) for at, queue in enumerate(queues)]
    heapq.heapify(heap)
    for _ in range(lots):
        if not heap or heap[0][0] >= 0:
            break
        _, at = heap[0]
        queue = queues[at]
        found[queue.venue] += 1
        heapq.heapreplace(heap, (-queue.gain_ticks * queue.chance(found[queue.venue] + 1), at))
    return {name: size for name, size in found.items() if size}


def expected_gain(placed: dict[str, int], queues: Sequence[Queue]) -> Decimal:
    """What an allocation gains in ticks, on average over what was observed."""
    return sum(
        (queue.gain_ticks * queue.chance(lot) for queue in queues for lot in range(1, placed.get(queue.venue, 0) + 1)),
        Decimal(0),
    )


def _check(lots: int, given: Sequence[object]) -> None:
    if type(lots) is not int or lots < 1:
        raise problem("RUN_NUMBER", f"{lots!r} lots; a whole number from 1")
    if not given:
        raise problem("RUN_NUMBER", "no venue to choose from")
