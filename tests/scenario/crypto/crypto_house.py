"""What the crypto venues of loopback share: an account, faults drawn from a seed, websockets.

Faults of a request: `lost` (done, and the answer never comes), `error` (done, and the answer is a 503), `slow` (done,
and the answer comes after the client's patience), `never` (not done, and no answer), `late` (done after the client has
given up), `ban` (not done: 429 with Retry-After), `twice` (done twice, and the second answer comes). Faults of an
`event` of the account's own stream: `lost`, `twice`, `late` (behind those that follow), `cut` (the connection ends).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, ClassVar

from aiohttp import WSMsgType, web
from crypto_account import Account, Faults

KEY, SECRET = "the-key", "the-secret-of-the-key"
LATE_S = 1.2
Answer = tuple[int, Any]


class Place:
    """What both kinds share: an account, faults, and streams."""

    too_many: ClassVar[Mapping[str, Any]]

    def __init__(self, account: Account, faults: Faults) -> None:
        self.account, self._faults = account, faults
        self._saying: set[asyncio.Future[None]] = set()
        self.private: set[web.WebSocketResponse] = set()
        self._is_mute = False

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
            return await answer_json([[str(one.id), f"{one.fee[0]:f}", one.fee[1]] for one in self.account.trades()])

        async def bust(_: web.Request) -> web.Response:
            first = self.account.trades()[0]  # of which the run has heard
            self.account.venue.submit(time.time_ns(), {"do": "bust", "trade": first.id})
            return await answer_json({})

        async def bust_and_hit(request: web.Request) -> web.Response:
            await bust(request)
            return await hit(request)

        async def foreign(_: web.Request) -> web.Response:
            self.account.place("somebody-else", buys=True, size="0.1", price="100", tif="gtc", post_only=False)
            return await answer_json({})

        async def cut(_: web.Request) -> web.Response:
            for sock in list(self.private):
                await sock.close()
            return await answer_json({})

        async def mute(_: web.Request) -> web.Response:
            self._is_mute = True
            return await answer_json({})

        async def listening(_: web.Request) -> web.Response:
            return await answer_json(len(self.private))

        async def hit(_: web.Request) -> web.Response:
            return await answer_json(self.account.hit(500))

        acts = {"bust": bust, "bust_and_hit": bust_and_hit, "foreign": foreign, "cut": cut, "mute": mute, "hit": hit}
        asks = [web.get("/_/trades", trades), web.get("/_/listening", listening)]
        return [*asks, *(web.post(f"/_/{name}", act) for name, act in acts.items())]

    async def stream(
        self,
        request: web.Request,
        heard: Callable[[Any, Any], Awaitable[Any]],
        begin: Callable[[web.WebSocketResponse], list[Any]] = lambda _: [],
    ) -> web.WebSocketResponse:
        """A websocket: what comes is heard, and what changes is told until it is closed; begin: to be told at once."""
        sock = web.WebSocketResponse(heartbeat=20)
        await sock.prepare(request)
        forget = begin(sock)
        try:
            async for message in sock:
                if message.type == WSMsgType.TEXT:
                    forget += await heard(sock, json.loads(message.data))
        finally:
            self.private.discard(sock)
            for tell in forget:
                for watched in (self.account.changed, self.account.moved):
                    if tell in watched:
                        watched.remove(tell)
        return sock

    def follows(self, sock: web.WebSocketResponse, words: Callable[[Mapping[str, Any]], Any]) -> Callable[[Any], None]:
        """Have a socket told of what happens to the account's orders, unless a fault is drawn."""

        def tell(event: Mapping[str, Any]) -> None:
            if self._is_mute or event["what"] not in ("accepted", "traded", "cancelled", "expired"):
                return  # what was refused is said in its answer alone
            said, fault = words(event), self._faults.draw("event", str(event["client_id"]))
            if fault == "cut":
                self._later(sock.close())
            if fault in ("lost", "cut"):
                return
            self._later(_say(sock, said, LATE_S if fault == "late" else 0))
            if fault == "twice":
                self._later(_say(sock, said))

        self._is_mute = False  # until somebody listens anew
        self.private.add(sock)
        self.account.moved.append(tell)
        return tell

    def _later(self, done: Coroutine[Any, Any, Any]) -> None:
        said = asyncio.ensure_future(done)
        self._saying.add(said)
        said.add_done_callback(self._saying.discard)

    def watched(self, sock: web.WebSocketResponse, words: Callable[[Mapping[str, Any]], Any]) -> Callable[[Any], None]:
        """Have a socket told of every change of the book."""

        def tell(sides: Mapping[str, Any]) -> None:
            self._later(_say(sock, words(sides)))

        self.account.changed.append(tell)
        return tell


async def _say(sock: web.WebSocketResponse, told: Any, after_s: float = 0) -> None:
    if after_s:
        await asyncio.sleep(after_s)
    if not sock.closed:
        await sock.send_json(told)


async def answer_json(told: Any) -> web.Response:
    """An answer that is no fault's to spoil."""
    return web.json_response(told)
