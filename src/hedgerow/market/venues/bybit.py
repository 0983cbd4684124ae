"""Bybit, API version 5: order books of any depth, and trades.

Source: Bybit API v5, WebSocket Stream, Public: Orderbook (snapshot and delta) and Trade. Books follow the rule `bybit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues.messages import Message, Stepped, message_of
from hedgerow.market.venues.statements import MS, Bar, Levels, Option, Quote, Statement, Trade, figures, ms, side_of


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message states; None where it is none of Bybit's."""
    topic, data = m["topic"], m["data"]
    name, who = topic.split(".")[0], topic.split(".")[-1]
    if name == "orderbook":
        whole, number = m["type"] == "snapshot", data.get("u")
        before = None if number is None else number - 1
        ns = int(m.get("cts", m["ts"])) * MS
        return [Levels(ns, data["s"], data["b"], data["a"], whole, first=number, last=number, previous=before)]
    if name in ("publicTrade", "trade"):
        return [_trade(t) for t in data]
    if name == "tickers":
        return ticker(data, ms(m["ts"]))
    if name == "kline" and all(bar["confirm"] for bar in data):
        return [_bar(bar, who) for bar in data]
    return [_first_book(m, who)] if name.startswith("orderBook") else None


FIGURES = (("markPrice", "mark_price"), ("indexPrice", "index_price"), ("openInterest", "open_interest"),
           ("fundingRate", "funding_rate"))  # fmt: skip
_BEST = ("bid1Price", "bid1Size", "ask1Price", "ask1Size")
_OPTION = {"bid": "bidPrice", "bid_size": "bidSize", "bid_iv": "bidIv", "ask": "askPrice", "ask_size": "askSize",
           "ask_iv": "askIv", "last": "lastPrice", "mark": "markPrice", "iv": "markPriceIv", "volume": "volume24h",
           "open_interest": "openInterest", "underlying_price": "underlyingPrice",
           **{greek: greek for greek in ("delta", "gamma", "vega", "theta")}}  # fmt: skip
"""Our words for what a ticker of an option says."""


def ticker(data: Mapping[str, Any], at: int) -> list[Statement] | None:
    """The best prices and the figures of a contract; a change tells only what changed, and no quote of one side."""
    who = data["symbol"]
    if "markPriceIv" in data:
        told = {ours: data.get(theirs) or None for ours, theirs in _OPTION.items()}
        for side in ("bid", "ask"):  # the side on which nobody quotes is written as a price of zero
            if not float(told[side] or 0):
                told |= dict.fromkeys((side, f"{side}_size", f"{side}_iv"))
        return [Option(at, who, told)]
    best = [data.get(name) or None for name in _BEST]
    quotes = [] if (best[0] is None and best[2] is None) or not {_BEST[0], _BEST[2]} <= data.keys() else [
        Quote(at, who, *best)]  # fmt: skip
    return [*quotes, *figures(at, who, data, FIGURES)] or None


def _trade(t: Mapping[str, Any]) -> Trade:
    price, size = t.get("p", t.get("price")), t.get("v", t.get("size"))
    side, number = side_of(t.get("S", t.get("side"))), t.get("i", t.get("trade_id"))
    return Trade(int(t.get("T") or t["trade_time_ms"]) * MS, t.get("s") or t["symbol"], price, size, side, number)


def _bar(bar: Mapping[str, Any], who: str) -> Bar:
    span = (bar["end"] + 1 - bar["start"]) * MS
    return Bar(
        ms(bar["start"]) + span, who, span, {word: bar[word] for word in ("open", "high", "low", "close", "volume")}
    )


def _first_book(m: Mapping[str, Any], who: str) -> Levels:
    """The first version's books, in which a level that is deleted bears no size."""
    data, whole = m["data"], m["type"] == "snapshot"
    if whole:
        levels = data["order_book"] if isinstance(data, dict) else data
    else:
        levels = [{**level, "size": 0} for level in data["delete"]] + data["update"] + data["insert"]
    bids, asks = (
        [(level["price"], level["size"]) for level in levels if level["side"] == side] for side in ("Buy", "Sell")
    )
    ns = moment(m["timestamp_e6"]) if "timestamp_e6" in m else None
    return Levels(ns, who, bids, asks, whole, last=m.get("cross_seq"))


def read(
    message: Mapping[str, Any], instrument: Stepped, *, ts_init: int | None = None, index: int = 0
) -> list[Message]:
    """What a message says of an instrument; nothing if it is about another one or of another kind.

    ts_event is the matching engine's time (`cts`) where the message has it.

    >>> from decimal import Decimal
    >>> from hedgerow.market.venues import Steps
    >>> data = {"s": "XRPUSDT", "b": [["1.9531", "6203"]], "a": [], "u": 9}
    >>> said = read({"topic": "orderbook.500.XRPUSDT", "type": "snapshot", "ts": 7, "data": data},
    ...             Steps("XRPUSDT", tick=Decimal("0.0001")))
    >>> said[0].kind, said[0].last, said[0].events["price_ticks"].tolist()
    ('image', 9, [19531])
    """
    topic = str(message.get("topic", ""))
    if not topic.startswith(("orderbook.", "publicTrade.")) or not topic.endswith(f".{instrument.symbol}"):
        return []
    found = (message_of(each, instrument, ts_init=ts_init, index=index) for each in told(message) or ())
    return [each for each in found if each is not None]
