"""News by address: RSS and Atom (`rss`), and the JSON of a news interface (`json-news`), whole documents each time.

Promises: a document is delivered when it is another one than the last, known when it came; a server that can tell so is
asked for changes only. Never: understands a document, which is the readers' work (`formats/syndication.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.http_client import HttpClient, HttpSettings, url_fault
from hedgerow.market.feeds.transport import Page, World
from hedgerow.market.feeds.vendors.reply import About, Heard, written
from hedgerow.market.feeds.vendors.wanted import Wanted


def settings(table: Table, vendor: str, wanted: Wanted) -> NewsTransport:
    """The keys of `[transport]` where the vendor is `rss` or `json-news`."""
    urls = table.pairs("urls")
    if not urls:
        table.fault("urls", 'is missing: a name and an address for each document, { fed = "https://..." }')
    for name, url in urls.items():
        if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
            table.fault("urls", f"{name!r} is no name of letters, digits, - and _")
        if fault := url_fault(url):
            table.fault("urls", fault)
    found = NewsTransport(
        vendor=vendor,
        urls=tuple(urls.items()),
        query_env=tuple(table.pairs("query_env").items()),
        headers_env=tuple(table.pairs("headers_env").items()),
        document_bytes_max=table.size("document_bytes_max", "16 MB"),
        timeout_s=table.span_s("timeout", "30s", least_s=0.01),
        ca_file=table.text("ca_file", ""),
    )
    secret = bool(found.query_env or found.headers_env)
    if secret and len({urlsplit(url).netloc for url in urls.values()}) > 1:
        table.fault("urls", "are of several hosts, and a secret is for one: make a feed for each")
    return found


@dataclass(frozen=True)
class NewsTransport:
    """Documents by name, and what may be sent with the question."""

    vendor: str
    urls: tuple[tuple[str, str], ...]
    query_env: tuple[tuple[str, str], ...]
    headers_env: tuple[tuple[str, str], ...]
    document_bytes_max: int
    timeout_s: float
    ca_file: str
    shape: Literal["pages"] = "pages"
    needs_names: bool = False

    @property
    def pages_max(self) -> int:
        """Each document once."""
        return len(self.urls) + 1

    @property
    def origin(self) -> str:
        """The hosts that are asked."""
        return f"{self.vendor} of {', '.join(sorted({urlsplit(url).netloc for _, url in self.urls}))}"

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> NewsPages:
        """Get ready to ask."""
        return NewsPages(self, world)


class NewsPages:
    """Documents that are asked for one after the other; one that fails hinders no other."""

    def __init__(self, told: NewsTransport, world: World) -> None:
        self._told, self._world, self.pages_max = told, world, told.pages_max
        self._last: dict[str, tuple[str, str]] = {}
        self._refused: HedgerowError | None = None

    def resumed(self, cursors: Sequence[str]) -> str | None:
        """What each document was the last time: its entity tag and its digest."""
        for cursor in cursors:
            self._last |= {name: (tag, digest) for name, (tag, digest) in json.loads(cursor).items()}
        return None

    def page(self, cursor: str | None, *, number: int, asked_ns: int, known: str | None) -> Page:
        """The next document that is another one than the last time."""
        for at in range(int(cursor or 0), len(self._told.urls)):
            try:
                page = self._document(*self._told.urls[at], number)
            except HedgerowError as error:
                if error.row.name not in ("FEED_REFUSED", "FEED_PROTOCOL", "FEED_QUOTA"):
                    raise
                self._refused, page = self._refused or error, None
            if page is not None:
                over = at + 1 == len(self._told.urls) and self._refused is None
                return replace(page, cursor=None if over else str(at + 1))
        if self._refused is not None:
            raise self._refused
        return Page("", b"", None, None, None, True)

    def close(self) -> None:
        """Nothing stays open."""

    def _document(self, name: str, url: str, number: int) -> Page | None:
        told, (tag, digest) = self._told, self._last.get(name, ("", ""))
        http = HttpSettings(url, (), (), told.query_env, told.headers_env, told.timeout_s, told.ca_file)
        client, asked_ns = HttpClient(http, self._world), self._world.now_ns()
        try:
            reply = client.get(url, {"If-None-Match": tag} if tag else {})
            body = reply.body(told.document_bytes_max)
        finally:
            client.close()
        if reply.status == 304:
            return None
        if reply.status != 200:
            raise problem("FEED_REFUSED", f"{reply.url} answers {reply.status}")
        heard = Heard(reply.url, reply.status, body, asked_ns, self._world.now_ns())
        found = hashlib.sha256(body).hexdigest()
        if found == digest:
            return None
        self._last[name] = (reply.headers.get("etag", ""), found)
        moment = datetime.fromtimestamp(heard.known_ns // 10**9, UTC)
        stem = f"news/{name}/{moment:%Y%m%d}/{moment:%Y%m%dT%H%M%S}{heard.known_ns % 10**9:09d}Z-{number:05d}"
        line = written(About(told.vendor, "news", name), [heard])
        return Page(f"{stem}.json", line, None, None, json.dumps({name: self._last[name]}), False)
