"""Commands about prices: read a file into a catalog, list what is there, look for what should not be believed.

The catalog refuses what cannot be true and names the row; these commands only carry words to it and tables back.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hedgerow.cli.group import group
from hedgerow.cli.output import Json, Output, plain, table
from hedgerow.cli.pairs import pairs

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.market.bars import Bars
    from hedgerow.market.reading import Options

CatalogDir = Annotated[Path, typer.Option("--catalog", "-c", help="The catalog's folder.")]
Symbol = Annotated[list[str] | None, typer.Option("--symbol", "-s", help="Only this instrument; may be repeated.")]

data = group("Market data: what prices were, and when we knew them.")


@data.command("ingest")
def ingest(
    file: Annotated[Path, typer.Argument(help="A .csv, .csv.gz or .parquet file, or a folder of them.")],
    catalog: CatalogDir = Path("catalog"),
    symbol: Annotated[str | None, typer.Option(help="The instrument, where the file does not say.")] = None,
    tick: Annotated[str, typer.Option(help="Smallest price step; auto finds it from 0.01 down.")] = "auto",
    lot: Annotated[str, typer.Option(help="Smallest quantity.")] = "1",
    currency: Annotated[str, typer.Option(help="Currency of the prices.")] = "USD",
    column: Annotated[list[str] | None, typer.Option(help="OURS=THEIRS, such as close=Last; may be repeated.")] = None,
    stamped: Annotated[
        Literal["close", "open", "session"] | None, typer.Option(help="What the times mean; default: by their look.")
    ] = None,
    span: Annotated[
        str | None, typer.Option(help="Length of a bar, such as 1d or 5min; default: the commonest.")
    ] = None,
    session_close: Annotated[str, typer.Option(help="When a session labelled by its date ends.")] = "24:00",
    tz: Annotated[str | None, typer.Option(help="Time zone of times that name none; default: UTC.")] = None,
    time_unit: Annotated[
        Literal["s", "ms", "us", "ns"] | None, typer.Option(help="Unit of times that are numbers.")
    ] = None,
    off_tick: Annotated[
        Literal["error", "round"], typer.Option(help="What to do with prices between ticks.")
    ] = "error",
    missing: Annotated[
        Literal["error", "drop"], typer.Option(help="What to do with rows that lack a price.")
    ] = "error",
    faulty: Annotated[Literal["error", "drop"], typer.Option(help="What to do with untrue prices.")] = "error",
    adjusted: Annotated[bool, typer.Option("--adjusted", help="Scale prices to the adjusted close.")] = False,
    sort: Annotated[bool, typer.Option("--sort", help="Put rows in time order instead of refusing them.")] = False,
    restated_at: Annotated[str | None, typer.Option(help="When corrections became known, ISO 8601.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the source; default: the file's.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report, write nothing.")] = False,
    json: Json = False,
) -> None:
    """Read prices into the catalog, all or nothing; a row that cannot be true is named."""
    from hedgerow.market import Bars, Catalog

    output = Output(json)
    options: Options = {
        "symbol": symbol,
        "tick": tick,
        "lot": lot,
        "currency": currency,
        "columns": pairs("--column", column or []) or None,
        "stamped": stamped,
        "span": span,
        "session_close": session_close,
        "tz": tz,
        "time_unit": time_unit,
        "off_tick": off_tick,
        "missing": missing,
        "faulty": faulty,
        "adjusted": adjusted,
        "sort": sort,
    }
    bars = Bars.read(file, **options)
    for note in bars.notes:
        output.note(f"note: {note}")
    if dry_run:
        _report(output, bars)
        return
    done = Catalog(catalog).ingest(bars, ingested_at=time.time_ns(), name=name, restated_at=restated_at)
    result = {
        "catalog": str(catalog),
        "source": done.source,
        "symbols": list(done.symbols),
        "rows_new": done.rows_new,
        "rows_restated": done.rows_restated,
        "rows_unchanged": done.rows_unchanged,
    }
    output.emit(result)


@data.command("list")
def list_(catalog: CatalogDir = Path("catalog"), json: Json = False) -> None:
    """List the instruments of a catalog: rows, first and last close, tick, currency, sources."""
    from hedgerow.market import Catalog

    _emit(Output(json), Catalog(catalog).list(), f"{catalog} holds no bars; see `hedgerow data ingest --help`")


@data.command("check")
def check(
    catalog: CatalogDir = Path("catalog"),
    symbol: Symbol = None,
    as_of: Annotated[str | None, typer.Option(help="As known at this time, ISO 8601.")] = None,
    json: Json = False,
) -> None:
    """Look for gaps, spikes, stale prices and missing volume, by instrument; nothing is changed."""
    from hedgerow.market import Catalog

    _report(Output(json), Catalog(catalog).bars(symbol or None, as_of=as_of))


def _report(output: Output, bars: Bars) -> None:
    from hedgerow.market import quality_report

    _emit(output, quality_report(bars), "no bars")


def _emit(output: Output, frame: pd.DataFrame, empty: str) -> None:
    """One JSON object a row, or the frame as a table."""
    rows = records(frame)
    if output.json:
        for row in rows:
            output.emit(row)
    elif rows:
        output.emit({}, table([[plain(value) for value in row.values()] for row in rows], heads=list(rows[0])))
    else:
        output.emit({}, empty)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, its index first; what is not known becomes None.

    >>> import pandas as pd
    >>> records(pd.DataFrame({"n": [1.5, None]}, index=pd.Index(["A", "B"], name="symbol")))
    [{'symbol': 'A', 'n': 1.5}, {'symbol': 'B', 'n': None}]
    """
    plainly = frame.reset_index().astype(object)
    rows = plainly.where(plainly.notna(), None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]
