"""Databento Binary Encoding, versions 1 to 3: with its metadata, as a fragment without, and the older DBZ.

Records are of fixed layout, so whole runs of one type are read as arrays. Prices are whole numbers of 10^-9 and become
exact decimals; an undefined price or time is absent. Promises that a record whose length or type no schema has is named
with its place. `ts_init` is the vendor's receive time where a record has one.

Source: the published layouts of DBN (record header, `mbo`, `mbp`, `bbo`, `ohlcv`, `definition`, `imbalance`,
`statistics`, `status`).
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import problem
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import DECIMAL, Rows, rows
from hedgerow.market.reading import Reading
from hedgerow.market.times import span_ns

_HEADER = [("length", "u1"), ("rtype", "u1"), ("publisher", "<u2"), ("instrument_id", "<u4"), ("ts_event", "<u8")]
_LEVEL = [("bid", "<i8"), ("ask", "<i8"), ("bid_size", "<u4"), ("ask_size", "<u4"), ("rest", "V8")]
_TRADE = [("price", "<i8"), ("size", "<u4"), ("action", "S1"), ("side", "S1"), ("flags", "u1"), ("depth", "u1")]
_TICK = [*_HEADER, *_TRADE, ("ts_recv", "<u8"), ("delta", "<i4"), ("sequence", "<u4")]
_DTYPES: dict[int, Any] = {
    0x00: np.dtype(_TICK),
    0x01: np.dtype([*_TICK, *_LEVEL]),
    0x0A: np.dtype([*_TICK, ("levels", _LEVEL, (10,))]),
    0xA0: np.dtype(
        [
            *_HEADER,
            ("order_id", "<u8"),
            ("price", "<i8"),
            ("size", "<u4"),
            ("flags", "u1"),
            ("channel", "u1"),
            ("action", "S1"),
            ("side", "S1"),
            ("ts_recv", "<u8"),
            ("delta", "<i4"),
            ("sequence", "<u4"),
        ]
    ),
    0x20: np.dtype([*_HEADER, *((name, "<i8") for name in ("open", "high", "low", "close")), ("volume", "<u8")]),
}
_SPANS: dict[int, int | None] = {
    0x11: None,
    0x20: 10**9,
    0x21: 60 * 10**9,
    0x22: 3600 * 10**9,
    0x23: 86_400 * 10**9,
    0x24: 86_400 * 10**9,
}
_DBZ_SPANS = {5: "1s", 6: "1min", 7: "1h", 8: "1d"}
_BBO = frozenset({0xC3, 0xC4, 0xB1, 0xC0, 0xC1})
_CONTENT = {0x12: "status", 0x13: "definition", 0x14: "imbalance", 0x15: "error", 0x16: "mapping", 0x17: "system",
            0x18: "statistics"}  # fmt: skip
_ACTIONS = {b"A": "add", b"C": "cancel", b"M": "modify", b"R": "clear", b"T": "trade", b"F": "execute", b"N": "none"}
_PHASES = {
    **dict.fromkeys((1, 2, 3, 4, 5), "opening_call"),  # before the opening, before and in a cross, quoting, rotation
    7: "continuous",
    **dict.fromkeys((8, 9, 10), "halted"),  # halt, pause, suspension
    11: "closing_call",
    **dict.fromkeys((12, 13, 15), "closed"),  # closed, behind the close, not to be traded
}
"""What an action of a status message makes of an instrument."""
_NEW_PRICE = 6
"""A new indication of the price: trading, where its flag says so. Any other (as of short sales) changes nothing."""
_UNDEFINED = 2**63 - 1
_NO_TIME = 2**64 - 1
_CSTR = {1: 22, 2: 71, 3: 71}
METADATA_MAX = 64 << 20
_BLOCK = 4 << 20


def claims(opened: Opened) -> bool:
    """Whether it begins as DBN or DBZ does, or is a fragment by its name and its first record."""
    head = opened.head
    if head.startswith(b"DBN") and len(head) > 8 and head[3] in _CSTR:
        return True
    if _dbz_schema(opened) is not None:
        return True
    return ".dbn" in opened.path.name.lower()


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a file of records."""
    symbols: dict[int, str] = {}
    with opened.stream() as stream:
        if opened.head.startswith(b"DBN"):
            symbols = _metadata(stream, opened)
        elif (schema := _dbz_schema(opened)) in _DBZ_SPANS:
            reading = replace(reading, span=_DBZ_SPANS[schema])
        first = 0
        rest = b""
        while block := stream.read(_BLOCK):
            rest += block
            parts, used, first = _records(rest, symbols, first, opened, reading)
            yield from parts
            rest = rest[used:]
        if rest:
            raise problem(
                "DATA_DAMAGED", f"{opened.shown}: record {first} is cut off, {len(rest)} bytes of it are there"
            )
    if not first:
        raise problem("DATA_EMPTY", f"{opened.shown} holds no record")


def _dbz_schema(opened: Opened) -> int | None:
    """The number of the schema in the metadata of a DBZ file, which lie in a frame that zstd skips; else None."""
    with opened.path.open("rb") as file:
        start = file.read(30)
    is_dbz = start[1:4] == b"*M\x18" and start[8:11] == b"DBZ" and len(start) == 30
    return int.from_bytes(start[28:30], "little") if is_dbz else None


def _metadata(stream: io.BufferedReader, opened: Opened) -> dict[int, str]:
    """Names of the instruments by their numbers, from the metadata's mappings."""
    version, length = struct.unpack("<3xBI", stream.read(8).ljust(8, b"\xff"))
    body = stream.read(length) if length <= METADATA_MAX else b""
    if len(body) < length:
        raise problem(
            "DATA_DAMAGED", f"{opened.shown}: its metadata is cut off, {len(body)} of {length} bytes are there"
        )
    try:
        return _mappings(body, version)
    except (struct.error, UnicodeDecodeError, IndexError):
        raise problem("DATA_LAYOUT", f"{opened.shown}: its metadata is not laid out as version {version}") from None


def _mappings(body: bytes, version: int) -> dict[int, str]:
    width = _CSTR[version] if version == 1 else struct.unpack_from("<H", body, 45)[0] or _CSTR[version]
    place = 100
    (schema,) = struct.unpack_from("<I", body, place)
    place += 4 + schema
    for _ in range(3):
        (count,) = struct.unpack_from("<I", body, place)
        place += 4 + count * width
    (count,) = struct.unpack_from("<I", body, place)
    place += 4
    found: dict[int, str] = {}
    for _ in range(count):
        raw = _text(body[place : place + width])
        (intervals,) = struct.unpack_from("<I", body, place + width)
        place += width + 4
        for _ in range(intervals):
            number = _text(body[place + 8 : place + 8 + width])
            if number.isdigit():
                found[int(number)] = raw
            place += 8 + width
    return found


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode()


def _records(
    data: bytes, symbols: dict[int, str], first: int, opened: Opened, reading: Reading
) -> tuple[list[Rows], int, int]:
    """Rows of the whole records in some bytes, how many bytes they are, and the number of the next record."""
    parts, place = [], 0
    while place + 16 <= len(data):
        length, rtype = data[place] * 4, data[place + 1]
        if length < 16:
            raise problem("DATA_LAYOUT", f"{opened.shown}, record {first}: a length of {length} bytes")
        end = place
        while end + length <= len(data) and data[end] * 4 == length and data[end + 1] == rtype:
            end += length
        if end == place:
            break
        count = (end - place) // length
        numbers = np.arange(first, first + count, dtype=np.int64)
        parts += _run(data[place:end], length, rtype, numbers, symbols, opened, reading)
        first, place = first + count, end
    return parts, place, first


def _run(
    data: bytes, length: int, rtype: int, numbers: Any, symbols: dict[int, str], opened: Opened, reading: Reading
) -> list[Rows]:
    """Rows of records of one type."""
    layout = 0x01 if rtype in _BBO else 0x20 if rtype in _SPANS else rtype
    if layout not in _DTYPES:
        if rtype not in _CONTENT:
            raise problem("DATA_LAYOUT", f"{opened.shown}, record {numbers[0]}: no schema has the type {rtype}")
        content = _contents(data, length, rtype, numbers, symbols, reading)
        return _with_phases(content, data, length) if rtype == 0x12 else [content]
    dtype = _DTYPES[layout]
    if length < dtype.itemsize:
        raise problem(
            "DATA_LAYOUT", f"{opened.shown}, record {numbers[0]}: {length} bytes, {dtype.itemsize} are needed"
        )
    whole = np.dtype({"names": dtype.names, "formats": [dtype.fields[n][0] for n in dtype.names],
                      "offsets": [dtype.fields[n][1] for n in dtype.names], "itemsize": length})  # fmt: skip
    found = np.frombuffer(data, dtype=whole)
    base = {"record": numbers, "instrument": _names(found["instrument_id"], symbols, reading)}
    event = _times(found["ts_event"])
    if layout == 0x20:
        prices = {name: _prices(found[name]) for name in ("open", "high", "low", "close")}
        span = _SPANS[rtype] or span_ns(reading.span or "1s")
        closed = pc.add(event, span)
        given = base | prices | {"ts_event": closed, "span_ns": span, "volume": pa.array(found["volume"])}
        return [rows("bars", given, label=event)]
    base |= {
        "ts_event": event if layout != 0x01 or rtype not in _BBO else _first(event, found),
        "ts_init": _received(found),
    }
    if rtype == 0xA0:
        action = [_ACTIONS.get(bytes(code), "none") for code in found["action"]]
        given = base | {"action": action, "side": _book_side(found["side"]), "price": _prices(found["price"])}
        given |= {"size": pa.array(found["size"]), "order_id": [str(n) for n in found["order_id"].tolist()]}
        return [rows("orders", given | {"sequence": found["sequence"].astype(np.int64)}, label=event)]
    if rtype == 0x0A:
        return [_ladder(found, base, event)]
    parts = []
    if layout == 0x01:
        given = {name: _prices(found[name]) for name in ("bid", "ask")}
        given |= {name: pa.array(found[name]) for name in ("bid_size", "ask_size")}
        parts.append(rows("quotes", base | given, label=event))
    traded = np.flatnonzero((found["action"] == b"T") | (rtype == 0x00))
    if traded.size and rtype not in _BBO:
        some = found[traded]
        told = {name: _some(column, traded) for name, column in base.items()}
        given = told | {
            "price": _prices(some["price"]),
            "size": pa.array(some["size"]),
            "side": _trade_side(some["side"]),
        }
        parts.append(rows("trades", given, records=0 if parts else None, label=event))
    return parts


def _some(column: Any, place: Any) -> Any:
    return pa.array(column).take(pa.array(place))


def _first(event: pa.Array, found: Any) -> pa.Array:
    """The event of a sampled best bid and offer: its last change, or the sample where nothing changed."""
    return pc.coalesce(event, _times(found["ts_recv"]))


def _received(found: Any) -> pa.Array:
    return pc.coalesce(_times(found["ts_recv"]), _times(found["ts_event"]))


def _ladder(found: Any, base: dict[str, Any], label: Any) -> Rows:
    """Ten levels of each side: every record is a whole book."""
    size = len(found)
    spread = pa.array(np.repeat(np.arange(size), 20))
    levels = found["levels"]
    price = np.concatenate([levels["bid"], levels["ask"]], axis=1).ravel()
    amount = np.concatenate([levels["bid_size"], levels["ask_size"]], axis=1).ravel()
    given = {name: pa.array(column).take(spread) for name, column in base.items()}
    given |= {"side": (["bid"] * 10 + ["ask"] * 10) * size, "price": _prices(price), "size": pa.array(amount)}
    given["sequence"] = pa.array(found["sequence"].astype(np.int64)).take(spread)
    told = rows("depth", given | {"snapshot": True}, records=size, label=label)
    return Rows("depth", told.table.filter(pc.is_valid(told.table.column("price"))), size, told.first_ns, told.last_ns)


def _contents(data: bytes, length: int, rtype: int, numbers: Any, symbols: dict[int, str], reading: Reading) -> Rows:
    """Definitions, statistics and states: their header, and what is told of them, as JSON."""
    header = np.frombuffer(data, np.dtype({"names": [n for n, _ in _HEADER], "formats": [f for _, f in _HEADER],
                                           "offsets": [0, 1, 2, 4, 8], "itemsize": length}))  # fmt: skip
    told = [_told(data[n * length : (n + 1) * length], rtype) for n in range(len(header))]
    names = _names(header["instrument_id"], symbols, reading)
    names = [found.get("raw_symbol") or name for found, name in zip(told, names, strict=True)]
    kind = "reference" if rtype == 0x13 else "messages"
    given = {"record": numbers, "ts_event": _times(header["ts_event"]), "instrument": names}
    given["content"] = [json.dumps(found) for found in told]
    return rows(kind, given | ({} if kind == "reference" else {"type": _CONTENT[rtype]}))


def _with_phases(told: Rows, data: bytes, length: int) -> list[Rows]:
    """Messages of status, and rows of those that say what an instrument does from now on."""
    if length < 32:
        return [told]
    found = np.frombuffer(data, np.dtype({"names": ["ts_recv", "action", "is_trading"], "formats": ["<u8", "<u2", "S1"],
                                          "offsets": [16, 24, 30], "itemsize": length}))  # fmt: skip
    actions = np.where((found["action"] == _NEW_PRICE) & (found["is_trading"] == b"Y"), 7, found["action"])
    known = np.flatnonzero(np.isin(actions, list(_PHASES)))
    if not known.size:
        return [told]
    table = told.table.take(pa.array(known))
    given = {name: table.column(name) for name in ("record", "ts_event", "instrument")}
    given |= {"ts_init": pc.coalesce(_times(found["ts_recv"][known]), pc.cast(given["ts_event"], pa.int64()))}
    given |= {"phase": [_PHASES[action] for action in actions[known].tolist()]}
    return [told, rows("phases", given, records=0)]


def _told(record: bytes, rtype: int) -> dict[str, Any]:
    if rtype != 0x13:
        return {"bytes": record[16:].hex()}
    received, step, factor, expiry, active = struct.unpack_from("<QqqQQ", record, 16)
    found: dict[str, Any] = {"ts_recv": received, "min_price_increment": _price(step), "display_factor": _price(factor)}
    found |= {
        "expiration": None if expiry == _NO_TIME else expiry,
        "activation": None if active == _NO_TIME else active,
    }
    name = _symbol_in(record)
    return found | ({"raw_symbol": name} if name else {})


def _symbol_in(record: bytes) -> str | None:
    """The raw symbol of a definition: where it stands differs by version, which the length tells."""
    place = {360: 194, 400: 200, 520: 238}.get(len(record))
    if place is None:
        return None
    raw = record[place : place + 71].split(b"\0", 1)[0]
    return raw.decode() if raw and raw.isascii() and raw.decode().isprintable() else None


def _price(value: int) -> str | None:
    return None if value == _UNDEFINED else f"{value}e-9"


def _prices(column: Any) -> pa.Array:
    """Whole numbers of 10^-9 as decimals, without those that are undefined."""
    values = pa.array(np.ascontiguousarray(column), mask=column == _UNDEFINED)
    return pc.cast(pc.binary_join_element_wise(values.cast(pa.string()), "e-9", ""), DECIMAL)


def _times(column: Any) -> pa.Array:
    return pa.array(column.astype(np.int64), mask=(column == _NO_TIME) | (column == 0))


def _names(numbers: Any, symbols: dict[int, str], reading: Reading) -> list[str]:
    return [reading.symbol or symbols.get(number, str(number)) for number in numbers.tolist()]


def _book_side(column: Any) -> list[str | None]:
    return [{b"B": "bid", b"A": "ask"}.get(bytes(code)) for code in column]


def _trade_side(column: Any) -> list[str | None]:
    return [{b"B": "buy", b"A": "sell"}.get(bytes(code)) for code in column]
