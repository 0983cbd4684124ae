"""JSON: one reply of an interface, or a message a line.

Finds the records in a reply wherever they are nested, and tells what they are from their names. Numbers keep the
digits that they are written with. A reply that holds nothing of a market (an account, an error) is one row of kind
`messages`, as it came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from hedgerow.core.errors import DataError, problem
from hedgerow.market.columns import plain
from hedgerow.market.formats import chains
from hedgerow.market.formats.gathering import Gathered, moment
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows, rows
from hedgerow.market.formats.tables import UNKNOWN_VINTAGE, Columns, columns_of, plan_of, rows_of
from hedgerow.market.formats.venues import decode, kind_of, say
from hedgerow.market.formats.vintages import MISSING, vintages_in
from hedgerow.market.reading import Reading

_OF_A_MARKET = frozenset({"bars", "quotes", "trades", "depth", "options", "news", "actions", "universe"})
_SERIES_NAMES_MAX = 4
_DEPTH_MAX = 5
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CHUNK = 20_000
_SCAN = json.JSONDecoder(parse_float=str, parse_constant=str)


def claims(opened: Opened) -> bool:
    """Whether it is JSON, by its first sign and its name."""
    start = opened.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    named = opened.name.lower().endswith((".json", ".jsonl", ".ndjson", ".jsonc"))
    return start in (b"{", b"[") or (named and bool(start))


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a document, or of a message a line."""
    if _by_line(opened):
        yield from _lines(opened, reading)
        return
    try:
        text = opened.whole().decode("utf-8-sig")
        document = _SCAN.decode(text)
    except UnicodeDecodeError as error:
        raise problem("DATA_DAMAGED", f"{opened.shown}: {error}") from None
    except json.JSONDecodeError as error:
        raise problem(
            "DATA_DAMAGED", f"{opened.shown}, line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except RecursionError:
        raise problem("DATA_LAYOUT", f"{opened.shown}: nested too deep") from None
    except ValueError as error:  # a whole number of thousands of digits
        raise problem("DATA_DAMAGED", f"{opened.shown}: {error}") from None
    yield from in_document(document, reading, opened.stem)


def parse(line: bytes | str) -> Any:
    """A JSON value with its numbers as written: fractions stay text. Raises ValueError."""
    text = line.decode() if isinstance(line, bytes) else line
    try:
        found, end = _SCAN.scan_once(  # type: ignore[attr-defined]
            text, len(text) - len(text.lstrip())
        )
    except StopIteration as error:
        raise ValueError(f"no JSON value at column {error.value}") from None
    if text[end:].strip():
        raise ValueError(f"extra data at column {end + 1}")
    return found


def in_document(document: Any, reading: Reading, symbol: str) -> list[Rows]:
    """The rows that a reply holds; at least one, of kind `messages` if of no other."""
    if isinstance(document, dict) and (found := chains.in_chain(document)) is not None:
        return [found]
    gathered = Gathered()
    gathered.instrument = reading.symbol or _name_in(document) or symbol
    if _is_vintages(document):
        return _vintages(document, gathered)
    gathered.counted(None)
    if decode(document, gathered):
        return list(gathered.flush())
    if isinstance(document, dict) and isinstance(document.get("routes"), dict):
        return [_routes(document["routes"])]
    if (bars := _candles(document, reading, gathered.instrument)) is not None:
        return [bars]
    if isinstance(document, list) and document and all(decode(message, gathered) for message in document):
        return list(gathered.flush())
    if (groups := _groups(document)) is not None:
        return [groups]
    if (pairs := _pairs(document)) is not None:
        return [pairs]
    if isinstance(document, list) and document and isinstance(document[0], dict) and document[0].keys() >= _TICK:
        return _ticks(document, gathered)
    parts = []
    for records in records_in(document):
        columns = columns_of([_in_words(record) for record in records], reading, gathered.instrument)
        try:
            parts.append((columns, plan_of(columns)))
        except DataError:  # names that could mean two things: the reply is kept as it came
            continue
    market = [(c, p) for c, p in parts if p.kind in _OF_A_MARKET or _is_series(c, p)]
    found_rows = [part for c, p in market or parts for part in rows_of(p, c)]
    if parts and (market or all(columns.size > 1 for columns, _ in parts)):
        return found_rows
    say(document, gathered)
    return list(gathered.flush())


def _is_vintages(document: Any) -> bool:
    """Whether it is an answer of FRED with the real-time period of each value."""
    told = document.get("observations") if isinstance(document, dict) else None
    if not isinstance(told, list) or not told or "realtime_end" not in document:
        return False
    return all(
        isinstance(row, dict) and {"date", "realtime_start", "realtime_end", "value"} <= row.keys() for row in told
    )


def _vintages(document: Mapping[str, Any], gathered: Gathered) -> list[Rows]:
    """Values of a series by when they were known; where one was taken back, the series has none from then on."""
    for event_ns, gathered.known_ns, value in vintages_in(document):
        gathered.add("series", event_ns, value=None if value == MISSING else value, written=value)
        gathered.seen(event_ns)
    gathered.records = len(document["observations"])
    return list(gathered.flush())


def records_in(document: Any, depth: int = 0) -> list[list[Mapping[str, Any]]]:
    """The lists of objects in a document, outermost first; objects by name are records that bear it as `symbol`."""
    if depth > _DEPTH_MAX:
        return []
    if isinstance(document, list):
        if document and all(isinstance(item, dict) for item in document):
            return [document]
        return [found for item in document[:50] for found in records_in(item, depth + 1)]
    if not isinstance(document, dict) or not document:
        return []
    values = list(document.values())
    if len(values) > 1 and all(isinstance(value, dict) for value in values):
        shared = set(values[0]).intersection(*values[1:])
        if len(shared) >= 2:
            named = any(plain(name) in ("symbol", "ticker") for name in shared)
            key_is = "date" if all(_DATE.match(key) for key in document) else "symbol"
            return [[value if named else {key_is: key, **value} for key, value in document.items()]]
    found = [part for value in values for part in records_in(value, depth + 1)]
    return found or ([[document]] if depth <= 2 and _looks_like_record(document) else [])


_LETTERS = {"T": "ticker", "t": "timestamp", "o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
_TRADE_LETTERS = {"T": "ticker", "t": "timestamp", "p": "price", "s": "size", "i": "id"}
_QUOTE_LETTERS = {"T": "ticker", "t": "timestamp", "p": "bid", "s": "bid_size", "P": "ask", "S": "ask_size"}


def _in_words(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record whose names are single letters, small and large with two meanings, in words (Polygon's replies)."""
    if _number(record.get("T")):
        return record
    for letters, needed in ((_QUOTE_LETTERS, "tpPsS"), (_LETTERS, "tohlc"), (_TRADE_LETTERS, "tps")):
        fits = set(needed) <= record.keys() and all(len(name) <= 2 for name in record)
        if fits and all(_number(record[name]) > 0 for name in needed) and _number(record["t"]) > 1e9:
            return {letters.get(name, f"field_{name}" if name.isupper() else name): v for name, v in record.items()}
    return record


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def _groups(document: Any) -> Rows | None:
    """Instruments listed by the name of their group, such as an industry."""
    if not isinstance(document, dict) or len(document) < 3:
        return None
    if not all(isinstance(v, list) and v and all(isinstance(s, str) for s in v) for v in document.values()):
        return None
    pairs = [(name, member) for name, members in document.items() for member in members]
    content = [json.dumps({"group": name}, ensure_ascii=False) for name, _ in pairs]
    given = {"record": list(range(len(pairs))), "instrument": [member for _, member in pairs], "content": content}
    return rows("reference", given)


def _pairs(document: Any) -> Rows | None:
    """Series by name, each a list of times and values."""
    if not isinstance(document, dict) or not document:
        return None
    lists = {name: value for name, value in document.items() if isinstance(value, list) and value}
    if not lists or len(lists) < len([v for v in document.values() if v]):
        return None
    shaped = all(isinstance(p, list) and len(p) == 2 and _number(p[0]) > 1e8 for v in lists.values() for p in v)
    if not shaped:
        return None
    told = [(name, moment(at), value) for name, values in lists.items() for at, value in values if value is not None]
    names, times, values = (list(column) for column in zip(*told, strict=True))
    given = {"record": list(range(len(told))), "ts_event": times, "instrument": names}
    return rows("series", given | {"value": values, "written": values}, notes=(UNKNOWN_VINTAGE,))


_TICK = {"time", "price", "size", "tickType"}


def _ticks(document: Sequence[Mapping[str, Any]], gathered: Gathered) -> list[Rows]:
    """Ticks of a broker's stream by type: 0 and 1 the bid, 2 and 3 the ask, 4 and 5 the last trade."""
    gathered.records = 0
    for number, tick in enumerate(document):
        gathered.record, kind, at = number, tick["tickType"], moment(tick["time"])
        gathered.counted(at)
        price, size = tick["price"], tick["size"]
        if float(price) <= 0 or kind not in range(6):
            gathered.add("messages", at, type=f"tick {kind}", content=json.dumps(tick))
        elif kind in (4, 5):
            gathered.add("trades", at, price=price, size=size)
        else:
            side = "bid" if kind < 2 else "ask"
            gathered.add("quotes", at, **{side: price, f"{side}_size": size})
    return list(gathered.flush())


def _looks_like_record(document: Mapping[str, Any]) -> bool:
    return sum(not isinstance(value, dict | list) for value in document.values()) >= 3


def _is_series(columns: Columns, plan: Any) -> bool:
    return plan.kind == "series" and len(columns.arrays) <= _SERIES_NAMES_MAX


def _name_in(document: Any) -> str | None:
    if isinstance(document, dict):
        for key in ("symbol", "ticker", "instrument_name", "instId", "product_id", "pair"):
            if isinstance(document.get(key), str):
                return str(document[key])
    return None


def _routes(routes: Mapping[str, Any]) -> Rows:
    """Recorded replies by route and method."""
    told = [
        (f"{method} {route}", json.dumps(reply.get("data"), ensure_ascii=False))
        for route, methods in routes.items()
        for method, replies in methods.items()
        for reply in replies
    ]
    given = {
        "record": list(range(len(told))),
        "type": [name for name, _ in told],
        "content": [text for _, text in told],
    }
    return rows("messages", given)


_ORDERS = (("open", "high", "low", "close"), ("low", "high", "open", "close"), ("open", "close", "high", "low"))


def _candles(document: Any, reading: Reading, symbol: str) -> Rows | None:
    """Bars written as lists of numbers, time first: the order of the prices is the one in which none is crossed."""
    found = _lists(document)
    if found is None:
        return None
    for order in _ORDERS:
        prices = {word: [str(row[n]) for row in found] for n, word in enumerate(order, 1)}
        numbers = {word: np.array(column, dtype=np.float64) for word, column in prices.items()}
        body = np.maximum(numbers["open"], numbers["close"]), np.minimum(numbers["open"], numbers["close"])
        if (numbers["high"] >= body[0]).all() and (numbers["low"] <= body[1]).all():
            # Kraken writes the average price before the volume; others of eight cells have only volumes there.
            sixth = np.array([row[5] for row in found], dtype=np.float64)
            averaged = ((sixth >= numbers["low"]) & (sixth <= numbers["high"])) | (sixth == 0)
            place = 6 if len(found[0]) == 8 and averaged.all() else 5
            arrays = {
                "open_time": [str(row[0]) for row in found],
                **prices,
                "volume": [str(row[place]) for row in found],
            }
            columns = Columns(
                {name: pa.array(column) for name, column in arrays.items()}, np.arange(len(found)), reading, symbol
            )
            columns.said.append(f"bars without names, taken as time, {', '.join(order)}; volume is number {place + 1}")
            return next(iter(rows_of(plan_of(columns), columns)))
    return None


def _lists(document: Any, depth: int = 0) -> list[Sequence[Any]] | None:
    if isinstance(document, dict) and depth < 3:
        parts = [found for value in document.values() if (found := _lists(value, depth + 1)) is not None]
        return parts[0] if len(parts) == 1 else None
    if not isinstance(document, list) or not document:
        return None
    try:
        whole = all(isinstance(row, list) and len(row) >= 6 and float(row[0]) > 1e8 for row in document)
        return (
            document if whole and all(float(value) == float(value) for row in document for value in row[:6]) else None
        )
    except (TypeError, ValueError):
        return None


def _by_line(opened: Opened) -> bool:
    """Whether each line is a document of its own."""
    if opened.name.lower().endswith((".jsonl", ".ndjson")):
        return True
    lines = [line for line in opened.head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    if len(lines) < 2:
        return False
    try:
        parse(lines[0])
    except ValueError:
        return False
    return True


def _lines(opened: Opened, reading: Reading) -> Iterator[Rows]:
    gathered = Gathered()
    gathered.instrument = reading.symbol or opened.stem
    records: list[Mapping[str, Any]] = []
    numbers: list[int] = []
    for number, line in opened.lines():
        if not line.strip():
            continue
        try:
            message = parse(line)
        except (ValueError, UnicodeDecodeError, RecursionError) as error:
            yield from _flush(gathered, records, numbers, reading)
            raise problem("DATA_DAMAGED", f"{opened.shown}, line {number}: {error}") from None
        gathered.record = number
        if isinstance(message, dict) and not decode(message, gathered):
            records.append(message)
            numbers.append(number)
        else:
            gathered.counted(None)
            if not isinstance(message, dict):
                say(message, gathered)
        if len(records) >= _CHUNK or gathered.is_full:
            yield from _flush(gathered, records, numbers, reading)
    yield from _flush(gathered, records, numbers, reading)


def _flush(
    gathered: Gathered, records: list[Mapping[str, Any]], numbers: list[int], reading: Reading
) -> Iterator[Rows]:
    if records:
        columns = columns_of(records, reading, gathered.instrument)
        columns.records[:] = numbers
        plan = plan_of(columns)
        if plan.kind in _OF_A_MARKET or plan.kind == "series":
            yield from rows_of(plan, columns)
        else:
            for number, record in zip(numbers, records, strict=True):
                gathered.record = number
                gathered.counted(None)
                gathered.add("messages", None, type=kind_of(record), content=json.dumps(record, ensure_ascii=False))
        records.clear()
        numbers.clear()
    yield from gathered.flush()
