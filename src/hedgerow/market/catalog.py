"""A catalog on disk: what prices were, and what we believed they were at any moment; bars, and all other kinds.

Every row keeps `ts_event` and `ts_init`. A correction is a new row with a later `ts_init`; nothing is overwritten, so
`bars(as_of=T)` gives what was known at T and nothing that came later. An ingest is all or nothing.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.market.bar_shelf import Ingested, bars_held, ingest_bars
from hedgerow.market.bars import Bars
from hedgerow.market.reading import Options, Reading
from hedgerow.market.shelves import Manifest, read_manifest, write_manifest, writing
from hedgerow.market.times import Moment, known_by_ns, moment_ns

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


class Catalog:
    """Bars in a folder, by instrument, and rows of every other kind.

    >>> import tempfile
    >>> from hedgerow.market.instruments import Instrument
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
        return ingest_bars(self.path, bars, name or bars.source, moment_ns(ingested_at), restated_ns)

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
        names = _names(instruments)
        span = (None if start is None else moment_ns(start), None if end is None else moment_ns(end, end=True))
        known_ns = None if as_of is None else known_by_ns(as_of, sessions=False)
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

        names = _names(instruments)
        for moment in (as_of, start, end):
            _ = moment is None or moment_ns(moment)  # refused here, whatever the query names
        held = tuple(sorted({entry.kind for entry in read_manifest(self.path).entries}))
        return Answer(answered(query, held, lambda kind: self.seen(kind, names, as_of, start, end), given))

    def seen(
        self,
        kind: str,
        instruments: str | Iterable[str] | None = None,
        as_of: Moment | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
    ) -> pa.Table:
        """As `rows`, but an empty table where none of these were known, or are held."""
        from hedgerow.market.formats.rows import SCHEMAS

        names = _names(instruments)
        if kind == "bars" and names is not None:
            known = set(self.symbols)
            names = [name for name in names if name in known]
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

        return actions_of(self.seen("actions", instruments, as_of))

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

        bars = adjusted_history(self, _names(symbols), as_of, splits, dividends)
        return bars if start is None and end is None else bars.slice(start, end)

    def snapshot(self, as_of: Moment | None = None) -> Snapshot:
        """The content of every kind known at `as_of` (None = all), named by its hash.

        Neither compaction nor what becomes known later changes it. `as_of=` of a read and the snapshot of that moment
        together name exactly the data of a result.
        """
        from hedgerow.market.snapshots import taken

        return self._reading(lambda manifest: taken(self.path, manifest, as_of))

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
        known_ns = None if as_of is None else known_by_ns(as_of, sessions=True)
        names = _names(symbols)
        bars = self._reading(lambda manifest: bars_held(self.path, manifest, names, known_ns))
        return bars if start is None and end is None else bars.slice(start, end)

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


def _names(told: str | Iterable[str] | None) -> list[str] | None:
    """Names as a list that can be gone through twice; None = all."""
    return None if told is None else [told] if isinstance(told, str) else list(told)


def _bars(source: Any, options: Options) -> Bars:
    if isinstance(source, Bars):
        if options:
            raise problem("RUN_CONFIG", f"{next(iter(options))!r} is for reading tables; these are bars already")
        return source
    return Bars.read(source, **options) if isinstance(source, str | Path) else Bars.from_frame(source, **options)
