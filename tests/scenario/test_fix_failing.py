"""FIX applications that fail, strangers that crowd the port, clocks that are set back: everybody else goes on."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from hedgerow.core.errors import WireError
from hedgerow.execution.fix import Acceptor, Dictionaries, FixSession, Initiator, acceptors
from hedgerow.execution.fix.acceptance.driving import completed

NAMES = [("FIX.4.4", "VENUE", "GOOD"), ("FIX.4.4", "VENUE", "POISON")]


@pytest.fixture(scope="module")
def books(shared) -> Dictionaries:
    """The published dictionaries."""
    return Dictionaries(shared("data/fix/dictionaries"))


class Fragile:
    """Fails at every order of one counterparty, and remembers what it was told."""

    def __init__(self, names: tuple[str, str, str]) -> None:
        self.poisoned = names[2] == "POISON"
        self.seen: list[str] = []
        self.ends: list[str] = []

    def on_logon(self, session: FixSession) -> None:
        """Nothing to do."""

    def on_message(self, session: FixSession, now_ns: int) -> None:
        """Answer with the same, or fail."""
        self.seen.append(session.msg_type)
        if self.poisoned:
            raise ZeroDivisionError("the owner's mistake")
        session.send("D", [(tag, value) for tag, value, _ in session.fields()], now_ns)

    def on_logout(self, session: FixSession, why: str) -> None:
        """Remember why, and fail here too."""
        self.ends.append(why)
        if self.poisoned:
            raise KeyError("once more")


@contextmanager
def serving(acceptor: Acceptor) -> Iterator[None]:
    """The acceptor's loop in a thread of its own."""
    stop = threading.Event()
    thread = threading.Thread(target=acceptor.serve, args=(stop.is_set,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def message(us: str, number: int, kind: str, body: str) -> bytes:
    """A message of a counterparty."""
    text = f"8=FIX.4.4|35={kind}|34={number}|49={us}|52=<TIME>|56=VENUE|{body}"
    return completed(text.replace("|", "\x01").encode(), datetime.now(UTC))


def until_the_end(sock: socket.socket) -> bytes:
    """All that comes before the other side closes."""
    return b"".join(iter(lambda: sock.recv(65_536), b""))


def test_an_application_that_fails_ends_its_own_connection_and_no_other(books, caplog):
    """What it failed at is asked for again; it is told of the end once; the failure is logged."""
    caplog.set_level(logging.ERROR)
    logon, order = "98=0|108=30|", "11=a|55=X|54=1|60=<TIME>|40=1|38=1|"
    sessions = {names: FixSession(*names, books.of("FIX.4.4"), now_ns=time.time_ns()) for names in NAMES}
    owners: dict[str, Fragile] = {}
    acceptor = Acceptor(
        "127.0.0.1", 0, sessions, lambda names: owners.setdefault(names[2], Fragile(names)), time.time_ns
    )
    address = ("127.0.0.1", acceptor.port)
    with serving(acceptor), socket.create_connection(address, timeout=20) as good:
        good.sendall(message("GOOD", 1, "A", logon))
        assert b"\x0135=A\x01" in good.recv(65_536)
        with socket.create_connection(address, timeout=20) as bad:
            bad.sendall(message("POISON", 1, "A", logon) + message("POISON", 2, "D", order))
            until_the_end(bad)
        good.sendall(message("GOOD", 2, "D", order))
        assert b"\x0135=D\x01" in good.recv(65_536)
        with socket.create_connection(address, timeout=20) as bad:
            bad.sendall(message("POISON", 3, "A", logon))
            time.sleep(0.3)
            assert b"\x0135=2\x01" in bad.recv(65_536)
            assert sessions[NAMES[1]].numbers[1] == 2
    assert owners["POISON"].seen == ["D"]
    first, second = owners["POISON"].ends
    assert "the owner's mistake" in first
    assert "connection ended" in second
    assert owners["GOOD"].ends == ["the connection ended"]
    assert "ZeroDivisionError" in caplog.text


def test_strangers_that_crowd_the_port_give_way_to_later_ones(books, monkeypatch):
    """The oldest is closed, long before its time is over, and a counterparty behind the crowd logs on."""
    monkeypatch.setattr(acceptors, "_STRANGERS_MAX", 8)
    session = FixSession(*NAMES[0], books.of("FIX.4.4"), now_ns=time.time_ns())
    acceptor = Acceptor("127.0.0.1", 0, {NAMES[0]: session}, Fragile, time.time_ns)
    address = ("127.0.0.1", acceptor.port)
    with serving(acceptor):
        crowd = [socket.create_connection(address, timeout=5) for _ in range(12)]
        assert [sock.recv(1) for sock in crowd[:4]] == [b""] * 4
        with socket.create_connection(address, timeout=5) as good:
            good.sendall(message("GOOD", 1, "A", "98=0|108=30|"))
            assert b"\x0135=A\x01" in good.recv(65_536)
        for sock in crowd:
            sock.close()


def test_an_initiator_whose_clock_is_set_back_connects_again_all_the_same(books):
    """The pause between two tries is over after its seconds, whatever the clock says."""
    back_ns = 0

    def clock() -> int:
        return time.time_ns() - back_ns

    session = FixSession("FIX.4.4", "DESK", "VENUE", books.of("FIX.4.4"), now_ns=clock(), initiator=True)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as venue:
        venue.settimeout(5)
        initiator = Initiator("127.0.0.1", venue.getsockname()[1], session, Fragile(NAMES[0]), clock, pause_s=0.2)
        thread = threading.Thread(target=initiator.run, args=(stop.is_set,))
        thread.start()
        try:
            for _ in range(2):
                venue.accept()[0].close()
                time.sleep(0.15)
                back_ns += 3_600_000_000_000
        finally:
            stop.set()
            thread.join()


def test_an_initiator_whose_store_fails_says_so(books, tmp_path):
    """No try later can mend it: it is raised, and not tried again in silence for ever."""
    folder = tmp_path / "kept"
    folder.mkdir()
    session = FixSession(
        *("FIX.4.4", "DESK", "VENUE"),
        books.of("FIX.4.4"),
        now_ns=time.time_ns(),
        initiator=True,
        store=folder / "desk.fix",
        reset_on_logon=True,
    )
    (folder / "desk.fix").unlink()
    folder.rmdir()
    end = time.monotonic() + 5
    with socket.create_server(("127.0.0.1", 0)) as venue:
        owner = Fragile(NAMES[0])
        initiator = Initiator("127.0.0.1", venue.getsockname()[1], session, owner, time.time_ns, pause_s=0.1)
        with pytest.raises(WireError, match="WIRE-016"):
            initiator.run(lambda: time.monotonic() > end)


def test_a_store_that_fails_is_logged_by_the_acceptor(books, tmp_path, caplog):
    """Whoever comes after the failure is turned away, and the log says why."""
    folder = tmp_path / "kept"
    folder.mkdir()
    session = FixSession(*NAMES[0], books.of("FIX.4.4"), now_ns=time.time_ns(), store=folder / "venue.fix")
    acceptor = Acceptor("127.0.0.1", 0, {NAMES[0]: session}, Fragile, time.time_ns)
    (folder / "venue.fix").unlink()
    folder.rmdir()
    with serving(acceptor):
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", acceptor.port), timeout=5) as good:
                good.sendall(message("GOOD", 1, "A", "98=0|108=30|141=Y|"))
                assert until_the_end(good) == b""
    assert "turned away" in caplog.text
    assert "WIRE-016" in caplog.text
