"""KuCoin: spot and futures books, best prices, trades.

Source: KuCoin WebSocket, Public Channels (Level2, Level2 - 5 best ask/bid orders, Match Execution Data, Ticker) and
Futures (Level 2 Market Data, Match Execution Data, tickerV2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues.statements import Level, Levels, Quote, Statement, Trade, side_of


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message of a topic such as `/market/level2:BTC-USDT` states; None where it is none of KuCoin's."""
    topic, _, who = str(m["topic"]).partition(":")
    if not topic.startswith("/") or m.get("type") != "message":
        return None
    data, kind = m["data"], topic.rsplit("/", 1)[-1]
    at = next((moment(data[key]) for key in ("time", "ts", "timestamp") if data.get(key)), None)
    if kind == "level2" and "changes" in data:
        first, last = int(data["sequenceStart"]), int(data["sequenceEnd"])
        bids, asks = (_named(data["changes"].get(side, [])) for side in ("bids", "asks"))
        return [Levels(at, data["symbol"], bids, asks, first=first, last=last, previous=first - 1)]
    if kind == "level2" and "change" in data:
        price, side, size = data["change"].split(",")
        level, number = _named([(price, size)]), int(data["sequence"])
        bids, asks = (level, []) if side == "buy" else ([], level)
        return [Levels(at, who, bids, asks, first=number, last=number, previous=number - 1)]
    if kind.startswith("level2Depth"):
        return [Levels(at, who, data["bids"], data["asks"], whole=True)]
    if kind in ("match", "execution") and "tradeId" in data:
        return [Trade(at, data["symbol"], data["price"], data["size"], side_of(data["side"]), data["tradeId"])]
    if kind == "ticker" and "bestBid" in data:
        sides = ("bestBid", "bestBidSize", "bestAsk", "bestAskSize")
        return [Quote(at, who, *(data[name] for name in sides))]
    if kind == "tickerV2":
        sides = ("bestBidPrice", "bestBidSize", "bestAskPrice", "bestAskSize")
        return [Quote(at, data["symbol"], *(data[name] for name in sides))]
    return None


def _named(levels: Sequence[Level]) -> Sequence[Level]:
    """Levels without those of no price, which only count a change that nobody may see."""
    return [level for level in levels if float(level[0])]
