"""Commands about prices: read a file into a catalog, list what is there, look for what should not be believed.

The catalog refuses what cannot be true and names the row; these commands only carry words to it and tables back.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hedgerow.cli.group import group
from hedgerow.cli.output import Json, Output, plain, table
from hedgerow.cli.pairs import listed, pairs

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from hedgerow.market.bars import Bars
    from hedgerow.market.formats.probing import Finding
    from hedgerow.market.reading import Options, Reading

CatalogDir = Annotated[Path, typer.Option("--catalog", "-c", help="The catalog's folder.")]
Symbol = Annotated[list[str] | None, typer.Option("--symbol", "-s", help="Only this instrument; may be repeated.")]

Columns = Annotated[str | None, typer.Option(help="Names of the columns in order, where a file has no header: a,b,c.")]
ExpandMax = Annotated[int | None, typer.Option(min=1, help="Bytes that a compressed file may expand to.")]
CELL_MAX = 60

data = group("Market data: what prices were, and when we knew them.")


@data.command("ingest")
def ingest(
    file: Annotated[Path, typer.Argument(help="A file of bars in any format that is read, or a folder of them.")],
    catalog: CatalogDir = Path("catalog"),
    symbol: Annotated[str | None, typer.Option(help="The instrument, where the file does not say.")] = None,
    tick: Annotated[str, typer.Option(help="Smallest price step; auto finds it from 0.01 down.")] = "auto",
    lot: Annotated[str, typer.Option(help="Smallest quantity.")] = "1",
    currency: Annotated[str, typer.Option(help="Currency of the prices.")] = "USD",
    column: Annotated[list[str] | None, typer.Option(help="OURS=THEIRS, such as close=Last; may be repeated.")] = None,
    columns: Columns = None,
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
        "columns": listed([columns]) if columns else pairs("--column", column or []) or None,
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
    _tell(output, bars.notes)
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


@data.command("keep")
def keep(
    file: Annotated[Path, typer.Argument(help="A file in any of the formats that are read.")],
    catalog: CatalogDir = Path("catalog"),
    columns: Columns = None,
    symbol: Annotated[str | None, typer.Option(help="The instrument, where the file does not say.")] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of times that name none; default: UTC.")] = None,
    faulty: Annotated[Literal["error", "drop"], typer.Option(help="What to do with untrue rows.")] = "error",
    sort: Annotated[bool, typer.Option("--sort", help="Take rows in any order of time.")] = False,
    restated_at: Annotated[str | None, typer.Option(help="When corrections became known, ISO 8601.")] = None,
    json: Json = False,
) -> None:
    """Keep what is not bars in the catalog: quotes, trades, depth, series and the rest, all or nothing."""
    from hedgerow.market import Catalog

    output = Output(json)
    options: Options = {"columns": listed([columns]) if columns else None, "symbol": symbol, "tz": tz}
    options |= {"faulty": faulty, "sort": sort}
    done = Catalog(catalog).ingest_rows(file, ingested_at=time.time_ns(), restated_at=restated_at, **options)
    _tell(output, done.notes)
    told = {f"{kind}_new": count for kind, count in done.rows_new.items()}
    output.emit({"catalog": str(catalog), "source": done.source, **told, "rows_unchanged": done.rows_unchanged})


@data.command("rows")
def rows_(
    kind: Annotated[str, typer.Argument(help="quotes, trades, depth, orders, options, series, news, ...")],
    catalog: CatalogDir = Path("catalog"),
    symbol: Symbol = None,
    start: Annotated[str | None, typer.Option(help="Events from this moment, ISO 8601.")] = None,
    end: Annotated[str | None, typer.Option(help="Events up to this moment.")] = None,
    as_of: Annotated[str | None, typer.Option(help="As known at this time, ISO 8601.")] = None,
    head: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    json: Json = False,
) -> None:
    """Print rows that the catalog keeps, as they were known at a time."""
    from hedgerow.market import Catalog

    print_rows(Output(json), kind, Catalog(catalog).rows(kind, symbol or None, start, end, as_of).slice(0, head))


@data.command("probe")
def probe(
    paths: Annotated[list[Path], typer.Argument(help="Files, and folders that are searched.")],
    columns: Columns = None,
    symbol: Annotated[str | None, typer.Option(help="The instrument, where a file does not say.")] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of times that name none; default: UTC.")] = None,
    expand_max: ExpandMax = None,
    json: Json = False,
) -> None:
    """Look at files before they are loaded: format, rows, first and last time, and what is wrong; nothing is written.

    A line a file. The exit status tells whether something could not be read; what is refused for a reason that is
    stated (no data, a crossed quote, no header) does not count as that.
    """
    from hedgerow.core.errors import problem
    from hedgerow.market.formats.probing import files_below
    from hedgerow.market.formats.probing import probe as look

    output = Output(json)
    reading = _reading(columns, symbol, tz)
    files = files_below(paths)
    if not files:
        raise problem("DATA_EMPTY", f"no file in {', '.join(map(str, paths))}")
    found = []
    with typer.progressbar(files, label="files", file=sys.stderr, hidden=json or not sys.stderr.isatty()) as bar:
        for file in bar:
            found.append(look(file, reading, expand_max=expand_max))
            if json:
                output.emit(found[-1].record())
    if not json:
        output.emit({}, lambda: _findings(found))
    broken = [finding.error for finding in found if finding.error is not None and finding.status == "unreadable"]
    if broken:
        output.note(f"{len(broken)} of {len(found)} files could not be read")
        raise typer.Exit(broken[0].row.exit_status)


@data.command("show")
def show(
    file: Annotated[Path, typer.Argument(help="A file in any of the formats that are read.")],
    head: Annotated[int, typer.Option(min=1, help="Rows of each kind.")] = 5,
    columns: Columns = None,
    symbol: Annotated[str | None, typer.Option(help="The instrument, where the file does not say.")] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of times that name none; default: UTC.")] = None,
    expand_max: ExpandMax = None,
    json: Json = False,
) -> None:
    """Show the first rows of a file as they are understood: their kind, both times, the instrument, exact prices."""
    from hedgerow.market.formats.probing import head as first_rows

    output = Output(json)
    for rows in first_rows(file, _reading(columns, symbol, tz), head, expand_max=expand_max):
        print_rows(output, rows.kind, rows.table)
        _tell(output, rows.notes)


@data.command("formats")
def formats_(json: Json = False) -> None:
    """List the formats that are read; a file is known by its first bytes, not by its name."""
    from hedgerow.market.formats.probing import formats

    output = Output(json)
    if json:
        for row in formats():
            output.emit(row)
    else:
        output.emit({}, table([tuple(row.values()) for row in formats()], heads=("format", "reads")))


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


def _reading(columns: str | None, symbol: str | None, tz: str | None) -> Reading:
    from hedgerow.market.reading import Reading

    return Reading.of({"columns": listed([columns]) if columns else None, "symbol": symbol, "tz": tz})


def as_text(value: Any) -> Any:
    """A value of a row as text for people and programs: times in ISO 8601 to their last digit, decimals exact.

    >>> from decimal import Decimal
    >>> as_text(Decimal("61837.630000000000000000")), as_text(True), as_text(None)
    ('61837.63', True, None)
    """
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):  # pandas' Timestamp, which keeps nanoseconds
        return value.isoformat()
    return value


def _findings(found: list[Finding]) -> str:
    """What was found, as a table of files, and how many of each verdict."""
    lines = []
    for finding in found:
        told = finding.record()
        verdict = "ok" if told["ok"] else str(told["code"])
        span = " to ".join(str(told[end])[:19] for end in ("first", "last") if told[end])
        lines.append((verdict, told["format"] or "-", plain(told["rows"]), span or "-", told["path"]))
    files = table(lines, heads=("verdict", "format", "rows", "span", "path"))
    verdicts = Counter(line[0] for line in lines)
    reasons = {finding.error.code: finding.error.row.says for finding in found if finding.error is not None}
    summary = [(name, plain(count), reasons.get(name, "")) for name, count in verdicts.most_common()]
    return f"{files}\n\n{table(summary, heads=('verdict', 'files', ''))}"


def print_rows(output: Output, kind: str, rows: pa.Table) -> None:
    """Rows as a table under the name of their kind, or one JSON object each."""
    told = [{name: as_text(value) for name, value in row.items()} for row in rows.to_pylist()]
    if output.json:
        for row in told:
            output.emit({"kind": kind, **row} if kind else row)
        return
    heads = [name for name in rows.column_names if not kind or any(row[name] is not None for row in told)]
    cells = [[str(row[name] if row[name] is not None else "-")[:CELL_MAX] for name in heads] for row in told]
    output.emit({}, "\n".join(filter(None, (kind, table(cells, heads=heads)))))


def _tell(output: Output, notes: Iterable[str]) -> None:
    for note in notes:
        output.note(f"note: {note}")


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
