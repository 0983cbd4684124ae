"""Which venue a message is of, by its shape, and what it states.

Promises: a message whose shape is not what it looked like states nothing, and nothing of it is half told. Adding a
venue is a function from a message to statements, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hedgerow.market.venues import binance, bybit, coins, kraken, okx
from hedgerow.market.venues.statements import Statement

Told = Callable[[Mapping[str, Any]], "list[Statement] | None"]
_BY_KEY: tuple[tuple[str, Told], ...] = (
    ("e", binance.told),
    ("B", binance.told_quote),
    ("lastUpdateId", binance.told_image),
    ("topic", bybit.told),
    ("arg", okx.told),
    ("arg", coins.bitget),
    ("params", coins.deribit),
    ("Channel", coins.independent_reserve),
    ("BuyOrders", coins.independent_reserve_book),
    ("channel", lambda m: next((told for venue in _CHANNELLED if (told := venue(m)) is not None), None)),
    ("type", coins.coinbase),
    ("bids", coins.bare_book),
)
_CHANNELLED: tuple[Told, ...] = (
    coins.coinbase_advanced,
    coins.bitstamp,
    coins.hyperliquid,
    coins.poloniex,
    kraken.told_second,
)


def told(message: Any, places: coins.Places) -> list[Statement] | None:
    """What a message states of a market; None where it states nothing that is known here.

    places: what was said before and is meant by an id since; kept by whoever reads a recording.

    >>> (trade,) = told({"e": "trade", "s": "BTCUSDT", "p": "1.50", "q": "2", "T": 7, "t": 9, "m": True}, {})
    >>> trade.price, trade.side, trade.ns
    ('1.50', 'sell', 7000000)
    """
    try:
        if isinstance(message, list):
            return kraken.told(message)
        if not isinstance(message, dict):
            return None
        data = message.get("data")
        if "stream" in message and isinstance(data, dict):
            message = data
        if "table" in message and (found := coins.bitmex(message, places)) is not None:
            return found
        read = (venue(message) for key, venue in _BY_KEY if key in message)
        return next((found for found in read if found is not None), None)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError):
        return None
