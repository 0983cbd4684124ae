"""What a market maker must know of a market, learnt as it goes: volatility, arrivals of trades, order-flow imbalance.

Promises: prices in ticks and times in nanoseconds, so that one setting serves every instrument; each figure forgets its
past at one stated pace and needs constant memory; equal events give equal figures. Never: a figure from before there
was enough to rest it on: `ready` says.
"""

from __future__ import annotations

import math

from hedgerow.core.errors import problem

SAMPLE_NS = 10**9
"""Mids are compared a second apart at least: nearer, the flicker of the best prices would count as risk."""
SAMPLES_MIN = 10
"""Fewest of these that risk is judged by."""
SIGMA_MIN = 0.01
"""Least risk that is believed, ticks per square root of a second: a price that stood still is not one that will."""
TRADES_MIN = 30
"""Fewest trades that arrivals are judged by."""
REACH_MIN = 0.25
"""Least mean distance from the mid that trades are taken to have, ticks."""


class Fading:
    """A sum whose past fades: what came `memory_s` seconds ago counts for 1/e of what comes now.

    >>> events = Fading(10.0)
    >>> for second in range(1000):
    ...     events.add(second * 10**9, 1.0)
    >>> round(events.rate(999 * 10**9), 2)
    1.05
    """

    def __init__(self, memory_s: float) -> None:
        self._memory_ns, self._total = memory_s * 1e9, 0.0
        self._ts = self._since = 0

    def add(self, ts: int, amount: float) -> None:
        """So much more at a time."""
        if not self._since:
            self._since = self._ts = ts
        self._total = self.total(ts) + amount
        self._ts = max(ts, self._ts)

    def total(self, ts: int) -> float:
        """What is left of it at a time."""
        return self._total * math.exp(-max(ts - self._ts, 0) / self._memory_ns)

    def rate(self, ts: int) -> float:
        """Per second; 0 before any time has passed."""
        span_s = -math.expm1(-max(ts - self._since, 0) / self._memory_ns) * self._memory_ns / 1e9
        return self.total(ts) / span_s if self._since and span_s > 0 else 0.0


class MakerEstimates:
    """The figures of one instrument; `memory_s` is how many seconds it takes to forget all but 1/e.

    Raises RUN_NUMBER for a memory that is not finite and positive.
    Sources: arrivals `A exp(-k distance)` as in Avellaneda & Stoikov (2008), by their maximum-likelihood estimates
    (`1/k` is the mean distance from the mid at which trades print); order-flow imbalance after Cont, Kukanov & Stoikov
    (2014).

    >>> seen = MakerEstimates(60.0)
    >>> seen.quote(10**9, 99, 101, 5.0, 5.0)
    >>> seen.mid, seen.ready
    (100.0, False)
    """

    def __init__(self, memory_s: float) -> None:
        if not math.isfinite(memory_s) or memory_s <= 0:
            raise problem("RUN_NUMBER", f"memory {memory_s!r} s; it is finite and positive")
        self._moves, self._trades, self._reach, self._flow, self._flow_size = (Fading(memory_s) for _ in range(5))
        self._top: tuple[int, int, float, float] | None = None
        self._sampled: tuple[int, float] | None = None
        self._ts = self._count = self._samples = 0

    @property
    def mid(self) -> float:
        """Half-way between the best prices, ticks; NaN before there were two."""
        return math.nan if self._top is None else (self._top[0] + self._top[1]) / 2

    @property
    def sigma(self) -> float:
        """Standard deviation of the mid, ticks per square root of a second."""
        return max(math.sqrt(self._moves.rate(self._ts)), SIGMA_MIN)

    @property
    def intensity(self) -> float:
        """Trades a second that reach one side of the mid."""
        return self._trades.rate(self._ts) / 2

    @property
    def k(self) -> float:
        """How fast arrivals fall with the distance from the mid, per tick."""
        trades = self._trades.total(self._ts)
        return 1 / max(self._reach.total(self._ts) / trades, REACH_MIN) if trades > 0 else math.nan

    @property
    def imbalance(self) -> float:
        """Order-flow imbalance as a share of all flow at the best prices, from -1 (selling) to 1."""
        size = self._flow_size.total(self._ts)
        return self._flow.total(self._ts) / size if size > 0 else 0.0

    @property
    def ready(self) -> bool:
        """Whether enough was seen to quote by."""
        return self._top is not None and self._count >= TRADES_MIN and self._samples >= SAMPLES_MIN

    def quote(self, ts: int, bid_ticks: int, ask_ticks: int, bid_size: float, ask_size: float) -> None:
        """The best prices and their sizes changed."""
        self._ts = max(ts, self._ts)
        if self._top is not None:
            was_bid, was_ask, was_bid_size, was_ask_size = self._top
            bought = bid_size * (bid_ticks >= was_bid) - was_bid_size * (bid_ticks <= was_bid)
            sold = ask_size * (ask_ticks <= was_ask) - was_ask_size * (ask_ticks >= was_ask)
            self._flow.add(ts, bought - sold)
            self._flow_size.add(ts, abs(bought) + abs(sold))
        self._top = bid_ticks, ask_ticks, bid_size, ask_size
        if self._sampled is None:
            self._sampled = ts, self.mid
        elif ts - self._sampled[0] >= SAMPLE_NS:
            self._moves.add(ts, (self.mid - self._sampled[1]) ** 2)
            self._samples += 1
            self._sampled = ts, self.mid

    def trade(self, ts: int, price_ticks: float) -> None:
        """Others traded at a price."""
        if self._top is None:
            return
        self._ts = max(ts, self._ts)
        self._count += 1
        self._trades.add(ts, 1.0)
        self._reach.add(ts, abs(price_ticks - self.mid))
