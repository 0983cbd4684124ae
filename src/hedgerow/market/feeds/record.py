"""The record of a feed's deliveries: one line of JSON each, only ever added to, chained by SHA-256.

Promises: a line is on disk before what it tells of is visible; a line torn by a crash is cut off by the next writer and
counts as never written; a changed, removed or inserted line is `FEED_RECORD`. Never: edits.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from hedgerow.core.errors import problem

FIRST = "0" * 64
Kind = Literal["new", "restated", "same", "duplicate", "failed"]


@dataclass(frozen=True)
class Delivery:
    """What came, or why it did not.

    kind: `new`; `restated`, other bytes under a known name; `same`, asked again and unchanged; `duplicate`, another
    name for bytes that are here; `failed`, nothing, for the reason in `code` and `detail`.
    file: where the bytes lie below the feed's folder. asked_ns, known_ns: when we asked, and when they were whole on
    our disk, UTC nanoseconds. cursor: where the next page begins. gaps: places where a recording says that messages
    are missing. rows: `None` where the format has none, or they could not be counted. skew_ns: by how much the other
    side's clock was ahead of ours, where it tells.
    """

    number: int
    kind: Kind
    name: str
    asked_ns: int
    known_ns: int
    origin: str
    spec: str
    format: str
    file: str | None = None
    bytes: int = 0
    sha256: str = ""
    rows: int | None = None
    version: str | None = None
    cursor: str | None = None
    gaps: int = 0
    code: str | None = None
    detail: str | None = None
    skew_ns: int | None = None


class Record:
    """Deliveries in the order in which they came."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[Delivery] = []
        self._last: dict[str, Delivery] = {}
        self._files: dict[str, Delivery] = {}
        self._versions: dict[str, int] = {}
        self.latest: Delivery | None = None
        """The last delivery that did not fail."""
        self._head, self._whole_bytes = FIRST, 0
        for line, row in _lines(path):
            self._take(row)
            self._head = hashlib.sha256(line).hexdigest()
            self._whole_bytes += len(line)

    def __iter__(self) -> Iterator[Delivery]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def names(self) -> frozenset[str]:
        """Names under which something was delivered."""
        return frozenset(self._last)

    @property
    def files(self) -> Iterable[Delivery]:
        """The deliveries that brought bytes: one for each file."""
        return self._files.values()

    def last(self, name: str) -> Delivery | None:
        """The last delivery of a name that did not fail."""
        return self._last.get(name)

    def holding(self, sha256: str) -> Delivery | None:
        """The delivery that brought these bytes."""
        return self._files.get(sha256)

    def versions(self, name: str) -> int:
        """How many different files a name has brought."""
        return self._versions.get(name, 0)

    def append(self, row: Delivery) -> None:
        """Add a line; it survives a crash once this returns."""
        line = _line(row, self._head)
        with self._path.open("r+b" if self._path.exists() else "wb") as file:
            file.truncate(self._whole_bytes)
            file.seek(self._whole_bytes)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._head = hashlib.sha256(line).hexdigest()
        self._whole_bytes += len(line)
        self._take(row)

    def _take(self, row: Delivery) -> None:
        self._rows.append(row)
        if row.kind == "failed":
            return
        self._last[row.name] = self.latest = row
        if row.kind in ("new", "restated") and row.sha256 not in self._files:
            self._files[row.sha256] = row
            self._versions[row.name] = self.versions(row.name) + 1


def _line(row: Delivery, previous: str) -> bytes:
    told = {key: value for key, value in asdict(row).items() if value is not None}
    return json.dumps(told | {"previous": previous}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _lines(path: Path) -> Iterator[tuple[bytes, Delivery]]:
    """Every whole line, checked against the one before it."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise problem("FEED_RECORD", f"{path}: {error.strerror}") from None
    head = FIRST
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        if not line.endswith(b"\n"):
            return
        try:
            told = json.loads(line)
            previous, row = told.pop("previous"), Delivery(**told)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise problem("FEED_RECORD", f"{path}, line {number}: {error!r}") from None
        if previous != head or row.number != number:
            raise problem("FEED_RECORD", f"{path}, line {number} does not follow the one before it")
        head = hashlib.sha256(line).hexdigest()
        yield line, row
