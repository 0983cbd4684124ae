"""Kraken, WebSocket API version 1: order books with checksums.

Source: Kraken WebSocket API v1, book, and Book Checksum. Updates have no numbers: the rule is `unnumbered`, and the
checksum finds what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hedgerow.market.formats.gathering import moment
from hedgerow.market.venues.messages import Message, Stepped, message_of
from hedgerow.market.venues.statements import Levels, Order, Quote, Statement, Trade, side_of


def told(m: Sequence[Any]) -> list[Statement] | None:
    """What a message of version 1 states: a list that ends with channel and pair; None where it is none."""
    if len(m) < 4 or not isinstance(m[-1], str) or not isinstance(m[-2], str) or not isinstance(m[0], int):
        return None
    channel, who = m[-2], m[-1]
    if channel == "trade":
        return [Trade(moment(at), who, price, size, side_of(side)) for price, size, at, side, *_ in m[1]]
    if channel == "ticker":
        bid, ask = m[1]["b"], m[1]["a"]
        return [Quote(None, who, bid[0], bid[-1], ask[0], ask[-1])]
    if channel == "spread":
        bid, ask, at, bid_size, ask_size = m[1]
        return [Quote(moment(at), who, bid, bid_size, ask, ask_size)]
    return [_levels(m[1:-2], who)] if channel.startswith("book") else None


def _levels(parts: Sequence[Mapping[str, Any]], who: str) -> Levels:
    """A book's message; one of both sides may come in two parts."""
    said: dict[str, Any] = {}
    for part in parts:
        said |= part
    whole = "as" in said or "bs" in said
    bids, asks = (said.get("bs") or [], said.get("as") or []) if whole else (said.get("b") or [], said.get("a") or [])
    ns = max((moment(level[2]) for level in (*bids, *asks)), default=None)
    return Levels(ns, who, bids, asks, whole, checksum=int(said["c"]) if "c" in said else None)


def told_second(m: Mapping[str, Any]) -> list[Statement] | None:
    """What a message of version 2 states; None where it is none."""
    channel, whole = m["channel"], m.get("type") == "snapshot"
    if channel not in ("book", "trade", "ticker", "level3"):
        return None
    found: list[Statement] = []
    for item in m["data"]:
        who, at = item["symbol"], moment(item["timestamp"]) if "timestamp" in item else None
        if channel == "book":
            bids, asks = ([(level["price"], level["qty"]) for level in item[side]] for side in ("bids", "asks"))
            found.append(Levels(at, who, bids, asks, whole, checksum=item.get("checksum")))
        elif channel == "trade":
            side, number = side_of(item["side"]), item["trade_id"]
            found.append(Trade(moment(item["timestamp"]), who, item["price"], item["qty"], side, number))
        elif channel == "ticker":
            found.append(Quote(at, who, item["bid"], item["bid_qty"], item["ask"], item["ask_qty"]))
        else:
            found += _orders(item, who, whole)
    return found


def _orders(item: Mapping[str, Any], who: str, whole: bool) -> Iterator[Order]:
    for name, side in (("bids", "bid"), ("asks", "ask")):
        for order in item[name]:
            action = "add" if whole else str(order["event"])
            action = "cancel" if action == "delete" else action
            ns = moment(order.get("timestamp") or item["timestamp"])
            yield Order(ns, who, order["order_id"], action, side, order["limit_price"], order["order_qty"])  # type: ignore[arg-type]


def read(message: Any, instrument: Stepped, *, ts_init: int | None = None, index: int = 0) -> Message | None:
    """What a message says of an instrument (its symbol as Kraken writes it, `XBT/USD`); None if nothing.

    >>> from decimal import Decimal
    >>> from hedgerow.market.venues import Steps
    >>> said = read([0, {"b": [["5541.30000", "2.5", "1534614248.45"]], "c": "974"}, "book-10", "XBT/USD"],
    ...             Steps("XBT/USD", tick=Decimal("0.00001"), lot=Decimal("0.00000001")))
    >>> said.kind, said.checksum, said.events["ts_event"].tolist()
    ('update', 974, [1534614248450000000])
    """
    if not isinstance(message, list) or len(message) < 4 or message[-1] != instrument.symbol:
        return None
    if not str(message[-2]).startswith("book-"):
        return None
    statements = told(message)
    return message_of(statements[0], instrument, ts_init=ts_init, index=index) if statements else None
