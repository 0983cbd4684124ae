"""Performance: closed forms, the first day, samples too short, and inputs that cannot be measured."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pandas as pd
import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.ledger import ratios, tails
from hedgerow.ledger.metrics import Performance, end_of_day, performance


def noise(count: int, seed: int = 3, mean: float = 0.0005) -> np.ndarray:
    """Daily returns of a plausible strategy."""
    return np.random.default_rng(seed).normal(mean, 0.01, count)


def nav(returns: np.ndarray) -> np.ndarray:
    """Values that begin with the starting point 1,000."""
    return 1000 * np.concatenate([[1.0], np.cumprod(1 + returns)])


def measured(returns: np.ndarray, **options: object) -> Performance:
    """The report on daily returns."""
    return performance(nav(returns), periods_per_year=252, **options)  # type: ignore[arg-type]


def test_the_first_day_counts() -> None:
    """A loss between the starting capital and the first value is a return, a drawdown and the worst day."""
    report = performance([90.0, 95.0], capital=100.0, periods_per_year=252)
    assert report.periods == 2
    assert report.total_return == pytest.approx(-0.05)
    assert report.max_drawdown == pytest.approx(0.10)
    assert report.worst_period == pytest.approx(-0.10)


def test_a_starting_point_in_the_series_and_as_capital_are_the_same() -> None:
    """Two ways to say where it began, one report."""
    values = nav(noise(300))
    assert performance(values, periods_per_year=252) == performance(values[1:], capital=1000.0, periods_per_year=252)


def test_figures_follow_their_definitions() -> None:
    """Each figure again, written out."""
    returns = noise(504)
    report = measured(returns, risk_free=0.0252)
    excess = returns - 0.0001
    growth = float(np.prod(1 + returns))
    assert report.years == pytest.approx(2.0)
    assert report.total_return == pytest.approx(growth - 1)
    assert report.cagr == pytest.approx(growth**0.5 - 1)
    assert report.volatility == pytest.approx(returns.std(ddof=1) * 252**0.5)
    assert report.sharpe == pytest.approx(excess.mean() / excess.std(ddof=1) * 252**0.5)
    assert report.sortino == pytest.approx(excess.mean() / np.sqrt(np.mean(np.minimum(excess, 0) ** 2)) * 252**0.5)
    assert report.hit_rate == pytest.approx(np.mean(returns > 0))
    assert report.calmar == pytest.approx((report.cagr or 0) / (report.max_drawdown or 1))
    assert report.value_at_risk == pytest.approx(-np.sort(returns)[25])
    worst = -np.sort(returns)[:26]
    assert report.expected_shortfall == pytest.approx((worst[:25].sum() + 0.2 * worst[25]) / 25.2)
    assert report.risk_free == pytest.approx(0.0252)


def test_ten_days_are_not_annualised() -> None:
    """Figures per year are left out with RUN-004; what needs no year stays."""
    report = measured(noise(10))
    left_out = ["cagr", "volatility", "sharpe", "sortino", "calmar", "turnover", "probabilistic_sharpe"]
    assert [getattr(report, name) for name in left_out] == [None] * 7
    assert report.total_return is not None
    assert "RUN-004" in report.notes[0]
    assert "10 periods, at least 63" in report.notes[0]


@pytest.mark.parametrize(("count", "annual"), [(62, False), (63, True)])
def test_a_quarter_of_a_year_is_the_least_that_is_annualised(count: int, annual: bool) -> None:
    """63 working days."""
    report = measured(noise(count))
    assert (report.sharpe is not None) is annual
    assert any("GIPS" in note for note in report.notes) is annual


def test_a_flat_series_has_no_ratios_and_no_invented_figure() -> None:
    """Nothing moved: volatility and drawdown are zero, ratios are left out and the notes say why."""
    report = performance(np.full(300, 100.0), periods_per_year=252)
    assert (report.volatility, report.max_drawdown, report.total_return) == (0.0, 0.0, 0.0)
    assert (report.sharpe, report.sortino, report.calmar, report.skew) == (None, None, None, None)
    assert any(note.startswith("sharpe:") for note in report.notes)


def test_a_steady_gain_is_not_a_sharpe_ratio_of_a_trillion() -> None:
    """Equal returns differ by rounding only, which is no deviation."""
    report = measured(np.full(300, 0.001))
    assert report.sharpe is None
    assert report.cagr == pytest.approx(1.001**252 - 1)


def test_periods_per_year_follow_from_the_calendar() -> None:
    """Working days, every day, weeks, months, quarters, years and hours."""
    for rule, per_year in [("B", 252), ("D", 365), ("W", 52), ("ME", 12), ("QE", 4), ("YE", 1), ("h", 8765.82)]:
        times = pd.date_range("2020-01-01", periods=80, freq=rule, tz="UTC")
        report = performance(pd.Series(nav(noise(79)), index=times))
        assert report.periods_per_year == pytest.approx(per_year), rule


def test_end_of_day_keeps_the_starting_point() -> None:
    """The capital before the first bar of a day survives that day's close."""
    times = pd.date_range("2024-01-02 09:30", periods=30, freq="3h", tz="UTC")
    values = pd.Series(np.arange(100.0, 130.0), index=times)
    daily = end_of_day(values)
    assert daily.iloc[0] == 100.0
    assert daily.iloc[1:].tolist() == values.iloc[1:].groupby(times[1:].floor("D")).last().tolist()


def test_money_paid_in_is_no_profit() -> None:
    """Returns are time-weighted: a doubling by deposit is a return of nothing."""
    report = performance([100.0, 200.0, 220.0, 110.0], flows=[100.0, 0.0, -110.0], periods_per_year=252)
    assert report.total_return == pytest.approx(0.10)
    assert report.max_drawdown == pytest.approx(0.0)


def test_a_ruined_fund_is_reported_not_crashed() -> None:
    """At zero the series ends; figures that need what comes after are left out."""
    report = performance([100.0, 50.0, 0.0, 70.0], periods_per_year=252, benchmark=[1.0, 1.0, 1.0, 1.0])
    assert (report.periods, report.total_return, report.max_drawdown) == (2, None, 1.0)
    assert "fell to zero or below in period 2" in report.notes[0]


def test_deflation_needs_the_trials_counted() -> None:
    """More trials, less belief; one trial is named as no count at all."""
    returns = noise(756, mean=0.001)
    few, many = measured(returns, trials=2), measured(returns, trials=500)
    assert 0 < (many.deflated_sharpe or 0) < (few.deflated_sharpe or 0) < (few.probabilistic_sharpe or 0) < 1
    one = measured(returns, trials=1)
    assert one.deflated_sharpe is None
    assert any("one trial" in note for note in one.notes)
    assert measured(returns).deflated_sharpe is None


def test_autocorrelation_changes_how_a_ratio_is_annualised() -> None:
    """Smoothed returns earn a lower annual Sharpe ratio than the square-root rule says (Lo, 2002)."""
    smooth = np.convolve(noise(800, mean=0.001), [0.5, 0.3, 0.2], mode="valid")
    report = measured(smooth, lags=3)
    assert 0 < (report.sharpe_adjusted or 0) < (report.sharpe or 0)
    unadjusted = ratios.annual_factor(smooth, 252, lags=0)
    assert unadjusted == pytest.approx(252**0.5)


def test_turnover_is_one_sided_and_per_year() -> None:
    """Buying and selling the whole fund once in a year is a turnover of one."""
    report = performance(np.full(253, 500.0), periods_per_year=252, traded_notional=1000.0)
    assert report.turnover == pytest.approx(1.0)


def test_a_levered_benchmark_has_beta_two_and_no_alpha() -> None:
    """Twice the benchmark's return, period by period."""
    market = noise(252)
    report = measured(2 * market, benchmark=nav(market))
    relative = report.relative
    assert relative is not None
    assert relative.beta == pytest.approx(2.0)
    assert relative.correlation == pytest.approx(1.0)
    assert relative.alpha == pytest.approx(0.0, abs=1e-12)
    assert relative.tracking_error == pytest.approx(market.std(ddof=1) * 252**0.5)
    assert relative.information_ratio == pytest.approx(market.mean() / market.std(ddof=1) * 252**0.5)
    assert relative.total_return == pytest.approx(np.prod(1 + market) - 1)


def test_figures_that_point_different_ways_are_pointed_out() -> None:
    """A positive mean return with a falling fund, and mostly winning days with a falling fund."""
    swings = np.tile([0.5, -0.4], 60)
    assert any("volatility ate it" in note for note in measured(swings).notes)
    bleeding = np.tile([0.001, 0.001, -0.01], 60)
    assert any("losses were larger" in note for note in measured(bleeding).notes)


def test_a_report_is_frozen_and_writes_as_json() -> None:
    """Every figure is a plain number, text or null."""
    report = measured(noise(300), benchmark=nav(noise(300, seed=4)))
    text = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert text["relative"]["beta"] == report.relative.beta  # type: ignore[union-attr]
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.sharpe = 9.0  # type: ignore[misc]


def test_a_single_value_is_a_report_of_nothing() -> None:
    """Only a starting point: no period, no figure, and the notes say so."""
    report = performance(pd.Series([100.0], index=pd.to_datetime(["2024-01-02"])))
    assert (report.periods, report.total_return, report.max_drawdown, report.risk_free) == (0, None, None, None)
    assert report.notes
    json.dumps(report.to_dict(), allow_nan=False)


def days(*texts: str) -> pd.DatetimeIndex:
    """Times from texts."""
    return pd.to_datetime(list(texts))


@pytest.mark.parametrize(
    ("equity", "options", "code", "seen"),
    [
        ([], {"periods_per_year": 252}, "RUN-005", "without values"),
        ([100.0, math.nan], {"periods_per_year": 252}, "RUN-008", "row 1 is nan"),
        ([0.0, 1.0], {"periods_per_year": 252}, "RUN-008", "starting point is 0.0"),
        ([1.0], {"periods_per_year": 252, "capital": -5.0}, "RUN-008", "starting point is -5.0"),
        ([100.0, 101.0], {}, "RUN-002", "DatetimeIndex"),
        ([100.0, 101.0], {"periods_per_year": 0}, "RUN-002", "positive, such as 252"),
        ([100.0, 101.0], {"periods_per_year": 252, "flows": [1.0, 2.0]}, "RUN-002", "flows of 2 periods; 1"),
        ([100.0, 101.0], {"periods_per_year": 252, "benchmark": [1.0]}, "RUN-002", "benchmark of 1 levels; 2"),
        ([100.0, 101.0], {"periods_per_year": 252, "risk_free": [0.0, 0.0]}, "RUN-002", "risk_free of 2 periods; 1"),
        ([100.0, 101.0], {"periods_per_year": 252, "risk_free": math.nan}, "RUN-008", "not finite"),
        ([100.0, 101.0], {"periods_per_year": 252, "trials": 0}, "RUN-002", "trials 0"),
        (nav(noise(70)), {"periods_per_year": 252, "lags": 90}, "RUN-002", "90 lags"),
        (nav(noise(70)), {"periods_per_year": 252, "traded_notional": -1.0}, "RUN-008", "traded_notional -1.0"),
        (pd.Series([1.0, 2.0], index=days("2024-01-03", "2024-01-02")), {}, "DATA-004", "2024-01-02"),
        (pd.Series([1.0, 2.0], index=pd.DatetimeIndex(["2024-01-03", pd.NaT])), {}, "DATA-013", "row 1 has no time"),
        (pd.Series([1.0, 2.0], index=days("2024-01-03", "2024-01-03")), {}, "DATA-005", "2024-01-03"),
    ],
)
def test_what_cannot_be_measured_is_named(equity: object, options: dict[str, object], code: str, seen: str) -> None:
    """The code of the table, and the value that was seen."""
    with pytest.raises(HedgerowError) as caught:
        performance(equity, **options)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert seen in caught.value.detail


def test_single_figures_name_what_they_cannot_take() -> None:
    """Empty tails, levels outside 0 and 1, deflation without trials."""
    for act, code in [
        (lambda: tails.value_at_risk([]), "RUN-005"),
        (lambda: tails.expected_shortfall([0.1], level=1.0), "RUN-002"),
        (lambda: tails.max_drawdown([]), "RUN-005"),
        (lambda: tails.max_drawdown([0.0, 1.0]), "RUN-008"),
        (lambda: ratios.expected_best_sharpe(1, 1.0), "RUN-002"),
    ]:
        with pytest.raises(HedgerowError) as caught:
            act()
        assert caught.value.code == code
    assert ratios.minimum_track_record(0.1, skew=0, kurtosis=3, against=0.2) is None
    assert ratios.probabilistic_sharpe(1.0, 1, skew=0, kurtosis=3) is None
    assert ratios.annual_factor([0.1, 0.1, 0.1], 12, lags=1) is None
    assert ratios.downside_deviation([]) is None


def test_a_drawdown_says_where_it_was_and_when_it_was_made_good() -> None:
    """Peak, trough, recovery; or no recovery."""
    fall = tails.max_drawdown([10.0, 12.0, 9.0, 6.0, 11.0, 12.0, 11.0])
    assert (fall.depth, fall.peak, fall.trough, fall.recovered) == (0.5, 1, 3, 5)
    assert tails.max_drawdown([10.0, 8.0, 9.0]).recovered is None
    assert tails.max_drawdown([10.0, 11.0]).depth == 0.0
