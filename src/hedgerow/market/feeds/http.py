"""Files of a web server: by the names that a specification expects, or by the links of a page.

A broken file goes on with `Range` and `If-Range`, so that its end never belongs to another version than its beginning;
one that was delivered is asked for with `If-None-Match` or `If-Modified-Since`.

Promises: as every transport. Never: believes that a server honours a range: the answer says it. Source: RFC 9110.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import quote, unquote, urljoin, urlsplit

from hedgerow.core.errors import problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.http_client import HttpClient, HttpSettings, Reply
from hedgerow.market.feeds.transport import Answer, Opened, Remote, World

PAGE_BYTES_MAX = 16 << 20


def settings(table: Table) -> HttpTransport:
    """The keys of `kind = "http"`."""
    http = HttpSettings.read(table)
    if http.url and not http.url.endswith("/"):
        table.fault("url", f"{http.url!r} does not end with '/': it is the place that names are below")
    return HttpTransport(http, table.choice("list", ("expected", "links"), "expected"))


@dataclass(frozen=True)
class HttpTransport:
    """A web server's folder."""

    http: HttpSettings
    listing: str
    shape: Literal["files"] = "files"

    @property
    def origin(self) -> str:
        """The address."""
        return self.http.url

    @property
    def needs_names(self) -> bool:
        """Unless its page has links."""
        return self.listing == "expected"

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> HttpFiles:
        """Get ready to ask."""
        return HttpFiles(self, world, names)


class HttpFiles:
    """The files below an address."""

    def __init__(self, transport: HttpTransport, world: World, names: Callable[[], Sequence[str]]) -> None:
        self._transport, self._names = transport, names
        self._client = HttpClient(transport.http, world)

    def listed(self) -> Iterator[Remote]:
        """The expected names, or those that the page links to."""
        if self._transport.listing == "expected":
            yield from (Remote(name) for name in self._names())
            return
        reply = self._client.get(self._transport.http.url, {})
        if reply.status != 200:
            raise problem("FEED_REFUSED", f"{self._transport.http.url} answers {reply.status}")
        for name in linked(reply.body(PAGE_BYTES_MAX).decode(errors="replace"), self._transport.http.url):
            yield Remote(name)

    def open(self, name: str, *, offset: int = 0, part: str | None = None, known: str | None = None) -> Opened | Answer:
        """A file's bytes."""
        headers = {}
        if known is not None:
            headers["If-None-Match" if known.startswith(('"', "W/")) else "If-Modified-Since"] = known
        if offset and part is not None and part.startswith('"'):
            headers |= {"Range": f"bytes={offset}-", "If-Range": part}
        reply = self._client.get(urljoin(self._transport.http.url, quote(name)), headers)
        if reply.status == 304:
            reply.body(PAGE_BYTES_MAX)
            return Answer.UNCHANGED
        if reply.status in (404, 410):
            reply.body(PAGE_BYTES_MAX)
            return Answer.ABSENT
        if reply.status == 416:
            raise problem("FEED_CHANGED", f"{reply.url} has no bytes from {offset:,} on")
        begin, whole = _extent(reply, offset)
        return Opened(_version(reply), whole, begin, reply.chunks())

    def close(self) -> None:
        """End the connection."""
        self._client.close()


def _version(reply: Reply) -> str | None:
    """The entity tag, or else the date of the last change."""
    return reply.headers.get("etag") or reply.headers.get("last-modified")


def _extent(reply: Reply, asked: int) -> tuple[int, int | None]:
    """Where the body begins in the file, and how long the file is."""
    if reply.status == 200:
        return 0, reply.length
    told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", reply.headers.get("content-range", ""))
    if told is None or int(told[1]) != asked:
        raise problem("FEED_PROTOCOL", f"{reply.url}: asked for bytes from {asked}, the answer says {told and told[0]}")
    return asked, None if told[3] == "*" else int(told[3])


def linked(page: str, url: str) -> list[str]:
    """Names below an address that a page links to, each once.

    >>> linked('<a href="a.csv">a</a> <a href="../x">up</a> <a href="sub/">s</a> <a href="?C=N">n</a>', "http://h/d/")
    ['a.csv']
    """
    found = _Links()
    found.feed(page)
    names: dict[str, None] = {}
    for link in found.links:
        parts, home = urlsplit(urljoin(url, link)), urlsplit(url)
        below = (parts.scheme, parts.netloc) == (home.scheme, home.netloc) and parts.path.startswith(home.path)
        name = unquote(parts.path[len(home.path) :])
        if below and name and not name.endswith("/") and not parts.query:
            names[name] = None
    return list(names)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what an anchor points to."""
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]
