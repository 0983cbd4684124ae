"""What happens to positions while books run: the events of `lifecycle.py`, at prices that the run knows by then.

Promises: an event comes when everything until its moment has happened, at the venue and on its way to us; what it is
priced by is half-way between the best prices that have reached us, the mark of the ledger; where bars and books show
the same prices, both runs book the same. Never: an event before the first row, or one of an instrument without a price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from hedgerow import _core
from hedgerow.core.errors import problem
from hedgerow.core.nouns import MONEY_UNIT, noun
from hedgerow.core.spans import DAY_NS
from hedgerow.engine.interest import Interest
from hedgerow.engine.lifecycle import (
    ENDS,
    ORDER,
    Event,
    carried,
    cash_of,
    checked,
    dividend,
    end_of,
    end_worth,
    funding_rates,
    into,
    split,
)
from hedgerow.market.books import LAST_OF_UPDATE
from hedgerow.market.replay import SINGLE

if TYPE_CHECKING:
    from hedgerow.core.carry import Carry
    from hedgerow.engine.book_data import BookData
    from hedgerow.market.actions import Action
    from hedgerow.market.replay import Piece

TRADE = noun("Trade").kind
Marks: TypeAlias = Callable[[int], int]
"""The mark of an instrument by its index, ticks; 0 = no price is known."""


@dataclass(frozen=True)
class Due:
    """What will happen to holders at `ts`, once its price is known."""

    ts: int
    kind: str
    instrument: int
    made: Callable[[Marks], Iterator[Event | Interest]]

    def tell(self, engine: Any, strategy: int) -> None:
        """Tell the kernel, unless the instrument never had a price: then nobody holds it."""

        def mark(instrument: int) -> int:
            return int(_core.known_mark(engine, instrument) or 0)

        if self.instrument < 0 or mark(self.instrument):
            for event in self.made(mark):
                event.tell(engine, strategy)


def book_lifecycle(data: BookData, actions: Sequence[Any], carry: Carry | None) -> list[Due]:
    """Everything that will happen to holders while books run, in order. Raises as `lifecycle.lifecycle`."""
    first, last = data.books.start_ns, data.books.end_ns
    made = [due for action in checked(data, actions) for due in _of_action(data, *action)]
    made += [] if carry is None else [*_borrow(data, carry), *_funding(data, carry), *_interest(data, carry)]
    within = [due for due in made if first < due.ts < (end_of(last) + DAY_NS + 1 if due.kind in ENDS else last)]
    return sorted(within, key=in_time)


def in_time(due: Due) -> tuple[int, ...]:
    """Where an event stands among others."""
    return due.ts, ORDER[due.kind], due.instrument


def _of_action(data: BookData, index: int, action: Action) -> Iterator[Due]:
    at, instrument = {"row": 0, "ts": action.ts_event, "instrument": index}, data.instruments[index]
    if action.action in ENDS:
        if action.ratio is not None and action.action == "merger":
            into(data, action)
        yield Due(end_of(action.ts_event), action.action, index, partial(_end, data, index, action))
    elif action.action == "split":
        if action.value is not None:
            [*split(1, action, at)]  # what cannot be is refused before anything runs
            yield Due(action.ts_event, "split", index, lambda mark: split(mark(index), action, at))
    elif action.value is not None:
        told = [*dividend(instrument, action, at)]
        yield Due(action.ts_event, "dividend", index, lambda mark: iter(told))


def _end(data: BookData, index: int, action: Action, mark: Marks) -> Iterator[Event]:
    def share() -> Fraction:
        other = into(data, action)
        if not (ticks := mark(other)):
            raise problem("RUN_CONFIG", f"{action.instrument} merges into {action.into} before its first price")
        return ticks * _tick(data, other)

    worth = end_worth(action, mark(index) * _tick(data, index), share)
    cash = cash_of(data.instruments[index], worth) | {"new_lots": 0}
    yield Event(0, action.ts_event, action.action, index, **cash)


def _tick(data: BookData, index: int) -> Fraction:
    return Fraction(data.instruments[index].tick_nano, MONEY_UNIT)


def _interest(data: BookData, carry: Carry) -> Iterator[Due]:
    """Of each midnight of the run."""
    for ts in range(end_of(data.books.start_ns), data.books.end_ns if carry.pays_interest else 0, DAY_NS):
        yield _night(Interest(0, ts, 1, carry))


def _night(told: Interest) -> Due:
    return Due(told.ts, told.kind, told.instrument, lambda _: iter((told,)))


def _borrow(data: BookData, carry: Carry) -> Iterator[Due]:
    """A day's fee at each midnight of the run."""
    carried(data, carry)
    nights = range(end_of(data.books.start_ns), data.books.end_ns, DAY_NS)
    for index, symbol in enumerate(data.symbols):
        if fee := Fraction(str(carry.fee(symbol))):
            yield from (_paid(data, index, "borrow", ts, fee / carry.day_count) for ts in nights)


def _funding(data: BookData, carry: Carry) -> Iterator[Due]:
    for symbol, series in carry.funding.items():
        index = data.symbols.index(symbol)
        yield from (_paid(data, index, "funding", ts, -paid) for ts, paid in funding_rates(symbol, series) if paid)


def _paid(data: BookData, index: int, kind: str, ts: int, rate: Fraction) -> Due:
    """Cash for each unit: a rate on what it is worth then."""

    def made(mark: Marks) -> Iterator[Event]:
        yield Event(0, ts, kind, index, **cash_of(data.instruments[index], rate * mark(index) * _tick(data, index)))

    return Due(ts, kind, index, made)


def parts(piece: Piece, dues: list[Due]) -> Iterator[tuple[Piece, Due | None]]:
    """A piece cut where events fall: rows up to an event with that event, the rest with none. Takes events from `dues`.

    An event comes behind the rows of its own moment and between two updates. Raises DATA_CONFLICT for a trade of an
    instrument behind the day of its end.
    """
    kinds, rows = piece
    first = 0
    if dues and len(rows):
        times = np.maximum.accumulate(rows[:, 0].view(np.int64))
        while dues and dues[0].ts < times[-1]:
            end = _boundary(kinds, rows, int(np.searchsorted(times, dues[0].ts, side="right")))
            due = dues.pop(0)
            yield (kinds[first:end], rows[first:end]), due
            first = end
    yield (kinds[first:], rows[first:]), None


def _boundary(kinds: Any, rows: Any, at: int) -> int:
    """The first row from `at` on that begins an update."""
    while 0 < at < len(kinds) and int(kinds[at - 1]) not in SINGLE:
        word, after = int(rows[at - 1, 3]), int(rows[at, 3])
        same = kinds[at] == kinds[at - 1] and (word >> 32) & 0xFFFF == (after >> 32) & 0xFFFF
        if not same or (word >> 56) & LAST_OF_UPDATE:
            break
        at += 1
    return at


@dataclass(frozen=True)
class Ended:
    """When instruments have ended for good, by index: the midnight behind which none of their trades is believed."""

    data: BookData
    after: dict[int, int]

    def note(self, due: Due) -> None:
        """An event was told."""
        if due.kind in (*ENDS, "expiry"):
            self.after[due.instrument] = due.ts

    def check(self, piece: Piece) -> None:
        """DATA_CONFLICT for a trade of what has ended."""
        kinds, rows = piece
        for index, after in self.after.items():
            of_it = (kinds == TRADE) & ((rows[:, 3] >> np.uint64(32)) & np.uint64(0xFFFF) == index)
            if (rows[of_it, 0].view(np.int64) > after).any():
                raise problem("DATA_CONFLICT", f"{self.data.symbols[index]} trades after its end; end its rows there")
