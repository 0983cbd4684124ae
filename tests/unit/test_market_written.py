"""Tables as people and vendors write them: marked numbers, dates with points, text of Databento, and what is none."""

from __future__ import annotations

import gzip
import json
import os
import stat
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from hedgerow.market import Bars
from hedgerow.market.formats.probing import files_below, head, probe
from hedgerow.market.reading import Reading

READING = Reading()
MINUTE = 60 * 10**9
NS = 1_609_160_400_006_001_487


def rows_of(path: Path, kind: str) -> list[dict[str, Any]]:
    """The rows of one kind in a file that has no fault."""
    found = probe(path, READING)
    assert found.error is None, found.error
    return [row for part in head(path, READING, 99) if part.kind == kind for row in part.table.to_pylist()]


def written(folder: Path, name: str, text: str | bytes) -> Path:
    """A file of this content."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


PRICES = {"open": "1712.15", "high": "1788.44", "low": "1683.89", "close": "1785.64", "volume": "82488700"}
TABLES = {
    "european.csv": "Date;Open;High;Low;Close;Volume\n2024-01-02;1712,15;1788,44;1683,89;1785,64;82488700\n",
    "points.csv": "Date;Open;High;Low;Close;Volume\n2024-01-02;1.712,15;1.788,44;1.683,89;1.785,64;82.488.700\n",
    "german.csv": "Datum;Eröffnung;Hoch;Tief;Schluss;Volumen\n02.01.2024;1712,15;1788,44;1683,89;1785,64;82488700\n",
    "quoted.csv": 'Date,Open,High,Low,Close,Volume\n'
                  '2024-01-02,"1,712.15","1,788.44","1,683.89","1,785.64","82,488,700"\n',
    "grouped.csv": "Datum;Eröffnung;Hoch;Tief;Schluss;Volumen\n"
                   "02.01.2024;1712,15;1788,44;1683,89;1785,64;82.488\n",
    "money.csv": "Date,Close/Last,Volume,Open,High,Low\n2024-01-02,$1785.64,82488700,$1712.15,$1788.44,$1683.89\n",
    "page.csv": '"Date","Price","Open","High","Low","Vol.","Change %"\n'
                '"01/23/2024","1,785.64","1,712.15","1,788.44","1,683.89","82.4887M","0.43%"\n',
    "spreadsheet.csv": "sep=;\nDate;Open;High;Low;Close;Volume\n2024-01-02;1712.15;1788.44;1683.89;1785.64;82488700\n",
    "spaces.csv": "Date, Open, High, Low, Close, Volume\n2024-01-02, 1712.15, 1788.44, 1683.89, 1785.64, 82488700\n",
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_numbers_are_read_however_people_write_them(tmp_path: Path, name: str) -> None:
    """The sign before a fraction is the file's, told by the cells that allow one reading; rows and bars agree."""
    path = written(tmp_path, name, TABLES[name])
    (row,) = rows_of(path, "bars")
    volume = 82_488 if name == "grouped.csv" else 82_488_700
    wanted = {word: Decimal(text) for word, text in PRICES.items()} | {"volume": volume}
    assert {word: row[word] for word in PRICES} == wanted
    bars = Bars.read(path)
    assert bars.prices().tolist() == [1785.64]
    assert bars.volume_lots.tolist() == [volume]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Date;Open;High;Low;Close\n2024-01-02;1,712;1,788;1,683;1,785\n", "'1,712' is a thousand times as much"),
        ("Date;Open;High;Low;Close\n2024-01-02;1,71;1,78;1,68;1,785.64\n", "by different signs"),
        ("Date;Open;High;Low;Close;Volume\n2024-01-02;1,71;1,78;1,68;1,78;99.5\n", "by different signs"),
        ("Date,Open,High,Low,Close\n2024-01-02,one,two,one,two\n", "record 0: open is 'one', no number"),
        (
            'Date,Open,High,Low,Close\n2024-01-02,"1.71,1.78,1.68,1.78\n2024-01-03,1,2,3,4"\n',
            "record 0: open is '1.71,1.78",
        ),
    ],
)
def test_a_number_with_two_meanings_or_none_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """Never a price that is a thousand times too large, and never prices that vanish into a reference table."""
    found = probe(written(tmp_path, "a.csv", text), READING)
    assert found.error is not None
    assert says in found.error.detail


def test_codes_with_commas_are_no_numbers(tmp_path: Path) -> None:
    """A list of conditions in quotes says nothing of how prices are written."""
    text = 'ticker,conditions,price,size,participant_timestamp,sip_timestamp\nA,"12,37",103.5,5,{0},{0}\n'
    (trade,) = rows_of(written(tmp_path, "flat.csv", text.format(NS)), "trades")
    assert trade["price"] == Decimal("103.5")


def test_the_vendors_own_clock_is_when_a_row_was_known(tmp_path: Path) -> None:
    """The tape's time is when it was published; a side with a price of zero for nothing is not quoted."""
    text = (
        f"ticker,bid_price,bid_size,ask_price,ask_size,participant_timestamp,sip_timestamp\nA,5,2,0,0,{NS},{NS + 9}\n"
    )
    (quote,) = rows_of(written(tmp_path, "flat.csv", text), "quotes")
    assert (quote["ts_event"].value, quote["ts_init"].value) == (NS, NS + 9)
    assert (quote["bid"], quote["ask"], quote["ask_size"]) == (5, None, None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1704067200.123456789", 1_704_067_200_123_456_789),
        ("1704067200123.5", 1_704_067_200_123_500_000),
        ("15.01.2024 10:00", 1_705_312_800_000_000_000),
        ("02.01.2024 10:00", 1_704_189_600_000_000_000),
    ],
)
def test_a_time_is_read_to_its_last_digit(tmp_path: Path, text: str, wanted: int) -> None:
    """Fractions of epoch numbers are exact; a date with points begins with its day."""
    (trade,) = rows_of(written(tmp_path, "a.csv", f"timestamp,price,size\n{text},1,1\n"), "trades")
    assert trade["ts_event"].value == wanted


def test_a_time_without_a_zone_among_others_with_one_is_refused(tmp_path: Path) -> None:
    """Nobody can tell whether it is local."""
    text = "timestamp,price,size\n2024-11-03T01:30:00-04:00,1,1\n2024-11-03T09:30:00,1,1\n"
    found = probe(written(tmp_path, "a.csv", text), READING)
    assert found.error is not None
    assert (found.error.code, "row 1" in found.error.detail) == ("DATA-013", True)


def test_minutes_that_come_newest_first_are_told_to_be_unsorted(tmp_path: Path) -> None:
    """And not that the length of a bar is unknown; sorted they load."""
    text = "timestamp,open,high,low,close,volume\n2024-01-02 19:59:00,1,1,1,1,1\n2024-01-02 19:58:00,1,1,1,1,1\n"
    found = probe(written(tmp_path, "a.csv", text), READING)
    assert found.error is not None
    assert (found.error.code, found.loads_with) == ("DATA-004", ("--sort",))


def test_of_two_volumes_the_one_that_is_no_money_counts(tmp_path: Path) -> None:
    """With a line above the header and without."""
    rows = "unix,symbol,open,high,low,close,Volume BTC,Volume USD\n1646106060,BTC/USD,2,4,1,3,0.5,99\n"
    rows += "1646106120,BTC/USD,2,4,1,3,0.5,99\n"
    for name, text in (("a.csv", rows), ("b.csv", "https://vendor\n" + rows)):
        bars = rows_of(written(tmp_path, name, text), "bars")
        assert [bar["volume"] for bar in bars] == [Decimal("0.5")] * 2


def test_dividends_and_splits_stand_beside_the_prices_of_more_vendors(tmp_path: Path) -> None:
    """As Alpha Vantage and Tiingo name them."""
    for names in ("dividend_amount,split_coefficient", "divCash,splitFactor"):
        text = f"date,open,high,low,close,volume,{names}\n2024-01-02,1,1,1,1,1,0.0,1.0\n2024-01-03,1,1,1,1,1,0.24,4.0\n"
        actions = rows_of(written(tmp_path, "a.csv", text), "actions")
        assert [(row["action"], row["value"]) for row in actions] == [("dividend", Decimal("0.24")), ("split", 4)]


def test_prices_of_several_instruments_side_by_side_are_each_their_own(tmp_path: Path) -> None:
    """Two levels of names, in which every price stands as often as there are instruments."""
    text = (
        "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume\n"
        "Ticker,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT\n"
        "Date,,,,,,,,,,\n2024-01-02,3,30,4,40,1,10,2,20,7,70\n"
    )
    path = written(tmp_path, "a.csv", text)
    told = {row["instrument"]: [row[word] for word in PRICES] for row in rows_of(path, "bars")}
    assert told == {"AAPL": [2, 4, 1, 3, 7], "MSFT": [20, 40, 10, 30, 70]}
    assert Bars.read(path).symbols == ("AAPL", "MSFT")


def test_a_download_of_alfred_tells_vintages(tmp_path: Path) -> None:
    """`realtime_start_date` is when a value was known; one that is called `value` bears the name of its file."""
    text = "period_start_date,GDP,realtime_start_date,realtime_end_date\n2023-10-01,27938.8,2024-01-25,2024-02-27\n"
    (value,) = rows_of(written(tmp_path, "a.csv", text), "series")
    assert (value["instrument"], str(value["ts_init"])[:10]) == ("GDP", "2024-01-25")
    text = "date,realtime_start,realtime_end,value\n2023-10-01,2024-01-25,2024-02-27,27938.8\n"
    assert rows_of(written(tmp_path, "GDPC1.csv", text), "series")[0]["instrument"] == "GDPC1"


HEADER = f"{NS + 5},{NS},RTYPE,1,5482"
DATABENTO: list[tuple[str, int, str, str, str, dict[str, Any]]] = [
    ("trades", 0, "action,side,depth,price,size,flags,ts_in_delta,sequence,symbol", "T,A,0,3720.250000000,5,1,2,3,ESH1",
     "trades", {"price": Decimal("3720.25"), "size": 5, "side": "sell"}),
    ("mbo", 160, "action,side,price,size,channel_id,order_id,flags,ts_in_delta,sequence,symbol",
     "C,A,3722750000000,1,0,647784973705,128,2,7,ESH1",
     "orders", {"action": "cancel", "side": "ask", "price": Decimal("3722.75"), "order_id": "647784973705",
                "sequence": 7}),
    ("mbp-1", 1, "action,side,depth,price,size,flags,ts_in_delta,sequence,bid_px_00,ask_px_00,bid_sz_00,"
                 "ask_sz_00,symbol",
     "A,A,0,3720.5,1,128,2,3,3720.25,,24,0,ESH1",
     "quotes", {"bid": Decimal("3720.25"), "bid_size": 24, "ask": None}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rtype", "names", "cells", "kind", "wanted"), DATABENTO, ids=[c[0] for c in DATABENTO]
)
def test_databentos_text_says_what_its_binary_says(
    tmp_path: Path, name: str, rtype: int, names: str, cells: str, kind: str, wanted: dict[str, Any]
) -> None:
    """With prices as decimals and as whole numbers of 10^-9; both times, the name of the instrument."""
    header = f"ts_recv,ts_event,rtype,publisher_id,instrument_id,{names}"
    (row,) = rows_of(
        written(tmp_path, f"{name}.csv", f"{header}\n{HEADER},{cells}\n".replace("RTYPE", str(rtype))), kind
    )
    assert {word: row[word] for word in wanted} == wanted
    assert (row["instrument"], row["ts_event"].value, row["ts_init"].value) == ("ESH1", NS, NS + 5)


def test_databentos_bars_and_json_are_read_by_the_same_reader(tmp_path: Path) -> None:
    """`ts_event` of a bar is its open; levels of JSON stand in a list."""
    table = pa.table({"ts_event": pa.array([MINUTE], pa.timestamp("ns", "UTC")), "rtype": pa.array([33], pa.uint8()),
                      "publisher_id": [1], "instrument_id": [5], "open": [2.0], "high": [4.0], "low": [1.0],
                      "close": [3.0], "volume": [7], "symbol": ["ESH1"]})  # fmt: skip
    pq.write_table(table, tmp_path / "bars.parquet")
    (bar,) = rows_of(tmp_path / "bars.parquet", "bars")
    assert (bar["ts_event"].value, bar["span_ns"], bar["close"]) == (2 * MINUTE, MINUTE, 3)
    level = {"bid_px": "3720250000000", "ask_px": "3720500000000", "bid_sz": 24, "ask_sz": 11, "bid_ct": 1, "ask_ct": 1}
    record = {"ts_recv": str(NS + 5), "hd": {"ts_event": str(NS), "rtype": 1, "publisher_id": 1, "instrument_id": 5},
              "action": "T", "side": "B", "depth": 0, "price": "3720500000000", "size": 1, "flags": 0, "ts_in_delta": 0,
              "sequence": 1, "levels": [level]}  # fmt: skip
    path = written(tmp_path, "a.json", json.dumps(record) + "\n" + json.dumps(record) + "\n")
    assert [row["ask"] for row in rows_of(path, "quotes")] == [Decimal("3720.5")] * 2
    assert [row["side"] for row in rows_of(path, "trades")] == ["buy", "buy"]


def test_statistics_and_definitions_in_text_are_no_market_data(tmp_path: Path) -> None:
    """A statistic has a price and a quantity, and is no trade."""
    names = "ts_recv,ts_event,rtype,publisher_id,instrument_id,ts_ref,price,quantity,stat_type,symbol"
    text = f"{names}\n{HEADER},5,100.0,9,7,A\n"
    (told,) = rows_of(written(tmp_path, "a.csv", text.replace("RTYPE", "24")), "messages")
    assert (told["type"], json.loads(told["content"])["price"]) == ("statistics", "100.0")


def test_liquidations_of_binance_are_messages_and_a_wrong_header_is_named(tmp_path: Path) -> None:
    """A file that bears the name of Binance's archive has its columns."""
    text = "time,side,original_quantity,price,order_status\n1685577600123,SELL,0.1,27000.1,FILLED\n"
    (told,) = rows_of(written(tmp_path, "BTCUSDT-liquidationSnapshot-2023-06-01.csv", text), "messages")
    assert (told["type"], told["instrument"]) == ("liquidation", "BTCUSDT")
    found = probe(written(tmp_path, "BTCUSDT-trades-2024-01-01.csv", "a,b,c\n1,2,3\n"), READING)
    assert found.error is not None
    assert (found.error.code, "'price', 'qty'" in found.error.detail) == ("DATA-023", True)


def special(folder: Path) -> None:
    """A pipe, a device, a link that leads nowhere and one that leads to itself, beside a file."""
    written(folder, "fine.csv", "timestamp,price,size\n1704067200,1,1\n")
    os.mkfifo(folder / "pipe.csv")
    (folder / "device.csv").symlink_to("/dev/zero")
    (folder / "gone.csv").symlink_to("nothing.csv")
    (folder / "self.csv").symlink_to("self.csv")


def test_what_is_no_file_is_told_and_never_waited_for(tmp_path: Path) -> None:
    """Every name below a folder has a line of its own, and none is opened that would not end."""
    special(tmp_path)
    told = {path.name: probe(path, READING).error for path in files_below([tmp_path])}
    assert {name: error and error.code for name, error in told.items()} == {
        "device.csv": "DATA-019",
        "fine.csv": None,
        "gone.csv": "DATA-014",
        "pipe.csv": "DATA-019",
        "self.csv": "DATA-014",
    }
    assert stat.S_ISFIFO((tmp_path / "pipe.csv").stat().st_mode)


def workbook() -> bytes:
    """The least that makes an archive a workbook."""
    import io

    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return data.getvalue()


UTF16 = "Date,Open\n2024-01-02,1\n".encode("utf-16-le")
HOSTILE: list[tuple[str, bytes, str, str]] = [
    ("book.xlsx", workbook(), "DATA-019", "a workbook of Excel"),
    ("a.tar.gz", gzip.compress(b"x.csv".ljust(257, b"\0") + b"ustar" + bytes(300)), "DATA-019", "a tar archive"),
    ("a.7z", b"7z\xbc\xaf'\x1c" + bytes(40), "DATA-019", "a 7-Zip archive"),
    ("wide.csv", UTF16, "DATA-020", "as UTF-16 has"),
    ("zeros.csv", bytes(4096), "DATA-020", "bytes of zero"),
    ("long.csv", b"Date,Open\n2024-01-02," + b"9" * (17 << 20) + b"\n", "DATA-022", "a row of more than"),
    ("twice.json", b'[{"timestamp":1704067200,"price":1,"price":2,"size":1}]', "DATA-020", "'price' stands twice"),
    ("v9.dbn", b"DBN\x09" + bytes(100), "DATA-022", "version 9 of DBN"),
    ("01302019.NASDAQ_ITCH50", b"\0\x0cS" + bytes(10) + b"O\0\x05Z" + bytes(4), "DATA-022", "type 'Z' of 5 bytes"),
]


@pytest.mark.parametrize(("name", "data", "code", "says"), HOSTILE, ids=[case[0] for case in HOSTILE])
def test_what_cannot_be_read_is_told_for_what_it_is(
    tmp_path: Path, name: str, data: bytes, code: str, says: str
) -> None:
    """Never a reader that breaks, and never a table of nothing."""
    found = probe(written(tmp_path, name, data), READING)
    assert found.error is not None
    assert (found.error.code, says in found.error.detail) == (code, True)


def test_a_header_of_any_length_is_read_whole(tmp_path: Path) -> None:
    """Closes of thousands of instruments have a header longer than what is looked at first."""
    names = [f"instrument_{n:020d}" for n in range(3000)]
    text = f"Date,{','.join(names)}\n2024-01-02,{','.join('1' for _ in names)}\n"
    assert probe(written(tmp_path, "a.csv", text), READING).kinds == {"series": 3000}


def test_a_damaged_page_of_parquet_is_found_where_its_writer_summed_it(tmp_path: Path) -> None:
    """A flipped bit in a page is no price."""
    table = pa.table({"ts": pa.array(np.arange(999), pa.timestamp("s", "UTC")), "bid": np.arange(999) + 1.0,
                      "ask": np.arange(999) + 2.0})  # fmt: skip
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, write_page_checksum=True, compression="none", use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    found = probe(path, READING)
    assert found.error is not None
    assert found.error.code == "DATA-020"


def test_text_that_its_writer_marked_as_bytes_is_text(tmp_path: Path) -> None:
    """As some writers of Parquet leave it; bytes that are none are refused with their column."""

    def table(name: bytes) -> pa.Table:
        return pa.table({"ts": pa.array([MINUTE], pa.timestamp("ns", "UTC")), "symbol": pa.array([name], pa.binary()),
                         "price": [1.5], "size": [2.0]})  # fmt: skip

    pq.write_table(table(b"KO"), tmp_path / "a.parquet")
    assert rows_of(tmp_path / "a.parquet", "trades")[0]["instrument"] == "KO"
    pq.write_table(table(b"\xff\xfe"), tmp_path / "b.parquet")
    found = probe(tmp_path / "b.parquet", READING)
    assert found.error is not None
    assert (found.error.code, "column 'symbol'" in found.error.detail) == ("DATA-015", True)


def test_a_trade_among_books_of_ten_levels_is_a_trade(tmp_path: Path) -> None:
    """As among those of one level; the book beside it stands as it was."""
    levels = ",".join(f"bid_px_{n:02d},ask_px_{n:02d},bid_sz_{n:02d},ask_sz_{n:02d}" for n in range(10))
    prices = ",".join(f"{100 - n}.0,{101 + n}.0,{n + 1},{n + 2}" for n in range(10))
    names = "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,symbol"
    path = written(tmp_path, "a.csv", f"{names},{levels}\n{HEADER},T,B,101.0,3,A,{prices}\n".replace("RTYPE", "10"))
    assert len(rows_of(path, "depth")) == 20
    (trade,) = rows_of(path, "trades")
    assert (trade["price"], trade["size"], trade["side"], probe(path, READING).rows) == (101, 3, "buy", 1)


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.arrow"])
def test_a_table_of_a_million_equal_rows_in_a_small_file_is_a_bomb(tmp_path: Path, name: str) -> None:
    """Refused before it is expanded; with leave to expand it is read."""
    size = 1_000_000
    table = pa.table({"ts": pa.array(np.zeros(size, np.int64), pa.timestamp("ns", "UTC")), "price": np.ones(size),
                      "size": np.ones(size)})  # fmt: skip
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(table, path)
    elif name == "a.feather":
        feather.write_feather(table, path, compression="zstd", chunksize=size)
    else:
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema, options=options) as stream:
            stream.write_table(table)
    assert path.stat().st_size < 200_000
    found = probe(path, READING, expand_max=2_999_999)
    assert found.error is not None
    assert (found.error.code, found.rows) == ("DATA-021", 0)
    assert "1,000,000 rows of 3 columns" in found.error.detail
    assert probe(path, READING, expand_max=3_000_000).rows == size
