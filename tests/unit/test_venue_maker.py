"""The exchange's own maker, and who trades with it, so that prices wake stops where only one is logged on."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from hedgerow.execution.venues import Server
from hedgerow.execution.venues.maker import Maker

SHARED = runpy.run_path(str(Path(__file__).with_name("small_venue.py")))
MAKER = '[[participant]]\nname = "MAKER"\n[[participant]]\nname = "CROWD"\n[maker]\nparticipant = "MAKER"\nlots = 3\n'
STOP = {
    "do": "new",
    "participant": 0,
    "client_id": "stop",
    "instrument": 0,
    "side": "Sell",
    "lots": 2,
    "price_ticks": 0,
}
STOP |= {"order_type": "stop", "time_in": "gtc", "stop_ticks": 998}
BEATS = 100


def heard(folder: Path, more: str) -> list[dict[str, Any]]:
    """What happens at an exchange with one resting stop while its maker quotes a hundred times."""
    folder.mkdir()
    venue = SHARED["venue"](folder, MAKER + more)
    events: list[dict[str, Any]] = []
    submit = venue.submit

    def hearing(ts: int, told: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = submit(ts, told)
        events.extend(found)
        return found

    venue.submit = hearing
    maker = Maker(venue, venue.settings.maker)
    maker.beat(1)
    venue.submit(1, STOP)
    for beat in range(1, BEATS):
        maker.beat(1 + beat * 10**9)
    venue.close()
    return events


def test_with_a_taker_prices_reach_a_stop_and_without_one_it_waits(tmp_path: Path) -> None:
    """One lot each time, of either side, at the maker's best price; the same settings give the same trades."""
    taken = heard(tmp_path / "a", 'taker = "CROWD"\n')
    (stopped,) = [event for event in taken if event.get("what") == "triggered"]
    assert stopped["client_id"] == "stop"
    theirs = [event for event in taken if event.get("what") == "traded" and event["participant"] == 2]
    assert {event["last_lots"] for event in theirs} == {1}
    assert {event["side"] for event in theirs} == {"Buy", "Sell"}
    assert len(theirs) == BEATS
    assert heard(tmp_path / "b", 'taker = "CROWD"\n') == taken
    assert not [event for event in heard(tmp_path / "c", "") if event.get("what") in ("triggered", "traded")]


def test_a_maker_quotes_only_prices_that_the_exchange_takes(tmp_path: Path) -> None:
    """Of a price that wanders at the bottom no bid below one tick is sent, and nobody sells there."""
    told = f'{MAKER}taker = "CROWD"\nhalf_spread = 1000\n'
    venue = SHARED["venue"](tmp_path, told)
    Maker(venue, venue.settings.maker).beat(1)
    book = [venue.core.depth(0, is_buy, 9) for is_buy in (True, False)]
    assert len(book[0]) < len(book[1])
    assert all(ticks > 0 for ticks, _ in book[0])
    venue.close()


@pytest.mark.parametrize("symbols", [1, 2])
def test_the_taker_trades_in_every_instrument(tmp_path: Path, symbols: int) -> None:
    """As the maker quotes in each."""
    more = '[[instrument]]\nsymbol = "XYZ"\nreference = "20"\n' * (symbols - 1)
    events = heard(tmp_path / "a", f'taker = "CROWD"\n{more}')
    assert {event["instrument"] for event in events if event.get("what") == "traded"} == set(range(symbols))


def test_nobody_logs_on_as_who_trades_by_itself_and_what_they_are_told_is_not_kept(tmp_path: Path) -> None:
    """Others are told of their trades with them, and may have a drop copy of what they do."""
    copy = '[[participant]]\nname = "AUDIT"\ndrop_copy_of = ["MAKER"]\n'
    venue = SHARED["venue"](tmp_path, copy + MAKER + 'taker = "CROWD"\nhalf_spread = 1\n')
    told = venue.settings
    for beat in range(20):
        Maker(venue, told.maker).beat(1 + beat * 10**9)
    letters = {name: len(venue.letters[at].reports) for name, at in venue.numbers.items()}
    assert letters["MAKER"] == letters["CROWD"] == 0
    assert letters["AUDIT"] > 20
    venue.close()
    server = Server(told, lambda: 10**18)
    assert {names[2] for names in server._sessions} == set(venue.numbers) - {"MAKER", "CROWD"}
    server.serve(lambda: True)
