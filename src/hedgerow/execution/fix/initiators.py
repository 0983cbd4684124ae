"""A FIX session that we open: connect, log on, and try again after a pause when the connection is lost.

Promises: one thread's loop, no more; the pauses grow from `pause_s` to `pause_max_s` while the other side is away.
Never: a clock of its own, a number reset that the settings do not ask for.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections.abc import Callable
from math import ceil

from hedgerow import _core
from hedgerow.core.errors import WireError, problem
from hedgerow.execution.fix.connections import Application, Clock, Connection

Work = Callable[[_core.FixSession, int], None]
_LATEST = 0.05
_CONNECT_S = 5.0


class Initiator:
    """Keeps one session with a counterparty that listens at `host` and `port`.

    With `tls`, such as `ssl.create_default_context()`, the link is encrypted and the other side must prove its name.
    `work` is called about twenty times a second with the session once both sides have logged on: there the owner sends.
    """

    def __init__(
        self,
        host: str,
        port: int,
        session: _core.FixSession,
        application: Application,
        clock: Clock,
        *,
        pause_s: float = 1.0,
        pause_max_s: float = 30.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._address = (host, port)
        self._session = session
        self._application = application
        self._clock = clock
        self._tls = tls
        self._pauses = (pause_s, pause_max_s)

    def run(self, stop: Callable[[], bool], work: Work | None = None) -> None:
        """Keep the session until `stop` says so; then log out, and wait for the answer two seconds at most.

        Raises `WireError` where the session's store fails, and whatever the application or `work` raises.
        """
        pause, longest = self._pauses
        while not stop():
            lasted = self._connect_and_carry(stop, work)
            pause = self._pauses[0] if lasted else min(pause * 2, longest)
            # Counted, not read from the clock: one that is set back must not keep us away.
            for _ in range(ceil(pause / _LATEST)):
                if stop():
                    break
                time.sleep(_LATEST)

    def _connect_and_carry(self, stop: Callable[[], bool], work: Work | None) -> bool:
        """One connection; whether both sides were logged on."""
        try:
            sock = socket.create_connection(self._address, timeout=_CONNECT_S)
        except OSError:  # nobody listens
            return False
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_hostname=self._address[0])
            connection = Connection(sock, self._session, self._application, self._clock())
        except (OSError, WireError) as error:
            sock.close()
            if isinstance(error, WireError) and error.code == problem("WIRE_STORE").code:
                raise  # no later try can mend it
            return False  # the other side cannot prove its name, or it is outside the schedule
        try:
            logged_on = self._carry(connection, stop, work)
        except BaseException as error:
            connection.end(self._clock(), f"the application failed: {error!r}")
            raise
        connection.end(self._clock())
        return logged_on

    def _carry(self, connection: Connection, stop: Callable[[], bool], work: Work | None) -> bool:
        """Carry a connection until it has ended; whether both sides were logged on."""
        logged_on = asked = False
        with selectors.DefaultSelector() as selector:
            selector.register(connection.sock, selectors.EVENT_READ)
            while not connection.ended:
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.wants_to_write else 0)
                selector.modify(connection.sock, events)
                if selector.select(_LATEST):
                    connection.read(self._clock())
                now_ns = self._clock()
                if self._session.logged_on:
                    logged_on = True
                    if stop() and not asked:
                        self._session.logout(now_ns)
                        asked = True
                    elif work is not None and not asked:
                        work(self._session, now_ns)
                elif stop():
                    break
                connection.tick(now_ns)
        return logged_on
