"""Tables as people have them: what is recognised, what is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from hedgerow.core.errors import CoreError, DataError, HedgerowError, RunError
from hedgerow.market import Bars, Instrument

DAYS = pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-06"])
DAY_NS = 86_400 * 10**9


def ohlcv(**columns) -> pd.DataFrame:
    """Three sound daily bars with some columns replaced or, where None, removed."""
    sound = {
        "Open": [10.0, 10.5, 11.0],
        "High": [10.6, 11.0, 11.5],
        "Low": [9.9, 10.4, 10.9],
        "Close": [10.5, 10.9, 11.2],
        "Volume": [100, 200, 300],
    }
    return pd.DataFrame({k: v for k, v in (sound | columns).items() if v is not None}, index=DAYS)


def minutes(**columns) -> pd.DataFrame:
    """The same bars a minute apart."""
    return ohlcv(**columns).set_axis(pd.date_range("2020-01-02 09:30", periods=3, freq="min"))


def test_ohlcv_with_a_time_index_is_one_instrument():
    """Column names in any case; the symbol is the caller's."""
    bars = Bars.from_frame(ohlcv(), symbol="AAPL")
    assert bars.symbols == ("AAPL",)
    assert bars.high_ticks.tolist() == [1060, 1100, 1150]
    assert bars.volume_lots.tolist() == [100, 200, 300]
    assert Bars.from_frame(ohlcv()).symbols == ("ASSET",)


@pytest.mark.parametrize(
    "renamed",
    [
        {"Open": "<OPEN>", "High": "<HIGH>", "Low": "<LOW>", "Close": "<CLOSE>", "Volume": "<VOL>"},
        {"Open": "1. open", "High": "2. high", "Low": "3. low", "Close": "4. close", "Volume": "5. volume"},
        {"Open": "o", "High": "h", "Low": "l", "Close": "c", "Volume": "v"},
        {"Close": "Close/Last"},
        {"Close": "PX_LAST"},
    ],
)
def test_vendors_names_are_understood(renamed):
    """Punctuation, numbers and case do not matter."""
    assert Bars.from_frame(ohlcv().rename(columns=renamed)).digest() == Bars.from_frame(ohlcv()).digest()


@pytest.mark.parametrize("name", ["Date", "date", "timestamp", "Datetime", "Date Time", "ts", "time", "index"])
def test_the_time_may_be_a_column(name):
    """Common names of time."""
    frame = ohlcv().rename_axis(name).reset_index()
    assert Bars.from_frame(frame).digest() == Bars.from_frame(ohlcv()).digest()


def test_a_date_and_a_time_column_are_one_time():
    """As terminals export them."""
    frame = minutes().reset_index(names="when")
    split = frame.assign(
        **{"<DATE>": frame["when"].dt.strftime("%Y.%m.%d"), "<TIME>": frame["when"].dt.strftime("%H:%M:%S")}
    )
    bars = Bars.from_frame(split.drop(columns="when"))
    assert bars.digest() == Bars.from_frame(minutes()).digest()


def test_a_column_for_each_symbol_is_closes():
    """Prices missing before a listing and after a delisting are absence."""
    frame = pd.DataFrame({"OLD": [10.0, 11.0, np.nan], "NEW": [np.nan, 5.0, 6.0], "LOW": [1.0, 2.0, 3.0]}, index=DAYS)
    bars = Bars.from_frame(frame)
    assert bars.symbols == ("OLD", "NEW", "LOW")
    assert len(bars) == 7
    pd.testing.assert_frame_equal(bars.close_frame().reset_index(drop=True), frame.reset_index(drop=True))


def test_a_hole_between_two_prices_is_an_error_unless_it_is_to_be_dropped():
    """Nothing is filled."""
    frame = pd.DataFrame({"A": [1.0, np.nan, 3.0], "B": [1.0, 2.0, 3.0]}, index=DAYS)
    with pytest.raises(DataError, match=r"DATA-001 .*row 1 .*\(A 2020-01-03\).*missing='drop'"):
        Bars.from_frame(frame)
    bars = Bars.from_frame(frame, missing="drop")
    assert len(bars) == 5
    assert bars.notes == ("1 rows without a price were dropped",)


def test_a_long_table_has_a_symbol_column():
    """Instruments are indexed by symbol in order of the alphabet, whatever the order of rows."""
    frame = pd.DataFrame(
        {"date": [*DAYS, *DAYS], "Ticker": ["B"] * 3 + ["A"] * 3, "close": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}
    )
    by_time = frame.sort_values("date", kind="stable")
    bars = Bars.from_frame(frame)
    assert bars.symbols == ("A", "B")
    assert bars.close_ticks.tolist() == [400, 100, 500, 200, 600, 300]
    assert Bars.from_frame(by_time).digest() == bars.digest()
    assert Bars.from_frame(frame.set_index(["date", "Ticker"])).digest() == bars.digest()
    assert Bars.from_frame(frame.assign(Ticker=frame["Ticker"].astype("category"))).digest() == bars.digest()
    assert Bars.from_frame(frame, symbol="B").symbols == ("B",)


def test_two_levels_of_columns_are_understood_in_either_order():
    """As download tools give several tickers."""
    frame = pd.concat({"A": ohlcv(), "B": ohlcv(Volume=[1, 2, 3])}, axis=1)
    bars = Bars.from_frame(frame)
    assert bars.symbols == ("A", "B")
    assert Bars.from_frame(frame.swaplevel(axis=1)).digest() == bars.digest()
    assert Bars.from_frame({"A": ohlcv(), "B": ohlcv(Volume=[1, 2, 3])}).digest() == bars.digest()


def test_arrow_tables_and_series_are_understood():
    """Through the Arrow interface, which polars frames have too."""
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pandas(ohlcv().rename_axis("date").reset_index())
    assert Bars.from_frame(table).digest() == Bars.from_frame(ohlcv()).digest()
    assert Bars.from_frame(table.to_batches()[0]).digest() == Bars.from_frame(ohlcv()).digest()
    assert Bars.from_frame(ohlcv()["Close"].rename("AAPL")).symbols == ("AAPL",)
    assert Bars.from_frame(ohlcv()["Close"].rename(None)).symbols == ("ASSET",)
    with pytest.raises(DataError, match=r"DATA-015 .*list"):
        Bars.from_frame([1, 2, 3])


def test_an_adjusted_close_is_never_taken_silently():
    """It is noted, used where asked for, and refused where it is all there is."""
    frame = ohlcv(**{"Adj Close": [5.25, 5.45, 5.6]})
    bars = Bars.from_frame(frame)
    assert bars.close_ticks.tolist() == [1050, 1090, 1120]
    assert "adjusted=True" in bars.notes[0]
    adjusted = Bars.from_frame(frame, adjusted=True)
    assert adjusted.close_frame().iloc[:, 0].tolist() == [5.25, 5.45, 5.6]
    assert adjusted.prices("open").tolist() == [5.0, 5.25, 5.5]
    only = ohlcv(**dict.fromkeys(("Open", "High", "Low", "Close")), **{"Adj Close": [5.25, 5.45, 5.6]})
    with pytest.raises(DataError, match=r"DATA-008 .*'Adj Close': say adjusted=True"):
        Bars.from_frame(only)
    assert Bars.from_frame(only, adjusted=True).close_ticks.tolist() == [525, 545, 560]
    with pytest.raises(DataError, match=r"DATA-008 .*adjusted close"):
        Bars.from_frame(ohlcv(), adjusted=True)


def test_dates_label_sessions_that_close_at_the_midnight_ending_them():
    """Unless the caller knows the hour: 16:00 in New York is 21:00 UTC in winter."""
    bars = Bars.from_frame(ohlcv())
    assert bars.ts_event[0] == pd.Timestamp("2020-01-03", tz="UTC").value
    assert bars.session_dates().astype(str).tolist() == ["2020-01-02", "2020-01-03", "2020-01-06"]
    assert set(bars.span_ns.tolist()) == {DAY_NS}
    exchange = Bars.from_frame(ohlcv(), session_close="16:00", tz="America/New_York")
    assert exchange.ts_event[0] == pd.Timestamp("2020-01-02 21:00", tz="UTC").value
    literal = Bars.from_frame(ohlcv(), stamped="close")
    assert literal.ts_event[0] == pd.Timestamp("2020-01-02", tz="UTC").value


def test_a_local_midnight_is_the_date_of_its_own_zone():
    """2022-01-03 00:00+08:00 is the session of the third, though it is the second in UTC."""
    local = ohlcv().tz_localize("Asia/Hong_Kong")
    assert Bars.from_frame(local).session_dates().astype(str).tolist() == ["2020-01-02", "2020-01-03", "2020-01-06"]


def test_bars_stamped_at_their_open_are_moved_to_their_close_when_told():
    """The span is inferred, or told."""
    bars = Bars.from_frame(minutes(), stamped="open")
    assert bars.ts_event[0] == pd.Timestamp("2020-01-02 09:31", tz="UTC").value
    bars = Bars.from_frame(minutes(), stamped="open", span="5min")
    assert bars.ts_event[0] == pd.Timestamp("2020-01-02 09:35", tz="UTC").value
    assert bars.span_ns[0] == 300 * 10**9


@pytest.mark.parametrize("name", ["open_time", "Open time", "start", "window_start"])
def test_a_column_named_like_an_open_is_refused_until_told(name):
    """DATA-006; and where a close time stands beside it, that one is used."""
    frame = minutes().rename_axis(name).reset_index()
    with pytest.raises(DataError) as caught:
        Bars.from_frame(frame)
    assert caught.value.code == "DATA-006"
    assert name in str(caught.value)
    with pytest.raises(DataError, match="DATA-006"):
        Bars.from_frame(frame.set_index(name))
    told = Bars.from_frame(frame, stamped="open")
    assert told.ts_event[0] == pd.Timestamp("2020-01-02 09:31", tz="UTC").value
    both = frame.assign(close_time=frame[name] + pd.Timedelta("1min"))
    assert Bars.from_frame(both).ts_event.tolist() == told.ts_event.tolist()


def test_when_rows_became_known_is_kept():
    """`ts_init` in the table; never before the close."""
    known = DAYS + pd.Timedelta("40h")
    bars = Bars.from_frame(ohlcv(ts_init=known))
    assert bars.ts_init[0] == known[0].value
    with pytest.raises(DataError, match=r"DATA-012 .*row 0"):
        Bars.from_frame(ohlcv(ts_init=DAYS))


@pytest.mark.parametrize(
    ("columns", "code", "says"),
    [
        ({"Close": [10.5, np.nan, 11.2]}, "DATA-001", "row 1 of the table (ASSET 2020-01-03): close is nan"),
        ({"Close": [10.5, np.inf, 11.2]}, "DATA-001", "close is inf"),
        ({"Low": [9.9, 0.0, 10.9]}, "DATA-002", "low is 0.0"),
        ({"Low": [9.9, -10.4, 10.9]}, "DATA-002", "low is -10.4"),
        ({"High": [10.6, 10.2, 11.5]}, "DATA-003", "open 10.50, high 10.20"),
        ({"Close": [10.5, 11.01, 11.2]}, "DATA-003", "close 11.01"),
        ({"Close": None}, "DATA-008", "close"),
        ({"High": None}, "DATA-008", "high"),
        ({"Volume": [100, -1, 300]}, "DATA-011", "volume is -1"),
        ({"Volume": [100, np.nan, 300]}, "DATA-011", "volume is nan"),
        ({"Close": ["10.5", "ten", "11.2"]}, "DATA-015", "row 1, column 'Close': 'ten'"),
        ({"Close": [True, False, True]}, "DATA-015", "True"),
        ({"Close": [dt.date(2020, 1, 1)] * 3}, "DATA-015", "not a number"),
        ({"close": [1.0, 2.0, 3.0]}, "DATA-018", "'Close', 'close'"),
    ],
)
def test_bad_tables_are_named_errors_with_their_row(columns, code, says):
    """The row is that of the caller's table."""
    with pytest.raises(HedgerowError) as caught:
        Bars.from_frame(ohlcv(**columns))
    assert caught.value.code == code
    assert says in str(caught.value)


def test_unsorted_and_repeated_times_are_refused_and_sorting_is_offered():
    """Newest first is common; it is put in order only when told."""
    newest_first = ohlcv().iloc[::-1]
    with pytest.raises(DataError, match=r"DATA-004 .*row 1 .*after row 0 .*sort=True"):
        Bars.from_frame(newest_first)
    assert Bars.from_frame(newest_first, sort=True).digest() == Bars.from_frame(ohlcv()).digest()
    twice = ohlcv().iloc[[0, 1, 1, 2]]
    for sort in (False, True):
        with pytest.raises(DataError, match=r"DATA-005 .*row 2 .*same time as row 1"):
            Bars.from_frame(twice, sort=sort)


def test_faulty_rows_are_left_out_only_when_told_and_then_counted():
    """Other faults stay errors."""
    frame = ohlcv(High=[10.6, 10.2, 11.5], Low=[9.9, 10.4, np.nan])
    bars = Bars.from_frame(frame, faulty="drop")
    assert len(bars) == 1
    assert bars.notes[0].startswith("DATA_NAN: 1 rows dropped, first row 2 of the table")
    assert bars.notes[1].startswith("DATA_CROSSED: 1 rows dropped, first row 1 of the table")
    with pytest.raises(DataError, match="DATA-004"):
        Bars.from_frame(ohlcv(Low=[9.9, 10.4, np.nan]).iloc[::-1], faulty="drop")
    with pytest.raises(DataError, match="DATA-009"):
        Bars.from_frame(ohlcv(Close=[np.nan] * 3, Open=None, High=None, Low=None), faulty="drop")


def test_a_tick_is_inferred_told_or_rounded_to():
    """The coarsest power of ten from 0.01 that holds every price; never silently rounded."""
    assert str(Bars.from_frame(ohlcv()).instruments[0].tick) == "0.01"
    third = ohlcv(Open=None, High=None, Low=None, Close=[1 / 3, 2 / 3, 4 / 3])
    with pytest.raises(DataError, match=r"DATA-007 .*off_tick='round'"):
        Bars.from_frame(third)
    assert str(Bars.from_frame(third, off_tick="round").instruments[0].tick) == "0.000001"
    with pytest.raises(DataError, match=r"DATA-007 .*row 1 .*close is 10\.9, tick 0\.5"):
        Bars.from_frame(ohlcv(Open=None, High=None, Low=None), tick="0.5")
    with pytest.raises(DataError, match=r"DATA-002 .*none of tick 100"):
        Bars.from_frame(ohlcv(Open=None, High=None, Low=None), tick="100", off_tick="round")
    with pytest.raises(DataError, match="DATA-016"):
        Bars.from_frame(ohlcv(Open=None, High=None, Low=None, Close=[1e9, 1e9, 1e9]), tick="0.000000001")


def test_decimals_in_a_table_are_numbers():
    """Object columns of Decimal, as databases give them."""
    frame = ohlcv(Open=None, High=None, Low=None, Close=[Decimal("10.5"), Decimal("10.9"), Decimal("11.2")])
    assert Bars.from_frame(frame).close_ticks.tolist() == [1050, 1090, 1120]


def test_volume_is_rounded_down_to_lots_and_may_be_unknown():
    """A fraction is noted; a column that is empty throughout is no volume."""
    bars = Bars.from_frame(ohlcv(Volume=[0.37, 1.99, 2.0]))
    assert bars.volume_lots.tolist() == [0, 1, 2]
    assert "set lot=" in bars.notes[0]
    assert Bars.from_frame(ohlcv(Volume=[0.37, 1.99, 2.0]), lot="0.01").volume_lots.tolist() == [37, 199, 200]
    assert Bars.from_frame(ohlcv(Volume=[np.nan] * 3)).volume_lots.tolist() == [-1, -1, -1]
    assert Bars.from_frame(ohlcv(Volume=None)).volume_lots.tolist() == [-1, -1, -1]


def test_instruments_may_be_given_and_then_only_they_are_accepted():
    """In the order given; a misspelt symbol gets a suggestion."""
    frame = pd.DataFrame({"AAPL": [1.0, 2.0, 3.0], "MSFT": [1.0, 2.0, 3.0]}, index=DAYS)
    given = [Instrument("MSFT", tick="0.05", sector="Tech"), Instrument("AAPL")]
    bars = Bars.from_frame(frame, instruments=given)
    assert bars.instruments == tuple(given)
    assert bars.close_ticks[bars.instrument == 0].tolist() == [20, 40, 60]
    with pytest.raises(CoreError, match=r"CORE-007 .*'MSFT'; did you mean 'MSTF'"):
        Bars.from_frame(frame, instruments=[Instrument("AAPL"), Instrument("MSTF")])
    assert Bars.from_frame(ohlcv(), symbol="X", instruments=Instrument("X", tick="0.1", lot=10)).close_ticks[0] == 105
    with pytest.raises(CoreError, match="tick is not given for 'MSFT'"):
        Bars.from_frame(frame, tick={"AAPL": "0.01"})


def test_columns_may_be_mapped():
    """Our word to theirs; both misspellings get a suggestion."""
    frame = ohlcv().rename(columns={"Close": "Kurs"})
    assert Bars.from_frame(frame, columns={"close": "Kurs"}).digest() == Bars.from_frame(ohlcv()).digest()
    with pytest.raises(DataError, match=r"DATA-008 .*'Kors'; did you mean 'Kurs'"):
        Bars.from_frame(frame, columns={"close": "Kors"})
    with pytest.raises(RunError, match=r"RUN-002 .*did you mean 'close'"):
        Bars.from_frame(frame, columns={"closed": "Kurs"})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"stampd": "open"}, "did you mean 'stamped'"),
        ({"stamped": "opening"}, "did you mean 'open'"),
        ({"off_tick": "ignore"}, "off_tick 'ignore'"),
        ({"span": "soon"}, "span 'soon'"),
        ({"session_close": "25:00"}, "session_close '25:00'"),
    ],
)
def test_a_setting_that_is_not_one_is_refused(options, says):
    """RUN-002 with the value and the closest one."""
    with pytest.raises(RunError) as caught:
        Bars.from_frame(ohlcv(), **options)
    assert says in str(caught.value)


def test_tables_that_make_no_sense_are_refused_with_what_was_found():
    """No rows, no time, no prices, no symbol."""
    with pytest.raises(DataError, match="DATA-009"):
        Bars.from_frame(ohlcv().iloc[:0])
    with pytest.raises(DataError, match=r"DATA-008 .*a time .*'Open', 'High'"):
        Bars.from_frame(ohlcv().reset_index(drop=True))
    with pytest.raises(DataError, match=r"DATA-008 .*close.*'Name'"):
        Bars.from_frame(pd.DataFrame({"Name": ["x", "y", "z"]}, index=DAYS))
    with pytest.raises(CoreError, match=r"CORE-004 .*row 1, column 'symbol'"):
        Bars.from_frame(pd.DataFrame({"close": [1.0, 2.0, 3.0], "symbol": ["A", None, "A"]}, index=DAYS))
    with pytest.raises(DataError, match="DATA-018"):
        Bars.from_frame(pd.DataFrame(np.ones((3, 2)), index=DAYS, columns=["A", "A"]))
    with pytest.raises(DataError, match="DATA-008"):
        Bars.from_frame(pd.concat({"A": ohlcv()[["Open"]]}, axis=1))
    with pytest.raises(DataError, match=r"DATA-018 .*3 levels"):
        Bars.from_frame(pd.concat({"x": pd.concat({"A": ohlcv()}, axis=1)}, axis=1))


def test_bars_read_back_from_their_own_long_frame():
    """What is written can be read, to the last bit."""
    bars = Bars.from_frame({"A": minutes(), "B": minutes(Volume=None)})
    again = Bars.from_frame(bars.frame(), instruments=bars.instruments)
    assert again.digest() == bars.digest()


@pytest.mark.parametrize(
    ("dates", "says"),
    [
        (["2020-01-06", "2020-01-13", "2020-01-20"], "every date is a Monday"),
        (["2020-01-01", "2020-02-01", "2020-03-01"], "first of one"),
        (["2020-01-02 05:00", "2020-01-03 05:00", "2020-01-06 05:00"], "midnight in New York"),
        (["2020-06-01 04:00", "2020-06-02 04:00", "2020-12-01 05:00"], "midnight in New York"),
    ],
)
def test_spans_labelled_by_their_start_are_recognised(dates, says):
    """DATA-006: as closes they would show the week, month or day before it happened."""
    frame = ohlcv().set_axis(pd.to_datetime(dates))
    with pytest.raises(DataError, match=f"DATA-006 .*{says}"):
        Bars.from_frame(frame)
    taken_as_dates = Bars.from_frame(frame, stamped="session").session_dates()
    assert taken_as_dates.astype(str).tolist() == [date[:10] for date in dates]


def test_weekly_bars_are_moved_to_the_end_of_their_week():
    """And those labelled by Friday close on it."""
    mondays = ohlcv().set_axis(pd.to_datetime(["2020-01-06", "2020-01-13", "2020-01-20"]))
    assert Bars.from_frame(mondays, stamped="open").ts_event[0] == pd.Timestamp("2020-01-13", tz="UTC").value
    fridays = ohlcv().set_axis(pd.to_datetime(["2020-01-10", "2020-01-17", "2020-01-24"]))
    assert Bars.from_frame(fridays).session_dates()[0] == np.datetime64("2020-01-10")


def test_instants_at_an_exchanges_midnight_are_dates_once_its_zone_is_told():
    """2020-01-02 05:00 UTC is the session of the second in New York."""
    dates = pd.to_datetime(["2020-01-02 05:00", "2020-01-03 05:00", "2020-01-06 05:00"])
    for index in (dates.tz_localize("UTC"), dates.tz_localize("UTC").asi8 // 10**3):
        frame = ohlcv().set_axis(pd.Index(index, name="timestamp"))
        bars = Bars.from_frame(frame, tz="America/New_York", session_close="16:00")
        assert bars.ts_event[0] == pd.Timestamp("2020-01-02 21:00", tz="UTC").value


def test_symbols_may_be_numbers():
    """As on exchanges that number their listings."""
    frame = pd.DataFrame(
        {"date": [*DAYS, *DAYS], "ticker": [700] * 3 + [5] * 3, "close": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}
    )
    assert Bars.from_frame(frame).symbols == ("5", "700")


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_nullable_and_arrow_columns_of_pandas_are_read(backend):
    """Whatever holds the numbers."""
    pytest.importorskip("pyarrow")
    frame = ohlcv().rename_axis("date").reset_index().convert_dtypes(dtype_backend=backend)
    assert Bars.from_frame(frame).digest() == Bars.from_frame(ohlcv()).digest()


def test_a_period_index_is_its_dates():
    """Daily periods are sessions."""
    assert Bars.from_frame(ohlcv().to_period("D")).digest() == Bars.from_frame(ohlcv()).digest()
