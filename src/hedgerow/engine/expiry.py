"""Contracts that end while a run goes on: positions close in cash at the settlement price, orders in them expire.

Promises: what is closed at is told, or the last price of the underlying that the run has by the contract's last moment;
an expiry behind the run's last day leaves the position open. Never: bars, or trades of books, after a contract's last
moment; what books still quote then is as good as any quote, so the data must end there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.expiry import Expiry
from hedgerow.core.nouns import MONEY_UNIT
from hedgerow.engine.book_lifecycle import Due, Marks
from hedgerow.engine.lifecycle import Event, Own, cash_of, end_of

if TYPE_CHECKING:
    from hedgerow.engine.book_data import BookData
    from hedgerow.engine.run_data import RunData


def expiries(data: RunData, actions: Sequence[Any]) -> list[Event]:
    """Of the contracts of a run over bars; DATA_CONFLICT for one that trades after its end."""
    return [event for index, expiry in _of(data, actions) for event in _over_bars(data, index, expiry)]


def _of(data: Any, actions: Sequence[Any]) -> Iterator[tuple[int, Expiry]]:
    """The expiries of the run's instruments; RUN_CONFIG for an underlying that the run does not have and needs."""
    for told in actions:
        if isinstance(told, Expiry) and told.instrument in data.symbols:
            if told.settlement is None and told.underlying is not None and told.underlying not in data.symbols:
                hint = did_you_mean(told.underlying, data.symbols)
                raise problem(
                    "RUN_CONFIG", f"{told.instrument} settles by {told.underlying}, which has no prices{hint}"
                )
            yield data.symbols.index(told.instrument), told


def _settles_by(data: Any, index: int, expiry: Expiry) -> int:
    """The instrument whose price settles a contract, where none is told."""
    return index if expiry.underlying is None else int(data.symbols.index(expiry.underlying))


def _over_bars(data: RunData, index: int, expiry: Expiry) -> Iterator[Event]:
    own, known = Own.of(data, index), data.columns[1]
    place = int(np.searchsorted(own.ts_event, expiry.ts_event, side="right"))
    if not place or expiry.ts_event > end_of(data.end_ns):
        return  # nobody can hold it yet, or it lives on
    if (data.columns[7][own.rows[place:]] != 0).any():
        said = f"{expiry.instrument} trades after its expiry, or its volume there is not known"
        raise problem("DATA_CONFLICT", f"{said}; end its bars there")
    moments = (known[own.rows[place - 1]], expiry.ts_event)
    first = max(int(np.searchsorted(known, moment, side="right")) for moment in moments)
    by = Own.of(data, _settles_by(data, index, expiry))
    last = int(np.searchsorted(by.ts_event, expiry.ts_event, side="right"))
    if expiry.settlement is None and not last:
        raise problem("RUN_CONFIG", f"{expiry.instrument} expires before the first price of {expiry.underlying}")
    price = int(by.close[last - 1]) * by.tick if expiry.settlement is None else Fraction(expiry.settlement)
    yield _event(data, index, expiry, first, price)


def _event(data: Any, index: int, expiry: Expiry, row: int, price: Fraction) -> Event:
    cash = cash_of(data.instruments[index], expiry.worth(price)) | {"new_lots": 0}
    return Event(row, expiry.ts_event, "expiry", index, **cash)


def book_expiries(data: BookData, actions: Sequence[Any]) -> list[Due]:
    """Of the contracts of a run over books, at the marks of their last moment."""
    first, last = data.books.start_ns, end_of(data.books.end_ns)
    within = [(index, expiry) for index, expiry in _of(data, actions) if first < expiry.ts_event <= last]
    return [Due(e.ts_event, "expiry", index, partial(_over_books, data, index, e)) for index, e in within]


def _over_books(data: BookData, index: int, expiry: Expiry, mark: Marks) -> Iterator[Event]:
    by = _settles_by(data, index, expiry)
    if expiry.settlement is not None:
        price = Fraction(expiry.settlement)
    elif ticks := mark(by):
        price = ticks * Fraction(data.instruments[by].tick_nano, MONEY_UNIT)
    else:
        raise problem("RUN_CONFIG", f"{expiry.instrument} expires before the first price of {expiry.underlying}")
    yield _event(data, index, expiry, 0, price)
