"""Who watches what at the exchange, and what they are shown: whole books, after each change, and what traded.

Promises: a watcher sees the book as it is now, displayed lots only, and again once it is another; of trades those that
come once they were asked for, each once. Never: who stands in it, or who traded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hedgerow.execution.fix.values import decimal
from hedgerow.execution.venues.fix_reports import Pairs
from hedgerow.execution.venues.house import Venue
from hedgerow.execution.venues.letters import Event

DEPTH_MAX = 1000
_BID, _OFFER, _TRADE, _EMPTY = b"0", b"1", b"2", b"J"
"""MDEntryType (269)."""
Field = tuple[int, bytes, int]
Levels = tuple[list[tuple[int, int]], list[tuple[int, int]]]


class Watching:
    """The requests of one participant's session; they end with it."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._asked: dict[bytes, tuple[tuple[int, ...], int]] = {}
        self._once: set[bytes] = set()
        """Requests that are over once their books were shown."""
        self._shown: dict[tuple[bytes, int], Levels] = {}
        self._tapes: dict[bytes, frozenset[int]] = {}
        self._trades: dict[int, Event] = {}
        """What traded since it was shown last, where somebody asks; an event of each side tells it."""
        self._stale: set[int] = set()
        """Instruments whose books may be others than those shown last."""
        venue.watchers.append(self._hear)

    def _hear(self, events: list[Event]) -> None:
        self._stale.update(event["instrument"] for event in events if "instrument" in event)
        if self._tapes:
            self._trades.update({event["trade"]: event for event in events if event.get("what") == "traded"})

    def ask(self, fields: Sequence[Field]) -> Pairs | None:
        """MarketDataRequest (V): 263 is 0 for books as they are, 1 to begin, 2 to end; 269=2 is for trades.

        The answer if it is refused, else nothing."""
        told = {tag: value for tag, value, depth in fields if depth == 0}
        name = told.get(262, b"")
        names = [value.decode("latin-1") for tag, value, depth in fields if tag == 55 and depth == 1]
        unknown = [symbol for symbol in names if symbol not in self._venue.symbols]
        kinds = {value for tag, value, depth in fields if tag == 269 and depth == 1}
        if told.get(263) == b"2":
            self._tapes.pop(name, None)
            self._end(name)
        elif told.get(263) not in (b"0", b"1"):
            return [(262, name), (281, b"4"), (58, b"SubscriptionRequestType 0, 1 and 2 are known")]
        elif told[263] == b"0" and kinds == {_TRADE}:
            return [(262, name), (281, b"8"), (58, b"trades are told from now on: SubscriptionRequestType 1")]
        elif unknown or not names:
            why = f"not listed: {', '.join(unknown)}" if unknown else "no symbol"
            return [(262, name), (281, b"0"), (58, why.encode("latin-1", "replace"))]
        else:
            instruments = tuple(self._venue.symbols[one] for one in names)
            if told[263] == b"0":
                self._end(name)
                self._once.add(name)
            elif _TRADE in kinds:
                self._tapes[name] = frozenset(instruments)
            if kinds != {_TRADE}:
                depth = told.get(264, b"0")
                wanted = int(depth) if depth.isdigit() and len(depth) < 9 else 0
                self._asked[name] = instruments, min(wanted or DEPTH_MAX, DEPTH_MAX)
                self._stale.update(instruments)
        return None

    def show(self, send: Callable[[str, Pairs], bool]) -> None:
        """Send what traded since (X), and every book that is another than the one shown last (W)."""
        trades, self._trades = list(self._trades.values()), {}
        for name, watched in self._tapes.items():
            if told := [event for event in trades if event["instrument"] in watched]:
                send("X", self._traded(name, told))
        core, stale, self._stale = self._venue.core, self._stale, set()
        for name, (instruments, depth) in self._asked.items():
            for at in filter(stale.__contains__, instruments):
                levels = core.depth(at, True, depth), core.depth(at, False, depth)
                if self._shown.get((name, at)) != levels and send("W", self._image(name, at, levels)):
                    self._shown[name, at] = levels
        for name in [one for one in self._once if all((one, at) in self._shown for at in self._asked[one][0])]:
            self._end(name)

    def _end(self, name: bytes) -> None:
        """A request for books is over."""
        self._asked.pop(name, None)
        self._once.discard(name)
        self._shown = {key: levels for key, levels in self._shown.items() if key[0] != name}

    def forget(self) -> None:
        """The session is over."""
        self._asked.clear()
        self._once.clear()
        self._shown.clear()
        self._tapes.clear()
        self._trades.clear()

    def _traded(self, name: bytes, trades: Sequence[Event]) -> Pairs:
        told: Pairs = [(262, name), (268, b"%d" % len(trades))]
        for event in trades:
            listing = self._venue.settings.listings[event["instrument"]]
            price, size = listing.price(event["last_ticks"]), listing.quantity(event["last_lots"])
            told += [
                (279, b"0"),
                (269, _TRADE),
                (55, listing.symbol.encode()),
                (270, decimal(price)),
                (271, decimal(size)),
            ]
        return told

    def _image(self, name: bytes, at: int, levels: Levels) -> Pairs:
        listing = self._venue.settings.listings[at]
        rows = [(kind, *level) for kind, side in zip((_BID, _OFFER), levels, strict=True) for level in side]
        head: Pairs = [(262, name), (55, listing.symbol.encode()), (268, b"%d" % max(1, len(rows)))]
        if not rows:
            return [*head, (269, _EMPTY)]
        for kind, ticks, lots in rows:
            head += [(269, kind), (270, decimal(listing.price(ticks))), (271, decimal(listing.quantity(lots)))]
        return head
