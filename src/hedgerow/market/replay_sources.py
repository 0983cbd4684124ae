"""Books to replay from what was recorded: a venue's messages, or rows of a file or of the catalog.

Promises: a book goes by its venue's rule, and where that says that something is missing the replayed book is empty
until an image makes it whole; a price or size that is no whole number of ticks or lots is refused with its row. Never:
a book that goes on after a gap, or a row without a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import problem
from hedgerow.core.nouns import noun
from hedgerow.market.books import (
    BUY,
    CLEAR,
    LAST_OF_UPDATE,
    SELL,
    SET,
    BookFeed,
    Events,
    image_events,
    phase_events,
)
from hedgerow.market.instruments import Instrument
from hedgerow.market.replay import LOTS_MAX, Books, Faulty, whole
from hedgerow.market.replay_orders import order_events
from hedgerow.market.venues import Checksum, Message, Stepped, follow

_WINDOW_TICKS = 65_536
TRADE_KINDS = ("continuous", "auction", "hidden", "opening", "closing")
"""How a trade came about, in the order of its numbers from 1."""


def books_of_messages(
    instrument: Instrument, messages: Iterable[Message], rule: str, checksum: Checksum | None, steps: Stepped
) -> Books:
    """What `Books.from_messages` promises."""
    finer, rest = divmod(instrument.lot, steps.lot)
    if rest or steps.tick != instrument.tick:
        detail = (
            f"steps of {steps.tick} and {steps.lot}, {instrument.symbol} has {instrument.tick} and {instrument.lot}"
        )
        raise problem("RUN_CONFIG", f"{detail}; ticks are equal, and a lot is a whole number of finer ones")
    feed = BookFeed(rule, window_ticks=_WINDOW_TICKS)
    levels: list[Events] = []
    trades: list[Events] = []
    became: dict[str, int] = {}
    for message in messages:
        if message.kind == "trade":
            trades.append(message.events)
        for _, now in follow([message], feed, checksum=checksum):
            became[now] = became.get(now, 0) + 1
            if now == "gap":
                levels.append(image_events(**_when(message.events)))
            elif now == "applied":
                levels.append(_image(feed, message.events) if message.kind == "image" else message.events)
    if not levels:
        raise problem("RUN_NO_DATA", f"no image of {instrument.symbol}'s book among the messages")
    notes = tuple(f"{count} updates of the book: {name}" for name, count in sorted(became.items()) if name != "applied")
    shown: Any = np.concatenate(levels)
    shown["lots"] = -(-shown["lots"] // int(finer))
    told: Any = np.concatenate(trades) if trades else None
    if told is not None:
        told["lots"] //= int(finer)
        told = told[told["lots"] > 0]
    return Books.from_events(instrument, levels=shown, trades=told, notes=notes)


def _when(events: Events) -> dict[str, Any]:
    """When an update happened and was known, and the instrument."""
    return {name: int(events[name][0]) for name in ("ts_event", "ts_init", "instrument")}


def _image(feed: BookFeed, events: Events) -> Events:
    """The whole book as the feed has it, with the updates that it held before the image."""
    book = feed.book()
    bids, asks = (list(zip(*(column.tolist() for column in side), strict=True)) for side in (book.bids(), book.asks()))
    return image_events(bids=bids, asks=asks, **_when(events))


def books_of_rows(
    instrument: Instrument,
    quotes: pa.Table | None,
    depth: pa.Table | None,
    orders: pa.Table | None,
    trades: pa.Table | None,
    phases: pa.Table | None,
    quote_size: Any = None,
    faulty: Faulty = "error",
) -> Books:
    """What `Books.from_rows` promises."""
    if sum(table is not None for table in (quotes, depth, orders)) != 1:
        raise problem("RUN_CONFIG", "give quotes, depth or orders, one of them")
    sold = None if trades is None else _trades(instrument, trades)
    told: dict[str, Any] = {"trades": sold, "phases": None if phases is None else _phases(phases)}
    if orders is not None:
        events, notes = order_events(instrument, orders, _moments(orders), _sides(orders))
        if not len(events):
            raise problem("RUN_NO_DATA", f"no order of {instrument.symbol} is entered; {'; '.join(notes) or 'no rows'}")
        return Books.from_events(instrument, orders=events, notes=notes, **told)
    if depth is not None:
        return Books.from_events(instrument, levels=_depth(instrument, depth), **told)
    assert quotes is not None
    return _of_quotes(instrument, quotes, quote_size, faulty, told)


def _of_quotes(
    instrument: Instrument, quotes: pa.Table, quote_size: Any, faulty: Faulty, told: dict[str, Any]
) -> Books:
    bid, ask = (_counted(quotes, name, instrument.tick, "price") for name in ("bid", "ask"))
    notes = []
    if (crossed := (bid >= ask) & (bid > 0) & (ask > 0)).any():
        row = int(np.argmax(crossed))
        if faulty != "drop":
            shown = f"row {row}: {instrument.symbol} bid {quotes['bid'][row]}, ask {quotes['ask'][row]}"
            raise problem("DATA_CROSSED_QUOTE", f"{shown}; in a book it is below")
        notes.append(f"{int(crossed.sum()):,} quotes whose bid is not below their ask are left out")
        bid, ask, quotes = bid[~crossed], ask[~crossed], quotes.filter(pa.array(~crossed))
    assumed = 0 if quote_size is None else int(whole("quote_size", [float(quote_size)], instrument.lot, 1, LOTS_MAX)[0])
    sizes, silent = [], 0
    for name, price in (("bid_size", bid), ("ask_size", ask)):
        untold = quotes.column(name).is_null().to_numpy() & (price > 0)
        if untold.any() and assumed <= 0:
            where = f"row {int(np.argmax(untold))}: no {name} of {instrument.symbol}"
            raise problem("DATA_MISSING_COLUMN", f"{where}; quote_size=, in units, says what is assumed to stand there")
        sizes.append(np.where(untold, assumed, np.where(price > 0, _counted(quotes, name, instrument.lot, "size"), 0)))
        silent += int(untold.sum())
    if silent:
        notes.append(f"{silent:,} best prices bear no size: {quote_size} is assumed to stand there")
    event, known = _moments(quotes)
    books = Books.from_quotes(
        event, ts_init=known, bid=bid, ask=ask, bid_size=sizes[0], ask_size=sizes[1], instrument=instrument, **told
    )
    return replace(books, notes=(*books.notes, *notes))


def _moments(table: pa.Table) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """When each row happened and was known; what bears one time has both of it."""
    event, known = (table.column(name).cast(pa.int64()) for name in ("ts_event", "ts_init"))
    event, known = pc.coalesce(event, known), pc.coalesce(known, event)
    if event.null_count:
        row = int(np.argmax(event.is_null().to_numpy(zero_copy_only=False)))
        raise problem("DATA_TYPE", f"row {row} bears no time; it cannot be replayed")
    return event.to_numpy(), known.to_numpy()


def _counted(table: pa.Table, name: str, step: Any, what: str) -> npt.NDArray[np.int64]:
    """A column of decimals as ticks or lots; what is absent is zero."""
    column = pc.fill_null(table.column(name).cast(pa.float64()), 0.0).to_numpy()
    return whole(what, column, step, len(column), LOTS_MAX)


def _sides(table: pa.Table) -> npt.NDArray[np.uint8]:
    side = pc.fill_null(table.column("side"), "")
    bought, sold = pc.is_in(side, pa.array(["bid", "buy"])), pc.is_in(side, pa.array(["ask", "sell"]))
    return np.asarray(np.where(bought.to_numpy(), BUY, np.where(sold.to_numpy(), SELL, 0)), dtype=np.uint8)


def _trades(instrument: Instrument, table: pa.Table) -> Events:
    rows: Any = np.zeros(table.num_rows, dtype=noun("Trade").dtype)
    rows["ts_event"], rows["ts_init"] = _moments(table)
    rows["price_ticks"] = _counted(table, "price", instrument.tick, "price")
    rows["lots"] = _counted(table, "size", instrument.lot, "size")
    kinds = pc.index_in(pc.fill_null(table.column("how"), TRADE_KINDS[0]), pa.array(TRADE_KINDS))
    rows["aggressor"], rows["kind"] = _sides(table), pc.fill_null(kinds, 0).to_numpy() + 1
    return np.asarray(rows[rows["lots"] > 0])


def _phases(table: pa.Table) -> Events:
    """Rows of phases; a time that steps back within a minute is played in the order of the rows, as elsewhere."""
    event, known = _moments(table)
    rows: Any = phase_events(list(zip(event.tolist(), table.column("phase").to_pylist(), strict=True)))
    rows["ts_init"] = known
    return np.asarray(rows)


def _depth(instrument: Instrument, table: pa.Table) -> Events:
    """Rows of one record are one update; an image empties the book first."""
    rows: Any = np.zeros(table.num_rows, dtype=noun("BookLevel").dtype)
    if not len(rows):
        return np.asarray(rows)
    rows["ts_event"], rows["ts_init"] = _moments(table)
    rows["price_ticks"] = _counted(table, "price", instrument.tick, "price")
    rows["lots"] = _counted(table, "size", instrument.lot, "size")
    rows["side"], rows["action"] = _sides(table), SET
    if (rows["side"] == 0).any():
        raise problem("DATA_TYPE", f"row {int((rows['side'] == 0).argmax())} of depth is of no side")
    record = table.column("record").to_numpy()
    changed = (np.diff(record) != 0) | (np.diff(rows["ts_event"]) != 0) | (np.diff(rows["ts_init"]) != 0)
    first = np.flatnonzero(np.concatenate([[True], changed]))
    rows["action"][np.concatenate([first[1:] - 1, [len(rows) - 1]])] |= LAST_OF_UPDATE
    images = first[pc.fill_null(table.column("snapshot"), False).to_numpy()[first]]
    clears = rows[images].copy()
    clears["lots"] = clears["price_ticks"] = clears["side"] = 0
    clears["action"] = CLEAR
    return np.insert(rows, images, clears)
