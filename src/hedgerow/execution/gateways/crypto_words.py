"""What a crypto venue says of orders and executions, through ccxt or in its own words where ccxt loses some of them.

Promises: amounts, prices and fees keep the venue's digits; an execution is told once in a list, first to last. The own
stream of a venue in `OWN_WORDS` is read from the venue's words: ccxt 4.5 folds what comes between two looks into an
order's last state, and takes Poloniex's sums for single executions. Never: a guess where words are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from hedgerow.execution.gateways.fix_books import Level


class Refused(Exception):
    """Nothing happened at the venue: `args[0]` says why."""


class Missing(Refused):
    """The venue has no such order."""


class Unsure(Exception):
    """It happened or did not, and nobody knows."""


class Patience(Unsure):
    """The venue wants to be left alone for `wait_s` seconds."""

    def __init__(self, text: str, wait_s: float) -> None:
        super().__init__(text)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Trade:
    """An execution of an order, in the venue's digits; `fee` is what was paid, of `fee_currency`."""

    id: str
    ts_ms: int
    price: str
    amount: str
    is_maker: bool
    fee: str
    fee_currency: str


@dataclass(frozen=True)
class Stand:
    """How an order stands there. status: `open`, or ccxt's word for its end; empty where the answer did not say.

    trades: all its executions, where the answer told them; otherwise none, and they are asked for.
    """

    name: str
    venue_id: str
    status: str
    filled: Decimal
    trades: tuple[Trade, ...] = ()


@dataclass(frozen=True)
class Event:
    """What the account's own stream says of an order; without a stand it only says that there is something to ask."""

    name: str
    venue_id: str
    stand: Stand | None = None
    trade: Trade | None = None


def stand_of(answer: Mapping[str, Any], name: str) -> Stand:
    """How an order stands, by an answer of ccxt about it."""
    told = answer.get("info")
    info = told if isinstance(told, dict) else {}
    raw, venue_id = str(info.get("status") or info.get("state") or ""), str(answer.get("id") or "")
    if venue_id.startswith("cid:"):  # what was asked for
        venue_id = str(info.get("id") or "")
    status = "open" if "PENDING" in raw.upper() else str(answer.get("status") or "")  # it may still trade
    filled, trades = exact(answer.get("filled") or 0), once(answer.get("trades") or ())
    is_whole = sum((exact(one.amount) for one in trades), Decimal(0)) == filled
    return Stand(name, venue_id, status, filled, trades if is_whole else ())


def once(told: Iterable[Mapping[str, Any]]) -> tuple[Trade, ...]:
    """Executions, first to last, each once."""
    found = {one.id: one for one in map(_trade, told)}
    return tuple(sorted(found.values(), key=lambda one: (one.ts_ms, len(one.id), one.id)))


def _trade(told: Mapping[str, Any]) -> Trade:
    return Trade(
        str(told["id"]),
        int(told.get("timestamp") or 0),
        str(told["price"]),
        str(told["amount"]),
        told.get("takerOrMaker") == "maker",
        *_fee(told),
    )


def _fee(told: Mapping[str, Any]) -> tuple[str, str]:
    """What was paid, and of what; of several it is words, which whoever books it names to people."""
    several = told.get("fees") or ()
    fees = several if len(several) > 1 or not told.get("fee") else [told["fee"]]
    paid = [(str(one["cost"]), str(one.get("currency") or "")) for one in fees if one.get("cost") is not None]
    if len(paid) > 1:
        return " and ".join(" ".join(one) for one in paid), "in all"
    return paid[0] if paid else ("", "")


def exact(value: Any) -> Decimal:
    """A number of the venue's; `Unsure` for what is none."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise Unsure(f"{value!r} is no number") from None
    if not found.is_finite():
        raise Unsure(f"{value!r} is no number")
    return found


def levels_of(side: Sequence[Sequence[Any]], depth: int) -> list[Level]:
    """The best levels, as text; books come as floats, whose shortest form has the venue's digits."""
    return [(f"{Decimal(str(one[0])):f}", f"{Decimal(str(one[1])):f}") for one in side[: depth or len(side)]]


def _of_binance(told: Mapping[str, Any]) -> Event | None:
    """An executionReport. A cancel has a name of its own (c); the order's is then the original one (C)."""
    name, venue_id = str(told.get("C") or told["c"]), str(told["i"])
    stand = Stand(name, venue_id, _BINANCE.get(told["X"], "open"), exact(told["z"]))
    if told["x"] != "TRADE":
        return Event(name, venue_id, stand)
    fee, currency = str(told.get("n") or ""), str(told.get("N") or "")
    trade = Trade(str(told["t"]), int(told["T"]), str(told["L"]), str(told["l"]), bool(told["m"]), fee, currency)
    return Event(name, venue_id, stand, trade)


def _of_poloniex(told: Mapping[str, Any]) -> Event | None:
    """A message of the channel `orders`; that one was placed says nothing that its sender does not know."""
    name, venue_id, kind = str(told.get("clientOrderId") or ""), str(told["orderId"]), told["eventType"]
    if kind == "place":
        return None
    status = "canceled" if kind == "canceled" else "closed" if told["state"] == "FILLED" else "open"
    stand = Stand(name, venue_id, status, exact(told["filledQuantity"]))
    if kind != "trade":
        return Event(name, venue_id, stand)
    fee, currency, is_maker = str(told["tradeFee"]), str(told["feeCurrency"]), told["matchRole"] == "MAKER"
    sizes = str(told["tradePrice"]), str(told["tradeQty"])
    return Event(
        name, venue_id, stand, Trade(str(told["tradeId"]), int(told["tradeTime"]), *sizes, is_maker, fee, currency)
    )


_BINANCE = {"FILLED": "closed", "CANCELED": "canceled", "REJECTED": "rejected"}
_BINANCE |= dict.fromkeys(("EXPIRED", "EXPIRED_IN_MATCH"), "expired")
OWN_WORDS: Mapping[str, Callable[[Mapping[str, Any]], Event | None]] = {
    "binance": _of_binance,
    "binanceus": _of_binance,
    "poloniex": _of_poloniex,
}
"""Venues whose spot stream is read in the venue's own words; its executions have the numbers that REST gives them."""


def event_of(venue: str, told: Mapping[str, Any]) -> Event | None:
    """What a venue's stream says in an order or execution as ccxt has it; None for what is no news."""
    info, is_spot = told.get("info"), ":" not in str(told.get("symbol") or "")
    if venue in OWN_WORDS and is_spot and isinstance(info, dict):
        try:
            return OWN_WORDS[venue](info)
        except (KeyError, ValueError, TypeError):
            pass  # words that we do not know: the order is asked about
    venue_id = told.get("order") if "order" in told else told.get("id")
    return Event(str(told.get("clientOrderId") or ""), str(venue_id or ""))
