"""HTTP and HTTPS requests of feeds: one connection, kept while the other side keeps it.

Promises: a redirect is followed five times at most, never from https to http, and never takes secrets to another host;
`429` and `503` are `Patience` with what `Retry-After` says; other refusals are `FEED_REFUSED`. Never: uses a proxy of
the environment, follows a redirect of anything but a GET. Source: RFC 9110 (ranges 14, conditions 13, Retry-After
10.2.3).
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, quote, quote_plus, urlencode, urljoin, urlsplit

from hedgerow.core.errors import problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.retry import Patience
from hedgerow.market.feeds.transport import CHUNK_BYTES, World

REDIRECTS_MAX = 5
REDIRECTS = (301, 302, 303, 307, 308)
AGENT = "hedgerow-feeds"
SAID_BYTES_MAX = 1 << 16
"""Most that is read of a refusal."""


@dataclass(frozen=True)
class HttpSettings:
    """Where to ask and what to say: an address, a query, headers, and which secrets go where."""

    url: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    query_env: tuple[tuple[str, str], ...]
    headers_env: tuple[tuple[str, str], ...]
    timeout_s: float
    ca_file: str

    @classmethod
    def read(cls, table: Table) -> HttpSettings:
        """The keys that every HTTP transport has."""
        url = table.text("url")
        if url and (fault := url_fault(url)):
            table.fault("url", fault)
        headers, headers_env = table.pairs("headers"), table.pairs("headers_env")
        for name, value in (*headers.items(), *headers_env.items()):
            if not name.replace("-", "").isalnum() or not value.isprintable() or not value.isascii():
                table.fault("headers", f"{name!r} is no header's name, or its value cannot be sent")
            if name.lower() in ("authorization", "cookie", "x-api-key") and name in headers:
                table.fault("headers", f"{name!r} is a secret: name its variable under headers_env")
        return cls(
            url=url,
            query=tuple(table.pairs("query").items()),
            headers=tuple(headers.items()),
            query_env=tuple(table.pairs("query_env").items()),
            headers_env=tuple(headers_env.items()),
            timeout_s=table.span_s("timeout", "30s", least_s=0.01),
            ca_file=table.text("ca_file", ""),
        )


def url_fault(url: str) -> str:
    """What is wrong with an address, or nothing."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f"{url!r}: {error}"
    if parts.username is not None or parts.password is not None:
        return "it holds a user or a password: name a secret's variable under headers_env"
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or parts.fragment:
        return f"{url!r} is not an http or https address"
    return "" if url.isascii() and url.isprintable() and " " not in url else f"{url!r} has signs that must be escaped"


@dataclass
class Reply:
    """What came back; its body is read once."""

    status: int
    headers: Mapping[str, str]
    url: str
    _response: http.client.HTTPResponse
    done: bool = False
    """Whether the body was read to its end, so that another question can follow on the connection."""

    @property
    def length(self) -> int | None:
        """Bytes of the body, where it says."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isdecimal() and len(text) < 20 else None

    def chunks(self) -> Iterator[bytes]:
        """The body, piece by piece, each as it comes; one that ends early is `FEED_TRUNCATED`."""
        left = self._response.length
        try:
            while left is None or left > 0:
                chunk = self._response.read1(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
                if not chunk:
                    break
                left = None if left is None else left - len(chunk)
                yield chunk
            if left:
                raise problem("FEED_TRUNCATED", f"{self.url}: {left:,} bytes did not come")
            self._response.close()
            self.done = True
        except http.client.IncompleteRead as error:
            raise problem("FEED_TRUNCATED", f"{self.url}: {error}") from None
        except http.client.HTTPException as error:
            raise problem("FEED_PROTOCOL", f"{self.url}: {error!r}") from None

    def body(self, bytes_max: int) -> bytes:
        """The whole body; a longer one is `FEED_QUOTA`."""
        data = bytearray()
        for chunk in self.chunks():
            data += chunk
            if len(data) > bytes_max:
                raise problem("FEED_QUOTA", f"{self.url}: an answer of more than {bytes_max:,} bytes, the limit")
        return bytes(data)


class HttpClient:
    """Asks one server, and those that it sends us to."""

    def __init__(self, settings: HttpSettings, world: World) -> None:
        self._settings, self._world = settings, world
        self._headers = dict(settings.headers) | {h: world.secret(v) for h, v in settings.headers_env}
        self._secret_query = [(name, world.secret(variable)) for name, variable in settings.query_env]
        self._secrets = [world.secret(v) for _, v in (*settings.headers_env, *settings.query_env)]
        self._context: ssl.SSLContext | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._at: tuple[str, str] | None = None
        self._last: Reply | None = None

    def get(
        self, url: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None, *, whole: bool = False
    ) -> Reply:
        """GET an address with the settings' query and headers; statuses 200, 206, 304, 404, 410 and 416 come back.

        whole: the address has its query already; only secrets are added.
        """
        home = urlsplit(self._settings.url)
        shown = url if whole else _with_query(url, [*self._settings.query, *(query or {}).items()])
        target = _with_query(shown, self._secret_query)
        for _ in range(REDIRECTS_MAX + 1):
            parts = urlsplit(target)
            ours = (parts.scheme, parts.netloc) == (home.scheme, home.netloc)
            reply = self._ask(parts, (self._headers if ours else {}) | dict(headers), shown)
            if reply.status not in REDIRECTS:
                return _judged(reply, shown, self._world, self._secrets)
            self._drop()
            target = _joined(target, reply.headers.get("location", ""))
            if url_fault(target) or (parts.scheme == "https" and urlsplit(target).scheme != "https"):
                raise problem("FEED_REFUSED", f"{shown} sends us to a place that is not https, or none")
        raise problem("FEED_REFUSED", f"{shown} sends us on more than {REDIRECTS_MAX} times")

    def close(self) -> None:
        """End the connection."""
        self._drop()

    def _ask(self, parts: SplitResult, headers: Mapping[str, str], shown: str) -> Reply:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        for kept in (True, False):
            reused, connection = self._connected(parts, fresh=not kept)
            try:
                connection.request("GET", path, headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **headers})
                response = connection.getresponse()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
                self._drop()
                if reused:
                    continue
                raise problem("FEED_UNREACHABLE", f"{shown}: {error}") from None
            except http.client.HTTPException as error:
                self._drop()
                raise problem("FEED_PROTOCOL", f"{shown}: {error!r}") from None
            except OSError:
                self._drop()
                raise
            except ValueError as error:  # its own words hold the header, which may be a secret
                self._drop()
                says = f"the name of its host, or a header, cannot be sent ({type(error).__name__})"
                raise problem("FEED_PROTOCOL", f"{shown}: {says}") from None
            told = {name.lower(): value for name, value in response.getheaders()}
            self._last = Reply(response.status, told, shown, response)
            return self._last
        raise AssertionError("a fresh connection is not a reused one")

    def _connected(self, parts: SplitResult, *, fresh: bool) -> tuple[bool, http.client.HTTPConnection]:
        """The connection to a server, and whether it was used before."""
        at = (parts.scheme, parts.netloc)
        idle = self._last is not None and self._last.done
        if self._connection is not None and self._at == at and idle and not fresh:
            return True, self._connection
        self._drop()
        timeout, host = self._settings.timeout_s, parts.hostname or ""
        if parts.scheme == "https":
            self._context = self._context or ssl.create_default_context(cafile=self._settings.ca_file or None)
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, parts.port, timeout=timeout, context=self._context
            )
        else:
            made = http.client.HTTPConnection(host, parts.port, timeout=timeout)
        self._connection, self._at = made, at
        return False, made

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._at = self._last = None


def _with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    if not pairs:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(pairs)}"


def _joined(url: str, location: str) -> str:
    """Where a redirect leads; empty where it says no address."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _said(reply: Reply, secrets: Sequence[str]) -> str:
    """The beginning of a refusal, without what we sent and nobody may read."""
    if (reply.length or 0) >= SAID_BYTES_MAX:
        return ""
    data = bytearray()
    for chunk in reply.chunks():
        data += chunk
        if len(data) >= SAID_BYTES_MAX:  # it did not say how long it is
            break
    said = data.decode(errors="replace")
    for secret in secrets:
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            said = said.replace(form, "...")
    return said[:200].strip()


def _judged(reply: Reply, shown: str, world: World, secrets: Sequence[str]) -> Reply:
    if reply.status in (200, 206, 304, 404, 410, 416):
        return reply
    said = _said(reply, secrets)
    if reply.status in (429, 503):
        wait_s = retry_after_s(reply.headers.get("retry-after", ""), world.now_ns())
        raise Patience(wait_s, f"{shown} answers {reply.status}")
    if reply.status >= 500 or reply.status == 408:
        raise problem("FEED_UNREACHABLE", f"{shown} answers {reply.status} {said}")
    raise problem("FEED_REFUSED", f"{shown} answers {reply.status} {said}")


def retry_after_s(text: str, now_ns: int) -> float:
    """Seconds that `Retry-After` asks for: a number, or until a date; 0 where it is neither.

    >>> retry_after_s("120", 0), retry_after_s("Thu, 01 Jan 1970 00:00:30 GMT", 10 * 10**9), retry_after_s("soon", 0)
    (120.0, 20.0, 0.0)
    """
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now_ns / 1e9)
