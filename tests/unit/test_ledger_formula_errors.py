"""The well-known wrong formulas, each beside the right one: a figure of ours must be the second and never the first.

Every case works out both on the same data, and asserts that the data tell them apart, so that putting the error into
the code fails here. The errors are those that published code is known to make.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from hedgerow import Bars, Costs, backtest
from hedgerow.core.errors import HedgerowError
from hedgerow.ledger import ratios, tails
from hedgerow.ledger.metrics import performance

RANDOM = np.random.default_rng(20)
RETURNS = RANDOM.standard_t(4, 300) * 0.008 + 0.0012
BILLS = np.linspace(0.0, 0.012, 300)
TARGET = 0.002
DAY = 252**0.5
NORMAL = NormalDist()


def told(returns: np.ndarray, **options: object) -> object:
    """The report on daily returns, its first value the starting point."""
    wealth = np.concatenate([[1.0], np.cumprod(1 + returns)])
    return performance(wealth, periods_per_year=252, **options)  # type: ignore[arg-type]


def ours_and_not(ours: float | None, right: float, *wrong: float) -> None:
    """Ours is right, and these data would show each error."""
    assert ours == pytest.approx(right, rel=1e-9)
    for other in wrong:
        assert abs(other - right) > 1e-3 * abs(right), (right, other)


def test_sharpe_divides_by_the_deviation_of_the_excess_return() -> None:
    """Not by that of the return: they differ once the risk-free return varies. And n - 1, not n."""
    excess = RETURNS - BILLS
    mean = excess.mean()
    ours_and_not(ratios.sharpe(RETURNS, BILLS), mean / excess.std(ddof=1), mean / RETURNS.std(ddof=1))
    ours_and_not(told(RETURNS, risk_free=BILLS).sharpe, mean / excess.std(ddof=1) * DAY, mean / excess.std() * DAY)  # type: ignore[attr-defined]


def test_sortino_counts_every_period_from_the_target() -> None:
    """Not the deviation of the losing returns about their own mean, nor the root mean square of losing ones alone."""
    below = (RETURNS - TARGET)[RETURNS < TARGET]
    mean = (RETURNS - TARGET).mean()
    right = mean / math.sqrt(np.sum(below**2) / RETURNS.size)
    wrong = (mean / below.std(ddof=1), mean / math.sqrt(np.mean(below**2)), RETURNS.mean() / (mean / right))
    ours_and_not(ratios.sortino(RETURNS, TARGET), right, *wrong)


def test_drawdown_is_of_compounded_wealth_and_counts_the_first_day() -> None:
    """Not of summed returns, and not from the first value after the first loss."""
    falling = np.array([0.5, -0.3, -0.3])
    ours_and_not(told(falling).max_drawdown, 0.51, 0.4)  # type: ignore[attr-defined]
    early = np.array([-0.3, 0.01, -0.02, 0.01])
    without_start = 1 - 0.98
    ours_and_not(told(early).max_drawdown, 1 - 0.7 * 1.01 * 0.98, without_start)  # type: ignore[attr-defined]


def test_calmar_divides_compound_growth() -> None:
    """Not the mean return times the periods of a year."""
    report = told(RETURNS)
    growth = float(np.prod(1 + RETURNS)) ** (252 / RETURNS.size) - 1
    fall = report.max_drawdown  # type: ignore[attr-defined]
    ours_and_not(report.calmar, growth / fall, RETURNS.mean() * 252 / fall)  # type: ignore[attr-defined]


def test_returns_that_depend_on_each_other_are_not_annualised_by_the_square_root_alone() -> None:
    """Lo's correction is given without being asked for, and a note says how far the two lie apart."""
    smooth = np.convolve(RETURNS, [0.6, 0.4], mode="valid")
    report = told(smooth)
    lags, n = ratios.lags_for(smooth.size), smooth.size
    centred = smooth - smooth.mean()
    rho = [float(centred[k:] @ centred[: n - k]) / float(centred @ centred) for k in range(1, lags + 1)]
    eta = 252 / math.sqrt(252 + 2 * sum((252 - k) * r for k, r in enumerate(rho, start=1)))
    each = smooth.mean() / smooth.std(ddof=1)
    ours_and_not(report.sharpe_adjusted, each * eta, each * DAY)  # type: ignore[attr-defined]
    assert any("depend on the ones before" in note for note in report.notes)  # type: ignore[attr-defined]
    assert not any("depend on the ones before" in note for note in told(RETURNS).notes)  # type: ignore[attr-defined]


def test_belief_in_a_sharpe_ratio_takes_raw_kurtosis_and_figures_per_period() -> None:
    """Not the excess over the normal's 3, not the annual ratio, not the normal's moments."""
    skewed = RETURNS - 0.8 * np.maximum(RETURNS - 0.005, 0)
    sharpe, n = skewed.mean() / skewed.std(ddof=1), skewed.size
    z = (skewed - skewed.mean()) / skewed.std()
    skew, raw = float(np.mean(z**3)), float(np.mean(z**4))

    def psr(ratio: float, s: float, k: float, against: float = 0.0) -> float:
        return NORMAL.cdf((ratio - against) * math.sqrt((n - 1) / (1 - s * ratio + (k - 1) / 4 * ratio**2)))

    report = told(skewed, trials=40)
    annual = psr(sharpe * DAY, skew, raw)
    ours_and_not(report.probabilistic_sharpe, psr(sharpe, skew, raw), annual)  # type: ignore[attr-defined]
    excess_kurtosis = ratios.probabilistic_sharpe(0.4, n, skew=skew, kurtosis=raw - 3, against=0.3)
    ours_and_not(
        ratios.probabilistic_sharpe(0.4, n, skew=skew, kurtosis=raw, against=0.3),
        psr(0.4, skew, raw, 0.3),
        excess_kurtosis or 0.0,
    )


def test_deflation_counts_every_trial() -> None:
    """Not one trial, for which there is no figure at all; and the more were tried, the less is believed."""
    n, sharpe = RETURNS.size, RETURNS.mean() / RETURNS.std(ddof=1)
    z = (RETURNS - RETURNS.mean()) / RETURNS.std()
    skew, raw = float(np.mean(z**3)), float(np.mean(z**4))
    gamma = 0.5772156649015329
    best = (1 - gamma) * NORMAL.inv_cdf(1 - 1 / 40) + gamma * NORMAL.inv_cdf(1 - 1 / (40 * math.e))
    luck = best / math.sqrt(n - 1)
    right = NORMAL.cdf((sharpe - luck) * math.sqrt((n - 1) / (1 - skew * sharpe + (raw - 1) / 4 * sharpe**2)))
    report = told(RETURNS, trials=40)
    ours_and_not(report.deflated_sharpe, right, report.probabilistic_sharpe)  # type: ignore[attr-defined]
    assert told(RETURNS, trials=1).deflated_sharpe is None  # type: ignore[attr-defined]
    assert told(RETURNS).deflated_sharpe is None  # type: ignore[attr-defined]


def test_value_at_risk_is_a_positive_loss_of_one_period_at_a_stated_level() -> None:
    """Not a negative percentile, not an interpolated one, and no horizon that is only a square root away."""
    losses = np.sort(-RETURNS)[::-1]
    right = float(losses[15])
    ours_and_not(tails.value_at_risk(RETURNS, 0.95), right, -right, float(-np.percentile(RETURNS, 5)) * 1.01)
    ours_and_not(told(RETURNS).value_at_risk, right, right * math.sqrt(10), float(losses[14]))  # type: ignore[attr-defined]


def test_expected_shortfall_splits_the_observation_at_the_quantile() -> None:
    """Not the mean of what is strictly worse, not of a rounded number of them, and never below value at risk."""
    few = RETURNS[:50]
    losses = np.sort(-few)[::-1]
    right = (losses[:2].sum() + 0.5 * losses[2]) / 2.5
    ours_and_not(tails.expected_shortfall(few, 0.95), right, losses[:2].mean(), losses[:3].mean())
    tied = np.array([-0.1, -0.1, -0.1, 0.0, 0.1] * 4)
    assert tails.expected_shortfall(tied, 0.95) >= tails.value_at_risk(tied, 0.95) == 0.1


def test_kelly_is_of_the_excess_return_and_a_fraction() -> None:
    """Not of the nominal return, not over the deviation, and not the whole of it."""
    excess = RETURNS - BILLS / 20
    right = 0.5 * excess.mean() / excess.var(ddof=1)
    ours_and_not(ratios.kelly(RETURNS, BILLS / 20), right, 2 * right, 0.5 * RETURNS.mean() / RETURNS.var(ddof=1))
    with pytest.raises(HedgerowError, match="RUN-002"):
        ratios.kelly(RETURNS, fraction=1.5)


def test_turnover_is_one_sided() -> None:
    """Not everything that was traded, and per year of the sample."""
    report = performance(np.full(505, 100.0), periods_per_year=252, traded_notional=800.0)
    ours_and_not(report.turnover, 2.0, 4.0, 8.0)


def test_the_first_day_is_a_return_of_the_run() -> None:
    """Not lost by differencing a curve that begins after it."""
    bars = Bars.from_arrays(
        np.arange(80).astype("datetime64[D]"),
        open=[100.0, *[50.0] * 79],
        high=[100.0, *[50.0] * 79],
        low=[50.0] * 80,
        close=[50.0] * 80,
    )
    run = backtest(bars, weights=np.full(80, 0.5), costs=Costs.none())
    assert run.performance.periods == 80
    assert run.equity["nav"].iloc[0] == 1_000_000


@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_a_benchmark_in_another_currency_is_refused(currency: str) -> None:
    """Values of two currencies have no common return."""
    values = pd.Series(np.linspace(100, 120, 100), index=pd.bdate_range("2024-01-01", periods=100))
    with pytest.raises(HedgerowError, match=r"RUN-002.*convert"):
        performance(values, benchmark=values, currency="USD", benchmark_currency=currency)
    same = performance(values, benchmark=values, currency="USD", benchmark_currency="USD")
    assert same.currency == "USD"
    assert same.relative is not None
    assert same.relative.beta == pytest.approx(1.0)


def test_a_slope_of_a_few_days_is_no_beta() -> None:
    """The minimum sample holds for beta and correlation as for everything that is estimated."""
    market = np.concatenate([[1.0], np.cumprod(1 + RETURNS[:10])])
    relative = told(RETURNS[:10] * 2, benchmark=market).relative  # type: ignore[attr-defined]
    assert (relative.beta, relative.correlation, relative.alpha, relative.tracking_error) == (None,) * 4
    assert relative.total_return == pytest.approx(market[-1] - 1)
