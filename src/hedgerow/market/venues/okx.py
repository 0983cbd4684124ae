"""OKX, API version 5: order books with checksums.

Source: OKX API v5, Public Data, Order book channel (`books`): snapshot and update, seqId and prevSeqId, checksum. Books
follow the rule `okx`; recordings from before the numbers follow `unnumbered`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.market.venues.messages import MS, Message, Stepped, changes


def read(
    message: Mapping[str, Any], instrument: Stepped, *, ts_init: int | None = None, index: int = 0
) -> list[Message]:
    """What a message says of an instrument (its symbol as OKX writes it, `BTC-USDT`); nothing if nothing.

    >>> from decimal import Decimal
    >>> from hedgerow.market.venues import Steps
    >>> data = {"bids": [["29000.1", "2", "0", "1"]], "asks": [], "ts": "7", "checksum": -1, "seqId": 5, "prevSeqId": 4}
    >>> told = read({"arg": {"channel": "books", "instId": "BTC-USDT"}, "action": "update", "data": [data]},
    ...             Steps("BTC-USDT", tick=Decimal("0.1")))
    >>> told[0].kind, told[0].previous, told[0].checksum
    ('update', 4, 4294967295)
    """
    about = message.get("arg", {})
    if about.get("channel") != "books" or about.get("instId") != instrument.symbol or "data" not in message:
        return []
    out = []
    for data in message["data"]:
        ts_event = int(data["ts"]) * MS
        events, beyond = changes(
            instrument, bids=data["bids"], asks=data["asks"], ts_event=ts_event, ts_init=ts_init, index=index
        )
        last = data.get("seqId", 0)
        checksum = data["checksum"] % 2**32 if "checksum" in data else None
        kind = "image" if message["action"] == "snapshot" else "update"
        numbers = {"first": last, "last": last, "previous": data.get("prevSeqId", 0)}
        out.append(Message(kind, events, **numbers, checksum=checksum, beyond=beyond))  # type: ignore[arg-type]
    return out
