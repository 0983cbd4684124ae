"""The gateway to a venue that speaks FIX 4.4: orders out, execution reports and books in, on one connection.

Promises: a message that came counts as received only once it was handed over and its owner has settled it, so that a
crash has it sent again; what came or goes together is settled and kept together, with one wait; names
of orders rest on the journal's record numbers and are never used twice; when the connection falls it is opened again,
after growing pauses. Never: a clock of its own, a decision, an order that the gate did not see.
"""

from __future__ import annotations

import select
import socket
import ssl
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hedgerow import _core
from hedgerow.core.errors import WireError, named_errors, problem
from hedgerow.execution.fix.connections import Clock, Connection
from hedgerow.execution.fix.dialling import Dialling
from hedgerow.execution.fix.values import moment
from hedgerow.execution.fix.vocabulary import spoken_dictionary, transport
from hedgerow.execution.gateways.fix_books import FixBooks, Level, trades
from hedgerow.execution.gateways.fix_fees import with_fees
from hedgerow.execution.latencies import Latencies

VERSIONS = ("FIX.4.2", "FIX.4.4", "FIX.5.0SP2")
"""What the gateway speaks."""
_CONNECT_NS = 2 * 10**9
_PAUSE_NS, _PAUSE_MAX_NS = 100_000_000, 5_000_000_000


@dataclass(frozen=True)
class FixLink:
    """Where the venue listens, who we are there and who it is, and the file that keeps the session's numbers.

    version: one of `VERSIONS`. resets: a file that never heard of the venue asks it to count from 1, whatever it
    remembers of this name. tls: the link is encrypted, and the venue must prove its name to the system's authorities,
    or to those of the file `ca`. user: of the Logon; password_env: the variable of the environment with its password.
    account: what orders are booked to there.
    """

    host: str
    port: int
    sender: str
    target: str
    store: Path
    heartbeat_s: int = 30
    resets: bool = False
    version: str = "FIX.4.4"
    tls: bool = False
    ca: Path | None = None
    user: str = ""
    password_env: str = ""
    account: str = ""


@dataclass(frozen=True)
class OrderWords:
    """An order in the venue's words: quantities and prices as text, `price` and `stop` empty where there is none.

    until_ts: when a good-till-date order ends, UTC nanoseconds.
    """

    symbol: str
    buys: bool
    quantity: str
    price: str
    tif: str
    """One of `gtc day ioc fok gtd opg cls`."""
    stop: str = ""
    until_ts: int = 0
    post_only: bool = False
    display: str = ""
    """What the book shows of it at a time; empty = all."""
    peg: str = ""
    """What its price follows, never beyond `price`: `primary`, `midpoint`, `market`; empty = nothing."""
    offset: str = ""
    """What is added to that, with its sign; empty = nothing."""


@dataclass(frozen=True)
class Known:
    """What a run knows of an order of which it asks how it stands.

    fills: price and quantity of each execution that is booked; before: how much of them came under earlier names;
    change: name and words of a change of which nobody knows whether it was made.
    """

    fills: tuple[tuple[str, str], ...] = ()
    before: str = "0"
    change: tuple[str, OrderWords] | None = None


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

    def on_phase(self, symbol: str, phase: str) -> None:
        """What an instrument does at the venue from now on: `closed`, `opening_call`, `continuous`, `closing_call`,
        `halted`."""

    def on_trade(self, symbol: str, price: str, quantity: str) -> None:
        """Somebody traded, and it is told once."""

    def on_refused(self, kind: str, why: str) -> None:
        """The venue's session or application refused a message of ours."""

    def on_unsure(self, name: str, why: str, *, asks: bool = False) -> None:
        """Nobody knows what became of an order, or of the wish to cancel it; asks: the gateway does not ask."""

    def on_remark(self, text: str) -> None:
        """Something that a person should know."""

    def settle(self) -> None:
        """All that came together was told: make it durable, and hand over what shall leave."""


_TRADES = "trades"
"""MDReqID (262) of the request for what others trade."""
_TIFS = {"day": "0", "gtc": "1", "opg": "2", "ioc": "3", "fok": "4", "gtd": "6", "cls": "7"}
"""TimeInForce (59)."""
_PHASES = {
    **dict.fromkeys(("18", "19"), "closed"),
    **dict.fromkeys(("1", "2", "4"), "halted"),
    **dict.fromkeys(("3", "17", "23"), "continuous"),
    **dict.fromkeys(("21", "22"), "opening_call"),
}
"""By SecurityTradingStatus (326); what it says beyond (imbalances, indications) is no phase."""
_TYPES = {(False, False): "1", (True, False): "2", (False, True): "3", (True, True): "4"}
"""OrdType (40), by whether there is a limit and a stop price; a pegged order is `P`."""
_PEGS = {"primary": "R", "midpoint": "M", "market": "P"}
"""ExecInst (18)."""
_PEG_TYPES = {"primary": "5", "midpoint": "2", "market": "4"}
"""PegPriceType (1094), since 5.0 SP1."""
_TRANSACTIONS = {"1": "H", "2": "G", "3": "I"}
"""ExecTransType (20), before 4.3, as ExecType (150): cancelled, corrected, how it stands."""


class FixGateway:
    """One session with one venue; its owner is told what is heard, outlives it, and calls `turn` in a loop."""

    def __init__(
        self, link: FixLink, heard: Heard, clock: Clock, latencies: Latencies | None = None, password: str = ""
    ) -> None:
        # Not held: an owner and its gateway in a circle would end whenever, and wherever, garbage is collected.
        self._link, self._heard, self._clock = link, weakref.proxy(heard), clock
        self.latencies = latencies or Latencies()
        self._session = _core.FixSession(
            transport(link.version),
            link.sender,
            link.target,
            spoken_dictionary(transport(link.version)),
            application=spoken_dictionary(link.version),
            now_ns=clock(),
            initiator=True,
            store=link.store,
            retold=True,
            heartbeat_s=link.heartbeat_s,
            reset_when_new=link.resets,
            fields_known=False,
            never_again=["D", "G"],
            logon_fields=[(tag, word.encode()) for tag, word in ((553, link.user), (554, password)) if word],
        )
        self._tls = _context(link) if link.tls else None
        self._connection: Connection | None = None
        self._dialling: Dialling | None = None
        self._dialled_ns = 0
        self._due_ns, self._pause_ns, self._tells_trades = 0, _PAUSE_NS, True
        self._unreadable, self._distrusted = set[str](), ""
        known = self._heard  # held no more than the gateway holds it
        self._books = FixBooks(lambda text: known.on_remark(text))

    @property
    def is_up(self) -> bool:
        """Whether both sides have logged on."""
        return self._connection is not None and self._session.logged_on

    @property
    def wakes(self) -> list[socket.socket]:
        """What becomes readable when something comes."""
        return [] if self._connection is None else [self._connection.sock]

    def turn(self, wait_s: float) -> None:
        """Take what came within so many seconds, and let the time pass."""
        connection = self._connection or self._connect(wait_s)
        if connection is None:
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
        if self._dialling is not None:
            self._dialling.give_up()
            self._dialling = None
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
        """Send an order (NewOrderSingle)."""
        self._send("D", [(11, name), *_terms(self._link, order, ts)])
        self.latencies.sent(name, self._clock())

    def replace(self, name: str, original: str, order: OrderWords, ts: int) -> None:
        """Ask to change an order to new terms (OrderCancelReplaceRequest); all of them are said again."""
        self._send("G", [(41, original), (11, name), *_terms(self._link, order, ts)])
        self.latencies.asked(name, self._clock())

    def cancel(self, name: str, original: str, order: OrderWords, ts: int) -> None:
        """Ask to cancel an order."""
        self._send("F", [(41, original), (11, name), *_about(order), (60, moment(ts).decode()), (38, order.quantity)])
        self.latencies.asked(name, self._clock())

    def status(self, name: str, order: OrderWords, known: Callable[[], Known]) -> None:
        """Ask what became of an order; the venue knows the rest."""
        self._send("H", [(11, name), *_about(order)])

    def watch(self, symbols: Sequence[str], depth: int) -> None:
        """Ask for the books of some symbols, what trades (not every venue tells) and what they do, from now on."""
        self._books.depth, self._books.watched = depth, self._books.watched | set(symbols)
        named = [(146, str(len(symbols))), *((55, symbol) for symbol in symbols)]
        for name, kinds in (("books", "01"), (_TRADES, "2")):
            group = [(267, str(len(kinds))), *((269, kind) for kind in kinds), *named]
            self._send("V", [(262, name), (263, "1"), (264, str(depth)), (265, "0"), *group])
        for symbol in symbols:
            self._send("e", [(324, f"phase {symbol}"), (55, symbol), (263, "1")])

    def flush(self) -> None:
        """Let leave what was sent: it is kept with one wait, and goes."""
        if self._connection is not None:
            self._connection.write()

    def _send(self, kind: str, fields: Sequence[tuple[int, str]]) -> None:
        """Send with the next `flush`. Raises `WireError` where the session is down: what then is not ours to say."""
        with named_errors():
            self._session.send(kind, [(tag, value.encode()) for tag, value in fields], self._clock())

    def _settle(self) -> None:
        self._heard.settle()
        self.latencies.settled(self._clock())

    def _connect(self, wait_s: float) -> Connection | None:
        """Dial where it is time, and see for so many seconds whether somebody answers: others have no need to wait."""
        now_ns = self._clock()
        if self._dialling is None and now_ns >= self._due_ns:
            self._due_ns = now_ns + self._pause_ns
            self._pause_ns = min(2 * self._pause_ns, _PAUSE_MAX_NS)
            self._dialling, self._dialled_ns = Dialling(self._link.host, self._link.port, self._tls), now_ns
        dialling = self._dialling
        sock = None if dialling is None else dialling.reached(wait_s)
        if sock is not None:
            self._dialling = None
            self._connection = Connection(sock, self._session, self, self._clock(), self._settle, self._unread)
        elif dialling is None or dialling.has_failed:
            if dialling is not None and dialling.why not in ("", self._distrusted):
                self._distrusted = dialling.why
                self._heard.on_remark(f"{self._link.host} is not believed, and nothing was said to it: {dialling.why}")
            self._dialling = None
            select.select([], [], [], wait_s)
        elif now_ns - self._dialled_ns > _CONNECT_NS:
            dialling.give_up()
            self._dialling = None
        return self._connection

    def on_logon(self, session: _core.FixSession) -> None:
        """Of the session: both sides have logged on."""
        self._pause_ns = _PAUSE_NS
        self._heard.on_up()

    def on_logout(self, session: _core.FixSession, why: str) -> None:
        """Of the session: it ended."""
        self.latencies.forget()
        self._books.forget()
        if "too low" in why and not self._link.resets:
            more = f"of {self._link.sender} it knows more than {self._link.store} does"
            why = f"{why}; {more}: reset = true lets a new run begin"
        self._heard.on_down(why)

    def on_message(self, session: _core.FixSession, now_ns: int) -> None:
        """Of the session: a message came."""
        kind, fields = session.msg_type, session.fields()
        told = _flat(fields)
        if kind in ("8", "9"):
            self.latencies.heard(told, self._clock())
            self._heard.on_report(kind, with_fees(_as_later(told), fields) if kind == "8" else told)
        elif kind == "W":
            self._heard.on_book(told.get(55, ""), *self._books.image(told.get(55, ""), fields))
        elif kind == "X":
            self._told_changes(told, fields)
        elif kind == "f":
            self._told_phase(told)
        elif kind in ("j", "3") and told.get(372) == "e":
            pass  # a venue that tells no phases
        elif kind == "Y" and told.get(262) == _TRADES:
            if self._tells_trades:  # which venue it is, and no news with each session
                self._heard.on_refused(kind, f"no trades between others are told: {told.get(58, '')}")
            self._tells_trades = False
        elif kind in ("j", "Y", "3"):
            self._heard.on_refused(kind, told.get(58, ""))
        elif kind != "r":
            with suppress(WireError), named_errors():
                session.business_reject(3, now_ns)

    def _unread(self, why: str) -> None:
        """Of the connection: what came was refused, and whatever it said of an order is not known."""
        kind, told = self._session.msg_type, _flat(self._session.fields())
        if kind in ("8", "9") and told.get(11):
            self._heard.on_unsure(
                told.get(41) or told[11], f"what the venue says of it cannot be read: {why}", asks=True
            )
        elif kind not in self._unreadable:
            self._unreadable.add(kind)  # and no more of the same
            self._heard.on_remark(f"what the venue says cannot be read: {why}")

    def _told_changes(self, told: dict[int, str], fields: Sequence[tuple[int, bytes, int]]) -> None:
        if told.get(43) == "Y":
            return  # nobody counts a trade twice, and books are told whole anew
        for trade in trades(fields):
            self._heard.on_trade(*trade)
        for book in self._books.moved(fields):
            self._heard.on_book(*book)

    def _told_phase(self, told: dict[int, str]) -> None:
        phase = "closing_call" if told.get(625) == "4" else _PHASES.get(told.get(326, ""))
        if told.get(326) == "20":
            self._heard.on_refused("f", told.get(58, ""))
        elif phase is not None:
            self._heard.on_phase(told.get(55, ""), phase)


def _context(link: FixLink) -> ssl.SSLContext:
    """Whom a link believes; RUN_CONFIG where its file of authorities is none."""
    try:
        return ssl.create_default_context(cafile=link.ca)
    except (OSError, ValueError) as error:
        raise problem("RUN_CONFIG", f"ca = {str(link.ca)!r} holds no certificates: {error}") from None


def _flat(fields: Sequence[tuple[int, bytes, int]]) -> dict[int, str]:
    """What a message says outside its groups."""
    return {tag: value.decode("latin-1") for tag, value, depth in fields if depth == 0}


def _as_later(told: dict[int, str]) -> dict[int, str]:
    """A report as it is said since FIX 4.3, where ExecType (150) says what ExecTransType (20) did."""
    kind = _TRANSACTIONS.get(told.get(20, ""))
    return told if kind is None else {**told, 150: kind}


def _about(order: OrderWords) -> list[tuple[int, str]]:
    return [(55, order.symbol), (54, "1" if order.buys else "2")]


def _terms(link: FixLink, order: OrderWords, ts: int) -> list[tuple[int, str]]:
    """What an order is, as a new one and a changed one say it in the session's version."""
    is_first, is_last = link.version == "FIX.4.2", link.version.startswith("FIX.5")
    peg = (1094, _PEG_TYPES[order.peg]) if is_last and order.peg else (18, _PEGS.get(order.peg, ""))
    return [
        *([(21, "1")] if is_first else []),  # automated, without a broker in between
        *([(1, link.account)] if link.account else []),
        *_about(order),
        (60, moment(ts).decode()),
        (38, order.quantity),
        (40, "P" if order.peg else _TYPES[bool(order.price), bool(order.stop)]),
        *([(44, order.price)] if order.price else []),
        *([(99, order.stop)] if order.stop else []),
        (59, _TIFS[order.tif]),
        *([(126, moment(order.until_ts).decode())] if order.tif == "gtd" else []),
        *([(18, "6")] if order.post_only else []),
        *([peg] if order.peg else []),
        *([(211, order.offset)] if order.offset else []),
        *([(1138 if is_last else 111, order.display)] if order.display else []),
    ]
