"""Orders, executions and positions as two sides know them, compared: ours and the venue's, or a statement.

Promises: every difference is a `Difference` that says where, what each side says and what is proposed; equal accounts
give none; nothing is changed here. Never: a decision which side is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar

Key = TypeVar("Key")
WORKING = "working"
ENDED = "ended"


@dataclass(frozen=True)
class Execution:
    """A trade of one of our orders: its order's name, how much was filled in all with it, how much, and the price.

    trade: the venue's number of it, fee: what it charged, of currency; empty and None where a side does not say.
    """

    order: str
    total: Decimal
    quantity: Decimal
    price: Decimal
    trade: str = ""
    fee: Decimal | None = None
    currency: str = ""

    def __str__(self) -> str:
        named = f", trade {self.trade}" if self.trade else ""
        paid = "" if self.fee is None else f", fee {self.fee:f} {self.currency}".rstrip()
        return f"{self.quantity} at {self.price}, {self.total} in all{named}{paid}"


@dataclass(frozen=True)
class Account:
    """What one side knows: how each order stands, what was executed in order of time, and positions by symbol."""

    who: str
    orders: Mapping[str, str] = field(default_factory=dict)
    executions: tuple[Execution, ...] = ()
    positions: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """Something that the two sides do not say alike. kind: `order`, `execution`, `position`."""

    kind: str
    of: str
    ours: str
    theirs: str
    proposed: str

    def __str__(self) -> str:
        return f"{self.kind} {self.of}: we say {self.ours}, they say {self.theirs}; proposed: {self.proposed}"


def differences(ours: Account, theirs: Account) -> list[Difference]:
    """Everything that two accounts do not say alike, orders first, then executions, then positions.

    An order that one side does not know counts as ended there: what has ended is forgotten by venues. An execution that
    stands twice on one side is a difference too. The venue's number and fee of it count where both sides say them.

    >>> fill = Execution("a-1", Decimal(5), Decimal(5), Decimal("100.02"))
    >>> here, there = Account("journal", {"a-1": ENDED}), Account("venue", {"a-1": ENDED}, (fill,), {"ABC": Decimal(5)})
    >>> [str(found)[:40] for found in differences(here, there)]
    ['execution a-1: we say nothing, they say ', 'position ABC: we say 0, they say 5; prop']
    """
    return [*_orders(ours, theirs), *_executions(ours, theirs), *_positions(ours, theirs)]


def _orders(ours: Account, theirs: Account) -> Iterator[Difference]:
    for name in _both(ours.orders, theirs.orders):
        mine, other = ours.orders.get(name, ENDED), theirs.orders.get(name, ENDED)
        if mine != other:
            proposed = "ask for its status and cancel it" if other == WORKING else "take it as ended once they confirm"
            yield Difference("order", name, mine, other, proposed)


def _executions(ours: Account, theirs: Account) -> Iterator[Difference]:
    mine, other = map(Counter, _told_by_both(ours.executions, theirs.executions))
    for one in _both(mine, other):
        if mine[one] != other[one]:
            book = "book it" if mine[one] < other[one] else "take it back"
            times = (_times(mine[one], str(one)), _times(other[one], str(one)))
            yield Difference("execution", one.order, *times, f"{book} after they confirm it in writing")


def _told_by_both(ours: Sequence[Execution], theirs: Sequence[Execution]) -> Iterator[list[Execution]]:
    """Each side's, without the number and the fee of those of which the other side says none."""
    for side, other in ((ours, theirs), (theirs, ours)):
        unnamed = {(one.order, one.total) for one in other if not one.trade}
        unpriced = {(one.order, one.total) for one in other if one.fee is None}
        yield [
            replace(
                one,
                trade="" if (one.order, one.total) in unnamed else one.trade,
                fee=None if (one.order, one.total) in unpriced else one.fee,
                currency="" if (one.order, one.total) in unpriced else one.currency,
            )
            for one in side
        ]


def _positions(ours: Account, theirs: Account) -> Iterator[Difference]:
    for symbol in _both(ours.positions, theirs.positions):
        mine, other = ours.positions.get(symbol, Decimal(0)), theirs.positions.get(symbol, Decimal(0))
        if mine != other:
            yield Difference("position", symbol, f"{mine}", f"{other}", f"{other - mine:+f} once it is explained")


def _times(count: int, what: str) -> str:
    return "nothing" if count == 0 else what if count == 1 else f"{count} times {what}"


def _both(one: Mapping[Key, object], other: Mapping[Key, object]) -> Iterable[Key]:
    """Names of either, those of the first in its order."""
    return dict.fromkeys([*one, *other])
