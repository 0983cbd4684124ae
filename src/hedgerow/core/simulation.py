"""How a venue of books is simulated: queue, delays, impact. One typed object; every default errs on the dark side.

Promises: what is assumed stands here and nowhere else; a model that cannot be meant is refused by name. Sources of the
queue models: Rigtorp (2013), as hftbacktest names them; of impact: Almgren and Chriss (2000), Obizhaeva and Wang
(2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeAlias, get_args

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.spans import DAY_NS, ns_of

Queue = Literal["trades_only", "power", "log", "pro_rata"]
MS = 1_000_000
"""Nanoseconds of a millisecond."""
_LATEST_NS = 2**62 - 1
_MOST_TICKS = 1e6
_MOST_BPS = 10_000


@dataclass(frozen=True)
class Delay:
    """How long a message travels. Make one with `constant`, `uniform`, `exponential` or `measured`.

    >>> Delay.uniform(1_000_000, 3_000_000).kind
    'uniform'
    """

    kind: Literal["constant", "uniform", "exponential", "measured"]
    least_ns: int = 0
    more_ns: int = 0
    points: tuple[tuple[int, int], ...] = ()

    @classmethod
    def constant(cls, ns: int) -> Delay:
        """Always so many nanoseconds."""
        return cls("constant", ns)

    @classmethod
    def uniform(cls, least_ns: int, most_ns: int) -> Delay:
        """Between two, each as likely as the other; drawn with the run's seed."""
        return cls("uniform", least_ns, most_ns)

    @classmethod
    def exponential(cls, least_ns: int, mean_more_ns: int) -> Delay:
        """At least the first, and beyond it exponential with the second as its mean; drawn with the run's seed."""
        return cls("exponential", least_ns, mean_more_ns)

    @classmethod
    def measured(cls, points: Sequence[tuple[int, int]]) -> Delay:
        """As a log says: (UTC nanoseconds, delay in nanoseconds), times rising; in between on the line between two."""
        return cls("measured", points=tuple((int(ts), int(ns)) for ts, ns in points))

    def __post_init__(self) -> None:
        """Refuse delays that are negative, longer than a day, or in no order."""
        told: tuple[Any, ...] = (self.least_ns, self.more_ns, *(ns for _, ns in self.points))
        for ns in told:
            if isinstance(ns, bool) or not isinstance(ns, int) or not 0 <= ns <= DAY_NS:
                raise problem("SIM_BAD_MODEL", f"delay of {ns!r} ns; whole nanoseconds from 0 to {DAY_NS}")
        times = [ts for ts, _ in self.points]
        if self.kind == "measured" and (not times or times != sorted(set(times))):
            raise problem("SIM_BAD_MODEL", f"measured delay of {len(times)} points; give some, with times rising")
        if any(abs(ts) > _LATEST_NS for ts in times):
            raise problem("SIM_BAD_MODEL", f"measured delay with times from {times[0]} to {times[-1]}; UTC nanoseconds")
        if self.kind == "uniform" and self.least_ns > self.more_ns:
            raise problem("SIM_BAD_MODEL", f"uniform delay from {self.least_ns} to {self.more_ns} ns")

    def for_core(self) -> tuple[str, int, int, list[tuple[int, int]]]:
        """As the core takes it."""
        return self.kind, self.least_ns, self.more_ns, list(self.points)


SomeDelay: TypeAlias = Delay | int | timedelta
"""A delay, or its constant: nanoseconds or a timedelta."""


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What a run over books assumes of the venue and of the ways to it; every field says why one would change it.

    queue: who leaves before us when a price loses lots that did not trade, where the data do not say (quotes, levels):
        `trades_only` = nobody ahead of us as long as there is somebody behind; `power` and `log` = by the probability
        of the two lengths, to be fitted to own fills; `pro_rata` = there is no queue, what trades at a price is shared
        out by size, in whole lots (SIM-005 for books of orders). Books of orders need no model: their queue is known.
    power: `n` of the `power` model.
    entry: how long our messages travel to the venue. response: how long its answers travel back. 5 ms is a server in
        the same city, not in the same hall.
    feed: nanoseconds added to when each event was known as recorded (`ts_init`); for data stamped by the venue alone.
    permanent_impact: ticks by which the replayed book moves for good, for each lot that we take. transient_impact:
        ticks that it moves at once and comes back from, half of it within half_life. Zero: history does not answer us.
        An order pays for its own move, and nobody gains by going there and back.
    maker_fee_bps: fee of a fill that waited, as a share of notional in basis points, below zero for a rebate; `None` =
        as `fee_bps` of the costs, which is the fee of whoever takes.
    auction_share: the most of an auction's printed size that our orders of one side trade in it, from 0 to 1.
    may_cross: whether the replayed bid may reach the ask, as consolidated quotes do; otherwise such data are refused.
    sample: how often the equity curve is looked at, and prices are kept for the report.

    Raises SIM_BAD_MODEL for a number that cannot be meant, RUN_CONFIG for an unknown queue.

    >>> Simulation(entry=timedelta(milliseconds=2)).entry_delay.least_ns
    2000000
    """

    queue: Queue = "trades_only"
    power: float = 2.0
    entry: SomeDelay = 5 * MS
    response: SomeDelay = 5 * MS
    feed: int | timedelta = 0
    permanent_impact: float = 0.0
    transient_impact: float = 0.0
    half_life: timedelta = timedelta(seconds=10)
    maker_fee_bps: float | None = None
    auction_share: float = 0.1
    may_cross: bool = False
    sample: timedelta = field(default=timedelta(seconds=1))

    def __post_init__(self) -> None:
        """Refuse what cannot be meant before anything is begun."""
        if self.queue not in get_args(Queue):
            hint = did_you_mean(str(self.queue), get_args(Queue))
            raise problem("RUN_CONFIG", f"queue={self.queue!r}; it is one of {', '.join(get_args(Queue))}{hint}")
        bounds = {
            "power": 100.0,
            "permanent_impact": _MOST_TICKS,
            "transient_impact": _MOST_TICKS,
            "auction_share": 1.0,
        }
        for name, most in bounds.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
                raise problem("SIM_BAD_MODEL", f"{name}={value!r}; it is a number from 0 to {most:,.0f}")
            if not math.isfinite(value):
                raise problem("SIM_BAD_MODEL", f"{name}={value!r} is not finite")
        maker = self.maker_fee_bps
        is_number = isinstance(maker, int | float) and not isinstance(maker, bool)
        if maker is not None and not (is_number and abs(maker) <= _MOST_BPS):
            raise problem(
                "SIM_BAD_COST", f"maker_fee_bps={maker!r}; it is a number from {-_MOST_BPS:,} to {_MOST_BPS:,}"
            )
        for name in ("half_life", "sample"):
            span = getattr(self, name)
            if not isinstance(span, timedelta) or not 0 < ns_of(span) <= _LATEST_NS:
                raise problem("SIM_BAD_MODEL", f"{name}={span!r}; use a timedelta above zero and below 146 years")
        feed: Any = self.feed
        if isinstance(feed, Delay):
            raise problem("SIM_BAD_MODEL", f"feed={feed!r}; use nanoseconds or a timedelta: it is always the same")
        _ = self.entry_delay, self.response_delay, _as_delay("feed", self.feed)

    @property
    def entry_delay(self) -> Delay:
        """How long our messages travel to the venue."""
        return _as_delay("entry", self.entry)

    @property
    def response_delay(self) -> Delay:
        """How long the venue's answers travel to us."""
        return _as_delay("response", self.response)

    @classmethod
    def instant(cls, **settings: Any) -> Simulation:
        """Nothing takes time: for tests and for comparison with engines that know no delays."""
        return cls(**{"entry": 0, "response": 0, **settings})

    def told(self) -> dict[str, Any]:
        """As plain values: what of a run's assumptions goes on record."""
        return {name: repr(value) for name, value in sorted(vars(self).items())}

    def for_core(self) -> dict[str, Any]:
        """The core's integers for it."""
        return {
            "queue": self.queue,
            "power": float(self.power),
            "entry": self.entry_delay.for_core(),
            "response": self.response_delay.for_core(),
            "feed_delay_ns": _as_delay("feed", self.feed).least_ns,
            "permanent_nano": round(self.permanent_impact * 1e9),
            "transient_nano": round(self.transient_impact * 1e9),
            "half_life_ns": ns_of(self.half_life),
            "auction_share_nano": round(self.auction_share * 1e9),
            "may_cross": bool(self.may_cross),
            "sample_ns": ns_of(self.sample),
        }


def _as_delay(name: str, value: SomeDelay) -> Delay:
    if isinstance(value, Delay):
        return value
    if isinstance(value, timedelta):
        value = ns_of(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise problem("SIM_BAD_MODEL", f"{name}={value!r}; use nanoseconds, a timedelta or a Delay")
    return Delay.constant(value)
