"""Gate.io, API versions 4 and 3: spot and futures books, best prices, trades, closed candles.

Source: Gate API v4, Spot and Futures WebSocket. A size of a futures trade bears the taker's side as its sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hedgerow.market.formats.gathering import moment
from hedgerow.market.times import span_ns
from hedgerow.market.venues.statements import Bar, Level, Levels, Quote, Statement, Trade, figures, ms, side_of


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message states; None where it is none of Gate's market data."""
    market, _, name = str(m["channel"]).partition(".")
    result = m.get("result")
    if market not in ("spot", "futures") or m.get("event") not in ("update", "all") or not result:
        return None
    if name in ("trades", "trades_v2"):
        return [_trade(t) for t in (result if isinstance(result, list) else [result])]
    if name == "tickers":
        at = moment(m.get("time_ms") or m["time"])
        found = [_ticker(q, at) for q in (result if isinstance(result, list) else [result])]
        return [said for part in found for said in part]
    if not isinstance(result, dict):
        return None
    if name == "book_ticker":
        bid, bid_size, ask, ask_size = (result[key] for key in "bBaA")
        return [Quote(ms(result["t"]), result["s"], bid, bid_size, ask, ask_size, result.get("u"))]
    if name == "order_book_update":
        bids, asks = _levels(result["b"]), _levels(result["a"])
        first, last = result["U"], result["u"]
        return [Levels(ms(result["t"]), result["s"], bids, asks, first=first, last=last, previous=first - 1)]
    if name == "order_book" and "bids" in result:
        number = result.get("lastUpdateId", result.get("id"))
        who = result.get("s") or result["contract"]
        return [Levels(ms(result["t"]), who, _levels(result["bids"]), _levels(result["asks"]), True, last=number)]
    if name == "candlesticks" and result.get("w"):  # an open candle is no bar yet
        span, who = str(result["n"]).split("_", 1)
        length = span_ns(span)
        prices = {word: result[word[0]] for word in ("open", "high", "low", "close")} | {"volume": result["a"]}
        return [Bar(moment(result["t"]) + length, who, length, prices)]
    return None


def told_third(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message of version 3 states: books, and trades, newest first; CoinEx' first version is written so too."""
    method, params = m["method"], m["params"]
    if method == "depth.update":
        whole, book, who = params[:3]
        return [Levels(None, who, book.get("bids", []), book.get("asks", []), whole=bool(whole))]
    if method in ("trades.update", "deals.update"):
        trades = sorted(params[1], key=lambda t: moment(t["time"]))
        return [Trade(moment(t["time"]), params[0], t["price"], t["amount"], side_of(t["type"]), t["id"])
                for t in trades]  # fmt: skip
    return None


def told_trade(m: Mapping[str, Any]) -> list[Statement] | None:
    """A trade of a contract by REST."""
    return [_trade(m)] if {"contract", "size", "price", "id", "create_time"} <= m.keys() else None


def _trade(t: Mapping[str, Any]) -> Trade:
    at = moment(t.get("create_time_ms") or t["create_time"])
    if "contract" in t:
        size = str(t["size"])
        side = "sell" if size.startswith("-") else "buy"
        return Trade(at, t["contract"], t["price"], size.lstrip("-"), side, t["id"])
    return Trade(at, t["currency_pair"], t["price"], t["amount"], side_of(t["side"]), t["id"])


_FIGURES = (("mark_price", "mark_price"), ("index_price", "index_price"), ("funding_rate", "funding_rate"),
            ("total_size", "open_interest"))  # fmt: skip


def _ticker(q: Mapping[str, Any], at: int) -> list[Statement]:
    """The best prices of a pair; of a contract its figures."""
    if "currency_pair" in q:
        return [Quote(at, q["currency_pair"], q["highest_bid"] or None, None, q["lowest_ask"] or None, None)]
    return [*figures(at, q["contract"], q, _FIGURES)]


def told_book(m: Mapping[str, Any]) -> list[Statement] | None:
    """A book by REST, with the moment of its last change; who it is of stands in the request."""
    if not {"current", "update", "asks", "bids"} <= m.keys():
        return None
    return [Levels(moment(m["update"]), None, _levels(m["bids"]), _levels(m["asks"]), whole=True, last=m.get("id"))]


def _levels(side: Sequence[Any]) -> list[Level]:
    return [(level["p"], level["s"]) if isinstance(level, dict) else level for level in side]
