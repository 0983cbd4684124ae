"""MassQuote at the exchange over FIX: both sides of a quote change as one, or neither; real sockets, each version."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hedgerow.execution.venues import Venue, ask_control, read_log, read_settings
from hedgerow.execution.venues.fix_quotes import entries_of, legs

SHARED = runpy.run_path(str(Path(__file__).with_name("venue_traders.py")))
settings_file, trading = SHARED["settings_file"], SHARED["trading"]
MEMBERS = {"A": "FIX.4.4", "B": "FIX.4.2", "C": "FIX.5.0SP2"}


@pytest.fixture
def floor(shared: Callable[[str], Path], tmp_path: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    """An exchange with a participant of each version, each logged on."""
    with trading(tmp_path, shared("data/fix/dictionaries"), MEMBERS) as found:
        yield found


def quote(trader: Any, name: str, *entries: tuple[str, str, int, str, int], level: int = 2) -> None:
    """Send quotes of (symbol, bid, its size, offer, its size), of one set."""
    told: list[tuple[int, Any]] = [(117, name), (301, level), (296, 1), (302, "s")]
    told += [(311, "ABC")] * trader.session_is_old + [(304, len(entries))]
    told.append((295, len(entries)))
    for number, (symbol, bid, bids, offer, offers) in enumerate(entries, 1):
        told += [(299, str(number)), (55, symbol), (132, bid), (133, offer), (134, bids), (135, offers)]
    trader.send("i", *told)


def book(venue: Any) -> tuple[Any, Any]:
    """What stands at the exchange."""
    told = ask_control(venue.ports["control"], {"do": "book", "symbol": "ABC"})
    return told["bids"], told["asks"]


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_both_sides_move_as_one_through_where_they_stood(floor: tuple[Any, dict[str, Any]], name: str) -> None:
    """Up through its own offer and down through its own bid; a side that stays is left, one without size goes."""
    venue, members = floor
    maker = members[name]
    for number, (bid, bids, offer, offers) in enumerate(
        [("9.90", 10, "10.10", 10), ("10.20", 10, "10.40", 10), ("9.50", 5, "9.70", 10), ("9.50", 5, "9.80", 7)]
    ):
        quote(maker, f"u{number}", ("ABC", bid, bids, offer, offers))
        assert maker.hears((117, 297), t35="b") == [f"u{number}", "0"]
        assert book(venue) == ([[bid, str(bids)]], [[offer, str(offers)]])
    quote(maker, "gone", ("ABC", "9.50", 0, "9.80", 7))
    assert maker.hears((117, 297), t35="b") == ["gone", "0"]
    assert book(venue) == ([], [["9.80", "7"]])
    names = [(one[11], one[150]) for one in maker.heard if one[35] == "8"]
    assert names[:2] == [("q:u0.1.B", "0"), ("q:u0.1.S", "0")]
    assert ("q:u3.1.B", "5") not in names
    assert names[-1] == ("q:gone.1.B", "4")
    assert not [kind for _, kind in names if kind in ("F", "1", "2", "8")]


def test_a_quote_trades_as_an_order_and_counts_what_is_open(floor: tuple[Any, dict[str, Any]]) -> None:
    """Four of ten trade; the next quote says what shall be open, whatever has traded."""
    venue, members = floor
    maker, taker = members["A"], members["C"]
    quote(maker, "one", ("ABC", "9.90", 10, "10.10", 10))
    maker.until(t35="b")
    taker.order("t1", 1, 4, "10.10", (59, "3"))
    assert maker.hears((54, 32, 151), t11="q:one.1.S", t150="F") == ["2", "4", "6"]
    quote(maker, "two", ("ABC", "9.90", 10, "10.10", 10))
    assert maker.hears((38, 14, 151), t11="q:two.1.S", t150="5") == ["14", "4", "10"]
    assert book(venue) == ([["9.90", "10"]], [["10.10", "10"]])


def test_what_cannot_be_a_quote_is_refused_whole_and_the_others_stand(
    floor: tuple[Any, dict[str, Any]], tmp_path: Path
) -> None:
    """Sides that meet, a price off the tick, too much, an unknown instrument, a name used before: by numbers."""
    venue, members = floor
    maker = members["A"]
    quote(maker, "ok", ("ABC", "9.90", 10, "10.10", 10))
    maker.until(t35="b")
    for name, entry, reason in [
        ("meet", ("ABC", "10.10", 10, "10.10", 10), "7"),
        ("tick", ("ABC", "9.95", 10, "10.051", 10), "8"),
        ("minus", ("ABC", "-1", 10, "10.10", 10), "8"),
        ("much", ("ABC", "9.95", 10, "10.10", 10**9), "3"),
        ("none", ("XYZ", "9.95", 10, "10.10", 10), "1"),
        ("ok", ("ABC", "9.95", 10, "10.05", 10), "6"),
    ]:
        quote(maker, name, entry, level=1)
        assert maker.hears((117, 297, 300), t35="b") == [name, "5", reason]
        assert book(venue) == ([["9.90", "10"]], [["10.10", "10"]])
    quote(maker, "part", ("XYZ", "1", 1, "2", 1), ("ABC", "9.95", 3, "10.05", 3), level=1)
    assert maker.hears((117, 297), t35="b") == ["part", "0"]
    assert book(venue) == ([["9.95", "3"]], [["10.05", "3"]])
    ask_control(venue.ports["control"], {"do": "phase", "symbol": "ABC", "phase": "halted"})
    quote(maker, "halt", ("ABC", "9.90", 0, "10.05", 3), level=1)
    assert maker.hears((297, 300), t35="b") == ["5", "2"]
    quote(maker, "silent", ("ABC", "9.90", 1, "10.05", 3), level=0)
    maker.send("i", (117, "again"), (301, 2), (296, 0), (97, "Y"))
    assert maker.hears((117, 297), t35="b") == ["again", "5"]
    events = [line["event"] for line in read_log(tmp_path / "venue" / "venue.jsonl") if "event" in line]
    assert {event["what"] for event in events if event["event"] == "order"} == {"accepted", "replaced"}


def test_a_quote_of_which_a_crash_left_one_side_is_finished_when_it_is_sent_again(
    shared: Callable[[str], Path], tmp_path: Path
) -> None:
    """The first side stands in the log; sent again, the second follows, and a third time nothing does."""
    settings = settings_file(tmp_path, shared("data/fix/dictionaries"), {"A": "FIX.4.4"})
    entry = b"302=s|299=1|55=ABC|132=9.90|133=10.10|134=10|135=10"
    told = [(int(tag), value) for tag, _, value in (pair.partition(b"=") for pair in entry.split(b"|"))]
    (quoted,) = entries_of([(tag, value, 1 if tag == 302 else 2) for tag, value in told])
    venue = Venue(read_settings(settings))
    first, second = legs(venue, "A", "one", quoted)
    venue.submit(1, first)
    venue.settle()
    venue.close()
    venue = Venue(read_settings(settings))
    assert legs(venue, "A", "one", quoted, is_again=True) == [second]
    venue.submit(2, second)
    assert legs(venue, "A", "one", quoted, is_again=True) == []
    venue.close()
