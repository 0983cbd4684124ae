"""Kills a process that approves and trades, at random points, and checks what is found after each.

Usage: nursery.py FOLDER KILLS SEED. Prints one JSON line: how many were killed, and how much was acknowledged.
The work is forked from a process that has everything loaded, so that two hundred kills take seconds.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import time
from pathlib import Path

import numpy as np

import hedgerow as hr
from hedgerow import _core, governance
from hedgerow.core.errors import LogError, named_errors
from hedgerow.core.nouns import MONEY_UNIT, money_int, noun
from hedgerow.engine.audit import verify
from hedgerow.engine.backtest import _log_seed, _origin
from hedgerow.governance.tiers import FOREVER_NS, UNLIMITED, Tier

DAY_NS = 86_400 * 10**9
START_NS = 1_700_000_000 * 10**9
CAPITAL_MAX = 100_000
ROUNDS_PER_FUND = 25
PEOPLE = {"ada": ["researcher"], "rita": ["risk"], "max": ["fund_manager"]}
QUORUM = "all(risk 1, fund_manager 1)"
PAPER = Tier(
    "paper", "paper", CAPITAL_MAX, UNLIMITED, UNLIMITED, 2**32 - 1, QUORUM, valid_ns=FOREVER_NS, isolation="none"
)
SOURCE = "the artifact; its hash is what counts\n"


class Trader(hr.Strategy):
    """Turns its position round every bar, and tells at once of every fill that it is told of."""

    def on_bar(self, bar: hr.Bar) -> None:
        """Trade at every bar."""
        if self.position == 0:
            self.buy(100)
        else:
            self.sell(self.position)

    def on_fill(self, fill: hr.Fill) -> None:
        """A fill that a strategy hears of has an order that left, so its record must be found again."""
        acknowledge("order", str(fill.order_id))


acknowledged_to = -1


def acknowledge(what: str, which: str) -> None:
    """Tell the parent that something was promised; one small write to a pipe is whole or not there."""
    if acknowledged_to >= 0:
        os.write(acknowledged_to, f"{what} {which}\n".encode())


def found(folder: Path) -> None:
    """A fund with three people and one tier of capital, whose first mandate is granted."""
    for name in ("root", *PEOPLE):
        governance.keys_new(folder, name)
    governance.roster_new(
        folder,
        fund="Crash Test",
        base_currency="USD",
        root_key_files=[folder / "keys" / "root.pem"],
        people=PEOPLE,
        now_ns=START_NS,
        policy={"tiers": [PAPER.body(0)]},
    )
    (folder / "trader.txt").write_text(SOURCE)
    approve_all(folder, proposed(folder, CAPITAL_MAX // 2, first=True), 1)


def limits(capital: int) -> dict[str, object]:
    """Limits for a capital."""
    return dict(hr.Limits.for_research(capital=capital).to_json())


def proposed(folder: Path, capital: int, *, first: bool = False, second: int = 1) -> str:
    """Ask for capital: the first time for the artifact, later as a change of its allocation."""
    common = {"key_file": folder / "keys" / "ada.pem", "strategy": "trader", "limits": limits(capital)}
    times = {"valid_until_ns": START_NS + 3_000 * DAY_NS, "now_ns": START_NS + second * 10**9}
    if first:
        artifact = governance.artifact_hash(folder / "trader.txt")
        outcome = governance.propose(folder, artifact=artifact, universe=["ABC"], **common, **times)
    else:
        outcome = governance.allocate(folder, **common, **times)
    acknowledge("event", outcome["event"])
    return str(outcome["proposal"])


def approve_all(folder: Path, proposal: str, second: int) -> None:
    """Both officers sign."""
    for name in ("rita", "max"):
        key = folder / "keys" / f"{name}.pem"
        outcome = governance.approve(folder, key_file=key, proposal=proposal, now_ns=START_NS + second * 10**9)
        acknowledge("event", outcome["event"])


def work(folder: Path, number: int) -> None:
    """One round: a change of capital is proposed and approved, then the strategy trades under it with a journal."""
    capital = CAPITAL_MAX // 2 + (number * 977) % (CAPITAL_MAX // 2)
    approve_all(folder, proposed(folder, capital, second=10 * number), 10 * number + 1)
    closes = 10 + np.abs(np.sin(np.arange(400) + number)).round(2)
    bars = hr.Bars.from_arrays(np.arange(400).astype("datetime64[D]") + 20_000, close=closes, symbol="ABC")
    hr.backtest(
        bars,
        Trader,
        cash=CAPITAL_MAX // 2,
        costs=hr.Costs.none(),
        name="trader",
        mandate=folder,
        artifact=folder / "trader.txt",
        log=folder / "runs" / str(number),
    )
    acknowledge("run", str(number))


def killed(folder: Path, number: int, seconds: float | None) -> tuple[list[tuple[str, str]], float]:
    """Fork the work, kill it after `seconds`, and give what it had acknowledged and how long it ran."""
    global acknowledged_to
    ours, theirs = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        acknowledged_to = theirs
        work(folder, number)
        os._exit(0)
    os.close(theirs)
    text, deadline = b"", None if seconds is None else started + seconds
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([ours], [], [], left)[0]:
            break
        some = os.read(ours, 65_536)
        if not some:
            break
        text += some
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while some := os.read(ours, 65_536):
        text += some
    os.close(ours)
    rows = [tuple(line.split(" ")) for line in text.decode().splitlines()]
    return [(what, which) for what, which in rows], time.monotonic() - started


def check(folder: Path, number: int, told: list[tuple[str, str]]) -> None:
    """Start again and look: everything acknowledged is there, everything verifies, no capital above its tier."""
    governance.sequence(folder, now_ns=START_NS + (10 * number + 5) * 10**9)
    with named_errors():
        _core.verify_log(str(folder), stream="governance")
    state = governance.status(folder, now_ns=START_NS)
    known = {recorded.id for recorded in governance.Desk(folder).standing().recorded}
    assert {which for what, which in told if what == "event"} <= known, "an acknowledged event is gone"
    assert not list((folder / "governance" / "pending").glob("*.json")), "an event was left behind"
    for mandate in state["mandates"]:
        assert float(mandate["limits"]["capital"]) <= CAPITAL_MAX, mandate
    orders = {int(which) for what, which in told if what == "order"}
    run = folder / "runs" / str(number)
    if not (run / "journal" / "key.pub").exists():
        assert not orders, "orders left a run that has no journal"
        return
    with named_errors(), _core.JournalWriter.open(str(run), _origin("trader"), _log_seed(0)):
        pass
    try:
        proof = verify(run)
    except LogError as error:
        if error.code != "LOG-034" or orders:
            raise
        return
    reader = _core.LogReader(str(run))
    rows = {
        n: np.frombuffer(reader.records(noun(n).kind), dtype=noun(n).dtype) for n in ("Order", "Verdict", "Mandate")
    }
    assert orders <= {int(i) for i in rows["Order"]["id"]}, "an acknowledged order is gone"
    for mandate in rows["Mandate"]:
        granted = money_int(np.frombuffer(bytes(mandate["limits"])[:16], dtype=[("lo", "<u8"), ("hi", "<i8")])[0])
        assert granted <= CAPITAL_MAX * MONEY_UNIT, "a mandate above its tier"
    approved = rows["Verdict"][rows["Verdict"]["decision"] == 1]
    assert (approved["mandate"] > 0).all(), "an order was approved under no mandate"
    assert proof.records == len(reader)


def main(folder: Path, kills: int, seed: int) -> None:
    """Kill, look, and go on with what is left."""
    chance = random.Random(seed)
    fund, span_s, counts = folder, 0.0, {"event": 0, "order": 0, "run": 0}
    for number in range(1, kills + 1):
        if number % ROUNDS_PER_FUND == 1:
            fund = folder / f"fund-{number}"
            fund.mkdir()
            found(fund)
            told, span_s = killed(fund, 0, None)
            assert ("run", "0") in told, "the work does not finish when nobody kills it"
            check(fund, 0, told)
        told, _ = killed(fund, number, chance.uniform(0.0, span_s))
        check(fund, number, told)
        for what, _ in told:
            counts[what] += 1
    sys.stdout.write(json.dumps({"kills": kills, **counts}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
