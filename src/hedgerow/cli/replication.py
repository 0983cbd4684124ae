"""Commands about copies of a site's logs elsewhere: make them, and rebuild a site from one."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hedgerow.cli.output import Json, Output
from hedgerow.cli.pairs import pairs
from hedgerow.core.errors import HedgerowError, problem

if TYPE_CHECKING:
    from hedgerow.governance.replicas import Copied
    from hedgerow.governance.replicas.source import Published

Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="STREAM=KEY LINE to trust, such as journal=...; default: the one in the log."),
]


def replicate(
    directory: Annotated[Path, typer.Argument(help="The site: the folder that holds journal/ and governance/.")],
    targets: Annotated[list[str], typer.Argument(help="Folder, sftp://USER@HOST/PATH or s3://BUCKET/PATH.")],
    key: Keys = None,
    plain: Annotated[bool, typer.Option("--plain", help="Store copies that anybody can read, too.")] = False,
    only: Annotated[list[str] | None, typer.Option("--only", help="Only this log, such as journal.")] = None,
    read_back: Annotated[bool, typer.Option("--read-back", help="Read what is there already and compare it.")] = False,
    json: Json = False,
) -> None:
    """Copy a site's proved logs to other places; never its keys, nor what anybody could read."""
    from hedgerow.governance import replicas

    output = Output(json)
    wanted = tuple(only or replicas.STREAMS)
    logs = replicas.prove_site(directory, keys=pairs("--key", key or []), plain=plain, only=wanted)
    rows = []
    for url in targets:
        row = _copied(logs, url, read_back, hidden=json)
        output.emit(row.to_json(), _told(row))
        rows.append(row)
    failed = [row for row in rows if row.error is not None]
    if failed:
        first = failed[0].error
        code = "LOG_TARGET" if first is None else first.code
        names = ", ".join(row.target for row in failed)
        raise problem(code, f"{len(failed)} of {len(rows)} targets have no new copy: {names}")


def restore(
    target: Annotated[str, typer.Argument(help="The replica: a folder, sftp://USER@HOST/PATH or s3://BUCKET/PATH.")],
    directory: Annotated[Path, typer.Argument(help="The folder of the new site; it may hold an interrupted restore.")],
    key: Keys = None,
    json: Json = False,
) -> None:
    """Rebuild a site's logs from a replica and prove them; the writer can go on from there."""
    from hedgerow.governance import replicas

    output = Output(json)
    place = replicas.open_target(target, now_ns=time.time_ns())
    try:
        with _bar(f"from {target}", hidden=json) as tell:
            logs = replicas.restore(place, directory, keys=pairs("--key", key or []), progress=tell)
    finally:
        place.close()
    told = [
        f"{log.stream}: {log.entries:,} entries proved, root {log.root[:16]}, {log.files_fetched:,} files fetched"
        for log in logs
    ]
    output.emit({"directory": str(directory), "logs": [log.to_json() for log in logs]}, "\n".join(told))


def _copied(logs: Sequence[Published], url: str, read_back: bool, *, hidden: bool) -> Copied:
    """What became of one target; one that cannot even be opened is a row too."""
    from hedgerow.governance import replicas

    try:
        target = replicas.open_target(url, now_ns=time.time_ns())
    except HedgerowError as error:
        if error.row.area == "CLI":
            raise
        return replicas.Copied(url, error=error)
    try:
        with _bar(f"to {url}", hidden=hidden) as tell:
            return replicas.replicate(logs, [target], read_back=read_back, progress=tell)[0]
    finally:
        target.close()


def _told(row: Copied) -> str:
    if row.error is not None:
        return f"{row.target}: FAILED, {row.error}"
    sizes = ", ".join(f"{stream} {size:,} entries" for stream, size in row.sizes.items())
    sent = f"{row.files_sent:,} files ({row.bytes_sent:,} bytes) sent, {row.files_there:,} were there"
    return f"{row.target}: {sizes}; {sent}"


@contextmanager
def _bar(label: str, *, hidden: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr, where a person looks."""
    with typer.progressbar(length=1, label=label, file=sys.stderr, hidden=hidden or not sys.stderr.isatty()) as bar:

        def tell(_: str, done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield tell
