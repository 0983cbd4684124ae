"""MEXC: spot (version 3, JSON) and futures: books, best prices, trades.

Source: MEXC API v3, Websocket Market Streams; Contract API, Public Channels, whose levels are price, orders, size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.market.venues.statements import Levels, Quote, Statement, Trade, ms

_TAKER = {1: "buy", 2: "sell"}


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message of spot states; None where it is none of MEXC's."""
    channel, data = str(m["c"]), m["d"]
    if not channel.startswith("spot@public."):
        return None
    kind, who, at = channel.split(".")[1], m["s"], ms(m["t"])
    if kind == "deals":
        return [Trade(ms(t["t"]), who, t["p"], t["v"], _TAKER.get(t["S"])) for t in data["deals"]]
    if kind == "bookTicker":
        return [Quote(at, who, *(data[key] for key in "bBaA"))]
    if kind not in ("increase", "limit"):
        return None
    bids, asks = ([(level["p"], level["v"]) for level in data.get(side) or ()] for side in ("bids", "asks"))
    whole, number = kind == "limit", int(data["r"])
    return [Levels(at, who, bids, asks, whole, first=number, last=number, previous=None if whole else number - 1)]


def told_future(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message of futures states."""
    channel, data = str(m["channel"]), m["data"]
    if not channel.startswith("push.") or "symbol" not in m:
        return None
    who, at = m["symbol"], ms(m["ts"])
    if channel == "push.deal":
        trades = data if isinstance(data, list) else [data]
        return [Trade(ms(t["t"]), who, t["p"], t["v"], _TAKER.get(t["T"])) for t in trades]
    if channel.startswith("push.depth") and isinstance(data, dict):
        bids, asks = ([(level[0], level[2]) for level in data.get(side) or ()] for side in ("bids", "asks"))
        whole, number = channel == "push.depth.full", data.get("version")
        before = None if whole or number is None else number - 1
        return [Levels(at, who, bids, asks, whole, first=number, last=number, previous=before)]
    return None
