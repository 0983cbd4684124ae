"""What a JSON message asks of the exchange, and the exchange's reports as JSON.

Promises: numbers are texts, exact, and never floats; whatever a message says becomes an input, or `Wrong` with the
field and what it may be. Never: a field that is passed over because nobody knows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hedgerow.core.errors import did_you_mean
from hedgerow.execution.venues.fix_reports import WORDS
from hedgerow.execution.venues.letters import Event
from hedgerow.execution.venues.settings import Listing

Said = dict[str, Any]
MESSAGE_MAX = 16_384
"""Bytes of a message; a longer one is answered with an error."""
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,18})?")
_OPS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    name: (frozenset(must.split()), frozenset(may.split()))
    for name, must, may in (
        ("login", "participant", "password from"),
        ("subscribe", "symbol", "trades"),
        ("unsubscribe", "symbol", ""),
        ("resync", "symbol", ""),
        (
            "new",
            "client_id symbol side quantity",
            "type price stop_price display time_in post_only expire_ts peg offset",
        ),
        ("replace", "client_id orig_client_id quantity", "price stop_price display offset"),
        ("cancel", "client_id orig_client_id", ""),
        ("status", "client_id", ""),
        ("ping", "", "id"),
    )
}
"""What a message may ask (`op`), the fields that it must have, and those that it may have."""
_TYPES = ("limit", "market", "stop", "stop_limit", "pegged")
_PEGS = {"primary": "Primary", "midpoint": "Midpoint", "market": "Market"}
_TIMES = ("day", "gtc", "ioc", "fok", "gtd", "at_open", "at_close")
_SIDES = {"buy": "Buy", "sell": "Sell"}


class Wrong(Exception):
    """A message cannot be meant; `args[0]` says which field, what it is and what it may be."""


def read(text: str | bytes) -> Said:
    """A message with a known `op` and no fields but its own; raises `Wrong`."""
    if len(text) > MESSAGE_MAX:
        raise Wrong(f"a message of {len(text):,} bytes; at most {MESSAGE_MAX:,}")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Wrong(f"no JSON: {str(error)[:100]}") from None
    if not isinstance(said, dict):
        raise Wrong("a message is one JSON object")
    op = said.get("op")
    if not isinstance(op, str) or op not in _OPS:
        raise Wrong(f"op {_short(op)}; known: {', '.join(_OPS)}{did_you_mean(str(op), list(_OPS))}")
    must, may = _OPS[op]
    known = {"op", *must, *may}
    for name in said:
        if name not in known:
            raise Wrong(f"{op}: no field {_short(name)}{did_you_mean(name, sorted(known))}")
    for name in sorted(must):
        if name not in said:
            raise Wrong(f"{op}: {name} is missing")
    return said


def text_of(said: Said, name: str, default: str = "") -> str:
    """A text of at most 64 signs."""
    value = said.get(name, default)
    if not isinstance(value, str) or len(value) > 64:
        raise Wrong(f"{name}: {_short(value)} is no text of at most 64 signs")
    return value


def whole_of(said: Said, name: str) -> int:
    """A whole number, 0 without one."""
    value = said.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise Wrong(f"{name}: {_short(value)} is no whole number")
    return value


def new_order(said: Said, participant: int, symbols: Mapping[str, int], listings: tuple[Listing, ...]) -> Said:
    """`new` as an input."""
    symbol = text_of(said, "symbol")
    if symbol not in symbols:
        raise Wrong(f"symbol: {_short(symbol)} is not listed{did_you_mean(symbol, list(symbols))}")
    at = symbols[symbol]
    post_only = said.get("post_only", False)
    if not isinstance(post_only, bool):
        raise Wrong(f"post_only: {_short(post_only)} is neither true nor false")
    return {
        "do": "new",
        "participant": participant,
        "client_id": text_of(said, "client_id"),
        "instrument": at,
        "side": _SIDES[_one_of(said, "side", tuple(_SIDES))],
        "order_type": _one_of(said, "type", _TYPES, "limit"),
        "time_in": _one_of(said, "time_in", _TIMES, "day"),
        "show_lots": _steps(said, "display", listings[at].lot, absent=0),
        "post_only": post_only,
        "expire_ts": whole_of(said, "expire_ts"),
        **_terms(said, listings[at]),
        **_pegged(said, listings[at]),
    }


def replacement(said: Said, participant: int, listing: Listing) -> Said:
    """`replace` as an input: quantity is the whole, what has traded included."""
    names = {"client_id": text_of(said, "client_id"), "orig_client_id": text_of(said, "orig_client_id")}
    shown = {"show_lots": _steps(said, "display", listing.lot)} if "display" in said else {}
    offset = {"offset_ticks": _offset(said, listing)} if "offset" in said else {}
    return {"do": "replace", "participant": participant, **names, **_terms(said, listing), **shown, **offset}


def report(event: Event, number: int, listing: Listing | None) -> Said:
    """What happened to an order, and how it stands; `n` counts a participant's reports from 1."""
    told: Said = {"type": "report", "n": number, "what": event["what"], "client_id": event["client_id"]}
    told |= {"order_id": event["order_id"], "exec": event.get("exec", 0), "status": event["status"], "ts": event["ts"]}
    if event.get("orig_client_id"):
        told["orig_client_id"] = event["orig_client_id"]
    if event.get("reason", "asked") != "asked":
        told |= {"reason": event["reason"], "text": WORDS.get(event["reason"], "")}
    if listing is None:
        return told
    told |= {"symbol": listing.symbol, "side": event["side"].lower(), "quantity": _size(event["lots"], listing)}
    told |= {"filled": _size(event["cum_lots"], listing), "leaves": _size(event["leaves_lots"], listing)}
    if event["price_ticks"]:
        told["price"] = f"{listing.price(event['price_ticks']):f}"
    if event.get("peg"):
        told |= {"peg": event["peg"].lower(), "offset": f"{event.get('offset_ticks', 0) * listing.tick:f}"}
    if event["what"] in ("traded", "busted"):
        told |= {"trade": event["trade"], "last_quantity": _size(event["last_lots"], listing)}
        told |= {"last_price": f"{listing.price(event['last_ticks']):f}", "is_maker": event["is_maker"]}
    return told


def _pegged(said: Said, listing: Listing) -> Said:
    """What the price follows, and what is added to it: a price with its sign."""
    if "peg" not in said:
        return {}
    return {"peg": _PEGS[_one_of(said, "peg", tuple(_PEGS))], "offset_ticks": _offset(said, listing)}


def _offset(said: Said, listing: Listing) -> int:
    value = said.get("offset", "0")
    is_less = isinstance(value, str) and value.startswith("-")
    ticks = _steps({"offset": value[1:] if is_less else value}, "offset", listing.tick)
    return -ticks if is_less else ticks


def _terms(said: Said, listing: Listing) -> Said:
    return {
        "lots": _steps(said, "quantity", listing.lot),
        "price_ticks": _steps(said, "price", listing.tick, absent=0),
        "stop_ticks": _steps(said, "stop_price", listing.tick, absent=0),
    }


def _steps(said: Said, name: str, step: Decimal, *, absent: int | None = None) -> int:
    """How many steps a number is; it is a text, for a float is not what somebody meant."""
    value = said.get(name)
    if value is None and absent is not None and name not in said:
        return absent
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise Wrong(f'{name}: {_short(value)} is no number in a text, such as "10.25"')
    steps = Decimal(value) / step
    if steps != int(steps) or steps >= 2**63:
        raise Wrong(f"{name}: {value} is no multiple of {step:f}")
    return int(steps)


def _one_of(said: Said, name: str, known: tuple[str, ...], default: str | None = None) -> str:
    value = said.get(name, default)
    if not isinstance(value, str) or value not in known:
        raise Wrong(f"{name}: {_short(value)} is none of {', '.join(known)}{did_you_mean(str(value), known)}")
    return value


def _size(lots: int, listing: Listing) -> str:
    return f"{listing.quantity(lots):f}"


def _short(value: object) -> str:
    return repr(value)[:80]
