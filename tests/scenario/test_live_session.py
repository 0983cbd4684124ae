"""An hour of session within a minute, and what a run does when its venue or its operator is away."""

from __future__ import annotations

import json
import runpy
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.journal_costs import journal_costs
from hedgerow.engine.live import LiveSettings
from hedgerow.engine.why import Journal

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHARED = runpy.run_path(str(Path(__file__).with_name("live_place.py")))
VENUE = """
[venue]
name = "EXCH"
folder = "exchange"
fix_port = {fix}
control_port = {control}
clock_speed = {speed}
self_trades = "cancel_incoming"
[[instrument]]
symbol = "BTCUSDT"
reference = "61000"
tick = "0.1"
lot = "0.001"
[[participant]]
name = "DESK"
[[participant]]
name = "MAKER"
[maker]
participant = "MAKER"
half_spread = 1
levels = 2
every_ms = {every_ms}
"""
PAPER = """
[run]
strategy = "{strategy}"
folder = "run"
currency = "USDT"
[venue]
host = "127.0.0.1"
port = {fix}
sender = "DESK"
target = "EXCH"
[[instrument]]
symbol = "BTCUSDT"
currency = "USDT"
tick = "0.1"
lot = "0.001"
"""
BUSY = SHARED["busy"]("self.buy(0.001, limit=round(book.best_bid[0] - 50, 1))", every_ns=50_000_000, size="0.01")
"""It also leaves bids behind."""


class Place(SHARED["RunPlace"]):  # type: ignore[misc]
    """On two free ports."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ports = dict(zip(("fix", "control"), SHARED["free_ports"](2), strict=True))

    def settle(self, strategy: str, *, speed: int, every_ms: int, more: str = "") -> None:
        """Write both settings; `more` belongs to [run]."""
        (self.folder / "venue.toml").write_text(VENUE.format(**self._ports, speed=speed, every_ms=every_ms))
        text = PAPER.format(**self._ports, strategy=strategy).replace("[venue]", f"{more}[venue]")
        follows = f"control_port = {self._ports['control']}\n" if speed > 1 else ""
        (self.folder / "paper.toml").write_text(text.replace("[[instrument]]", f"{follows}[[instrument]]"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Without settings yet."""
    found = Place(tmp_path)
    yield found
    found.close()


@pytest.mark.slow
def test_a_demo_strategy_trades_an_hour_of_session_within_a_minute(place: Place) -> None:
    """Strategy, journal and exchange agree on the hour; orders, fills and positions are the same on both sides."""
    place.settle(f"{EXAMPLES / 'book_maker.py'}:Maker", speed=120, every_ms=10_000)
    place.venue()
    told = place.paper(32)
    assert told["orders"] > 50
    assert told["fills"] > 5
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    sent = Journal(place.folder / "run").of("Order")["ts"]
    assert int(sent[-1]) - int(sent[0]) > 3_500 * 10**9
    assert json.loads((place.folder / "run" / "run.json").read_bytes())["clock_speed"] == 120
    assert set(journal_costs(place.folder / "run")["venue"]) == {"EXCH"}
    assert run(["audit", "verify", str(place.folder / "run")]) == 0


def test_only_a_paper_run_at_an_exchange_of_ours_follows_its_clock(place: Place) -> None:
    """Where nobody tells the time, the run says so; a live run never follows."""
    place.settle("busy.py:Busy", speed=60, every_ms=1000, more='mandate = "fund"\n')
    with pytest.raises(HedgerowError, match="only a paper run"):
        LiveSettings.read(place.folder / "paper.toml", "live")
    (place.folder / "busy.py").write_text(BUSY)
    place.settle("busy.py:Busy", speed=60, every_ms=1000)
    life = place.start("run", "paper", "paper.toml", "--for", "1")
    assert life.wait(60) != 0


def test_a_venue_that_is_away_too_long_stops_the_run_and_an_operator_lifts_it(place: Place) -> None:
    """From the switch on no order opens risk, on the record; what worked is cancelled once the venue is back."""
    (place.folder / "busy.py").write_text(BUSY)
    place.settle("busy.py:Busy", speed=1, every_ms=100, more='dead_man = "1s"\n')
    venue = place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.filled(1)
    venue.kill()
    venue.wait()
    time.sleep(3.0)
    place.venue()
    place.wait(lambda: "working" not in place.orders().values(), "orders still work")
    assert run(["run", "alive", str(place.folder / "paper.toml"), "--lift"]) == 0
    place.filled(2)
    told = place.end(life, stop=True)
    assert any("dead-man timer: the venue was not heard for 1 s" in text for text in told["findings"])
    assert any("lifted" in text for text in told["findings"])
    assert [int(row["on"]) for row in Journal(place.folder / "run").of("KillSwitch")][:2] == [1, 0]
    assert place.differences() == []


def test_an_operator_who_says_nothing_stops_the_run(place: Place) -> None:
    """`hedgerow run alive` says that somebody is here, and the timer begins anew."""
    (place.folder / "busy.py").write_text(BUSY)
    place.settle("busy.py:Busy", speed=1, every_ms=100, more='operator_every = "4s"\n')
    place.venue()
    life = place.start("run", "paper", "paper.toml", "--for", "12")
    place.filled(1)
    assert run(["run", "alive", str(place.folder / "paper.toml")]) == 0
    told = place.end(life)
    assert sum("the operator was not heard for 4 s" in text for text in told["findings"]) == 1
    assert told["working"] == 0
    assert place.differences() == []
