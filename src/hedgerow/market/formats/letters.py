"""Records whose names are single letters, small and large with two meanings: Polygon's aggregates, trades and quotes.

Source: Polygon's REST reference. The time of an aggregate is its start, a session's the midnight of New York before it;
that of a session's summary, which names its ticker, is its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hedgerow.core.spans import DAY_NS
from hedgerow.market.formats.dbn_table import flattened
from hedgerow.market.reading import Reading

_BARS = {"T": "ticker", "t": "timestamp", "o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
_TRADES = {"T": "ticker", "t": "timestamp", "p": "price", "s": "size", "i": "id"}
_QUOTES = {"T": "ticker", "t": "timestamp", "p": "bid", "s": "bid_size", "P": "ask", "S": "ask_size"}
_OPEN = {"timestamp": "open_time"}
_DAYS_BETWEEN_SESSIONS = 5
_NEW_YORK = ZoneInfo("America/New_York")
Record = Mapping[str, Any]


def in_words(records: Sequence[Record], reading: Reading) -> tuple[list[Record], Reading]:
    """Records with words for letters, where they are such records, and how they are read."""
    told = [_bar(record) for record in records]
    bars = [bar for bar in told if bar is not None]
    if not bars or len(bars) < len(records):
        return [_worded(record) for record in records], reading
    if any("ticker" in bar for bar in bars):
        return list(bars), replace(reading, span=reading.span or DAY_NS)
    days = sorted(day for bar in bars if (day := _session(bar["timestamp"])) is not None)
    steps = [(later - day).days for day, later in pairwise(days)]
    if len(days) < len(bars) or (steps and not 1 <= min(steps) <= _DAYS_BETWEEN_SESSIONS):  # minutes, or weeks
        return [{_OPEN.get(word, word): told for word, told in bar.items()} for bar in bars], reading
    return [{**bar, "timestamp": str(_session(bar["timestamp"]))} for bar in bars], reading


def _session(stamp: Any) -> date | None:
    """The date of which it is the midnight of New York, in milliseconds; None for any other time."""
    at = number_of(stamp)
    if not 1e11 < at < 1e13 or at != int(at):
        return None
    told = datetime.fromtimestamp(at / 1000, _NEW_YORK)
    return told.date() if told.time() == time.min else None


def _bar(record: Record) -> Record | None:
    return None if number_of(record.get("T")) or "hd" in record else _of(record, _BARS, "tohlc")


def _worded(record: Record) -> Record:
    if number_of(record.get("T")):
        return record
    if "hd" in record:
        return flattened(record)
    kinds = ((_QUOTES, "tpPsS"), (_BARS, "tohlc"), (_TRADES, "tps"))
    found = (_of(record, letters, needed) for letters, needed in kinds)
    return next((told for told in found if told is not None), record)


def _of(record: Record, letters: Mapping[str, str], needed: str) -> Record | None:
    fits = set(needed) <= record.keys() and all(len(name) <= 2 for name in record)
    if not fits or not all(number_of(record[name]) > 0 for name in needed) or number_of(record["t"]) <= 1e9:
        return None
    return {letters.get(name, f"field_{name}" if name.isupper() else name): value for name, value in record.items()}


def number_of(value: Any) -> float:
    """A number as it is written, or 0 for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
