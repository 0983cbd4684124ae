"""Measure what must stay fast: `python bench/run.py [GROUP...]`, one JSON line per figure on standard output.

Promises: a floor or peer is measured in the same run as the figure beside it; progress and the table for people go to
standard error; a goal that is missed is said, not hidden, and fails the run only with `--strict`; a wrong result or a
group that cannot be measured always does. Never: an assertion about time in a test.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import (  # noqa: E402 (run as a program, the folder above must be found first)
    asof,
    backtests,
    baseline,
    core,
    feeds,
    fix,
    jail,
    replays,
    sweeps,
)
from bench.figures import Figure, table  # noqa: E402
from bench.j1.data import ALL  # noqa: E402
from bench.machine import machine, real_time  # noqa: E402
from bench.newcomer import figures as newcomer  # noqa: E402
from bench.peers import environments  # noqa: E402
from bench.trip import figures as trip  # noqa: E402

GROUPS = {
    "gate": "pre-trade gate, in and out of the caches, beside eight bare checks",
    "state": "order states beside a bare table",
    "journal": "appending in memory, groups made durable, beside bare bytes",
    "log": "a published log of a million entries verified, beside hashing it; proofs from its tiles",
    "book": "order books beside bare tables: prices near and far, orders in and out, the weighted mid",
    "itch": "ITCH messages read and made into books, beside copying their bytes",
    "fix": "FIX orders read and checked, and written, beside a byte loop, a prepared message and QuickFIX/J",
    "ring": "a ring from one processor to another, beside a cache line; nothing lost (BENCH_MESSAGES: how many)",
    "tick": "a change of a book to an order's bytes, each leg alone, beside the least that does it",
    "kernel": "steps of the kernel",
    "wasm": "a call of a WebAssembly module beside the same work done natively",
    "counts": "allocations, system calls, locks and instructions of the kernel's steps",
    "j1": "a million bars: events, init/next and signals, beside the peers that are installed",
    "j4": "a thousand variants over 100,000 bars, beside vectorbt",
    "replay": "books replayed with our orders in them: quotes, levels, orders, beside floors and installed peers",
    "jail": "a round trip to a strategy behind its walls, beside bare pipes",
    "asof": "ten million rows joined as of the time they were known, beside Polars and DuckDB",
    "feeds": "a file delivered, messages recorded and read into rows, beside copying, writing and parsing them",
    "trip": "an order to the exchange over TCP and FIX and back, durably, at 1,000/s beside other load",
    "newcomer": "import, first result, installed size, demo",
}
RUNS = 7


def arguments(words: list[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description="Measure what must stay fast; one JSON line per figure.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="which groups; all without (see --list)")
    parser.add_argument("--list", action="store_true", help="print the groups and end")
    parser.add_argument("--json", action="store_true", help="only JSON lines: neither progress nor table")
    parser.add_argument(
        "--runs", type=int, default=RUNS, help=f"runs behind each median (default {RUNS}, the least to quote)"
    )
    parser.add_argument("--bars", type=int, default=ALL, help="bars of J1: 14400, 100000 or 1000000 (default)")
    parser.add_argument(
        "--scheduling", choices=("auto", "fifo", "other"), default="auto", help="policy of the core's timed loops"
    )
    parser.add_argument(
        "--install-peers", action="store_true", help="first install the peers into environments of their own"
    )
    parser.add_argument("--save-baseline", action="store_true", help="save these figures as the baseline")
    parser.add_argument("--strict", action="store_true", help="end with 1 if a goal is missed")
    asked = parser.parse_args(words)
    unknown = [name for name in asked.groups if name not in GROUPS]
    if unknown:
        parser.error(f"no group {unknown[0]!r}; there are {', '.join(GROUPS)}")
    return asked


def measure(group: str, asked: argparse.Namespace, say: backtests.Say) -> Iterator[Figure]:
    """The figures of one group."""
    work = ROOT / "bench" / ".work"
    if group == "j1":
        return backtests.measure(n=asked.bars, runs=asked.runs, work=work, say=say)
    if group == "j4":
        return sweeps.measure(runs=asked.runs, work=work, say=say)
    if group == "newcomer":
        return newcomer.measure(runs=asked.runs, work=work, say=say)
    if group == "replay":
        return replays.measure(runs=asked.runs, work=work, say=say)
    if group == "jail":
        return jail.measure(runs=asked.runs, work=work)
    if group == "asof":
        return asof.measure(runs=asked.runs)
    if group == "feeds":
        return feeds.measure(runs=asked.runs)
    if group == "trip":
        return trip.measure(runs=asked.runs, work=work)
    say(f"{group}: building and measuring")
    if group == "fix":
        return fix.measure(runs=asked.runs, prefix=real_time(asked.scheduling), work=work)
    return core.measure(group, runs=asked.runs, prefix=real_time(asked.scheduling), work=work)


def run(asked: argparse.Namespace) -> int:
    """Measure, print, save."""
    start = time.monotonic()

    def say(words: str) -> None:
        if not asked.json:
            print(f"[{time.monotonic() - start:5.0f} s] {words}", file=sys.stderr, flush=True)

    if asked.install_peers:
        environments.install(say)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    policy = "fifo" if real_time(asked.scheduling) else "other"
    about = machine(policy)
    note = ", ".join(f"{name} {value}" for name, value in about.items())
    print(Figure("machine", about["load"][0], "load", note=note).json(), flush=True)
    found: list[Figure] = []
    failed = False
    for group in asked.groups or GROUPS:
        try:
            for figure in baseline.with_drift(list(measure(group, asked, say))):
                print(figure.json(), flush=True)
                found.append(figure)
        except core.CannotMeasure as why:
            print(f"{group}: {why}", file=sys.stderr)
            failed = True
    if not asked.json:
        print(table(found), file=sys.stderr)
        print(summary(found), file=sys.stderr)
    if asked.save_baseline:
        baseline.save(found, about)
        say(f"saved {baseline.PATH.relative_to(ROOT)}")
    missed = any(figure.met is False for figure in found)
    return 1 if failed or any(figure.wrong for figure in found) or (asked.strict and missed) else 0


def summary(found: list[Figure]) -> str:
    """How many goals are met, missed and not judged."""
    judged = [figure for figure in found if figure.goal is not None]
    met = sum(figure.met is True for figure in judged)
    missed = [figure.figure for figure in judged if figure.met is False]
    open_ = [figure.figure for figure in judged if figure.met is None]
    words = f"{met} of {len(judged)} goals met"
    words += f"; missed: {', '.join(missed)}" if missed else ""
    return words + (f"; not judged: {', '.join(open_)}" if open_ else "")


def main() -> int:
    """Entry point."""
    asked = arguments(sys.argv[1:])
    if asked.list:
        for name, what in GROUPS.items():
            print(f"{name:10} {what}")
        return 0
    return run(asked)


if __name__ == "__main__":
    sys.exit(main())
