"""Files that would mislead a reader: each is named with its row and value, and none becomes rows that are not so."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedgerow.core.errors import DataError
from hedgerow.market.files import read_bars
from hedgerow.market.formats import documents
from hedgerow.market.formats.delimited import BLOCK
from hedgerow.market.formats.probing import head, probe
from hedgerow.market.reading import Reading

READING = Reading()
HEAD = "ts,price,size,side\n"
GOOD = "2024-01-02T10:00:00Z,10.5,1,buy\n"
LATER = "2024-01-02T10:00:01Z,"
BARS = "date,open,high,low,close\n"


def said_of(folder: Path, name: str, data: bytes | str) -> tuple[str, str]:
    """The code and the detail of the finding on a file of these bytes."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    found = probe(path, READING).record()
    return found["code"] or "ok", found["detail"] or ""


@pytest.mark.parametrize(
    ("name", "text", "code", "says"),
    [
        ("units.csv", "ts,price,size\n1704189600000,1,1\n1704189601000000,1,1\n", "DATA-013", "row 1, column 'ts': "
         "1704189601000000 is in another unit than the rows before it (ms and us)"),
        ("units2.csv", "ts,price,size\n1704189600000,1,1\n1704189601,1,1\n", "DATA-013", "row 1, column 'ts': 17"),
        ("far.csv", "ts,price,size\n2024-01-02,1,1\n9999-12-31T00:00:00Z,1,1\n", "DATA-013", "column 'ts': 9999"),
        ("sheet.csv", BARS + "45293,1,2,0.5,1\n45294,1,2,0.5,1\n", "DATA-013", "45293 is a day of a spreadsheet"),
        ("nan.csv", HEAD + GOOD + LATER + "NaN,2,sell\n", "DATA-001", "row 1 (nan 2024-01-02T10:00:01.0"),
        ("none.csv", HEAD + GOOD + LATER + "10.6,,sell\n", "DATA-001", "size absent"),
        ("minus.csv", HEAD + GOOD + LATER + "-10.6,2,sell\n", "DATA-002", "price -10.6"),
        ("under.csv", HEAD + GOOD + LATER + "1_0.5,2,sell\n", "DATA-015", "record 1: price is '1_0.5'"),
        ("long.csv", HEAD + LATER + "9" * 5000 + ",1,buy\n", "DATA-001", "record 0: price is 99999"),
        ("inf.csv", "date,value\n2024-01-02,1\n2024-01-03,1e999\n", "DATA-001", "record 1, column 'value': 1e999"),
        ("side.csv", "ts,is_snapshot,side,price,amount\n1598918403123000,true,up,1,1\n", "DATA-015",
         "record 0: side 'up' is neither bid nor ask"),
        ("latin.csv", (HEAD + GOOD).encode() + b"2024-01-02T10:00:01Z,1,2,s\xe9\n", "DATA-020", "byte 77 is 0xe9"),
        ("wide.csv", (HEAD + GOOD).encode("utf-16"), "DATA-020", "not UTF-8 text but UTF-16"),
        ("digits.json", '[{"timestamp":' + "9" * 5000 + ',"price":1,"size":1}]', "DATA-020", "digits.json"),
        ("padded.csv", "date,value\n2024-01-02, 1.5\n2024-01-03,2.5 \n", "ok", ""),
        ("word.csv", "date,value\n" + "2024-01-02,1\n2024-01-03,2\n" * 2 + "2024-01-04,1.5x\n", "DATA-015",
         "column 'value', record 4: value is '1.5x'"),
        ("paid.csv", BARS.replace("\n", ",dividends\n") + "2024-01-02,1,2,0.5,1,0\n2024-01-03,1,2,0.5,1,0\n"
         "2024-01-04,1,2,0.5,1,0\n2024-01-05,1,2,0.5,1,0.2x\n", "DATA-015", "record 3: dividend is '0.2x', no number"),
        ("half.json", '[{"timestamp":1704189600000,"title":"\\ud800 x"}]', "DATA-020", "half a character"),
    ],
)  # fmt: skip
def test_what_would_mislead_is_named_with_its_row_and_value(
    tmp_path: Path, name: str, text: bytes | str, code: str, says: str
) -> None:
    """Two units in one column, years beyond the clock, absent prices, endless values, texts in another encoding."""
    found = said_of(tmp_path, name, text)
    assert found[0] == code, found
    assert says in found[1], found
    assert len(found[1]) < 300, found


def test_a_compressed_file_that_was_cut_off_is_damaged_and_not_empty(tmp_path: Path) -> None:
    """Also where it is so short that none of it could be expanded."""
    text = (HEAD + GOOD * 500).encode()
    packed = {"a.csv.gz": gzip.compress(text), "a.csv.xz": lzma.compress(text)}
    packed["a.csv.zst"] = pa.Codec("zstd").compress(text).to_pybytes()
    for name, data in packed.items():
        code, says = said_of(tmp_path, name, data[:-12])
        assert (code, says.startswith(name)) == ("DATA-020", True), (name, says)
    assert said_of(tmp_path, "b.csv.gz", gzip.compress(b""))[0] == "DATA-009"


def zipped(*members: tuple[str, str | bytes]) -> bytes:
    """A zip archive of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_is_read_member_by_member_and_no_member_twice(tmp_path: Path) -> None:
    """What a system laid beside the data is no data; of two members of one name nobody can say which is meant."""
    beside = (("__MACOSX/._a.csv", b"\0\5\x16\7"), (".DS_Store", b"\0\0\0\1Bud1"))
    assert said_of(tmp_path, "mac.zip", zipped(("a.csv", HEAD + GOOD), *beside)) == ("ok", "")
    code, says = said_of(tmp_path, "twice.zip", zipped(("a.csv", HEAD + GOOD), ("a.csv", HEAD + GOOD * 2)))
    assert (code, "two files named 'a.csv'" in says) == ("DATA-020", True)


def test_a_side_that_is_neither_is_left_out_and_said(tmp_path: Path) -> None:
    """A venue's own word for an unknown side is none of these."""
    path = tmp_path / "side.csv"
    path.write_text(HEAD + GOOD + LATER + "10.6,2,sideways\n" + LATER + "10.6,2,unknown\n")
    (trades,) = head(path, READING, 9)
    assert trades.table.column("side").to_pylist() == ["buy", None, None]
    assert trades.notes == ("side 'sideways' is neither buy nor sell: it is left out",)


def test_a_row_of_a_later_block_is_named_by_its_own_number(tmp_path: Path) -> None:
    """A file is read a block at a time; the row that is named is that of the file."""
    rows = BLOCK // len(GOOD) + 1000
    code, says = said_of(tmp_path, "long.csv", HEAD + GOOD * rows + "noon,1,1,buy\n")
    assert (code, says) == ("DATA-013", f"long.csv: row {rows}, column 'ts': 'noon'")


def test_negative_sizes_of_orders_are_refused(tmp_path: Path) -> None:
    """An order of less than nothing is no order, whatever reader it came from."""
    name = "GE_2012-06-21_34200000_57600000_message_2.csv"
    code, says = said_of(tmp_path, name, "34200.017459617,1,5,-10,2238200,1\n")
    assert (code, says) == ("DATA-011", f"{name}, row 0 (GE 2012-06-21T13:30:00.017459617): size -10")


def test_what_pandas_noted_in_a_parquet_file_may_be_damaged(tmp_path: Path) -> None:
    """The bars are whole and their notes are not: the file is damaged, and no reader breaks."""
    table = pa.table({"date": ["2024-01-02"], "open": [1.0], "high": [2.0], "low": [0.5], "close": [1.0]})
    path = tmp_path / "noted.parquet"
    pq.write_table(table.replace_schema_metadata({"pandas": "{"}), path)
    assert probe(path, READING).record()["code"] == "DATA-020"
    with pytest.raises(DataError, match="DATA-020"):
        read_bars(path, READING)


def test_a_book_that_is_crossed_as_a_whole_is_refused(tmp_path: Path) -> None:
    """Of whatever layout: a row of levels, a message; another instrument's book in the same message is not crossed."""
    names = "symbol,timestamp,asks[0].price,asks[0].amount,bids[0].price,bids[0].amount"
    (tmp_path / "a.csv").write_text(f"{names}\nX,1580515200123000,101,1,100,2\nX,1580515200124000,99,1,100,2\n")
    found = probe(tmp_path / "a.csv", Reading())
    assert found.error is not None
    assert (found.error.code, "row 1" in found.error.detail) == ("DATA-024", True)
    assert "best bid 100, best ask 99 (2 such rows)" in found.error.detail
    book = {"createTime": 1648052239156, "asks": [["30", "1"]], "bids": [["29", "1"]], "id": 1}
    other = book | {"asks": [["3", "1"]], "bids": [["2", "1"]]}
    data = [book | {"symbol": "A"}, other | {"symbol": "B"}]
    (tmp_path / "b.json").write_text(json.dumps({"channel": "book", "data": data}))
    assert probe(tmp_path / "b.json", Reading()).error is None


def test_a_time_that_is_a_word_costs_nothing_and_is_named(tmp_path: Path) -> None:
    """A word is not repeated a million times."""
    trade = {"e": "trade", "E": "soon" * 10_000, "T": "soon" * 10_000, "s": "B", "p": "1", "q": "1", "t": 1, "m": True}
    (tmp_path / "a.jsonl").write_text(f"\n1723161254000000002 {json.dumps(trade)}\n")
    found = probe(tmp_path / "a.jsonl", Reading())
    assert found.error is not None
    assert (found.error.code, len(found.error.detail) < 200) == ("DATA-013", True)


def test_a_document_that_would_fill_the_memory_is_refused_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One JSON document is read as a whole; more is read where that is allowed."""
    monkeypatch.setattr(documents, "DOCUMENT_MAX", 1000)
    trade = {"timestamp": 1704067200, "price": "1.5", "size": "2", "side": "buy"}
    (tmp_path / "a.json").write_text(json.dumps([trade] * 50))
    found = probe(tmp_path / "a.json", Reading())
    assert found.error is not None
    assert (found.error.code, "more than 1,000 bytes" in found.error.detail) == ("DATA-021", True)
    assert probe(tmp_path / "a.json", Reading(), expand_max=10_000).rows == 50
