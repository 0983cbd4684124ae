"""Messages of crypto venues as rows: quotes, trades, books, bars and orders, from what a message states.

A message is known by its shape, not by the file it lies in. Promises that prices and sizes pass through as written;
what is not market data (heartbeats, replies to subscriptions, private orders) is kept as a message and never dropped.
What each venue's messages state stands in `market/venues/`.
"""

from __future__ import annotations

import json
from typing import Any

from hedgerow.market.formats.gathering import Gathered
from hedgerow.market.venues.statements import Bar, Figure, Levels, Order, Quote, Statement, Trade
from hedgerow.market.venues.stating import told


def say(message: Any, into: Gathered) -> None:
    """Add what a message says; a message that says nothing of a market becomes a row of kind `messages`."""
    if not decode(message, into):
        into.add("messages", None, type=kind_of(message), content=json.dumps(message, ensure_ascii=False))


def decode(message: Any, into: Gathered) -> bool:
    """Add what a message says of a market; False where it says nothing that is known here."""
    statements = told(message, into.places)
    for statement in statements or ():
        _add(statement, into)
    return statements is not None


def kind_of(message: Any) -> str:
    """What a message calls itself, for people."""
    if not isinstance(message, dict):
        return "list" if isinstance(message, list) else "value"
    for key in ("e", "event", "Event", "type", "channel", "topic", "method", "op", "service", "table", "feed"):
        if isinstance(message.get(key), str):
            return str(message[key])
    return "reply"


def _add(said: Statement, into: Gathered) -> None:
    if isinstance(said, Levels):
        into.book(said.ns, said.symbol, said.bids, said.asks, snapshot=said.whole, sequence=said.last)
    elif isinstance(said, Trade):
        given = {"price": said.price, "size": said.size, "side": said.side, "trade_id": said.trade_id}
        into.add("trades", said.ns, said.symbol, **given)
    elif isinstance(said, Quote):
        given = {"bid": said.bid, "bid_size": said.bid_size, "ask": said.ask, "ask_size": said.ask_size}
        into.add("quotes", said.ns, said.symbol, **given)
    elif isinstance(said, Bar):
        into.add("bars", said.ns, said.symbol, span_ns=said.span_ns, **said.prices)
    elif isinstance(said, Order):
        given = {"order_id": said.order_id, "action": said.action, "side": said.side, "price": said.price}
        into.add("orders", said.ns, said.symbol, **given, size=said.size, sequence=said.sequence)
    elif isinstance(said, Figure):
        into.add("series", said.ns, said.symbol, value=said.value, written=str(said.value))
