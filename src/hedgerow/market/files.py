"""Files of prices: `.csv`, `.csv.gz` and `.parquet`, and folders of them with one instrument a file.

Understands commas, semicolons and tabs, a byte-order mark, and the three header lines of download tools. A file without
a header is refused unless its columns are named: a column of numbers does not say what it is.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.market.bars import Bars
from hedgerow.market.columns import kept_as_text
from hedgerow.market.formats.columnar import is_plain_parquet
from hedgerow.market.formats.delimited import is_plain
from hedgerow.market.formats.registry import opened, parts, read_rows, recognised
from hedgerow.market.frames import Origin, bars_from_frame
from hedgerow.market.reading import Reading

if TYPE_CHECKING:
    import pandas as pd

Tables: TypeAlias = "dict[tuple[Any, ...], tuple[pd.DataFrame, int]]"
SUFFIXES = (".csv", ".csv.gz", ".parquet")


def read_bars(path: Path, reading: Reading, held: Tables | None = None) -> Bars:
    """What `Bars.read` promises. held: tables that were read for
    other settings; each CSV and Parquet file is read once."""
    held = {} if held is None else held
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if _suffix(file))
        if not files:
            raise problem("DATA_EMPTY", f"{path} holds no {', '.join(SUFFIXES)} file")
        return Bars.joined((read_bars(file, reading, held) for file in files), source=path.name)
    file = opened(path)
    suffix, form = _suffix(path), None if file.packing == "zip" else recognised(file).name
    if suffix is None or form not in ("delimited", "parquet"):
        return _of_rows(path, reading)
    if not (is_plain(file, reading) if form == "delimited" else is_plain_parquet(path)):
        return _of_rows(path, reading)
    origin = Origin(source=path.name, symbol=path.name.removesuffix(suffix))
    if suffix == ".parquet":
        frame, _ = _once(held, (path,), lambda: (_parquet(path), 0))
    else:
        frame, lines = _once(held, (path, str(reading.columns)), lambda: _csv(path, reading))
        origin = replace(origin, line_first=lines + 1)
        if not isinstance(reading.columns, dict):
            reading = replace(reading, columns=None)
    try:
        return bars_from_frame(frame, reading, origin)
    except HedgerowError as error:
        if path.name in error.detail:
            raise
        raise problem(error.code, f"{path.name}: {error.detail}") from None


def table_of(path: Path, reading: Reading) -> pd.DataFrame | None:
    """The table of a CSV or Parquet file as it stands; None where it is of another format or layout."""
    file = opened(path)
    suffix, form = _suffix(path), None if file.packing == "zip" else recognised(file).name
    if suffix is None or form not in ("delimited", "parquet"):
        return None
    return _parquet(path) if suffix == ".parquet" else _csv(path, reading)[0]


def _once(held: Tables, key: tuple[Any, ...], read: Callable[[], tuple[pd.DataFrame, int]]) -> tuple[pd.DataFrame, int]:
    if key not in held:
        held[key] = read()
    return held[key]


def _of_rows(path: Path, reading: Reading) -> Bars:
    """The bars of a file of any other format; its reader stamps them at their close."""
    import pandas as pd
    import pyarrow as pa

    bars: list[pa.Table] = []
    notes: list[str] = []
    found: dict[str, int] = {}
    unordered = False
    for file, form in parts(opened(path)):
        for rows in read_rows(file, form, reading):
            found[rows.kind] = found.get(rows.kind, 0) + rows.table.num_rows
            unordered |= form.clock is None
            if rows.kind == "bars":
                bars.append(rows.table)
                notes += rows.notes
    if not bars:
        held = ", ".join(f"{count} {kind}" for kind, count in found.items() if count) or "nothing"
        raise problem("DATA_MISSING_COLUMN", f"bars in {path.name}: it holds {held}")
    table = pa.concat_tables(bars)
    frame = pd.DataFrame({"ts_event": table.column("ts_event").to_pandas(), "symbol": table.column("instrument")})
    if not table.column("ts_init").equals(table.column("ts_event")) and not table.column("ts_init").null_count:
        frame["ts_init"] = table.column("ts_init").to_pandas()
    for name in ("open", "high", "low", "close", "volume"):
        column = table.column(name)
        if column.null_count < len(column):
            frame[name] = column.cast(pa.float64()).to_numpy()
    spans = {span for span in table.column("span_ns").unique().to_pylist() if span}
    span = reading.span or (min(spans) if len(spans) == 1 else None)
    told = replace(reading, stamped="close", columns=None, span=span, sort=reading.sort or unordered)
    read = bars_from_frame(frame, told, Origin(source=path.name, symbol=path.name.split(".")[0]))
    return replace(read, notes=tuple(dict.fromkeys((*notes, *read.notes))))


def _suffix(path: Path) -> str | None:
    return next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), None)


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        frame: pd.DataFrame = pq.read_table(path).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise problem("DATA_UNKNOWN_FORMAT", f"{path.name}: {error}") from None
    except (ValueError, KeyError, TypeError) as error:  # pandas' own notes in it
        raise problem("DATA_DAMAGED", f"{path.name}: {error}") from None
    return frame


def _csv(path: Path, reading: Reading) -> tuple[pd.DataFrame, int]:
    """The table of a text file, and how many header lines it has."""
    import pandas as pd

    head = _first_lines(path)
    delimiter = max(",;\t", key=head[0].count)
    options: dict[str, Any] = {"sep": delimiter, "encoding": "utf-8-sig"}
    names = None if reading.columns is None or hasattr(reading.columns, "keys") else list(reading.columns)
    lines = 1
    if names is not None:
        options |= {"header": None, "names": names, "index_col": False}
        lines = 0
    elif len(head) > 2 and head[0].startswith("Price") and head[1].startswith("Ticker"):
        options |= {"header": [0, 1], "index_col": 0}
        lines = 3 if head[2].split(delimiter)[0] in ("Date", "Datetime") else 2
        options["skiprows"] = [2] if lines == 3 else None
    elif all(
        re.fullmatch(r"-?[\d.:/ T-]*\d(e[+-]?\d+)?", cell.strip().strip('"')) for cell in head[0].split(delimiter)
    ):
        raise problem(
            "DATA_MISSING_COLUMN",
            f"{path.name} has no header; name its columns in order with columns=[...]: {head[0]!r}",
        )
    try:
        frame = pd.read_csv(path, **options) if lines > 1 else _one_header(path, options, names, reading)
    except pd.errors.EmptyDataError:
        raise problem("DATA_EMPTY", path.name) from None
    except (pd.errors.ParserError, UnicodeDecodeError, EOFError, OSError) as error:
        raise problem("DATA_UNKNOWN_FORMAT", f"{path.name}: {error}") from None
    if lines == 3 or (lines == 2):
        frame.index.name = head[2].split(delimiter)[0] if lines == 3 else None
    return frame, lines


def _one_header(path: Path, options: dict[str, Any], names: list[str] | None, reading: Reading) -> pd.DataFrame:
    """A table with one header or none; symbols and times of day stay as they are written."""
    import pandas as pd

    written = kept_as_text(names or pd.read_csv(path, nrows=0, **options).columns, reading.column_map)
    options = options | {"dtype": dict.fromkeys(written, str)}
    frame: pd.DataFrame = pd.read_csv(path, **options)
    if frame[written].isna().any(axis=None):  # a symbol may be NA
        frame[written] = pd.read_csv(path, usecols=written, keep_default_na=False, **options)[written]
    for name in written:
        frame[name] = frame[name].str.strip()
    return frame


def _first_lines(path: Path) -> list[str]:
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8-sig") as file:
            lines = [file.readline().rstrip("\r\n") for _ in range(3)]
    except (UnicodeDecodeError, EOFError, OSError) as error:
        raise problem("DATA_UNKNOWN_FORMAT", f"{path.name}: {error}") from None
    if not lines[0].strip():
        raise problem("DATA_EMPTY", f"{path.name}: its first line is blank")
    return lines
