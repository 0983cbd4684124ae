"""Execution algorithms by name: what each is told, and the plan that it makes of a parent order.

Promises: a plan's last step is the whole order, its steps never fall, and equal settings and seeds give equal plans;
what is random is drawn here, once, and stands in the log with its seed. Never: a clock, an order, a look at the market;
the core decides when to send, by the plan and by what is filled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import accumulate
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.spans import DAY_NS, ns_of
from hedgerow.execution.almgren_chriss import TRADING_DAYS, LinearImpact, almgren_chriss
from hedgerow.execution.liquidity import LiquidityForecast
from hedgerow.execution.volume_curves import disguised, moments, slices, volume_curve

STEPS_MAX = 10_000
"""Most steps of a plan: each is a record of the log."""
_BPS = 10_000
LEARNT, GIVEN = 1, 2
UNPLANNED = (3, 5, 6)
"""Numbers of the algorithms that follow the market and no schedule."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known when an order is planned.

    lots: to trade, positive. done: lots of it that are filled already. start_ns, until_ns: its life; `until_ns` None
    = no end. price, spread: of the instrument now, in its currency; NaN where unknown. adv: units a day, volatility:
    of one day, as a fraction; NaN where unknown. lot: units per lot. limit: whether it has a worst price. over_books:
    whether the run shows books. past: volumes by (start_ns, end_ns, slices), one row a day that was, for whoever
    learns.
    """

    lots: int
    start_ns: int
    until_ns: int | None = None
    done: int = 0
    price: float = math.nan
    spread: float = math.nan
    adv: float = math.nan
    volatility: float = math.nan
    lot: float = 1.0
    limit: bool = False
    over_books: bool = False
    past: Callable[[int, int, int], npt.NDArray[np.float64]] = field(default=lambda a, b, n: np.zeros((0, n)))
    foretold: Callable[[int], LiquidityForecast | None] = field(default=lambda every_ns: None)


@dataclass(frozen=True)
class Plan:
    """How an order is worked: how many slices, when how much of it shall be done, and what stands beside it in the log.

    steps: (due, lots in all), due in UTC nanoseconds or 0 for "when the one before is filled". None where they follow
    from the order, or from the market.
    """

    slices: int
    steps: tuple[tuple[int, int], ...] = ()
    size_lots: int = 0
    every_ns: int = 0
    volume_lots: int = -1
    risk_aversion: float = 0.0
    share_bps: int = 0
    curve: int = 0
    auction: bool = False


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """What every algorithm may be told: by what share sizes vary at random, whether times do, and the seed of both.

    passive: of schedules: slices wait at the own side's best price; what they leave is taken back when the next is due,
    and then takes what the other side offers, as the last slice does.
    """

    name: ClassVar[str]
    number: ClassVar[int]
    size_jitter: float = 0.0
    random_times: bool = False
    seed: int = 0
    passive: bool = False

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:  # numbers of NumPy, as sweeps have them, are numbers
            value = getattr(self, name)
            if isinstance(value, np.generic):
                object.__setattr__(self, name, value.item())
        if not _is_number(self.size_jitter) or not 0 <= self.size_jitter <= 1:
            raise problem("RUN_NUMBER", f"size_jitter={self.size_jitter!r}; a share from 0 to 1")
        if type(self.seed) is not int or not 0 <= self.seed < 2**63:
            raise problem("RUN_NUMBER", f"seed={self.seed!r}; a whole number from 0 to 2^63")
        for name in ("random_times", "passive"):
            if not isinstance(getattr(self, name), bool):
                raise problem("RUN_CONFIG", f"{name}={getattr(self, name)!r}; it is True or False")
        if self.passive and self.number in UNPLANNED:
            raise problem("RUN_CONFIG", f"passive: {self.name} follows the market; slices of schedules may wait")

    def plan(self, now: Situation) -> Plan:
        """The plan of an order; RUN_CONFIG, RUN_NUMBER or RUN_NO_DATA where it cannot be made."""
        raise NotImplementedError

    def _scheduled(self, now: Situation, wanted: Sequence[int], **told: Any) -> Plan:
        """Sizes at the beginnings of equal stretches, or within them; other sizes by the seed."""
        until_ns = _until(now, self.name)
        count = len(wanted)
        sizes = disguised(wanted, seed=self.seed, by=self.size_jitter) if self.size_jitter else list(wanted)
        span = until_ns - now.start_ns
        due = [now.start_ns + span * n // count for n in range(count)]
        if self.random_times:
            due = moments(now.start_ns, until_ns, count, seed=self.seed + 1)
        done = [now.done + lots for lots in accumulate(sizes)]
        return Plan(count, tuple(zip(due, done, strict=True)), **told)


@dataclass(frozen=True, kw_only=True)
class Twap(Algorithm):
    """Equal slices in time, from now until the order's end; over bars without an end, one slice a bar.

    slices: how many.
    """

    name: ClassVar[str] = "twap"
    number: ClassVar[int] = 1
    slices: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_count("slices", self.slices)

    def plan(self, now: Situation) -> Plan:
        """Equal lots, each at the beginning of its stretch."""
        if now.until_ns is None and not now.over_books and not self.size_jitter and not self.random_times:
            return Plan(self.slices)
        return self._scheduled(now, slices(now.lots, [1.0] * self.slices))


@dataclass(frozen=True, kw_only=True)
class Vwap(Algorithm):
    """Slices along the volume that is expected, from now until the order's end.

    slices: how many. volumes: what is expected in each of them, in any unit (`curve.part(...).shares`, say); None =
    learnt from the same stretch of the days that the run has seen before, where that foretells them better than an
    even curve. days: how many of them at most.
    """

    name: ClassVar[str] = "vwap"
    number: ClassVar[int] = 2
    slices: int = 10
    volumes: tuple[float, ...] | None = None
    days: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_count("slices", self.slices)
        _check_count("days", self.days)
        if self.volumes is not None:
            object.__setattr__(self, "volumes", tuple(float(volume) for volume in self.volumes))

    def plan(self, now: Situation) -> Plan:
        """Lots along the volumes that were given, or learnt, or evenly where nothing better is known."""
        if self.volumes is not None:
            return self._scheduled(now, slices(now.lots, self.volumes), curve=GIVEN)
        past = now.past(now.start_ns, _until(now, self.name), self.slices)
        traded = past[past.sum(axis=1) > 0][-self.days :]
        if len(traded) < 2:
            return self._scheduled(now, slices(now.lots, [1.0] * self.slices))
        curve, expected = volume_curve(traded), round(float(traded.sum(axis=1).mean()))
        is_better = curve.error < curve.flat_error
        weights = curve.shares if is_better else [1.0] * self.slices
        return self._scheduled(now, slices(now.lots, weights), volume_lots=expected, curve=LEARNT if is_better else 0)


@dataclass(frozen=True, kw_only=True)
class Pov(Algorithm):
    """A share of the market's volume as it trades: `participation` of what has traded since the order was made.

    every: shortest time between two slices. foresee: count as traded what is expected to trade until the next slice,
    where that forecast has been better than the interval before once more; the order then does not trail the market.
    With `random_times` the order looks at the market once in each such stretch, at a time drawn by the seed; it needs
    an end then. Sizes follow the market, so that `size_jitter` has no meaning here.
    """

    name: ClassVar[str] = "pov"
    number: ClassVar[int] = 3
    participation: float = 0.1
    every: timedelta = timedelta(seconds=10)
    foresee: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_participation(self.participation)
        if self.size_jitter:
            raise problem("RUN_CONFIG", "size_jitter: the sizes of a share of volume follow the market")

    def plan(self, now: Situation) -> Plan:
        """A share, and the times at which the market is looked at if they are random."""
        every_ns = _span_ns("every", self.every)
        share_bps = round(self.participation * _BPS)
        ahead = now.foretold(every_ns) if self.foresee else None
        ahead_lots = int(ahead.volume) if ahead is not None and ahead.volume_is_better else 0
        told: dict[str, Any] = {"every_ns": every_ns, "share_bps": share_bps, "size_lots": ahead_lots}
        if not self.random_times:
            return Plan(1, **told)
        until_ns = _until(now, self.name)
        count = max(1, (until_ns - now.start_ns) // every_ns)
        _check_count("looks at the market", count)
        looks = moments(now.start_ns, until_ns, count, seed=self.seed)
        return Plan(count, tuple((due, 0) for due in looks), **told)


@dataclass(frozen=True, kw_only=True)
class ImplementationShortfall(Algorithm):
    """The schedule of Almgren & Chriss: fast where waiting is risky, slow where haste is dear.

    slices: intervals. risk_aversion: per unit of the instrument's currency; 0 is the straight line. market: what
    trading does to the price; None = by the paper's rules of thumb from the price, the spread (of the book, or
    `spread_bps`), the daily volume and the volatility of the instrument. days: trading days that the order's life is;
    None = as long as it is on the clock.
    """

    name: ClassVar[str] = "is"
    number: ClassVar[int] = 4
    slices: int = 10
    risk_aversion: float = 1e-6
    market: LinearImpact | None = None
    spread_bps: float | None = None
    days: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_count("slices", self.slices)

    def plan(self, now: Situation) -> Plan:
        """Lots of the exact trajectory of the discrete problem."""
        until_ns = _until(now, self.name)
        days = (until_ns - now.start_ns) / DAY_NS if self.days is None else self.days
        found = almgren_chriss(
            now.lots * now.lot,
            days=days,
            intervals=self.slices,
            market=self.market or self._observed(now),
            risk_aversion=self.risk_aversion,
        )
        return self._scheduled(now, found.lots(now.lots), risk_aversion=self.risk_aversion)

    def _observed(self, now: Situation) -> LinearImpact:
        spread = now.spread if self.spread_bps is None else now.price * self.spread_bps / _BPS
        for name, value, hint in (
            ("price", now.price, "wait for the first one"),
            ("spread", spread, "say spread_bps="),
            ("daily volume", now.adv, "say adv= of the Instrument, or market="),
            ("volatility", now.volatility, "say sigma= of the Instrument, or market="),
        ):
            if not value > 0:
                raise problem("RUN_NO_DATA", f"the {name} is not known; {hint}")
        annual = now.volatility * math.sqrt(TRADING_DAYS)
        return LinearImpact.of_observables(price=now.price, spread=spread, adv=now.adv, volatility=annual)


@dataclass(frozen=True, kw_only=True)
class Iceberg(Algorithm):
    """One visible slice at the order's limit at a time; the next is sent when it is filled.

    display: units that are shown. With `size_jitter` slices differ by a seed, so that refills cannot be told by size.
    """

    name: ClassVar[str] = "iceberg"
    number: ClassVar[int] = 5
    display: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not _is_number(self.display) or not self.display > 0:
            raise problem("RUN_NUMBER", f"display={self.display!r}; units that are shown, above zero")
        if self.random_times:
            raise problem("RUN_CONFIG", "random_times: an iceberg refills when it is filled")

    def plan(self, now: Situation) -> Plan:
        """Slices of what is shown, which sum to the order."""
        _demand_limit(now, self.name)
        shown = max(1, round(self.display / now.lot))
        _check_count("slices", -(-now.lots // shown))
        sizes = [shown] * (now.lots // shown) + [now.lots % shown] * (now.lots % shown > 0)
        sizes = disguised(sizes, seed=self.seed, by=self.size_jitter) if self.size_jitter else sizes
        done = [now.done + lots for lots in accumulate(size for size in sizes if size)]
        return Plan(len(done), tuple((0, lots) for lots in done), size_lots=shown)


@dataclass(frozen=True, kw_only=True)
class Sniper(Algorithm):
    """Hides, and takes what the other side offers at the order's limit or better once it is enough; over books only.

    min_size: smallest number of units, over the levels within the limit, that is worth showing oneself for. every:
    shortest time between two takes.
    """

    name: ClassVar[str] = "sniper"
    number: ClassVar[int] = 6
    min_size: float = 0.0
    every: timedelta = timedelta(seconds=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not _is_number(self.min_size) or not self.min_size >= 0:
            raise problem("RUN_NUMBER", f"min_size={self.min_size!r}; units, zero or more")
        if self.random_times or self.size_jitter:
            raise problem("RUN_CONFIG", "a sniper's times and sizes are the market's; neither is random")

    def plan(self, now: Situation) -> Plan:
        """What is enough, and how often."""
        _demand_limit(now, self.name)
        if not now.over_books:
            raise problem("RUN_CONFIG", "sniper: bars show no size to take; run it over books")
        return Plan(1, size_lots=math.ceil(self.min_size / now.lot), every_ns=_span_ns("every", self.every))


@dataclass(frozen=True, kw_only=True)
class Close(Algorithm):
    """Equal slices in the last stretch before `until`, which is the close; and a share in the closing auction.

    stretch: how long it is. slices: how many. auction: the share of the order that goes to the closing auction, MOC or
    with a limit LOC, in one order; it leaves `lead` before `until`, and the stretch ends there. participation: that
    order is at most such a share of what has traded since the parent order was made. What the auction does not get,
    because that would be too much of the market, or the venue has none or refuses, trades in as many equal parts until
    the end.
    """

    name: ClassVar[str] = "close"
    number: ClassVar[int] = 7
    stretch: timedelta = timedelta(minutes=10)
    slices: int = 5
    auction: float = 0.0
    lead: timedelta = timedelta(minutes=10)
    participation: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_count("slices", self.slices)
        if not _is_number(self.auction) or not 0 <= self.auction <= 1:
            raise problem("RUN_NUMBER", f"auction={self.auction!r}; a share of the order from 0 to 1")
        if self.participation is None:
            return
        if not self.auction:
            raise problem("RUN_CONFIG", "participation: of `close` it limits what its auction gets; say auction=, too")
        _check_participation(self.participation)

    def plan(self, now: Situation) -> Plan:
        """Nothing before the last stretch; all of it, where that has begun."""
        until_ns = _until(now, self.name)
        if not self.auction:
            return self._scheduled(self._late(now, until_ns), slices(now.lots, [1.0] * self.slices))
        leaves_ns = max(now.start_ns, until_ns - _span_ns("lead", self.lead))
        before = now.lots - round(now.lots * self.auction) if leaves_ns > now.start_ns else 0
        steps: tuple[tuple[int, int], ...] = ()
        if before:
            late = self._late(replace(now, lots=before), leaves_ns)
            steps = self._scheduled(late, slices(before, [1.0] * self.slices)).steps
        share_bps = round((self.participation or 0) * _BPS)
        return Plan(self.slices, (*steps, (leaves_ns, now.done + now.lots)), share_bps=share_bps, auction=True)

    def _late(self, now: Situation, until_ns: int) -> Situation:
        begin_ns = max(now.start_ns, until_ns - _span_ns("stretch", self.stretch))
        return replace(now, start_ns=begin_ns, until_ns=until_ns)


ALGORITHMS: dict[str, type[Algorithm]] = {
    kind.name: kind for kind in (Twap, Vwap, Pov, ImplementationShortfall, Iceberg, Sniper, Close)
}
"""Every algorithm by its name."""


def algorithm(name: str | Algorithm, **settings: Any) -> Algorithm:
    """An algorithm by name and settings; RUN_CONFIG, with a suggestion, for names that are none.

    >>> algorithm("pov", participation=0.2).participation
    0.2
    """
    if isinstance(name, Algorithm):
        if settings:
            raise problem(
                "RUN_CONFIG", f"{next(iter(settings))}=: the settings of {name.name} are in its object already"
            )
        return name
    kind = ALGORITHMS.get(str(name))
    if kind is None:
        hint = did_you_mean(str(name), ALGORITHMS)
        raise problem("RUN_CONFIG", f"algorithm={name!r}{hint}; it is one of {', '.join(ALGORITHMS)}")
    known = list(kind.__dataclass_fields__)
    for setting in settings:
        if setting not in known:
            raise problem("RUN_CONFIG", f"{name} has no setting {setting!r}{did_you_mean(setting, known)}")
    return kind(**settings)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A parent order as it stands in the log: what its algorithm was told, and the plan as it is now.

    steps: (due, its own lots). lot: units per lot. until_ns: its end, None = none.
    """

    number: int
    slices: int
    until_ns: int | None
    steps: Sequence[tuple[int, int]]
    lot: float
    seed: int
    every_ns: int
    size_lots: int
    risk_aversion: float
    share_bps: int
    size_bps: int
    random_times: bool
    curve: int
    passive: bool
    auction: bool

    def algorithm(self) -> Algorithm:
        """The algorithm again. Of `vwap` the volumes are the plan's, of `is` the market is observed anew."""
        every = timedelta(microseconds=max(1, self.every_ns // 1_000))
        sizes = tuple(float(lots) for _, lots in self.steps)
        first_ns = self.steps[0][0] if self.steps else 0
        stretch = timedelta(microseconds=max(1, ((self.until_ns or 0) - first_ns) // 1_000))
        own: dict[int, dict[str, Any]] = {
            Twap.number: {"slices": self.slices},
            Vwap.number: {"slices": len(sizes), "volumes": sizes if any(sizes) else None},
            Pov.number: {"participation": self.share_bps / _BPS, "every": every, "foresee": self.size_lots > 0},
            ImplementationShortfall.number: {"slices": self.slices, "risk_aversion": self.risk_aversion},
            Iceberg.number: {"display": self.size_lots * self.lot},
            Sniper.number: {"min_size": self.size_lots * self.lot, "every": every},
            Close.number: self._of_close() if self.auction else {"slices": self.slices, "stretch": stretch},
        }
        kind = next(kind for kind in ALGORITHMS.values() if kind.number == self.number)
        told: dict[str, Any] = {"size_jitter": self.size_bps / _BPS, "random_times": self.random_times}
        return kind(**told, seed=self.seed, passive=self.passive, **own[self.number])

    def _of_close(self) -> dict[str, Any]:
        """What `close` was told of an auction, from the plan: its last step is that."""
        leaves_ns, lots = self.steps[-1]
        told: dict[str, Any] = {"slices": self.slices, "auction": lots / max(1, sum(own for _, own in self.steps))}
        stretch_ns, lead_ns = leaves_ns - self.steps[0][0], (self.until_ns or 0) - leaves_ns
        for name, span_ns in (("stretch", stretch_ns), ("lead", lead_ns)):
            told[name] = timedelta(microseconds=max(1, span_ns // 1_000))
        return {**told, "participation": self.share_bps / _BPS or None}


def _until(now: Situation, name: str) -> int:
    if now.until_ns is None:
        raise problem("RUN_CONFIG", f"{name}: say until=, when the order ends")
    if now.until_ns <= now.start_ns:
        raise problem("RUN_CONFIG", f"{name}: it ends at {now.until_ns}, not after it begins at {now.start_ns}")
    return now.until_ns


def _demand_limit(now: Situation, name: str) -> None:
    if not now.limit:
        raise problem("RUN_CONFIG", f"{name}: say limit=, the worst price")


def _check_count(what: str, count: Any) -> None:
    if type(count) is not int or not 1 <= count <= STEPS_MAX:
        raise problem("RUN_NUMBER", f"{what}: {count!r}; a whole number from 1 to {STEPS_MAX:,}")


def _check_participation(share: Any) -> None:
    if not _is_number(share) or not 0 < share <= 1:
        raise problem("RUN_NUMBER", f"participation={share!r}; a share above 0, up to 1")
    if round(share * _BPS) < 1:
        raise problem("RUN_NUMBER", f"participation={share!r}; at least a basis point")


def _span_ns(name: str, span: Any) -> int:
    if not isinstance(span, timedelta) or span <= timedelta(0):
        raise problem("RUN_CONFIG", f"{name}={span!r}; use a timedelta above zero")
    return ns_of(span)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
