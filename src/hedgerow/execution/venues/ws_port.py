"""The websocket port: JSON messages, for books and trades without a login, and for orders with one.

Promises: a message that cannot be meant is answered with an error that names the field, and the session goes on; each
participant's reports are numbered and told again from any number; a book comes whole and then as changes, each naming
the one before it. Never: a thread, an answer that is not in the log.
"""

from __future__ import annotations

import hmac
import json
import socket
from contextlib import suppress

from hedgerow.core.errors import problem
from hedgerow.execution.fix.connections import Clock
from hedgerow.execution.venues import ws_words as words
from hedgerow.execution.venues.house import Venue
from hedgerow.execution.venues.letters import Event
from hedgerow.execution.venues.ports import Link, Port
from hedgerow.execution.venues.ws_books import WsBooks

_READ = 65_536
_FRAME_MAX = 1 << 20
"""Bytes of a frame; a larger one ends its connection (close code 1009), and no other."""
_PING_NS, _SILENCE_NS = 20_000_000_000, 60_000_000_000


class _Link(Link):
    """One connection by websocket."""

    def __init__(self, sock: socket.socket, now_ns: int) -> None:
        from websockets.server import ServerProtocol

        super().__init__(sock, now_ns)
        self.protocol, self.parts, self.pinged_ns = ServerProtocol(max_size=_FRAME_MAX), bytearray(), now_ns

    def say(self, told: words.Said) -> None:
        """One message."""
        from websockets.protocol import State

        if self.protocol.state is State.OPEN:
            self.protocol.send_text(json.dumps(told, separators=(",", ":")).encode())

    def flush(self) -> None:
        """Send what the socket takes."""
        for data in self.protocol.data_to_send():
            self.over |= not data  # nothing more is to be sent
            self.unsent += data
        super().flush()


class WsPort(Port[_Link]):
    """The port of websockets; CLI_MISSING where the library for them is not there."""

    protocol, link = "WEBSOCKET", _Link

    def __init__(self, host: str, port: int, venue: Venue, clock: Clock) -> None:
        try:
            import websockets.server  # noqa: F401
        except ImportError:
            raise problem("CLI_MISSING", "websockets: pip install 'hedgerow[feeds]'") from None
        self._books = WsBooks(venue)
        super().__init__(host, port, venue, clock)

    def _read(self, link: _Link, now_ns: int) -> None:
        from websockets.frames import Frame, Opcode
        from websockets.http11 import Request

        try:
            data = link.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            link.over = True
            return
        link.heard_ns = now_ns
        link.protocol.receive_data(data)
        for event in link.protocol.events_received():
            if isinstance(event, Request):
                link.protocol.send_response(link.protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                link.parts += event.data
                if len(link.parts) > _FRAME_MAX:
                    link.protocol.fail(1009, "a message in too many frames")
                elif event.fin:
                    whole, link.parts = bytes(link.parts), bytearray()
                    self._message(link, whole)

    def _message(self, link: _Link, raw: bytes) -> None:
        said: words.Said = {}
        try:
            said = words.read(raw)
            self._do(link, said)
        except words.Wrong as why:
            about = {name: said[name] for name in ("op", "client_id") if isinstance(said.get(name), str)}
            link.say({"type": "error", **about, "error": str(problem("WIRE_FIELD", why.args[0]))})

    def _do(self, link: _Link, said: words.Said) -> None:
        op = said["op"]
        if op == "ping":
            link.say({"type": "pong", "id": words.whole_of(said, "id"), "ts": self._clock()})
        elif op == "login":
            self._login(link, said)
        elif op in ("subscribe", "unsubscribe", "resync"):
            self._books.ask(link, op, words.text_of(said, "symbol"), said.get("trades", False))
        elif not link.name:
            raise words.Wrong(f"{op}: log in first")
        elif op == "status":
            order = self._venue.status(link.name, words.text_of(said, "client_id"))
            self._tell_reports(link)  # how an order stands is told after what brought it there
            link.say(self._report(order, 0) if order else {"type": "unknown", "client_id": said["client_id"]})
        else:
            self._order(link, op, said)

    def _order(self, link: _Link, op: str, said: words.Said) -> None:
        """An order, a change or a cancel; what becomes of it is told as a report."""
        venue, number = self._venue, self._venue.numbers[link.name]
        if op == "new":
            action = words.new_order(said, number, venue.symbols, venue.settings.listings)
        else:
            names = {name: words.text_of(said, name) for name in ("client_id", "orig_client_id")}
            order = venue.status(link.name, names["orig_client_id"])
            action = {"do": "cancel", "participant": number, **names}
            if op == "replace" and order is not None:
                action = words.replacement(said, number, venue.settings.listings[order["instrument"]])
            elif op == "replace":
                action = {"do": "refuse_change", "participant": number, **names, "reason": "unknown_order"}
        venue.submit(self._clock(), action)

    def _login(self, link: _Link, said: words.Said) -> None:
        """`from` is the number of the first report wanted; without it, the next one."""
        name, secret = words.text_of(said, "participant"), words.text_of(said, "password")
        member, wanted = self._members.get(name), words.whole_of(said, "from")
        if member is None or not hmac.compare_digest(secret.encode(), member.password.encode()):
            raise words.Wrong("login: name and password are not those of a participant here")
        if link.name or any(other.name == name for other in self._links):
            raise words.Wrong(f"login: {name} is logged in")
        known = len(self._venue.letters[self._venue.numbers[name]].reports)
        link.name, link.next = name, min(wanted - 1, known) if wanted else known
        link.say({"type": "login", "participant": name, "next": link.next + 1})

    def _tell(self, link: _Link, now_ns: int) -> None:
        if link.name:
            self._tell_reports(link)
        self._books.tell(link)
        if now_ns - link.pinged_ns > _PING_NS:
            link.pinged_ns = now_ns
            with suppress(Exception):  # it is not open yet, or not any more
                link.protocol.send_ping(b"")
        link.over |= now_ns - link.heard_ns > _SILENCE_NS
        link.flush()

    def _tell_reports(self, link: _Link) -> None:
        """They leave with the next flush, which is after all of them are durable."""
        reports = self._venue.letters[self._venue.numbers[link.name]].reports
        for event in reports.since(link.next):
            link.next += 1
            link.say(self._report(event, link.next))

    def _report(self, event: Event, number: int) -> words.Said:
        listings, at = self._venue.settings.listings, event["instrument"]
        return words.report(event, number, listings[at] if at < len(listings) else None)

    def _settled(self) -> None:
        self._books.publish()

    def _is_stranger(self, link: _Link) -> bool:
        return not link.name and not self._books.has(link)

    def _farewell(self, link: _Link, now_ns: int) -> None:
        with suppress(Exception):  # it is not open, or not any more
            link.protocol.send_close(1001, "the exchange closes")

    def _drop(self, link: _Link) -> None:
        self._books.forget(link)
        super()._drop(link)
