"""MoldUDP64 over UDP multicast, with what was lost asked for again at a request server.

Promises: as `mold`; a packet is stamped when it is read from its socket, and the socket's buffer is as large as asked
for, or the recording says how large it is. Never: understands a message.
"""

from __future__ import annotations

import ipaddress
import select
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hedgerow.core.errors import problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.mold import MoldSession
from hedgerow.market.feeds.recording import Segments
from hedgerow.market.feeds.transport import Note, Received, World

LOOK_S = 0.5
PACKET_BYTES_MAX = 65_536
PACKETS_AT_ONCE = 512
"""Packets read before requests are looked at."""


def settings(table: Table) -> MulticastTransport:
    """The keys of `kind = "moldudp64"`."""
    group, interface, request = table.text("group"), table.text("interface", "0.0.0.0"), table.text("request", "")
    for key, value in (("group", group), ("interface", interface)):
        try:
            address = ipaddress.IPv4Address(value)
            if key == "group" and not address.is_multicast:
                table.fault(key, f"{value!r} is no multicast address, 224.0.0.0 to 239.255.255.255")
        except ValueError:
            if value:
                table.fault(key, f"{value!r} is no IPv4 address")
    host, _, port = request.rpartition(":")
    if request and (not host or not port.isdecimal() or not 0 < int(port) < 65_536):
        table.fault("request", f"{request!r} is not HOST:PORT")
    return MulticastTransport(
        group=group,
        port=table.whole("port", None, 1, 65_535),
        interface=interface,
        request=(host, int(port)) if host and port.isdecimal() else None,
        first=table.whole("first", 0, 0, 2**63),
        wait_s=table.span_s("wait", "100ms", least_s=0.001),
        tries=table.whole("tries", 5, 1, 1000),
        held_max=table.whole("held_max", 100_000, 1, 10**8),
        buffer_bytes=table.size("buffer_bytes", "8 MiB"),
        silence_s=table.span_s("silence_max", "60s", least_s=0.01),
        segments=Segments.read(table, "frames"),
    )


@dataclass(frozen=True)
class MulticastTransport:
    """A group, and where to ask for what was lost."""

    group: str
    port: int
    interface: str
    request: tuple[str, int] | None
    first: int
    wait_s: float
    tries: int
    held_max: int
    buffer_bytes: int
    silence_s: float
    segments: Segments
    shape: Literal["stream"] = "stream"
    needs_names: bool = False

    @property
    def origin(self) -> str:
        """The group."""
        return f"udp://{self.group}:{self.port}"

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> MulticastStream:
        """Get ready; the group is joined when messages are asked for."""
        return MulticastStream(self, world)


class MulticastStream:
    """A session as it is received."""

    def __init__(self, transport: MulticastTransport, world: World) -> None:
        self._transport, self._world = transport, world
        self._group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def events(self, cursor: str | None = None) -> Iterator[Received | Note | None]:
        """Join the group and say what comes, in order, until the session ends."""
        told, now_ns = self._transport, self._world.now_ns
        yield Note(now_ns(), {"joined": told.origin, "buffer_bytes": self._join()})
        wait_ns = int(told.wait_s * 1e9)
        # Without a request server a gap is only waited for: packets may come out of order.
        session = MoldSession(first=told.first, wait_ns=wait_ns, tries=told.tries, held_max=told.held_max)
        look_s = min(LOOK_S, told.wait_s)
        heard_ns = now_ns()
        while not session.ended:
            ready, _, _ = select.select([self._group, self._asking], [], [], look_s)
            for line in ready:
                for data in _waiting(line):
                    heard_ns = now_ns()
                    yield from session.take(data, heard_ns)
            for item in list(session.requests(now_ns())):
                if not isinstance(item, bytes):
                    yield item
                elif told.request is not None:
                    self._asking.sendto(item, told.request)
            if not ready:
                yield None
            if now_ns() - heard_ns > told.silence_s * 1e9:
                raise problem("FEED_UNREACHABLE", f"{told.origin} is silent, limit silence_max {told.silence_s:g} s")

    def close(self) -> None:
        """Leave the group."""
        self._group.close()
        self._asking.close()

    def _join(self) -> int:
        """Join; gives the size of the buffer that the system allows."""
        told = self._transport
        self._group.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._group.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, told.buffer_bytes)
        self._group.bind((told.group, told.port))
        member = struct.pack("4s4s", socket.inet_aton(told.group), socket.inet_aton(told.interface))
        self._group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        self._asking.bind((told.interface, 0))
        for line in (self._group, self._asking):
            line.setblocking(False)
        return self._group.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def _waiting(line: socket.socket) -> Iterator[bytes]:
    """Packets that wait at a socket, as many as are taken at once."""
    for _ in range(PACKETS_AT_ONCE):
        try:
            yield line.recv(PACKET_BYTES_MAX)
        except BlockingIOError:
            return
        except ConnectionRefusedError:
            # The request server does not listen; asking in vain is counted anyway.
            continue
