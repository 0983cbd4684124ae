"""Answers of vendors by name, as `market/feeds/vendors/reply.py` writes them: a line of JSON each.

Every row bears as `ts_init` when the answer was here (`known_ns`), and the vendor's own time as `ts_event`; a bar is
stamped at its close. Promises that a price keeps the digits that the vendor wrote. A line whose bytes are not those of
its digest is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from hedgerow.core.errors import problem
from hedgerow.market.formats.documents import in_document, parse
from hedgerow.market.formats.gathering import Gathered
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows
from hedgerow.market.formats.syndication import items
from hedgerow.market.formats.vintages import MISSING, vintages_in
from hedgerow.market.reading import Reading

MS = 1_000_000


def claims(opened: Opened) -> bool:
    """Whether its first line is an answer."""
    return opened.head.startswith(b'{"reply":1,')


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """The rows of every answer."""
    gathered = Gathered()
    for number, line in opened.lines():
        if not line.strip():
            continue
        reply = _reply(opened, number, line)
        gathered.record, gathered.known_ns = number, reply["known_ns"]
        gathered.instrument = reading.symbol or reply["symbol"]
        gathered.counted(reply["known_ns"])
        _ROWS[reply["kind"]](reply, gathered)
        if gathered.is_full:
            yield from gathered.flush()
    yield from gathered.flush()


def _reply(opened: Opened, number: int, line: bytes) -> Mapping[str, Any]:
    """A line whose answers are what their digests say."""
    try:
        reply = json.loads(line)
        for one in reply["replies"]:
            if hashlib.sha256(_bytes(one)).hexdigest() != one["sha256"]:
                raise ValueError(f"the bytes of {one['from']} are not those of their digest")
        if reply["kind"] not in _ROWS or not isinstance(reply["known_ns"], int):
            raise ValueError(f"an answer of kind {reply['kind']!r}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise problem("DATA_DAMAGED", f"{opened.shown}, line {number}: {error!r}") from None
    return dict(reply)


def _bytes(one: Mapping[str, Any]) -> bytes:
    """What the vendor answered."""
    return str(one["text"]).encode() if "text" in one else base64.b64decode(one["base64"])


def _trades(reply: Mapping[str, Any], into: Gathered) -> None:
    for at_ms, price, size, side, trade_id in reply["rows"]:
        into.add("trades", at_ms * MS, price=price, size=size, side=side, trade_id=trade_id)


def _bars(reply: Mapping[str, Any], into: Gathered) -> None:
    span_ns = int(reply["span_ns"])
    for at_ms, *values in reply["rows"]:
        prices = dict(zip(("open", "high", "low", "close", "volume"), values, strict=True))
        into.add("bars", at_ms * MS + span_ns, span_ns=span_ns, **prices)


def _quotes(reply: Mapping[str, Any], into: Gathered) -> None:
    for at_ms, bid, bid_size, ask, ask_size in reply["rows"]:
        event_ns = None if at_ms is None else at_ms * MS
        into.add("quotes", event_ns, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size)


def _book(reply: Mapping[str, Any], into: Gathered) -> None:
    for book in reply["rows"]:
        event_ns = None if book["timestamp"] is None else book["timestamp"] * MS
        bids, asks = ([(level[0], level[1]) for level in book[side]] for side in ("bids", "asks"))
        into.book(event_ns, None, bids, asks, snapshot=True, sequence=book["nonce"])


def _instruments(reply: Mapping[str, Any], into: Gathered) -> None:
    for row in reply["rows"]:
        into.add("reference", None, row["symbol"], content=json.dumps(row, ensure_ascii=False))


def _series(reply: Mapping[str, Any], into: Gathered) -> None:
    """Values of a macro series with the vintages that they stood in."""
    asked_ns = into.known_ns
    for one in reply["replies"]:
        for event_ns, known_ns, value in vintages_in(json.loads(one["text"])):
            into.known_ns = known_ns if asked_ns is None else min(known_ns, asked_ns)
            into.add("series", event_ns, value=None if value == MISSING else value, written=value)
    into.known_ns = asked_ns


def _news(reply: Mapping[str, Any], into: Gathered) -> None:
    """Items of a document, known when it came."""
    for one in reply["replies"]:
        data = _bytes(one)
        if reply["vendor"] == "rss":
            for told, event_ns, _ in items(data, str(one["from"])):
                content = json.dumps(told, ensure_ascii=False)
                into.add("news", event_ns, title=told.get("title"), content=content)
            continue
        for part in in_document(parse(data), Reading(), into.instrument):
            if part.kind != "news":
                raise problem("DATA_LAYOUT", f"{one['from']} holds {part.kind} and no news")
            for row in part.table.set_column(0, "ts_event", part.table.column("ts_event").cast(pa.int64())).to_pylist():
                into.add("news", row["ts_event"], title=row["title"], content=row["content"])


_ROWS: dict[str, Callable[[Mapping[str, Any], Gathered], None]] = {
    "series": _series,
    "news": _news,
    "trades": _trades,
    "bars": _bars,
    "quotes": _quotes,
    "book": _book,
    "instruments": _instruments,
}
