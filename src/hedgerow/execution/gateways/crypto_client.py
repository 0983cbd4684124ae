"""An account at a crypto venue as ccxt knows it: asked on an event loop, in the venue's time, within its rate limits.

Promises: each failure is told apart by what it leaves: `Refused` (nothing happened), `Missing` (no such order),
`Unsure` (nobody knows), `Patience` (unsure, and to be left alone until then); amounts and prices of orders and trades
keep the venue's digits; no message holds a key or a signature. Never: a retry of its own, a proxy of the environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hedgerow.core.errors import HedgerowError, did_you_mean, problem
from hedgerow.execution.gateways.crypto_words import (
    Event,
    Missing,
    Patience,
    Refused,
    Stand,
    Trade,
    Unsure,
    event_of,
    exact,
    levels_of,
    once,
    stand_of,
)
from hedgerow.execution.gateways.fix import OrderWords
from hedgerow.execution.gateways.fix_books import Level

BY_CLIENT_ID: Mapping[str, Callable[[str], tuple[str, dict[str, Any]]]] = {
    "binance": lambda name: (name, {"clientOrderId": name}),
    "binanceus": lambda name: (name, {"clientOrderId": name}),
    "binanceusdm": lambda name: (name, {"clientOrderId": name}),
    "binancecoinm": lambda name: (name, {"clientOrderId": name}),
    "poloniex": lambda name: (f"cid:{name}", {}),
}
"""Venues whose orders can be asked for by our own names, and how: what such a venue does not know, it never had."""

_TIFS: Mapping[str, dict[str, Any]] = {
    "gtc": {"timeInForce": "GTC"},
    "day": {"timeInForce": "GTC"},
    "ioc": {"timeInForce": "IOC"},
    "fok": {"timeInForce": "FOK"},
}
"""What it can say of an order with a limit."""
_ICEBERGS: Mapping[str, str] = {"binance": "icebergQty", "binanceus": "icebergQty"}
"""How venues that show a part of an order are told how much; they want it good till cancelled."""
_SWAPS = ("binance", "binanceus")
"""Venues where one order takes another's place in one request, and only while nothing of that is filled."""
_RETRY_S, _BANNED_S = 10.0, 60.0
_OPTIONS: Mapping[str, Any] = {
    "fetchCurrencies": False,
    "fetchMargins": False,
    "recvWindow": 5000,
    "watchPositions": {"fetchPositionsSnapshot": False, "awaitPositionsSnapshot": False},
}
"""What is not asked for is left out; positions are the journal's."""
TRADES_MAX = 1000
_IN_USE = re.compile("duplicate|repeat|already exist", re.IGNORECASE)
"""Our name is in use: names are never used twice, so somebody between us and the venue sent the order twice."""
_IS_FILLED, _HALVES = re.compile("cancel restrictions"), re.compile("-202[12]")
"""Of one order in another's place: that one has fills, and was left; or half of it failed, now or at a go before."""


@dataclass(frozen=True)
class Keys:
    """What lets us trade there; never shown."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class CryptoLink:
    """Which venue, by its name in ccxt, which of its markets, and how it is asked.

    url: another address than the venue's own; sandbox: the venue's test network. poll_s: how often orders that work
    are looked at; settle_s: after so long a venue that finds no such order never had it. timeout_s: of a request.
    stream: books and the account's orders by websocket, where ccxt has them; otherwise they are asked for every
    `poll_s`. change: `native`, an order is changed only where the venue does it in one request, and nothing of it is
    filled; `cancel_first`, otherwise it is cancelled, and what is left of it sent anew once that is certain.
    """

    venue: str
    market: str = ""
    url: str = ""
    sandbox: bool = False
    stream: bool = True
    change: str = "native"
    poll_s: float = 1.0
    settle_s: float = 15.0
    timeout_s: float = 10.0
    options: Mapping[str, Any] = field(default_factory=dict)


def must_know(venue: str, order: OrderWords) -> None:
    """Raise WIRE_ORDER for an order that the venue would take for another one than is meant."""
    hides = bool(order.display) and venue not in _ICEBERGS
    if order.stop or order.peg or hides or order.tif not in _TIFS:
        kind = "stop" if order.stop else "pegged" if order.peg else "iceberg" if hides else order.tif
        raise problem("WIRE_ORDER", f"{kind} orders are not sent to {venue}")


def swaps(link: CryptoLink, symbol: str) -> bool:
    """Whether an order there can take another's place in one request."""
    return link.venue in _SWAPS and ":" not in symbol


def must_change(link: CryptoLink, order: OrderWords) -> None:
    """Raise WIRE_ORDER for a change that the venue does not make as it is meant."""
    must_know(link.venue, order)
    if not order.price:
        raise problem("WIRE_ORDER", f"orders at the market are not changed at {link.venue}")
    if link.change != "cancel_first" and not swaps(link, order.symbol):
        way = 'with change = "cancel_first" in [venue] the order is cancelled, and what is left sent anew'
        raise problem("WIRE_ORDER", f"{link.venue} makes no change in one request without buying too much: {way}")


class CryptoClient:
    """One account; made and used on one event loop."""

    def __init__(self, link: CryptoLink, keys: Keys, now_ns: Callable[[], int]) -> None:
        self.link, self._keys, self._now_ns = link, keys, now_ns
        self._skew_ns = self._quiet_until_ns = 0
        self._rest, self._stream = self._made("async_support"), self._made("pro")
        self._private = self._made("pro")
        self._private.number = str
        self._stream.throttle = self._private.throttle = self._rest.throttle  # one account, one allowance

    @property
    def knows_names(self) -> bool:
        """Whether an order that is not found by our name never was one."""
        return self.link.venue in BY_CLIENT_ID

    @property
    def skew_ns(self) -> int:
        """By how much the venue's clock is ahead of ours, as it was measured last."""
        return self._skew_ns

    @property
    def quiet_s(self) -> float:
        """How many seconds longer the venue wants to be left alone."""
        return max(0, self._quiet_until_ns - self._now_ns()) / 1e9

    async def open(self, wanted: Sequence[tuple[str, Decimal, Decimal]]) -> None:
        """Instruments and clock; RUN_CONFIG where a symbol, tick or lot is not the venue's."""
        await self.set_clock()
        with self._told_apart():
            self._rest.number = float
            await self._rest.load_markets(True)
            self._rest.number = str
            for exchange in (self._stream, self._private):
                exchange.set_markets(self._rest.markets, self._rest.currencies)
        for symbol, tick, lot in wanted:
            self._check(symbol, tick, lot)

    async def set_clock(self) -> None:
        """Measure the venue's clock against ours: from the middle of question and answer."""
        if not self._rest.has.get("fetchTime"):
            return
        before_ns = self._now_ns()
        with self._told_apart():
            told_ms = await self._rest.fetch_time()
        if isinstance(told_ms, int):
            self._skew_ns = told_ms * 1_000_000 - (before_ns + self._now_ns()) // 2

    async def place(self, name: str, order: OrderWords) -> Stand:
        """Send an order that the venue knows, once."""
        self._must_not_be_quiet()
        kind, side = "limit" if order.price else "market", "buy" if order.buys else "sell"
        told = self._terms(name, order)
        with self._told_apart():
            answer = await self._rest.create_order(order.symbol, kind, side, order.quantity, order.price or None, told)
            return stand_of(answer, name)

    async def swap(self, old: str, name: str, order: OrderWords) -> Stand:
        """One order in another's place, of which nothing is filled, in one request; `Refused` leaves that one."""
        self._must_not_be_quiet()
        side, ccxt = "buy" if order.buys else "sell", self._ccxt
        told = {**self._terms(name, order), "cancelOrigClientOrderId": old, "cancelRestrictions": "ONLY_NEW"}
        with self._told_apart():
            try:
                answer = await self._rest.edit_order(
                    None, order.symbol, "limit", side, order.quantity, order.price, told
                )
            except ccxt.ExchangeError as error:
                if _IS_FILLED.search(str(error)):  # it stood there, so that no such request was done before either
                    raise Refused(self._said(error)) from None
                if _HALVES.search(str(error)):
                    raise Unsure(self._said(error)) from None
                raise
            return stand_of(answer, name)

    async def cancel(self, name: str, symbol: str, venue_id: str) -> None:
        """Ask to cancel an order by our name, or by the venue's where it knows no other."""
        self._must_not_be_quiet()
        asked, told = BY_CLIENT_ID[self.link.venue](name) if self.knows_names else (venue_id or name, {})
        told = told if venue_id or self.knows_names else {"clientOrderId": name}
        with self._told_apart():
            await self._rest.cancel_order(asked, symbol, told)

    async def stand(self, name: str, symbol: str, venue_id: str) -> Stand:
        """How an order stands; `Missing` where the venue does not find it."""
        with self._told_apart():
            if self.knows_names:
                asked, told = BY_CLIENT_ID[self.link.venue](name)
                return stand_of(await self._rest.fetch_order(asked, symbol, told), name)
            if venue_id and self._rest.has.get("fetchOrder"):
                return stand_of(await self._rest.fetch_order(venue_id, symbol), name)
            for question in ("fetchOpenOrders", "fetchClosedOrders", "fetchOrders"):
                if self._rest.has.get(question) is True:
                    for answer in await getattr(self._rest, _snake(question))(symbol):
                        if answer.get("clientOrderId") == name:
                            return stand_of(answer, name)
        raise Missing(f"{self.link.venue} lists no order {name}")

    async def working(self, symbol: str) -> list[Stand]:
        """Every order of the account that works in an instrument."""
        with self._told_apart():
            return [stand_of(one, one.get("clientOrderId") or "") for one in await self._rest.fetch_open_orders(symbol)]

    async def trades(self, symbol: str, venue_id: str) -> tuple[Trade, ...]:
        """The executions of an order, first to last, each once."""
        ccxt = self._ccxt
        with self._told_apart():
            try:
                if self._rest.has.get("fetchOrderTrades") is not True:
                    raise ccxt.NotSupported
                told = await self._rest.fetch_order_trades(venue_id, symbol, None, TRADES_MAX)
            except ccxt.NotSupported:
                told = await self._rest.fetch_my_trades(symbol, None, TRADES_MAX)
                told = [one for one in told if str(one.get("order")) == venue_id]
            return once(told)

    async def told_of(self, what: str) -> list[Event]:
        """The next news of the account's own stream: of its `orders`, or `trades`."""
        with self._told_apart(asks=False):
            if what == "orders":
                told = await self._private.watch_orders()
            else:
                told = await self._private.watch_my_trades()
            return [event for one in told if (event := event_of(self.link.venue, one)) is not None]

    @property
    def kinds_told(self) -> tuple[str, ...]:
        """What the account's own stream is listened to for."""
        kinds = {"orders": "watchOrders", "trades": "watchMyTrades"} if self.link.stream else {}
        return tuple(kind for kind, name in kinds.items() if self._private.has.get(name))

    def drop_stream(self) -> None:
        """Cut the account's own stream: whoever listens hears of it, and begins anew."""
        for client in [one for one in self._private.clients.values() if one.connection is not None]:
            client.on_error(self._ccxt.NetworkError("given up"))

    async def balances(self) -> dict[str, Decimal]:
        """What the account holds in all, by currency."""
        with self._told_apart():
            told = (await self._rest.fetch_balance()).get("total") or {}
            return {str(name): exact(amount) for name, amount in told.items() if amount is not None}

    async def book(self, symbol: str, depth: int) -> tuple[list[Level], list[Level]]:
        """The next state of a book: when it has changed, by websocket, or as it stands now."""
        with self._told_apart():
            if self.streams:
                told = await self._stream.watch_order_book(symbol)
            else:
                told = await self._rest.fetch_order_book(symbol)
            return levels_of(told["bids"], depth), levels_of(told["asks"], depth)

    @property
    def streams(self) -> bool:
        """Whether books come by websocket."""
        return self.link.stream and bool(self._stream.has.get("watchOrderBook"))

    async def close(self) -> None:
        """End the connections."""
        await self._private.close()
        await self._stream.close()
        await self._rest.close()

    def _terms(self, name: str, order: OrderWords) -> dict[str, Any]:
        shows = order.display and _ICEBERGS[self.link.venue]
        how = {"postOnly": True} if order.post_only else _TIFS[order.tif]
        return {"clientOrderId": name, **(how if order.price else {}), **({shows: order.display} if shows else {})}

    def _check(self, symbol: str, tick: Decimal, lot: Decimal) -> None:
        """Our ticks and lots must be multiples of the venue's, so that nothing that we send is rounded there."""
        markets, venue = self._rest.markets, self.link.venue
        if symbol not in markets:
            raise problem("RUN_CONFIG", f"{venue} has no {symbol!r}{did_you_mean(symbol, list(markets))}")
        steps = markets[symbol].get("precision") or {}
        for ours, key, what in ((tick, "price", "tick"), (lot, "amount", "lot")):
            if steps.get(key) is None or self._rest.precisionMode != self._ccxt.TICK_SIZE:
                continue
            theirs = Decimal(repr(steps[key]))
            if theirs and ours % theirs:
                raise problem(
                    "RUN_CONFIG", f"{symbol}: {what} {ours} is no multiple of {venue}'s, {theirs.normalize():f}"
                )

    def _made(self, kind: str) -> Any:
        import importlib

        try:
            self._ccxt = importlib.import_module("ccxt")
            known = importlib.import_module(f"ccxt.{kind}")
        except ImportError:
            raise problem("CLI_MISSING", "ccxt: pip install 'hedgerow[venues]'") from None
        link, names = self.link, list(self._ccxt.exchanges)
        if link.venue not in names:
            raise problem("RUN_CONFIG", f"ccxt knows no {link.venue!r}{did_you_mean(link.venue, names)}")
        made = getattr(known, link.venue, None) or getattr(importlib.import_module("ccxt.async_support"), link.venue)
        options = {**_OPTIONS, **({"defaultType": link.market} if link.market else {}), **link.options}
        keys = {"apiKey": self._keys.key, "secret": self._keys.secret, "password": self._keys.password}
        exchange = made({"timeout": int(link.timeout_s * 1000), "options": options, **keys})
        exchange.enableRateLimit, exchange.maxRetriesOnFailure = True, 0
        exchange.milliseconds = lambda: (self._now_ns() + self._skew_ns) // 1_000_000
        if link.sandbox:
            try:
                exchange.set_sandbox_mode(True)
            except self._ccxt.BaseError:
                raise problem("RUN_CONFIG", f"{link.venue} has no test network: sandbox = true") from None
        if link.url:
            exchange.urls["api"] = moved(exchange.urls["api"], link.url)
        return exchange

    @contextmanager
    def _told_apart(self, *, asks: bool = True) -> Iterator[None]:
        """What is raised within, by what it leaves behind."""
        ccxt = self._ccxt
        if asks and self.quiet_s:
            raise Patience(f"{self.link.venue} wants to be left alone", self.quiet_s)
        try:
            yield
        except (Refused, Unsure, HedgerowError):
            raise
        except ccxt.OrderNotFound as error:
            raise Missing(self._said(error)) from None
        except (ccxt.DDoSProtection, ccxt.RateLimitExceeded) as error:
            wait_s = self._wait_s(error)
            self._quiet_until_ns = self._now_ns() + int(wait_s * 1e9)
            raise Patience(self._said(error), wait_s) from None
        except ccxt.ExchangeError as error:
            is_in_use = isinstance(error, ccxt.DuplicateOrderId) or _IN_USE.search(str(error))
            if is_in_use or type(error) is ccxt.ExchangeError:  # or a code that ccxt cannot place
                raise Unsure(self._said(error)) from None
            raise Refused(self._said(error)) from None
        except Exception as error:  # of the network, or an answer that cannot be read
            raise Unsure(self._said(error)) from None

    def _must_not_be_quiet(self) -> None:
        if self.quiet_s:
            raise Refused(f"{self.link.venue} wants to be left alone for {self.quiet_s:.0f} s: not sent")

    def _wait_s(self, error: Exception) -> float:
        headers = {str(name).lower(): value for name, value in (self._rest.last_response_headers or {}).items()}
        told = str(headers.get("retry-after", ""))
        if told.isascii() and told.isdigit():
            return min(float(told), 86_400.0)
        return _BANNED_S if " 418 " in str(error) else _RETRY_S

    def _said(self, error: Exception) -> str:
        """An error in a line, without addresses' queries and without a key."""
        text = re.sub(r"\?\S*", "?...", f"{type(error).__name__}: {error}")
        for secret in (self._keys.key, self._keys.secret, self._keys.password):
            text = text.replace(secret, "...") if secret else text
        return " ".join(text.split())[:300]


def moved(urls: Any, base: str) -> Any:
    """Addresses at another place, whatever their nesting: `http` there means `ws` for a websocket.

    >>> moved({"rest": "https://api.venue.com/v3", "ws": "wss://stream.venue.com:9443/ws"}, "http://127.0.0.1:80")
    {'rest': 'http://127.0.0.1:80/v3', 'ws': 'ws://127.0.0.1:80/ws'}
    """
    if isinstance(urls, dict):
        return {name: moved(value, base) for name, value in urls.items()}
    if not isinstance(urls, str):
        return urls
    place = base.rstrip("/")
    place = re.sub("^http", "ws", place) if urls.startswith("ws") else place
    return re.sub(r"^(?:https?|wss?)://[^/]+", lambda _: place, urls)


def _snake(name: str) -> str:
    return re.sub("(?=[A-Z])", "_", name).lower()
