"""Databento's records as tables and JSON: CSV, Parquet and JSON lines, as its tools write them.

Each record is put back into its binary layout and read by the one reader of DBN, so that a table says what the binary
file says. Prices are text with nine decimals, floats, or whole numbers of 10^-9; times are ISO 8601 or nanoseconds. The
columns of an instrument's definition, its statistics and states are kept as they are written.

Source: the encodings of the DBN tools (`pretty_px`, `pretty_ts`, `map_symbols`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import problem
from hedgerow.market.formats import dbn
from hedgerow.market.formats.gathering import iso
from hedgerow.market.formats.rows import Ints, Rows, blank, rows, texts
from hedgerow.market.reading import Reading

NEEDED = frozenset({"rtype", "publisher_id", "instrument_id"})
_NAMES = {"publisher": "publisher_id", "delta": "ts_in_delta", "channel": "channel_id"}
_PRICES = frozenset({"price", "open", "high", "low", "close", "bid", "ask"})
_TIMES = frozenset({"ts_event", "ts_recv"})
_CONTENT = {0x12: "status", 0x14: "imbalance", 0x18: "statistics"}


def flattened(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of JSON with its header and its levels as columns, as tables have them."""
    header = record.get("hd")
    if not isinstance(header, dict) or not {"rtype", "instrument_id"} <= header.keys():
        return record
    flat = header | {name: value for name, value in record.items() if name not in ("hd", "levels")}
    for number, level in enumerate(record.get("levels") or ()):
        flat |= {f"{name}_{number:02d}": value for name, value in level.items()}
    return flat


def rows_of_records(arrays: Mapping[Any, Any], records: Ints, reading: Reading, stem: str) -> list[Rows]:
    """The rows of a table of records, run by run of one type."""
    kinds = np.array(_whole(arrays["rtype"], "rtype", records), dtype=np.int64)
    found: list[Rows] = []
    edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), kinds.size]
    for start, end in pairwise(edges):
        part = {name: column.slice(start, end - start) for name, column in arrays.items()}
        found += _run(int(kinds[start]), part, records[start:end], reading, stem)
    return found


def _run(rtype: int, arrays: Mapping[Any, Any], records: Ints, reading: Reading, stem: str) -> list[Rows]:
    layout = dbn.layout_of(rtype)
    if layout is None:
        return [_kept(rtype, arrays, records, reading)]
    packed = np.zeros(records.size, dtype=layout)
    for name in layout.names:
        if name == "length":
            packed[name] = layout.itemsize // 4
        elif name == "levels":
            for number in range(packed[name].shape[1]):
                _fill_level(packed[name][:, number], arrays, number, records)
        elif name in ("bid", "ask", "bid_size", "ask_size", "rest"):
            continue
        else:
            _fill(packed, name, arrays.get(_NAMES.get(name, name)), records)
    if "bid" in layout.names:
        _fill_level(packed, arrays, 0, records)
    numbers = packed["instrument_id"].tolist()
    names = texts(arrays["symbol"]).to_pylist() if "symbol" in arrays else []
    symbols = {number: [(*dbn.ALWAYS, name)] for number, name in zip(numbers, names, strict=False) if name}
    if len(set(names)) > len(symbols):  # a number that changed hands within the file
        return [
            part
            for n in range(records.size)
            for part in _run(rtype, {k: a.slice(n, 1) for k, a in arrays.items()}, records[n : n + 1], reading, stem)
        ]
    return dbn.run(packed.tobytes(), layout.itemsize, rtype, records, symbols, stem, reading)


def _fill(packed: Any, name: str, column: Any, records: Ints) -> None:
    kind = packed.dtype[name].kind
    if column is None:
        packed[name] = b"N" if kind == "S" else dbn.UNDEFINED if name in _PRICES else 0
    elif kind == "S":
        packed[name] = [(text or "N").encode()[:1] for text in texts(column).to_pylist()]
    elif name in _TIMES:
        packed[name] = _times(column, name, records)
    elif name in _PRICES:
        packed[name] = _prices(column, name, records)
    else:
        packed[name] = _whole(column, name, records)


def _fill_level(packed: Any, arrays: Mapping[Any, Any], number: int, records: Ints) -> None:
    for ours, theirs in (("bid", "bid_px"), ("ask", "ask_px"), ("bid_size", "bid_sz"), ("ask_size", "ask_sz")):
        column = arrays.get(f"{theirs}_{number:02d}")
        if column is None:
            packed[ours] = dbn.UNDEFINED if theirs.endswith("px") else 0
        else:
            packed[ours] = (_prices if theirs.endswith("px") else _whole)(column, theirs, records)


def _whole(column: Any, name: str, records: Ints) -> list[int]:
    """Whole numbers; an empty cell is 0."""
    found = []
    for row, text in enumerate(blank(texts(column)).to_pylist()):
        try:
            found.append(int(text or 0))
        except ValueError:
            raise problem("DATA_TYPE", f"record {records[row]}: {name} is {text[:40]!r}, no whole number") from None
    return found


def _prices(column: Any, name: str, records: Ints) -> list[int]:
    """Prices in 10^-9: written with a point, or whole numbers of them."""
    floats = pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
    found = []
    for row, text in enumerate(blank(texts(column)).to_pylist()):
        if text is None:
            found.append(dbn.UNDEFINED)
            continue
        try:
            value = Decimal(text).scaleb(9) if floats or "." in text else Decimal(int(text))
            found.append(int(value))
            if value != found[-1] or abs(found[-1]) > dbn.UNDEFINED:
                raise ValueError(text)
        except (ValueError, InvalidOperation, OverflowError):
            raise problem("DATA_TYPE", f"record {records[row]}: {name} is {text[:40]!r}, no price to 10^-9") from None
    return found


def _times(column: Any, name: str, records: Ints) -> Any:
    """Nanoseconds since 1970; an undefined or empty time is absent."""
    if pa.types.is_timestamp(column.type):
        return pc.fill_null(pc.cast(column.cast(pa.timestamp("ns", "UTC")), pa.int64()), 0).to_numpy()
    found = np.zeros(len(column), dtype=np.uint64)
    for row, text in enumerate(blank(texts(column)).to_pylist()):
        if text is not None:
            try:
                found[row] = int(text) if text.isdecimal() else iso(text)
            except (ValueError, OverflowError):
                raise problem("DATA_TIME", f"record {records[row]}: {name} is {text[:40]!r}") from None
    return found


def _kept(rtype: int, arrays: Mapping[Any, Any], records: Ints, reading: Reading) -> Rows:
    """What is told in columns of its own, as JSON."""
    if rtype not in (0x13, *_CONTENT):
        raise problem("DATA_LAYOUT", f"record {records[0]}: no schema has the type {rtype}")
    cells = {str(name): texts(column).to_pylist() for name, column in arrays.items()}
    known = {name: _times(arrays[name], name, records).astype(np.int64) for name in _TIMES if name in arrays}
    event = known.get("ts_event", known.get("ts_recv"))
    who = cells.get("symbol") or cells.get("raw_symbol") or cells["instrument_id"]
    given = {"record": records, "ts_event": event, "ts_init": known.get("ts_recv", event)}
    given["instrument"] = reading.symbol or who
    given["content"] = [json.dumps(dict(zip(cells, row, strict=True))) for row in zip(*cells.values(), strict=True)]
    return rows("reference", given) if rtype == 0x13 else rows("messages", given | {"type": _CONTENT[rtype]})
