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

from hedgerow.core.errors import DataError, problem
from hedgerow.market.columns import plain
from hedgerow.market.formats import chains
from hedgerow.market.formats.candles import candles
from hedgerow.market.formats.gathering import Gathered, moment
from hedgerow.market.formats.letters import in_words, number_of
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows, rows
from hedgerow.market.formats.tables import UNKNOWN_VINTAGE, Columns, columns_of, plan_of, rows_of
from hedgerow.market.formats.venues import decode, kind_of, say
from hedgerow.market.formats.vintages import MISSING, vintages_in
from hedgerow.market.reading import Reading

_OF_A_MARKET = frozenset(
    {"dbn", "chain", "bars", "quotes", "trades", "depth", "options", "news", "actions", "universe"}
)
DOCUMENT_MAX = 64 << 20
"""Bytes of one JSON document, whose objects take many times as much memory; messages a line have no such bound."""
_SERIES_NAMES_MAX = 4
_DEPTH_MAX = 5
_BRACKETED = re.compile(rb"\s*\[[A-Z][A-Z_ ]*\]\s*,")
"""A header of a table whose names stand in brackets."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CHUNK = 20_000


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, in which no name stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(
            f"the name {next(name for name in names if names.count(name) > 1)!r} stands twice in an object"
        )
    return found


_SCAN = json.JSONDecoder(parse_float=str, parse_constant=str, object_pairs_hook=_once)


def claims(opened: Opened) -> bool:
    """Whether it is JSON, by its first sign and its name."""
    start = opened.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    named = opened.name.lower().endswith((".json", ".jsonl", ".ndjson", ".jsonc"))
    if start == b"[" and _BRACKETED.match(opened.head):
        return False
    return start in (b"{", b"[") or (named and bool(start))


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of a document, or of a message a line."""
    if _by_line(opened):
        yield from _lines(opened, reading)
        return
    try:
        text = opened.whole(DOCUMENT_MAX).decode("utf-8-sig")
        document = _SCAN.decode(text)
    except UnicodeDecodeError as error:
        raise problem("DATA_DAMAGED", f"{opened.shown}: {error}") from None
    except json.JSONDecodeError as error:
        raise problem(
            "DATA_DAMAGED", f"{opened.shown}, line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except RecursionError:
        raise problem("DATA_LAYOUT", f"{opened.shown}: nested too deep") from None
    except ValueError as error:  # a whole number of thousands of digits, a name twice in an object
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
    chain = chains.in_chain(document) if isinstance(document, dict) else chains.in_list(document)
    if chain is not None:
        return [chain]
    gathered = Gathered()
    gathered.instrument = reading.symbol or _name_in(document) or symbol
    if _is_vintages(document):
        return _vintages(document, gathered)
    gathered.counted(None)
    if decode(document, gathered):
        return list(gathered.flush())
    if isinstance(document, dict) and isinstance(document.get("routes"), dict):
        return [_routes(document["routes"])]
    if _is_pushed(document):
        say(document, gathered)
        return list(gathered.flush())
    if (bars := candles(document, reading, gathered.instrument)) is not None:
        return [bars]
    if (listed := _messages(_listed(document), gathered.instrument)) is not None:
        return listed
    if (groups := _groups(document)) is not None:
        return [groups]
    if (pairs := _pairs(document)) is not None:
        return [pairs]
    if isinstance(document, list) and document and isinstance(document[0], dict) and document[0].keys() >= _TICK:
        return _ticks(document, gathered)
    parts = []
    for records in records_in(document):
        columns = columns_of(*in_words(records, reading), gathered.instrument)
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


def _is_pushed(document: Any) -> bool:
    """Whether it is laid out as what a venue pushes, whose open candles and the like are no rows of a table."""
    if not isinstance(document, dict):
        return False
    named = document.keys() & {"topic", "arg", "feed", "stream"}
    return bool(named) or {"ch", "tick"} <= document.keys()


def _listed(document: Any) -> list[Any]:
    """Messages that stand in a list, or by the names of their instruments, as ccxt gives its tickers."""
    if isinstance(document, dict):
        values = list(document.values())
        return values if values and all(isinstance(value, dict) and "baseVolume" in value for value in values) else []
    return document if isinstance(document, list) else []


def _messages(listed: list[Any], symbol: str) -> list[Rows] | None:
    """What a list of messages says, if most of them say something of a market; the others are kept as they came."""
    gathered = Gathered()
    gathered.instrument, gathered.records = symbol, len(listed)
    silent = []
    for gathered.record, message in enumerate(listed):
        if not decode(message, gathered):
            silent.append(gathered.record)
        if 2 * len(silent) >= len(listed):
            return None
    for gathered.record in silent:
        say(listed[gathered.record], gathered)
    return list(gathered.flush()) if listed else None


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
    if isinstance(document.get("hd"), dict):
        return [[document]]
    values = list(document.values())
    if len(values) > 1 and all(isinstance(value, dict) for value in values):
        shared = set(values[0]).intersection(*values[1:])
        if len(shared) >= 2:
            named = any(plain(name) in ("symbol", "ticker") for name in shared)
            key_is = "date" if all(_DATE.match(key) for key in document) else "symbol"
            return [[value if named else {key_is: key, **value} for key, value in document.items()]]
    found = [part for value in values for part in records_in(value, depth + 1)]
    return found or ([[document]] if depth <= 2 and _looks_like_record(document) else [])


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
    shaped = all(isinstance(p, list) and len(p) == 2 and number_of(p[0]) > 1e8 for v in lists.values() for p in v)
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
        if isinstance(document.get("retCode"), int) and isinstance(document.get("result"), dict):  # Bybit
            document = document["result"]
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
    others = _Others(reading)
    for number, line in opened.lines():
        if not line.strip():
            continue
        try:
            message = parse(line)
        except (ValueError, UnicodeDecodeError, RecursionError) as error:
            yield from others.flush(gathered)
            raise problem("DATA_DAMAGED", f"{opened.shown}, line {number}: {error}") from None
        gathered.record = number
        if not decode(message, gathered):
            others.add(number, message)
        else:
            others.is_of_venue = True
            gathered.counted(None)
        if others.size >= _CHUNK or gathered.is_full:
            yield from others.flush(gathered)
    yield from others.flush(gathered)


_ENVELOPE = frozenset({"channel", "topic", "ch", "feed", "arg", "op", "method", "stream", "jsonrpc", "order_id"})
"""Names that messages of venues bear, and tables of market data do not."""


class _Others:
    """Lines of no venue that is known: those whose names are alike are a table, if it is one of a market.

    What stands beside messages of a venue, and what is laid out as such messages are, is kept as it came.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._tables: list[tuple[set[str], list[int], list[Mapping[str, Any]]]] = []
        self._messages: list[tuple[int, Any]] = []
        self.is_of_venue = False
        self.size = 0

    def add(self, number: int, message: Any) -> None:
        """One line."""
        self.size += 1
        if not isinstance(message, dict) or self.is_of_venue or not _ENVELOPE.isdisjoint(message):
            self._messages.append((number, message))
            return
        names = set(message)
        for known, numbers, records in self._tables:
            if len(names & known) * 5 >= len(names | known) * 3:
                numbers.append(number)
                records.append(message)
                return
        self._tables.append((names, [number], [message]))

    def flush(self, gathered: Gathered) -> Iterator[Rows]:
        """The rows of all that was added, and what was gathered beside it."""
        for _, numbers, records in self._tables:
            columns = columns_of(*in_words(records, self._reading), gathered.instrument)
            columns.records[:] = numbers
            plan = None if self.is_of_venue else plan_of(columns)
            if plan is not None and (plan.kind in _OF_A_MARKET or _is_series(columns, plan)):
                yield from rows_of(plan, columns)
            else:
                self._messages += zip(numbers, records, strict=True)
        for number, message in sorted(self._messages, key=lambda told: told[0]):
            gathered.record = number
            gathered.counted(None)
            gathered.add("messages", None, type=kind_of(message), content=json.dumps(message, ensure_ascii=False))
        self._tables, self._messages, self.size = [], [], 0
        yield from gathered.flush()
