"""A crypto venue on loopback, in a process of its own: the REST and websocket words of Binance (spot) or Poloniex.

`crypto_serve.py KIND FOLDER PORT FAULTS_JSON`; one line when it is ready. Requests are checked as the venue does: key,
signature, age. Faults: `lost` (done, and the answer never comes), `error` (done, and the answer is a 503), `slow`
(done, and the answer comes after the client's patience), `never` (not done, and no answer), `late` (done after the
client has given up), `ban` (not done: 429 with Retry-After), `twice` (done twice, and the second answer comes).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlencode

from aiohttp import WSMsgType, web
from crypto_account import BASE, QUOTE, Account, Faults, Trade

KEY, SECRET = "the-key", "the-secret-of-the-key"
LATE_S = 1.2
Answer = tuple[int, Any]


class Place:
    """What both kinds share: an account, faults, and streams."""

    too_many: ClassVar[Mapping[str, Any]]

    def __init__(self, account: Account, faults: Faults) -> None:
        self.account, self._faults = account, faults
        self._saying: set[asyncio.Future[None]] = set()

    async def do(self, request: web.Request, kind: str, about: str, act: Callable[[], Answer]) -> web.StreamResponse:
        """Do what a request asks, unless a fault is drawn."""
        fault = self._faults.draw(kind, about)
        if fault == "ban":
            return web.json_response(self.too_many, status=429, headers={"Retry-After": "1"})
        if fault == "never":
            return self._cut(request)
        if fault == "late":
            asyncio.get_running_loop().call_later(LATE_S, act)
            return self._cut(request)
        status, told = act()
        if fault == "lost":
            return self._cut(request)
        if fault == "error":
            return web.json_response({"code": -1007, "msg": "Timeout waiting for response."}, status=503)
        if fault == "slow":
            await asyncio.sleep(LATE_S)
        if fault == "twice":
            status, told = act()
        return web.json_response(told, status=status)

    @staticmethod
    def _cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def by_hand(self) -> list[web.AbstractRouteDef]:
        """What a test asks and does past the venue's words: trades, taking the first one back, a stranger's order."""

        async def trades(_: web.Request) -> web.Response:
            return await _json([str(one.fee[0] * (one.price if one.buys else 1)) for one in self.account.trades()])

        async def bust(_: web.Request) -> web.Response:
            first = self.account.trades()[0]  # of which the run has heard
            self.account.venue.submit(time.time_ns(), {"do": "bust", "trade": first.id})
            return await _json({})

        async def foreign(_: web.Request) -> web.Response:
            self.account.place("somebody-else", buys=True, size="0.1", price="100", tif="gtc", post_only=False)
            return await _json({})

        return [web.get("/_/trades", trades), web.post("/_/bust", bust), web.post("/_/foreign", foreign)]

    async def stream(self, request: web.Request, heard: Callable[[Any, Any], Awaitable[Any]]) -> web.WebSocketResponse:
        """A websocket: what comes is heard, and what changes is told until it is closed."""
        sock = web.WebSocketResponse(heartbeat=20)
        await sock.prepare(request)
        forget: list[Any] = []
        try:
            async for message in sock:
                if message.type == WSMsgType.TEXT:
                    forget += await heard(sock, json.loads(message.data))
        finally:
            for tell in forget:
                self.account.changed.remove(tell)
        return sock

    def watched(self, sock: web.WebSocketResponse, words: Callable[[Mapping[str, Any]], Any]) -> Callable[[Any], None]:
        """Have a socket told of every change of the book."""

        def tell(sides: Mapping[str, Any]) -> None:
            said = asyncio.ensure_future(_say(sock, words(sides)))
            self._saying.add(said)
            said.add_done_callback(self._saying.discard)

        self.account.changed.append(tell)
        return tell


async def _say(sock: web.WebSocketResponse, told: Any) -> None:
    if not sock.closed:
        await sock.send_json(told)


class Binance(Place):
    """The spot market's words."""

    too_many: ClassVar = {"code": -1003, "msg": "Too many requests."}

    def routes(self) -> list[web.AbstractRouteDef]:
        """Every path that a client of this market asks for."""
        v3 = "/api/v3"
        return [
            web.get(f"{v3}/time", lambda _: _json({"serverTime": self.account.now_ms()})),
            web.get(f"{v3}/exchangeInfo", lambda _: _json(self._info())),
            web.get(f"{v3}/depth", lambda _: _json({"lastUpdateId": self.account.update, **self.account.book()})),
            web.post(f"{v3}/order", self._place),
            web.delete(f"{v3}/order", self._cancel),
            web.get(f"{v3}/order", self._status),
            web.get(f"{v3}/openOrders", self._open),
            web.get(f"{v3}/myTrades", self._trades),
            web.get(f"{v3}/account", self._account),
            web.get("/ws/{stream}", lambda request: self.stream(request, self._heard)),
        ]

    async def _signed(self, request: web.Request) -> dict[str, str]:
        text = request.query_string if request.method in ("GET", "DELETE") else (await request.read()).decode()
        query, _, signature = text.rpartition("&signature=")
        good = hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
        if request.headers.get("X-MBX-APIKEY") != KEY or not hmac.compare_digest(good, signature):
            raise web.HTTPUnauthorized(
                text=json.dumps({"code": -1022, "msg": "Signature for this request is not valid."})
            )
        told = dict(parse_qsl(query))
        age_ms = self.account.now_ms() - int(told["timestamp"])
        if not -1000 < age_ms <= int(told.get("recvWindow", "5000")):
            raise web.HTTPBadRequest(
                text=json.dumps({"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}),
                content_type="application/json",
            )
        return told

    async def _place(self, request: web.Request) -> web.StreamResponse:
        told = await self._signed(request)
        kind = told["type"]

        def act() -> Answer:
            order, reason = self.account.place(
                told["newClientOrderId"], buys=told["side"] == "BUY", size=told["quantity"], price=told.get("price"),
                tif={"GTC": "gtc", "IOC": "ioc", "FOK": "fok"}.get(told.get("timeInForce", "GTC"), "gtc"),
                post_only=kind == "LIMIT_MAKER", show=told.get("icebergQty", "0"),
            )  # fmt: skip
            if reason == "duplicate_client_id":
                return 400, {"code": -2010, "msg": "Duplicate order sent."}
            if reason == "would_take":
                return 400, {"code": -2010, "msg": "Order would immediately match and take."}
            if reason and reason != "no_liquidity":
                return 400, {"code": -1013, "msg": f"Filter failure: {reason}"}
            assert order is not None
            fills = [
                {"price": f"{one.price:f}", "qty": f"{one.size:f}", "commission": f"{one.fee[0]:f}",
                 "commissionAsset": one.fee[1], "tradeId": one.id}
                for one in self.account.trades() if one.order_id == order["order_id"]
            ]  # fmt: skip
            return 200, {**self.words(order), "transactTime": order["ts"] // 10**6, "fills": fills}

        return await self.do(request, "place", told["newClientOrderId"], act)

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        told = await self._signed(request)
        key = told.get("origClientOrderId") or told["orderId"]

        def act() -> Answer:
            order = self.account.cancel(key)
            if order is None:
                return 400, {"code": -2011, "msg": "Unknown order sent."}
            return 200, {
                **self.words(order),
                "origClientOrderId": order["client_id"],
                "transactTime": order["ts"] // 10**6,
            }

        return await self.do(request, "cancel", key, act)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        told = await self._signed(request)
        key = told.get("origClientOrderId") or told["orderId"]
        order = self.account.order(key)
        unknown = 400, {"code": -2013, "msg": "Order does not exist."}
        return await self.do(request, "status", key, lambda: (200, self.words(order)) if order else unknown)

    async def _open(self, request: web.Request) -> web.StreamResponse:
        await self._signed(request)
        told = [self.words(one) for one in self.account.orders() if one["leaves_lots"]]
        return await self.do(request, "open", "", lambda: (200, told))

    async def _trades(self, request: web.Request) -> web.StreamResponse:
        asked = await self._signed(request)
        key = asked.get("orderId")
        told = [self.trade_words(one) for one in self.account.trades() if key in (None, str(one.order_id))]
        return await self.do(request, "trades", asked.get("orderId", ""), lambda: (200, told))

    @staticmethod
    def trade_words(one: Trade) -> dict[str, Any]:
        """An execution."""
        return {
            "symbol": BASE + QUOTE, "id": one.id, "orderId": one.order_id, "orderListId": -1,
            "price": f"{one.price:f}", "qty": f"{one.size:f}", "quoteQty": f"{one.price * one.size:f}",
            "commission": f"{one.fee[0]:f}", "commissionAsset": one.fee[1], "time": one.ts_ms, "isBuyer": one.buys,
            "isMaker": one.is_maker, "isBestMatch": True,
        }  # fmt: skip

    async def _account(self, request: web.Request) -> web.StreamResponse:
        await self._signed(request)
        held = [{"asset": name, "free": f"{size:f}", "locked": "0"} for name, size in self.account.balances().items()]
        told = {"accountType": "SPOT", "canTrade": True, "balances": held, "permissions": ["SPOT"]}
        return await self.do(request, "account", "", lambda: (200, told))

    async def _heard(self, sock: web.WebSocketResponse, told: Any) -> list[Any]:
        await sock.send_json({"result": None, "id": told.get("id")})
        if told.get("method") != "SUBSCRIBE":
            return []

        def words(sides: Mapping[str, Any]) -> Any:
            number, now_ms = self.account.update, self.account.now_ms()
            head = {"e": "depthUpdate", "E": now_ms, "s": BASE + QUOTE, "U": number, "u": number}
            return {**head, "b": sides["bids"], "a": sides["asks"]}

        return [self.watched(sock, words)]

    def words(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """An order as it stands."""
        listing = self.account.listing
        states = {"new": "NEW", "partially_filled": "PARTIALLY_FILLED", "filled": "FILLED", "cancelled": "CANCELED"}
        size, done = listing.quantity(order["lots"]), listing.quantity(order["cum_lots"])
        spent = order["traded_ticks"] * listing.tick * listing.lot
        ms = order["ts"] // 10**6
        return {
            "symbol": BASE + QUOTE, "orderId": order["order_id"], "orderListId": -1,
            "clientOrderId": order["client_id"],
            "price": f"{listing.price(order['price_ticks']):f}", "origQty": f"{size:f}", "executedQty": f"{done:f}",
            "origQuoteOrderQty": "0.000000", "cummulativeQuoteQty": f"{spent:f}",
            "status": states.get(order["status"], "EXPIRED"), "timeInForce": order["time_in"].upper(),
            "type": order["order_type"].upper(), "side": order["side"].upper(), "stopPrice": "0.0", "icebergQty": "0.0",
            "time": ms, "updateTime": ms, "isWorking": True, "workingTime": ms, "selfTradePreventionMode": "NONE",
        }  # fmt: skip

    def _info(self) -> dict[str, Any]:
        tick, lot = f"{self.account.listing.tick:f}", f"{self.account.listing.lot:f}"
        digits = ("baseAssetPrecision", "quotePrecision", "quoteAssetPrecision", "baseCommissionPrecision")
        symbol = {
            **dict.fromkeys(digits, 8), "symbol": BASE + QUOTE, "status": "TRADING", "baseAsset": BASE,
            "quoteAsset": QUOTE, "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"], "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False, "permissions": [], "permissionSets": [["SPOT"]],
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000", "tickSize": tick},
                {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": "9000", "stepSize": lot},
            ],
        }  # fmt: skip
        return {"timezone": "UTC", "serverTime": self.account.now_ms(), "rateLimits": [], "symbols": [symbol]}


class Poloniex(Place):
    """The spot market's words."""

    too_many: ClassVar = {"code": 429, "message": "Too many requests"}

    def routes(self) -> list[web.AbstractRouteDef]:
        """Every path that a client of this market asks for."""
        return [
            web.get("/timestamp", lambda _: _json({"serverTime": self.account.now_ms()})),
            web.get("/markets", lambda _: _json([self._market()])),
            web.get("/v2/currencies", lambda _: _json([])),
            web.get("/v3/market/allInstruments", lambda _: _json({"code": 200, "data": []})),
            web.get("/accounts/balances", self._account),
            web.post("/orders", self._place),
            web.get("/orders", self._open),
            web.get("/orders/{id}", self._status),
            web.delete("/orders/{id}", self._cancel),
            web.get("/orders/{id}/trades", self._trades),
            web.get("/ws/public", lambda request: self.stream(request, self._heard)),
        ]

    async def _signed(self, request: web.Request) -> dict[str, Any]:
        raw, stamp = (await request.read()).decode(), request.headers.get("signTimestamp", "0")
        head = f"{request.method}\n{request.rel_url.raw_path}\n"
        if request.method == "GET":
            said = head + urlencode(sorted({**dict(parse_qsl(request.query_string)), "signTimestamp": stamp}.items()))
        else:
            said = head + (f"requestBody={raw}&" if raw else "") + f"signTimestamp={stamp}"
        good = base64.b64encode(hmac.new(SECRET.encode(), said.encode(), hashlib.sha256).digest()).decode()
        if request.headers.get("key") != KEY or request.headers.get("signature") != good:
            raise web.HTTPUnauthorized(text=json.dumps({"code": 21605, "message": "Invalid signature"}))
        if abs(self.account.now_ms() - int(stamp)) > 5000:
            raise web.HTTPBadRequest(text=json.dumps({"code": 21700, "message": "Invalid timestamp"}))
        return dict(json.loads(raw)) if raw else {}

    async def _place(self, request: web.Request) -> web.StreamResponse:
        told = await self._signed(request)

        def act() -> Answer:
            order, reason = self.account.place(
                told["clientOrderId"], buys=told["side"] == "BUY", size=told["quantity"], price=told.get("price"),
                tif=told.get("timeInForce", "GTC").lower(), post_only=told["type"] == "LIMIT_MAKER",
            )  # fmt: skip
            if reason and reason != "no_liquidity":
                repeats = reason == "duplicate_client_id"
                code, words = (21312, "Client order id repeat") if repeats else (21311, f"Order refused: {reason}")
                return 400, {"code": code, "message": words}
            assert order is not None
            return 200, {"id": str(order["order_id"]), "clientOrderId": order["client_id"]}

        return await self.do(request, "place", told["clientOrderId"], act)

    def _named(self, request: web.Request) -> str:
        return unquote(request.match_info["id"]).removeprefix("cid:")

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        await self._signed(request)
        key = self._named(request)

        def act() -> Answer:
            order = self.account.cancel(key)
            if order is None:
                return 400, {"code": 21301, "message": "Order not exists"}
            head = {"orderId": str(order["order_id"]), "clientOrderId": order["client_id"]}
            return 200, {**head, "state": "PENDING_CANCEL", "code": 200, "message": ""}

        return await self.do(request, "cancel", key, act)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        await self._signed(request)
        order = self.account.order(self._named(request))
        unknown = 400, {"code": 21301, "message": "Order not exists"}
        return await self.do(
            request, "status", self._named(request), lambda: (200, self.words(order)) if order else unknown
        )

    async def _open(self, request: web.Request) -> web.StreamResponse:
        await self._signed(request)
        told = [self.words(one) for one in self.account.orders() if one["leaves_lots"]]
        return await self.do(request, "open", "", lambda: (200, told))

    async def _trades(self, request: web.Request) -> web.StreamResponse:
        await self._signed(request)
        key = self._named(request)
        told = [self.trade_words(one) for one in self.account.trades() if str(one.order_id) == key]
        return await self.do(request, "trades", key, lambda: (200, told))

    @staticmethod
    def trade_words(one: Trade) -> dict[str, Any]:
        """An execution."""
        return {
            "id": str(one.id), "symbol": f"{BASE}_{QUOTE}", "accountType": "SPOT", "orderId": str(one.order_id),
            "side": "BUY" if one.buys else "SELL", "type": "LIMIT", "matchRole": "MAKER" if one.is_maker else "TAKER",
            "createTime": one.ts_ms, "price": f"{one.price:f}", "quantity": f"{one.size:f}",
            "amount": f"{one.price * one.size:f}", "feeCurrency": one.fee[1], "feeAmount": f"{one.fee[0]:f}",
            "pageId": str(one.id), "clientOrderId": one.client_id,
        }  # fmt: skip

    async def _account(self, request: web.Request) -> web.StreamResponse:
        await self._signed(request)
        held = [
            {"currencyId": "1", "currency": name, "available": f"{size:f}", "hold": "0"}
            for name, size in self.account.balances().items()
        ]
        told = [{"accountId": "1", "accountType": "SPOT", "balances": held}]
        return await self.do(request, "account", "", lambda: (200, told))

    async def _heard(self, sock: web.WebSocketResponse, told: Any) -> list[Any]:
        if told.get("event") == "ping":
            await sock.send_json({"event": "pong"})
        if told.get("event") != "subscribe":
            return []

        def words(sides: Mapping[str, Any], action: str = "update") -> Any:
            number, now_ms = self.account.update, self.account.now_ms()
            head = {"symbol": f"{BASE}_{QUOTE}", "createTime": now_ms, "lastId": number - 1, "id": number, "ts": now_ms}
            return {"channel": "book_lv2", "data": [{**head, **sides}], "action": action}

        await sock.send_json({"event": "subscribe", "channel": "book_lv2", "symbols": told.get("symbols")})
        await sock.send_json(words(self.account.book(), "snapshot"))
        return [self.watched(sock, words)]

    def words(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """An order as it stands."""
        listing = self.account.listing
        states = {"new": "NEW", "partially_filled": "PARTIALLY_FILLED", "filled": "FILLED"}
        ended = "PARTIALLY_CANCELED" if order["cum_lots"] else "CANCELED"
        spent = order["traded_ticks"] * listing.tick * listing.lot
        average = Decimal(order["traded_ticks"]) * listing.tick / max(1, order["cum_lots"])
        ms = order["ts"] // 10**6
        return {
            "id": str(order["order_id"]), "clientOrderId": order["client_id"], "symbol": f"{BASE}_{QUOTE}",
            "state": states.get(order["status"], ended), "accountType": "SPOT", "side": order["side"].upper(),
            "type": order["order_type"].upper(), "timeInForce": order["time_in"].upper(),
            "quantity": f"{listing.quantity(order['lots']):f}", "price": f"{listing.price(order['price_ticks']):f}",
            "avgPrice": f"{average:f}", "amount": "0.00", "filledQuantity": f"{listing.quantity(order['cum_lots']):f}",
            "filledAmount": f"{spent:f}", "createTime": ms, "updateTime": ms, "orderSource": "API", "loan": False,
            "cancelReason": 0,
        }  # fmt: skip

    def _market(self) -> dict[str, Any]:
        return {
            "symbol": f"{BASE}_{QUOTE}", "baseCurrencyName": BASE, "quoteCurrencyName": QUOTE,
            "displayName": f"{BASE}/{QUOTE}", "state": "NORMAL", "visibleStartTime": 1, "tradableStartTime": 1,
            "symbolTradeLimit": {
                "symbol": f"{BASE}_{QUOTE}", "priceScale": 2, "quantityScale": 5, "amountScale": 2,
                "minQuantity": "0.00001", "minAmount": "1", "highestBid": "0", "lowestAsk": "0",
            },
        }  # fmt: skip


async def _json(told: Any) -> web.Response:
    return web.json_response(told)


async def serve(kind: str, folder: Path, port: int, told: Mapping[str, Any]) -> None:
    """Serve until killed."""
    account = Account(folder, skew_ms=told.get("skew_ms", 0))
    place = {"binance": Binance, "poloniex": Poloniex}[kind](
        account, Faults(folder, told.get("faults", {}), told.get("seed", 7))
    )
    app = web.Application()
    app.add_routes([*place.routes(), *place.by_hand()])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await account.live()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])))
