"""Two tables joined by what was known when: each row on the left finds the last row on the right that was there.

Promises that no row is joined to one of a later time, that equal times join (to the later of several in the right's
own order) unless told otherwise, and that the left keeps its rows and their order. The join is Polars'; what it
leaves open (order, empty times, empty keys, frames of any library) is settled here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.market.answers import Answer

_TIME, _ROW, _THEIRS = "_hedgerow_time", "_hedgerow_row", "_hedgerow_theirs"


def asof_join(
    left: Any,
    right: Any,
    *,
    on: str = "ts_init",
    right_on: str | None = None,
    by: str | Sequence[str] | None = "instrument",
    within_ns: int | None = None,
    equal: bool = True,
    suffix: str = "_right",
) -> Answer:
    """Each row of `left` with the last row of `right` that was known by then, or with empty cells.

    left, right: Arrow tables, Polars or pandas frames, answers of a catalog. on, right_on: their columns of time (any
    Arrow time, or integers of one unit); by default when a row was known, so that nothing is joined that came later.
    by: columns that must be equal, None = none; an empty cell equals nothing. within_ns: no older than this. equal:
    whether a row of the very same time counts. suffix: of right columns whose name the left has. Raises DATA-008 for a
    column that is not there, DATA-015 for a time that is none, CLI-003 where Polars is not installed.

    >>> trades = pa.table({"ts_init": [5, 9, 3], "price": [10.0, 11.0, 9.0]})
    >>> quotes = pa.table({"ts_init": [4, 6, 10], "bid": [9.9, 10.1, 11.2]})
    >>> asof_join(trades, quotes, by=None).arrow().column("bid").to_pylist()
    [9.9, 10.1, None]
    """
    ours, theirs = _table(left), _table(right)
    keys = [] if by is None else [by] if isinstance(by, str) else list(by)
    if within_ns is not None and within_ns < 0:
        raise problem("RUN_CONFIG", f"within_ns={within_ns}; it is zero or positive")
    if not suffix:
        raise problem("RUN_CONFIG", "an empty suffix leaves two columns of one name")
    rows = _rows(_keyed(ours, on, keys), _keyed(theirs, right_on or on, keys), len(keys), within_ns, equal)
    for name in theirs.column_names:
        if name not in keys:
            told = name
            while told in ours.column_names:
                told += suffix
            ours = ours.append_column(told, theirs.column(name).combine_chunks().take(rows))
    return Answer(ours)


def _rows(left: pa.Table, right: pa.Table, keys: int, within_ns: int | None, equal: bool) -> pa.Array:
    """For each row on the left the number of its row on the right, or nothing."""
    try:
        import polars as pl
    except ImportError:
        raise problem("CLI_MISSING", "polars, which joins; pip install 'hedgerow[frames]'") from None
    names = [str(key) for key in range(keys)]
    for name in names:
        kinds = left.schema.field(name).type, right.schema.field(name).type
        if kinds[0] != kinds[1]:
            raise problem("DATA_TYPE", f"key {int(name) + 1} is {kinds[0]} on the left and {kinds[1]} on the right")
    ours, theirs = pl.DataFrame(left).with_row_index(_ROW), pl.DataFrame(right).with_row_index(_THEIRS)
    joined = _in_order(ours).join_asof(
        _in_order(theirs),
        on=_TIME,
        by=names or None,
        tolerance=within_ns,
        allow_exact_matches=equal,
        check_sortedness=False,
    )
    if joined.height == left.num_rows and joined[_ROW].is_sorted():
        return joined[_THEIRS].to_arrow()
    found = pl.Series(_THEIRS, [None], dtype=pl.UInt32).new_from_index(0, left.num_rows)
    return found.scatter(joined[_ROW], joined[_THEIRS]).to_arrow()


def _in_order(frame: Any) -> Any:
    """The rows that have a time and every key, by time; rows of one time stay as they were."""
    whole = frame.drop_nulls()
    return whole if whole[_TIME].is_sorted() else whole.sort(_TIME, maintain_order=True)


def _keyed(table: pa.Table, on: str, keys: Sequence[str]) -> pa.Table:
    """Its times as integers, and its keys in types in which equal ones are equal whichever library wrote them."""
    column = _column(table, on)
    if not pa.types.is_timestamp(column.type) and not pa.types.is_integer(column.type):
        raise problem("DATA_TYPE", f"column {on!r} is {column.type}, no time")
    try:
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ns", tz=column.type.tz))
        arrays = [column.cast(pa.int64())]
    except pa.ArrowInvalid as error:
        raise problem("DATA_TIME", f"column {on!r}: {error}") from None
    for key in keys:
        given = _column(table, key)
        kind = given.type.value_type if pa.types.is_dictionary(given.type) else given.type
        texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
        arrays.append(pc.cast(given, pa.large_string() if any(test(kind) for test in texts) else kind))
    return pa.table(arrays, names=[_TIME, *(str(number) for number in range(len(keys)))])


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise problem("DATA_MISSING_COLUMN", f"{name!r}{did_you_mean(name, table.column_names)}")
    return table.column(name)


def _table(data: Any) -> pa.Table:
    if isinstance(data, pa.Table):
        return data
    if hasattr(data, "__arrow_c_stream__"):
        return pa.table(data)
    raise problem("DATA_TYPE", f"{type(data).__name__} is no table of Arrow, Polars or pandas")
