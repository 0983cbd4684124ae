"""A paper run against the exchange of `venue serve`, in another process, over FIX: traded, killed anywhere, reconciled.

What is proved is read from two places that share nothing: the run's journal and the exchange's own record.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow import _core
from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.engine.live import LiveSettings
from hedgerow.engine.live.accounts import of_exchange, of_journal
from hedgerow.execution.reconciliation import differences
from hedgerow.execution.venues import read_settings

KILLS = int(os.environ.get("HEDGEROW_KILLS", "12"))
"""How often the run is killed; 100 take two minutes."""
STRATEGY = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''Crosses the spread back and forth, leaves a bid behind and takes it away.'''

    def on_start(self):
        self.every(ns=20_000_000)
        self.ticket = None

    def on_timer(self, now):
        book = self.book()
        if not book.best_ask or not book.best_bid:
            return
        if self.position <= 0:
            self.buy(5, limit=book.best_ask[0], tif="ioc")
        else:
            self.sell(5, limit=book.best_bid[0], tif="ioc")
        if self.ticket is not None and self.ticket.state == "Live":
            self.cancel(self.ticket)
        self.ticket = self.buy(1, limit=round(book.best_bid[0] - 0.5, 2))
"""
VENUE = """
[venue]
name = "EXCH"
folder = "exchange"
fix_port = {port}
self_trades = "cancel_incoming"
[[instrument]]
symbol = "ABC"
reference = "100"
[[participant]]
name = "DESK"
[[participant]]
name = "MAKER"
[maker]
participant = "MAKER"
every_ms = 50
"""
PAPER = """
[run]
strategy = "busy.py:Busy"
folder = "run"
[venue]
host = "127.0.0.1"
port = {port}
sender = "DESK"
target = "EXCH"
[[instrument]]
symbol = "ABC"
tick = "0.01"
"""
COMMAND = "import sys; from hedgerow.cli.main import run; sys.exit(run(sys.argv[1:]))"


@dataclass
class Place:
    """A folder with settings of both sides, and the processes that run there."""

    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A command in a process of its own."""
        command = [sys.executable, "-c", COMMAND, *words, "--json"]
        # What a killed process would have told of its coverage is lost either way; without it it begins sooner.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        self.started.append(subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, env=environment))
        return self.started[-1]

    def venue(self) -> subprocess.Popen[bytes]:
        """The exchange, ready."""
        process = self.start("venue", "serve", "venue.toml")
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["ready"] is True
        return process

    def paper(self, seconds: float) -> dict[str, Any]:
        """A whole life of the run; what it came to."""
        process = self.start("run", "paper", "paper.toml", "--for", str(seconds))
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        found: dict[str, Any] = json.loads(told)
        return found

    def traded(self, fills: int = 1) -> None:
        """Wait until the journal holds so many fills."""
        for _ in range(400):
            time.sleep(0.05)
            with contextlib.suppress(HedgerowError):
                if len(of_journal(self.folder / "run").executions) >= fills:
                    return
        raise AssertionError("no fill in twenty seconds")

    def differences(self) -> list[str]:
        """Between the run's journal and the exchange's record."""
        theirs = of_exchange(read_settings(self.folder / "venue.toml"), "DESK")
        return [str(found) for found in differences(of_journal(self.folder / "run"), theirs)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Settings on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (tmp_path / "busy.py").write_text(STRATEGY)
    (tmp_path / "venue.toml").write_text(VENUE.format(port=port))
    (tmp_path / "paper.toml").write_text(PAPER.format(port=port))
    found = Place(tmp_path)
    yield found
    for process in found.started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_a_paper_run_trades_over_fix_and_ends_with_nothing_working(place: Place) -> None:
    """Orders, fills and positions are what the exchange says; the journal verifies; the strategy's end is the end."""
    venue = place.venue()
    told = place.paper(1.5)
    assert told["fills"] > 5
    assert (told["working"], told["unknown"]) == (0, 0)
    assert told["denied"] < told["orders"] / 2  # what would cross an order of its own that is on its way
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
    assert run(["reconcile", str(place.folder / "paper.toml"), "--venue", str(place.folder / "venue.toml")]) == 0
    venue.terminate()
    assert venue.wait(10) == 0


def test_killed_anywhere_nothing_is_lost_and_nothing_is_doubled(place: Place) -> None:
    """The run by kill -9, every fourth time the exchange too; at the end both accounts are the same."""
    draws, venue = random.Random(7), place.venue()
    for kill in range(KILLS):
        life = place.start("run", "paper", "paper.toml")
        time.sleep(0.4 + draws.random() * 1.2)
        if kill % 4 == 3:
            venue.kill()
            venue.wait()
            time.sleep(draws.random() * 0.3)
            venue = place.venue()
        life.kill()
        life.wait()
    told = place.paper(2.0)
    assert told["fills"] > 5
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0


def test_a_venue_that_goes_and_comes_back_finds_the_run_as_it_was(place: Place) -> None:
    """Orders are Unknown while nobody can say, and settled when it is back."""
    venue = place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.traded()
    venue.kill()
    venue.wait()
    time.sleep(0.5)
    fills = len(of_journal(place.folder / "run").executions)
    place.venue()
    place.traded(fills + 1)
    life.send_signal(signal.SIGTERM)
    told, _ = life.communicate(timeout=30)
    outcome = json.loads(told)
    assert (outcome["working"], outcome["unknown"]) == (0, 0)
    assert any("session ended" in text for text in outcome["findings"])
    assert place.differences() == []


def after_the_switch(folder: Path) -> Iterator[tuple[int, int]]:
    """Signed lots of each fill of an order sent after the kill switch, and the position before it."""
    kinds = {noun(name).kind: noun(name).dtype for name in ("KillSwitch", "Fill")}
    switched, position = None, 0
    for kind, number, data in _core.LogReader(str(folder)):
        if kind == noun("KillSwitch").kind:
            switched = number
        elif kind == noun("Fill").kind:
            fill = np.frombuffer(data, kinds[kind])[0]
            lots = int(fill["lots"]) * (1 if fill["side"] == 1 else -1)
            if switched is not None and int(fill["cause"]) > switched:
                yield lots, position
            position += lots
    assert switched is not None


def test_the_kill_switch_stops_new_orders_and_cancels_what_works(place: Place) -> None:
    """From then on every order is denied."""
    place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.traded()
    life.send_signal(signal.SIGUSR1)
    time.sleep(1.0)
    life.send_signal(signal.SIGTERM)
    told, _ = life.communicate(timeout=30)
    outcome = json.loads(told)
    assert outcome["denied"] > 0
    assert outcome["working"] == 0
    assert place.differences() == []
    for lots, position in after_the_switch(place.folder / "run"):
        assert abs(position + lots) < abs(position)


def test_a_strategy_that_fails_leaves_nothing_at_the_venue(place: Place) -> None:
    """Its error comes out; what worked is cancelled and the journal is sealed."""
    busy = place.folder / "busy.py"
    busy.write_text(
        busy.read_text().replace(
            "self.ticket = self.buy(1", "self.n = getattr(self, 'n', 0) + 1; 3 / (self.n < 9); self.ticket = self.buy(1"
        )
    )
    place.venue()
    life = place.start("run", "paper", "paper.toml")
    assert life.wait(30) != 0
    account = of_journal(place.folder / "run")
    assert account.orders
    assert "working" not in account.orders.values()
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0


def test_without_a_venue_orders_end_here_and_nothing_waits(place: Place) -> None:
    """No session: the run lives, says so, and comes to nothing."""
    told = place.paper(0.5)
    assert (told["orders"], told["fills"], told["working"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("folder =", "foldre ="), "did you mean 'folder'"),
        (('host = "127.0.0.1"', ""), "host is missing"),
        (('tick = "0.01"', 'tick = "0"'), "tick"),
        (('folder = "run"', 'folder = "run"\non_restart = "forget"'), "neither 'cancel' nor 'keep'"),
        (("[run]", "[run"), "RUN-002"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(place: Place, change: tuple[str, str], says: str) -> None:
    """With the nearest key, or what is missing."""
    path = place.folder / "paper.toml"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(HedgerowError, match=says):
        LiveSettings.read(path, "paper")


def test_a_run_that_died_before_it_had_begun_begins_and_one_that_lost_its_key_does_not(place: Place) -> None:
    """An empty folder is no journal; one whose key is gone is named and left as it is."""
    place.venue()
    (place.folder / "run" / "journal").mkdir(parents=True)
    assert place.paper(1.0)["working"] == 0
    journal = place.folder / "run" / "journal"
    (journal / "key.pub").unlink()
    before = sorted((path.name, path.stat().st_size) for path in journal.iterdir())
    assert run(["run", "paper", str(place.folder / "paper.toml"), "--for", "0.1"]) != 0
    assert sorted((path.name, path.stat().st_size) for path in journal.iterdir()) == before


def test_live_wants_what_people_signed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """No mandate, no live run; and no order of one that nobody proposed."""
    assert run(["run", "live", str(place.folder / "paper.toml")]) != 0
    assert "what people signed" in capsys.readouterr().err


def hostile(number: int) -> dict[int, str]:
    """An execution report that no venue should send."""
    draws = random.Random(number)
    wild = ["-1", "0", "1e400", "NaN", "x", "", "5.5", "10.005", "99999999999999999999", "1", "100.00"]
    kinds = ["0", "F", "4", "8", "C", "5", "I", "H", "G", "?", ""]
    names = ["h1-1", "", "other", "h-99999999999999999999", "h1-", "-", "h1-4"]
    told = {tag: draws.choice(wild) for tag in (6, 14, 31, 32, 38, 44, 151)}
    return told | {
        11: draws.choice(names),
        41: draws.choice(["", *names]),
        150: draws.choice(kinds),
        39: draws.choice(kinds),
    }


def test_reports_that_cannot_be_become_findings_and_change_nothing(place: Place) -> None:
    """Two thousand of them: no position, no crash, and the journal replays."""
    from hedgerow.engine.live import LiveRun

    settings = LiveSettings.read(place.folder / "paper.toml", "paper")

    class Idle(hr.Strategy):
        def on_quote(self, quote: Any) -> None:
            """Nothing."""

    clock = iter(range(1_795_185_000_000_000_000, 2**62, 1_000_000))
    life = LiveRun(settings, Idle(), lambda: next(clock))
    for number in range(2000):
        life.on_report("9" if number % 7 == 0 else "8", hostile(number))
        life.on_book("ABC", [(hostile(number)[31], hostile(number)[32])], [])
    found = life.outcome()
    life.engine.close()
    assert (found.orders, found.fills, found.positions) == (0, 0, {"ABC": 0.0})
    assert len(found.findings) > 500
    assert run(["audit", "verify", str(place.folder / "run")]) == 0


class Once(hr.Strategy):
    """Buys ten as soon as there is a price."""

    def on_start(self) -> None:
        """Nothing done yet."""
        self.done = False

    def on_quote(self, quote: Any) -> None:
        """Buy once."""
        if not self.done:
            self.done = True
            self.buy(10, limit=100.0)


class Deaf:
    """Stands where the gateway stands, and remembers what it was asked to send."""

    is_up = True

    def __init__(self) -> None:
        self.sent: list[str] = []

    def new(self, name: str, order: Any, ts: int) -> None:
        """An order."""
        self.sent.append(name)

    def cancel(self, name: str, original: str, order: Any, ts: int) -> None:
        """A cancel."""

    def status(self, name: str, order: Any) -> None:
        """A question."""


@pytest.fixture
def alone(place: Place) -> Iterator[tuple[Any, str]]:
    """A run with one order of ten that the venue has taken, and the order's name."""
    from hedgerow.engine.live import LiveRun

    clock = iter(range(1_795_185_000_000_000_000, 2**62, 1_000_000))
    life = LiveRun(LiveSettings.read(place.folder / "paper.toml", "paper"), Once(), lambda: next(clock))
    life._strategy.on_start()
    life._gateway = Deaf()  # type: ignore[assignment]
    life.on_book("ABC", [("99.99", "5")], [("100.01", "5")])
    (name,) = life._gateway.sent  # type: ignore[attr-defined]
    life.on_report("8", {11: name, 150: "0", 39: "0"})
    yield life, name
    life.engine.close()


def fill(name: str, lots: str, total: str, price: str = "100.00") -> dict[int, str]:
    """An execution report."""
    return {11: name, 150: "F", 39: "1", 32: lots, 31: price, 14: total}


def test_a_fill_that_comes_twice_is_booked_once_and_one_that_did_not_come_is_missed(alone: tuple[Any, str]) -> None:
    """By what is filled in all: less than known is a repetition, more than itself a gap, and then nobody knows."""
    life, name = alone
    for _ in range(3):
        life.on_report("8", fill(name, "2", "2"))
    assert life.outcome().positions == {"ABC": 2.0}
    life.on_report("8", fill(name, "1", "6"))
    found = life.outcome()
    assert (found.positions, found.unknown) == ({"ABC": 2.0}, 1)
    assert any("did not come" in text for text in found.findings)
    life.on_report("8", fill(name, "3", "5"))
    life.on_report("8", fill(name, "1", "6"))
    assert life.outcome().positions == {"ABC": 6.0}


def test_reports_about_a_working_order_that_cannot_be_move_nothing(alone: tuple[Any, str]) -> None:
    """More than is open, off tick, off lot, negative, no number; a bust is a note for people."""
    life, name = alone
    wild = [("11", "11", "100"), ("1", "1", "100.005"), ("0.5", "0.5", "100")]
    for lots, total, price in [*wild, ("-1", "-1", "100"), ("x", "1", "100"), ("1", "1", "-5")]:
        life.on_report("8", fill(name, lots, total, price))
    life.on_report("8", {11: name, 150: "H", 39: "1"})
    found = life.outcome()
    assert (found.positions, found.fills, found.working) == ({"ABC": 0.0}, 0, 1)
    assert len(found.findings) >= 6
    life.on_report("8", fill(name, "10", "10"))
    assert life.outcome().positions == {"ABC": 10.0}


def test_what_people_sign_while_a_run_goes_on_is_heeded(place: Place) -> None:
    """Before the second signature every order is denied, after it none, and after a pause all are again."""
    from hedgerow import governance
    from hedgerow.engine.live import LiveRun

    fund, clock = place.folder / "fund", iter(range(1_795_185_000_000_000_000, 2**62, 10**9))
    for name in ("root", "ada", "rita", "max"):
        governance.keys_new(fund, name)
    now = 1_795_184_000_000_000_000
    people = {"ada": ["researcher"], "rita": ["risk"], "max": ["fund_manager"]}
    root = [fund / "keys" / "root.pem"]
    told: dict[str, Any] = {"fund": "One", "base_currency": "USD", "root_key_files": root, "people": people}
    governance.roster_new(fund, **told, policy=None, now_ns=now)
    source = place.folder / "busy.py"
    governance.propose(
        fund, key_file=fund / "keys" / "ada.pem", strategy="buyer", artifact=governance.artifact_hash(source),
        tier="paper", limits=hr.Limits.for_research(capital=1_000_000).to_json(), universe=["ABC"],
        valid_until_ns=2**62, title="t", now_ns=now + 1,
    )  # fmt: skip
    key = {name: fund / "keys" / f"{name}.pem" for name in ("rita", "max")}
    governance.approve(fund, key_file=key["rita"], proposal="buyer", role="risk", now_ns=now + 2)
    path = place.folder / "paper.toml"
    path.write_text(path.read_text().replace("[run]", '[run]\nmandate = "fund"\nname = "buyer"'))

    class Buyer(Once):
        def on_quote(self, quote: Any) -> None:
            """Buy each time."""
            self.buy(1, limit=100.0)

    desk = governance.Desk(fund)
    life = LiveRun(LiveSettings.read(path, "paper"), Buyer(), lambda: next(clock), desk)
    life._gateway = Deaf()  # type: ignore[assignment]
    life._gateway.turn = lambda wait: None  # type: ignore[attr-defined]
    denied = []
    for step in ("one signature", "both", "paused"):
        if step == "both":
            governance.approve(fund, key_file=key["max"], proposal="buyer", role="fund_manager", now_ns=now + 3)
        elif step == "paused":
            governance.pause(fund, key_file=key["rita"], strategy="buyer", reason="r", now_ns=now + 4)
        for _ in range(8):
            life.turn(0.0)
        before = life.outcome().denied
        life.on_book("ABC", [(f"99.9{len(denied)}", "5")], [("100.01", "5")])
        denied.append(life.outcome().denied - before)
    life.engine.close()
    assert denied == [1, 0, 1]
