"""The `close` algorithm at the exchange of `venue serve`, in another process: its order trades in the auction.

What is proved is read from two places that share nothing: the run's journal and the exchange's own record.
"""

from __future__ import annotations

import runpy
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.engine.why import Journal
from hedgerow.execution.gateways import FixGateway, FixLink, OrderWords
from hedgerow.execution.venues import ask_control, read_log

ALONE = runpy.run_path(str(Path(__file__).with_name("live_alone.py")))
PLACE = runpy.run_path(str(Path(__file__).with_name("live_place.py")))
RUN = runpy.run_path(str(Path(__file__).with_name("test_live_run.py")))
CLOSES = '''
from datetime import timedelta
from pathlib import Path

import hedgerow as hr


class Closes(hr.Strategy):
    """Has twenty to buy until the close, of them twelve in its auction; says when a later life sees the market."""

    def on_start(self):
        self.is_later = bool(self.parents)

    def on_book(self, book):
        if self.is_later:
            Path("later").touch()
        elif not self.parents and self.position == 0 and book.best_bid and book.best_ask:
            told = {"stretch": timedelta(seconds=1), "lead": timedelta(minutes=10), "slices": 2}
            self.work(20, algorithm="close", auction=0.6, until=timedelta(minutes=10, seconds=2), **told)
'''
AT_CLOSE = 8
"""A `TimeInForce`."""


class Seller:
    """Another participant, who offers twelve in the auction at whatever it prints above ninety."""

    def __init__(self, place: Any) -> None:
        self.heard: list[str] = []
        link = FixLink("127.0.0.1", place.port, "OTHER", "EXCH", place.folder / "other.session")
        self._gateway = FixGateway(link, self, time.time_ns)
        place.wait(lambda: self._turn() or self._gateway.is_up, "the seller is not logged on")
        self._gateway.new("s1", OrderWords("ABC", False, "12", "90.00", "cls"), time.time_ns())
        self._gateway.flush()
        place.wait(lambda: self._turn() or "0" in self.heard, "the seller's order was not taken")

    def leave(self) -> None:
        """Log out; the order stays."""
        self._gateway.close()

    def _turn(self) -> None:
        self._gateway.turn(0.01)

    def on_up(self) -> None:
        """Logged on."""

    def on_down(self, why: str) -> None:
        """Logged out."""

    def on_report(self, kind: str, told: dict[int, str]) -> None:
        """Note how it stands."""
        self.heard.append(told.get(150, ""))

    def settle(self) -> None:
        """Nothing is kept."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Any]:
    """An exchange with a maker, and the settings of a run there."""
    found = PLACE["RunPlace"](tmp_path)
    found.port, found.control = PLACE["free_ports"](2)
    venue = RUN["VENUE"].format(port=found.port, control=found.control)
    (tmp_path / "venue.toml").write_text(venue + '[[participant]]\nname = "OTHER"\n')
    settings = ALONE["SETTINGS"].replace("port = 1", f"port = {found.port}").replace("busy.py:Busy", "worker.py:Closes")
    (tmp_path / "paper.toml").write_text(settings)
    (tmp_path / "worker.py").write_text(CLOSES)
    yield found
    found.close()


def sent(place: Any) -> list[tuple[int, int]]:
    """Lots and time in force of each order in the journal."""
    if not place.orders():
        return []
    return [(int(row["lots"]), int(row["tif"])) for row in Journal(place.folder / "run").of("Order")]


def happened(place: Any) -> list[dict[str, Any]]:
    """What the exchange wrote down."""
    lines = read_log(place.folder / "exchange" / "venue.jsonl")
    return [line["event"] for line in lines if "event" in line]


def taken_for_close(place: Any) -> list[dict[str, Any]]:
    """Orders that the exchange took for its closing auction."""
    return [one for one in happened(place) if (one.get("what"), one.get("time_in")) == ("accepted", "at_close")]


@pytest.mark.timeout(600)
def test_a_run_that_is_killed_while_its_order_waits_for_the_auction_has_it_filled_there_once(place: Any) -> None:
    """Eight before, twelve in the auction that a later life hears of; none is sent twice, none is taken back."""
    place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.wait(lambda: (12, AT_CLOSE) in sent(place), "nothing was sent to the auction")
    life.kill()
    life.wait()
    life = place.start("run", "paper", "paper.toml")
    place.wait((place.folder / "later").exists, "the later life sees no market")
    place.wait(lambda: any(event["participant"] == 0 for event in taken_for_close(place)), "the exchange has no order")
    seller = Seller(place)
    for phase in ("closing_call", "closed"):
        ask_control(place.control, {"do": "phase", "symbol": "ABC", "phase": phase})
    place.wait(lambda: place.fills() == 3, "it was not filled in the auction")
    seller.leave()
    told = place.end(life, stop=True)
    assert (told["working"], told["unknown"]) == (0, 0)
    # One that the run died before it had left was never there, and is sent again.
    assert [event["lots"] for event in taken_for_close(place) if event["participant"] == 0] == [12]
    assert sum(lots for lots, tif in sent(place) if tif != AT_CLOSE) == 8
    auctions = [event for event in happened(place) if event.get("event") == "auction"]
    assert [auction["lots"] for auction in auctions] == [12]
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
    assert hr.verify(place.folder / "run").slices == len(sent(place))
