"""A two-sided quote at a venue that takes one FIX message for each side: in turn, refused, withdrawn, killed."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.core.errors import error_table
from hedgerow.engine.live.names import Names
from hedgerow.engine.live.orders import CANCEL_REJECTED, REJECTED, REPLACE_REJECTED, working_of
from hedgerow.engine.live.outcome import rows_of
from hedgerow.engine.why import Journal
from hedgerow.execution.venues import read_log

ALONE = runpy.run_path(str(Path(__file__).with_name("live_alone.py")))
PLACE = runpy.run_path(str(Path(__file__).with_name("live_place.py")))

STRATEGY = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''Quotes inside a wide market, up and down by more than its own width, and one side at a time.'''

    def on_start(self):
        self.every(ns=20_000_000)
        self.done = 0

    def on_timer(self, now):
        book = self.book()
        if not book.best_bid or not book.best_ask:
            return
        bid, ask = ((99.8, 99.9), (100.0, 100.1), (100.0, 100.15), (99.85, 99.95), (99.85, None))[self.done % 5]
        self.quote(bid=bid, bid_quantity=3, ask=ask, ask_quantity=3)
        self.done += 1
"""
VENUE = """
[venue]
name = "EXCH"
folder = "exchange"
fix_port = {port}
self_trades = "cancel_incoming"
[[instrument]]
symbol = "ABC"
reference = "100"
[[participant]]
name = "DESK"
[[participant]]
name = "MAKER"
[maker]
participant = "MAKER"
half_spread = 500
levels = 1
every_ms = 200
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Any]:
    """An exchange with a wide market, and the settings of a run there."""
    found = PLACE["RunPlace"](tmp_path)
    (port,) = PLACE["free_ports"](1)
    (tmp_path / "busy.py").write_text(STRATEGY)
    (tmp_path / "venue.toml").write_text(VENUE.format(port=port))
    (tmp_path / "paper.toml").write_text(ALONE["SETTINGS"].replace("port = 1", f"port = {port}"))
    yield found
    found.close()


def test_over_fix_both_sides_change_in_turn_and_the_quote_never_meets_itself(place: Any) -> None:
    """The exchange would cancel an order that met one of our own: none did, though the quote jumps over itself."""
    place.venue()
    told = place.paper(3.0)
    assert (told["working"], told["unknown"], told["denied"]) == (0, 0, 0)
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
    journal = Journal(place.folder / "run")
    updates, verdicts = journal.of("QuoteUpdate"), journal.of("Verdict")
    assert len(updates) > 20
    assert set(updates["id"]) <= set(verdicts["cause"])
    # Each side that differed from the one before was asked of the venue, and no other.
    asked = [
        *journal.of("Order")["cause"],
        *journal.of("ReplaceRequest")["cause"],
        *journal.of("CancelRequest")["cause"],
    ]
    before = (0, 0)
    for row in updates:
        now = (int(row["bid_ticks"]), int(row["ask_ticks"]))
        assert asked.count(row["id"]) == sum(a != b for a, b in zip(before, now, strict=True))
        before = now
    reports = journal.of("VenueReport")
    refused = reports[np.isin(reports["kind"], [REJECTED, CANCEL_REJECTED, REPLACE_REJECTED])]
    # A side that waited when the quote was withdrawn is refused here; the venue refused nothing.
    held = next(row.number for row in error_table() if row.name == "RUN_QUOTE_HELD")
    assert set(refused["code"].tolist()) <= {held}
    lines = read_log(place.folder / "exchange" / "venue.jsonl")
    events = [line["event"] for line in lines if line.get("event", {}).get("participant") == 0]
    assert sum(event["what"] == "replaced" for event in events) > 20
    assert not any(event["what"] == "traded" for event in events)


def test_killed_while_it_quotes_the_next_life_withdraws_what_it_finds(place: Any) -> None:
    """Kill -9, three times; at the end nothing works, and both accounts are the same."""
    place.venue()
    for _ in range(3):
        life = place.start("run", "paper", "paper.toml")
        orders = len(place.orders())
        place.wait(lambda orders=orders: len(place.orders()) > orders, "it does not quote")
        life.kill()
        life.wait()
    told = place.paper(1.0)
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0


class Hand(hr.Strategy):
    """Does nothing of itself."""

    def on_quote(self, quote: Any) -> None:
        """Let others decide."""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Any]:
    """A run whose quote of five at 99.80 and five at 99.90 the venue has taken."""
    with ALONE["alone"](tmp_path, Hand()) as life:
        say(life, 99.8, 99.9)
        for name in life._gateway.sent:
            life.on_report("8", {11: name, 150: "0", 39: "0"})
        yield life


def say(life: Any, bid: float | None, ask: float | None) -> Any:
    """Quote five a side; what is let pass leaves."""
    ticket = life._strategy.quote(bid=bid, bid_quantity=5, ask=ask, ask_quantity=5)
    life._send()
    return ticket


def states(life: Any) -> list[tuple[str, int]]:
    """State and price of the orders that work."""
    return [(order.state, order.limit_ticks) for order in working_of(life.engine)]


def answered(life: Any, change: tuple[str, str, str, str], exec_type: str) -> None:
    """The venue makes a change (5), or refuses it."""
    name, original, quantity, price = change
    if exec_type == "5":
        life.on_report("8", {11: name, 41: original, 150: "5", 39: "0", 38: quantity, 44: price})
    else:
        life.on_report("9", {11: name, 41: original, 434: "2", 39: "0"})


def test_the_side_that_would_meet_the_other_leaves_once_that_one_has_moved(alone: Any) -> None:
    """Up over its own ask: the ask first; the bid when the venue has changed it."""
    assert say(alone, 100.0, 100.1).approved
    assert [change[3] for change in alone._gateway.changes] == ["100.10"]
    assert say(alone, 100.0, 100.1) is None
    answered(alone, alone._gateway.changes[0], "5")
    assert [change[3] for change in alone._gateway.changes] == ["100.10", "100.00"]
    answered(alone, alone._gateway.changes[1], "5")
    assert states(alone) == [("Live", 10_000), ("Live", 10_010)]
    # A side that meets nothing does not wait.
    say(alone, 100.01, 100.12)
    assert len(alone._gateway.changes) == 4


def test_where_one_side_is_rejected_the_other_that_would_meet_it_does_not_leave(alone: Any) -> None:
    """It is refused here, by name, and the quote stands as it was; a run that is taken up again sees the same names."""
    say(alone, 100.0, 100.1)
    answered(alone, alone._gateway.changes[0], "9")
    assert len(alone._gateway.changes) == 1
    assert states(alone) == [("Live", 9_980), ("Live", 9_990)]
    assert say(alone, 99.81, 99.9).approved
    assert Names.of(alone.engine, alone._book)._asked == alone._names._asked


def test_where_one_side_is_rejected_the_other_that_left_stands_alone_and_the_next_quote_mends_it(alone: Any) -> None:
    """The venue said so: the bid moved, the ask did not."""
    say(alone, 99.82, 99.92)
    bid, ask = alone._gateway.changes
    answered(alone, bid, "5")
    answered(alone, ask, "9")
    assert states(alone) == [("Live", 9_982), ("Live", 9_990)]
    say(alone, 99.82, 99.92)
    assert [change[3] for change in alone._gateway.changes[2:]] == ["99.92"]


@pytest.mark.parametrize("answer", ["5", "9"])
def test_a_withdrawal_takes_back_the_side_that_waits(alone: Any, answer: str) -> None:
    """It never leaves: not before its cancel, and not after, whatever the venue says of the other one."""
    say(alone, 100.0, 100.1)
    say(alone, None, None)
    assert len(alone._gateway.cancels) == 2
    answered(alone, alone._gateway.changes[0], answer)
    for name, original in alone._gateway.cancels:
        alone.on_report("8", {11: name, 41: original, 150: "4", 39: "4"})
    assert states(alone) == []
    assert len(alone._gateway.changes) == 1
    assert len(rows_of(alone.engine, "Finding")) == 0


def test_a_session_that_falls_leaves_both_sides_unknown_until_the_venue_has_said(alone: Any) -> None:
    """What waited does not leave when it is back."""
    say(alone, 100.0, 100.1)
    alone.on_down("gone")
    assert {state for state, _ in states(alone)} <= {"Unknown", "Live"}
    assert ("Unknown", 9_990) in states(alone)
    alone.on_up()
    for name, price in zip(alone._gateway.sent, ("99.80", "99.90"), strict=True):
        alone.on_report("8", {11: name, 150: "I", 39: "0", 38: "5", 14: "0", 44: price})
    assert len(alone._gateway.changes) == 1
    assert states(alone) == [("Live", 9_980), ("Live", 9_990)]
