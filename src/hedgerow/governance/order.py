"""The order in which waiting events are taken in: parents first, ties by the signers' clocks, then by hash.

Promises: the same events give the same order, however they arrived. Never: decides whether an event counts.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TypeVar

from hedgerow.core.errors import problem
from hedgerow.governance.envelope import Envelope

Hlc = tuple[int, int]
"""Hybrid logical clock of the signing device: milliseconds since 1970 and a counter."""

Item = TypeVar("Item")


def in_order(pairs: Sequence[tuple[Envelope, Item]]) -> list[tuple[Envelope, Item]]:
    """Sort events; one whose parents are missing still gets its place."""
    by_id = {envelope.id: (envelope, item) for envelope, item in pairs}
    clocks = {name: clock_of(envelope) for name, (envelope, _) in by_id.items()}
    children: dict[str, list[str]] = {name: [] for name in by_id}
    awaited = dict.fromkeys(by_id, 0)
    for name, (envelope, _) in by_id.items():
        for parent in {str(p) for p in envelope.event["parents"]} & by_id.keys():
            children[parent].append(name)
            awaited[name] += 1
    ready = [(clocks[name], name) for name, count in awaited.items() if count == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        _, name = heapq.heappop(ready)
        order.append(by_id[name])
        for child in children[name]:
            awaited[child] -= 1
            if awaited[child] == 0:
                heapq.heappush(ready, (clocks[child], child))
    return order


def clock_of(envelope: Envelope) -> Hlc:
    """An event's clock; `GOV_BAD_BODY` if it has none, or no parents."""
    event = envelope.event
    try:
        ms, counter = event["hlc"]
        whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in (ms, counter))
        if whole and isinstance(event["parents"], list):
            return ms, counter
    except (KeyError, TypeError, ValueError):
        pass
    raise problem("GOV_BAD_BODY", f"event {envelope.id} has no clock or no parents")
