"""Tables as text: commas, semicolons, tabs or bars between the cells, with a header.

Promises that cells are read as they are written, in blocks, and that a row with more or fewer cells than the header is
named with its line. A file without a header is refused unless its columns are named, or its layout is a vendor's that
is published: a column of numbers does not say what it is.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv

from hedgerow.core.errors import DataError, HedgerowError, problem
from hedgerow.market.columns import plain, shown
from hedgerow.market.formats.dbn_table import NEEDED
from hedgerow.market.formats.numerals import Numerals, numerals_of
from hedgerow.market.formats.opening import HEAD_BYTES, Opened
from hedgerow.market.formats.rows import Rows
from hedgerow.market.formats.tables import Columns, plan_of, rows_of
from hedgerow.market.formats.words import Plan
from hedgerow.market.reading import Reading

BLOCK = 8 << 20
LINE_MAX = 4 << 20
_DELIMITERS = ",;\t|"
_NUMBER = re.compile(r"-?[\d.:/ T-]*\d(e[+-]?\d+)?Z?")
_TEXT_SUFFIXES = (".csv", ".tsv", ".psv")


@dataclass(frozen=True)
class Layout:
    """How a file of cells is laid out: what parts them, their names, and how many lines come before the first row.

    symbols: of the two-level headers of download tools, the instrument of each column.
    """

    delimiter: str
    names: tuple[str, ...]
    skip: int
    symbols: tuple[str, ...] = ()


def claims(opened: Opened) -> bool:
    """Whether its lines are rows of equally many cells, or its name says so."""
    text = head_text(opened)
    if opened.name.lower().endswith(_TEXT_SUFFIXES):
        return True
    if text is None or not text.strip():
        return False
    whole = text.splitlines() if len(opened.head) < HEAD_BYTES else text.splitlines()[:-1]
    lines = [line for line in whole if line.strip()][:8]
    if len(lines) < 2 or any(len(line) > 2000 for line in lines) or text.lstrip()[:1] == "{":
        return False
    counts = [{line.count(delimiter) for line in lines} for delimiter in _DELIMITERS]
    return any(len(found) == 1 and found != {0} for found in counts)


def head_text(opened: Opened) -> str | None:
    """The first part of a file as text, or None where it is not UTF-8."""
    head = opened.head
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        whole = len(head) - error.start < 4 and len(head) > 1000
        return head[: error.start].decode("utf-8-sig") if whole else None


def _encoding(head: bytes) -> str:
    """What a text is instead of UTF-8, and where that shows."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return " but UTF-16"
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return f": byte {error.start:,} is {head[error.start]:#x}"
    return ""


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a table of text."""
    layout = layout_of(opened, reading)
    reading = reading if isinstance(reading.columns, dict) else replace(reading, columns=None)
    plan: Plan | None = None
    numerals: Numerals | None = None
    for arrays, records in _blocks_or_ragged(opened, layout, reading):
        if layout.symbols:
            yield from _two_levels(arrays, records, layout, reading)
            continue
        numerals = numerals_of(arrays, opened.shown, layout.delimiter) if plan is None else numerals
        if numerals is not None:
            arrays = numerals.plainly(arrays)
        columns = _told(Columns(arrays, records, reading, opened.stem))
        if numerals is not None and numerals.rounded:
            columns.said.append(f"{shown(numerals.rounded)}: thousands and millions, as the source has rounded them")
        plan = plan or _plan(columns, opened)
        yield from rows_of(plan, columns)


def _plan(columns: Columns, opened: Opened) -> Plan:
    """What columns hold; Tardis' liquidations have those of its trades, and only their name tells them apart."""
    plan = plan_of(columns)
    named = {*re.split(r"[_.]", opened.path.name), *opened.path.parts[-5:-1]}
    return replace(plan, kind="liquidations") if plan.kind == "trades" and "liquidations" in named else plan


def is_plain(opened: Opened, reading: Reading) -> bool:
    """Whether a table is what any reader of CSV makes of it: one header in the first line, numbers without marks."""
    layout = layout_of(opened, reading)
    if layout.symbols:
        return True
    if (layout.skip != 1 and reading.columns is None) or set(layout.names) >= NEEDED:
        return False
    arrays, _ = next(_blocks_or_ragged(opened, layout, reading))
    return numerals_of(arrays, opened.shown, layout.delimiter) is None


def layout_of(opened: Opened, reading: Reading) -> Layout:
    """Where the header of a file is and what it says; DATA-008 where it has none, DATA-009 where it has no rows."""
    text = head_text(opened)
    if text is None:
        raise problem("DATA_DAMAGED", f"{opened.shown} is not UTF-8 text{_encoding(opened.head)}; write it as UTF-8")
    lines = text.splitlines()
    if len(lines) < 2 and len(opened.head) == HEAD_BYTES:  # a header that is longer
        with opened.stream() as stream:
            lines = [stream.readline(LINE_MAX).decode("utf-8-sig", "replace").rstrip("\r\n")]
    first = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if first is None:
        raise problem("DATA_EMPTY", f"{opened.shown} holds no line")
    if "\0" in lines[first]:
        told = "it has bytes of zero, as UTF-16 has"
        raise problem("DATA_DAMAGED", f"{opened.shown} is not UTF-8 text: {told}; write it as UTF-8")
    separator = re.fullmatch(r"sep=(.)", lines[first])
    first += separator is not None  # which spreadsheets write for each other
    if len(lines) <= first:
        raise problem("DATA_EMPTY", f"{opened.shown} holds no row")
    following = lines[first + 1] if len(lines) > first + 1 else ""
    if max(map(lines[first].count, _DELIMITERS)) == 0 < max(map(following.count, _DELIMITERS)):
        first += 1  # a line that says where the file is from
    delimiter = separator[1] if separator is not None else max(_DELIMITERS, key=lines[first].count)
    cells = [_cells(line, delimiter) for line in lines[first : first + 20] if line.strip()]
    named = reading.columns
    if named is not None and not hasattr(named, "keys"):
        return Layout(delimiter, tuple(named), 0)
    if len(cells) > 2 and cells[0][0] == "Price" and cells[1][0] == "Ticker":
        return Layout(delimiter, ("Date", *cells[0][1:]), first + 3, ("", *cells[1][1:]))
    if _is_data(cells):
        told = f"{opened.shown} has no header; name its columns in order with columns=[...]"
        raise problem("DATA_MISSING_COLUMN", f"{told}: {lines[first][:80]!r}")
    names = tuple(name.strip() for name in cells[0])
    twice = next((name for name, count in Counter(names).items() if name and count > 1), None)
    if twice is not None:
        raise problem("DATA_COLUMNS", f"{opened.shown}: two columns are named {twice!r}; found {shown(names)}")
    return Layout(delimiter, names, first + 1)


def blocks(opened: Opened, layout: Layout) -> Iterator[tuple[dict[str, pa.Array], Any]]:
    """The cells of a file as text, some rows at a time, with the number of each row, from 0."""
    bad: list[Any] = []

    def judge(row: Any) -> str:
        if row.text.lstrip().startswith("#"):
            return "skip"
        bad.append(row)
        return "error"

    names = _unlike([name or f"unnamed_{n}" if n else name for n, name in enumerate(layout.names)])
    how_read = pc_csv.ReadOptions(
        use_threads=False, block_size=BLOCK, column_names=names, skip_rows=layout.skip, encoding="utf8"
    )
    how_parsed = pc_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=judge)
    as_text = pc_csv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False)
    first = 0
    try:
        with _Text(opened) as stream:
            reader = pc_csv.open_csv(pa.PythonFile(stream, "r"), how_read, how_parsed, as_text)
            for batch in reader:
                arrays = dict(zip(names, batch.columns, strict=True))
                yield arrays, np.arange(first, first + batch.num_rows, dtype=np.int64)
                first += batch.num_rows
    except pa.ArrowInvalid as error:
        if "Could not skip" in str(error):  # the header is all there is, without an end of its line
            raise problem("DATA_EMPTY", f"{opened.shown} holds a header and no row") from None
        raise _named(error, opened, layout, bad, first) from None
    if not first:
        raise problem("DATA_EMPTY", f"{opened.shown} holds a header and no row")


def _unlike(names: list[str]) -> list[str]:
    """The same names, told apart by their place where several instruments have them."""
    first = {name: n for n, name in reversed(list(enumerate(names)))}
    return [name if first[name] == n else f"{name}_{n}" for n, name in enumerate(names)]


def _blocks_or_ragged(opened: Opened, layout: Layout, reading: Reading) -> Iterator[tuple[dict[str, pa.Array], Any]]:
    """The cells of a file; a reference table without times may leave out empty cells at the end of a row."""
    given = False
    try:
        for block in blocks(opened, layout):
            given = True
            yield block
    except DataError as error:
        ragged = None if given or error.row.name != "DATA_LAYOUT" else _ragged(opened, layout)
        if ragged is None or plan_of(_told(Columns(*ragged, reading, ""))).kind != "reference":
            raise
        yield ragged


def _ragged(opened: Opened, layout: Layout) -> tuple[dict[str, pa.Array], Any] | None:
    """All rows with the cells that they lack at their end added as empty ones; None where a row has too many."""
    text = opened.whole().decode("utf-8-sig", "replace").splitlines()[layout.skip :]
    width, found = len(layout.names), []
    try:
        for row in csv.reader(text, delimiter=layout.delimiter):
            if row and not row[0].lstrip().startswith("#"):
                if len(row) > width:
                    return None
                found.append(row + [""] * (width - len(row)))
    except csv.Error:
        return None
    names = [name or f"unnamed_{n}" if n else name for n, name in enumerate(layout.names)]
    arrays = {name: pa.array(column) for name, column in zip(names, zip(*found, strict=True), strict=True)}
    return arrays, np.arange(len(found), dtype=np.int64)


class _Text(io.RawIOBase):
    """The bytes of a file, as long as they are UTF-8: DATA-020 with the place where they are not."""

    def __init__(self, opened: Opened) -> None:
        self._stream, self._shown, self._read = opened.stream(), opened.shown, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as there are bytes."""
        found = self._stream.read(len(buffer))
        try:
            self._decoder.decode(found, final=not found)
        except UnicodeDecodeError as error:
            told = f"{self._shown}: not UTF-8 text near byte {self._read + error.start:,}"
            raise problem("DATA_DAMAGED", told) from None
        self._read += len(found)
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()


def _named(error: Exception, opened: Opened, layout: Layout, bad: list[Any], first: int) -> HedgerowError:
    if isinstance(error.__cause__, HedgerowError):
        return error.__cause__
    if bad:
        row = bad[0]
        where = f"line {row.number}" if row.number is not None else "a line"
        seen = f"{row.actual_columns} cells where there are {row.expected_columns} columns: {row.text[:60]!r}"
        cells = _cells(row.text, layout.delimiter)
        changed = sum(not _NUMBER.fullmatch(cell.strip()) for cell in cells) == len(cells) > 1
        return problem("DATA_COLUMNS_CHANGED" if changed else "DATA_LAYOUT", f"{opened.shown}, {where}: {seen}")
    if "straddling" in str(error):
        return problem("DATA_LAYOUT", f"{opened.shown}, after row {first}: a row of more than {BLOCK:,} bytes")
    if "Empty CSV" in str(error):
        return problem("DATA_EMPTY", f"{opened.shown} holds a header and no row")
    return problem("DATA_DAMAGED", f"{opened.shown}, after row {first}: {error}")


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _is_data(cells: Sequence[Sequence[str]]) -> bool:
    """Whether the first line is a row: numbers throughout, or codes with digits of the same form as those below."""
    first = [cell.strip() for cell in cells[0]]
    if all(_NUMBER.fullmatch(cell) for cell in first if cell) and any(first):
        return True
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in first)
    if numbers * 2 > len(first):
        return True
    rest = [row for row in cells[1:] if len(row) == len(first)]

    def alike(n: int, cell: str) -> bool:
        same = sum(_form(row[n].strip()) == _form(cell) for row in rest)
        return any(sign.isdigit() for sign in cell) and len(cell) < 64 and same * 2 > len(rest)

    return len(rest) > 1 and any(alike(n, cell) for n, cell in enumerate(first))


def _form(cell: str) -> str:
    """The form of a cell: runs of letters and of digits, each as one sign."""
    return re.sub(r"[a-z]+", "a", re.sub(r"[A-Z]+", "A", re.sub(r"\d+", "9", cell)))


def _told(columns: Columns) -> Columns:
    """The same columns without rows that are not data: comments, and FRED-MD's row of transformation codes."""
    name, head = next(iter(columns.arrays.items()))
    cells = head.to_pylist()
    drop = [row for row, cell in enumerate(cells) if cell.startswith("#")]
    if plain(name) == "sasdate":
        drop += [row for row, cell in enumerate(cells) if cell.lower().startswith("transform")]
        columns = _month_first(columns, name)
        if drop:
            columns.said.append("the row of transformation codes was left out")
    if not drop:
        return columns
    keep = np.setdiff1d(np.arange(columns.size), drop)
    arrays = {key: array.take(pa.array(keep)) for key, array in columns.arrays.items()}
    return Columns(arrays, columns.records[keep], columns.reading, columns.symbol, columns.said)


def _month_first(columns: Columns, name: str) -> Columns:
    """FRED-MD writes months as `1/1/1959`, the month first, as its documentation says."""
    dates = [_american(cell) for cell in columns.arrays[name].to_pylist()]
    return replace(columns, arrays={**columns.arrays, name: pa.array(dates)})


def _american(cell: str) -> str:
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", cell)
    return cell if match is None else f"{match[3]}-{int(match[1]):02d}-{int(match[2]):02d}"


def _two_levels(arrays: dict[str, pa.Array], records: Any, layout: Layout, reading: Reading) -> Iterator[Rows]:
    """Prices of several instruments side by side, as download tools write them."""
    columns = list(arrays.values())
    for symbol in dict.fromkeys(layout.symbols[1:]):
        mine = {layout.names[n]: columns[n] for n, name in enumerate(layout.symbols) if name == symbol}
        part = Columns({layout.names[0]: columns[0], **mine}, records, replace(reading, symbol=symbol), symbol)
        for found in rows_of(plan_of(part), part):
            yield replace(found, records=found.records if symbol == layout.symbols[1] else 0)
