"""What `feeds status` finds: late, missing, silent, twice, out of line, failed, damaged, unreadable."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedgerow.core.errors import FeedError
from hedgerow.market.feeds import last_specs

Make = Callable[..., Any]

WEEKDAYS = (
    '[schedule]\ncalendar = "weekdays"\ntz = "Europe/London"\nevery = "1h"\n'
    '[expected]\nfiles = ["{date:%Y%m%d}.csv"]\nby = "18:30"\n'
)


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """A vendor's folder."""
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


def put(drop: Path, name: str, rows: int = 100, data: bytes | None = None) -> None:
    """A file of so many rows, different from every other."""
    text = "".join(f"{name},{row}\n" for row in range(rows)).encode()
    (drop / name).write_bytes(text if data is None else data)


def test_a_file_is_late_after_its_deadline_and_missing_after_the_next(feed: Make, drop: Path) -> None:
    """Days that the calendar leaves out expect nothing, nor do days before the feed began."""
    here = feed(f'kind = "folder"\npath = "{drop}"', WEEKDAYS)
    here.days_later(2)  # Monday noon
    here.run()
    assert here.amiss() == []
    here.days_later(6 / 24)
    assert here.amiss() == []
    here.days_later(1 / 24)
    assert here.amiss() == [("late", "20261130.csv")]
    here.days_later(1)
    assert here.amiss() == [("missing", "20261130.csv"), ("late", "20261201.csv")]
    put(drop, "20261201.csv")
    put(drop, "20261130.csv")
    here.run()
    assert here.amiss() == []


def test_a_history_can_be_expected_from_a_day_on(feed: Make, drop: Path) -> None:
    """With `since` what never came is missing, however long ago, but for a holiday."""
    more = WEEKDAYS.replace("[expected]", "holidays = [2026-11-26]\n[expected]\nsince = 2026-11-25")
    here = feed(f'kind = "folder"\npath = "{drop}"', more)
    here.run()
    assert here.amiss() == [("missing", "20261125.csv"), ("late", "20261127.csv")]


def test_an_exchanges_calendar_decides_which_days_count(feed: Make, drop: Path) -> None:
    """New York was closed on Thanksgiving, London was not."""
    pytest.importorskip("exchange_calendars")
    for code, missing in (("XNYS", []), ("XLON", [("missing", "20261126.csv")])):
        more = WEEKDAYS.replace("weekdays", code).replace("[expected]", "[expected]\nsince = 2026-11-26")
        here = feed(f'kind = "folder"\npath = "{drop}"', more)
        put(drop, "20261127.csv")
        here.run()
        assert here.amiss() == missing


def test_silence_counts_only_while_the_calendar_is_open(feed: Make, drop: Path) -> None:
    """From Friday evening to Monday noon is twelve hours of weekdays and a bit."""
    more = '[schedule]\ncalendar = "weekdays"\n[expected]\nevery = "20h"\n'
    here = feed(f'kind = "folder"\npath = "{drop}"', more)
    here.days_later(-1)
    put(drop, "a.csv")
    here.run()
    here.days_later(2.8)
    assert here.amiss() == []
    here.days_later(0.5)
    assert here.amiss() == [("silent", "prices")]


def test_sizes_and_rows_are_compared_with_those_before(feed: Make, drop: Path) -> None:
    """A tenth and ten times as much are out of line; a little more is not; an empty file is small at once."""
    here = feed(f'kind = "folder"\npath = "{drop}"')
    for day in range(1, 6):
        put(drop, f"2026110{day}.csv", 100 + day)
        here.run()
    assert here.amiss() == []
    put(drop, "20261106.csv", 10)
    here.run()
    assert here.amiss() == [("small", "20261106.csv"), ("few", "20261106.csv")]
    put(drop, "20261107.csv", 1010)
    here.run()
    assert here.amiss() == [("large", "20261107.csv"), ("many", "20261107.csv")]
    put(drop, "other.csv", data=b"")
    here.run()
    assert ("small", "other.csv") in here.amiss()


def test_rows_are_counted_in_what_can_be_counted(feed: Make, drop: Path) -> None:
    """Text, gzip and Parquet; a truncated gzip is delivered as it came and said to be unreadable."""
    packed = gzip.compress(b"a\nb\nc")
    put(drop, "a.csv.gz", data=packed)
    put(drop, "cut.csv.gz", data=packed[:-6])
    put(drop, "c.bin", data=b"\x00\n\n")
    pq.write_table(pa.table({"x": [1, 2]}), drop / "d.parquet")
    here = feed(f'kind = "folder"\npath = "{drop}"')
    here.run()
    assert {line["name"]: line.get("rows") for line in here.lines()} == {
        "a.csv.gz": 3,
        "c.bin": None,
        "cut.csv.gz": None,
        "d.parquet": 2,
    }
    assert here.amiss() == [("unreadable", "cut.csv.gz")]


def test_a_delivered_file_that_was_changed_or_removed_is_damaged(feed: Make, drop: Path) -> None:
    """Another length is seen at once, other bytes when asked to verify."""
    for name in ("a.csv", "b.csv", "c.csv"):
        put(drop, name)
    here = feed(f'kind = "folder"\npath = "{drop}"')
    here.run()
    files = here.here / "files"
    (files / "a.csv").unlink()
    with (files / "b.csv").open("ab") as file:
        file.write(b"x")
    data = bytearray((files / "c.csv").read_bytes())
    data[7] ^= 1
    (files / "c.csv").write_bytes(data)
    assert here.amiss() == [("damaged", "a.csv"), ("damaged", "b.csv")]
    assert here.amiss(verify=True) == [("damaged", "a.csv"), ("damaged", "b.csv"), ("damaged", "c.csv")]


def test_a_feed_is_found_again_by_the_specification_that_it_ran_with(feed: Make, drop: Path) -> None:
    """Its bytes are kept beside the record; where nothing ran, that is named."""
    here = feed(f'kind = "folder"\npath = "{drop}"')
    with pytest.raises(FeedError, match="FEED-015"):
        last_specs(here.folder)
    put(drop, "a.csv")
    here.run()
    (spec,) = last_specs(here.folder)
    assert spec == here.spec


def test_a_status_counts_what_came(feed: Make, drop: Path) -> None:
    """Deliveries, restatements, bytes, the last time asked and the last time that something came."""
    here = feed(f'kind = "folder"\npath = "{drop}"')
    for data in (b"1", b"22"):
        put(drop, "a.csv", data=data)
        os.utime(drop / "a.csv", ns=(1, len(data)))
        here.run()
    here.days_later(1)
    here.run()
    found = here.status()
    assert (found.deliveries, found.restated, found.bytes) == (2, 1, 3)
    assert found.asked_ns is not None
    assert found.known_ns is not None
    assert found.asked_ns - found.known_ns > 86_000_000_000_000
    assert found.next_ns > here.now_ns
