"""The portfolio we want, and why: weights, what each part of the objective was worth, what each constraint cost.

Promises: the parts are recomputed in plain arithmetic from the weights, not read from the solver. Never says
"optimal" of a portfolio that was only kept: a held one carries its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hedgerow.portfolio.infeasibility import Clash

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ObjectiveParts:
    """The objective in parts, each in return over the forecast's horizon; total = return minus all the others."""

    expected_return: float
    risk_penalty: float
    linear_cost: float
    impact_cost: float
    soft_penalty: float

    @property
    def total(self) -> float:
        """What was maximised."""
        return self.expected_return - self.risk_penalty - self.linear_cost - self.impact_cost - self.soft_penalty


@dataclass(frozen=True, kw_only=True)
class TargetPortfolio:
    """Weights (N, shares of NAV, shorts negative) and their reasons.

    status: "optimal", or "held" when there was no solution and the caller asked to keep the current weights then.
    shadow_prices: by constraint, what the objective would gain per unit that all rows of its limit were moved outwards.
    soft_breaches: by soft constraint, how far it was exceeded. clash, reason: why a portfolio was held.
    """

    weights: FloatArray
    trades: FloatArray
    objective: ObjectiveParts
    status: Literal["optimal", "held"]
    solver: str
    shadow_prices: dict[str, float] = field(default_factory=dict)
    soft_breaches: dict[str, float] = field(default_factory=dict)
    clash: Clash | None = None
    reason: str = ""

    @property
    def cash_weight(self) -> float:
        """What is left of NAV: one minus the sum of weights."""
        return 1.0 - float(self.weights.sum())
