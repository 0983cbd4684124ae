"""Many small files of a catalog made one a folder, without changing a row.

Promises that a crash at any step leaves a whole catalog, that its snapshots keep their names, that a file ingested
again is still known, and that readers go on: who meets a file that is gone looks into the manifest again. New files
are whole before the manifest names them, the manifest is replaced in one step, and only then old files go.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from hedgerow.core.files import write_whole
from hedgerow.market.formats.rows import KINDS
from hedgerow.market.holdings import filed, read_table
from hedgerow.market.shelves import (
    ROW_COLUMNS,
    Entry,
    Manifest,
    in_tick,
    read_manifest,
    read_rows,
    write_manifest,
    write_rows,
    writing,
)
from hedgerow.market.snapshots import folder_of


@dataclass(frozen=True)
class Compacted:
    """What a compaction did: files that the manifest named before and after, and files that nothing named."""

    files_before: int
    files_after: int
    files_removed: int


def compact(root: Path) -> Compacted:
    """Join the files of each folder into one; then remove what the manifest does not name. One writer at a time."""
    with writing(root):
        manifest = read_manifest(root)
        entries = joined(root, manifest)
        if entries != manifest.entries:
            write_manifest(root, Manifest(manifest.instruments, entries))
        removed = _swept(root, {entry.file for entry in entries})
    return Compacted(len(manifest.entries), len(entries), removed)


def joined(root: Path, manifest: Manifest) -> tuple[Entry, ...]:
    """The entries of a manifest with one for those that can be one; its files are written."""
    count = Counter(map(folder_of, manifest.entries))
    together: dict[tuple[str, int | None], list[Entry]] = {}
    for entry in manifest.entries:
        alone = count[folder_of(entry)] == 1
        together.setdefault((folder_of(entry), None if alone else _undated_at(root, entry)), []).append(entry)
    return tuple(group[0] if len(group) == 1 else _one(root, group) for group in together.values())


def _undated_at(root: Path, entry: Entry) -> int | None:
    """When rows without a time were ingested, which is when they count as known; None where all bear one."""
    if entry.kind == "bars" or not read_table(root, entry).column("ts_init").null_count:
        return None
    return entry.ingested_at


def _one(root: Path, group: list[Entry]) -> Entry:
    """One entry, and its file, for several."""
    last = max(group, key=lambda entry: entry.ingested_at)
    whole = replace(
        last,
        rows=sum(entry.rows for entry in group),
        first_ts=min(entry.first_ts for entry in group),
        last_ts=max(entry.last_ts for entry in group),
        source=", ".join(dict.fromkeys(entry.source for entry in group)),
        made_of=tuple(dict.fromkeys(digest for entry in group for digest in (entry.sha256, *entry.made_of))),
    )
    if last.kind == "bars":
        nano = int(np.gcd.reduce([entry.tick_nano for entry in group]))
        parts = [in_tick(read_rows(root, entry), entry.tick_nano, nano) for entry in group]
        file, digest = write_rows(
            root, last.symbol, {n: np.concatenate([part[n] for part in parts]) for n in ROW_COLUMNS}
        )
        return replace(whole, file=file, sha256=digest, tick_nano=nano)
    table = pa.concat_tables([read_table(root, entry) for entry in group])
    file, digest, data = filed(folder_of(last), table)
    write_whole(root / file, data)
    return replace(whole, file=file, sha256=digest)


def _swept(root: Path, named: set[str]) -> int:
    """Remove files that the manifest does not name: old ones, and what crashes left."""
    removed = 0
    found = [*root.glob(".*.new"), *(file for kind in KINDS for file in (root / kind).rglob("*"))]
    for file in sorted(found):
        ours = file.suffix in (".parquet", ".new") and file.is_file()
        if ours and file.relative_to(root).as_posix() not in named:
            file.unlink()
            removed += 1
    return removed
