"""Databento Binary Encoding, versions 1 to 3: with its metadata, as a fragment without, and the older DBZ.

Records are of fixed layout, so whole runs of one type are read as arrays. Prices are whole numbers of 10^-9 and become
exact decimals; an undefined price or time is absent. Promises that a record whose length or type no schema has is named
with its place, and that a number which means one instrument today and another tomorrow is named by its day. `ts_init`
is the vendor's receive time where a record has one.

Source: the published layouts of DBN (record header, `mbo`, `mbp`, `bbo`, `ohlcv`, `definition`, `imbalance`,
`statistics`, `status`).
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import problem
from hedgerow.core.spans import DAY_NS
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
_SAMPLED = frozenset({0xC3, 0xC4, 0xC0, 0xC1})
"""Types of best bids and offers taken at fixed times."""
_BBO = _SAMPLED | {0xB1, 0xC2}
"""Types laid out as the best level of each side; the last two are of all venues together, trades among them."""
_STATISTICS = ("", "opening_price", "indicative_opening_price", "settlement_price", "session_low_price",
               "session_high_price", "cleared_volume", "lowest_offer", "highest_bid", "open_interest", "fixing_price",
               "close_price", "net_change", "vwap", "volatility", "delta", "uncrossing_price")  # fmt: skip
_AUCTIONS = {b"O": "opening", b"C": "closing"}
_MAPPING = 0x16
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
_Symbols: TypeAlias = dict[int, list[tuple[int, int, str]]]
"""Names of instruments by their numbers, each from a day to before another, in days since 1970."""
ALWAYS = (-(2**31), 2**31)
UNDEFINED = 2**63 - 1
_NO_TIME = 2**64 - 1
_CSTR = {1: 22, 2: 71, 3: 71}
METADATA_MAX = 64 << 20
_BLOCK = 4 << 20


def claims(opened: Opened) -> bool:
    """Whether it begins as DBN or DBZ does, or is a fragment by its name and its first record."""
    head = opened.head
    if head.startswith(b"DBN") and len(head) > 8 and head[3] < 32:
        return True
    if _dbz_schema(opened) is not None:
        return True
    return ".dbn" in opened.path.name.lower()


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a file of records."""
    symbols: _Symbols = {}
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


def _metadata(stream: io.BufferedReader, opened: Opened) -> _Symbols:
    """Names of the instruments by their numbers, from the metadata's mappings."""
    version, length = struct.unpack("<3xBI", stream.read(8).ljust(8, b"\xff"))
    if version not in _CSTR:
        raise problem("DATA_LAYOUT", f"{opened.shown}: version {version} of DBN; versions 1 to 3 are read")
    body = stream.read(length) if length <= METADATA_MAX else b""
    if len(body) < length:
        raise problem(
            "DATA_DAMAGED", f"{opened.shown}: its metadata is cut off, {len(body)} of {length} bytes are there"
        )
    try:
        return _mappings(body, version)
    except (struct.error, ValueError, IndexError):
        raise problem("DATA_LAYOUT", f"{opened.shown}: its metadata is not laid out as version {version}") from None


def _mappings(body: bytes, version: int) -> _Symbols:
    width = _CSTR[version] if version == 1 else struct.unpack_from("<H", body, 45)[0] or _CSTR[version]
    place = 100
    (schema,) = struct.unpack_from("<I", body, place)
    place += 4 + schema
    for _ in range(3):
        (count,) = struct.unpack_from("<I", body, place)
        place += 4 + count * width
    (count,) = struct.unpack_from("<I", body, place)
    place += 4
    found: _Symbols = {}
    for _ in range(count):
        raw = _text(body[place : place + width])
        (intervals,) = struct.unpack_from("<I", body, place + width)
        place += width + 4
        for _ in range(intervals):
            start, end = struct.unpack_from("<II", body, place)
            number, name = _text(body[place + 8 : place + 8 + width]), raw
            if raw.isdigit() and not number.isdigit():  # asked for by number
                number, name = raw, number
            if number.isdigit() and name:
                found.setdefault(int(number), []).append((_day(start), _day(end), name))
            place += 8 + width
    return found


def _day(written: int) -> int:
    """Days since 1970 of a date written as YYYYMMDD."""
    text = f"{written:08d}"
    return int(np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:]}", "D").astype(np.int64))


def _text(raw: bytes) -> str:
    name = raw.split(b"\0", 1)[0]
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise problem("DATA_DAMAGED", f"a text is {name!r:.60}") from None


def _records(
    data: bytes, symbols: _Symbols, first: int, opened: Opened, reading: Reading
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
        parts += run(data[place:end], length, rtype, numbers, symbols, opened.shown, reading)
        first, place = first + count, end
    return parts, place, first


def layout_of(rtype: int) -> Any:
    """The fixed layout of records of a type; None of those whose content is told in words."""
    return _DTYPES.get(0x01 if rtype in _BBO else 0x20 if rtype in _SPANS else rtype)


def run(
    data: bytes, length: int, rtype: int, numbers: Any, symbols: _Symbols, shown: str, reading: Reading
) -> list[Rows]:
    """Rows of records of one type; `shown` is the name of their file for people."""
    layout = 0x01 if rtype in _BBO else 0x20 if rtype in _SPANS else rtype
    if layout not in _DTYPES:
        if rtype not in _CONTENT:
            raise problem("DATA_LAYOUT", f"{shown}, record {numbers[0]}: no schema has the type {rtype}")
        if rtype == _MAPPING:
            _learn(data, length, symbols)
        content = _contents(data, length, rtype, numbers, symbols, reading)
        if rtype == 0x14 and length >= 112:
            return [content, _imbalances(content, data, length)]
        return _with_phases(content, data, length) if rtype == 0x12 else [content]
    dtype = _DTYPES[layout]
    if length < dtype.itemsize:
        raise problem("DATA_LAYOUT", f"{shown}, record {numbers[0]}: {length} bytes, {dtype.itemsize} are needed")
    whole = np.dtype({"names": dtype.names, "formats": [dtype.fields[n][0] for n in dtype.names],
                      "offsets": [dtype.fields[n][1] for n in dtype.names], "itemsize": length})  # fmt: skip
    found = np.frombuffer(data, dtype=whole)
    base = {"record": numbers, "instrument": _names(found["instrument_id"], found["ts_event"], symbols, reading)}
    event = _times(found["ts_event"])
    if layout == 0x20:
        prices = {name: _prices(found[name]) for name in ("open", "high", "low", "close")}
        span = _SPANS[rtype] or span_ns(reading.span or "1s")
        closed = pc.add(event, span)
        given = base | prices | {"ts_event": closed, "span_ns": span, "volume": pa.array(found["volume"])}
        return [rows("bars", given, label=event)]
    base |= {
        "ts_event": event if rtype not in _SAMPLED else _first(event, found),
        "ts_init": _received(found),
    }
    if rtype == 0xA0:
        action = [_ACTIONS.get(bytes(code), "none") for code in found["action"]]
        given = base | {"action": action, "side": _book_side(found["side"]), "price": _prices(found["price"])}
        given |= {"size": pa.array(found["size"]), "order_id": [str(n) for n in found["order_id"].tolist()]}
        return [rows("orders", given | {"sequence": found["sequence"].astype(np.int64)}, label=event)]
    parts = [_ladder(found, base, event)] if rtype == 0x0A else []
    if layout == 0x01:
        given = {name: _prices(found[name]) for name in ("bid", "ask")}
        given |= {name: pa.array(found[name]) for name in ("bid_size", "ask_size")}
        parts.append(rows("quotes", base | given, label=event))
    traded = np.flatnonzero((found["action"] == b"T") | (rtype == 0x00))
    if traded.size and rtype not in _SAMPLED:
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


def _contents(data: bytes, length: int, rtype: int, numbers: Any, symbols: _Symbols, reading: Reading) -> Rows:
    """Definitions, statistics and states: their header, and what is told of them, as JSON."""
    header = np.frombuffer(data, np.dtype({"names": [n for n, _ in _HEADER], "formats": [f for _, f in _HEADER],
                                           "offsets": [0, 1, 2, 4, 8], "itemsize": length}))  # fmt: skip
    told = [_told(data[n * length : (n + 1) * length], rtype) for n in range(len(header))]
    names = _names(header["instrument_id"], header["ts_event"], symbols, reading)
    names = [found.get("raw_symbol") or name for found, name in zip(told, names, strict=True)]
    kind = "reference" if rtype == 0x13 else "messages"
    given = {"record": numbers, "ts_event": _times(header["ts_event"]), "instrument": names}
    known = [found.get("ts_recv") or 0 for found in told]
    given["ts_init"] = pc.coalesce(_times(np.array(known, dtype=np.uint64)), given["ts_event"])
    given["content"] = [json.dumps(found) for found in told]
    return rows(kind, given | ({} if kind == "reference" else {"type": _CONTENT[rtype]}))


def _learn(data: bytes, length: int, symbols: _Symbols) -> None:
    """Names that a live session tells on its way."""
    place, width = (38, 22) if length < 160 else (89, 71)
    for start in range(0, len(data), length):
        name = _text(data[start + place : start + place + width])
        if name:
            symbols[int.from_bytes(data[start + 4 : start + 8], "little")] = [(*ALWAYS, name)]


def _imbalances(told: Rows, data: bytes, length: int) -> Rows:
    """What auctions would give: how much would match, how much is left over, and at which prices."""
    names = ["reference_price", "near_price", "far_price", "paired", "imbalance", "auction", "side"]
    found = np.frombuffer(data, np.dtype({"names": names, "formats": ["<i8", "<i8", "<i8", "<u4", "<u4", "S1", "S1"],
                                          "offsets": [24, 40, 48, 88, 92, 104, 105], "itemsize": length}))  # fmt: skip
    given = {name: told.table.column(name) for name in ("record", "ts_event", "ts_init", "instrument")}
    given |= {name: _prices(np.where(found[name] == 0, UNDEFINED, found[name])) for name in names[:3]}
    given |= {name: pa.array(np.ascontiguousarray(found[name])) for name in names[3:5]}
    given |= {"auction": [_AUCTIONS.get(bytes(code), "auction") for code in found["auction"]]}
    return rows("imbalances", given | {"side": _trade_side(found["side"])}, records=0)


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
    if rtype == 0x18:
        return _statistic(record)
    if rtype == 0x12 and len(record) >= 40:
        received, action, reason, event, trading, quoting, short = struct.unpack_from("<QHHHccc", record, 16)
        flags = {"is_trading": trading, "is_quoting": quoting, "is_short_sell_restricted": short}
        state: dict[str, Any] = {"ts_recv": received, "action": action, "reason": reason, "trading_event": event}
        return state | {name: {b"Y": True, b"N": False}.get(flag) for name, flag in flags.items()}
    if rtype in (0x15, 0x17):
        return {"text": record[16:].split(b"\0", 1)[0].decode("utf-8", "replace")}
    if rtype != 0x13:
        received = int.from_bytes(record[16:24], "little") if rtype == 0x14 else None
        return {"bytes": record[16:].hex()} | ({} if received is None else {"ts_recv": received})
    received, step, factor, expiry, active = struct.unpack_from("<QqqQQ", record, 16)
    found = {"ts_recv": received, "min_price_increment": _price(step), "display_factor": _price(factor)}
    found |= {
        "expiration": None if expiry == _NO_TIME else expiry,
        "activation": None if active == _NO_TIME else active,
    }
    name = _symbol_in(record)
    return found | ({"raw_symbol": name} if name else {})


def _statistic(record: bytes) -> dict[str, Any]:
    """A figure that a venue publishes of an instrument, such as its settlement price; lengths tell versions apart."""
    layout, nothing = ("<QQqqIiHHBB", UNDEFINED) if len(record) >= 80 else ("<QQqiIiHHBB", 2**31 - 1)
    if len(record) < 16 + struct.calcsize(layout):
        return {"bytes": record[16:].hex()}
    received, about, price, quantity, sequence, _, kind, _, action, _ = struct.unpack_from(layout, record, 16)
    return {
        "ts_recv": received,
        "statistic": _STATISTICS[kind] if 0 < kind < len(_STATISTICS) else str(kind),
        "price": _price(price),
        "quantity": None if quantity == nothing else quantity,
        "ts_ref": None if about == _NO_TIME else about,
        "sequence": sequence,
        "is_deleted": action == 2,
    }


def _symbol_in(record: bytes) -> str | None:
    """The raw symbol of a definition: where it stands differs by version, which the length tells."""
    places = {360: 194, 400: 200, 520: 238}
    place = places.get(len(record), places.get(len(record) - 8))  # or with the time of sending behind it
    if place is None:
        return None
    raw = record[place : place + 71].split(b"\0", 1)[0]
    return raw.decode() if raw and raw.isascii() and raw.decode().isprintable() else None


def _price(value: int) -> str | None:
    return None if value == UNDEFINED else f"{value}e-9"


def _prices(column: Any) -> pa.Array:
    """Whole numbers of 10^-9 as decimals, without those that are undefined."""
    values = pa.array(np.ascontiguousarray(column), mask=column == UNDEFINED)
    return pc.cast(pc.binary_join_element_wise(values.cast(pa.string()), "e-9", ""), DECIMAL)


def _times(column: Any) -> pa.Array:
    return pa.array(column.astype(np.int64), mask=(column == _NO_TIME) | (column == 0))


def _names(numbers: Any, times: Any, symbols: _Symbols, reading: Reading) -> list[str]:
    """Who each record is about, by its number and, where a number changes hands, by its day."""
    if reading.symbol is not None:
        return [reading.symbol] * len(numbers)
    plain = {number: spans[-1][2] for number, spans in symbols.items()}
    found = [plain.get(number, str(number)) for number in numbers.tolist()]
    for number, spans in symbols.items():
        if len({name for _, _, name in spans}) == 1:
            continue
        for row in np.flatnonzero(numbers == number).tolist():
            day = int(times[row]) // DAY_NS
            found[row] = next((name for start, end, name in spans if start <= day < end), found[row])
    return found


def _book_side(column: Any) -> list[str | None]:
    return [{b"B": "bid", b"A": "ask"}.get(bytes(code)) for code in column]


def _trade_side(column: Any) -> list[str | None]:
    return [{b"B": "buy", b"A": "sell"}.get(bytes(code)) for code in column]
