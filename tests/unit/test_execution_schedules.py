"""Schedules and quotes keep what they promise for any numbers, and refuse those that cannot be meant."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.core.errors import HedgerowError
from hedgerow.execution import tca
from hedgerow.execution.almgren_chriss import LinearImpact, almgren_chriss, efficient_frontier
from hedgerow.execution.quoting import AvellanedaStoikov, GueantLehalleTapia, Quotes

MARKET = LinearImpact(sigma=0.95, eta=2.5e-6, gamma=2.5e-7, epsilon=0.0625)


@given(st.integers(0, 10**9), st.integers(1, 60), st.floats(0, 1e-2))
def test_lots_of_a_trajectory_sum_to_the_parent_and_none_is_negative(
    lots: int, intervals: int, aversion: float
) -> None:
    """Whatever the urgency, nothing is lost or invented by rounding."""
    plan = almgren_chriss(1e6, days=5, intervals=intervals, market=MARKET, risk_aversion=aversion)
    cut = plan.lots(lots)
    assert len(cut) == intervals
    assert sum(cut) == lots
    assert min(cut) >= 0


def test_no_other_trajectory_is_better_for_its_risk() -> None:
    """The objective at the solution is below that of any disturbed one."""
    aversion = 1e-6
    plan = almgren_chriss(1e6, days=5, intervals=10, market=MARKET, risk_aversion=aversion)
    best = plan.expected_cost + aversion * plan.variance
    random = np.random.default_rng(3)
    for _ in range(200):
        moved = plan.holdings.copy()
        moved[1:-1] += random.normal(0, 1e4, moved.size - 2)
        other = type(plan)(plan.market, moved, plan.days, aversion, plan.kappa)
        assert other.expected_cost + aversion * other.variance > best


def test_the_frontier_pays_more_for_less_risk() -> None:
    """Cost rises and risk falls with the aversion to it."""
    plans = efficient_frontier(1e6, days=5, intervals=50, market=MARKET, risk_aversions=[0.0, 1e-7, 1e-6, 1e-5])
    costs, risks = [plan.expected_cost for plan in plans], [plan.variance for plan in plans]
    assert costs == sorted(costs)
    assert risks == sorted(risks, reverse=True)


def test_an_urgency_beyond_every_exponent_trades_at_once() -> None:
    """No overflow: the whole order goes in the first interval."""
    plan = almgren_chriss(1e6, days=1000, intervals=1000, market=MARKET, risk_aversion=1e3)
    assert plan.trades[0] == pytest.approx(1e6)
    assert np.isfinite(plan.holdings).all()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shares": 0.0}, "shares"),
        ({"days": math.nan}, "days"),
        ({"intervals": 0}, "intervals"),
        ({"risk_aversion": -1.0}, "risk_aversion"),
        ({"market": LinearImpact(sigma=1, eta=1e-7, gamma=1e-6)}, "eta"),
        ({"market": LinearImpact(sigma=1, eta=1e-7, alpha=0.1), "risk_aversion": 0.0}, "risk aversion"),
    ],
)
def test_numbers_that_cannot_be_meant_are_named(changes: dict[str, object], says: str) -> None:
    """With the value seen and what it should be."""
    asked: dict[str, object] = {"shares": 1e6, "days": 5, "intervals": 5, "market": MARKET, "risk_aversion": 1e-6}
    asked |= changes
    with pytest.raises(HedgerowError, match=says):
        almgren_chriss(asked.pop("shares"), **asked)  # type: ignore[arg-type]


@given(st.integers(-50, 50))
def test_the_exact_quotes_lean_against_the_inventory(inventory: int) -> None:
    """Who is long quotes lower on both sides, far from zero too; at the limit one side is silent."""
    maker = GueantLehalleTapia(gamma=0.1, sigma=2.0, k=1.5, intensity=140.0)
    quotes, mirrored = maker.quotes(100.0, inventory=inventory), maker.quotes(100.0, inventory=-inventory)
    assert math.isnan(quotes.bid) == (inventory == 50)
    assert math.isnan(quotes.ask) == (inventory == -50)
    if not math.isnan(quotes.bid):
        assert quotes.bid - 100 == pytest.approx(100 - mirrored.ask)
    if -50 < inventory < 50:
        more = maker.quotes(100.0, inventory=inventory + 1)
        assert more.ask < quotes.ask
        assert quotes.bid < quotes.ask


def test_the_exact_quotes_do_not_depend_on_a_limit_that_is_far_away() -> None:
    """A limit of 50 or of 2,000 units gives the same quotes near zero, to the rounding of a double."""
    near, far = (
        GueantLehalleTapia(gamma=0.1, sigma=2.0, k=1.5, intensity=140.0, inventory_max=most) for most in (50, 2_000)
    )
    for inventory in (-5, 0, 12):
        one, other = near.quotes(100.0, inventory=inventory), far.quotes(100.0, inventory=inventory)
        assert (one.bid, one.ask) == pytest.approx((other.bid, other.ask), abs=1e-9)


@given(st.integers(1, 10**6), st.integers(0, 10**4))
def test_a_quote_on_a_tick_stays_there_and_others_move_away_from_the_mid(bid: int, width: int) -> None:
    """Floats a hair beside a tick are that tick."""
    tick = 0.01
    assert Quotes(bid * tick, (bid + width) * tick, 0.0).in_ticks(tick) == (bid, bid + width)
    low, high = Quotes((bid + 0.3) * tick, (bid + width + 0.3) * tick, 0.0).in_ticks(tick)
    assert (low, high) == (bid, bid + width + 1)


def test_quotes_refuse_numbers_that_cannot_be_meant() -> None:
    """Risk aversion of zero, an inventory beyond the limit, time that ran out."""
    with pytest.raises(HedgerowError, match="gamma"):
        AvellanedaStoikov(gamma=0.0, sigma=1.0, k=1.0)
    with pytest.raises(HedgerowError, match="time_left"):
        AvellanedaStoikov(gamma=1.0, sigma=1.0, k=1.0).spread(-1.0)
    with pytest.raises(HedgerowError, match="raise inventory_max"):
        GueantLehalleTapia(gamma=1.0, sigma=1.0, k=1.0, intensity=1.0, inventory_max=3).quotes(1.0, inventory=4)
    with pytest.raises(HedgerowError, match="tick"):
        Quotes(1.0, 2.0, 1.5).in_ticks(0.0)


def test_cost_analysis_refuses_what_cannot_be() -> None:
    """More filled than ordered, a side that is none, volumes that sum to nothing, times that fall."""
    with pytest.raises(HedgerowError, match="filled"):
        tca.shortfall("buy", ordered=1, filled=2, decision=1, arrival=1, average=1, end=1)
    with pytest.raises(HedgerowError, match="did you mean 'sell'"):
        tca.slippage_bps("sel", 1.0, 1.0)  # type: ignore[arg-type]
    with pytest.raises(HedgerowError, match="nothing traded"):
        tca.vwap([1.0], [0.0])
    with pytest.raises(HedgerowError, match="times rise"):
        tca.twap([1.0, 2.0], [1, 1], end=3)
    with pytest.raises(HedgerowError, match="own trades"):
        tca.participation(2, 1)


@pytest.mark.parametrize("aversion", [1e-12, 1e-18, 1e-22, 1e-40, 5e-324])
def test_a_drift_with_hardly_any_fear_is_computed_to_the_last_digit(aversion: float) -> None:
    """Near no aversion the plan is the straight line and a parabola, and never noise or no number."""
    drifting = LinearImpact(sigma=0.95, eta=2.5e-6, gamma=2.5e-7, epsilon=0.0625, alpha=0.02)
    plan = almgren_chriss(1e6, days=5, intervals=5, market=drifting, risk_aversion=aversion)
    past = np.arange(6) / 5
    held = 1e6 * (1 - past) + 0.02 * 5**2 / (4 * (2.5e-6 - 2.5e-7 / 2)) * past * (1 - past)
    np.testing.assert_allclose(plan.holdings, held, rtol=max(1e-12, aversion * 1e7))
    calm = almgren_chriss(1e6, days=5, intervals=5, market=MARKET, risk_aversion=aversion)
    assert calm.kappa == pytest.approx(math.sqrt(aversion) * math.sqrt(0.95**2 / (2.5e-6 - 2.5e-7 / 2)), rel=1e-6)


def test_an_aversion_beyond_numbers_is_named() -> None:
    """It gave holdings that were no numbers."""
    with pytest.raises(HedgerowError, match=r"RUN-008.*risk_aversion 1e\+304"):
        almgren_chriss(1e6, days=5, intervals=5, market=MARKET, risk_aversion=1e304)
