"""Books and trades as the websocket port shows them: whole first, then changes in sequence, the same for everybody.

Promises: each change names its number and the one before it, so that a reader who misses one knows, and asks anew.
Never: who stands in a book.
"""

from __future__ import annotations

from typing import Any, Protocol

from hedgerow.core.errors import did_you_mean
from hedgerow.execution.venues.house import Venue
from hedgerow.execution.venues.letters import Event
from hedgerow.execution.venues.ws_words import Said, Wrong

DEPTH_MAX = 1000
Levels = dict[tuple[str, str], str]
"""Quantity by side and price."""


class Reader(Protocol):
    """Who is told."""

    def say(self, told: Said) -> None:
        """One message."""


class WsBooks:
    """What is published of every book, and who reads it."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._levels: list[Levels] = [{} for _ in venue.settings.listings]
        self._sequence = [0] * len(self._levels)
        self._stale = set(range(len(self._levels)))
        self._trades: dict[int, Event] = {}
        self._readers: dict[Any, dict[int, tuple[bool, bool]]] = {}
        """By reader and instrument: whether trades are wanted, and whether the whole book is due."""
        self._news: list[tuple[int, bool, Said]] = []
        venue.watchers.append(self._hear)

    def ask(self, reader: Reader, op: str, symbol: str, trades: object) -> None:
        """`subscribe`, `unsubscribe` or `resync`; raises `Wrong`."""
        if symbol not in self._venue.symbols:
            raise Wrong(f"symbol: {symbol!r} is not listed{did_you_mean(symbol, list(self._venue.symbols))}")
        if not isinstance(trades, bool):
            raise Wrong(f"trades: {trades!r} is neither true nor false")
        at, wanted = self._venue.symbols[symbol], self._readers.setdefault(reader, {})
        if op == "unsubscribe":
            wanted.pop(at, None)
        elif op == "resync" and at not in wanted:
            raise Wrong(f"resync: {symbol} is not subscribed to")
        else:
            wanted[at] = (trades if op == "subscribe" else wanted[at][0], True)

    def has(self, reader: Reader) -> bool:
        """Whether it reads a book."""
        return bool(self._readers.get(reader))

    def publish(self) -> None:
        """Note what changed since the last time: trades, then one change of each book."""
        listings, self._news = self._venue.settings.listings, []
        for number, event in self._trades.items():
            listing = listings[event["instrument"]]
            price, size = listing.price(event["last_ticks"]), listing.quantity(event["last_lots"])
            told = {"type": "trade", "symbol": listing.symbol, "trade": number, "ts": event["ts"]}
            self._news.append((event["instrument"], True, {**told, "price": f"{price:f}", "quantity": f"{size:f}"}))
        for at in self._stale:
            before, now = self._levels[at], self._now(at)
            if before != now:
                self._levels[at], self._sequence[at] = now, self._sequence[at] + 1
                changed = {key: size for key, size in now.items() if before.get(key) != size}
                told = self._told(at, "diff", {**dict.fromkeys(before.keys() - now.keys(), "0"), **changed})
                self._news.append((at, False, {**told, "prev": self._sequence[at] - 1}))
        self._stale, self._trades = set(), {}

    def tell(self, reader: Reader) -> None:
        """What was published last, and whole books that are due."""
        wanted = self._readers.get(reader, {})
        for at, is_trade, told in self._news:
            if at in wanted and (wanted[at][0] if is_trade else not wanted[at][1]):
                reader.say(told)
        for at, (trades, is_due) in wanted.items():
            if is_due:
                wanted[at] = (trades, False)
                reader.say(self._told(at, "book", self._levels[at]))

    def forget(self, reader: Reader) -> None:
        """It is gone."""
        self._readers.pop(reader, None)

    def _hear(self, events: list[Event]) -> None:
        for event in events:
            if "instrument" in event:
                self._stale.update({event["instrument"]} & set(range(len(self._levels))))
            if event.get("what") == "traded":
                self._trades[event["trade"]] = event

    def _now(self, at: int) -> Levels:
        core, listing = self._venue.core, self._venue.settings.listings[at]
        return {
            (side, f"{listing.price(ticks):f}"): f"{listing.quantity(lots):f}"
            for side, is_buy in (("bids", True), ("asks", False))
            for ticks, lots in core.depth(at, is_buy, DEPTH_MAX)
        }

    def _told(self, at: int, kind: str, levels: Levels) -> Said:
        sides = {name: [[p, q] for (side, p), q in levels.items() if side == name] for name in ("bids", "asks")}
        symbol = self._venue.settings.listings[at].symbol
        return {"type": kind, "symbol": symbol, "seq": self._sequence[at], "ts": self._venue.ts, **sides}
