"""A catalog keeps what is not bars: all or nothing, known again, and never told earlier than it was known."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError
from hedgerow.market import Catalog, holdings
from hedgerow.market.formats import delimited
from hedgerow.market.formats.probing import probe
from hedgerow.market.reading import Reading

TRADES = """symbol,timestamp,local_timestamp,id,side,price,amount
BTCUSDT,1591574399413000,1591574400196008,1,buy,9762.75,0.001
BTCUSDT,1591574404454000,1591574404460000,2,sell,9762.74,0.25
ETHUSDT,1591574404454000,1591574404470000,3,sell,240.123456789,1
"""
NOW = "2024-06-01"


def file(folder: Path, name: str, text: str) -> Path:
    """A file of text."""
    path = folder / name
    path.write_text(text)
    return path


def test_ticks_lie_by_kind_instrument_and_day_and_are_known_again(tmp_path: Path) -> None:
    """The same file twice adds nothing; prices come back to the last digit, in order of receipt."""
    catalog = Catalog(tmp_path / "catalog")
    path = file(tmp_path, "trades.csv", TRADES)
    done = catalog.ingest_rows(path, ingested_at=NOW)
    assert (done.rows_new, done.rows_unchanged) == ({"trades": 3}, 0)
    again = catalog.ingest_rows(path, ingested_at=NOW)
    assert (again.rows_new, again.rows_unchanged) == ({}, 3)
    files = sorted(str(f.relative_to(catalog.path).parent) for f in catalog.path.rglob("*.parquet"))
    assert files == ["trades/BTCUSDT/2020-06-08", "trades/ETHUSDT/2020-06-08"]
    rows = catalog.rows("trades").to_pylist()
    assert [row["price"] for row in rows] == [Decimal("9762.75"), Decimal("9762.74"), Decimal("240.123456789")]
    assert catalog.rows("trades", "ETHUSDT").num_rows == 1
    assert [(row.kind, row.rows) for row in catalog.list().itertuples()] == [("trades", 2), ("trades", 1)]


def test_nothing_is_told_that_was_known_later(tmp_path: Path) -> None:
    """As of a moment between two receipts there is one trade; before the first there is none."""
    catalog = Catalog(tmp_path / "catalog")
    catalog.ingest_rows(file(tmp_path, "trades.csv", TRADES), ingested_at=NOW)
    assert catalog.rows("trades", as_of="2020-06-08T00:00:01Z").num_rows == 1
    assert catalog.rows("trades", as_of="2020-06-08T00:00:00Z").num_rows == 0
    assert catalog.rows("trades", start="2020-06-08T00:00:00Z").num_rows == 2


def test_what_bears_no_time_was_known_when_it_was_ingested(tmp_path: Path) -> None:
    """A list of symbols that came later is not there before, though an earlier list is."""
    catalog = Catalog(tmp_path / "catalog")
    head = "Symbol,Security Name,Exchange"
    catalog.ingest_rows(file(tmp_path, "a.csv", f"{head}\nAAA,Alpha,NYSE\n"), ingested_at="2020-01-01")
    catalog.ingest_rows(file(tmp_path, "b.csv", f"{head}\nBBB,Beta,NYSE\n"), ingested_at="2024-01-01")
    assert [catalog.rows("reference", as_of=day).num_rows for day in ("2019-01-01", "2021-01-01", "2025-01-01")] == [
        0,
        1,
        2,
    ]


def test_a_correction_of_a_series_is_a_new_row(tmp_path: Path) -> None:
    """A value that differs is refused until it is told when it became known; then both can be asked for."""
    catalog = Catalog(tmp_path / "catalog")
    catalog.ingest_rows(file(tmp_path, "gdp.csv", "date,value\n2024-01-01,1.5\n2024-02-01,1.6\n"), ingested_at=NOW)
    path = file(tmp_path, "gdp.csv", "date,value\n2024-01-01,1.5\n2024-02-01,1.7\n2024-03-01,-2\n")
    with pytest.raises(HedgerowError, match=r"DATA-017.*gdp 2024-02-01: the value is 1.6, now 1.7"):
        catalog.ingest_rows(path, ingested_at=NOW)
    assert catalog.rows("series").num_rows == 2
    done = catalog.ingest_rows(path, ingested_at=NOW, restated_at="2024-03-10")
    assert (done.rows_new, done.rows_unchanged) == ({"series": 2}, 1)
    assert catalog.rows("series").column("value").to_pylist() == [1.5, 1.7, -2.0]
    assert catalog.rows("series", as_of="2024-03-05").column("value").to_pylist() == [1.5, 1.6, -2.0]
    assert catalog.ingest_rows(path, ingested_at=NOW).rows_unchanged == 3


def test_a_correction_that_is_taken_back_is_a_correction(tmp_path: Path) -> None:
    """The first value again, told later, is what is believed from then on; told once more it is known."""
    catalog = Catalog(tmp_path / "catalog")
    first = file(tmp_path, "a.csv", "date,gdp\n2024-01-01,1.5\n2024-02-01,1.6\n")
    second = file(tmp_path, "b.csv", "date,gdp\n2024-01-01,1.5\n2024-02-01,1.7\n")
    told = ((first, "2024-03-01"), (second, "2024-03-10"), (first, "2024-03-20"), (first, "2024-03-20"))
    done = [catalog.ingest_rows(path, ingested_at=NOW, restated_at=at) for path, at in told]
    assert [one.rows_new.get("series", 0) for one in done] == [2, 1, 1, 0]
    for day, value in (("2024-03-09", 1.6), ("2024-03-19", 1.7), ("2024-03-21", 1.6)):
        assert catalog.rows("series", as_of=day).column("value").to_pylist() == [1.5, value]
    assert catalog.ingest_rows(second, ingested_at=NOW, restated_at="2024-03-10").rows_unchanged == 2


def test_vintages_of_the_source_are_kept(tmp_path: Path) -> None:
    """The value known at a date is that of the release before it."""
    catalog = Catalog(tmp_path / "catalog")
    text = "date,realtime_start,value\n2024-01-01,2024-02-10,1.5\n2024-01-01,2024-03-10,1.7\n"
    catalog.ingest_rows(file(tmp_path, "gdp.csv", text), ingested_at=NOW)
    assert catalog.rows("series", as_of="2024-03-01").column("value").to_pylist() == [1.5]
    assert catalog.rows("series").column("value").to_pylist() == [1.7]


def test_a_release_is_not_known_on_the_day_before_it(tmp_path: Path) -> None:
    """A date says no time of day: asked as of the day before, or of that morning, the value before it counts."""
    catalog = Catalog(tmp_path / "catalog")
    text = "date,realtime_start,value\n2024-01-01,2024-02-10,1.5\n2024-01-01,2024-03-10,1.7\n"
    catalog.ingest_rows(file(tmp_path, "gdp.csv", text), ingested_at=NOW)
    for moment, value in (("2024-03-09", 1.5), ("2024-03-10T08:00:00Z", 1.5), ("2024-03-10", 1.7)):
        assert catalog.rows("series", as_of=moment).column("value").to_pylist() == [value]


def test_the_value_of_a_date_is_not_known_as_of_the_date_before(tmp_path: Path) -> None:
    """Series, actions and members that only have a date, on every way in; sessions that close at midnight count."""
    catalog = Catalog(tmp_path / "catalog")
    catalog.ingest_rows(file(tmp_path, "vix.csv", "date,value\n2024-01-01,13\n2024-01-02,14\n"), ingested_at=NOW)
    bars = "date,close,dividend\n2024-01-01,10,0\n2024-01-02,10,1\n"
    catalog.ingest(file(tmp_path, "KO.csv", bars), ingested_at=NOW)
    catalog.ingest_rows(tmp_path / "KO.csv", ingested_at=NOW)
    members = "ticker,start_date,end_date\nA,2024-01-01,\nB,2024-01-02,\n"
    catalog.ingest_rows(file(tmp_path, "index.csv", members), ingested_at=NOW)
    for day, count in (("2023-12-31", 0), ("2024-01-01", 1), (date(2024, 1, 2), 2)):
        assert catalog.rows("series", as_of=day).num_rows == count
        assert len(catalog.sql("FROM series", as_of=day)) == len(catalog.sql("FROM bars", as_of=day)) == count
        assert catalog.rows("universe", as_of=day).num_rows == count
        assert len(catalog.actions(as_of=day)) == max(count - 1, 0)


def test_what_is_held_is_read_once_however_many_blocks_a_file_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second block finds what the first one added, and no file is read again for it."""
    catalog = Catalog(tmp_path / "catalog")
    catalog.ingest_rows(file(tmp_path, "gdp.csv", "date,value\n1900-01-01,0\n"), ingested_at=NOW)
    days = [f"{date(1900, 1, 1) + timedelta(days)},{days}" for days in range(3000)]
    path = file(tmp_path, "gdp.csv", "\n".join(["date,value", *days, days[-1].replace("2999", "7")]))
    monkeypatch.setattr(delimited, "BLOCK", 4096)
    read: list[str] = []
    whole = holdings.read_table
    monkeypatch.setattr(holdings, "read_table", lambda root, entry: (read.append(entry.file), whole(root, entry))[1])
    with pytest.raises(HedgerowError, match=r"DATA-0(05|17)"):
        catalog.ingest_rows(path, ingested_at=NOW)
    path = file(tmp_path, "gdp.csv", "\n".join(["date,value", *days]))
    read.clear()
    assert catalog.ingest_rows(path, ingested_at=NOW).rows_new == {"series": 2999}
    assert len(read) == 1


def test_a_probe_reads_a_table_once_whatever_it_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options are tried on the table that was read; what they are does not change by that."""
    from hedgerow.market import files

    rows = [
        "2024-01-03,10,10,10,nan",
        "2024-01-02,10,9,11,10",
        *(f"2024-01-{day:02},10,10,10,10" for day in range(4, 9)),
    ]
    text = "\n".join(["date,open,high,low,close", *rows])
    path = file(tmp_path, "b.csv", text)
    read: list[Path] = []
    whole = files._csv
    monkeypatch.setattr(files, "_csv", lambda path, reading: (read.append(path), whole(path, reading))[1])
    assert set(probe(path, Reading()).loads_with) >= {"--sort", "--missing drop", "--faulty drop"}
    assert read == [path]


def test_a_faulty_row_refuses_the_file_and_leaves_nothing(tmp_path: Path) -> None:
    """The row is named; no file stays behind; said so, such rows are dropped and counted."""
    catalog = Catalog(tmp_path / "catalog")
    path = file(tmp_path, "q.csv", "ts,bid,ask\n2024-01-02 10:00,10,10.1\n2024-01-02 10:01,10.2,10.1\n")
    with pytest.raises(HedgerowError, match=r"DATA-024.*q.csv, row 1 .*bid 10.2"):
        catalog.ingest_rows(path, ingested_at=NOW)
    assert list(catalog.path.rglob("*.parquet")) == []
    done = catalog.ingest_rows(path, ingested_at=NOW, faulty="drop")
    assert done.rows_new == {"quotes": 1}
    assert "1 faulty rows dropped" in done.notes[-1]


def test_a_probe_tells_with_which_options_rows_are_kept(tmp_path: Path) -> None:
    """The options that it names are those that work."""
    text = "ts,bid,ask\n2024-01-02 10:01,10,10.1\n2024-01-02 10:00,10.2,10.1\n2024-01-02 10:02,10,10.1\n"
    path = file(tmp_path, "q.csv", text)
    assert probe(path, Reading()).loads_with == ("--sort", "--faulty drop")
    done = Catalog(tmp_path / "catalog").ingest_rows(path, ingested_at=NOW, sort=True, faulty="drop")
    assert done.rows_new == {"quotes": 2}


@pytest.mark.parametrize("cell", ["", "NULL", "null", "NA", "N/A", "n/a", "NaN", "None", ".", " "])
def test_an_empty_cell_is_empty_however_it_is_written(tmp_path: Path, cell: str) -> None:
    """One rule for decimals, floats and series."""
    catalog = Catalog(tmp_path / "catalog")
    text = f"ts,bid,ask,bid_size\n2024-01-02 10:00,10,10.1,1\n2024-01-02 10:01,10,10.1,{cell}\n"
    catalog.ingest_rows(file(tmp_path, "q.csv", text), ingested_at=NOW)
    assert catalog.rows("quotes").column("bid_size").to_pylist() == [1, None]
    catalog.ingest_rows(file(tmp_path, "s.csv", f"date,value\n2024-01-01,1.5\n2024-01-02,{cell}\n"), ingested_at=NOW)
    assert catalog.rows("series").column("value").to_pylist() == [1.5]


def test_a_changed_byte_is_an_error_and_never_a_price(tmp_path: Path) -> None:
    """Files are checked against their digest; what is not there says so."""
    catalog = Catalog(tmp_path / "catalog")
    catalog.ingest_rows(file(tmp_path, "trades.csv", TRADES), ingested_at=NOW)
    stored = next(catalog.path.rglob("*.parquet"))
    data = bytearray(stored.read_bytes())
    data[len(data) // 2] ^= 1
    stored.write_bytes(bytes(data))
    with pytest.raises(HedgerowError, match="DATA-017"):
        catalog.rows("trades")
    with pytest.raises(HedgerowError, match="DATA-014"):
        catalog.rows("quotes")
    with pytest.raises(HedgerowError, match="no kind of rows"):
        catalog.rows("ticks")


def test_bars_and_other_kinds_share_a_catalog(tmp_path: Path) -> None:
    """Each is found again, and bars in a file of rows are pointed to their own door."""
    catalog = Catalog(tmp_path / "catalog")
    bars = file(
        tmp_path, "KO.csv", "date,open,high,low,close,dividends\n2024-01-02,10,11,9,10,0\n2024-01-03,10,11,9,10,0.5\n"
    )
    catalog.ingest(bars, ingested_at=NOW)
    done = catalog.ingest_rows(bars, ingested_at=NOW)
    assert done.rows_new == {"actions": 1}
    assert "data ingest" in done.notes[0]
    assert len(catalog.bars("KO")) == 2
    assert catalog.rows("actions").column("value").to_pylist() == [Decimal("0.5")]


def test_rows_are_kept_and_printed_by_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`data keep` and `data rows`, for programs and for people."""
    path, catalog = file(tmp_path, "trades.csv", TRADES), ["--catalog", str(tmp_path / "catalog")]
    assert run(["data", "keep", str(path), *catalog, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trades_new"] == 3
    assert run(["data", "rows", "trades", *catalog, "--symbol", "ETHUSDT", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["price"] == "240.123456789"
    assert run(["data", "rows", "trades", *catalog]) == 0
    assert "9762.75" in capsys.readouterr().out
