"""The group `j1`: our three forms and the peers on a million bars, every result held against the oracle first.

Promises: no speed for a wrong result; a peer that is not here leaves its column empty. Each contender runs in a
process of its own, ours before and after the peers, so that a busy minute does not favour one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import Figure, Goal
from bench.j1 import oracle
from bench.peers.environments import PEERS, Peer

HERE = Path(__file__).resolve().parent
UNIT = "bars/CPU s"
TEN_TIMES = Goal(">=", 10)
COMPARED = {"events": ("nautilus2", "backtesting"), "simple": ("nautilus2", "backtesting"), "signals": ("vectorbt",)}
"""Which peers each form is held against: event engines, or the vectorised one."""
JUDGED = {"events", "signals"}
PEER_RUNS_MAX = 5
"""The peers take seconds a run."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""One contender, one thread: idle threads of a numerical library that spin would be counted as work."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Speed:
    """What a contender reached; `per_second` is None if it has no right to one, and `note` says why."""

    per_second: float | None
    note: str
    wrong: bool = False


def measure(*, n: int, runs: int, work: Path, say: Say) -> Iterator[Figure]:
    """The figures of J1."""
    ours = {form: [one_of_ours(form, n, runs, work, say)] for form in COMPARED}
    peers = {name: one_peer(PEERS[name], n, min(runs, PEER_RUNS_MAX), work, say) for name in PEERS}
    for form, speeds in ours.items():
        speeds.append(one_of_ours(form, n, runs, work, say))
    yield from pair({form: middle(speeds) for form, speeds in ours.items()}, peers)


def middle(speeds: list[Speed]) -> Speed:
    """Two halves of one measurement as one; a wrong one spoils both."""
    for speed in speeds:
        if speed.per_second is None:
            return speed
    rates = [speed.per_second for speed in speeds if speed.per_second is not None]
    return Speed(len(rates) / sum(1 / rate for rate in rates), "; then ".join(speed.note for speed in speeds))


def pair(ours: dict[str, Speed], peers: dict[str, Speed]) -> Iterator[Figure]:
    """Our forms as figures, each beside its peers."""
    for form, names in COMPARED.items():
        speed = ours[form]
        for name in names:
            peer = peers[name]
            note = f"{speed.note}; {PEERS[name].title}: {peer.note}"
            goal = TEN_TIMES if form in JUDGED else None
            figure = f"j1.{form}.{name}"
            yield Figure(
                figure, speed.per_second, UNIT, PEERS[name].title, peer.per_second, goal, note, wrong=speed.wrong
            )


def one_of_ours(form: str, n: int, runs: int, work: Path, say: Say) -> Speed:
    """Our speed in one form."""
    say(f"j1: hedgerow, {form}")
    return speed_of([sys.executable, HERE / "j1" / "forms.py", "--form", form], n, runs, work, oracle.expected(n))


def one_peer(peer: Peer, n: int, runs: int, work: Path, say: Say) -> Speed:
    """A peer's speed, if it is here."""
    if not peer.is_here:
        return Speed(None, "is not installed (bench/run.py --install-peers)")
    say(f"j1: {peer.title}")
    # backtesting.py skips the first bar on which it could decide; with that known, it agrees to the cent.
    first = 100 if peer.name == "backtesting" else 99
    return speed_of([peer.interpreter, peer.script("j1")], n, runs, work, oracle.expected(n, first_decision=first))


def speed_of(command: list[Any], n: int, runs: int, work: Path, due: oracle.Outcome | None) -> Speed:
    """Run a contender and believe its speed only if its result is right."""
    words = [*map(str, command), "--n", str(n), "--runs", str(runs), "--work", str(work)]
    environment = {**os.environ, **ONE_THREAD}
    ran = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        return Speed(None, f"failed: {ran.stderr.strip()[-300:]}", wrong=True)
    return judged(json.loads(ran.stdout.splitlines()[-1]), due)


def judged(said: dict[str, Any], due: oracle.Outcome | None) -> Speed:
    """A contender's line, held against the oracle."""
    came_to = oracle.Outcome(said["fills"], said["digest"], said["equity_cents"])
    if due is None:
        return Speed(None, f"the oracle knows no outcome for {said['n']} bars", wrong=True)
    if came_to != due:
        return Speed(None, f"wrong result, so no speed: {came_to} instead of {due}", wrong=True)
    spread = f"{said['cpu_least']:.4g} to {said['cpu_most']:.4g} s"
    note = f"{said['engine']}, {said['fills']} fills as due, {said['runs']} runs, {spread}, {said['peak_mb']:.0f} MB"
    return Speed(said["bars_per_second"], note)
