"""What must be true of rows before they are believed: quotes not crossed, prices positive, times in order.

Counts every fault and names the first of each kind with its file and row. A price may be negative only in a series: a
barrel of oil was worth less than nothing on 2020-04-20. Bars are judged by `Bars` itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import HedgerowError, error_table, problem
from hedgerow.market.formats.rows import Rows

Mask = npt.NDArray[np.bool_]
_PRICES = {"quotes": ("bid", "ask"), "trades": ("price",), "options": ("bid", "ask", "strike"), "depth": ("price",)}
_SIZES = {"quotes": ("bid_size", "ask_size"), "trades": ("size",), "depth": ("size",), "orders": ("size",),
          "options": ("volume",)}  # fmt: skip
_NEEDED = {"trades": ("price", "size"), "depth": ("price", "size")}
_ORDERED = frozenset({"quotes", "trades", "depth", "orders", "phases", "imbalances", "series"})


class Checker:
    """Looks at the rows of one file as they are read."""

    def __init__(self, shown: str, clock: str | None) -> None:
        self._shown, self._clock = shown, clock
        self._counts: dict[str, int] = {}
        self._first: dict[str, str] = {}
        self._last: dict[tuple[str, str], int] = {}

    def add(self, rows: Rows) -> dict[str, Mask]:
        """Judge some rows; returns the faulty ones by the name of their code, (n,) each."""
        found: dict[str, Mask] = {}
        table = rows.table
        if not table.num_rows:
            return found
        for name in _NEEDED.get(rows.kind, ()):
            absent = table.column(name).is_null().to_numpy(zero_copy_only=False)
            self._note(found, "DATA_NAN", absent, table, (name,))
        for name in _PRICES.get(rows.kind, ()):
            low = _below(table, name, zero=rows.kind == "trades")
            self._note(found, "DATA_NOT_POSITIVE", low, table, (name,))
        for name in _SIZES.get(rows.kind, ()):
            self._note(found, "DATA_VOLUME", _below(table, name, zero=False), table, (name,))
        if rows.kind in ("quotes", "options"):
            crossed = pc.greater(table.column("bid"), table.column("ask"))
            if rows.kind == "options":  # an offer of nothing is no offer
                crossed = pc.and_(crossed, pc.greater(table.column("ask"), 0))
            self._note(found, "DATA_CROSSED_QUOTE", _mask(crossed), table, ("bid", "ask"))
        if rows.kind == "depth":
            self._crossed_books(found, table)
        if self._clock is not None and rows.kind in _ORDERED:
            self._order(found, rows)
        return found

    @property
    def error(self) -> HedgerowError | None:
        """The first kind of fault as an error that lists the others; None if all is well."""
        if not self._first:
            return None
        head, *rest = self._first
        codes = {row.name: row.code for row in error_table()}
        more = f" ({self._counts[head]} such rows)" if self._counts[head] > 1 else ""
        also = "".join(f"; also {codes[name]} in {self._counts[name]} rows: {self._first[name]}" for name in rest)
        return problem(head, f"{self._shown}, {self._first[head]}{more}{also}")

    def _order(self, found: dict[str, Mask], rows: Rows) -> None:
        names = rows.table.column("instrument").combine_chunks().dictionary_encode()
        stamps = rows.table.column(str(self._clock))
        times = stamps.cast(pa.int64()).fill_null(0).to_numpy()
        codes = names.indices.fill_null(0).to_numpy(zero_copy_only=False)
        order = np.argsort(codes, kind="stable") if len(names.dictionary) > 1 else np.arange(times.size)
        before = np.empty(times.size, dtype=np.int64)
        before[order[1:]] = times[order[:-1]]
        starts = order[np.flatnonzero(np.diff(codes[order], prepend=-1))]
        for row in starts.tolist():
            symbol = str(names.dictionary[int(codes[row])]) if len(names.dictionary) else ""
            before[row] = self._last.get((rows.kind, symbol), np.iinfo(np.int64).min)
        ends = order[np.flatnonzero(np.diff(codes[order], append=-1))]
        for row in ends.tolist():
            symbol = str(names.dictionary[int(codes[row])]) if len(names.dictionary) else ""
            self._last[rows.kind, symbol] = int(times[row])
        there = pc.is_valid(stamps).to_numpy(zero_copy_only=False)
        backwards = (times < before) & there
        if rows.kind == "series":  # vintages of one event follow each other, in whatever order
            backwards &= self._same_vintage(rows)
        self._note(found, "DATA_UNSORTED", backwards, rows.table, ())
        if rows.kind == "series":
            self._note(found, "DATA_DUPLICATE", (times == before) & there & self._same_vintage(rows), rows.table, ())

    def _crossed_books(self, found: dict[str, Mask], table: Any) -> None:
        """Whole books that one record tells, of which the best bid is above the best ask."""
        there = pc.and_(table.column("snapshot"), pc.greater(table.column("size"), 0))
        place = np.flatnonzero(_mask(pc.and_(there, pc.is_valid(table.column("price")))))
        if not place.size:
            return
        some = table.take(place)
        names = some.column("instrument").combine_chunks().dictionary_encode().indices.fill_null(-1)
        codes = names.to_numpy(zero_copy_only=False).astype(np.int64) + 1
        books = some.column("record").to_numpy() * (codes.max() + 1) + codes
        _, book = np.unique(books, return_inverse=True)
        price = pc.cast(some.column("price"), pa.float64()).to_numpy()
        is_bid = pc.equal(some.column("side"), "bid").to_numpy()
        bid, ask = np.full(book.max() + 1, -np.inf), np.full(book.max() + 1, np.inf)
        np.maximum.at(bid, book[is_bid], price[is_bid])
        np.minimum.at(ask, book[~is_bid], price[~is_bid])
        bad = np.zeros(table.num_rows, dtype=bool)
        bad[place] = (bid > ask)[book]
        if bad.any():
            first = book[np.searchsorted(place, int(np.argmax(bad)))]
            self._note(found, "DATA_CROSSED_QUOTE", bad, table, (), f"best bid {bid[first]:g}, best ask {ask[first]:g}")

    def _same_vintage(self, rows: Rows) -> Mask:
        """Where a value was known when its event happened, so that another of the same event is its double."""
        event, known = (rows.table.column(name) for name in ("ts_event", "ts_init"))
        return _mask(pc.equal(event, known))

    def _note(
        self, found: dict[str, Mask], name: str, bad: Mask, table: Any, columns: tuple[str, ...], told: str = ""
    ) -> None:
        if not bad.any():
            return
        found[name] = found.get(name, np.zeros(bad.size, dtype=bool)) | bad
        self._counts[name] = self._counts.get(name, 0) + int(bad.sum())
        if name not in self._first:
            self._first[name] = _in_words(table, int(np.argmax(bad)), columns, told)


def _in_words(table: Any, row: int, columns: tuple[str, ...], told: str = "") -> str:
    one = table.slice(row, 1).to_pylist()[0]
    values = ", ".join(f"{name} {'absent' if one[name] is None else _plainly(one[name])}" for name in columns) or told
    stamp = str(np.datetime64(_ns(table, row), "ns")) if one["ts_event"] is not None else "no time"
    about = f"row {one['record']} ({one['instrument']} {stamp})"
    return f"{about}: {values}" if values else f"{about} comes after a later or equal time of its instrument"


def _plainly(value: Any) -> str:
    """A decimal without the zeros behind its last digit."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ns(table: Any, row: int) -> int:
    return int(table.column("ts_event").slice(row, 1).cast(pa.int64())[0].as_py())


def _below(table: Any, name: str, *, zero: bool) -> Mask:
    column = table.column(name)
    return _mask(pc.less_equal(column, 0) if zero else pc.less(column, 0))


def _mask(found: Any) -> Mask:
    filled = pc.fill_null(found, False)
    chunk = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    mask: Mask = chunk.to_numpy(zero_copy_only=False)
    return mask
