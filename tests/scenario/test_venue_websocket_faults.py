"""What goes wrong with a websocket: torn, cut, sent again, silent, slow, crowded; either side killed.

The client is bytes by hand (RFC 6455) and shares no code with the exchange or its library.
"""

from __future__ import annotations

import base64
import json
import os
import random
import runpy
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hedgerow.execution.venues import ports

pytest.importorskip("websockets")

TRADERS = runpy.run_path(str(Path(__file__).with_name("venue_traders.py")))
ServedVenue, VenueThread, events = TRADERS["ServedVenue"], TRADERS["VenueThread"], TRADERS["events"]
VENUE = """
[venue]
name = "VENUE"
folder = "venue"
[[instrument]]
symbol = "ABC"
reference = "10.00"
[[participant]]
name = "ONE"
protocol = "WEBSOCKET"
password = "first"
cancel_on_disconnect = true
[[participant]]
name = "TWO"
protocol = "WEBSOCKET"
password = "second"
"""
PASSWORDS = {"ONE": "first", "TWO": "second"}


def frame(data: bytes, *, opcode: int = 1, fin: bool = True) -> bytes:
    """A frame of a client: masked, as it must be."""
    mask = os.urandom(4)
    size = len(data)
    length = bytes([0x80 | size]) if size < 126 else struct.pack(">BH", 0x80 | 126, size)
    return bytes([0x80 * fin | opcode]) + length + mask + bytes(one ^ mask[at % 4] for at, one in enumerate(data))


def order(name: str, price: str = "9.00") -> bytes:
    """A frame that enters an order."""
    told = {"op": "new", "client_id": name, "symbol": "ABC", "side": "buy", "quantity": "1", "price": price}
    return frame(json.dumps(told).encode())


class Client:
    """One connection, open."""

    def __init__(self, port: int, buffer: int = 0) -> None:
        self.sock = socket.socket()
        self.sock.settimeout(20)
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.connect(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        head = ["GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}"]
        self.raw("\r\n".join([*head, "Sec-WebSocket-Version: 13", "", ""]).encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self._more()
        self.data = self.data.partition(b"\r\n\r\n")[2]

    def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self.sock.sendall(data)

    def _more(self) -> None:
        more = self.sock.recv(65_536)
        if not more:
            raise EOFError
        self.data += more

    def _take(self, count: int) -> bytes:
        while len(self.data) < count:
            self._more()
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def next(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload; EOFError at the end of the connection."""
        first, size = self._take(2)
        if size == 126:
            (size,) = struct.unpack(">H", self._take(2))
        return first & 15, self._take(size)

    def hear(self, kind: str) -> dict[str, Any]:
        """The next message of a kind."""
        while True:
            opcode, payload = self.next()
            if opcode == 8:
                raise EOFError
            told: dict[str, Any] = json.loads(payload) if opcode == 1 else {"type": ""}
            if told["type"] == kind:
                return told

    def close(self) -> None:
        """Hang up, without a word."""
        self.sock.close()


def login(port: int, name: str, wanted: int | None = None, buffer: int = 0) -> tuple[Client, int]:
    """A session, as soon as the end of the one before was seen, and the number of the report that comes next."""
    end = time.monotonic() + 60
    asks = {"op": "login", "participant": name, "password": PASSWORDS[name]}
    asked = json.dumps(asks if wanted is None else asks | {"from": wanted})
    while True:
        client = Client(port, buffer)
        client.raw(frame(asked.encode()))
        told = json.loads(client.next()[1])
        if told["type"] == "login":
            return client, told["next"]
        client.close()
        assert time.monotonic() < end, told
        time.sleep(0.02)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Any]:
    """ONE, whose orders end with its connection, and TWO, whose do not."""
    found = VenueThread(tmp_path, VENUE, "websocket")
    yield found
    found.end()


def test_frames_torn_joined_and_in_parts_are_the_same_messages(served: Any) -> None:
    """Byte by byte, twenty in one piece, and one message in a frame for each byte of it."""
    client, _ = login(served.port, "TWO")
    for byte in order("T0"):
        client.raw(bytes([byte]))
    client.raw(b"".join(order(f"T{number}") for number in range(1, 20)))
    message = json.dumps(
        {"op": "new", "client_id": "T20", "symbol": "ABC", "side": "buy", "quantity": "1", "price": "9"}
    )
    for at, byte in enumerate(message.encode()):
        client.raw(frame(bytes([byte]), opcode=0 if at else 1, fin=at == len(message) - 1))
    assert [client.hear("report")["client_id"] for _ in range(21)] == [f"T{number}" for number in range(21)]
    client.close()


def test_of_a_message_whose_connection_is_cut_in_the_middle_nothing_happens(served: Any) -> None:
    """Whatever byte is the last one; sent whole on the next connection it is taken."""
    whole = order("T1")
    for cut in (1, 5, 30, len(whole) - 1):
        client, _ = login(served.port, "TWO")
        client.raw(whole[:cut])
        client.close()
    client, number = login(served.port, "TWO")
    assert (events(served.folder), number) == ([], 1)
    client.raw(whole)
    assert client.hear("report")["what"] == "accepted"
    client.close()


def test_yesterday_s_messages_sent_again_open_nothing(tmp_path: Path) -> None:
    """Each order of them is refused by its name, and what was told is told again the same, from any number."""
    first, said = VenueThread(tmp_path, VENUE, "websocket"), b"".join(order(f"T{number}") for number in range(5))
    client, _ = login(first.port, "TWO")
    client.raw(said)
    told = [client.hear("report") for _ in range(5)]
    client.close()
    first.end()
    second = VenueThread(tmp_path, VENUE, "websocket")
    client, number = login(second.port, "TWO", 3)
    assert (number, [client.hear("report") for _ in range(3)]) == (3, told[2:])
    client.raw(said)
    again = [client.hear("report") for _ in range(5)]
    assert [(one["what"], one["client_id"]) for one in again] == [("rejected", f"T{number}") for number in range(5)]
    assert [event["what"] for event in events(tmp_path)].count("accepted") == 5
    client.close()
    second.end()


@pytest.mark.parametrize(("wanted", "begins"), [(1, 1), (2, 2), (4, 4), (None, 4), (999, 4), (10**17, 4)])
def test_a_login_is_told_which_report_comes_next(served: Any, wanted: int | None, begins: int) -> None:
    """Beyond what there is, the true number of the next one."""
    client, _ = login(served.port, "TWO")
    client.raw(b"".join(order(f"T{number}") for number in range(3)))
    told = [client.hear("report") for _ in range(3)]
    client.close()
    again, number = login(served.port, "TWO", wanted)
    assert number == begins
    again.raw(order("NEW"))
    assert [again.hear("report")["client_id"] for _ in range(5 - begins)] == [
        *[one["client_id"] for one in told[begins - 1 :]],
        "NEW",
    ]
    again.close()


def test_a_connection_that_does_not_answer_pings_ends_and_so_do_its_orders(served: Any) -> None:
    """After a minute by the exchange's clock; who answers stays."""
    one, _ = login(served.port, "ONE")
    two, _ = login(served.port, "TWO")
    for client in (one, two):
        client.raw(order("REST"))
        assert client.hear("report")["what"] == "accepted"
    for _ in range(3):
        served.ahead_ns += 21 * 10**9
        while (said := two.next())[0] != 9:
            pass
        two.raw(frame(said[1], opcode=10))
    served.wait("cancelled")
    with pytest.raises(EOFError):
        one.hear("report")
    two.raw(order("MORE"))
    assert two.hear("report")["client_id"] == "MORE"
    for client in (one, two):
        client.close()


def test_who_never_reads_ends_once_too_much_waits_and_nobody_else_does(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what it had working, where it wished so; it hears the rest when it comes back."""
    monkeypatch.setattr(ports, "_UNSENT_MAX", 1 << 16)
    assert served.server._ws is not None
    listener = served.server._ws._listener  # whose connections have its buffers: the system would keep megabytes
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    deaf, _ = login(served.port, "ONE", buffer=4096)
    quick, _ = login(served.port, "TWO")
    with suppress(OSError):
        for block in range(20):
            deaf.raw(b"".join(order(f"D{block}x{number}", "8.00") for number in range(100)))
    served.wait("cancelled")
    quick.raw(order("Q"))
    assert quick.hear("report")["client_id"] == "Q"
    monkeypatch.undo()
    again, _ = login(served.port, "ONE", 1)
    ours = [event["what"] for event in events(served.folder) if event["participant"] == 0]
    assert [again.hear("report")["what"] for _ in ours] == ours
    for client in (again, quick, deaf):
        client.close()


def test_strangers_that_crowd_the_port_give_way_to_whoever_reads_or_trades(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More silent connections than there can be: who reads a book and who is logged in stay, and others get in."""
    monkeypatch.setattr(ports, "_LINKS_MAX", 8)
    reader = Client(served.port)
    reader.raw(frame(b'{"op": "subscribe", "symbol": "ABC"}'))
    assert reader.hear("book")["symbol"] == "ABC"
    strangers = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(20)]
    one, _ = login(served.port, "ONE")
    one.raw(order("T1"))
    assert one.hear("report")["what"] == "accepted"
    assert reader.hear("diff")["symbol"] == "ABC"
    for client in (reader, one):
        client.close()
    for sock in strangers:
        sock.close()


def test_either_side_killed_at_any_moment_each_order_happens_once_and_each_report_is_told(tmp_path: Path) -> None:
    """The member sends again whatever was not answered, and hears from the number that it has; at last both sides and
    the exchange's log say the same."""
    (tmp_path / "venue.toml").write_text(VENUE)
    draws, heard, wanted = random.Random(5), list[dict[str, Any]](), [f"T{number}" for number in range(300)]
    venue = ServedVenue(tmp_path / "venue.toml")

    def ask_for_what_is_left() -> Client:
        client, number = login(venue.ports["websocket"], "TWO", len(heard) + 1)
        assert number == len(heard) + 1
        known = {report["client_id"] for report in heard}
        with suppress(OSError):
            client.raw(b"".join(order(name) for name in wanted if name not in known))
        return client

    for round_ in range(8):
        client = ask_for_what_is_left()
        with suppress(OSError, EOFError):
            for _ in range(draws.randint(0, 100)):
                heard.append(client.hear("report"))
        if round_ % 2 == 0:
            venue.kill()
            venue.__init__(tmp_path / "venue.toml")
        client.close()  # with what is not read: a reset
    client = ask_for_what_is_left()
    while {report["client_id"] for report in heard if report["what"] == "accepted"} != set(wanted):
        heard.append(client.hear("report"))
    client.close()
    again, _ = login(venue.ports["websocket"], "TWO", 1)
    assert [again.hear("report") for _ in heard] == heard
    again.close()
    accepted = [event["client_id"] for event in events(tmp_path) if event["what"] == "accepted"]
    assert sorted(accepted) == sorted(wanted)
    assert venue.stop() == 0
