"""The exchange's events as FIX messages: ExecutionReport (8) and OrderCancelReject (9), as each version wants them.

ExecID (17) is the number of the report at the exchange, the same whenever it is told. Sources: FIX 4.2 errata 20010501,
appendix D; FIX 4.4 errata 20030618, volume 4; FIX 5.0 SP2, `ExecType`.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

from hedgerow.execution.fix.values import decimal, moment
from hedgerow.execution.venues.settings import Listing

Event = dict[str, Any]
Pairs = list[tuple[int, bytes]]

_STATUS = {
    "new": b"0",
    "partially_filled": b"1",
    "filled": b"2",
    "cancelled": b"4",
    "rejected": b"8",
    "expired": b"C",
}
"""OrdStatus (39)."""
_KIND = {"accepted": b"0", "replaced": b"5", "cancelled": b"4", "rejected": b"8", "expired": b"C"}
"""ExecType (150) where every version says the same."""
_LATER_KIND = {"traded": b"F", "busted": b"H", "status": b"I"}
"""ExecType (150) since 4.3; before, the status says it."""
_TYPES = {"market": b"1", "limit": b"2", "stop": b"3", "stop_limit": b"4", "pegged": b"P"}
_PEGS = {"Primary": b"R", "Midpoint": b"M", "Market": b"P"}
"""ExecInst (18)."""
_TIMES = {"day": b"0", "gtc": b"1", "at_open": b"2", "ioc": b"3", "fok": b"4", "gtd": b"6", "at_close": b"7"}
_REFUSED = {
    "unknown_instrument": b"1",
    "phase": b"2",
    "closed": b"2",
    "lots": b"3",
    "unknown_order": b"5",
    "duplicate_client_id": b"6",
}
"""OrdRejReason (103) that every version knows; 99 (other) since 4.4."""
_LATER_REFUSED = {"unsupported": b"11", "combination": b"11", "lots": b"13"}
_UNCHANGED = {"too_late": b"0", "unknown_order": b"1"}
"""CxlRejReason (102) that every version knows."""

WORDS = {
    "unknown_instrument": "no such instrument",
    "unknown_order": "no such order",
    "duplicate_client_id": "ClOrdID used before, empty or longer than 64 bytes",
    "too_late": "the order has ended",
    "lots": "quantity off the lot, out of range, or not more than has traded",
    "price": "price out of range, missing, or not wanted by this type of order",
    "off_tick": "price is no multiple of the tick",
    "stop_price": "stop price out of range",
    "show_lots": "displayed quantity off the lot or out of range",
    "expiry": "expiry missing, passed, or not wanted by this time in force",
    "combination": "type, time in force and instructions do not go together",
    "phase": "the phase of trading does not allow it",
    "would_take": "post-only, and it would take",
    "no_liquidity": "nothing left to trade with",
    "self_trade": "it would trade with its own participant",
    "auction_over": "its auction is over",
    "closed": "the market closed",
    "expired": "its time is over",
    "asked": "",
    "unsupported": "a value that this exchange does not know",
}
"""Text (58) of the exchange's reasons."""


def execution_report(event: Event, listing: Listing | None, version: str) -> Pairs:
    """ExecutionReport (8): what happened to an order, and how it stands. 9 is for changes that were refused."""
    is_old, what, status = version == "FIX.4.2", event["what"], _STATUS[event["status"]]
    kind = _kind(event, status, version)
    if is_old and what == "replaced" and event["status"] == "new":
        status = b"5"
    order_id = str(event["order_id"] or "NONE").encode()
    number = b"0" if what == "status" else b"%d" % event["exec"]
    pairs: Pairs = [(37, order_id), (11, _raw(event["client_id"]))]
    if event.get("orig_client_id"):
        pairs.append((41, _raw(event["orig_client_id"])))
    pairs.append((17, number))
    if is_old:
        pairs.append((20, {"busted": b"1", "status": b"3"}.get(what, b"0")))
    if what == "busted":
        pairs.append((19, b"%d" % event["ref_exec"]))
    pairs += [(150, kind), (39, status)]
    if what == "rejected":
        pairs += _order_refused(event["reason"], is_old)
    pairs += _instrument(event, listing)
    pairs += _quantities(event, listing, version)
    pairs.append((60, moment(event["ts"])))
    words = WORDS.get(event.get("reason", "asked"), "")
    words = "the stop price was reached" if what == "triggered" else words
    return pairs + ([(58, words.encode())] if words else [])


def cancel_reject(event: Event, version: str) -> Pairs:
    """OrderCancelReject (9): a cancel or a change was refused; `echo` says which of the two."""
    reason = event["reason"]
    number = _UNCHANGED.get(reason)
    if number is None and version != "FIX.4.2":
        number = b"6" if reason == "duplicate_client_id" else b"99"
    pairs: Pairs = [
        (37, str(event["order_id"] or "NONE").encode()),
        (11, _raw(event["client_id"])),
        (41, _raw(event["orig_client_id"])),
        (39, _STATUS[event["status"]]),
        (434, _raw(event.get("echo", {}).get("434", "1"))),
    ]
    if number is not None:
        pairs.append((102, number))
    return [*pairs, (58, WORDS[reason].encode()), (60, moment(event["ts"]))]


def _kind(event: Event, status: bytes, version: str) -> bytes:
    what = event["what"]
    if what in _KIND:
        return _KIND[what]
    if what == "triggered":
        return b"L" if version == "FIX.5.0SP2" else b"D"
    return status if version == "FIX.4.2" else _LATER_KIND[what]


def _order_refused(reason: str, is_old: bool) -> Pairs:
    number = _REFUSED.get(reason) if is_old else _LATER_REFUSED.get(reason) or _REFUSED.get(reason, b"99")
    return [(103, number)] if number else []


def _instrument(event: Event, listing: Listing | None) -> Pairs:
    """Symbol and side; of what could not become an order, as they came."""
    echo = event.get("echo", {})
    symbol = listing.symbol if listing else echo.get("55", "NONE")
    side = _raw(echo.get("54", "1")) if listing is None else b"1" if event["side"] == "Buy" else b"2"
    return [(55, _raw(symbol)), (54, side)]


def _quantities(event: Event, listing: Listing | None, version: str) -> Pairs:
    if listing is None:
        asked = _raw(event.get("echo", {}).get("38", "0"))
        return [(38, asked), (151, b"0"), (14, b"0"), (6, b"0")]
    pairs: Pairs = [(38, decimal(listing.quantity(event["lots"]))), (40, _TYPES[event["order_type"]])]
    if event["price_ticks"]:
        pairs.append((44, decimal(listing.price(event["price_ticks"]))))
    if event["stop_ticks"]:
        pairs.append((99, decimal(listing.price(event["stop_ticks"]))))
    if event.get("peg"):
        pairs += [(18, _PEGS[event["peg"]]), (211, decimal(event.get("offset_ticks", 0) * listing.tick))]
    if event["show_lots"]:
        shown = decimal(listing.quantity(event["show_lots"]))
        pairs.append((1138 if version == "FIX.5.0SP2" else 111, shown))
    if event["time_in"] != "at_close" or version != "FIX.4.2":
        pairs.append((59, _TIMES[event["time_in"]]))
    if event["what"] in ("traded", "busted"):
        pairs += [
            (32, decimal(listing.quantity(event["last_lots"]))),
            (31, decimal(listing.price(event["last_ticks"]))),
        ]
        if version != "FIX.4.2":
            pairs.append((851, b"1" if event["is_maker"] else b"2"))
    average = _average(event, listing)
    pairs += [(151, decimal(listing.quantity(event["leaves_lots"])))]
    return [*pairs, (14, decimal(listing.quantity(event["cum_lots"]))), (6, decimal(average))]


def _average(event: Event, listing: Listing) -> Decimal:
    if event["cum_lots"] == 0:
        return Decimal(0)
    with localcontext() as context:
        context.prec = 40
        return round(Decimal(event["traded_ticks"]) * listing.tick / Decimal(event["cum_lots"]), 12)


def _raw(text: str) -> bytes:
    return text.encode("latin-1", "replace")
