"""An order's trip: to the exchange of `hedgerow venue serve` over TCP and FIX, and back with a durable acknowledgement.

A thousand orders a second beside other load: a second participant who trades and watches the books, and a process that
computes without pause. Promises: the floors, a loopback round trip and a wait for the disk, are taken in turns with the
trips, under the same load; every order is looked for in the exchange's own log afterwards, and one that is not there
exactly once leaves no speed. Never: a real-time policy, a bypassed kernel.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import core
from bench.figures import Figure, Goal

RATE, SECONDS, LOAD_RATE = 1_000, 3, 200
SHARES = {"p50": 0.50, "p99": 0.99}
COMMAND = "import sys; from hedgerow.cli.main import run; sys.exit(run(sys.argv[1:]))"
COMPUTING = "n = 0\nwhile True: n += 1"
VENUE = """[venue]
name = "EXCH"
folder = "exchange"
[[instrument]]
symbol = "ABC"
reference = "100"
"""
STRATEGY = """import hedgerow as hr


class Busy(hr.Strategy):
    def on_start(self):
        self.every(ns=1_000_000)

    def on_timer(self, now):
        self.buy(1, limit=99.0, tif="ioc")
"""
PAPER = """[run]
strategy = "busy.py:Busy"
folder = "run{turn}"
[venue]
host = "127.0.0.1"
port = {port}
sender = "RUN{turn}"
target = "EXCH"
[[instrument]]
symbol = "ABC"
tick = "0.01"
"""
Row = dict[str, float]


def measure(*, runs: int, work: Path) -> Iterator[Figure]:
    """The trip of an order by a bare gateway, and that by a whole run with strategy, gate, kernel and journal."""
    from bench.trip.desk import Desk

    work.mkdir(parents=True, exist_ok=True)
    program = core.build()
    bare: list[Row] = []
    whole: list[Row] = []
    floors: list[Row] = []
    with tempfile.TemporaryDirectory(dir=work) as where:
        here = Path(where)
        names = ["DESK", "OTHER", *(f"RUN{turn}" for turn in range(runs))]
        (here / "venue.toml").write_text(VENUE + "".join(f'[[participant]]\nname = "{name}"\n' for name in names))
        (here / "busy.py").write_text(STRATEGY)
        sent: list[str] = []
        with _serving(here) as port, _loaded(here, port):
            for turn in range(runs):
                floors.append(_floors(program, here))
                desk = Desk(port, "DESK", here)
                took = sorted(desk.send(f"t{turn}-", RATE, RATE * SECONDS))
                desk.close()
                sent += [f"t{turn}-{number}" for number in range(RATE * SECONDS)]
                bare.append({name: took[int(len(took) * share)] for name, share in SHARES.items()} | {"max": took[-1]})
                whole.append(_a_run(here, port, turn))
        runs_sent = [int(row["orders"]) for row in whole]
        lost = _lost(here, sent, runs_sent) + sum(int(row["unanswered"]) for row in whole)
    yield from _figures(bare, whole, floors, lost, len(sent) + sum(runs_sent))


def _figures(bare: list[Row], whole: list[Row], floors: list[Row], lost: int, sent: int) -> Iterator[Figure]:
    middle = {name: statistics.median(one[name] for one in floors) for name in floors[0]}
    beside = f"{LOAD_RATE} orders/s of another, books watched, a process that computes; nothing of the kernel bypassed"
    for name, rows, what in (
        ("trip.acknowledged", bare, "due to acknowledged; the exchange's log on the disk before"),
        ("trip.durable", whole, "a paper run's own histogram: sent to acknowledged in its journal, on the disk"),
    ):
        note = f"{what}; {RATE}/s x {SECONDS} s beside {beside}; {len(rows)} turns"
        for share in SHARES:
            seen, floor = [row[share] for row in rows], middle[f"tcp.{share}"] + middle[f"fdatasync.{share}"]
            value = None if lost else statistics.median(seen)
            goal = Goal("<=", 3) if share == "p99" else None
            spread = f"{note}, {min(seen):.4g} to {max(seen):.4g}"
            against = f"TCP {share} + fdatasync {share}"
            yield Figure(f"{name}.{share}", value, "us", against, floor, goal, spread, wrong=bool(lost))
        most, bound = max(row["max"] for row in rows), Goal("<", 100_000, of="value", unit="us")
        yield Figure(f"{name}.max", None if lost else most, "us", goal=bound, note="the slowest of all turns")
    for name, value in middle.items():
        yield Figure(f"floor.trip.{name}", value, "us", note="under the same load, in turns with the trips")
    none, note = Goal("==", 0, of="value"), f"of {sent}: not exactly once in the exchange's log, or not answered"
    yield Figure("trip.lost", float(lost), "orders", goal=none, note=note, wrong=bool(lost))


def _floors(program: Path, folder: Path) -> Row:
    """One turn of both floors, microseconds."""
    environment = {**os.environ, "BENCH_RUNS": "1", "BENCH_FOLDER": str(folder)}
    ran = subprocess.run([str(program), "trip"], env=environment, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    return {row["name"].removeprefix("floor.trip."): row["value"] / 1_000 for row in rows if "p999" not in row["name"]}


def _a_run(here: Path, port: int, turn: int) -> Row:
    """A paper run of some seconds, as a user starts it: what its own histogram says, and whether all was answered."""
    settings = here / "paper.toml"
    settings.write_text(PAPER.format(port=port, turn=turn))
    words = [sys.executable, "-c", COMMAND, "run", "paper", str(settings), "--for", str(SECONDS), "--json"]
    told = json.loads(subprocess.run(words, cwd=here, capture_output=True, text=True, check=True).stdout)
    seen = told["latencies"]["EXCH"].get("durable")
    if seen is None:
        raise core.CannotMeasure(f"no order of the run was answered: {told}")
    row = {name: seen[f"{name}_us"] for name in (*SHARES, "max")}
    orders = told["orders"] - told["denied"]
    return row | {"orders": orders, "unanswered": abs(orders - seen["count"]) + told["working"] + told["unknown"]}


def _lost(here: Path, sent: Sequence[str], runs_sent: Sequence[int]) -> int:
    """How many orders the exchange's log has not exactly once: the desk's by name, of each run as many as it sent."""
    from hedgerow.execution.venues import read_log

    opened, *lines = read_log(here / "exchange" / "venue.jsonl")
    names, inputs = opened["opened"]["participants"], (line.get("input", {}) for line in lines)
    seen = Counter((names[one["participant"]], one["client_id"]) for one in inputs if one.get("do") == "new")
    once = Counter(name for (name, _), times in seen.items() if times == 1)
    of_runs = sum(abs(orders - once[f"RUN{turn}"]) for turn, orders in enumerate(runs_sent))
    return of_runs + sum(seen["DESK", name] != 1 for name in sent)


@contextmanager
def _serving(here: Path) -> Iterator[int]:
    """The exchange in a process of its own; its port."""
    words = [sys.executable, "-c", COMMAND, "venue", "serve", str(here / "venue.toml"), "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(json.loads(process.stdout.readline())["fix"])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@contextmanager
def _loaded(here: Path, port: int) -> Iterator[None]:
    """Another participant who trades, and a process that computes."""
    other = [sys.executable, str(Path(__file__).parent / "desk.py"), str(port), "OTHER", str(here), str(LOAD_RATE)]
    processes = [subprocess.Popen(words) for words in (other, [sys.executable, "-c", COMPUTING])]
    try:
        yield
        if any(process.poll() is not None for process in processes):
            raise core.CannotMeasure("the load ended before what was measured beside it")
    finally:
        for process in processes:
            process.kill()
            process.wait()
