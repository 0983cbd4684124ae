"""A TCP port on which FIX counterparties log on, each to the session of its names.

Promises: a connection belongs to a session once its first message is a Logon between names that are known; everything
else is closed without a word, as is a second connection of a session that has one; what an application raises is logged
and ends its own connection, no other; what all connections brought at the same time is settled once, before any of it
is answered. Never: a thread, a clock of its own.
"""

from __future__ import annotations

import logging
import selectors
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial

from hedgerow import _core
from hedgerow.core.errors import WireError, problem
from hedgerow.execution.fix.connections import Application, Clock, Connection, Settle

Names = tuple[str, str, str]
"""BeginString, our SenderCompID, theirs."""

_log = logging.getLogger(__name__)

_FIRST_MAX = 65_536
_FIRST_WAIT_NS = 10_000_000_000
_STRANGERS_MAX = 256
"""More would use up the files that a process may have open: the oldest gives way."""
_LATEST = 0.05
_OTHERS = object()
"""Marks sockets that are somebody else's."""


class _Stranger:
    """A connection whose first message is not there yet."""

    def __init__(self, sock: socket.socket, now_ns: int) -> None:
        sock.setblocking(False)
        self.sock, self.since_ns, self.data = sock, now_ns, bytearray()

    def read(self) -> bool:
        """Take what came; false once it cannot become a Logon any more."""
        try:
            more = self.sock.recv(_FIRST_MAX)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.data += more
        head = bytes(self.data[:5])
        return bool(more) and len(self.data) <= _FIRST_MAX and b"8=FIX".startswith(head)


class Acceptor:
    """Listens on a port and carries sessions; `serve` runs until told to stop.

    `sessions` are by BeginString, our name and theirs; `application` gives each its owner. What `settle` raises ends
    `serve`: whoever cannot keep what came must not go on.
    """

    def __init__(
        self,
        host: str,
        port: int,
        sessions: Mapping[Names, _core.FixSession],
        application: Callable[[Names], Application],
        clock: Clock,
        settle: Settle = lambda: None,
    ) -> None:
        self._settle = settle
        self._sessions = dict(sessions)
        self._applications = {names: application(names) for names in sessions}
        self._clock = clock
        self._strangers: dict[socket.socket, _Stranger] = {}
        self._selector = selectors.DefaultSelector()
        try:
            self._listener = socket.create_server((host, port))
        except OSError as error:
            raise problem("WIRE_SESSION", f"port {port} of {host}: {error}") from error
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, None)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    def serve(self, stop: Callable[[], bool]) -> None:
        """Carry the sessions until `stop` says so; asked about twenty times a second."""
        try:
            while not stop():
                self._turn()
        finally:
            self.close()

    def watch(self, sockets: Iterable[socket.socket]) -> None:
        """Have something to read on these, and on no others, wake the loop too, so that `stop` is asked."""
        wanted = set(sockets)
        for key in list(self._selector.get_map().values()):
            if key.data is _OTHERS and key.fileobj not in wanted:
                self._selector.unregister(key.fileobj)
        for sock in wanted:
            if sock not in self._selector.get_map():
                self._selector.register(sock, selectors.EVENT_READ, _OTHERS)

    def close(self) -> None:
        """End every connection and give the port back."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, Connection):
                self._end(key.data)
            elif isinstance(key.data, _Stranger):
                self._drop(key.data.sock)
        self._listener.close()
        self._selector.close()

    def _turn(self) -> None:
        for key, mask in self._selector.select(_LATEST):
            if key.data is _OTHERS:
                continue
            if key.data is None:
                self._accept()
            elif isinstance(key.data, _Stranger):
                if key.data.sock in self._strangers:
                    self._meet(key.data)
            else:
                self._carry(key.data, partial(self._serve_one, key.data, mask))
        connections = [key.data for key in self._selector.get_map().values() if isinstance(key.data, Connection)]
        if any(connection.unsettled for connection in connections):
            self._settle()
        now_ns = self._clock()
        for connection in connections:
            connection.unsettled = False
            self._carry(connection, partial(connection.tick, now_ns))
        for stranger in list(self._strangers.values()):
            stranger.since_ns = min(stranger.since_ns, now_ns)  # the clock was set back
            if now_ns - stranger.since_ns > _FIRST_WAIT_NS:
                self._drop(stranger.sock)

    def _accept(self) -> None:
        if len(self._strangers) >= _STRANGERS_MAX:
            self._drop(next(iter(self._strangers)))
        with suppress(OSError):
            sock, _ = self._listener.accept()
            self._strangers[sock] = _Stranger(sock, self._clock())
            self._selector.register(sock, selectors.EVENT_READ, self._strangers[sock])

    def _meet(self, stranger: _Stranger) -> None:
        if not stranger.read():
            self._drop(stranger.sock)
            return
        frames, _ = _core.fix_frames(bytes(stranger.data), _FIRST_MAX)
        if not frames:
            return
        session = self._session_of(frames[0])
        if session is None:
            self._drop(stranger.sock)
            return
        names, found = session
        del self._strangers[stranger.sock]
        self._selector.unregister(stranger.sock)
        now_ns = self._clock()
        try:
            connection = Connection(stranger.sock, found, self._applications[names], now_ns, self._settle)
        except WireError as error:  # outside its schedule, or a store that fails
            level = logging.WARNING if error.code == problem("WIRE_STORE").code else logging.INFO
            _log.log(level, "a FIX counterparty was turned away: %s", error)
            stranger.sock.close()
            return
        self._selector.register(stranger.sock, selectors.EVENT_READ, connection)
        self._carry(connection, partial(connection.take, bytes(stranger.data), now_ns))

    def _session_of(self, raw: bytes) -> tuple[Names, _core.FixSession] | None:
        """The session that a first message asks for: a Logon between names that are known and not connected."""
        identity = _core.fix_identity(raw)
        if identity is None or identity[3] != "A":
            return None
        begin, theirs, ours, _ = identity
        found = self._sessions.get((begin, ours, theirs))
        return None if found is None or found.is_connected else ((begin, ours, theirs), found)

    def _serve_one(self, connection: Connection, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            connection.write()
        if mask & selectors.EVENT_READ:
            connection.read(self._clock())

    def _carry(self, connection: Connection, step: Callable[[], None]) -> None:
        """One step of a connection; an application that fails ends its own connection, and the others go on."""
        try:
            step()
        except Exception as error:
            _log.exception("the application failed, and its FIX connection ends")
            self._end(connection, f"the application failed: {error!r}")
        else:
            self._watch_or_end(connection)

    def _watch_or_end(self, connection: Connection) -> None:
        if connection.ended:
            self._end(connection)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.wants_to_write else 0)
        key = self._selector.get_key(connection.sock)
        if key.events != events:
            self._selector.modify(connection.sock, events, connection)

    def _end(self, connection: Connection, failure: str | None = None) -> None:
        self._selector.unregister(connection.sock)
        try:
            connection.end(self._clock(), failure)
        except Exception:
            _log.exception("the application failed when it was told that its FIX connection ended")

    def _drop(self, sock: socket.socket) -> None:
        del self._strangers[sock]
        self._selector.unregister(sock)
        sock.close()
