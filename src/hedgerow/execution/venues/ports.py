"""A port of the exchange and its links, each of one participant once it has logged in: what OUCH and websocket share.

Promises: what all links brought in a turn is durable before any of them is told; a participant whose link ends has its
orders cancelled where it wished so, and nobody is taken as connected at the start; a link that does not read ends, and
no other does; strangers that crowd the port give way to later ones. Never: a thread, a word of a protocol.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import ClassVar, Generic, TypeVar

from hedgerow.core.errors import problem
from hedgerow.execution.fix.connections import Clock
from hedgerow.execution.venues.house import Venue

_LINKS_MAX, _UNSENT_MAX = 256, 64 << 20


class Link:
    """One connection; without a name until its login was accepted. `next`: how many of its reports it was told; `owed`:
    how much still waits of what it asked for at its login, however long ago that happened."""

    def __init__(self, sock: socket.socket, now_ns: int) -> None:
        self.sock, self.name, self.next = sock, "", 0
        self.unsent, self.heard_ns, self.over = bytearray(), now_ns, False
        self.owed: int | None = None

    def flush(self) -> None:
        """Send what the socket takes."""
        if self.owed is None and self.name:
            self.owed = len(self.unsent)
        try:
            while self.unsent:
                sent = self.sock.send(self.unsent)
                del self.unsent[:sent]
                self.owed = self.owed and max(self.owed - sent, 0)
        except BlockingIOError:
            self.over |= len(self.unsent) > _UNSENT_MAX + (self.owed or 0)
        except OSError:
            self.unsent.clear()
            self.over = True


L = TypeVar("L", bound=Link)


class Port(Generic[L]):
    """The port; its owner calls `turn` often, and watches `sockets`."""

    protocol: ClassVar[str]
    """Of the participants that log in here."""
    link: type[L]

    def __init__(self, host: str, port: int, venue: Venue, clock: Clock) -> None:
        self._venue, self._clock = venue, clock
        told = venue.settings
        members = (one for one in told.participants if one.protocol == self.protocol and one.name not in told.by_itself)
        self._members = {one.name: one for one in members}
        self._links: list[L] = []
        try:
            self._listener = socket.create_server((host, port))
        except OSError as error:
            raise problem("WIRE_SESSION", f"port {port} of {host}: {error}") from error
        self._listener.setblocking(False)
        for name in self._members:  # nobody is connected yet, whoever was before
            self._cut(name)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    @property
    def sockets(self) -> list[socket.socket]:
        """What to wait for; not for more links than there can be."""
        return [*([self._listener] if self._room() else []), *(link.sock for link in self._links)]

    def turn(self, now_ns: int) -> None:
        """Take what came, make it durable, tell what there is to tell."""
        with suppress(BlockingIOError):
            while self._room():
                sock, _ = self._listener.accept()
                if len(self._links) >= _LINKS_MAX:
                    self._drop(next(filter(self._is_stranger, self._links)))
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._links.append(self.link(sock, now_ns))
        for link in self._links:
            self._read(link, now_ns)
        self._venue.settle()
        self._settled()
        for link in list(self._links):
            self._tell(link, now_ns)
            if link.over:
                self._drop(link)

    def close(self, now_ns: int) -> None:
        """Tell everybody that the exchange closes, and give the port back."""
        for link in list(self._links):
            self._farewell(link, now_ns)
            link.flush()
            self._drop(link)
        self._listener.close()

    def _room(self) -> bool:
        return len(self._links) < _LINKS_MAX or any(map(self._is_stranger, self._links))

    def _is_stranger(self, link: L) -> bool:
        """Whether nobody knows what a link is for."""
        return not link.name

    def _read(self, link: L, now_ns: int) -> None:
        """Take what a link brought."""
        raise NotImplementedError

    def _settled(self) -> None:
        """What was taken is durable."""

    def _tell(self, link: L, now_ns: int) -> None:
        """Tell a link what there is to tell."""
        raise NotImplementedError

    def _farewell(self, link: L, now_ns: int) -> None:
        """The last word to a link."""
        raise NotImplementedError

    def _drop(self, link: L) -> None:
        link.sock.close()
        self._links.remove(link)
        if link.name:
            self._cut(link.name)

    def _cut(self, name: str) -> None:
        if self._members[name].cancel_on_disconnect and self._venue.working(name):
            self._venue.submit(self._clock(), {"do": "mass_cancel", "participant": self._venue.numbers[name]})
