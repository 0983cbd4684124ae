"""Order entry over OUCH: a client of its own, on a real socket, against FIX members."""

from __future__ import annotations

import os
import runpy
import socket
import struct
import time
from pathlib import Path

import pytest

from hedgerow.execution.fix import Dictionaries
from hedgerow.execution.venues import ask_control, read_log

SHARED = runpy.run_path(str(Path(__file__).with_name("venue_traders.py")))
ServedVenue, Trader, settings_file = SHARED["ServedVenue"], SHARED["Trader"], SHARED["settings_file"]
OUCH = runpy.run_path(str(Path(__file__).with_name("ouch_client.py")))
Client, executed, ANY_PRICE = OUCH["Client"], OUCH["executed"], OUCH["ANY_PRICE"]


@pytest.fixture
def floor(shared, tmp_path):
    """An exchange with a FIX member and an OUCH member, whose settings file is given too."""
    folder = shared("data/fix/dictionaries")
    settings = settings_file(tmp_path, folder, {"FIX": "FIX.4.4", "SOUP": "OUCH", "OTHER": "OUCH"})
    settings.write_text(settings.read_text().replace('name = "SOUP"', 'name = "SOUP"\npassword = "secret"'))
    venue = ServedVenue(settings)
    trader = Trader(venue.ports["fix"], "FIX", "FIX.4.4", Dictionaries(folder))
    yield venue, trader, settings
    trader.close()
    assert venue.stop() == 0


def test_an_order_over_ouch_trades_with_one_over_fix(floor):
    """Accepted, executed, replaced, cancelled in part and whole, rejected: each as the specification lays it out."""
    venue, trader, _ = floor
    client = Client(venue.ports["ouch"], "SOUP", "secret")
    assert client.answer == (b"A", b"     VENUE" + b"1".rjust(20))
    client.enter("T1", b"B", 100, 100_000)
    accepted = client.hears()
    assert (accepted[:1], len(accepted)) == (b"A", 66)
    names = struct.unpack(">Q14scI8sII4scQccIccc", accepted[1:])
    assert names[1:7] == (b"T1".ljust(14), b"B", 100, b"ABC     ", 100_000, 99_998)
    assert names[7:9] + names[10:15] == (b"HEDG", b"Y", b"P", b"N", 0, b"N", b"L")
    trader.order("f1", 2, 30, "10.00")
    assert executed(client.hears()) == ("T1", 30, 100_000, b"A", 1)
    assert trader.hears((31, 32, 851), t150="F") == ["10", "30", "2"]
    client.replace("T1", "T9", 90, 101_000, b"N")
    assert client.hears()[9:] == b"T9".ljust(14) + b"D"
    client.replace("T1", "T2", 90, 101_000)
    replaced = client.hears()
    assert (replaced[:1], len(replaced), replaced[9:23].strip(), replaced[65:79].strip()) == (b"U", 80, b"T2", b"T1")
    client.cancel("T2", 50)
    assert client.hears()[9:] == b"T2".ljust(14) + struct.pack(">I", 40) + b"U"
    client.cancel("T2")
    assert client.hears()[9:] == b"T2".ljust(14) + struct.pack(">I", 20) + b"U"
    client.cancel("T2")
    assert (client.hears()[:1], ask_control(venue.ports["control"], {"do": "book", "symbol": "ABC"})["bids"]) == (
        b"I",
        [],
    )
    client.enter("T3", b"S", 10, ANY_PRICE, time_in=0)
    assert [client.hears()[:1], client.hears()[9:]] == [b"A", b"T3".ljust(14) + struct.pack(">I", 10) + b"I"]
    client.enter("T3", b"S", 10, 100_000)  # a token used before is passed over
    for token, reason, wrong in (
        ("R1", b"S", {"stock": b"XYZ"}),
        ("R2", b"X", {"price": 100_050}),
        ("R3", b"D", {"display": b"N"}),
        ("R7", b"D", {"display": b"M"}),
        ("R4", b"O", {"least": 5}),
        ("R5", b"Z", {"shares": 0}),
        ("R6", b"O", {"shares": 1_000_000}),
    ):
        client.enter(token, b"B", wrong.pop("shares", 10), wrong.pop("price", 100_000), **wrong)
        assert client.hears()[9:] == token.encode().ljust(14) + reason
    client.close()


def test_what_was_told_is_told_again_from_any_number_also_after_a_crash(floor):
    """Sequenced messages are the same bytes each time; a second login of a name, or a wrong password, is refused."""
    venue, _, settings = floor
    client = Client(venue.ports["ouch"], "SOUP", "secret")
    for number in range(5):
        client.enter(f"T{number}", b"B", 10, 90_000 + number * 100)
    first = [client.hears() for _ in range(5)]
    for name, secret in (("SOUP", "secret"), ("OTHER", "secret"), ("FIX", "")):
        stranger = Client(venue.ports["ouch"], name, secret)
        assert stranger.answer == (b"J", b"A")
        stranger.close()
    venue.kill()
    client.close()
    venue.__init__(settings)
    again = Client(venue.ports["ouch"], "SOUP", "secret", 3)
    assert again.answer[1][10:].strip() == b"3"
    assert [again.hears() for _ in range(3)] == first[2:]
    again.enter("T5", b"S", 15, 90_300)
    told = [again.hears() for _ in range(5)]
    assert told[0][:1] == b"A"
    assert [executed(one)[0] for one in told[1:]] == ["T5", "T4", "T5", "T3"]
    log = [line["event"] for line in read_log(settings.parent / "venue" / "venue.jsonl") if "event" in line]
    assert sum(event["event"] == "trade" for event in log) == 2
    again.close()


def test_noise_ends_its_own_link_and_no_other(floor):
    """Garbage, lengths without an end, orders before a login, messages of no type: the others trade on."""
    venue, _, _ = floor
    good = Client(venue.ports["ouch"], "OTHER")
    for data in (os.urandom(500), b"\xff\xff" + b"x" * 100, b"\x00\x00\x00", b"\x00\x32U" + b"O" * 49, b""):
        with socket.create_connection(("127.0.0.1", venue.ports["ouch"])) as sock:
            sock.sendall(data)
    for payload in (b"?", b"O", b"O" + bytes(48), os.urandom(49), b""):
        client = Client(venue.ports["ouch"], "SOUP", "secret")
        assert client.answer[0] == b"A"
        client.packet(b"U", payload)
        assert client.next() == (b"", b"")
        client.close()
    good.enter("G1", b"B", 10, 90_000)
    assert good.hears()[:1] == b"A"
    good.packet(b"R")
    time.sleep(1.2)
    good.cancel("G1")
    assert good.hears()[:1] == b"C"
    good.close()
