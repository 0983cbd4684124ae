"""Rows of market data, whatever file they came from: one Arrow schema for each kind, exact decimals, two times.

Promises that a price or size written as text or in fixed point keeps every digit it has, up to eighteen decimals; that
each row bears the number of the record it came from; and that a value which is no number is named with its record.
Never rounds silently: what has more digits is counted in `notes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import problem

Ints: TypeAlias = npt.NDArray[np.int64]

DECIMAL = pa.decimal128(38, 18)
"""Prices and sizes: twenty digits before the point, eighteen behind it."""
DECIMALS = 18
TIME = pa.timestamp("ns", tz="UTC")
LARGEST = 1e19
_SHOWN = 60
"""Signs of a wrong value that an error repeats."""

_HEAD = (("ts_event", TIME), ("ts_init", TIME), ("instrument", pa.string()), ("record", pa.int64()))
_FIELDS: dict[str, tuple[tuple[str, pa.DataType], ...]] = {
    "bars": (*((name, DECIMAL) for name in ("open", "high", "low", "close", "volume")), ("span_ns", pa.int64())),
    "quotes": tuple((name, DECIMAL) for name in ("bid", "bid_size", "ask", "ask_size")),
    "trades": (
        ("price", DECIMAL),
        ("size", DECIMAL),
        ("side", pa.string()),
        ("trade_id", pa.string()),
        ("how", pa.string()),
    ),
    "phases": (("phase", pa.string()), ("reason", pa.string())),
    "imbalances": (
        ("auction", pa.string()),
        ("side", pa.string()),
        *((name, DECIMAL) for name in ("paired", "imbalance", "reference_price", "near_price", "far_price")),
    ),
    "depth": (
        ("side", pa.string()),
        ("price", DECIMAL),
        ("size", DECIMAL),
        ("snapshot", pa.bool_()),
        ("sequence", pa.int64()),
    ),
    "orders": (
        ("action", pa.string()),
        ("order_id", pa.string()),
        ("side", pa.string()),
        ("price", DECIMAL),
        ("size", DECIMAL),
        ("sequence", pa.int64()),
    ),
    "options": (
        ("underlying", pa.string()),
        ("expiry", TIME),
        ("strike", DECIMAL),
        ("right", pa.string()),
        *((name, DECIMAL) for name in ("bid", "bid_size", "ask", "ask_size", "last", "volume", "open_interest")),
        *((name, pa.float64()) for name in ("iv", "bid_iv", "ask_iv", "delta", "gamma", "vega", "theta", "rho")),
        ("underlying_price", DECIMAL),
        ("mark", DECIMAL),
    ),
    "series": (("value", pa.float64()), ("written", pa.string())),
    "news": (("title", pa.string()), ("content", pa.string())),
    "actions": (("action", pa.string()), ("value", DECIMAL), ("detail", pa.string())),
    "universe": (("member_from", TIME), ("member_to", TIME), ("universe", pa.string())),
    "reference": (("content", pa.string()),),
    "messages": (("type", pa.string()), ("content", pa.string())),
}
KINDS = tuple(_FIELDS)
"""What rows can be. `how` a trade came about is `hidden`, `opening`, `closing` or `auction`, and absent where it
traded as it came; an `auction` of imbalances is one of the last three. `written` of a series is the value as its
source has it; `content` elsewhere is JSON or text."""
SCHEMAS = {kind: pa.schema([pa.field(*name) for name in (*_HEAD, *fields)]) for kind, fields in _FIELDS.items()}


@dataclass(frozen=True)
class Rows:
    """Rows of one kind, in the order of their source.

    table: in `SCHEMAS[kind]`. records: how many records of the source they stand for. first_ns, last_ns: the earliest
    and latest time that labels a record in the source, UTC; None where records have no times. notes: what a reader
    should know of how they were read.
    """

    kind: str
    table: pa.Table
    records: int
    first_ns: int | None = None
    last_ns: int | None = None
    notes: tuple[str, ...] = ()


def rows(
    kind: str, columns: dict[str, Any], *, records: int | None = None, label: Any = None, notes: Iterable[str] = ()
) -> Rows:
    """Rows of a kind from columns by name; those not given are empty. Text in a column of decimals is read exactly.

    columns: `ts_event` (int64 ns or Arrow) and what the kind has; `ts_init` is `ts_event` where it is not given.
    label: the times that label the records in the source, where they are not `ts_event`.
    """
    said = list(notes)
    size = len(columns["record"])
    columns = {"ts_init": columns.get("ts_event"), **columns}
    arrays = []
    for entry in SCHEMAS[kind]:
        given = columns.get(entry.name)
        arrays.append(_array(given, entry, size, columns["record"], said))
    table = pa.Table.from_arrays(arrays, schema=SCHEMAS[kind])
    first, last = _extent(table.column("ts_event") if label is None else times(label))
    return Rows(kind, table, size if records is None else records, first, last, tuple(dict.fromkeys(said)))


def times(values: Any) -> pa.Array:
    """Nanoseconds of UTC as Arrow times; None stays empty."""
    if isinstance(values, pa.Array | pa.ChunkedArray) and pa.types.is_timestamp(values.type):
        return values.cast(TIME)
    return pa.array(values, type=pa.int64()).cast(TIME)


def decimals(values: Any, what: str, records: Any, said: list[str]) -> pa.Array:
    """A column of numbers or texts as exact decimals; empty text is absent.

    Raises DATA-015 for what is no number and DATA-016 for what has more than nineteen digits before the point.
    """
    if isinstance(values, pa.Array | pa.ChunkedArray) and values.type == DECIMAL:
        return values
    written = blank(pc.utf8_trim_whitespace(texts(values)))
    try:
        largest = pc.max(pc.abs(pc.cast(written, pa.float64()))).as_py()
    except pa.ArrowInvalid:
        raise _no_number(written, what, records) from None
    if largest is not None and not largest < LARGEST:
        row = int(np.argmax(np.abs(np.nan_to_num(pc.cast(written, pa.float64()).to_numpy(zero_copy_only=False)))))
        code = "DATA_OVERFLOW" if largest == largest and largest != float("inf") else "DATA_NAN"
        raise problem(code, f"record {_at(records, row)}: {what} is {str(written[row])[:_SHOWN]}")
    try:
        return pc.cast(written, DECIMAL)
    except pa.ArrowInvalid:
        return _rounded(written, what, records, said)


def whole(column: Any, digits: int, records: Any, what: str = "price") -> pa.Array:
    """Whole numbers of 10^-digits, as text, as exact decimals; empty text is absent. DATA-015 names the first other.

    >>> whole(pa.array(["5859400", ""]), 4, [0, 1]).to_pylist()
    [Decimal('585.940000000000000000'), None]
    """
    written = blank(texts(column))
    bad = pc.invert(pc.match_substring_regex(written, r"^-?\d{1,15}$")).fill_null(False)
    if pc.any(bad).as_py():
        row = bad.index(True).as_py()
        raise problem("DATA_TYPE", f"record {_at(records, row)}: {what} is {str(written[row])[:_SHOWN]!r}, "
                                   f"no whole number of 10^-{digits}")  # fmt: skip
    return pc.cast(pc.binary_join_element_wise(written, f"e-{digits}", ""), DECIMAL)


_ABSENT = pa.array(["", ".", "na", "n/a", "nan", "none", "null"])


def blank(written: pa.Array) -> pa.Array:
    """Texts of numbers with cells that say nothing made absent: the one rule for every format.

    >>> blank(pa.array(["1", "NULL", "NA", "n/a", "NaN", ".", " ", "-"])).to_pylist()
    ['1', None, None, None, None, None, None, '-']
    """
    plainly = pc.utf8_lower(pc.utf8_trim_whitespace(written))
    return pc.if_else(pc.is_in(plainly, _ABSENT), pa.scalar(None, pa.string()), written)


def texts(values: Any) -> pa.Array:
    """A column as text: numbers in their shortest form that reads back the same."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not isinstance(values, pa.Array):
        try:
            return pa.array(values, pa.string())
        except (pa.ArrowTypeError, pa.ArrowInvalid):
            return pa.array([None if value is None else str(value) for value in values], pa.string())
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    return values.cast(pa.string())


def _rounded(written: pa.Array, what: str, records: Any, said: list[str]) -> pa.Array:
    """Decimals of texts of which some have more than eighteen decimals: those are rounded, and counted."""
    from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext

    step, count = Decimal(1).scaleb(-DECIMALS), 0
    found: list[Decimal | None] = []
    with localcontext() as context:
        context.prec = 60
        for row, text in enumerate(written.to_pylist()):
            if text is None:
                found.append(None)
                continue
            try:
                exact = Decimal(text)
                near = exact.quantize(step, ROUND_HALF_EVEN)
            except InvalidOperation:
                raise problem("DATA_TYPE", f"record {_at(records, row)}: {what} is {text!r}, no number") from None
            count += near != exact
            found.append(near)
    said.append(f"{what}: {count} values have more than {DECIMALS} decimals and were rounded to them")
    return pa.array(found, DECIMAL)


def _no_number(written: pa.Array, what: str, records: Any) -> Exception:
    for row, text in enumerate(written.to_pylist()):
        try:
            pc.cast(pa.scalar(text, pa.string()), pa.float64())
        except pa.ArrowInvalid:
            return problem("DATA_TYPE", f"record {_at(records, row)}: {what} is {text[:_SHOWN]!r}, no number")
    return problem("DATA_TYPE", f"{what} holds what is no number")


def _at(records: Any, row: int) -> int:
    found = records[row]
    return int(found.as_py() if hasattr(found, "as_py") else found)


def _array(given: Any, entry: pa.Field, size: int, records: Any, said: list[str]) -> pa.Array:
    if given is None:
        return pa.nulls(size, entry.type)
    if isinstance(given, str | bool | int):
        return pa.repeat(pa.scalar(given, entry.type), size)
    if entry.type == DECIMAL:
        return decimals(given, entry.name, records, said)
    if entry.type == pa.float64():
        return floats(given, entry.name, records)
    if entry.type == pa.string() and not isinstance(given, pa.Array | pa.ChunkedArray):
        return texts(given)
    try:
        if entry.type == TIME:
            return times(given)
        return given.cast(entry.type) if hasattr(given, "cast") else pa.array(given, entry.type)
    except (pa.ArrowException, OverflowError):
        raise _no_value(given, entry, records) from None


def _no_value(given: Any, entry: pa.Field, records: Any) -> Exception:
    """The first of a column that cannot be what it should."""
    code, kind = ("DATA_TIME", pa.int64()) if entry.type == TIME else ("DATA_TYPE", entry.type)
    for row, value in enumerate(given.to_pylist() if hasattr(given, "to_pylist") else given):
        try:
            pa.array([value], kind)
        except (pa.ArrowException, OverflowError):
            told = f"record {_at(records, row)}: {entry.name} is {str(value)[:_SHOWN]!r}, no {entry.type}"
            return problem(code, told)
    return problem(code, f"{entry.name} holds what is no {entry.type}")


def floats(given: Any, what: str, records: Any) -> pa.Array:
    """A column of numbers or texts as floats; empty text is absent. DATA-015 names the first that is no number."""
    if isinstance(given, pa.Array | pa.ChunkedArray) and pa.types.is_floating(given.type):
        return given.cast(pa.float64())
    written = blank(pc.utf8_trim_whitespace(texts(given)))
    try:
        return pc.cast(written, pa.float64())
    except pa.ArrowInvalid:
        raise _no_number(written, what, records) from None


def _extent(column: Any) -> tuple[int | None, int | None]:
    ends = pc.min_max(column).as_py() if len(column) else {"min": None, "max": None}
    if ends["min"] is None:
        return None, None
    low, high = (pc.min_max(column)[end].cast(pa.int64()).as_py() for end in ("min", "max"))
    return low, high


@dataclass
class Gathering:
    """Rows of one kind gathered one by one, until there are enough for a table.

    >>> trades = Gathering("trades")
    >>> trades.add(record=1, ts_event=5, instrument="BTCUSDT", price="61837.63", size="0.02", side="sell")
    >>> trades.rows().table.column("price")[0].as_py()
    Decimal('61837.630000000000000000')
    """

    kind: str
    _rows: list[tuple[Any, Any, Any, Any, dict[str, Any]]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._rows)

    def add(
        self, *, record: int, ts_event: int | None = None, ts_init: int | None = None, instrument: Any, **given: Any
    ) -> None:
        """One row; what is not given is empty, and `ts_init` is `ts_event`."""
        self._rows.append((record, ts_event, ts_event if ts_init is None else ts_init, instrument, given))

    def rows(self, records: int | None = None, notes: Sequence[str] = ()) -> Rows:
        """What was gathered; gathering begins anew."""
        taken, self._rows = self._rows, []
        heads = zip(*(row[:4] for row in taken), strict=True) if taken else ((), (), (), ())
        columns = dict(zip(("record", "ts_event", "ts_init", "instrument"), map(list, heads), strict=True))
        names = SCHEMAS[self.kind].names[len(_HEAD) :]
        columns |= {name: [row[4].get(name) for row in taken] for name in names}
        return rows(self.kind, columns, records=records, notes=notes)
