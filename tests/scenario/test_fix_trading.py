"""Our initiator and our acceptor trade over TCP; connections are cut; the stores are files."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from hedgerow import _core
from hedgerow.cli.main import run
from hedgerow.core.errors import WireError, named_errors
from hedgerow.execution.fix import Acceptor, Dictionaries, FixSession, Initiator, fields_of, read_messages, values_of
from hedgerow.execution.fix.acceptance import echo_acceptor
from hedgerow.execution.fix.acceptance.driving import completed
from hedgerow.execution.fix.naming import Value

ORDERS = 40


@pytest.fixture(scope="module")
def books(shared) -> Dictionaries:
    """The published dictionaries."""
    return Dictionaries(shared("data/fix/dictionaries"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A certificate for localhost, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    words += ["-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run(words, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "cert").read_text() + (folder / "key").read_text())
    return both


class Venue:
    """Fills every order at once, and remembers what it was sent."""

    def __init__(self) -> None:
        self.orders: list[bytes] = []

    def on_logon(self, session: FixSession) -> None:
        """Nothing to do."""

    def on_message(self, session: FixSession, now_ns: int) -> None:
        """Answer an order with its execution."""
        order = {tag: value for tag, value, _ in session.fields()}
        self.orders.append(order[11])
        fill = [
            (37, b"V" + order[11]),
            (17, b"E" + order[11]),
            (150, b"F"),
            (39, b"2"),
            (11, order[11]),
            (55, order[55]),
        ]
        fill += [(54, order[54]), (151, b"0"), (14, order[38]), (6, b"10.5"), (32, order[38]), (31, b"10.5")]
        session.send("8", fill, now_ns)

    def on_logout(self, session: FixSession, why: str) -> None:
        """Nothing to do."""


class Desk:
    """Sends orders while both sides are logged on, and remembers the executions."""

    def __init__(self) -> None:
        self.sent = 0
        self.fills: list[bytes] = []

    def on_logon(self, session: FixSession) -> None:
        """Nothing to do."""

    def on_message(self, session: FixSession, now_ns: int) -> None:
        """Remember an execution."""
        self.fills.append(next(value for tag, value, _ in session.fields() if tag == 11))

    def on_logout(self, session: FixSession, why: str) -> None:
        """Nothing to do."""

    def work(self, session: FixSession, now_ns: int) -> None:
        """Send the next order."""
        if self.sent < ORDERS:
            stamp = time.strftime("%Y%m%d-%H:%M:%S", time.gmtime(now_ns / 1e9)).encode()
            order = [(11, b"%d" % self.sent), (55, b"ABC"), (54, b"1"), (60, stamp), (38, b"100"), (40, b"1")]
            session.send("D", order, now_ns)
            self.sent += 1


class Cutter:
    """A link between the two that ends every connection after so many bytes."""

    def __init__(self, port: int, bytes_each: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)
        self.port = self._listener.getsockname()[1]
        self.cuts = 0
        self._target, self._each, self._stop = port, bytes_each, threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Carry nothing any more."""
        self._stop.set()
        self._thread.join()
        self._listener.close()

    def _carry(self) -> None:
        while not self._stop.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            with near, socket.create_connection(("127.0.0.1", self._target)) as far:
                self._between(near, far)
            self.cuts += 1

    def _between(self, near: socket.socket, far: socket.socket) -> None:
        left = self._each
        near.settimeout(0.01)
        far.settimeout(0.01)
        while left > 0 and not self._stop.is_set():
            for source, sink in ((near, far), (far, near)):
                try:
                    data = source.recv(min(left, 512))
                except TimeoutError:
                    continue
                if not data:
                    return
                sink.sendall(data)
                left -= len(data)


def test_orders_and_fills_survive_cut_connections_and_stores_are_read_again(books, tmp_path):
    """Every order arrives once and in order, every fill comes back once, however often the connection is cut."""
    book = books.of("FIX.4.4")
    files = tmp_path / "venue.fix", tmp_path / "desk.fix"
    venue, desk = Venue(), Desk()
    theirs = FixSession("FIX.4.4", "VENUE", "DESK", book, now_ns=time.time_ns(), store=files[0])
    ours = FixSession("FIX.4.4", "DESK", "VENUE", book, now_ns=time.time_ns(), store=files[1], initiator=True)
    acceptor = Acceptor("127.0.0.1", 0, {("FIX.4.4", "VENUE", "DESK"): theirs}, lambda names: venue, time.time_ns)
    cutter = Cutter(acceptor.port, 4_000)
    stop = threading.Event()
    threads = [threading.Thread(target=acceptor.serve, args=(stop.is_set,))]
    initiator = Initiator("127.0.0.1", cutter.port, ours, desk, time.time_ns, pause_s=0.05)
    threads.append(threading.Thread(target=initiator.run, args=(stop.is_set, desk.work)))
    for thread in threads:
        thread.start()
    end = time.monotonic() + 60
    while len(desk.fills) < ORDERS and time.monotonic() < end:
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    cutter.close()
    assert venue.orders == desk.fills == [b"%d" % number for number in range(ORDERS)]
    assert cutter.cuts > 1
    numbers = [session.numbers for session in (theirs, ours)]
    again = [_core.FixSession("FIX.4.4", "X", "Y", book, now_ns=0, store=path).numbers for path in files]
    assert again == numbers


class Terminator(Cutter):
    """A link that takes TLS off, as the gateway of a venue does."""

    def __init__(self, port: int, certificate: Path) -> None:
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(certificate)
        super().__init__(port, 1 << 30)

    def _between(self, near: socket.socket, far: socket.socket) -> None:
        try:
            inside = self._tls.wrap_socket(near, server_side=True)
        except OSError:  # whoever connected does not believe us
            return
        with inside:
            super()._between(inside, far)


def test_a_session_over_tls_believes_only_whom_it_knows(books, certificate):
    """Orders go over an encrypted link; a venue whose certificate nobody vouches for gets no Logon."""
    book = books.of("FIX.4.4")
    names = ("FIX.4.4", "VENUE", "DESK")
    venue = Venue()
    acceptor = Acceptor(
        "127.0.0.1", 0, {names: FixSession(*names, book, now_ns=time.time_ns())}, lambda _: venue, time.time_ns
    )
    terminator = Terminator(acceptor.port, certificate)
    stop, over = threading.Event(), threading.Event()
    serving = threading.Thread(target=acceptor.serve, args=(over.is_set,))
    serving.start()
    try:
        for trusted in (False, True):
            desk, stop = Desk(), threading.Event()
            ours = FixSession("FIX.4.4", "DESK", "VENUE", book, now_ns=time.time_ns(), initiator=True)
            tls = ssl.create_default_context(cafile=certificate if trusted else None)
            initiator = Initiator("localhost", terminator.port, ours, desk, time.time_ns, pause_s=0.1, tls=tls)
            thread = threading.Thread(target=initiator.run, args=(stop.is_set, desk.work))
            thread.start()
            end = time.monotonic() + (30 if trusted else 1.5)
            while len(desk.fills) < ORDERS and time.monotonic() < end:
                time.sleep(0.05)
            stop.set()
            thread.join()
            assert len(desk.fills) == (ORDERS if trusted else 0)
            assert (ours.numbers[0] > 1) == trusted
    finally:
        over.set()
        serving.join()
        terminator.close()


def test_hostile_connections_leave_the_port_to_others(books):
    """Noise, lengths without an end, strangers, silence, orders behind a Logout: the next counterparty logs on."""
    engine, stop = echo_acceptor("127.0.0.1", 0, books, time.time_ns), threading.Event()
    thread = threading.Thread(target=engine.serve, args=(stop.is_set,))
    address = ("127.0.0.1", engine.port)
    thread.start()
    logon = "8=FIX.4.4|35=A|34=1|49={}|52=<TIME>|56=ISLD|98=0|108=30|"
    order = "8=FIX.4.4|35=D|34={}|49={}|52=<TIME>|56=ISLD|11=x|54=1|55=X|60=<TIME>|40=1|21=1|"

    def message(text: str) -> bytes:
        return completed(text.replace("|", "\x01").encode(), datetime.now(UTC))

    try:
        first = message(logon.format("TW44"))
        hostile = [os.urandom(5000), b"8=FIX.4.4\x019=99999999\x01" + b"x" * 70_000, message(logon.format("NOBODY"))]
        hostile += [first[:40], b"8=FIX.4.4\x019=5\x0135=A\x0110=000\x01", b"8=FIX" * 10_000, b""]
        silent = [socket.create_connection(address) for _ in range(40)]
        for data in hostile:
            with socket.create_connection(address) as sock:
                sock.sendall(data)
        with socket.create_connection(address, timeout=20) as sock:
            # A sender that is not the session's: Reject and Logout. Whatever follows has no answer and does no harm.
            bad = message(order.format(2, "WRONG"))
            sock.sendall(first + bad + message(order.format(3, "TW44")) + message(order.format(9, "TW44")) + bad[:50])
            told = b""
            while more := sock.recv(4096):
                told += more
        assert [told.count(b"\x0135=%b\x01" % kind) for kind in (b"A", b"3", b"5", b"D")] == [1, 1, 1, 0]
        with socket.create_connection(address, timeout=20) as sock:
            sock.sendall(first + message(order.format(2, "TW44")))
            told = b""
            while b"\x0135=D\x01" not in told:
                told += sock.recv(4096)
        for sock in silent:
            sock.close()
    finally:
        stop.set()
        thread.join()


def test_messages_are_written_and_read_by_name(books):
    """Groups within groups come back as they were given; what is not exact, or unknown, is refused."""
    book, now = books.of("FIX.4.4"), time.time_ns()
    ours = FixSession("FIX.4.4", "A", "B", book, now_ns=now, initiator=True)
    theirs = FixSession("FIX.4.4", "B", "A", book, now_ns=now)
    for side in (ours, theirs):
        side.connected(now)
    for _ in range(2):
        theirs.received(ours.transmit())
        ours.received(theirs.transmit())
        assert [side.poll(now) for side in (ours, theirs)].count(("logged_on", "")) <= 2
    order: dict[str, Value] = {
        "ClOrdID": "a",
        "NoPartyIDs": [
            {"PartyID": "x", "PartyRole": 1, "NoPartySubIDs": [{"PartySubID": "s"}, {"PartySubID": "t"}]},
            {"PartyID": "y", "PartyRole": 3},
        ],
        "Side": "1",
        "TransactTime": datetime(2026, 11, 20, 14, 30, tzinfo=UTC),
        "OrdType": "2",
        "Price": Decimal("10.50"),
        "SolicitedFlag": True,
    }
    ours.send("D", fields_of(book, order), now)
    theirs.received(ours.transmit())
    events = list(iter(lambda: theirs.poll(now), None))
    assert ("application", "D") in events
    told = values_of(book, theirs.fields())
    assert told["NoPartyIDs"] == [
        {"PartyID": "x", "PartyRole": "1", "NoPartySubIDs": [{"PartySubID": "s"}, {"PartySubID": "t"}]},
        {"PartyID": "y", "PartyRole": "3"},
    ]
    assert (told["TransactTime"], told["Price"], told["SolicitedFlag"]) == ("20261120-14:30:00.000", "10.50", "Y")
    for bad in (
        {"Price": 10.5},
        {"Text": "50 \u20ac"},
        {"Price": Decimal("NaN")},
        {"TransactTime": datetime(2026, 1, 1)},
    ):
        with pytest.raises(WireError, match="WIRE-011"):
            fields_of(book, bad)
    with pytest.raises(WireError, match="did you mean 'OrdType'"):
        fields_of(book, {"OrdTyp": "2"})


def test_settings_that_cannot_be_are_refused(books, tmp_path):
    """By name, with the value."""
    book = books.of("FIX.4.4")
    with pytest.raises(WireError, match="schedule 'hourly'"), named_errors():
        FixSession("FIX.4.4", "A", "B", book, now_ns=0, schedule=("hourly", 0, 1))
    (tmp_path / "store").write_bytes(b"not a store")
    with pytest.raises(WireError, match="WIRE-016"), named_errors():
        FixSession("FIX.4.4", "A", "B", book, now_ns=0, store=tmp_path / "store")
    session = FixSession("FIX.4.4", "A", "B", book, now_ns=0)
    with pytest.raises(WireError, match="not logged on"), named_errors():
        session.send("D", [], 0)
    with pytest.raises(WireError, match="no FIX50"):
        Dictionaries(tmp_path).of("FIX.5.0")
    with pytest.raises(WireError, match="known: FIX"):
        books.of("FIX.9.9")


def test_every_message_of_the_corpus_is_read_or_refused_for_a_reason(shared, books, tmp_path):
    """Recordings and a validator's corpus: what is valid is valid, what was made invalid has its fault."""
    folder = shared("data/fix/messages")
    feed = list(read_messages(folder / "jse_marketdata_fixt11_part1.fix.gz", books))
    # A datagram feed: the fields that a session would have are missing from each, and nothing else is wrong.
    assert len(feed) == 8332
    assert {m.fault.split(";")[0] for m in feed if m.fault} == {
        "WIRE-010 a required field is missing: Required tag missing, tag 34"
    }
    flow = list(read_messages(folder / "order_flow_fix42_100.dat", books))
    assert len(flow) == 100
    assert all(m.fault and m.fault.startswith("WIRE-007") for m in flow)
    assert {m.name for m in flow} >= {"NewOrderSingle", "ExecutionReport"}
    kinds: dict[str, list[bool]] = {}
    for path in sorted((folder / "antenna").rglob("*.fix")):
        for message in read_messages(path, books):
            kinds.setdefault(path.parent.name, []).append(message.fault is None)
            assert message.fault is None or message.fault.startswith("WIRE-")
            assert message.fields
    # Valid messages of 4.2 are valid; of those made for another dictionary (longer lists of values) many are not.
    assert sum(len(kind) for kind in kinds.values()) == 1099
    assert all(kinds["fixdatafix42"])
    assert sum(kinds["FIX42"]) == len(kinds["FIX42"]) - 1
    assert sum(kinds["FIX44"]) == len(kinds["FIX44"]) - 3
    assert not any(kinds["FIX44Invalid"])
    assert sum(kinds["messages_inv_datatypes_44"]) <= 8


def test_messages_are_shown_by_name(shared, tmp_path, capsys):
    """What a person sees of a log with prefixes, packed or not; a file without messages is an error."""
    raw = b"8=FIX.4.4\x019=45\x0135=0\x0134=2\x0149=A\x0152=20261120-14:30:00.000\x0156=B\x01"
    raw += b"10=%03d\x01" % (sum(raw) % 256)
    path = tmp_path / "log.gz"
    bad = raw.replace(b"34=2", b"34=x")
    path.write_bytes(gzip.compress(b"2026-11-20 sent: " + raw + b"\n2026-11-20 sent: " + bad))
    words = ["fix", "show", str(path), "--dictionaries", str(shared("data/fix/dictionaries"))]
    assert run(words) == 0
    told = capsys.readouterr().out
    assert "MsgType (35) = 0  (HEARTBEAT)" in told
    assert "! WIRE-008" in told
    assert told.splitlines()[-1] == "2 messages, 1 with a fault: 2 Heartbeat"
    path.write_bytes(b"nothing")
    assert run(words) == 23
    assert "no message among them" in capsys.readouterr().err
