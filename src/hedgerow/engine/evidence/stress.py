"""What would have hurt: historical windows inside the sample, and shocks to market, sectors, volatility, liquidity.

All shocks and windows are defined here and nowhere else. Losses are positive shares of net asset value, of the day on
which the book would have lost most.

Promises: a window counts only if the sample holds all of it; betas and covariances are of the sample's own days, and a
shock that they are too few for is left out by name. Never: a loss that the book of some day would not have made.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.engine.evidence.pack import LeftOut, decimal
from hedgerow.ledger import tails
from hedgerow.ledger.ratios import co_movement

if TYPE_CHECKING:
    from hedgerow.core.costs import Costs
    from hedgerow.engine.evidence.capacity import Liquidity
    from hedgerow.engine.evidence.exposure import Held
    from hedgerow.engine.evidence.sample import Sample

Floats = npt.NDArray[np.float64]

MARKET_SHOCKS = (-0.30, -0.20, -0.10, 0.20)
"""Moves of the market, which is the universe in equal parts; each instrument moves with its beta."""

SECTOR_SHOCK = -0.25
"""All instruments of one sector at once, nothing else moving."""

VOLATILITY_FACTORS = (2, 3)
"""Times the sample's volatility, correlations as they are; loss at 99 %, one day, normal."""

CORRELATION_ONE_LEVEL = 0.99
"""Loss at this level, one day, with every position losing together."""

SPREAD_FACTOR, VOLUME_FACTOR = 3.0, 0.5
"""Selling the book of a day at once, into spreads so wide and volumes so thin."""

OBSERVATIONS_MIN = 60

WINDOWS = (
    ("Black Monday", "1987-10-14", "1987-10-20"),
    ("Russia and LTCM", "1998-08-17", "1998-10-09"),
    ("end of the dot-com years", "2000-03-24", "2001-04-04"),
    ("11 September", "2001-09-10", "2001-09-21"),
    ("quant quake", "2007-08-06", "2007-08-10"),
    ("Lehman", "2008-09-12", "2008-11-20"),
    ("flash crash", "2010-05-05", "2010-05-07"),
    ("US downgrade", "2011-07-22", "2011-08-08"),
    ("China devaluation", "2015-08-18", "2015-08-25"),
    ("Brexit vote", "2016-06-23", "2016-06-27"),
    ("volatility spike of 2018", "2018-02-01", "2018-02-09"),
    ("December 2018", "2018-12-03", "2018-12-24"),
    ("Covid crash", "2020-02-19", "2020-03-23"),
    ("vaccine rotation", "2020-11-06", "2020-11-10"),
    ("inflation of 2022", "2022-01-03", "2022-10-12"),
    ("regional banks", "2023-03-08", "2023-03-13"),
    ("yen carry unwind", "2024-07-31", "2024-08-05"),
    ("tariffs of April 2025", "2025-04-02", "2025-04-08"),
)
"""Name, first day, last day."""


@dataclass(frozen=True)
class Market:
    """Daily returns of every instrument (NaN where there is none) and of the universe in equal parts."""

    returns: Floats
    universe: Floats

    @classmethod
    def of(cls, held: Held) -> Market:
        """From the closes at the ends of days."""
        returns = held.closes[1:] / held.closes[:-1] - 1
        known = np.isfinite(returns)
        sums = np.where(known, returns, 0.0).sum(axis=1)
        return cls(returns, sums / np.maximum(known.sum(axis=1), 1))

    def betas(self) -> Floats | None:
        """Slope of each instrument on the universe; 1 where it has too few days, `None` if the universe has."""
        if self.universe.size < OBSERVATIONS_MIN or self.universe.std() == 0:
            return None
        slopes = np.ones(self.returns.shape[1])
        for n, own in enumerate(self.returns.T):
            known = np.isfinite(own)
            slope = co_movement(own[known], self.universe[known])[1] if known.sum() >= OBSERVATIONS_MIN else None
            slopes[n] = 1.0 if slope is None else slope
        return slopes

    def covariance(self) -> Floats | None:
        """Covariance of the days on which every instrument has a return; `None` if they are too few."""
        whole = self.returns[np.isfinite(self.returns).all(axis=1)]
        if len(whole) < max(OBSERVATIONS_MIN, self.returns.shape[1] + 1):
            return None
        centred = whole - whole.mean(axis=0)
        return np.asarray(centred.T @ centred / (len(whole) - 1), dtype=np.float64)


def stress(sample: Sample, held: Held, liquidity: Liquidity, costs: Costs, left_out: LeftOut) -> dict[str, Any]:
    """Windows and shocks; each shock with the day whose book it would have hurt most."""
    market = Market.of(held)
    return {
        "windows": _windows(sample, held, left_out),
        "market": _market(sample, held, market, left_out),
        "sectors": _sectors(sample, held),
        "volatility": _volatility(sample, held, market, left_out),
        "liquidity": _thin(sample, held, liquidity, costs, left_out),
    }


def _windows(sample: Sample, held: Held, left_out: LeftOut) -> list[dict[str, str]]:
    rows = []
    for name, first, last in WINDOWS:
        start, end = np.datetime64(first), np.datetime64(last)
        if start < sample.days[0] or end > sample.days[-1]:
            continue
        inside = np.flatnonzero((sample.days >= start) & (sample.days <= end))
        if inside.size < 2:
            continue
        nav = sample.nav[inside[0] : inside[-1] + 2]
        closes = held.closes[[max(inside[0] - 1, 0), inside[-1]]]
        moves = closes[1] / closes[0] - 1
        moves = moves[np.isfinite(moves)]
        row = {"window": name, "from": first, "to": last, "return": decimal(float(nav[-1] / nav[0] - 1))}
        row["max_drawdown"] = decimal(tails.max_drawdown(np.maximum(nav, 0.0)).depth)
        if moves.size:
            row["universe_return"] = decimal(float(moves.mean()))
        rows.append(row)
    if not rows:
        left_out.add("historical windows", "the sample holds none of the named windows whole")
    return rows


def _worst(sample: Sample, losses: Floats) -> dict[str, str]:
    day = int(np.argmax(losses))
    return {"loss": decimal(max(0.0, float(losses[day]))), "day": str(sample.days[day])}


def _market(sample: Sample, held: Held, market: Market, left_out: LeftOut) -> list[dict[str, str]]:
    betas = market.betas()
    if betas is None:
        left_out.add("market shocks", f"{market.universe.size} days of returns, at least {OBSERVATIONS_MIN}")
        return []
    sensitivity = held.shares @ betas
    return [{"move": decimal(move), **_worst(sample, -move * sensitivity)} for move in MARKET_SHOCKS]


def _sectors(sample: Sample, held: Held) -> list[dict[str, str]]:
    instruments = sample.results[0].data.instruments
    rows = []
    for name in sorted({i.sector or "none" for i in instruments}):
        own = [n for n, i in enumerate(instruments) if (i.sector or "none") == name]
        net = held.shares[:, own].sum(axis=1)
        # A sector held short is hurt by the same move upwards.
        rows.append({"sector": name, "move": decimal(abs(SECTOR_SHOCK)), **_worst(sample, np.abs(SECTOR_SHOCK * net))})
    return rows


def _volatility(sample: Sample, held: Held, market: Market, left_out: LeftOut) -> list[dict[str, Any]]:
    covariance = market.covariance()
    if covariance is None:
        left_out.add("volatility shocks", f"fewer than {OBSERVATIONS_MIN} days on which every instrument has a return")
        return []
    z = NormalDist().inv_cdf(CORRELATION_ONE_LEVEL)
    variance = np.einsum("ti,ij,tj->t", held.shares, covariance, held.shares, optimize=True)
    deviation = np.sqrt(np.maximum(variance, 0.0))
    together = np.abs(held.shares) @ np.sqrt(np.diag(covariance))
    rows: list[dict[str, Any]] = [
        {"shock": f"volatility times {factor}", **_worst(sample, z * factor * deviation)}
        for factor in VOLATILITY_FACTORS
    ]
    return [*rows, {"shock": "every position loses together", **_worst(sample, z * together)}]


def _thin(sample: Sample, held: Held, liquidity: Liquidity, costs: Costs, left_out: LeftOut) -> dict[str, str] | None:
    """Cost of selling the book of a day at once in a thin market."""
    used = (held.lots != 0).any(axis=0)
    if (liquidity.adv[used] <= 0).any():
        left_out.add("liquidity shock", "volume is not known")
        return None
    # As shares of net asset value; impact rests on what is sold as a share of volume, whatever it is counted in.
    day = np.divide(held.shares, held.lots, out=np.zeros_like(held.shares), where=held.lots != 0) * liquidity.adv
    thin = costs.without_fees(half_spread_bps=costs.half_spread_bps * SPREAD_FACTOR)
    lost = thin.expected_cost(held.shares, sigma=liquidity.sigma, adv_notional=np.abs(day) * VOLUME_FACTOR)
    return _worst(sample, lost.sum(axis=1))
