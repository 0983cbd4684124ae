"""Linked orders at the exchange of `venue serve`, in another process, killed anywhere: brackets, OCO and OTO.

What is proved is read from two places that share nothing: the run's journal and the exchange's own record.
"""

from __future__ import annotations

import os
import random
import runpy
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hedgerow as hr
from hedgerow import _core
from hedgerow.cli.main import run
from hedgerow.core.errors import problem
from hedgerow.core.nouns import MONEY_UNIT, money_int
from hedgerow.engine.live import LiveRun
from hedgerow.engine.live.accounts import of_journal
from hedgerow.engine.live.outcome import rows_of
from hedgerow.execution.venues import read_log

ALONE = runpy.run_path(str(Path(__file__).with_name("live_alone.py")))
RUN = runpy.run_path(str(Path(__file__).with_name("test_live_run.py")))
PLACE = RUN["PLACE"]
read_records = RUN["read_records"]

KILLS = int(os.environ.get("HEDGEROW_KILLS", "6"))
"""How often the run is killed; every fourth time the exchange too."""
REPLACED = 7
"""A `ReportKind`."""
LINKED = '''
from contextlib import suppress

import hedgerow as hr
from hedgerow.core.errors import HedgerowError


class Busy(hr.Strategy):
    """One bracket after another in ABC, while it holds nothing there; bids beside each other in XYZ and DEF."""

    def on_start(self):
        self.every(ns=20_000_000)
        self.turn, self.held, self.out, self.pair = 0, None, None, []

    def on_timer(self, now):
        self.turn += 1
        book = self.book("ABC")
        if book.best_ask and book.best_bid:
            self.enter(book.best_bid[0], book.best_ask[0])
        if self.turn % 9 == 0:
            self.bid_twice()
        offers = self.book("DEF").best_ask
        if self.turn % 3 == 0 and offers:  # every life surely trades
            self.buy(1, "DEF", limit=offers[0], tif="ioc")

    def enter(self, bid, ask):
        held = self.held
        if held is not None and held.entry.state in ("Live", "PartiallyFilled"):
            self.cancel(held.entry)
        elif held is not None and held.stop_loss is not None and held.stop_loss.open and self.turn % 5 == 0:
            with suppress(HedgerowError):  # it may be on its way, or just gone
                self.replace(held.stop_loss, stop=round(bid - 0.02, 2))
        elif (over := -self.position_of("ABC")) > 0:  # two exits traded before one was cancelled: trade out of it
            if self.out is None or self.out.state is None:
                self.out = self.buy(over, "ABC", limit=ask, tif="ioc", reduce_only=True)
        elif over == 0 and (held is None or self.is_over(held)):
            exits = {"stop_loss": round(ask - 0.05, 2), "take_profit": round(ask + 0.01, 2)}
            tif = "ioc" if self.turn % 2 else "gtc"
            self.held = self.bracket(2 + self.turn % 4, "ABC", limit=ask, tif=tif, **exits)

    def is_over(self, held):
        exits = held.stop_loss, held.take_profit
        return held.entry.state is None and all(exit is None or exit.state == "ended" for exit in exits)

    def bid_twice(self):
        for ticket in self.pair:
            if ticket.state == "Live":
                self.cancel(ticket)
        books = self.book("XYZ"), self.book("DEF")
        if all(book.best_bid for book in books):
            first = self.buy(2, "XYZ", limit=books[0].best_bid[0])
            self.pair = [first, self.buy(4, "DEF", limit=books[1].best_bid[0], beside=first)]
'''
LAST = '''
from pathlib import Path

import hedgerow as hr


class Busy(hr.Strategy):
    """Trades nothing, so that what earlier lives left goes on; and says that the venue is there."""

    def on_quote(self, quote):
        Path("heard").touch()
'''
MORE = '[[instrument]]\nsymbol = "{}"\n{}\n'
CROWD = 'lots = 3\ntaker = "CROWD"\n[[participant]]\nname = "CROWD"\n'
"""What the maker shows is little, so that orders fill in parts; others trade there too, so that prices wake stops."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Any]:
    """Three instruments, a maker, and somebody who trades with it."""
    found = RUN["Place"](tmp_path)
    port, found.control = PLACE["free_ports"](2)
    (tmp_path / "busy.py").write_text(LINKED)
    venue, paper = RUN["VENUE"].format(port=port, control=found.control), RUN["PAPER"].format(port=port)
    (tmp_path / "venue.toml").write_text(
        venue + CROWD + "".join(MORE.format(symbol, 'reference = "100"') for symbol in ("XYZ", "DEF"))
    )
    (tmp_path / "paper.toml").write_text(
        paper + "".join(MORE.format(symbol, 'tick = "0.01"') for symbol in ("XYZ", "DEF"))
    )
    yield found
    found.close()


class Sums:
    """What a journal says of orders that hang together."""

    def __init__(self, folder: Path) -> None:
        self.orders = dict(read_records(folder, "Order"))
        self.filled: Counter[int] = Counter()
        for _, fill in read_records(folder, "Fill"):
            self.filled[int(fill["cause"])] += int(fill["lots"])
        account = of_journal(folder)
        self.works = {int(name.rpartition("-")[2]) for name, state in account.orders.items() if state == "working"}
        self.held = int(float(account.positions.get("ABC", 0)))
        self.lots = {number: int(order["lots"]) for number, order in self.orders.items()}
        for _, report in read_records(folder, "VenueReport"):
            if report["kind"] == REPLACED:
                self.lots[int(report["order_id"])] = int(report["lots"])
        findings = [finding for _, finding in read_records(folder, "Finding")]
        self.told = {int(finding["cause"]) for finding in findings if _core.code_text(finding["code"]) == "RUN-015"}
        races = [finding for finding in findings if _core.code_text(finding["code"]) == "RUN-012"]
        self.races = Counter(int(finding["instrument"]) > 0 for finding in races)
        beyond = (money_int(one["value"]) - money_int(one["limit"]) for one in races if not one["instrument"])
        self.raced = sum(beyond) // MONEY_UNIT
        wishes = [told for _, told in read_records(folder, "ContingentOrder") if not told["about"]]
        self.wishes = {int(told["id"]): int(told["after"]) for told in wishes}
        self.terms = {number + 1: terms for number, terms in read_records(folder, "OrderTerms")}

    def of_wish(self, wish: int) -> tuple[int, int]:
        """Lots that were traded for it, and that are open."""
        ours = [number for number, order in self.orders.items() if int(order["cause"]) == wish]
        open_lots = sum(self.lots[number] - self.filled[number] for number in ours if number in self.works)
        return sum(self.filled[number] for number in ours), open_lots

    def wrong(self) -> list[str]:
        """Entries whose exits are not for exactly what they filled and did not close, but for what people were told."""
        found, open_of, short, unplaced = [], Counter[int](), Counter[int](), Counter[int]()
        for entry in sorted(set(self.wishes.values())):
            exits = [wish for wish, after in self.wishes.items() if after == entry]
            traded = sum(self.of_wish(wish)[0] for wish in exits)
            left = max(self.filled[entry] - traded, 0)
            if entry in self.works:
                found.append(f"entry {entry} works")
            for at, wish in enumerate(exits):
                open_lots = self.of_wish(wish)[1]
                open_of[at] += open_lots
                (unplaced if wish in self.told else short)[at] += left - open_lots
                wants = range(left - self.raced, left + 1)  # a race made smaller what an exit may still reduce
                if open_lots not in wants and wish not in self.told:
                    found.append(f"entry {entry}: {left} to close, {open_lots} open for {wish}")
        if any(missing > self.raced for missing in short.values()):
            found.append(f"{dict(short)} lots less open than to close, {self.raced} by races")
        held = max(self.held, 0)
        if not all(open_of[at] <= held <= open_of[at] + unplaced[at] for at in open_of):
            found.append(f"{self.held} held, {dict(open_of)} open, {dict(unplaced)} could not be placed")
        return found

    def doubled(self) -> list[int]:
        """Of pairs: the first of each that traded more than one of them was to, in a race that nobody was told of."""
        pairs = {number: int(terms["beside"]) for number, terms in self.terms.items() if not terms["after"]}
        both = [
            first
            for second, first in pairs.items()
            if first and second in self.orders and self.filled[first] * 2 + self.filled[second] > 4
        ]
        return both if len(both) > self.races[True] else []


def sent_twice(folder: Path) -> list[str]:
    """Names of ours that the exchange took more than once."""
    events = [line["event"] for line in read_log(folder / "exchange" / "venue.jsonl") if "event" in line]
    ours = [event for event in events if event.get("what") == "accepted" and event["participant"] == 0]
    names = Counter(event["client_id"] for event in ours)
    return [name for name, times in names.items() if times > 1]


def wanders(folder: Path, seed: int) -> None:
    """From now on the maker's prices wander otherwise, so that what is held is closed one day."""
    told = folder / "venue.toml"
    kept = [line for line in told.read_text().splitlines() if not line.startswith("seed")]
    told.write_text("\n".join(kept).replace("[maker]", f"[maker]\nseed = {seed}") + "\n")


class Gone(ALONE["Deaf"]):  # type: ignore[misc]
    """What it is to send does not leave while the session is down."""

    def new(self, name: str, order: Any, ts: int) -> None:
        """An order."""
        if not self.is_up:
            raise problem("WIRE_SESSION", "not logged on")
        super().new(name, order, ts)


class Bracketed(hr.Strategy):
    """One bracket, at the first price."""

    held: Any = None

    def on_quote(self, quote: Any) -> None:
        """Enter once."""
        self.held = self.held or self.bracket(5, limit=100.01, stop_loss=99.0, take_profit=102.0)


def test_exits_that_fall_due_as_the_session_falls_are_sent_when_the_venue_is_back(tmp_path: Path) -> None:
    """Not sent into the dark, refused there and then given up: nothing is tried meanwhile, and nobody need be told."""
    with ALONE["alone"](tmp_path, Bracketed()) as life:
        (entry,) = life._gateway.sent
        gateway = life._gateway = Gone()
        life.on_report("8", {11: entry, 150: "0", 39: "0"})
        gateway.is_up = False
        LiveRun.on_report(life, "8", {11: entry, 150: "F", 39: "2", 32: "5", 31: "100.01", 14: "5"})
        life.on_down("cut")
        for _ in range(3):
            life.turn(0.0)
        tried = len(rows_of(life.engine, "Order"))
        assert (gateway.sent, life.outcome().working, tried) == ([], 0, 3)
        gateway.is_up = True
        life.turn(0.0)
        assert (len(gateway.sent), life.outcome().working) == (2, 2)
        codes = [_core.code_text(finding["code"]) for finding in rows_of(life.engine, "Finding")]
        assert "RUN-015" not in codes


class Protected(hr.Strategy):
    """Ten, and a stop below them that may only reduce."""

    entry: Any = None

    def on_quote(self, quote: Any) -> None:
        """Enter once, unless an earlier life has."""
        if self.entry is None and self.position == 0:
            self.entry = self.buy(10, limit=100.01)

    def on_fill(self, fill: Any) -> None:
        """Protect what was entered."""
        if fill.order_id == self.entry.id:
            self.sell(10, stop=99.0, reduce_only=True)


def findings(life: Any) -> list[tuple[str, int, int]]:
    """Code, lots seen and lots meant of each."""
    rows = rows_of(life.engine, "Finding")
    lots = [(money_int(row["value"]) // MONEY_UNIT, money_int(row["limit"]) // MONEY_UNIT) for row in rows]
    return [(_core.code_text(row["code"]), *told) for row, told in zip(rows, lots, strict=True)]


def test_a_stop_that_the_venue_fills_before_it_hears_that_less_is_held_is_found_once(tmp_path: Path) -> None:
    """Four are sold otherwise; the change of the stop crosses its fill of ten, and a later life knows what was told."""
    with ALONE["alone"](tmp_path, Protected()) as life:
        gateway = life._gateway
        life.on_report("8", {11: gateway.sent[0], 150: "0", 39: "0"})
        life.on_report("8", {11: gateway.sent[0], 150: "F", 39: "2", 32: "10", 31: "100.01", 14: "10"})
        stop = gateway.sent[1]
        life.on_report("8", {11: stop, 150: "0", 39: "0"})
        life._strategy.sell(4, limit=99.99)
        life.turn(0.0)
        life.on_report("8", {11: gateway.sent[2], 150: "F", 39: "2", 32: "4", 31: "99.99", 14: "4"})
        assert [(original, quantity) for _, original, quantity, _ in gateway.changes] == [(stop, "6")]
        life.on_report("8", {11: stop, 150: "F", 39: "2", 32: "10", 31: "98.90", 14: "10"})
        assert (life.outcome().positions, findings(life)) == ({"ABC": -4.0}, [("RUN-019", 10, 6)])
    with ALONE["alone"](tmp_path, Protected()) as life:
        assert (life.outcome().working, findings(life)) == (0, [("RUN-019", 10, 6)])
    assert hr.verify(tmp_path / "run").linked == 2


class Offered(Bracketed):
    """An offer far away, and then a bracket."""

    def on_quote(self, quote: Any) -> None:
        """Enter once, unless an earlier life has."""
        if self.held is None and self.position == 0:
            self.sell(7, limit=104.0)
            self.held = self.bracket(10, limit=100.01, stop_loss=99.0, take_profit=102.0)


def test_exits_that_another_order_held_back_are_whole_in_the_next_life_once_that_is_cancelled(tmp_path: Path) -> None:
    """Three of ten have exits beside an offer of seven; the life that is taken up cancels the offer, and they grow."""
    with ALONE["alone"](tmp_path, Offered()) as life:
        offer, entry = life._gateway.sent
        for name in (offer, entry):
            life.on_report("8", {11: name, 150: "0", 39: "0"})
        life.on_report("8", {11: entry, 150: "F", 39: "2", 32: "10", 31: "100.01", 14: "10"})
        exits = life._gateway.sent[2:]
        for name in exits:
            life.on_report("8", {11: name, 150: "0", 39: "0"})
        assert findings(life) == [("RUN-018", 3, 10)] * 2
    with ALONE["alone"](tmp_path, Offered()) as life:
        gateway = life._gateway
        life.on_up()
        for name, lots in ((offer, "7"), *((name, "3") for name in exits)):
            life.on_report("8", {11: name, 150: "I", 39: "0", 14: "0", 38: lots})
        for _ in range(2):
            life.turn(0.0)
        ((cancel, original),) = gateway.cancels
        assert (original, gateway.changes) == (offer, [])
        life.on_report("8", {11: cancel, 41: offer, 150: "4", 39: "4"})
        assert [(name, quantity) for _, name, quantity, _ in gateway.changes] == [(name, "10") for name in exits]
        assert findings(life)[2:] == []
    assert hr.verify(tmp_path / "run").linked == 6


@pytest.mark.timeout(max(900, 20 * KILLS))
def test_killed_anywhere_what_was_filled_has_its_exits_or_is_flat(place: Any) -> None:
    """Brackets, OCO and OTO at work; the run by kill -9, every fourth time the exchange too."""
    draws, venue = random.Random(11), place.venue()
    for kill in range(KILLS):
        life = place.start("run", "paper", "paper.toml")
        if kill % 2:  # every other life surely trades, however slow the machine is
            place.filled()
        time.sleep(draws.random() * (0.4 if kill % 2 else 1.6))
        if kill % 4 == 3:
            venue.kill()
            venue.wait()
            time.sleep(draws.random() * 0.3)
            wanders(place.folder, kill)
            venue = place.venue()
        assert life.poll() is None, life.communicate()[1]
        life.kill()
        life.wait()
    (place.folder / "busy.py").write_text(LAST)
    life = place.start("run", "paper", "paper.toml")
    place.wait((place.folder / "heard").exists, "the last life heard nothing")
    place.wait(lambda: not Sums(place.folder / "run").wrong(), "an entry has not the exits that it should have")
    told = place.end(life, stop=True)
    sums = Sums(place.folder / "run")
    assert len(set(sums.wishes.values())) > KILLS // 8
    assert sums.doubled() == []
    assert sent_twice(place.folder) == []
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
    assert hr.verify(place.folder / "run").linked > 0
