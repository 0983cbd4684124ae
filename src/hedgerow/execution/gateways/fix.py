"""The gateway to a venue that speaks FIX 4.4: orders out, execution reports and books in, on one connection.

Promises: a message that came counts as received only once it was handed over, so that a crash has it sent again; names
of orders rest on the journal's record numbers and are never used twice; when the connection falls it is opened again,
after growing pauses. Never: a clock of its own, a decision, an order that the gate did not see.
"""

from __future__ import annotations

import select
import socket
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hedgerow import _core
from hedgerow.core.errors import WireError, named_errors
from hedgerow.execution.fix.connections import Clock, Connection
from hedgerow.execution.venues.fix_reports import moment
from hedgerow.execution.venues.vocabulary import spoken_dictionary

VERSION = "FIX.4.4"
_CONNECT_S = 2.0
_PAUSE_NS, _PAUSE_MAX_NS = 100_000_000, 5_000_000_000
Level = tuple[str, str]
"""Price and quantity, as text."""


@dataclass(frozen=True)
class FixLink:
    """Where the venue listens, who we are there and who it is, and the file that keeps the session's numbers."""

    host: str
    port: int
    sender: str
    target: str
    store: Path
    heartbeat_s: int = 30


@dataclass(frozen=True)
class OrderWords:
    """An order in the venue's words: quantities and prices as text, `price` empty for a market order."""

    symbol: str
    buys: bool
    quantity: str
    price: str
    tif: str
    """One of `gtc day ioc fok gtx`."""


class Heard(Protocol):
    """Who is told what the venue says."""

    def on_up(self) -> None:
        """Both sides have logged on."""

    def on_down(self, why: str) -> None:
        """The session ended."""

    def on_report(self, kind: str, told: dict[int, str]) -> None:
        """An execution report (`8`) or the refusal of a cancel or change (`9`), by tag."""

    def on_book(self, symbol: str, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """A whole book."""

    def on_refused(self, kind: str, why: str) -> None:
        """The venue's session or application refused a message of ours."""


_TIFS = {"gtc": "1", "day": "0", "ioc": "3", "fok": "4", "gtx": "1"}


class FixGateway:
    """One session with one venue; its owner is told what is heard, outlives it, and calls `turn` in a loop."""

    def __init__(self, link: FixLink, heard: Heard, clock: Clock) -> None:
        # Not held: an owner and its gateway in a circle would end whenever, and wherever, garbage is collected.
        self._link, self._heard, self._clock = link, weakref.proxy(heard), clock
        self._session = _core.FixSession(
            VERSION,
            link.sender,
            link.target,
            spoken_dictionary(VERSION),
            now_ns=clock(),
            initiator=True,
            store=link.store,
            heartbeat_s=link.heartbeat_s,
            fields_known=False,
            never_again=["D", "G"],
        )
        self._connection: Connection | None = None
        self._due_ns, self._pause_ns = 0, _PAUSE_NS

    @property
    def is_up(self) -> bool:
        """Whether both sides have logged on."""
        return self._connection is not None and self._session.logged_on

    def turn(self, wait_s: float) -> None:
        """Take what came within so many seconds, and let the time pass."""
        connection = self._connection or self._connect()
        if connection is None:
            select.select([], [], [], wait_s)
            return
        readable, writable, _ = select.select(
            [connection.sock], [connection.sock] if connection.wants_to_write else [], [], wait_s
        )
        if writable:
            connection.write()
        if readable:
            connection.read(self._clock())
        connection.tick(self._clock())
        if connection.ended:
            connection.end(self._clock())
            self._connection = None

    def close(self, farewell: Callable[[], bool] = lambda: False) -> None:
        """Log out, wait for the answer while `farewell` says so, and close."""
        connection = self._connection
        if connection is None:
            return
        if self._session.logged_on:
            self._session.logout(self._clock())
        while self._connection is not None and farewell():
            self.turn(0.01)
        if self._connection is not None:
            self._connection = None
            connection.end(self._clock())

    def new(self, name: str, order: OrderWords, ts: int) -> None:
        """Send an order."""
        post_only = [(18, "6")] if order.tif == "gtx" else []
        price = [(44, order.price)] if order.price else []
        self._send(
            "D",
            [
                (11, name),
                (55, order.symbol),
                (54, "1" if order.buys else "2"),
                (60, moment(ts).decode()),
                (38, order.quantity),
                (40, "2" if order.price else "1"),
                *price,
                (59, _TIFS[order.tif]),
                *post_only,
            ],
        )

    def cancel(self, name: str, original: str, order: OrderWords, ts: int) -> None:
        """Ask to cancel an order."""
        self._send("F", [(41, original), (11, name), *_about(order), (60, moment(ts).decode()), (38, order.quantity)])

    def status(self, name: str, order: OrderWords) -> None:
        """Ask what became of an order."""
        self._send("H", [(11, name), *_about(order)])

    def watch(self, symbols: Sequence[str], depth: int) -> None:
        """Ask for the books of some symbols, from now on."""
        group = [(267, "2"), (269, "0"), (269, "1"), (146, str(len(symbols))), *((55, symbol) for symbol in symbols)]
        self._send("V", [(262, "books"), (263, "1"), (264, str(depth)), *group])

    def _send(self, kind: str, fields: Sequence[tuple[int, str]]) -> None:
        """Send now. Raises `WireError` where the session is down: what to do then is not for a gateway to say."""
        with named_errors():
            self._session.send(kind, [(tag, value.encode()) for tag, value in fields], self._clock())
        if self._connection is not None:
            self._connection.write()

    def _connect(self) -> Connection | None:
        now_ns = self._clock()
        if now_ns < self._due_ns:
            return None
        self._due_ns = now_ns + self._pause_ns
        self._pause_ns = min(2 * self._pause_ns, _PAUSE_MAX_NS)
        try:
            sock = socket.create_connection((self._link.host, self._link.port), timeout=_CONNECT_S)
        except OSError:
            return None
        self._connection = Connection(sock, self._session, self, now_ns)
        return self._connection

    def on_logon(self, session: _core.FixSession) -> None:
        """Of the session: both sides have logged on."""
        self._pause_ns = _PAUSE_NS
        self._heard.on_up()

    def on_logout(self, session: _core.FixSession, why: str) -> None:
        """Of the session: it ended."""
        self._heard.on_down(why)

    def on_message(self, session: _core.FixSession, now_ns: int) -> None:
        """Of the session: a message came."""
        kind, fields = session.msg_type, session.fields()
        told = {tag: value.decode("latin-1") for tag, value, depth in fields if depth == 0}
        if kind in ("8", "9"):
            self._heard.on_report(kind, told)
        elif kind == "W":
            self._heard.on_book(told.get(55, ""), *_sides(fields))
        elif kind in ("j", "Y", "3"):
            self._heard.on_refused(kind, told.get(58, ""))
        elif kind != "r":
            with suppress(WireError), named_errors():
                session.business_reject(3, now_ns)


def _about(order: OrderWords) -> list[tuple[int, str]]:
    return [(55, order.symbol), (54, "1" if order.buys else "2")]


def _sides(fields: Sequence[tuple[int, bytes, int]]) -> tuple[list[Level], list[Level]]:
    """Bids and asks of a book, in the order told."""
    sides: dict[str, list[Level]] = {"0": [], "1": []}
    kind, price = "", ""
    for tag, value, depth in fields:
        if depth != 1:
            continue
        text = value.decode("latin-1")
        if tag == 269:
            kind, price = text, ""
        elif tag == 270:
            price = text
        elif tag == 271 and kind in sides:
            sides[kind].append((price, text))
    return sides["0"], sides["1"]
