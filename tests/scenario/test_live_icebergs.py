"""Icebergs and pegged orders, in a paper run at the exchange of `venue serve`, over FIX."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hedgerow as hr
from hedgerow.cli.main import run
from hedgerow.engine.why import Journal
from hedgerow.execution.venues import read_log

ALONE = runpy.run_path(str(Path(__file__).with_name("live_alone.py")))
PLACE = runpy.run_path(str(Path(__file__).with_name("live_place.py")))
RUN = runpy.run_path(str(Path(__file__).with_name("test_live_run.py")))
STRATEGY = PLACE["busy"](
    """
    works = self.ticket is not None and self.ticket.state
    if works == "Live":
        self.replace(self.ticket, 15, limit=round(book.best_bid[0] - 0.5, 2), display=3)
    elif not works:
        self.ticket = self.buy(20, limit=round(book.best_bid[0] - 0.3, 2), display=4)
    """,
    every_ns=20_000_000,
    size="5",
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Any]:
    """Settings on a free port."""
    found = PLACE["RunPlace"](tmp_path)
    port, control = PLACE["free_ports"](2)
    (tmp_path / "busy.py").write_text(STRATEGY)
    (tmp_path / "venue.toml").write_text(RUN["VENUE"].format(port=port, control=control))
    (tmp_path / "paper.toml").write_text(ALONE["SETTINGS"].replace("port = 1", f"port = {port}"))
    yield found
    found.close()


def test_the_exchange_is_told_what_to_show_when_an_order_is_sent_and_when_it_changes(place: Any) -> None:
    """The venue's own record says what it shows; the run's journal verifies, and both know the same orders."""
    place.venue()
    told = place.paper(2.0)
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
    terms = Journal(place.folder / "run").of("OrderTerms")
    assert set(terms["display_lots"]) == {3, 4}
    lines = read_log(place.folder / "exchange" / "venue.jsonl")
    events = [line["event"] for line in lines if line.get("event", {}).get("participant") == 0]
    ours = [event for event in events if event["lots"] in (15, 20)]
    shown = {what: {event["show_lots"] for event in ours if event["what"] == what} for what in ("accepted", "replaced")}
    assert shown == {"accepted": {4}, "replaced": {3}}


def test_a_pegged_order_is_sent_as_one_and_has_another_offset_when_it_changes(place: Any) -> None:
    """OrdType P and what it follows, each time it is said; it trades within its cap, and both know the same orders."""
    then = """
    works = self.ticket is not None and self.ticket.state
    if works in ("Live", "PartiallyFilled"):
        self.replace(self.ticket, 15, limit=round(book.best_bid[0] + 0.01, 2), offset_ticks=0)
    elif not works:
        self.ticket = self.buy(20, limit=round(book.best_bid[0] + 0.02, 2), peg="primary", offset_ticks=-1)
    """
    (place.folder / "busy.py").write_text(PLACE["busy"](then, every_ns=20_000_000, size="5"))
    place.venue()
    told = place.paper(2.0)
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
    lines = read_log(place.folder / "exchange" / "venue.jsonl")
    events = [line["event"] for line in lines if line.get("event", {}).get("participant") == 0]
    pegs = [event for event in events if event["order_type"] == "pegged"]
    assert {event["what"] for event in pegs} >= {"accepted", "replaced"}
    offsets = {(event["what"], event["peg"], event.get("offset_ticks", 0)) for event in pegs}
    assert {one for one in offsets if one[0] in ("accepted", "replaced")} == {
        ("accepted", "Primary", -1),
        ("replaced", "Primary", 0),
    }


def test_what_follows_a_fill_is_sent_as_an_iceberg_and_shows_as_much_as_was_wished_once_it_is_that_large(
    place: Any,
) -> None:
    """The exchange is told what to show of each, never more than there is; the audit finds each due."""
    then = """
    if self.ticket is None or not self.ticket.state:
        ask = book.best_ask[0]
        self.ticket = self.buy(5, limit=round(ask, 2))
        self.after(self.ticket, limit=round(ask + 0.4, 2), display=2)
    """
    (place.folder / "busy.py").write_text(PLACE["busy"](then, every_ns=100_000_000, size="1"))
    place.venue()
    told = place.paper(2.0)
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert hr.verify(place.folder / "run").linked > 0
    wishes = Journal(place.folder / "run").of("ContingentOrder")
    assert set(wishes["display_lots"]) == {2}
    lines = read_log(place.folder / "exchange" / "venue.jsonl")
    events = [line["event"] for line in lines if line.get("event", {}).get("participant") == 0]
    shown = {(event["lots"], event["show_lots"]) for event in events if event["side"] == "Sell" and event["show_lots"]}
    assert shown
    assert all(size == min(2, lots) for lots, size in shown)
