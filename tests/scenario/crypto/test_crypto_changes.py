"""Orders are changed at crypto venues: in one request at Binance, cancelled first elsewhere, and never two for one.

What is proved is read from the run's journal and from the log of the exchange behind the venue, which share nothing.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any

import pytest

from hedgerow.cli.main import run
from hedgerow.core.errors import error_table
from hedgerow.engine.why import Journal
from hedgerow.execution.venues import read_log

KILLS = int(os.environ.get("HEDGEROW_KILLS", "3"))
BOTH = pytest.mark.parametrize("crypto_place", ["binance", "poloniex"], indirect=True)
LOTS = 2_000
"""The most that an order of these strategies is ever to trade."""
CHANGES = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''Bids below everybody, and asks for another price and size again and again.'''

    def on_start(self):
        self.every(ns=150_000_000)
        self.ticket, self.turn = None, 0

    def on_timer(self, now):
        book = self.book()
        if not book.best_bid:
            return
        price = round(book.best_bid[0] - 5, 2)
        if self.ticket is None or self.ticket.state is None:
            self.ticket = self.buy(0.01, limit=price)
        elif self.ticket.state in ("Live", "PartiallyFilled"):
            self.turn += 1
            self.replace(self.ticket, [0.02, 0.015, 0.018][self.turn % 3], limit=price)
"""
ONE_CHANGE = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''Bids below everybody; once something was bought, or at once, asks for twice as much, and then waits.'''

    def on_start(self):
        self.ticket, self.is_done, self.waits = None, False, {waits}

    def on_quote(self, quote):
        book = self.book()
        if book.best_bid and self.ticket is None:
            self.ticket = self.buy(0.01, limit=round(book.best_bid[0] - 5, 2))
        elif self.ticket and not self.is_done and self.ticket.state in ("Live", "PartiallyFilled"):
            if self.ticket.filled or not self.waits:
                self.is_done = True
                self.replace(self.ticket, 0.02, limit=round(self.ticket.limit - 1, 2))
"""
SWAP_FAULTS = {
    "swap": {"lost": 0.1, "error": 0.1, "slow": 0.05, "never": 0.1, "late": 0.08, "twice": 0.08},
    "place": {"lost": 0.08, "never": 0.08},
    "cancel": {"lost": 0.08, "never": 0.08},
    "event": {"lost": 0.1, "late": 0.1, "cut": 0.02},
}
FIRST = ('settle = "3s"', 'settle = "3s"\nchange = "cancel_first"')
PATIENT = ('timeout = "1s"', 'timeout = "20s"')


def places(place: Any) -> list[dict[str, Any]]:
    """The orders of ours that reached the exchange."""
    inputs = [line.get("input", {}) for line in read_log(place.folder / "venue" / "venue.jsonl")]
    return [one for one in inputs if one.get("do") == "new" and one["participant"] == 0]


def test_at_binance_an_order_takes_another_s_place_in_one_request(crypto_place: Any) -> None:
    """It stands at the new price with the new size, under the change's name, and what it trades is the order's."""
    (crypto_place.folder / "busy.py").write_text(ONE_CHANGE.format(waits=False))
    crypto_place.change(*PATIENT)
    crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.wait(lambda: len(places(crypto_place)) == 2, "no change")
    crypto_place.hit()
    crypto_place.wait(lambda: crypto_place.fills() == 1, "no fill")
    told = crypto_place.end(life, stop=True)
    assert (told["orders"], told["fills"], told["working"], told["findings"]) == (1, 1, 0, [])
    first, second = places(crypto_place)
    assert second["client_id"].startswith(first["client_id"] + ".")
    assert (first["lots"], second["lots"], first["price_ticks"] - second["price_ticks"]) == (1_000, LOTS, 100)
    assert crypto_place.too_much(LOTS) == set()
    assert crypto_place.differences() == []
    assert run(["audit", "verify", str(crypto_place.folder / "run")]) == 0


def test_what_is_partly_filled_is_not_changed_at_binance_unless_it_may_be_cancelled_first(crypto_place: Any) -> None:
    """Its size could be filled while it is exchanged: the order stays as it was, and a person is told what would do."""
    (crypto_place.folder / "busy.py").write_text(ONE_CHANGE.format(waits=True))
    crypto_place.change(*PATIENT)
    crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.hit()
    crypto_place.wait(lambda: crypto_place.fills() == 1, "no fill")
    crypto_place.wait(lambda: len(Journal(crypto_place.folder / "run").of("Finding")) == 1, "nothing was found")
    told = crypto_place.end(life, stop=True)
    (said,) = told["findings"]
    assert 'partly filled, not changed: change = "cancel_first" in [venue]' in said
    assert len(places(crypto_place)) == 1
    assert crypto_place.differences() == []


@BOTH
def test_cancelled_first_what_is_left_is_sent_anew_and_no_more(crypto_place: Any) -> None:
    """Half of it was bought: of the doubled order the rest is sent, after the end of the first was certain."""
    (crypto_place.folder / "busy.py").write_text(ONE_CHANGE.format(waits=True))
    for change in (PATIENT, FIRST):
        crypto_place.change(*change)
    crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.hit()
    crypto_place.wait(lambda: len(places(crypto_place)) == 2, "no change")
    crypto_place.hit()
    crypto_place.wait(lambda: crypto_place.fills() == 2, "no fill")
    told = crypto_place.end(life, stop=True)
    assert (told["orders"], told["working"], told["findings"]) == (1, 0, [])
    assert [one["lots"] for one in places(crypto_place)] == [1_000, LOTS - 500]
    assert crypto_place.too_much(LOTS) == set()
    assert crypto_place.differences() == []


@pytest.mark.parametrize("crypto_place", ["poloniex"], indirect=True)
def test_where_a_venue_makes_no_safe_change_it_is_refused_by_name_and_does_not_leave(crypto_place: Any) -> None:
    """Poloniex would place the new order at its whole size, whatever was filled meanwhile."""
    (crypto_place.folder / "busy.py").write_text(ONE_CHANGE.format(waits=False))
    crypto_place.change(*PATIENT)
    crypto_place.venue()
    life = crypto_place.start("run", "paper", "paper.toml")
    crypto_place.wait(lambda: len(crypto_place.orders()) == 1, "no order")
    crypto_place.wait(lambda: len(Journal(crypto_place.folder / "run").of("Finding")) == 1, "nothing was found")
    told = crypto_place.end(life, stop=True)
    (said,) = told["findings"]
    assert "WIRE-018" in said
    assert "poloniex makes no change in one request" in said
    assert len(places(crypto_place)) == 1
    number = next(row.number for row in error_table() if row.name == "WIRE_ORDER")
    assert number in Journal(crypto_place.folder / "run").of("VenueReport")["code"].tolist()


@BOTH
def test_whatever_becomes_of_a_change_there_are_never_two_orders_for_one(crypto_place: Any) -> None:
    """Answers and requests are lost, late, done twice; what is bought meanwhile is counted; at last all is known."""
    (crypto_place.folder / "busy.py").write_text(CHANGES)
    crypto_place.change(*FIRST)
    venue = crypto_place.venue(faults=SWAP_FAULTS, seed=11)
    life = crypto_place.start("run", "paper", "paper.toml")

    def changes() -> int:
        return sum("." in one["client_id"] for one in places(crypto_place))

    for wanted in range(2, 10):
        crypto_place.wait(lambda wanted=wanted: changes() >= wanted, "no change")
        crypto_place.hit()
    crypto_place.end(life, stop=True)
    venue.kill()
    venue.wait()
    crypto_place.change(*PATIENT)
    crypto_place.venue()
    told = crypto_place.settled()
    assert (told["working"], told["unknown"]) == (0, 0)
    assert crypto_place.too_much(LOTS) == set()
    assert crypto_place.differences() == []


@BOTH
def test_killed_anywhere_while_it_changes_orders_nothing_is_lost_or_doubled(crypto_place: Any) -> None:
    """Which of its names an order has is asked of the venue; what was booked is not booked again."""
    (crypto_place.folder / "busy.py").write_text(CHANGES)
    crypto_place.change(*FIRST)
    crypto_place.change('folder = "run"', 'folder = "run"\non_restart = "keep"')
    draws, faults = random.Random(3), {"swap": {"lost": 0.1, "late": 0.1}, "event": {"late": 0.2}}
    crypto_place.venue(faults=faults)
    for _ in range(KILLS):
        life, fills = crypto_place.start("run", "paper", "paper.toml"), crypto_place.fills()
        crypto_place.hit()
        crypto_place.wait(lambda fills=fills: crypto_place.fills() > fills, "no fill")
        time.sleep(draws.random())
        crypto_place.hit()
        life.kill()
        life.wait()
    crypto_place.change('on_restart = "keep"', "")
    crypto_place.change(*PATIENT)
    told = crypto_place.settled()
    assert (told["working"], told["unknown"]) == (0, 0)
    assert crypto_place.too_much(LOTS) == set()
    assert crypto_place.differences() == []
    assert run(["audit", "verify", str(crypto_place.folder / "run")]) == 0
