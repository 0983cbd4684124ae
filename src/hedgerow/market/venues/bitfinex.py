"""Bitfinex, WebSocket API version 2: books by price and by order, trades, best prices.

A message is a list that begins with the number of a channel, which a subscription's reply has told before. Source:
Bitfinex API v2, Public Channels: Books (P0 to P4), Raw Books (R0), Trades, Ticker. A trade is told twice (`te`, then
`tu`); the first telling counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from hedgerow.market.venues.statements import Level, Levels, Order, Quote, Statement, Trade, ms

Places = dict[Any, Any]


def subscribed(m: Mapping[str, Any], places: Places) -> None:
    """Keep what a channel's number stands for; the reply itself states nothing of a market."""
    if m.get("event") == "subscribed" and isinstance(m.get("chanId"), int):
        who = str(m.get("symbol") or m.get("pair") or "")
        places["bitfinex", m["chanId"]] = (m["channel"], who, str(m.get("prec", "P0")))


def told(m: Sequence[Any], places: Places) -> list[Statement] | None:
    """What a message of a channel states; None where its channel is unknown or it is none of a market."""
    if len(m) < 2 or not isinstance(m[0], int) or (found := places.get(("bitfinex", m[0]))) is None:
        return None
    channel, who, precision = found
    if who.startswith("f"):  # loans, which have a period beside their rate
        return None
    if channel == "trades":
        return _trades(m, who)
    if not isinstance(m[1], list) or not m[1]:
        return None
    if channel == "ticker" and len(m[1]) >= 4:
        return [Quote(None, who, *m[1][:4])]
    if channel != "book":
        return None
    whole = isinstance(m[1][0], list)
    rows = m[1] if whole else [m[1]]
    if precision.startswith("R"):
        return [_order(row, who, m[0], places) for row in rows]
    bids: list[Level] = []
    asks: list[Level] = []
    for price, count, amount in rows:
        size = str(amount).lstrip("-") if count else 0
        (asks if str(amount).startswith("-") else bids).append((price, size))
    return [Levels(None, who, bids, asks, whole)]


def _trades(m: Sequence[Any], who: str) -> list[Statement] | None:
    if m[1] == "te":
        return [_trade(m[2], who)]
    if isinstance(m[1], list):  # those before the subscription, newest first
        return [_trade(row, who) for row in reversed(m[1])]
    return None


def _trade(row: Sequence[Any], who: str) -> Trade:
    number, at, amount, price = row[:4]
    size = str(amount)
    return Trade(ms(at), who, price, size.lstrip("-"), "sell" if size.startswith("-") else "buy", number)


def _order(row: Sequence[Any], who: str, channel: int, places: Places) -> Order:
    number, price, amount = row
    side: Literal["bid", "ask"] = "ask" if str(amount).startswith("-") else "bid"
    place = ("bitfinex", channel, number)
    if not float(price):
        places.pop(place, None)
        return Order(None, who, number, "cancel", side, None, None)
    action = "modify" if place in places else "add"
    places[place] = True
    return Order(None, who, number, action, side, price, str(amount).lstrip("-"))
