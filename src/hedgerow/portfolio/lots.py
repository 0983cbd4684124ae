"""From weights to whole lots: rounded towards zero, so that rounding never adds risk or leverage.

Promises: no position is larger than its target (beyond one part in 10^9 of it, which absorbs floating-point noise),
signs are kept, quantities are multiples of the lot step. Never rounds up to use leftover cash: it is reported. Floats
end here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

NOISE = 1e-9
# Beyond this an int64 lot count cannot come from a double exactly.
LOTS_MAX = 2**53


@dataclass(frozen=True)
class LotTargets:
    """Signed lots (N integers) and the cash that is left, in base currency: NAV less the value of all positions."""

    lots: IntArray
    residual_cash_value: float


def to_lots(
    weights: FloatArray, *, nav_value: float, lot_value: FloatArray, lot_step: int | IntArray = 1
) -> LotTargets:
    """Whole lots for weights (N, shares of NAV).

    lot_value: value of one lot in base currency (price x multiplier x lot size x exchange rate). lot_step: the smallest
    change in lots. Raises OPT_BAD_INPUT for a NaN weight, a price that is not positive, a NAV or a step below 1.

    >>> to_lots(np.array([0.5, -0.255]), nav_value=1000.0, lot_value=np.array([30.0, 100.0]))
    LotTargets(lots=array([16, -2]), residual_cash_value=720.0)
    """
    step = np.broadcast_to(np.asarray(lot_step, dtype=np.int64), weights.shape)
    if weights.ndim != 1 or lot_value.shape != weights.shape:
        raise problem(
            "OPT_BAD_INPUT", f"weights {weights.shape}, lot_value {lot_value.shape}; one number per instrument"
        )
    if not (np.isfinite(nav_value) and nav_value > 0):
        raise problem("OPT_BAD_INPUT", f"nav_value {nav_value}; it is positive")
    for name, values, good in (
        ("weight", weights, np.isfinite(weights)),
        ("lot_value", lot_value, np.isfinite(lot_value) & (lot_value > 0)),
        ("lot_step", step, step >= 1),
    ):
        if not good.all():
            place = int(np.argmin(good))
            raise problem("OPT_BAD_INPUT", f"{name} of instrument {place} is {values[place]}")
    steps = np.trunc(weights * nav_value / (lot_value * step) * (1.0 + NOISE))
    lots = steps * step
    if np.abs(lots).max(initial=0.0) > LOTS_MAX:
        place = int(np.argmax(np.abs(lots)))
        raise problem("OPT_BAD_INPUT", f"instrument {place} would need {lots[place]:.4g} lots, at most {LOTS_MAX}")
    return LotTargets(lots.astype(np.int64), nav_value - float(lots @ lot_value))
