"""Bybit, API version 5: order books of any depth, and trades.

Source: Bybit API v5, WebSocket Stream, Public: Orderbook (snapshot and delta) and Trade. Books follow the rule `bybit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.market.venues.messages import MS, Message, Stepped, changes, trade


def read(
    message: Mapping[str, Any], instrument: Stepped, *, ts_init: int | None = None, index: int = 0
) -> list[Message]:
    """What a message says of an instrument; nothing if it is about another one or of another kind.

    ts_event is the matching engine's time (`cts`) where the message has it.

    >>> from decimal import Decimal
    >>> from hedgerow.market.venues import Steps
    >>> data = {"s": "XRPUSDT", "b": [["1.9531", "6203"]], "a": [], "u": 9}
    >>> told = read({"topic": "orderbook.500.XRPUSDT", "type": "snapshot", "ts": 7, "data": data},
    ...             Steps("XRPUSDT", tick=Decimal("0.0001")))
    >>> told[0].kind, told[0].last, told[0].events["price_ticks"].tolist()
    ('image', 9, [19531])
    """
    topic = str(message.get("topic", ""))
    common: dict[str, Any] = {"ts_init": ts_init, "index": index}
    if topic.startswith("orderbook.") and topic.endswith(f".{instrument.symbol}"):
        data = message["data"]
        ts_event = message.get("cts", message["ts"]) * MS
        events, beyond = changes(instrument, bids=data["b"], asks=data["a"], ts_event=ts_event, **common)
        if message["type"] == "snapshot":
            return [Message("image", events, last=data["u"], beyond=beyond)]
        return [Message("update", events, first=data["u"], last=data["u"], previous=data["u"] - 1, beyond=beyond)]
    if topic == f"publicTrade.{instrument.symbol}":
        return [
            Message(
                "trade",
                trade(
                    instrument,
                    price=told["p"],
                    size=told["v"],
                    buyer_took=told["S"] == "Buy",
                    ts_event=told["T"] * MS,
                    **common,
                ),
            )
            for told in message["data"]
        ]
    return []
