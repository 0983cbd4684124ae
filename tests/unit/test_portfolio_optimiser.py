"""The optimiser against closed forms and published portfolios; its prices, its refusals, and its explicit fallback."""

from __future__ import annotations

import builtins
import pickle

import numpy as np
import pytest

from hedgerow.core.costs import Costs
from hedgerow.core.errors import ModelError, OptimiserError
from hedgerow.portfolio import program
from hedgerow.portfolio.constraint import breaches
from hedgerow.portfolio.constraints import (
    Box,
    CashBuffer,
    ExposureLimit,
    GrossLimit,
    LiquidityLimit,
    LongOnly,
    NetLimit,
    PositionLimit,
    SectorLimit,
    TurnoverLimit,
    sector_limits,
)
from hedgerow.portfolio.infeasibility import Infeasible
from hedgerow.portfolio.optimiser import Optimiser, optimise
from hedgerow.portfolio.trading_cost import TradingConditions, cost_coefficients

pytest.importorskip("cvxpy")

INVESTED = NetLimit(name="fully invested", net_min=1.0, net_max=1.0)


def covariance_of(vol, corr):
    """Volatilities and correlations to a covariance."""
    return np.outer(vol, vol) * np.asarray(corr)


def costs_of(half_spread_bps=0.0, fee_bps=0.0, impact=0.0, fee_per_share=0.0):
    """The simulator's cost model with everything off that is not named."""
    return Costs(half_spread_bps=half_spread_bps, fee_bps=fee_bps, impact=impact, fee_per_share=fee_per_share)


def conditions_of(size, *, nav=1e8, adv=5e7, volatility=0.02, price=50.0):
    """The same market for every instrument."""
    return TradingConditions(
        nav_value=nav,
        adv_value=np.full(size, adv),
        volatility_day=np.full(size, volatility),
        price=np.full(size, price),
    )


def test_without_constraints_the_weights_are_the_closed_form():
    """w = C^-1 mu / risk aversion; at 1 that is the Kelly portfolio (1.03125, 0.875) of two assets."""
    mu, covariance = np.array([0.05, 0.03]), np.array([[0.04, 0.01], [0.01, 0.0225]])
    kelly = optimise(mu, covariance, np.zeros(2), [], risk_aversion=1.0)
    assert kelly.weights == pytest.approx([1.03125, 0.875], abs=1e-5)
    assert kelly.objective.total == pytest.approx(mu @ np.linalg.solve(covariance, mu) / 2, rel=1e-7)
    assert optimise(mu, covariance, np.zeros(2), [], risk_aversion=4.0).weights == pytest.approx(
        np.linalg.solve(covariance, mu) / 4, abs=1e-5
    )


def test_minimum_variance_equals_the_published_portfolio():
    """Maillard, Roncalli and Teiletche (2010): 74.5 0 15.2 10.3 %."""
    corr = [[1.0, 0.8, 0.0, 0.0], [0.8, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -0.5], [0.0, 0.0, -0.5, 1.0]]
    target = optimise(np.zeros(4), covariance_of([0.1, 0.2, 0.3, 0.4], corr), np.zeros(4), [LongOnly(), INVESTED])
    assert 100 * target.weights == pytest.approx([74.5, 0, 15.2, 10.3], abs=0.06)


def test_minimum_variance_at_a_required_return_equals_the_published_portfolio():
    """Rockafellar and Uryasev (2000), Table 2, with the required return as an exposure limit."""
    mean = (0.010111, 0.0043532, 0.0137058)
    covariance = np.array(
        [
            [0.00324625, 0.00022983, 0.00420395],
            [0.00022983, 0.00049937, 0.00019247],
            [0.00420395, 0.00019247, 0.00764097],
        ]
    )
    floor = ExposureLimit(name="required return", exposures=mean, lower=0.011)
    target = optimise(np.zeros(3), covariance, np.zeros(3), [LongOnly(), INVESTED, floor])
    assert target.weights == pytest.approx([0.452013, 0.115573, 0.432414], abs=2e-5)
    assert target.weights @ covariance @ target.weights == pytest.approx(0.00378529, abs=6e-9)


def test_equilibrium_returns_give_back_the_market_portfolio():
    """He and Litterman (1999), Tables 1 and 2: implied returns 3.9 ... 7.6 %, and the weights they came from."""
    lower = [
        [0.488],
        [0.478, 0.664],
        [0.515, 0.655, 0.861],
        [0.439, 0.310, 0.355, 0.354],
        [0.512, 0.608, 0.783, 0.777, 0.405],
        [0.491, 0.779, 0.668, 0.653, 0.306, 0.652],
    ]
    corr = np.eye(7)
    for row, values in enumerate(lower, start=1):
        corr[row, :row] = corr[:row, row] = values
    covariance = covariance_of([0.16, 0.203, 0.248, 0.271, 0.21, 0.2, 0.187], corr)
    market = np.array([0.016, 0.022, 0.052, 0.055, 0.116, 0.124, 0.615])
    implied = 2.5 * covariance @ market
    assert 100 * implied == pytest.approx([3.9, 6.9, 8.4, 9.0, 4.3, 6.8, 7.6], abs=0.06)
    target = optimise(implied, covariance, np.zeros(7), [], risk_aversion=2.5)
    assert target.weights == pytest.approx(market, abs=1e-5)


def test_a_trade_that_does_not_earn_its_cost_is_not_made():
    """A forecast of 5 bp against a cost of 6 bp: hold; against 4 bp: trade."""
    arguments = (np.array([5e-4]), np.array([[1e-3]]), np.zeros(1), [])
    assert optimise(*arguments, costs=costs_of(4.0, 2.0)).weights == pytest.approx([0.0], abs=1e-6)
    traded = optimise(*arguments, costs=costs_of(3.0, 1.0), risk_aversion=1.0)
    assert traded.weights == pytest.approx([1e-4 / 1e-3], abs=1e-5)
    assert traded.objective.linear_cost == pytest.approx(4e-4 * 0.1, rel=1e-3)


def test_square_root_impact_gives_the_trade_of_the_closed_form():
    """Without risk, mu = 1.5 k sqrt(d): the derivative of k d^1.5; k = Y sigma sqrt(NAV / ADV)."""
    conditions = conditions_of(1)
    k = 0.8 * 0.02 * np.sqrt(1e8 / 5e7)
    target = optimise(
        np.array([0.004]),
        np.zeros((1, 1)),
        np.zeros(1),
        [],
        costs=costs_of(impact=0.8),
        conditions=conditions,
        risk_aversion=0.0,
    )
    assert target.weights == pytest.approx([(0.004 / 1.5 / k) ** 2], rel=1e-4)
    traded_value = target.weights[0] * 1e8
    as_the_venue_does = 0.8 * 0.02 * np.sqrt(traded_value / 5e7) * traded_value
    assert target.objective.impact_cost * 1e8 == pytest.approx(as_the_venue_does)


def test_costs_are_the_simulators_also_where_volume_is_unknown():
    """Trade by trade the same money as `Costs.expected_cost`: unknown volume, fees per share, buys and sells."""
    costs = costs_of(1.0, 2.0, 1.0, 0.01)
    adv, price, sigma = np.array([1e6, np.nan, 3e7]), np.array([10.0, 20.0, 50.0]), np.array([0.02, 0.03, 0.01])
    conditions = TradingConditions(nav_value=1e6, adv_value=adv, volatility_day=sigma, price=price)
    trades = np.array([-0.25, 0.1, 0.7])
    linear, impact = cost_coefficients(costs, conditions, 3).of(trades)
    simulated = costs.expected_cost(trades * 1e6, sigma=sigma, adv_notional=adv, price=price)
    assert (linear + impact) * 1e6 == pytest.approx(simulated.sum())
    assert cost_coefficients(None, None, 3).of(trades) == (0.0, 0.0)


def test_a_shadow_price_is_what_the_objective_gains_when_the_limit_moves():
    """Compared with solving again at limits 1e-4 wider."""
    rng = np.random.default_rng(1)
    mu, covariance = rng.normal(0.01, 0.01, 6), 0.02 * np.cov(rng.standard_normal((6, 40)))

    def limits(gross, turnover, position):
        return [
            GrossLimit(gross_max=gross),
            TurnoverLimit(turnover_max=turnover),
            PositionLimit(weight_max=position),
            LongOnly(),
        ]

    current, base = np.full(6, 0.1), (0.9, 0.6, 0.25)
    target = optimise(mu, covariance, current, limits(*base), risk_aversion=1.0)
    for place, name in enumerate(("gross limit", "turnover limit", "position limit")):
        wider = tuple(b + 1e-4 * (i == place) for i, b in enumerate(base))
        gain = optimise(mu, covariance, current, limits(*wider), risk_aversion=1.0).objective.total
        assert target.shadow_prices[name] == pytest.approx((gain - target.objective.total) / 1e-4, abs=2e-4)


def test_a_compiled_optimiser_answers_every_day_like_a_fresh_one():
    """Parameters of yesterday leave no trace."""
    rng = np.random.default_rng(3)
    constraints = [LongOnly(), INVESTED, TurnoverLimit(turnover_max=0.5), LiquidityLimit(adv_share_max=0.4)]
    costs, conditions = costs_of(2.0, impact=0.5), conditions_of(4)
    optimiser = Optimiser("ABCD", constraints, costs=costs)
    weights = np.full(4, 0.25)
    for _ in range(5):
        mu, covariance = rng.normal(0, 0.01, 4), 0.001 * np.cov(rng.standard_normal((4, 20)))
        day = optimiser.solve(mu, covariance, weights, conditions=conditions)
        fresh = optimise(mu, covariance, weights, constraints, costs=costs, conditions=conditions)
        assert day.weights == pytest.approx(fresh.weights, abs=1e-6)
        weights = day.weights


def test_every_kind_of_constraint_is_kept():
    """A forecast that pulls against all of them at once."""
    constraints = [
        Box(lower=(-0.3, -0.3, -0.05, -0.3), upper=0.4),
        GrossLimit(gross_max=1.0),
        NetLimit(net_min=-0.1, net_max=0.2),
        CashBuffer(cash_min=0.85),
        *sector_limits(["x", "x", "y", "y"], gross_max=0.55),
        ExposureLimit(name="beta", exposures=(1.0, 1.2, 0.8, 0.5), lower=-0.05, upper=0.05),
        PositionLimit(weight_max=0.35),
        LiquidityLimit(adv_share_max=0.6),
    ]
    conditions = conditions_of(4)
    target = optimise(
        np.array([0.09, -0.02, -0.08, 0.03]), 1e-3 * np.eye(4), np.zeros(4), constraints, conditions=conditions
    )
    kept = breaches(target.weights, np.zeros(4), constraints, conditions)
    assert max(kept.values()) <= 1e-6
    assert target.cash_weight >= 0.85 - 1e-6
    assert sum(price > 1e-6 for price in target.shadow_prices.values()) >= 3


def test_a_soft_constraint_bends_at_its_price_and_says_by_how_much():
    """At a price below what the breach earns it gives way; above, it holds."""
    mu, covariance = np.array([0.02, 0.01]), 1e-4 * np.eye(2)

    def solve(penalty):
        cap = PositionLimit(weight_max=0.2, kind="soft", penalty=penalty, name="house view")
        return optimise(mu, covariance, np.zeros(2), [GrossLimit(gross_max=1.0), LongOnly(), cap])

    cheap, dear = solve(0.001), solve(1.0)
    assert cheap.soft_breaches["house view"] > 0.1
    assert cheap.objective.soft_penalty == pytest.approx(0.001 * cheap.soft_breaches["house view"])
    assert dear.soft_breaches["house view"] == pytest.approx(0.0, abs=1e-6)
    assert dear.weights == pytest.approx([0.2, 0.2], abs=1e-5)


def test_infeasible_constraints_are_named_with_how_much_each_must_relax():
    """Three names of at most 20 % cannot be fully invested; gross and sector limits are not to blame."""
    constraints = [
        GrossLimit(gross_max=2.0),
        SectorLimit(name="sector x", members=(0, 1), gross_max=0.9),
        PositionLimit(weight_max=0.2, source="mandate 7"),
        INVESTED,
    ]
    with pytest.raises(Infeasible, match=r"OPT-001.*'position limit' and 'fully invested' cannot hold") as caught:
        optimise(np.zeros(3), np.eye(3), np.zeros(3), constraints)
    clash = caught.value.clash
    alone = {conflict.name: conflict.relax_alone for conflict in clash.conflicts}
    assert alone == pytest.approx({"position limit": 0.4 / 3, "fully invested": 0.4})
    assert clash.least_relaxation == pytest.approx({"position limit": 0.4 / 3})
    assert pickle.loads(pickle.dumps(caught.value)).clash == clash


def test_moving_the_named_limit_by_the_named_amount_makes_the_problem_feasible():
    """The advice of the error is true, for each constraint of the clash."""

    def constraints(turnover=0.2, invested=0.95, cash=0.1):
        return [
            LongOnly(),
            TurnoverLimit(turnover_max=turnover),
            CashBuffer(cash_min=cash),
            NetLimit(net_min=invested),
        ]

    with pytest.raises(Infeasible) as caught:
        optimise(np.zeros(3), np.eye(3), np.full(3, 0.3), constraints())
    alone = {c.name: c.relax_alone for c in caught.value.clash.conflicts}
    assert alone == pytest.approx({"cash buffer": 0.05, "net limit": 0.05})
    assert optimise(np.zeros(3), np.eye(3), np.full(3, 0.3), constraints(cash=0.05 - 1e-9)).status == "optimal"
    assert optimise(np.zeros(3), np.eye(3), np.full(3, 0.3), constraints(invested=0.9 - 1e-9)).status == "optimal"


def test_a_single_constraint_can_contradict_itself():
    """A box whose floor is above its ceiling."""
    with pytest.raises(Infeasible, match=r"'box' cannot be kept: relax 'box' by 0\.1"):
        optimise(np.zeros(2), np.eye(2), np.zeros(2), [Box(lower=0.4, upper=0.2)])


def test_a_solver_that_breaks_down_or_breaks_a_limit_is_not_believed(monkeypatch):
    """Weights that break a hard limit are refused, and so is an untrue claim of infeasibility."""
    optimiser = Optimiser("AB", [GrossLimit(gross_max=1.0)])
    arguments = (np.zeros(2), np.eye(2), np.zeros(2))
    for solution, says in (
        (program.Solution("optimal", np.array([2.0, 0.0]), np.zeros(1)), "do not hold: {'gross limit': 1.0}"),
        (program.Solution("infeasible", None, None), "the constraints can hold together"),
    ):
        monkeypatch.setattr(program.Program, "solve", lambda self, day, solution=solution: solution)
        with pytest.raises(OptimiserError, match=f"OPT-003.*{says}"):
            optimiser.solve(*arguments)
        assert optimiser.solve(*arguments, without_solution="hold").status == "held"


def test_holding_is_the_callers_choice_and_says_why():
    """The current weights, status held, the reason and the clash; never otherwise."""
    current = np.array([0.1, 0.2])
    constraints = [PositionLimit(weight_max=0.3), INVESTED]
    held = optimise(np.full(2, 0.01), np.eye(2), current, constraints, without_solution="hold")
    assert held.status == "held"
    assert held.weights.tolist() == current.tolist()
    assert held.trades.tolist() == [0.0, 0.0]
    assert held.reason.startswith("OPT-001")
    assert held.clash is not None
    unbounded = optimise(np.ones(1), np.zeros((1, 1)), np.zeros(1), [], risk_aversion=0.0, without_solution="hold")
    assert (unbounded.status, unbounded.clash) == ("held", None)
    assert "unbounded" in unbounded.reason


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"expected_return": np.array([0.1, np.nan])}, "OPT-004.*expected_return of B is nan"),
        ({"current_weights": np.zeros(3)}, r"OPT-004.*current_weights \(3,\), 2 instruments"),
        ({"covariance": np.eye(3)}, r"OPT-004.*covariance \(3, 3\)"),
        ({"covariance": np.array([[1.0, 2.0], [2.0, 1.0]])}, "OPT-002"),
        ({"constraints": [LongOnly(), LongOnly()]}, "OPT-004.*two constraints have the same name: 'long only'"),
        ({"constraints": [GrossLimit(gross_max=np.inf)]}, "OPT-004.*'gross limit' has a limit that is not finite"),
        ({"constraints": [PositionLimit(weight_max=(0.1,) * 3)]}, "OPT-004.*3 numbers for 2 instruments"),
        ({"constraints": [NetLimit()]}, "OPT-004.*neither a lower nor an upper"),
        ({"constraints": [SectorLimit(name="s", members=(5,), gross_max=1.0)]}, r"OPT-004.*members \(5,\)"),
        ({"constraints": [LiquidityLimit(adv_share_max=0.1)]}, "OPT-004.*needs the trading conditions"),
        ({"costs": costs_of(impact=1.0)}, "OPT-004.*impact 1.0.*give the trading conditions"),
        ({"conditions": conditions_of(3)}, "OPT-004.*conditions for 3 instruments, 2 are here"),
        ({"risk_aversion": -1.0}, "OPT-004.*risk_aversion -1.0"),
        ({"cost_weight": np.nan}, "OPT-004.*cost_weight nan"),
        ({"instruments": ()}, "OPT-004.*no instruments"),
        ({"risk_aversion": 0.0}, "OPT-003.*unbounded"),
    ],
)
def test_inputs_that_cannot_be_meant_are_named_errors(change, says):
    """The value seen and what was expected are in the message; nothing is solved."""
    arguments = {
        "expected_return": np.array([0.1, 0.2]),
        "covariance": np.eye(2),
        "current_weights": np.zeros(2),
        "constraints": [],
        "instruments": ("A", "B"),
        **change,
    }
    with pytest.raises(OptimiserError, match=says):
        optimise(**arguments)


def test_a_liquidity_limit_on_an_unknown_volume_is_refused():
    """Unknown is not unlimited."""
    conditions = TradingConditions(
        nav_value=1.0, adv_value=np.array([1.0, np.nan]), volatility_day=np.ones(2), price=np.ones(2)
    )
    with pytest.raises(OptimiserError, match="ADV of instrument 1 is unknown"):
        optimise(np.zeros(2), np.eye(2), np.zeros(2), [LiquidityLimit(adv_share_max=0.1)], conditions=conditions)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nav_value": 0.0}, "nav_value 0.0"),
        ({"price": np.array([1.0, 0.0])}, "price of instrument 1 is 0"),
        ({"volatility_day": np.array([np.nan, 0.1])}, "volatility_day of instrument 0 is nan"),
        ({"adv_value": np.array([1.0, -1.0])}, "adv_value of instrument 1 is -1.0"),
        ({"adv_value": np.ones(3)}, r"adv_value \(3,\)"),
    ],
)
def test_impossible_trading_conditions_are_refused_when_made(change, says):
    """No NAV, no price, negative volume."""
    good = {"nav_value": 1.0, "adv_value": np.ones(2), "volatility_day": np.ones(2), "price": np.ones(2)}
    with pytest.raises(OptimiserError, match=says):
        TradingConditions(**{**good, **change})


@pytest.mark.parametrize("change", [{"kind": "maybe"}, {"penalty": 0.0}])
def test_a_constraint_is_hard_or_soft_at_a_positive_price(change):
    """Nothing between."""
    with pytest.raises(OptimiserError, match="'long only'"):
        LongOnly(**change)


def test_a_missing_library_is_named_with_the_command_that_installs_it(monkeypatch):
    """The base install does not carry it."""
    real_import = builtins.__import__

    def without_cvxpy(name, *args, **kwargs):
        if name == "cvxpy":
            raise ImportError(name, name=name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_cvxpy)
    with pytest.raises(ModelError, match=r"MODEL-004.*cvxpy: pip install 'hedgerow\[research\]'"):
        program.import_cvxpy()
