"""What a run at a venue finds is told at once, stands in its journal, and outlives the run that found it."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.main import run
from hedgerow.core.nouns import text_of
from hedgerow.engine.live.findings import AGAIN_NS, findings_of
from hedgerow.engine.live.outcome import cash_of, rows_of
from hedgerow.engine.why import Journal, why
from hedgerow.execution.venues import ask_control, read_log

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


def test_a_fee_in_one_coin_more_than_the_books_have_room_for_is_found_and_its_digits_are_kept(tmp_path: Path) -> None:
    """All before it are booked, each in its own currency; every currency sums to zero."""
    coins = [f"C{number}" for number in range(1, 7)]
    with ALONE(tmp_path) as life:
        (name,) = life._gateway.sent
        for number, coin in enumerate(coins, start=1):
            told = {11: name, 150: "F", 39: "1", 32: "1", 31: "100.00", 14: f"{number}", 17: f"E{number}"}
            life.on_report("8", {**told, 12: "0.10", 13: "3", 479: coin})
        cash, sums = cash_of(life.engine, life._number), life.engine.trial_balance()
        kept = rows_of(life.engine, "Execution")
        (found,) = life.found()
    assert {coin: cash[coin] for coin in coins[:-1]} == dict.fromkeys(coins[:-1], Decimal("-0.1"))
    assert coins[-1] not in cash
    assert cash["USD"] == 1_000_000 - 6 * 100
    assert {balance for _, balance in sums} == {0}
    assert (found.code, found.cause) == ("LEDGER-003", int(kept["id"][-1]))
    assert [(text_of(row["fee"]), text_of(row["currency"])) for row in kept] == [("0.10", coin) for coin in coins]


@pytest.mark.parametrize("words", ["", "two\nlines\x07", "x" * 5_000, "ü" * 600, "\ud800 half of a pair"])
def test_words_of_a_venue_are_put_on_one_line_that_the_journal_takes(tmp_path: Path, words: str) -> None:
    """Whatever they are."""
    with ALONE(tmp_path) as life:
        life.on_remark(words)
        (found,) = life.found()
    assert found.code == "LIVE-009"
    assert 0 < len(found.says.encode()) <= 1_000
    assert found.says.isprintable()


def test_a_trade_that_is_taken_back_is_found_by_the_venues_name_of_it(place: Any) -> None:
    """Every fill has the name that the exchange's record has; the bust says which it means, and moves nothing."""
    place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.filled(3)
    lines = [line.get("event", {}) for line in read_log(place.folder / "exchange" / "venue.jsonl")]
    traded = next(one for one in lines if one.get("what") == "traded" and one["participant"] == 0)
    ask_control(place._ports["control"], {"do": "bust", "trade": traded["trade"]})
    said = f"the venue takes back execution '{traded['exec']}': fill "
    place.wait(lambda: any(said in one.says for one in findings_of(place.folder / "run")), "no word of it")
    place.end(life, stop=True)
    (found,) = [one for one in findings_of(place.folder / "run") if said in one.says]
    assert found.code == "LIVE-003"
    walk = why(place.folder / "run", found.id)
    assert [step.noun for step in walk[2:5]] == ["Fill", "Execution", "Order"]
    assert walk[3].says == f"the venue calls it report {traded['exec']}"
    journal = Journal(place.folder / "run")
    assert sorted(journal.of("Execution")["cause"].tolist()) == journal.of("Fill")["id"].tolist()
    assert [text[:11] for text in place.differences()] == ["execution h", "position BT"]
    assert run(["audit", "verify", str(place.folder / "run")]) == 0


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
