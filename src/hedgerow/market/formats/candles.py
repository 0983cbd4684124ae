"""Candles in JSON replies: as lists without names, and as a list for each price.

The order of prices without names is the one in which none is crossed, or the vendor's where its length and its last
cells tell whose it is. Promises that a candle which its source says is still open is left out, and said to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from hedgerow.market.formats.gathering import moment
from hedgerow.market.formats.rows import Rows, floats
from hedgerow.market.formats.tables import Columns, plan_of, rows_of
from hedgerow.market.reading import Reading
from hedgerow.market.times import commonest_step

_ORDERS = (("open", "high", "low", "close"), ("low", "high", "open", "close"), ("open", "close", "high", "low"))
_WORDS = ("open", "high", "low", "close", "volume")
_BY_NAME = (("t", "o", "h", "l", "c", "v"), ("ticks", *_WORDS), ("time", *_WORDS[:4], "vol"))
"""Finnhub's names, Deribit's and MEXC's: the times and each price, a list each."""
_Named: TypeAlias = "tuple[dict[str, list[Any]], str | None]"
_OPEN = "candles that were still open were left out"


def candles(document: Any, reading: Reading, symbol: str) -> Rows | None:
    """The bars of a reply, or None where it holds none."""
    if (named := _columnar(document)) is not None:
        arrays, who = named
        return _bars(arrays, reading, who or symbol)
    if (lengthy := _with_length(document, reading, symbol)) is not None:
        return lengthy
    if (found := _lists(document)) is None:
        return _with_middle(document, reading, symbol) or _by_start(document, reading, symbol)
    return _of_vendor(found, reading, symbol) or _in_order(found, reading, symbol)


def _in_order(found: list[Sequence[Any]], reading: Reading, symbol: str) -> Rows | None:
    """Lists that begin with the time, the prices behind it."""
    for order in _ORDERS:
        prices = {word: [str(row[n]) for row in found] for n, word in enumerate(order, 1)}
        numbers = {
            word: floats(column, word, range(len(found))).to_numpy(zero_copy_only=False)
            for word, column in prices.items()
        }
        body = np.maximum(numbers["open"], numbers["close"]), np.minimum(numbers["open"], numbers["close"])
        if (numbers["high"] >= body[0]).all() and (numbers["low"] <= body[1]).all():
            # Kraken writes the average price before the volume; others of eight cells have only volumes there.
            sixth = floats([row[5] for row in found], "volume", range(len(found))).to_numpy(zero_copy_only=False)
            averaged = ((sixth >= numbers["low"]) & (sixth <= numbers["high"])) | (sixth == 0)
            place = 6 if len(found[0]) == 8 and averaged.all() else 5
            closed = [True] * len(found)
            if len(found[0]) == 9 and all(str(row[8]) in ("0", "1") for row in found):  # OKX's `confirm`
                closed = _over(found, [str(row[8]) == "1" for row in found])
            if not any(closed):
                return None
            arrays = {"open_time": [row[0] for row in found], **prices, "volume": [row[place] for row in found]}
            said = [f"bars without names, taken as time, {', '.join(order)}; volume is number {place + 1}"]
            return _bars(arrays, reading, symbol, said, closed)
    return None


def _of_vendor(found: list[Sequence[Any]], reading: Reading, symbol: str) -> Rows | None:
    """Gate's candles of eight cells, whose last says whether they are closed, and Poloniex' of fourteen."""
    width = len(found[0])
    if width == 8 and all(str(row[7]).lower() in ("true", "false") for row in found):
        closed = _over(found, [str(row[7]).lower() == "true" for row in found])
        places = {"open_time": 0, "open": 5, "high": 3, "low": 4, "close": 2, "volume": 6}
    elif width == 14 and all(isinstance(row[11], str) and isinstance(row[12], int) for row in found):
        closed = [True] * len(found)
        places = {"open_time": 12, "low": 0, "high": 1, "open": 2, "close": 3, "volume": 5}
    else:
        return None
    arrays = {word: [row[place] for row in found] for word, place in places.items()}
    return _bars(arrays, reading, symbol, (), closed) if any(closed) else None


def _over(found: Sequence[Sequence[Any]], closed: Sequence[bool]) -> list[bool]:
    """Which candles are over: those that say so, and those that a later one follows."""
    newest = max(float(row[0]) for row in found)
    return [is_closed or float(row[0]) < newest for row, is_closed in zip(found, closed, strict=True)]


def _bars(
    arrays: Mapping[str, list[Any]],
    reading: Reading,
    symbol: str,
    said: Sequence[str] = (),
    closed: Sequence[bool] | None = None,
) -> Rows:
    """Bars that are labelled by their open."""
    size = len(arrays["open_time"])
    if closed is not None and not all(closed):  # how long they are is told by all of them
        step = commonest_step(np.sort([moment(stamp) for stamp in arrays["open_time"]]))
        reading = replace(reading, span=reading.span or step or None)
        arrays = {word: [c for c, is_closed in zip(column, closed, strict=True) if is_closed]
                  for word, column in arrays.items()}  # fmt: skip
        said, size = [*said, _OPEN], sum(closed)
    told = {word: pa.array([None if cell is None else str(cell) for cell in column], pa.string())
            for word, column in arrays.items()}  # fmt: skip
    columns = Columns(told, np.arange(size), reading, symbol, list(said))
    return next(iter(rows_of(plan_of(columns), columns)))


def _columnar(document: Any) -> _Named | None:
    """Times and prices, a list each, and whom they are of, where that is told."""
    if not isinstance(document, dict):
        return None
    chart = document.get("chart")
    results = chart.get("result") if isinstance(chart, dict) else None
    if isinstance(results, list) and len(results) == 1 and "timestamp" in results[0]:  # Yahoo
        told, who = results[0], results[0].get("meta", {}).get("symbol")
        given = {"t": told["timestamp"], **told["indicators"]["quote"][0]}
        return _alike(given, ("t", *_WORDS), who)
    inner, data = document.get("result"), document.get("data")
    for names in _BY_NAME:
        for part in (document, inner, data):
            if isinstance(part, dict) and set(names[:5]) <= part.keys():
                return _alike(part, names, None)
    return None


def _alike(given: Mapping[str, Any], names: Sequence[str], who: str | None) -> _Named | None:
    lists = {word: given[name] for word, name in zip(("open_time", *_WORDS), names, strict=True) if given.get(name)}
    if len(lists) < 5 or not all(isinstance(column, list) for column in lists.values()):
        return None
    return (lists, who) if len({len(column) for column in lists.values()}) == 1 else None


def _with_middle(document: Any, reading: Reading, symbol: str) -> Rows | None:
    """OANDA's candles, of the middle between bid and ask."""
    listed = document.get("candles") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not listed:
        return None
    if not all(isinstance(c, dict) and isinstance(c.get("mid"), dict) and "complete" in c for c in listed):
        return None
    closed = [bool(c["complete"]) for c in listed]
    if not any(closed):
        return None
    arrays = {"open_time": [c["time"] for c in listed]}
    arrays |= {word: [c["mid"].get(word[0]) for c in listed] for word in _WORDS[:4]}
    said = ["prices are the middle between bid and ask; volume, a count of prices, is not taken"]
    return _bars(arrays, reading, str(document.get("instrument") or symbol), said, closed)


def _by_start(document: Any, reading: Reading, symbol: str) -> Rows | None:
    """Candles by name that bear the moment at which they begin, though they may call it just a time."""
    records, who = _records(document)
    names = next((names for names in _STARTS if records and all(names[1] <= record.keys() for record in records)), None)
    if names is None or not all(isinstance(record[names[0]], int | str) for record in records):
        return None
    words = {word: names[2].get(word, word) for word in _WORDS}
    arrays = {"open_time": [record[names[0]] for record in records]}
    arrays |= {word: [record[theirs] for record in records] for word, theirs in words.items()}
    who = who or next((str(records[0][name]) for name in ("symbol", "market") if name in records[0]), None)
    return _bars(arrays, reading, who or symbol)


_OHLCV = set(_WORDS)
_STARTS: tuple[tuple[str, set[str], dict[str, str]], ...] = (
    ("start", _OHLCV | {"start"}, {}),  # Coinbase, Backpack
    ("start_timestamp", _OHLCV | {"start_timestamp", "end_timestamp"}, {}),  # Woo
    ("created_at", _OHLCV | {"created_at", "value"}, {}),  # CoinEx
    ("timestamp", {"timestamp", "open", "close", "min", "max", "volume"}, {"low": "min", "high": "max"}),  # HitBTC
    ("time", _OHLCV | {"time"}, {}),
    ("timestamp", _OHLCV | {"timestamp"}, {}),
    ("datetime", _OHLCV | {"datetime"}, {}),  # Schwab
)


def _records(document: Any) -> tuple[list[Mapping[str, Any]], str | None]:
    """The candles of venues that stamp them with their start, and whose they are, where that is told."""
    found, who = document, None
    if isinstance(document, dict):
        data, result = document.get("data"), document.get("result")
        if "candles" in document:  # Coinbase, Kraken's futures, Luno, Schwab
            found, who = document["candles"], document.get("pair")
        elif isinstance(data, dict) and {"pair", "ohlc"} <= data.keys():  # Bitstamp
            found, who = data["ohlc"], data["pair"]
        elif "success" in document and isinstance(result, list):  # Delta
            found = result
        elif document.get("success") is True and "rows" in document:  # Woo
            found = document["rows"]
        elif "code" in document and isinstance(data, list):  # BingX, CoinEx
            found = data
    if not isinstance(found, list) or not found or not all(isinstance(record, dict) for record in found):
        return [], None
    if found is document and not found[0].keys() & {"min", "start"}:  # a table whose names alone tell what it is
        return [], None
    return found, None if who is None else str(who)


def _with_length(document: Any, reading: Reading, symbol: str) -> Rows | None:
    """Phemex' candles, which say how many seconds they are long, where their prices are decimals."""
    found = _lists(document)
    if found is None or len(found[0]) != 9 or not all(row[1] in _SECONDS and isinstance(row[3], str) for row in found):
        return None
    places = {"open_time": 0, "open": 3, "high": 4, "low": 5, "close": 6, "volume": 7}
    arrays = {word: [row[place] for row in found] for word, place in places.items()}
    return _bars(arrays, replace(reading, span=reading.span or int(found[0][1]) * 10**9), symbol)


_SECONDS = (60, 300, 900, 1800, 3600, 14_400, 86_400, 604_800)


def _lists(document: Any, depth: int = 0) -> list[Sequence[Any]] | None:
    if isinstance(document, dict) and depth < 3:
        parts = [found for value in document.values() if (found := _lists(value, depth + 1)) is not None]
        return parts[0] if len(parts) == 1 else None
    if not isinstance(document, list) or not document:
        return None
    try:
        width = len(document[0])
        if not all(isinstance(row, list) and len(row) == width >= 6 for row in document):
            return None
        stamp = 12 if width == 14 else 0
        whole = all(float(row[stamp]) > 1e8 for row in document)
        return document if whole and all(float(v) == float(v) for row in document for v in row[:6]) else None
    except (TypeError, ValueError, KeyError):
        return None
