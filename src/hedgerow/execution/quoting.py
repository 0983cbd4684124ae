"""Where a market maker quotes: Avellaneda & Stoikov (2008) and Gueant, Lehalle & Fernandez-Tapia (2013).

Promises: formulas as printed, distances measured from the mid, inventory in the unit that one fill has; prices become
ticks only by `in_ticks`, away from the mid, so that a quote is never better than was meant. Never: an order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hedgerow.core.errors import problem

INVENTORY_MAX = 5_000
"""Most units of inventory that the exact solution is computed for."""


@dataclass(frozen=True)
class Quotes:
    """A bid and an ask around a centre; prices as floats. `nan` where a side is not quoted."""

    bid: float
    ask: float
    centre: float

    @property
    def spread(self) -> float:
        """Ask less bid."""
        return self.ask - self.bid

    def in_ticks(self, tick: float) -> tuple[int | None, int | None]:
        """Bid and ask in whole ticks, the bid rounded down and the ask up; `None` for a side that is not quoted.

        Raises RUN_NUMBER for a tick that is not positive.

        >>> Quotes(99.994, 100.021, 100.0).in_ticks(0.01)
        (9999, 10003)
        """
        if not math.isfinite(tick) or tick <= 0:
            raise problem("RUN_NUMBER", f"a tick of {tick!r}; it is positive")
        # A price on a tick stays there although its float may lie a hair off.
        bid = None if math.isnan(self.bid) else math.floor(self.bid / tick + 1e-9)
        ask = None if math.isnan(self.ask) else math.ceil(self.ask / tick - 1e-9)
        return bid, ask


@dataclass(frozen=True, kw_only=True)
class AvellanedaStoikov:
    """Quotes of a maker who ends at a known time and dislikes the risk of what is then held.

    gamma: risk aversion, per currency. sigma: standard deviation of the mid, currency per square root of time. k: decay
    of the arrival rate `A exp(-k distance)`, per currency. Times are in the unit that `sigma` is in. Raises RUN_NUMBER
    for a number that is not finite and positive.
    Source: Avellaneda & Stoikov, Quantitative Finance 8(3), 2008, eqs. 29 and 30; a first-order expansion in inventory.

    >>> maker = AvellanedaStoikov(gamma=0.1, sigma=2.0, k=1.5)
    >>> maker.reservation_price(100.0, inventory=5, time_left=1.0)
    98.0
    """

    gamma: float
    sigma: float
    k: float

    def __post_init__(self) -> None:
        _positive(gamma=self.gamma, sigma=self.sigma, k=self.k)

    def reservation_price(self, mid: float, *, inventory: float, time_left: float) -> float:
        """The price at which the maker is indifferent: below the mid for who is long."""
        return mid - inventory * self.gamma * self.sigma**2 * _left(time_left)

    def spread(self, time_left: float) -> float:
        """Ask less bid; it does not depend on the inventory."""
        constant = 2 / self.gamma * math.log1p(self.gamma / self.k)
        return self.gamma * self.sigma**2 * _left(time_left) + constant

    def quotes(self, mid: float, *, inventory: float, time_left: float, lean: float = 0.0) -> Quotes:
        """Bid and ask. lean: how far a forecast (say, from order-flow imbalance) moves the centre, currency."""
        centre = self.reservation_price(mid, inventory=inventory, time_left=time_left) + lean
        half = self.spread(time_left) / 2
        return Quotes(centre - half, centre + half, centre)


@dataclass(frozen=True, kw_only=True)
class GueantLehalleTapia:
    """Quotes of a maker without an end: the stationary solution of the same model, exact or in closed form.

    gamma, sigma, k: as in `AvellanedaStoikov`. intensity: `A`, orders per unit of time that arrive at the mid.
    inventory_max: units beyond which a side is not quoted. Raises RUN_NUMBER for numbers that cannot be meant.
    Source: Gueant, Lehalle & Fernandez-Tapia, Mathematics and Financial Economics 7, 2013, sections 3 and 4.

    >>> maker = GueantLehalleTapia(gamma=0.1, sigma=2.0, k=1.5, intensity=140.0)
    >>> round(maker.closed_form(100.0, inventory=0).ask - 100, 4), round(maker.quotes(100.0, inventory=0).ask - 100, 4)
    (0.6712, 0.6716)
    """

    gamma: float
    sigma: float
    k: float
    intensity: float
    inventory_max: int = 50

    def __post_init__(self) -> None:
        _positive(gamma=self.gamma, sigma=self.sigma, k=self.k, intensity=self.intensity)
        if not 1 <= self.inventory_max <= INVENTORY_MAX:
            raise problem("RUN_NUMBER", f"inventory_max {self.inventory_max}; from 1 to {INVENTORY_MAX:,}")

    @property
    def _constant(self) -> float:
        return math.log1p(self.gamma / self.k) / self.gamma

    def closed_form(self, mid: float, *, inventory: float, lean: float = 0.0) -> Quotes:
        """Bid and ask by the closed-form approximation, good where `inventory` is far from its limit."""
        power = math.exp((1 + self.k / self.gamma) * math.log1p(self.gamma / self.k))
        slope = math.sqrt(self.sigma**2 * self.gamma / (2 * self.k * self.intensity) * power)
        below = self._constant + (2 * inventory + 1) / 2 * slope
        above = self._constant - (2 * inventory - 1) / 2 * slope
        return Quotes(mid + lean - below, mid + lean + above, mid + lean + (above - below) / 2)

    def quotes(self, mid: float, *, inventory: int, lean: float = 0.0) -> Quotes:
        """Bid and ask of the model's true optimum; `nan` on the side that would pass `inventory_max`.

        Raises RUN_NUMBER for an inventory beyond it.
        """
        most = self.inventory_max
        if not -most <= inventory <= most:
            raise problem("RUN_NUMBER", f"inventory {inventory}, at most {most} either way; raise inventory_max")
        at, logs = inventory + most, self._ground_state
        below = math.nan if inventory == most else self._constant + float(logs[at] - logs[at + 1]) / self.k
        above = math.nan if inventory == -most else self._constant + float(logs[at] - logs[at - 1]) / self.k
        centre = mid + lean + (above - below) / 2
        return Quotes(mid + lean - below, mid + lean + above, centre)

    @cached_property
    def _ground_state(self) -> NDArray[np.float64]:
        """Logarithms of the ground state of the model's tridiagonal matrix, by inventory from `-inventory_max` on.

        Far from zero it is smaller than what an eigenvector holds beside rounding, so that it is made of the ratios of
        neighbours, from the limits inwards, which loses nothing.
        """
        from scipy.linalg import eigvalsh_tridiagonal

        held = np.arange(-self.inventory_max, self.inventory_max + 1, dtype=np.float64)
        risk = self.k / 2 * self.gamma * self.sigma**2
        reach = self.intensity * math.exp(-(1 + self.k / self.gamma) * math.log1p(self.gamma / self.k))
        beside = np.full(held.size - 1, -reach)
        least = float(eigvalsh_tridiagonal(risk * held**2, beside, select="i", select_range=(0, 0))[0])
        ratios, ratio = np.empty(self.inventory_max), 0.0
        for units in range(self.inventory_max, 0, -1):
            ratio = reach / (risk * units**2 - least - reach * ratio)
            ratios[units - 1] = ratio
        logs: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
        return np.concatenate([logs[:0:-1], logs])


def _positive(**numbers: float) -> None:
    for name, value in numbers.items():
        if not math.isfinite(value) or value <= 0:
            raise problem("RUN_NUMBER", f"{name} is {value!r}; it is finite and positive")


def _left(time_left: float) -> float:
    if not math.isfinite(time_left) or time_left < 0:
        raise problem("RUN_NUMBER", f"time_left is {time_left!r}; it is zero or positive")
    return time_left
