"""How a larger order is cut over several venues: what they show is swept where it is cheapest, the rest waits.

Promises: what is taken is the exact `sweep`, and what waits the exact `split`, of what the venues show, charge and have
shown of themselves; nothing is asked of a venue beyond what it usually has of what it shows; all lots have a place.
Never: a price beyond the limit, an estimate of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hedgerow.execution.route_choice import Place, Wanted, best, compared, late
from hedgerow.execution.route_estimates import PARTS
from hedgerow.execution.routing import Offer, Queue, split, sweep

_FAR = 2**62
"""A flow that reaches whatever waits."""


@dataclass(frozen=True)
class Part:
    """A part of an order, for one venue: lots at a limit, which wait there or are taken at once."""

    venue: str
    lots: int
    limit_ticks: int
    waits: bool


def cut_in_steps(wanted: Wanted, places: Sequence[Place], *, step: int, least: int) -> list[Part]:
    """The parts of an order where orders are of so many lots at least, and multiples of a step; none where a part
    would be too small, or the order is no multiple."""
    if wanted.lots % step or not places:
        return []
    stepped = [place.in_steps(step) for place in places]
    parts = [replace(part, lots=part.lots * step) for part in cut(replace(wanted, lots=wanted.lots // step), stepped)]
    return parts if all(part.lots >= least for part in parts) else []


def cut(wanted: Wanted, places: Sequence[Place]) -> list[Part]:
    """The parts of an order with a limit, the slower venue first, so that the quicker one does not warn it.

    What is taken at a venue is one part, at the worst price that is needed there.
    """
    if not places:
        return []
    taken = _swept(wanted, places)
    parts = [Part(venue, lots, ticks, waits=False) for venue, (lots, ticks) in taken.items()]
    left = wanted.lots - sum(part.lots for part in parts)
    if left:
        parts += [Part(venue, lots, wanted.limit_ticks, waits=True) for venue, lots in _placed(wanted, places, left)]
    slow = {place.venue: place.seen.latency_ns for place in places}
    return sorted(parts, key=lambda part: (part.waits, -slow[part.venue]))


def _swept(wanted: Wanted, places: Sequence[Place]) -> dict[str, tuple[int, int]]:
    """Lots to take by venue, and the worst price there."""
    offers = [
        Offer(
            place.venue,
            ticks,
            lots * place.seen.kept_ppm // PARTS,
            place.fee(ticks * wanted.tick, takes=True) / wanted.tick,
        )
        for place in places
        for ticks, lots in place.within(wanted)
    ]
    found: dict[str, tuple[int, int]] = {}
    for (venue, ticks), lots in (sweep(wanted.buys, wanted.lots, offers) if offers else {}).items():
        before, worst = found.get(venue, (0, ticks))
        found[venue] = before + lots, max(worst, ticks) if wanted.buys else min(worst, ticks)
    return found


def _placed(wanted: Wanted, places: Sequence[Place], left: int) -> list[tuple[str, int]]:
    """Lots that wait, by venue; those that gain nothing anywhere wait where one order would."""
    price, missed = wanted.limit_ticks * wanted.tick, late(wanted, places)
    queues = [
        Queue(
            place.venue,
            place.ahead(wanted),
            # One flow that reaches nothing and one that reaches all: Laplace's rule, as `Seen.waiting_ppm` has it.
            (0, _FAR, *place.seen.flows),
            (wanted.sign * (missed - price) - place.fee(price, takes=False)) / wanted.tick,
        )
        for place in places
    ]
    found = split(left, queues)
    if over := left - sum(found.values()):
        waiting = Wanted(wanted.buys, over, wanted.limit_ticks, takes=False, waits=True, whole=False, tick=wanted.tick)
        home = best(waiting, compared(waiting, places)).venue
        found[home] = found.get(home, 0) + over
    return list(found.items())
