"""Kraken, WebSocket API version 1: order books with checksums.

Source: Kraken WebSocket API v1, book, and Book Checksum. Updates have no numbers: the rule is `unnumbered`, and the
checksum finds what is missing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hedgerow.market.venues.messages import Message, Stepped, changes


def read(message: Any, instrument: Stepped, *, ts_init: int | None = None, index: int = 0) -> Message | None:
    """What a message says of an instrument (its symbol as Kraken writes it, `XBT/USD`); None if nothing.

    >>> from decimal import Decimal
    >>> from hedgerow.market.venues import Steps
    >>> told = read([0, {"b": [["5541.30000", "2.5", "1534614248.45"]], "c": "974"}, "book-10", "XBT/USD"],
    ...             Steps("XBT/USD", tick=Decimal("0.00001"), lot=Decimal("0.00000001")))
    >>> told.kind, told.checksum, told.events["ts_event"].tolist()
    ('update', 974, [1534614248450000000])
    """
    if not isinstance(message, list) or len(message) < 4 or message[-1] != instrument.symbol:
        return None
    if not str(message[-2]).startswith("book-"):
        return None
    told: dict[str, Any] = {}
    for part in message[1:-2]:  # an update of both sides comes in two parts
        told |= part
    image = "as" in told or "bs" in told
    bids, asks = (told.get("bs", []), told.get("as", [])) if image else (told.get("b", []), told.get("a", []))
    times = [int(Decimal(level[2]) * 1_000_000_000) for side in (bids, asks) for level in side]
    events, beyond = changes(instrument, bids=bids, asks=asks, ts_event=max(times), ts_init=ts_init, index=index)
    checksum = int(told["c"]) if "c" in told else None
    return Message("image" if image else "update", events, checksum=checksum, beyond=beyond)
