"""Data doors of a run: every shape in which people have prices gives the same run, and arrays go in as they lie."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from hedgerow import Bars, Costs, HedgerowError, Instrument, backtest
from hedgerow.engine.run_data import RunData
from hedgerow.engine.vectors import from_signals, from_weights

DAYS = pd.bdate_range("2024-01-01", periods=30)
RANDOM = np.random.default_rng(2)
CLOSE = np.round(40 * np.exp(np.cumsum(RANDOM.normal(0, 0.02, 30))), 2)
OHLCV = pd.DataFrame(
    {
        "Open": np.round(np.r_[CLOSE[0], CLOSE[:-1]], 2),
        "High": np.round(np.maximum(CLOSE, np.r_[CLOSE[0], CLOSE[:-1]]) + 0.3, 2),
        "Low": np.round(np.minimum(CLOSE, np.r_[CLOSE[0], CLOSE[:-1]]) - 0.3, 2),
        "Close": CLOSE,
        "Volume": RANDOM.integers(10_000, 90_000, 30),
    },
    index=DAYS.rename("Date"),
)
SIGNALS = (np.arange(30) // 4 % 2).astype(np.int8)


def doors(folder: Path) -> dict[str, Any]:
    """The same thirty days in every shape."""
    OHLCV.to_csv(folder / "XYZ.csv")
    OHLCV.to_parquet(folder / "XYZ.parquet")
    long = OHLCV.reset_index().assign(symbol="XYZ")
    return {
        "frame": OHLCV,
        "long frame": long,
        "lower case": OHLCV.rename(columns=str.lower),
        "arrow table": pa.Table.from_pandas(OHLCV.reset_index()),
        "dict of frames": {"XYZ": OHLCV},
        "two-level columns": pd.concat({"XYZ": OHLCV}, axis=1),
        "csv path": folder / "XYZ.csv",
        "parquet path as text": str(folder / "XYZ.parquet"),
        "Bars": Bars.from_frame(OHLCV),
        "arrays": Bars.from_arrays(
            (DAYS + pd.Timedelta(days=1)).to_numpy(),
            open=OHLCV["Open"].to_numpy(),
            high=OHLCV["High"].to_numpy(),
            low=OHLCV["Low"].to_numpy(),
            close=OHLCV["Close"].to_numpy(),
            volume=OHLCV["Volume"].to_numpy(),
            span="1d",
        ),
    }


@pytest.mark.parametrize(
    "door",
    [
        "frame",
        "long frame",
        "lower case",
        "arrow table",
        "dict of frames",
        "two-level columns",
        "csv path",
        "parquet path as text",
        "Bars",
        "arrays",
    ],
)
def test_every_door_leads_to_the_same_run(door: str, tmp_path: Path) -> None:
    """Fills, fees and equity are those of the plain frame."""
    expected = backtest(OHLCV, signals=SIGNALS, size=10)
    result = backtest(doors(tmp_path)[door], signals=SIGNALS, size=10)
    columns = ["ts", "side", "quantity", "price", "fee"]
    pd.testing.assert_frame_equal(result.fills[columns], expected.fills[columns])
    pd.testing.assert_frame_equal(result.equity, expected.equity)


def test_closes_alone_run_too() -> None:
    """A Series, a frame of closes, and closes as arrays."""
    series = OHLCV["Close"].rename("XYZ")
    expected = backtest(series, signals=SIGNALS).final_nav
    assert backtest(series.to_frame(), signals=SIGNALS).final_nav == expected


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (OHLCV.iloc[:0], r"DATA-009"),
        (OHLCV.drop(columns="Close"), r"DATA-008.*close"),
        (OHLCV.assign(Close=np.nan), r"DATA-001.*row 0"),
        (OHLCV.assign(Close=-1.0), r"DATA-002.*row 0"),
        (OHLCV.assign(High=1.0), r"DATA-003.*row 0"),
        (OHLCV.iloc[::-1], r"DATA-004"),
        (pd.concat([OHLCV, OHLCV.iloc[[-1]]]), r"DATA-00[45]"),
        (None, r"DATA-015"),
        (42, r"DATA-015"),
        ("nowhere.csv", r"DATA-014"),
    ],
)
def test_data_that_cannot_be_believed_are_refused_before_anything_is_written(
    data: Any, says: str, tmp_path: Path
) -> None:
    """With the row and the remedy, and no journal begun."""
    with pytest.raises(HedgerowError, match=says):
        backtest(data, signals=SIGNALS, log=tmp_path / "log")
    assert list(tmp_path.iterdir()) == []


def columns(rows: int) -> dict[str, Any]:
    """Minute bars in exact integers, as an exchange's files hold them."""
    ticks = 10_000 + np.cumsum(np.random.default_rng(1).integers(-3, 4, rows))
    return {
        "ts_event": np.arange(1, rows + 1, dtype=np.int64) * 60 * 10**9,
        "open": ticks - 1,
        "high": ticks + 5,
        "low": ticks - 5,
        "close": ticks,
        "volume": np.full(rows, 1_000, dtype=np.int64),
    }


def test_exact_columns_reach_the_engine_as_they_lie() -> None:
    """int64 ticks, lots and times of the caller are the very memory that the core reads; so are signals and weights."""
    given = columns(1_000)
    data = RunData(Bars.from_arrays(given.pop("ts_event"), **given, instruments=Instrument("XYZ"), span="1min"))
    for place, name in ((3, "open"), (4, "high"), (5, "low"), (6, "close"), (7, "volume")):
        assert np.shares_memory(data.columns[place], given[name]), name
    signals, flags, weights = np.ones(1_000, dtype=np.int8), np.ones(1_000, dtype=bool), np.ones(1_000)
    assert np.shares_memory(from_signals(data, signals, 1.0).values, signals)
    assert np.shares_memory(from_signals(data, flags, 1.0).values, flags)
    assert np.shares_memory(from_weights(data, weights).values, weights)


def test_an_arrow_column_reaches_the_engine_as_it_lies() -> None:
    """No copy on the way from an Arrow table's chunk."""
    given = columns(1_000)
    table = pa.table({name: pa.array(column) for name, column in given.items()})
    bars = Bars.from_arrays(
        table["ts_event"], **{n: table[n] for n in given if n != "ts_event"}, instruments=Instrument("XYZ"), span="1min"
    )
    address = table["close"].chunk(0).buffers()[1].address
    assert bars.close_ticks.ctypes.data == address


def test_a_million_rows_are_not_a_million_objects() -> None:
    """Python's own memory grows by columns, not by rows: far less than one object a row."""
    given = columns(1_000_000)
    signals = (np.arange(1_000_000) // 5_000 % 2).astype(np.int8)
    tracemalloc.start()
    bars = Bars.from_arrays(given.pop("ts_event"), **given, instruments=Instrument("XYZ"), span="1min")
    result = backtest(bars, signals=signals, size=10, costs=Costs.none())
    snapshot = tracemalloc.take_snapshot()
    tracemalloc.stop()
    assert sum(trace.count for trace in snapshot.statistics("filename")) < 100_000
    assert len(result.fills) == 199
    assert len(result.equity) == 1_000_001


def test_what_the_caller_gave_is_not_changed() -> None:
    """Columns stay writable and keep their values."""
    given = columns(500)
    kept = {name: column.copy() for name, column in given.items()}
    bars = Bars.from_arrays(
        given["ts_event"],
        **{n: c for n, c in given.items() if n != "ts_event"},
        instruments=Instrument("XYZ"),
        span="1min",
    )
    backtest(bars, signals=np.ones(500, dtype=np.int8))
    for name, column in given.items():
        assert column.flags.writeable
        assert (column == kept[name]).all()
