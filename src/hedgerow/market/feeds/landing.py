"""Where a feed's files land: parts while they come, files once they are whole and recorded.

    FEED/deliveries.jsonl      the record
    FEED/files/NAME            the first bytes of a name
    FEED/restated/2/NAME       other bytes under the same name, as they came later
    FEED/partial/              what is not whole yet
    FEED/specs/SHA256.toml     the specifications that deliveries name
    FEED/asked.json            when it was asked first and last, and what failed then

Promises: a file under `files` or `restated` is whole, on disk and in the record, and is never changed; a part is used
again only for the same version of the same name; after a crash at any instruction the next writer finishes what was
recorded and keeps what had come. Never: follows a name out of the folder, writes beyond a quota.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.files import sync, write_whole
from hedgerow.market.feeds.names import checked
from hedgerow.market.feeds.record import Delivery, Kind, Record
from hedgerow.market.feeds.rows import count_rows
from hedgerow.market.feeds.spec import Limits, Spec

DISK_LOOKED_AT_BYTES = 4 << 20
"""How much is written before the free space is looked at again."""
SYNC_BYTES = 16 << 20
"""How much a crash of the machine can make us fetch again."""


ASKED = "asked.json"


@dataclass(frozen=True)
class LastPass:
    """When a feed was asked first and last, and what did not come the last time."""

    begun_ns: int | None = None
    asked_ns: int | None = None
    failed: tuple[str, ...] = ()


def last_pass(folder: Path) -> LastPass:
    """The last pass over a feed, from its folder."""
    try:
        told = json.loads((folder / ASKED).read_bytes())
        return LastPass(told["begun_ns"], told["asked_ns"], tuple(told["failed"]))
    except FileNotFoundError:
        return LastPass()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise problem("FEED_RECORD", f"{folder / ASKED}: {error!r}") from None


@contextlib.contextmanager
def disk_errors(place: object) -> Iterator[None]:
    """Give the disk's errors their name."""
    try:
        yield
    except OSError as error:
        raise problem("FEED_DISK", f"{place}: {error.strerror or error}") from None


class Allowance:
    """What a run may still take; counts what it took."""

    def __init__(self, limits: Limits, folder: Path, landed_bytes: int) -> None:
        self._limits, self._folder = limits, folder
        self._landed, self._run, self._since_look = landed_bytes, 0, DISK_LOOKED_AT_BYTES

    def check_size(self, name: str, whole: int) -> None:
        """`FEED_QUOTA` if a file of this size is too large."""
        if whole > self._limits.file_bytes_max:
            raise problem(
                "FEED_QUOTA", f"{name}: {whole:,} bytes, limit file_bytes_max {self._limits.file_bytes_max:,}"
            )

    def take(self, name: str, count: int, whole: int) -> None:
        """Count bytes that are about to be written; `whole` is the file's length with them."""
        self.check_size(name, whole)
        self._run += count
        self._landed += count
        self._since_look += count
        for key, seen in (("run_bytes_max", self._run), ("landing_bytes_max", self._landed)):
            if seen > getattr(self._limits, key):
                raise problem("FEED_QUOTA", f"{name}: {seen:,} bytes, limit {key} {getattr(self._limits, key):,}")
        if self._since_look >= DISK_LOOKED_AT_BYTES:
            self._since_look = 0
            free, least = shutil.disk_usage(self._folder).free, self._limits.disk_free_bytes_min
            if free < least + count:
                raise problem("FEED_DISK", f"{self._folder}: {free:,} bytes free, limit disk_free_bytes_min {least:,}")


class Part:
    """A file that is coming in; only what was synced counts as here."""

    def __init__(self, folder: Path, name: str, allowance: Allowance) -> None:
        stem = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:32]
        self.name, self.path = name, folder / f"{stem}.part"
        self._about, self.allowance = folder / f"{stem}.json", allowance
        self.version: str | None = None
        self.whole: int | None = None
        self._synced = 0
        self._sums: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(self._about.read_bytes())
            if told["name"] == name:
                self._synced = min(int(told["synced"]), self.path.stat().st_size)
                self.version, self.whole = told["version"], told["bytes"]

    @property
    def bytes(self) -> int:
        """How much of a known version is here; 0 where its version is not known."""
        return 0 if self.version is None else self._synced

    @property
    def complete(self) -> bool:
        """Whether all of a known version is here."""
        return self.whole is not None and self.version is not None and self._synced == self.whole

    @contextlib.contextmanager
    def writing(self, *, offset: int, version: str | None, whole: int | None) -> Iterator[PartWriter]:
        """Write from an offset on; what lies behind it is cut off. On disk when the block ends, however it ends."""
        if whole is not None:
            self.allowance.check_size(self.name, whole)
        self.version, self.whole = version, whole
        self._sums.clear()
        with disk_errors(self.path):
            self.note(offset)
            file = self.path.open("r+b" if self.path.exists() else "w+b")
        with file:
            with disk_errors(self.path):
                file.truncate(offset)
                file.seek(offset)
            writer = PartWriter(self, file, offset)
            try:
                yield writer
            finally:
                writer.sync()

    def note(self, synced: int) -> None:
        """Keep how much of which version is on disk."""
        told = {"name": self.name, "version": self.version, "bytes": self.whole, "synced": synced}
        write_whole(self._about, json.dumps(told).encode())
        self._synced = synced

    def digests(self, *algorithms: str) -> dict[str, str]:
        """Hexadecimal digests of what is on disk, which is read once for all that are asked for together."""
        sums = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms if name not in self._sums}
        if sums:
            with disk_errors(self.path), self.path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    for each in sums.values():
                        each.update(chunk)
        self._sums |= {name: each.hexdigest() for name, each in sums.items()}
        return {name: self._sums[name] for name in algorithms}

    def drop(self) -> None:
        """Forget what came."""
        self._about.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
        self.version, self.whole, self._synced = None, None, 0


class PartWriter:
    """Where chunks go."""

    def __init__(self, part: Part, file: BinaryIO, at: int) -> None:
        self._part, self._file, self.bytes, self._synced = part, file, at, at

    def write(self, chunk: bytes) -> None:
        """Write a chunk, within the quotas."""
        self._part.allowance.take(self._part.name, len(chunk), self.bytes + len(chunk))
        with disk_errors(self._part.name):
            self._file.write(chunk)
        self.bytes += len(chunk)
        if self.bytes - self._synced >= SYNC_BYTES:
            self.sync()

    def sync(self) -> None:
        """Let what was written survive a crash, and be gone on from."""
        with disk_errors(self._part.name):
            self._file.flush()
            os.fsync(self._file.fileno())
            if self.bytes != self._synced:
                self._part.note(self.bytes)
        self._synced = self.bytes


@dataclass(frozen=True)
class Came:
    """What is known of a file besides its bytes."""

    name: str
    asked_ns: int
    version: str | None = None
    cursor: str | None = None
    gaps: int = 0
    detail: str | None = None
    skew_ns: int | None = None


class Landing:
    """A feed's folder, open for writing."""

    def __init__(self, folder: Path, spec: Spec) -> None:
        self.folder, self.spec = folder, spec
        self.record = Record(folder / "deliveries.jsonl")
        landed = sum(row.bytes for row in self.record.files)
        self.allowance = Allowance(spec.limits, folder, landed)

    @classmethod
    @contextlib.contextmanager
    def opened(cls, landing: Path, spec: Spec) -> Iterator[Landing]:
        """A feed's folder below the landing folder, for one writer; another one is `FEED_LOCKED`."""
        folder = landing / spec.name
        with disk_errors(folder):
            (folder / "partial").mkdir(parents=True, exist_ok=True)
            lock = (folder / ".lock").open("w")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise problem("FEED_LOCKED", str(folder)) from None
            found = cls(folder, spec)
            with disk_errors(folder):
                found._mend()
                kept = folder / "specs" / f"{spec.sha256}.toml"
                if not kept.exists():
                    write_whole(kept, spec.source)
            yield found

    def cursors(self) -> list[str]:
        """Where each delivery says that the other side goes on, in order; of another address they say nothing."""
        origin, rows = self.spec.transport.origin, self.record
        return [row.cursor for row in rows if row.kind != "failed" and row.cursor is not None and row.origin == origin]

    def part(self, name: str) -> Part:
        """The part of a name, as far as it came."""
        return Part(self.folder / "partial", name, self.allowance)

    def parts(self) -> Iterator[Part]:
        """Everything that is not whole yet, in order of name."""
        names = []
        for about in (self.folder / "partial").glob("*.json"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                names.append(str(json.loads(about.read_bytes())["name"]))
        yield from (self.part(name) for name in sorted(names))

    def deliver(self, part: Part, came: Came, *, known_ns: int) -> Delivery:
        """Record a part that is whole, and only then let it be seen."""
        (sha256,) = part.digests("sha256").values()
        last, holding = self.record.last(came.name), self.record.holding(sha256)
        place, rows, detail = None, None, came.detail
        if holding is None:
            place = self._place(came.name)
            rows, unread = count_rows(part.path, came.name)
            detail = detail or unread
        else:
            place, rows = holding.file, holding.rows
        row = replace(
            self._row(_kind(last, holding, sha256), came, known_ns),
            file=place,
            bytes=part.path.stat().st_size,
            sha256=sha256,
            rows=rows,
            detail=detail,
        )
        with disk_errors(self.folder):
            self.record.append(row)
            if holding is None:
                self._show(part, row)
            part.drop()
        return row

    def failed(self, came: Came, error: HedgerowError, *, known_ns: int) -> Delivery:
        """Record that something did not come, and why."""
        name = came.name.encode(errors="replace").decode()
        row = self._row("failed", replace(came, name=name), known_ns)
        row = replace(row, code=error.code, detail=error.detail[:500])
        with disk_errors(self.folder):
            self.record.append(row)
        return row

    def asked(self, asked_ns: int, failed: Iterable[str]) -> None:
        """Keep that the other side was asked, and what did not come."""
        with disk_errors(self.folder):
            begun_ns = last_pass(self.folder).begun_ns
            told = {
                "begun_ns": asked_ns if begun_ns is None else begun_ns,
                "asked_ns": asked_ns,
                "failed": sorted(set(failed)),
            }
            write_whole(self.folder / ASKED, json.dumps(told).encode())

    def _row(self, kind: Kind, came: Came, known_ns: int) -> Delivery:
        return Delivery(
            number=len(self.record) + 1,
            kind=kind,
            name=came.name,
            asked_ns=came.asked_ns,
            known_ns=known_ns,
            origin=self.spec.transport.origin,
            spec=self.spec.sha256,
            format=self.spec.format,
            version=came.version,
            cursor=came.cursor,
            gaps=came.gaps,
            detail=came.detail,
            skew_ns=came.skew_ns,
        )

    def _place(self, name: str) -> str:
        """Where a new file of this name goes; `FEED_NAME` where something stands in its way."""
        version = self.record.versions(checked(name)) + 1
        place = f"files/{name}" if version == 1 else f"restated/{version}/{name}"
        path = self.folder / place
        in_way = next((up for up in path.parents if up != self.folder and up.is_file()), None)
        if in_way is not None or path.exists():
            raise problem("FEED_NAME", f"{name!r}: {in_way or path} is in its way")
        return place

    def _show(self, part: Part, row: Delivery) -> None:
        path = self.folder / (row.file or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(part.path, path)
        for folder in (path.parent, *path.parent.parents):
            sync(folder)
            if folder == self.folder:
                break

    def _mend(self) -> None:
        """Show the last file that was recorded, if a crash came between."""
        shown = [row for row in self.record if row.kind in ("new", "restated")]
        if not shown or (self.folder / (shown[-1].file or "")).exists():
            return
        row, part = shown[-1], self.part(shown[-1].name)
        if part.path.exists() and part.digests("sha256")["sha256"] == row.sha256:
            self._show(part, row)
            part.drop()


def _kind(last: Delivery | None, holding: Delivery | None, sha256: str) -> Kind:
    if last is None:
        return "new" if holding is None else "duplicate"
    return "same" if last.sha256 == sha256 else "restated"
