"""Transaction cost analysis: what execution cost, against which benchmark, and in which part.

Promises: a cost is positive for buyer and seller alike, a gain negative; the parts of a shortfall sum to the whole;
basis points are of the benchmark price. Never: a benchmark chosen after the fact; each is an argument.
Sources: Perold (1988); Wagner & Edwards (1993); Huang & Stoll (1996); 17 CFR 242.600(b), Rule 605 as amended in 2024.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from hedgerow.core.errors import did_you_mean, problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Side = Literal["buy", "sell"]
TRADING_DAYS = 252
"""Trading days of a year."""
_BPS = 1e4


def slippage_bps(side: Side, average: float, benchmark: float) -> float:
    """How much worse than a benchmark (arrival, VWAP, close ...) an average price is, basis points of the benchmark.

    >>> round(slippage_bps("buy", 10.019, 10.0), 9), round(slippage_bps("sell", 9.98, 10.0), 9)
    (19.0, 20.0)
    """
    return _sign(side) * (_price("average", average) / _price("benchmark", benchmark) - 1) * _BPS


def vwap(prices: ArrayLike, volumes: ArrayLike) -> float:
    """Volume-weighted average price. Raises RUN_NUMBER where nothing traded, or lengths differ.

    >>> vwap([10.0, 10.02, 10.04], [5000, 3000, 2000])
    10.014
    """
    at, traded = np.asarray(prices, dtype=np.float64), np.asarray(volumes, dtype=np.float64)
    if at.shape != traded.shape or not at.size:
        raise problem("RUN_NUMBER", f"{at.size} prices and {traded.size} volumes; give as many of each")
    if not np.isfinite(at).all() or not np.isfinite(traded).all() or (traded < 0).any() or traded.sum() == 0:
        raise problem("RUN_NUMBER", "a price or volume is not finite, a volume is negative, or nothing traded")
    return float(at @ traded / traded.sum())


def twap(prices: ArrayLike, times: ArrayLike, end: float) -> float:
    """Time-weighted average of prices that hold from each time to the next, the last one until `end`.

    Raises RUN_NUMBER for times that do not rise, or an end that is not behind them.

    >>> twap([10.0, 11.0], [0, 3], end=4)
    10.25
    """
    at, since = np.asarray(prices, dtype=np.float64), np.asarray(times, dtype=np.float64)
    held = np.diff(np.append(since, end))
    if at.shape != since.shape or not at.size or not np.isfinite(at).all() or not (held > 0).all():
        raise problem("RUN_NUMBER", f"{at.size} prices at {since.size} times until {end!r}; times rise up to the end")
    return float(at @ held / held.sum())


def effective_spread(side: Side, price: float, mid: float) -> float:
    """Twice the distance of an execution from the mid when the order was received, in price (Rule 605).

    >>> round(effective_spread("buy", 10.012, 10.0), 9)
    0.024
    """
    return 2 * _sign(side) * (_price("price", price) - _price("mid", mid))


def realised_spread(side: Side, price: float, mid_after: float) -> float:
    """Twice the distance of an execution from the mid some time after it: what the maker kept."""
    return effective_spread(side, price, mid_after)


def price_impact(side: Side, mid: float, mid_after: float) -> float:
    """Twice the move of the mid after an execution, in its direction: effective less realised spread.

    >>> side, price, mid, after = "sell", 9.99, 10.0, 9.985
    >>> parts = realised_spread(side, price, after) + price_impact(side, mid, after)
    >>> math.isclose(parts, effective_spread(side, price, mid))
    True
    """
    return 2 * _sign(side) * (_price("mid_after", mid_after) - _price("mid", mid))


def price_improvement(side: Side, price: float, best_opposite: float) -> float:
    """How much better than the best opposite quote at receipt an execution is, in price; negative outside the quote.

    >>> round(price_improvement("buy", 10.006, 10.01), 9)
    0.004
    """
    return _sign(side) * (_price("best_opposite", best_opposite) - _price("price", price))


def markouts_bps(side: Side, price: float, mids: Mapping[str, float]) -> dict[str, float]:
    """What an execution was worth at later mids, basis points of its price; negative for a fill that was run over.

    >>> {after: round(value, 6) for after, value in markouts_bps("buy", 10.0, {"1s": 10.01, "60s": 9.985}).items()}
    {'1s': 10.0, '60s': -15.0}
    """
    sign, paid = _sign(side), _price("price", price)
    return {after: sign * (_price(f"mid after {after}", mid) / paid - 1) * _BPS for after, mid in mids.items()}


def reversion_bps(side: Side, last_price: float, mid_after: float) -> float:
    """How far the price came back after the last execution, basis points of it: temporary impact that was paid.

    >>> round(reversion_bps("buy", 10.05, 10.03), 4)
    19.9005
    """
    return -_sign(side) * (_price("mid_after", mid_after) / _price("last_price", last_price) - 1) * _BPS


def participation(filled: float, market_volume: float) -> float:
    """Share of the market's volume, own trades included, that was ours.

    Raises RUN_NUMBER if we are said to have traded more than the market.

    >>> participation(800, 8000)
    0.1
    """
    if not 0 <= filled <= market_volume or market_volume == 0:
        raise problem("RUN_NUMBER", f"{filled!r} filled of a market's {market_volume!r}; own trades are part of it")
    return filled / market_volume


def timing_risk_bps(volatility: float, days: float, *, linear: bool = True) -> float:
    """Standard deviation of the slippage while an order is worked, basis points.

    volatility: annual, as a fraction. days: trading days it takes. linear: holdings fall in a straight line
    (`sigma sqrt(T / 3)`); otherwise all is held to the end (`sigma sqrt(T)`).

    >>> round(timing_risk_bps(0.3, 0.5), 4)
    77.1517
    """
    for name, value in (("volatility", volatility), ("days", days)):
        if not math.isfinite(value) or value < 0:
            raise problem("RUN_NUMBER", f"{name} is {value!r}; it is zero or positive")
    return volatility * math.sqrt(days / TRADING_DAYS / (3 if linear else 1)) * _BPS


@dataclass(frozen=True)
class Shortfall:
    """The expanded implementation shortfall of an order, in currency: its parts and what they sum to.

    delay: the move from decision to arrival, on what was filled. trading: from arrival to the average price.
    opportunity: from decision to the end, on what was not filled. fees: as charged. paper: value of the order at the
    decision price.
    """

    delay: float
    trading: float
    opportunity: float
    fees: float
    paper: float

    @property
    def total(self) -> float:
        """Gain of the paper portfolio less gain of the real one."""
        return self.delay + self.trading + self.opportunity + self.fees

    @property
    def bps(self) -> float:
        """Basis points of the paper portfolio."""
        return self.total / self.paper * _BPS


def shortfall(
    side: Side,
    *,
    ordered: float,
    filled: float,
    decision: float,
    arrival: float,
    average: float,
    end: float,
    fees: float = 0.0,
) -> Shortfall:
    """The expanded implementation shortfall (Wagner & Edwards 1993).

    ordered, filled: units. decision, arrival, average, end: prices when it was decided, when the order was in the
    market, of the executions, and when it ended or was given up. fees: currency. Raises RUN_NUMBER for more filled
    than ordered or a price that is not positive; `average` may be NaN where nothing was filled.

    >>> paid = shortfall("buy", ordered=1000, filled=800, decision=10, arrival=10.02, average=10.05, end=10.1, fees=12)
    >>> [round(part, 9) for part in (paid.delay, paid.trading, paid.opportunity, paid.fees, paid.total)]
    [16.0, 24.0, 20.0, 12, 72.0]
    """
    if not math.isfinite(ordered) or ordered <= 0 or not 0 <= filled <= ordered:
        raise problem("RUN_NUMBER", f"{filled!r} filled of {ordered!r} ordered")
    sign, first, entry, last = _sign(side), _price("decision", decision), _price("arrival", arrival), _price("end", end)
    paid = _price("average", average) if filled else entry
    return Shortfall(
        delay=sign * filled * (entry - first),
        trading=sign * filled * (paid - entry),
        opportunity=sign * (ordered - filled) * (last - first),
        fees=fees,
        paper=ordered * first,
    )


def _sign(side: str) -> int:
    if side not in get_args(Side):
        raise problem("RUN_NUMBER", f"side {side!r}; it is buy or sell{did_you_mean(side, get_args(Side))}")
    return 1 if side == "buy" else -1


def _price(name: str, value: float) -> float:
    if not math.isfinite(value) or value <= 0:
        raise problem("RUN_NUMBER", f"{name} is {value!r}; a price is finite and positive")
    return value
