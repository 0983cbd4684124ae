"""What a participant is told who asks how an order stands: first what happened to it, then how it stands."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from hedgerow import _core
from hedgerow.execution.fix.vocabulary import spoken_dictionary
from hedgerow.execution.venues.fix_entry import FixEntry

SHARED = runpy.run_path(str(Path(__file__).with_name("small_venue.py")))
NOW_NS = 1_795_185_000_000_000_000


def joined() -> tuple[_core.FixSession, _core.FixSession]:
    """A client's session and the exchange's, logged on."""
    book = spoken_dictionary("FIX.4.4")
    ours = _core.FixSession("FIX.4.4", "A", "V", book, now_ns=NOW_NS, initiator=True)
    theirs = _core.FixSession("FIX.4.4", "V", "A", book, now_ns=NOW_NS)
    for session in (ours, theirs):
        session.connected(NOW_NS)
    for _ in range(2):
        for one, other in ((ours, theirs), (theirs, ours)):
            other.received(one.transmit())
            while other.poll(NOW_NS) is not None:
                pass
    assert ours.logged_on
    assert theirs.logged_on
    return ours, theirs


def order(participant: int, name: str, side: str) -> dict[str, Any]:
    """An order at ten."""
    told = {"do": "new", "participant": participant, "client_id": name, "instrument": 0, "side": side}
    return told | {"lots": 5, "price_ticks": 1000, "order_type": "limit", "time_in": "gtc"}


@pytest.mark.parametrize(
    "question",
    [("H", [(11, b"a1"), (55, b"ABC"), (54, b"1")]), ("AF", [(584, b"all"), (585, b"7")])],
)
def test_an_answer_never_overtakes_the_execution_that_it_counts(
    tmp_path: Path, question: tuple[str, list[tuple[int, bytes]]]
) -> None:
    """Another participant traded with the order in the same turn, before the question."""
    venue = SHARED["venue"](tmp_path, '[[participant]]\nname = "B"\n')
    entry = FixEntry(venue, venue.settings.participants[0], lambda: NOW_NS)
    ours, theirs = joined()
    venue.submit(NOW_NS, order(0, "a1", "Buy"))
    venue.submit(NOW_NS, order(1, "b1", "Sell") | {"lots": 2})
    ours.send(*question, NOW_NS)
    theirs.received(ours.transmit())
    while (event := theirs.poll(NOW_NS)) is not None:
        assert event[0] == "application"
        entry.on_message(theirs, NOW_NS)
    ours.received(theirs.transmit())
    told = []
    while ours.poll(NOW_NS) is not None:
        told.append({tag: value for tag, value, _ in ours.fields()})
    assert [(one[150], one[14]) for one in told] == [(b"0", b"0"), (b"F", b"2"), (b"I", b"2")]
    venue.close()
