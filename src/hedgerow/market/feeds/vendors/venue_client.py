"""One crypto venue as ccxt knows it: asked in our time, each answer kept as it came, each failure by our names.

Promises: ccxt's own rate limits are waited for; `429`, `418` and `503` are `Patience`; an answer that is cut, too long
or no JSON is not believed; numbers keep the digits that the venue wrote. Never: uses a proxy of the environment, holds
a key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.market.feeds.http_client import retry_after_s
from hedgerow.market.feeds.retry import Patience
from hedgerow.market.feeds.transport import World
from hedgerow.market.feeds.vendors.progress import Reached
from hedgerow.market.feeds.vendors.reply import Heard

if TYPE_CHECKING:
    from hedgerow.market.feeds.vendors.venue import VenueTransport

T = TypeVar("T")
CHUNK_BYTES = 1 << 16
LISTING_NS = 86_400 * 10**9
PATIENT = frozenset({418, 429, 503})
"""Statuses by which venues ask us to wait; 418 is a ban of those who did not."""


@dataclass
class Listing:
    """The instruments of a venue as they were read last, and its answers; kept from pass to pass.

    idle: of each task that had nothing new, up to where it was recorded and up to where it was looked.
    """

    heard: list[Heard] = field(default_factory=list)
    markets: Any = None
    currencies: Any = None
    idle: dict[str, tuple[Reached | None, Reached]] = field(default_factory=dict)


class VenueClient:
    """A venue that is asked one thing after the other."""

    def __init__(self, told: VenueTransport, world: World) -> None:
        self._told, self._world = told, world
        self._heard: list[Heard] = []
        self._asked_ns = self._sent_ns = 0
        self._skew_ns: int | None = None
        self.exchange = _made(told)
        self.exchange.throttle = self._throttle
        self.exchange.session.trust_env = False
        self.exchange.session.hooks["response"].append(self._take)

    def ask(self, question: Callable[[Any], T]) -> tuple[T, list[Heard]]:
        """What ccxt makes of the venue's answer to a question, and the answers as they came."""
        self._markets()
        return self._asked(question)

    def skew_ns(self) -> int | None:
        """By how much the venue's clock is ahead of ours: asked for once, from the middle of question and answer."""
        if self._skew_ns is None and self.exchange.has.get("fetchTime"):
            server_ms, heard = self._asked(lambda exchange: exchange.fetch_time())
            if isinstance(server_ms, int) and heard:
                self._skew_ns = server_ms * 1_000_000 - (heard[-1].asked_ns + heard[-1].known_ns) // 2
        return self._skew_ns

    def market(self, symbol: str) -> dict[str, Any]:
        """What the venue says of an instrument; `FEED_REFUSED` with the nearest name where it has none."""
        self._markets()
        if symbol not in self.exchange.markets:
            near = did_you_mean(symbol, list(self.exchange.markets))
            raise problem("FEED_REFUSED", f"{self._told.vendor} has no {symbol!r}{near}")
        found: dict[str, Any] = self.exchange.markets[symbol]
        return found

    def close(self) -> None:
        """End the connections."""
        self.exchange.session.close()

    def _markets(self) -> None:
        """Instruments first, once a day, with numbers as ccxt wants them; all else keeps the venue's digits."""
        if self.exchange.markets is not None:
            return
        listing = self._told.listing
        if listing.heard and listing.heard[-1].known_ns + LISTING_NS > self._world.now_ns():
            self.exchange.set_markets(listing.markets, listing.currencies)
        else:
            self.exchange.number = float
            _, listing.heard = self._asked(lambda exchange: exchange.load_markets())
            listing.markets, listing.currencies = self.exchange.markets, self.exchange.currencies
        self.exchange.number = str

    def _asked(self, question: Callable[[Any], T]) -> tuple[T, list[Heard]]:
        self._heard = []
        found = question(self.exchange)
        return found, self._heard

    def _throttle(self, cost: float | None = None) -> None:
        """Wait as long as ccxt says that the venue wants, by our clock."""
        least_ns = int(self.exchange.rateLimit * (1 if cost is None else cost) * 1e6)
        due_ns = self._sent_ns + max(least_ns, int(1e9 / self._told.rate_per_second))
        wait_ns = due_ns - self._world.now_ns()
        if self._sent_ns and wait_ns > 0:
            self._world.sleep(wait_ns / 1e9)
        self._sent_ns = self._asked_ns = self._world.now_ns()

    def _take(self, response: Any, *_: Any, **__: Any) -> Any:
        """Read an answer before ccxt does, and keep it."""
        try:
            data = self._judged(response)
        except BaseException:
            response.close()
            raise
        heard = Heard(str(response.url), int(response.status_code), data, self._asked_ns, self._world.now_ns())
        self._heard.append(heard)
        return response

    def _judged(self, response: Any) -> bytes:
        """An answer, read in bounds; what ccxt must not be asked to understand is an error by our names."""
        url, limit, read = str(response.url), self._told.page_bytes_max, bytearray()
        for chunk in response.iter_content(CHUNK_BYTES):
            read += chunk
            if len(read) > limit:
                raise problem("FEED_QUOTA", f"{url}: an answer of more than {limit:,} bytes, limit page_bytes_max")
        response._content = data = bytes(read)  # what requests would have read, without a bound
        status = int(response.status_code)
        if status in PATIENT:
            wait_s = retry_after_s(response.headers.get("retry-after", ""), self._world.now_ns())
            raise Patience(wait_s, f"{url} answers {status}")
        if status >= 500:
            raise problem("FEED_UNREACHABLE", f"{url} answers {status} {data[:200]!r}")
        if status == 200:
            _whole(url, data)
        return data


def _whole(url: str, data: bytes) -> None:
    """Refuse an answer that is not one whole JSON text."""
    try:
        json.loads(data)
    except (ValueError, RecursionError) as error:
        code = "FEED_TRUNCATED" if data.lstrip()[:1] in (b"{", b"[") else "FEED_PROTOCOL"
        raise problem(code, f"{url}: not whole JSON: {error}; it begins {data[:60]!r}") from None


def _made(told: VenueTransport) -> Any:
    import ccxt

    options = {"defaultType": told.market} if told.market else {}
    exchange = getattr(ccxt, told.vendor)({"timeout": int(told.timeout_s * 1000), "options": options})
    exchange.enableRateLimit = True
    exchange.parse_order_book_bid_ask = partial(_level, exchange)
    if told.ca_file:
        exchange.validateServerSsl = told.ca_file
    if told.url:
        exchange.urls["api"] = _moved(exchange.urls["api"], told.url.rstrip("/"))
    return exchange


def _level(exchange: Any, level: Any, price: Any = 0, size: Any = 1, *_: Any) -> list[Any]:
    """A level of a book as the venue wrote it; ccxt makes a float of it."""
    return [exchange.safe_string(level, price), exchange.safe_string(level, size)]


def _moved(urls: Any, base: str) -> Any:
    """Addresses with another beginning, whatever their nesting."""
    if isinstance(urls, dict):
        return {name: _moved(value, base) for name, value in urls.items()}
    return re.sub(r"^(?:https?|wss?)://[^/]+", base, urls) if isinstance(urls, str) else urls


@contextmanager
def venue_errors(vendor: str) -> Iterator[None]:
    """Give the errors of ccxt, and of answers that are not what they should be, our names."""
    import ccxt

    try:
        yield
    except (ccxt.RateLimitExceeded, ccxt.DDoSProtection) as error:
        raise Patience(0.0, f"{vendor}: {_short(error)}") from None
    except ccxt.NetworkError as error:
        raise problem("FEED_UNREACHABLE", f"{vendor}: {_short(error)}") from None
    except ccxt.NotSupported as error:
        raise problem("FEED_REFUSED", f"{vendor} cannot be asked for this: {_short(error)}") from None
    except ccxt.BaseError as error:
        raise problem("FEED_REFUSED", f"{vendor}: {_short(error)}") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError) as error:
        raise problem("FEED_PROTOCOL", f"{vendor}: the answer cannot be read: {error!r}") from None


def _short(error: Exception) -> str:
    cause = f": {error.__cause__}" if error.__cause__ else ""
    return f"{type(error).__name__} {error}{cause}"[:300]
