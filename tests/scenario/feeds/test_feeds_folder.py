"""Files of a local folder: delivered once, whole and recorded, and nothing that would lead out of its place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hedgerow.core.errors import FeedError
from hedgerow.market.feeds import run_until
from hedgerow.market.feeds.landing import Landing

Make = Callable[..., Any]


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """A vendor's folder."""
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def put(folder: Path, name: str, data: bytes) -> None:
    """Put a file there, as a vendor does."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def test_a_file_is_delivered_once_with_what_when_and_from_whom(feed: Make, drop: Path) -> None:
    """The record says bytes, digest, rows, both times, origin and specification; a second pass brings nothing."""
    put(drop, "eod/KO.csv", b"date,close\n2026-11-27,59.82\n")
    here = feed(f'kind = "folder"\npath = "{drop}"')
    assert here.kinds() == [("new", "eod/KO.csv")]
    assert here.files() == {"files/eod/KO.csv": b"date,close\n2026-11-27,59.82\n"}
    (line,) = here.lines()
    assert (line["bytes"], line["rows"], line["origin"], line["spec"]) == (28, 2, str(drop), here.spec.sha256)
    assert line["asked_ns"] < line["known_ns"] <= here.now_ns
    assert (here.here / "specs" / f"{here.spec.sha256}.toml").read_bytes() == here.spec.source
    assert here.kinds() == []
    assert list((here.here / "partial").iterdir()) == []


def test_changed_bytes_are_a_restatement_beside_the_first_ones(feed: Make, drop: Path) -> None:
    """The first file stays as it was; a change back to it is one more restatement that needs no new file."""
    here = feed(f'kind = "folder"\npath = "{drop}"')
    for data in (b"one", b"other", b"one", b"third one"):
        put(drop, "KO.csv", data)
        os.utime(drop / "KO.csv", ns=(here.now_ns, here.now_ns))
        here.run()
    assert here.files() == {
        "files/KO.csv": b"one",
        "restated/2/KO.csv": b"other",
        "restated/3/KO.csv": b"third one",
    }
    assert [(line["kind"], line["file"]) for line in here.lines()] == [
        ("new", "files/KO.csv"),
        ("restated", "restated/2/KO.csv"),
        ("restated", "files/KO.csv"),
        ("restated", "restated/3/KO.csv"),
    ]


def test_the_same_bytes_twice_are_one_delivery(feed: Make, drop: Path) -> None:
    """Touched, they are the same; under another name they are told, and kept once."""
    here = feed(f'kind = "folder"\npath = "{drop}"')
    put(drop, "a.csv", b"rows")
    here.run()
    os.utime(drop / "a.csv", ns=(1, 1))
    put(drop, "b.csv", b"rows")
    assert here.kinds() == [("same", "a.csv"), ("duplicate", "b.csv")]
    assert here.files() == {"files/a.csv": b"rows"}
    assert here.amiss() == [("twice", "b.csv")]
    assert here.kinds() == []


def test_only_what_matches_and_has_been_quiet_is_taken(feed: Make, drop: Path) -> None:
    """A pattern leaves out the rest; a file that was written a moment ago is left for the next pass."""
    here = feed(f'kind = "folder"\npath = "{drop}"\nquiet = "10s"\nrecursive = false', top='match = ["*.csv"]')
    for name in ("a.csv", "a.csv.tmp", "sub/c.csv"):
        put(drop, name, name.encode())
    os.utime(drop / "a.csv", ns=(here.now_ns, here.now_ns - 5_000_000_000))
    assert here.kinds() == []
    here.now_ns += 6_000_000_000
    assert here.kinds() == [("new", "a.csv")]


def test_links_are_not_followed(feed: Make, drop: Path, tmp_path: Path) -> None:
    """A link to a file or a folder elsewhere brings nothing."""
    put(tmp_path, "secret/key", b"secret")
    (drop / "link.csv").symlink_to(tmp_path / "secret/key")
    (drop / "folder").symlink_to(tmp_path / "secret")
    assert feed(f'kind = "folder"\npath = "{drop}"').kinds() == []


@pytest.mark.parametrize("name", ["a:b.csv", "back\\slash.csv", ".hidden", "trail .csv ", "new\nline", "x" * 201])
def test_a_name_that_is_not_plain_is_refused_and_hinders_no_other(feed: Make, drop: Path, name: str) -> None:
    """It is recorded as failed with its reason."""
    put(drop, name, b"tricky")
    put(drop, "good.csv", b"good")
    here = feed(f'kind = "folder"\npath = "{drop}"')
    assert here.codes() == ["FEED_NAME"]
    assert here.files() == {"files/good.csv": b"good"}
    assert ("failed", name) in here.amiss()


def test_a_folder_under_the_name_of_a_file_is_refused(feed: Make, drop: Path) -> None:
    """What was delivered stays; the new one is named."""
    here = feed(f'kind = "folder"\npath = "{drop}"')
    put(drop, "a", b"file")
    here.run()
    (drop / "a").unlink()
    put(drop, "a/b", b"inner")
    assert here.codes() == ["FEED_NAME"]
    assert here.files() == {"files/a": b"file"}


def test_a_folder_that_is_not_there_is_named_and_tried_again(feed: Make, drop: Path) -> None:
    """A share that is not mounted is no empty share: the pass fails, the next one is well."""
    here = feed(f'kind = "folder"\npath = "{drop}/mount"')
    assert here.codes() == ["FEED_UNREACHABLE"]
    assert here.amiss() == [("failed", "prices")]
    put(drop, "mount/a.csv", b"a")
    assert here.kinds() == [("new", "a.csv")]
    assert here.amiss() == []


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ('file_bytes_max = "9"', "FEED_QUOTA"),
        ('run_bytes_max = "14"', "FEED_QUOTA"),
        ('landing_bytes_max = "14"', "FEED_QUOTA"),
        ("run_files_max = 1", "FEED_QUOTA"),
        ('disk_free_bytes_min = "1000 TB"', "FEED_DISK"),
    ],
)
def test_quotas_are_named_and_what_came_before_stays(feed: Make, drop: Path, limits: str, code: str) -> None:
    """Nothing beyond the quota becomes visible."""
    put(drop, "a.csv", b"12345")
    put(drop, "b.csv", b"1234567890")
    here = feed(f'kind = "folder"\npath = "{drop}"', f"[limits]\n{limits}\n")
    assert here.codes() == [code]
    assert here.files() == ({} if code == "FEED_DISK" else {"files/a.csv": b"12345"})


FULL = """
import json, resource, sys, time
from pathlib import Path
from hedgerow.market.feeds import World, read_spec, run_once
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
ran = run_once(read_spec(sys.argv[1]), Path(sys.argv[2]), World(time.time_ns, time.sleep, {}))
print(json.dumps([error.row.name for error in ran.errors]))
"""


def test_a_disk_that_refuses_is_named_and_the_next_run_finishes(feed: Make, drop: Path, tmp_path: Path) -> None:
    """A write that the system refuses half way leaves no visible file; with room it comes whole."""
    put(drop, "big.csv", b"0123456789" * 50_000)
    here = feed(f'kind = "folder"\npath = "{drop}"')
    (tmp_path / "feed.toml").write_bytes(here.spec.source)
    words = [sys.executable, "-c", FULL, str(tmp_path / "feed.toml"), str(here.folder)]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == ["FEED_DISK"]
    assert here.files() == {}
    assert here.kinds() == [("new", "big.csv")]
    assert here.files() == {"files/big.csv": b"0123456789" * 50_000}


def test_one_writer_a_feed(feed: Make, drop: Path) -> None:
    """A second one is told so, and reading needs no lock."""
    here = feed(f'kind = "folder"\npath = "{drop}"')
    with Landing.opened(here.folder, here.spec):
        with pytest.raises(FeedError, match="FEED-012"):
            here.run()
        assert here.amiss() == []


def test_a_changed_line_of_the_record_is_named(feed: Make, drop: Path) -> None:
    """Edited, removed or put in: each line names the one before it; a torn last line was never written."""
    here = feed(f'kind = "folder"\npath = "{drop}"')
    for name in "abc":
        put(drop, f"{name}.csv", name.encode())
    here.run()
    record = here.here / "deliveries.jsonl"
    whole = record.read_bytes()
    lines = whole.splitlines(keepends=True)
    wrong = [
        whole.replace(b'"bytes":1', b'"bytes":2', 1),
        b"".join(lines[:1] + lines[2:]),
        b"".join(lines[:1] + lines[:1] + lines[1:]),
        b"not JSON\n" + whole,
    ]
    for data in wrong:
        record.write_bytes(data)
        with pytest.raises(FeedError, match="FEED-011"):
            here.run()
        assert record.read_bytes() == data
    record.write_bytes(whole + lines[0][:40])
    put(drop, "d.csv", b"d")
    assert here.kinds() == [("new", "d.csv")]
    assert [line["name"] for line in here.lines()] == ["a.csv", "b.csv", "c.csv", "d.csv"]


def killed_at(here: Any, last: int) -> bool:
    """Run a pass in a child that ends without a word at its `last`th call to the disk; whether it came so far."""
    child = os.fork()
    if child == 0:
        calls = iter(range(1, 10_000))

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                if next(calls) == last:
                    os._exit(9)
                return real(*args, **kwargs)

            return call

        for name in ("fsync", "replace", "unlink", "open"):
            setattr(os, name, counted(getattr(os, name)))
        here.run()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_writer_killed_at_any_step_is_finished_by_the_next(feed: Make, drop: Path, tmp_path: Path) -> None:
    """Whichever call to the disk was the last: all files come, each once, none half, and the record is whole."""
    whole = {f"files/{name}": name.encode() * 1000 for name in ("a.csv", "b.csv")}
    for name in ("a.csv", "b.csv"):
        put(drop, name, name.encode() * 1000)
    here = feed(f'kind = "folder"\npath = "{drop}"')
    for last in range(1, 200):
        here.folder = tmp_path / f"landing{last}"
        killed = killed_at(here, last)
        assert (here.files() if here.here.exists() else {}).items() <= whole.items()
        here.run()
        assert here.files() == whole
        assert [line["kind"] for line in here.lines()] == ["new", "new"]
        assert here.amiss(verify=True) == []
        if not killed:
            break
    assert 20 < last < 199


def test_a_run_goes_on_as_its_schedule_says_until_its_time_is_over(feed: Make, drop: Path) -> None:
    """Every hour for three and a half: four passes, and the clock was slept to, not looked at all the time."""
    here = feed(f'kind = "folder"\npath = "{drop}"', '[schedule]\nevery = "1h"\n')
    told: list[int] = []
    until_ns = here.now_ns + int(3.5 * 3600e9)
    passes = list(run_until(here.spec, here.folder, here.world, until_ns, waiting=told.append))
    assert (len(passes), len(told)) == (4, 4)
    assert until_ns <= here.now_ns < until_ns + 2_000_000_000
    assert max(here.slept) <= 1.0
