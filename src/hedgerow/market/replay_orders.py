"""Rows of single orders (L3) as events of a book: every vendor's words for what became of an order, and no other.

Promises: an order keeps its number, or gets one of its own where the venue writes it in letters; what concerns an order
that was never entered (a recording that begins in the middle of a day) is passed over and counted in the notes; what a
venue tells twice of one execution is taken off the book once. Never: a guessed price, side or size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.nouns import noun
from hedgerow.market.books import LAST_OF_UPDATE, Events
from hedgerow.market.instruments import Instrument
from hedgerow.market.replay import LOTS_MAX, whole

ADD, CANCEL, EXECUTE, DELETE, MODIFY, CLEAR = range(1, 7)
"""Actions of a `BookOrder`."""
_ADDS = frozenset({"add", "replace"})
_LEAVES = frozenset({"cancel", "delete", "reduce"})
_TRADES = frozenset({"execute", "fill"})
_ELSE = frozenset({"modify", "clear"})
_UNSEEN = frozenset({"trade", "none", "execute_hidden", "cross", "halt"})
"""Words that say nothing of the orders that are shown."""
_LOTS_MAX = 2**32 - 1


@dataclass
class _Standing:
    """One order in the book: its number, side, price and what is left of it, in ticks and lots."""

    number: int
    side: int
    price: int
    lots: int


class _Told:
    """Events as they are told, one after the other."""

    def __init__(self) -> None:
        self.orders: dict[str, _Standing] = {}
        self.numbers = 0
        self.left: _Standing | None = None
        self.executed: tuple[str, Any, int] | None = None
        self.unknown = 0
        self.unseen = 0

    def take(self, row: _Row) -> tuple[int, int, int, int, int] | None:
        """What a row does to the book: action, number, side, ticks and lots; None if nothing."""
        if row.action in _UNSEEN:
            self.unseen += 1
            return None
        if row.action == "clear":
            self.orders.clear()
            return CLEAR, 0, 0, 0, 0
        if row.action in _ADDS:
            return self._add(row)
        standing = self.orders.get(row.order_id)
        if standing is None or (standing.lots == 0 and row.action not in _LEAVES):
            self.unknown += 1
            return None
        if row.action == "modify":
            return self._modify(row, standing)
        return self._less(row, standing)

    def _add(self, row: _Row) -> tuple[int, int, int, int, int]:
        # A replacement is told without its side: it has that of the order which has just left.
        side = row.side or (self.left.side if row.action == "replace" and self.left is not None else 0)
        if side == 0 or row.price is None or row.lots == 0:
            raise problem("DATA_TYPE", f"row {row.place}: {row.action} without side, price or size")
        if row.order_id in self.orders and self.orders[row.order_id].lots:
            raise problem("DATA_DUPLICATE", f"row {row.place}: order {row.order_id} is entered, and stands already")
        standing = _Standing(self._number(row.order_id), side, row.price, row.lots)
        self.orders[row.order_id] = standing
        return ADD, standing.number, side, row.price, row.lots

    def _number(self, name: str) -> int:
        """The venue's number; one of our own, from the far end, for a name in letters."""
        if name.isascii() and name.isdigit() and int(name) < 2**63:
            return int(name)
        self.numbers += 1
        return 2**64 - self.numbers

    def _modify(self, row: _Row, standing: _Standing) -> tuple[int, int, int, int, int] | None:
        price = standing.price if row.price is None else row.price
        if row.lots == 0:
            return self._gone(row, standing)
        standing.price, standing.lots = price, row.lots
        return MODIFY, standing.number, standing.side, price, row.lots

    def _less(self, row: _Row, standing: _Standing) -> tuple[int, int, int, int, int] | None:
        is_trade = row.action in _TRADES
        # Some venues tell an execution, and then that its lots have left: one message, the same number.
        if not is_trade and row.sequence is not None and self.executed == (row.order_id, row.sequence, row.lots):
            self.executed = None
            if standing.lots == 0:
                del self.orders[row.order_id]
            return None
        if not is_trade and (row.lots == 0 or row.lots >= standing.lots):
            return self._gone(row, standing)
        lots = min(row.lots, standing.lots)
        if lots == 0:
            raise problem("DATA_TYPE", f"row {row.place}: {row.action} of order {row.order_id} without a size")
        self.executed = (row.order_id, row.sequence, row.lots) if is_trade else None
        standing.lots -= lots
        if standing.lots == 0 and not (is_trade and row.sequence is not None):
            del self.orders[row.order_id]
        return EXECUTE if is_trade else CANCEL, standing.number, standing.side, standing.price, lots

    def _gone(self, row: _Row, standing: _Standing) -> tuple[int, int, int, int, int] | None:
        self.left = standing
        del self.orders[row.order_id]
        if standing.lots == 0:
            return None
        return DELETE, standing.number, standing.side, standing.price, 0


@dataclass(frozen=True)
class _Row:
    """A row, in ticks and lots; `lots` 0 and `price` None where it says nothing of them."""

    place: int
    action: str
    order_id: str
    side: int
    price: int | None
    lots: int
    sequence: int | None


def order_events(instrument: Instrument, table: pa.Table, moments: Any, sides: Any) -> tuple[Events, tuple[str, ...]]:
    """Events of a book of orders from rows of kind `orders`, and what is to be said of them.

    moments: int64 pair of (n,) arrays, when each row happened and was known. sides: (n,) 1 bid, 2 ask, 0 not said.
    """
    told, taken, places = _Told(), [], []
    for row in _rows(instrument, table, sides):
        event = told.take(row)
        if event is not None:
            taken.append(event)
            places.append(row.place)
    events: Any = np.zeros(len(taken), dtype=noun("BookOrder").dtype)
    place = np.asarray(places, dtype=np.int64)
    if len(taken):
        columns = np.asarray(taken, dtype=np.uint64).T
        for name, column in zip(("action", "order_id", "side", "price_ticks", "lots"), columns, strict=True):
            events[name] = column
        event_ns, known_ns = moments[0][place], moments[1][place]
        events["ts_event"] = event_ns
        events["delay_us"] = np.clip(-(-(known_ns - event_ns) // 1_000), 0, 2**31 - 1)
        events["action"][_last_of_each(table, place, event_ns)] |= LAST_OF_UPDATE
    notes = [(told.unknown, "rows of orders that were never entered"), (told.unseen, "rows that move no shown order")]
    return events, tuple(f"{count:,} {what} are passed over" for count, what in notes if count)


def _last_of_each(table: pa.Table, place: Any, event_ns: Any) -> Any:
    """Rows after which the book is whole: the last of each message of the venue, by its number where it has one."""
    sequence = pc.fill_null(pc.coalesce(table.column("sequence"), table.column("record")), -1).to_numpy()[place]
    other = (np.diff(sequence) != 0) | (np.diff(event_ns) != 0)
    return np.append(np.flatnonzero(other), len(place) - 1)


def _rows(instrument: Instrument, table: pa.Table, sides: Any) -> Iterator[_Row]:
    actions = table.column("action").to_pylist()
    _known(actions)
    ids = pc.fill_null(table.column("order_id"), "").to_pylist()
    said = table.column("price")
    filled = pc.fill_null(said.cast(pa.float64()), 0.0).to_numpy()
    prices = whole("price", filled, instrument.tick, len(filled), LOTS_MAX).tolist()
    sizes = pc.fill_null(table.column("size").cast(pa.float64()), 0.0).to_numpy()
    lots = whole("size", sizes, instrument.lot, len(sizes), _LOTS_MAX).tolist()
    absent = said.is_null().to_pylist()
    sequences = table.column("sequence").to_pylist()
    for place, action in enumerate(actions):
        price = None if absent[place] else prices[place]
        yield _Row(place, action, ids[place], int(sides[place]), price, lots[place], sequences[place])


def _known(actions: list[str | None]) -> None:
    known = _ADDS | _LEAVES | _TRADES | _ELSE | _UNSEEN
    for action in set(actions) - known:
        said = f"row {actions.index(action)}: action {action!r} of an order"
        raise problem("DATA_TYPE", f"{said}{did_you_mean(str(action), sorted(known))}")
