"""Crypto venues by name as they stream: where, and what to say to subscribe. The messages are recorded as they come.

`stream = true` beside `vendor`, `symbols` and `kinds` is all that is said. A symbol is `BASE/QUOTE` or the venue's own
name for it. Promises: what is recorded is what `market/venues/` states rows and books of. Never: an order, a key.
Source: each venue's public websocket interface; the words are those that the recorded sessions of the reference data
were opened with, where it has one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from hedgerow.core.settings import Table
from hedgerow.market.feeds.vendors.wanted import Wanted

if TYPE_CHECKING:
    from hedgerow.market.feeds.websocket import WebsocketTransport

Words = Callable[[str, Sequence[str]], list[Any]]
"""What to send to subscribe to the streams of a kind for some symbols."""


@dataclass(frozen=True)
class Live:
    """A venue's address, what each kind is called there, how symbols are written, and how to subscribe.

    sign: between base and quote. each: symbols in one subscription. heartbeat: what keeps the line, where a ping of the
    protocol does not.
    """

    url: str
    names: dict[str, str]
    sign: str
    words: Words
    lower: bool = False
    each: int = 100
    heartbeat: str = ""

    def symbol(self, text: str) -> str:
        """A symbol as the venue writes it."""
        written = text.replace("/", self.sign)
        return written.lower() if self.lower else written


def _streams(template: str, **said: Any) -> Words:
    """Names of streams in one list: `{symbol}` in a template that is the kind's name."""
    key = template

    def words(name: str, symbols: Sequence[str]) -> list[Any]:
        return [said | {key: [name.format(symbol=symbol) for symbol in symbols]}]

    return words


def _deribit(name: str, symbols: Sequence[str]) -> list[Any]:
    channels = [name.format(symbol=symbol) for symbol in symbols]
    return [{"jsonrpc": "2.0", "id": 1, "method": "public/subscribe", "params": {"channels": channels}}]


def _okx(name: str, symbols: Sequence[str]) -> list[Any]:
    return [{"op": "subscribe", "args": [{"channel": name, "instId": symbol} for symbol in symbols]}]


def _kraken(name: str, symbols: Sequence[str]) -> list[Any]:
    told: dict[str, Any] = {"name": name} | ({"depth": 100} if name == "book" else {})
    return [{"event": "subscribe", "pair": list(symbols), "subscription": told}]


def _coinbase(name: str, symbols: Sequence[str]) -> list[Any]:
    return [{"type": "subscribe", "product_ids": list(symbols), "channels": [name]}]


def _poloniex(name: str, symbols: Sequence[str]) -> list[Any]:
    return [{"event": "subscribe", "channel": [name], "symbols": list(symbols)}]


def _bitstamp(name: str, symbols: Sequence[str]) -> list[Any]:
    return [{"event": "bts:subscribe", "data": {"channel": f"{name}_{symbol}"}} for symbol in symbols]


def _hyperliquid(name: str, symbols: Sequence[str]) -> list[Any]:
    return [{"method": "subscribe", "subscription": {"type": name, "coin": symbol}} for symbol in symbols]


def _gemini(name: str, symbols: Sequence[str]) -> list[Any]:
    return [{"type": "subscribe", "subscriptions": [{"name": name, "symbols": list(symbols)}]}]


_BINANCE = {"trades": "{symbol}@aggTrade", "quotes": "{symbol}@bookTicker", "book": "{symbol}@depth@100ms",
            "bars": "{symbol}@kline_1m"}  # fmt: skip
_BYBIT = {"trades": "publicTrade.{symbol}", "quotes": "orderbook.1.{symbol}", "book": "orderbook.200.{symbol}",
          "bars": "kline.1.{symbol}"}  # fmt: skip
_BYBIT_PING = '{"op":"ping"}'
LIVE: dict[str, Live] = {
    "binance": Live("wss://stream.binance.com:9443/ws", _BINANCE, "", _streams("params", method="SUBSCRIBE", id=1),
                    lower=True),
    "binanceusdm": Live("wss://fstream.binance.com/ws", _BINANCE, "", _streams("params", method="SUBSCRIBE", id=1),
                        lower=True),
    "bitmex": Live("wss://www.bitmex.com/realtime",
                   {"trades": "trade:{symbol}", "quotes": "quote:{symbol}", "book": "orderBookL2:{symbol}"},
                   "", _streams("args", op="subscribe"), each=10),
    "bitstamp": Live("wss://ws.bitstamp.net/", {"trades": "live_trades", "book": "diff_order_book"}, "", _bitstamp,
                     lower=True),
    "bybit": Live("wss://stream.bybit.com/v5/public/spot", _BYBIT, "", _streams("args", op="subscribe"), each=10,
                  heartbeat=_BYBIT_PING),
    "coinbaseexchange": Live("wss://ws-feed.exchange.coinbase.com",
                             {"trades": "matches", "quotes": "ticker", "book": "level2_batch"}, "-", _coinbase),
    "deribit": Live("wss://www.deribit.com/ws/api/v2",
                    {"trades": "trades.{symbol}.100ms", "quotes": "quote.{symbol}", "book": "book.{symbol}.100ms"},
                    "_", _deribit, heartbeat='{"jsonrpc":"2.0","id":2,"method":"public/test"}'),
    "gemini": Live("wss://api.gemini.com/v2/marketdata", {"book": "l2"}, "", _gemini),
    "hyperliquid": Live("wss://api.hyperliquid.xyz/ws", {"trades": "trades", "quotes": "bbo", "book": "l2Book"}, "/",
                        _hyperliquid, heartbeat='{"method":"ping"}'),
    "kraken": Live("wss://ws.kraken.com", {"trades": "trade", "quotes": "spread", "book": "book"}, "/", _kraken),
    "okx": Live("wss://ws.okx.com:8443/ws/v5/public", {"trades": "trades", "quotes": "tickers", "book": "books"}, "-",
                _okx, heartbeat="ping"),
    "poloniex": Live("wss://ws.poloniex.com/ws/public", {"trades": "trades", "book": "book_lv2"}, "_", _poloniex,
                     heartbeat='{"event":"ping"}'),
}  # fmt: skip
"""Venues whose messages are stated, by ccxt's names."""


def settings(table: Table, vendor: str, wanted: Wanted) -> WebsocketTransport:
    """The keys of `[transport]` where a venue streams: those of a websocket, of which none must be given."""
    from hedgerow.market.feeds import websocket

    live = LIVE[vendor]
    said = [json.dumps(words, separators=(",", ":")) for words in _subscriptions(live, wanted)]
    given = {"url": live.url, "subscribe": said, "heartbeat": live.heartbeat}
    return websocket.settings(table.filled(given))


def _subscriptions(live: Live, wanted: Wanted) -> list[Any]:
    """What to send, at most so many symbols in one."""
    found: list[Any] = []
    for kind in wanted.kinds:
        symbols = iter(live.symbol(text) for text in wanted.symbols)
        while some := list(islice(symbols, live.each)):
            found += live.words(live.names[kind], some) if kind in live.names else []
    return found
