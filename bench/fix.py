"""Figures of FIX: the core's beside their floors, and QuickFIX/J on the same order where it is installed.

Promises: the peer's time is its best of the runs, after its compiler has had three. Never: a peer is installed here
(`tools/prepare_tests.sh` does that).
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench import core
from bench.figures import Figure, Goal

ROOT = Path(__file__).resolve().parent.parent
JARS = ROOT / ".venv" / "quickfixj"


def measure(*, runs: int, prefix: list[str], work: Path) -> Iterator[Figure]:
    """The core's figures, then the peer's time against ours."""
    ours = None
    for figure in core.measure("fix", runs=runs, prefix=prefix, work=work):
        ours = figure.value if figure.figure == "fix.parse" else ours
        yield figure
    goal = Goal(">=", 10)
    if not (JARS / ".whole").exists() or shutil.which("javac") is None:
        yield Figure("peer.fix.quickfixj", None, "ns", "fix.parse", ours, goal, "QuickFIX/J is not installed")
        return
    program = Path(__file__).parent / "peers" / "ParseFix.java"
    ran = subprocess.run(
        ["java", "-cp", f"{JARS}/*", str(program), str(runs)], capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise core.CannotMeasure(f"QuickFIX/J ended with {ran.returncode}: {ran.stderr.strip()[-500:]}")
    each = [float(line) for line in ran.stdout.split()]
    note = f"QuickFIX/J 2.3.1, read and validated, nine fields taken out; median {statistics.median(each):.4g}"
    yield Figure("peer.fix.quickfixj", min(each), "ns", "fix.parse", ours, goal, note)
