"""The words of Binance's market of contracts in USDT, whose private stream wants a listen key."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from crypto_account import BASE, FEE, QUOTE, Trade
from crypto_binance import Binance
from crypto_house import KEY, answer_json


class BinanceFutures(Binance):
    """One contract; its orders are matched as those of the spot market are."""

    def routes(self) -> list[web.AbstractRouteDef]:
        """Every path that a client of this market asks for."""
        self._listen_key, v1 = "", "/fapi/v1"
        return [
            web.get(f"{v1}/time", lambda _: answer_json({"serverTime": self.account.now_ms()})),
            web.get(f"{v1}/exchangeInfo", lambda _: answer_json(self._info())),
            web.get(f"{v1}/depth", lambda _: answer_json({"lastUpdateId": self.account.update, **self.account.book()})),
            web.post(f"{v1}/order", self._place),
            web.delete(f"{v1}/order", self._cancel),
            web.get(f"{v1}/order", self._status),
            web.get(f"{v1}/openOrders", self._open),
            web.get(f"{v1}/userTrades", self._trades),
            web.get("/fapi/v3/account", self._account),
            web.post(f"{v1}/listenKey", self._new_listen_key),
            web.put(f"{v1}/listenKey", self._new_listen_key),
            web.get("/public/ws/{stream}", lambda request: self.stream(request, self._heard)),
            web.get("/private/ws", self._listen),
        ]

    async def _new_listen_key(self, request: web.Request) -> web.Response:
        """One for the account, told to who has its key, and kept while it is renewed."""
        if request.headers.get("X-MBX-APIKEY") != KEY:
            raise web.HTTPUnauthorized(text='{"code": -2014, "msg": "API-key format invalid."}')
        self._listen_key = self._listen_key or secrets.token_hex(32)
        return await answer_json({"listenKey": self._listen_key})

    async def _listen(self, request: web.Request) -> web.WebSocketResponse:
        if not self._listen_key or request.query.get("listenKey") != self._listen_key:
            raise web.HTTPUnauthorized
        return await self.stream(request, self._heard_at_once, begin=self._begin)

    async def _heard_at_once(self, sock: web.WebSocketResponse, told: Any) -> list[Any]:
        return []

    def _begin(self, sock: web.WebSocketResponse) -> list[Any]:
        return [self.follows(sock, self.update_words)]

    def update_words(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What happened to an order (ORDER_TRADE_UPDATE)."""
        told, now_ms = self.event_words(event), self.account.now_ms()
        order = {name: value for name, value in told.items() if name not in ("e", "E", "C", "g", "O", "Z", "Y", "Q")}
        order["c"] = event.get("orig_client_id", event["client_id"])
        more = {"ap": "0", "sp": "0", "ot": told["o"], "ps": "BOTH", "R": False, "cp": False, "rp": "0", "n": "0"}
        return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": now_ms, "o": order | more}

    @staticmethod
    def trade_words(one: Trade) -> dict[str, Any]:
        """An execution; what it cost is taken in USDT on both sides."""
        return {
            "symbol": BASE + QUOTE, "id": one.id, "orderId": one.order_id, "side": "BUY" if one.buys else "SELL",
            "price": f"{one.price:f}", "qty": f"{one.size:f}", "quoteQty": f"{one.price * one.size:f}",
            "commission": f"{one.price * one.size * FEE:f}", "commissionAsset": QUOTE, "time": one.ts_ms,
            "realizedPnl": "0", "positionSide": "BOTH", "buyer": one.buys, "maker": one.is_maker,
        }  # fmt: skip

    async def _account(self, request: web.Request) -> web.StreamResponse:
        await self._signed(request)
        held = f"{self.account.balances()[QUOTE]:f}"
        asset = {"asset": QUOTE, "walletBalance": held, "marginBalance": held, "availableBalance": held}
        return await self.do(request, "account", "", lambda: (200, {"assets": [asset], "positions": []}))

    def _info(self) -> dict[str, Any]:
        info = super()._info()
        symbol = info["symbols"][0]
        contract = {
            "pair": BASE + QUOTE, "contractType": "PERPETUAL", "deliveryDate": 4133404800000, "onboardDate": 0,
            "marginAsset": QUOTE, "underlyingType": "COIN", "pricePrecision": 2, "quantityPrecision": 5,
            "timeInForce": ["GTC", "IOC", "FOK", "GTX"], "orderTypes": ["LIMIT", "MARKET"],
        }  # fmt: skip
        return {**info, "symbols": [{**symbol, **contract}]}
