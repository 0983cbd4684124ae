"""Rows of venues' REST answers that do not say in words that are shared what they are: by each venue's own names.

Source: the REST references of AscendEX, Gemini, Bitstamp, Upbit, bitFlyer, Woo, Binance futures, Gate, Bitget, KuCoin,
Crypto.com, CoinEx, Hyperliquid and Phemex. What does not name its instrument leaves that to the file or the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.core.spans import DAY_NS
from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues import others
from hedgerow.market.venues.statements import Bar, Levels, Quote, Statement, Trade, figures, ms, side_of

Message = Mapping[str, Any]
_MINUTE_NS = 60 * 10**9


def gemini_trade(m: Message) -> list[Statement] | None:
    """A trade of Gemini, or of Bitfinex' first version; an auction's has no side."""
    if not {"tid", "price", "amount", "type", "exchange"} <= m.keys():
        return None
    at = moment(m.get("timestampms", m["timestamp"]))
    return [Trade(at, None, m["price"], m["amount"], side_of(m["type"]), m["tid"])]


def bitstamp_trade(m: Message) -> list[Statement] | None:
    """A trade of Bitstamp, whose type is 0 for who bought and 1 for who sold."""
    if m.keys() != {"date", "tid", "amount", "type", "price"}:
        return None
    side = {"0": "buy", "1": "sell"}[str(m["type"])]
    return [Trade(moment(m["date"]), None, m["price"], m["amount"], side, m["tid"])]


def upbit(m: Message) -> list[Statement] | None:
    """Upbit's books, trades and candles; who took is said by the side that he took from."""
    who = m["market"]
    if "orderbook_units" in m:
        bids, asks = (
            [(u[f"{side}_price"], u[f"{side}_size"]) for u in m["orderbook_units"]] for side in ("bid", "ask")
        )
        return [Levels(ms(m["timestamp"]), who, bids, asks, whole=True)]
    if "ask_bid" in m:
        at, number = ms(m["timestamp"]), m["sequential_id"]
        return [Trade(at, who, m["trade_price"], m["trade_volume"], side_of(m["ask_bid"]), number)]
    span = m["unit"] * _MINUTE_NS if "unit" in m else DAY_NS if "prev_closing_price" in m else None
    if span is None or "candle_date_time_utc" not in m:
        return None
    named = ("open", "opening_price"), ("high", "high_price"), ("low", "low_price"), ("close", "trade_price")
    prices = {word: m[theirs] for word, theirs in named} | {"volume": m["candle_acc_trade_volume"]}
    return [Bar(moment(m["candle_date_time_utc"]) + span, who, span, prices)]


def bitflyer_trade(m: Message) -> list[Statement] | None:
    """An execution of bitFlyer; an auction's has no side."""
    return [Trade(moment(m["exec_date"]), None, m["price"], m["size"], side_of(m["side"]), m["id"])]


def woo_trades(m: Message) -> list[Statement] | None:
    """Trades of Woo, newest first."""
    rows = m["rows"]
    if not rows or not all("executed_timestamp" in row for row in rows):
        return None
    return [Trade(moment(row["executed_timestamp"]), row["symbol"], row["executed_price"], row["executed_quantity"],
                  side_of(row["side"])) for row in rows]  # fmt: skip


_BINANCE = (("markPrice", "mark_price"), ("indexPrice", "index_price"), ("lastFundingRate", "funding_rate"),
            ("fundingRate", "funding_rate"), ("openInterest", "open_interest"),
            ("sumOpenInterest", "open_interest"))  # fmt: skip


def binance_figures(m: Message) -> list[Statement] | None:
    """Figures of Binance's futures: prices and the funding that is due, funding that was paid, open interest."""
    at = next((m[name] for name in ("fundingTime", "time", "timestamp") if name in m), None)
    known = m.keys() >= {"fundingTime", "fundingRate"} or m.keys() & {"lastFundingRate", "sumOpenInterest"}
    if at is None or not (known or m.keys() == {"openInterest", "symbol", "time"}):
        return None
    return [*figures(ms(at), m["symbol"], m, _BINANCE)]


def gate_ticker(m: Message) -> list[Statement] | None:
    """The best prices of a pair of Gate."""
    if "currency_pair" not in m:
        return None
    sizes = (m.get("highest_size"), m.get("lowest_size"))
    bid, ask = m["highest_bid"] or None, m["lowest_ask"] or None
    return [Quote(None, m["currency_pair"], bid, sizes[0], ask, sizes[1])] if bid or ask else None


def bitget_tickers(m: Message) -> list[Statement] | None:
    """Best prices of Bitget, and the figures of its contracts."""
    rows = m["data"]
    if (
        not isinstance(rows, list)
        or not rows
        or not all({"symbol", "bidPr", "askPr", "ts"} <= row.keys() for row in rows)
    ):
        return None
    return [said for row in rows for said in _bitget(row)]


def _bitget(row: Message) -> list[Statement]:
    at = ms(row["ts"])
    sides = (row[name] or None for name in ("bidPr", "bidSz", "askPr", "askSz"))
    named = (("markPrice", "mark_price"), ("indexPrice", "index_price"), ("fundingRate", "funding_rate"),
             ("holdingAmount", "open_interest"))  # fmt: skip
    return [Quote(at, row["symbol"], *sides), *figures(at, row["symbol"], row, named)]


def kucoin_tickers(m: Message) -> list[Statement] | None:
    """Best prices of KuCoin: of one instrument, or of all of them."""
    data = m["data"]
    if not isinstance(data, dict) or not data.keys() & {"ticker", "bestBid"}:
        return None
    if "ticker" in data:
        sides = ("buy", "bestBidSize", "sell", "bestAskSize")
        return [Quote(ms(data["time"]), q["symbol"], *(q.get(name) for name in sides)) for q in data["ticker"]]
    sides = ("bestBid", "bestBidSize", "bestAsk", "bestAskSize")
    return [Quote(ms(data["time"]), None, *(data[name] for name in sides))]


def coinex(m: Message) -> list[Statement] | None:
    """CoinEx' books and trades."""
    data = m["data"]
    if isinstance(data, dict) and "is_full" in data:
        book = data["depth"]
        return [Levels(ms(book["updated_at"]), data["market"], book["bids"], book["asks"], whole=True)]
    if not isinstance(data, list) or not data or not all({"deal_id", "created_at", "side"} <= t.keys() for t in data):
        return None
    return [Trade(ms(t["created_at"]), t.get("market"), t["price"], t["amount"], side_of(t["side"]), t["deal_id"])
            for t in data]  # fmt: skip


def ascendex(m: Message) -> list[Statement] | None:
    """Candles of AscendEX, which bear their start and say how many minutes they are long."""
    rows = m["data"]
    if not isinstance(rows, list) or not rows or not all(row["m"] == "bar" for row in rows):
        return None
    found: list[Statement] = []
    for row in rows:
        bar, who = row["data"], row["s"]
        span = {"1d": DAY_NS, "1w": 7 * DAY_NS}.get(bar["i"]) or int(bar["i"]) * _MINUTE_NS
        found.append(Bar(ms(bar["ts"]) + span, who, span, {word: bar[word[0]] for word in _PRICES}))
    return found


def bitstamp_funding(m: Message) -> list[Statement] | None:
    """Funding rates of Bitstamp's contracts."""
    named = (("funding_rate", "funding_rate"),)
    rates = m["funding_rate_history"]
    return [said for rate in rates for said in figures(moment(rate["timestamp"]), m["market"], rate, named)]


def hyperliquid(m: Message) -> list[Statement] | None:
    """A candle of Hyperliquid, with its last millisecond, or the funding of an hour."""
    if {"t", "T", "s", "i", "o", "c", "h", "l", "v", "n"} == m.keys():
        closed = ms(m["T"]) + ms(1)
        return [Bar(closed, m["s"], closed - ms(m["t"]), {word: m[word[0]] for word in _PRICES})]
    if m.keys() != {"coin", "fundingRate", "premium", "time"}:
        return None
    return [*figures(ms(m["time"]), m["coin"], m, (("fundingRate", "funding_rate"),))]


def phemex(m: Message) -> list[Statement] | None:
    """Phemex' answers hold what it pushes."""
    return others.phemex(m["result"]) if "sequence" in m["result"] else None


_CRYPTO_COM_SPANS = {"m": _MINUTE_NS, "h": 60 * _MINUTE_NS, "D": DAY_NS}


def crypto_com(m: Message) -> list[Statement] | None:
    """Crypto.com's answers, which name the method that asked."""
    result = m["result"]
    asked, data, who = str(m["method"]).rpartition("/")[2], result["data"], result.get("instrument_name")
    if asked == "get-book":
        return [Levels(ms(item["t"]), who, item["bids"], item["asks"], whole=True) for item in data]
    if asked == "get-trades":
        return [Trade(ms(t["t"]), t["i"], t["p"], t["q"], side_of(t["s"]), t["d"]) for t in data]
    if asked == "get-tickers":
        return [Quote(ms(q["t"]), q["i"], q["b"], q.get("bs"), q["k"], q.get("ks")) for q in data]
    if asked != "get-candlestick":
        return None
    interval = str(result["interval"])
    span = int(interval[:-1]) * _CRYPTO_COM_SPANS[interval[-1]]
    return [Bar(ms(c["t"]) + span, who, span, {word: c[word[0]] for word in _PRICES}) for c in data]


_PRICES = ("open", "high", "low", "close", "volume")
