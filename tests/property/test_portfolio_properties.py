"""What always holds of target portfolios, whatever the numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow.core.costs import Costs
from hedgerow.portfolio.constraint import breaches
from hedgerow.portfolio.constraints import (
    Box,
    CashBuffer,
    GrossLimit,
    LiquidityLimit,
    LongOnly,
    NetLimit,
    PositionLimit,
    TurnoverLimit,
    sector_limits,
)
from hedgerow.portfolio.covariance import ledoit_wolf, require_psd
from hedgerow.portfolio.infeasibility import Infeasible, NamedRows, find_clash
from hedgerow.portfolio.lots import to_lots
from hedgerow.portfolio.optimiser import Optimiser
from hedgerow.portfolio.trading_cost import TradingConditions

pytest.importorskip("cvxpy")

SIZE = 6
SECTORS = ["x", "y", "x", "z", "y", "x"]
COSTS = Costs(half_spread_bps=3.0, fee_bps=1.0, impact=0.7)
FREE = Costs.none()
seeds = st.integers(0, 2**32 - 1)


def day(seed):
    """A random forecast, risk, book and market."""
    rng = np.random.default_rng(seed)
    returns = rng.standard_normal((30, SIZE)) @ rng.standard_normal((SIZE, SIZE)) * 10 ** rng.uniform(-3, -1)
    conditions = TradingConditions(
        nav_value=10 ** rng.uniform(5, 9),
        adv_value=10 ** rng.uniform(6, 9, SIZE),
        volatility_day=rng.uniform(0.005, 0.05, SIZE),
        price=rng.uniform(1, 500, SIZE),
    )
    forecast = rng.standard_normal(SIZE) * 10 ** rng.uniform(-5, -1)
    return forecast, ledoit_wolf(returns).covariance, rng.uniform(-0.2, 0.2, SIZE), conditions


limits_of = st.fixed_dictionaries(
    {
        "position": st.floats(0.05, 0.6),
        "gross": st.floats(0.2, 2.0),
        "net": st.floats(0.0, 0.8),
        "turnover": st.floats(0.05, 2.0),
        "sector": st.floats(0.1, 1.0),
        "adv": st.floats(0.01, 0.5),
        "long_only": st.booleans(),
    }
)


def constraints_of(limits):
    """A mandate's worth of limits."""
    return [
        PositionLimit(weight_max=limits["position"]),
        GrossLimit(gross_max=limits["gross"]),
        NetLimit(net_min=-limits["net"], net_max=limits["net"]),
        TurnoverLimit(turnover_max=limits["turnover"]),
        *sector_limits(SECTORS, gross_max=limits["sector"]),
        LiquidityLimit(adv_share_max=limits["adv"]),
        Box(lower=-0.5, upper=0.5),
        CashBuffer(cash_min=0.05),
        *([LongOnly()] if limits["long_only"] else []),
    ]


@settings(max_examples=40, deadline=None)
@given(seed=seeds, limits=limits_of)
def test_a_target_keeps_every_constraint_or_names_a_clash_that_is_real(seed, limits):
    """Random forecasts, books and limits; a clash is minimal: without any one of its members the rest can hold."""
    forecast, covariance, current, conditions = day(seed)
    constraints = constraints_of(limits)
    optimiser = Optimiser("ABCDEF", constraints, costs=COSTS)
    try:
        target = optimiser.solve(forecast, covariance, current, conditions=conditions)
    except Infeasible as error:
        by_name = {c.name: NamedRows(c.name, c.rows(SIZE), c.limits(SIZE, conditions)) for c in constraints}
        clash = [by_name[conflict.name] for conflict in error.clash.conflicts]
        assert find_clash(clash, current) is not None
        for left_out in range(len(clash)):
            assert find_clash(clash[:left_out] + clash[left_out + 1 :], current) is None
    else:
        assert max(breaches(target.weights, current, constraints, conditions).values()) <= 1e-6
        assert min(target.shadow_prices.values()) >= -1e-6


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_no_portfolio_nearby_that_keeps_the_constraints_is_better(seed):
    """Steps towards random feasible portfolios never raise the objective."""
    forecast, covariance, current, conditions = day(seed)
    constraints = [LongOnly(), GrossLimit(gross_max=1.0)]
    target = Optimiser("ABCDEF", constraints, costs=FREE).solve(forecast, covariance, current, conditions=conditions)

    def worth(weights):
        return forecast @ weights - 2.5 * weights @ covariance @ weights

    assert target.objective.total == pytest.approx(worth(target.weights), rel=1e-9, abs=1e-15)
    scale = np.abs(forecast).max()
    for other in np.random.default_rng(seed).dirichlet(np.ones(SIZE + 1), 20)[:, :SIZE]:
        assert worth(0.9 * target.weights + 0.1 * other) <= worth(target.weights) + 1e-7 * scale


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_dearer_trading_never_means_more_trading(seed):
    """Turnover falls, or stays, as the cost of a trade rises."""
    forecast, covariance, current, _ = day(seed)
    constraints = [GrossLimit(gross_max=1.5), PositionLimit(weight_max=0.5)]
    turnovers = []
    for bps in (0.0, 1.0, 10.0, 100.0, 1000.0):
        costs = Costs(half_spread_bps=bps, fee_bps=0.0, impact=0.0)
        target = Optimiser("ABCDEF", constraints, costs=costs).solve(forecast, covariance, current)
        turnovers.append(float(np.abs(target.trades).sum()))
    assert all(later <= earlier + 1e-4 for earlier, later in pairwise(turnovers))


@given(seed=seeds, times=st.integers(2, 40), names=st.integers(1, 12))
def test_a_shrunk_covariance_is_positive_and_keeps_the_total_variance(seed, times, names):
    """For any number of times and names; the trace is the sample's."""
    returns = np.random.default_rng(seed).standard_normal((times, names)) * 0.01
    shrunk = ledoit_wolf(returns)
    require_psd(shrunk.covariance)
    assert 0.0 <= shrunk.shrinkage <= 1.0
    assert np.trace(shrunk.covariance) == pytest.approx(returns.var(axis=0).sum())


@given(
    weights=st.lists(st.floats(-3, 3), min_size=1, max_size=8),
    nav=st.floats(1e3, 1e10),
    seed=seeds,
)
def test_lots_never_exceed_their_weights_and_cash_accounts_for_the_rest(weights, nav, seed):
    """No position is larger than its target, none is short of it by a step or more, and NAV is conserved."""
    rng = np.random.default_rng(seed)
    wanted, value, step = np.array(weights), rng.uniform(0.5, 5000, len(weights)), rng.integers(1, 200, len(weights))
    found = to_lots(wanted, nav_value=nav, lot_value=value, lot_step=step)
    held = found.lots * value
    assert (np.abs(held) <= np.abs(wanted * nav) * (1 + 2e-9)).all()
    assert (np.abs(wanted * nav) - np.abs(held) < value * step * (1 + 1e-9)).all()
    assert (found.lots % step == 0).all()
    assert (found.lots * wanted >= 0).all()
    assert found.residual_cash_value + held.sum() == pytest.approx(nav, rel=1e-9, abs=1e-6 * np.abs(held).sum())
