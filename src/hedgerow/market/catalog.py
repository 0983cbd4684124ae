"""A catalog on disk: what prices were, and what we believed they were at any moment; bars, and all other kinds.

Every row keeps `ts_event` and `ts_init`. A correction is a new row with a later `ts_init`; nothing is overwritten, so
`bars(as_of=T)` gives what was known at T and nothing that came later. An ingest is all or nothing.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import numpy as np

from hedgerow.core.errors import HedgerowError, did_you_mean, problem
from hedgerow.market.bars import Bars
from hedgerow.market.instruments import NANO, Instrument
from hedgerow.market.reading import Options, Reading
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
from hedgerow.market.times import Moment, moment_ns

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from hedgerow.market.actions import Action
    from hedgerow.market.adjusted import Dividends
    from hedgerow.market.answers import Answer
    from hedgerow.market.compaction import Compacted
    from hedgerow.market.holdings import Held
    from hedgerow.market.snapshots import Snapshot
    from hedgerow.market.universes import Universe

Read = TypeVar("Read")


@dataclass(frozen=True)
class Ingested:
    """What an ingest did: rows that are new, that correct known ones, and that were there already."""

    source: str
    symbols: tuple[str, ...]
    rows_new: int
    rows_restated: int
    rows_unchanged: int


class Catalog:
    """Bars in a folder, by instrument, and rows of every other kind.

    >>> import tempfile
    >>> catalog = Catalog(tempfile.mkdtemp())
    >>> bars = Bars.from_arrays([1, 2], close=[1000, 1050], instruments=Instrument("AAPL"), span=1)
    >>> catalog.ingest(bars, ingested_at=3).rows_new, catalog.ingest(bars, ingested_at=4).rows_new
    (2, 0)
    >>> catalog.bars("AAPL").digest() == bars.digest()
    True
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def ingest(
        self,
        source: Any,
        *,
        ingested_at: Moment,
        name: str | None = None,
        restated_at: Moment | None = None,
        **options: Unpack[Options],
    ) -> Ingested:
        """Add bars, or a file or frame that `Bars` can read; rows that are there already are left alone.

        ingested_at: the time now, told by the caller, for the manifest. name: of the source; None = its own.
        restated_at: when corrections became known; without it a row that differs from the latest known one must carry
        a later `ts_init`, or DATA-017 names the row. All or nothing.
        """
        bars = _bars(source, options)
        restated_ns = None if restated_at is None else moment_ns(restated_at)
        source_name = name or bars.source
        with writing(self.path):
            manifest = read_manifest(self.path)
            changes = [_Change.of(self, manifest, bars, code, restated_ns) for code in range(len(bars.instruments))]
            added: list[Entry] = []
            for change in changes:
                if change.rows["ts_event"].size:
                    added.append(self._write(change, source_name, moment_ns(ingested_at)))
            instruments = manifest.instruments | {c.instrument.symbol: c.instrument.record() for c in changes if c.size}
            if added or instruments != manifest.instruments:
                write_manifest(self.path, Manifest(instruments, (*manifest.entries, *added)))
        return Ingested(
            source=source_name,
            symbols=bars.symbols,
            rows_new=sum(change.rows["ts_event"].size - change.restated for change in changes),
            rows_restated=sum(change.restated for change in changes),
            rows_unchanged=sum(change.unchanged for change in changes),
        )

    def ingest_rows(
        self, path: str | Path, *, ingested_at: Moment, restated_at: Moment | None = None, **options: Unpack[Options]
    ) -> Held:
        """Add what a file of any format holds, of every kind but bars: quotes, trades, depth, series and the rest.

        Faulty rows refuse it unless `faulty="drop"`; `sort=True` takes ticks in any order. restated_at: when values of
        a series that differ from known ones became known; without it they raise DATA-017. All or nothing.
        """
        from hedgerow.market.holdings import ingest_rows

        restated_ns = None if restated_at is None else moment_ns(restated_at)
        with writing(self.path):
            manifest = read_manifest(self.path)
            known = ingest_rows(
                self.path, manifest, Path(path), Reading.of(options), moment_ns(ingested_at), restated_ns
            )
            if known[0].entries != manifest.entries:
                write_manifest(self.path, known[0])
        return known[1]

    def rows(
        self,
        kind: str,
        instruments: str | Iterable[str] | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_of: Moment | None = None,
    ) -> pa.Table:
        """Rows of a kind as an Arrow table (see `formats.rows`), of events in a span, as they were known at `as_of`.

        In order of `ts_init`; of a series, in order of its events, and of each only the value known last; of bars, the
        latest known, with exact prices. Raises DATA-014 where there are none, of bars also DATA-009.
        """
        from hedgerow.market.holdings import rows_held

        if kind == "bars":
            from hedgerow.market.answers import rows_of_bars

            return rows_of_bars(self.bars(instruments, start, end, as_of))
        names = [instruments] if isinstance(instruments, str) else instruments
        span = (None if start is None else moment_ns(start), None if end is None else moment_ns(end, end=True))
        known_ns = None if as_of is None else moment_ns(as_of, end=True)
        return self._reading(lambda manifest: rows_held(self.path, manifest, kind, names, span, known_ns))

    def frame(
        self,
        kind: str,
        instruments: str | Iterable[str] | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_of: Moment | None = None,
    ) -> Answer:
        """The same rows for whichever frame suits: `.arrow()`, `.polars()`, `.pandas()`."""
        from hedgerow.market.answers import Answer

        return Answer(self.rows(kind, instruments, start, end, as_of))

    def sql(
        self,
        query: str,
        *,
        as_of: Moment | None = None,
        instruments: str | Iterable[str] | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> Answer:
        """What a SELECT says about the rows known at `as_of`; each kind is a view of its name (`bars`, `trades`, ...).

        The kinds that the query names are loaded whole, less what `instruments`, `start` and `end` leave out. given:
        values of `$name` in the query. Prices are floats, times UTC. No query reaches what was known later. Raises
        RUN-002 for what the engine refuses, CLI-003 where it is not installed.
        """
        from hedgerow.market.answers import Answer
        from hedgerow.market.sql import answered

        names = None if instruments is None else [instruments] if isinstance(instruments, str) else list(instruments)
        held = tuple(sorted({entry.kind for entry in read_manifest(self.path).entries}))
        return Answer(answered(query, held, lambda kind: self.seen(kind, names, as_of, start, end), given))

    def seen(
        self,
        kind: str,
        names: Iterable[str] | None = None,
        as_of: Moment | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
    ) -> pa.Table:
        """As `rows`, but an empty table where none of these were known, or are held."""
        from hedgerow.market.formats.rows import SCHEMAS

        if kind == "bars" and names is not None:
            names = [name for name in names if name in self.symbols]
        try:
            return self.rows(kind, names, start, end, as_of)
        except HedgerowError as error:
            if error.row.name not in ("DATA_NOT_FOUND", "DATA_EMPTY"):
                raise
            return SCHEMAS[kind].empty_table()

    def actions(
        self, instruments: str | Iterable[str] | None = None, as_of: Moment | None = None
    ) -> builtins.list[Action]:
        """Splits, dividends, mergers, renames and delistings known at `as_of`, in order of their ex-dates.

        Empty where none are known. Of what was corrected what was told last.
        """
        from hedgerow.market.actions import actions_of

        names = None if instruments is None else [instruments] if isinstance(instruments, str) else list(instruments)
        return actions_of(self.seen("actions", names, as_of))

    def universe(self, name: str | None = None, as_of: Moment | None = None) -> Universe:
        """Who belonged to a universe at each time, as far as it was known at `as_of`: `.at(moment)`, `.mask(...)`.

        name: None = the only one there is. Raises DATA-014 where there is none of that name.
        """
        from hedgerow.market.universes import universe_of

        return universe_of(self.seen("universe", None, as_of), name)

    def adjusted(
        self,
        symbols: str | Iterable[str] | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_of: Moment | None = None,
        *,
        splits: bool = True,
        dividends: Dividends | None = "previous close",
    ) -> Bars:
        """Bars adjusted for the corporate actions known at `as_of`; the last price of each is the raw one.

        Renames keep one instrument, under the name asked for; a merger or delisting ends its series with its last
        worth. dividends: how they are reckoned (see `adjusted.factors`), None = not at all. What is stored stays raw.
        """
        from hedgerow.market.history import adjusted_history

        names = None if symbols is None else [symbols] if isinstance(symbols, str) else builtins.list(symbols)
        bars = adjusted_history(self, names, as_of, splits, dividends)
        return bars if start is None and end is None else bars.slice(start, end)

    def snapshot(self, as_of: Moment | None = None) -> Snapshot:
        """The content of every kind known at `as_of` (None = all), named by its hash.

        Neither compaction nor what becomes known later changes it. `as_of=` of a read and the snapshot of that moment
        together name exactly the data of a result.
        """
        from hedgerow.market.snapshots import taken

        known_ns = None if as_of is None else moment_ns(as_of, end=True)
        return self._reading(lambda manifest: taken(self.path, manifest, known_ns))

    def verify(self, snapshot: Snapshot) -> None:
        """Raise DATA-017 with what differs, if the catalog no longer holds what a snapshot names."""
        now = self.snapshot(snapshot.as_of)
        if now.digest != snapshot.digest:
            found = snapshot.differences(now)
            more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
            raise problem(
                "DATA_CONFLICT", f"{self.path} is not snapshot {snapshot.digest[:16]}: {'; '.join(found[:5])}{more}"
            )

    def compact(self) -> Compacted:
        """Join the many small files of each folder into one; no row and no snapshot changes, readers go on."""
        from hedgerow.market.compaction import compact

        return compact(self.path)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of the instruments it holds, sorted."""
        return tuple(sorted(read_manifest(self.path).instruments))

    def list(self) -> pd.DataFrame:
        """One row an instrument and kind: rows (corrections included), first and last event, tick, sources, files."""
        import pandas as pd

        manifest = read_manifest(self.path)
        told = []
        for kind, symbol in sorted({(entry.kind, entry.symbol) for entry in manifest.entries}):
            entries = [entry for entry in manifest.entries if (entry.kind, entry.symbol) == (kind, symbol)]
            about = manifest.instruments[symbol] if kind == "bars" else {"currency": None, "tick": None}
            told.append(
                {
                    "symbol": symbol,
                    "kind": kind,
                    "rows": sum(entry.rows for entry in entries),
                    "first": pd.Timestamp(min(entry.first_ts for entry in entries), unit="ns", tz="UTC"),
                    "last": pd.Timestamp(max(entry.last_ts for entry in entries), unit="ns", tz="UTC"),
                    "currency": about["currency"],
                    "tick": about["tick"],
                    "sources": ", ".join(dict.fromkeys(entry.source for entry in entries)),
                    "files": len(entries),
                }
            )
        columns = ["symbol", "kind", "rows", "first", "last", "currency", "tick", "sources", "files"]
        return pd.DataFrame(told, columns=columns).set_index("symbol")

    def bars(
        self,
        symbols: str | Iterable[str] | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        as_of: Moment | None = None,
    ) -> Bars:
        """The latest known bars of these instruments (None = all), closed from `start` to `end`, as known at `as_of`.

        Times as for `Bars.slice`. Raises DATA-014 for an instrument that is not there, DATA-009 where nothing is left.
        """
        bars = self._reading(lambda manifest: self._bars(manifest, symbols, as_of))
        return bars if start is None and end is None else bars.slice(start, end)

    def _bars(self, manifest: Manifest, symbols: str | Iterable[str] | None, as_of: Moment | None) -> Bars:
        if not manifest.instruments:
            raise problem("DATA_NOT_FOUND", f"{self.path} holds no bars")
        known_ns = None if as_of is None else moment_ns(as_of, end=True)
        names = (
            sorted(manifest.instruments)
            if symbols is None
            else [symbols]
            if isinstance(symbols, str)
            else list(symbols)
        )
        if not names:
            raise problem("DATA_EMPTY", "no instrument was named")
        instruments, parts = [], []
        for symbol in names:
            instrument = self._instrument(manifest, symbol)
            instruments.append(instrument)
            parts.append(latest(self._rows(manifest, instrument), known_ns))
        columns: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in ROW_COLUMNS}
        if not columns["ts_event"].size:
            raise problem("DATA_EMPTY", f"nothing of {', '.join(names[:5])} was known at {as_of}")
        codes = np.repeat(np.arange(len(parts), dtype=np.uint32), [part["ts_event"].size for part in parts])
        return Bars(**columns, instrument=codes, instruments=tuple(instruments), source=str(self.path))

    def _reading(self, work: Callable[[Manifest], Read]) -> Read:
        """What work makes of the manifest; once more where a compaction took files away meanwhile."""
        manifest = read_manifest(self.path)
        while True:
            try:
                return work(manifest)
            except HedgerowError as error:
                if error.row.name != "DATA_NOT_FOUND":
                    raise
                before, manifest = manifest, read_manifest(self.path)
                if before.entries == manifest.entries:
                    raise

    def _instrument(self, manifest: Manifest, symbol: str) -> Instrument:
        if symbol not in manifest.instruments:
            raise problem("DATA_NOT_FOUND", f"{symbol!r}{did_you_mean(symbol, manifest.instruments)}")
        return Instrument.from_record(manifest.instruments[symbol])

    def _rows(self, manifest: Manifest, instrument: Instrument) -> Rows:
        """All rows of an instrument, corrections included, in its present tick."""
        parts = []
        for entry in manifest.entries:
            if (entry.kind, entry.symbol) == ("bars", instrument.symbol):
                parts.append(in_tick(read_rows(self.path, entry), entry.tick_nano, instrument.tick_nano))
        return {name: np.concatenate([part[name] for part in parts]) for name in ROW_COLUMNS}

    def _write(self, change: _Change, source: str, ingested_ns: int) -> Entry:
        rows, instrument = change.rows, change.instrument
        file, digest = write_rows(self.path, instrument.symbol, rows)
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
    def of(catalog: Catalog, manifest: Manifest, bars: Bars, code: int, restated_ns: int | None) -> _Change:
        given = bars.instruments[code]
        mine = bars.instrument == code
        rows: Rows = {name: getattr(bars, name)[mine] for name in ROW_COLUMNS}
        size = rows["ts_event"].size
        if given.symbol not in manifest.instruments or not size:
            return _Change(given, rows, restated=0, unchanged=0, size=size)
        instrument = _merged(catalog._instrument(manifest, given.symbol), given)
        known = latest(catalog._rows(manifest, instrument), None)
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


def _bars(source: Any, options: Options) -> Bars:
    if isinstance(source, Bars):
        if options:
            raise problem("RUN_CONFIG", f"{next(iter(options))!r} is for reading tables; these are bars already")
        return source
    return Bars.read(source, **options) if isinstance(source, str | Path) else Bars.from_frame(source, **options)


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
