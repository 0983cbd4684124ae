"""The commands about feeds: what they print, how they end, and that a service can be stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.main import run

SPEC = """name = "eod"
vendor = "V"
format = "csv"
[transport]
kind = "folder"
path = "drop"
[schedule]
every = "200ms"
[limits]
disk_free_bytes_min = "0"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a specification and a vendor's folder, and we are in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "eod.toml").write_text(SPEC)
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "a.csv").write_text("1,2\n")
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was printed, as JSON objects."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_check_says_what_would_be_asked_and_every_bad_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good file is described; of two, the bad one is named and the exit status is 24."""
    assert run(["feeds", "check", "eod.toml", "--json"]) == 0
    (told,) = printed(capsys)
    assert (told["feed"], told["from"], told["shape"]) == ("eod", "drop", "files")
    (here / "bad.toml").write_text(SPEC.replace("folder", "foldr"))
    assert run(["feeds", "check", "bad.toml", "eod.toml"]) == 24
    said = capsys.readouterr()
    assert "did you mean 'folder'?" in said.err
    assert "1 of 2 files" in said.err
    assert not (here / "landing").exists()


def test_a_pass_prints_a_line_a_delivery_and_ends_as_it_went(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text for people, objects for programs, and the status of the first error."""
    assert run(["feeds", "run", "eod.toml", "--once"]) == 0
    assert capsys.readouterr().out.splitlines() == ["new        a.csv  4 bytes  files/a.csv", "eod: 1 new"]
    (here / "drop" / "b:c.csv").write_text("x")
    assert run(["feeds", "run", "eod.toml", "--once", "--json"]) == 24
    (row,) = printed(capsys)
    assert (row["kind"], row["code"], row["feed"]) == ("failed", "FEED-008", "eod")
    assert run(["feeds", "status", "--json"]) == 24
    (told,) = printed(capsys)
    assert [finding["what"] for finding in told["findings"]] == ["failed"]
    (here / "drop" / "b:c.csv").unlink()
    assert run(["feeds", "run", "eod.toml", "--once"]) == run(["feeds", "status", "--verify"]) == 0
    assert "amiss" in capsys.readouterr().out


def test_a_feed_that_never_ran_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a specification there is nothing to look at; with one there is."""
    assert run(["feeds", "status"]) == 24
    assert "FEED-015" in capsys.readouterr().err
    assert run(["feeds", "status", "eod.toml"]) == 0


def test_a_run_for_a_while_takes_what_comes_meanwhile(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Some passes, then it ends by itself."""
    assert run(["feeds", "run", "eod.toml", "--for", "0.7", "--json"]) == 0
    assert [row["name"] for row in printed(capsys)] == ["a.csv"]


def test_a_service_that_is_stopped_ends_as_one_that_is_interrupted(here: Path) -> None:
    """SIGTERM: exit status 130, the lock is let go, and what came stays."""
    words = [sys.executable, "-c", "from hedgerow.cli.main import main; raise SystemExit(main())", "feeds", "run"]
    process = subprocess.Popen([*words, "eod.toml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"new")
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said.strip()) == (130, b"interrupted")
    assert run(["feeds", "run", "eod.toml", "--once"]) == 0


def test_vendors_are_listed_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """What each has, and what must be installed for it."""
    pytest.importorskip("ccxt", reason="ccxt is not installed")
    assert run(["feeds", "vendors", "poloniex", "--json"]) == 0
    (told,) = printed(capsys)
    assert (told["vendor"], told["extra"]) == ("poloniex", "venues")
    assert {"bars", "trades", "quotes", "book"} <= set(told["kinds"])


def test_what_was_delivered_is_kept_in_a_catalog_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each delivery once; one that cannot be read is named, hinders no other, and is tried again."""
    (here / "drop" / "a.csv").write_text("date,close\n2026-11-26,59.82\n2026-11-27,60.10\n")
    (here / "drop" / "b.csv").write_text("ts,bid,ask\n2026-11-27 10:00,59.12,59.11\n")
    (here / "drop" / "c.csv").write_text("time,symbol,price,size,side\n2026-11-27 10:00:00,KO,59.82,3,buy\n")
    assert run(["feeds", "run", "eod.toml", "--once"]) == 0
    capsys.readouterr()
    assert run(["feeds", "keep", "--json"]) != 0
    told = {row["name"]: row for row in printed(capsys)}
    assert told["a.csv"]["bars_new"] == 2
    assert told["b.csv"]["code"].startswith("DATA-")
    assert told["c.csv"]["trades_new"] == 1
    assert run(["feeds", "keep", "--json"]) != 0
    assert [row["name"] for row in printed(capsys)] == ["b.csv"]
    (here / "drop" / "a.csv").write_text("date,close\n2026-11-26,59.82\n2026-11-27,60.20\n")
    assert run(["feeds", "run", "eod.toml", "--once"]) == 0
    capsys.readouterr()
    run(["feeds", "keep", "eod.toml", "--json"])
    told = {row["name"]: row for row in printed(capsys)}
    assert (told["a.csv"]["bars_new"], told["a.csv"]["unchanged"]) == (1, 1)


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[3] / "examples" / "feeds").glob("*.toml")), ids=str)
def test_every_example_of_a_specification_is_whole(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is opened."""
    pytest.importorskip("ccxt", reason="ccxt is not installed")
    assert run(["feeds", "check", str(path), "--json"]) == 0
    assert printed(capsys)[0]["feed"] == path.stem


def test_what_is_taken_for_granted_about_a_delivery_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A history that does not say when it was known counts as known when it happened, and not silently."""
    (here / "drop" / "a.csv").write_text("date,CPI\n2020-01-01,100.5\n2020-02-01,101.0\n")
    assert run(["feeds", "run", "eod.toml", "--once"]) == 0
    capsys.readouterr()
    assert run(["feeds", "keep", "eod.toml", "--json"]) == 0
    (told,) = printed(capsys)
    assert told["series_new"] == 2
    assert "ts_init is ts_event" in told["notes"][0]
