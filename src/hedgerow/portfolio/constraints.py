"""The constraints a mandate or a policy can name: boxes, gross and net, sectors, exposures, turnover, liquidity,
cash.

Promises: each is frozen data with a name, a source and a limit, and says its rows and its limits under the day's
conditions; numbers are shares of NAV. Never reads a market: average daily value and NAV are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.portfolio.constraint import Constraint, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hedgerow.portfolio.trading_cost import TradingConditions

    FloatArray = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class LongOnly(Constraint):
    """No short positions."""

    name: str = "long only"

    def rows(self, size: int) -> Rows:
        """Minus each weight."""
        return _on_weights(-np.eye(size))

    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """Zero."""
        return np.zeros(size)


@final
@dataclass(frozen=True, kw_only=True)
class Box(Constraint):
    """Each weight between `lower` and `upper`: one number for all, or one per instrument."""

    name: str = "box"
    lower: float | tuple[float, ...]
    upper: float | tuple[float, ...]

    def rows(self, size: int) -> Rows:
        """Each weight, and minus each weight."""
        return _on_weights(np.vstack([np.eye(size), -np.eye(size)]))

    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """Upper limits, and minus the lower ones."""
        return np.concatenate([_each(self, self.upper, size), -_each(self, self.lower, size)])


@final
@dataclass(frozen=True, kw_only=True)
class PositionLimit(Constraint):
    """Each position, long or short, at most `weight_max`: one number for all, or one per instrument."""

    name: str = "position limit"
    weight_max: float | tuple[float, ...]

    def rows(self, size: int) -> Rows:
        """The size of each position."""
        return Rows(np.zeros((size, size)), np.eye(size), np.zeros((size, size)))

    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """The largest positions."""
        return _each(self, self.weight_max, size)


@final
@dataclass(frozen=True, kw_only=True)
class GrossLimit(Constraint):
    """Sum of absolute weights at most `gross_max`."""

    name: str = "gross limit"
    gross_max: float

    def rows(self, size: int) -> Rows:
        """Sum of sizes."""
        return Rows(np.zeros((1, size)), np.ones((1, size)), np.zeros((1, size)))

    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """The largest gross exposure."""
        return _one(self, self.gross_max)


@final
@dataclass(frozen=True, kw_only=True)
class ExposureLimit(Constraint):
    """A linear exposure (beta, factor, expected return) between `lower` and `upper`; None leaves a side open."""

    exposures: tuple[float, ...]
    lower: float | None = None
    upper: float | None = None

    def rows(self, size: int) -> Rows:
        """The exposure, once for each side that is closed."""
        return _on_weights(_sided_rows(_each(self, self.exposures, size), self.lower, self.upper))

    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """The sides that are closed."""
        return _sided_limits(self, self.lower, self.upper)


@final
@dataclass(frozen=True, kw_only=True)
class NetLimit(Constraint):
    """Sum of weights between `net_min` and `net_max`; equal values fix it (1 and 1: fully invested)."""

    name: str = "net limit"
    net_min: float | None = None
    net_max: float | None = None

    def rows(self, size: int) -> Rows:
        """The sum, once for each side that is closed."""
        return _on_weights(_sided_rows(np.ones(size), self.net_min, self.net_max))

    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """The sides that are closed."""
        return _sided_limits(self, self.net_min, self.net_max)


@final
@dataclass(frozen=True, kw_only=True)
class CashBuffer(Constraint):
    """Cash (one minus the sum of weights) at least `cash_min`."""

    name: str = "cash buffer"
    cash_min: float

    def rows(self, size: int) -> Rows:
        """The sum of weights."""
        return _on_weights(np.ones((1, size)))

    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """What may be invested."""
        return _one(self, 1.0 - self.cash_min)


@final
@dataclass(frozen=True, kw_only=True)
class SectorLimit(Constraint):
    """Gross exposure to one sector at most `gross_max`; `members` are the places of its instruments."""

    members: tuple[int, ...]
    gross_max: float

    def rows(self, size: int) -> Rows:
        """Sum of the members' sizes."""
        if not self.members or min(self.members) < 0 or max(self.members) >= size:
            raise problem("OPT_BAD_INPUT", f"constraint {self.name!r}: members {self.members} of {size} instruments")
        absolute = np.zeros((1, size))
        absolute[0, list(self.members)] = 1.0
        return Rows(np.zeros((1, size)), absolute, np.zeros((1, size)))

    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """The largest gross exposure."""
        return _one(self, self.gross_max)


@final
@dataclass(frozen=True, kw_only=True)
class TurnoverLimit(Constraint):
    """Sum of absolute trades (buys plus sells, as shares of NAV) at most `turnover_max`."""

    name: str = "turnover limit"
    turnover_max: float

    def rows(self, size: int) -> Rows:
        """Sum of trades."""
        return Rows(np.zeros((1, size)), np.zeros((1, size)), np.ones((1, size)))

    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """The largest turnover."""
        return _one(self, self.turnover_max)


@final
@dataclass(frozen=True, kw_only=True)
class LiquidityLimit(Constraint):
    """Each trade at most `adv_share_max` of the instrument's average daily value, at the day's NAV."""

    name: str = "liquidity limit"
    adv_share_max: float

    def rows(self, size: int) -> Rows:
        """Each trade."""
        return Rows(np.zeros((size, size)), np.zeros((size, size)), np.eye(size))

    def limits(self, size: int, conditions: TradingConditions | None) -> FloatArray:
        """Share of ADV, as a share of NAV; OPT_BAD_INPUT where the ADV is not known."""
        if conditions is None:
            raise problem("OPT_BAD_INPUT", f"constraint {self.name!r} needs the trading conditions (NAV, ADV)")
        unknown = np.isnan(conditions.adv_value)
        if unknown.any():
            raise problem(
                "OPT_BAD_INPUT", f"constraint {self.name!r}: ADV of instrument {int(np.argmax(unknown))} is unknown"
            )
        return _each(self, tuple(self.adv_share_max * conditions.adv_value / conditions.nav_value), size)


def sector_limits(sectors: Sequence[str], *, gross_max: float, source: str = "") -> tuple[SectorLimit, ...]:
    """One limit per sector, in order of name; `sectors` gives each instrument's.

    >>> [(limit.name, limit.members) for limit in sector_limits(["Energy", "Tech", "Energy"], gross_max=0.3)]
    [('sector Energy', (0, 2)), ('sector Tech', (1,))]
    """
    places = {sector: tuple(i for i, s in enumerate(sectors) if s == sector) for sector in sorted(set(sectors))}
    return tuple(
        SectorLimit(name=f"sector {sector}", source=source, members=members, gross_max=gross_max)
        for sector, members in places.items()
    )


def _on_weights(matrix: FloatArray) -> Rows:
    return Rows(matrix, np.zeros_like(matrix), np.zeros_like(matrix))


def _sided_rows(row: FloatArray, lower: float | None, upper: float | None) -> FloatArray:
    closed = ([row] if upper is not None else []) + ([-row] if lower is not None else [])
    return np.array(closed).reshape(len(closed), len(row))


def _sided_limits(constraint: Constraint, lower: float | None, upper: float | None) -> FloatArray:
    if lower is None and upper is None:
        raise problem("OPT_BAD_INPUT", f"constraint {constraint.name!r} has neither a lower nor an upper limit")
    closed = ([upper] if upper is not None else []) + ([-lower] if lower is not None else [])
    return _finite(constraint, np.array(closed, dtype=np.float64))


def _each(constraint: Constraint, value: float | tuple[float, ...], size: int) -> FloatArray:
    values = np.asarray(value, dtype=np.float64)
    if values.ndim == 1 and len(values) != size:
        raise problem(
            "OPT_BAD_INPUT", f"constraint {constraint.name!r} has {len(values)} numbers for {size} instruments"
        )
    return _finite(constraint, np.broadcast_to(values, (size,)).copy())


def _one(constraint: Constraint, value: float) -> FloatArray:
    return _finite(constraint, np.array([value], dtype=np.float64))


def _finite(constraint: Constraint, values: FloatArray) -> FloatArray:
    if not np.isfinite(values).all():
        raise problem(
            "OPT_BAD_INPUT", f"constraint {constraint.name!r} has a limit that is not finite: {values.tolist()}"
        )
    return values
