"""What goes wrong with an OUCH link: torn, cut, sent again, out of order, silent, slow, crowded; either side killed."""

from __future__ import annotations

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

OUCH = runpy.run_path(str(Path(__file__).with_name("ouch_client.py")))
Client, executed = OUCH["Client"], OUCH["executed"]
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
protocol = "OUCH"
cancel_on_disconnect = true
[[participant]]
name = "TWO"
protocol = "OUCH"
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Any]:
    """ONE, whose orders end with its link, and TWO, whose do not."""
    found = VenueThread(tmp_path, VENUE, "ouch")
    yield found
    found.end()


def order(token: str, side: bytes = b"B", price: int = 90_000) -> bytes:
    """A packet that enters an order."""
    text = token.encode().ljust(14)
    more = (b"ABC".ljust(8), price, 99_998, b"HEDG", b"Y", b"P", b"N", 0, b"N", b"R")
    message = struct.pack(">c14scI8sII4scccIcc", b"O", text, side, 10, *more)
    return struct.pack(">H", len(message) + 1) + b"U" + message


def test_packets_torn_and_joined_anywhere_are_the_same_packets(served: Any) -> None:
    """Byte by byte, and twenty in one piece with the last one in two."""
    one = Client(served.port, "ONE")
    for byte in order("T0"):
        one.raw(bytes([byte]))
    told = b"".join(order(f"T{number}") for number in range(1, 21))
    one.raw(told[:-7])
    one.raw(told[-7:])
    assert [one.hears()[9:23].decode().strip() for _ in range(21)] == [f"T{number}" for number in range(21)]
    one.close()


def test_of_a_message_whose_link_is_cut_in_the_middle_nothing_happens(served: Any) -> None:
    """Whatever byte is the last one; sent whole on the next link it is taken."""
    for cut in (1, 2, 3, 20, len(order("T1")) - 1):
        one = Client(served.port, "TWO", number=0)
        one.raw(order("T1")[:cut])
        one.close()
        with suppress(AssertionError):  # the exchange has not seen the end of the last link yet
            assert one.answer[0] == b"A"
    assert [event for event in events(served.folder) if event["what"] == "accepted"] == []
    again = login(served, "TWO")
    again.raw(order("T1"))
    assert again.hears()[:1] == b"A"
    again.close()


def login(served: Any, name: str, number: int = 1) -> Any:
    """A link as soon as the exchange has seen the end of the one before."""
    end = time.monotonic() + 60
    while True:
        client = Client(served.port, name, number=number)
        if client.answer[0] == b"A":
            return client
        client.close()
        assert time.monotonic() < end, client.answer
        time.sleep(0.02)


def test_what_is_sent_twice_or_out_of_order_happens_once_or_is_refused(served: Any) -> None:
    """A change before its order is refused; order, change and cancel, each sent three times, happen once."""
    one = Client(served.port, "ONE")
    one.replace("T1", "T2", 20, 90_100)
    assert one.hears()[:1] == b"J"
    for _ in range(3):
        one.raw(order("T1"))
    for _ in range(3):
        one.replace("T1", "T3", 20, 90_100)
    for _ in range(3):
        one.cancel("T3")
    assert [one.hears()[:1] for _ in range(3)] == [b"A", b"U", b"C"]
    one.raw(order("T4"))
    while (told := one.hears())[:1] == b"I":  # a cancel of what has ended
        pass
    assert told[:1] == b"A"
    assert [event["what"] for event in events(served.folder)].count("accepted") == 2
    one.close()


def test_yesterday_s_session_sent_again_changes_nothing(tmp_path: Path) -> None:
    """Every byte that a member said before the exchange was ended, on a new link after it began again."""
    first = VenueThread(tmp_path, VENUE, "ouch")
    said = b"".join([order("T1"), order("T2", b"S"), order("T3", price=91_000)])
    one = Client(first.port, "TWO")
    one.raw(said)
    told = [one.hears() for _ in range(5)]
    one.close()
    first.end()
    second = VenueThread(tmp_path, VENUE, "ouch")
    again = login(second, "TWO")
    again.raw(said + order("NEW"))
    assert [again.hears() for _ in told] == told
    accepted = again.hears()
    assert (accepted[:1], accepted[9:23].strip()) == (b"A", b"NEW")
    again.close()
    second.end()


def test_a_login_is_told_from_which_number_on_it_will_hear(served: Any) -> None:
    """From one, from the middle, from the next; beyond what there is, the next one's true number; else no session."""
    one = Client(served.port, "TWO")
    for number in range(4):
        one.raw(order(f"T{number}"))
    told = [one.hears() for _ in range(4)]
    one.close()
    for asked, begins in ((1, 1), (3, 3), (5, 5), (0, 5), (999, 5), (10**19, 5)):
        again = login(served, "TWO", asked)
        assert int(again.answer[1][10:]) == begins
        assert [again.hears() for _ in told[begins - 1 :]] == told[begins - 1 :]
        again.close()
    for session, number in (("YESTERDAY", "1"), ("", "-1"), ("", "1e3"), ("", ""), ("", "٣")):
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as sock:
            payload = "ONE".ljust(16) + session.ljust(10) + number.rjust(20)
            raw = payload.encode("latin-1", "replace")
            sock.sendall(struct.pack(">H", len(raw) + 1) + b"L" + raw)
            assert sock.recv(100)[2:4] == b"JS"


def test_a_link_that_says_nothing_any_more_ends_and_so_do_its_orders(served: Any) -> None:
    """Fifteen seconds by the exchange's clock; it beats each second itself, and who beats stays."""
    one, two = Client(served.port, "ONE"), Client(served.port, "TWO")
    for client in (one, two):
        client.raw(order("REST"))
        assert client.hears()[:1] == b"A"
    for _ in range(4):
        served.ahead_ns += 5 * 10**9
        two.packet(b"R")
        two.cancel("NONE")
        assert two.hears()[:1] == b"I"
    served.wait("cancelled")
    assert one.next() == (b"", b"")
    again = login(served, "ONE", 2)
    assert again.hears()[:1] == b"C"
    two.raw(order("MORE"))
    assert two.hears()[:1] == b"A"
    for client in (one, again, two):
        client.close()


def test_who_reads_nothing_holds_nobody_up_and_misses_nothing(served: Any) -> None:
    """Thousands of messages wait for a link that does not read; another trades on, and the first hears all of them."""
    slow, quick = Client(served.port, "TWO"), Client(served.port, "ONE")
    slow.raw(b"".join(order(f"S{number}") for number in range(3_000)))
    quick.raw(order("Q"))
    assert quick.hears()[:1] == b"A"
    tokens = [slow.hears()[9:23].decode().strip() for _ in range(3_000)]
    assert tokens == [f"S{number}" for number in range(3_000)]
    for client in (slow, quick):
        client.close()


def test_who_never_reads_ends_once_too_much_waits_and_nobody_else_does(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what it had working, where it wished so; it hears all of it when it comes back, as much as that is."""
    monkeypatch.setattr(ports, "_UNSENT_MAX", 1 << 15)
    listener = served.server._ouch._listener  # whose links have its buffers: the system would keep megabytes
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    before, quick = Client(served.port, "ONE"), Client(served.port, "TWO")
    for block in range(20):
        before.raw(b"".join(order(f"B{block}x{number}", price=80_000) for number in range(100)))
        assert [before.hears()[:1] for _ in range(100)] == [b"A"] * 100
    before.close()
    served.wait("cancelled", 2_000)
    deaf = Client(served.port, "ONE", number=0, buffer=4096)
    with suppress(OSError):
        for block in range(30):
            deaf.raw(b"".join(order(f"D{block}x{number}", price=80_000) for number in range(100)))
    served.wait("cancelled", 2_001)
    quick.raw(order("Q"))
    assert quick.hears()[:1] == b"A"
    again = login(served, "ONE")
    ours = [event for event in events(served.folder) if event["participant"] == 0]
    time.sleep(0.2)  # more waits of what it asked for than may wait otherwise
    assert [again.hears()[:1] for _ in ours] == [{"accepted": b"A", "cancelled": b"C"}[event["what"]] for event in ours]
    for client in (again, quick, deaf):
        client.close()


def test_strangers_that_crowd_the_port_give_way_to_members(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """More silent connections than there can be links: a member gets in at once, and one that is in stays."""
    monkeypatch.setattr(ports, "_LINKS_MAX", 8)
    one = Client(served.port, "ONE")
    strangers = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(20)]
    two = Client(served.port, "TWO")
    for client in (one, two):
        client.raw(order("T1"))
        assert client.hears()[:1] == b"A"
        client.close()
    for sock in strangers:
        sock.close()


def test_either_side_killed_at_any_moment_each_order_happens_once_and_each_message_is_told(tmp_path: Path) -> None:
    """The member sends again whatever was not answered, and hears from the number that it has; at last both sides and
    the exchange's log say the same."""
    (tmp_path / "venue.toml").write_text(VENUE)
    draws, heard, wanted = random.Random(5), list[bytes](), [f"T{number}" for number in range(400)]
    venue = ServedVenue(tmp_path / "venue.toml")
    for round_ in range(8):
        served = type("Port", (), {"port": venue.ports["ouch"]})()
        client = login(served, "TWO", len(heard) + 1)
        assert int(client.answer[1][10:]) == len(heard) + 1
        known = {message[9:23].decode().strip() for message in heard}
        left = [token for token in wanted if token not in known]
        with suppress(OSError, AssertionError):
            client.raw(b"".join(order(token) for token in left))
            for _ in range(draws.randint(0, len(left))):
                heard.append(client.hears())
                if round_ % 2 and draws.random() < 0.02:
                    break
        if round_ % 2 == 0:
            venue.kill()
            venue.__init__(tmp_path / "venue.toml")
        client.close()  # with what is not read: a reset
    served = type("Port", (), {"port": venue.ports["ouch"]})()
    client = login(served, "TWO", len(heard) + 1)
    known = {message[9:23].decode().strip() for message in heard}
    client.raw(b"".join(order(token) for token in wanted if token not in known))
    while len(heard) < len(wanted):
        heard.append(client.hears())
    client.close()
    again = login(served, "TWO")
    assert [again.hears() for _ in heard] == heard
    again.close()
    accepted = [event["client_id"] for event in events(tmp_path) if event["what"] == "accepted"]
    assert sorted(accepted) == sorted(wanted)
    assert venue.stop() == 0
