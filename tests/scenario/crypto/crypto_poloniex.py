"""The REST and websocket words of Poloniex's spot market, checked as it does: key, signature, age."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlencode

from aiohttp import web
from crypto_account import BASE, QUOTE, Trade
from crypto_house import KEY, SECRET, Answer, Place, answer_json


class Poloniex(Place):
    """The spot market's words."""

    too_many: ClassVar = {"code": 429, "message": "Too many requests"}

    def routes(self) -> list[web.AbstractRouteDef]:
        """Every path that a client of this market asks for."""
        self._known = set[web.WebSocketResponse]()
        return [
            web.get("/timestamp", lambda _: answer_json({"serverTime": self.account.now_ms()})),
            web.get("/markets", lambda _: answer_json([self._market()])),
            web.get("/v2/currencies", lambda _: answer_json([])),
            web.get("/v3/market/allInstruments", lambda _: answer_json({"code": 200, "data": []})),
            web.get("/accounts/balances", self._account),
            web.post("/orders", self._place),
            web.get("/orders", self._open),
            web.get("/orders/{id}", self._status),
            web.delete("/orders/{id}", self._cancel),
            web.get("/orders/{id}/trades", self._trades),
            web.get("/ws/public", lambda request: self.stream(request, self._heard)),
            web.get("/ws/private", lambda request: self.stream(request, self._heard_privately)),
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

    async def _heard_privately(self, sock: web.WebSocketResponse, told: Any) -> list[Any]:
        """The account's channels: first who asks, then what is asked for."""
        if told.get("event") == "ping":
            await sock.send_json({"event": "pong"})
        if told.get("event") != "subscribe":
            return []
        if told["channel"] == ["auth"]:
            asked = told["params"]
            said = f"GET\n/ws\nsignTimestamp={asked['signTimestamp']}"
            good = base64.b64encode(hmac.new(SECRET.encode(), said.encode(), hashlib.sha256).digest()).decode()
            age_ms = self.account.now_ms() - int(asked["signTimestamp"])
            is_us = asked["key"] == KEY and hmac.compare_digest(good, asked["signature"]) and abs(age_ms) < 5000
            answer = {"success": is_us, "ts": self.account.now_ms()}
            await sock.send_json(
                {"channel": "auth", "data": answer | ({} if is_us else {"message": "Authentication failed!"})}
            )
            if is_us:
                self._known.add(sock)
            return []
        assert sock in self._known
        assert told["channel"] == ["orders"]
        await sock.send_json({"channel": "orders", "event": "subscribe", "symbols": told["symbols"]})
        return [self.follows(sock, self.event_words)]

    def event_words(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What happened to an order."""
        order, ms = self.words(event), event["ts"] // 10**6
        kind = {"accepted": "place", "traded": "trade"}.get(event["what"], "canceled")
        trade = self.account.trade(event) if kind == "trade" else None
        data = {
            "symbol": order["symbol"], "type": order["type"], "quantity": order["quantity"], "orderId": order["id"],
            "tradeFee": f"{trade.fee[0]:f}" if trade else "0", "feeCurrency": trade.fee[1] if trade else "",
            "clientOrderId": event.get("orig_client_id", event["client_id"]), "accountType": "SPOT",
            "eventType": kind, "source": "API", "side": order["side"], "filledQuantity": order["filledQuantity"],
            "filledAmount": order["filledAmount"], "matchRole": "MAKER" if event["is_maker"] else "TAKER",
            "state": order["state"], "tradeTime": ms if trade else 0, "orderAmount": "0", "createTime": ms,
            "tradeAmount": f"{trade.price * trade.size:f}" if trade else "0", "price": order["price"],
            "tradeQty": f"{trade.size:f}" if trade else "0", "tradePrice": f"{trade.price:f}" if trade else "0",
            "tradeId": str(trade.id) if trade else "0", "ts": self.account.now_ms(),
        }  # fmt: skip
        return {"channel": "orders", "data": [data]}

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
