"""A paper run against the exchange of `venue serve`, in another process, over FIX: traded, killed anywhere, reconciled.

What is proved is read from two places that share nothing: the run's journal and the exchange's own record.
"""

from __future__ import annotations

import json
import os
import random
import runpy
import signal
import time
from collections.abc import Iterator
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
from hedgerow.engine.live.accounts import of_journal
from hedgerow.engine.live.findings import findings_of
from hedgerow.execution.venues import ask_control, read_log

SHARED = runpy.run_path(str(Path(__file__).with_name("live_alone.py")))
PLACE = runpy.run_path(str(Path(__file__).with_name("live_place.py")))

KILLS = int(os.environ.get("HEDGEROW_KILLS", "12"))
"""How often the run is killed; 100 take two minutes."""
STRATEGY = PLACE["busy"](
    """
    price, works = round(book.best_bid[0] - 0.5, 2), self.ticket is not None and self.ticket.state
    if works == "Live" and self.ticket.limit != price:
        self.replace(self.ticket, 1 + self.now // 20_000_000 % 3, limit=price)
    elif works == "Live":
        self.cancel(self.ticket)
    elif not works:
        self.ticket = self.buy(1, limit=price)
    """,
    every_ns=20_000_000,
    size="5",
)
"""It also leaves a bid behind, moves it and takes it away."""
WORKER = """
from datetime import timedelta

import hedgerow as hr


class Worker(hr.Strategy):
    '''Buys in disguised slices, and leaves an iceberg far below the market.'''

    def on_start(self):
        self.order = None

    def on_book(self, book):
        if self.order is None and book.best_bid and book.best_ask:
            told = {"slices": 8, "size_jitter": 0.3, "random_times": True, "seed": 3}
            self.order = self.work(20, algorithm="twap", until=timedelta(seconds=1), **told)
            self.shown = self.work(6, algorithm="iceberg", display=2, limit=round(book.best_bid[0] - 5, 2))
"""
VENUE = """
[venue]
name = "EXCH"
folder = "exchange"
fix_port = {port}
control_port = {control}
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


def findings(folder: Path) -> list[str]:
    """What a run has found by now; of one that has no journal yet, nothing."""
    try:
        return [found.says for found in findings_of(folder)]
    except HedgerowError:
        return []


class Place(PLACE["RunPlace"]):  # type: ignore[misc]
    """With the exchange's control port."""

    control: int


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Settings on a free port."""
    found = Place(tmp_path)
    port, found.control = PLACE["free_ports"](2)
    (tmp_path / "busy.py").write_text(STRATEGY)
    (tmp_path / "venue.toml").write_text(VENUE.format(port=port, control=found.control))
    (tmp_path / "paper.toml").write_text(PAPER.format(port=port))
    yield found
    found.close()


def test_a_paper_run_trades_over_fix_and_ends_with_nothing_working(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Orders, fills and positions are what the exchange says; the journal verifies; the strategy's end is the end."""
    venue = place.venue()
    told = place.paper(2.5)
    assert told["fills"] > 5
    assert (told["working"], told["unknown"]) == (0, 0)
    assert told["denied"] < told["orders"] / 2  # what would cross an order of its own that is on its way
    lines = read_log(place.folder / "exchange" / "venue.jsonl")
    assert sum(line.get("event", {}).get("what") == "replaced" for line in lines) > 0
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0
    assert run(["reconcile", str(place.folder / "paper.toml"), "--venue", str(place.folder / "venue.toml")]) == 0
    seen = told["latencies"]["EXCH"]
    assert seen["acknowledged"]["count"] == seen["durable"]["count"] == told["orders"] - told["denied"]
    assert seen["acknowledged"]["p50_us"] < seen["durable"]["p50_us"] <= seen["durable"]["max_us"]
    seen = place.paper(0.7)["latencies"]["EXCH"]
    capsys.readouterr()
    assert run(["latency", str(place.folder / "paper.toml"), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["measure"]: row["count"] for row in rows} == {name: one["count"] for name, one in seen.items()}
    venue.terminate()
    assert venue.wait(10) == 0


def test_an_algorithm_works_an_order_over_fix_and_leaves_nothing(place: Place) -> None:
    """All slices went out within a second, the iceberg is taken back at the end, and the log proves each decision."""
    (place.folder / "busy.py").write_text(WORKER)
    settings = place.folder / "paper.toml"
    settings.write_text(settings.read_text().replace("busy.py:Busy", "busy.py:Worker"))
    place.venue()
    told = place.paper(2.5)
    assert told["positions"] == {"ABC": 20.0}
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    proof = hr.verify(place.folder / "run")
    events = [event for _, event in read_records(place.folder / "run", "ParentEvent")]
    assert sorted((int(event["event"]), int(event["filled_lots"])) for event in events) == [(1, 0), (3, 0), (3, 20)]
    # One more slice a denial or a remainder that the venue left may make; never one too much.
    assert proof.slices >= 9
    assert told["orders"] == proof.slices


BRACKETS = """
import hedgerow as hr


class Busy(hr.Strategy):
    '''One bracket, or none: a position that it finds it leaves to what protects it.'''

    def on_start(self):
        self.held = None

    def on_quote(self, quote):
        book = self.book()
        if {enters} and self.held is None and book.best_ask:
            ask = book.best_ask[0]
            self.held = self.bracket(5, limit=ask, stop_loss=round(ask - 2, 2), take_profit=round(ask + 2, 2))
"""


def test_killed_with_a_position_its_exits_work_on_in_the_next_life(place: Place) -> None:
    """By kill -9 right behind the fill: a life whose strategy does nothing has both exits at the venue, and no more."""
    (place.folder / "busy.py").write_text(BRACKETS.format(enters=True))
    place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.filled()
    life.kill()
    life.wait()
    (place.folder / "busy.py").write_text(BRACKETS.format(enters=False))
    before = place.quotes()
    life = place.start("run", "paper", "paper.toml")
    place.wait(lambda: place.quotes() > before, "the next life hears of no price")

    def exits() -> tuple[list[int], list[int]]:
        working = [name for name, state in place.orders().items() if state == "working"]
        causes = {number: int(order["cause"]) for number, order in read_records(place.folder / "run", "Order")}
        wishes = [number for number, _ in read_records(place.folder / "run", "ContingentOrder")]
        return sorted(causes[int(name.rpartition("-")[2])] for name in working), wishes

    place.wait(lambda: len(exits()[0]) >= 2, "the exits do not work")
    time.sleep(2)
    working, wishes = exits()
    assert working == wishes
    told = place.end(life, stop=True)
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert hr.verify(place.folder / "run").linked >= 2


def read_records(folder: Path, name: str) -> list[tuple[int, Any]]:
    """Number and row of each record of a noun in a journal."""
    known = noun(name)
    log = _core.LogReader(str(folder))
    return [(number, np.frombuffer(data, known.dtype)[0]) for kind, number, data in log if kind == known.kind]


def test_a_trade_that_the_venue_takes_back_is_a_difference(place: Place) -> None:
    """The journal holds it still: execution and position are told, each with what is proposed, and nothing moves."""
    place.venue()
    place.paper(1.0)
    before = of_journal(place.folder / "run")
    lines = read_log(place.folder / "exchange" / "venue.jsonl")
    ours = [line["event"] for line in lines if line.get("event", {}).get("what") == "traded"]
    trade = next(event["trade"] for event in ours if event["participant"] == 0)
    ask_control(place.control, {"do": "bust", "trade": trade})
    found = place.differences()
    assert [text.split()[0] for text in found] == ["execution", "position"]
    assert "they say nothing; proposed: take it back" in found[0]
    assert of_journal(place.folder / "run") == before


@pytest.mark.timeout(max(900, 20 * KILLS))
def test_killed_anywhere_nothing_is_lost_and_nothing_is_doubled(place: Place) -> None:
    """The run by kill -9, every fourth time the exchange too; at the end both accounts are the same."""
    draws, venue = random.Random(7), place.venue()
    for kill in range(KILLS):
        life = place.start("run", "paper", "paper.toml")
        if kill % 2:  # every other life surely trades, however slow the machine is
            place.filled()
        time.sleep(draws.random() * (0.4 if kill % 2 else 1.6))
        if kill % 4 == 3:
            venue.kill()
            venue.wait()
            time.sleep(draws.random() * 0.3)
            venue = place.venue()
        life.kill()
        life.wait()
    told = place.settled()
    assert told["fills"] > 5
    assert (told["working"], told["unknown"]) == (0, 0)
    assert place.differences() == []
    assert run(["audit", "verify", str(place.folder / "run")]) == 0


def test_a_venue_that_goes_and_comes_back_finds_the_run_as_it_was(place: Place) -> None:
    """Orders are Unknown while nobody can say, and settled when it is back."""
    venue = place.venue()
    life = place.start("run", "paper", "paper.toml")
    place.filled()
    venue.kill()
    venue.wait()
    time.sleep(0.5)
    place.venue()
    place.filled()
    outcome = place.end(life, stop=True)
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
    place.filled()
    life.send_signal(signal.SIGUSR1)
    time.sleep(1.0)
    outcome = place.end(life, stop=True)
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
        (('host = "127.0.0.1"', ""), "host: is missing"),
        (('tick = "0.01"', 'tick = "0"'), "tick"),
        (('folder = "run"', 'folder = "run"\non_restart = "forget"'), "'forget' is none of cancel, keep, stop"),
        (("[run]", "[run"), "RUN-002"),
        (("[run]", "[carry]\nborrow = 0.1\n[run]"), r"\[carry\]: not at a venue elsewhere: borrow, funding, interest"),
        (("[run]", "[costs]\nfee_bps = 1\n[run]"), r"\[costs\]: not at a venue elsewhere: each fill comes with"),
        (("[run]", "[simulation]\n[run]"), "nothing is simulated here"),
        (("[run]", '[data]\nactions = "catalog"\n[run]'), "prices come from the venue"),
        (("[venue]", '[venue]\nversion = "FIX.4.9"'), "'FIX.4.9' is none of FIX.4.2, FIX.4.4, FIX.5.0SP2"),
        (("[venue]", '[venue]\nca = "authorities.pem"\ntls = false'), "ca: of whom without tls = true nobody asks"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(place: Place, change: tuple[str, str], says: str) -> None:
    """With the nearest key, or what is missing."""
    path = place.folder / "paper.toml"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(HedgerowError, match=says):
        LiveSettings.read(path, "paper")


def test_a_password_that_is_not_there_and_authorities_that_are_none_end_the_run_by_name(place: Place) -> None:
    """Before anything is said to the venue."""
    settings = place.folder / "paper.toml"
    told = settings.read_text()
    for more, says in (('password_env = "NO_SUCH"', b"no NO_SUCH, for EXCH"), ('ca = "busy.py"', b"no certificates")):
        settings.write_text(told.replace("[venue]", f"[venue]\n{more}"))
        life = place.start("run", "paper", "paper.toml", "--for", "1")
        _, warned = life.communicate(timeout=60)
        assert life.returncode != 0
        assert says in warned


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


def test_a_new_run_begins_its_session_anew_whatever_the_venue_remembers(place: Place) -> None:
    """Another folder, the same name at the venue: on paper both count from 1 again, else it is said."""
    place.venue()
    settings, run_folder = place.folder / "paper.toml", place.folder / "run"
    told = settings.read_text()
    for number in range(2):
        life = place.start("run", "paper", "paper.toml")
        place.filled()
        assert not any("too low" in text for text in place.end(life, stop=True)["findings"])
        run_folder.rename(place.folder / f"before{number}")
    settings.write_text(told.replace('target = "EXCH"', 'target = "EXCH"\nreset = false'))
    life = place.start("run", "paper", "paper.toml")
    place.wait(lambda: "reset = true lets a new run begin" in str(findings(run_folder)), "nothing was said")
    assert place.end(life, stop=True)["fills"] == 0


def test_live_wants_what_people_signed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """No mandate, no live run; and no order of one that nobody proposed."""
    assert run(["run", "live", str(place.folder / "paper.toml")]) != 0
    assert "what people signed" in capsys.readouterr().err


def hostile(number: int) -> dict[int, str]:
    """An execution report that no venue should send."""
    draws = random.Random(number)
    wild = ["-1", "0", "1e400", "NaN", "x", "", "5.5", "10.005", "99999999999999999999", "1", "100.00"]
    kinds = ["0", "F", "4", "8", "C", "5", "I", "H", "G", "?", ""]
    names = ["h1-1", "", "other", "h-99999999999999999999", "h1-", "-", "h1-4", "h1-4.5", "h1-.", "h1-4.5.6"]
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

    class Buyer(SHARED["Once"]):  # type: ignore[misc]
        def on_quote(self, quote: Any) -> None:
            """Buy each time."""
            self.buy(1, limit=100.0)

    desk = governance.Desk(fund)
    life = LiveRun(LiveSettings.read(path, "paper"), Buyer(), lambda: next(clock), desk)
    life._gateway = SHARED["Deaf"]()
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
