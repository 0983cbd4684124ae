"""Messages of crypto venues as rows: quotes, trades, books, bars and orders, from what a message states.

A message is known by its shape, not by the file it lies in. Promises that prices and sizes pass through as written;
what is not market data (heartbeats, replies to subscriptions, private orders) is kept as a message and never dropped.
What each venue's messages state stands in `market/venues/`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hedgerow.market.formats.contracts import contract_of
from hedgerow.market.formats.gathering import Gathered, moment
from hedgerow.market.venues.statements import Bar, Figure, Levels, Option, Order, Quote, Statement, Trade
from hedgerow.market.venues.stating import told


def say(message: Any, into: Gathered) -> None:
    """Add what a message says; a message that says nothing of a market becomes a row of kind `messages`."""
    if not decode(message, into):
        into.add("messages", None, type=kind_of(message), content=json.dumps(message, ensure_ascii=False))


def decode(message: Any, into: Gathered) -> bool:
    """Add what a message says of a market; False where it says nothing that is known here."""
    statements = told(message, into.places)
    if statements is None:
        return False
    known_ns, into.known_ns = into.known_ns, _received(message, into.known_ns)
    try:
        sides = [(_pairs(said.bids), _pairs(said.asks)) if isinstance(said, Levels) else None for said in statements]
    except (KeyError, TypeError, IndexError):  # levels that are none
        into.known_ns = known_ns
        return False
    for said, both in zip(statements, sides, strict=True):
        if isinstance(said, Levels) and both is not None:
            into.book(said.ns, said.symbol, *both, snapshot=said.whole, sequence=said.last)
        else:
            _add(said, into)
    into.known_ns = known_ns
    return True


def _received(message: Any, known_ns: int | None) -> int | None:
    """When a message was received: as its recording says, or as Tardis wrote into it."""
    told_in = message.get("localTimestamp") if isinstance(message, dict) else None
    return moment(told_in) if known_ns is None and told_in else known_ns


def _pairs(side: Iterable[Any]) -> list[tuple[Any, Any]]:
    """The price and the size of each level."""
    return [(level[0], level[1]) for level in side]


def kind_of(message: Any) -> str:
    """What a message calls itself, for people."""
    if not isinstance(message, dict):
        return "list" if isinstance(message, list) else "value"
    for key in ("e", "event", "Event", "type", "channel", "topic", "method", "op", "service", "table", "feed"):
        if isinstance(message.get(key), str):
            return str(message[key])
    return "reply"


def _add(said: Statement, into: Gathered) -> None:
    if isinstance(said, Trade):
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
    elif isinstance(said, Option):
        contract = contract_of(said.symbol)
        into.add("options", said.ns, said.symbol, **said.told, **({} if contract is None else contract._asdict()))
    elif isinstance(said, Figure):
        into.add("series", said.ns, said.symbol, value=said.value, written=str(said.value))
