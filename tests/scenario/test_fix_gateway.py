"""What a gateway makes of a FIX venue's own ways, told once and not with every session."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hedgerow.execution.fix import Acceptor, FixSession
from hedgerow.execution.fix.vocabulary import spoken_dictionary
from hedgerow.execution.gateways import FixGateway, FixLink

NAMES = ("FIX.4.4", "VENUE", "DESK")


class ShowsNothing:
    """A venue that refuses every request for market data."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def on_logon(self, session: FixSession) -> None:
        """Nothing to do."""

    def on_message(self, session: FixSession, now_ns: int) -> None:
        """Refuse it, by name."""
        if session.msg_type == "V":
            (name,) = [value for tag, value, _ in session.fields() if tag == 262]
            self.refused.append(name.decode())
            session.send("Y", [(262, name), (281, b"4"), (58, b"not here")], now_ns)

    def on_logout(self, session: FixSession, why: str) -> None:
        """It goes on."""


class Desk:
    """Whom the gateway tells."""

    def __init__(self) -> None:
        self.refusals: list[tuple[str, str]] = []
        self.ups = 0

    def on_up(self) -> None:
        """Logged on."""
        self.ups += 1

    def on_down(self, why: str) -> None:
        """Logged out."""

    def on_refused(self, kind: str, why: str) -> None:
        """Remember it."""
        self.refusals.append((kind, why))

    def settle(self) -> None:
        """Nothing is kept."""


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[tuple[ShowsNothing, int]]:
    """It, listening."""
    books, application, stop = spoken_dictionary("FIX.4.4"), ShowsNothing(), threading.Event()
    session = FixSession(*NAMES, books, application=books, now_ns=time.time_ns(), store=tmp_path / "venue.session")
    acceptor = Acceptor("127.0.0.1", 0, {NAMES: session}, lambda _: application, time.time_ns)
    thread = threading.Thread(target=acceptor.serve, args=(stop.is_set,))
    thread.start()
    yield application, acceptor.port
    stop.set()
    thread.join()


def test_that_a_venue_tells_no_trades_is_said_once_and_that_it_shows_no_book_each_time(
    venue: tuple[ShowsNothing, int], tmp_path: Path
) -> None:
    """Three sessions: each asks for both again; a book that is refused is news, as nothing is seen without it."""
    application, port = venue
    desk = Desk()
    gateway = FixGateway(FixLink("127.0.0.1", port, "DESK", "VENUE", tmp_path / "desk.session"), desk, time.time_ns)

    def until(what: Any) -> None:
        end = time.monotonic() + 30
        while not what():
            assert time.monotonic() < end
            gateway.turn(0.02)

    for session in range(1, 4):
        until(lambda session=session: desk.ups == session)
        gateway.watch(["ABC"], 1)
        gateway.flush()
        until(lambda session=session: application.refused.count("trades") == session)
        until(lambda session=session: sum("trades" not in why for _, why in desk.refusals) == session)
        gateway._session.logout(time.time_ns())
        gateway.flush()
        until(lambda: not gateway.is_up)
    assert desk.refusals.count(("Y", "no trades between others are told: not here")) == 1
    assert desk.refusals.count(("Y", "not here")) == 3
    gateway.close()


def test_a_venue_that_does_not_answer_holds_nothing_up_and_is_reached_by_the_same_call_when_it_does(
    tmp_path: Path,
) -> None:
    """The clock stands still, so that there is one attempt only: it goes on while its owner turns to other things."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        deaf.settimeout(30)
        port = deaf.getsockname()[1]
        waiting = [socket.create_connection(("127.0.0.1", port))]  # its queue is full now: who else calls hears nothing
        link = FixLink("127.0.0.1", port, "DESK", "VENUE", tmp_path / "desk.session")
        desk = Desk()
        gateway = FixGateway(link, desk, lambda: 1_795_185_000_000_000_000)
        for _ in range(10):
            gateway.turn(0.0)
        assert gateway.wakes == []
        with deaf.accept()[0]:
            end = time.monotonic() + 30
            while not gateway.wakes:
                assert time.monotonic() < end
                gateway.turn(0.02)
            with deaf.accept()[0] as heard:
                assert heard.recv(2) == b"8="  # its logon
        gateway.close()
        for one in waiting:
            one.close()


def test_a_host_that_is_none_and_a_call_that_is_given_up_leave_nothing_open(tmp_path: Path) -> None:
    """A name that nobody knows; and an attempt that has taken too long, by the clock."""
    times, desk = itertools.count(1_795_185_000_000_000_000, 3 * 10**9), Desk()

    def gateway_to(host: str, port: int) -> FixGateway:
        return FixGateway(FixLink(host, port, "DESK", "VENUE", tmp_path / host), desk, lambda: next(times))

    nobody = gateway_to("nobody.invalid", 1)
    for _ in range(3):
        nobody.turn(0.0)
    assert nobody.wakes == []
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            gateway = gateway_to("127.0.0.1", port)
            for _ in range(4):
                gateway.turn(0.0)
            assert (gateway.wakes, gateway.is_up) == ([], False)
            gateway.close()
