"""What instruments do at the exchange, told to who asked: at once, at each change, and not when it is the same."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from hedgerow.execution.gateways.fix import FixGateway
from hedgerow.execution.venues import Venue
from hedgerow.execution.venues.settings import PHASES
from hedgerow.execution.venues.statuses import Statuses

SHARED = runpy.run_path(str(Path(__file__).with_name("small_venue.py")))


class Told:
    """What a watcher was sent."""

    def __init__(self, statuses: Statuses) -> None:
        self._statuses, self.messages = statuses, list[dict[int, bytes]]()

    def _send(self, kind: str, pairs: list[tuple[int, bytes]]) -> bool:
        assert kind == "f"
        self.messages.append(dict(pairs))
        return True

    def now(self) -> list[tuple[bytes, bytes | None]]:
        """SecurityTradingStatus and TradingSessionSubID of every message that is sent now."""
        self.messages = []
        self._statuses.show(self._send)
        return [(message[326], message.get(625)) for message in self.messages]


@pytest.fixture
def venue(tmp_path: Path) -> Venue:
    """An exchange with one instrument."""
    opened: Venue = SHARED["venue"](tmp_path)
    return opened


def enter(venue: Venue, ts: int, phase: str) -> None:
    """The instrument enters a phase."""
    venue.submit(ts, {"do": "set_phase", "instrument": 0, "phase": phase})


def ask(what: bytes, symbol: bytes = b"ABC") -> dict[int, bytes]:
    """A SecurityStatusRequest."""
    return {324: b"r", 55: symbol, 263: what}


def test_a_phase_is_told_when_asked_for_and_again_when_it_is_another(venue: Venue) -> None:
    """Also one that was left between two looks is not told; after the end of the request nothing is."""
    statuses = Statuses(venue, is_old=False)
    told = Told(statuses)
    assert statuses.ask(ask(b"1")) is None
    assert told.now() == [(b"17", b"3")]
    assert told.now() == []
    enter(venue, 1, "halted")
    assert told.now() == [(b"2", None)]
    enter(venue, 2, "continuous")
    enter(venue, 3, "halted")
    assert told.now() == []
    assert statuses.ask(ask(b"2")) is None
    enter(venue, 4, "closed")
    assert told.now() == []


def test_once_is_once_and_what_cannot_be_asked_is_unknown(venue: Venue) -> None:
    """263=0 is answered and forgotten; another instrument or kind of request has status 20, and why."""
    statuses = Statuses(venue, is_old=False)
    assert dict(statuses.ask(ask(b"0")) or [])[326] == b"17"
    assert Told(statuses).now() == []
    unknown, kind = b"no such instrument", b"SubscriptionRequestType"
    for fields, why in ((ask(b"1", b"NOPE"), unknown), (ask(b"9"), kind), ({}, unknown)):
        refused = dict(statuses.ask(fields) or [])
        assert (refused[326], refused[58].startswith(why)) == (b"20", True)


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize("phase", PHASES)
def test_a_gateway_hears_the_phase_that_the_exchange_is_in(venue: Venue, phase: str, is_old: bool) -> None:
    """Each by its own words; FIX 4.2 has none for the stage, and a call there is an opening one."""

    class Heard:
        def on_phase(self, symbol: str, phase: str) -> None:
            heard.append((symbol, phase))

    heard: list[tuple[str, str]] = []
    statuses = Statuses(venue, is_old=is_old)
    told = Told(statuses)
    statuses.ask(ask(b"1"))
    for step in {"opening_call": ["closed"], "continuous": ["halted"]}.get(phase, []):
        enter(venue, 1, step)
    enter(venue, 2, phase)
    told.now()
    gateway = FixGateway.__new__(FixGateway)
    gateway._heard = Heard()
    gateway._told_phase({tag: value.decode() for tag, value in told.messages[0].items()})
    assert heard == [("ABC", "opening_call" if is_old and phase == "closing_call" else phase)]
