"""An interface that is polled: JSON (or any text) page by page, each page delivered as it came.

Which page follows is decided by `Pager`, a pure function of settings and answer: a cursor out of the answer (a path
such as `data.-1.id`), a page's number, an offset, or the `Link` header (RFC 8288). Where nothing follows another, the
answer is one document, and a changed one is a restatement of it: that keeps the vintages of a macro series.

Promises: never asks faster than `rate_per_second`; an answer that is not JSON where a cursor is to be found in it is
`FEED_PROTOCOL`. Never: turns an answer into rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from hedgerow.core.errors import problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.http_client import HttpClient, HttpSettings, Reply
from hedgerow.market.feeds.names import template_fault
from hedgerow.market.feeds.transport import Answer, Page, World

PAGING = ("none", "cursor", "number", "offset", "link")


def settings(table: Table) -> RestTransport:
    """The keys of `kind = "rest"`."""
    found = RestTransport(
        http=HttpSettings.read(table),
        paging=table.choice("paging", PAGING, "none"),
        parameter=table.text("parameter", ""),
        cursor_from=table.text("cursor_from", ""),
        rows_from=table.text("rows_from", ""),
        start=table.text("start", ""),
        document=table.text("document", "document.json"),
        rate_per_second=table.number("rate_per_second", 1.0, 0.001, 1000.0),
        pages_max=table.whole("pages_max", 1000, 1, 10**6),
        page_bytes_max=table.size("page_bytes_max", "64 MB"),
    )
    if found.paging in ("cursor", "number", "offset") and not found.parameter:
        table.fault("parameter", f"is missing: the query's name of the {found.paging}")
    if (found.paging == "cursor") != bool(found.cursor_from):
        table.fault("cursor_from", 'is a path into the answer for paging = "cursor", such as data.-1.id')
    if found.paging in ("number", "offset") and not found.rows_from:
        table.fault("rows_from", "is missing: a page without rows is the last one")
    if found.paging in ("number", "offset") and found.start and not found.start.isdecimal():
        table.fault("start", f"{found.start!r} is not a whole number")
    if fault := template_fault(found.document):
        table.fault("document", fault)
    return found


@dataclass(frozen=True)
class RestTransport:
    """An interface's address and how its pages follow each other."""

    http: HttpSettings
    paging: str
    parameter: str
    cursor_from: str
    rows_from: str
    start: str
    document: str
    rate_per_second: float
    pages_max: int
    page_bytes_max: int
    shape: Literal["pages"] = "pages"
    needs_names: bool = False

    @property
    def origin(self) -> str:
        """The address, without secrets."""
        return self.http.url

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> RestPages:
        """Get ready to ask."""
        return RestPages(self, world)


@dataclass(frozen=True)
class Pager:
    """Which page comes next, from the settings and what the last answer said.

    >>> transport = RestTransport(None, "cursor", "from", "next", "rows", "", "d.json", 1.0, 9, 99)
    >>> pager = Pager(transport)
    >>> pager.query(None), pager.query("17")
    ({}, {'from': '17'})
    >>> pager.after(None, b'{"rows": [1, 2], "next": 18}', "")
    ('18', False)
    >>> pager.after("18", b'{"rows": [], "next": 18}', "")
    (None, True)
    """

    transport: RestTransport

    def query(self, cursor: str | None) -> dict[str, str]:
        """What to add to the query for the page at a cursor."""
        value = cursor or self.transport.start or {"number": "1", "offset": "0"}.get(self.transport.paging, "")
        return {self.transport.parameter: value} if value and self.transport.parameter else {}

    def after(self, cursor: str | None, body: bytes, link: str) -> tuple[str | None, bool]:
        """The cursor behind an answer (`None`: there is nothing more now), and whether the answer holds no rows."""
        told = self.transport
        if told.paging == "none":
            return None, not body
        if told.paging == "link":
            return _without(_next_link(link), {name for name, _ in told.http.query_env}), not body
        answer = _parsed(body)
        rows = _at(answer, told.rows_from) if told.rows_from else None
        empty = bool(told.rows_from) and not rows
        if empty:
            return None, True
        if told.paging == "number":
            return str(int(cursor or told.start or "1") + 1), False
        if told.paging == "offset":
            count = len(rows) if isinstance(rows, Sequence) else 1
            return str(int(cursor or told.start or "0") + count), False
        found = _at(answer, told.cursor_from)
        follows = None if found in (None, "", False) or isinstance(found, dict | list) else str(found)
        return (None if follows == cursor else follows), False

    def resume(self, cursor: str | None, follows: str | None) -> str | None:
        """Where the next pass begins: at what follows, but for pages by number, whose last one may still grow."""
        if self.transport.paging == "number":
            return cursor or self.transport.start or "1"
        return follows


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise problem("FEED_PROTOCOL", f"the answer is not JSON: {error}; it begins {body[:80]!r}") from None


def _at(value: Any, path: str) -> Any:
    """What stands at a path such as `data.-1.id`; `None` where nothing does.

    >>> _at({"data": [{"id": 4}, {"id": 5}]}, "data.-1.id")
    5
    """
    for step in path.split(".") if path != "." else ():
        if isinstance(value, list) and re.fullmatch(r"-?\d+", step):
            value = value[int(step)] if -len(value) <= int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _next_link(header: str) -> str | None:
    """The address of `rel="next"` in a `Link` header.

    >>> _next_link('<https://h/a?page=2>; rel="next", <https://h/a?page=9>; rel="last"')
    'https://h/a?page=2'
    """
    for address, about in re.findall(r"<([^<>]*)>([^<]*)", header):
        if re.search(r';\s*rel="?(?:[^";]* )?next(?: [^";]*)?"?\s*(?:;|,|$)', about):
            return str(address)
    return None


def _without(url: str | None, secret: set[str]) -> str | None:
    """An address without the parameters of its query that are secrets.

    >>> _without("https://h/a?page=2&key=x", {"key"})
    'https://h/a?page=2'
    """
    if url is None or not secret:
        return url
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in secret]
    return urlunsplit(parts._replace(query=urlencode(kept)))


class RestPages:
    """An interface that is asked."""

    def __init__(self, transport: RestTransport, world: World) -> None:
        self._transport, self._world, self._pager = transport, world, Pager(transport)
        self._client = HttpClient(transport.http, world)
        self._asked_ns: int | None = None
        self.pages_max = transport.pages_max

    def resumed(self, cursors: Sequence[str]) -> str | None:
        """Behind the last page."""
        return cursors[-1] if cursors else None

    def page(self, cursor: str | None, *, number: int, asked_ns: int, known: str | None) -> Page | Answer:
        """Ask for a page, when the rate allows it."""
        self._wait()
        headers = {"If-None-Match": known} if known and known.startswith(('"', "W/")) else {}
        reply = self._reply(cursor, headers)
        body = reply.body(self._transport.page_bytes_max)
        if reply.status == 304:
            return Answer.UNCHANGED
        if reply.status != 200:
            raise problem("FEED_REFUSED", f"{reply.url} answers {reply.status} {body[:200].decode(errors='replace')}")
        follows, empty = self._pager.after(cursor, body, reply.headers.get("link", ""))
        version = reply.headers.get("etag") if self._transport.paging == "none" else None
        return Page(self._name(number, asked_ns), body, version, follows, self._pager.resume(cursor, follows), empty)

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def _reply(self, cursor: str | None, headers: Mapping[str, str]) -> Reply:
        url = self._transport.http.url
        if self._transport.paging != "link" or cursor is None:
            return self._client.get(url, headers, self._pager.query(cursor))
        follows, home = urljoin(url, cursor), urlsplit(url)
        if (urlsplit(follows).scheme, urlsplit(follows).netloc) != (home.scheme, home.netloc):
            raise problem("FEED_PROTOCOL", f"{url} says that its next page is at another host: {cursor[:120]}")
        return self._client.get(follows, headers, whole=True)

    def _name(self, number: int, asked_ns: int) -> str:
        """A document keeps its name; a page is named after when it was asked for and which of the run it is."""
        if self._transport.paging == "none":
            return self._transport.document
        moment = datetime.fromtimestamp(asked_ns // 10**9, UTC)
        folder, stem = f"{moment:%Y%m%d}", f"{moment:%Y%m%dT%H%M%S}{asked_ns % 10**9:09d}Z"
        return f"{folder}/{stem}-{number:05d}.{self._transport.document.rpartition('.')[2]}"

    def _wait(self) -> None:
        now_ns, step_ns = self._world.now_ns(), int(1e9 / self._transport.rate_per_second)
        if self._asked_ns is not None and self._asked_ns + step_ns > now_ns:
            self._world.sleep((self._asked_ns + step_ns - now_ns) / 1e9)
        self._asked_ns = self._world.now_ns()
