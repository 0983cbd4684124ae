"""What should not be believed of quotes, trades and books: crossed, far from their neighbours, or silent for long.

Promises that each suspect names its moment and reason, that a run of crossed quotes is one suspect with its length, and
that nothing is repaired. The limits are constants with their reasons; one instrument is judged at a time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.market.answers import floats
from hedgerow.market.suspects import Floats, Ints, Suspect

FAR, FAR_MADS = 0.02, 25.0
"""A price that stands alone: two hundredths off the median around it, and so many times the usual distance."""
AROUND = 5
"""Ticks before and after that make the median."""
SILENT_NS, SILENT_TIMES = 300 * 10**9, 100.0
"""Nothing for five minutes, and for a hundred times what all but one in a hundred steps take."""
_DAY = 86_400 * 10**9
JUDGED = ("quotes", "trades", "depth")


def tick_suspects(kind: str, table: pa.Table) -> Iterator[tuple[str, Suspect]]:
    """(instrument, suspect) of rows of quotes, trades or depth, instruments in order of name."""
    names = table.column("instrument").fill_null("")
    for name in sorted(pc.unique(names).to_pylist()):
        mine = floats(table.filter(pc.equal(names, name)))
        times = mine.column("ts_event").cast(pa.int64()).fill_null(0).to_numpy()
        if kind == "depth":
            found = list(_crossed_books(mine, times))
        elif kind == "quotes":
            bid, ask = (mine.column(side).to_numpy() for side in ("bid", "ask"))
            both = np.isfinite(bid) & np.isfinite(ask)
            found = [*_runs(times, both & (bid > ask), bid, ask), *_alone(times[both], ((bid + ask) / 2)[both])]
            found += _silent(times)
        else:
            prices = mine.column("price").to_numpy()
            priced = np.isfinite(prices)
            found = [*_alone(times[priced], prices[priced]), *_silent(times)]
        yield from ((name, one) for one in sorted(found, key=lambda one: (one.ts_event, one.rule)))


def _runs(times: Ints, bad: npt.NDArray[np.bool_], seen: Floats, expected: Floats) -> Iterator[Suspect]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], bad, [False])).astype(np.int8)))
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        why = f"bid is above ask in {end - first} quotes in a row"
        yield Suspect("crossed", int(times[first]), end - first, float(seen[first]), float(expected[first]), why)


def _alone(times: Ints, prices: Floats) -> Iterator[Suspect]:
    """Prices far from the median of those around them."""
    if prices.size <= 2 * AROUND or (prices <= 0).any():
        return
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(np.log(prices), AROUND, mode="edge"), 2 * AROUND + 1)
    off = np.abs(np.log(prices) - np.median(windows, axis=1))
    usual = float(np.median(off))
    for row in np.flatnonzero(off > max(FAR, FAR_MADS * usual)).tolist():
        median = float(np.median(prices[max(row - AROUND, 0) : row + AROUND + 1]))
        why = f"{prices[row] / median - 1:+.1%} off the {2 * AROUND} around it"
        yield Suspect("print", int(times[row]), 1, float(prices[row]), median, why)


def _silent(times: Ints) -> Iterator[Suspect]:
    """Long silences; one that holds a whole Saturday is a weekend."""
    ordered = np.sort(times)
    steps = np.diff(ordered)
    if steps.size < 100:
        return
    usual = float(np.quantile(steps, 0.99))
    for row in np.flatnonzero(steps > max(SILENT_NS, SILENT_TIMES * usual)).tolist():
        first, last = int(ordered[row]), int(ordered[row + 1])
        if any((day + 3) % 7 == 5 for day in range(first // _DAY + 1, last // _DAY)):  # day 0 was a Thursday
            continue
        why = f"nothing for {steps[row] / 1e9:,.0f} s"
        yield Suspect("silent", first, 0, float(steps[row]), usual, why)


def _crossed_books(table: pa.Table, times: Ints) -> Iterator[Suspect]:
    """Books whose best bid is not below their best ask once all that one moment tells is in."""
    sides = pc.equal(table.column("side"), "bid").fill_null(False).to_numpy()
    prices, sizes = table.column("price").to_numpy(), table.column("size").to_numpy()
    whole = table.column("snapshot").fill_null(False).to_numpy()
    books: tuple[_Side, _Side] = (_Side(1.0), _Side(-1.0))
    start, count = 0, 0
    told: Suspect | None = None
    for end in [*(np.flatnonzero(np.diff(times)) + 1).tolist(), times.size]:
        if end > start and whole[start]:  # a whole book replaces the one before
            books = (_Side(1.0), _Side(-1.0))
        for row in range(start, end):
            books[0 if sides[row] else 1].put(float(prices[row]), float(sizes[row]))
        ask, bid = books[1].best(), books[0].best()
        if bid is not None and ask is not None and bid >= ask:
            told = told or Suspect("crossed", int(times[start]), 1, bid, ask, "")
            count += 1
        elif told is not None:
            yield Suspect(*_first_four(told, count), f"the book is crossed for {count} updates")
            told, count = None, 0
        start = end
    if told is not None:
        yield Suspect(*_first_four(told, count), f"the book is crossed for {count} updates, to the end")


def _first_four(told: Suspect, count: int) -> tuple[str, int, int, float, float]:
    return told.rule, told.ts_event, count, told.seen, told.expected


class _Side:
    """One side of a book: sizes by price, and a heap that forgets lazily. sign: 1 for bids, -1 for asks."""

    def __init__(self, sign: float) -> None:
        self._sign, self._sizes, self._heap = sign, dict[float, float](), list[float]()

    def put(self, price: float, size: float) -> None:
        if size > 0:
            if price not in self._sizes:
                heapq.heappush(self._heap, -self._sign * price)
            self._sizes[price] = size
        else:
            self._sizes.pop(price, None)

    def best(self) -> float | None:
        while self._heap and -self._sign * self._heap[0] not in self._sizes:
            heapq.heappop(self._heap)
        return -self._sign * self._heap[0] if self._heap else None
