"""Orders on their way to a crypto venue and there: sent once, followed until they end, told execution by execution.

Promises: an execution is told once, whoever told it first (the answer to an order, the account's own stream, a look),
with what is filled in all by then, and an end only after every execution that the venue counts; what nobody is sure of
is asked for by name, and that the venue never had it is believed only once it must have come. Never: an order sent
twice, a second order beside the one that it replaces.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from hedgerow.execution.fix.values import moment
from hedgerow.execution.gateways.crypto_client import CryptoClient
from hedgerow.execution.gateways.crypto_words import Event, Missing, Refused, Stand, Trade, Unsure
from hedgerow.execution.gateways.fix import Known, OrderWords

Told = dict[int, str]
STATUS = {"open": "0", "closed": "2", "canceled": "4", "rejected": "8", "expired": "C"}
"""OrdStatus (39) of ccxt's words."""
ENDS = "248C"
_FOREIGN_MAX = 20
_GRACE_S = 0.1
"""So long an execution may come behind the news that there is one."""


class Teller(Protocol):
    """Who hears, in the order told; of the gateway, which hands it on to its owner's thread."""

    def report(self, kind: str, told: Told) -> None:
        """An execution report (`8`) or the refusal of a cancel or a change (`9`)."""

    def unsure(self, name: str, why: str) -> None:
        """Nobody knows what became of an order, or of the wish to cancel or change it."""

    def remark(self, text: str) -> None:
        """Something that a person should know."""


@dataclass
class Change:
    """What an order was asked to become, its name then, and since when the venue should know it."""

    name: str
    words: OrderWords
    sent_ns: int


@dataclass(eq=False)
class Tracked:
    """An order through all its changes, and what was told of it.

    name, words, venue_id: as it stands there now. told: what is filled in all; before: of that, under earlier names.
    booked: executions of an earlier life by price and size, whose numbers are not known yet. is_held: its end is not
    told yet; ended_as: how it ended. sent_ns: since when the venue should know it. off_since_ns: since when the venue
    counts other fills than were told; taken_back: of what was told, so much it does not count any more, for certain.
    """

    name: str
    words: OrderWords
    sent_ns: int
    confirmed: bool = False
    asked: bool = False
    venue_id: str = ""
    told: Decimal = Decimal(0)
    before: Decimal = Decimal(0)
    booked: Counter[tuple[Decimal, Decimal]] = field(default_factory=Counter)
    change: Change | None = None
    is_held: bool = False
    ended_as: str = ""
    off_since_ns: int = 0
    off_told: bool = False
    taken_back: Decimal = Decimal(0)
    is_inherited: bool = False
    is_due: bool = False
    names: list[str] = field(default_factory=list)
    trades: set[str] = field(default_factory=set)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def counted(self, stand: Stand) -> Decimal:
        """What is filled in all by the venue's count, and what it took back."""
        return stand.filled + self.before + self.taken_back


class CryptoOrders:
    """The orders of one account, by our names."""

    def __init__(self, client: CryptoClient, teller: Teller, now_ns: Callable[[], int]) -> None:
        self.client, self.teller, self.now_ns = client, teller, now_ns
        self._by_name: dict[str, Tracked] = {}
        self._seen, self._foreign = set[str](), set[str]()
        self.settle_ns = int(client.link.settle_s * 1e9)

    @property
    def under_way(self) -> int:
        """Orders of which something was sent that nobody has answered yet."""
        return sum(not one.settled.is_set() or one.changing.locked() for one in self._each())

    @property
    def is_calm(self) -> bool:
        """Whether nothing is to be found out about any order."""
        return all(one.confirmed and not one.asked and one.change is None for one in self._each())

    def knows(self, name: str) -> bool:
        """Whether an order is followed."""
        return name in self._by_name

    def has(self, one: Tracked) -> bool:
        """Whether an order has not ended."""
        return self._by_name.get(one.name) is one

    def find(self, name: str) -> Tracked | None:
        """An order by any of its names."""
        return self._by_name.get(name)

    async def place(self, name: str, words: OrderWords) -> None:
        """Send an order and tell what came of it."""
        one = self._track(name, words)
        try:
            stand = await self.client.place(name, words)
        except Refused as why:
            if self.has(one):
                self.tell(one, "8", {58: str(why), 39: "8"})
                self.forget(one)
        except Unsure as why:
            one.sent_ns = self.now_ns()
            if self.has(one) and not one.confirmed:
                one.asked = True
                self.teller.unsure(name, str(why))
        else:
            if self.has(one):
                self._confirm(one, stand.venue_id)
                one.settled.set()
                await self.follow(one, stand)
        one.settled.set()

    async def follow(self, one: Tracked, stand: Stand) -> None:
        """Tell what the answer to an order says of it, or ask."""
        self._executions(one, stand.trades)
        if stand.status in STATUS and one.counted(stand) == one.told:
            self._stands(one, stand)
        else:
            await self.look(one)

    async def cancel(self, request: str, name: str, words: OrderWords) -> None:
        """Ask to cancel an order, once its sending, or a change of it, has been answered."""
        one, head = self._by_name.get(name), {11: request, 41: name}
        if one is not None:
            await one.settled.wait()
        async with one.changing if one else asyncio.Lock():
            try:
                if one is not None and not self.has(one):
                    raise Missing("it has ended")
                await self.client.cancel(one.name if one else name, words.symbol, one.venue_id if one else "")
            except Missing as why:
                self.teller.report("9", {**head, 39: "8", 58: str(why)})
            except Refused as why:
                self.teller.report("9", {**head, 39: "0", 58: str(why)})
            except Unsure as why:
                self.teller.unsure(name, str(why))
                await self.ask(name, words)
            else:
                if one is not None or name not in self._seen:
                    await self.look(one or self._track(name, words, known=Known()))

    async def ask(self, name: str, words: OrderWords, known: Known | None = None) -> None:
        """Say how an order stands, as soon as that is certain; known: of an order of an earlier life."""
        one = self._by_name.get(name) or self._track(name, words, known=known or Known())
        one.asked = True
        if one.settled.is_set():
            await self.look(one)

    async def take(self, event: Event) -> None:
        """Tell what the account's own stream says; where it says less than there is, look."""
        one = self._heard(event)
        if one is None or one.is_due:
            return
        one.is_due = True
        await asyncio.sleep(_GRACE_S)
        one.is_due = False
        if event.stand is None or one.change is not None or one.counted(event.stand) > one.told:
            await self.look(one)

    async def sweep(self, *, is_streamed: bool = False) -> tuple[bool, bool]:
        """Look at whatever may have moved: whether anything works, and whether a stream that is up missed anything."""
        by_symbol: dict[str, list[Tracked]] = {}
        missed = False
        for one in self._each():
            if one.settled.is_set() and not one.changing.locked():
                by_symbol.setdefault(one.words.symbol, []).append(one)
        for symbol, tracked in by_symbol.items():
            working = {stand.name: stand for stand in await self.client.working(symbol)}
            self._note_foreign(symbol, working)
            moved = [one for one in tracked if _may_have_moved(one, working.get(one.name))]
            if is_streamed and moved:
                await asyncio.sleep(_GRACE_S)
            for one in moved:
                told, stand = one.told, working.get(one.name)
                is_told = stand is not None and one.counted(stand) <= told  # what came since is no gap
                await self.look(one)
                missed |= is_streamed and not is_told and one.told > told
        return bool(by_symbol), missed

    async def look(self, one: Tracked) -> None:
        """Ask how an order stands and tell what is new; where that fails, the next sweep asks again."""
        async with one.looking:
            try:
                if not self.has(one) or (one.change is not None and not await self._decided(one, one.change)):
                    return
                if one.off_since_ns:  # what is taken back hides behind what was not told yet
                    await self._list(one)
                for _ in range(2):  # what was told meanwhile is no difference
                    asked = one.told
                    stand = await self.client.stand(one.name, one.words.symbol, one.venue_id)
                    await self._catch_up(one, stand)
                    if one.counted(stand) == one.told:
                        break
            except Missing:
                self._missing(one)
            except (Refused, Unsure):
                return
            else:
                if self.has(one) and stand.name == one.name:  # it was not changed meanwhile
                    self._stands(one, stand, asked)

    def changed(self, one: Tracked, change: Change, venue_id: str) -> None:
        """The venue made a change: the order is another one there from now on."""
        old, one.before, one.taken_back = one.name, one.told, Decimal(0)
        one.name, one.words, one.venue_id, one.change = change.name, change.words, venue_id, None
        self._by_name[change.name] = one
        one.names.append(change.name)
        told = {41: old, 39: "5", 38: change.words.quantity, 44: change.words.price}
        self.tell(one, "5", told)

    def decline(self, change: str, original: str, status: str, why: str) -> None:
        """A change is not made; status: OrdStatus (39) of the order."""
        self.teller.report("9", {11: change, 41: original, 39: status, 434: "2", 58: why})

    def announce(self, one: Tracked, change: Change) -> None:
        """A change is about to be sent; what is said of its name from now on is no stranger's."""
        change.sent_ns, one.change = self.now_ns(), change
        self._by_name[change.name] = one
        one.names.append(change.name)
        self._seen.add(change.name)

    def forget(self, one: Tracked) -> None:
        """It has ended, and that was told."""
        for name in one.names:
            self._by_name.pop(name, None)

    def tell(self, one: Tracked, kind: str, told: Told) -> None:
        """Report what happened to an order."""
        self.teller.report("8", {11: one.name, 150: kind, 14: f"{one.told:f}", **told})

    def _heard(self, event: Event) -> Tracked | None:
        """Tell what is certain; the order, where it must be asked about."""
        one = self._by_name.get(event.name)
        if one is None and event.venue_id:
            one = next((each for each in self._each() if each.venue_id == event.venue_id), None)
        if one is None or event.stand is None:
            return one
        if event.name not in ("", one.name):
            return one if one.change is not None else None  # of an earlier name everything was told
        self._confirm(one, event.venue_id)
        if event.trade is not None:
            self._executions(one, (event.trade,))
        if one.counted(event.stand) != one.told:
            return one
        self._stands(one, event.stand)
        return None

    async def _decided(self, one: Tracked, change: Change) -> bool:
        """Whether it is certain by now what became of a change; if so, it is told."""
        try:
            new = await self.client.stand(change.name, change.words.symbol, "")
        except Missing:
            if one.changing.locked() or self.now_ns() - change.sent_ns < self.settle_ns:
                return False
            if not self.client.knows_names:
                self._is_off_for_good(one, f"the venue lists no {change.name}, and does not say that it never had it")
                return False
            one.change = None
            self.decline(change.name, one.name, "0", "the venue never had the change")
            return True
        old = await self.client.stand(one.name, one.words.symbol, one.venue_id)
        await self._catch_up(one, old)
        if one.change is not change:
            return True  # the answer to the change came meanwhile
        if STATUS.get(old.status, "0") not in ENDS or one.counted(old) != one.told:
            if self.now_ns() - change.sent_ns > self.settle_ns:
                self._is_off_for_good(one, f"{change.name} is to replace it, and both are there")
            return False
        self.changed(one, change, new.venue_id)
        return True

    async def _catch_up(self, one: Tracked, stand: Stand) -> None:
        """Tell the executions that are missing, unless the order is called otherwise by then."""
        if stand.name != one.name:
            return
        one.confirmed, one.venue_id = True, stand.venue_id or one.venue_id
        has_ended = STATUS.get(stand.status, "0") in ENDS and stand.filled
        if one.counted(stand) > one.told or has_ended:  # then nothing that counts for another may be left untold
            await self._list(one)

    async def _list(self, one: Tracked) -> None:
        """Tell the executions that the venue lists, unless the order is called otherwise by then."""
        name = one.name
        trades = await self.client.trades(one.words.symbol, one.venue_id)
        is_whole = not one.booked - Counter(map(_alike, trades))  # or the venue does not list all of them yet
        if is_whole and name == one.name:
            self._executions(one, trades)

    def _confirm(self, one: Tracked, venue_id: str) -> None:
        """The venue has it; told where nothing was told of it before."""
        is_news, one.confirmed, one.venue_id = not one.confirmed, True, venue_id or one.venue_id
        if is_news and not one.settled.is_set():
            one.sent_ns = self.now_ns()
            self.tell(one, "0", {39: "0", 37: one.venue_id})

    def _executions(self, one: Tracked, trades: Sequence[Trade]) -> None:
        """Tell those that are neither told nor booked, each with what is filled in all by then."""
        for trade in trades if self.has(one) else ():
            if trade.id in one.trades:
                continue
            one.trades.add(trade.id)
            if one.booked[_alike(trade)]:
                one.booked[_alike(trade)] -= 1
                continue
            one.told += Decimal(trade.amount)
            told = {32: trade.amount, 31: trade.price, 851: "1" if trade.is_maker else "2", 880: trade.id}
            told |= {60: moment(trade.ts_ms * 1_000_000).decode()} if trade.ts_ms else {}
            told |= {12: trade.fee, 13: "3", 479: trade.fee_currency} if trade.fee else {}
            done = one.told >= Decimal(one.words.quantity)
            self.tell(one, "F", {39: "2" if done else "1", **told, **({97: "Y"} if one.is_inherited else {})})

    def _stands(self, one: Tracked, stand: Stand, asked: Decimal | None = None) -> None:
        """Its executions were told: now how it stands, if anybody asked, and its end.

        asked: what was told when the venue was asked; of an order that is open, more may have been told meanwhile.
        """
        is_open = STATUS.get(stand.status, "0") not in ENDS
        least = one.told if asked is None or not is_open else asked
        if not least <= one.counted(stand) <= one.told:
            self._is_off(one, stand, least)
            return
        one.off_since_ns = 0
        is_short = stand.status == "closed" and one.told < Decimal(one.words.quantity)
        status = "4" if is_short else STATUS.get(stand.status, "0")
        if one.is_held or one.change is not None:
            one.ended_as = status if status in ENDS else ""
            return
        one.off_told = False
        if one.asked:
            one.asked = False
            if not one.taken_back:  # people decide
                self.tell(one, "I", {39: status})
        elif status in ENDS and status != "2":
            self.tell(one, status, {39: status})
        if status in ENDS:
            self.forget(one)

    def _is_off(self, one: Tracked, stand: Stand, least: Decimal) -> None:
        """The venue counts other fills than its executions: it may come to agree with itself; if not, people decide."""
        now_ns, counted = self.now_ns(), one.counted(stand)
        one.off_since_ns = one.off_since_ns or now_ns
        if now_ns - one.off_since_ns < self.settle_ns or one.off_told:
            return
        one.asked = False
        if counted < least:
            one.off_since_ns, one.taken_back = 0, one.taken_back + least - counted
            filled = stand.filled + one.before
            self.teller.unsure(one.name, f"{filled} are filled, and {least} were: a trade was taken back")
        else:
            one.off_told = True
            self.tell(one, "I", {39: STATUS.get(stand.status, "0"), 14: f"{counted:f}"})

    def _missing(self, one: Tracked) -> None:
        """The venue does not find it: once it must have come, it never had it; or had it, and nobody knows."""
        if self.now_ns() - one.sent_ns < self.settle_ns or not self.has(one):
            return
        if one.confirmed or one.told or not self.client.knows_names:
            self._is_off_for_good(one, "the venue does not find it")
            return
        self.tell(one, "I", {39: "8", 58: "the venue never had it"})
        self.forget(one)

    def _is_off_for_good(self, one: Tracked, why: str) -> None:
        if not one.off_told:
            one.off_told = True
            self.teller.unsure(one.name, why)

    def _note_foreign(self, symbol: str, working: Mapping[str, Stand]) -> None:
        for name, stand in working.items():
            if name not in self._seen and len(self._foreign) < _FOREIGN_MAX and stand.venue_id not in self._foreign:
                self._foreign.add(stand.venue_id)
                self.teller.remark(
                    f"{symbol}: order {name or stand.venue_id} works there, and this run did not send it"
                )

    def _each(self) -> list[Tracked]:
        return list(dict.fromkeys(self._by_name.values()))

    def _track(self, name: str, words: OrderWords, *, known: Known | None = None) -> Tracked:
        """Follow an order from now on; known: it was sent before, and this is what is booked of it."""
        one = self._by_name[name] = Tracked(name, words, self.now_ns(), is_inherited=known is not None, names=[name])
        self._seen.add(name)
        if known is not None:
            one.settled.set()
            fills = [(Decimal(price), Decimal(size)) for price, size in known.fills]
            one.told, one.before = sum((size for _, size in fills), Decimal(0)), Decimal(known.before)
            one.booked = Counter(_after(fills, one.before))
            if known.change is not None:
                self.announce(one, Change(*known.change, sent_ns=self.now_ns()))
        return one


def _may_have_moved(one: Tracked, stand: Stand | None) -> bool:
    is_open = one.asked or not one.confirmed or one.change is not None
    return is_open or stand is None or one.counted(stand) != one.told


def _alike(trade: Trade) -> tuple[Decimal, Decimal]:
    return Decimal(trade.price), Decimal(trade.amount)


def _after(fills: Sequence[tuple[Decimal, Decimal]], before: Decimal) -> list[tuple[Decimal, Decimal]]:
    """The executions behind the first `before` in all."""
    total, found = Decimal(0), []
    for price, size in fills:
        total += size
        if total > before:
            found.append((price, size))
    return found
