"""What comes together at the exchange waits for the disk once, and nobody hears of it before."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import Any

import pytest

from hedgerow.core.errors import WireError
from hedgerow.execution.venues import Venue, read_log, read_settings
from hedgerow.execution.venues.venue_log import VenueLog

SHARED = runpy.run_path(str(Path(__file__).with_name("small_venue.py")))


@pytest.fixture
def venue(tmp_path: Path) -> Venue:
    """An exchange of one instrument and one participant."""
    opened: Venue = SHARED["venue"](tmp_path)
    return opened


def order(number: int) -> dict[str, Any]:
    """A resting order."""
    told = {"do": "new", "participant": 0, "client_id": f"o{number}", "instrument": 0, "side": "Buy"}
    return told | {"lots": 1, "price_ticks": 900, "order_type": "limit", "time_in": "gtc"}


def test_many_orders_wait_for_the_disk_once(venue: Venue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty orders, one fdatasync; before it the file has none of them, after it all."""
    waits: list[int] = []
    really = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda file: (waits.append(file), really(file))[1])
    path = tmp_path / "v" / "venue.jsonl"
    before = path.read_bytes()
    for number in range(50):
        venue.submit(1_000 + number, order(number))
    assert (path.read_bytes(), waits) == (before, [])
    venue.settle()
    venue.settle()
    assert len(waits) == 1
    assert [line["event"]["client_id"] for line in read_log(path) if "event" in line] == [f"o{n}" for n in range(50)]
    venue.close()


def test_a_venue_that_is_closed_has_settled(venue: Venue, tmp_path: Path) -> None:
    """Opened again it has the order."""
    venue.submit(1_000, order(1))
    venue.close()
    again = Venue(read_settings(tmp_path / "venue.toml"))
    assert [one["client_id"] for one in again.working("A")] == ["o1"]
    again.close()


def test_a_log_that_failed_once_takes_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may follow a gap, though the disk has room again; what was whole before is there."""
    log = VenueLog(tmp_path / "venue.jsonl")
    log.append([{"input": 1}])
    log.settle()

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", full)
        log.append([{"input": 2}])
        with pytest.raises(WireError, match="No space left"):
            log.settle()
    with pytest.raises(WireError, match="failed before"):
        log.settle()
    log.close()
    assert next(iter(read_log(tmp_path / "venue.jsonl")))["input"] == 1
