"""What a trade is expected to cost, by the formula of `Costs.expected_cost` and of the simulated venue: half-spread,
fees, square-root impact.

Promises: the optimiser and the simulator price a trade alike: a share of `Y * sigma * sqrt(traded / ADV)` on top of
the half-spread and the fees; where ADV is unknown the trade counts as the whole day's volume, as it does there. Never
knows the smallest fee of an order: it is not convex, and matters only to orders that are too small to send. Source:
square-root law, Toth et al. (2011), Almgren et al. (2005); as a 3/2-power cone, Boyd et al., Multi-Period Trading via
Convex Optimization (2017), section 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hedgerow.core.costs import Costs

    FloatArray = NDArray[np.float64]

BPS = 1e-4


@dataclass(frozen=True, kw_only=True)
class TradingConditions:
    """What the market bears on the day of a decision; arrays have one entry per instrument (N).

    nav_value: net asset value in base currency. adv_value: average daily value traded, base currency, NaN if unknown.
    volatility_day: standard deviation of one day's return. price: of one unit in base currency, for fees per share.
    """

    nav_value: float
    adv_value: FloatArray
    volatility_day: FloatArray
    price: FloatArray

    def __post_init__(self) -> None:
        if not (np.isfinite(self.nav_value) and self.nav_value > 0):
            raise problem("OPT_BAD_INPUT", f"nav_value {self.nav_value}; it is positive")
        shape = np.shape(self.price)
        for name in ("adv_value", "volatility_day", "price"):
            values = np.asarray(getattr(self, name))
            if values.ndim != 1 or values.shape != shape:
                raise problem("OPT_BAD_INPUT", f"{name} {values.shape}, price {shape}; one number per instrument")
            wrong = np.isinf(values) | (values < 0) | (np.isnan(values) & (name != "adv_value"))
            if wrong.any():
                place = int(np.argmax(wrong))
                raise problem("OPT_BAD_INPUT", f"{name} of instrument {place} is {values[place]}")
        if (np.asarray(self.price) == 0).any():
            raise problem("OPT_BAD_INPUT", f"price of instrument {int(np.argmin(self.price))} is 0")


@dataclass(frozen=True)
class CostCoefficients:
    """Cost of a trade d (shares of NAV, N): `linear @ |d| + impact @ |d|**1.5`, as a share of NAV."""

    linear: FloatArray
    impact: FloatArray

    def of(self, trades: FloatArray) -> tuple[float, float]:
        """Linear and impact cost of trades (N), as shares of NAV."""
        size = np.abs(trades)
        return float(self.linear @ size), float(self.impact @ size**1.5)


def cost_coefficients(
    costs: Costs | None, conditions: TradingConditions | None, size: int, symbols: Sequence[str] | None = None
) -> CostCoefficients:
    """Coefficients for `size` instruments; no costs are zeros. symbols: where fees differ by instrument.

    Raises OPT_BAD_INPUT when impact or a fee per share is asked for and the conditions are not given.
    """
    if costs is None:
        return CostCoefficients(np.zeros(size), np.zeros(size))
    bps, per_unit = costs.taker(symbols)
    linear = np.full(size, (costs.half_spread_bps + bps) * BPS)
    if costs.impact == 0 and (per_unit == 0).all():
        return CostCoefficients(linear, np.zeros(size))
    if conditions is None:
        seen = f"impact {costs.impact}, fee_per_share {per_unit.max()}"
        raise problem("OPT_BAD_INPUT", f"costs have {seen}; give the trading conditions (NAV, ADV, volatility, price)")
    known = np.nan_to_num(conditions.adv_value) > 0
    share = costs.impact * conditions.volatility_day
    linear = linear + per_unit / conditions.price + np.where(known, 0.0, share)
    impact = np.where(known, share * np.sqrt(conditions.nav_value / np.where(known, conditions.adv_value, 1.0)), 0.0)
    return CostCoefficients(linear, impact)
