"""Who watches which books at the exchange, and what they are shown: whole books, after each change.

Promises: a watcher sees the book as it is now, displayed lots only, and again once it is another. Never: who stands
in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hedgerow.execution.venues.fix_reports import Pairs, decimal
from hedgerow.execution.venues.house import Venue

DEPTH_MAX = 1000
_BID, _OFFER, _EMPTY = b"0", b"1", b"J"
"""MDEntryType (269)."""
Field = tuple[int, bytes, int]
Levels = tuple[list[tuple[int, int]], list[tuple[int, int]]]


class Watching:
    """The requests of one participant's session; they end with it."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._asked: dict[bytes, tuple[tuple[int, ...], int]] = {}
        self._shown: dict[tuple[bytes, int], Levels] = {}

    def ask(self, fields: Sequence[Field]) -> Pairs | None:
        """MarketDataRequest (V): 263 is 1 to begin, 2 to end. The answer if it is refused, else nothing."""
        told = {tag: value for tag, value, depth in fields if depth == 0}
        name = told.get(262, b"")
        names = [value.decode("latin-1") for tag, value, depth in fields if tag == 55 and depth == 1]
        unknown = [symbol for symbol in names if symbol not in self._venue.symbols]
        if told.get(263) == b"2":
            self._asked.pop(name, None)
        elif told.get(263) != b"1":
            return [(262, name), (281, b"4"), (58, b"SubscriptionRequestType 1 and 2 are known")]
        elif unknown or not names:
            why = f"not listed: {', '.join(unknown)}" if unknown else "no symbol"
            return [(262, name), (281, b"0"), (58, why.encode("latin-1", "replace"))]
        else:
            depth = told.get(264, b"0")
            wanted = int(depth) if depth.isdigit() and len(depth) < 9 else 0
            self._asked[name] = tuple(self._venue.symbols[one] for one in names), min(wanted or DEPTH_MAX, DEPTH_MAX)
        return None

    def show(self, send: Callable[[str, Pairs], bool]) -> None:
        """Send every book that is another than the one shown last (W)."""
        core = self._venue.core
        for name, (instruments, depth) in self._asked.items():
            for at in instruments:
                levels = core.depth(at, True, depth), core.depth(at, False, depth)
                if self._shown.get((name, at)) != levels and send("W", self._image(name, at, levels)):
                    self._shown[name, at] = levels

    def forget(self) -> None:
        """The session is over."""
        self._asked.clear()
        self._shown.clear()

    def _image(self, name: bytes, at: int, levels: Levels) -> Pairs:
        listing = self._venue.settings.listings[at]
        rows = [(kind, *level) for kind, side in zip((_BID, _OFFER), levels, strict=True) for level in side]
        head: Pairs = [(262, name), (55, listing.symbol.encode()), (268, b"%d" % max(1, len(rows)))]
        if not rows:
            return [*head, (269, _EMPTY)]
        for kind, ticks, lots in rows:
            head += [(269, kind), (270, decimal(listing.price(ticks))), (271, decimal(listing.quantity(lots)))]
        return head
