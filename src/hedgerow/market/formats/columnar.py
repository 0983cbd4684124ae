"""Columnar files: Parquet, Arrow streams and files, Feather.

Read a batch at a time. Promises that floats become the shortest decimals that they stand for, and that a file whose
footer, schema or pages are damaged is named. Nested columns are refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hedgerow.core.errors import problem
from hedgerow.market.formats.dbn_table import NEEDED
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows
from hedgerow.market.formats.tables import Columns, plan_of, rows_of
from hedgerow.market.formats.words import Plan
from hedgerow.market.reading import Reading

BATCH = 1 << 17
_BROKEN = (pa.ArrowException, OSError, ValueError, KeyError)


def is_plain_parquet(path: Path) -> bool:
    """Whether a Parquet file is no table of Databento's records, whose bars are labelled by their open."""
    import pyarrow.parquet as pq

    try:
        return not set(pq.read_schema(path).names) >= NEEDED
    except _BROKEN:  # which its reader names
        return True


def claims_parquet(opened: Opened) -> bool:
    """Whether it begins as Parquet does, or is named so."""
    return opened.head.startswith(b"PAR1") or opened.name.lower().endswith((".parquet", ".pq"))


def claims_arrow(opened: Opened) -> bool:
    """Whether it is an Arrow file or stream, or a Feather file."""
    named = opened.name.lower().endswith((".arrow", ".feather", ".ipc", ".arrows"))
    return opened.head.startswith((b"ARROW1", b"FEA1")) or named


def read_parquet(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a Parquet file."""
    import pyarrow.parquet as pq

    try:
        source = pa.BufferReader(opened.whole()) if opened.packing else opened.path
        file = pq.ParquetFile(source, page_checksum_verification=True)
    except _BROKEN as error:
        raise problem("DATA_DAMAGED", f"{opened.shown}: {error}") from None
    opened.refuse_cells(file.metadata.num_rows, file.metadata.num_columns)
    yield from _rows(file.iter_batches(batch_size=BATCH, use_threads=False), file.schema_arrow, opened, reading)


def read_arrow(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of an Arrow or Feather file."""
    head = opened.head
    if head.startswith(b"FEA1"):
        raise problem("DATA_UNKNOWN_FORMAT", f"{opened.shown} is Feather of version 1; write it again as version 2")
    try:
        source = pa.BufferReader(opened.whole()) if opened.packing else pa.OSFile(str(opened.path))
        _refuse_large_batches(source, opened)
        if head.startswith(b"ARROW1"):
            file = pa.ipc.open_file(source)
            batches: Any
            schema: pa.Schema
            batches, schema = (file.get_batch(n) for n in range(file.num_record_batches)), file.schema
        else:
            stream = pa.ipc.open_stream(source)
            batches, schema = stream, stream.schema
    except _BROKEN as error:
        raise problem("DATA_DAMAGED", f"{opened.shown}: {error}") from None
    yield from _rows(batches, schema, opened, reading)


def _refuse_large_batches(source: Any, opened: Opened) -> None:
    """DATA-021 before a batch is expanded that has more cells than the file may have bytes; the source is rewound."""
    source.seek(8 if opened.head.startswith(b"ARROW1") else 0)
    try:
        for message in pa.ipc.MessageReader.open_stream(source):
            if message.type == "record batch":
                length, columns = _shape(memoryview(message.metadata))
                opened.refuse_cells(length, columns)
    except (*_BROKEN, struct.error, IndexError):  # which its reader names
        pass
    source.seek(0)


def _shape(metadata: memoryview) -> tuple[int, int]:
    """Rows and columns of a batch, from the message before it (Message.fbs: its header's first two fields)."""

    def field(table: int, number: int) -> int:
        vtable: int = table - struct.unpack_from("<i", metadata, table)[0]
        offset: int = struct.unpack_from("<H", metadata, vtable + 4 + 2 * number)[0]
        return table + offset

    def followed(place: int) -> int:
        return place + int(struct.unpack_from("<I", metadata, place)[0])

    batch = followed(field(followed(0), 2))
    (length,) = struct.unpack_from("<q", metadata, field(batch, 0))
    (columns,) = struct.unpack_from("<I", metadata, followed(field(batch, 1)))
    return length, columns


def _rows(batches: Any, schema: pa.Schema, opened: Opened, reading: Reading) -> Iterator[Rows]:
    nested = [entry.name for entry in schema if pa.types.is_nested(entry.type)]
    if nested:
        raise problem("DATA_TYPE", f"{opened.shown}: column {nested[0]!r} is {schema.field(nested[0]).type}")
    if len(set(schema.names)) < len(schema.names):
        raise problem("DATA_COLUMNS", f"{opened.shown}: two columns have the same name")
    plan: Plan | None = None
    first = 0
    iterator = iter(batches)
    while (batch := _next(iterator, opened, first)) is not None:
        arrays = {name: _simple(column, name, opened) for name, column in zip(schema.names, batch.columns, strict=True)}
        records = np.arange(first, first + batch.num_rows, dtype=np.int64)
        first += batch.num_rows
        if batch.num_rows:
            columns = Columns(arrays, records, reading, opened.stem)
            plan = plan or plan_of(columns)
            yield from rows_of(plan, columns)
    if not first:
        raise problem("DATA_EMPTY", f"{opened.shown} holds no row")


def _next(iterator: Any, opened: Opened, first: int) -> Any:
    try:
        return next(iterator, None)
    except _BROKEN as error:
        raise problem("DATA_DAMAGED", f"{opened.shown}, after row {first}: {error}") from None


def _simple(column: Any, name: str, opened: Opened) -> Any:
    """A column without a dictionary; bytes that are text, which some writers do not mark as such, as text."""
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        try:
            return column.cast(pa.string())
        except pa.ArrowInvalid:
            raise problem("DATA_TYPE", f"{opened.shown}: column {name!r} is {column.type}, and no text") from None
    return column
