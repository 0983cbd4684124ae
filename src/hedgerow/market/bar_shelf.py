"""What a catalog holds of bars: exact integers by instrument, corrections as new rows.

Promises that an ingest is all or nothing, that rows which are there are left alone, that one which differs must be
known later than the one it corrects, and that a read as of T gives for each close the row that was known last then.
Ticks may become finer; what is stored is never changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.market.bars import Bars
from hedgerow.market.instruments import NANO, Instrument
from hedgerow.market.shelves import (
    ROW_COLUMNS,
    TICK_COLUMNS,
    Entry,
    Ints,
    Manifest,
    Rows,
    in_tick,
    read_manifest,
    read_rows,
    write_manifest,
    write_rows,
    writing,
)


@dataclass(frozen=True)
class Ingested:
    """What an ingest did: rows that are new, that correct known ones, and that were there already."""

    source: str
    symbols: tuple[str, ...]
    rows_new: int
    rows_restated: int
    rows_unchanged: int


def ingest_bars(root: Path, bars: Bars, source: str, ingested_ns: int, restated_ns: int | None) -> Ingested:
    """Add bars to the catalog in a folder; see `Catalog.ingest`."""
    with writing(root):
        manifest = read_manifest(root)
        changes = [_Change.of(root, manifest, bars, code, restated_ns) for code in range(len(bars.instruments))]
        added = [_written(root, change, source, ingested_ns) for change in changes if change.rows["ts_event"].size]
        instruments = manifest.instruments | {c.instrument.symbol: c.instrument.record() for c in changes if c.size}
        if added or instruments != manifest.instruments:
            write_manifest(root, Manifest(instruments, (*manifest.entries, *added)))
    return Ingested(
        source=source,
        symbols=bars.symbols,
        rows_new=sum(change.rows["ts_event"].size - change.restated for change in changes),
        rows_restated=sum(change.restated for change in changes),
        rows_unchanged=sum(change.unchanged for change in changes),
    )


def bars_held(root: Path, manifest: Manifest, symbols: Iterable[str] | None, known_ns: int | None) -> Bars:
    """The latest bars known of instruments (None = all); DATA-014 for one that is not there, DATA-009 for no row."""
    if not manifest.instruments:
        raise problem("DATA_NOT_FOUND", f"{root} holds no bars")
    names = sorted(manifest.instruments) if symbols is None else list(symbols)
    if not names:
        raise problem("DATA_EMPTY", "no instrument was named")
    instruments = tuple(instrument_of(manifest, symbol) for symbol in names)
    parts = [latest(_rows(root, manifest, instrument), known_ns) for instrument in instruments]
    columns: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in ROW_COLUMNS}
    if not columns["ts_event"].size:
        then = np.datetime64(known_ns or 0, "ns")
        raise problem("DATA_EMPTY", f"nothing of {', '.join(names[:5])} was known at {then}")
    codes = np.repeat(np.arange(len(parts), dtype=np.uint32), [part["ts_event"].size for part in parts])
    return Bars(**columns, instrument=codes, instruments=instruments, source=str(root))


def instrument_of(manifest: Manifest, symbol: str) -> Instrument:
    """An instrument that a catalog holds bars of; DATA-014 with the closest ones where it holds none."""
    if symbol not in manifest.instruments:
        raise problem("DATA_NOT_FOUND", f"{symbol!r}{did_you_mean(symbol, manifest.instruments)}")
    return Instrument.from_record(manifest.instruments[symbol])


def _rows(root: Path, manifest: Manifest, instrument: Instrument) -> Rows:
    """All rows of an instrument, corrections included, in its present tick."""
    parts = []
    for entry in manifest.entries:
        if (entry.kind, entry.symbol) == ("bars", instrument.symbol):
            parts.append(in_tick(read_rows(root, entry), entry.tick_nano, instrument.tick_nano))
    return {name: np.concatenate([part[name] for part in parts]) for name in ROW_COLUMNS}


def _written(root: Path, change: _Change, source: str, ingested_ns: int) -> Entry:
    rows, instrument = change.rows, change.instrument
    file, digest = write_rows(root, instrument.symbol, rows)
    return Entry(
        symbol=instrument.symbol,
        file=file,
        sha256=digest,
        rows=rows["ts_event"].size,
        first_ts=int(rows["ts_event"].min()),
        last_ts=int(rows["ts_event"].max()),
        tick_nano=instrument.tick_nano,
        source=source,
        ingested_at=ingested_ns,
    )


@dataclass(frozen=True)
class _Change:
    """What an ingest adds for one instrument: rows to write, how many of them correct others, how many were known."""

    instrument: Instrument
    rows: Rows
    restated: int
    unchanged: int
    size: int

    @staticmethod
    def of(root: Path, manifest: Manifest, bars: Bars, code: int, restated_ns: int | None) -> _Change:
        given = bars.instruments[code]
        mine = bars.instrument == code
        rows: Rows = {name: getattr(bars, name)[mine] for name in ROW_COLUMNS}
        size = rows["ts_event"].size
        if given.symbol not in manifest.instruments or not size:
            return _Change(given, rows, restated=0, unchanged=0, size=size)
        instrument = _merged(instrument_of(manifest, given.symbol), given)
        known = latest(_rows(root, manifest, instrument), None)
        rows = in_tick(rows, given.tick_nano, instrument.tick_nano)
        place = np.searchsorted(known["ts_event"], rows["ts_event"])
        at = np.minimum(place, known["ts_event"].size - 1)
        seen = known["ts_event"][at] == rows["ts_event"]
        same = seen.copy()
        for name in (*TICK_COLUMNS, "volume_lots"):
            same &= known[name][at] == rows[name]
        differs = seen & ~same
        if restated_ns is not None:
            rows["ts_init"] = np.where(differs, restated_ns, rows["ts_init"])
        _refuse_conflict(instrument, rows, known, at, differs & (rows["ts_init"] <= known["ts_init"][at]))
        kept = {name: column[~same] for name, column in rows.items()}
        return _Change(instrument, kept, restated=int(differs.sum()), unchanged=int(same.sum()), size=size)


def latest(rows: Rows, known_ns: int | None) -> Rows:
    """For each close time the row with the latest `ts_init` (no later than `known_ns`), in order of time."""
    order = np.lexsort((rows["ts_init"], rows["ts_event"]))
    if known_ns is not None:
        order = order[rows["ts_init"][order] <= known_ns]
    event = rows["ts_event"][order]
    last = np.append(np.diff(event) != 0, True) if event.size else np.zeros(0, dtype=bool)
    return {name: column[order[last]] for name, column in rows.items()}


def _merged(known: Instrument, given: Instrument) -> Instrument:
    """A known instrument with what is newly told of it, in the coarsest tick that divides both ticks."""
    for name in ("currency", "lot", "multiplier"):
        before, now = getattr(known, name), getattr(given, name)
        if before != now:
            raise problem("DATA_CONFLICT", f"{known.symbol}: {name} is {before} in the catalog, {now} in the new bars")
    told = {name: value for name, value in given.record().items() if value is not None}
    nano = math.gcd(known.tick_nano, given.tick_nano)
    return Instrument.from_record(known.record() | told | {"tick": f"{nano // NANO}.{nano % NANO:09d}"})


def _refuse_conflict(
    instrument: Instrument, rows: Rows, known: Rows, at: Ints, bad: np.typing.NDArray[np.bool_]
) -> None:
    if not bad.any():
        return
    row = int(np.argmax(bad))
    moment = np.datetime64(int(rows["ts_event"][row]), "ns").astype("datetime64[s]")
    names = (*TICK_COLUMNS, "volume_lots")
    name = next(name for name in names if known[name][at[row]] != rows[name][row])
    more = f" ({int(bad.sum())} such rows)" if bad.sum() > 1 else ""
    raise problem(
        "DATA_CONFLICT",
        f"{instrument.symbol} {moment}: {name} is {known[name][at[row]]}, now {rows[name][row]}, known no later{more}",
    )
