"""A paper run in other versions of FIX than 4.4, each of which says things in its own way, at `venue serve`."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.main import run
from hedgerow.execution.venues import ask_control, read_log

PLACE = runpy.run_path(str(Path(__file__).with_name("live_place.py")))
RUN = runpy.run_path(str(Path(__file__).with_name("test_live_run.py")))
KINDS = PLACE["busy"](
    """
    if self.ticket is None:
        self.ticket = self.buy(5, limit=round(book.best_bid[0] - 1, 2), display=1)
        self.buy(1, limit=round(book.best_bid[0] - 0.5, 2), peg="primary", offset_ticks=-90)
    elif self.ticket.state == "Live":
        self.replace(self.ticket, limit=round(book.best_bid[0] - 1 - now // 10**8 % 5 / 100, 2))
    """,
    every_ns=100_000_000,
    size="5",
)
"""Orders that each version says in its own words, beside those that trade."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Any]:
    """Settings on a free port; `control` is the exchange's other one."""
    found = PLACE["RunPlace"](tmp_path)
    port, found.control = PLACE["free_ports"](2)
    (tmp_path / "busy.py").write_text(KINDS)
    (tmp_path / "venue.toml").write_text(RUN["VENUE"].format(port=port, control=found.control))
    (tmp_path / "paper.toml").write_text(RUN["PAPER"].format(port=port))
    yield found
    found.close()


def speak(place: Any, version: str) -> None:
    """Have run and exchange speak a version of FIX."""
    for name, what in (("venue.toml", 'name = "DESK"\nprotocol'), ("paper.toml", 'sender = "DESK"\nversion')):
        told = (place.folder / name).read_text()
        before = what.partition("\n")[0]
        assert before in told
        (place.folder / name).write_text(told.replace(before, f'{what} = "{version}"'))


@pytest.mark.parametrize("version", ["FIX.4.2", "FIX.5.0SP2"])
def test_other_versions_trade_alike_and_a_trade_taken_back_is_no_trade(place: Any, version: str) -> None:
    """Orders, changes, kinds that each version says in its own way, a death in between, and a bust while it runs."""
    speak(place, version)
    place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.filled(3)
    life.kill()
    life.wait()
    life = place.start("run", "paper", "paper.toml")
    place.filled(2)
    lines = list(read_log(place.folder / "exchange" / "venue.jsonl"))
    traded = (line["event"] for line in lines if line.get("event", {}).get("what") == "traded")
    trade = next(event["trade"] for event in traded if event["participant"] == 0)
    ask_control(place.control, {"do": "bust", "trade": trade})
    place.wait(lambda: "takes back" in str(RUN["findings"](place.folder / "run")), "no bust was told")
    told = place.end(life, stop=True)
    assert (told["working"], told["unknown"]) == (0, 0)
    lines = list(read_log(place.folder / "exchange" / "venue.jsonl"))
    inputs = [line["input"] for line in lines if line.get("input", {}).get("participant") == 0]
    assert {one.get("peg") for one in inputs} >= {"Primary", None}
    assert any(one.get("show_lots") == 1 for one in inputs)
    assert sum(line.get("event", {}).get("what") == "replaced" for line in lines) > 0
    assert [text.split()[0] for text in place.differences()] == ["execution", "position"]
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
