"""The REST and websocket words of Binance's spot market, checked as it does: key, signature, age."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from aiohttp import web
from crypto_account import BASE, COIN, QUOTE, Trade
from crypto_house import KEY, SECRET, Answer, Place, answer_json


class Binance(Place):
    """The spot market's words."""

    too_many: ClassVar = {"code": -1003, "msg": "Too many requests."}

    def routes(self) -> list[web.AbstractRouteDef]:
        """Every path that a client of this market asks for."""
        v3 = "/api/v3"
        return [
            web.get(f"{v3}/time", lambda _: answer_json({"serverTime": self.account.now_ms()})),
            web.get(f"{v3}/exchangeInfo", lambda _: answer_json(self._info())),
            web.get(f"{v3}/depth", lambda _: answer_json({"lastUpdateId": self.account.update, **self.account.book()})),
            web.post(f"{v3}/order", self._place),
            web.post(f"{v3}/order/cancelReplace", self._swap),
            web.delete(f"{v3}/order", self._cancel),
            web.get(f"{v3}/order", self._status),
            web.get(f"{v3}/openOrders", self._open),
            web.get(f"{v3}/myTrades", self._trades),
            web.get(f"{v3}/account", self._account),
            web.get("/ws/{stream}", lambda request: self.stream(request, self._heard)),
            web.get("/ws-api/v3", lambda request: self.stream(request, self._asked)),
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

    @staticmethod
    def _terms(told: Mapping[str, str]) -> dict[str, Any]:
        tif = {"GTC": "gtc", "IOC": "ioc", "FOK": "fok"}.get(told.get("timeInForce", "GTC"), "gtc")
        return {
            "buys": told["side"] == "BUY", "size": told["quantity"], "price": told.get("price"), "tif": tif,
            "post_only": told["type"] == "LIMIT_MAKER", "show": told.get("icebergQty", "0"),
        }  # fmt: skip

    async def _place(self, request: web.Request) -> web.StreamResponse:
        told = await self._signed(request)
        name = told["newClientOrderId"]

        def act() -> Answer:
            order, reason = self.account.place(name, **self._terms(told))
            refused = self._refused(reason)
            return (400, refused) if refused else (200, self._full(order))

        return await self.do(request, "place", name, act)

    @staticmethod
    def _refused(reason: str) -> dict[str, Any]:
        if reason == "duplicate_client_id":
            return {"code": -2010, "msg": "Duplicate order sent."}
        if reason == "would_take":
            return {"code": -2010, "msg": "Order would immediately match and take."}
        return {"code": -1013, "msg": f"Filter failure: {reason}"} if reason and reason != "no_liquidity" else {}

    def _full(self, order: dict[str, Any] | None) -> dict[str, Any]:
        assert order is not None
        fills = [
            {"price": f"{one.price:f}", "qty": f"{one.size:f}", "commission": f"{one.fee[0]:f}",
             "commissionAsset": one.fee[1], "tradeId": one.id}
            for one in self.account.trades() if one.order_id == order["order_id"]
        ]  # fmt: skip
        return {**self.words(order), "transactTime": order["ts"] // 10**6, "fills": fills}

    async def _swap(self, request: web.Request) -> web.StreamResponse:
        """Cancel and place, the second only where the first was done (STOP_ON_FAILURE)."""
        told = await self._signed(request)
        old, name = told.get("cancelOrigClientOrderId") or told["cancelOrderId"], told["newClientOrderId"]
        assert told["cancelReplaceMode"] == "STOP_ON_FAILURE"

        def act() -> Answer:
            only_new = told.get("cancelRestrictions") == "ONLY_NEW"
            failed, gone, new, reason = self.account.swap(old, name, only_new=only_new, **self._terms(told))
            if failed == "cancel":
                says = {
                    "unknown": "Unknown order sent.",
                    "restricted": "Order was not canceled due to cancel restrictions.",
                }
                done = {
                    "cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED",
                    "cancelResponse": {"code": -2011, "msg": says[reason]}, "newOrderResponse": None,
                }  # fmt: skip
                return 400, {"code": -2022, "msg": "Order cancel-replace failed.", "data": done}
            assert gone is not None
            left = {**self.words(gone), "origClientOrderId": gone["client_id"], "transactTime": gone["ts"] // 10**6}
            done = {"cancelResult": "SUCCESS", "cancelResponse": left}
            if failed == "new":
                done |= {"newOrderResult": "FAILURE", "newOrderResponse": self._refused(reason)}
                return 409, {"code": -2021, "msg": "Order cancel-replace partially failed.", "data": done}
            return 200, {**done, "newOrderResult": "SUCCESS", "newOrderResponse": self._full(new)}

        return await self.do(request, "swap", name, act)

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

    async def _asked(self, sock: web.WebSocketResponse, told: Any) -> list[Any]:
        """The API by websocket: it subscribes to what happens to the account, with a signature."""
        asked = dict(told["params"])
        signature = asked.pop("signature")
        query = "&".join(f"{name}={asked[name]}" for name in sorted(asked))
        good = hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
        age_ms, error = self.account.now_ms() - int(asked["timestamp"]), None
        if asked["apiKey"] != KEY or not hmac.compare_digest(good, signature):
            error = {"code": -1022, "msg": "Signature for this request is not valid."}
        elif not -1000 < age_ms <= int(asked.get("recvWindow", 5000)):
            error = {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}
        if error is not None or told["method"] != "userDataStream.subscribe.signature":
            await sock.send_json({"id": told["id"], "status": 400, "error": error or {"code": -1, "msg": "no method"}})
            return []
        await sock.send_json({"id": told["id"], "status": 200, "result": {"subscriptionId": 0}, "rateLimits": []})
        return [self.follows(sock, lambda event: {"subscriptionId": 0, "event": self.event_words(event)})]

    def event_words(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What happened to an order (executionReport)."""
        order, ms = self.words(event), event["ts"] // 10**6
        kind = {"accepted": "NEW", "traded": "TRADE", "cancelled": "CANCELED"}.get(event["what"], "EXPIRED")
        status = {"accepted": "NEW", "cancelled": "CANCELED"}.get(event["what"], order["status"])
        trade = self.account.trade(event) if kind == "TRADE" else None
        fee, currency = trade.fee if trade else ("0", None)
        return {
            "e": "executionReport", "E": self.account.now_ms(), "s": order["symbol"], "c": event["client_id"],
            "S": order["side"], "o": order["type"], "f": order["timeInForce"], "q": order["origQty"],
            "p": order["price"], "P": "0.00000000", "F": "0.00000000", "g": -1, "C": event.get("orig_client_id", ""),
            "x": kind, "X": status, "r": "NONE", "i": event["order_id"],
            "l": f"{trade.size:f}" if trade else "0.00000000", "z": order["executedQty"],
            "L": f"{trade.price:f}" if trade else "0.00000000", "n": f"{fee}", "N": currency, "T": ms,
            "t": trade.id if trade else -1, "I": event["exec"], "w": kind == "NEW", "m": event["is_maker"], "M": False,
            "O": ms, "Z": order["cummulativeQuoteQty"], "Y": "0.00000000", "Q": "0.00000000", "W": ms, "V": "NONE",
        }  # fmt: skip

    async def _heard(self, sock: web.WebSocketResponse, told: Any) -> list[Any]:
        await sock.send_json({"result": None, "id": told.get("id")})
        if told.get("method") != "SUBSCRIBE":
            return []

        def words(sides: Mapping[str, Any]) -> Any:
            number, now_ms = self.account.update, self.account.now_ms()
            head = {"e": "depthUpdate", "E": now_ms, "s": BASE + QUOTE, "U": number, "u": number, "pu": number - 1}
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
        coin = {**symbol, "symbol": COIN + QUOTE, "baseAsset": COIN}  # listed, as there, and not traded here
        return {"timezone": "UTC", "serverTime": self.account.now_ms(), "rateLimits": [], "symbols": [symbol, coin]}
