"""Venues of which rows are read and no book is followed: Bitget, BitMEX, Bitstamp, Coinbase, Deribit and others.

Source: each venue's public websocket and REST interface, as its messages in recordings show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues.statements import MS, Level, Levels, Order, Quote, Statement, Trade, side_of

Message = Mapping[str, Any]
Places = dict[Any, Any]
"""What a venue says once and later only refers to, such as the price of a level's id."""


def hyperliquid(m: Message) -> list[Statement] | None:
    """Messages with `channel` and `coin`."""
    channel, data = m["channel"], m["data"]
    if channel == "l2Book":
        bids, asks = ([(level["px"], level["sz"]) for level in side] for side in data["levels"])
        return [Levels(data["time"] * MS, data["coin"], bids, asks, whole=True)]
    if channel == "trades" and "coin" in data[0]:
        return [Trade(moment(t["time"]), t["coin"], t["px"], t["sz"], side_of(t["side"]), t["tid"]) for t in data]
    if channel == "bbo" and "coin" in data:
        bid, ask = data["bbo"]
        return [Quote(moment(data["time"]), data["coin"], bid["px"], bid["sz"], ask["px"], ask["sz"])]
    return None


def poloniex(m: Message) -> list[Statement] | None:
    """Books of level 2, and trades."""
    if m["channel"] == "book_lv2":
        whole = m.get("action") == "snapshot"
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
        return [Quote(moment(data["timestamp"]), data["instrument_name"], *best)]
    return None


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
    """Trades and best quotes of Bitget, version 2; its books are written as OKX writes them."""
    who, channel = m["arg"]["instId"], m["arg"]["channel"]
    if channel == "trade":
        return [
            Trade(int(t["ts"]) * MS, who, t["price"], t["size"], side_of(t["side"]), t["tradeId"]) for t in m["data"]
        ]
    if channel == "ticker":
        sides = ("bidPr", "bidSz", "askPr", "askSz")
        return [Quote(int(q["ts"]) * MS, q["instId"], *(q[name] for name in sides)) for q in m["data"]]
    return None


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


def _level(level: Any) -> Level:
    if isinstance(level, dict):
        price = next(level[key] for key in ("price", "px", "p") if key in level)
        return price, next(level[key] for key in ("size", "quantity", "amount", "qty", "sz", "volume") if key in level)
    worded = isinstance(level[0], str) and not level[0][:1].isdigit()
    return tuple(level[-2:] if worded else level[:2])
