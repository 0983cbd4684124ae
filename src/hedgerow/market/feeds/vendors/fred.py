"""FRED and ALFRED: macro series of the St. Louis Fed with their vintages.

A pass asks which vintages a series has had since the last one and then for the values of just those: `fred` begins with
the vintage of today, `alfred` with the first there was (or with `since`). Promises: a vintage is asked for until all of
its pages are delivered; the key, which an environment variable holds, is on no record. Source: the FRED API,
`series/vintagedates` and `series/observations` (output type 1, by real-time period).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from hedgerow.core.errors import problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.http_client import HttpClient, HttpSettings, url_fault
from hedgerow.market.feeds.transport import Page, World
from hedgerow.market.feeds.vendors.reply import About, Heard, written
from hedgerow.market.feeds.vendors.wanted import Wanted

API = "https://api.stlouisfed.org/fred/"
FIRST, LAST = "1776-07-04", "9999-12-31"
"""FRED's beginning and end of time."""
VINTAGES = 1000
"""Vintages asked for at once; the interface refuses more than 2,000."""
ROWS_MAX = 100_000
DATES_MAX = 10_000
"""Vintages that one answer lists."""
DAYS_MAX = 200_000
"""More days than there are since FRED's beginning of time."""


def settings(table: Table, vendor: str, wanted: Wanted) -> FredTransport:
    """The keys of `[transport]` where the vendor is `fred` or `alfred`; all may be left out."""
    found = FredTransport(
        vendor=vendor,
        wanted=wanted,
        url=table.text("url", API).rstrip("/") + "/",
        key_env=table.text("key_env", "FRED_API_KEY"),
        page_rows=table.whole("page_rows", ROWS_MAX, 1, ROWS_MAX),
        rate_per_second=table.number("rate_per_second", 2.0, 0.001, 1000.0),
        pages_max=table.whole("pages_max", 1000, 1, 10**6),
        page_bytes_max=table.size("page_bytes_max", "64 MB"),
        timeout_s=table.span_s("timeout", "30s", least_s=0.01),
        ca_file=table.text("ca_file", ""),
    )
    if fault := url_fault(found.url):
        table.fault("url", fault)
    return found


@dataclass(frozen=True)
class FredTransport:
    """The interface, and which series are wanted of it."""

    vendor: str
    wanted: Wanted
    url: str
    key_env: str
    page_rows: int
    rate_per_second: float
    pages_max: int
    page_bytes_max: int
    timeout_s: float
    ca_file: str
    shape: Literal["pages"] = "pages"
    needs_names: bool = False

    @property
    def origin(self) -> str:
        """The address, without the key."""
        return self.url

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> FredPages:
        """Get ready to ask."""
        return FredPages(self, world)

    def http(self) -> HttpSettings:
        """Whom to ask, and with which key."""
        query = (("file_type", "json"),)
        return HttpSettings(self.url, query, (), (("api_key", self.key_env),), (), self.timeout_s, self.ca_file)


@dataclass(frozen=True)
class Place:
    """Where a pass is: which series, its vintages that are asked for, and how many rows of them are here."""

    series: int
    vintages: tuple[str, ...] = ()
    offset: int = 0

    def text(self) -> str:
        """As a cursor."""
        return json.dumps([self.series, self.vintages, self.offset])

    @classmethod
    def of(cls, cursor: str | None) -> Place:
        """From a cursor; without one, the beginning."""
        series, vintages, offset = json.loads(cursor) if cursor else (0, (), 0)
        return cls(series, tuple(vintages), offset)


class FredPages:
    """The interface that is asked series by series."""

    def __init__(self, told: FredTransport, world: World) -> None:
        self._told, self._world = told, world
        self._client = HttpClient(told.http(), world)
        self._reached: dict[str, str] = {}
        self._sent_ns: int | None = None
        self.pages_max = told.pages_max

    def resumed(self, cursors: Sequence[str]) -> str | None:
        """Go on behind the last vintage of each series that was delivered whole."""
        for cursor in cursors:
            self._reached |= json.loads(cursor)
        return None

    def page(self, cursor: str | None, *, number: int, asked_ns: int, known: str | None) -> Page:
        """The next answer with values, from a place on."""
        place = Place.of(cursor)
        while place.series < len(self._told.wanted.symbols):
            name = self._told.wanted.symbols[place.series]
            vintages = place.vintages or self._new_vintages(name)[:VINTAGES]
            if vintages:
                return self._values(name, Place(place.series, vintages, place.offset), number)
            place = Place(place.series + 1)
        return Page("", b"", None, None, None, True)

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def _values(self, name: str, place: Place, number: int) -> Page:
        first, last = place.vintages[0], place.vintages[-1]
        heard, answer = self._asked(
            "series/observations",
            {
                "series_id": name,
                "realtime_start": first,
                "realtime_end": last,
                "limit": str(self._told.page_rows),
                "offset": str(place.offset),
            },
        )
        rows = _list(answer, "observations", heard.url)
        after = place.offset + len(rows)
        whole = after >= _count(answer, after, heard.url)
        if not rows and not whole:
            raise problem("FEED_PROTOCOL", f"{heard.url}: no values, where {answer['count']:,} were announced")
        resume = None
        if whole:
            self._reached[name] = last
            resume = json.dumps({name: last})
        # Whether a value was taken back is told by the row behind it, so the last row of a page comes again.
        offset = after - 1 if len(rows) > 1 else after
        follows = Place(place.series) if whole else Place(place.series, place.vintages, offset)
        moment = datetime.fromtimestamp(heard.known_ns // 10**9, UTC)
        stem = f"series/{name}/{moment:%Y%m%d}/{moment:%Y%m%dT%H%M%S}{heard.known_ns % 10**9:09d}Z-{number:05d}"
        line = written(About(self._told.vendor, "series", name), [heard])
        return Page(f"{stem}.json", line, None, follows.text(), resume, False)

    def _new_vintages(self, name: str) -> tuple[str, ...]:
        """Days on which values of a series were published since the last that is here, in order."""
        reached, since_ns = self._reached.get(name), self._told.wanted.since_ns
        since = FIRST if since_ns is None else f"{datetime.fromtimestamp(since_ns // 10**9, UTC):%Y-%m-%d}"
        found: list[str] = []
        while True:
            query = {"series_id": name, "realtime_start": reached or since, "realtime_end": LAST}
            query |= {"limit": str(DATES_MAX), "offset": str(len(found))}
            heard, answer = self._asked("series/vintagedates", query)
            days = [_day(day, heard.url) for day in _list(answer, "vintage_dates", heard.url)]
            found += days
            if not days or len(found) >= _count(answer, len(found), heard.url):
                break
            if len(found) > DAYS_MAX:
                raise problem(
                    "FEED_PROTOCOL", f"{heard.url}: more than {DAYS_MAX:,} vintages, more than there are days"
                )
        new = sorted({day for day in found if reached is None or day > reached})
        current = self._told.vendor == "fred" and reached is None and since_ns is None
        return tuple(new[-1:] if current else new)

    def _asked(self, what: str, query: Mapping[str, str]) -> tuple[Heard, dict[str, Any]]:
        """An answer, when the rate allows it."""
        due_ns = (self._sent_ns or 0) + int(1e9 / self._told.rate_per_second)
        if self._sent_ns is not None and due_ns > self._world.now_ns():
            self._world.sleep((due_ns - self._world.now_ns()) / 1e9)
        self._sent_ns = asked_ns = self._world.now_ns()
        reply = self._client.get(self._told.url + what, {}, query)
        body = reply.body(self._told.page_bytes_max)
        if reply.status != 200:
            raise problem("FEED_REFUSED", f"{reply.url} answers {reply.status} {body[:200].decode(errors='replace')}")
        heard = Heard(reply.url, reply.status, body, asked_ns, self._world.now_ns())
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            code = "FEED_TRUNCATED" if body.lstrip()[:1] == b"{" else "FEED_PROTOCOL"
            raise problem(code, f"{reply.url}: not whole JSON: {error}; it begins {body[:60]!r}") from None
        return heard, answer if isinstance(answer, dict) else {}


def _list(answer: Mapping[str, Any], key: str, url: str) -> list[Any]:
    found = answer.get(key)
    if not isinstance(found, list):
        raise problem("FEED_PROTOCOL", f"{url}: the answer has no list {key!r}")
    return found


def _count(answer: Mapping[str, Any], default: int, url: str) -> int:
    """How many rows there are in all, as the answer says."""
    found = answer.get("count", default)
    if type(found) is not int:
        raise problem("FEED_PROTOCOL", f"{url}: count is {found!r:.60}, no whole number")
    return found


def _day(told: Any, url: str) -> str:
    """A vintage, which is a day."""
    if not isinstance(told, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", told, re.ASCII):
        raise problem("FEED_PROTOCOL", f"{url}: {told!r:.60} is no day")
    return told
