"""The port of OUCH: SoupBinTCP links, each of one participant, and what they say.

Promises: what a participant was told is numbered and told again from any number; a link that is silent for fifteen
seconds, or says what is no message, ends and no other does. Never: a thread, an answer that is not in the log.
Source: NASDAQ, "SoupBinTCP 3.00".
"""

from __future__ import annotations

import hmac
import socket

from hedgerow import _core
from hedgerow.core.errors import WireError, named_errors
from hedgerow.execution.fix.connections import Clock
from hedgerow.execution.venues.fix_orders import Refusal
from hedgerow.execution.venues.house import Venue
from hedgerow.execution.venues.ouch_words import OuchStream, Words, enter_order, lots_of, ticks_of
from hedgerow.execution.venues.ports import Link, Port

_BEAT_NS = 1_000_000_000
_SILENCE_NS = 15_000_000_000
_READ = 65_536


class _Link(Link):
    """One connection of OUCH."""

    def __init__(self, sock: socket.socket, now_ns: int) -> None:
        super().__init__(sock, now_ns)
        self.data, self.said_ns = bytearray(), now_ns

    def say(self, kind: bytes, payload: bytes, now_ns: int) -> None:
        """One packet."""
        self.unsent += (len(payload) + 1).to_bytes(2, "big") + kind + payload
        self.said_ns = now_ns


class OuchPort(Port[_Link]):
    """The port of SoupBinTCP links."""

    protocol, link = "OUCH", _Link

    def __init__(self, host: str, port: int, venue: Venue, clock: Clock) -> None:
        super().__init__(host, port, venue, clock)
        self._streams = {name: OuchStream(venue, venue.numbers[name]) for name in self._members}

    def _read(self, link: _Link, now_ns: int) -> None:
        try:
            more = link.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        link.over |= not more
        link.heard_ns = now_ns
        link.data += more
        while len(link.data) >= 3 and not link.over:
            length = int.from_bytes(link.data[:2], "big")
            if length == 0 or length > 4096:
                link.over = True
            elif len(link.data) < length + 2:
                return
            else:
                packet = bytes(link.data[2 : length + 2])
                del link.data[: length + 2]
                self._packet(link, packet[:1], packet[1:], now_ns)

    def _packet(self, link: _Link, kind: bytes, payload: bytes, now_ns: int) -> None:
        if not link.name:
            self._login(link, kind, payload, now_ns)
        elif kind == b"U":
            link.over |= not self._message(link.name, payload)
        elif kind not in (b"R", b"+"):  # a logout, or what no client says
            link.over = True

    def _login(self, link: _Link, kind: bytes, payload: bytes, now_ns: int) -> None:
        """Login Request: name, password, session, number of the first message wanted (0: the next one)."""
        name, secret = payload[:6].decode("latin-1").strip(), payload[6:16].decode("latin-1").strip()
        session, number = payload[16:26].decode("latin-1").strip(), payload[26:46].decode("latin-1").strip()
        member = self._members.get(name)
        ours = self._venue.settings.name[:10]
        known = member is not None and hmac.compare_digest(secret.encode(), member.password.encode())
        taken = any(other.name == name for other in self._links)
        if kind != b"L" or len(payload) != 46 or not known or taken:
            link.say(b"J", b"A", now_ns)
        elif session not in ("", ours) or not (number.isascii() and number.isdigit()):
            link.say(b"J", b"S", now_ns)
        else:
            said = len(self._streams[name].messages())
            wanted = int(number)
            link.name, link.next = name, said if wanted == 0 else min(wanted - 1, said)
            link.say(b"A", ours.rjust(10).encode() + str(link.next + 1).rjust(20).encode(), now_ns)
            return
        link.flush()
        link.over = True

    def _tell(self, link: _Link, now_ns: int) -> None:
        if link.name:
            messages = self._streams[link.name].messages()
            for message in messages[link.next :]:
                link.say(b"S", message, now_ns)
            link.next = len(messages)
            if now_ns - link.said_ns > _BEAT_NS:
                link.say(b"H", b"", now_ns)
        link.over |= now_ns - link.heard_ns > _SILENCE_NS
        link.flush()

    def _farewell(self, link: _Link, now_ns: int) -> None:
        if link.name:
            link.say(b"Z", b"", now_ns)

    def _message(self, name: str, raw: bytes) -> bool:
        """Do what a message asks; false where it is none."""
        try:
            with named_errors():
                kind, said = _core.ouch_decode(raw, to_venue=True)
        except WireError as error:
            return error.row.name == "WIRE_FIELD" and self._refuse(name, raw)
        self._venue.ts = max(self._venue.ts, self._clock())
        {"O": self._enter, "U": self._replace, "X": self._cancel}[kind](name, said)
        return True

    def _refuse(self, name: str, raw: bytes) -> bool:
        """A field out of its range: the order that it would have been is refused, if it has a token."""
        at = 15 if raw[:1] == b"U" else 1
        token = raw[at : at + 14].decode("latin-1").strip()
        if not (token.isascii() and token.isalnum()):
            return False
        if not self._venue.has_heard(name, token):
            action = {"do": "refuse", "client_id": token, "reason": "unsupported"}
            self._submit(name, action, {})
        return True

    def _enter(self, name: str, said: Words) -> None:
        """A token that was used before is passed over, as the specification says."""
        if self._venue.has_heard(name, said["token"]) or not said["token"].isalnum():
            return
        try:
            action = enter_order(said, self._venue.numbers[name], self._venue)
        except Refusal as why:
            action = {"do": "refuse", "client_id": said["token"], "reason": why.args[0]}
        self._submit(name, action, {key: str(value) for key, value in said.items() if key not in ("token", "price")})

    def _replace(self, name: str, said: Words) -> None:
        if self._venue.has_heard(name, said["token"]) or not said["token"].isalnum():
            return
        names = {"client_id": said["token"], "orig_client_id": said["previous_token"]}
        order = self._venue.status(name, said["previous_token"])
        try:
            if order is None:
                raise Refusal("unknown_order")
            entered = self._streams[name].entered(order["order_id"])
            if said["display"] != entered["display"]:
                raise Refusal("show_lots")
            if said["time_in_s"] != entered["time_in_s"] or said["shares_min"]:
                raise Refusal("unsupported")
            lots = lots_of(said["shares"], self._venue, order["instrument"])
            ticks = ticks_of(said["price"], self._venue, order["instrument"])
            action: Words = {"do": "replace", **names, "lots": lots, "price_ticks": ticks}
        except Refusal as why:
            action = {"do": "refuse_change", **names, "reason": why.args[0]}
        self._submit(name, action, {"434": "2"})

    def _cancel(self, name: str, said: Words) -> None:
        """Cancel down to so many shares, those that have traded among them; 0: all that works."""
        order = self._venue.status(name, said["token"])
        own = f"{said['token']}/{len(self._venue.letters[self._venue.numbers[name]].reports)}"
        names = {"client_id": own, "orig_client_id": said["token"]}
        action: Words = {"do": "cancel", **names}
        try:
            keeps = lots_of(said["shares"], self._venue, order["instrument"]) if order else 0
            if order and order["leaves_lots"] and keeps >= order["lots"]:
                return
            if order and keeps > order["cum_lots"]:
                action = {"do": "replace", **names, "lots": keeps, "price_ticks": order["price_ticks"]}
        except Refusal as why:
            action = {"do": "refuse_change", **names, "reason": why.args[0]}
        self._submit(name, action, {"434": "1"})

    def _submit(self, name: str, action: Words, echo: dict[str, str]) -> None:
        self._venue.submit(self._clock(), {**action, "participant": self._venue.numbers[name]}, echo)
