"""The account behind the loopback crypto venues: orders matched by our own exchange, kept in its log, with a maker.

Its log is what a run's journal is compared with; what went wrong on purpose stands in `faults.jsonl` beside it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from hedgerow.execution.venues import Listing, Participant, Venue, VenueSettings
from hedgerow.execution.venues.maker import Maker
from hedgerow.execution.venues.settings import MakerSettings

FEE = Decimal("0.001")
BASE, QUOTE = "BTC", "USDT"
HELD = {BASE: Decimal(5), QUOTE: Decimal(1_000_000)}
COIN, COIN_PRICE, COIN_HELD = "BNB", Decimal(600), Decimal("0.5")
"""The venue's own coin, in which fees are taken with a quarter off where that is told."""


def settings(folder: Path) -> VenueSettings:
    """The exchange behind the venue: one market, us and a maker."""
    return VenueSettings(
        name="CRYPTO",
        folder=folder,
        listings=(
            Listing(
                symbol="BTC/USDT", reference=Decimal(60_000), tick=Decimal("0.01"), lot=Decimal("0.00001"),
                lots_max=10**9,
            ),
        ),
        participants=(Participant(name="DESK"), Participant(name="MAKER"), Participant(name="SELLER")),
        self_trades="cancel_incoming",
        maker=MakerSettings(participant="MAKER", every_ms=100, lots=20_000, half_spread=50, levels=3),
    )  # fmt: skip


@dataclass(frozen=True)
class Trade:
    """An execution of ours."""

    id: int
    order_id: int
    client_id: str
    buys: bool
    size: Decimal
    price: Decimal
    is_maker: bool
    ts_ms: int
    rate: Decimal = FEE
    in_coin: bool = False

    @property
    def fee(self) -> tuple[Decimal, str]:
        """A tenth of a percent, or so, of what is received; or in the venue's own coin, to eight decimals."""
        if self.in_coin:
            part = self.size * self.price * self.rate * Decimal("0.75") / COIN_PRICE
            return part.quantize(Decimal("1e-8")), COIN
        return (self.size * self.rate, BASE) if self.buys else (self.size * self.price * self.rate, QUOTE)


class Account:
    """What both venues are words for."""

    def __init__(self, folder: Path, *, skew_ms: int = 0, fee: Decimal = FEE, in_coin: bool = False) -> None:
        self.settings, self._skew_ms, self._fee = settings(folder), skew_ms, (fee, in_coin)
        self.venue = Venue(self.settings)
        assert self.settings.maker is not None
        self._maker, self.listing = Maker(self.venue, self.settings.maker), self.settings.listings[0]
        self.update, self.levels = 1, self._levels()
        self.changed: list[Callable[[Mapping[str, Any]], None]] = []
        self.moved: list[Callable[[Mapping[str, Any]], None]] = []
        self._told = len(self._events())

    def now_ms(self) -> int:
        """The venue's clock."""
        return time.time_ns() // 10**6 + self._skew_ms

    def orders(self) -> list[dict[str, Any]]:
        """Each order of ours as it stands."""
        names = dict.fromkeys(event["client_id"] for event in self._events() if event["what"] == "accepted")
        return [order for name in names if (order := self.venue.status("DESK", name))]

    def order(self, key: str) -> dict[str, Any] | None:
        """An order by our name, or by the venue's number."""
        found = self.venue.status("DESK", key)
        return found or next((one for one in self.orders() if str(one["order_id"]) == key), None)

    def trades(self) -> list[Trade]:
        """Everything of ours that traded."""
        return [self.trade(event) for event in self._events() if event["what"] == "traded"]

    def trade(self, event: Mapping[str, Any]) -> Trade:
        """An execution, of the report about it."""
        return Trade(
            event["trade"], event["order_id"], event["client_id"], event["side"] == "Buy",
            self.listing.quantity(event["last_lots"]), self.listing.price(event["last_ticks"]),
            event["is_maker"], event["ts"] // 10**6, *self._fee,
        )  # fmt: skip

    def balances(self) -> dict[str, Decimal]:
        """What is held after trades and fees."""
        held = {**HELD, COIN: COIN_HELD}
        for trade in self.trades():
            sign = 1 if trade.buys else -1
            held[BASE] += sign * trade.size
            held[QUOTE] -= sign * trade.size * trade.price
            fee, currency = trade.fee
            held[currency] -= fee
        return held

    def place(
        self, name: str, *, buys: bool, size: str, price: str | None, tif: str, post_only: bool, show: str = "0"
    ) -> tuple[dict[str, Any] | None, str]:
        """Take an order: how it stands, or why it was refused."""
        action = {
            "do": "new", "participant": 0, "client_id": name, "instrument": 0, "side": "Buy" if buys else "Sell",
            "order_type": "limit" if price else "market", "time_in": tif, "post_only": post_only,
            "show_lots": int(Decimal(show) / self.listing.lot),
            "lots": int(Decimal(size) / self.listing.lot), "price_ticks": int(Decimal(price or 0) / self.listing.tick),
        }  # fmt: skip
        events = self.venue.submit(time.time_ns(), action)
        self.venue.settle()
        self.tell()
        reasons = [event["reason"] for event in events if event.get("what") == "rejected"]
        return self.venue.status("DESK", name), reasons[0] if reasons else ""

    def cancel(self, key: str) -> dict[str, Any] | None:
        """Cancel an order that works; nothing where none does."""
        order = self.order(key)
        if order is None or not order["leaves_lots"]:
            return None
        names = {"client_id": f"c{len(self._events())}-{key}", "orig_client_id": order["client_id"]}
        self.venue.submit(time.time_ns(), {"do": "cancel", "participant": 0, **names})
        self.venue.settle()
        self.tell()
        return self.venue.status("DESK", order["client_id"])

    def swap(
        self, old: str, name: str, *, only_new: bool, **terms: Any
    ) -> tuple[str, dict[str, Any] | None, dict[str, Any] | None, str]:
        """One order in another's place: what failed (`cancel`, `new` or nothing), how both stand, and why it failed."""
        order = self.order(old)
        if order is None or not order["leaves_lots"]:
            return "cancel", None, None, "unknown"
        if only_new and order["cum_lots"]:
            return "cancel", order, None, "restricted"
        gone = self.cancel(old)
        new, reason = self.place(name, **terms)
        return ("new" if reason and reason != "no_liquidity" else ""), gone, new, reason

    def hit(self, lots: int) -> bool:
        """Have somebody sell so much to a bid of ours, and what others bid in front; false where there is none."""
        order = next((one for one in self.orders() if one["leaves_lots"] and one["side"] == "Buy"), None)
        if order is None:
            return False
        bids = self.venue.core.depth(0, True, 1000)
        ahead = sum(size for ticks, size in bids if ticks > order["price_ticks"])
        names = {
            "client_id": f"hit-{order['order_id']}-{order['leaves_lots']}",
            "participant": 2,
            "instrument": 0,
            "side": "Sell",
        }
        terms = {"price_ticks": order["price_ticks"], "order_type": "limit", "time_in": "ioc", "lots": ahead + lots}
        self.venue.submit(time.time_ns(), {"do": "new", **names, **terms})
        self.venue.settle()
        self.tell()
        return True

    def tell(self) -> None:
        """Have those who watch the account's orders told what happened to them."""
        since, self._told = self._told, len(self._events())
        for event in self._events()[since:]:
            for tell in list(self.moved):
                tell(event)

    async def live(self) -> None:
        """Have the maker quote, and those who watch told what changed."""
        while True:
            await asyncio.sleep(0.02)
            self._maker.beat(time.time_ns())
            self.venue.settle()
            self.tell()
            before, self.levels = self.levels, self._levels()
            if before != self.levels:
                self.update += 1
                gone = {key: "0" for key in before if key not in self.levels}
                new = {key: size for key, size in self.levels.items() if before.get(key) != size}
                told = gone | new
                sides = {name: [[p, s] for (side, p), s in told.items() if side == name] for name in ("bids", "asks")}
                for tell in list(self.changed):
                    tell(sides)

    def book(self) -> dict[str, list[list[str]]]:
        """The whole book, best first."""
        return {name: [[p, s] for (side, p), s in self.levels.items() if side == name] for name in ("bids", "asks")}

    def _levels(self) -> dict[tuple[str, str], str]:
        sides = {"bids": self.venue.core.depth(0, True, 1000), "asks": self.venue.core.depth(0, False, 1000)}
        return {
            (name, f"{self.listing.price(ticks):f}"): f"{self.listing.quantity(lots):f}"
            for name, side in sides.items() for ticks, lots in side
        }  # fmt: skip

    def _events(self) -> list[dict[str, Any]]:
        return list(self.venue.letters[0].reports)


class Faults:
    """What goes wrong on purpose, drawn from a seed: by kind of request, the chance of each fault."""

    def __init__(self, folder: Path, chances: Mapping[str, Mapping[str, float]], seed: int) -> None:
        self._chances, self._draws, self._path = chances, Random(seed), folder / "faults.jsonl"

    def draw(self, request: str, about: str) -> str:
        """The fault of this request, if any; it is written down."""
        left = self._draws.random()
        for fault, chance in self._chances.get(request, {}).items():
            left -= chance
            if left < 0:
                with self._path.open("a") as file:
                    file.write(json.dumps({"request": request, "fault": fault, "about": about}) + "\n")
                return fault
        return ""
