"""A crypto venue by its name in ccxt: trades, bars, best quotes, books and instruments, asked over REST.

Where each pass goes on stands in the record, symbol by symbol: a trade is delivered once, a bar once it is closed.
Promises: no row twice and none left out that the venue still gives; where its answer does not reach back to what came
before, the delivery says that something is missing (`gaps`). Never: asks faster than the venue allows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from hedgerow.core.errors import HedgerowError, did_you_mean, problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.http_client import url_fault
from hedgerow.market.feeds.transport import Page, World
from hedgerow.market.feeds.vendors.progress import HOUR_MS, Reached, bars_after, stepped, trades_after
from hedgerow.market.feeds.vendors.reply import About, Heard, written
from hedgerow.market.feeds.vendors.venue_client import Listing, VenueClient, venue_errors
from hedgerow.market.feeds.vendors.wanted import Wanted

HAS = {"trades": "fetchTrades", "bars": "fetchOHLCV", "quotes": "fetchTicker", "book": "fetchOrderBook"}
"""What ccxt calls the question for each kind."""
LIST = "instruments"
SKEW_BELIEVED_NS = 3600 * 10**9
"""A clock that is further from ours is not one to tell by whether a bar is closed."""


def settings(table: Table, vendor: str, wanted: Wanted) -> VenueTransport:
    """The keys of `[transport]` where the vendor is a crypto venue; all may be left out."""
    found = VenueTransport(
        vendor=vendor,
        wanted=wanted,
        bars=table.text("bars", "1m"),
        depth=table.whole("depth", 100, 1, 10_000),
        page_rows=table.whole("page_rows", 1000, 1, 10_000),
        look_back_s=table.span_s("look_back", "1h", least_s=1.0),
        market=table.text("market", ""),
        rate_per_second=table.number("rate_per_second", 1000.0, 0.001, 1000.0),
        pages_max=table.whole("pages_max", 1000, 1, 10**6),
        page_bytes_max=table.size("page_bytes_max", "64 MB"),
        timeout_s=table.span_s("timeout", "30s", least_s=0.01),
        url=table.text("url", ""),
        ca_file=table.text("ca_file", ""),
    )
    if found.url and (fault := url_fault(found.url)):
        table.fault("url", fault)
    _check(table, found)
    return found


def _check(table: Table, told: VenueTransport) -> None:
    """Note what the venue cannot be asked for."""
    import ccxt

    exchange = getattr(ccxt, told.vendor)()
    for kind in told.wanted.kinds:
        if kind in HAS and not exchange.has.get(HAS[kind]):
            table.fault("kinds", f"{told.vendor} has no {kind}")
    spans = [span for span in exchange.timeframes or {} if not span.endswith(("M", "y"))]
    if "bars" in told.wanted.kinds and spans and told.bars not in spans:
        near = did_you_mean(told.bars, spans)
        table.fault("bars", f"{told.bars!r} is none of {', '.join(spans)}, the lengths of {told.vendor}'s bars{near}")


@dataclass(frozen=True)
class VenueTransport:
    """A venue, what is wanted of it, and how patiently."""

    vendor: str
    wanted: Wanted
    bars: str
    depth: int
    page_rows: int
    look_back_s: float
    market: str
    rate_per_second: float
    pages_max: int
    page_bytes_max: int
    timeout_s: float
    url: str
    ca_file: str
    listing: Listing = field(default_factory=Listing, compare=False)
    shape: Literal["pages"] = "pages"
    needs_names: bool = False

    @property
    def origin(self) -> str:
        """The venue, and where it is asked if not at its own address."""
        return self.vendor + (f" at {self.url}" if self.url else "")

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> VenuePages:
        """Get ready to ask."""
        return VenuePages(self, world)


@dataclass(frozen=True)
class Task:
    """One kind of rows of one symbol."""

    kind: str
    symbol: str

    @property
    def key(self) -> str:
        """Its name in the record."""
        return f"{self.kind} {self.symbol}"


class VenuePages:
    """A venue that is asked task by task; a page is one answer with something new in it."""

    def __init__(self, told: VenueTransport, world: World) -> None:
        self._told, self._world = told, world
        self._client = VenueClient(told, world)
        listed, symbols = told.wanted.kinds, told.wanted.symbols
        self._tasks = [Task(kind, symbol) for kind in listed if kind != LIST for symbol in symbols]
        self._tasks += [Task(LIST, "")] if LIST in listed else []
        self._reached: dict[str, Reached] = {}
        self._recorded: dict[str, Reached] = {}
        self._refused: HedgerowError | None = None
        self.pages_max = told.pages_max

    def resumed(self, cursors: Sequence[str]) -> str | None:
        """Go on behind what was delivered: each delivery says how far its task had come."""
        for text in cursors:
            for key, (from_ms, ids) in json.loads(text).items():
                self._reached[key] = Reached(from_ms, frozenset(ids))
        self._recorded = dict(self._reached)
        for key, (recorded, looked) in self._told.listing.idle.items():
            if self._recorded.get(key) == recorded:  # nothing came since: what was empty is not asked for again
                self._reached[key] = looked
        return None

    def page(self, cursor: str | None, *, number: int, asked_ns: int, known: str | None) -> Page:
        """The next answer that holds something new, from the task with the number `cursor` on.

        What the venue refuses hinders no other task: it is raised once all have been asked.
        """
        for at in range(int(cursor or 0), len(self._tasks)):
            page, more = self._next(self._tasks[at], number)
            if page is not None:
                follows = at if more else at + 1
                over = follows == len(self._tasks) and self._refused is None
                return replace(page, cursor=None if over else str(follows))
        if self._refused is not None:
            raise self._refused
        return Page("", b"", None, None, None, True)

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def _next(self, task: Task, number: int) -> tuple[Page | None, bool]:
        """The next answer of a task that holds something new, if there is one, and whether there may be more."""
        page, more = None, True
        try:
            with venue_errors(self._told.vendor):
                while page is None and more:
                    page, more = self._ask(task, number)
        except HedgerowError as error:
            if error.row.name != "FEED_REFUSED":
                raise
            self._refused, more = self._refused or error, False
        return page, more

    def _ask(self, task: Task, number: int) -> tuple[Page | None, bool]:
        """Ask once for a task: what is new, and whether there may be more of it at once."""
        if task.kind == LIST:
            return self._list(number), False
        self._client.market(task.symbol)
        skew_ns = self._client.skew_ns()
        ahead_ns = skew_ns if skew_ns is not None and abs(skew_ns) < SKEW_BELIEVED_NS else 0
        now_ms = (self._world.now_ns() + ahead_ns) // 1_000_000
        about = About(self._told.vendor, task.kind, task.symbol, skew_ns=skew_ns)
        if task.kind == "trades":
            return self._trades(task, about, number, now_ms)
        if task.kind == "bars":
            return self._bars(task, about, number, now_ms)
        if task.kind == "quotes":
            ticker, heard = self._client.ask(lambda exchange: exchange.fetch_ticker(task.symbol))
            if ticker.get("bid") is None and ticker.get("ask") is None:
                raise problem("FEED_REFUSED", f"{task.symbol}: the venue's ticker has no best prices; take kind book")
            rows: list[Any] = [[ticker.get(name) for name in ("timestamp", "bid", "bidVolume", "ask", "askVolume")]]
        else:
            book, heard = self._client.ask(lambda exchange: exchange.fetch_order_book(task.symbol, self._told.depth))
            if not book["bids"] and not book["asks"]:
                raise problem("FEED_REFUSED", f"{task.symbol}: the venue's book is empty")
            rows = [{name: book.get(name) for name in ("timestamp", "nonce")} | _sides(book)]
        return self._page(task, about, number, heard, rows), False

    def _trades(self, task: Task, about: About, number: int, now_ms: int) -> tuple[Page | None, bool]:
        was, limit = self._reached.get(task.key) or self._first(now_ms), self._told.page_rows
        trades, heard = self._client.ask(lambda exchange: exchange.fetch_trades(task.symbol, was.from_ms, limit))
        self._not_ahead(task, trades, now_ms)
        rows, reached, gap = trades_after(was, trades, limit)
        reached, more = stepped(was, reached, HOUR_MS, now_ms, full=len(trades) >= limit)
        self._keep(task, reached, came=bool(rows))
        page = self._page(task, about, number, heard, rows, reached, gap) if rows else None
        return page, more

    def _bars(self, task: Task, about: About, number: int, now_ms: int) -> tuple[Page | None, bool]:
        span_ms = int(self._client.exchange.parse_timeframe(self._told.bars)) * 1000
        was, limit = self._reached.get(task.key) or self._first(now_ms), self._told.page_rows
        was = Reached(was.from_ms - was.from_ms % span_ms)
        bars, heard = self._client.ask(
            lambda exchange: exchange.fetch_ohlcv(task.symbol, self._told.bars, was.from_ms, limit)
        )
        rows, reached = bars_after(was, bars, span_ms, now_ms)
        reached, more = stepped(was, reached, limit * span_ms, now_ms, full=bool(rows))
        self._keep(task, reached, came=bool(rows))
        about = replace(about, span_ns=span_ms * 1_000_000)
        return (self._page(task, about, number, heard, rows, reached) if rows else None), more and bool(bars)

    def _not_ahead(self, task: Task, trades: Sequence[Any], now_ms: int) -> None:
        """A trade of tomorrow would be where the next pass goes on, and everything up to it would be left out."""
        last_ms = max((int(trade["timestamp"]) for trade in trades), default=0)
        if last_ms > now_ms + HOUR_MS:
            raise problem(
                "FEED_REFUSED", f"{task.key}: a trade at {last_ms} ms of UTC, {(last_ms - now_ms) // 1000:,} s from now"
            )

    def _keep(self, task: Task, reached: Reached, *, came: bool) -> None:
        """How far a task is; of one that had nothing, beyond this pass."""
        self._reached[task.key] = reached
        if came:
            self._recorded[task.key] = reached
        else:
            self._told.listing.idle[task.key] = (self._recorded.get(task.key), reached)

    def _list(self, number: int) -> Page:
        """The instruments that are wanted, delivered anew where the venue says something else of them."""
        rows = [_instrument(self._client.market(symbol)) for symbol in self._told.wanted.symbols]
        page = self._page(Task(LIST, ""), About(self._told.vendor, LIST, ""), number, self._told.listing.heard, rows)
        version = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
        return replace(page, name=f"{LIST}.json", version=version)

    def _first(self, now_ms: int) -> Reached:
        """Where a task begins: since the day that was named, or a little while ago."""
        since_ns = self._told.wanted.since_ns
        return Reached(now_ms - int(self._told.look_back_s * 1000) if since_ns is None else since_ns // 1_000_000)

    def _page(
        self,
        task: Task,
        about: About,
        number: int,
        heard: Sequence[Heard],
        rows: Sequence[Any],
        reached: Reached | None = None,
        gaps: int = 0,
    ) -> Page:
        known_ns = max(one.known_ns for one in heard)
        moment = datetime.fromtimestamp(known_ns // 10**9, UTC)
        symbol = "".join(sign if sign.isalnum() else "-" for sign in task.symbol)
        stem = f"{task.kind}/{symbol}/{moment:%Y%m%d}/{moment:%Y%m%dT%H%M%S}{known_ns % 10**9:09d}Z-{number:05d}"
        resume = None if reached is None else json.dumps({task.key: [reached.from_ms, sorted(reached.ids)]})
        return Page(f"{stem}.json", written(about, heard, rows), None, None, resume, False, gaps, about.skew_ns)


def _sides(book: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Both sides of a book, the best first, with the digits that the venue wrote."""
    sides = {side: [[str(level[0]), str(level[1])] for level in book[side]] for side in ("bids", "asks")}
    for side, levels in sides.items():
        levels.sort(key=lambda level: Decimal(level[0]), reverse=side == "bids")
    return sides


def _instrument(market: dict[str, Any]) -> dict[str, Any]:
    """What a venue says of an instrument, in ccxt's words."""
    names = ("symbol", "id", "type", "base", "quote", "settle", "active", "contractSize", "expiry", "strike")
    told = {name: market.get(name) for name in names}
    precision = market.get("precision") or {}
    return told | {"tick": precision.get("price"), "lot": precision.get("amount"), "limits": market.get("limits")}
