"""A snapshot names content; compaction changes files and no content, and neither crash nor reader sees it half done."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest

from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError
from hedgerow.market import Catalog
from hedgerow.market.snapshots import Snapshot

HEAD = "symbol,timestamp,local_timestamp,id,side,price,amount\n"
SECOND = 1_591_574_400_000_000


def trades(catalog: Catalog, first: int, count: int = 2, symbol: str = "BTCUSDT") -> Path:
    """A file of trades, a second apart, into the catalog."""
    path = catalog.path.parent / f"trades{first}{symbol}.csv"
    times = [SECOND + (first + n) * 1_000_000 for n in range(count)]
    path.write_text(HEAD + "".join(f"{symbol},{t},{t + 9},{t},buy,{100 + t % 7}.25,0.5\n" for t in times))
    catalog.ingest_rows(path, ingested_at="2024-06-01")
    return path


def closes(*prices: float) -> pd.DataFrame:
    """Daily closes."""
    return pd.DataFrame({"date": [f"2024-01-{2 + n:02}" for n in range(len(prices))], "close": prices})


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Several small files of each kind, bars with a correction in a finer tick, rows without a time."""
    found = Catalog(tmp_path / "catalog")
    for first in (0, 2, 4):
        trades(found, first)
    trades(found, 0, symbol="ETHUSDT")
    found.ingest(closes(10.40, 10.55), symbol="KO", ingested_at="2024-01-04")
    found.ingest(closes(10.40, 10.555), symbol="KO", ingested_at="2024-01-10", restated_at="2024-01-10")
    for name, when in (("AAA", "2020-01-01"), ("BBB", "2024-01-01")):
        path = tmp_path / f"{name}.csv"
        path.write_text(f"Symbol,Security Name,Exchange\n{name},Some,NYSE\n")
        found.ingest_rows(path, ingested_at=when)
    for text, when in (("2024-01-01,1.5\n", None), ("2024-01-01,1.7\n", "2024-03-01")):
        (tmp_path / "gdp.csv").write_text(f"date,value\n{text}")
        found.ingest_rows(tmp_path / "gdp.csv", ingested_at="2024-06-01", restated_at=when)
    return found


def all_of(catalog: Catalog, as_of: str | None = None) -> dict[str, list[dict[str, object]]]:
    """Every row of every kind."""
    return {kind: catalog.rows(kind, as_of=as_of).to_pylist() for kind in ("bars", "trades", "reference", "series")}


def files(catalog: Catalog) -> list[str]:
    """Its Parquet files, and what is unfinished."""
    return sorted(
        f.relative_to(catalog.path).as_posix() for f in catalog.path.rglob("*") if f.suffix in (".parquet", ".new")
    )


EARLY = ("2019-01-01", "2020-06-08T00:00:03Z")
MOMENTS = ("2024-01-05", "2024-02-01", "2025-01-01")


def test_compaction_changes_files_and_nothing_else(catalog: Catalog) -> None:
    """Rows and snapshots as of any moment are as before; rows without a time keep when they were known."""
    before = [(all_of(catalog, moment), catalog.snapshot(moment)) for moment in MOMENTS]
    whole = [catalog.snapshot(moment) for moment in (None, *EARLY)]
    assert [snapshot.rows for snapshot in whole] == [15, 0, 6]
    assert len(files(catalog)) == 10
    done = catalog.compact()
    assert (done.files_before, done.files_after, done.files_removed) == (10, 6, 7)
    assert len(files(catalog)) == 6
    assert [(all_of(catalog, moment), catalog.snapshot(moment)) for moment in MOMENTS] == before
    assert [catalog.snapshot(moment) for moment in (None, *EARLY)] == whole
    assert catalog.list().files.max() == 2
    again = catalog.compact()
    assert (again.files_before, again.files_after, again.files_removed) == (6, 6, 0)


def test_what_was_ingested_is_known_after_compaction(catalog: Catalog, tmp_path: Path) -> None:
    """The same files add nothing; a correction still needs its time."""
    catalog.compact()
    before = catalog.snapshot()
    for path in sorted(tmp_path.glob("*.csv")):
        assert catalog.ingest_rows(path, ingested_at="2024-07-01").rows_new == {}
    assert catalog.ingest(closes(10.40, 10.555), symbol="KO", ingested_at="2024-07-01").rows_new == 0
    assert catalog.snapshot() == before


def test_a_snapshot_is_of_content_and_not_of_how_it_came(tmp_path: Path) -> None:
    """One file or two, in either order, a coarse tick or a fine one: the same name; one digit more, another."""
    names = []
    for order in ((0, 2), (2, 0)):
        folder = tmp_path / f"{order[0]}"
        folder.mkdir()
        parts = Catalog(folder / "catalog")
        for first in order:
            trades(parts, first)
        names.append([part.rows for part in parts.snapshot().parts])
    assert names == [[4], [4]]
    fine, coarse = Catalog(tmp_path / "fine"), Catalog(tmp_path / "coarse")
    fine.ingest(closes(10.4, 10.5), symbol="KO", tick="0.0001", ingested_at=1)
    coarse.ingest(closes(10.4), symbol="KO", tick="0.1", ingested_at=2)
    coarse.ingest(closes(10.4, 10.5), symbol="KO", tick="0.1", ingested_at=3)
    assert fine.snapshot().digest == coarse.snapshot().digest
    other = Catalog(tmp_path / "other")
    other.ingest(closes(10.4, 10.6), symbol="KO", ingested_at=1)
    assert other.snapshot().digest != fine.snapshot().digest


def test_a_snapshot_does_not_change_with_what_becomes_known_later(catalog: Catalog) -> None:
    """But it does with what claims to have been known before, and says where."""
    then = catalog.snapshot("2024-02-01")
    catalog.ingest(closes(10.40, 10.60), symbol="KO", ingested_at="2024-04-01", restated_at="2024-04-01")
    catalog.verify(then)
    trades(catalog, 100)
    with pytest.raises(HedgerowError, match=r"DATA-017.*trades/BTCUSDT/2020-06-08: 6 rows, now 8"):
        catalog.verify(then)


def test_a_snapshot_as_of_a_date_names_the_rows_as_of_that_date(tmp_path: Path) -> None:
    """A value that bears the midnight after is labelled by the next date; a session may close there."""
    held, path = Catalog(tmp_path / "catalog"), tmp_path / "gdp.csv"
    path.write_text("date,value\n2024-01-01,1.5\n2024-01-02,1.6\n")
    held.ingest_rows(path, ingested_at="2024-06-01")
    held.ingest(closes(10.40), symbol="KO", ingested_at="2024-06-01")
    for day, values in (("2024-01-01", 1), ("2024-01-02", 2)):
        then = held.snapshot(day)
        assert {part.folder.split("/")[0]: part.rows for part in then.parts}["series"] == values
        assert held.rows("series", as_of=day).num_rows == values
        then.save(tmp_path / "then.json")
        assert Snapshot.load(tmp_path / "then.json") == then
        held.verify(then)
    assert [part.rows for part in then.parts if part.folder.startswith("bars")] == [1]


def test_a_snapshot_is_kept_as_a_file_that_cannot_be_changed_unseen(catalog: Catalog, tmp_path: Path) -> None:
    """It comes back as it was; a changed one, and one that is none, are refused."""
    path = tmp_path / "s.json"
    catalog.snapshot("2024-02-01").save(path)
    assert Snapshot.load(path) == catalog.snapshot("2024-02-01")
    path.write_text(path.read_text().replace('"rows": 6', '"rows": 7'))
    with pytest.raises(HedgerowError, match=r"DATA-010.*its digest"):
        Snapshot.load(path)
    path.write_text("[]")
    with pytest.raises(HedgerowError, match=r"DATA-010"):
        Snapshot.load(path)
    with pytest.raises(HedgerowError, match=r"DATA-014"):
        Snapshot.load(tmp_path / "none.json")


CRASH = """
import os, sys
from hedgerow.market import Catalog
left = int(sys.argv[2])
def killed_before(call):
    def step(*words, **more):
        global left
        if left == 0:
            os._exit(9)
        left -= 1
        return call(*words, **more)
    return step
for name in ("open", "fsync", "replace", "unlink"):
    setattr(os, name, killed_before(getattr(os, name)))
Catalog(sys.argv[1]).compact()
"""


def test_a_crash_at_any_step_leaves_a_whole_catalog(catalog: Catalog) -> None:
    """Killed before each call that changes the disk, in turn: rows and name stay, the rest is done later."""
    before, rows = catalog.snapshot(), all_of(catalog)
    steps, state = 0, 9
    while state == 9:
        done = subprocess.run([sys.executable, "-c", CRASH, str(catalog.path), str(steps)], check=False)
        state, steps = done.returncode, steps + 1
        assert state in (0, 9)
        assert catalog.snapshot() == before
        assert all_of(catalog) == rows
    assert steps > 10
    catalog.compact()
    assert len(files(catalog)) == 6


def test_readers_go_on_while_files_are_joined(catalog: Catalog) -> None:
    """A reader that holds an old manifest finds the new one; it never sees fewer rows than were there before."""
    failed: list[BaseException] = []
    over = threading.Event()

    def read() -> None:
        seen = 6
        try:
            while not over.is_set():
                before, seen = seen, catalog.rows("trades", "BTCUSDT").num_rows
                assert seen >= before
                assert len(catalog.bars("KO")) == 2
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for first in range(10, 50, 2):
        trades(catalog, first)
        catalog.compact()
    over.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert catalog.rows("trades", "BTCUSDT").num_rows == 46


def test_a_changed_byte_is_found_by_verifying(catalog: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    """The commands take a snapshot, verify it by the begin of its digest, compact, and name a changed file."""
    where = ["--catalog", str(catalog.path), "--json"]
    assert run(["data", "snapshot", *where, "--as-of", "2024-02-01"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert run(["data", "compact", *where]) == 0
    assert json.loads(capsys.readouterr().out)["files_after"] == 6
    assert run(["data", "verify", told["digest"], *where]) == run(["data", "verify", told["file"], *where]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["rows"] == told["rows"]
    assert run(["data", "verify", "0123", *where]) == 11
    assert run(["data", "verify", *where]) == 0
    stored = next(catalog.path.rglob("trades/**/*.parquet"))
    stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    capsys.readouterr()
    assert run(["data", "verify", *where]) == 11
    assert "DATA-017" in capsys.readouterr().err
    stored.unlink()
    assert run(["data", "verify", *where]) == 11
    assert "DATA-014" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["/tmp/no-snapshot.json", "**x", "*", "[0"])
def test_a_snapshot_that_is_not_there_is_named(catalog: Catalog, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An absolute path and signs of patterns are names as others are."""
    where = ["--catalog", str(catalog.path), "--json"]
    assert run(["data", "snapshot", *where]) == 0
    assert run(["data", "verify", name, *where]) == 11
    assert "DATA-014" in capsys.readouterr().err
