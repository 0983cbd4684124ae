"""What a FIX message asks of the exchange, in ticks and lots.

Promises: whatever the fields say becomes an input or a refusal with its reason; numbers are exact. Never: a guess at
what a field that the exchange does not know might mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
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
    b"P": ("pegged", None),
}
"""OrdType (40), and the time in force that some of them bring."""
_TIMES = {b"0": "day", b"1": "gtc", b"2": "at_open", b"3": "ioc", b"4": "fok", b"6": "gtd", b"7": "at_close"}
"""TimeInForce (59)."""
_SIDES = {b"1": "Buy", b"2": "Sell"}
_POST_ONLY = b"6"
"""ExecInst (18): participate, do not initiate."""
_PEGS = {b"R": "Primary", b"M": "Midpoint", b"P": "Market"}
"""ExecInst (18): what the price of a pegged order follows."""
_PEG_TYPES = {b"2": "Midpoint", b"4": "Market", b"5": "Primary"}
"""PegPriceType (1094), since 5.0 SP1."""


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
    if set(told) - {_POST_ONLY, *_PEGS} or (brought and fields.get(59, b"0") not in (b"0", b"7")):
        raise Refusal("unsupported")
    return {
        "do": "new",
        "participant": participant,
        "client_id": text(fields, 11),
        "instrument": instrument,
        "side": side,
        "order_type": order_type,
        "time_in": time_in,
        "lots": steps(fields.get(38), listing.lot, "lots"),
        "price_ticks": steps(fields.get(44), listing.tick, "off_tick", absent=0),
        "stop_ticks": steps(fields.get(99), listing.tick, "off_tick", absent=0),
        "show_lots": shown_of(fields, listing),
        "post_only": _POST_ONLY in told,
        "expire_ts": _expiry(fields),
        **pegged(fields, side, listing),
    }


def replacement(fields: Fields, participant: int, listing: Listing | None, peg: str | None = None) -> Action:
    """OrderCancelReplaceRequest (G) as an input; raises `Refusal`.

    peg: what the order follows. A change that says it says its offset, too (none: 0), and can say nothing else of it.
    """
    if listing is None:
        raise Refusal("unknown_order")
    follows = pegged(fields, _SIDES.get(fields.get(54, b""), ""), listing)
    if follows and follows["peg"] != peg:
        raise Refusal("combination")
    shown = shown_of(fields, listing)
    return {
        "do": "replace",
        "participant": participant,
        "client_id": text(fields, 11),
        "orig_client_id": text(fields, 41),
        "lots": steps(fields.get(38), listing.lot, "lots"),
        "price_ticks": steps(fields.get(44), listing.tick, "off_tick", absent=0),
        "stop_ticks": steps(fields.get(99), listing.tick, "off_tick", absent=0),
        **({"show_lots": shown} if shown else {}),
        **({"offset_ticks": follows["offset_ticks"]} if follows else {}),
    }


def pegged(fields: Fields, side: str, listing: Listing) -> Action:
    """What a price follows, and the ticks added to that; nothing where it follows nothing. Raises `Refusal`.

    PegOffsetValue (211) is a price (PegOffsetType 836=0); of a part of a tick the rest is left to the other side.
    """
    said = {_PEGS[word] for word in fields.get(18, b"").split() if word in _PEGS}
    said |= {_chosen(_PEG_TYPES, fields[1094])} if 1094 in fields else set()
    if len(said) > 1 or fields.get(836, b"0") != b"0":
        raise Refusal("unsupported")
    if not said and 211 in fields:
        raise Refusal("combination")
    if not said:
        return {}
    offset = fields.get(211, b"0").decode("latin-1")
    if not _NUMBER.fullmatch(offset):
        raise Refusal("off_tick")
    ticks = (Decimal(offset) / listing.tick).to_integral_value(ROUND_FLOOR if side == "Buy" else ROUND_CEILING)
    if abs(ticks) >= 2**31:
        raise Refusal("price")
    return {"peg": said.pop(), "offset_ticks": int(ticks)}


def shown_of(fields: Fields, listing: Listing) -> int:
    """Lots shown at a time: DisplayQty (1138), before it MaxFloor (111); 0 where neither is said. Raises `Refusal`."""
    return steps(fields.get(1138, fields.get(111)), listing.lot, "show_lots", absent=0)


def text(fields: Fields, tag: int) -> str:
    """A field's text, or nothing."""
    return fields.get(tag, b"").decode("latin-1")


def _chosen(known: Mapping[bytes, Any], value: bytes) -> Any:
    if value not in known:
        raise Refusal("unsupported")
    return known[value]


def steps(value: bytes | None, step: Decimal, reason: str, *, absent: int | None = None) -> int:
    """How many steps a number is.

    >>> steps(b"10.50", Decimal("0.25"), "off_tick")
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
