"""A TCP connection, with TLS where that is wanted, that is being made while its owner does other things.

Promises: nothing here waits longer than it is asked to (but for the name of a host, which the system looks up); the
addresses of a host are tried one after the other; who cannot prove the host's name is left. Never: a clock of its own,
a second attempt.
"""

from __future__ import annotations

import errno
import select
import socket
import ssl
from collections.abc import Iterator

_Address = tuple[int, int, int, str, tuple[object, ...]]


class Dialling:
    """On its way to one of a host's addresses; see `reached`."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._host, self._tls = host, tls
        self._sock: socket.socket | None = None
        self._hears = False
        """Whether what is waited for is the other side's word."""
        self.why = ""
        """What was wrong with its TLS."""
        try:
            found: list[_Address] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)  # type: ignore[assignment]
        except OSError:
            found = []
        self._addresses: Iterator[_Address] = iter(found)
        self._try_next()

    @property
    def has_failed(self) -> bool:
        """Whether no address is left that could be reached."""
        return self._sock is None

    def reached(self, wait_s: float) -> socket.socket | None:
        """The connected socket, if it is so within so many seconds; it is the caller's then."""
        sock = self._sock
        if sock is None or not any(select.select([sock] * self._hears, [sock] * (not self._hears), [], wait_s)):
            return None
        if isinstance(sock, ssl.SSLSocket):
            return self._shaken(sock)
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._try_next()
            return None
        if self._tls is not None:
            return self._shaken(sock)
        self._sock = None
        return sock

    def _shaken(self, sock: socket.socket) -> socket.socket | None:
        """One step of the handshake; the socket once it is done."""
        assert self._tls is not None
        try:
            if not isinstance(sock, ssl.SSLSocket):
                sock = self._tls.wrap_socket(sock, do_handshake_on_connect=False, server_hostname=self._host)
                self._sock = sock
            sock.do_handshake()
        except ssl.SSLWantReadError:
            self._hears = True
        except ssl.SSLWantWriteError:
            self._hears = False
        except (OSError, ValueError) as error:  # no other address of the host is more trustworthy
            self.why = str(error)
            self.give_up()
        else:
            self._sock = None
            return sock
        return None

    def give_up(self) -> None:
        """Leave it."""
        if self._sock is not None:
            self._sock.close()
        self._sock, self._addresses = None, iter(())

    def _try_next(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None
        for family, kind, protocol, _, address in self._addresses:
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError:
                continue
            sock.setblocking(False)
            if sock.connect_ex(address) in (0, errno.EINPROGRESS):
                self._sock = sock
                return
            sock.close()
