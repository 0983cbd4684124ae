"""What must be true of every row of bars, in exact integers.

Vectorised; runs on all bars however they were made, so nothing that breaks these rules can reach the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem
from hedgerow.market.exact import crossed_rows, prices_in_words
from hedgerow.market.faults import Faults
from hedgerow.market.instruments import Instrument

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

PRICES = ("open", "high", "low", "close")


def check_rows(columns: Mapping[str, npt.NDArray[Any]], instruments: Sequence[Instrument]) -> None:
    """Raise the named error of the first kind of fault found, with its row; return nothing if all is well.

    columns: the nine columns of bars, (n,) each. Prices must be positive and not crossed, volume from -1, spans
    positive, `ts_init` not before `ts_event`, the instrument known, and times strictly rising within each instrument.
    """
    for name, column in columns.items():
        if column.dtype != (np.uint32 if name == "instrument" else np.int64) or column.ndim != 1:
            raise problem("DATA_TYPE", f"{name} is {column.dtype} with {column.ndim} dimensions; see Bars.from_arrays")
    sizes = {name: column.size for name, column in columns.items()}
    if len(set(sizes.values())) != 1:
        raise problem("DATA_TYPE", f"columns differ in length: {sizes}")
    if not sizes["close_ticks"]:
        raise problem("DATA_EMPTY", "no bars")
    codes = columns["instrument"]
    unknown = codes >= len(instruments)

    def where(row: int) -> str:
        code = int(codes[row])
        symbol = instruments[code].symbol if code < len(instruments) else "?"
        return f"row {row} ({symbol}, ts_event {int(columns['ts_event'][row])})"

    faults = Faults(where)
    if unknown.any():
        faults.add("CORE_UNKNOWN_INSTRUMENT", unknown, lambda r: f"index {codes[r]} of {len(instruments)} instruments")
    _check_prices({name: columns[f"{name}_ticks"] for name in PRICES}, codes, instruments, faults)
    volume, span = columns["volume_lots"], columns["span_ns"]
    ts_event, ts_init = columns["ts_event"], columns["ts_init"]
    if volume.min() < -1:
        faults.add("DATA_VOLUME", volume < -1, lambda r: f"volume is {volume[r]} lots; -1 means unknown")
    if span.min() <= 0:
        faults.add("DATA_TIME", span <= 0, lambda r: f"span is {span[r]} ns")
    if ts_event is not ts_init:
        faults.add("DATA_KNOWN_BEFORE", ts_init < ts_event, lambda r: f"ts_init {ts_init[r]} < ts_event {ts_event[r]}")
    _check_order(ts_event, ts_init, codes, len(instruments), faults)
    faults.raise_if_any()


def _check_prices(
    prices: Mapping[str, Ints], codes: npt.NDArray[Any], instruments: Sequence[Instrument], faults: Faults
) -> None:
    def shown(row: int) -> str:
        code = int(codes[row])
        return prices_in_words(prices, row, instruments[code]) if code < len(instruments) else ""

    opened, high, low, close = (prices[name] for name in PRICES)
    lowest = close
    if opened is not close:
        crossed = crossed_rows(opened, high, low, close)
        if crossed.any():
            faults.add("DATA_CROSSED", crossed, shown)
        lowest = np.minimum(np.minimum(low, close), opened)  # the high is no lower, or the row is crossed
    if lowest.min() <= 0:
        faults.add("DATA_NOT_POSITIVE", lowest <= 0, shown)


def _check_order(ts_event: Ints, ts_init: Ints, codes: npt.NDArray[Any], instruments: int, faults: Faults) -> None:
    """Within an instrument rows come in order of their close or of when they were known, and no close comes twice."""
    rows = None if instruments == 1 else grouped(codes, instruments)
    events = ts_event if rows is None else ts_event[rows]
    step = np.diff(events)
    inside: Mask = np.ones(step.size, dtype=bool) if rows is None else np.diff(codes[rows].astype(np.int64)) == 0
    wrong = inside & (step <= 0)
    if not wrong.any():
        return
    backwards = inside & (step < 0)
    if ts_event is not ts_init:  # a correction is known late: its close lies before that of rows known earlier
        known = np.diff(ts_init if rows is None else ts_init[rows])
        backwards &= known <= 0
    order = np.lexsort((ts_event, codes))
    twins = (np.diff(ts_event[order]) == 0) & (np.diff(codes[order].astype(np.int64)) == 0)

    def marked(found: Ints) -> Mask:
        mask = np.zeros(ts_event.size, dtype=bool)
        mask[found] = True
        return mask

    later = np.flatnonzero(backwards) + 1
    unsorted = marked(later if rows is None else rows[later])
    faults.add("DATA_UNSORTED", unsorted, lambda r: "it comes after a later bar of its instrument")
    faults.add("DATA_DUPLICATE", marked(order[1:][twins]), lambda r: "its instrument has another bar at this time")


def grouped(codes: npt.NDArray[Any], instruments: int) -> Ints:
    """Row numbers grouped by instrument, each group in the order given (a radix sort where the codes fit 16 bits)."""
    narrow = codes.astype(np.uint16) if instruments <= 2**16 else codes
    return np.argsort(narrow, kind="stable")
