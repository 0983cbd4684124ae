"""Venues with few words: Architect, AscendEX, BIT.COM, bitFlyer, Bithumb, Blockchain.com, BTSE, Crypto.com, Delta,
FTX, HitBTC, Kraken Futures, OKEx before its fifth version, Phemex, Poloniex as it was, ProBit, Upbit.

Source: each venue's public websocket interface.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hedgerow.market.formats.gathering import moment
from hedgerow.market.times import span_ns
from hedgerow.market.venues.statements import Bar, Figure, Levels, Quote, Statement, Trade, figures, ms, side_of

Message = Mapping[str, Any]


def kraken_futures(m: Message) -> list[Statement] | None:
    """Messages with a `feed`: book_snapshot, book, trade, ticker."""
    feed, who = m["feed"], m.get("product_id")
    if feed == "book_snapshot":
        bids, asks = ([(level["price"], level["qty"]) for level in m[side]] for side in ("bids", "asks"))
        return [Levels(moment(m["timestamp"]), who, bids, asks, whole=True, last=m.get("seq"))]
    if feed == "book" and "price" in m:
        level, number = [(m["price"], m["qty"])], m["seq"]
        bids, asks = (level, []) if m["side"] == "buy" else ([], level)
        return [Levels(moment(m["timestamp"]), who, bids, asks, first=number, last=number, previous=number - 1)]
    if feed == "trade" and "qty" in m:
        return [_kraken_trade(m, who)]
    if feed == "trade_snapshot":
        return [_kraken_trade(t, who) for t in reversed(m["trades"])]
    if feed == "ticker" and "bid" in m:
        at = moment(m["time"])
        return [Quote(at, who, m["bid"], m["bid_size"], m["ask"], m["ask_size"]), *figures(at, who, m, _KRAKEN)]
    if feed == "ticker_lite" and "bid" in m:
        return [Quote(None, who, m["bid"], None, m["ask"], None)]
    return None


_KRAKEN = (("markPrice", "mark_price"), ("index", "index_price"), ("openInterest", "open_interest"),
           ("relative_funding_rate", "funding_rate"))  # fmt: skip
"""Figures of a contract; Kraken's `funding_rate` is money a contract, its relative one a share, as elsewhere."""


def _kraken_trade(t: Message, who: Any) -> Trade:
    return Trade(moment(t["time"]), t.get("product_id", who), t["price"], t["qty"], side_of(t["side"]), t.get("uid"))


def ftx(m: Message) -> list[Statement] | None:
    """Messages with `market` and `channel`."""
    who, data = m.get("market"), m.get("data")
    if who is None or not data:
        return None
    if m["channel"] == "orderbook":
        whole, checksum = m["type"] == "partial", data.get("checksum")
        return [Levels(moment(data["time"]), who, data["bids"], data["asks"], whole, checksum=checksum)]
    if m["channel"] == "trades":
        return [Trade(moment(t["time"]), who, t["price"], t["size"], side_of(t["side"]), t["id"]) for t in data]
    if m["channel"] == "ticker":
        return [Quote(moment(data["time"]), who, data["bid"], data["bidSize"], data["ask"], data["askSize"])]
    return None


def upbit(m: Message) -> list[Statement] | None:
    """Messages with a `code`; who took is said by the side that he took from: an ASK is a sale."""
    if "cd" in m:
        m = _in_words(m)
    who = m["code"]
    if m.get("type") == "orderbook":
        bids, asks = (
            [(u[f"{side}_price"], u[f"{side}_size"]) for u in m["orderbook_units"] if float(u[f"{side}_price"])]
            for side in ("bid", "ask")
        )
        return [Levels(ms(m["timestamp"]), who, bids, asks, whole=True)]
    if m.get("type") == "trade":
        at, number = ms(m["trade_timestamp"]), m.get("sequential_id")
        return [Trade(at, who, m["trade_price"], m["trade_volume"], side_of(m["ask_bid"]), number)]
    return None


_UPBIT = {"ty": "type", "cd": "code", "tms": "timestamp", "tp": "trade_price", "tv": "trade_volume",
          "ttms": "trade_timestamp", "ab": "ask_bid", "sid": "sequential_id", "obu": "orderbook_units",
          "ap": "ask_price", "bp": "bid_price", "as": "ask_size", "bs": "bid_size"}  # fmt: skip
"""What Upbit writes in short."""


def _in_words(told: Any) -> Any:
    if isinstance(told, list):
        return [_in_words(part) for part in told]
    return {_UPBIT.get(key, key): _in_words(v) for key, v in told.items()} if isinstance(told, dict) else told


def hitbtc(m: Message) -> list[Statement] | None:
    """Notifications of version 2: books, trades, best prices."""
    method, p = m["method"], m["params"]
    if method in ("snapshotOrderbook", "updateOrderbook"):
        bids, asks = ([(level["price"], level["size"]) for level in p[side]] for side in ("bid", "ask"))
        at, number = moment(p["timestamp"]) if "timestamp" in p else None, p["sequence"]
        whole = method == "snapshotOrderbook"
        before = None if whole else number - 1
        return [Levels(at, p["symbol"], bids, asks, whole, first=number, last=number, previous=before)]
    if method in ("snapshotTrades", "updateTrades"):
        return [
            Trade(moment(t["timestamp"]), p["symbol"], t["price"], t["quantity"], side_of(t["side"]), t["id"])
            for t in p["data"]
        ]
    if method == "ticker" and "bid" in p:
        return [Quote(moment(p["timestamp"]), p["symbol"], p["bid"], None, p["ask"], None)]
    if method == "snapshotCandles" and len(p["data"]) > 1 and (step := _hitbtc_span(p["period"])):
        rows = sorted(p["data"], key=lambda row: str(row["timestamp"]))[:-1]  # the newest is not over
        return [Bar(moment(row["timestamp"]) + step, p["symbol"], step,
                    {ours: row[theirs] for theirs, ours in _HITBTC}) for row in rows]  # fmt: skip
    return None


_HITBTC = (("open", "open"), ("max", "high"), ("min", "low"), ("close", "close"), ("volume", "volume"))


def _hitbtc_span(period: str) -> int | None:
    """Nanoseconds of a period such as `M1` or `H4`; `1M` is a month, which has no one length."""
    return span_ns(period[1:] + period[0].lower()) if period[0] in "MHD" else None


def okex(m: Message) -> list[Statement] | None:
    """Tables of OKEx and OKCoin, version 3: `spot/depth_l2_tbt`, `swap/trade`, `futures/ticker`."""
    kind, data = m["table"].partition("/")[2], m["data"]
    if kind.startswith("depth"):
        whole = m.get("action", "partial") == "partial"
        return [
            Levels(moment(book["timestamp"]), book["instrument_id"], book["bids"], book["asks"], whole,
                   checksum=book["checksum"] % 2**32 if "checksum" in book else None)
            for book in data
        ]  # fmt: skip
    if kind == "trade":
        return [
            Trade(moment(t["timestamp"]), t["instrument_id"], t["price"], t.get("size", t.get("qty")),
                  side_of(t["side"]), t["trade_id"])
            for t in data
        ]  # fmt: skip
    if kind == "ticker":
        sides = ("best_bid", "best_bid_size", "best_ask", "best_ask_size")
        return [Quote(moment(q["timestamp"]), q["instrument_id"], *(q.get(name) for name in sides)) for q in data]
    if kind == "mark_price":
        return [Figure(moment(q["timestamp"]), f"{q['instrument_id']}.mark_price", q["mark_price"]) for q in data]
    if kind == "funding_rate":
        return [Figure(None, f"{q['instrument_id']}.funding_rate", q["funding_rate"]) for q in data]
    return None


def crypto_com(m: Message) -> list[Statement] | None:
    """Crypto.com's Exchange: `result` with a `channel`."""
    result = m["result"]
    channel, who, data = result["channel"], result["instrument_name"], result["data"]
    if channel == "book":
        return [Levels(ms(item["t"]), who, item["bids"], item["asks"], whole=True, last=item.get("u")) for item in data]
    if channel == "trade":
        return [Trade(ms(t["t"]), who, t["p"], t["q"], side_of(t["s"]), t["d"]) for t in data]
    if channel == "ticker":
        return [Quote(ms(q["t"]), who, q["b"], q.get("bs"), q["k"], q.get("ks")) for q in data]
    if channel == "book.update":
        changed = [(item, item["update"]) for item in data]
        return [Levels(ms(item["t"]), who, part["bids"], part["asks"], first=item["u"], last=item["u"],
                       previous=item["pu"]) for item, part in changed]  # fmt: skip
    if channel in ("mark", "index", "funding"):
        ours = {"mark": "mark_price", "index": "index_price", "funding": "funding_rate"}[channel]
        return [Figure(ms(item["t"]), f"{who}.{ours}", item["v"]) for item in data]
    return None


def ascendex(m: Message) -> list[Statement] | None:
    """AscendEX: `m` says what, `bm` that the buyer made the market."""
    if m["m"] == "futures-pricing-data":
        return [said for c in m["con"] for said in figures(ms(c["t"]), c["s"], c, _ASCENDEX)]
    kind, who, data = m["m"], m["symbol"], m["data"]
    if kind in ("depth", "depth-snapshot"):
        at, number = ms(data["ts"]), data["seqnum"]
        return [Levels(at, who, data["bids"], data["asks"], kind == "depth-snapshot", first=number, last=number)]
    if kind == "trades":
        return [Trade(ms(t["ts"]), who, t["p"], t["q"], "sell" if t["bm"] else "buy", t["seqnum"]) for t in data]
    return [Quote(ms(data["ts"]), who, *data["bid"], *data["ask"])] if kind == "bbo" else None


_ASCENDEX = (("mp", "mark_price"), ("ip", "index_price"), ("r", "funding_rate"), ("oi", "open_interest"))


def blockchain(m: Message) -> list[Statement] | None:
    """Blockchain.com: channels `l2` and `trades`."""
    if m.get("event") not in ("snapshot", "updated"):
        return None
    if m["channel"] == "l2":
        bids, asks = ([(level["px"], level["qty"]) for level in m[side]] for side in ("bids", "asks"))
        at = moment(m["timestamp"]) if m.get("timestamp") else None
        return [Levels(at, m["symbol"], bids, asks, m["event"] == "snapshot")]
    if m["channel"] == "trades" and "trade_id" in m:
        return [Trade(moment(m["timestamp"]), m["symbol"], m["price"], m["qty"], side_of(m["side"]), m["trade_id"])]
    return None


def bitflyer(m: Message) -> list[Statement] | None:
    """bitFlyer: channels of boards, executions and tickers, such as `lightning_board_snapshot_BTC_JPY`."""
    channel, said = m["params"]["channel"], m["params"]["message"]
    kind, found, who = channel.removeprefix("lightning_").partition("_")
    if not channel.startswith("lightning_") or not found:
        return None
    if kind == "executions":
        return [Trade(moment(t["exec_date"]), who, t["price"], t["size"], side_of(t["side"]), t["id"]) for t in said]
    if kind == "ticker":
        sides = ("best_bid", "best_bid_size", "best_ask", "best_ask_size")
        return [Quote(moment(said["timestamp"]), who, *(said[name] for name in sides))]
    whole, who = who.startswith("snapshot_"), who.removeprefix("snapshot_")
    bids, asks = ([(level["price"], level["size"]) for level in said[side]] for side in ("bids", "asks"))
    return [Levels(None, who, bids, asks, whole)] if kind == "board" else None


def delta(m: Message) -> list[Statement] | None:
    """Delta Exchange: types `l2_orderbook` and `all_trades`; times are microseconds."""
    if m["type"] == "l2_orderbook":
        bids, asks = ([(level["limit_price"], level["size"]) for level in m[side]] for side in ("buy", "sell"))
        number = m.get("last_sequence_no")
        return [Levels(moment(m["timestamp"]), m["symbol"], bids, asks, whole=True, last=number)]
    if m["type"] == "all_trades":
        return [_delta_trade(m, m["symbol"])]
    if m["type"] == "all_trades_snapshot":
        return [_delta_trade(t, m["symbol"]) for t in sorted(m["trades"], key=lambda t: int(t["timestamp"]))]
    if m["type"] in ("mark_price", "funding_rate"):
        value = m["price" if m["type"] == "mark_price" else "funding_rate"]
        return [Figure(moment(m["timestamp"]), f"{m['symbol'].removeprefix('MARK:')}.{m['type']}", value)]
    return None


def _delta_trade(t: Message, who: str) -> Trade:
    side = "buy" if t["buyer_role"] == "taker" else "sell"
    return Trade(moment(t["timestamp"]), who, t["price"], t["size"], side)


def bithumb(m: Message) -> list[Statement] | None:
    """Bithumb: changes of several books in one list; trades by the clock of Seoul."""
    kind, content = m["type"], m["content"]
    if kind == "orderbooksnapshot":
        return [Levels(moment(content["datetime"]), content["symbol"], content["bids"], content["asks"], whole=True)]
    if kind == "orderbookdepth":
        books: dict[str, tuple[list[Any], list[Any]]] = {}
        for level in content["list"]:
            sides = books.setdefault(level["symbol"], ([], []))
            sides[("bid", "ask").index(level["orderType"])].append((level["price"], level["quantity"]))
        return [Levels(moment(content["datetime"]), who, *sides) for who, sides in books.items()]
    if kind == "transaction":
        return [
            Trade(moment(f"{t['contDtm']}+09:00"), t["symbol"], t["contPrice"], t["contQty"],
                  {"1": "sell", "2": "buy"}[t["buySellGb"]])
            for t in content["list"]
        ]  # fmt: skip
    return None


def architect(m: Message) -> list[Statement] | None:
    """Architect: images of a book under `1`, `2` and `3`, trades under `t`; seconds and the nanoseconds beside them."""
    kind, at, who = m["t"], int(m["ts"]) * 10**9 + int(m["tn"]), m["s"]
    if kind in ("1", "2", "3"):
        bids, asks = ([(level["p"], level["q"]) for level in m[side]] for side in ("b", "a"))
        if kind == "1":
            return [Quote(at, who, *(bids or [(None, None)])[0], *(asks or [(None, None)])[0])]
        return [Levels(at, who, bids, asks, whole=True)]
    if kind == "t":
        return [Trade(at, who, m["p"], m["q"], side_of(m["d"]))]
    return [*figures(at, who, m, [("oi", "open_interest")])] or None if kind == "s" else None


def bit_com(m: Message) -> list[Statement] | None:
    """BIT.COM: channels `depth`, `trade`, `ticker` of pairs and of contracts."""
    kind, data = m["channel"], m["data"]
    if kind == "trade":
        return [
            Trade(ms(t["created_at"]), t.get("pair", t.get("instrument_id")), t["price"], t["qty"], side_of(t["side"]),
                  t["trade_id"])
            for t in data
        ]  # fmt: skip
    who = data.get("pair", data.get("instrument_id"))
    if kind == "depth" and data["type"] == "snapshot":
        return [Levels(ms(m["timestamp"]), who, data["bids"], data["asks"], whole=True, last=data["sequence"])]
    if kind == "depth" and data["type"] == "update":
        bids, asks = ([(price, size) for side, price, size in data["changes"] if side == s] for s in ("buy", "sell"))
        number, before = data["sequence"], data["prev_sequence"]
        return [Levels(ms(m["timestamp"]), who, bids, asks, first=number, last=number, previous=before)]
    if kind == "ticker":
        sides = ("best_bid", "best_bid_qty", "best_ask", "best_ask_qty")
        return [Quote(ms(data["time"]), who, *(data[name] or None for name in sides))]
    return None


def btse(m: Message) -> list[Statement] | None:
    """BTSE, and LMEX, which speaks as it does: topics `tradeHistoryApi` and `update`."""
    kind, data = m["topic"].partition(":")[0], m["data"]
    if kind == "tradeHistoryApi":
        return [
            Trade(ms(t["timestamp"]), t["symbol"], t["price"], t["size"], side_of(t["side"]), t["tradeId"])
            for t in data
        ]
    if kind == "update" and data["type"] in ("snapshot", "delta"):
        whole, number = data["type"] == "snapshot", data["seqNum"]
        before = None if whole else data["prevSeqNum"]
        at, who = ms(data["timestamp"]), data["symbol"]
        return [Levels(at, who, data["bids"], data["asks"], whole, first=number, last=number, previous=before)]
    return None


def phemex(m: Message) -> list[Statement] | None:
    """Phemex: decimals under `orderbook_p` and `trades_p`, otherwise whole numbers of the symbol's kind.

    Prices of contracts are in ten-thousandths and their sizes in contracts; of spot, whose symbols begin with a small
    `s`, both are in hundred-millionths.
    """
    who = m["symbol"]
    spot = who[:1] == "s" and who[1:2].isupper()
    book, trades = m.get("orderbook_p", m.get("book")), m.get("trades_p", m.get("trades"))
    exact = {"orderbook_p", "trades_p", "kline_p"} & m.keys()
    digits = (0, 0) if exact else (8, 8) if spot else (4, 0)
    if book is not None:
        bids, asks = ([_scaled(level, digits) for level in book[side]] for side in ("bids", "asks"))
        return [Levels(moment(m["timestamp"]), who, bids, asks, m["type"] == "snapshot", last=m["sequence"])]
    if trades is not None:
        return [Trade(moment(at), who, *_scaled(level, digits), side_of(side)) for at, side, *level in reversed(trades)]
    if m["type"] != "snapshot":
        return None
    rows = sorted(m.get("kline_p", m.get("kline")), key=lambda row: int(row[0]))
    return [_phemex_bar(row, who, digits) for row in rows[:-1]] or None  # the newest may not be over


def _phemex_bar(row: Any, who: str, digits: tuple[int, int]) -> Bar:
    """Seconds and the length in them, the close before, the four prices, the volume and what it was worth."""
    at, step, _, *cells = row[:8]
    words = ("open", "high", "low", "close", "volume")
    scales = (*[digits[0]] * 4, digits[1])
    told = {word: _scaled((cell, 0), (by, 0))[0] for word, cell, by in zip(words, cells, scales, strict=True)}
    return Bar(moment(at) + int(step) * 10**9, who, int(step) * 10**9, told)


def _scaled(level: Any, digits: tuple[int, int]) -> tuple[str, str]:
    price, size = (f"{Decimal(str(told)).scaleb(-by):f}" for told, by in zip(level[:2], digits, strict=True))
    return price, size


def probit(m: Message) -> list[Statement] | None:
    """ProBit: channel `marketdata`, whose first answer (`reset`) has the whole book."""
    if m["channel"] != "marketdata":
        return None
    who, found = m["market_id"], list[Statement]()
    if "order_books_l0" in m or "order_books" in m:
        levels = m.get("order_books_l0", m.get("order_books"))
        bids, asks = ([(x["price"], x["quantity"]) for x in levels if x["side"] == side] for side in ("buy", "sell"))
        found.append(Levels(None, who, bids, asks, bool(m.get("reset"))))
    for t in sorted(m.get("recent_trades", ()), key=lambda trade: moment(trade["time"])):
        found.append(Trade(moment(t["time"]), who, t["price"], t["quantity"], side_of(t["side"]), t["id"]))
    return found


_POLONIEX_TICKER = 1002
"""The number of the channel that tells the best prices of all pairs."""


def poloniex_first(m: Sequence[Any], places: dict[Any, Any]) -> list[Statement] | None:
    """Poloniex before its second interface: lists of a channel's number, the book's, and changes and trades.

    What pair a number stands for is told by the image of its book.
    """
    if len(m) != 3 or not isinstance(m[0], int) or not isinstance(m[2], list):
        return None
    if m[:2] == [_POLONIEX_TICKER, None] and ("poloniex", m[2][0]) in places:
        _, _, ask, bid, *_ = m[2]
        return [Quote(None, places["poloniex", m[2][0]], bid, None, ask, None)]
    if not isinstance(m[1], int):
        return None
    place, number, found = ("poloniex", m[0]), m[1], list[Statement]()
    for kind, *told in m[2]:
        if kind == "i":
            places[place] = told[0]["currencyPair"]
            asks, bids = (list(side.items()) for side in told[0]["orderBook"])
            found.append(Levels(None, places[place], bids, asks, whole=True, last=number))
        elif kind == "o" and place in places:
            level = [(told[1], told[2])]
            bids, asks = (level, []) if told[0] else ([], level)
            found.append(Levels(None, places[place], bids, asks, first=number, last=number))
        elif kind == "t" and place in places:
            trade_id, bought, price, size, at, *more = told
            at = moment(more[0] if more else at)
            found.append(Trade(at, places[place], price, size, "buy" if bought else "sell", trade_id))
        else:
            return None
    return found or None
