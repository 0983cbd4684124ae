"""What `hedgerow doctor` examines: one small function per question, each answering ok, warn or fail with a remedy.

Promises: it leaves nothing behind and changes nothing. Never: it repairs nothing, and asks no network.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from hedgerow import _core

Status = Literal["ok", "warn", "fail"]

FREE_BYTES_MIN = 1 << 30
SYNC_MS_SLOW = 100.0
# No machine runs this program before it was written.
EARLIEST_TS_NS = 1_760_000_000_000_000_000


@dataclass(frozen=True)
class CheckResult:
    """The answer to one question: its status, what was seen, and what to do when it is not ok."""

    check: str
    status: Status
    seen: str
    remedy: str = ""

    def row(self) -> dict[str, str]:
        """The answer as a program reads it."""
        return {"check": self.check, "status": self.status, "seen": self.seen, "remedy": self.remedy}

    def line(self) -> str:
        """The answer as a person reads it."""
        return f"{self.status:<4}  {self.check:<10}  {self.seen}" + (f"; {self.remedy}" if self.remedy else "")


def examine(directory: Path) -> list[CheckResult]:
    """Ask every question, in the order in which a failure explains the next."""
    questions: list[Callable[[], CheckResult]] = [
        python_version,
        versions_agree,
        core_layouts,
        lambda: extra_present("research"),
        lambda: extra_present("demo"),
        jail,
        lambda: disk_syncs(directory),
        lambda: disk_space(directory),
        clock,
    ]
    return [question() for question in questions]


def python_version() -> CheckResult:
    """Which Python is this? One too old cannot have come this far."""
    return CheckResult("python", "ok", ".".join(str(part) for part in sys.version_info[:3]))


def versions_agree() -> CheckResult:
    """Do the package and its compiled core come from the same release?"""
    core = _core.__version__
    if not _installed("hedgerow"):
        return CheckResult("versions", "fail", f"core {core}, package not installed", "pip install .")
    package = metadata.version("hedgerow")
    seen = f"hedgerow {package}, core {core}"
    if package != core:
        return CheckResult("versions", "fail", seen, "install again, so that both come from one wheel")
    return CheckResult("versions", "ok", seen)


def core_layouts() -> CheckResult:
    """Does the core describe records without gaps, and codes that rise?"""
    nouns = _core.noun_table()
    codes = [row[0] for row in _core.error_table()]
    broken = [noun["name"] for noun in nouns if not _fills_its_record(noun["fields"], noun["size"])]
    seen = f"{len(nouns)} nouns, {len(codes)} error codes"
    if broken or not codes or codes != sorted(set(codes)):
        named = f" (broken: {', '.join(broken)})" if broken else ""
        return CheckResult("core", "fail", seen + named, "the compiled core is damaged; install again")
    return CheckResult("core", "ok", seen)


def _fills_its_record(fields: list[tuple[str, str, int, int, str]], size: int) -> bool:
    ends = [0] + [offset + width for _, _, offset, width, _ in fields]
    starts = [offset for _, _, offset, _, _ in fields] + [size]
    return ends == starts


def extra_present(extra: str) -> CheckResult:
    """Are the libraries of an extra installed?"""
    wanted = extra_distributions(extra)
    if not wanted:
        return CheckResult(extra, "warn", "unknown, because the package is not installed", "pip install .")
    missing = [name for name in wanted if not _installed(name)]
    if missing:
        seen = f"missing {', '.join(missing)}"
        return CheckResult(extra, "warn", seen, f"pip install 'hedgerow[{extra}]' if you need it")
    return CheckResult(extra, "ok", ", ".join(f"{name} {metadata.version(name)}" for name in wanted))


def extra_distributions(extra: str) -> list[str]:
    """The distributions that an extra of this package asks for, itself left out."""
    lines = (metadata.requires("hedgerow") or []) if _installed("hedgerow") else []
    tag = re.compile(rf"""extra\s*==\s*['"]{extra}['"]""")
    names = [re.split(r"[\s\[<>=!~;(]", line, maxsplit=1)[0] for line in lines if tag.search(line)]
    return [name for name in names if name != "hedgerow"]


def _installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def jail() -> CheckResult:
    """Can an opaque strategy be shut in here?"""
    from hedgerow.governance.jail.command import why_no_jail

    why = why_no_jail()
    if why:
        remedy = "install bubblewrap and allow user namespaces, if you run strategies that nobody here reads"
        return CheckResult("jail", "warn", why, remedy)
    return CheckResult("jail", "ok", "bubblewrap builds it")


def disk_syncs(directory: Path) -> CheckResult:
    """Can a file be written here and forced to the disk, and how long does that take?"""
    try:
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".hedgerow-doctor-") as file:
            file.write(b"\0" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            sync_ms = (time.perf_counter() - started) * 1e3
    except OSError as error:
        remedy = "choose a folder that you may write to with --dir"
        return CheckResult("disk", "fail", f"{directory}: {error.strerror}", remedy)
    seen = f"write and fdatasync in {sync_ms:.1f} ms"
    if sync_ms > SYNC_MS_SLOW:
        return CheckResult("disk", "warn", seen, "slow for a journal; put it on a local disk")
    return CheckResult("disk", "ok", seen)


def disk_space(directory: Path) -> CheckResult:
    """Is there room for a journal and a catalog?"""
    try:
        free = shutil.disk_usage(directory).free
    except OSError as error:
        return CheckResult("space", "fail", f"{directory}: {error.strerror}", "choose another folder with --dir")
    seen = f"{free / 1e9:,.1f} GB free"
    if free < FREE_BYTES_MIN:
        return CheckResult("space", "warn", seen, "free at least 1 GB")
    return CheckResult("space", "ok", seen)


def clock() -> CheckResult:
    """Is the wall clock plausible, and does it advance as the monotonic clock does?"""
    wall, steady = time.time_ns(), time.monotonic_ns()
    time.sleep(0.02)
    drift_ms = abs((time.time_ns() - wall) - (time.monotonic_ns() - steady)) / 1e6
    seen = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}, {drift_ms:.2f} ms from the steady clock in 20 ms"
    if wall < EARLIEST_TS_NS:
        return CheckResult("clock", "fail", seen, "set the clock; signatures and records carry its time")
    if drift_ms > 5.0:
        return CheckResult("clock", "warn", seen, "the clock is being stepped; check its synchronisation")
    return CheckResult("clock", "ok", seen)
