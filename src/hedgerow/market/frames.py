"""Tables as people have them, recognised: one instrument's OHLCV, closes of many, long tables, two-level columns.

Promises that what is not understood is refused with the columns that were found. Never takes an adjusted close for the
close, and never fills a hole: in tables with a column for each instrument only the ends may be empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem
from hedgerow.market.bars import Bars
from hedgerow.market.columns import PRICES, Columns, date_and_clock, plain, recognise, shown
from hedgerow.market.reading import Reading
from hedgerow.market.table import Table, assemble
from hedgerow.market.times import Stamps, clock_texts, read_times

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
DEFAULT_SYMBOL = "ASSET"
"""Name of the instrument where neither the table nor the caller gives one."""


@dataclass(frozen=True)
class Origin:
    """Where a table came from: its name for people, the symbol it stands for, and the line of its first row, if any."""

    source: str = "the table"
    symbol: str = DEFAULT_SYMBOL
    line_first: int | None = None


def bars_from_frame(data: Any, reading: Reading, origin: Origin = Origin()) -> Bars:
    """What `Bars.from_frame` promises, for data from `origin`."""
    if isinstance(data, Mapping):
        parts = (
            bars_from_frame(
                frame, replace(reading, symbol=str(symbol)), replace(origin, source=f"the table of {symbol}")
            )
            for symbol, frame in data.items()
        )
        return Bars.joined(parts, source=origin.source)
    frame = _pandas(data)
    if frame.shape[0] == 0:
        raise problem("DATA_EMPTY", origin.source)
    bars = assemble(_table(frame, reading, origin), reading)
    return bars.select(reading.symbol) if reading.symbol and bars.symbols != (reading.symbol,) else bars


def _pandas(data: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series):
        return data.to_frame(data.name if data.name is not None else "close")
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        import pyarrow as pa

        converted: pd.DataFrame = pa.table(data).to_pandas()
        return converted
    raise problem("DATA_TYPE", f"{type(data).__name__} is not a DataFrame, an Arrow table or a dict of them")


def _table(frame: pd.DataFrame, reading: Reading, origin: Origin) -> Table:
    if frame.columns.nlevels == 2:
        return _two_levels(frame, reading, origin)
    if frame.columns.nlevels > 2:
        raise problem("DATA_COLUMNS", f"{origin.source} has {frame.columns.nlevels} levels of columns")
    frame = _flat_rows(frame)
    columns = recognise(frame.columns, reading.column_map, stamped=reading.stamped)
    times, columns = _times(frame, columns, reading, origin)
    if columns.get("close") is None and not (reading.adjusted and columns.get("adj_close") is not None):
        _refuse_without_close(columns, frame, origin)
        return _wide(frame, times, columns, reading, origin)
    rows = frame.shape[0]
    table = _new_table(times, columns, reading, origin)
    prices, volume = _ohlcv(frame, columns, reading, table)
    table.prices, table.volume = prices, volume
    symbol = columns.get("symbol")
    if symbol is not None:
        table.codes, table.symbols = _symbols(frame[symbol])
    else:
        only = reading.instruments[0].symbol if reading.instruments and len(reading.instruments) == 1 else None
        name = reading.symbol or only or origin.symbol
        if len(name.encode()) > 32:
            raise problem("CORE_SYMBOL", f"{name!r}, from the name of the file; say symbol='...'")
        table.codes, table.symbols = np.zeros(rows, dtype=np.int64), [name]
    if columns.get("ts_init") is not None:
        known = read_times(frame[columns.get("ts_init")], time_unit=reading.time_unit, tz=reading.tz)
        table.known_ns = known.utc_ns
    return table


def _new_table(times: Stamps, columns: Columns, reading: Reading, origin: Origin) -> Table:
    return Table(
        stamps=times,
        prices={},
        codes=np.zeros(0, dtype=np.int64),
        symbols=[],
        source=origin.source,
        line_first=origin.line_first,
        stamped_open_column=str(columns.get("time")) if columns.at_open else None,
    )


def _flat_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame indexed by time and symbol as one with columns of these names."""
    if frame.index.nlevels == 1:
        return frame
    levels = [frame.index.get_level_values(n) for n in range(frame.index.nlevels)]
    guesses = ["time" if level.dtype.kind == "M" else "symbol" for level in levels]
    named = zip(frame.index.names, guesses, strict=True)
    return frame.rename_axis(index=[str(name) if name is not None else guess for name, guess in named]).reset_index()


def _times(frame: pd.DataFrame, columns: Columns, reading: Reading, origin: Origin) -> tuple[Stamps, Columns]:
    """The times of a frame's rows, and the columns with the name of the one that held them."""
    import pandas as pd

    mapped = "time" in reading.column_map
    index = frame.index.to_timestamp() if isinstance(frame.index, pd.PeriodIndex) else frame.index
    column: pd.Series[Any] | None = None
    if isinstance(index, pd.DatetimeIndex) and not mapped:
        name = index.name if index.name is not None else "index"
        column = index.to_series(index=pd.RangeIndex(len(index)), name=name)
        columns = Columns(columns.names | {"time": name}, recognise([name], {}).at_open)
    elif (pair := _date_and_time(frame)) is not None and not mapped and not columns.at_open:
        column = pair
    elif columns.get("time") is not None:
        column = frame[columns.get("time")].reset_index(drop=True)
    elif not isinstance(index, pd.RangeIndex) and (
        not _is_number(index.to_series()) or recognise([index.name], {}).get("time")
    ):
        column = index.to_series(index=pd.RangeIndex(len(index)), name="index" if index.name is None else index.name)
        columns = Columns(columns.names, recognise([index.name], {}).at_open)
    else:
        unnamed = [
            name for name in frame.columns[:1] if plain(name) in ("", "unnamed_0") and not _is_number(frame[name])
        ]
        if not unnamed:
            raise problem("DATA_MISSING_COLUMN", f"a time in {origin.source}; found {shown(frame.columns)}")
        column = frame[unnamed[0]].reset_index(drop=True)
        columns = Columns(columns.names | {"time": unnamed[0]})
    return read_times(column, time_unit=reading.time_unit, tz=reading.tz), columns


def _date_and_time(frame: pd.DataFrame) -> pd.Series[Any] | None:
    """A column of dates and one of times of day as one, where a table parts them."""
    import pandas as pd

    pair = date_and_clock(frame.columns)
    if pair is None:
        return None
    clocks = clock_texts(frame[pair[1]].astype(str).tolist(), str(pair[1]))
    if clocks is None:
        return None
    days = frame[pair[0]].reset_index(drop=True)
    days = (
        days.dt.strftime("%Y-%m-%d") if days.dtype.kind == "M" else days.astype(str).str.replace(".", "-", regex=False)
    )
    return pd.Series([f"{day} {clock}" for day, clock in zip(days, clocks, strict=True)], name="date and time")


def _refuse_without_close(columns: Columns, frame: pd.DataFrame, origin: Origin) -> None:
    if columns.get("adj_close") is not None:
        name = columns.get("adj_close")
        raise problem("DATA_MISSING_COLUMN", f"close in {origin.source}; found {name!r}: say adjusted=True to use it")
    if sum(columns.get(word) is not None for word in ("open", "high", "low", "volume")) >= 3:
        raise problem("DATA_MISSING_COLUMN", f"close in {origin.source}; found {shown(frame.columns)}")


def _wide(frame: pd.DataFrame, times: Stamps, columns: Columns, reading: Reading, origin: Origin) -> Table:
    """Closes of many instruments, a column each."""
    skip = {columns.get("time"), columns.get("ts_init")}
    if columns.names.get("time") is not None:
        skip |= set(date_and_clock(frame.columns) or ())
    names = [name for name in frame.columns if name not in skip]
    texts = [name for name in names if not _is_number(frame[name])] if frame.columns.is_unique else []
    if not names or texts:
        raise problem("DATA_MISSING_COLUMN", f"close in {origin.source}; found {shown(frame.columns)}")
    if len({str(name) for name in names}) < len(names):
        raise problem("DATA_COLUMNS", f"two columns of {origin.source} have the same name: {shown(names)}")
    closes = np.column_stack([_floats(frame[name]) for name in names])
    symbols = [reading.symbol] if reading.symbol and len(names) == 1 else [str(name) for name in names]
    table = _new_table(times, columns, reading, origin)
    table.symbols = symbols
    return _melted(table, times, {"close": closes}, None)


def _two_levels(frame: pd.DataFrame, reading: Reading, origin: Origin) -> Table:
    """Columns named by price and symbol, in either order, as download tools give them."""
    words = [{plain(name) for name in frame.columns.get_level_values(level)} for level in (0, 1)]
    level = next((level for level in (0, 1) if words[level] & {"close", "adj_close"}), None)
    if level is None:
        raise problem("DATA_MISSING_COLUMN", f"close in {origin.source}; found {shown(frame.columns)}")
    symbols = list(dict.fromkeys(frame.columns.get_level_values(1 - level)))
    parts: dict[Any, Any] = {s: frame.xs(s, axis=1, level=1 - level) for s in symbols if str(s)}
    first = next(iter(parts.values()))
    columns = recognise(first.columns, reading.column_map, stamped=reading.stamped)
    times, columns = _times(first, columns, reading, origin)
    table = _new_table(times, columns, reading, origin)
    table.symbols = [str(symbol) for symbol in parts]
    priced = [_ohlcv(part, recognise(part.columns, reading.column_map), reading, table) for part in parts.values()]
    prices = {name: np.column_stack([found[0][name] for found in priced]) for name in priced[0][0]}
    volumes = [np.full(len(first), np.nan) if found[1] is None else found[1] for found in priced]
    return _melted(table, times, prices, np.column_stack(volumes))


def _melted(table: Table, times: Stamps, prices: dict[str, Floats], volumes: Floats | None) -> Table:
    """A row for each time and instrument, without those before an instrument's first and after its last price."""
    rows, columns = prices["close"].shape
    present = ~np.isnan(prices["close"])
    alive = np.logical_or.accumulate(present) & np.logical_or.accumulate(present[::-1])[::-1]
    keep = alive.T.ravel()
    number = np.tile(np.arange(rows), columns)[keep]
    table.prices = {name: column.T.ravel()[keep] for name, column in prices.items()}
    table.volume = None if volumes is None else volumes.T.ravel()[keep]
    table.codes = np.repeat(np.arange(columns), rows)[keep]
    table.row_numbers = number
    table.stamps = Stamps(times.utc_ns[number], times.wall_ns[number])
    absent = [table.symbols[n] for n in np.flatnonzero(~present.any(axis=0))]
    if absent:
        table.notes.append(f"no prices of {shown(absent)}")
    return table


def _ohlcv(
    frame: pd.DataFrame, columns: Columns, reading: Reading, table: Table
) -> tuple[dict[str, Floats], Floats | None]:
    """Prices by word, and volume if it is known, adjusted where that was asked for."""
    adjusted = {plain(name): name for name in frame.columns if plain(name).startswith("adj_")}
    if reading.adjusted and {f"adj_{word}" for word in PRICES} <= adjusted.keys():
        volume = adjusted.get("adj_volume", columns.get("volume"))
        prices = {word: _floats(frame[adjusted[f"adj_{word}"]]) for word in PRICES}
        return prices, None if volume is None else _floats(frame[volume])
    given = [word for word in PRICES if columns.get(word) is not None]
    if reading.adjusted and given == []:
        return {"close": _floats(frame[columns.get("adj_close")])}, None
    if 1 < len(given) < 4 or given not in (["close"], list(PRICES)):
        absent = [word for word in PRICES if word not in given]
        raise problem("DATA_MISSING_COLUMN", f"{' and '.join(absent)} in {table.source}; found {shown(frame.columns)}")
    prices = {word: _floats(frame[columns.get(word)]) for word in given}
    name = columns.get("adj_close")
    if reading.adjusted:
        if name is None:
            raise problem("DATA_MISSING_COLUMN", f"an adjusted close in {table.source}; found {shown(frame.columns)}")
        factor = _floats(frame[name]) / prices["close"]
        prices = {word: column * factor for word, column in prices.items()}
    elif (
        name is not None
        and (note := f"column {name!r} was not used; say adjusted=True to scale prices to it") not in table.notes
    ):
        table.notes.append(note)
    volume = columns.get("volume")
    return prices, None if volume is None else _floats(frame[volume])


def _symbols(column: pd.Series[Any]) -> tuple[npt.NDArray[np.int64], list[str]]:
    import pandas as pd

    codes, names = pd.factorize(column.to_numpy() if column.dtype.kind == "O" else column, sort=True)
    codes = np.where(codes == list(names).index(""), -1, codes) if "" in list(names) else codes
    if (codes < 0).any():
        row = int(np.argmax(codes < 0))
        raise problem("CORE_SYMBOL", f"row {row}, column {column.name!r}: {column.iloc[row]!r}")
    return codes.astype(np.int64), [str(name) for name in names]


def _is_number(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(column.dtype)) and not pd.api.types.is_bool_dtype(column.dtype)


def _floats(column: pd.Series[Any]) -> Floats:
    """A column as floats, not a number where it is empty; DATA-015 with the first row that is neither."""
    import pandas as pd

    if _is_number(column) and not pd.api.types.is_complex_dtype(column.dtype):
        return np.ascontiguousarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    numbers = (
        pd.to_numeric(column.astype(object), errors="coerce") if column.dtype.kind not in "bMmc" else column * np.nan
    )
    wrong = (
        (numbers.isna() & column.notna()).to_numpy()
        if column.dtype.kind not in "bMmc"
        else np.ones(len(column), dtype=bool)
    )
    if wrong.any():
        row = int(np.argmax(wrong))
        raise problem("DATA_TYPE", f"row {row}, column {column.name!r}: {column.iloc[row]!r} is not a number")
    return numbers.to_numpy(dtype=np.float64)
