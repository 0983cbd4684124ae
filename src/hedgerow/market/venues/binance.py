"""Binance: spot, USD-M and COIN-M futures.

Source: Binance Spot WebSocket Streams and Futures WebSocket Market Streams: diff. book depth, individual symbol book
ticker, trade and aggregate trade streams; REST order book. Books follow the rules `binance_spot` and `binance_futures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.market.venues.messages import MS, Message, Stepped, changes, trade


def read(
    message: Mapping[str, Any], instrument: Stepped, *, ts_init: int | None = None, index: int = 0
) -> Message | None:
    """What a message says of an instrument; None if it is about another one or of another kind.

    message: as received, with or without the stream's name around it. ts_init: UTC nanoseconds, when it was received.

    >>> from decimal import Decimal
    >>> from hedgerow.market.venues import Steps
    >>> spot = Steps("BTCUSDT", tick=Decimal("0.01"), lot=Decimal("0.00001"))
    >>> update = {"e": "depthUpdate", "E": 7, "s": "BTCUSDT", "U": 5, "u": 6, "b": [["61737.63", "0.5"]], "a": []}
    >>> told = read(update, spot)
    >>> told.kind, told.first, told.last, told.events["lots"].tolist()
    ('update', 5, 6, [50000])
    """
    data = message.get("data", message)
    if data.get("s", data.get("symbol", instrument.symbol)) != instrument.symbol:
        return None
    kind = data.get("e")
    when = data.get("T", data.get("E"))
    ts_event = when * MS if when is not None else ts_init
    if ts_event is None:
        return None
    common: dict[str, Any] = {"ts_event": ts_event, "ts_init": ts_init, "index": index}
    if kind == "depthUpdate":
        events, beyond = changes(instrument, bids=data["b"], asks=data["a"], **common)
        return Message(
            "update", events, first=data["U"], last=data["u"], previous=data.get("pu", data["U"] - 1), beyond=beyond
        )
    if "lastUpdateId" in data:
        events, beyond = changes(instrument, bids=data["bids"], asks=data["asks"], **common)
        return Message("image", events, last=data["lastUpdateId"], beyond=beyond)
    if kind == "bookTicker" or (kind is None and {"u", "B", "A"} <= data.keys()):
        bid, ask = (data["b"], data["B"]), (data["a"], data["A"])
        events, _ = changes(instrument, bids=[bid], asks=[ask], **common, top=True)
        return Message("top", events, last=data["u"])
    if kind in ("trade", "aggTrade") and data.get("X", "MARKET") == "MARKET":
        return Message("trade", trade(instrument, price=data["p"], size=data["q"], buyer_took=not data["m"], **common))
    return None
