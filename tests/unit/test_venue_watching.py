"""Books that are watched at the exchange: shown when asked for, and again once they are others."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from hedgerow.execution.venues import Venue
from hedgerow.execution.venues.market_data import Watching

SHARED = runpy.run_path(str(Path(__file__).with_name("small_venue.py")))
MORE = '[[instrument]]\nsymbol = "XYZ"\nreference = "10.00"\n[[participant]]\nname = "B"\n'


class Told:
    """What was sent."""

    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self._sent: list[list[tuple[int, bytes]]] = []
        self.trades: list[list[tuple[int, bytes]]] = []

    def _send(self, kind: str, pairs: list[tuple[int, bytes]]) -> bool:
        (self._sent if kind == "W" else self.trades).append(pairs)
        return True

    def now(self) -> list[tuple[bytes, list[bytes]]]:
        """Symbol and prices of every book that is shown now."""
        self._sent = []
        self._watching.show(self._send)
        return [(dict(pairs)[55], [value for tag, value in pairs if tag == 270]) for pairs in self._sent]


@pytest.fixture
def venue(tmp_path: Path) -> Venue:
    """An exchange with two instruments."""
    opened: Venue = SHARED["venue"](tmp_path, MORE)
    return opened


def ask(name: bytes, what: bytes, *symbols: bytes) -> list[tuple[int, bytes, int]]:
    """A market data request."""
    return [(262, name, 0), (263, what, 0), (264, b"0", 0), *((55, symbol, 1) for symbol in symbols)]


def buy(venue: Venue, name: str, instrument: int, ticks: int) -> None:
    """A bid that stays."""
    order = {"client_id": name, "instrument": instrument, "side": "Buy", "lots": 5, "price_ticks": ticks}
    venue.submit(1, {"do": "new", "participant": 0, "order_type": "limit", "time_in": "gtc", **order})


def test_a_book_that_is_asked_for_once_is_shown_once(venue: Venue) -> None:
    """As it is, though nothing changed; the same name may ask again, and trades of before are not told."""
    watching = Watching(venue)
    told = Told(watching)
    buy(venue, "a", 0, 999)
    for ticks in (999, 998):
        assert watching.ask(ask(b"r", b"0", b"ABC", b"XYZ")) is None
        assert [symbol for symbol, _ in told.now()] == [b"ABC", b"XYZ"]
        buy(venue, f"more{ticks}", 0, ticks)
        assert told.now() == []
    assert (281, b"8") in (watching.ask([*ask(b"t", b"0", b"ABC"), (269, b"2", 1)]) or [])


def test_a_book_is_shown_when_it_is_asked_for_and_when_it_changed_and_no_more(venue: Venue) -> None:
    """Only what is watched, only what is another than before; whoever asks again is shown it again."""
    watching = Watching(venue)
    told = Told(watching)
    buy(venue, "a", 0, 999)
    assert told.now() == []
    assert watching.ask(ask(b"r", b"1", b"ABC")) is None
    assert told.now() == [(b"ABC", [b"9.99"])]
    assert told.now() == []
    buy(venue, "b", 1, 998)
    assert told.now() == []
    buy(venue, "c", 0, 998)
    assert told.now() == [(b"ABC", [b"9.99", b"9.98"])]
    watching.ask(ask(b"r", b"2"))
    buy(venue, "d", 0, 997)
    assert told.now() == []
    watching.ask(ask(b"r", b"1", b"ABC", b"XYZ"))
    assert told.now() == [(b"ABC", [b"9.99", b"9.98", b"9.97"]), (b"XYZ", [b"9.98"])]


def test_a_change_that_leaves_the_book_as_it_was_is_not_shown(venue: Venue) -> None:
    """An order that comes and goes between two looks."""
    watching = Watching(venue)
    told = Told(watching)
    watching.ask(ask(b"r", b"1", b"XYZ"))
    assert told.now() == [(b"XYZ", [])]
    buy(venue, "a", 1, 999)
    venue.submit(2, {"do": "cancel", "participant": 0, "client_id": "b", "orig_client_id": "a"})
    assert told.now() == []


def test_what_cannot_be_watched_is_refused_by_name(venue: Venue) -> None:
    """Symbols that are not listed, none at all, and a kind of request that the exchange does not have."""
    watching = Watching(venue)
    assert (58, b"not listed: NOPE") in (watching.ask(ask(b"r", b"1", b"NOPE", b"ABC")) or [])
    assert (58, b"no symbol") in (watching.ask(ask(b"r", b"1")) or [])
    assert (281, b"4") in (watching.ask(ask(b"r", b"3", b"ABC")) or [])


def test_trades_are_told_to_whoever_asks_for_them_each_once_and_books_to_nobody_who_does_not(venue: Venue) -> None:
    """What traded before is not told; a trade of both sides is one."""
    watching = Watching(venue)
    told = Told(watching)

    def sell(name: str, lots: int) -> None:
        order = {"client_id": name, "instrument": 0, "side": "Sell", "lots": lots, "price_ticks": 999}
        venue.submit(2, {"do": "new", "participant": 1, "order_type": "limit", "time_in": "gtc", **order})

    buy(venue, "a", 0, 999)
    sell("s1", 1)
    assert watching.ask([*ask(b"t", b"1", b"ABC"), (269, b"2", 1)]) is None
    assert (told.now(), told.trades) == ([], [])
    sell("s2", 2)
    sell("s3", 1)
    told.now()
    head = [(279, b"0"), (269, b"2"), (55, b"ABC"), (270, b"9.99")]
    assert told.trades == [[(262, b"t"), (268, b"2"), *head, (271, b"2"), *head, (271, b"1")]]
    told.now()
    watching.ask(ask(b"t", b"2"))
    buy(venue, "b", 0, 999)
    sell("s4", 5)
    assert (told.now(), len(told.trades)) == ([], 1)
