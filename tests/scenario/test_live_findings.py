"""What a run at a venue finds is told at once, stands in its journal, and outlives the run that found it."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.main import run
from hedgerow.engine.live.findings import AGAIN_NS, findings_of
from hedgerow.engine.why import why
from hedgerow.execution.venues import ask_control

HERE = Path(__file__).parent
ALONE = runpy.run_path(str(HERE / "live_alone.py"))["alone"]
SETTINGS = runpy.run_path(str(HERE / "test_live_session.py"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Any]:
    """A folder with settings of a run and of the exchange that it trades at."""
    found = SETTINGS["Place"](tmp_path)
    (tmp_path / "busy.py").write_text(SETTINGS["BUSY"])
    found.settle("busy.py:Busy", speed=1, every_ms=50)
    yield found
    found.close()


def test_a_run_that_is_killed_leaves_what_it_had_found(place: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The venue goes away, a program hears of it at once, and the journal says so after kill -9."""
    venue = place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.filled()
    venue.kill()
    told = json.loads(life.stderr.readline())["finding"]
    place.wait(lambda: findings_of(place.folder / "run"), "nothing was found")
    life.kill()
    life.wait()
    assert (told["code"], told["says"].startswith("the session ended")) == ("LIVE-001", True)
    assert run(["run", "findings", str(place.folder / "paper.toml"), "--json"]) == 0
    kept = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert kept[0] == told
    (finding, remark) = why(place.folder / "run", told["id"])
    assert (finding.noun, remark.noun, remark.says) == ("Finding", "Remark", told["says"])
    assert [cause.id for cause in why(place.folder / "run", remark.id)[:2]] == [remark.id, finding.id]
    assert run(["audit", "show", str(remark.id), "--log", str(place.folder / "run")]) == 0
    assert told["says"] in capsys.readouterr().out
    assert run(["run", "findings", str(place.folder / "paper.toml")]) == 0
    assert "LIVE-001" in capsys.readouterr().out
    place.venue()
    assert place.settled()["findings"][0].startswith("LIVE-001")
    assert run(["audit", "verify", str(place.folder / "run")]) == 0


def test_what_comes_again_and_again_is_told_once_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A venue that says the same wrong thing for ever fills no disk; nothing else is held back by it."""
    with ALONE(tmp_path) as life:
        now = life._wall()
        monkeypatch.setattr(life._findings, "_now_ns", lambda: now)
        for _ in range(50):
            life.on_remark("the moon is full")
        life.on_remark("it is not")
        now += AGAIN_NS
        life.on_remark("the moon is full")
        said = [found.says for found in life.found()]
        assert life.found() == ()
    assert said == ["the moon is full", "it is not", "the moon is full (and 49 times since it was last told)"]


@pytest.mark.parametrize("words", ["", "two\nlines\x07", "x" * 5_000, "ü" * 600, "\ud800 half of a pair"])
def test_words_of_a_venue_are_put_on_one_line_that_the_journal_takes(tmp_path: Path, words: str) -> None:
    """Whatever they are."""
    with ALONE(tmp_path) as life:
        life.on_remark(words)
        (found,) = life.found()
    assert found.code == "LIVE-009"
    assert 0 < len(found.says.encode()) <= 1_000
    assert found.says.isprintable()


HALTS = """
import hedgerow as hr


class Busy(hr.Strategy):
    def on_start(self):
        self.every(seconds=0.05)
        self.phase = None

    def on_phase(self, phase):
        self.phase = phase.phase
        with open("phases.txt", "a") as file:
            file.write(f"{phase.symbol} {phase.phase}\\n")

    def on_timer(self, now):
        book = self.book()
        if book.best_ask and self.phase == "continuous" and self.position < 1:
            self.buy(0.01, limit=book.best_ask[0], tif="ioc")
"""


def test_a_strategy_hears_of_a_halt_at_its_venue(place: Any) -> None:
    """By SecurityStatus over FIX: what it is at the beginning, the halt, and when trading goes on; each once."""
    (place.folder / "busy.py").write_text(HALTS)
    place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.filled()
    told = place.folder / "phases.txt"
    for number, phase in enumerate(("halted", "continuous"), 2):
        ask_control(place._ports["control"], {"do": "phase", "symbol": "BTCUSDT", "phase": phase})
        place.wait(lambda number=number: len(told.read_text().splitlines()) >= number, "no phase")
    outcome = place.end(life, stop=True)
    assert told.read_text().split("\n")[:-1] == ["BTCUSDT continuous", "BTCUSDT halted", "BTCUSDT continuous"]
    assert (outcome["working"], outcome["findings"]) == (0, [])
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
