"""Covariances: the published shrinkage, the plain exponential weighting, and nothing that is not positive."""

from __future__ import annotations

import numpy as np
import pytest

from hedgerow.core.errors import OptimiserError, RunError
from hedgerow.portfolio.covariance import CovarianceConfig, estimate, ewma, ledoit_wolf, require_psd


def returns_of(seed, times, names):
    """Correlated returns of unequal size."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((times, names)) @ rng.standard_normal((names, names)) * 0.01 + 0.001


@pytest.mark.parametrize(("seed", "times", "names"), [(0, 20, 5), (1, 20, 5), (2, 10, 30), (3, 500, 20), (4, 8, 1)])
def test_shrinkage_and_covariance_equal_scikit_learns(seed, times, names):
    """More times than names and fewer, and a single name."""
    reference = pytest.importorskip("sklearn.covariance")
    returns = returns_of(seed, times, names)
    covariance, shrinkage = reference.ledoit_wolf(returns)
    ours = ledoit_wolf(returns)
    assert ours.shrinkage == pytest.approx(shrinkage, rel=1e-9, abs=1e-12)
    assert np.allclose(ours.covariance, covariance, rtol=1e-9, atol=1e-15)


def test_shrinkage_equals_the_paper_written_out_observation_by_observation():
    """Ledoit and Wolf's b2 and d2 as sums over outer products."""
    returns = returns_of(7, 30, 4)
    centred = returns - returns.mean(axis=0)
    sample = centred.T @ centred / 30
    mu = np.trace(sample) / 4
    d2 = ((sample - mu * np.eye(4)) ** 2).sum() / 4
    b2 = sum(((np.outer(x, x) - sample) ** 2).sum() / 4 for x in centred) / 30**2
    assert ledoit_wolf(returns).shrinkage == pytest.approx(min(b2, d2) / d2)


def test_exponential_weights_halve_every_halflife():
    """The plain loop gives the same."""
    returns = returns_of(1, 40, 3)
    total, weights = np.zeros((3, 3)), 0.0
    for age, row in enumerate(returns[::-1]):
        total += 0.5 ** (age / 10) * np.outer(row, row)
        weights += 0.5 ** (age / 10)
    assert np.allclose(ewma(returns, halflife_bars=10), total / weights)


@pytest.mark.parametrize("method", ["ledoit_wolf", "ewma"])
def test_an_estimate_uses_its_window_only_and_scales_with_its_horizon(method):
    """Older rows change nothing; five bars have five times the variance."""
    returns = returns_of(2, 100, 4)
    config = CovarianceConfig(method=method, window_bars=60)
    changed = returns.copy()
    changed[:40] = 9.0
    assert (estimate(returns, config) == estimate(changed, config)).all()
    week = CovarianceConfig(method=method, window_bars=60, horizon_bars=5)
    assert np.allclose(estimate(returns, week), 5 * estimate(returns, config))


def test_fewer_times_than_names_still_give_a_positive_covariance():
    """Which the sample covariance cannot."""
    covariance = estimate(returns_of(3, 10, 30), CovarianceConfig())
    assert np.linalg.eigvalsh(covariance)[0] > 0
    require_psd(np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: require_psd(np.array([[1.0, 2.0], [2.0, 1.0]])), OptimiserError, "OPT-002.*smallest eigenvalue -1"),
        (lambda: require_psd(np.array([[1.0, 0.5], [0.0, 1.0]])), OptimiserError, "OPT-002.*not symmetric.*0.5"),
        (lambda: require_psd(np.array([[1.0, np.nan], [0.0, 1.0]])), OptimiserError, "OPT-004"),
        (lambda: require_psd(np.ones((2, 3))), OptimiserError, r"OPT-004.*\(2, 3\)"),
        (lambda: ledoit_wolf(np.array([[0.1], [np.nan]])), OptimiserError, "OPT-004.*row 1, instrument 0 is nan"),
        (lambda: ledoit_wolf(np.ones((1, 3))), OptimiserError, "OPT-004"),
        (lambda: CovarianceConfig(method="guess"), RunError, "'guess'"),
        (lambda: CovarianceConfig(window_bars=1), RunError, "window_bars 1"),
    ],
)
def test_what_is_not_a_covariance_is_a_named_error(call, error, says):
    """Indefinite, lopsided, with gaps, or wrongly asked for."""
    with pytest.raises(error, match=says):
        call()
