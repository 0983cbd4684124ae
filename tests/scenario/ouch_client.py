"""A client of OUCH over SoupBinTCP that shares no code with the exchange: bytes by hand from the specification."""

from __future__ import annotations

import socket
import struct

ANY_PRICE = 0x7FFFFFFF


class Client:
    """One link, logged in."""

    def __init__(self, port: int, name: str, secret: str = "", number: int = 1, buffer: int = 0) -> None:
        self._sock = socket.socket()
        self._sock.settimeout(20)
        if buffer:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._sock.connect(("127.0.0.1", port))
        self._data = b""
        login = name.ljust(6) + secret.ljust(10) + " " * 10 + str(number).rjust(20)
        self.packet(b"L", login.encode())
        self.answer = self.next()

    def packet(self, kind: bytes, payload: bytes = b"") -> None:
        """One packet out."""
        self._sock.sendall(struct.pack(">H", len(payload) + 1) + kind + payload)

    def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self._sock.sendall(data)

    def next(self) -> tuple[bytes, bytes]:
        """The next packet in that is no heartbeat; nothing at the end."""
        while True:
            while len(self._data) < 2 or len(self._data) < 2 + struct.unpack(">H", self._data[:2])[0]:
                more = self._sock.recv(65_536)
                if not more:
                    return b"", b""
                self._data += more
            length = struct.unpack(">H", self._data[:2])[0]
            packet, self._data = self._data[2 : 2 + length], self._data[2 + length :]
            if packet[:1] != b"H":
                return packet[:1], packet[1:]

    def hears(self) -> bytes:
        """The next sequenced message."""
        kind, payload = self.next()
        assert kind == b"S", (kind, payload)
        return payload

    def enter(self, token: str, side: bytes, shares: int, price: int, **other: object) -> None:
        """Enter Order."""
        more = {"stock": b"ABC", "time_in": 99_998, "display": b"Y", "cross": b"N", "least": 0} | other
        message = struct.pack(
            ">c14scI8sII4scccIcc",
            b"O",
            token.encode().ljust(14),
            side,
            shares,
            more["stock"].ljust(8),
            price,
            more["time_in"],
            b"HEDG",
            more["display"],
            b"P",
            b"N",
            more["least"],
            more["cross"],
            b"R",
        )
        assert len(message) == 49
        self.packet(b"U", message)

    def replace(self, old: str, token: str, shares: int, price: int, display: bytes = b"Y") -> None:
        """Replace Order."""
        tokens = old.encode().ljust(14), token.encode().ljust(14)
        self.packet(b"U", struct.pack(">c14s14sIIIccI", b"U", *tokens, shares, price, 99_998, display, b"N", 0))

    def cancel(self, token: str, shares: int = 0) -> None:
        """Cancel Order."""
        self.packet(b"U", struct.pack(">c14sI", b"X", token.encode().ljust(14), shares))

    def close(self) -> None:
        """Hang up."""
        self._sock.close()


def executed(message: bytes) -> tuple[str, int, int, bytes, int]:
    """Order Executed: token, shares, price, liquidity, match number."""
    assert (message[:1], len(message)) == (b"E", 40)
    _, token, shares, price, flag, match = struct.unpack(">Q14sIIcQ", message[1:])
    return token.decode().strip(), shares, price, flag, match
