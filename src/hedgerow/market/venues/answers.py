"""Answers of venues' REST interfaces: books, trades and best prices within each venue's envelope.

Source: the public market data of each venue's REST reference: OKX v5, Bybit v5, Kraken and Kraken Futures, KuCoin,
Deribit, Poloniex, Binance, Bitfinex v2, Coinbase Exchange; and ccxt's tickers and funding rates. An answer that does
not name its instrument leaves that to the file or the request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues.bybit import FIGURES, ticker
from hedgerow.market.venues.statements import MS, Figure, Levels, Quote, Statement, Trade, figures, ms, side_of

Message = Mapping[str, Any]


def in_data(m: Message) -> list[Statement] | None:
    """OKX's and KuCoin's envelope: `code` and `data`."""
    data = m["data"]
    if isinstance(data, list) and data and all(_is_figure(row) for row in data):
        return [said for row in data for said in figures(moment(row["ts"]), row["instId"], row, _OKX)]
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, dict) or not {"bids", "asks"} <= data.keys():
        return None
    at, number = data.get("ts", data.get("time")), data.get("seqId", data.get("sequence"))
    last = None if number is None else int(number)
    return [Levels(None if at is None else moment(at), data.get("instId"), data["bids"], data["asks"], True, last=last)]


_OKX = (("markPx", "mark_price"), ("idxPx", "index_price"), ("oi", "open_interest"))


def _is_figure(row: Any) -> bool:
    """Whether it is OKX's mark or index price, or open interest, of an instrument."""
    return isinstance(row, dict) and {"instId", "ts"} <= row.keys() and any(theirs in row for theirs, _ in _OKX)


def bybit(m: Message) -> list[Statement] | None:
    """Bybit's envelope: `retCode` and `result`."""
    result = m["result"]
    if {"s", "a", "b", "ts"} <= result.keys():
        at = result.get("cts", result["ts"])
        return [Levels(int(at) * MS, result["s"], result["b"], result["a"], whole=True, last=result.get("u"))]
    listed = result.get("list")
    if not listed or not all(isinstance(row, dict) for row in listed):
        return None
    if all("bid1Price" in row for row in listed):
        found = [ticker(row, ms(m["time"])) or [] for row in listed]
        return [said for part in found for said in part] or None
    if all({"symbol", "fundingRate", "fundingRateTimestamp"} <= row.keys() for row in listed):
        return [
            said for row in listed for said in figures(ms(row["fundingRateTimestamp"]), row["symbol"], row, FIGURES)
        ]
    if all(row.keys() == {"openInterest", "timestamp"} for row in listed):
        return [said for row in listed for said in figures(ms(row["timestamp"]), result["symbol"], row, FIGURES)]
    return None


def in_result(m: Message) -> list[Statement] | None:
    """`result`: Kraken's pairs (with `error`), Deribit's book (with `jsonrpc`), Kraken Futures' book."""
    result = m["result"]
    if result == "success" and "orderBook" in m:
        book = m["orderBook"]
        return [Levels(moment(m["serverTime"]), None, book["bids"], book["asks"], whole=True)]
    if result == "success" and "tickers" in m:
        return [said for q in m["tickers"] for said in _kraken_future(q, moment(m["serverTime"]))]
    if not isinstance(result, dict):
        return None
    if "jsonrpc" in m:
        if not {"bids", "asks", "instrument_name"} <= result.keys():
            return None
        at, number = moment(result["timestamp"]), result.get("change_id")
        return [Levels(at, result["instrument_name"], result["bids"], result["asks"], whole=True, last=number)]
    if not isinstance(m.get("error"), list):
        return None
    found = [_of_kraken(pair, value) for pair, value in result.items() if pair != "last"]
    return [said for part in found if part is not None for said in part] or None


_KRAKEN = (("markPrice", "mark_price"), ("indexPrice", "index_price"), ("openInterest", "open_interest"))


def _kraken_future(q: Message, at: int) -> list[Statement]:
    """The best prices and the figures of a contract; an index has neither."""
    sides = ("bid", "bidSize", "ask", "askSize")
    quotes = [Quote(at, q["symbol"], *(q.get(name) for name in sides))] if "bid" in q or "ask" in q else []
    return [*quotes, *figures(at, q["symbol"], q, _KRAKEN)]


def coinbase_book(m: Message) -> list[Statement] | None:
    """Books of Coinbase Advanced Trade: one, or the best prices of several."""
    books = m["pricebooks"] if "pricebooks" in m else [m["pricebook"]]
    return [_coinbase(book, whole="pricebook" in m) for book in books]


def _coinbase(book: Message, *, whole: bool) -> Statement:
    at, who = moment(book["time"]), book["product_id"]
    bids, asks = ([(level["price"], level["size"]) for level in book[side]] for side in ("bids", "asks"))
    if whole:
        return Levels(at, who, bids, asks, whole=True)
    return Quote(at, who, *(bids or [(None, None)])[0], *(asks or [(None, None)])[0])


def _of_kraken(pair: str, value: Any) -> list[Statement] | None:
    if isinstance(value, dict) and {"bids", "asks"} <= value.keys():
        at = max((moment(level[2]) for side in ("bids", "asks") for level in value[side]), default=None)
        return [Levels(at, pair, value["bids"], value["asks"], whole=True)]
    if isinstance(value, dict) and {"a", "b", "c", "v"} <= value.keys():
        (bid, _, bid_size), (ask, _, ask_size) = value["b"], value["a"]
        return [Quote(None, pair, bid, bid_size, ask, ask_size)]
    if isinstance(value, list) and value and all(len(row) >= 6 and row[3] in ("b", "s") for row in value):
        return [
            Trade(moment(at), pair, price, size, side_of(side), more[2] if len(more) > 2 else None)
            for price, size, at, side, *more in value
        ]
    return None


def poloniex_book(m: Message) -> list[Statement] | None:
    """A book whose sides are prices and sizes by turns."""
    bids, asks = (_by_turns(m[side]) for side in ("bids", "asks"))
    return [Levels(moment(m["time"]), None, bids, asks, whole=True)]


def _by_turns(side: Sequence[Any]) -> list[tuple[Any, Any]]:
    return list(zip(side[::2], side[1::2], strict=True))


def binance_aggregate(m: Message) -> list[Statement] | None:
    """One of Binance's aggregate trades, whose answer does not name the instrument."""
    if "e" in m or not {"a", "p", "q", "f", "l", "T", "m"} <= m.keys():
        return None
    return [Trade(ms(m["T"]), None, m["p"], m["q"], "sell" if m["m"] else "buy", m["a"])]


def coinbase_trade(m: Message) -> list[Statement] | None:
    """One trade of Coinbase Exchange, whose side is the maker's."""
    if m.keys() != {"trade_id", "side", "size", "price", "time"}:
        return None
    side = {"buy": "sell", "sell": "buy"}[m["side"]]
    return [Trade(moment(m["time"]), None, m["price"], m["size"], side, m["trade_id"])]


def ccxt_ticker(m: Message) -> list[Statement] | None:
    """A ticker of ccxt: the best prices at its time. Its figures of the day are no bar, and are not taken."""
    if not {"symbol", "bid", "ask", "last", "baseVolume"} <= m.keys() or (m["bid"] is None and m["ask"] is None):
        return None
    at = None if m.get("timestamp") is None else moment(m["timestamp"])
    return [Quote(at, m["symbol"], m["bid"], m.get("bidVolume"), m["ask"], m.get("askVolume"))]


def ccxt_funding(m: Message) -> list[Statement] | None:
    """A funding rate of ccxt, with the prices beside it."""
    if "fundingTimestamp" not in m or "symbol" not in m:
        return None
    at = None if m.get("timestamp") is None else moment(m["timestamp"])
    named = (("fundingRate", "funding_rate"), ("markPrice", "mark_price"), ("indexPrice", "index_price"))
    return [Figure(at, f"{m['symbol']}.{ours}", m[theirs]) for theirs, ours in named if m.get(theirs) is not None]


def bitfinex(rows: Sequence[Any]) -> list[Statement] | None:
    """Bitfinex' trades: number, milliseconds, size with the taker's sign, price; newest first."""
    if not rows or not all(isinstance(row, list) and len(row) == 4 for row in rows):
        return None
    if not all(isinstance(row[0], int) and isinstance(row[1], int) and 1e12 < row[1] < 1e13 for row in rows):
        return None
    told = ((number, ms(at), str(size), price) for number, at, size, price in rows)
    return [
        Trade(ns, None, price, size.lstrip("-"), "sell" if size.startswith("-") else "buy", number)
        for number, ns, size, price in told
    ]
