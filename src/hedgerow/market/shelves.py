"""The files of a catalog: one manifest, and columns of bars in Parquet, an immutable file for each ingest and
instrument; `holdings` keeps the other kinds beside them, under the same manifest.

The manifest is the truth and is replaced in one step, last; a file that it does not name does not exist. Every file is
checked against its digest when it is read, so that a changed byte is an error and never a price.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem
from hedgerow.core.files import write_whole

Ints = npt.NDArray[np.int64]
Rows = dict[str, Ints]
"""The columns of one instrument's bars, (n,) int64 each, by name."""

ROW_COLUMNS = ("ts_event", "ts_init", "open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume_lots", "span_ns")
TICK_COLUMNS = ROW_COLUMNS[2:6]
VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One file of a catalog: of what kind, whose rows, how many, from when to when, from which source, added when.

    tick_nano: of bars, the tick of their prices; 0 for other kinds, whose prices are decimals. made_of: digests of the
    files that a compaction joined in it, by which what was ingested is known again.
    """

    symbol: str
    file: str
    sha256: str
    rows: int
    first_ts: int
    last_ts: int
    tick_nano: int
    source: str
    ingested_at: int
    kind: str = "bars"
    made_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What a catalog holds: the records of its instruments by symbol, and its files in the order they were added."""

    instruments: dict[str, dict[str, Any]] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()


def read_manifest(root: Path) -> Manifest:
    """The manifest of a folder, empty where there is none; DATA-010 where it cannot be read."""
    file = root / "manifest.json"
    if not file.exists():
        return Manifest()
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["v"] != VERSION:
            raise problem("DATA_UNKNOWN_FORMAT", f"{file} has version {told['v']}, this program reads {VERSION}")
        return Manifest(told["instruments"], tuple(map(_entry, told["entries"])))
    except (ValueError, KeyError, TypeError) as error:
        raise problem("DATA_UNKNOWN_FORMAT", f"{file} is not a catalog's manifest: {error!r}") from None


def _entry(told: dict[str, Any]) -> Entry:
    return Entry(**{**told, "made_of": tuple(told.get("made_of", ()))})


def write_manifest(root: Path, manifest: Manifest) -> None:
    """Put a manifest in place of the one that is there, in one step."""
    entries = [asdict(entry) for entry in manifest.entries]
    for entry in entries:
        if not entry["made_of"]:
            del entry["made_of"]
    told = {"v": VERSION, "instruments": manifest.instruments, "entries": entries}
    write_whole(root / "manifest.json", json.dumps(told, indent=1, sort_keys=True).encode())


@contextlib.contextmanager
def writing(root: Path) -> Iterator[None]:
    """Hold the folder for one writer; others wait."""
    import fcntl

    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_rows(root: Path, symbol: str, rows: Rows) -> tuple[str, str]:
    """Write bars of one instrument; returns the file's path within the catalog and the digest of its rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    digest = _digest(rows)
    folder = quote(symbol, safe="").replace(".", "%2E")
    file = f"bars/{folder}/{digest[:16]}.parquet"
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({name: pa.array(rows[name]) for name in ROW_COLUMNS})
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    write_whole(root / file, buffer.getvalue().to_pybytes())
    return file, digest


def read_rows(root: Path, entry: Entry) -> Rows:
    """The bars of one file; DATA-014 where it is gone, DATA-017 where it is not what was written."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = root / entry.file
    try:
        table = pq.ParquetFile(file).read()
        rows = {name: np.asarray(table.column(name)) for name in ROW_COLUMNS}
    except FileNotFoundError:
        raise problem("DATA_NOT_FOUND", f"{file}, which the manifest names") from None
    except (pa.ArrowException, OSError, KeyError) as error:
        raise problem("DATA_UNKNOWN_FORMAT", f"{file}: {error}") from None
    if _digest(rows) != entry.sha256:
        raise problem(
            "DATA_CONFLICT", f"{file} was changed: its digest is not the {entry.sha256[:16]}... of the manifest"
        )
    return rows


def in_tick(rows: Rows, from_nano: int, to_nano: int) -> Rows:
    """Rows with their prices in a tick that divides their own."""
    if from_nano == to_nano:
        return dict(rows)
    factor = from_nano // to_nano
    return {name: column * factor if name in TICK_COLUMNS else column for name, column in rows.items()}


def _digest(rows: Rows) -> str:
    summary = hashlib.sha256()
    for name in ROW_COLUMNS:
        summary.update(f"{name} {rows[name].size}\n".encode())
        summary.update(np.ascontiguousarray(rows[name], dtype="<i8").data)
    return summary.hexdigest()
