"""Captures of TCP conversations that are not encrypted: what websockets carried, and replies to requests.

Source: libpcap's file format; RFC 9293 (TCP), RFC 9112 (HTTP/1.1), RFC 6455 (websocket); cryptofeed's captures, whose
heads name the address that was asked. Promises that a segment sent twice counts once, and that one which is missing is
a named error with the number of the packet. Never: decrypts, or puts segments that came late in their order.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from hedgerow.core.errors import problem
from hedgerow.market.formats.iex import packets_of
from hedgerow.market.formats.opening import Opened
from hedgerow.market.venues.lines import Line, expanded, is_json

_ETHERNET = {b"\xd4\xc3\xb2\xa1": b"\1\0\0\0", b"\x4d\x3c\xb2\xa1": b"\1\0\0\0",
             b"\xa1\xb2\xc3\xd4": b"\0\0\0\1", b"\xa1\xb2\x3c\x4d": b"\0\0\0\1"}  # fmt: skip
"""The signs of a capture, and how each writes that its packets are of Ethernet."""
_TCP, _SYN, _ACK = 6, 0x02, 0x10
_ROUND = 1 << 32
_FIRST_PACKET = 40
_END = b"\r\n\r\n"
_HEAD_MAX = 1 << 16
_MESSAGE_MAX = 64 << 20
_TEXT, _CONTROL = 1, 8


def claims(opened: Opened) -> bool:
    """Whether it is a capture whose first packet is of TCP."""
    head = opened.head
    return _ETHERNET.get(head[:4]) == head[20:24] and _is_tcp(head[_FIRST_PACKET:])


def _is_tcp(packet: bytes) -> bool:
    return len(packet) >= 54 and packet[12:15] == b"\x08\x00\x45" and packet[23] == _TCP


@dataclass
class _Way:
    """One direction of a conversation: the bytes that are not read yet, and when each piece of them came."""

    expected: int | None = None
    data: bytearray = field(default_factory=bytearray)
    read: int = 0
    came: deque[tuple[int, int]] = field(default_factory=deque)
    is_socket: bool = False
    is_dark: bool = False

    def ns(self) -> int:
        """When the first byte that is not read yet came."""
        while len(self.came) > 1 and self.came[1][0] <= self.read:
            self.came.popleft()
        return self.came[0][1]

    def take(self, size: int) -> bytes:
        """The next bytes, which are then read."""
        found = bytes(self.data[:size])
        del self.data[:size]
        self.read += size
        return found


@dataclass
class _Talk:
    """A conversation: both its ways, and the requests that wait for their replies."""

    number: int
    client: _Way = field(default_factory=_Way)
    server: _Way = field(default_factory=_Way)
    asked: deque[str] = field(default_factory=deque)
    url: str = ""

    @property
    def is_used(self) -> bool:
        """Whether anything was said, so that what begins at its ports is another conversation."""
        return self.client.read > 0 or bool(self.client.data)


def lines(opened: Opened) -> Iterator[tuple[int, Line]]:
    """What a capture carried, as lines of a session, with the number of the packet that ended each."""
    talks: dict[bytes, _Talk] = {}
    number = begun = told = 0
    with opened.stream() as stream:
        for number, (at, packet) in enumerate(packets_of(stream, opened), 1):
            if not _is_tcp(packet):
                continue
            source, target = packet[26:30] + packet[34:36], packet[30:34] + packet[36:38]
            known = talks.get(source + target)
            if packet[47] & (_SYN | _ACK) == _SYN and (known is None or known.is_used):
                begun += 1
                talks[source + target] = _Talk(begun)
            talk = talks.get(source + target) or talks.get(target + source)
            if talk is None:  # its beginning is not in the capture
                continue
            sent = source + target in talks
            if _add(talk.client if sent else talk.server, packet, at, f"{opened.shown}: before packet {number}"):
                for line in _requests(talk) if sent else _replies(talk):
                    told, line.conn = told + 1, str(talk.number)
                    yield number, line
    if any(way.data for talk in talks.values() for way in (talk.client, talk.server)):
        raise problem("DATA_DAMAGED", f"{opened.shown} ends within a message")
    if not told:
        raise problem("DATA_NOT_A_DATASET", f"{opened.shown} is a capture of {number} packets, none of them readable")


def _add(way: _Way, packet: bytes, at: int, where: str) -> bool:
    """Put a segment behind those before it; whether there is something new to read."""
    sequence, size = int.from_bytes(packet[38:42], "big"), int.from_bytes(packet[16:18], "big")
    if packet[47] & _SYN:
        way.expected = (sequence + 1) % _ROUND
        return False
    payload = packet[34 + (packet[46] >> 4) * 4 : 14 + size if size else len(packet)]
    late = ((sequence if way.expected is None else way.expected) - sequence) % _ROUND
    if payload and late >= _ROUND // 2:
        raise problem("DATA_DAMAGED", f"{where} a segment is missing")
    if late >= len(payload) or way.is_dark:
        return False
    way.came.append((way.read + len(way.data), at))
    way.data += payload[late:]
    way.expected = (sequence + len(payload)) % _ROUND
    return True


def _requests(talk: _Talk) -> Iterator[Line]:
    """What a client asked and sent."""
    way = talk.client
    while way.data and not way.is_dark:
        at = way.ns()
        if way.is_socket:
            if (message := _message(way)) is None:
                return
            if message[0] < _CONTROL:
                yield Line("sent", at, talk.url, expanded(message[1]))
            continue
        if (head := _head(way)) is None:
            return
        words, told = head
        url = told.get("x-cryptofeed-address") or told.get("x-cryptofeed-url")
        url = url or f"http://{told.get('host', '')}{words[1] if len(words) > 1 else ''}"
        if told.get("upgrade", "").lower() == "websocket":
            way.is_socket, talk.url = True, url
            yield Line("sent", at, url, b"")
        else:
            talk.asked.append(url)


def _replies(talk: _Talk) -> Iterator[Line]:
    """What a venue answered and pushed."""
    way = talk.server
    while way.data and not way.is_dark:
        at = way.ns()
        if way.is_socket:
            if (message := _message(way)) is None:
                return
            yield from _pushed(at, *message)
            continue
        if (head := _head(way)) is None:
            return
        words, told = head
        if words[1:2] == ["101"]:
            way.is_socket = True
            continue
        body, url = expanded(told.get("", "").encode("latin-1")), talk.asked.popleft() if talk.asked else ""
        if body:
            yield Line("reply" if is_json(body) else "note", at, url, body)


def _pushed(at: int, kind: int, payload: bytes) -> Iterator[Line]:
    """A message of a websocket; what only keeps it open is none."""
    if kind >= _CONTROL:
        return
    body = expanded(payload)
    if kind != _TEXT and not is_json(body):
        body = b"#binary " + base64.b64encode(payload)
    yield Line("came" if is_json(body) else "note", at, "", body)


def _head(way: _Way) -> tuple[list[str], dict[str, str]] | None:
    """The words and the fields of a head, its body under no name; None while it is not whole."""
    end = way.data.find(_END)
    if not way.data[:8].isascii() or (end < 0 and len(way.data) > _HEAD_MAX):  # such as what is encrypted
        way.is_dark = True
        way.data.clear()
        return None
    if end < 0:
        return None
    first, *rest = way.data[:end].decode("latin-1").split("\r\n")
    told = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    length = told.get("content-length", "0")
    size = int(length) if length.isdigit() else 0
    if size > _MESSAGE_MAX or len(way.data) < end + len(_END) + size:
        return None
    told[""] = way.take(end + len(_END) + size)[end + len(_END) :].decode("latin-1")
    return first.split(" "), told


def _message(way: _Way) -> tuple[int, bytes] | None:
    """The kind and the bytes of the next message of a websocket; None while it is not whole."""
    parts, kind, at = [], 0, 0
    while len(way.data) >= at + 2:
        first, second = way.data[at], way.data[at + 1]
        size, start = second & 0x7F, at + 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            size, start = int.from_bytes(way.data[start : start + wide], "big"), start + wide
        mask = bytes(way.data[start : start + 4]) if second & 0x80 else b""
        start += len(mask)
        if size > _MESSAGE_MAX or len(way.data) < start + size:
            return None
        parts.append(_unmasked(bytes(way.data[start : start + size]), mask))
        kind, at = kind or first & 0x0F, start + size
        if first & 0x80:
            way.take(at)
            return kind, b"".join(parts)
    return None


def _unmasked(data: bytes, mask: bytes) -> bytes:
    if not any(mask):
        return data
    return bytes(byte ^ mask[n % 4] for n, byte in enumerate(data))
