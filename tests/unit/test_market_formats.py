"""Every format that is read: known by its bytes, read exactly, and never a crash whatever was done to it."""

from __future__ import annotations

import base64
import gzip
import random
import re
import runpy
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedgerow.market import Bars
from hedgerow.market.formats import opening
from hedgerow.market.formats.probing import Finding, files_below, head, probe
from hedgerow.market.formats.rows import SCHEMAS
from hedgerow.market.reading import Reading

ENCODERS = runpy.run_path(str(Path(__file__).with_name("market_encoders.py")))
FAMILIES, NS = ENCODERS["FAMILIES"], ENCODERS["NS"]
READING = Reading()
NO_NUMBERS = (b"nan", b"-", b"1e400", b"[]", b"{}", b"true", b"null", b"9" * 30, b"24:00:00", b"", b" 1 ", b"\x00")
SPANS = [("BTCUSDT-1h-2024-01-01.csv", 3600), ("KO.tsv", 86400), ("bars.dbn.frag", 60), ("bars.jsonl", 3600)]


def made(folder: Path, name: str, data: bytes | None = None) -> Path:
    """A file of a family, or of other bytes, under the family's name."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(FAMILIES[name][0]() if data is None else data)
    return path


def first_rows(path: Path, kind: str, reading: Reading = READING) -> list[dict[str, Any]]:
    """The first rows of one kind, as dictionaries."""
    return [row for rows in head(path, reading, 10) if rows.kind == kind for row in rows.table.to_pylist()]


def ns(row: dict[str, Any], name: str) -> int:
    """A time of a row in nanoseconds."""
    return int(row[name].value)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_file_is_known_by_its_bytes_and_every_record_is_counted(tmp_path: Path, name: str) -> None:
    """The format claims it, and its rows come out by kind, in that kind's columns."""
    _, form, kinds = FAMILIES[name]
    path = made(tmp_path, name)
    found = probe(path, READING)
    assert (found.format, found.kinds, found.status) == (form, kinds, "ok"), found.error
    for rows in head(path, READING, 10):
        assert rows.table.schema == SCHEMAS[rows.kind]


@pytest.mark.parametrize("name", FAMILIES)
def test_whatever_is_done_to_a_file_it_is_named_and_never_crashes(tmp_path: Path, name: str) -> None:
    """Cut anywhere, bits flipped, numbers no numbers, bytes left out: a finding each time, and only named errors."""
    data, chance = FAMILIES[name][0](), random.Random(name)
    numbers = [found.span() for found in re.finditer(rb"\d+", data)]
    for turn in range(16):
        hurt = bytearray(data)
        if turn % 4 == 0:
            hurt = hurt[: chance.randrange(len(hurt))]
        elif turn % 4 == 1:
            for _ in range(1 + turn // 4):
                hurt[chance.randrange(len(hurt))] ^= 1 << chance.randrange(8)
        elif turn % 4 == 2 and numbers:
            start, end = chance.choice(numbers)
            hurt[start:end] = chance.choice(NO_NUMBERS)
        else:
            start = chance.randrange(len(hurt))
            del hurt[start : start + 1 + chance.randrange(40)]
        found = probe(made(tmp_path, name, bytes(hurt)), READING)
        assert found.error is None or found.error.row.name != "DATA_READER", found.error
        assert found.error is None or Path(name).name.split(".")[0] in str(found.error), found.error


def test_prices_keep_every_digit_that_they_are_written_with(tmp_path: Path) -> None:
    """Text, fixed point and ten-thousandths become the decimals that they mean."""
    (trade, _) = first_rows(made(tmp_path, "trades.csv"), "trades")
    assert (trade["price"], trade["size"], trade["side"]) == (Decimal("9762.75"), Decimal("0.001"), "buy")
    assert first_rows(made(tmp_path, "trades.dbn"), "trades")[1]["price"] == Decimal("3720.250000001")
    assert first_rows(made(tmp_path, "tops.pcap"), "quotes")[0]["bid"] == Decimal("99.05")
    assert first_rows(made(tmp_path, "ws_1.txt"), "trades")[0]["price"] == Decimal("0.00033458")
    assert first_rows(made(tmp_path, "quotes.parquet"), "quotes")[0]["ask"] == Decimal("1.1001")
    lean = made(tmp_path, "equity/usa/minute/spy/20131007_trade.zip")
    assert first_rows(lean, "bars")[0]["open"] == Decimal("167.45")


def test_both_times_are_those_of_the_source(tmp_path: Path) -> None:
    """Receipt is `ts_init`; the venue's own time is `ts_event`, even where its clock runs ahead."""
    (trade,) = first_rows(made(tmp_path, "btcusdt.gz"), "trades")
    assert (ns(trade, "ts_event"), ns(trade, "ts_init")) == (1_723_161_255_342_000_000, NS + 2)
    (quote,) = first_rows(made(tmp_path, "quotes.csv"), "quotes")
    assert (ns(quote, "ts_event"), ns(quote, "ts_init")) == (1_591_574_399_413_000_000, 1_591_574_400_196_008_000)
    row = first_rows(made(tmp_path, "AAPL_2012-06-21_34200000_57600000_message_1.csv"), "orders")[0]
    assert str(row["ts_event"]) == "2012-06-21 13:30:00.004241176+00:00"
    assert first_rows(made(tmp_path, "trades.dbn"), "trades")[0]["instrument"] == "ESH1"


def test_a_bar_is_stamped_at_its_close_whatever_its_source_says(tmp_path: Path) -> None:
    """Klines bear their open; so do the bars of DBN; a date is the session's end."""
    name = "BTCUSDT-1h-2024-01-01.csv"
    assert str(first_rows(made(tmp_path, name), "bars")[0]["ts_event"]) == "2024-01-01 01:00:00+00:00"
    assert ns(first_rows(made(tmp_path, "bars.dbn.frag"), "bars")[0], "ts_event") == NS + 60 * 10**9
    assert str(first_rows(made(tmp_path, "KO.csv"), "bars")[0]["ts_event"]) == "2024-01-03 00:00:00+00:00"


@pytest.mark.parametrize(("name", "seconds"), SPANS)
def test_bars_of_every_format_are_read_as_bars(tmp_path: Path, name: str, seconds: int) -> None:
    """`Bars.read`, and so `hedgerow data ingest`, take every format that holds bars."""
    bars = Bars.read(made(tmp_path, name))
    assert set(bars.span_ns.tolist()) == {seconds * 10**9}
    assert len(bars) == FAMILIES[name][2]["bars"]


def test_a_value_is_known_from_its_vintage_on(tmp_path: Path) -> None:
    """A series with the days of its releases keeps them, known when the day ends; one without says that it has none."""
    values = first_rows(made(tmp_path, "gdp.csv"), "series")
    assert [(str(row["ts_init"])[:10], row["written"]) for row in values] == [
        ("2024-02-10", "1.5"), ("2024-03-10", "1.7"), ("2024-03-10", "-2.25")]  # fmt: skip
    path = tmp_path / "oil.csv"
    path.write_bytes(b"Date,Price\n2020-04-20,-36.98\n2020-04-21,8.91\n")
    found = probe(path, READING)
    assert found.status == "ok"
    assert "ts_init is ts_event" in found.notes[0]
    assert first_rows(path, "series")[0]["value"] == -36.98


def refused(folder: Path, name: str, data: bytes) -> Finding:
    """The finding on a file of these bytes."""
    path = folder / name
    path.write_bytes(data)
    return probe(path, READING)


@pytest.mark.parametrize(
    ("name", "data", "code", "says"),
    [
        ("q.csv", b"ts,bid,ask\n2024-01-02 10:00,10.2,10.1\n2024-01-02 10:01,10,10.1\n", "DATA-024", "row 0 (q 2024"),
        ("q.csv", b"ts,bid,ask\n2024-01-02 10:00,-1,10.1\n2024-01-02 10:01,10,10.1\n", "DATA-002", "bid -1"),
        ("q.csv", b"ts,bid,ask\n2024-01-02 10:01,10,10.1\n2024-01-02 10:00,10,10.1\n", "DATA-004", "row 1 (q 2024"),
        ("s.csv", b"Date,Rate\n2024-01-02,1\n2024-01-02,2\n", "DATA-005", "row 1"),
        ("s.csv", b"Date,Rate\n2024-01-02,1\n2024-01-03,2\n2024-01-04,x\n", "DATA-015", "'x'"),
        ("s.csv", b"Date,Rate\n2024-01-02,1\n2024-01-03,2,7\n", "DATA-022", "line 3: 3 cells where there are 2"),
        ("s.csv", b"Date,Rate\n2024-01-02,1\nDate,Rate,Yield\n", "DATA-023", "line 3"),
        ("s.csv", b"2024-01-02,1\n2024-01-03,2\n", "DATA-008", "no header; name its columns"),
        ("ids.csv", b"A,Q393762\nAAN,Q10397787\nAAP,unknown\nAB,Q7\n", "DATA-008", "no header"),
        ("s.csv", b"", "DATA-009", "no bytes"),
        ("s.csv", b"Date,Rate\n", "DATA-009", "no row"),
        ("s.csv", b"Date,Rate,Rate\n2024-01-02,1,2\n", "DATA-018", "two columns are named 'Rate'"),
        ("x.bin", bytes(range(256)), "DATA-010", "begins with"),
        ("x.html", b"<!DOCTYPE html><html><body>10.2</body></html>", "DATA-019", "a page of HTML"),
        ("x.xml", b'<?xml version="1.0"?><fix major="4"><header/></fix>', "DATA-019", "dictionary of FIX"),
        ("LICENSE.txt", b"Permission is hereby granted, free of charge.\n" * 9, "DATA-019", "for people"),
        ("x.json", b'{"bids": [[1, 2]', "DATA-020", "line 1"),
        ("x.parquet", b"PAR1" + b"\0" * 40, "DATA-020", "x.parquet"),
        ("x.sbe", b"\x10\x00\x01\x00\x09\x00\x01\x00" + b"\0" * 16, "DATA-025", "template 1 of schema 9"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_row_and_value(
    tmp_path: Path, name: str, data: bytes, code: str, says: str
) -> None:
    """Each fault has its code, and the message tells where it is."""
    found = refused(tmp_path, name, data)
    assert found.error is not None
    assert found.error.code == code, found.error
    assert says in str(found.error), found.error
    assert name in str(found.error)


def test_a_file_that_is_cut_off_says_how_far_it_could_be_read(tmp_path: Path) -> None:
    """What came before the damage is counted."""
    text = FAMILIES["btcusdt.gz"][0]()
    lines = gzip.decompress(text) * 4000
    whole = gzip.compress(lines)
    path = tmp_path / "cut.gz"
    path.write_bytes(whole[: len(whole) // 2])
    found = probe(path, READING)
    assert found.error is not None
    assert (found.error.code, found.status) == ("DATA-020", "unreadable")
    assert 0 < found.rows < 16_000


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Much of nothing in little: named, and read no further than its limit."""
    monkeypatch.setattr(opening, "EXPAND_FREE", 1 << 20)
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b"ts,bid,ask\n")
        file.write(b"2024-01-02 10:00,10,11\n" * 400_000)
    found = probe(path, READING)
    assert found.error is not None
    assert found.error.code == "DATA-021"
    assert probe(path, READING, expand_max=1000).error is not None


def test_a_schema_is_looked_for_beside_the_bytes_that_need_it(tmp_path: Path) -> None:
    """A field, an enumeration, a decimal of two parts, a group and a text, decoded by their schema."""
    schema = """<messageSchema xmlns="x" package="p" id="9" version="1" byteOrder="littleEndian"><types>
    <composite name="groupSizeEncoding"><type name="blockLength" primitiveType="uint16"/>
    <type name="numInGroup" primitiveType="uint16"/></composite><composite name="text"><type name="length"
    primitiveType="uint16"/><type name="varData" primitiveType="uint8" length="0"/></composite>
    <enum name="Side" encodingType="uint8"><validValue name="Buy">1</validValue></enum>
    <composite name="Decimal"><type name="mantissa" primitiveType="int64"/><type name="exponent" primitiveType="int8"/>
    </composite></types><message name="Order" id="1"><field name="qty" id="1" type="uint32"/><field name="side" id="2"
    type="Side"/><field name="price" id="3" type="Decimal"/><group name="legs" id="4" dimensionType="groupSizeEncoding">
    <field name="leg" id="5" type="uint16"/></group><data name="note" id="6" type="text"/></message></messageSchema>"""
    (tmp_path / "schema.xml").write_text(schema)
    block = (7).to_bytes(4, "little") + b"\x01" + (5910).to_bytes(8, "little") + b"\xfe"
    body = block + b"\x02\x00\x02\x00\x05\x00\x06\x00" + b"\x02\x00hi"
    data = len(block).to_bytes(2, "little") + b"\x01\x00\x09\x00\x01\x00" + body
    (tmp_path / "order.sbe").write_bytes(data)
    (row,) = first_rows(tmp_path / "order.sbe", "messages")
    assert row["content"] == (
        '{"qty": 7, "side": "Buy", "price": {"mantissa": 5910, "exponent": -2}, "legs": [{"leg": 5}, {"leg": 6}], '
        '"note": "hi"}'
    )


def test_names_of_columns_are_given_where_a_file_has_none(tmp_path: Path) -> None:
    """The remedy that the refusal names works."""
    path = tmp_path / "t.csv"
    path.write_bytes(b"1605499846,15993.5,0.026472,BUY\n1605499847,15994.5,0.1,SELL\n")
    reading = Reading.of({"columns": ["time", "price", "size", "side"]})
    assert probe(path, reading).kinds == {"trades": 2}


def test_news_is_dated_by_its_publication_and_known_from_its_update(tmp_path: Path) -> None:
    """RFC 822 and ISO 8601 alike; an item without a date gets none; entities are refused."""
    dated, undated = first_rows(made(tmp_path, "news.rss"), "news")
    assert (str(dated["ts_event"]), dated["title"]) == ("2023-03-22 18:00:00+00:00", "Fed raises rates")
    assert (undated["ts_event"], undated["title"]) == (None, "Ford & GM")
    (entry,) = first_rows(made(tmp_path, "news.atom"), "news")
    assert (str(entry["ts_event"])[11:19], str(entry["ts_init"])[11:19]) == ("18:00:00", "18:30:00")
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa">]><rss><channel><item/></channel></rss>'
    assert refused(tmp_path, "bomb.rss", bomb).error.code == "DATA-021"  # type: ignore[union-attr]


def test_what_our_own_recorder_writes_is_read(tmp_path: Path) -> None:
    """Messages, words, notes and bytes of a recorded feed, each a row, in the recording's own order."""
    path = tmp_path / "feed.txt"
    trade = '{"e":"trade","E":1,"s":"KO","t":7,"p":"59.10","q":"2","T":1723161255342,"m":false}'
    path.write_text(f'{NS} #note {{"opened": "wss://x"}}\n{NS + 1} {trade}\n{NS + 2} pong\n{NS + 3} #binary AAE=\n')
    assert probe(path, READING).kinds == {"messages": 3, "trades": 1}
    assert [row["type"] for row in first_rows(path, "messages")] == ["note", "text", "binary"]
    marked = base64.b64encode(f"{trade}\n".encode()).decode()
    path.write_text(f"{NS} {trade}\n{NS + 1} #text {marked}\n")
    assert probe(path, READING).kinds == {"trades": 2}
    path.write_text(f"{NS} {trade}\n{NS + 1} {trade[:40]}\n")
    found = probe(path, READING)
    assert (found.rows, found.error and found.error.code) == (1, "DATA-020")


def test_a_folder_is_searched_in_the_order_of_its_paths(tmp_path: Path) -> None:
    """Hidden files are left out."""
    (tmp_path / "b").mkdir()
    for name in ("b/2.csv", "a.csv", ".hidden"):
        (tmp_path / name).write_bytes(b"x")
    assert [file.name for file in files_below([tmp_path])] == ["a.csv", "2.csv"]


def test_an_archive_with_several_files_is_read_member_by_member(tmp_path: Path) -> None:
    """Rows of all members are counted; the first that cannot be read is named with the archive."""
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", b"ts,bid,ask\n2024-01-02 10:00,10,10.1\n")
        archive.writestr("b.csv", b"ts,bid,ask\n2024-01-02 10:00,10,10.1\n")
    assert probe(path, READING).kinds == {"quotes": 2}
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("c.bin", b"\x00\x01\x02")
    assert "two.zip!c.bin" in str(probe(path, READING).error)


def test_prices_of_more_than_eighteen_decimals_are_rounded_and_counted(tmp_path: Path) -> None:
    """Never silently."""
    path = tmp_path / "q.parquet"
    table = pa.table({"ts": ["2024-01-02 10:00"], "bid": [1.2345678901234567e-05], "ask": [2e-05]})
    pq.write_table(table, path)
    assert probe(path, READING).notes == ("bid: 1 values have more than 18 decimals and were rounded to them",)
