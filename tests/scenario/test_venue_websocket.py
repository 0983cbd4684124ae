"""The websocket port of the exchange, spoken to by the client of the `websockets` library."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from hedgerow.execution.venues import Server, read_log, read_settings

pytest.importorskip("websockets")

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

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


class Served:
    """The exchange in a thread, which can end and begin again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._path = folder, folder / "venue.toml"
        self.connections = ExitStack()
        self._path.write_text(VENUE)
        self.begin()

    def begin(self) -> None:
        """On the same folder."""
        self._stop = threading.Event()
        self.server = Server(read_settings(self._path), time.time_ns)
        self._thread = threading.Thread(target=self.server.serve, args=(self._stop.is_set,))
        self._thread.start()

    def end(self) -> None:
        """In order."""
        self._stop.set()
        self._thread.join()

    def open(self) -> Talk:
        """A connection."""
        url = f"ws://127.0.0.1:{self.server.ports['websocket']}"
        return Talk(self.connections.enter_context(connect(url, proxy=None, max_size=None)))


class Talk:
    """A connection that says and hears JSON."""

    def __init__(self, sock: ClientConnection) -> None:
        self.sock = sock

    def say(self, **told: Any) -> None:
        """One message."""
        self.sock.send(json.dumps(told))

    def hear(self, kind: str) -> dict[str, Any]:
        """The next message of a kind."""
        while True:
            told: dict[str, Any] = json.loads(self.sock.recv(timeout=20))
            if told["type"] == kind:
                return told

    def login(self, name: str, password: str, **more: Any) -> dict[str, Any]:
        """As a participant."""
        self.say(op="login", participant=name, password=password, **more)
        return self.hear("login")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Two participants who speak by websocket."""
    found = Served(tmp_path)
    with found.connections:
        yield found
    found.end()


def test_two_participants_trade_and_everybody_sees_the_book_in_sequence(served: Served) -> None:
    """A book whole, then changes that name the one before them; a trade once; reports to those it concerns."""
    one, two, watcher = served.open(), served.open(), served.open()
    one.login("ONE", "first")
    two.login("TWO", "second")
    watcher.say(op="subscribe", symbol="ABC", trades=True)
    book = watcher.hear("book")
    assert (book["bids"], book["asks"]) == ([], [])
    one.say(op="new", client_id="a", symbol="ABC", side="buy", quantity="100", price="10.00")
    told = one.hear("report")
    assert (told["what"], told["status"], told["leaves"]) == ("accepted", "new", "100")
    diff = watcher.hear("diff")
    assert (diff["prev"], diff["seq"], diff["bids"]) == (book["seq"], book["seq"] + 1, [["10.00", "100"]])
    two.say(op="new", client_id="b", symbol="ABC", side="sell", quantity="40", price="9.99", time_in="ioc")
    trade = watcher.hear("trade")
    assert (trade["price"], trade["quantity"]) == ("10.00", "40")
    after = watcher.hear("diff")
    assert (after["prev"], after["bids"]) == (diff["seq"], [["10.00", "60"]])
    told = one.hear("report")
    assert (told["what"], told["is_maker"]) == ("traded", True)
    assert (told["last_quantity"], told["last_price"]) == ("40", "10.00")
    one.say(op="replace", client_id="a2", orig_client_id="a", quantity="150", price="10.01")
    assert one.hear("report")["what"] == "replaced"
    one.say(op="cancel", client_id="a3", orig_client_id="a2")
    told = one.hear("report")
    assert (told["what"], told["filled"], told["n"]) == ("cancelled", "40", 4)
    one.say(op="cancel", client_id="a4", orig_client_id="a2")
    assert one.hear("report")["reason"] == "too_late"
    one.say(op="status", client_id="a")
    assert one.hear("report")["status"] == "cancelled"


def test_a_pegged_order_follows_the_book_and_one_that_cannot_be_meant_is_refused_by_field(served: Served) -> None:
    """It goes up with the best bid, a tick above it, and no further than its cap; nothing of a refused one stands."""
    one, two = served.open(), served.open()
    one.login("ONE", "first")
    two.login("TWO", "second")
    two.say(op="subscribe", symbol="ABC")
    two.hear("book")
    one.say(op="new", client_id="bid", symbol="ABC", side="buy", quantity="10", price="10.00")
    two.hear("diff")
    peg = {"op": "new", "symbol": "ABC", "side": "buy", "quantity": "10", "type": "pegged", "price": "10.03"}
    for words, says in (
        ({"peg": "primry"}, "peg: 'primry' is none of primary, midpoint, market"),
        ({"peg": "primary", "offset": "0.005"}, "offset: 0.005 is no multiple of 0.01"),
        ({"peg": "primary", "offset": 1}, "offset: 1 is no number in a text"),
    ):
        two.say(client_id="wrong", **peg, **words)
        assert says in two.hear("error")["error"]
    two.say(client_id="loose", **peg)
    assert two.hear("report")["what"] == "rejected"
    two.say(client_id="peg", **peg, peg="primary", offset="0.01")
    told = two.hear("report")
    assert (told["what"], told["peg"], told["offset"]) == ("accepted", "primary", "0.01")
    assert two.hear("diff")["bids"] == [["10.01", "10"]]
    for name, price in (("better", "10.01"), ("best", "10.05")):
        one.say(op="new", client_id=name, symbol="ABC", side="buy", quantity="1", price=price)
        assert one.hear("report")["what"] == "accepted"
    one.say(op="cancel", client_id="c", orig_client_id="best")
    one.say(op="new", client_id="sale", symbol="ABC", side="sell", quantity="4", price="10.00", time_in="ioc")
    told = two.hear("report")
    while told["what"] != "traded":
        told = two.hear("report")
    assert (told["client_id"], told["last_price"], told["last_quantity"]) == ("peg", "10.02", "4")
    two.say(op="replace", client_id="peg2", orig_client_id="peg", quantity="8", price="10.03", offset="-0.02")
    told = two.hear("report")
    assert (told["what"], told["leaves"], told["offset"]) == ("replaced", "4", "-0.02")
    two.say(op="replace", client_id="peg3", orig_client_id="peg2", quantity="8", price="10.03", display="9")
    assert two.hear("report")["reason"] == "show_lots"
    two.say(op="replace", client_id="peg4", orig_client_id="peg2", quantity="8", price="10.03", display="2")
    assert two.hear("report")["what"] == "replaced"
    told = two.hear("diff")
    while ["9.99", "2"] not in told["bids"]:
        told = two.hear("diff")


def test_how_an_order_stands_is_told_after_what_brought_it_there(served: Served) -> None:
    """Order and question together, thirty times."""
    one = served.open()
    one.login("ONE", "first")
    for number in range(30):
        one.say(op="new", client_id=f"o{number}", symbol="ABC", side="buy", quantity="1", price="9.00")
        one.say(op="status", client_id=f"o{number}")
    told = [one.hear("report") for _ in range(60)]
    assert [report["client_id"] for report in told if not report["n"]] == [f"o{number}" for number in range(30)]
    for at, report in enumerate(told):
        known = {earlier["client_id"] for earlier in told[:at] if earlier["n"]}
        assert report["n"] or report["client_id"] in known


def test_who_missed_something_asks_anew(served: Served) -> None:
    """The book whole again, with the sequence number that it now has; reports from any number, also after a restart."""
    one, watcher = served.open(), served.open()
    one.login("ONE", "first")
    watcher.say(op="subscribe", symbol="ABC")
    watcher.hear("book")
    for number in range(5):
        one.say(op="new", client_id=f"o{number}", symbol="ABC", side="buy", quantity="1", price=f"9.0{number}")
        one.hear("report")
    watcher.say(op="resync", symbol="ABC")
    book = watcher.hear("book")
    assert len(book["bids"]) == 5
    one.say(op="new", client_id="last", symbol="ABC", side="buy", quantity="1", price="9.09")
    assert watcher.hear("diff")["prev"] == book["seq"]
    one.sock.close()
    served.end()
    served.begin()
    again = served.open()
    assert again.login("ONE", "first", **{"from": 3})["next"] == 3
    names = [again.hear("report")["client_id"] for _ in range(3)]
    assert names == ["o2", "o3", "o4"]


def test_whatever_cannot_be_meant_is_named_and_the_session_goes_on(served: Served) -> None:
    """Bad JSON, floats, unknown fields and words, wrong types, too long: an error each, and no line in the log."""
    one = served.open()
    one.login("ONE", "first")
    order = {"op": "new", "client_id": "x", "symbol": "ABC", "side": "buy", "quantity": "1", "price": "10.00"}
    before = (served.folder / "venue" / "venue.jsonl").read_bytes()
    for raw, says in [
        ("{", "no JSON"),
        ("[" * 10_000, "no JSON"),
        ("[]", "one JSON object"),
        ('{"op": "nwe"}', "did you mean 'new'"),
        (json.dumps({**order, "price": 10.0}), "price: 10.0 is no number in a text"),
        (json.dumps({**order, "quantity": 1}), "quantity: 1 is no number in a text"),
        (json.dumps({**order, "quantity": "NaN"}), "quantity: 'NaN'"),
        (json.dumps({**order, "quantity": "-1"}), "quantity: '-1'"),
        (json.dumps({**order, "price": "10.001"}), "no multiple of 0.01"),
        (json.dumps({**order, "prise": "10"}), "did you mean 'price'"),
        (json.dumps({**order, "side": "by"}), "did you mean 'buy'"),
        (json.dumps({**order, "symbol": "ABX"}), "did you mean 'ABC'"),
        (json.dumps({**order, "client_id": "y" * 65}), "client_id"),
        (json.dumps({**order, "client_id": None}), "client_id"),
        (json.dumps({**order, "post_only": "yes"}), "post_only"),
        (json.dumps({"op": "new", "client_id": "x"}), "is missing"),
        (json.dumps({**order, "client_id": "z" * 20_000}), "at most 16,384"),
        (json.dumps({"op": "login", "participant": "TWO", "password": "second"}), "is logged in"),
        (json.dumps({"op": "resync", "symbol": "ABC"}), "is not subscribed"),
        (b"\xff\xfe\x00", "no JSON"),
    ]:
        one.sock.send(raw)
        assert says in one.hear("error")["error"], raw[:60]
    assert (served.folder / "venue" / "venue.jsonl").read_bytes() == before
    one.say(**order)
    assert one.hear("report")["what"] == "accepted"


def test_random_messages_never_end_a_session(served: Served) -> None:
    """A thousand of them, drawn from a seed: each is answered, and the next order is taken."""
    draws, one = random.Random(7), served.open()
    one.login("ONE", "first")
    wild: list[Any] = [None, True, 0, -1, 1.5, "", "1", "x" * 100, [], {}, "ABC", "buy", "10.00", 2**70, "1e9"]
    names = ["op", "client_id", "symbol", "side", "quantity", "price", "type", "time_in", "from", "\x00", "trades"]
    for _ in range(1000):
        said = {name: draws.choice(wild) for name in draws.sample(names, draws.randint(0, 9))}
        said["op"] = draws.choice(["new", "cancel", "replace", "status", "subscribe", "login", "ping", None, 5])
        one.say(**said)
    one.say(op="ping", id=77)
    while one.hear("pong")["id"] != 77:
        pass
    one.say(op="new", client_id="good", symbol="ABC", side="buy", quantity="1", price="9.00")
    while one.hear("report")["client_id"] != "good":
        pass


def test_a_frame_beyond_all_measure_ends_its_own_connection_and_no_other(served: Served) -> None:
    """With the close code for it; so does what is no websocket; and a wrong password logs nobody in."""
    one, huge = served.open(), served.open()
    with suppress(ConnectionClosed):  # it may be cut while we still send
        huge.sock.send("x" * (2 << 20))
    with pytest.raises(ConnectionClosed):
        huge.sock.recv(timeout=20)
    assert huge.sock.close_code in (1006, 1009)
    one.say(op="login", participant="ONE", password="wrong")
    assert "not those of a participant" in one.hear("error")["error"]
    one.say(op="new", client_id="x", symbol="ABC", side="buy", quantity="1", price="10.00")
    assert "log in first" in one.hear("error")["error"]
    one.login("ONE", "first")


def test_who_wants_it_has_nothing_working_once_the_line_is_cut(served: Served) -> None:
    """ONE has cancel_on_disconnect, TWO has not."""
    for name, password in (("ONE", "first"), ("TWO", "second")):
        talk = served.open()
        talk.login(name, password)
        talk.say(op="new", client_id="rests", symbol="ABC", side="buy", quantity="1", price="9.00")
        talk.hear("report")
        talk.sock.close()
    for _ in range(200):
        time.sleep(0.05)
        events = [line["event"] for line in read_log(served.folder / "venue" / "venue.jsonl") if "event" in line]
        ended = [event["participant"] for event in events if event.get("what") == "cancelled"]
        if ended:
            break
    assert ended == [0]
