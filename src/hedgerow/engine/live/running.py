"""A paper or live run: books from a venue in, the strategy's orders through the gate and out, reports back.

Promises: the same kernel, gate, ledger and journal as a backtest; nothing is sent before its records are durable; a run
that died goes on in the same journal, and what became of its orders is asked of the venue and never guessed: until the
venue has said, they are Unknown and their reservations stay. Never: an order resent, a clock in the kernel.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow import _core
from hedgerow.core.costs import Costs
from hedgerow.core.errors import HedgerowError, WireError, named_errors, problem
from hedgerow.core.files import write_whole
from hedgerow.core.nouns import noun
from hedgerow.core.simulation import Simulation
from hedgerow.engine.isolation import Demand
from hedgerow.engine.live.orders import (
    CANCEL_REJECTED,
    CANCELLED,
    EXPIRED,
    LOST,
    REJECTED,
    Book,
    Working,
    levels_of,
    working_of,
)
from hedgerow.engine.live.venue_settings import LiveSettings
from hedgerow.engine.mandates import signed_standing
from hedgerow.engine.opening import (
    LogSettings,
    RunStanding,
    hand_over,
    open_engine,
    research_authority,
    research_limits,
)
from hedgerow.engine.run_data import instrument_fields
from hedgerow.engine.strategy import BOOK_HANDLERS, Strategy, handlers_of
from hedgerow.execution.gateways import FixGateway, FixLink
from hedgerow.governance.keys import private_text, save_private

Clock = Callable[[], int]
FIRM = 65_535
TURN_S = 0.02
HEED_EVERY_NS = 5 * 10**9
"""How often a run looks for what people signed meanwhile."""
FAREWELL_NS = 5 * 10**9
"""How long the end of a run waits for the venue to confirm cancels."""
HEAD_BYTES = 64
RUN, KEY, SESSION = "run.json", "journal.key", "session.fix"
_UNSURE = ("PendingNew", "PendingCancel", "PendingReplace")
_ENDED = {"4": CANCELLED, "8": REJECTED, "C": EXPIRED, "3": EXPIRED}


@dataclass(frozen=True)
class Outcome:
    """What a run came to. working: orders that have not ended; unknown: those of which nobody could say what became."""

    orders: int
    denied: int
    fills: int
    findings: tuple[str, ...]
    positions: dict[str, float]
    nav: float
    working: int
    unknown: int

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return dict(vars(self), findings=list(self.findings))


class _Instruments:
    """The instruments of a run before any price is known; what opening a fund asks of its data."""

    def __init__(self, settings: LiveSettings, start_ns: int) -> None:
        self.instruments, self.start_ns = settings.instruments, start_ns
        self.symbols = tuple(one.symbol for one in settings.instruments)

    def core_fields(self, index: int, sector: int, *, estimate: bool) -> tuple[Any, ...]:
        """As stated: nothing is estimated."""
        one = self.instruments[index]
        return instrument_fields(one, sector, one.sigma, one.adv_lots)


class Rising:
    """A clock that never goes back: one that is set back does not undo what happened."""

    def __init__(self, wall: Clock) -> None:
        self._wall, self.last_ns = wall, 0

    def __call__(self) -> int:
        """UTC nanoseconds, never less than before."""
        self.last_ns = max(self.last_ns, self._wall())
        return self.last_ns


class LiveRun:
    """One life of a run: opened or taken up again, turned until it is stopped, closed."""

    def __init__(self, settings: LiveSettings, strategy: Strategy, clock: Clock, mandate: Any = None) -> None:
        self._settings, self._strategy, self._now = settings, strategy, Rising(clock)
        self._handlers = [handlers_of(strategy, BOOK_HANDLERS)]
        self._index = {one.symbol: index for index, one in enumerate(settings.instruments)}
        self._notes: list[str] = []
        self._inherited: set[int] = set()
        self._killed = self._parting = False
        self._mandate = mandate
        standing = self._standing(mandate)
        self._number = standing.number
        self._looked_ns = self._heeded = 0
        with ExitStack() as undo:
            self._engine = self._opened(standing)
            undo.callback(self._abandon)
            self._engine.bind(strategy, standing.number)
            with named_errors():
                self._heed(standing)
            self._around = strategy.running(settings.log, standing, Demand.of(self._engine, standing.number))
            link = FixLink(
                settings.host,
                settings.port,
                settings.sender,
                settings.target,
                settings.log / SESSION,
                settings.heartbeat_s,
            )
            self._gateway = FixGateway(link, self, self._now)
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

        What the strategy raises ends the run in the same order, and comes out as it is.
        """
        with ExitStack() as undo:
            undo.callback(self._seal)
            undo.callback(self._part)
            with self._around, named_errors():
                self._strategy.on_start()
                self._send()
                while not stop():
                    self.turn(TURN_S)
                    tell(self)
                self._strategy.on_stop()
                self._send()
        return self._found

    def _part(self) -> None:
        """The strategy hears and orders nothing more: everything is cancelled, and the venue's word is waited for."""
        self._handlers, self._parting = [], True
        self.cancel_all()
        end_ns = self._now() + FAREWELL_NS
        while working_of(self._engine) and self._now() < end_ns:
            self.turn(TURN_S)
        end_ns = self._now() + FAREWELL_NS
        self._gateway.close(lambda: self._now() < end_ns)

    def _seal(self) -> None:
        self._found = self.outcome()
        with named_errors():
            self._engine.close()

    def turn(self, wait_s: float) -> None:
        """What came within so many seconds, and what is due by now."""
        self._gateway.turn(wait_s)
        with named_errors():
            if self._mandate is not None and self._now() - self._looked_ns > HEED_EVERY_NS:
                self._heed(self._standing(self._mandate))
            self._advance(np.zeros(0, np.uint8), np.zeros(0, np.uint64))
            self._engine.flush()

    def _heed(self, standing: RunStanding) -> None:
        """Hand the kernel what people signed since it was last told: a pause, a revocation, a new mandate."""
        self._looked_ns = self._now()
        sequencings = standing.authority.sequencings
        if sequencings and sequencings[-1].size > self._heeded:
            hand_over(self._engine, [one for one in sequencings if one.size >= self._heeded])
            self._heeded = sequencings[-1].size

    def kill(self) -> int:
        """Turn the firm's kill switch and cancel everything; how many cancels were asked for."""
        if not self._killed:
            self._killed = True
            with named_errors():
                self._engine.kill(FIRM, True)
        return self.cancel_all()

    def cancel_all(self) -> int:
        """Ask to cancel every order that works; how many."""
        asked = 0
        for order in working_of(self._engine).values():
            if order.state in ("Live", "PartiallyFilled", "PendingNew", "Unknown"):
                with named_errors():
                    self._engine.cancel_order(order.strategy, order.slot, order.id)
                asked += 1
        self._send()
        return asked

    def outcome(self) -> Outcome:
        """How things stand."""

        def rows(name: str) -> Any:
            known = noun(name)
            return np.frombuffer(self._engine.records(known.kind), known.dtype)

        working = working_of(self._engine)
        symbols = [(one.symbol, float(one.lot)) for one in self._settings.instruments]
        held = (self._engine.position_lots(self._number, index) for index in range(len(symbols)))
        codes = [_core.code_text(int(code)) for code in rows("Finding")["code"]]
        return Outcome(
            orders=len(rows("Order")),
            denied=int((rows("Verdict")["code"] != 0).sum()),
            fills=len(rows("Fill")),
            findings=(*(str(code) for code in codes), *self._notes),
            positions={symbol: lots * lot for (symbol, lot), lots in zip(symbols, held, strict=True)},
            nav=self._engine.nav_nano() / 1e9,
            working=len(working),
            unknown=sum(order.state == "Unknown" for order in working.values()),
        )

    def on_up(self) -> None:
        """Of the gateway: ask what became of every order that works, and for the books."""
        for order in working_of(self._engine).values():
            self._ask(order)
        self._gateway.watch([one.symbol for one in self._settings.instruments], self._settings.depth)

    def _ask(self, order: Working) -> None:
        """Ask the venue how an order stands."""
        words = self._book.words(order.instrument, order.side, order.lots, order.limit_ticks)
        self._gateway.status(self._book.name(order.id), words)

    def on_down(self, why: str) -> None:
        """Of the gateway: what was on its way may have arrived or not, and nobody knows."""
        self._note(f"the session ended: {why}" if why else "the session ended")
        self._lose()

    def on_report(self, kind: str, told: dict[int, str]) -> None:
        """Of the gateway: an order moved, or did not; durable when this returns."""
        number = self._book.number(told.get(41) or told.get(11, ""))
        order = working_of(self._engine).get(number)
        now_ns = self._now()
        with named_errors():
            if kind == "9":
                self._engine.report(self._book.report(CANCEL_REJECTED, order, now_ns, order_id=number), self._handlers)
                if order is not None and told.get(39) == "8":  # it does not know the order: what became of it?
                    self._ask(order)
            elif told.get(150) == "I":
                self._stands(told, order, number)
            elif order is not None and self._book.misses(told, order):
                self._note(f"{told.get(11)}: executions before {told.get(14)} in all did not come: ask for them")
                self._engine.report(self._book.report(LOST, order, now_ns), self._handlers)
            elif (record := self._book.heard(told, order, number, now_ns)) is not None:
                if number == 0:
                    self._note(f"the venue reports on {told.get(11)!r}, an order that this run never sent")
                self._engine.report(record, self._handlers)
            else:
                self._note(f"an execution report of type {told.get(150)!r} about {told.get(11)!r}: look at it")
        self._send()

    def on_book(self, symbol: str, bids: Sequence[tuple[str, str]], asks: Sequence[tuple[str, str]]) -> None:
        """Of the gateway: a whole book."""
        index = self._index.get(symbol)
        if index is None:
            self._note(f"a book of {symbol!r}, which nobody asked for")
            return
        try:
            rows = levels_of(index, self._book, bids, asks, self._now())
        except HedgerowError as error:
            self._note(f"a book that cannot be: {error}")
            return
        with named_errors():
            self._advance(*rows)

    def on_refused(self, kind: str, why: str) -> None:
        """Of the gateway: the venue did not take a message of ours."""
        self._note(f"the venue refused a message ({kind}): {why}")

    def _stands(self, told: dict[int, str], order: Working | None, number: int) -> None:
        """The venue says how an order stands: settle what we were not sure of."""
        if order is None:
            return
        filled = self._book.lots(order.instrument, told.get(14, "0"))
        ended = _ENDED.get(told.get(39, ""))
        now_ns = self._now()
        if filled != order.filled:
            self._note(
                f"{told.get(11)}: the venue counts {filled} lots as filled, the journal {order.filled}; proposed: the "
                "executions that are missing, from the venue's statement"
            )
            if order.state != "Unknown":
                self._engine.report(self._book.report(LOST, order, now_ns), self._handlers)
        elif ended is not None:
            kind = CANCELLED if ended == REJECTED and order.filled else ended
            self._engine.report(self._book.report(kind, order, now_ns), self._handlers)
        else:
            if order.state in ("PendingNew", "Unknown"):
                self._engine.report(self._book.report(1, order, now_ns), self._handlers)
            if self._parting or (number in self._inherited and self._settings.on_restart == "cancel"):
                self._engine.cancel_order(order.strategy, order.slot, order.id)
        self._inherited.discard(number)

    def _lose(self) -> None:
        """Orders on which an answer was due are Unknown from now on."""
        with named_errors():
            for order in working_of(self._engine).values():
                if order.state in _UNSURE:
                    self._engine.report(self._book.report(LOST, order, self._now()), self._handlers)

    def _advance(self, kinds: Any, words: Any) -> None:
        """Rows of books, and everything that is due by now."""
        self._engine.run_books(kinds, words, self._handlers, self._now())
        self._send()

    def _send(self) -> None:
        """Hand what is durable and let pass to the gateway; what cannot leave was refused here, and is told so."""
        while sends := self._engine.take_sends():
            for what, record in sends:
                try:
                    self._send_one(what, record)
                except WireError as error:
                    self._note(f"not sent, for there is no session: {error}")
                    self._refuse(what, record)

    def _send_one(self, what: str, record: bytes) -> None:
        if what == "new":
            number, words = self._book.order(record)
            self._gateway.new(self._book.name(number), words, self._now())
        elif what == "cancel":
            number, order_id, _ = self._book.cancel(record)
            order = working_of(self._engine)[order_id]
            words = self._book.words(order.instrument, order.side, order.lots, order.limit_ticks)
            self._gateway.cancel(self._book.name(number), self._book.name(order_id), words, self._now())
        else:
            raise problem("RUN_CONFIG", f"{what}: this gateway has no such message")

    def _refuse(self, what: str, record: bytes) -> None:
        """It is certain that it did not leave: the order, or the wish to cancel it, is over."""
        number = self._book.order(record)[0] if what == "new" else self._book.cancel(record)[1]
        kind = REJECTED if what == "new" else CANCEL_REJECTED
        order = working_of(self._engine).get(number)
        with named_errors():
            self._engine.report(self._book.report(kind, order, self._now()), self._handlers)

    def _note(self, text: str) -> None:
        self._notes.append(text)

    def _standing(self, mandate: Any) -> RunStanding:
        settings = self._settings
        name = settings.name or self._strategy.title
        if mandate is not None:
            return signed_standing(mandate, name, settings.currency)
        limits = research_limits(settings.cash)
        data: Any = _Instruments(settings, 0)
        return research_authority(name, self._artifact, limits, data, settings.currency, settings.seed)

    @property
    def _artifact(self) -> bytes:
        from dataclasses import asdict

        from hedgerow.engine.strategy import changed
        from hedgerow.governance.artifact import artifact_hash

        if self._settings.mandate is not None:
            path = Path(self._settings.strategy.partition(":")[0])
            return bytes.fromhex(artifact_hash(path, changed(self._strategy.config)))
        return bytes.fromhex(artifact_hash(type(self._strategy), asdict(self._strategy.config)))

    def _opened(self, standing: RunStanding) -> Any:
        """A new fund, or the one that the journal holds, as it stood when the last life ended."""
        settings = self._settings
        settings.log.mkdir(parents=True, exist_ok=True)
        journal = settings.log / "journal"
        if not (settings.log / KEY).exists():
            save_private(settings.log / KEY, secrets.token_hex(32))
        key = bytes.fromhex(private_text(settings.log / KEY))
        told = LogSettings(settings.log, "hedgerow.example/live", key)
        books = {**Simulation(may_cross=True).for_core(), "depth": "levels", "maker_nano": 0, "seed": 0}
        if journal.exists() and not _is_blank(journal) and (engine := self._taken_up(books, told)) is not None:
            return engine
        shutil.rmtree(journal, ignore_errors=True)  # it has no record: the run died before it had begun
        start_ns = self._now()
        write_whole(settings.log / RUN, json.dumps({"v": 1, "prefix": f"h{start_ns // 10**6:x}"}).encode())
        self._book = Book(json.loads(_read(settings.log / RUN))["prefix"], settings.instruments)
        data: Any = _Instruments(settings, start_ns)
        kind = "simulation" if settings.mandate is None else settings.mode
        engine = open_engine(
            data,
            standing=standing,
            artifact=self._artifact,
            firm_limits=research_limits(settings.cash),
            cash=settings.cash,
            currency=settings.currency,
            costs=Costs.none(),
            fx={},
            log=told,
            books=books,
            outside=kind,
        )
        with named_errors():
            engine.flush()
        if standing.authority.sequencings:
            self._heeded = standing.authority.sequencings[-1].size
        return engine

    def _taken_up(self, books: dict[str, Any], told: LogSettings) -> Any:
        """The run as its journal left it; None where that holds nothing. What was on its way is Unknown from now on."""
        try:
            with named_errors():
                self._engine = _core.Engine.resume({"books": books, **_FREE}, told.for_core())
        except HedgerowError as error:
            if error.row.name != "LOG_EMPTY":
                raise
            return None
        self._book = Book(json.loads(_read(self._settings.log / RUN))["prefix"], self._settings.instruments)
        self._now.last_ns = max(self._now.last_ns, self._engine.clock)
        self._inherited = set(working_of(self._engine))
        self._heeded = heeded_by(self._settings.log)
        self._lose()
        return self._engine

    def _abandon(self) -> None:
        with named_errors():
            self._engine.close()


_FREE = {"fee_nano": 0, "fee_per_unit_nano": 0, "fee_min_nano": 0}


def heeded_by(folder: Path) -> int:
    """The size of the governance log that a journal was last told of."""
    known = noun("Sequenced")
    told = [data for kind, _, data in _core.LogReader(str(folder)) if kind == known.kind]
    return int(np.frombuffer(told[-1], known.dtype)[0]["size"]) if told else 0


def _is_blank(journal: Path) -> bool:
    """Whether a journal was begun and nothing ever written: its key comes first, then a head of 64 bytes."""
    files = [path for path in journal.rglob("*") if path.is_file()]
    return not (journal / "key.pub").exists() and sum(path.stat().st_size for path in files) <= HEAD_BYTES


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise problem("LOG_NOT_A_LOG", f"{path}, which belongs to the journal beside it: {error}") from None
