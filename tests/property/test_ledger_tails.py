"""What holds of every return series, whatever it is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.ledger import tails
from hedgerow.ledger.metrics import performance

RETURNS = st.lists(st.floats(-0.9, 2.0), min_size=1, max_size=120)
LEVELS = st.sampled_from([0.5, 0.75, 0.9, 0.95, 0.975, 0.99])


@given(RETURNS, LEVELS)
def test_expected_shortfall_is_never_below_value_at_risk(returns: list[float], level: float) -> None:
    """The mean of the tail is at least where the tail begins."""
    assert tails.expected_shortfall(returns, level) >= tails.value_at_risk(returns, level) - 1e-12


@given(RETURNS, LEVELS)
def test_value_at_risk_is_exceeded_no_more_often_than_it_says(returns: list[float], level: float) -> None:
    """At most a share of 1 - level of all losses is larger."""
    beyond = np.mean(-np.array(returns) > tails.value_at_risk(returns, level))
    assert beyond <= 1 - level + 1e-12


@given(st.lists(st.floats(-0.2, 0.2), min_size=20, max_size=60), LEVELS)
def test_expected_shortfall_of_two_together_is_no_worse_than_of_each(returns: list[float], level: float) -> None:
    """Subadditivity, which splitting the atom is for."""
    one, other = np.array(returns), np.array(returns[::-1])
    together = tails.expected_shortfall(one + other, level)
    assert together <= tails.expected_shortfall(one, level) + tails.expected_shortfall(other, level) + 1e-12


@given(RETURNS)
def test_a_drawdown_is_the_worst_of_all_pairs(returns: list[float]) -> None:
    """Compared with every peak and every later value."""
    wealth = np.concatenate([[1.0], np.cumprod(1 + np.array(returns))])
    worst = max(1 - wealth[j] / wealth[i] for i in range(wealth.size) for j in range(i, wealth.size))
    assert abs(tails.max_drawdown(wealth).depth - worst) < 1e-12


@given(RETURNS, st.floats(0.01, 1e9))
def test_performance_does_not_depend_on_the_size_of_the_fund(returns: list[float], capital: float) -> None:
    """Returns of a fund of a dollar and of a billion are the same."""
    wealth = np.cumprod(1 + np.array(returns))
    small = performance(wealth, capital=1.0, periods_per_year=252)
    large = performance(wealth * capital, capital=capital, periods_per_year=252)
    assert small.total_return is not None
    assert large.total_return is not None
    assert abs(small.total_return - large.total_return) <= 1e-9 * (1 + abs(small.total_return))
