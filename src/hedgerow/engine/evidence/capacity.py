"""How much money a strategy can carry: costs by the square-root law at other sizes, and how long its book takes to
sell.

The fund that is thought of keeps its capital: what the run traded and held as shares of its value, it trades and holds
as shares of that. With `s` times the capital, profit before costs, spread and fees grow with `s`; impact grows with
`s^1.5`, because a day's trade of `Q` where `V` trade costs `Y * sigma * sqrt(Q / V)` of its value.

Promises: one definition of impact (`hedgerow.core.costs`); each day's trading of an instrument on one side is one
order, so slicing hides nothing; without volume there is no figure, and its name and reason are given. Never: a
capacity from a strategy that earned nothing. Source: Toth et al. (2011); Almgren et al. (2005) estimate 3/5, not 1/2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.costs import Costs
from hedgerow.engine.evidence.exposure import traded
from hedgerow.engine.evidence.pack import LeftOut, decimal
from hedgerow.engine.evidence.sample import whole
from hedgerow.ledger.series import nav_series

if TYPE_CHECKING:
    from hedgerow.engine.evidence.exposure import Held, Traded
    from hedgerow.engine.evidence.sample import Sample
    from hedgerow.engine.result import Result
    from hedgerow.engine.run_data import RunData

Floats = npt.NDArray[np.float64]
EATEN = 0.5
"""The share of gross profit that costs eat at what is called the capacity."""

UNBOUNDED = 1e15
"""A capital from which on a tier means no bound, as tiers of simulated money do."""


@dataclass(frozen=True)
class Scaling:
    """A year of the strategy with a constant capital, in base currency.

    gross: profit before costs. linear: spread and fees. impact: by the square-root law.
    """

    capital: float
    gross: float
    linear: float
    impact: float

    def costs(self, capital: float) -> float:
        """Costs of a year with another capital.

        >>> Scaling(capital=1.0, gross=10.0, linear=1.0, impact=2.0).costs(4.0)
        20.0
        """
        scale = capital / self.capital
        return self.linear * scale + self.impact * scale * math.sqrt(scale)

    def gross_profit(self, capital: float) -> float:
        """Profit before costs of a year with another capital."""
        return self.gross * capital / self.capital

    def capital_at(self, eaten: float) -> float:
        """The capital at which costs eat this share of gross profit; 0 if spread and fees alone eat it.

        >>> Scaling(capital=100.0, gross=10.0, linear=1.0, impact=2.0).capital_at(0.5)  # s = ((5 - 1) / 2)^2
        400.0
        """
        room = eaten * self.gross - self.linear
        return self.capital * (room / self.impact) ** 2 if room > 0 else 0.0

    def capital_of_most_profit(self) -> float:
        """The capital beyond which more of it earns less, net of costs.

        >>> Scaling(capital=100.0, gross=10.0, linear=1.0, impact=3.0).capital_of_most_profit()  # s = (2 * 9 / 9)^2
        400.0
        """
        room = self.gross - self.linear
        return self.capital * (2 * room / (3 * self.impact)) ** 2 if room > 0 else 0.0


@dataclass(frozen=True)
class Capacity:
    """How much money a strategy can carry, in `currency`: where costs eat half of gross profit, and beyond which more
    of it earns less; both `None`, with the reason, where it is not known."""

    currency: str
    costs_eat_half: float | None
    most_profit: float | None
    reason: str = ""


@dataclass(frozen=True)
class Liquidity:
    """sigma: one-day standard deviation by instrument; adv: average daily volume in lots, 0 = not known."""

    sigma: Floats
    adv: Floats

    @classmethod
    def of(cls, data: RunData) -> Liquidity:
        """As the instruments state it, otherwise as the data show it."""
        pairs = [data.liquidity(index) for index in range(len(data.instruments))]
        return cls(np.array([p[0] for p in pairs]), np.array([float(p[1]) for p in pairs]))


def scaling(
    sample: Sample, trade: Traded, costs: Costs, liquidity: Liquidity, *, capital: float, years: float
) -> Scaling:
    """A year with constant `capital`, of the run's daily returns and trades as shares of its value on the day."""
    share = np.divide(1.0, trade.nav, out=np.zeros_like(trade.nav), where=trade.nav > 0)
    adv = liquidity.adv[trade.instrument]
    # The cost model without spread and fees: what is left is impact, in the words of the optimiser and the venue.
    only_impact = costs.without_fees()
    day_value = np.divide(trade.value * adv, trade.lots, out=np.zeros_like(trade.value), where=trade.lots > 0)
    moved = only_impact.expected_cost(
        trade.value * share * capital, sigma=liquidity.sigma[trade.instrument], adv_notional=day_value
    )
    paid = float(((trade.fee + trade.slippage) * share).sum())
    linear = float(((trade.fee + costs.half_spread_bps * 1e-4 * trade.value) * share).sum())
    return Scaling(
        capital=capital,
        gross=capital * (float(sample.returns.sum()) + paid) / years,
        linear=capital * linear / years,
        impact=float(moved.sum()) / years,
    )


def capacity(scale: Scaling | None, unknown: Sequence[str], why_not: str, left_out: LeftOut) -> Any:
    """The capital at which costs eat half of gross profit, and the one that earns most; or the reason why not.

    unknown: what was traded though nobody knows its volume.
    """
    reason = _no_capacity(scale, unknown, why_not)
    if scale is None or reason:
        left_out.add("capacity", reason)
        return None
    return {
        "law": "impact = Y * sigma * sqrt(Q / ADV)",
        "gross_profit_per_year": decimal(scale.gross),
        "spread_and_fees_per_year": decimal(scale.linear),
        "impact_per_year": decimal(scale.impact),
        "capital_where_costs_eat_half": decimal(scale.capital_at(EATEN)),
        "capital_of_most_profit": decimal(scale.capital_of_most_profit()),
    }


def capacity_of(result: Result) -> Capacity:
    """How much money a run's strategy can carry, under the costs that it was run with."""
    ran, series = whole(result), nav_series(result.daily)
    trade, liquidity = traded(ran), Liquidity.of(result.data)
    unknown = unknown_volume(result.data.symbols, trade, liquidity)
    scale = None
    if "impact" not in result.info.costs:
        return Capacity(result.info.currency, None, None, "the cost model is not known")
    if series.years is not None and series.long_enough:
        costs = Costs(**result.info.costs)
        scale = scaling(ran, trade, costs, liquidity, capital=result.info.cash, years=series.years)
    reason = _no_capacity(scale, unknown, f"{series.returns.size} days, too few to tell a year")
    if scale is None or reason:
        return Capacity(result.info.currency, None, None, reason)
    return Capacity(result.info.currency, scale.capital_at(EATEN), scale.capital_of_most_profit())


def _no_capacity(scale: Scaling | None, unknown: Sequence[str], short: str) -> str:
    """Why there is no capacity, or nothing where there is one."""
    if unknown:
        return f"volume is not known: {', '.join(unknown)}"
    if scale is None:
        return short
    if scale.gross <= 0:
        return "there was no gross profit for costs to eat"
    return "" if scale.impact > 0 else "the cost model has no impact"


def tiers(
    sample: Sample,
    held: Held,
    trade: Traded,
    scale: Scaling | None,
    liquidity: Liquidity,
    unknown: Sequence[str],
    policy: Sequence[Mapping[str, Any]],
    left_out: LeftOut,
) -> list[dict[str, Any]]:
    """What the strategy would be at each tier of the policy: costs, shares of volume, days to sell, loss limit."""
    rows = []
    for tier in policy:
        if float(tier["capital"]) >= UNBOUNDED:
            left_out.add(f"tier {tier['name']}", "its capital has no bound")
        else:
            rows.append(_tier(sample, held, trade, scale, liquidity, unknown, tier, left_out))
    return rows


def _tier(
    sample: Sample,
    held: Held,
    trade: Traded,
    scale: Scaling | None,
    liquidity: Liquidity,
    unknown: Sequence[str],
    tier: Mapping[str, Any],
    left_out: LeftOut,
) -> dict[str, Any]:
    name, money, share_bps = tier["name"], float(tier["capital"]), int(tier["adv_share_bps"])
    gross = float(np.abs(held.shares).sum(axis=1).max()) * money
    worst_day = max(0.0, -float(sample.returns.min())) * money
    row: dict[str, Any] = {
        "tier": name,
        "capital": tier["capital"],
        "gross_needed": decimal(gross),
        "gross_within_limit": gross <= float(tier["gross"]),
        "worst_day_loss": decimal(worst_day),
        "days_beyond_loss_limit": int((-sample.returns * money > float(tier["loss"])).sum()),
    }
    if scale is not None and scale.gross > 0 and not unknown:
        row["costs_share_of_gross"] = decimal(scale.costs(money) / scale.gross_profit(money))
        row["net_return_per_year"] = decimal((scale.gross_profit(money) - scale.costs(money)) / money)
    else:
        left_out.add(f"costs at tier {name}", "as capacity")
    if unknown or share_bps == 0:
        reason = f"volume is not known: {', '.join(unknown)}" if unknown else "the tier allows no share of volume"
        left_out.add(f"liquidity at tier {name}", reason)
        return row
    symbols = sample.results[0].data.symbols
    return row | _volume(symbols, held, trade, liquidity, money, share_bps)


def _volume(
    symbols: Sequence[str], held: Held, trade: Traded, liquidity: Liquidity, money: float, share_bps: int
) -> dict[str, Any]:
    """The largest day's trade as a share of daily volume, and the days it takes to sell the largest position."""
    per_day = np.where(liquidity.adv > 0, liquidity.adv, np.inf)
    alive = trade.nav > 0
    lots = np.divide(trade.lots * money, trade.nav, out=np.zeros_like(trade.lots), where=alive)
    needed = lots / per_day[trade.instrument] * 1e4
    nav = held.nav[:, None]
    positions = np.divide(np.abs(held.lots) * money, nav, out=np.zeros_like(held.lots), where=nav > 0)
    days = positions.max(axis=0) / (per_day * share_bps * 1e-4)
    slowest = int(np.argmax(days))
    largest = float(needed.max()) if needed.size else 0.0
    return {
        "adv_share_needed_bps": decimal(largest),
        "adv_share_allowed_bps": share_bps,
        "adv_share_within_limit": largest <= share_bps,
        "days_to_liquidate": decimal(float(days[slowest])),
        "slowest_symbol": symbols[slowest] if days[slowest] > 0 else None,
    }


def unknown_volume(symbols: Sequence[str], trade: Traded, liquidity: Liquidity) -> list[str]:
    """Symbols that were traded though nobody knows how much of them trades in a day."""
    return [symbols[n] for n in np.unique(trade.instrument).tolist() if liquidity.adv[n] <= 0]
