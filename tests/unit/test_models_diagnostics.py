"""Information coefficients: by date, against SciPy, and honest about overlap."""

from __future__ import annotations

import numpy as np
import pytest

from hedgerow.core.errors import ModelError
from hedgerow.models.diagnostics import (
    ic_decay,
    information_coefficient,
    rank_information_coefficient,
    summarise,
)


@pytest.fixture
def tables():
    """Forecasts and outcomes with ties and gaps."""
    rng = np.random.default_rng(5)
    forecast = rng.integers(0, 6, (30, 12)).astype(float)
    outcome = 0.3 * forecast + rng.standard_normal((30, 12))
    forecast[rng.random((30, 12)) < 0.1] = np.nan
    return forecast, outcome


def test_both_coefficients_equal_scipys_on_every_date(tables):
    """Pearson and Spearman, with ties, on the names that have both numbers."""
    stats = pytest.importorskip("scipy.stats")
    forecast, outcome = tables
    pearson, spearman = information_coefficient(*tables), rank_information_coefficient(*tables)
    for day in range(len(forecast)):
        both = np.isfinite(forecast[day])
        assert pearson[day] == pytest.approx(stats.pearsonr(forecast[day][both], outcome[day][both])[0])
        assert spearman[day] == pytest.approx(stats.spearmanr(forecast[day][both], outcome[day][both])[0])


def test_a_market_move_is_not_skill():
    """Adding a different constant to each date changes nothing, as it would if dates were pooled."""
    rng = np.random.default_rng(2)
    forecast, outcome = rng.standard_normal((2, 40, 10))
    shift = np.linspace(-5, 5, 40)[:, None]
    assert np.allclose(information_coefficient(forecast, outcome), information_coefficient(forecast + shift, outcome))


def test_dates_with_too_few_names_or_no_spread_have_no_figure():
    """Two names always correlate perfectly; equal forecasts say nothing."""
    forecast = np.array([[1.0, 2.0, np.nan], [1.0, 1.0, 1.0], [1.0, 2.0, 3.0]])
    outcome = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    assert np.isnan(information_coefficient(forecast, outcome)).tolist() == [True, True, False]
    assert rank_information_coefficient(forecast, outcome)[2] == pytest.approx(-1.0)


def test_overlapping_labels_lower_the_t_statistic():
    """A series that repeats itself five times has about a fifth of the evidence."""
    series = np.repeat(np.random.default_rng(1).normal(0.05, 0.1, 200), 5)
    naive, honest = summarise(series), summarise(series, overlap=4)
    assert naive.mean == honest.mean
    assert naive.icir == pytest.approx(naive.mean / series.std(ddof=1))
    assert naive.t_statistic == pytest.approx(naive.mean / (series.std(ddof=0) / np.sqrt(1000)))
    assert 0.4 < honest.t_statistic / naive.t_statistic < 0.7


def test_a_forecast_of_one_bar_decays_with_the_horizon():
    """Knowing tomorrow's return says less and less about longer ones."""
    rng = np.random.default_rng(3)
    returns = rng.normal(0, 0.01, (400, 20))
    closes = 100 * np.cumprod(1 + returns, axis=0)
    forecast = np.full_like(returns, np.nan)
    forecast[:-1] = returns[1:]
    decay = ic_decay(forecast, closes, [1, 4, 16], lag_bars=0)
    assert decay[1] == pytest.approx(1.0)
    assert decay[1] > decay[4] > decay[16] > 0
    assert np.isnan(ic_decay(forecast[:5], closes[:5], [90])[90])


def test_misfitting_tables_and_empty_series_are_named_errors():
    """Shapes are in the message; one date is not a sample."""
    with pytest.raises(ModelError, match=r"MODEL-006.*\(2, 3\).*\(3, 2\)"):
        information_coefficient(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(ModelError, match=r"MODEL-001.*1 dates"):
        summarise(np.array([0.1, np.nan]))
