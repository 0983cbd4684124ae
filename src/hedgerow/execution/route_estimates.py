"""What own orders have shown of a venue: how much of what it shows is there, what it hides, how soon it answers.

Promises: exact counts over the last orders of the last hour, so that a run taken up again says the same, and a venue
that did badly is tried again; what nobody has tried is believed to be what it shows, to hide nothing, and to fill what
waits half the time. Never: a clock, a judgement of less than what happened.

Source: a share of which little is known is pulled towards its first belief by one order (Laplace's rule of
succession); fills of waiting orders by what flowed out behind the queue, as in `hedgerow.execution.routing`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

PARTS = 1_000_000
"""Of which shares are counted."""
ORDERS_MAX = 50
"""So many orders of each kind are remembered."""
FORGOTTEN_NS = 3_600 * 10**9
"""What is older than that does not count."""
_SLOW = 10
"""One of so many answers was slower than the latency that counts."""


@dataclass(frozen=True)
class Seen:
    """What a venue has shown. kept_ppm: how much of what it shows an order has on arrival; hidden_ppm: how much of what
    is wanted beyond that. flows: of orders that waited, how many lots left the queue, theirs counted. latency_ns: nine
    of ten first words came so soon; 0 = none yet."""

    kept_ppm: int = PARTS
    hidden_ppm: int = 0
    flows: tuple[int, ...] = ()
    latency_ns: int = 0

    def waiting_ppm(self, lots: int) -> int:
        """How often the last of so many lots, those ahead counted, was reached.

        >>> Seen().waiting_ppm(5), Seen(flows=(4, 5, 9, 9)).waiting_ppm(5)
        (500000, 666666)
        """
        return (sum(flow >= lots for flow in self.flows) + 1) * PARTS // (len(self.flows) + 2)


class Estimates:
    """Of one venue, as orders there end.

    >>> found = Estimates()
    >>> found.took(0, lots=10, shown=4, taken=1)
    >>> found.seen(1).kept_ppm, found.seen(FORGOTTEN_NS + 1).kept_ppm
    (625000, 1000000)
    """

    def __init__(self) -> None:
        self._kept, self._hidden, self._flows, self._waits = (
            deque[tuple[int, int]](maxlen=ORDERS_MAX) for _ in range(4)
        )

    def took(self, ts: int, *, lots: int, shown: int, taken: int) -> None:
        """An order has ended that came to take, of what was shown then; taken: what it had without waiting."""
        if wanted := min(lots, shown):
            self._kept.append((ts, min(taken, wanted) * PARTS // wanted))
        if lots > shown:
            self._hidden.append((ts, min(max(0, taken - shown), lots - shown) * PARTS // (lots - shown)))

    def waited(self, ts: int, *, ahead: int, filled: int) -> None:
        """An order has ended that waited behind others; where it was not reached, nobody knows how far they came."""
        self._flows.append((ts, ahead + filled if filled else 0))

    def answered(self, ts: int, latency_ns: int) -> None:
        """The venue's first word about an order came."""
        self._waits.append((ts, latency_ns))

    def seen(self, now_ns: int) -> Seen:
        """What counts now."""
        kept, hidden, flows, waits = (
            [value for ts, value in rows if now_ns - ts <= FORGOTTEN_NS]
            for rows in (self._kept, self._hidden, self._flows, self._waits)
        )
        slow = sorted(waits)[len(waits) - 1 - len(waits) // _SLOW] if waits else 0
        return Seen((sum(kept) + PARTS) // (len(kept) + 1), sum(hidden) // (len(hidden) + 1), tuple(flows), slow)
