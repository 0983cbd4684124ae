"""What of a feed is late, missing, twice, out of line or damaged, from its specification and its record.

Promises: a pure function of specification, record and moment, except that the files' sizes (with `verify`: their bytes)
are compared with the record; says nothing of days before the feed first ran, unless `since` names them. Never: asks the
other side, changes anything.

late: not there after its deadline, on the last day that has one. missing: not there, of an earlier day. silent: nothing
came for longer than `[expected] every`, nights and holidays of the calendar left out. twice: the bytes of another name
came again. small, large, few, many: size or rows more than `ratio_max` from the median of the last deliveries like it.
failed: the last try had no success. gaps: a recording says that messages are missing. damaged: the file is not the one
that was delivered. unreadable: its rows could not be counted. skewed: the other side's clock is further from ours
than `skew_max`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from statistics import median
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.market.feeds.landing import LastPass, last_pass
from hedgerow.market.feeds.record import Delivery, Record
from hedgerow.market.feeds.schedule import DAY, SECOND_NS, at_ns, day_of
from hedgerow.market.feeds.spec import Spec, parse_spec

HISTORY = 20
"""Deliveries that one is compared with."""
HISTORY_MIN = 3
"""With fewer nothing is said to be out of line."""


@dataclass(frozen=True)
class Finding:
    """One thing amiss: which, of what, and the value seen against its limit."""

    what: str
    name: str
    says: str


@dataclass(frozen=True)
class Status:
    """A feed at a moment."""

    feed: str
    vendor: str
    deliveries: int
    restated: int
    bytes: int
    asked_ns: int | None
    known_ns: int | None
    next_ns: int
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """As a program reads it."""
        return asdict(self) | {"findings": [asdict(finding) for finding in self.findings]}


def feed_status(spec: Spec, folder: Path, now_ns: int, *, verify: bool = False) -> Status:
    """What is amiss with a feed. folder: the landing folder. verify: read and hash every file again."""
    here = folder / spec.name
    record = Record(here / "deliveries.jsonl")
    rows = [row for row in record if row.kind != "failed"]
    asked = last_pass(here)
    begun_ns = now_ns if asked.begun_ns is None else asked.begun_ns
    findings = [
        *_days(spec, record, begun_ns, now_ns),
        *_silence(spec, record, begun_ns, now_ns),
        *_twice(spec, rows),
        *_out_of_line(spec, record),
        *_failed(asked, record),
        *_skewed(spec, record),
        *(Finding("gaps", row.name, f"{row.gaps:,} places where messages are missing") for row in rows if row.gaps),
        *(Finding("unreadable", row.name, row.detail) for row in _recent(record) if row.detail and row.rows is None),
        *_damaged(here, record, verify),
    ]
    return Status(
        feed=spec.name,
        vendor=spec.vendor,
        deliveries=sum(1 for _ in record.files),
        restated=sum(row.kind == "restated" for row in rows),
        bytes=sum(row.bytes for row in record.files),
        asked_ns=asked.asked_ns,
        known_ns=max((row.known_ns for row in rows), default=None),
        next_ns=spec.schedule.next_ns(now_ns),
        findings=tuple(findings),
    )


def last_specs(folder: Path) -> list[Spec]:
    """The specification with which each feed of a landing folder ran last; `FEED_UNKNOWN` where there is none."""
    found = []
    for record in sorted(folder.glob("*/deliveries.jsonl")):
        rows = list(Record(record))
        if rows:
            kept = record.parent / "specs" / f"{rows[-1].spec}.toml"
            found.append(parse_spec(kept.read_bytes(), str(kept)))
    if not found:
        raise problem("FEED_UNKNOWN", f"{folder} holds no feed that ran")
    return found


def _days(spec: Spec, record: Record, begun_ns: int, now_ns: int) -> Iterator[Finding]:
    """Expected files that are not there, and those that came after their deadline."""
    due = [
        (day, deadline)
        for day in spec.expected.days(now_ns, spec.schedule)
        if (deadline := spec.expected.deadline_ns(day, spec.schedule)) <= now_ns
        and (deadline > begun_ns or (spec.expected.since is not None and day >= spec.expected.since))
    ]
    for day, deadline in due:
        for name in spec.expected.of_day(day):
            if record.last(name) is None:
                what = "late" if day == due[-1][0] else "missing"
                yield Finding(what, name, f"was due {_told(deadline)}, {_long(now_ns - deadline)} ago")


def _silence(spec: Spec, record: Record, begun_ns: int, now_ns: int) -> Iterator[Finding]:
    cadence_s = spec.expected.cadence_s
    if cadence_s is None:
        return
    last_ns = max((row.known_ns for row in record if row.kind != "failed"), default=None)
    since_ns = begun_ns if last_ns is None else last_ns
    zone = spec.schedule.zone
    open_ns = 0
    for day in spec.schedule.calendar.days(day_of(since_ns, zone), day_of(now_ns, zone)):
        begin, end = at_ns(day, time(0), zone), at_ns(day + DAY, time(0), zone)
        open_ns += max(0, min(end, now_ns) - max(begin, since_ns))
    if open_ns > cadence_s * SECOND_NS:
        last = "nothing yet" if last_ns is None else f"the last {_told(last_ns)}"
        yield Finding(
            "silent", spec.name, f"{last}, silent {_long(open_ns)}, limit {_long(int(cadence_s * SECOND_NS))}"
        )


def _twice(spec: Spec, rows: list[Delivery]) -> Iterator[Finding]:
    if spec.expected.duplicates:
        return
    for row in rows:
        if row.kind == "duplicate":
            yield Finding("twice", row.name, f"has the bytes of {row.file}")


def _out_of_line(spec: Spec, record: Record) -> Iterator[Finding]:
    """Sizes and rows against the median of the deliveries before that are named alike."""
    families: dict[str, list[Delivery]] = {}
    for row in record.files:
        families.setdefault(re.sub(r"\d+", "#", row.name), []).append(row)
    for rows in families.values():
        latest, before = rows[-1], rows[-HISTORY - 1 : -1]
        if latest.bytes < spec.expected.bytes_min:
            yield Finding("small", latest.name, f"{latest.bytes:,} bytes, limit {spec.expected.bytes_min:,}")
        for what, few, many in (("bytes", "small", "large"), ("rows", "few", "many")):
            seen = getattr(latest, what)
            usual = [value for row in before if (value := getattr(row, what)) is not None]
            if seen is None or len(usual) < HISTORY_MIN:
                continue
            middle, ratio = median(usual), spec.expected.ratio_max
            if seen * ratio < middle or seen > middle * ratio:
                says = f"{seen:,} {what}, the last {len(usual)} had {middle:,.0f} in the middle, limit {ratio:g} times"
                yield Finding(few if seen < middle else many, latest.name, says)


def _failed(asked: LastPass, record: Record) -> Iterator[Finding]:
    """What the last pass did not get, and why."""
    rows = {row.name: row for row in record}
    for name in asked.failed:
        if name in rows and rows[name].kind == "failed":
            yield Finding("failed", name, f"{rows[name].code} {rows[name].detail}")


def _skewed(spec: Spec, record: Record) -> Iterator[Finding]:
    """The other side's clock against ours, as it was at the last delivery."""
    latest, limit_s = record.latest, spec.expected.skew_max_s
    if latest is not None and latest.skew_ns is not None and abs(latest.skew_ns) > limit_s * SECOND_NS:
        says = f"its clock is {latest.skew_ns / 1e9:+.3f} s from ours, limit skew_max {limit_s:g} s"
        yield Finding("skewed", latest.name, says)


def _recent(record: Record) -> list[Delivery]:
    return list(record.files)[-HISTORY:]


def _damaged(here: Path, record: Record, verify: bool) -> Iterator[Finding]:
    for row in record.files:
        path = here / (row.file or "")
        if not path.exists():
            yield Finding("damaged", row.name, f"{row.file} is gone")
        elif path.stat().st_size != row.bytes:
            yield Finding("damaged", row.name, f"{row.file} has {path.stat().st_size:,} bytes, {row.bytes:,} came")
        elif verify:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != row.sha256:
                    yield Finding("damaged", row.name, f"{row.file} has other bytes than those that came")


def _told(moment_ns: int) -> str:
    return f"{datetime.fromtimestamp(moment_ns // SECOND_NS, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _long(span_ns: int) -> str:
    """A length of time in words.

    >>> _long(90 * SECOND_NS), _long(7200 * SECOND_NS), _long(3 * 86_400 * SECOND_NS)
    ('90 s', '120 min', '72 h')
    """
    seconds = span_ns / SECOND_NS
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 3 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
