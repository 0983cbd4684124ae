"""What a catalog holds besides bars: quotes, trades, depth, orders, options, series and the rest, in Parquet.

Promises that an ingest is all or nothing, that a faulty row refuses it with its place unless it may be dropped, that
the same rows are known again, and that a read as of T gives nothing that was known later. Ticks lie by kind,
instrument and day of `ts_init`, options by underlying and day, series by name, all else by kind. A correction of a
series is a new row with a later `ts_init`; nothing is overwritten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import problem
from hedgerow.core.files import write_whole
from hedgerow.core.spans import DAY_NS
from hedgerow.market.actions import actions_of, latest_actions
from hedgerow.market.corrections import CORRECTED, Corrections
from hedgerow.market.formats.checking import Checker
from hedgerow.market.formats.registry import opened, parts, read_rows
from hedgerow.market.formats.rows import SCHEMAS, Rows
from hedgerow.market.reading import Reading
from hedgerow.market.shelves import Entry, Manifest

_BY_DAY = frozenset({"quotes", "trades", "depth", "orders", "phases", "imbalances", "options"})
_OWNER = {"options": "underlying"}
UNDATED = "undated"
BARS_APART = "its bars are not among them: `hedgerow data ingest` takes them"


@dataclass(frozen=True)
class Held:
    """What an ingest of rows did: rows that are new, by kind, and rows that were there already."""

    source: str
    rows_new: dict[str, int]
    rows_unchanged: int
    notes: tuple[str, ...] = ()


def ingest_rows(
    root: Path, manifest: Manifest, path: Path, reading: Reading, ingested_ns: int, restated_ns: int | None
) -> tuple[Manifest, Held]:
    """The manifest with what a file adds to it; its files are written, and taken back where the ingest is refused."""
    known = {(e.kind, e.symbol, digest) for e in manifest.entries for digest in (e.sha256, *e.made_of)}
    added: list[Entry] = []
    fresh: list[Path] = []
    unchanged = 0
    notes: dict[str, None] = {}
    new: dict[str, int] = {}
    corrections = Corrections(lambda kind, owner: _held(root, manifest, kind, owner), restated_ns)
    try:
        for rows in _actions_last(_sound(path, reading)):
            notes |= dict.fromkeys(rows.notes)
            if rows.kind == "bars":
                notes |= {BARS_APART: None}
                continue
            for owner, day, table in _shelved(rows):
                kept = corrections.new(rows.kind, owner, table) if rows.kind in CORRECTED else table
                entry, file, data = _entry(rows.kind, owner, day, kept, path.name, ingested_ns)
                unchanged += table.num_rows - kept.num_rows
                if not kept.num_rows or (entry.kind, entry.symbol, entry.sha256) in known:
                    unchanged += kept.num_rows
                    continue
                if not (root / file).exists():
                    write_whole(root / file, data)
                    fresh.append(root / file)
                known.add((entry.kind, entry.symbol, entry.sha256))
                added.append(entry)
                new[rows.kind] = new.get(rows.kind, 0) + kept.num_rows
    except BaseException:
        for written in fresh:
            written.unlink(missing_ok=True)
        raise
    held = Held(path.name, new, unchanged, tuple(notes))
    return Manifest(manifest.instruments, (*manifest.entries, *added)), held


def rows_held(
    root: Path,
    manifest: Manifest,
    kind: str,
    instruments: Iterable[str] | None,
    span: tuple[int | None, int | None],
    known_ns: int | None,
) -> pa.Table:
    """Rows of a kind whose event lies in a span and that were known at a time, in order of both times.

    Of a series, for each event only the value known last. Raises DATA-014 where the catalog has none of this kind.
    """
    if kind not in SCHEMAS:
        raise problem("DATA_NOT_FOUND", f"{kind!r} is no kind of rows; there are {', '.join(SCHEMAS)}")
    entries = [entry for entry in manifest.entries if entry.kind == kind]
    wanted = None if instruments is None else set(instruments)
    if wanted is not None and kind not in _OWNER and kind in (*_BY_DAY, "series"):
        entries = [entry for entry in entries if entry.symbol in wanted]
    start, end = span
    entries = [e for e in entries if _touches(e, start, end)]
    if not entries:
        raise problem("DATA_NOT_FOUND", f"{root} holds no {kind} of these instruments and times")
    tables = [read_table(root, entry) for entry in entries]
    table = pa.concat_tables(tables)
    keep = pa.array(np.ones(table.num_rows, dtype=bool))
    event, known = table.column("ts_event").cast(pa.int64()), table.column("ts_init").cast(pa.int64())
    if wanted is not None:
        keep = pc.and_(keep, pc.is_in(table.column("instrument"), pa.array(sorted(wanted))))
    if start is not None:
        keep = pc.and_(keep, pc.greater_equal(event, start))
    if end is not None:
        keep = pc.and_(keep, pc.less_equal(event, end))
    if known_ns is not None:  # what bears no time was known when it was ingested
        ingested = pa.array(np.repeat([e.ingested_at for e in entries], [len(t) for t in tables]), pa.int64())
        keep = pc.and_(keep, pc.less_equal(pc.coalesce(known, ingested), known_ns))
    table = table.filter(pc.fill_null(keep, False))
    order = [(name, "ascending") for name in ("ts_init", "ts_event", "instrument", "record")]
    if kind == "actions":
        return latest_actions(table)
    return _latest(table) if kind == "series" else table.sort_by(order)


def read_table(root: Path, entry: Entry) -> pa.Table:
    """The rows of one file; DATA-014 where it is gone, DATA-017 where it is not what was written."""
    import pyarrow.parquet as pq

    file = root / entry.file
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise problem("DATA_NOT_FOUND", f"{file}, which the manifest names") from None
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise problem(
            "DATA_CONFLICT", f"{file} was changed: its digest is not the {entry.sha256[:16]}... of the manifest"
        )
    return _in_schema(pq.read_table(pa.BufferReader(data)), entry.kind)


def _in_schema(table: pa.Table, kind: str) -> pa.Table:
    """A table with the columns of its kind; one that its file is too old to have is empty."""
    for entry in SCHEMAS[kind]:
        if entry.name not in table.column_names:
            table = table.append_column(entry, pa.nulls(table.num_rows, entry.type))
    return table.select(SCHEMAS[kind].names).cast(SCHEMAS[kind])


def _sound(path: Path, reading: Reading) -> Iterator[Rows]:
    """The rows of a file without those that are faulty, where they may be dropped; else the error that names them."""
    for file, form in parts(opened(path)):
        checker = Checker(file.shown, None if reading.sort else form.clock)
        dropped = 0
        for rows in read_rows(file, form, reading):
            faults = {name: bad for name, bad in checker.add(rows).items() if name != "DATA_UNSORTED"}
            if faults and reading.faulty == "drop":
                bad = np.logical_or.reduce(list(faults.values()))
                dropped += int(bad.sum())
                note = f"{dropped} faulty rows dropped, the first {checker.error}"
                rows = Rows(rows.kind, rows.table.filter(pa.array(~bad)), rows.records, notes=(*rows.notes, note))
            yield rows
        if (error := checker.error) is not None and (reading.faulty != "drop" or error.row.name == "DATA_UNSORTED"):
            raise error


def _actions_last(given: Iterable[Rows]) -> Iterator[Rows]:
    """Rows as they come, but all corporate actions of a file at its end: those of one day belong together."""
    actions = []
    for rows in given:
        if rows.kind == "actions":
            actions.append(rows)
        else:
            yield rows
    if actions:
        notes = tuple(dict.fromkeys(note for rows in actions for note in rows.notes))
        told = pa.concat_tables([rows.table for rows in actions])
        actions_of(told)  # what could not be read back is refused now
        yield Rows("actions", told, sum(rows.records for rows in actions), notes=notes)


def _held(root: Path, manifest: Manifest, kind: str, owner: str) -> pa.Table:
    """All that is held of one owner, corrections included."""
    entries = [entry for entry in manifest.entries if (entry.kind, entry.symbol) == (kind, owner)]
    return pa.concat_tables([SCHEMAS[kind].empty_table(), *(read_table(root, entry) for entry in entries)])


def _shelved(rows: Rows) -> Iterator[tuple[str, str, pa.Table]]:
    """(owner, day, rows) of each file that these rows go to, in order of their first row."""
    table = rows.table
    if not table.num_rows:
        return
    if rows.kind not in _BY_DAY and rows.kind != "series":
        yield "", "", table
        return
    owners = table.column(_OWNER.get(rows.kind, "instrument")).combine_chunks().fill_null("").dictionary_encode()
    codes = owners.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    days = np.zeros(table.num_rows, dtype=np.int64)
    if rows.kind in _BY_DAY:
        days = table.column("ts_init").cast(pa.int64()).fill_null(-DAY_NS * 10**5).to_numpy() // DAY_NS
    order = np.lexsort((np.arange(codes.size), days, codes))
    edges = np.flatnonzero((np.diff(codes[order]) != 0) | (np.diff(days[order]) != 0)) + 1
    for place in np.split(order, edges):
        day = int(days[place[0]])
        told = "" if rows.kind == "series" else UNDATED if day < -(10**4) * 9 else str(np.datetime64(day, "D"))
        yield str(owners.dictionary[int(codes[place[0]])]), told, table.take(pa.array(place))


def _entry(kind: str, owner: str, day: str, table: pa.Table, source: str, ingested_ns: int) -> tuple[Entry, str, bytes]:
    file, digest, data = filed("/".join(part for part in (kind, _quoted(owner), day) if part), table)
    first, last = _ends(table)
    told = {"symbol": owner, "file": file, "sha256": digest, "rows": table.num_rows, "first_ts": first, "last_ts": last}
    return Entry(**told, tick_nano=0, source=source, ingested_at=ingested_ns, kind=kind), file, data


def filed(folder: str, table: pa.Table) -> tuple[str, str, bytes]:
    """The file of a table within a catalog, named by its content: path, digest, bytes."""
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), buffer, compression="zstd")
    data = buffer.getvalue().to_pybytes()
    digest = hashlib.sha256(data).hexdigest()
    return f"{folder}/{digest[:16]}.parquet", digest, data


def _quoted(owner: str) -> str:
    return quote(owner, safe="").replace(".", "%2E")[:200]


def _ends(table: pa.Table) -> tuple[int, int]:
    ends = pc.min_max(table.column("ts_event").cast(pa.int64()))
    return int(ends["min"].as_py() or 0), int(ends["max"].as_py() or 0)


def _touches(entry: Entry, start: int | None, end: int | None) -> bool:
    return (start is None or entry.last_ts >= start) and (end is None or entry.first_ts <= end)


def _latest(table: pa.Table) -> pa.Table:
    """For each event of a series the value known last, in order of series and event."""
    table = table.sort_by([(name, "ascending") for name in ("instrument", "ts_event", "ts_init")])
    if not table.num_rows:
        return table
    names, events = table.column("instrument"), table.column("ts_event").cast(pa.int64())
    same = pc.and_(pc.equal(names[:-1], names[1:]), pc.equal(events[:-1], events[1:]))
    return table.filter(pa.array(np.append(~same.to_numpy(zero_copy_only=False), True)))
