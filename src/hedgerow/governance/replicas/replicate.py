"""Copies of a site's published logs to any number of places, each proved before it is stored.

Of a log the blobs go first, then tiles and bundles, then its checkpoint; so a checkpoint never stands where what it
signs is missing, and a transfer that was cut off goes on with what is not there yet. The last witnessed checkpoint
follows it. A target that already has a
checkpoint gets a new one only if the new log begins with the old one.

Promises: nothing unproved and nothing readable is stored (unless readable copies were asked for), files that never
change are put once, a rollback or a fork is refused loudly and overwrites nothing, one target's failure does not stop
the others. Never: the write-ahead file, a key, an identity, a pending event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.governance.replicas.layout import CHECKPOINT, KEY, STREAMS, Head, wrong
from hedgerow.governance.replicas.source import Published, open_note
from hedgerow.governance.replicas.target import Target
from hedgerow.governance.witness.policy import WITNESSED

Progress = Callable[[str, int, int], None]
"""Called with a target's address, the files that are there, and all files."""


@dataclass
class Copied:
    """What became of one target."""

    target: str
    sizes: dict[str, int] = field(default_factory=dict)
    files_sent: int = 0
    files_there: int = 0
    bytes_sent: int = 0
    error: HedgerowError | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {"error": None if self.error is None else str(self.error)}


def prove_site(
    site: Path, *, keys: Mapping[str, str] | None = None, plain: bool = False, only: Sequence[str] = STREAMS
) -> list[Published]:
    """Prove every published log of a site; `LOG_PLAIN` if one could be read by whoever gets a copy.

    keys: verifier key line by stream, to trust in place of the one beside the log. plain: readable copies are wanted.
    only: the streams that are wanted.
    """
    streams = [stream for stream in only if (site / stream / CHECKPOINT).exists()]
    if not streams:
        raise problem("LOG_NO_CHECKPOINT", f"{site} has no published log ({', '.join(only)})")
    logs = [Published.prove(site, stream, (keys or {}).get(stream)) for stream in streams]
    for log in logs:
        if log.readable and not plain:
            raise problem("LOG_PLAIN", f"{log.readable} of {log.head.size} entries in {log.folder}")
    return logs


def replicate(
    logs: Sequence[Published], targets: Sequence[Target], *, read_back: bool = False, progress: Progress | None = None
) -> list[Copied]:
    """Copy proved logs to each target; what went wrong at one is in its row.

    read_back: read what a target holds already and compare it with what was signed, byte for byte.
    """
    return [_copy_all(logs, target, read_back, progress or (lambda *_: None)) for target in targets]


def _copy_all(logs: Sequence[Published], target: Target, read_back: bool, progress: Progress) -> Copied:
    copied = Copied(target.url)
    total = sum(len(log.files) + 1 + (log.witnessed is not None) for log in logs)

    def count() -> None:
        progress(target.url, copied.files_sent + copied.files_there, total)

    try:
        for log in logs:
            seen, kept = _comparable(log, target), _comparable(log, target, WITNESSED)
            _copy(log, target, copied, read_back, count)
            target.settle()
            _publish(log.head, f"{log.stream}/{CHECKPOINT}", target, copied, seen)
            if log.witnessed is not None and (kept is None or kept.size <= log.witnessed.size):
                _publish(log.witnessed, f"{log.stream}/{WITNESSED}", target, copied, kept)
            count()
            copied.sizes[log.stream] = log.head.size
    except HedgerowError as error:
        copied.error = error
    return copied


def _copy(log: Published, target: Target, copied: Copied, read_back: bool, count: Callable[[], None]) -> None:
    there = target.names(log.stream)
    for file in log.files:
        place = f"{log.stream}/{file.name}"
        if place not in there:
            target.put_once(place, log.read(file))
            copied.files_sent += 1
            copied.bytes_sent += file.length
        else:
            same = there[place] == file.length and (not read_back or target.read(place) == log.read(file))
            if not same:
                raise wrong(place, f"{target.url} holds other bytes under this name")
            copied.files_there += 1
        count()


def furthest(notes: Sequence[bytes], key_line: str, where: str) -> Head | None:
    """Of a checkpoint's versions the one with the most entries; two of one size must be the same tree.

    Versions that this key did not sign were put by somebody else and count for nothing, unless there is no other:
    then that is `LOG_BAD_SIGNATURE`.
    """
    best, refused = None, None
    for note in notes:
        try:
            head = open_note(note, key_line)
        except HedgerowError as error:
            refused = refused or error
            continue
        if best is not None and best.size == head.size and best.root != head.root:
            detail = f"{where} holds two checkpoints of {head.size} entries: {best.root.hex()} and {head.root.hex()}"
            raise problem("LOG_FORK", detail)
        if best is None or head.size > best.size:
            best = head
    if best is None and refused is not None:
        raise problem(refused.code, f"{where}: {refused.detail}")
    return best


def _comparable(log: Published, target: Target, name: str = CHECKPOINT) -> Head | None:
    """A checkpoint of the target's, if the log may follow it; `LOG_ROLLBACK` or `LOG_FORK` if not."""
    where = f"{target.url}/{log.stream}"
    key = target.read(f"{log.stream}/{KEY}")
    if key is not None and key.decode(errors="replace").strip() != log.key_line:
        raise problem("LOG_FORK", f"{where} is the replica of another log: {key.decode(errors='replace').strip()}")
    theirs = furthest(target.versions(f"{log.stream}/{name}"), log.key_line, where)
    if theirs is None:
        return None
    if theirs.size > log.head.size:
        detail = f"{where} has {theirs.size} entries, {log.folder} only {log.head.size}"
        raise problem("LOG_ROLLBACK", detail)
    if not log.consistent(theirs.size, theirs.root):
        detail = f"{where} has {theirs.size} entries with the root {theirs.root.hex()}, {log.folder} begins otherwise"
        raise problem("LOG_FORK", detail)
    return theirs


def _publish(head: Head, place: str, target: Target, copied: Copied, seen: Head | None) -> None:
    """Put a checkpoint behind what it signs; one of the same tree stays, unless ours carries more signatures."""
    note, there = head.note, None if seen is None else seen.note
    if seen is not None and seen.size == head.size and len(there or b"") >= len(note):
        copied.files_there += 1
        return
    target.replace(place, note, there)
    copied.files_sent += 1
    copied.bytes_sent += len(note)
