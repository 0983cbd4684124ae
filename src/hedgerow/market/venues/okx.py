"""OKX, API version 5: order books with checksums, trades, best prices, closed candles, figures of contracts.

Source: OKX API v5, Public Data: Order book (`books`: snapshot and update, seqId and prevSeqId, checksum), Trades,
Tickers, Candlesticks (`confirm`), Mark price, Index tickers, Open interest, Funding rate. Books follow the rule `okx`;
recordings from before the numbers follow `unnumbered`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hedgerow.market.times import span_ns
from hedgerow.market.venues.messages import Message, Stepped, message_of
from hedgerow.market.venues.statements import MS, Bar, Figure, Levels, Option, Quote, Statement, Trade, ms

_FIGURES = {
    "mark-price": ("markPx", "mark_price"),
    "index-tickers": ("idxPx", "index_price"),
    "open-interest": ("oi", "open_interest"),
    "funding-rate": ("fundingRate", "funding_rate"),
}
"""What a channel tells, and what we call it."""
_OPTION = {"bid_iv": "bidVol", "ask_iv": "askVol", "iv": "markVol", "underlying_price": "fwdPx",
           **{greek: greek for greek in ("delta", "gamma", "vega", "theta")}}  # fmt: skip
"""Our words for what is said of an option."""


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message states; None where it is none of OKX's market data."""
    who, channel = m["arg"].get("instId"), m["arg"]["channel"]
    whole = m.get("action", "snapshot") == "snapshot"
    if channel.startswith(("books", "bbo")):
        return [_levels(item, who, whole) for item in m["data"]]
    if channel in ("trades", "trades-all"):
        return [Trade(int(t["ts"]) * MS, t["instId"], t["px"], t["sz"], t["side"], t["tradeId"]) for t in m["data"]]
    if channel == "tickers":
        return [
            Quote(int(q["ts"]) * MS, q["instId"], q["bidPx"], q["bidSz"], q["askPx"], q["askSz"]) for q in m["data"]
        ]
    if channel == "opt-summary":
        return [Option(ms(o["ts"]), o["instId"], {ours: o.get(w) or None for ours, w in _OPTION.items()})
                for o in m["data"]]  # fmt: skip
    if channel in _FIGURES:
        theirs, ours = _FIGURES[channel]
        told_at = [(int(item["ts"]) * MS if item.get("ts") else None, item) for item in m["data"]]
        return [Figure(at, f"{item['instId']}.{ours}", item[theirs]) for at, item in told_at]
    return None if "instType" in m["arg"] else _bars(m["data"], who, channel)  # Bitget's say what they are of


def _bars(data: Any, who: str | None, channel: str) -> list[Statement] | None:
    """Closed candles, which say so in their last cell; an open one is no bar yet."""
    step = candle_span(channel)
    if step is None or not all(len(row) >= 8 and row[-1] == "1" for row in data):
        return None
    words = ("open", "high", "low", "close", "volume")
    return [Bar(int(row[0]) * MS + step, who, step, dict(zip(words, row[1:6], strict=True))) for row in data]


def candle_span(channel: str) -> int | None:
    """Nanoseconds of the candles of a channel such as `candle1H`; None where it has none, or they are of months."""
    span = re.fullmatch(r"candle(\d+[mHDW])(?:utc)?", channel)  # `M` is a month, which has no one length
    return None if span is None else span_ns(span[1])


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
