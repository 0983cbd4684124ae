"""Venues of which rows are read and no book is followed: Bitget, BitMEX, Bitstamp, Coinbase, Deribit and others.

Source: each venue's public websocket and REST interface, as its messages in recordings show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from hedgerow.market.formats.gathering import moment
from hedgerow.market.times import span_ns
from hedgerow.market.venues.okx import candle_span
from hedgerow.market.venues.statements import (
    Bar,
    Level,
    Levels,
    Option,
    Order,
    Quote,
    Statement,
    Trade,
    figures,
    ms,
    side_of,
)

Message = Mapping[str, Any]
Places = dict[Any, Any]
"""What a venue says once and later only refers to, such as the price of a level's id."""


def hyperliquid(m: Message) -> list[Statement] | None:
    """Messages with `channel` and `coin`."""
    channel, data = m["channel"], m["data"]
    if channel == "l2Book":
        bids, asks = ([(level["px"], level["sz"]) for level in side] for side in data["levels"])
        return [Levels(ms(data["time"]), data["coin"], bids, asks, whole=True)]
    if channel == "trades" and "coin" in data[0]:
        return [Trade(moment(t["time"]), t["coin"], t["px"], t["sz"], side_of(t["side"]), t["tid"]) for t in data]
    if channel == "bbo" and "coin" in data:
        best = [side[what] if side else None for side in data["bbo"] for what in ("px", "sz")]
        return [Quote(moment(data["time"]), data["coin"], *best)]
    if channel == "activeAssetCtx":
        named = (("markPx", "mark_price"), ("oraclePx", "index_price"), ("funding", "funding_rate"),
                 ("openInterest", "open_interest"))  # fmt: skip
        return [*figures(None, data["coin"], data["ctx"], named)]
    return None


def hyperliquid_answer(m: Message) -> list[Statement] | None:
    """A book or a trade by REST."""
    if "levels" in m:
        return hyperliquid({"channel": "l2Book", "data": m})
    return hyperliquid({"channel": "trades", "data": [m]}) if {"px", "sz", "side", "tid"} <= m.keys() else None


def poloniex(m: Message) -> list[Statement] | None:
    """Books of level 2 and of a few levels, and trades."""
    if m["channel"] in ("book_lv2", "book"):
        whole = m["channel"] == "book" or m.get("action") == "snapshot"
        return [
            Levels(moment(book["createTime"]), book["symbol"], book["bids"], book["asks"], whole, last=int(book["id"]))
            for book in m["data"]
        ]
    if m["channel"] == "trades":
        return [
            Trade(moment(t["createTime"]), t["symbol"], t["price"], t["quantity"], t["takerSide"], t["id"])
            for t in m["data"]
        ]
    return None


def bitstamp(m: Message) -> list[Statement] | None:
    """Messages of events `data` (books and their changes) and `trade`."""
    if m.get("event") not in ("data", "trade"):
        return None
    data, who = m["data"], m["channel"].rsplit("_", 1)[-1]
    at = moment(data["microtimestamp"])
    if m["event"] == "data":
        return [Levels(at, who, data["bids"], data["asks"], whole=m["channel"].startswith("order_book"))]
    side = "sell" if int(data["type"]) else "buy"
    return [Trade(at, who, data["price_str"], data["amount_str"], side, data["id"])]


def deribit(m: Message) -> list[Statement] | None:
    """Notifications of subscriptions."""
    channel, data = m["params"]["channel"], m["params"]["data"]
    name = channel.split(".")[0]
    if name == "book":
        bids, asks = ([(0, 0) if len(level) < 2 else level[-2:] for level in data[side]] for side in ("bids", "asks"))
        whole, number = data.get("type", "snapshot") == "snapshot", data.get("change_id")
        return [Levels(moment(data["timestamp"]), data["instrument_name"], bids, asks, whole, last=number)]
    if name == "trades":
        return [
            Trade(moment(t["timestamp"]), t["instrument_name"], t["price"], t["amount"], t["direction"], t["trade_id"])
            for t in data
        ]
    if name in ("ticker", "quote"):
        best = [data[f"best_{side}_{what}"] for side in ("bid", "ask") for what in ("price", "amount")]
        for at in (0, 2):  # the side on which nobody quotes is written as a price of zero
            if not float(best[at] or 0):
                best[at : at + 2] = [None, None]
        at, who = moment(data["timestamp"]), data["instrument_name"]
        beside = [_option(data, at, who, best)] if "mark_iv" in data else figures(at, who, data, _DERIBIT)
        return [Quote(at, who, *best), *beside]
    if name in ("deribit_price_index", "deribit_volatility_index"):
        named = (("price", "index_price"), ("volatility", "volatility_index"))
        return figures(moment(data["timestamp"]), data["index_name"], data, named) or None  # type: ignore[return-value]
    return None


_DERIBIT = (("mark_price", "mark_price"), ("index_price", "index_price"), ("open_interest", "open_interest"),
            ("current_funding", "funding_rate"))  # fmt: skip


def _option(data: Message, at: int, who: str, best: list[Any]) -> Option:
    """A ticker of Deribit of an option: beside its best prices what the venue computes of it."""
    told = {"bid": best[0], "bid_size": best[1], "ask": best[2], "ask_size": best[3], "last": data.get("last_price")}
    told |= {"mark": data.get("mark_price"), "iv": data["mark_iv"], "open_interest": data.get("open_interest")}
    told |= {word: data.get(word) for word in ("bid_iv", "ask_iv", "underlying_price")}
    return Option(at, who, told | dict(data.get("greeks") or {}))


def coinbase(m: Message) -> list[Statement] | None:
    """Messages with a `type`: Coinbase, and Gemini, which took its words over."""
    kind, who = m["type"], m.get("product_id") or m.get("symbol")
    at = moment(m["time"]) if "time" in m else None
    if kind == "snapshot" and "bids" in m:
        return [Levels(at, who, m["bids"], m["asks"], whole=True)]
    if kind in ("l2update", "l2_updates"):
        bids, asks = ([level[1:] for level in m["changes"] if side_of(level[0]) == side] for side in ("buy", "sell"))
        return [Levels(at, who, bids, asks, whole=kind == "l2_updates" and "trades" in m)]
    if kind in ("match", "last_match"):  # the side is the maker's
        side = {"buy": "sell", "sell": "buy"}[m["side"]]
        return [Trade(at, who, m["price"], m["size"], side, m["trade_id"])]
    if kind == "trade" and "quantity" in m:
        return [Trade(moment(m["timestamp"]), who, m["price"], m["quantity"], m["side"], m["event_id"])]
    if kind == "ticker" and "best_bid" in m:
        return [Quote(at, who, m["best_bid"], m.get("best_bid_size"), m["best_ask"], m.get("best_ask_size"))]
    return None


def coinbase_advanced(m: Message) -> list[Statement] | None:
    """Events of Coinbase Advanced Trade: books, best quotes, trades, of which it is not told who took."""
    channel, events = m["channel"], m.get("events")
    if not isinstance(events, list):
        return None
    if channel == "market_trades":
        trades = [t for event in events for t in event["trades"]]
        return [Trade(moment(t["time"]), t["product_id"], t["price"], t["size"], None, t["trade_id"]) for t in trades]
    if channel in ("ticker", "ticker_batch"):
        sides = ("best_bid", "best_bid_quantity", "best_ask", "best_ask_quantity")
        quotes = [q for event in events for q in event["tickers"] if all(name in q for name in sides)]
        at = moment(m["timestamp"])
        return [Quote(at, q["product_id"], *(q[name] for name in sides)) for q in quotes] or None
    return [_advanced_book(event, m) for event in events] if channel == "l2_data" else None


def _advanced_book(event: Message, m: Message) -> Levels:
    sides: dict[str, list[Level]] = {"bid": [], "offer": []}
    for level in event["updates"]:
        sides[level["side"]].append((level["price_level"], level["new_quantity"]))
    at = max((moment(level["event_time"]) for level in event["updates"]), default=moment(m["timestamp"]))
    whole = event["type"] == "snapshot"
    return Levels(moment(m["timestamp"]) if whole else at, event["product_id"], sides["bid"], sides["offer"], whole)


def bitget(m: Message) -> list[Statement] | None:
    """Trades, best quotes and closed candles of Bitget; its books are written as OKX writes them.

    Trades of its first version are lists. Those that a subscription begins with come newest first.
    """
    who, channel, data = m["arg"]["instId"], m["arg"]["channel"], m["data"]
    is_first = m["action"] == "snapshot"
    if channel == "trade":
        return [_bitget_trade(t, who) for t in (reversed(data) if is_first else data)]
    if channel == "ticker":
        return [_bitget_quote(q) for q in data]
    step = candle_span(channel)
    if step is not None and is_first and len(data) > 1:  # the newest is not over
        rows = sorted(data, key=lambda row: int(row[0]))[:-1]
        return [Bar(ms(row[0]) + step, who, step, dict(zip(_CANDLE, row[1:6], strict=True))) for row in rows]
    return None


_CANDLE = ("open", "high", "low", "close", "volume")


def _bitget_trade(t: Any, who: str) -> Trade:
    if isinstance(t, list):
        at, price, size, side = t[:4]
        return Trade(ms(at), who, price, size, side_of(side))
    return Trade(ms(t["ts"]), who, t["price"], t["size"], side_of(t["side"]), t.get("tradeId"))


def _bitget_quote(q: Message) -> Quote:
    """The best prices, whose names three versions wrote in three ways."""
    names = (("bidPr", "bestBid", "bid1Price"), ("bidSz", "bestBidSz", "bid1Size"),
             ("askPr", "bestAsk", "ask1Price"), ("askSz", "bestAskSz", "ask1Size"))  # fmt: skip
    best = [next((q[name] for name in ways if name in q), None) for ways in names]
    if best[0] is None or best[2] is None:
        raise KeyError("best prices")
    at = q.get("ts", q.get("systemTime"))
    return Quote(None if at is None else ms(at), q["instId"], *best)


def bitmex(m: Message, places: Places) -> list[Statement] | None:
    """Tables and what became of their rows; a level's price is said once and then meant by its id."""
    table, data = m["table"], m["data"]
    if table == "quote":
        sides = ("bidPrice", "bidSize", "askPrice", "askSize")
        return [Quote(moment(q["timestamp"]), q["symbol"], *(q[name] for name in sides)) for q in data]
    if table == "trade":
        return [
            Trade(moment(t["timestamp"]), t["symbol"], t["price"], t["size"], side_of(t["side"]), t["trdMatchID"])
            for t in data
        ]
    if table == "orderBook10":
        return [Levels(moment(b["timestamp"]), b["symbol"], b["bids"], b["asks"], whole=True) for b in data]
    if table in ("instrument", "funding"):
        told = [said for row in data for said in figures(moment(row["timestamp"]), row["symbol"], row, _BITMEX)]
        return [*told] or None
    if table.startswith("tradeBin"):
        return _bitmex_bars(data, span_ns(table.removeprefix("tradeBin")))
    if not table.startswith("orderBookL2"):
        return None
    levels: dict[str, tuple[list[Any], list[Any]]] = {}
    for level in data:
        place = (level["symbol"], level["id"])
        if "price" in level:
            places[place] = level["price"]
        sides_of = levels.setdefault(level["symbol"], ([], []))
        size = 0 if m["action"] == "delete" else level["size"]
        if place in places:
            sides_of[level["side"] == "Sell"].append((places[place], size))
    return [Levels(None, who, *both, whole=m["action"] == "partial") for who, both in levels.items()]


_BITMEX = (("markPrice", "mark_price"), ("indicativeSettlePrice", "index_price"), ("openInterest", "open_interest"),
           ("fundingRate", "funding_rate"))  # fmt: skip


def _bitmex_bars(data: Any, step: int) -> list[Statement]:
    """Bars, which bear the time of their close; where nothing ever traded there is none."""
    traded = [bar for bar in data if bar.get("open") is not None and bar.get("close") is not None]
    return [Bar(moment(bar["timestamp"]), bar["symbol"], step, {word: bar.get(word) for word in _CANDLE})
            for bar in traded]  # fmt: skip


def independent_reserve(m: Message) -> list[Statement] | None:
    """Orders of a book, in each of the currencies in which they stand."""
    if not m["Channel"].startswith("orderbook-") or "OrderGuid" not in m["Data"]:
        return None
    data, coin = m["Data"], m["Channel"].partition("-")[2]
    side: Literal["bid", "ask"] = "bid" if data["OrderType"].endswith("Bid") else "ask"
    action = {"NewOrder": "add", "OrderChanged": "modify", "OrderCanceled": "cancel"}[m["Event"]]
    prices = data.get("Price") or {None: None}
    if not isinstance(prices, dict):
        prices = {None: prices}
    at, number = moment(m["Time"]), m["Nonce"]
    return [
        Order(at, coin if currency is None else f"{coin}-{currency}", data["OrderGuid"], action, side, price,
              data.get("Volume"), number)
        for currency, price in prices.items()
    ]  # fmt: skip


def independent_reserve_book(m: Message) -> list[Statement] | None:
    """All orders of a book, by REST."""
    names: tuple[tuple[str, Literal["bid", "ask"]], ...] = (("BuyOrders", "bid"), ("SellOrders", "ask"))
    return [
        Order(None, None, order["Guid"], "add", side, order["Price"], order["Volume"])
        for name, side in names
        for order in m[name]
    ]


def bare_book(m: Message) -> list[Statement] | None:
    """A reply that is a book: `bids` and `asks`, each level a pair or an object with price and size."""
    if "asks" not in m or not (m["bids"] or m["asks"]):
        return None
    bids, asks = ([_level(level) for level in m[side]] for side in ("bids", "asks"))
    stamp = next((m[key] for key in ("microtimestamp", "timestamp", "ts", "time") if m.get(key)), None)
    who = next((m[key] for key in ("instrument_name", "symbol", "instId", "product_id", "pair") if m.get(key)), None)
    return [Levels(None if stamp is None else moment(stamp), who, bids, asks, whole=True)]


_PRICE = ("price", "px", "p")
_SIZE = ("size", "quantity", "amount", "qty", "sz", "volume", "s", "v")


def _level(level: Any) -> Level:
    if isinstance(level, dict):
        price, size = (next((level[key] for key in ways if key in level), None) for ways in (_PRICE, _SIZE))
        if price is None or size is None:
            raise KeyError("price and size of a level")
        return price, size
    worded = isinstance(level[0], str) and not level[0][:1].isdigit()
    return tuple(level[-2:] if worded else level[:2])
