"""What a FIX message asks of the exchange, in ticks and lots.

Promises: whatever the fields say becomes an input or a refusal with its reason; numbers are exact. Never: a guess at
what a field that the exchange does not know might mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hedgerow.execution.venues.settings import Listing

Fields = Mapping[int, bytes]
Action = dict[str, Any]

_NUMBER = re.compile(r"-?\d{1,18}(\.\d{0,18})?|-?\.\d{1,18}")
_TYPES = {
    b"1": ("market", None),
    b"2": ("limit", None),
    b"3": ("stop", None),
    b"4": ("stop_limit", None),
    b"5": ("market", "at_close"),
    b"B": ("limit", "at_close"),
}
"""OrdType (40), and the time in force that some of them bring."""
_TIMES = {b"0": "day", b"1": "gtc", b"2": "at_open", b"3": "ioc", b"4": "fok", b"6": "gtd", b"7": "at_close"}
"""TimeInForce (59)."""
_SIDES = {b"1": "Buy", b"2": "Sell"}
_POST_ONLY = b"6"
"""ExecInst (18): participate, do not initiate."""


class Refusal(Exception):
    """What came cannot be an order; `args[0]` is the reason, as the exchange calls it."""


def new_order(fields: Fields, participant: int, symbols: Mapping[str, int], listings: tuple[Listing, ...]) -> Action:
    """NewOrderSingle (D) as an input; raises `Refusal`."""
    instrument = symbols.get(text(fields, 55))
    if instrument is None:
        raise Refusal("unknown_instrument")
    listing = listings[instrument]
    order_type, brought = _chosen(_TYPES, fields.get(40, b""))
    time_in = brought or _chosen(_TIMES, fields.get(59, b"0"))
    side = _chosen(_SIDES, fields.get(54, b""))
    told = fields.get(18, b"").split()
    if set(told) - {_POST_ONLY} or (brought and fields.get(59, b"0") not in (b"0", b"7")):
        raise Refusal("unsupported")
    shown = fields.get(1138, fields.get(111))
    return {
        "do": "new",
        "participant": participant,
        "client_id": text(fields, 11),
        "instrument": instrument,
        "side": side,
        "order_type": order_type,
        "time_in": time_in,
        "lots": _steps(fields.get(38), listing.lot, "lots"),
        "price_ticks": _steps(fields.get(44), listing.tick, "off_tick", absent=0),
        "stop_ticks": _steps(fields.get(99), listing.tick, "off_tick", absent=0),
        "show_lots": _steps(shown, listing.lot, "show_lots", absent=0),
        "post_only": bool(told),
        "expire_ts": _expiry(fields),
    }


def replacement(fields: Fields, participant: int, listing: Listing | None) -> Action:
    """OrderCancelReplaceRequest (G) as an input; raises `Refusal`."""
    if listing is None:
        raise Refusal("unknown_order")
    return {
        "do": "replace",
        "participant": participant,
        "client_id": text(fields, 11),
        "orig_client_id": text(fields, 41),
        "lots": _steps(fields.get(38), listing.lot, "lots"),
        "price_ticks": _steps(fields.get(44), listing.tick, "off_tick", absent=0),
        "stop_ticks": _steps(fields.get(99), listing.tick, "off_tick", absent=0),
    }


def text(fields: Fields, tag: int) -> str:
    """A field's text, or nothing."""
    return fields.get(tag, b"").decode("latin-1")


def _chosen(known: Mapping[bytes, Any], value: bytes) -> Any:
    if value not in known:
        raise Refusal("unsupported")
    return known[value]


def _steps(value: bytes | None, step: Decimal, reason: str, *, absent: int | None = None) -> int:
    """How many steps a number is.

    >>> _steps(b"10.50", Decimal("0.25"), "off_tick")
    42
    """
    if value is None and absent is not None:
        return absent
    word = (value or b"").decode("latin-1")
    if not _NUMBER.fullmatch(word):
        raise Refusal(reason)
    steps = Decimal(word) / step
    whole = int(steps)
    if whole * step != Decimal(word) or abs(whole) >= 2**63:
        raise Refusal(reason)
    return whole


def _expiry(fields: Fields) -> int:
    """ExpireTime (126), or the end of ExpireDate (432), UTC nanoseconds; 0 without either."""
    for tag, form, rest_s in ((126, "%Y%m%d-%H:%M:%S", 0), (432, "%Y%m%d", 86_400)):
        if tag in fields:
            try:
                moment = datetime.strptime(text(fields, tag).split(".")[0], form).replace(tzinfo=UTC)
            except ValueError:
                raise Refusal("expiry") from None
            return (int(moment.timestamp()) + rest_s) * 1_000_000_000
    return 0
