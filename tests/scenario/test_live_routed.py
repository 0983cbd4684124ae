"""A run over two exchanges in processes of their own: where its orders go, and what becomes of them when one is away.

What is proved is read from three places that share nothing: the run's journal and the record of each exchange.
"""

from __future__ import annotations

import os
import random
import runpy
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.engine.live.accounts import of_exchange, of_journal
from hedgerow.engine.live.routes import venues_of
from hedgerow.engine.why import Journal
from hedgerow.execution.reconciliation import differences
from hedgerow.execution.route_choice import TAKE, WAIT
from hedgerow.execution.venues import read_settings

PLACE = runpy.run_path(str(Path(__file__).with_name("live_place.py")))
KILLS = int(os.environ.get("HEDGEROW_KILLS", "12"))
VENUES = ("NORTH", "SOUTH")
STILL = 10**9
"""Milliseconds after which a maker quotes anew that shall quote once."""
EXCHANGE = """
[venue]
name = "{name}"
folder = "{name}"
fix_port = {port}
self_trades = "cancel_incoming"
[[instrument]]
symbol = "ABC"
reference = "{reference}"
[[participant]]
name = "DESK"
[[participant]]
name = "MAKER"
[maker]
participant = "MAKER"
every_ms = {every_ms}
lots = 100_000
"""
PAPER = """
[run]
strategy = "busy.py:Busy"
folder = "run"
[[instrument]]
symbol = "ABC"
tick = "0.01"
"""
VENUE = """
[[venue]]
name = "{name}"
host = "127.0.0.1"
port = {port}
sender = "DESK"
target = "{name}"
{fees}
"""
BACK_AND_FORTH = PLACE["busy"]("", every_ns=20_000_000, size="5")
LEAVES_BIDS = PLACE["busy"](
    """
    price, works = round(book.best_bid[0] - 0.5, 2), self.ticket is not None and self.ticket.state
    if works == "Live" and self.ticket.limit != price:
        self.replace(self.ticket, 1 + self.now // 20_000_000 % 3, limit=price)
    elif works == "Live":
        self.cancel(self.ticket)
    elif not works:
        self.ticket = self.buy(1, limit=price)
    """,
    every_ns=20_000_000,
    size="5",
)
BUYS = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''Buys one after the other; an order of which nobody knows what became does not stand against the next.'''

    def on_start(self):
        self.every(seconds=0.02)

    def on_timer(self, now):
        book = self.book()
        if book.best_ask:
            self.buy(1, limit=book.best_ask[0], tif="ioc")
"""
CUTS = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''Cuts an order over both venues, larger than what one of them shows; back when it has it.'''

    def on_start(self):
        self.every(seconds=0.1)
        self.tickets = ()

    def on_timer(self, now):
        book = self.book()
        works = any(ticket.state in ("PendingNew", "Live", "PartiallyFilled") for ticket in self.tickets)
        if works or not book.best_bid or not book.best_ask:
            return
        if self.position <= 0:
            self.tickets = self.route(150_000 - self.position, limit=round(book.best_ask[0] + 0.05, 2))
        else:
            self.tickets = self.route(-self.position, limit=round(book.best_bid[0] - 0.05, 2))
"""
WORKS = """
from datetime import timedelta

import hedgerow as hr


class Busy(hr.Strategy):
    '''Has an order worked in slices, once.'''

    def on_start(self):
        self.is_begun = bool(self.parents)

    def on_book(self, book):
        if not self.is_begun and self.position == 0 and book.best_ask:
            self.is_begun = True
            self.work(40, algorithm="twap", slices=12, until=timedelta(seconds=4))
"""
WAITS = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''One bid that waits, below what is asked, once both exchanges are there.'''

    def on_start(self):
        self.is_done = False

    def on_quote(self, quote):
        if not self.is_done and quote.bid and self.book().best_bid[1] > 150_000:
            self.is_done = True
            self.buy(5, limit=round(quote.bid - 0.05, 2))
"""


class Place(PLACE["RunPlace"]):  # type: ignore[misc]
    """Two exchanges, and a run that trades at both."""

    ports: dict[str, int]

    def settle(self, strategy: str, references: dict[str, str], *, every_ms: int = STILL, **fees: str) -> None:
        """Write all settings: what ABC is worth at each exchange, and what each charges."""
        (self.folder / "busy.py").write_text(strategy)
        told = PAPER
        for name, reference in references.items():
            port = self.ports[name]
            exchange = EXCHANGE.format(name=name, port=port, reference=reference, every_ms=every_ms)
            (self.folder / f"{name}.toml").write_text(exchange)
            told += VENUE.format(name=name, port=port, fees=fees.get(name, ""))
        (self.folder / "paper.toml").write_text(told)

    def exchange_of(self, name: str) -> subprocess.Popen[bytes]:
        """An exchange, ready."""
        process: subprocess.Popen[bytes] = self.start("venue", "serve", f"{name}.toml")
        assert process.stdout is not None
        assert b"ready" in process.stdout.readline()
        return process

    def homes(self) -> list[str]:
        """Where each order went, in order."""
        return [venue for _, venue in sorted(venues_of(Journal(self.folder / "run").of("Route")).items())]

    def homes_at_equal_prices(self, way: int) -> list[str]:
        """Where those orders went that both exchanges could have had at the same price."""
        routes, found = Journal(self.folder / "run").of("Route"), list[str]()
        for order in np.unique(routes["cause"]):
            both = routes[(routes["cause"] == order) & (routes["way"] == way)]
            if len(both) == 2 and both["price_ticks"][0] == both["price_ticks"][1]:
                found += venues_of(both).values()
        return found

    def goes_to(self, name: str) -> None:
        """Wait until orders go to a venue."""
        since = len(self.homes())
        self.wait(lambda: name in self.homes()[since + 3 :], f"nothing goes to {name}")

    def differences(self) -> list[str]:
        """Between what the journal knows of each exchange and that exchange's record."""
        folder, found = self.folder, list[str]()
        for name in VENUES:
            theirs = of_exchange(read_settings(folder / f"{name}.toml"), "DESK")
            found += [f"{name}: {one}" for one in differences(of_journal(folder / "run", name), theirs)]
        return found

    def verified(self) -> bool:
        """Whether the log proves itself, and both accounts agree by the command too."""
        settings = str(self.folder / "paper.toml")
        same = (["reconcile", settings, "--at", name, "--venue", str(self.folder / f"{name}.toml")] for name in VENUES)
        return all(run(words) == 0 for words in (["audit", "verify", str(self.folder / "run")], *same))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A folder, and free ports."""
    found = Place(tmp_path)
    found.ports = dict(zip(VENUES, PLACE["free_ports"](2), strict=True))
    yield found
    found.close()


def by_side(folder: Path) -> dict[int, dict[int, str]]:
    """Of buys (1) and sells (2) for which both exchanges were compared: where each went."""
    journal, found = Journal(folder), dict[int, dict[int, str]]()
    routes = journal.of("Route")
    homes = venues_of(routes)
    for order in journal.of("Order"):
        if np.count_nonzero(routes["cause"] == order["id"]) == len(VENUES):
            found.setdefault(int(order["side"]), {})[int(order["id"])] = homes[int(order["id"])]
    return found


def test_what_is_bought_is_bought_where_it_is_cheap_and_sold_where_it_is_dear(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both exchanges agree with the journal, each for itself, and `why` says what was compared."""
    place.settle(BACK_AND_FORTH, {"NORTH": "100", "SOUTH": "101"}, every_ms=50)
    for name in VENUES:
        place.exchange_of(name)
    told = place.paper(2.5)
    assert told["fills"] > 5
    assert (told["working"], told["unknown"]) == (0, 0)
    went = by_side(place.folder / "run")
    assert {side: set(homes.values()) for side, homes in went.items()} == {1: {"NORTH"}, 2: {"SOUTH"}}
    assert place.differences() == []
    assert place.verified()
    assert told["nav"] > 1_000_000  # what is dearer in the south was bought in the north
    assert all(told["latencies"][name]["acknowledged"]["count"] > 0 for name in VENUES)
    fills = Journal(place.folder / "run").of("Fill")["cause"].tolist()
    bought = next(order for order in fills if order in went[1])
    walk = [cause.says for cause in hr.why(place.folder / "run", bought) if cause.noun == "Route"]
    assert walk[0].startswith("ABC goes to NORTH: take from")
    assert walk[1].startswith("ABC does not go to SOUTH: nothing shown that it could take")
    capsys.readouterr()
    assert run(["tca", str(place.folder / "run"), "--by", "venue"]) == 0
    assert all(name in capsys.readouterr().out for name in ["NORTH"])


def test_at_equal_prices_fees_decide_for_what_is_taken_and_rebates_for_what_waits(place: Place) -> None:
    """The north charges takers and pays who waits; the south does neither."""
    fees = "fees = { tiers = [{ taker_bps = 0.3, maker_bps = -0.2 }] }"
    place.settle(BACK_AND_FORTH, {"NORTH": "100", "SOUTH": "100"}, NORTH=fees)
    exchanges = [place.exchange_of(name) for name in VENUES]
    assert place.paper(1.5)["fills"] > 5
    assert set(place.homes_at_equal_prices(TAKE)) == {"SOUTH"}
    (place.folder / "busy.py").write_text(WAITS)
    place.paper(1.5)
    assert place.homes_at_equal_prices(WAIT) == ["NORTH"]
    assert place.differences() == []
    for exchange in exchanges:
        exchange.terminate()


def test_a_venue_that_is_away_gets_no_orders_and_gets_them_again_when_it_is_back(place: Place) -> None:
    """The cheaper one is killed in the midst of it; what was on its way there is settled when it is back."""
    place.settle(BUYS, {"NORTH": "100", "SOUTH": "100"}, SOUTH="fees = { tiers = [{ taker_bps = 5 }] }")
    north, _ = (place.exchange_of(name) for name in VENUES)
    life = place.start("run", "paper", "paper.toml")

    place.filled()
    place.goes_to("NORTH")
    north.kill()
    north.wait()
    place.goes_to("SOUTH")
    away = len(place.homes())
    time.sleep(0.5)
    assert set(place.homes()[away:]) == {"SOUTH"}
    place.exchange_of("NORTH")
    place.goes_to("NORTH")
    outcome = place.end(life, stop=True)
    assert (outcome["working"], outcome["unknown"]) == (0, 0)
    assert any("NORTH" in text and "session ended" in text for text in outcome["findings"])
    assert not any("SOUTH" in text for text in outcome["findings"])
    assert place.differences() == []
    assert place.verified()


def test_a_large_order_is_cut_over_both_venues_and_both_accounts_agree(place: Place) -> None:
    """More than either shows at its best: some of it is taken at each, at the same time."""
    place.settle(CUTS, {"NORTH": "1", "SOUTH": "1"}, every_ms=50)
    for name in VENUES:
        place.exchange_of(name)
    told = place.paper(2.5)
    journal = Journal(place.folder / "run")
    homes = venues_of(journal.of("Route"))
    filled = {homes[int(fill["cause"])] for fill in journal.of("Fill")}
    assert filled == set(VENUES)
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert place.verified()


def test_an_algorithm_killed_in_the_midst_goes_on_over_both_venues_with_what_is_left(place: Place) -> None:
    """Each slice goes to the venue that is cheaper then; in the end it has all, and nothing twice."""
    place.settle(WORKS, {"NORTH": "100", "SOUTH": "100"}, every_ms=50)
    for name in VENUES:
        place.exchange_of(name)
    life = place.start("run", "paper", "paper.toml")
    place.filled(2)
    life.kill()
    life.wait()
    life = place.start("run", "paper", "paper.toml")
    place.wait(lambda: sum(one.quantity for one in place.account().executions) == 40, "it does not go on")
    told = place.end(life, stop=True)
    assert told["positions"] == {"ABC": 40.0}
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert place.verified()


def test_a_venue_that_hangs_with_its_session_up_is_passed_over_until_it_answers(place: Place) -> None:
    """Stopped, not killed: its connection stands. What it owes is settled when it goes on."""
    place.settle(BUYS, {"NORTH": "100", "SOUTH": "100"}, SOUTH="fees = { tiers = [{ taker_bps = 5 }] }")
    north, _ = (place.exchange_of(name) for name in VENUES)
    life = place.start("run", "paper", "paper.toml")
    place.filled(3)
    place.goes_to("NORTH")
    north.send_signal(signal.SIGSTOP)
    place.goes_to("SOUTH")
    north.send_signal(signal.SIGCONT)
    place.goes_to("NORTH")
    outcome = place.end(life, stop=True)
    assert (outcome["working"], outcome["unknown"]) == (0, 0)
    assert place.differences() == []


@pytest.mark.timeout(max(900, 20 * KILLS))
def test_killed_anywhere_nothing_is_lost_and_nothing_is_doubled_at_either_venue(place: Place) -> None:
    """The run by kill -9, every fourth time one of the exchanges too; at the end all accounts are the same."""
    place.settle(LEAVES_BIDS, {"NORTH": "100", "SOUTH": "100.02"}, every_ms=50)
    draws, exchanges = random.Random(11), {name: place.exchange_of(name) for name in VENUES}
    for kill in range(KILLS):
        life = place.start("run", "paper", "paper.toml")
        if kill % 2:
            place.filled()
        time.sleep(draws.random() * (0.4 if kill % 2 else 1.6))
        if kill % 4 == 3:
            name = VENUES[kill // 4 % 2]
            exchanges[name].kill()
            exchanges[name].wait()
            time.sleep(draws.random() * 0.3)
            exchanges[name] = place.exchange_of(name)
        life.kill()
        life.wait()
    told = place.settled()
    assert told["fills"] > 5
    assert (told["working"], told["unknown"]) == (0, 0)
    assert set(place.homes()) == set(VENUES)
    assert place.differences() == []
    assert place.verified()


def test_the_kill_switch_cancels_at_every_venue(place: Place) -> None:
    """By the switch of the whole firm, with a bid at each."""
    place.settle(LEAVES_BIDS, {"NORTH": "100", "SOUTH": "100.02"}, every_ms=50)
    for name in VENUES:
        place.exchange_of(name)
    life = place.start("run", "paper", "paper.toml")
    place.wait(lambda: place.fills() and set(place.homes()) == set(VENUES), "one venue is never chosen")
    life.send_signal(signal.SIGUSR1)
    time.sleep(0.7)
    outcome: dict[str, Any] = place.end(life, stop=True)
    assert outcome["working"] == 0
    assert place.differences() == []
