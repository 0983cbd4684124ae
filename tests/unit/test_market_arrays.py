"""Bars from columns: zero copies, exact conversion, and every kind of bad row named."""

from __future__ import annotations

import numpy as np
import pytest

from hedgerow.core.errors import CoreError, DataError, HedgerowError
from hedgerow.market import Bars, Instrument

AAPL, MSFT = Instrument("AAPL"), Instrument("MSFT")
TIMES = np.array([10, 20, 30], dtype=np.int64)


def address(array) -> int:
    """Where a column lies in memory."""
    return array.__array_interface__["data"][0]


def bars_of(**columns):
    """Three sound bars of AAPL in ticks, with some columns replaced."""
    sound = {"open": [10, 11, 12], "high": [12, 13, 14], "low": [9, 10, 11], "close": [11, 12, 13], "volume": [5, 6, 7]}
    given = {name: np.array(column) for name, column in (sound | columns).items() if name in sound}
    others = {name: value for name, value in columns.items() if name not in sound}
    return Bars.from_arrays(others.pop("ts_event", TIMES), **given, **({"instruments": AAPL, "span": 10} | others))


def test_integer_columns_are_used_where_they_lie():
    """int64 ticks in order: every column keeps its address, and becomes read-only in the bars alone."""
    columns = {name: np.array([10, 11, 12], dtype=np.int64) for name in ("open", "high", "low", "close", "volume")}
    bars = Bars.from_arrays(TIMES, **columns, instruments=AAPL, span=10)
    for name in ("open", "high", "low", "close"):
        assert address(getattr(bars, f"{name}_ticks")) == address(columns[name])
    assert address(bars.volume_lots) == address(columns["volume"])
    assert address(bars.ts_event) == address(bars.ts_init) == address(TIMES)
    with pytest.raises(ValueError, match="read-only"):
        bars.close_ticks[0] = 1
    columns["close"][0] = 10  # the caller's own array stays writable


def test_arrow_columns_are_used_where_they_lie():
    """Arrow arrays without nulls, chunked or not, are not copied."""
    pa = pytest.importorskip("pyarrow")
    close = pa.array([10, 11, 12], type=pa.int64())
    for column in (close, pa.chunked_array([close])):
        bars = Bars.from_arrays(pa.array(TIMES), close=column, instruments=AAPL, span=10)
        assert address(bars.close_ticks) == close.buffers()[1].address


def test_a_close_only_bar_has_one_price():
    """Open, high and low are the close, and the very same memory."""
    bars = Bars.from_arrays(TIMES, close=np.array([10, 11, 12]), instruments=AAPL, span=10)
    assert bars.open_ticks is bars.close_ticks
    assert bars.volume_lots.tolist() == [-1, -1, -1]


def test_float_prices_become_exact_ticks():
    """0.07 is not a binary number, and is seven ticks."""
    bars = Bars.from_arrays(TIMES, close=[0.07, 0.29, 1.15], instruments=AAPL, span=10)
    assert bars.close_ticks.tolist() == [7, 29, 115]


def test_a_price_between_ticks_is_refused_with_its_row_unless_rounding_is_asked_for():
    """DATA-007 shows the value and the tick."""
    with pytest.raises(DataError, match=r"DATA-007 .*row 1 \(AAPL, ts_event 20\): close is 10\.005, tick 0\.01"):
        Bars.from_arrays(TIMES, close=[10.0, 10.005, 10.0], instruments=AAPL, span=10)
    rounded = Bars.from_arrays(TIMES, close=[10.0, 10.006, 10.0], instruments=AAPL, span=10, off_tick="round")
    assert rounded.close_ticks.tolist() == [1000, 1001, 1000]


def test_single_precision_prices_are_read_as_the_decimals_they_stand_for():
    """A vendor's float32 37.03 arrives as 37.029998779296875."""
    prices = np.array([37.03, 37.1, 38.86], dtype=np.float32).astype(np.float64)
    assert Bars.from_arrays(TIMES, close=prices, instruments=AAPL, span=10).close_ticks.tolist() == [3703, 3710, 3886]
    assert Bars.from_arrays(TIMES, close=prices, symbol="CALM").instruments[0].tick_nano == 10_000_000


@pytest.mark.parametrize(
    ("columns", "code", "says"),
    [
        (
            {"close": [11.0, np.nan, 13.0], "open": [11.0] * 3, "high": [13.0] * 3, "low": [9.0] * 3},
            "DATA-001",
            "row 1",
        ),
        ({"low": [9, 0, 11]}, "DATA-002", "row 1"),
        ({"low": [9, -4, 11]}, "DATA-002", "low -0.04"),
        ({"high": [12, 9, 14]}, "DATA-003", "row 1"),
        ({"low": [9, 12, 11]}, "DATA-003", "row 1"),
        ({"ts_event": np.array([10, 30, 20])}, "DATA-004", "row 2"),
        ({"ts_event": np.array([10, 20, 20])}, "DATA-005", "row 2"),
        ({"volume": [5, -2, 7]}, "DATA-011", "row 1"),
        ({"volume": [5.0, -2.0, 7.0]}, "DATA-011", "row 1"),
        ({"volume": [5.0, np.nan, 7.0]}, "DATA-011", "row 1"),
        ({"ts_init": np.array([10, 19, 30])}, "DATA-012", "row 1"),
        ({"span": np.array([10, 0, 10])}, "DATA-013", "row 1"),
        ({"close": ["a", "b", "c"]}, "DATA-015", "close"),
        ({"close": [1 + 2j, 1, 1]}, "DATA-015", "close"),
        ({"close": [11, 12]}, "DATA-015", "close has 2 rows"),
        ({"close": [11.0, 12.0, 13.0]}, "DATA-015", "is not"),
        ({"volume": [5.0, 1e30, 7.0]}, "DATA-016", "row 1"),
        ({"close": np.array([11, 12, 2**63 + 1], dtype=np.uint64)}, "DATA-016", "row 2"),
        ({"ts_event": np.array(["2020-01-01", "NaT", "2020-01-03"], dtype="datetime64[ns]")}, "DATA-013", "row 1"),
    ],
)
def test_a_bad_column_is_a_named_error_with_its_row(columns, code, says):
    """Code, row and value; nothing is built."""
    with pytest.raises(HedgerowError) as caught:
        bars_of(**columns)
    assert caught.value.code == code
    assert says in str(caught.value)


def test_no_rows_is_a_named_error():
    """For ticks and for prices."""
    for close in (np.array([], dtype=np.int64), np.array([], dtype=np.float64)):
        with pytest.raises(DataError) as caught:
            Bars.from_arrays(np.array([], dtype=np.int64), close=close, instruments=AAPL, span=1)
        assert caught.value.code == "DATA-009"


def test_some_but_not_all_of_open_high_and_low_is_a_named_error():
    """A high without a low is not a bar, and is not completed."""
    with pytest.raises(DataError, match=r"DATA-008 .*open, low"):
        Bars.from_arrays(TIMES, close=[1, 1, 1], high=[1, 1, 1], instruments=AAPL, span=1)


def test_nulls_of_arrow_are_refused():
    """They would otherwise become floats, and ticks prices."""
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match="1 nulls"):
        Bars.from_arrays(TIMES, close=pa.array([10, None, 12]), instruments=AAPL, span=10)


def test_unknown_instruments_are_named_with_a_suggestion():
    """By index and by symbol."""
    two = {"instruments": [AAPL, MSFT], "span": 10}
    with pytest.raises(CoreError, match=r"CORE-007 .*row 2: index 2 of 2"):
        Bars.from_arrays(TIMES, close=[1, 1, 1], instrument=[0, 1, 2], **two)
    with pytest.raises(CoreError, match=r"CORE-007 .*row 1: 'APPL'; did you mean 'AAPL'"):
        Bars.from_arrays(TIMES, close=[1, 1, 1], instrument=["AAPL", "APPL", "MSFT"], **two)
    with pytest.raises(DataError, match="DATA-008"):
        Bars.from_arrays(TIMES, close=[1, 1, 1], **two)


def test_the_same_instrument_twice_is_refused():
    """Two indices for one symbol would hide positions from limits."""
    with pytest.raises(DataError, match="'AAPL' is defined more than once"):
        Bars.from_arrays([1, 2], close=[1, 1], instrument=[0, 1], instruments=[AAPL, AAPL], span=1)


def test_rows_grouped_by_instrument_are_put_in_order_of_time():
    """Rows of one instrument must rise; how instruments are interleaved is free."""
    bars = Bars.from_arrays(
        [10, 20, 10, 20],
        close=[1, 2, 3, 4],
        instrument=["MSFT", "MSFT", "AAPL", "AAPL"],
        instruments=[AAPL, MSFT],
        span=10,
    )
    assert bars.ts_event.tolist() == [10, 10, 20, 20]
    assert bars.instrument.tolist() == [0, 1, 0, 1]
    assert bars.close_ticks.tolist() == [3, 1, 4, 2]
    assert bars.n_times == 2


def test_unsorted_rows_inside_one_of_many_instruments_are_found():
    """The row number is that of the input."""
    with pytest.raises(DataError, match=r"DATA-004 .*row 3 \(MSFT"):
        Bars.from_arrays(
            [10, 20, 20, 10], close=[1, 1, 1, 1], instrument=[0, 0, 1, 1], instruments=[AAPL, MSFT], span=1
        )


def test_without_an_instrument_the_tick_follows_from_float_prices_only():
    """Integers are ticks, and ticks of nothing mean nothing."""
    bars = Bars.from_arrays(TIMES, close=[1.08225, 1.0823, 1.0824], symbol="EURUSD")
    assert (bars.symbols, str(bars.instruments[0].tick)) == (("EURUSD",), "0.00001")
    assert bars.span_ns.tolist() == [10, 10, 10]
    with pytest.raises(DataError, match="DATA-015"):
        Bars.from_arrays(TIMES, close=[1, 2, 3])


def test_the_length_of_a_single_bar_must_be_told():
    """One time has no step to infer it from."""
    with pytest.raises(DataError, match=r"DATA-013 .*span"):
        Bars.from_arrays([10], close=[1], instruments=AAPL)


def test_all_kinds_of_fault_are_listed_with_counts():
    """One reading of the message is enough to repair the source."""
    with pytest.raises(DataError) as caught:
        Bars.from_arrays(TIMES, close=[np.nan, -1.0, 10.005], instruments=AAPL, span=10)
    text = str(caught.value)
    assert text.startswith("DATA-001")
    assert "DATA-002 in 1 row, row 1" in text
    assert "DATA-007 in 1 row, row 2" in text
