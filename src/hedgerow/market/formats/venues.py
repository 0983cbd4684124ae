"""Messages of crypto venues: what a parsed message says of quotes, trades, books and orders.

A message is known by its shape, not by the file it lies in. Promises that prices and sizes pass through as written;
what is not market data (heartbeats, replies to subscriptions, private orders) is kept as a message and never dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hedgerow.market.formats.gathering import Gathered, moment

Message = Mapping[str, Any]
_SIDES = {"buy": "buy", "sell": "sell", "b": "buy", "s": "sell", "a": "sell", "bid": "buy", "ask": "sell"}


def say(message: Any, into: Gathered) -> None:
    """Add what a message says; a message that says nothing of a market becomes a row of kind `messages`."""
    if not decode(message, into):
        into.add("messages", None, type=kind_of(message), content=json.dumps(message, ensure_ascii=False))


def decode(message: Any, into: Gathered) -> bool:
    """Add what a message says of a market; False where it says nothing that is known here."""
    try:
        if isinstance(message, list):
            return _kraken_list(message, into)
        if not isinstance(message, dict):
            return False
        data = message.get("data")
        if "stream" in message and isinstance(data, dict):
            message, data = data, data.get("data")
        return any(key in message and decoder(message, into) for key, decoder in _BY_KEY)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError):
        return False  # the shape is not what it looked like: the message is kept as it is


def kind_of(message: Any) -> str:
    """What a message calls itself, for people."""
    if not isinstance(message, dict):
        return "list" if isinstance(message, list) else "value"
    for key in ("e", "event", "Event", "type", "channel", "topic", "method", "op", "service", "table", "feed"):
        if isinstance(message.get(key), str):
            return str(message[key])
    return "reply"


def side_of(value: Any) -> str | None:
    """`buy` or `sell`, however it is written."""
    return _SIDES.get(str(value).lower())


def _binance(m: Message, into: Gathered) -> bool:
    event = m["e"]
    if event == "depthUpdate":
        at = m.get("T") or m["E"]
        into.book(at * 1_000_000, m["s"], m["b"], m["a"], sequence=m["u"])
    elif event in ("trade", "aggTrade"):
        side = "sell" if m["m"] else "buy"
        trade_id = m.get("t", m.get("a"))
        into.add("trades", m["T"] * 1_000_000, m["s"], price=m["p"], size=m["q"], side=side, trade_id=trade_id)
    elif event in ("bookTicker", "24hrTicker") and "b" in m:
        _binance_quote(m, into, m["T"] if event == "bookTicker" and "T" in m else m.get("E"))
    elif event == "kline" and m["k"]["x"]:  # an open bar is no bar yet
        bar = m["k"]
        span = (bar["T"] + 1 - bar["t"]) * 1_000_000
        prices = {word: bar[word[0]] for word in ("open", "high", "low", "close", "volume")}
        into.add("bars", bar["t"] * 1_000_000 + span, m["s"], span_ns=span, **prices)
    elif event == "markPriceUpdate":
        into.add("series", m["E"] * 1_000_000, f"{m['s']}.mark_price", value=m["p"], written=str(m["p"]))
    else:
        return False
    return True


def _binance_ticker(m: Message, into: Gathered) -> bool:
    if "e" in m or not {"s", "b", "B", "a", "A"} <= m.keys():
        return False
    _binance_quote(m, into, None)
    return True


def _binance_quote(m: Message, into: Gathered, at: int | None) -> None:
    event = None if at is None else at * 1_000_000
    into.add("quotes", event, m["s"], bid=m["b"], bid_size=m["B"], ask=m["a"], ask_size=m["A"])


def _binance_snapshot(m: Message, into: Gathered) -> bool:
    at = m.get("T") or m.get("E")
    into.book(None if at is None else moment(at), m.get("symbol"), m["bids"], m["asks"], snapshot=True,
              sequence=m["lastUpdateId"])  # fmt: skip
    return True


def _channelled(m: Message, into: Gathered) -> bool:
    """Messages with `channel` and `data`: Hyperliquid, Poloniex, Bitstamp, Kraken's second version."""
    channel, data = m["channel"], m["data"]
    if m.get("event") in ("data", "trade"):
        return _bitstamp(m, into)
    if channel == "l2Book":
        bids, asks = ([(level["px"], level["sz"]) for level in side] for side in data["levels"])
        into.book(data["time"] * 1_000_000, data["coin"], bids, asks, snapshot=True)
    elif channel == "trades" and "coin" in data[0]:
        for t in data:
            side = side_of(t["side"])
            into.add("trades", moment(t["time"]), t["coin"], price=t["px"], size=t["sz"], side=side, trade_id=t["tid"])
    elif channel == "bbo" and "coin" in data:
        bid, ask = data["bbo"]
        sizes = {"bid_size": bid["sz"], "ask_size": ask["sz"]}
        into.add("quotes", moment(data["time"]), data["coin"], bid=bid["px"], ask=ask["px"], **sizes)
    elif channel == "book_lv2":
        for book in data:
            _plain_book(
                book, into, moment(book["createTime"]), book["symbol"], m.get("action") == "snapshot", book["id"]
            )
    elif channel == "trades":
        for t in data:
            given = {"price": t["price"], "size": t["quantity"], "side": t["takerSide"], "trade_id": t["id"]}
            into.add("trades", moment(t["createTime"]), t["symbol"], **given)
    else:
        return _kraken_two(m, into)
    return True


def _plain_book(m: Message, into: Gathered, at: int | None, who: str | None, whole: bool, number: Any) -> None:
    into.book(at, who, m["bids"], m["asks"], snapshot=whole, sequence=number)


def _bitstamp(m: Message, into: Gathered) -> bool:
    data, who = m["data"], m["channel"].rsplit("_", 1)[-1]
    at = moment(data["microtimestamp"])
    if m["event"] == "data":
        _plain_book(data, into, at, who, m["channel"].startswith("order_book"), None)
    else:
        side = "sell" if int(data["type"]) else "buy"
        given = {"price": data["price_str"], "size": data["amount_str"], "side": side, "trade_id": data["id"]}
        into.add("trades", at, who, **given)
    return True


def _kraken_two(m: Message, into: Gathered) -> bool:
    channel, whole = m["channel"], m.get("type") == "snapshot"
    if channel not in ("book", "trade", "ticker", "level3"):
        return False
    for item in m["data"]:
        who = item["symbol"]
        if channel == "book":
            sides = [[(level["price"], level["qty"]) for level in item[side]] for side in ("bids", "asks")]
            into.book(moment(item["timestamp"]) if "timestamp" in item else None, who, *sides, snapshot=whole)
        elif channel == "trade":
            given = {"price": item["price"], "size": item["qty"], "side": side_of(item["side"])}
            into.add("trades", moment(item["timestamp"]), who, trade_id=item["trade_id"], **given)
        elif channel == "ticker":
            given = {"bid": item["bid"], "bid_size": item["bid_qty"], "ask": item["ask"], "ask_size": item["ask_qty"]}
            into.add("quotes", moment(item["timestamp"]) if "timestamp" in item else None, who, **given)
        else:
            _kraken_orders(item, who, whole, into)
    return True


def _kraken_orders(item: Message, who: str, whole: bool, into: Gathered) -> None:
    for name, side in (("bids", "bid"), ("asks", "ask")):
        for order in item[name]:
            action = "add" if whole else str(order["event"])
            given = {"order_id": order["order_id"], "price": order["limit_price"], "size": order["order_qty"]}
            at = moment(order.get("timestamp") or item["timestamp"])
            into.add("orders", at, who, action="cancel" if action == "delete" else action, side=side, **given)


def _kraken_list(m: list[Any], into: Gathered) -> bool:
    if len(m) < 4 or not isinstance(m[-1], str) or not isinstance(m[-2], str) or not isinstance(m[0], int):
        return False
    channel, who = m[-2], m[-1]
    if channel == "trade":
        for price, size, at, side, *_ in m[1]:
            into.add("trades", moment(at), who, price=price, size=size, side=side_of(side))
    elif channel == "ticker":
        bid, ask = m[1]["b"], m[1]["a"]
        into.add("quotes", None, who, bid=bid[0], bid_size=bid[-1], ask=ask[0], ask_size=ask[-1])
    elif channel == "spread":
        bid, ask, at, bid_size, ask_size = m[1]
        into.add("quotes", moment(at), who, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size)
    elif channel.startswith("book"):
        for part in m[1:-2]:
            whole = "as" in part or "bs" in part
            bids, asks = (part.get("bs") or part.get("b") or [], part.get("as") or part.get("a") or [])
            at = max((moment(level[2]) for level in (*bids, *asks)), default=None)
            into.book(at, who, bids, asks, snapshot=whole)
    else:
        return False
    return True


def _bybit(m: Message, into: Gathered) -> bool:
    topic, data = m["topic"], m["data"]
    name, who = topic.split(".")[0], topic.split(".")[-1]
    if name == "orderbook":
        whole = m["type"] == "snapshot"
        into.book(moment(m["ts"]), data["s"], data["b"], data["a"], snapshot=whole, sequence=data.get("u"))
    elif name in ("publicTrade", "trade"):
        for t in data:
            given = {"price": t.get("p", t.get("price")), "size": t.get("v", t.get("size"))}
            given |= {"side": side_of(t.get("S", t.get("side"))), "trade_id": t.get("i", t.get("trade_id"))}
            into.add("trades", moment(t.get("T") or t["trade_time_ms"]), t.get("s") or t["symbol"], **given)
    elif name == "tickers" and "bid1Price" in data:
        given = {"bid": data["bid1Price"], "bid_size": data["bid1Size"]}
        given |= {"ask": data["ask1Price"], "ask_size": data["ask1Size"]}
        into.add("quotes", moment(m["ts"]), data["symbol"], **given)
    elif name == "kline" and all(bar["confirm"] for bar in data):
        for bar in data:
            span = (bar["end"] + 1 - bar["start"]) * 1_000_000
            prices = {word: bar[word] for word in ("open", "high", "low", "close", "volume")}
            into.add("bars", bar["start"] * 1_000_000 + span, who, span_ns=span, **prices)
    elif name.startswith("orderBook"):
        _bybit_first(m, into)
    else:
        return False
    return True


def _bybit_first(m: Message, into: Gathered) -> None:
    """The first version's books, in which a level that is deleted bears no size."""
    data = m["data"]
    at = moment(m["timestamp_e6"]) if "timestamp_e6" in m else None
    if m["type"] == "snapshot":
        levels = data["order_book"] if isinstance(data, dict) else data
    else:
        levels = [{**level, "size": 0} for level in data["delete"]] + data["update"] + data["insert"]
    sides = [[(level["price"], level["size"]) for level in levels if level["side"] == side] for side in ("Buy", "Sell")]
    into.book(at, m["topic"].split(".")[-1], *sides, snapshot=m["type"] == "snapshot", sequence=m.get("cross_seq"))


def _okx(m: Message, into: Gathered) -> bool:
    arg, who = m["arg"], m["arg"].get("instId")
    channel = arg["channel"]
    for item in m["data"]:
        if channel.startswith(("books", "bbo")):
            whole = m.get("action", "snapshot") == "snapshot"
            _plain_book(item, into, moment(item["ts"]), who, whole, item.get("seqId"))
        elif channel == "trades":
            given = {"price": item["px"], "size": item["sz"], "side": item["side"], "trade_id": item["tradeId"]}
            into.add("trades", moment(item["ts"]), item["instId"], **given)
        elif channel == "tickers":
            given = {"bid": item["bidPx"], "bid_size": item["bidSz"], "ask": item["askPx"], "ask_size": item["askSz"]}
            into.add("quotes", moment(item["ts"]), item["instId"], **given)
        else:
            return False
    return True


def _deribit(m: Message, into: Gathered) -> bool:
    channel, data = m["params"]["channel"], m["params"]["data"]
    name = channel.split(".")[0]
    if name == "book":
        sides = [[(0, 0) if len(level) < 2 else level[-2:] for level in data[side]] for side in ("bids", "asks")]
        whole = data.get("type", "snapshot") == "snapshot"
        number = data.get("change_id")
        into.book(moment(data["timestamp"]), data["instrument_name"], *sides, snapshot=whole, sequence=number)
    elif name == "trades":
        for t in data:
            given = {"price": t["price"], "size": t["amount"], "side": t["direction"], "trade_id": t["trade_id"]}
            into.add("trades", moment(t["timestamp"]), t["instrument_name"], **given)
    elif name in ("ticker", "quote"):
        given = {"bid": data["best_bid_price"], "bid_size": data["best_bid_amount"]}
        given |= {"ask": data["best_ask_price"], "ask_size": data["best_ask_amount"]}
        into.add("quotes", moment(data["timestamp"]), data["instrument_name"], **_there(given))
    else:
        return False
    return True


def _there(given: dict[str, Any]) -> dict[str, Any]:
    """Quotes without the side on which nobody quotes, which is written as a price of zero."""
    for side in ("bid", "ask"):
        if not float(given[side] or 0):
            given |= {side: None, f"{side}_size": None}
    return given


def _typed(m: Message, into: Gathered) -> bool:
    """Messages with a `type`: Coinbase, Gemini."""
    kind, who = m["type"], m.get("product_id") or m.get("symbol")
    at = moment(m["time"]) if "time" in m else None
    if kind == "snapshot" and "bids" in m:
        _plain_book(m, into, at, who, True, None)
    elif kind in ("l2update", "l2_updates"):
        sides = [[level[1:] for level in m["changes"] if side_of(level[0]) == side] for side in ("buy", "sell")]
        whole = kind == "l2_updates" and "trades" in m
        into.book(at, who, *sides, snapshot=whole)
    elif kind in ("match", "last_match"):  # the side is the maker's
        side = {"buy": "sell", "sell": "buy"}[m["side"]]
        into.add("trades", at, who, price=m["price"], size=m["size"], side=side, trade_id=m["trade_id"])
    elif kind == "trade" and "quantity" in m:
        given = {"price": m["price"], "size": m["quantity"], "side": m["side"], "trade_id": m["event_id"]}
        into.add("trades", moment(m["timestamp"]), who, **given)
    elif kind == "ticker" and "best_bid" in m:
        sizes = {"bid_size": m.get("best_bid_size"), "ask_size": m.get("best_ask_size")}
        into.add("quotes", at, who, bid=m["best_bid"], ask=m["best_ask"], **sizes)
    else:
        return False
    return True


def _bitmex(m: Message, into: Gathered) -> bool:
    table, data = m["table"], m["data"]
    if table == "quote":
        for q in data:
            given = {"bid": q["bidPrice"], "bid_size": q["bidSize"], "ask": q["askPrice"], "ask_size": q["askSize"]}
            into.add("quotes", moment(q["timestamp"]), q["symbol"], **given)
    elif table == "trade":
        for t in data:
            given = {"price": t["price"], "size": t["size"], "side": side_of(t["side"]), "trade_id": t["trdMatchID"]}
            into.add("trades", moment(t["timestamp"]), t["symbol"], **given)
    elif table.startswith("orderBookL2"):
        levels: dict[str, tuple[list[Any], list[Any]]] = {}
        for level in data:
            place = (level["symbol"], level["id"])
            if "price" in level:
                into.places[place] = level["price"]
            sides = levels.setdefault(level["symbol"], ([], []))
            size = 0 if m["action"] == "delete" else level["size"]
            if place in into.places:
                sides[level["side"] == "Sell"].append((into.places[place], size))
        for who, (bids, asks) in levels.items():
            into.book(None, who, bids, asks, snapshot=m["action"] == "partial")
    else:
        return False
    return True


def _independent_reserve(m: Message, into: Gathered) -> bool:
    if not m["Channel"].startswith("orderbook-") or "OrderGuid" not in m["Data"]:
        return False
    data, coin = m["Data"], m["Channel"].partition("-")[2]
    side = "bid" if data["OrderType"].endswith("Bid") else "ask"
    action = {"NewOrder": "add", "OrderChanged": "modify", "OrderCanceled": "cancel"}[m["Event"]]
    prices = data.get("Price") or {None: None}
    if not isinstance(prices, dict):
        prices = {None: prices}
    for currency, price in prices.items():
        who = coin if currency is None else f"{coin}-{currency}"
        given = {"order_id": data["OrderGuid"], "size": data.get("Volume"), "sequence": m["Nonce"]}
        into.add("orders", moment(m["Time"]), who, action=action, side=side, price=price, **given)
    return True


def _reserve_snapshot(m: Message, into: Gathered) -> bool:
    for name, side in (("BuyOrders", "bid"), ("SellOrders", "ask")):
        for order in m[name]:
            given = {"order_id": order["Guid"], "price": order["Price"], "size": order["Volume"]}
            into.add("orders", None, None, action="add", side=side, **given)
    return True


def _bare_book(m: Message, into: Gathered) -> bool:
    """A reply that is a book: `bids` and `asks`, each level a pair or an object with price and size."""
    if "asks" not in m or not (m["bids"] or m["asks"]):
        return False
    sides = [[_level(level) for level in m[side]] for side in ("bids", "asks")]
    stamp = next((m[key] for key in ("microtimestamp", "timestamp", "ts", "time") if m.get(key)), None)
    who = next((m[key] for key in ("instrument_name", "symbol", "instId", "product_id", "pair") if m.get(key)), None)
    into.book(None if stamp is None else moment(stamp), who, *sides, snapshot=True)
    return True


def _level(level: Any) -> Sequence[Any]:
    if isinstance(level, dict):
        price = next(level[key] for key in ("price", "px", "p") if key in level)
        return price, next(level[key] for key in ("size", "quantity", "amount", "qty", "sz", "volume") if key in level)
    worded = isinstance(level[0], str) and not level[0][:1].isdigit()
    return tuple(level[-2:] if worded else level[:2])


_BY_KEY: tuple[tuple[str, Callable[[Message, Gathered], bool]], ...] = (
    ("e", _binance),
    ("B", _binance_ticker),
    ("lastUpdateId", _binance_snapshot),
    ("topic", _bybit),
    ("arg", _okx),
    ("params", _deribit),
    ("table", _bitmex),
    ("Channel", _independent_reserve),
    ("BuyOrders", _reserve_snapshot),
    ("channel", _channelled),
    ("type", _typed),
    ("bids", _bare_book),
)
