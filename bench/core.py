"""Figures of the core: runs the measuring program (bench/rust) and holds each figure against its floor.

Promises: floor and figure come from the same process; the program is built like the wheel, from the same versions.
Never: measures anything itself.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure, Goal

ROOT = Path(__file__).resolve().parent.parent
RUST = ROOT / "bench" / "rust"
STEPS = ("bar", "order", "acknowledgement", "fill")
NONE = Goal("==", 0, of="value")

Plan = dict[str, tuple[str, Goal | None]]
"""What to print: measurement, what it is held against (a measurement, or nothing), goal."""

PLANS: dict[str, Plan] = {
    "gate": {
        "gate.hot.loop": ("floor.gate.hot.loop", Goal("<=", 5)),
        "gate.hot.single.p50": ("floor.gate.hot.single.p50", None),
        "gate.hot.single.p999": ("floor.gate.hot.single.p999", None),
        "gate.cold.loop": ("floor.gate.cold.loop", None),
        "gate.cold.single.p50": ("floor.gate.cold.single.p50", None),
        "gate.cold.single.p999": ("floor.gate.cold.single.p999", Goal("<=", 2)),
    },
    "state": {
        "state.next": ("floor.state", Goal("<=", 5)),
        "state.apply": ("floor.state", None),
    },
    "journal": {
        "journal.append": ("floor.journal.append", Goal("<=", 3)),
        "journal.groups.1": ("floor.journal.groups.1", None),
        "journal.groups.16": ("floor.journal.groups.16", None),
        "journal.groups.256": ("floor.journal.groups.256", Goal(">=", 0.5)),
        "journal.groups.2048": ("floor.journal.groups.2048", Goal(">=", 0.5)),
        "journal.groups.256.bytes": ("floor.journal.groups.256.bytes", Goal(">=", 0.5)),
        "journal.groups.2048.bytes": ("floor.journal.groups.2048.bytes", Goal(">=", 0.5)),
    },
    "log": {
        "log.verify": ("floor.log.verify.leaves", Goal("<=", 2)),
        "floor.log.verify.stream": ("floor.log.verify.leaves", None),
        "log.proof.warm": ("floor.log.proof", Goal("<", 50, of="value", unit="us")),
        "log.proof.any": ("floor.log.proof", None),
    },
    "book": {
        "book.l2": ("floor.book.l2", Goal("<=", 2)),
        "book.l2_far": ("floor.book.l2", Goal("<=", 2)),
        "book.l2_wide": ("floor.book.l2", None),
        "floor.book.l2_maps": ("floor.book.l2", None),
        "floor.book.l2_far_maps": ("floor.book.l2", None),
        "book.l3": ("floor.book.l3", Goal("<=", 4)),
        "book.l3.small": ("floor.book.l3.small", Goal("<=", 4)),
        **{f"book.mid.{n}": (f"floor.book.mid.{n}", Goal("<=", 3)) for n in (8, 16, 32, 64)},
    },
    "itch": {"itch.read": ("floor.itch.copy", None), "itch.book": ("floor.itch.copy", None)},
    "fix": {
        "fix.parse": ("floor.fix.parse", Goal("<=", 1.5)),
        "fix.frame": ("floor.fix.parse", None),
        "fix.encode": ("floor.fix.encode", Goal("<=", 3)),
        "fix.parse.allocations": ("", NONE),
        "fix.encode.allocations": ("", NONE),
    },
    "ring": {
        "ring.one_way.p50": ("floor.ring.line.p50", Goal("<=", 1.5)),
        "ring.one_way.p99": ("floor.ring.line.p99", Goal("<=", 2)),
        "ring.stream": ("", None),
        "ring.lost": ("", NONE),
    },
    "tick": {
        "tick.order.p50": ("floor.tick.order.p50", Goal("<=", 3)),
        "tick.order.p99": ("floor.tick.order.p99", Goal("<=", 3)),
        **{
            f"tick.{leg}.{share}": ("", None)
            for leg in ("book", "strategy", "gate", "bytes")
            for share in ("p50", "p99")
        },
        "tick.turn.p50": ("floor.tick.order.p50", None),
        "tick.turn.p99": ("floor.tick.order.p99", None),
        "tick.turn.allocations": ("", NONE),
    },
    "kernel": {f"kernel.{step}": ("floor.kernel", None) for step in STEPS},
    "wasm": {"wasm.call": ("floor.wasm.call", Goal("<", 1_000, of="value", unit="ns"))},
    "counts": {
        **{f"kernel.{step}.{what}": ("", NONE) for what in ("allocations", "system_calls", "locks") for step in STEPS},
        **{f"kernel.{step}.instructions": ("", None) for step in STEPS},
    },
}


HOST = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Large tables lie on huge pages where the system has some, as on the host of a fund; floors and figures alike."""


class CannotMeasure(Exception):
    """A group cannot be measured here, and why."""


def measure(group: str, *, runs: int, prefix: list[str], work: Path) -> Iterator[Figure]:
    """The figures of one group."""
    program = build()
    work.mkdir(parents=True, exist_ok=True)
    environment = {**HOST, **os.environ, "BENCH_RUNS": str(runs), "BENCH_FOLDER": str(work)}
    ran = subprocess.run([*prefix, str(program), group], env=environment, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise CannotMeasure(f"the measuring program ended with {ran.returncode}: {ran.stderr.strip()[-500:]}")
    yield from pair(PLANS[group], [json.loads(line) for line in ran.stdout.splitlines()])


def pair(plan: Plan, measurements: list[dict[str, Any]]) -> Iterator[Figure]:
    """Measurements as figures, each beside its floor; what nobody measured is a figure without a value."""
    by_name = {measured["name"]: measured for measured in measurements}
    for name, (floor, goal) in plan.items():
        measured = by_name.get(name)
        if measured is None:
            yield Figure(name, None, "", floor or None, None, goal, "was not measured")
            continue
        note = measured["note"]
        if "least" in measured:
            note += f"; runs {measured['runs']} x {measured['n']}, {measured['least']:.4g} to {measured['most']:.4g}"
        against = by_name.get(floor, {}).get("value")
        yield Figure(name, measured["value"], measured["unit"], floor or None, against, goal, note)


def build() -> Path:
    """Build the measuring program if its sources changed; returns where it lies."""
    if shutil.which("cargo") is None:
        raise CannotMeasure("cargo is not installed; it builds the measuring program")
    # One lock file for both: the versions measured are the versions shipped.
    shutil.copyfile(ROOT / "Cargo.lock", RUST / "Cargo.lock")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target" / "bench"))
    command = ["cargo", "build", "--quiet", "--release", "--manifest-path", str(RUST / "Cargo.toml")]
    built = subprocess.run(
        command, env={**os.environ, "CARGO_TARGET_DIR": str(target)}, capture_output=True, text=True, check=False
    )
    if built.returncode != 0:
        raise CannotMeasure(f"the measuring program does not build: {built.stderr.strip()[-800:]}")
    return target / "release" / "hedgerow-bench"
