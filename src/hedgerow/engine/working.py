"""Parent orders of a strategy: from a wish and an algorithm's name to a plan in the log, and what has become of it.

Promises: the plan is in the log before the first child, with its settings and seed; children pass the gate as any other
order and name their parent as cause. Never: a look at the future; what a plan rests on is what the run has seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem
from hedgerow.core.spans import DAY_NS, ns_of
from hedgerow.engine.liquidity import INTERVALS_MAX, LiquidityWatch
from hedgerow.execution.algorithms import Algorithm, Plan, Recorded, Situation, algorithm
from hedgerow.market.times import moment_ns

if TYPE_CHECKING:
    from datetime import datetime

    from hedgerow.engine.strategy import Strategy

    Moment = int | str | datetime | timedelta

_NANO = 1e9


@dataclass(frozen=True)
class ParentTicket:
    """A parent order that a strategy has handed to an algorithm, and how it stands now."""

    id: int
    symbol: str | None
    algorithm: Algorithm
    _desk: Any
    _instrument: int
    _side: int
    _start_ns: int

    @property
    def quantity(self) -> float:
        """Its total, signed units: positive buys."""
        return self._side * self._units(0)

    @property
    def filled(self) -> float:
        """Units filled so far, positive."""
        return self._units(1)

    @property
    def working(self) -> float:
        """Units in working children, positive."""
        return self._units(2)

    @property
    def remaining(self) -> float:
        """Units neither filled nor at work, positive."""
        total, filled, working, *_ = self._state
        return float(self._desk.quantity(self._instrument, max(0, total - filled - working)))

    @property
    def is_active(self) -> bool:
        """Whether its algorithm will send more."""
        return bool(self._state[5])

    @property
    def is_done(self) -> bool:
        """Whether nothing works and nothing more will be sent."""
        return bool(self._state[6])

    def cancel(self) -> bool:
        """Send nothing more and cancel what works; whether it was still being worked."""
        return bool(self._desk.stop(self.id))

    def amend(self, *, quantity: float | None = None, limit: float | None = None, until: Moment | None = None) -> None:
        """Another total (signed units, of the same side), worst price or end; what is left is planned anew.

        From now on, or from its start where that is still to come.

        Raises RUN_CONFIG where it has ended, or for a total that is less than what is filled.
        """
        total, filled, _, limit_ticks, until_ns, is_active, _ = self._state
        if not is_active:
            raise problem("RUN_CONFIG", f"parent order {self.id} has ended; make a new one")
        lots = total if quantity is None else self._desk.lots(self._instrument, quantity) * self._side
        if lots <= filled:
            have = self._desk.quantity(self._instrument, filled)
            raise problem("RUN_NUMBER", f"quantity={quantity!r}; {have:g} are filled: cancel it, or ask for more")
        limit_ticks = limit_ticks if limit is None else self._desk.ticks(self._instrument, limit)
        now_ns = self._desk.now
        until_ns = until_ns if until is None else _moment(until, now_ns)
        begin_ns = max(now_ns, self._start_ns)
        now = _situation(self._desk, self.symbol, lots - filled, filled, begin_ns, until_ns, limit_ticks > 0)
        plan = self.algorithm.plan(now)
        self._desk.amend(self.id, lots, limit_ticks, until_ns, list(plan.steps))

    @property
    def _state(self) -> tuple[int, int, int, int, int | None, bool, bool]:
        found: tuple[int, int, int, int, int | None, bool, bool] = self._desk.state(self.id)
        return found

    def _units(self, place: int) -> float:
        return float(self._desk.quantity(self._instrument, self._state[place]))


def work(
    strategy: Strategy,
    quantity: float,
    symbol: str | None,
    name: str | Algorithm,
    *,
    until: Moment | None,
    start: Moment | None,
    limit: float | None,
    cause: int = 0,
    **settings: Any,
) -> ParentTicket | None:
    """Hand an order to an algorithm; None for a quantity of nothing. See `Strategy.work`."""
    how = algorithm(name, **settings)
    with named_errors():
        desk = _core.ParentDesk(strategy)
        instrument, *_ = desk.about(symbol)
        lots = desk.lots(instrument, quantity)
        limit_ticks = 0 if limit is None else desk.ticks(instrument, limit)
    if lots == 0:
        return None
    now_ns = desk.now
    start_ns = now_ns if start is None else _moment(start, now_ns)
    until_ns = None if until is None else _moment(until, now_ns)
    if start_ns < now_ns:
        raise problem("RUN_CONFIG", f"start={start!r} is over; it is now {now_ns}")
    plan = how.plan(_situation(desk, symbol, abs(lots), 0, start_ns, until_ns, limit_ticks > 0))
    with named_errors():
        number = desk.work(
            instrument,
            lots,
            how.number,
            limit_ticks,
            until_ns,
            plan.slices,
            list(plan.steps),
            _told(how, plan, start_ns if start is not None else 0),
            cause,
        )
    return ParentTicket(number, symbol, how, desk, instrument, 1 if lots > 0 else -1, start_ns)


def work_instead(
    strategy: Strategy, lots: int, symbol: str, how: Algorithm, *, until: Moment | None, cause: int
) -> ParentTicket | None:
    """End the strategy's parent orders in an instrument because of a record, and work so many signed lots instead."""
    with named_errors():
        desk = _core.ParentDesk(strategy)
        instrument, *_ = desk.about(symbol)
        desk.stop_all(instrument, cause)
        quantity = desk.quantity(instrument, lots)
    return work(strategy, quantity, symbol, how, until=until, start=None, limit=None, cause=cause)


def at_work(strategy: Strategy) -> tuple[ParentTicket, ...]:
    """The strategy's parent orders that are being worked, from the log; see `Strategy.parents`."""
    with named_errors():
        desk = _core.ParentDesk(strategy)
    return tuple(_ticket(desk, *row) for row in desk.at_work())


def _ticket(
    desk: Any,
    number: int,
    instrument: int,
    symbol: str,
    side: int,
    algo: int,
    slices: int,
    start_ns: int,
    until_ns: int | None,
    told: tuple[Any, ...],
    steps: list[tuple[int, int]],
) -> ParentTicket:
    seed, _, every_ns, size_lots, _, risk_aversion, share_bps, size_bps, random_times, curve, passive, auction = told
    _, _, lot, *_ = desk.about(symbol)
    how = Recorded(
        number=algo,
        slices=slices,
        until_ns=until_ns,
        steps=steps,
        lot=lot / _NANO,
        seed=seed,
        every_ns=every_ns,
        size_lots=size_lots,
        risk_aversion=risk_aversion,
        share_bps=share_bps,
        size_bps=size_bps,
        random_times=random_times,
        curve=curve,
        passive=passive,
        auction=auction,
    )
    return ParentTicket(number, symbol, how.algorithm(), desk, instrument, side, start_ns)


def _told(how: Algorithm, plan: Plan, from_ns: int) -> tuple[Any, ...]:
    """What stands in the log beside the order."""
    return (
        how.seed,
        from_ns,
        plan.every_ns,
        plan.size_lots,
        plan.volume_lots,
        plan.risk_aversion,
        plan.share_bps,
        round(how.size_jitter * 10_000),
        how.random_times,
        plan.curve,
        how.passive,
        plan.auction,
    )


def _situation(
    desk: Any, symbol: str | None, lots: int, done: int, start_ns: int, until_ns: int | None, has_limit: bool
) -> Situation:
    instrument, tick, lot, bid, ask, adv_lots, sigma = desk.about(symbol)
    books = desk.over_books
    price = (bid + ask) / 2 * tick / _NANO if bid and ask else max(bid, ask) * tick / _NANO
    return Situation(
        lots=lots,
        done=done,
        start_ns=start_ns,
        until_ns=until_ns,
        price=price or math.nan,
        spread=(ask - bid) * tick / _NANO if books and bid and ask else math.nan,
        adv=adv_lots * lot / _NANO or math.nan,
        volatility=sigma / _NANO or math.nan,
        lot=lot / _NANO,
        limit=has_limit,
        over_books=books,
        foretold=lambda every_ns: LiquidityWatch(desk, symbol, every_ns).in_lots(INTERVALS_MAX),
        past=lambda begin, end, count: _past(desk, instrument, begin, end, count),
    )


def _past(desk: Any, instrument: int, begin_ns: int, end_ns: int, count: int) -> Any:
    ends_ns, lots, *_ = desk.tape(instrument)
    return past_volumes(ends_ns, lots, begin_ns, end_ns, count)


def past_volumes(ends_ns: Any, lots: Any, begin_ns: int, end_ns: int, count: int) -> Any:
    """(days, count) lots that traded in each slice of the same stretch of every day before, oldest first.

    ends_ns, lots: when each stretch of the tape ended, and what traded in it; a stretch counts where it ended. A day
    is there if its whole stretch lies between the tape's first and last moment; one on which nothing traded is a row
    of zeros.
    """
    if not len(ends_ns):
        return np.zeros((0, count))
    first, last = int(ends_ns[0]), int(ends_ns[-1])
    edges = begin_ns + (end_ns - begin_ns) * np.arange(count + 1) // count
    total = np.concatenate([[0], np.cumsum(lots)])
    span_days = max(1, -(-(end_ns - begin_ns) // DAY_NS))
    shifts = [
        back * DAY_NS for back in range(span_days, (begin_ns - first) // DAY_NS + 1) if end_ns - back * DAY_NS <= last
    ]
    found = [np.diff(total[np.searchsorted(ends_ns, edges - shift, side="right")]) for shift in reversed(shifts)]
    return np.array(found, dtype=np.float64).reshape(len(found), count)


def _moment(moment: Moment, now_ns: int) -> int:
    """A time, or a length of time from now."""
    if isinstance(moment, timedelta):
        return now_ns + ns_of(moment)
    return moment_ns(moment)
