"""Rows as the answer to a question, and the same in Arrow, Polars and pandas.

Promises that no door changes a value that it shows exactly, and that times are UTC to the nanosecond in all of them.
Never holds a row that was not asked for: what may be seen was decided before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hedgerow.core.errors import problem
from hedgerow.market.bars import Bars
from hedgerow.market.formats.rows import DECIMAL, SCHEMAS, TIME, Ints

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


@dataclass(frozen=True)
class Answer:
    """Rows, in whichever frame suits; anything that reads Arrow's stream interface reads it as it is.

    Prices and sizes of a catalog are decimals with eighteen places. `arrow()` gives them so; `polars()` and `pandas()`
    give the nearest floats, in which research computes, unless `exact=True`.

    >>> answer = Answer(pa.table({"price": pa.array(["0.10"]).cast(pa.decimal128(38, 18))}))
    >>> len(answer), answer.pandas().price[0], answer.arrow().column("price")[0].as_py().normalize()
    (1, np.float64(0.1), Decimal('0.1'))
    """

    table: pa.Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.table.column_names)

    def arrow(self, *, exact: bool = True) -> pa.Table:
        """An Arrow table."""
        return self.table if exact else floats(self.table)

    def polars(self, *, exact: bool = False) -> pl.DataFrame:
        """A Polars frame; CLI-003 where Polars is not installed."""
        try:
            import polars
        except ImportError:
            raise problem("CLI_MISSING", "polars; pip install 'hedgerow[frames]'") from None
        frame = polars.from_arrow(self.arrow(exact=exact))
        assert isinstance(frame, polars.DataFrame)
        return frame

    def pandas(self, *, exact: bool = False) -> pd.DataFrame:
        """A pandas frame; exact decimals are Python's `Decimal`, one object a cell."""
        frame: pd.DataFrame = self.arrow(exact=exact).to_pandas()
        return frame


def floats(table: pa.Table) -> pa.Table:
    """A table with the floats nearest to its decimals."""
    for place, entry in enumerate(table.schema):
        if pa.types.is_decimal(entry.type):
            table = table.set_column(place, entry.name, _nearest(table.column(place)))
    return table


def _nearest(column: pa.ChunkedArray) -> pa.Array:
    """Floats nearest to decimals: of a whole number of 53 bits over a power of ten, else by way of their digits.

    A direct cast would divide two rounded numbers, and may miss the nearest by one.
    """
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    for places in (9, 4, 0):
        try:
            units = pc.cast(whole, pa.decimal128(38, places))
        except pa.ArrowInvalid:  # it has more decimals
            break
        words = np.frombuffer(units.buffers()[1], dtype="<i8")[2 * units.offset : 2 * (units.offset + len(units))]
        low, high = words[::2], words[1::2]
        there = pc.is_valid(units).to_numpy(zero_copy_only=False)
        if ((high == low >> 63) & (np.abs(low) < 2**53) | ~there).all():
            return pa.array(low / 10.0**places, mask=~there)
    return pc.cast(pc.cast(whole, pa.string()), pa.float64())


def rows_of_bars(bars: Bars) -> pa.Table:
    """Bars as rows with exact prices (currency units) and volumes (units), in their order.

    >>> from hedgerow.market.instruments import Instrument
    >>> bars = Bars.from_arrays([1], close=[1050], instruments=Instrument("AAPL"), span=1)
    >>> rows_of_bars(bars).column("close")[0].as_py().normalize()
    Decimal('10.5')
    """
    ticks = np.array([instrument.tick_nano for instrument in bars.instruments], dtype=np.int64)[bars.instrument]
    lots = np.array([instrument.lot_nano for instrument in bars.instruments], dtype=np.int64)[bars.instrument]
    names = pa.DictionaryArray.from_arrays(pa.array(bars.instrument.astype(np.int32)), pa.array(bars.symbols))
    told: Mapping[str, Any] = {
        "ts_event": pa.array(bars.ts_event).cast(TIME),
        "ts_init": pa.array(bars.ts_init).cast(TIME),
        "instrument": names.cast(pa.string()),
        "record": pa.array(np.arange(len(bars))),
        **{name: decimals_of(getattr(bars, f"{name}_ticks"), ticks) for name in ("open", "high", "low", "close")},
        "volume": decimals_of(bars.volume_lots, lots),
        "span_ns": pa.array(bars.span_ns),
    }
    table = pa.table([told[name] for name in SCHEMAS["bars"].names], schema=SCHEMAS["bars"])
    unknown = pa.array(bars.volume_lots < 0)
    place = SCHEMAS["bars"].get_field_index("volume")
    volume = pc.if_else(unknown, pa.scalar(None, DECIMAL), table.column("volume"))
    return table.set_column(place, SCHEMAS["bars"].field("volume"), volume)


def decimals_of(counts: Ints, nano: Ints) -> pa.Array:
    """`counts` of units of `nano` billionths each, exactly."""
    largest = int(np.abs(counts).max(initial=0)) * int(nano.max(initial=1))
    if largest >= 2**63:  # more than nine billion: rare, so it may be slow
        from decimal import Decimal

        found = [Decimal(int(n) * int(size)).scaleb(-9) for n, size in zip(counts, nano, strict=True)]
        return pa.array(found, DECIMAL)
    low = counts * nano
    words = np.empty((low.size, 2), dtype="<i8")
    words[:, 0], words[:, 1] = low, low >> 63
    billionths = pa.Array.from_buffers(pa.decimal128(38, 9), low.size, [None, pa.py_buffer(words)])
    return billionths.cast(DECIMAL)
