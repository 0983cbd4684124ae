"""Files of prices: what is read, and what is refused by name."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from hedgerow.core.errors import CoreError, DataError, HedgerowError
from hedgerow.market import Bars

TEXT = "Date,Open,High,Low,Close,Volume\n2020-01-02,10,10.6,9.9,10.5,100\n2020-01-03,10.5,11,10.4,10.9,200\n"


def written(folder: Path, name: str, text: str) -> Path:
    """A text file in a folder."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_text_file_is_read_and_named_after_itself(tmp_path):
    """Plain, compressed, with a byte-order mark, with semicolons or tabs: the same bars."""
    expected = Bars.read(written(tmp_path, "AAPL.csv", TEXT))
    assert expected.symbols == ("AAPL",)
    assert expected.source == "AAPL.csv"
    (tmp_path / "AAPL.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    assert Bars.read(tmp_path / "AAPL.csv.gz").digest() == expected.digest()
    for text in ("\ufeff" + TEXT, TEXT.replace(",", ";"), TEXT.replace(",", "\t")):
        assert Bars.read(written(tmp_path, "AAPL.csv", text)).digest() == expected.digest()
    assert Bars.read(str(tmp_path / "AAPL.csv"), symbol="X").symbols == ("X",)


def test_a_parquet_file_is_read(tmp_path):
    """With its time as a column or as its index."""
    pytest.importorskip("pyarrow")
    expected = Bars.read(written(tmp_path, "A.csv", TEXT))
    frame = pd.read_csv(tmp_path / "A.csv")
    frame.to_parquet(tmp_path / "A.parquet")
    assert Bars.read(tmp_path / "A.parquet").digest() == expected.digest()
    frame.set_index(pd.to_datetime(frame.pop("Date"))).to_parquet(tmp_path / "A.parquet")
    assert Bars.read(tmp_path / "A.parquet").digest() == expected.digest()


def test_a_folder_is_an_instrument_a_file(tmp_path):
    """In order of their names; other files are passed over."""
    for name in ("MSFT.csv", "AAPL.csv", "README.txt"):
        written(tmp_path, name, TEXT)
    assert Bars.read(tmp_path).symbols == ("AAPL", "MSFT")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="DATA-009"):
        Bars.read(empty)


def test_a_frame_written_without_a_name_for_its_index_is_read(tmp_path):
    """The first column has no name and holds the times."""
    frame = pd.DataFrame({"A": [1.0, 2.0], "B": [3.0, 4.0]}, index=pd.to_datetime(["2020-01-02", "2020-01-03"]))
    frame.to_csv(tmp_path / "wide.csv")
    assert Bars.read(tmp_path / "wide.csv").digest() == Bars.from_frame(frame).digest()


def test_the_three_header_lines_of_a_download_are_understood(tmp_path):
    """Price, ticker, date: as frames with two levels of columns are written."""
    text = "Price,Close,High,Low,Open,Volume\nTicker,A,A,A,A,A\nDate,,,,,\n2020-01-02,10.5,10.6,9.9,10,100\n"
    bars = Bars.read(written(tmp_path, "x.csv", text + "2020-01-03,10.9,11,10.4,10.5,200\n"))
    assert bars.symbols == ("A",)
    assert bars.close_ticks.tolist() == [1050, 1090]


def test_a_bad_row_is_named_by_its_line(tmp_path):
    """As an editor shows it."""
    path = written(tmp_path, "A.csv", TEXT + "2020-01-06,10.9,10,10.4,10.9,1\n")
    with pytest.raises(DataError, match=r"DATA-003 .*row 2 of A\.csv, line 4 \(A 2020-01-06\)"):
        Bars.read(path)


def test_a_file_without_a_header_is_refused_until_its_columns_are_named(tmp_path):
    """Which column is the high cannot be seen from numbers."""
    path = written(tmp_path, "K.csv", "1577923200000,10,10.6,9.9,10.5,7\n1577923260000,10.5,11,10.4,10.9,8\n")
    with pytest.raises(DataError, match=r"DATA-008 .*no header.*columns=\[\.\.\.\]"):
        Bars.read(path)
    bars = Bars.read(path, columns=["open_time", "open", "high", "low", "close", "volume"], stamped="open")
    assert bars.ts_event[0] == 1577923260000 * 10**6
    with pytest.raises(DataError, match="DATA-006"):
        Bars.read(path, columns=["open_time", "open", "high", "low", "close", "volume"])
    with pytest.raises(DataError, match=r"DATA-003 .*line 1 "):
        Bars.read(path, columns=["time", "open", "low", "high", "close", "volume"])


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.bin", b"\x00\x01\x02\x03", "DATA-010"),
        ("a.csv", b"", "DATA-009"),
        ("a.csv", b"\n\n", "DATA-009"),
        ("a.csv", b"Date,Close\n", "DATA-009"),
        ("a.csv", b"Date,Close", "DATA-009"),
        ("a.csv", b"Date,Close\n2020-01-02,1\n2020-01-03,1,2,3\n", "DATA-022"),
        ("a.csv", b"Date,Close\n2020-01-02,\xff\xfe\n", "DATA-020"),
        ("a.csv", b"Date,Close\n2020-01-02,10.5 or so\n", "DATA-015"),
        ("a.csv.gz", b"not gzip", "DATA-010"),
        ("a.parquet", b"not parquet", "DATA-010"),
        ("a.csv", b"Date,Open,High,Low,Volume\n2020-01-02,1,1,1,1\n", "DATA-008"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_named_error(tmp_path, name, content, code):
    """Never a traceback of a parser."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(HedgerowError) as caught:
        Bars.read(path)
    assert caught.value.code == code


def test_a_missing_file_gets_a_suggestion(tmp_path):
    """From its own folder."""
    written(tmp_path, "prices.csv", TEXT)
    with pytest.raises(DataError, match=r"DATA-014 .*did you mean 'prices\.csv'"):
        Bars.read(tmp_path / "price.csv")


def test_a_name_too_long_for_a_symbol_asks_for_one(tmp_path):
    """32 bytes is what a record holds."""
    path = written(tmp_path, "x" * 40 + ".csv", TEXT)
    with pytest.raises(CoreError, match=r"CORE-004 .*say symbol="):
        Bars.read(path)
    assert Bars.read(path, symbol="X").symbols == ("X",)


@pytest.mark.parametrize("symbol", ["0700", "000001", "1E5", "NA", "TRUE", "nan"])
def test_a_symbol_stays_as_it_is_written(tmp_path, symbol):
    """Not as the number, the flag or the gap that it looks like; spaces around it are not part of it."""
    text = f"Date,Ticker,Close\n2020-01-02,{symbol},1\n2020-01-03, {symbol} ,2\n"
    assert Bars.read(written(tmp_path, "a.csv", text)).symbols == (symbol,)
    listed = Bars.read(written(tmp_path, "b.csv", text.partition("\n")[2]), columns=["date", "symbol", "close"])
    assert listed.symbols == (symbol,)


def test_a_row_without_a_symbol_is_named(tmp_path):
    """CORE-004 with its row."""
    with pytest.raises(CoreError, match=r"CORE-004 .*row 1, column 'Ticker'"):
        Bars.read(written(tmp_path, "a.csv", "Date,Ticker,Close\n2020-01-02,A,1\n2020-01-03,,2\n"))


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
@pytest.mark.parametrize(
    ("clock", "first", "second"),
    [
        ("<TIME>", "093000", "093500"),
        ("Time", "93000", "93500"),
        ("time", "0930", "0935"),
        ("time", "930", "935"),
        ("Timestamp", "09:30:00", "09:35:00"),
    ],
)
def test_a_date_and_a_time_of_day_are_one_moment(tmp_path, name, clock, first, second):
    """However the time of day is written, it is of its date, not of 1970."""
    text = f"<DATE>,{clock},<CLOSE>\n20240102,{first},1\n20240102,{second},2\n"
    times = Bars.read(written(tmp_path, name, text)).frame()["ts_event"]
    assert times.tolist() == [pd.Timestamp(f"2024-01-02 09:3{n}", tz="UTC") for n in (0, 5)]


def test_numbers_in_a_frame_are_times_of_day_beside_dates():
    """A frame has lost their zeros."""
    frame = pd.DataFrame({"date": [20240102, 20240103], "time": [0, 0], "close": [1.0, 2.0]})
    assert Bars.from_frame(frame).digest() == Bars.from_frame(frame.drop(columns="time")).digest()
