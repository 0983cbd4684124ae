"""What a constraint is: a named, sourced set of inequalities in one form, solved by the optimiser and re-checked
plainly.

Promises: every constraint is `weights @ w + absolute @ |w| + traded @ |w - w0| <= limits`, row by row. The optimiser
solves over these rows and `breaches` re-evaluates them in plain NumPy. Weights are shares of NAV; shorts are
negative. Never relaxes itself: a soft constraint is one that was declared soft, with its price.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hedgerow.portfolio.trading_cost import TradingConditions

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Left-hand sides of M inequalities over N instruments, each M x N; `absolute` and `traded` are never negative."""

    weights: FloatArray
    absolute: FloatArray
    traded: FloatArray


@dataclass(frozen=True, kw_only=True)
class Constraint(ABC):
    """What all constraints say about themselves.

    name: unique in a problem; errors and shadow prices use it. source: the rule, mandate or policy it comes from.
    kind: "hard" must hold; "soft" costs `penalty` (objective per unit of the worst breach).
    """

    name: str
    source: str = ""
    kind: Literal["hard", "soft"] = "hard"
    penalty: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("hard", "soft") or not self.penalty > 0:
            seen = f"kind {self.kind!r}, penalty {self.penalty}"
            raise problem("OPT_BAD_INPUT", f"constraint {self.name!r}: {seen}; 'hard' or 'soft', positive")

    @abstractmethod
    def rows(self, size: int) -> Rows:
        """Left-hand sides for `size` instruments."""

    @abstractmethod
    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """Right-hand sides (M) under the day's conditions."""


def breaches(
    weights: FloatArray,
    current_weights: FloatArray,
    constraints: Sequence[Constraint],
    conditions: TradingConditions | None = None,
) -> dict[str, float]:
    """By how much each constraint is exceeded at its worst row (0 = kept), in the constraint's own unit.

    >>> from hedgerow.portfolio.constraints import GrossLimit, LongOnly
    >>> breaches(np.array([0.7, 0.5]), np.zeros(2), [GrossLimit(gross_max=1.0), LongOnly()])
    {'gross limit': 0.2, 'long only': 0.0}
    """
    size, traded = len(weights), np.abs(weights - current_weights)
    worst = {}
    for constraint in constraints:
        rows = constraint.rows(size)
        excess = rows.weights @ weights + rows.absolute @ np.abs(weights) + rows.traded @ traded
        excess = excess - constraint.limits(size, conditions)
        worst[constraint.name] = max(round(float(excess.max()), 12), 0.0)
    return worst
