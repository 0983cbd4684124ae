"""Binance: spot, USD-M and COIN-M futures.

Source: Binance Spot WebSocket Streams and Futures WebSocket Market Streams: diff. book depth, individual symbol book
ticker, trade and aggregate trade streams; REST order book. Books follow the rules `binance_spot` and `binance_futures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues.messages import Message, Stepped, message_of
from hedgerow.market.venues.statements import MS, Bar, Levels, Quote, Statement, Trade, figures, ms

BOOKED = ("depthUpdate", "bookTicker", "trade", "aggTrade")
"""Events that mean something to a book."""


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message of a stream states; None where it is none of Binance's."""
    event = m["e"]
    at = m.get("T") or m.get("E")
    ns = None if at is None else ms(at)
    if event == "depthUpdate":
        previous = m.get("pu", m["U"] - 1 if "U" in m else None)
        return [Levels(ns, m["s"], m["b"], m["a"], first=m.get("U"), last=m["u"], previous=previous)]
    if event in ("trade", "aggTrade"):
        side = "sell" if m["m"] else "buy"
        market = m.get("X", "MARKET") == "MARKET"
        return [Trade(ms(m["T"]), m["s"], m["p"], m["q"], side, m.get("t", m.get("a")), market)]
    if event in ("bookTicker", "24hrTicker") and "b" in m:
        return [_quote(m, ns if event == "bookTicker" else ms(m["E"]))]
    if event == "kline" and m["k"]["x"]:  # an open bar is no bar yet
        bar = m["k"]
        span = (bar["T"] + 1 - bar["t"]) * MS
        prices = {word: bar[word[0]] for word in ("open", "high", "low", "close", "volume")}
        return [Bar(ms(bar["t"]) + span, m["s"], span, prices)]
    if event == "markPriceUpdate":
        return [*figures(ms(m["E"]), m["s"], m, _FIGURES)]
    return None


_FIGURES = (("p", "mark_price"), ("i", "index_price"), ("r", "funding_rate"))


def told_quote(m: Mapping[str, Any]) -> list[Statement] | None:
    """The best prices of spot, which bear no kind."""
    return None if "e" in m or not {"s", "b", "B", "a", "A"} <= m.keys() else [_quote(m, None)]


def told_image(m: Mapping[str, Any]) -> list[Statement] | None:
    """A book by REST."""
    at = m.get("T") or m.get("E")
    ns = None if at is None else moment(at)
    return [Levels(ns, m.get("symbol"), m["bids"], m["asks"], whole=True, last=m["lastUpdateId"])]


def _quote(m: Mapping[str, Any], ns: int | None) -> Quote:
    return Quote(ns, m["s"], m["b"], m["B"], m["a"], m["A"], m.get("u"))


def read(
    message: Mapping[str, Any], instrument: Stepped, *, ts_init: int | None = None, index: int = 0
) -> Message | None:
    """What a message says of an instrument; None if it is about another one or of another kind.

    message: as received, with or without the stream's name around it. ts_init: UTC nanoseconds, when it was received.

    >>> from decimal import Decimal
    >>> from hedgerow.market.venues import Steps
    >>> spot = Steps("BTCUSDT", tick=Decimal("0.01"), lot=Decimal("0.00001"))
    >>> update = {"e": "depthUpdate", "E": 7, "s": "BTCUSDT", "U": 5, "u": 6, "b": [["61737.63", "0.5"]], "a": []}
    >>> said = read(update, spot)
    >>> said.kind, said.first, said.last, said.events["lots"].tolist()
    ('update', 5, 6, [50000])
    """
    data = message.get("data", message)
    if data.get("s", data.get("symbol", instrument.symbol)) != instrument.symbol:
        return None
    if data.get("e", "depthUpdate") not in BOOKED:
        return None
    reading = told if "e" in data else told_image if "lastUpdateId" in data else told_quote
    for statement in reading(data) or ():
        found = message_of(statement, instrument, ts_init=ts_init, index=index)
        if found is not None:
            return found
    return None
