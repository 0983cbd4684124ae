"""Times: every form that is understood, and those that are refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from hedgerow.core.errors import DataError, RunError
from hedgerow.market.times import clock_texts, commonest_step, moment_ns, read_times, span_ns

NOON = pd.Timestamp("2020-06-01 12:00", tz="UTC").value
MIDNIGHT = pd.Timestamp("2020-06-13", tz="UTC").value


def read(values, **options):
    """Read a column of times."""
    return read_times(pd.Series(values, name="when"), **({"time_unit": None, "tz": None} | options))


@pytest.mark.parametrize(
    "value",
    [
        "2020-06-01 12:00",
        "2020-06-01T12:00:00Z",
        "2020-06-01 14:00:00+02:00",
        "2020/06/01 12:00:00",
        "2020.06.01 12:00:00",
        "20200601 12:00:00",
        "Jun 1, 2020 12:00",
        dt.datetime(2020, 6, 1, 12),
        pd.Timestamp("2020-06-01 08:00", tz="America/New_York"),
        NOON,
        NOON // 10**3,
        NOON // 10**6,
        NOON // 10**9,
        NOON / 10**9,
        str(NOON // 10**9),
    ],
)
def test_a_moment_is_read_in_every_common_form(value):
    """Text, datetimes, and epoch numbers told apart by their size."""
    assert read([value]).utc_ns.tolist() == [NOON]


@pytest.mark.parametrize(
    "values",
    [
        ["2020-06-13"],
        ["20200613"],
        [20200613],
        [dt.date(2020, 6, 13)],
        ["6/13/2020"],
        ["13.06.2020"],
        ["13-06-2020"],
        ["Jun 13, 2020"],
        ["2020-06-13 00:00:00+08:00"],
    ],
)
def test_a_date_is_read_in_every_common_form_and_known_to_be_one(values):
    """The midnight is that of the source's own zone."""
    stamps = read(values)
    assert stamps.wall_ns.tolist() == [MIDNIGHT]
    assert stamps.are_dates


def test_a_date_that_could_be_two_is_refused():
    """One clear row decides the column; none, or two that disagree, do not."""
    assert read(["01/02/2020", "13/02/2020"]).utc_ns[0] == pd.Timestamp("2020-02-01", tz="UTC").value
    for ambiguous in (["01/02/2020", "03/04/2020"], ["13/02/2020", "02/13/2020"]):
        with pytest.raises(DataError, match=r"DATA-013 .*2020-12-31"):
            read(ambiguous)


@pytest.mark.parametrize(
    ("values", "row"),
    [
        (["2020-01-01", "soon"], 1),
        (["2020-01-01", None], 1),
        (["2020-01-01", ""], 1),
        (["2020-01-01", "2020-13-01"], 1),
        ([pd.Timestamp("2020-01-01"), pd.NaT], 1),
        ([1.5e9, np.nan], 1),
        (["next week"], 0),
    ],
)
def test_a_time_that_cannot_be_read_is_named_with_its_row(values, row):
    """DATA-013, the row and the value."""
    with pytest.raises(DataError, match=f"DATA-013 .*row {row}, column 'when'"):
        read(values)


def test_numbers_beyond_the_year_2262_and_flags_are_refused():
    """Nanoseconds in 64 bits end there."""
    with pytest.raises(DataError, match=r"DATA-013 .*2262"):
        read([10**11], time_unit="s")
    with pytest.raises(DataError, match="DATA-013"):
        read([True, False])
    with pytest.raises(RunError, match="RUN-002"):
        read([10**9], time_unit="hours")


def test_the_unit_of_a_number_may_be_told():
    """A small number is seconds unless told."""
    assert read([1000], time_unit="ms").utc_ns.tolist() == [10**9]
    assert read([1000]).utc_ns.tolist() == [1000 * 10**9]
    assert read([1000.25]).utc_ns.tolist() == [1000_250_000_000]


def test_naive_times_are_utc_unless_a_zone_is_told():
    """New York is four hours behind in June."""
    assert read(["2020-06-01 08:00"], tz="America/New_York").utc_ns.tolist() == [NOON]
    with pytest.raises(DataError, match="unknown time zone 'America/NewYork'; did you mean 'America/New_York'"):
        read(["2020-06-01 08:00"], tz="America/NewYork")


def test_an_hour_that_clocks_skip_or_repeat_is_refused():
    """Which of the two it was cannot be known."""
    for moment in ("2020-03-08 02:30", "2020-11-01 01:30"):
        with pytest.raises(DataError, match=r"DATA-013 .*row 0"):
            read([moment], tz="America/New_York")


@pytest.mark.parametrize(
    ("span", "ns"),
    [
        ("1min", 60 * 10**9),
        ("4h", 14_400 * 10**9),
        ("d", 86_400 * 10**9),
        (5, 5),
        (dt.timedelta(seconds=1), 10**9),
        ("10 ms", 10**7),
    ],
)
def test_spans_are_text_timedeltas_or_nanoseconds(span, ns):
    """The same length however it is said."""
    assert span_ns(span) == ns


@pytest.mark.parametrize("span", ["", "soon", 0, -1, dt.timedelta(0)])
def test_a_span_that_is_no_length_is_refused(span):
    """RUN-002 with the value."""
    with pytest.raises(RunError):
        span_ns(span)


def test_the_commonest_step_ignores_gaps():
    """Nights and weekends are rarer than the bar."""
    assert commonest_step(np.array([0, 60, 120, 900, 960])) == 60
    assert commonest_step(np.array([5])) == 0


def test_a_moment_may_be_a_date_which_means_its_sessions():
    """From the first instant after its midnight to the midnight that ends it."""
    day = 86_400 * 10**9
    start = pd.Timestamp("2020-01-01", tz="UTC").value
    assert moment_ns("2020-01-01") == start + 1
    assert moment_ns(dt.date(2020, 1, 1), end=True) == start + day
    assert moment_ns("2020-01-01T00:00") == start == moment_ns(start)
    for bad in ("yesterday-ish", "NaT"):
        with pytest.raises(DataError, match="DATA-013"):
            moment_ns(bad)


@pytest.mark.parametrize(("text", "how"), [("2024-11-03 01:30:00", "show twice"), ("2024-03-10 02:30:00", "skip")])
def test_an_hour_that_clocks_skip_or_show_twice_is_told_so_with_its_row(text, how):
    """The row is named by the number it bears, and the zone is named."""
    column = pd.Series(["2024-01-02 10:00:00", text], name="time", index=[70, 71])
    with pytest.raises(DataError, match=f"row 71, column 'time': {text} is in an hour that clocks of .*York {how}"):
        read_times(column, time_unit=None, tz="America/New_York")


@pytest.mark.parametrize("number", [202006011200, 20200601120000, "202006011200", "20200601120000"])
def test_digits_of_a_date_and_a_time_are_no_epoch(number):
    """As milliseconds, the shorter ones would be of 1976."""
    assert read([number]).utc_ns.tolist() == [NOON]
    with pytest.raises(DataError, match=r"DATA-013 .*row 1, column 'when'.*202013011200"):
        read([202006011200, 202013011200, 202006011201])
    assert read([189_302_400_000]).utc_ns.tolist() == [pd.Timestamp("1976-01-01", tz="UTC").value]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([2019, 2020], "2019 is a year, not a day"),
        (["202001", "202002"], "202001 is a year and a month, not a day"),
        (["09:30:00", "09:31:00"], "'09:30:00' is a time of day without its date"),
        (["9:30 AM"], "'9:30 AM' is a time of day without its date"),
        (["06/13/2020", "09:30"], "row 1, column 'when': '09:30' is a time of day without its date"),
    ],
)
def test_what_names_no_day_is_refused(values, says):
    """Never the first of 1970, and never today."""
    with pytest.raises(DataError, match=f"DATA-013 .*{says}"):
        read(values)


@pytest.mark.parametrize(
    ("cells", "clocks"),
    [
        (["9:30", "10:00:01.5"], ["09:30", "10:00:01.5"]),
        (["930", "1600"], ["09:30:00", "16:00:00"]),
        (["0009", "0010"], ["00:09:00", "00:10:00"]),
        (["000930", "001000"], ["00:09:30", "00:10:00"]),
        (["0", "93000", "153000"], ["00:00:00", "09:30:00", "15:30:00"]),
        (["0", "0"], ["00:00:00", "00:00:00"]),
        (["09:30", "noon"], None),
        (["1577836800"], None),
    ],
)
def test_times_of_day_are_read_with_and_without_colons(cells, clocks):
    """Hours and minutes, with seconds where some number needs them."""
    assert clock_texts(cells, "time") == clocks


@pytest.mark.parametrize(
    ("cells", "says"), [(["9", "16"], "16 could be an hour or a minute"), (["930", "1261"], "row 1.*'1261' is no time")]
)
def test_digits_that_are_no_time_of_day_are_refused(cells, says):
    """DATA-013 with the value and its column."""
    with pytest.raises(DataError, match=f"DATA-013 .*{says}"):
        clock_texts(cells, "time")
