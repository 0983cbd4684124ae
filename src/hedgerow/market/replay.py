"""Books as data: the quotes, levels or orders that a venue showed, with trades, in the order in which it showed them.

Promises: an update stays whole and a stream keeps its order; between streams the venue's time decides, trades first at
equal times; rows are handed out piece by piece, so that a source may be longer than memory. Never: a price or size that
is not a whole number of ticks or lots, or a row from later than the one before it can be asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem
from hedgerow.core.nouns import noun
from hedgerow.market.books import BUY, LAST_OF_UPDATE, SELL, TICKS_MAX, TOP, Events
from hedgerow.market.instruments import Instrument
from hedgerow.market.ticks import in_ticks, ratio

if TYPE_CHECKING:
    import pyarrow as pa

    from hedgerow.market.venues import Checksum, Message, Stepped

Shown = Literal["quotes", "levels", "orders"]
Faulty = Literal["error", "drop"]
Piece: TypeAlias = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]
"""Which noun each row is, and the rows: (n, 4) words of 64 bits."""

PIECE_ROWS = 1 << 18
"""Rows of a piece, where a source does not cut it itself."""
_OF = {"quotes": "BookLevel", "levels": "BookLevel", "orders": "BookOrder"}
SINGLE = frozenset({noun("Trade").kind, noun("MarketPhase").kind})
"""Kinds of rows of which each is an update of its own."""
TS_MAX = 2**62
"""No event of a run lies further from 1970, nanoseconds: the year 2116, and 1823."""
BACK_NS_MAX = 60 * 10**9
"""Venues' clocks step back by less between two events of one recording; more is rows in the wrong order."""
LOTS_MAX = 2**52
"""Most lots at one price."""


@dataclass(frozen=True, eq=False, repr=False)
class Books:
    """History of the books of some instruments, to be replayed by `backtest`.

    instruments: in order of their index in the rows. shown: how deep history shows them, `quotes` (best prices),
    `levels` (every price) or `orders` (every order). pieces: gives the rows from the beginning, each time it is called;
    a piece ends with an update. start_ns, end_ns: first and last event, UTC.

    >>> books = Books.from_quotes([1, 2], bid=[9.99, 10.0], ask=[10.01, 10.02], bid_size=5, ask_size=7)
    >>> books
    Books(ASSET, quotes, 4 rows)
    """

    instruments: tuple[Instrument, ...]
    shown: Shown
    pieces: Callable[[], Iterable[Piece]]
    start_ns: int
    end_ns: int
    rows: int | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_events(
        cls,
        instruments: Instrument | Sequence[Instrument],
        *,
        levels: Events | None = None,
        orders: Events | None = None,
        trades: Events | None = None,
        phases: Events | None = None,
        notes: tuple[str, ...] = (),
    ) -> Books:
        """Books from structured arrays of events, each in the order in which it was recorded.

        levels: `BookLevel` rows, all of the best prices (L1) or all of every price (L2). orders: `BookOrder` rows (L3).
        One of the two is given. trades: `Trade` rows. phases: `MarketPhase` rows (see `phase_events`), without which
        orders trade as they come. A time that steps back is played when the row ahead of it was;
        by more than a minute it is refused (DATA_UNSORTED). Raises RUN_NO_DATA without a row, DATA_TYPE for other
        arrays, CORE_UNKNOWN_INSTRUMENT for a row whose index no instrument has.
        """
        listed = (instruments,) if isinstance(instruments, Instrument) else tuple(instruments)
        if (levels is None) == (orders is None):
            raise problem("RUN_CONFIG", "give levels or orders, and not both")
        book = levels if levels is not None else orders
        assert book is not None
        shown: Shown = "orders" if levels is None else _depth_of(book)
        streams = [] if trades is None else [_checked(trades, "Trade", listed)]
        streams += [] if phases is None else [_checked(phases, "MarketPhase", listed)]
        streams.append(_checked(book, _OF[shown], listed))
        kinds, rows, times = _merged(streams)
        if not len(rows):
            raise problem("RUN_NO_DATA", "books without a row")
        return cls(listed, shown, _Cut(kinds, rows), int(times[0]), int(times[-1]), len(rows), notes)

    @classmethod
    def from_quotes(
        cls,
        ts_event: npt.ArrayLike,
        *,
        bid: npt.ArrayLike,
        ask: npt.ArrayLike,
        bid_size: npt.ArrayLike,
        ask_size: npt.ArrayLike,
        ts_init: npt.ArrayLike | None = None,
        trades: Events | None = None,
        phases: Events | None = None,
        instrument: Instrument | None = None,
        symbol: str = "ASSET",
    ) -> Books:
        """Books of best prices of one instrument, from columns, each (n,) or one value for all.

        Integer prices are ticks and integer sizes lots; floats are currency units and units, converted exactly. A size
        of 0 says that nobody is on that side. ts_event, ts_init: int64 UTC nanoseconds or datetime64, when a quote was
        made and when it was known (the same without it). trades, phases: `Trade` and `MarketPhase` rows. Raises
        DATA errors that name the row.
        """
        listed = Instrument(symbol) if instrument is None else instrument
        known = _times("ts_event", ts_event)
        rows: Any = np.zeros((len(known), 2), dtype=noun("BookLevel").dtype)
        rows["ts_event"] = known[:, None]
        rows["ts_init"] = known[:, None] if ts_init is None else _times("ts_init", ts_init)[:, None]
        for side, price, size in ((0, bid, bid_size), (1, ask, ask_size)):
            rows["lots"][:, side] = whole("size", size, listed.lot, len(known), LOTS_MAX)
            rows["price_ticks"][:, side] = whole("price", price, listed.tick, len(known), TICKS_MAX)
        rows["side"] = (BUY, SELL)
        rows["action"] = (TOP, TOP | LAST_OF_UPDATE)
        return cls.from_events(listed, levels=rows.reshape(-1), trades=trades, phases=phases)

    @classmethod
    def from_messages(
        cls,
        instrument: Instrument,
        messages: Iterable[Message],
        *,
        rule: str,
        checksum: Checksum | None = None,
        steps: Stepped | None = None,
    ) -> Books:
        """Books of every price of one instrument, from a venue's messages (see `hedgerow.market.venues`), with trades.

        rule: how the venue numbers its updates (`venue_rules()`). checksum: checked after each message that has one.
        steps: what the messages were read with, if with a finer lot than the instrument is traded in: what stands at a
        price is then rounded up to whole lots, and what trades there down.
        After a gap the replayed book is empty until an image comes. Raises BOOK errors where the book is not the
        venue's, RUN_NO_DATA without an image.

        >>> from hedgerow.market.venues import binance
        >>> image = {"lastUpdateId": 4, "bids": [["1.00", "1"]], "asks": [["1.01", "2"]]}
        >>> coin = Instrument("BTCUSDT", "USDT")
        >>> Books.from_messages(coin, [binance.read(image, coin, ts_init=1)], rule="binance_spot")
        Books(BTCUSDT, levels, 3 rows)
        """
        from hedgerow.market.replay_sources import books_of_messages

        return books_of_messages(instrument, messages, rule, checksum, instrument if steps is None else steps)

    @classmethod
    def from_rows(
        cls,
        instrument: Instrument,
        *,
        quotes: pa.Table | None = None,
        depth: pa.Table | None = None,
        orders: pa.Table | None = None,
        trades: pa.Table | None = None,
        phases: pa.Table | None = None,
        quote_size: Any = None,
        faulty: Faulty = "error",
    ) -> Books:
        """Books of one instrument from Arrow rows, as `Catalog.rows` gives them.

        quotes: best prices. depth: every price; rows of one record are one update. orders: every order; rows of one
        message of the venue are one update. One of the three is given. trades, phases: rows of these kinds. Prices
        and sizes are whole ticks and lots of the instrument, or DATA errors name the row. quote_size: units assumed
        to stand at a best price whose size the data do not tell, as those of FX rarely do; a note says so. faulty:
        quotes whose bid is not below their ask are an error (DATA_CROSSED_QUOTE), or left out (`drop`) and noted.
        """
        from hedgerow.market.replay_sources import books_of_rows

        return books_of_rows(instrument, quotes, depth, orders, trades, phases, quote_size, faulty)

    @classmethod
    def read(
        cls,
        source: str | Path | Sequence[str | Path],
        instrument: Instrument,
        *,
        shown: Shown | None = None,
        rule: str | None = None,
        start: Any = None,
        end: Any = None,
        as_of: Any = None,
        quote_size: Any = None,
        faulty: Faulty = "error",
    ) -> Books:
        """Books of one instrument from files of any format that is read, or from a catalog's folder.

        shown: how deep; `None` = as deep as the source shows it. rule: how the venue numbers its updates, for
        recordings of Binance, Bybit and OKX, which are then followed by it. start, end, as_of: of a catalog alone.
        quote_size, faulty: as for `from_rows`. Rows of other instruments are passed over. Raises DATA-014 where there
        are none, and what the formats raise.
        """
        from hedgerow.market.replay_files import read_books

        return read_books(source, instrument, shown, rule, (start, end, as_of), quote_size=quote_size, faulty=faulty)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of the instruments."""
        return tuple(instrument.symbol for instrument in self.instruments)

    def digest(self) -> str:
        """SHA-256 (hex) of the instruments and all rows: equal data give equal digests, however they are cut."""
        told = json.dumps([i.record() for i in self.instruments], sort_keys=True, separators=(",", ":"))
        kinds, rows = hashlib.sha256(), hashlib.sha256()
        for kind, words in self.pieces():
            kinds.update(np.ascontiguousarray(kind).data)
            rows.update(np.ascontiguousarray(words).data)
        return hashlib.sha256(f"{told}\n{self.shown}\n{kinds.hexdigest()}\n{rows.hexdigest()}".encode()).hexdigest()

    def __repr__(self) -> str:
        size = "streamed" if self.rows is None else f"{self.rows:,} rows"
        return f"Books({', '.join(self.symbols)}, {self.shown}, {size})"


@dataclass(frozen=True, eq=False)
class _Cut:
    """Columns in memory, handed out piece by piece, each ending with an update."""

    kinds: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.uint64]

    def __call__(self) -> Iterator[Piece]:
        start = 0
        while start < len(self.rows):
            end = min(start + PIECE_ROWS, len(self.rows))
            while end < len(self.rows) and not self._ends(end - 1):
                end += 1
            yield self.kinds[start:end], self.rows[start:end]
            start = end

    def _ends(self, row: int) -> bool:
        return int(self.kinds[row]) in SINGLE or bool(int(self.rows[row, 3]) >> 56 & LAST_OF_UPDATE)


def _depth_of(levels: Events) -> Shown:
    """`quotes` where the rows say what is best, `levels` where they say what is at a price; both at once is refused."""
    _is_noun(levels, "BookLevel")
    actions = np.unique(levels["action"] & ~np.uint8(LAST_OF_UPDATE))
    if TOP in actions and 1 in actions:
        raise problem("DATA_TYPE", "rows of best prices among rows of every price; give books of one depth")
    return "quotes" if TOP in actions else "levels"


def _is_noun(events: Any, name: str) -> None:
    if getattr(events, "dtype", None) != noun(name).dtype:
        raise problem("DATA_TYPE", f"an array of {getattr(events, 'dtype', type(events).__name__)}, wanted {name} rows")


def _checked(events: Events, name: str, instruments: tuple[Instrument, ...]) -> tuple[int, Events]:
    _is_noun(events, name)
    if len(events) and int(events["instrument"].max()) >= len(instruments):
        detail = f"row {int(events['instrument'].argmax())}: instrument {int(events['instrument'].max())}"
        raise problem("CORE_UNKNOWN_INSTRUMENT", f"{detail}; there are {len(instruments)}")
    for time in [column for column in ("ts_event", "ts_init") if column in (events.dtype.names or ())]:
        beyond = np.abs(events[time].astype(np.float64)) > TS_MAX
        if beyond.any():
            row = int(beyond.argmax())
            raise problem("DATA_OVERFLOW", f"row {row}: {time} {int(events[time][row])} is beyond what a run can hold")
    behind = np.maximum.accumulate(events["ts_event"]) - events["ts_event"] if len(events) else events["ts_event"]
    if (behind > BACK_NS_MAX).any():
        row = int((behind > BACK_NS_MAX).argmax())
        raise problem("DATA_UNSORTED", f"row {row} of {name}: {behind[row] / 1e9:,.3f} s before a row ahead of it")
    return noun(name).kind, np.ascontiguousarray(events)


def _merged(
    streams: list[tuple[int, Events]],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Streams as one, in order of the venue's time; in each stream its own order stays, and updates stay whole."""
    kinds = np.concatenate([np.full(len(events), kind, dtype=np.uint8) for kind, events in streams])
    words = np.concatenate([events.view("<u8").reshape(-1, 4) for _, events in streams])
    times = np.concatenate([_played(kind, events) for kind, events in streams])
    order = np.argsort(times, kind="stable")
    return kinds[order], np.ascontiguousarray(words[order]), times[order]


def _played(kind: int, events: Events) -> npt.NDArray[np.int64]:
    """When each row is played: at its update's time, and not before the row recorded ahead of it."""
    times = np.maximum.accumulate(events["ts_event"]) if len(events) else events["ts_event"]
    if kind in SINGLE or not len(events):
        return np.asarray(times, dtype=np.int64)
    ends = (events["action"] & LAST_OF_UPDATE) != 0
    first = np.concatenate([[True], ends[:-1]])
    return np.asarray(times[np.maximum.accumulate(np.where(first, np.arange(len(events)), 0))], dtype=np.int64)


def _times(name: str, given: npt.ArrayLike) -> npt.NDArray[np.int64]:
    column = np.asarray(given)
    if column.dtype.kind == "M":
        column = column.astype("datetime64[ns]").astype(np.int64)
    if column.dtype.kind not in "iu" or column.ndim != 1:
        raise problem("DATA_TYPE", f"{name} is {column.ndim}-dimensional {column.dtype}; use int64 nanoseconds")
    return column.astype(np.int64)


def whole(what: str, given: npt.ArrayLike, step: Any, rows: int, most: int) -> npt.NDArray[np.int64]:
    """Ticks or lots of a column: integers as they are, floats where they are whole multiples."""
    column = np.broadcast_to(np.asarray(given), (rows,))
    if column.dtype.kind in "iu":
        whole = column.astype(np.int64)
    elif column.dtype.kind == "f":
        if not np.isfinite(column).all():
            raise problem("DATA_NAN", f"row {int(np.argmin(np.isfinite(column)))}: {what} is not a number")
        counted, off = in_ticks(column.astype(np.float64), ratio([step]))
        if off.any():
            row = int(off.argmax())
            code = "DATA_OFF_TICK" if what == "price" else "DATA_OFF_LOT"
            raise problem(code, f"row {row}: {what} {column[row]}, step {step}")
        whole = counted.astype(np.int64)
    else:
        raise problem("DATA_TYPE", f"{what} is {column.dtype}; use whole numbers or floats")
    if ((whole < 0) | (whole > most)).any():
        row = int(((whole < 0) | (whole > most)).argmax())
        raise problem("DATA_OVERFLOW", f"row {row}: {what} of {whole[row]} steps, from 0 to {most}")
    return whole
