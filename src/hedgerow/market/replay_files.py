"""Books from what lies on disk: files of any format that is read, recordings followed by their venue's rule, a catalog.

Promises: the deepest rows that a source has are taken, unless another depth is asked for; a recording whose venue
numbers its updates is followed only by that rule. Never: rows of two depths in one book, or of another instrument.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import HedgerowError, did_you_mean, problem
from hedgerow.market.books import venue_rules
from hedgerow.market.catalog import Catalog
from hedgerow.market.instruments import Instrument
from hedgerow.market.replay import Books, Shown
from hedgerow.market.venues import Message, binance, bybit, okx, recorded

if TYPE_CHECKING:
    from hedgerow.market.formats.rows import Rows

_KINDS: dict[Shown, str] = {"orders": "orders", "levels": "depth", "quotes": "quotes"}
"""Kinds of rows by what they show, the deepest first."""
_BESIDE = ("trades", "phases")
"""Kinds of rows that stand beside any of them."""
_READERS = {"binance": binance.read, "bybit": bybit.read, "okx": okx.read}
Span = tuple[Any, Any, Any]


def read_books(
    source: str | Path | Sequence[str | Path],
    instrument: Instrument,
    shown: Shown | None,
    rule: str | None,
    span: Span,
    **quoted: Any,
) -> Books:
    """What `Books.read` promises."""
    if shown is not None and shown not in _KINDS:
        raise problem("RUN_CONFIG", f"books of {shown!r}; they show {', '.join(_KINDS)}{did_you_mean(shown, _KINDS)}")
    paths = [Path(source)] if isinstance(source, str | Path) else [Path(path) for path in source]
    if rule is not None:
        return _followed(paths, instrument, shown, rule)
    if len(paths) == 1 and paths[0].is_dir():
        tables = _in_catalog(Catalog(paths[0]), instrument.symbol, span)
    else:
        if any(bound is not None for bound in span):
            raise problem("RUN_CONFIG", "start, end and as_of are of a catalog; a file is read whole")
        tables = _in_files(paths, instrument.symbol)
    return _deepest(tables, instrument, shown, paths, quoted)


def _deepest(
    tables: dict[str, pa.Table], instrument: Instrument, shown: Shown | None, paths: list[Path], quoted: dict[str, Any]
) -> Books:
    wanted = [_KINDS[shown]] if shown else list(_KINDS.values())
    kind = next((kind for kind in wanted if kind in tables), None)
    if kind is None:
        where = ", ".join(str(path) for path in paths)
        raise problem("DATA_NOT_FOUND", f"{where} shows no {' or '.join(wanted)} of {instrument.symbol}")
    told: dict[str, Any] = {kind: tables[kind], **{kind: tables.get(kind) for kind in _BESIDE}, **quoted}
    return Books.from_rows(instrument, **told)


def _in_catalog(catalog: Catalog, symbol: str, span: Span) -> dict[str, pa.Table]:
    """The catalog's rows of an instrument by kind, of those kinds that it has."""
    found = {}
    for kind in (*_KINDS.values(), *_BESIDE):
        try:
            table = catalog.rows(kind, symbol, *span)
        except HedgerowError as error:
            if error.code != "DATA-014":
                raise
            continue
        if table.num_rows:
            found[kind] = table
    return found


def _in_files(paths: list[Path], symbol: str) -> dict[str, pa.Table]:
    """The files' rows of an instrument by kind, in the order of the files."""
    parts: dict[str, list[pa.Table]] = {}
    for path in paths:
        for rows in _rows(path, symbol):
            if rows.kind in (*_KINDS.values(), *_BESIDE):
                table = rows.table.filter(pc.equal(rows.table.column("instrument"), symbol))
                if table.num_rows:
                    parts.setdefault(rows.kind, []).append(table)
    return {kind: pa.concat_tables(tables) for kind, tables in parts.items()}


def _rows(path: Path, symbol: str) -> Iterator[Rows]:
    from hedgerow.market.formats.registry import opened, parts, read_rows
    from hedgerow.market.reading import Reading

    reading = Reading.of({"symbol": symbol})
    for file, form in parts(opened(path)):
        yield from read_rows(file, form, reading)


def _followed(paths: list[Path], instrument: Instrument, shown: Shown | None, rule: str) -> Books:
    known = [name for name, _ in venue_rules()]
    venue = next((name for name in _READERS if rule.startswith(name)), None)
    if rule not in known or venue is None:
        usable = [name for name in known if name.startswith(tuple(_READERS))]
        raise problem("RUN_CONFIG", f"rule {rule!r}; recordings go by {', '.join(usable)}{did_you_mean(rule, usable)}")
    if shown not in (None, "levels"):
        raise problem("RUN_CONFIG", f"a rule follows books of levels, not of {shown}")
    return Books.from_messages(instrument, _messages(paths, instrument, venue), rule=rule)


def _messages(paths: list[Path], instrument: Instrument, venue: str) -> Iterator[Message]:
    """What a recording says of an instrument; DATA_NOT_FOUND where nothing in it bears its name."""
    from hedgerow.market.formats.registry import opened

    read: Any = _READERS[venue]
    named = False
    for path in paths:
        opened(path)  # a file that is none, or empty, is named before anything is read
        for received in recorded(path):
            told = read(received.message, instrument, ts_init=received.ts_init)
            for message in told if isinstance(told, list) else [told]:
                if message is not None and message.kind != "top":
                    # Binance's images do not say of what they are.
                    named = named or venue != "binance" or message.kind != "image"
                    yield message
    if not named:
        where = ", ".join(str(path) for path in paths)
        raise problem("DATA_NOT_FOUND", f"{where} says nothing of {instrument.symbol}")
