"""OKX, API version 5: order books with checksums.

Source: OKX API v5, Public Data, Order book channel (`books`): snapshot and update, seqId and prevSeqId, checksum. Books
follow the rule `okx`; recordings from before the numbers follow `unnumbered`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.market.venues.messages import Message, Stepped, message_of
from hedgerow.market.venues.statements import MS, Levels, Quote, Statement, Trade


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message states; None where it is none of OKX's market data."""
    who, channel = m["arg"].get("instId"), m["arg"]["channel"]
    whole = m.get("action", "snapshot") == "snapshot"
    if channel.startswith(("books", "bbo")):
        return [_levels(item, who, whole) for item in m["data"]]
    if channel == "trades":
        return [Trade(int(t["ts"]) * MS, t["instId"], t["px"], t["sz"], t["side"], t["tradeId"]) for t in m["data"]]
    if channel == "tickers":
        return [
            Quote(int(q["ts"]) * MS, q["instId"], q["bidPx"], q["bidSz"], q["askPx"], q["askSz"]) for q in m["data"]
        ]
    return None


def _levels(item: Mapping[str, Any], who: str | None, whole: bool) -> Levels:
    number, checksum = item.get("seqId"), item["checksum"] % 2**32 if item.get("checksum") is not None else None
    previous = item.get("prevSeqId")
    return Levels(int(item["ts"]) * MS, who, item["bids"], item["asks"], whole, number, number, previous, checksum)


def read(
    message: Mapping[str, Any], instrument: Stepped, *, ts_init: int | None = None, index: int = 0
) -> list[Message]:
    """What a message says of an instrument (its symbol as OKX writes it, `BTC-USDT`); nothing if nothing.

    >>> from decimal import Decimal
    >>> from hedgerow.market.venues import Steps
    >>> data = {"bids": [["29000.1", "2", "0", "1"]], "asks": [], "ts": "7", "checksum": -1, "seqId": 5, "prevSeqId": 4}
    >>> said = read({"arg": {"channel": "books", "instId": "BTC-USDT"}, "action": "update", "data": [data]},
    ...             Steps("BTC-USDT", tick=Decimal("0.1")))
    >>> said[0].kind, said[0].previous, said[0].checksum
    ('update', 4, 4294967295)
    """
    about = message.get("arg", {})
    if about.get("channel") != "books" or about.get("instId") != instrument.symbol or "data" not in message:
        return []
    found = (message_of(each, instrument, ts_init=ts_init, index=index) for each in told(message) or ())
    return [each for each in found if each is not None]
