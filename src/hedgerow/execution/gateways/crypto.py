"""The gateway to a crypto venue by its name in ccxt: orders out by REST, executions and books back by websocket.

It has the face of the gateway that speaks FIX. The venue is spoken to on a thread of its own, so that a slow answer
holds nothing up; what comes is told on the owner's thread, in `turn`. Promises: an order is sent once, whatever becomes
of its answer; while the venue is away, or wants to be left alone, nothing leaves; the account's own stream is relied on
from its first word on, and after a gap everything is asked for by REST first. Never: a decision, a key in a word.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import weakref
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import Any, Protocol

from hedgerow.core.errors import problem
from hedgerow.execution.gateways.crypto_changes import change_order
from hedgerow.execution.gateways.crypto_client import CryptoClient, CryptoLink, Keys, must_change, must_know
from hedgerow.execution.gateways.crypto_orders import CryptoOrders
from hedgerow.execution.gateways.crypto_words import Patience, Refused, Unsure
from hedgerow.execution.gateways.fix import Heard, Known, OrderWords
from hedgerow.execution.gateways.fix_books import Level
from hedgerow.execution.latencies import Latencies

Wanted = tuple[str, Decimal, Decimal]
"""Symbol, tick and lot of an instrument."""
_PAUSE_S, _PAUSE_MAX_S = 0.2, 30.0
_ALIVE_EVERY_S, _CLOCK_EVERY_S = 5.0, 60.0
_STREAMED_TIMES = 10
"""So many times less often orders are looked at while the account's own stream tells of them."""
_FAILURES_MAX = 3
"""So many looks in a row may fail before the venue counts as away."""
_SKEW_TOLD_NS = 10**9


class CryptoHeard(Heard, Protocol):
    """Who is told what the venue says; beyond an exchange of FIX, what only these venues say."""

    def on_balances(self, held: dict[str, Decimal]) -> None:
        """What the account holds in all, by currency."""


class CryptoGateway:
    """One account at one venue; its owner is told what is heard, outlives it, and calls `turn` in a loop."""

    def __init__(
        self,
        link: CryptoLink,
        keys: Keys,
        wanted: Sequence[Wanted],
        heard: CryptoHeard,
        now_ns: Callable[[], int],
        latencies: Latencies | None = None,
    ) -> None:
        self.latencies = latencies or Latencies()
        self._link, self._wanted, self._now_ns = link, tuple(wanted), now_ns
        self._heard = weakref.proxy(heard)
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        # What nobody waits for is ccxt's own, and its words hold signatures; of ours `_ended` hears.
        self._loop.set_exception_handler(lambda *_: None)
        self._thread = threading.Thread(target=self._carry, name=f"gateway {link.venue}", daemon=True)
        self._orders = CryptoOrders(CryptoClient(link, keys, now_ns), self, now_ns)
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._books: dict[str, tuple[list[Level], list[Level]] | None] = {}
        """Of each symbol that is watched, the book that was not told yet."""
        self._up = self._closing = self._is_streamed = self._is_listening = False
        self._failed: BaseException | None = None
        self._said = ""

    @property
    def is_up(self) -> bool:
        """Whether the venue is there and takes orders."""
        return self._up

    @property
    def wakes(self) -> None:
        """Nothing becomes readable when something comes: whoever waits for others too looks again and again."""

    def turn(self, wait_s: float) -> None:
        """Tell what came within so many seconds. Raises what the venue, or ccxt, cannot be used for."""
        if self._thread.ident is None:
            self._thread.start()
        came = False
        with suppress(queue.Empty):
            self._inbox.get(timeout=max(wait_s, 1e-6))()
            came = True
            while True:
                self._inbox.get_nowait()()
        if came:
            self._heard.settle()
            self.latencies.settled(self._now_ns())
        if self._failed is not None:
            failed, self._failed = self._failed, None
            raise failed

    def close(self, farewell: Callable[[], bool] = lambda: False) -> None:
        """Wait for answers that are due while `farewell` says so, and end the connections."""
        if self._thread.ident is None:
            self._loop.close()
            return
        while farewell() and self._orders.under_way and self._thread.is_alive():
            self.turn(0.01)
        self._closing = True
        with suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(self._loop)])
        self._thread.join(self._link.timeout_s)

    def new(self, name: str, order: OrderWords, ts: int) -> None:
        """Send an order; WIRE_ORDER where the venue knows none such, and nothing leaves."""
        must_know(self._link.venue, order)
        self._must_be_up()
        self._start(lambda orders: orders.place(name, order))
        self.latencies.sent(name, self._now_ns())

    def cancel(self, name: str, original: str, order: OrderWords, ts: int) -> None:
        """Ask to cancel an order."""
        self._must_be_up()
        self._start(lambda orders: orders.cancel(name, original, order))
        self.latencies.asked(name, self._now_ns())

    def replace(self, name: str, original: str, order: OrderWords, ts: int) -> None:
        """Ask to change an order; WIRE_ORDER where the venue makes no such change, and nothing leaves."""
        must_change(self._link, order)
        self._must_be_up()
        self._start(lambda orders: change_order(orders, name, original, order))
        self.latencies.asked(name, self._now_ns())

    def status(self, name: str, order: OrderWords, known: Callable[[], Known]) -> None:
        """Ask what became of an order; `known` is asked for of one that this gateway did not send."""
        told = None if self._orders.knows(name) else known()
        self._start(lambda orders: orders.ask(name, order, told))

    def watch(self, symbols: Sequence[str], depth: int) -> None:
        """Ask for the books of some symbols, from now on."""
        for symbol in symbols:
            if symbol not in self._books:
                self._books[symbol] = None
                self._start(partial(self._watch, symbol, depth))

    def flush(self) -> None:
        """Nothing waits here: each order leaves as soon as the venue's rate limit lets it."""

    def report(self, kind: str, told: dict[int, str]) -> None:
        """Of the orders: hand on what happened."""

        def tell() -> None:
            self.latencies.heard(told, self._now_ns())
            self._heard.on_report(kind, told)

        self._inbox.put(tell)

    def unsure(self, name: str, why: str) -> None:
        """Of the orders: hand on that nobody knows."""
        self._inbox.put(lambda: self._heard.on_unsure(name, why))

    def remark(self, text: str) -> None:
        """Of the orders: hand on what a person should know."""
        self._inbox.put(lambda: self._heard.on_remark(text))

    def _must_be_up(self) -> None:
        left_s = self._orders.client.quiet_s
        if not self._up or left_s:
            wants = f" and wants to be left alone for {left_s:.0f} s" if left_s else ""
            raise problem("WIRE_SESSION", f"{self._link.venue} is not there{wants}")

    def _start(self, made: Callable[[CryptoOrders], Coroutine[Any, Any, None]]) -> None:
        """Have something done on the venue's thread."""

        def begin() -> None:
            if not self._closing:
                task = self._loop.create_task(made(self._orders))
                self._tasks.add(task)
                task.add_done_callback(self._ended)

        with suppress(RuntimeError):  # the loop has ended: whoever closes hears of it there
            self._loop.call_soon_threadsafe(begin)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        def told() -> None:
            self._failed = error

        self._inbox.put(told)

    def _carry(self) -> None:
        """The thread: everything that is said to the venue."""
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._live())
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            self._fail(error)
        finally:
            self._up = False
            self._loop.close()

    async def _live(self) -> None:
        client, pause_s = self._orders.client, _PAUSE_S
        try:
            while not self._closing:
                try:
                    await self._come_up(client)
                    pause_s = _PAUSE_S
                    why = await self._look_around()
                except Patience as patience:
                    why, pause_s = str(patience), max(patience.wait_s, pause_s)
                except Refused as refused:
                    raise problem("WIRE_SESSION", f"{self._link.venue} refuses: {refused}") from None
                except Unsure as unsure:
                    why = str(unsure)
                self._go_down(why)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _PAUSE_MAX_S)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await client.close()

    async def _come_up(self, client: CryptoClient) -> None:
        await client.open(self._wanted)
        self._tell_balances(await client.balances())
        if abs(client.skew_ns) > _SKEW_TOLD_NS:
            self.remark(f"the clock of {self._link.venue} is {client.skew_ns / 1e9:+.1f} s from ours; it is followed")
        self._up = True
        self._inbox.put(lambda: self._heard.on_up())
        kinds, self._is_listening = () if self._is_listening else client.kinds_told, True
        for kind in kinds:
            self._start(partial(self._listen, kind))

    def _go_down(self, why: str) -> None:
        if self._up:
            self._up = False
            self._inbox.put(lambda: self._part(why))
        elif why != self._said:
            self.remark(f"{self._link.venue} is not there: {why}")
        self._said = why

    async def _look_around(self) -> str:
        """Look at orders and account until the venue does not answer any more; why."""
        orders, failures, why = self._orders, 0, ""
        alive_ns = clock_ns = self._now_ns()
        while failures < _FAILURES_MAX:
            was_streamed = self._is_streamed  # what came before its first word it need not have told
            await self._wait(is_seldom=self._is_streamed and orders.is_calm and not failures)
            now_ns = self._now_ns()
            try:
                if now_ns - clock_ns > _CLOCK_EVERY_S * 1e9:
                    await orders.client.set_clock()
                    clock_ns = now_ns
                is_working, missed = await orders.sweep(is_streamed=was_streamed and self._is_streamed)
                if missed:
                    self._distrust("it did not tell of an execution")
                    orders.client.drop_stream()
                if not is_working and now_ns - alive_ns > _ALIVE_EVERY_S * 1e9:
                    self._tell_balances(await orders.client.balances())
                    alive_ns = now_ns
                failures = 0
            except Patience:
                continue
            except (Refused, Unsure) as error:
                failures, why = failures + 1, str(error)
        return why

    async def _wait(self, *, is_seldom: bool) -> None:
        """Until orders are to be looked at again: seldom while they are told of, at once when that begins or ends."""
        poll_s = self._link.poll_s * (_STREAMED_TIMES if is_seldom else 1)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), max(poll_s, self._orders.client.quiet_s))
        self._moved.clear()

    async def _listen(self, kind: str, orders: CryptoOrders) -> None:
        """To the account's own stream, for good; while it says nothing yet, or is cut, orders are looked at."""
        client, pause_s = orders.client, _PAUSE_S
        while not self._closing:
            try:
                events = await client.told_of(kind)
            except (Refused, Unsure) as error:
                self._distrust(str(error))
                await asyncio.sleep(max(pause_s, client.quiet_s))
                pause_s = min(2 * pause_s, _PAUSE_MAX_S)
                continue
            pause_s = _PAUSE_S
            if not self._is_streamed:
                self._is_streamed = True
                self._moved.set()
            for event in events:
                self._start(partial(CryptoOrders.take, event=event))

    def _distrust(self, why: str) -> None:
        if self._is_streamed:
            self._is_streamed = False
            self._moved.set()
            self.remark(f"the account's own stream has a gap: {why}: orders are asked for")

    async def _watch(self, symbol: str, depth: int, orders: CryptoOrders) -> None:
        """A book for good: where a stream has a gap or is cut, it begins anew with the whole book, after a pause."""
        client, pause_s = orders.client, _PAUSE_S
        while not self._closing:
            try:
                book = await client.book(symbol, depth)
            except (Refused, Unsure) as error:
                if pause_s == _PAUSE_S:
                    self.remark(f"book of {symbol}: {error}")
                await asyncio.sleep(max(pause_s, client.quiet_s))
                pause_s = min(2 * pause_s, _PAUSE_MAX_S)
                continue
            pause_s, waits, self._books[symbol] = _PAUSE_S, self._books[symbol] is not None, book
            if not waits:
                self._inbox.put(lambda: self._tell_book(symbol))
            if not client.streams:
                await asyncio.sleep(self._link.poll_s)

    def _tell_book(self, symbol: str) -> None:
        """The newest only: who is slow is told less often."""
        book, self._books[symbol] = self._books[symbol], None
        if book is not None:
            self._heard.on_book(symbol, *book)

    def _part(self, why: str) -> None:
        self.latencies.forget()
        self._heard.on_down(why)

    def _tell_balances(self, held: dict[str, Decimal]) -> None:
        self._inbox.put(lambda: self._heard.on_balances(held))
