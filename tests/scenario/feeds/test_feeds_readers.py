"""What feeds record, the readers of files read: a venue's messages with our notes between, ITCH out of multicast."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.main import run
from hedgerow.market.feeds.recording import encoded
from hedgerow.market.feeds.transport import Note, Received

START_NS = 1_795_867_200_000_000_000
TRADE = {"e": "trade", "E": 1795867200010, "s": "BTCUSDT", "t": 7, "p": "91234.50", "q": "0.25", "T": 1795867200009,
         "m": True}  # fmt: skip


@pytest.fixture
def probed(capsys: pytest.CaptureFixture[str]) -> Callable[[Path], dict[str, Any]]:
    """What `data probe` says of a file."""

    def probe(path: Path) -> dict[str, Any]:
        run(["data", "probe", str(path), "--json"])
        return dict(json.loads(capsys.readouterr().out.splitlines()[0]))

    return probe


def test_a_recording_is_read_with_its_notes(tmp_path: Path, probed: Callable[[Path], dict[str, Any]]) -> None:
    """Two messages and two notes: four records, none an error."""
    events = [
        Note(START_NS, {"connected": "wss://venue.example/stream"}),
        Received(START_NS + 10**7, (json.dumps(TRADE), json.dumps(TRADE | {"t": 8}))),
        Note(START_NS + 10**9, {"broke": "cable"}, gap=True),
    ]
    path = tmp_path / "20261128T120000Z.txt"
    path.write_bytes(b"".join(encoded(event, "lines")[0] for event in events))
    told = probed(path)
    assert told["ok"], told
    assert told["rows"] == 4


def test_messages_of_a_multicast_are_read_as_itch(tmp_path: Path, probed: Callable[[Path], dict[str, Any]]) -> None:
    """Each behind its length, and the end of the session behind the last."""
    opens = [b"S" + bytes(4) + (34_200 * 10**9 + number).to_bytes(6, "big") + b"Q" for number in range(3)]
    events = [Received(START_NS, opens, sequence=1), Note(START_NS, {"ended": "SESSION1", "next": 4})]
    path = tmp_path / "20261128T120000000000000Z.bin"
    path.write_bytes(b"".join(encoded(event, "frames")[0] for event in events))
    told = probed(path)
    assert told["ok"], told
    assert "itch" in told["format"]
    assert told["rows"] == 3
