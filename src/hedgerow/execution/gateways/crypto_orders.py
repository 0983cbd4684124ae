"""Orders on their way to a crypto venue and there: sent once, looked at until they end, told execution by execution.

Promises: each execution is told in order, with what is filled in all by then, and an end only after every execution
that the venue counts; what nobody is sure of is asked for by name, and that the venue never had it is believed only
once it must have come. Never: an order sent twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from hedgerow.execution.fix.values import moment
from hedgerow.execution.gateways.crypto_client import CryptoClient, Missing, Refused, Stand, Trade, Unsure
from hedgerow.execution.gateways.fix import OrderWords

Told = dict[int, str]
_STATUS = {"open": "0", "closed": "2", "canceled": "4", "rejected": "8", "expired": "C"}
"""OrdStatus (39) of ccxt's words."""
_ENDS = "248C"
_FOREIGN_MAX = 20


class Teller(Protocol):
    """Who hears, in the order told; of the gateway, which hands it on to its owner's thread."""

    def report(self, kind: str, told: Told) -> None:
        """An execution report (`8`) or the refusal of a cancel (`9`)."""

    def unsure(self, name: str, why: str) -> None:
        """Nobody knows what became of an order, or of the wish to cancel it."""

    def remark(self, text: str) -> None:
        """Something that a person should know."""


@dataclass
class Tracked:
    """An order, and what was told of it. sent_ns: since when the venue should know it."""

    name: str
    words: OrderWords
    sent_ns: int
    confirmed: bool = False
    asked: bool = False
    venue_id: str = ""
    told: Decimal = Decimal(0)
    off_since_ns: int = 0
    off_told: bool = False
    is_inherited: bool = False
    trades: set[str] = field(default_factory=set)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)


class CryptoOrders:
    """The orders of one account, by our names."""

    def __init__(self, client: CryptoClient, teller: Teller, now_ns: Callable[[], int]) -> None:
        self.client, self._teller, self._now_ns = client, teller, now_ns
        self._orders: dict[str, Tracked] = {}
        self._seen, self._foreign = set[str](), set[str]()
        self._settle_ns = int(client.link.settle_s * 1e9)

    @property
    def under_way(self) -> int:
        """Orders whose sending nobody has answered yet."""
        return sum(not one.settled.is_set() for one in self._orders.values())

    async def place(self, name: str, words: OrderWords) -> None:
        """Send an order and tell what came of it."""
        one = self._track(name, words)
        try:
            stand = await self.client.place(name, words)
        except Refused as why:
            self._tell(one, "8", {58: str(why), 39: "8"})
            self._orders.pop(name, None)
            one.settled.set()
        except Unsure as why:
            one.sent_ns, one.asked = self._now_ns(), True
            self._teller.unsure(name, str(why))
            one.settled.set()
        else:
            one.confirmed, one.venue_id, one.sent_ns = True, stand.venue_id, self._now_ns()
            self._tell(one, "0", {39: "0", 37: stand.venue_id})
            one.settled.set()
            if stand.trades:
                self._executions(one, stand.trades)
            if stand.status in _STATUS and stand.filled == one.told:
                self._stands(one, stand)
            else:
                await self.look(one)

    async def cancel(self, request: str, name: str, words: OrderWords) -> None:
        """Ask to cancel an order, once its sending has been answered."""
        one = self._orders.get(name)
        if one is not None:
            await one.settled.wait()
        head = {11: request, 41: name}
        try:
            await self.client.cancel(name, words.symbol, one.venue_id if one else "")
        except Missing as why:
            self._teller.report("9", {**head, 39: "8", 58: str(why)})
        except Refused as why:
            self._teller.report("9", {**head, 39: "0", 58: str(why)})
        except Unsure as why:
            self._teller.unsure(name, str(why))
            await self.ask(name, words)
        else:
            await self.look(self._orders.get(name) or self._track(name, words, is_sent=True))

    async def ask(self, name: str, words: OrderWords) -> None:
        """Say how an order stands, as soon as that is certain."""
        one = self._orders.get(name) or self._track(name, words, is_sent=True)
        one.asked = True
        if one.settled.is_set():
            await self.look(one)

    async def sweep(self) -> bool:
        """Look at whatever may have moved; false where nothing works and nobody was asked."""
        by_symbol: dict[str, list[Tracked]] = {}
        for one in self._orders.values():
            if one.settled.is_set():
                by_symbol.setdefault(one.words.symbol, []).append(one)
        for symbol, tracked in by_symbol.items():
            working = {stand.name: stand for stand in await self.client.working(symbol)}
            self._note_foreign(symbol, working)
            for one in tracked:
                stand = working.get(one.name)
                if one.asked or not one.confirmed or stand is None or stand.filled != one.told:
                    await self.look(one)
        return bool(by_symbol)

    async def look(self, one: Tracked) -> None:
        """Ask how an order stands and tell what is new; where that fails, the next sweep asks again."""
        async with one.looking:
            if self._orders.get(one.name) is not one:
                return
            try:
                stand = await self.client.stand(one.name, one.words.symbol, one.venue_id)
                one.confirmed, one.venue_id = True, stand.venue_id or one.venue_id
                if stand.filled > one.told:
                    self._executions(one, await self.client.trades(one.words.symbol, one.venue_id))
            except Missing:
                self._missing(one)
            except (Refused, Unsure):
                return
            else:
                self._stands(one, stand)

    def _executions(self, one: Tracked, trades: Sequence[Trade]) -> None:
        """Tell those that were not told in this life, each with what is filled in all by then."""
        for trade in trades:
            if trade.id in one.trades:
                continue
            one.trades.add(trade.id)
            one.told += Decimal(trade.amount)
            told = {32: trade.amount, 31: trade.price, 851: "1" if trade.is_maker else "2", 17: trade.id}
            told |= {60: moment(trade.ts_ms * 1_000_000).decode()} if trade.ts_ms else {}
            told |= {12: trade.fee, 13: "3", 479: trade.fee_currency} if trade.fee else {}
            done = one.told >= Decimal(one.words.quantity)
            self._tell(one, "F", {39: "2" if done else "1", **told, **({97: "Y"} if one.is_inherited else {})})

    def _stands(self, one: Tracked, stand: Stand) -> None:
        """Its executions were told: now how it stands, if anybody asked, and its end."""
        if stand.filled != one.told:
            self._is_off(one, stand)
            return
        one.off_since_ns = 0
        is_short = stand.status == "closed" and one.told < Decimal(one.words.quantity)
        status = "4" if is_short else _STATUS.get(stand.status, "0")
        if one.asked:
            one.asked = False
            self._tell(one, "I", {39: status})
        elif status in _ENDS and status != "2":
            self._tell(one, status, {39: status})
        if status in _ENDS:
            self._orders.pop(one.name, None)

    def _is_off(self, one: Tracked, stand: Stand) -> None:
        """The venue counts other fills than its executions: it may come to agree with itself; if not, people decide."""
        now_ns = self._now_ns()
        one.off_since_ns = one.off_since_ns or now_ns
        if now_ns - one.off_since_ns < self._settle_ns or one.off_told:
            return
        one.off_told, one.asked = True, False
        if stand.filled < one.told:
            self._teller.unsure(one.name, f"{stand.filled} are filled, and {one.told} were: a trade was taken back")
        else:
            self._tell(one, "I", {39: _STATUS.get(stand.status, "0"), 14: f"{stand.filled:f}"})

    def _missing(self, one: Tracked) -> None:
        """The venue does not find it: once it must have come, it never had it; or had it, and nobody knows."""
        if self._now_ns() - one.sent_ns < self._settle_ns:
            return
        if one.confirmed or one.told or not self.client.knows_names:
            if not one.off_told:
                one.off_told = True
                self._teller.unsure(one.name, "the venue does not find it")
            return
        self._tell(one, "I", {39: "8", 58: "the venue never had it"})
        self._orders.pop(one.name, None)

    def _note_foreign(self, symbol: str, working: Mapping[str, Stand]) -> None:
        for name, stand in working.items():
            if name not in self._seen and len(self._foreign) < _FOREIGN_MAX and stand.venue_id not in self._foreign:
                self._foreign.add(stand.venue_id)
                self._teller.remark(
                    f"{symbol}: order {name or stand.venue_id} works there, and this run did not send it"
                )

    def _track(self, name: str, words: OrderWords, *, is_sent: bool = False) -> Tracked:
        one = self._orders[name] = Tracked(name, words, self._now_ns(), is_inherited=is_sent)
        self._seen.add(name)
        if is_sent:
            one.settled.set()
        return one

    def _tell(self, one: Tracked, kind: str, told: Told) -> None:
        self._teller.report("8", {11: one.name, 150: kind, 14: f"{one.told:f}", **told})
