"""Commands about feeds: check a specification, ask the other side, and see what is late, missing, twice or out of line.

The one place where feeds meet the clock and the environment.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from hedgerow.cli.group import group
from hedgerow.cli.output import Json, Output, plain, table
from hedgerow.core.errors import HedgerowError, problem

if TYPE_CHECKING:
    from hedgerow.market.feeds import Spec, Status, World
    from hedgerow.market.feeds.fetching import Ran

SpecFile = Annotated[Path, typer.Argument(help="The feed's specification, a .toml file.")]
LandingDir = Annotated[Path, typer.Option("--landing", "-l", help="The folder that deliveries land in.")]

feeds = group("Feeds: what comes from vendors and venues, and what should have come.")


@feeds.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(help="Specifications, .toml files.")],
    json: Json = False,
) -> None:
    """Read specifications, name every key that is wrong, and say what would be asked for; nothing is opened."""
    from hedgerow.market.feeds import read_spec

    output, failed = Output(json), []
    for file in files:
        try:
            output.emit(_told(read_spec(file)))
        except HedgerowError as error:
            failed.append(error)
            if len(files) > 1:
                output.fail(error)
    if failed:
        raise failed[0] if len(files) == 1 else problem("FEED_SPEC", f"{len(failed)} of {len(files)} files")


@feeds.command("run")
def run(
    file: SpecFile,
    landing: LandingDir = Path("landing"),
    once: Annotated[bool, typer.Option("--once", help="Ask once, now, and stop.")] = False,
    seconds: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.", min=0.0)] = None,
    json: Json = False,
) -> None:
    """Ask the other side, now and whenever the schedule says so, and deliver what is new."""
    from hedgerow.market.feeds import read_spec, run_once, run_until

    spec, output, world = read_spec(file), Output(json), _world()
    progress = _Progress(hidden=json or not sys.stderr.isatty())
    before = signal.signal(signal.SIGTERM, _interrupt)
    until_ns = None if seconds is None else world.now_ns() + int(seconds * 1e9)
    passes = iter([run_once(spec, landing, world, progress)]) if once else None
    last: Ran | None = None
    try:
        for last in passes or run_until(spec, landing, world, until_ns, progress, progress.wait):
            progress.end()
            _emit(output, spec, last)
    finally:
        signal.signal(signal.SIGTERM, before)
    if last is not None and last.errors:
        raise last.errors[0]


@feeds.command("status")
def status(
    files: Annotated[list[Path] | None, typer.Argument(help="Specifications; default: those that ran here.")] = None,
    landing: LandingDir = Path("landing"),
    verify: Annotated[bool, typer.Option("--verify", help="Read every file and compare its digest.")] = False,
    json: Json = False,
) -> None:
    """Say what is late, missing, twice, out of line or damaged; exit status 0 only if nothing is."""
    from hedgerow.market.feeds import feed_status, last_specs, read_spec

    output, now_ns = Output(json), time.time_ns()
    specs = [read_spec(file) for file in files] if files else last_specs(landing)
    found = [feed_status(spec, landing, now_ns, verify=verify) for spec in specs]
    if json:
        for each in found:
            output.emit(each.to_json())
    else:
        output.emit({}, _table(found))
    count = sum(len(each.findings) for each in found)
    if count:
        amiss = sorted({finding.what for each in found for finding in each.findings})
        raise problem("FEED_AMISS", f"{count} findings in {len(found)} feeds: {', '.join(amiss)}")


@feeds.command("vendors")
def vendors_(
    name: Annotated[str | None, typer.Argument(help="Only those whose name holds this.")] = None,
    json: Json = False,
) -> None:
    """List the vendors that a specification can name, what each has, and the extra that it needs."""
    from hedgerow.market.feeds.vendors import vendors

    output, found = Output(json), [vendor for vendor in vendors() if name is None or name in vendor.name]
    if json:
        for each in found:
            told = {"vendor": each.name, "is": each.says, "kinds": list(each.kinds), "streams": list(each.streams)}
            output.emit(told | {"extra": each.extra or None})
        return
    rows = [
        (each.name, each.says, " ".join(each.kinds), " ".join(each.streams) or "-", each.extra or "-") for each in found
    ]
    output.emit({}, table(rows, ("vendor", "is", "kinds", "streams", "extra")))


@feeds.command("keep")
def keep(
    files: Annotated[list[Path] | None, typer.Argument(help="Specifications; default: those that ran here.")] = None,
    landing: LandingDir = Path("landing"),
    catalog: Annotated[Path, typer.Option("--catalog", "-c", help="The catalog's folder.")] = Path("catalog"),
    json: Json = False,
) -> None:
    """Take what was delivered into the catalog, each delivery once; a correction is known since it came."""
    from hedgerow.market import Catalog
    from hedgerow.market.feeds import last_specs, read_spec
    from hedgerow.market.feeds.keeping import keep_deliveries

    output, refused, count = Output(json), list[HedgerowError](), 0
    for spec in [read_spec(file) for file in files] if files else last_specs(landing):
        for kept in keep_deliveries(spec, landing, Catalog(catalog)):
            count += 1
            told: dict[str, Any] = {"feed": spec.name, "name": kept.delivery.name, "file": kept.delivery.file}
            if kept.error is not None:
                refused.append(kept.error)
                told |= {"code": kept.error.code, "detail": kept.error.detail}
            else:
                told |= {**{f"{kind}_new": n for kind, n in kept.rows_new.items()}, "unchanged": kept.rows_unchanged}
                told |= {"notes": list(kept.notes)} if kept.notes else {}
            line = f"refused {kept.error}" if kept.error else f"{_counts(kept.rows_new)}, {kept.rows_unchanged:,} known"
            output.emit(told, f"{spec.name}  {kept.delivery.name}  {line}")
            for note in kept.notes:
                output.note(f"{kept.delivery.name}: {note}")
    output.note(f"{count:,} deliveries taken, {len(refused):,} of them refused")
    if refused:
        raise refused[0]


def _counts(rows_new: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in rows_new.items()) or "nothing new"


def _world() -> World:
    from hedgerow.market.feeds import World

    return World(time.time_ns, time.sleep, os.environ)


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    """A service that is stopped ends as one that is interrupted: what was recorded is kept."""
    raise KeyboardInterrupt


def _told(spec: Spec) -> dict[str, Any]:
    now_ns = time.time_ns()
    return {
        "feed": spec.name,
        "vendor": spec.vendor,
        "from": spec.transport.origin,
        "shape": spec.transport.shape,
        "format": spec.format,
        "next": _moment(spec.schedule.next_ns(now_ns)),
        "expected": spec.wanted(now_ns, ()),
        "sha256": spec.sha256,
    }


def _emit(output: Output, spec: Spec, ran: Ran) -> None:
    """What a pass brought: one object a delivery with --json, otherwise a line each and a sum."""
    if output.json:
        for row in ran.rows:
            output.emit({"feed": spec.name} | {key: value for key, value in vars(row).items() if value is not None})
        return
    for row in ran.rows:
        about = f"{row.code} {row.detail}" if row.kind == "failed" else f"{row.bytes:,} bytes  {row.file}"
        output.emit({}, f"{row.kind:9}  {row.name}  {about}")
    kinds = ("new", "restated", "same", "duplicate", "failed")
    counts = ", ".join(f"{ran.count(kind)} {kind}" for kind in kinds if ran.count(kind))
    output.emit({}, f"{spec.name}: {counts or 'nothing new'}")


def _table(found: list[Status]) -> str:
    rows = [
        (each.feed, plain(each.deliveries), plain(each.restated), plain(each.bytes), _moment(each.asked_ns),
         _moment(each.known_ns), _moment(each.next_ns), plain(len(each.findings)))
        for each in found
    ]  # fmt: skip
    heads = ("feed", "files", "restated", "bytes", "asked", "came", "next", "amiss")
    lines = [table(rows, heads)]
    for each in found:
        lines += [f"{each.feed}: {finding.what}: {finding.name}: {finding.says}" for finding in each.findings]
    return "\n".join(lines)


def _moment(moment_ns: int | None) -> str:
    if moment_ns is None:
        return "-"
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment_ns // 10**9))


class _Progress:
    """One line on stderr that is written over, where a person looks."""

    def __init__(self, *, hidden: bool) -> None:
        self._hidden, self._shown_at, self._width = hidden, 0.0, 0

    def __call__(self, name: str, so_far: int, whole: int | None) -> None:
        done = whole is not None and so_far >= whole
        if self._hidden or (not done and time.monotonic() - self._shown_at < 0.2):
            return
        share = f" {so_far / whole:.0%}" if whole else ""
        self._show(f"{name}  {so_far:,} bytes{share}")

    def wait(self, due_ns: int) -> None:
        """Say until when nothing is done."""
        if not self._hidden:
            self._show(f"next at {_moment(due_ns)}")

    def end(self) -> None:
        """Clear the line."""
        if not self._hidden and self._width:
            self._show("")
            sys.stderr.write("\r")

    def _show(self, text: str) -> None:
        self._shown_at = time.monotonic()
        sys.stderr.write(f"\r{text:<{self._width}}")
        sys.stderr.flush()
        self._width = len(text)
