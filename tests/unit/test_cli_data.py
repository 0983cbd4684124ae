"""Commands about prices: a file becomes a catalog, and what is wrong in it is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.main import run

PRICES = """date,open,high,low,close,volume
2024-01-02,10.00,10.50,9.90,10.40,1000
2024-01-03,10.40,10.60,10.30,10.55,1200
2024-01-04,10.55,10.70,10.50,10.60,900
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three days of one stock."""
    path = tmp_path / "KO.csv"
    path.write_text(PRICES)
    return path


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was printed, as JSON objects."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_file_becomes_a_catalog_by_one_command(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ingest, list and check agree on what is there."""
    catalog = ["--catalog", str(tmp_path / "catalog"), "--json"]
    assert run(["data", "ingest", str(file), *catalog]) == 0
    assert printed(capsys)[0]["rows_new"] == 3
    assert run(["data", "list", *catalog]) == 0
    (row,) = printed(capsys)
    assert (row["symbol"], row["rows"], row["tick"]) == ("KO", 3, "0.01")
    assert run(["data", "check", *catalog, "--symbol", "KO"]) == 0
    (row,) = printed(capsys)
    assert (row["symbol"], row["bars"], row["gaps"]) == ("KO", 3, 0)


def test_ingesting_twice_changes_nothing(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same rows are recognised."""
    words = ["data", "ingest", str(file), "--catalog", str(tmp_path / "catalog"), "--json"]
    assert run(words) == run(words) == 0
    assert [(row["rows_new"], row["rows_unchanged"]) for row in printed(capsys)] == [(3, 0), (0, 3)]


def test_people_read_tables(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json each command prints aligned columns, and an empty catalog says what to do."""
    catalog = ["--catalog", str(tmp_path / "catalog")]
    assert run(["data", "list", *catalog]) == 0
    assert "hedgerow data ingest" in capsys.readouterr().out
    assert run(["data", "ingest", str(file), *catalog]) == 0
    assert "rows_new" in capsys.readouterr().out
    assert run(["data", "list", *catalog]) == 0
    assert capsys.readouterr().out.startswith("symbol")


def test_a_dry_run_reports_and_writes_nothing(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One can look before one believes."""
    catalog = tmp_path / "catalog"
    assert run(["data", "ingest", str(file), "--catalog", str(catalog), "--dry-run", "--json"]) == 0
    assert printed(capsys)[0]["bars"] == 3
    assert not catalog.exists()


def test_a_crossed_price_is_named_and_nothing_is_written(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error carries its code, and the catalog stays as it was."""
    file.write_text(PRICES.replace("10.60,10.30", "10.60,10.90"))
    catalog = tmp_path / "catalog"
    assert run(["data", "ingest", str(file), "--catalog", str(catalog), "--json"]) == 11
    error = json.loads(capsys.readouterr().err)["error"]
    assert error["code"] == "DATA-003"
    assert "10.90" in error["detail"] or "10.9" in error["detail"]
    assert run(["data", "list", "--catalog", str(catalog), "--json"]) == 0
    assert printed(capsys) == []


def test_columns_can_be_mapped(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Our word on the left, the file's on the right."""
    file.write_text(PRICES.replace("close", "settle"))
    words = ["data", "ingest", str(file), "--catalog", str(tmp_path / "catalog"), "--json"]
    assert run([*words, "--column", "close=settle"]) == 0
    assert printed(capsys)[0]["symbols"] == ["KO"]


def test_files_are_looked_at_before_they_are_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line a file, programs and people alike; only what cannot be read makes the command fail."""
    (tmp_path / "KO.csv").write_text(PRICES)
    (tmp_path / "page.html").write_text("<html><body>no data</body></html>")
    assert run(["data", "probe", str(tmp_path), "--json"]) == 0
    lines = printed(capsys)
    assert [(line["ok"], line["status"], line["format"], line["rows"]) for line in lines] == [
        (True, "ok", "delimited", 3), (False, "refused", "no-data", 0)]  # fmt: skip
    assert run(["data", "probe", str(tmp_path)]) == 0
    assert "DATA-019" in capsys.readouterr().out
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    assert run(["data", "probe", str(tmp_path), "--json"]) == 11
    assert printed(capsys)[1]["code"] == "DATA-020"


def test_a_file_is_shown_as_it_is_understood(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exact prices and both times, for programs and for people; and the formats are listed."""
    assert run(["data", "show", str(file), "--head", "1", "--json"]) == 0
    (row,) = printed(capsys)
    assert (row["kind"], row["open"], row["ts_event"]) == ("bars", "10", "2024-01-03T00:00:00+00:00")
    assert run(["data", "show", str(file), "--head", "1"]) == 0
    assert "2024-01-03T00:00:00+00:00" in capsys.readouterr().out
    assert run(["data", "formats", "--json"]) == 0
    assert {"parquet", "dbn", "recording"} <= {line["format"] for line in printed(capsys)}
    assert run(["data", "formats"]) == 0
    assert "Lean zips" in capsys.readouterr().out
