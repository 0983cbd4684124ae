"""One TCP connection and the FIX session that speaks on it.

Promises: what the session says is sent in its order and whole, once it and what its owner settles is durable, with one
wait for all that came together; a session that ends is flushed before its socket closes; the application answers each
message before the next is looked at, and is told of the end once, whatever ended it.
Never: a clock of its own, a thread, a blocking call.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from hedgerow import _core
from hedgerow.core.errors import named_errors

Clock = Callable[[], int]
"""Gives UTC nanoseconds."""

_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a socket says that cannot go on just now; with TLS either direction may wait for the other."""

Settle = Callable[[], None]
"""Makes durable what must be before an answer leaves; called once for all that was handed over together."""

_READ = 65_536
_UNSENT_MAX = 64 << 20


class Application(Protocol):
    """Who uses a session."""

    def on_logon(self, session: _core.FixSession) -> None:
        """Both sides have logged on."""

    def on_message(self, session: _core.FixSession, now_ns: int) -> None:
        """A message of the application came: `session.msg_type`, `session.fields()`."""

    def on_logout(self, session: _core.FixSession, why: str) -> None:
        """The session ended."""


class Connection:
    """A connected socket with its session; the owner of the loop calls `read`, `write` and `tick`.

    `read` hands over what came; the answers leave with the next `tick` or `write`, behind `settle`. `refused` hears
    what is wrong with a message that the session refused, while it is at hand.
    """

    def __init__(
        self,
        sock: socket.socket,
        session: _core.FixSession,
        application: Application,
        now_ns: int,
        settle: Settle = lambda: None,
        refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        sock.setblocking(False)
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.session = session
        self.application = application
        self.ended = False
        self.unsettled = False
        """Whether something was handed over since `settle` was last called."""
        self._settle, self._refused = settle, refused
        self._told = False
        self._unsent = bytearray()
        with named_errors():
            session.connected(now_ns)
        self._flush()

    @property
    def wants_to_write(self) -> bool:
        """Whether something could not be sent yet."""
        return bool(self._unsent)

    def read(self, now_ns: int) -> None:
        """Take what the socket has."""
        while not self.ended:
            try:
                data = self.sock.recv(_READ)
            except _LATER:
                return
            except OSError:
                data = b""
            if not data:
                self.session.disconnected(now_ns)
                self.hear(now_ns)
                return
            self.take(data, now_ns)
            # What TLS has decrypted already, no selector tells of.
            if not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
                return

    def take(self, data: bytes, now_ns: int) -> None:
        """Take bytes that were read elsewhere."""
        self.session.received(data)
        self.hear(now_ns)

    def hear(self, now_ns: int) -> None:
        """Let the application answer whatever the session has to tell."""
        while (event := self.session.poll(now_ns)) is not None:
            self.unsettled = True
            kind, detail = event
            if kind == "logged_on":
                self.application.on_logon(self.session)
            elif kind == "application":
                self.application.on_message(self.session, now_ns)
            elif kind == "refused":
                self._refused(detail)
            elif kind == "disconnected":
                self._tell_end(detail)

    def tick(self, now_ns: int) -> None:
        """Let the time pass."""
        self.session.tick(now_ns)
        self.hear(now_ns)
        if self.unsettled:
            self.unsettled = False
            self._settle()
        self._flush()

    def write(self) -> None:
        """Send what waits."""
        self._flush()

    def end(self, now_ns: int, failure: str | None = None) -> None:
        """End the session and close; what the application failed at is not counted as received."""
        self.session.disconnected(now_ns)
        try:
            if failure is None:
                self.hear(now_ns)
            elif not self._told:
                self._tell_end(failure)
            self._settle()
        finally:
            self.close()

    def close(self) -> None:
        """Close the socket, after a last try to send what is left."""
        self._flush()
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def _tell_end(self, why: str) -> None:
        self._told = self.ended = True
        self.application.on_logout(self.session, why)

    def _flush(self) -> None:
        self._unsent += self.session.transmit()
        while self._unsent:
            try:
                del self._unsent[: self.sock.send(self._unsent)]
            except _LATER:
                break
            except OSError:
                self._unsent.clear()
                self.ended = True
        if len(self._unsent) > _UNSENT_MAX:  # the other side does not read
            self.ended = True
