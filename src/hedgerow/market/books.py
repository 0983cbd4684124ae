"""Order books from events: the best prices, every price, every order, and feeds that know when they were cut.

`LevelBook`, `OrderBook` and `TopBook` take structured arrays of `BookLevel` or `BookOrder` events (see the glossary);
`BookFeed` follows a venue's numbers; `ItchBooks` reads a day of NASDAQ ITCH 5.0. Promises: an update is taken whole or
refused by name (`BookError`); equal books have equal hashes; sums are exact. Never: a guess about what was not sent.

>>> from hedgerow.market.books import LevelBook, level_events
>>> book = LevelBook()
>>> book.apply(level_events(bids=[(9_999, 5), (9_998, 20)], asks=[(10_001, 15)], ts_event=1))
>>> book.best_bid, book.weighted_mid(), book.imbalance(2)
((9999, 5), 9999.5, 0.25)
>>> book.apply(level_events(bids=[(10_001, 1)], ts_event=2))
Traceback (most recent call last):
    ...
hedgerow.core.errors.BookError: BOOK-001 ...
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hedgerow._core import BookFeed, ItchBooks, LevelBook, OrderBook, TopBook, venue_rules
from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.nouns import noun

__all__ = [
    "CLEAR",
    "LAST_OF_UPDATE",
    "BookFeed",
    "ItchBooks",
    "LevelBook",
    "OrderBook",
    "TopBook",
    "image_events",
    "level_events",
    "phase_events",
    "venue_rules",
]

Events = npt.NDArray[Any]
"""A structured array of `BookLevel`, `BookOrder` or `Trade` rows."""

LAST_OF_UPDATE = 0x80
"""Set in the action of the last event of an update."""
BUY, SELL = 1, 2
SET, TOP = 1, 2
CLEAR = 3
"""The action of a row that says that a book is empty."""
TICKS_MAX = 2**31 - 1
"""Highest price of an event, ticks."""
_LOTS_MAX = 2**63 - 1
_INSTRUMENTS_MAX = 2**16 - 1


def level_events(
    *,
    bids: Sequence[tuple[int, int]] = (),
    asks: Sequence[tuple[int, int]] = (),
    ts_event: int,
    ts_init: int | None = None,
    instrument: int = 0,
    top: bool = False,
) -> Events:
    """One update of a book of prices as `BookLevel` rows, the last of them marked as such.

    bids, asks: (price in ticks, lots there now), 0 lots = none. ts_event, ts_init: UTC nanoseconds, when it happened
    and when it was known (the same without it). instrument: index, below 65,536. top: the rows say what is best (L1).
    Raises DATA-016 for a price, size or index that the row cannot hold.

    >>> level_events(bids=[(100, 5)], ts_event=7)["price_ticks"].tolist()
    [100]
    """
    levels = [*bids, *asks]
    prices = _whole("price", [price for price, _ in levels], TICKS_MAX)
    lots = _whole("size", [size for _, size in levels], _LOTS_MAX)
    if not 0 <= instrument <= _INSTRUMENTS_MAX:
        raise problem("DATA_OVERFLOW", f"instrument {instrument}, at most {_INSTRUMENTS_MAX}")
    rows = np.zeros(len(levels), dtype=noun("BookLevel").dtype)
    rows["ts_event"] = ts_event
    rows["ts_init"] = ts_event if ts_init is None else ts_init
    rows["price_ticks"], rows["lots"], rows["instrument"] = prices, lots, instrument
    rows["side"][: len(bids)] = BUY
    rows["side"][len(bids) :] = SELL
    rows["action"] = TOP if top else SET
    rows["action"][-1:] |= LAST_OF_UPDATE
    return rows


def image_events(
    *,
    bids: Sequence[tuple[int, int]] = (),
    asks: Sequence[tuple[int, int]] = (),
    ts_event: int,
    ts_init: int | None = None,
    instrument: int = 0,
) -> Events:
    """A whole book as one update: the book is empty, then come its prices; arguments and errors of `level_events`.

    >>> image_events(bids=[(100, 5)], ts_event=7)["action"].tolist(), image_events(ts_event=7)["action"].tolist()
    ([3, 129], [131])
    """
    rows = level_events(bids=bids, asks=asks, ts_event=ts_event, ts_init=ts_init, instrument=instrument)
    head = np.zeros(1, dtype=rows.dtype)
    head["ts_event"], head["ts_init"] = ts_event, ts_event if ts_init is None else ts_init
    head["instrument"], head["action"] = instrument, CLEAR if len(rows) else CLEAR | LAST_OF_UPDATE
    return np.concatenate([head, rows])


PHASES = ("closed", "opening_call", "continuous", "closing_call", "halted")
"""What an instrument can be doing at its venue, in the order of their numbers from 1."""


def phase_events(phases: Sequence[tuple[int, str]], *, instrument: int = 0) -> Events:
    """What an instrument does at its venue as `MarketPhase` rows, from (UTC nanoseconds, word) in order.

    A word is one of `PHASES`: `halted` = nothing trades, `opening_call` and `closing_call` = orders gather for an
    auction, `continuous` = they trade as they come. It counts until the next. Raises RUN_CONFIG for another word,
    DATA-016 for an index that a row cannot hold.

    >>> phase_events([(1, "halted"), (9, "continuous")])["phase"].tolist()
    [5, 3]
    """
    if not 0 <= instrument <= _INSTRUMENTS_MAX:
        raise problem("DATA_OVERFLOW", f"instrument {instrument}, at most {_INSTRUMENTS_MAX}")
    for _, word in phases:
        if word not in PHASES:
            raise problem("RUN_CONFIG", f"phase {word!r}; it is one of {', '.join(PHASES)}{did_you_mean(word, PHASES)}")
    rows = np.zeros(len(phases), dtype=noun("MarketPhase").dtype)
    rows["ts_event"] = rows["ts_init"] = [ts for ts, _ in phases]
    rows["phase"] = [PHASES.index(word) + 1 for _, word in phases]
    rows["instrument"] = instrument
    return rows


def _whole(what: str, values: list[int], most: int) -> npt.NDArray[np.int64]:
    """Whole numbers as a column, or DATA-016 with the first that is too large."""
    column: npt.NDArray[np.int64] | None
    try:
        column = np.array(values, dtype=np.int64)
    except OverflowError:
        column = None
    if column is None or ((column > most) | (column < -most)).any():
        wrong = next(value for value in values if not -most <= value <= most)
        raise problem("DATA_OVERFLOW", f"{what} {wrong}, at most {most}")
    return column
