"""Optimal execution after Almgren & Chriss (2000): how fast to trade when waiting is risky and haste moves the price.

Promises: the exact solution of the discrete problem, not its limit for short intervals; holdings end at zero; lots cut
from a trajectory sum to the parent order. Never: a clock, a price feed, an order.
Source: Almgren & Chriss, Optimal execution of portfolio transactions, Journal of Risk 3(2), 2000.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from hedgerow.core.errors import problem

TRADING_DAYS = 250
"""Trading days of a year, as the paper counts them."""
_INTERVALS_MAX = 100_000


@dataclass(frozen=True, kw_only=True)
class LinearImpact:
    """What trading does to the price, in the paper's linear form; all in the instrument's currency and days.

    sigma: standard deviation of the price over one day, per square root of a day. eta: temporary impact, price per
    (share a day). gamma: permanent impact, price per share. epsilon: fixed cost of a share, half of the spread and
    fees. alpha: drift of the price a day, 0 where nothing is forecast. Raises RUN_NUMBER for a number that is not
    finite, a negative cost, or a `sigma` or `eta` of zero.

    >>> LinearImpact.of_observables(price=50, spread=0.125, adv=5e6, volatility=0.30).eta
    2.5e-06
    """

    sigma: float
    eta: float
    gamma: float = 0.0
    epsilon: float = 0.0
    alpha: float = 0.0

    def __post_init__(self) -> None:
        for name in ("sigma", "eta", "gamma", "epsilon", "alpha"):
            value = getattr(self, name)
            if not math.isfinite(value) or (value < 0 and name != "alpha"):
                raise problem("RUN_NUMBER", f"{name} is {value!r}; it is finite and not negative")
        if self.sigma == 0 or self.eta == 0:
            raise problem("RUN_NUMBER", f"sigma {self.sigma!r}, eta {self.eta!r}; both are positive")

    @classmethod
    def of_observables(
        cls, *, price: float, spread: float, adv: float, volatility: float, growth: float = 0.0
    ) -> LinearImpact:
        """The paper's rules of thumb (section 3.4): a tenth of a day's volume moves the price by the spread for good,
        and each hundredth traded within a day costs one spread.

        price, spread: currency. adv: shares a day. volatility, growth: annual, as fractions.
        """
        for name, value in (("price", price), ("spread", spread), ("adv", adv), ("volatility", volatility)):
            if not math.isfinite(value) or value <= 0:
                raise problem("RUN_NUMBER", f"{name} is {value!r}; it is finite and positive")
        return cls(
            sigma=volatility * price / math.sqrt(TRADING_DAYS),
            eta=spread / (0.01 * adv),
            gamma=spread / (0.1 * adv),
            epsilon=spread / 2,
            alpha=growth * price / TRADING_DAYS,
        )


@dataclass(frozen=True)
class Trajectory:
    """A way to trade `shares` (positive sells a long position down; a purchase is the same with the cost's sign kept).

    holdings: shares left after each interval, the first all of them, the last none. days: length of an interval.
    """

    market: LinearImpact
    holdings: NDArray[np.float64]
    days: float
    risk_aversion: float
    kappa: float
    """Urgency, per day: 1 / kappa is the time in which the holdings fall to 1/e; 0 for a straight line."""

    @cached_property
    def trades(self) -> NDArray[np.float64]:
        """Shares of each interval."""
        return -np.diff(self.holdings)

    @cached_property
    def expected_cost(self) -> float:
        """Expected shortfall against the price at the start, currency (eq. 20's sum form, with drift)."""
        market, shares = self.market, self.holdings[0]
        temporary = (market.eta - market.gamma * self.days / 2) / self.days * float(self.trades @ self.trades)
        fixed = market.epsilon * float(np.abs(self.trades).sum())
        drift = market.alpha * self.days * float(self.holdings[1:].sum())
        return float(market.gamma * shares**2 / 2 + fixed + temporary - drift)

    @cached_property
    def variance(self) -> float:
        """Variance of the shortfall, currency squared."""
        left = self.holdings[1:]
        return float(self.market.sigma**2 * self.days * (left @ left))

    @property
    def deviation(self) -> float:
        """Standard deviation of the shortfall, currency."""
        return math.sqrt(self.variance)

    def value_at_risk(self, confidence: float = 0.95) -> float:
        """Shortfall that is not exceeded with this probability (section 3.2), currency."""
        if not 0 < confidence < 1:
            raise problem("RUN_NUMBER", f"confidence {confidence!r}; it lies between 0 and 1")
        return self.expected_cost + NormalDist().inv_cdf(confidence) * self.deviation

    def lots(self, parent_lots: int) -> list[int]:
        """Lots of each interval for a parent order of so many: cut from the cumulative targets, so they sum to it.

        Where a drift asks to buy on the way to selling, or the reverse, the interval gets none.
        """
        if parent_lots < 0:
            raise problem("RUN_NUMBER", f"a parent order of {parent_lots} lots; it is zero or positive")
        done = np.maximum.accumulate(1.0 - self.holdings / self.holdings[0])
        due = [min(parent_lots, round(parent_lots * share)) for share in done.tolist()]
        due[-1] = parent_lots
        return [after - before for before, after in pairwise(due)]


def almgren_chriss(
    shares: float, *, days: float, intervals: int, market: LinearImpact, risk_aversion: float
) -> Trajectory:
    """The trajectory that minimises expected cost plus `risk_aversion` times variance.

    shares: to trade, positive. days: the horizon. intervals: equal steps of it. risk_aversion: `lambda`, per currency;
    0 gives the straight line, and with a drift no optimum exists then. Raises RUN_NUMBER for numbers that cannot be
    meant, or permanent impact so large that an interval's own trade would pay for itself
    (`eta <= gamma * interval / 2`). Source: eqs. 17, 18 and 24, with `kappa` from
    `2 (cosh(kappa tau) - 1) / tau^2 = lambda sigma^2 / (eta - gamma tau / 2)`.

    >>> market = LinearImpact(sigma=0.95, eta=2.5e-6, gamma=2.5e-7, epsilon=0.0625)
    >>> plan = almgren_chriss(1e6, days=5, intervals=5, market=market, risk_aversion=1e-6)
    >>> plan.trades.round().tolist(), round(plan.kappa, 4)
    ([458044.0, 252101.0, 141957.0, 85756.0, 62142.0], 0.6071)
    """
    for name, value in (("shares", shares), ("days", days)):
        if not math.isfinite(value) or value <= 0:
            raise problem("RUN_NUMBER", f"{name} is {value!r}; it is finite and positive")
    if not math.isfinite(risk_aversion) or risk_aversion < 0:
        raise problem("RUN_NUMBER", f"risk_aversion is {risk_aversion!r}; it is zero or positive")
    if not 1 <= intervals <= _INTERVALS_MAX:
        raise problem("RUN_NUMBER", f"{intervals} intervals; from 1 to {_INTERVALS_MAX:,}")
    step = days / intervals
    eta = market.eta - market.gamma * step / 2
    if eta <= 0:
        raise problem("RUN_NUMBER", f"eta {market.eta:g} is at most gamma * interval / 2 = {market.gamma * step / 2:g}")
    if risk_aversion == 0 and market.alpha != 0:
        raise problem("RUN_NUMBER", "a drift and no risk aversion: holding for ever would be best; give risk_aversion")
    elapsed = np.arange(intervals + 1) / intervals
    pull = risk_aversion * market.sigma**2 / eta
    kappa = 2 / step * math.asinh(math.sqrt(pull) * step / 2)  # cosh(x) - 1 is 2 sinh(x / 2)^2, without the loss
    span = kappa * days
    if not math.isfinite(span):
        raise problem("RUN_NUMBER", f"risk_aversion {risk_aversion:g} makes an urgency beyond any number")
    left = _sinh_ratio(span * (1 - elapsed), span) if span > 0 else 1 - elapsed
    holdings = shares * left
    if market.alpha != 0:
        holdings = holdings + market.alpha / (2 * eta) * _hump(elapsed, days, pull, span)
    holdings[0], holdings[-1] = shares, 0.0
    return Trajectory(market, holdings, step, risk_aversion, kappa)


def efficient_frontier(
    shares: float, *, days: float, intervals: int, market: LinearImpact, risk_aversions: Iterable[float]
) -> list[Trajectory]:
    """The trajectory of each risk aversion: the cheapest for its risk (section 3.1)."""
    return [
        almgren_chriss(shares, days=days, intervals=intervals, market=market, risk_aversion=aversion)
        for aversion in risk_aversions
    ]


def _hump(elapsed: NDArray[np.float64], days: float, pull: float, span: float) -> NDArray[np.float64]:
    """`(1 - (sinh(span (1 - t)) + sinh(span t)) / sinh(span)) / pull` as products, which lose nothing near 0."""
    if span < 1e-9:  # the limit, to the last digit
        return days**2 / 2 * elapsed * (1 - elapsed)
    risen: NDArray[np.float64] = np.expm1(-span * (1 - elapsed)) * np.expm1(-span * elapsed) / (1 + math.exp(-span))
    return risen / pull


def _sinh_ratio(upper: NDArray[np.float64], lower: float) -> NDArray[np.float64]:
    """`sinh(upper) / sinh(lower)` for `0 <= upper <= lower`, without overflow."""
    grown: NDArray[np.float64] = np.exp(upper - lower) * np.expm1(-2 * upper) / math.expm1(-2 * lower)
    return grown
