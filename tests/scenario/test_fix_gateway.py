"""What a gateway makes of a FIX venue's own ways, told once and not with every session."""

from __future__ import annotations

import itertools
import runpy
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.execution.fix import Acceptor, FixSession
from hedgerow.execution.fix.vocabulary import spoken_dictionary
from hedgerow.execution.gateways import FixGateway, FixLink, OrderWords

TRADING = runpy.run_path(str(Path(__file__).with_name("test_fix_trading.py")))
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


class SaysMore(ShowsNothing):
    """A venue that says what no small dictionary knows: parties, fees, instruments' other names, fields of its own."""

    def on_message(self, session: FixSession, now_ns: int) -> None:
        """Fill an order with all of that; show a book; of another order say what cannot be read."""
        told = {tag: value for tag, value, _ in session.fields()}
        if session.msg_type == "V" and told[262] == b"books":
            entry = [(290, b"1"), (346, b"2"), (15, b"USD"), (58, b"a line"), (5001, b"own")]
            sides = [(269, b"0"), (270, b"10"), (271, b"5"), *entry, (269, b"1"), *entry, (270, b"11"), (271, b"7")]
            named = [(262, b"books"), (48, b"US0000000001"), (22, b"4"), (454, b"2"), (455, b"A"), (456, b"8")]
            session.send("W", [*named, (455, b"B"), (456, b"4"), (55, b"ABC"), (268, b"2"), *sides], now_ns)
        elif session.msg_type == "e":
            session.send("h", [(336, b"1"), (340, b"2")], now_ns)
            changes = [(279, b"1"), (269, b"0"), (55, b"ABC"), (270, b"10"), (271, b"9"), (290, b"1"), (58, b"a line")]
            changes += [(279, b"2"), (269, b"1"), (55, b"ABC"), (270, b"11"), (271, b"7"), (290, b"1")]
            session.send("X", [(262, b"books"), (268, b"2"), *changes], now_ns)
        elif session.msg_type == "D":
            parties = [(453, b"2"), (448, b"DESK"), (447, b"D"), (452, b"1"), (448, b"CLEAR"), (447, b"D"), (452, b"4")]
            fees = [(136, b"2"), (137, b"0.25"), (138, b"USD"), (139, b"4"), (137, b"0.10"), (138, b"USD"), (139, b"7")]
            filled = [
                (150, b"F"),
                (39, b"2"),
                (17, b"e1"),
                (11, told[11]),
                *parties,
                (12, b"1"),
                (13, b"3"),
                (479, b"USD"),
            ]
            cum = b"5" if told[11] == b"o1" else b"five"
            session.send("8", [*filled, (31, b"10"), (32, b"5"), (14, cum), *fees, (9001, b"x"), (9001, b"y")], now_ns)


class Desk:
    """Whom the gateway tells."""

    def __init__(self) -> None:
        self.refusals: list[tuple[str, str]] = []
        self.heard: list[Any] = []
        self.ups = 0

    def on_up(self) -> None:
        """Logged on."""
        self.ups += 1

    def on_down(self, why: str) -> None:
        """Logged out."""

    def on_refused(self, kind: str, why: str) -> None:
        """Remember it."""
        self.refusals.append((kind, why))

    def on_book(self, *told: Any) -> None:
        """Remember it."""
        self.heard.append(told)

    def on_report(self, kind: str, told: dict[int, str]) -> None:
        """Remember it."""
        self.heard.append((kind, told))

    def on_unsure(self, name: str, why: str, *, asks: bool = False) -> None:
        """Remember it."""
        self.heard.append((name, why, asks))

    def on_remark(self, text: str) -> None:
        """Remember it."""
        self.heard.append(text)

    def settle(self) -> None:
        """Nothing is kept."""


@pytest.fixture
def venue(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[ShowsNothing, int]]:
    """It, listening; of the kind that a test asks for."""
    books, stop = spoken_dictionary("FIX.4.4"), threading.Event()
    application = getattr(request, "param", ShowsNothing)()
    session = FixSession(
        *NAMES,
        books,
        application=books,
        now_ns=time.time_ns(),
        store=tmp_path / "venue.session",
        fields_known=False,
    )
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


@pytest.mark.parametrize("venue", [SaysMore], indirect=True)
def test_what_a_venue_says_beyond_our_dictionary_hides_nothing_that_we_know(
    venue: tuple[ShowsNothing, int], tmp_path: Path
) -> None:
    """Groups that nobody here knows, and fields in those that we do; what cannot be read of an order is asked for."""
    desk = Desk()
    gateway = FixGateway(FixLink("127.0.0.1", venue[1], "DESK", "VENUE", tmp_path / "desk.session"), desk, time.time_ns)

    def until(what: Any) -> None:
        end = time.monotonic() + 30
        while not what():
            assert time.monotonic() < end
            gateway.turn(0.02)

    until(lambda: gateway.is_up)
    gateway.watch(["ABC"], 1)
    gateway.flush()
    until(lambda: len(desk.heard) == 2)
    assert desk.heard == [("ABC", [("10", "5")], [("11", "7")]), ("ABC", [("10", "9")], [])]
    desk.heard.clear()
    gateway.new("o1", OrderWords("ABC", True, "5", "10", "gtc"), time.time_ns())
    gateway.flush()
    until(lambda: desk.heard)
    kind, told = desk.heard.pop()
    assert (kind, told[11], told[32], told[12], told[479]) == ("8", "o1", "5", "1.35", "USD")
    gateway.new("o2", OrderWords("ABC", True, "5", "10", "gtc"), time.time_ns())
    gateway.flush()
    until(lambda: desk.heard)
    name, why, asks = desk.heard.pop()
    assert (name, asks) == ("o2", True)
    assert "tag 14" in why
    gateway.close()


class Doorkeeper(ShowsNothing):
    """A venue that remembers who logged on, and what orders are booked to."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[dict[int, bytes]] = []

    def on_logon(self, session: FixSession) -> None:
        """Remember it."""
        self.seen.append({tag: value for tag, value, _ in session.fields()})

    def on_message(self, session: FixSession, now_ns: int) -> None:
        """Remember it."""
        self.on_logon(session)


@pytest.mark.parametrize("venue", [Doorkeeper], indirect=True)
def test_over_tls_the_password_goes_to_whom_we_believe_and_into_no_file(
    venue: tuple[Doorkeeper, int], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A venue that nobody vouches for hears nothing, and a person does; the Logon is never kept."""
    certificate = TRADING["certificate"].__wrapped__(tmp_path_factory)
    application, port = venue
    terminator = TRADING["Terminator"](port, certificate)
    store, desk = tmp_path / "desk.session", Desk()
    more: Any = {"user": "me", "account": "fund-1", "tls": True}

    def turned(gateway: FixGateway, until: Any) -> None:
        end = time.monotonic() + 30
        while not until():
            assert time.monotonic() < end
            gateway.turn(0.02)

    try:
        link = FixLink("localhost", terminator.port, "DESK", "VENUE", store, **more)
        gateway = FixGateway(link, desk, time.time_ns, password="the-secret")
        turned(gateway, lambda: desk.heard)
        assert "is not believed" in desk.heard[0]
        gateway.close()
        assert application.seen == []
        gateway = FixGateway(replace(link, ca=certificate), desk, time.time_ns, password="the-secret")
        turned(gateway, lambda: gateway.is_up)
        gateway.new("o1", OrderWords("ABC", True, "5", "10", "gtc"), time.time_ns())
        gateway.flush()
        turned(gateway, lambda: len(application.seen) == 2)
        gateway.close()
    finally:
        terminator.close()
    logon, order = application.seen
    assert (logon[553], logon[554], order[1], order[11]) == (b"me", b"the-secret", b"fund-1", b"o1")
    assert b"the-secret" not in store.read_bytes()
    assert b"fund-1" in store.read_bytes()
    numbers = FixSession("FIX.4.4", "DESK", "VENUE", spoken_dictionary("FIX.4.4"), now_ns=time.time_ns(), store=store)
    assert numbers.numbers[0] > 2
    with pytest.raises(HedgerowError, match="holds no certificates"):
        FixGateway(replace(link, ca=store), desk, time.time_ns)


def test_a_venue_that_hangs_up_before_tls_is_up_is_dialled_again(tmp_path: Path) -> None:
    """With a reset at once, and in the midst of the handshake: nobody is asked to look, and nothing ends."""
    with socket.create_server(("127.0.0.1", 0)) as rude:
        rude.settimeout(30)
        desk, called = Desk(), 0

        def hang_up() -> None:
            nonlocal called
            while called < 4:
                caller, _ = rude.accept()
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if called % 2:
                    caller.recv(1)
                caller.close()
                called += 1

        thread = threading.Thread(target=hang_up)
        thread.start()
        link = FixLink("127.0.0.1", rude.getsockname()[1], "DESK", "VENUE", tmp_path / "desk.session", tls=True)
        gateway = FixGateway(link, desk, time.time_ns)
        end = time.monotonic() + 30
        while called < 4:
            assert time.monotonic() < end
            gateway.turn(0.02)
        thread.join()
        gateway.close()
    assert desk.ups == 0


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
