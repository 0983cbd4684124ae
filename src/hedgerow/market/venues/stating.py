"""Which venue a message is of, by its shape, and what it states.

Promises: a message whose shape is not what it looked like states nothing, and nothing of it is half told. Adding a
venue is a function from a message to statements, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hedgerow.market.venues import (
    answers,
    binance,
    bitfinex,
    bittrex,
    bybit,
    coins,
    dydx,
    gate,
    hitbtc,
    htx,
    kraken,
    kucoin,
    listed,
    mexc,
    okx,
    others,
    tardis,
)
from hedgerow.market.venues.statements import Statement

Told = Callable[[Mapping[str, Any]], "list[Statement] | None"]
_BROKEN = (KeyError, TypeError, IndexError, AttributeError, ValueError, ArithmeticError)
"""What a message makes its reader raise that only looks like one of its venue."""
_BY_KEY: tuple[tuple[str, Told], ...] = (
    ("localTimestamp", tardis.told),
    ("e", binance.told),
    ("B", binance.told_quote),
    ("lastUpdateId", binance.told_image),
    ("topic", bybit.told),
    ("topic", kucoin.told),
    ("topic", others.btse),
    ("arg", okx.told),
    ("arg", coins.bitget),
    ("params", coins.deribit),
    ("params", others.hitbtc),
    ("params", others.bitflyer),
    ("params", gate.told_third),
    ("Channel", coins.independent_reserve),
    ("BuyOrders", coins.independent_reserve_book),
    ("ch", htx.told),
    ("ch", hitbtc.told),
    ("rep", htx.told),
    ("c", mexc.told),
    ("feed", others.kraken_futures),
    ("code", others.upbit),
    ("cd", others.upbit),
    ("channel", coins.coinbase_advanced),
    ("channel", coins.bitstamp),
    ("channel", coins.hyperliquid),
    ("channel", coins.poloniex),
    ("channel", kraken.told_second),
    ("channel", gate.told),
    ("channel", dydx.told),
    ("channel", mexc.told_future),
    ("channel", others.ftx),
    ("channel", others.blockchain),
    ("channel", others.bit_com),
    ("channel", others.probit),
    ("type", coins.coinbase),
    ("type", others.delta),
    ("content", others.bithumb),
    ("sequence", others.phemex),
    ("table", others.okex),
    ("m", others.ascendex),
    ("M", bittrex.told),
    ("ask", bittrex.told_book),
    ("tn", others.architect),
    ("coin", coins.hyperliquid_answer),
    ("historicalFunding", dydx.told_funding),
    ("current", gate.told_book),
    ("pricebook", answers.coinbase_book),
    ("pricebooks", answers.coinbase_book),
    ("status", htx.told_funding),
    ("data", answers.in_data),
    ("retCode", answers.bybit),
    ("result", answers.in_result),
    ("result", dydx.told_funding),
    ("result", others.crypto_com),
    ("a", answers.binance_aggregate),
    ("trade_id", answers.coinbase_trade),
    ("baseVolume", answers.ccxt_ticker),
    ("fundingTimestamp", answers.ccxt_funding),
    ("scale", answers.poloniex_book),
    ("bids", coins.bare_book),
    ("tid", listed.gemini_trade),
    ("tid", listed.bitstamp_trade),
    ("market", listed.upbit),
    ("exec_date", listed.bitflyer_trade),
    ("rows", listed.woo_trades),
    ("symbol", listed.binance_figures),
    ("highest_bid", listed.gate_ticker),
    ("contract", gate.told_trade),
    ("data", listed.bitget_tickers),
    ("data", listed.kucoin_tickers),
    ("method", listed.crypto_com),
    ("result", listed.phemex),
    ("data", listed.coinex),
    ("data", listed.ascendex),
    ("funding_rate_history", listed.bitstamp_funding),
    ("T", listed.hyperliquid),
    ("premium", listed.hyperliquid),
)


def told(message: Any, places: coins.Places) -> list[Statement] | None:
    """What a message states of a market; None where it states nothing that is known here.

    places: what was said before and is meant by an id since; kept by whoever reads a recording.

    >>> (trade,) = told({"e": "trade", "s": "BTCUSDT", "p": "1.50", "q": "2", "T": 7, "t": 9, "m": True}, {})
    >>> trade.price, trade.side, trade.ns
    ('1.50', 'sell', 7000000)
    """
    if isinstance(message, list):
        of_channels = _tried(kraken.told, message) or _tried(lambda m: bitfinex.told(m, places), message)
        of_channels = of_channels or _tried(lambda m: others.poloniex_first(m, places), message)
        return of_channels or _tried(answers.bitfinex, message)
    if not isinstance(message, dict):
        return None
    data = message.get("data")
    if "stream" in message and isinstance(data, dict):
        message = data
    if "event" in message:
        _tried(lambda m: bitfinex.subscribed(m, places), message)
    if "table" in message and (found := _tried(lambda m: coins.bitmex(m, places), message)) is not None:
        return found
    read = (_tried(venue, message) for key, venue in _BY_KEY if key in message)
    return next((found for found in read if found is not None), None)


def _tried(venue: Callable[[Any], list[Statement] | None], message: Any) -> list[Statement] | None:
    """What one venue's reader makes of a message; None where it is not laid out as that venue's are."""
    try:
        return venue(message)
    except _BROKEN:
        return None
