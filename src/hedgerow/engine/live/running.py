"""A paper or live run: books from a venue in, the strategy's orders through the gate and out, reports back.

Promises: the same kernel, gate, ledger and journal as a backtest; nothing is sent before its records are durable; a run
that died goes on in the same journal, and what became of its orders is asked of the venue and never guessed: until the
venue has said, they are Unknown and their reservations stay. Never: an order resent, a clock in the kernel.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np

from hedgerow import _core
from hedgerow.core.errors import HedgerowError, WireError, named_errors
from hedgerow.core.simulation import Simulation
from hedgerow.engine.backtest import identity_of
from hedgerow.engine.isolation import Demand
from hedgerow.engine.live.beginning import begun
from hedgerow.engine.live.beside import journal_key, keep_prefix, run_prefix
from hedgerow.engine.live.findings import Findings, Found
from hedgerow.engine.live.gateways import run_clock
from hedgerow.engine.live.names import Names, known_of
from hedgerow.engine.live.orders import (
    ACCEPTED,
    CANCEL_REJECTED,
    CANCELLED,
    EXPIRED,
    LOST,
    PENDING,
    REJECTED,
    REPLACE_REJECTED,
    Book,
    Working,
    image_of,
    phase_of,
    trade_of,
    working,
    working_of,
)
from hedgerow.engine.live.outcome import Outcome, is_killed, outcome_of, rows_of
from hedgerow.engine.live.paying import Paying
from hedgerow.engine.live.rising import Clock, Rising
from hedgerow.engine.live.sending import Sender
from hedgerow.engine.live.stated import Stated
from hedgerow.engine.live.venue_settings import LiveSettings
from hedgerow.engine.live.watchman import Watchman
from hedgerow.engine.live.ways import must_match, way_of
from hedgerow.engine.mandates import signed_standing
from hedgerow.engine.opening import (
    LogSettings,
    RunStanding,
    hand_over,
    research_authority,
    research_limits,
)
from hedgerow.engine.strategy import BOOK_HANDLERS, Strategy, handlers_of
from hedgerow.execution.latencies import keep_latencies, kept_latencies

FIRM = 65_535
TURN_S = 0.02
HEED_EVERY_NS = 5 * 10**9
"""How often a run looks for what people signed meanwhile."""
FAREWELL_NS = 5 * 10**9
"""How long the end of a run waits for the venue to confirm cancels."""
KEPT_EVERY_NS = 60 * 10**9
"""How often a run that goes on keeps its latencies; its end does too."""
LATENCIES = "latency.json"
_CANCELLABLE = ("Live", "PartiallyFilled", "PendingNew", "PendingReplace", "Unknown")
_UNSURE = ("PendingNew", "PendingCancel", "PendingReplace")
_ENDED = {"4": CANCELLED, "8": REJECTED, "C": EXPIRED, "3": EXPIRED}


class LiveRun:
    """One life of a run: opened or taken up again, turned until it is stopped, closed."""

    def __init__(self, settings: LiveSettings, strategy: Strategy, clock: Clock, mandate: Any = None) -> None:
        self._settings, self._strategy, self._wall = settings, strategy, Rising(clock)
        self._now, self._speed = run_clock(clock, settings.venues)
        self._handlers = [handlers_of(strategy, BOOK_HANDLERS)]
        self._index = {one.symbol: index for index, one in enumerate(settings.instruments)}
        self._phases: dict[str, str] = {}
        self._inherited, self._asked_again = set[int](), set[int]()
        self._parting = self._leaving = self._settled = False
        self._mandate = mandate
        standing = self._standing(mandate)
        self._number = standing.number
        self._looked_ns = self._due_ns = 0
        with ExitStack() as undo:
            self._engine = self._opened(standing)
            self._names, self._killed = Names.of(self._engine, self._book), is_killed(self._engine, FIRM)
            undo.callback(self._abandon)
            self._findings = Findings(self._engine, self._wall)
            about = (settings.instruments, settings.currency, settings.fx, self._note)
            self._paying = Paying(self._engine, standing.number, *about)
            if self._killed or settings.on_restart == "stop":
                self._stop_parents()
            self._engine.bind(strategy, standing.number)
            with named_errors():
                self._heed(standing)
            self._around = strategy.running(settings.folder, standing, Demand.of(self._engine, standing.number))
            self._latencies = kept_latencies(settings.folder / LATENCIES)
            known = (self._engine, self._book, self._findings)
            self._way = way_of(settings, self, known, (clock, self._wall), self._latencies)
            self._gateway, strategy.cutter = self._way.gateway, self._way.router
            self._sender = Sender(*known, self._names, self._now, self._way.router)
            self._kept_ns = self._wall()
            self._watchman = Watchman(settings.folder, settings.patience, self._wall)
            undo.pop_all()

    @property
    def is_up(self) -> bool:
        """Whether the venue is there."""
        return self._gateway.is_up

    @property
    def engine(self) -> Any:
        """The core's engine, for whoever wants to look."""
        return self._engine

    def run(self, stop: Callable[[], bool], tell: Callable[[LiveRun], None] = lambda _: None) -> Outcome:
        """Turn until `stop` says so, then cancel what works, wait for the venue's word, and seal the journal.

        What the strategy raises ends the run in the same order, and comes out as it is. The thread that calls this is
        the only one that moves the run's state; asked to, it stays on its processor and never sleeps.
        """
        turn_s = 0.0 if self._settings.busy_poll else TURN_S
        if self._settings.cpu is not None:
            os.sched_setaffinity(0, {self._settings.cpu})
        with ExitStack() as undo:
            undo.callback(self._seal)
            undo.callback(self._part)
            with self._around, named_errors():
                self._strategy.on_start()
                self._send()
                while not stop():
                    self.turn(turn_s)
                    tell(self)
                self._strategy.on_stop()
                self._send()
        return self._found

    def _part(self) -> None:
        """The strategy hears and orders nothing more: everything is cancelled, and the venue's word is waited for."""
        self._handlers, self._parting = [], True
        self.cancel_all()
        end_ns = self._wall() + FAREWELL_NS
        while working_of(self._engine) and self._wall() < end_ns:
            self.turn(TURN_S)
        self._paying.close(self._now())
        end_ns, self._leaving = self._wall() + FAREWELL_NS, True
        self._gateway.close(lambda: self._wall() < end_ns)

    def _seal(self) -> None:
        self._found = self.outcome()
        self._keep_latencies()
        with named_errors():
            self._engine.close()

    def turn(self, wait_s: float) -> None:
        """What came within so many seconds, and what is due by now; a timer that is due sooner ends the wait."""
        if self._mandate is not None and self._wall() - self._looked_ns > HEED_EVERY_NS:
            with named_errors():
                self._heed(self._standing(self._mandate))
        self._settled = False
        self._gateway.turn(min(wait_s, max(0.0, (self._due_ns - self._now()) / 10**9 / self._speed)))
        self._paying.look(self._now())
        if not self._settled:
            self.settle()
        self._watch()
        if self._wall() - self._kept_ns > KEPT_EVERY_NS:
            self._keep_latencies()

    def settle(self) -> None:
        """Of the gateway: all that came together was told. With what is due by now it is made durable as one, then what
        shall leave leaves; what falls due meanwhile goes with what comes meanwhile."""
        self._settled = True
        with named_errors():
            self._advance(np.zeros(0, np.uint8), np.zeros(0, np.uint64))
        self._send()

    def keep(self) -> None:
        """Of one gateway of several: what it told is made durable. What is due waits until all of them were heard."""
        self._send()

    def _keep_latencies(self) -> None:
        self._kept_ns = self._wall()
        keep_latencies(self._settings.folder / LATENCIES, self._latencies)

    def _heed(self, standing: RunStanding) -> None:
        """Hand the kernel what people signed since it was last told: a pause, a revocation, a new mandate."""
        self._looked_ns = self._wall()
        sequencings, heeded = standing.authority.sequencings, self._engine.sequenced_size
        if sequencings and sequencings[-1].size > heeded:
            hand_over(self._engine, [one for one in sequencings if one.size >= heeded])

    def kill(self) -> int:
        """Turn the firm's kill switch and cancel everything; how many cancels were asked for."""
        if not self._killed:
            self._killed = True
            with named_errors():
                self._engine.kill(FIRM, True)
        return self.cancel_all()

    def _watch(self) -> None:
        """The dead-man timer strikes, or an operator lifts the switch."""
        said = self._watchman.look(is_up=self._way.reaches(lambda: working_of(self._engine)))
        if said == "lift":
            self._killed = False
            self._find("LIVE_DEAD_MAN", "an operator lifted the kill switch")
            with named_errors():
                self._engine.kill(FIRM, False)
        elif said:
            self._find("LIVE_DEAD_MAN", f"dead-man timer: {said}: no new risk, and everything is cancelled")
            self.kill()

    def cancel_all(self) -> int:
        """Stop every parent order and ask to cancel every order that works; how many orders."""
        with named_errors():
            asked = sum(order.state in _CANCELLABLE for order in working_of(self._engine))
            self._engine.stop_parents(cancel=True)
        for order in working_of(self._engine):
            if order.state in _CANCELLABLE:
                with named_errors():
                    self._engine.cancel_order(order.strategy, order.slot, order.id)
        self._send()
        return asked

    def _cancel_again(self, number: int) -> None:
        """Everything shall end: an order that works although it was to be cancelled (a change of it crossed the cancel)
        is cancelled once more, and not for ever."""
        order = working(self._engine, number)
        if order is not None and order.state in ("Live", "PartiallyFilled") and number not in self._asked_again:
            self._asked_again.add(number)
            self._engine.cancel_order(order.strategy, order.slot, order.id)

    def _stop_parents(self) -> None:
        """Parent orders of an earlier life do not go on; what works of them is settled with all that it left."""
        with named_errors():
            self._engine.stop_parents(cancel=False)

    def outcome(self) -> Outcome:
        """How things stand."""
        found = self._findings.all()
        return outcome_of(self._engine, self._settings.instruments, self._number, found, self._latencies)

    def found(self) -> tuple[Found, ...]:
        """What was found since this was last asked, for a person to be told."""
        return self._findings.fresh()

    def on_up(self, venue: str = "") -> None:
        """Of the gateway, where there are several for one venue: ask what became of every order that works there, and
        for the books."""
        for order in self._way.here(working_of(self._engine), venue):
            self._ask(order)
        self._gateway.watch([one.symbol for one in self._settings.instruments], self._settings.depth)

    def _ask(self, order: Working) -> None:
        """Ask the venue how an order stands; where the session is ending, the next one asks."""
        with suppress(WireError):
            known = partial(known_of, self._engine, self._book, self._names, order)
            self._gateway.status(self._names[order.id], self._book.words(order), known)

    def on_down(self, why: str, venue: str = "") -> None:
        """Of the gateway, see `on_up`: what was on its way may have arrived or not, and nobody knows."""
        if not self._leaving:
            self._find("LIVE_SESSION", f"the session ended: {why}" if why else "the session ended")
        self._reach(is_there=bool(venue) and self._gateway.is_up)
        self._lose(self._way.here(working_of(self._engine), venue))

    def on_report(self, kind: str, told: dict[int, str]) -> None:
        """Of the gateway: an order moved, or did not; durable with the next `settle`."""
        number = self._book.number(told.get(41) or told.get(11, ""))
        order = working(self._engine, number)
        now_ns = self._now()
        with named_errors():
            if self._told_before(told, order, number):
                pass
            elif kind == "9":
                self._declined(told, order, number)
            elif told.get(150) == "I":
                self._stands(told, order, number)
            elif order is not None and self._book.misses(told, order):
                missing = f"{told.get(11)}: executions before {told.get(14)} in all did not come: ask for them"
                self._find("LIVE_DIFFERS", missing, order)
                self._engine.report(self._book.report(LOST, order, now_ns), self._handlers)
            elif told.get(150) in PENDING or (order is not None and self._book.woke(told, order)):
                pass  # it has heard, and its answer follows; or a stop works as what it is without its stop price
            elif self._paying.takes_back(told, number):
                pass  # nothing is booked: people decide
            else:
                self._moved(told, order, number, now_ns)
            if self._parting or self._killed:
                self._cancel_again(number)

    def _moved(self, told: dict[int, str], order: Working | None, number: int, now_ns: int) -> None:
        """An order moved, as the report says."""
        fee_nano, execution = (0, None)
        if order is not None and self._book.is_fill(told):
            fee_nano, execution = self._paying.told(told, order, now_ns)
        record = self._book.heard(told, order, number, now_ns, fee_nano)
        if record is None:
            unheard = f"an execution report of type {told.get(150)!r} about {told.get(11)!r}: look at it"
            self._find("LIVE_WORDS", unheard, order)
            return
        if told.get(150) == "5":
            self._names.answer(number, taken=True)
        if number == 0:
            stranger = f"the venue reports on {told.get(11)!r}, an order that this run never sent"
            self._find("LIVE_STRANGER", stranger)
        self._engine.report(record, self._handlers, execution)

    def on_book(self, symbol: str, bids: Sequence[tuple[str, str]], asks: Sequence[tuple[str, str]]) -> None:
        """Of the gateway: a whole book."""
        self._saw("book", symbol, lambda index, now_ns: image_of(index, self._book, bids, asks, now_ns))

    def on_trade(self, symbol: str, price: str, quantity: str) -> None:
        """Of the gateway: somebody traded."""
        self._saw("trade", symbol, lambda index, now_ns: trade_of(index, self._book, price, quantity, now_ns))

    def _saw(self, what: str, symbol: str, rows_of: Callable[[int, int], tuple[Any, Any]]) -> None:
        index = self._index.get(symbol)
        if index is None:
            self._find("LIVE_WORDS", f"a {what} of {symbol!r}, which nobody asked for")
            return
        try:
            rows = rows_of(index, self._now())
        except HedgerowError as error:
            self._find("LIVE_WORDS", f"a {what} that cannot be: {error}")
            return
        with named_errors():
            self._advance(*rows)

    def on_phase(self, symbol: str, phase: str) -> None:
        """Of the gateway: an instrument does something else now."""
        if self._phases.get(symbol) == phase:
            return
        if symbol in self._index:
            self._phases[symbol] = phase
        self._saw("phase", symbol, lambda index, now_ns: phase_of(index, phase, now_ns))

    def on_refused(self, kind: str, why: str) -> None:
        """Of the gateway: the venue did not take a message of ours."""
        self._find("LIVE_WORDS", f"the venue refused a message ({kind}): {why}")

    def on_unsure(self, name: str, why: str, *, asks: bool = False) -> None:
        """Of the gateway: nobody knows what became of an order; its reservation stays until the venue has said."""
        order = working(self._engine, self._book.number(name))
        self._find("LIVE_UNSURE", f"{name}: nobody knows what became of it: {why}", order)
        if order is not None and order.state != "Unknown":
            with named_errors():
                self._engine.report(self._book.report(LOST, order, self._now()), self._handlers)
        if order is not None and asks:
            self._ask(order)

    def on_remark(self, text: str) -> None:
        """Of the gateway: something that a person should know."""
        self._find("LIVE_REMARK", text)

    def on_balances(self, held: dict[str, Decimal]) -> None:
        """Of the gateway: what the account holds; less than the journal says is a difference."""
        self._paying.balances(held)

    def _told_before(self, told: dict[int, str], order: Working | None, number: int) -> bool:
        """Whether the journal has it: a venue tells it again where a life died before its session had noted it."""
        if order is None:
            return self._book.is_old(told, number, lambda name: rows_of(self._engine, name))
        return self._names.repeats(told, number) or self._book.repeats(told, order)

    def _declined(self, told: dict[int, str], order: Working | None, number: int) -> None:
        """The venue refused a cancel or a change; where it does not know the order, or we do not, it is asked."""
        refused = REPLACE_REJECTED if told.get(434) == "2" else CANCEL_REJECTED
        if refused == REPLACE_REJECTED:
            self._names.answer(number, taken=False)
        now_ns = self._now()
        self._engine.report(self._book.report(refused, order, now_ns, order_id=number), self._handlers)
        if order is not None and (told.get(39) == "8" or order.state == "Unknown"):
            if self._names.asked(number) is not None:  # nor is it known what became of the change: its name will say
                self._engine.report(self._book.report(LOST, order, now_ns), self._handlers)
            self._ask(order)

    def _stands(self, told: dict[int, str], order: Working | None, number: int) -> None:
        """The venue says how an order stands: settle what we were not sure of."""
        if order is None:
            return
        filled = self._book.lots(order.instrument, told.get(14, "0"))
        ended = _ENDED.get(told.get(39, ""))
        now_ns = self._now()
        if filled != order.filled:
            self._find(
                "LIVE_DIFFERS",
                f"{told.get(11)}: the venue counts {filled} lots as filled, the journal {order.filled}; proposed: the "
                "executions that are missing, from the venue's statement",
                order,
            )
            if order.state != "Unknown":
                self._engine.report(self._book.report(LOST, order, now_ns), self._handlers)
        elif ended is not None:
            kind = CANCELLED if ended == REJECTED and order.filled else ended
            self._engine.report(self._book.report(kind, order, now_ns), self._handlers)
        else:
            if order.state in ("PendingNew", "Unknown"):
                self._engine.report(self._book.report(ACCEPTED, order, now_ns), self._handlers)
            if order.state == "Unknown" and (taken := self._names.settle(order.id, told.get(11, ""))) is not None:
                # A change was on its way when the session fell: what the venue calls the order says what became of it.
                refused = self._book.report(REPLACE_REJECTED, order, now_ns)
                settled = self._book.replaced(told, order, now_ns) if taken else refused
                self._engine.report(settled, self._handlers)
            inherited = number in self._inherited and self._settings.on_restart != "keep"
            if (self._parting or self._killed or inherited) and order.state != "PendingCancel":
                self._engine.cancel_order(order.strategy, order.slot, order.id)

    def _lose(self, orders: Sequence[Working]) -> None:
        """Those of some orders on which an answer was due are Unknown from now on."""
        with named_errors():
            for order in (working(self._engine, one.id) for one in orders):
                if order is not None and order.state in _UNSURE:
                    self._engine.report(self._book.report(LOST, order, self._now()), self._handlers)

    def _advance(self, kinds: Any, words: Any) -> None:
        """Rows of books, and everything that is due by now where the venue is there."""
        self._reach(is_there=self._gateway.is_up)
        self._due_ns = self._engine.run_books(kinds, words, self._handlers, self._now())

    def _reach(self, *, is_there: bool) -> None:
        with named_errors():
            self._engine.reach(is_there, self._settings.on_return == "catch_up")

    def _send(self) -> None:
        self._sender.send(self._gateway, self._handlers)

    def _find(self, name: str, words: str, about: Working | None = None) -> None:
        """What a person should know, on the record and said by whoever shows the run; about: an order that works."""
        self._note(name, words, 0 if about is None else about.id)

    def _note(self, name: str, words: str, cause: int) -> None:
        self._findings.add(name, words, cause=cause)

    def _standing(self, mandate: Any) -> RunStanding:
        settings = self._settings
        name = settings.name or self._strategy.title
        if mandate is not None:
            return signed_standing(mandate, name, settings.currency)
        limits = research_limits(settings.cash)
        data: Any = Stated(settings, 0)
        return research_authority(name, self._artifact, limits, data, settings.currency, settings.seed)

    @property
    def _artifact(self) -> bytes:
        """What runs, as its proposal names it."""
        file = None if self._settings.mandate is None else self._settings.strategy.partition(":")[0]
        return identity_of(self._strategy, file)[1]

    def _opened(self, standing: RunStanding) -> Any:
        """A new fund, or the one that the journal holds, as it stood when the last life ended."""
        settings = self._settings
        settings.folder.mkdir(parents=True, exist_ok=True)
        journal = settings.folder / "journal"
        told = LogSettings(settings.folder, "hedgerow.example/live", journal_key(settings.folder))
        books = {**Simulation(may_cross=True).for_core(), "depth": "levels", "maker_nano": 0, "seed": 0}
        if journal.exists() and any(journal.iterdir()) and (engine := self._taken_up(books, told)) is not None:
            return engine
        shutil.rmtree(journal, ignore_errors=True)  # it has no record: the run died before it had begun
        start_ns = self._now()
        self._book = Book(f"h{start_ns // 10**6:x}", settings.instruments)
        keep_prefix(settings.folder, self._book.prefix, self._speed, settings.venue_names)
        return begun(settings, standing, self._artifact, told, books, start_ns)

    def _taken_up(self, books: dict[str, Any], told: LogSettings) -> Any:
        """The run as its journal left it; None where that holds nothing. What was on its way is Unknown from now on."""
        must_match(self._settings)
        try:
            with named_errors():
                self._engine = _core.Engine.resume({"books": books, **_FREE}, told.for_core())
        except HedgerowError as error:
            if error.row.name != "LOG_EMPTY":
                raise
            return None
        self._book = Book(run_prefix(self._settings.folder), self._settings.instruments)
        self._now.last_ns = max(self._now.last_ns, self._engine.clock)
        self._inherited = {order.id for order in working_of(self._engine)}.difference(self._engine.lasting())
        self._lose(working_of(self._engine))
        return self._engine

    def _abandon(self) -> None:
        with named_errors():
            self._engine.close()


_FREE = {"fee_nano": 0, "fee_per_unit_nano": 0, "fee_min_nano": 0}
