"""Commands that ask a catalog as a whole: SQL over what was known at a moment.

They only carry words to the catalog and rows back; `data` holds those about files and single kinds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hedgerow.cli.data import CatalogDir, Symbol, print_rows
from hedgerow.cli.output import Json, Output

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
