"""Columns as they come from NumPy, Arrow or plain lists, made into bars.

int64 columns are used where they lie; anything else is converted once, exactly, or refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.market.bars import Bars
from hedgerow.market.exact import believable, to_lots, to_ticks
from hedgerow.market.faults import Faults
from hedgerow.market.instruments import Instrument
from hedgerow.market.ticks import auto_tick
from hedgerow.market.times import Span, commonest_steps, span_ns

Ints = npt.NDArray[np.int64]


def bars_from_arrays(
    prices: Mapping[str, Any],
    others: Mapping[str, Any],
    instruments: tuple[Instrument, ...] | str,
    span: Span | Ints | None,
    *,
    off_tick: str,
    source: str,
    notes: tuple[str, ...],
) -> Bars:
    """What `Bars.from_arrays` promises.

    prices: open, high, low, close; others: ts_event, ts_init, instrument, volume.
    """
    given = {name: _array(column, name) for name, column in prices.items() if column is not None}
    absent = [name for name in prices if name not in given]
    if len(absent) not in (0, 3):
        raise problem("DATA_MISSING_COLUMN", f"{', '.join(absent)} of {source}; give open, high and low, or only close")
    if isinstance(instruments, str):
        instruments = (_named(instruments, given),)
    ts_event = whole(others["ts_event"], "ts_event")
    known = others["ts_init"]
    ts_init = ts_event if known is None or known is others["ts_event"] else whole(known, "ts_init")
    codes = _codes(others["instrument"], ts_event.size, instruments)
    volume = None if others["volume"] is None else _array(others["volume"], "volume")
    _same_length(ts_event.size, {**given, "ts_init": ts_init, "instrument": codes, "volume": volume})
    floats = [name for name, column in given.items() if column.dtype.kind == "f"]
    if floats and len(floats) < len(given):
        raise problem(
            "DATA_TYPE", f"{floats[0]} is float (prices), {next(n for n in given if n not in floats)} is not (ticks)"
        )

    def where(row: int) -> str:
        return f"row {row} ({instruments[int(codes[row])].symbol}, ts_event {int(ts_event[row])})"

    faults = Faults(where)
    ticks = _ticks(given, codes, instruments, faults, rounds=off_tick == "round")
    lots = np.full(ts_event.size, -1, dtype=np.int64)
    if volume is not None:
        is_float = volume.dtype.kind == "f"
        lots = (
            to_lots(volume.astype(np.float64), codes, instruments, faults)[0] if is_float else whole(volume, "volume")
        )
    faults.raise_if_any()
    close = ticks["close"]
    return Bars(
        ts_event=ts_event,
        ts_init=ts_init,
        instrument=codes,
        open_ticks=ticks.get("open", close),
        high_ticks=ticks.get("high", close),
        low_ticks=ticks.get("low", close),
        close_ticks=close,
        volume_lots=lots,
        span_ns=_spans(span, ts_event, codes),
        instruments=instruments,
        source=source,
        notes=notes,
    )


def _ticks(
    given: Mapping[str, npt.NDArray[Any]],
    codes: Any,
    instruments: tuple[Instrument, ...],
    faults: Faults,
    *,
    rounds: bool,
) -> dict[str, Ints]:
    if not any(column.dtype.kind == "f" for column in given.values()):
        return {name: whole(column, name) for name, column in given.items()}
    if given["close"].size == 0:
        raise problem("DATA_EMPTY", "no bars")
    prices = {name: column.astype(np.float64, copy=False) for name, column in given.items()}
    return to_ticks(prices, codes, instruments, believable(prices, faults), faults, rounds=rounds)


def whole(column: Any, name: str) -> Ints:
    """A column as contiguous int64, without a copy where it already is; times may be datetime64."""
    found = _array(column, name)
    if found.dtype.kind == "M":
        if np.isnat(found).any():
            raise problem("DATA_TIME", f"row {int(np.argmax(np.isnat(found)))}: {name} is not a time")
        return np.ascontiguousarray(found.astype("datetime64[ns]", copy=False)).view(np.int64)
    if found.dtype.kind not in "iu" or found.ndim != 1:
        raise problem(
            "DATA_TYPE", f"{name} is {found.dtype} with {found.ndim} dimensions; it must be a column of integers"
        )
    if found.dtype == np.uint64 and found.size and found.max() > np.iinfo(np.int64).max:
        raise problem("DATA_OVERFLOW", f"row {int(np.argmax(found))}: {name} is {found.max()}")
    return np.ascontiguousarray(found, dtype=np.int64)


def _array(column: Any, name: str) -> npt.NDArray[Any]:
    if getattr(column, "null_count", 0):
        code = "DATA_VOLUME" if name == "volume" else "DATA_NAN"
        raise problem(code, f"column {name} has {column.null_count} nulls")
    if getattr(column, "num_chunks", 0) == 1:  # an Arrow chunked array copies, its only chunk does not
        column = column.chunk(0)
    found = np.asarray(column)
    if found.dtype.kind not in "iufMUTO" or found.ndim != 1:
        raise problem(
            "DATA_TYPE", f"{name} is {found.dtype} with {found.ndim} dimensions; it must be one column of numbers"
        )
    return found


def _codes(column: Any, rows: int, instruments: tuple[Instrument, ...]) -> npt.NDArray[np.uint32]:
    if column is None:
        if len(instruments) != 1:
            raise problem("DATA_MISSING_COLUMN", f"instrument; {len(instruments)} instruments are defined")
        return np.broadcast_to(np.uint32(0), (rows,))
    found = _array(column, "instrument")
    if found.dtype.kind in "iu":
        bad = (found < 0) | (found >= len(instruments))
        if bad.any():
            row = int(np.argmax(bad))
            raise problem("CORE_UNKNOWN_INSTRUMENT", f"row {row}: index {found[row]} of {len(instruments)} instruments")
        return np.ascontiguousarray(found, dtype=np.uint32)
    known = {instrument.symbol: n for n, instrument in enumerate(instruments)}
    names, row_of, code = np.unique(found.astype(str), return_index=True, return_inverse=True)
    for name, row in zip(names, row_of, strict=True):
        if name not in known:
            raise problem("CORE_UNKNOWN_INSTRUMENT", f"row {row}: {str(name)!r}{did_you_mean(str(name), known)}")
    return np.array([known[str(name)] for name in names], dtype=np.uint32)[code]


def _named(symbol: str, given: Mapping[str, npt.NDArray[Any]]) -> Instrument:
    """An instrument of which only the symbol is known: its tick follows from its prices, which must be floats."""
    columns = [column.astype(np.float64) for column in given.values() if column.dtype.kind == "f"]
    if len(columns) < len(given):
        raise problem(
            "DATA_TYPE", "integer prices are ticks, which need their instrument: say instruments=Instrument(...)"
        )
    finite = [column[np.isfinite(column)] for column in columns]
    return Instrument(symbol, tick=auto_tick(finite) or "0.000000001")


def _spans(span: Span | Ints | None, ts_event: Ints, codes: npt.NDArray[np.uint32]) -> Ints:
    if isinstance(span, np.ndarray):
        return whole(span, "span")
    if span is None:
        return commonest_steps(ts_event, codes, f"row 0, ts_event {ts_event[:1]}")
    return np.broadcast_to(np.int64(span_ns(span)), ts_event.shape)


def _same_length(rows: int, columns: Mapping[str, npt.NDArray[Any] | None]) -> None:
    for name, column in columns.items():
        if column is not None and column.size != rows:
            raise problem("DATA_TYPE", f"{name} has {column.size} rows, ts_event has {rows}")
