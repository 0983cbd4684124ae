"""Orders, executions and positions as two sides know them, compared: ours and the venue's, or a statement.

Promises: every difference is a `Difference` that says where, what each side says and what is proposed; equal accounts
give none; nothing is changed here. Never: a decision which side is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

Key = TypeVar("Key")
WORKING = "working"
ENDED = "ended"


@dataclass(frozen=True)
class Execution:
    """A trade of one of our orders: its order's name, how much was filled in all with it, how much, and the price."""

    order: str
    total: Decimal
    quantity: Decimal
    price: Decimal


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
    stands twice on one side is a difference too.

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
    mine, other = Counter(ours.executions), Counter(theirs.executions)
    for one in _both(mine, other):
        if mine[one] != other[one]:
            what = f"{one.quantity} at {one.price}, {one.total} in all"
            book = "book it" if mine[one] < other[one] else "take it back"
            times = (_times(mine[one], what), _times(other[one], what))
            yield Difference("execution", one.order, *times, f"{book} after they confirm it in writing")


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
