"""What a catalog holds, named by the hash of its content: equal rows give equal names, however they lie in files.

Promises that a snapshot as of a moment covers every row known then, superseded ones included, of every kind; that
neither compaction nor a finer tick nor what becomes known later changes its name; and that two snapshots that differ
say where. Never copies data: a snapshot is a list of hashes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import problem
from hedgerow.core.files import write_whole
from hedgerow.market.answers import decimals_of
from hedgerow.market.formats.rows import SCHEMAS, TIME
from hedgerow.market.holdings import read_table
from hedgerow.market.shelves import Entry, Manifest, read_rows
from hedgerow.market.times import Moment, known_by_ns

VERSION = 1


@dataclass(frozen=True)
class Part:
    """The rows of one folder of a catalog: how many, and the SHA-256 of their content."""

    folder: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Snapshot:
    """What was known at a moment (UTC nanoseconds or a bare date; None = all), by parts; `digest` names it.

    >>> Snapshot(None, (Part("bars/KO", 2, "ab"),)).digest[:8]
    '1b5dc236'
    """

    as_of: int | str | None
    parts: tuple[Part, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the parts in order of their folders; the moment is not part of it."""
        told = "".join(f"{part.folder}\t{part.rows}\t{part.sha256}\n" for part in sorted(self.parts, key=_folder))
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def rows(self) -> int:
        """How many rows it covers."""
        return sum(part.rows for part in self.parts)

    def differences(self, other: Snapshot) -> list[str]:
        """In words, where another one differs from this."""
        mine, theirs = ({part.folder: part for part in snapshot.parts} for snapshot in (self, other))
        found = []
        for folder in sorted({*mine, *theirs}):
            before, now = mine.get(folder), theirs.get(folder)
            if before != now:
                rows = [0 if part is None else part.rows for part in (before, now)]
                same = f"{rows[0]} rows of other content" if rows[0] == rows[1] else f"{rows[0]} rows, now {rows[1]}"
                found.append(f"{folder}: {same}")
        return found

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        told = {"v": VERSION, "digest": self.digest, **asdict(self)}
        write_whole(path, json.dumps(told, indent=1, sort_keys=True).encode())

    @classmethod
    def load(cls, path: Path) -> Snapshot:
        """Read what `save` wrote; DATA-014 where it is gone, DATA-010 where it is something else or was changed."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found = cls(told["as_of"], tuple(Part(**part) for part in told["parts"]))
            if told["v"] != VERSION or told["digest"] != found.digest:
                raise ValueError("its digest is not that of its parts")
        except FileNotFoundError:
            raise problem("DATA_NOT_FOUND", f"no snapshot {path}") from None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise problem("DATA_UNKNOWN_FORMAT", f"{path} is not a snapshot of a catalog: {error!r}") from None
        return found


def taken(root: Path, manifest: Manifest, as_of: Moment | None) -> Snapshot:
    """The snapshot of a catalog as of a moment; every file is checked against its own digest on the way."""
    known_ns = {bars: None if as_of is None else known_by_ns(as_of, sessions=bars) for bars in (True, False)}
    folders: dict[str, list[Entry]] = {}
    for entry in manifest.entries:
        folders.setdefault(folder_of(entry), []).append(entry)
    parts = []
    for folder, entries in sorted(folders.items()):
        table = pa.concat_tables([_rows(root, entry, known_ns[entry.kind == "bars"]) for entry in entries])
        if table.num_rows:
            parts.append(Part(folder, table.num_rows, content_digest(table)))
    is_date = known_ns[True] != known_ns[False]
    return Snapshot(str(as_of).strip() if is_date else known_ns[True], tuple(parts))


def folder_of(entry: Entry) -> str:
    """Where an entry's file lies: by kind, owner and day."""
    return entry.file.rpartition("/")[0]


def content_digest(table: pa.Table) -> str:
    """SHA-256 (hex) of rows whatever their order: they are sorted by all their columns first."""
    table = table.sort_by([(name, "ascending") for name in _order(table.column_names)]).combine_chunks()
    summary = hashlib.sha256()
    for entry in table.schema:
        column = table.column(entry.name)
        array = column.chunk(0) if column.num_chunks else pa.array([], entry.type)
        summary.update(f"{entry.name} {entry.type} {len(array)}\n".encode())
        summary.update(np.packbits(pc.is_valid(array).to_numpy(zero_copy_only=False)).data)
        for part in _bytes(array):
            summary.update(part)
    return summary.hexdigest()


def _order(names: Iterable[str]) -> list[str]:
    first = ["ts_init", "ts_event", "instrument", "record"]
    return [*first, *(name for name in names if name not in first)]


def _bytes(array: Any) -> list[Any]:
    """The values of a column as bytes, the same for equal values; what is absent counts as nothing."""
    kind = array.type
    if pa.types.is_string(kind):
        filled = array.fill_null("").cast(pa.large_string())
        sizes = pc.binary_length(filled).to_numpy().astype("<i8")
        text = filled.cast(pa.large_binary())
        buffers = text.buffers()
        offsets = np.frombuffer(buffers[1], dtype="<i8")[text.offset : text.offset + len(text) + 1]
        data = memoryview(b"" if buffers[2] is None else buffers[2])[int(offsets[0]) : int(offsets[-1])]
        return [sizes.data, data]
    if pa.types.is_boolean(kind):
        return [np.packbits(array.fill_null(False).to_numpy(zero_copy_only=False)).data]
    if pa.types.is_decimal(kind):
        filled = array.fill_null(0)
        return [memoryview(filled.buffers()[1])[filled.offset * 16 : (filled.offset + len(filled)) * 16]]
    if pa.types.is_timestamp(kind):
        array = array.cast(pa.int64())
    filled = array.fill_null(0)
    return [np.ascontiguousarray(filled.to_numpy()).astype(filled.to_numpy().dtype.newbyteorder("<")).data]


def _rows(root: Path, entry: Entry, known_ns: int | None) -> pa.Table:
    """All rows of a file that were known; one that bears no time, when it was ingested."""
    table = _bar_rows(root, entry) if entry.kind == "bars" else read_table(root, entry)
    known = pc.coalesce(table.column("ts_init").cast(pa.int64()), pa.scalar(entry.ingested_at, pa.int64()))
    table = table.append_column("known", known)
    return table if known_ns is None else table.filter(pc.less_equal(known, known_ns))


def _bar_rows(root: Path, entry: Entry) -> pa.Table:
    """Bars of a file with their prices as decimals, so that it does not matter in which tick they are kept."""
    rows = read_rows(root, entry)
    ticks = np.full(entry.rows, entry.tick_nano, dtype=np.int64)
    told: dict[str, Any] = {name: pa.array(rows[name]).cast(TIME) for name in ("ts_event", "ts_init")}
    told |= {name: decimals_of(rows[f"{name}_ticks"], ticks) for name in ("open", "high", "low", "close")}
    told |= {"instrument": pa.repeat(entry.symbol, entry.rows), "record": pa.repeat(0, entry.rows).cast(pa.int64())}
    told |= {
        "volume": decimals_of(rows["volume_lots"], np.full(entry.rows, 10**9)),
        "span_ns": pa.array(rows["span_ns"]),
    }
    return pa.table([told[name] for name in SCHEMAS["bars"].names], schema=SCHEMAS["bars"])


def _folder(part: Part) -> str:
    return part.folder
