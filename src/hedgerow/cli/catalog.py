"""Commands that ask a catalog as a whole: SQL over what was known at a moment, corporate actions, adjusted bars.

They only carry words to the catalog and rows back; `data` holds those about files and single kinds.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from hedgerow.cli.data import CatalogDir, Symbol, as_text, print_rows
from hedgerow.cli.output import Json, Output, plain, table

AsOf = Annotated[str | None, typer.Option(help="As known at this time, ISO 8601.")]


def sql(
    query: Annotated[
        str, typer.Argument(help="One SELECT over bars, trades, quotes, series, ...; - reads it from stdin.")
    ],
    catalog: CatalogDir = Path("catalog"),
    as_of: AsOf = None,
    symbol: Symbol = None,
    start: Annotated[str | None, typer.Option(help="Events from this moment, ISO 8601.")] = None,
    end: Annotated[str | None, typer.Option(help="Events up to this moment.")] = None,
    head: Annotated[int | None, typer.Option(min=1, help="At most so many rows.")] = None,
    json: Json = False,
) -> None:
    """Ask the catalog in SQL (DuckDB); each kind is a view of what was known then, corrections resolved."""
    import sys

    from hedgerow.market import Catalog

    text = sys.stdin.read() if query == "-" else query
    found = Catalog(catalog).sql(text, as_of=as_of, instruments=symbol or None, start=start, end=end).table
    print_rows(Output(json), "", found if head is None else found.slice(0, head))


def actions(
    catalog: CatalogDir = Path("catalog"),
    symbol: Symbol = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """List splits, dividends, mergers, renames and delistings as they were known at a time."""
    import pandas as pd

    from hedgerow.market import Catalog

    output = Output(json)
    found = [
        {
            "instrument": action.instrument,
            "action": action.action,
            "ex": as_text(pd.Timestamp(action.ts_event, unit="ns", tz="UTC")),
            "known": as_text(pd.Timestamp(action.ts_init, unit="ns", tz="UTC")),
            "value": as_text(action.value),
            "into": action.into,
            "ratio": as_text(action.ratio),
        }
        for action in Catalog(catalog).actions(symbol or None, as_of)
    ]
    print_records(output, found, f"{catalog} holds no corporate actions; `hedgerow data keep` takes them from a file")


def adjusted(
    catalog: CatalogDir = Path("catalog"),
    symbol: Symbol = None,
    start: Annotated[str | None, typer.Option(help="Closes from this moment, ISO 8601.")] = None,
    end: Annotated[str | None, typer.Option(help="Closes up to this moment.")] = None,
    as_of: AsOf = None,
    splits: Annotated[bool, typer.Option("--splits/--no-splits", help="Whether splits scale prices.")] = True,
    dividends: Annotated[
        Literal["previous-close", "ex-close", "none"], typer.Option(help="At which price dividends are reckoned.")
    ] = "previous-close",
    json: Json = False,
) -> None:
    """Print bars adjusted for the corporate actions that were known at a time; what is stored stays raw."""
    from hedgerow.market import Catalog
    from hedgerow.market.answers import rows_of_bars

    how: Any = None if dividends == "none" else dividends.replace("-", " ")
    bars = Catalog(catalog).adjusted(symbol or None, start, end, as_of, splits=splits, dividends=how)
    output = Output(json)
    print_rows(output, "bars", rows_of_bars(bars).drop_columns(["record"]))
    for note in bars.notes:
        output.note(f"note: {note}")


def snapshot(
    catalog: CatalogDir = Path("catalog"),
    as_of: Annotated[str | None, typer.Option(help="Of what was known at this time, ISO 8601; default: now.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; default: snapshots/ in the catalog, under its name.")
    ] = None,
    json: Json = False,
) -> None:
    """Name all that the catalog knew at a time by the hash of its content, and keep the list of hashes."""
    from hedgerow.market import Catalog

    taken = Catalog(catalog).snapshot(time.time_ns() if as_of is None else as_of)
    path = out or catalog / "snapshots" / f"{taken.digest[:16]}.json"
    taken.save(path)
    told = {"digest": taken.digest, "as_of": taken.as_of, "parts": len(taken.parts), "rows": taken.rows}
    Output(json).emit({"catalog": str(catalog), **told, "file": str(path)})


def verify(
    snapshot: Annotated[str | None, typer.Argument(help="A snapshot's file or the begin of its digest.")] = None,
    catalog: CatalogDir = Path("catalog"),
    json: Json = False,
) -> None:
    """Check every file against its digest, and with a SNAPSHOT that the catalog still holds what it names."""
    from hedgerow.core.errors import problem
    from hedgerow.market import Catalog
    from hedgerow.market.snapshots import Snapshot

    held = Catalog(catalog)
    if snapshot is None:
        now = held.snapshot()
        Output(json).emit({"catalog": str(catalog), "digest": now.digest, "parts": len(now.parts), "rows": now.rows})
        return
    path = Path(snapshot)
    if not path.is_file():
        kept = [file for file in sorted((catalog / "snapshots").glob("*.json")) if file.name.startswith(snapshot[:16])]
        if len(kept) != 1:
            raise problem("DATA_NOT_FOUND", f"{len(kept)} snapshots in {catalog} begin with {snapshot!r}")
        path = kept[0]
    named = Snapshot.load(path)
    held.verify(named)
    Output(json).emit({"catalog": str(catalog), "digest": named.digest, "as_of": named.as_of, "rows": named.rows})


def compact(catalog: CatalogDir = Path("catalog"), json: Json = False) -> None:
    """Join the many small files of each folder into one; no row and no snapshot changes, readers go on."""
    from hedgerow.market import Catalog

    Output(json).emit({"catalog": str(catalog), **asdict(Catalog(catalog).compact())})


def suspects(
    files: Annotated[list[Path] | None, typer.Argument(help="Files to judge; without any, the catalog.")] = None,
    catalog: CatalogDir = Path("catalog"),
    symbol: Symbol = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """List what should not be believed: prices in another unit, dividends told twice, crossed books, bad prints."""
    from itertools import chain

    import pandas as pd

    from hedgerow.market import Catalog
    from hedgerow.market.judging import of_catalog, of_file
    from hedgerow.market.reading import Reading

    found = (
        chain.from_iterable(of_file(file, Reading()) for file in files)
        if files
        else of_catalog(Catalog(catalog), symbol or None, as_of)
    )
    told = [
        {
            "instrument": instrument,
            "rule": one.rule,
            "at": as_text(pd.Timestamp(one.ts_event, unit="ns", tz="UTC")),
            "count": one.bars,
            "seen": one.seen,
            "expected": None if one.expected != one.expected else one.expected,
            "why": one.why,
        }
        for instrument, one in found
    ]
    print_records(Output(json), told, "nothing suspicious")


def universe(
    name: Annotated[str | None, typer.Argument(help="Which universe; default: the only one.")] = None,
    catalog: CatalogDir = Path("catalog"),
    on: Annotated[str | None, typer.Option(help="Members on this date; default: the last known.")] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """List who belonged to an index or list on a date, as it was known at a time."""
    from hedgerow.market import Catalog

    held = Catalog(catalog).universe(name, as_of)
    members = held.at(on if on is not None else as_of if as_of is not None else 2**63 - 1)
    told = {"universe": held.name, "on": on or as_of, "members": len(members), "symbols": list(members)}
    Output(json).emit(told, " ".join(members) or f"{held.name} had no members then")


def sessions(
    exchange: Annotated[str, typer.Argument(help="An exchange's code, such as XNYS or XLON.")],
    start: Annotated[str, typer.Option(help="First date.")],
    end: Annotated[str, typer.Option(help="Last date.")],
    json: Json = False,
) -> None:
    """List the sessions of an exchange: open and close in UTC, half days named."""
    from hedgerow.market.calendars import sessions as held

    rows = held(exchange, start, end).reset_index().to_dict("records")
    told = [
        {"session": str(row["session"])[:10], "open": as_text(row["open"]), "close": as_text(row["close"])}
        | {"half": bool(row["half"])}
        for row in rows
    ]
    print_records(Output(json), told, f"{exchange} has no session then")


def print_records(output: Output, found: list[dict[str, Any]], empty: str) -> None:
    """One JSON object each, or a table."""
    if output.json:
        for row in found:
            output.emit(row)
    elif found:
        output.emit({}, table([[plain(value) for value in row.values()] for row in found], heads=list(found[0])))
    else:
        output.emit({}, empty)
