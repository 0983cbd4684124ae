"""What a venue calls each order now: changes give an order a new name there, and which one counts must be known.

Promises: the names follow from the journal alone, so that a run that is taken up again knows them as the run that died
did; an order that was never changed needs no entry. Never: a name in use that the venue has not confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hedgerow.engine.live.orders import Book, Change, Working, told_again, working_of
from hedgerow.engine.live.outcome import rows_of
from hedgerow.execution.gateways import Known

_ASK_REPLACE, _REPLACED, _REPLACE_REJECTED = 9, 10, 11
"""Values of `event` of an `OrderEvent`."""


class Names:
    """The names of changed orders at the venue, and the changes that it has not answered."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._now: dict[int, str] = {}
        self._asked: dict[int, Change] = {}

    @staticmethod
    def of(engine: Any, book: Book) -> Names:
        """As the records of a run leave them, of the orders that work: few, however long the run is."""
        found = Names(book)
        ours = [order.id for order in working_of(engine)]
        moves = _of(rows_of(engine, "OrderEvent"), "order_id", ours)
        moves = _of(moves, "event", (_ASK_REPLACE, _REPLACED, _REPLACE_REJECTED))
        verdicts = _of(rows_of(engine, "Verdict"), "id", moves["cause"])
        decided = dict(zip(verdicts["id"].tolist(), verdicts["cause"].tolist(), strict=True))
        requests = {int(row["id"]): row for row in _of(rows_of(engine, "ReplaceRequest"), "order_id", ours)}
        for event in moves:
            order_id, what = int(event["order_id"]), int(event["event"])
            if what == _ASK_REPLACE:
                request = decided[int(event["cause"])]
                # A verdict on a quote decides on both sides; the request of each stands right before its event.
                row = requests[request if request in requests else int(event["id"]) - 1]
                found.ask(book.change(row.tobytes()))
            else:
                found.answer(order_id, taken=what == _REPLACED)
        return found

    def __getitem__(self, order_id: int) -> str:
        """What the venue calls an order, as far as it has said."""
        return self._now.get(order_id) or self._book.name(order_id)

    def last(self, order_id: int) -> str:
        """The name that was asked for last and not refused: the one that a cancel names (FIX 4.4, OrigClOrdID)."""
        change = self._asked.get(order_id)
        return self[order_id] if change is None else self._book.changed_name(change)

    def ask(self, change: Change) -> None:
        """The venue is asked for a change."""
        self._asked[change.order_id] = change

    def asked(self, order_id: int) -> Change | None:
        """The change that the venue has not answered."""
        return self._asked.get(order_id)

    def answer(self, order_id: int, *, taken: bool) -> None:
        """The venue made the change, or refused it."""
        change = self._asked.pop(order_id, None)
        if change is not None and taken:
            self._now[order_id] = self._book.changed_name(change)

    def repeats(self, told: Mapping[int, str], order_id: int) -> bool:
        """Whether a report that was sent again (43, 97) answers no change that is unanswered."""
        change = self._asked.get(order_id)
        answers = told.get(150) == "5" or told.get(434) == "2"
        is_news = change is not None and told.get(11) == self._book.changed_name(change)
        return answers and told_again(told) and not is_news

    def settle(self, order_id: int, name: str) -> bool | None:
        """Whether an unanswered change was made, as the venue calls the order so; `None` where there is none."""
        change = self._asked.get(order_id)
        if change is None:
            return None
        taken = name == self._book.changed_name(change)
        self.answer(order_id, taken=taken)
        return taken


def known_of(engine: Any, book: Book, names: Names, order: Working) -> Known:
    """What the journal says of an order beside its terms: what is booked of it, and a change that is not answered."""
    about = book.instruments[order.instrument]
    fills = _of(rows_of(engine, "Fill"), "cause", [order.id]) if order.filled else ()
    booked = tuple((f"{int(one['price_ticks']) * about.tick:f}", f"{int(one['lots']) * about.lot:f}") for one in fills)
    changes = _of(_of(rows_of(engine, "OrderEvent"), "order_id", [order.id]), "event", [_REPLACED])
    before = int(changes["filled_lots"][-1]) if len(changes) else 0
    asked = names.asked(order.id)
    change = None if asked is None else (book.changed_name(asked), book.words(asked.of(order)))
    return Known(booked, f"{before * about.lot:f}", change)


def _of(rows: Any, column: str, wanted: Any) -> Any:
    known = rows[column]
    return rows[np.isin(known, np.asarray(wanted, known.dtype))]
