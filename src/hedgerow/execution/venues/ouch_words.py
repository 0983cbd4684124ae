"""OUCH 4.2 messages as inputs of the exchange, and its reports as OUCH messages.

Promises: the same reports give the same messages, so that any of them can be asked for again by its number. Never: an
order type that OUCH does not have. Source: NASDAQ, "OUCH 4.2"; times are nanoseconds since midnight UTC.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hedgerow import _core
from hedgerow.core.spans import DAY_NS
from hedgerow.execution.venues.fix_orders import Refusal
from hedgerow.execution.venues.house import Venue
from hedgerow.execution.venues.letters import Event

Words = dict[str, Any]

ANY_PRICE = 0x7FFF_FFFF
_UNIT = Decimal("0.0001")
_TIMES = {0: "ioc", 99_998: "day", 99_999: "day"}
"""Time in force; every other number is seconds from now."""
DISPLAYS = "AYP"
"""Shown, with or without a name, or shown and only as a maker.

OUCH 4.2 says how an order is shown by a letter and never how much of it, so it has no icebergs; its pegs (M, W, m)
stand at a mid-point that nobody sees, which this exchange has not.
"""
_CROSSES = {"N": None, "O": "at_open", "C": "at_close"}
_ENDS = {"asked": "U", "no_liquidity": "I", "self_trade": "Q", "expired": "T", "closed": "T", "auction_over": "I"}
_REFUSED = {"phase": "H", "unknown_instrument": "S", "lots": "Z", "price": "X", "off_tick": "X", "show_lots": "D"}
_REPEATED = ("side", "time_in_s", "firm", "display", "capacity", "sweep", "shares_min", "cross")
_PLAIN: Words = {"side": "B", "time_in_s": 99_998, "firm": "", "display": "Y", "capacity": "P"} | {
    "sweep": "N",
    "shares_min": 0,
    "cross": "N",
}


def enter_order(said: Words, participant: int, venue: Venue) -> Words:
    """Enter Order as an input; raises `Refusal`."""
    instrument = venue.symbols.get(said["stock"])
    if instrument is None:
        raise Refusal("unknown_instrument")
    if said["display"] not in DISPLAYS:
        raise Refusal("show_lots")
    if said["cross"] not in _CROSSES or said["shares_min"]:
        raise Refusal("unsupported")
    is_market = said["price"] == ANY_PRICE
    time_in = _CROSSES[said["cross"]] or _TIMES.get(said["time_in_s"], "gtd")
    return {
        "do": "new",
        "participant": participant,
        "client_id": said["token"],
        "instrument": instrument,
        "side": "Buy" if said["side"] == "B" else "Sell",
        "order_type": "market" if is_market else "limit",
        "time_in": time_in,
        "lots": lots_of(said["shares"], venue, instrument),
        "price_ticks": 0 if is_market else ticks_of(said["price"], venue, instrument),
        "post_only": said["display"] == "P",
        "expire_ts": venue.ts + said["time_in_s"] * 1_000_000_000 if time_in == "gtd" else 0,
    }


def lots_of(shares: int, venue: Venue, instrument: int) -> int:
    """Lots of a number of shares; raises `Refusal`."""
    return _steps(Decimal(shares), venue.settings.listings[instrument].lot, "lots")


def ticks_of(price: int, venue: Venue, instrument: int) -> int:
    """Ticks of a price in ten-thousandths; raises `Refusal`."""
    return _steps(price * _UNIT, venue.settings.listings[instrument].tick, "off_tick")


def _steps(value: Decimal, step: Decimal, reason: str) -> int:
    steps = value / step
    if steps != int(steps):
        raise Refusal(reason)
    return int(steps)


class OuchStream:
    """Everything that a participant was ever told, in order; message n stands at n - 1."""

    def __init__(self, venue: Venue, participant: int) -> None:
        self._venue = venue
        self._reports = venue.letters[participant].reports
        self._seen = 0
        self._leaves: dict[int, int] = {}
        self._words: dict[int, Words] = {}
        self._messages: list[bytes] = []

    def messages(self) -> list[bytes]:
        """The messages up to now."""
        for event in self._reports.since(self._seen):
            made = self._message(event)
            self._leaves[event["order_id"]] = event["leaves_lots"]
            if made is not None:
                kind, words = made
                words |= {"time_ns": event["ts"] % DAY_NS, "token": words.get("token", _token(event["client_id"]))}
                self._messages.append(_core.ouch_encode(kind, words, to_venue=False))
        self._seen = len(self._reports)
        return self._messages

    def entered(self, order_id: int) -> Words:
        """What was said when an order was entered."""
        return self._words.get(order_id, _PLAIN)

    def _message(self, event: Event) -> tuple[str, Words] | None:
        what, order_id = event["what"], event["order_id"]
        if what == "accepted":
            echo = event.get("echo", {})
            self._words[order_id] = {key: type(_PLAIN[key])(echo.get(key, _PLAIN[key])) for key in _REPEATED}
            return "A", self._order(event)
        if what == "replaced" and "/" not in event["client_id"]:
            return "U", self._order(event) | {"previous_token": _token(event["orig_client_id"])}
        if what in ("replaced", "cancelled", "expired"):
            gone = self._leaves.get(order_id, 0) - event["leaves_lots"]
            reason = "U" if what == "replaced" else _ENDS.get(event.get("reason", ""), "S")
            return "C", {"shares": self._shares(event, gone), "reason": reason}
        if what == "traded":
            shares, price = self._shares(event, event["last_lots"]), self._price(event, event["last_ticks"])
            flag = "A" if event["is_maker"] else "R"
            return "E", {"shares": shares, "price": price, "liquidity": flag, "match": event["trade"]}
        if what == "busted":
            return "B", {"match": event["trade"], "reason": "S"}
        if what == "rejected" or (what == "change_refused" and event.get("echo", {}).get("434") == "2"):
            return "J", {"reason": _REFUSED.get(event["reason"], "O")}
        return ("I", {"token": _token(event["orig_client_id"])}) if what == "change_refused" else None

    def _order(self, event: Event) -> Words:
        words = dict(self.entered(event["order_id"]))
        price = self._price(event, event["price_ticks"]) if event["price_ticks"] else ANY_PRICE
        listing = self._venue.settings.listings[event["instrument"]]
        words |= {"stock": listing.symbol, "price": price, "order_ref": event["order_id"], "state": "L", "weight": " "}
        return words | {"shares": self._shares(event, event["lots"])}

    def _shares(self, event: Event, lots: int) -> int:
        return int(self._venue.settings.listings[event["instrument"]].quantity(lots))

    def _price(self, event: Event, ticks: int) -> int:
        return int(self._venue.settings.listings[event["instrument"]].price(ticks) / _UNIT)


def _token(client_id: str) -> str:
    """A token; cancels have names of our own behind it."""
    return client_id.split("/")[0]
