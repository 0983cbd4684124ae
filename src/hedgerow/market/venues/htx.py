"""HTX (Huobi), spot and derivatives: books, best prices, trades, and candles by REST.

Source: HTX WebSocket Market Data: depth, mbp (incremental and refreshed), bbo, trade detail. The REST answers of depth
and trades bear the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.core.spans import DAY_NS
from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues.statements import Bar, Figure, Levels, Quote, Statement, Trade, side_of


def told(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message of a channel such as `market.btcusdt.depth.step0` states; None where it is none of HTX's."""
    words = str(m.get("ch") or m.get("rep")).split(".")
    if len(words) < 3 or words[0] != "market":
        return None
    who, kind, tick = words[1], words[2], m["tick"] if "tick" in m else m["data"]
    if kind == "trade":
        parts = tick if isinstance(tick, list) else [tick]
        return [_trade(t, who) for part in parts for t in part["data"]]
    if not isinstance(tick, dict):
        return _bars(tick, who, words[3], m["ts"]) if kind == "kline" else None
    at = next((moment(found) for found in (tick.get("ts"), tick.get("quoteTime"), m.get("ts")) if found), None)
    if kind == "bbo":
        if isinstance(tick["bid"], list):
            return [Quote(at, who, *tick["bid"], *tick["ask"])]
        return [Quote(at, who, tick["bid"], tick["bidSize"], tick["ask"], tick["askSize"])]
    if kind == "detail" and "bid" in tick:
        return [Quote(at, who, *tick["bid"], *tick["ask"])]
    if kind not in ("depth", "mbp") or not {"bids", "asks"} <= tick.keys():
        return None
    number = tick.get("seqNum", tick.get("version"))
    is_change = tick.get("event") == "update" or (kind == "mbp" and "prevSeqNum" in tick and "rep" not in m)
    if "refresh" in words or not is_change:
        return [Levels(at, who, tick["bids"], tick["asks"], whole=True, last=number)]
    before = tick.get("prevSeqNum")
    return [Levels(at, who, tick["bids"], tick["asks"], first=number, last=number, previous=before)]


_SPANS = {"min": 60 * 10**9, "hour": 3600 * 10**9, "day": DAY_NS, "week": 7 * DAY_NS}


def _bars(rows: list[Any], who: str, span: str, at: Any) -> list[Statement]:
    """Candles by REST, newest first, of which the first is open at the time of the answer."""
    unit = span.lstrip("0123456789")
    length, closed = int(span.removesuffix(unit)) * _SPANS[unit], moment(at)
    return [
        Bar(moment(row["id"]) + length, who, length, {word: row[word] for word in _PRICES} | {"volume": row["amount"]})
        for row in rows
        if moment(row["id"]) + length <= closed
    ]


_PRICES = ("open", "high", "low", "close")


def told_funding(m: Mapping[str, Any]) -> list[Statement] | None:
    """The funding rates of contracts by REST."""
    data = m["data"]
    rates = data if isinstance(data, list) else [data]
    if not all({"contract_code", "funding_rate"} <= rate.keys() for rate in rates):
        return None
    at = moment(m["ts"])
    told = [(rate["contract_code"], rate["funding_rate"]) for rate in rates if rate["funding_rate"] is not None]
    return [Figure(at, f"{who}.funding_rate", value) for who, value in told]


def _trade(t: Mapping[str, Any], who: str) -> Trade:
    number = t.get("tradeId", t.get("trade-id", t.get("id")))
    return Trade(moment(t["ts"]), who, t["price"], t["amount"], side_of(t["direction"]), number)
