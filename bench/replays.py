"""The group `replay`: J2 and J3 through kernel and venue of books, compiled and in Python, beside floors and peers.

Promises: no speed for a wrong result; every rate is per processor second, since the box may be shared; a peer that is
not here leaves its column empty. Peers are hftbacktest and nautilus_trader under `PEERS_ROOT`, run by the scripts of
`shared/bench/peers` beside the repository, whose rows have the digests of ours. Never: measures anything itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import core
from bench.figures import Figure, Goal
from bench.peers.environments import root
from bench.replay import data

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE.parent.parent / "shared" / "bench" / "peers"
UNIT = "updates/CPU s"
A_THIRD = Goal(">=", 1 / 3)
FILLS = {"quotes": (28_152, 28_152), "levels": (1_250, 1_302), "orders": (1_340, 1_356)}
"""The oracle's number; 2 % around hftbacktest's 1,276; 0.5 % around the 1,346 and 1,350 of the engines that agree."""
PEER_RUNS = 3
Say = Callable[[str], None]
Speed = tuple[float | None, str]
"""Updates per processor second, if the peer is here and right; and what there is to say."""


def measure(*, runs: int, work: Path, say: Say) -> Iterator[Figure]:
    """The figures of J2 and J3."""
    folder = work / "replay"
    say("replay: making the jobs' rows")
    _python("-c", f"from bench.replay import jobs; from pathlib import Path; jobs.write(Path({str(folder)!r}))")
    say("replay: building and measuring")
    compiled = {line["name"]: line for line in _program(folder, runs)}
    hft = {
        "quotes": _peer("hft", "j2_hft.py", [], "quotes", say),
        "levels": _peer("hft", "j3_hft.py", ["--level", "2"], "levels", say),
        "orders": _peer("hft", "j3_hft.py", ["--level", "3"], "orders", say),
    }
    for job, name, times in (("quotes", "j2", 5), ("levels", "j3.levels", 3), ("orders", "j3.orders", 3)):
        line, floor = compiled[f"replay.{name}"], compiled[f"floor.replay.{name}"]
        wrong = not _right(job, int(line["note"].split(" orders, ")[1].split()[0]))
        rate, (peer, said) = line["value"] * _told(job, line["n"]), hft[job]
        note = f"{line['note']}, {line['runs']} runs, {line['least']:.4g} to {line['most']:.4g}; {said}"
        goal = Goal(">=", times)
        yield Figure(f"{name}.compiled", rate, UNIT, "hftbacktest", peer, goal, note, wrong=wrong)
        against = f"floor.replay.{name}"
        yield Figure(
            f"{name}.replay", line["value"], UNIT, against, floor["value"], A_THIRD, floor["note"], wrong=wrong
        )
    yield from _in_python(folder, min(runs, PEER_RUNS), say)


def _told(job: str, updates: int) -> float:
    """Rows of the feed for each update of ours: an execution stands for three of them where orders are told."""
    return data.ALL / updates if job == "orders" else 1.0


def _right(job: str, fills: int) -> bool:
    least, most = FILLS[job]
    return least <= fills <= most


def _in_python(folder: Path, runs: int, say: Say) -> Iterator[Figure]:
    nautilus = {
        "quotes": _peer("nautilus2", "j2_nautilus.py", [], "quotes", say),
        "levels": _peer("nautilus2", "j3_nautilus.py", ["--level", "2"], "levels", say),
        "orders": _peer("nautilus2", "j3_nautilus.py", ["--level", "3"], "orders", say),
    }
    for job, name in (("quotes", "j2"), ("levels", "j3.levels"), ("orders", "j3.orders")):
        say(f"replay: hedgerow, a strategy in Python, {name}")
        words = ("--job", job, "--runs", str(runs), "--work", str(folder))
        told = json.loads(_python(HERE / "replay" / "jobs.py", *words).splitlines()[-1])
        rate, (peer, said) = told["per_second"] * _told(job, told["updates"]), nautilus[job]
        note = f"{told['orders']} orders, {told['fills']} fills, {told['peak_mb']:.0f} MB; {said}"
        wrong = not _right(job, told["fills"])
        yield Figure(f"{name}.python", rate, UNIT, "nautilus_trader 2", peer, Goal(">=", 10), note, wrong=wrong)


def _program(folder: Path, runs: int) -> list[dict[str, Any]]:
    environment = {**os.environ, "BENCH_RUNS": str(runs), "BENCH_REPLAY": str(folder)}
    ran = subprocess.run([core.build(), "replay"], env=environment, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise core.CannotMeasure(f"the measuring program ended with {ran.returncode}: {ran.stderr.strip()[-500:]}")
    return [json.loads(line) for line in ran.stdout.splitlines()]


def _python(*words: Any) -> str:
    ran = subprocess.run(
        [sys.executable, *map(str, words)], cwd=HERE.parent, capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise core.CannotMeasure(f"{words[0]} ended with {ran.returncode}: {ran.stderr.strip()[-500:]}")
    return ran.stdout


def _peer(environment: str, script: str, words: list[str], job: str, say: Say) -> Speed:
    """A peer's speed; none where it, or its script, is not here, or where its result is another job's."""
    interpreter = root() / environment / "bin" / "python"
    if not interpreter.exists() or not (SCRIPTS / script).exists():
        return None, f"{environment} is not installed (PEERS_ROOT), or its script is not beside the repository"
    say(f"replay: {environment}, {job}")
    command = [str(interpreter), str(SCRIPTS / script), *words, "--runs", str(PEER_RUNS)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        return None, f"{environment} failed: {ran.stderr.strip()[-200:]}"
    said = json.loads(ran.stdout.splitlines()[-1])
    return float(
        said["rate_per_s"]
    ), f"{said['peer']} {said['version']}: {said['fills']} fills, {said['peak_rss_mb']:.0f} MB"
