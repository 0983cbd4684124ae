"""Performance statistics of a net asset value series: every figure by its published definition, or not at all.

Promises: the first day counts (the return from the starting capital to the first value); a figure that the sample
cannot carry is `None`, and `notes` says so with the code RUN-004; figures that point different ways are pointed out;
values and benchmark are of one currency.
Never: a figure annualised from a few days, a float invented for a missing one.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.ledger import partial, ratios, tails
from hedgerow.ledger.series import Series, end_of_day, nav_series, periodic_rate

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["Performance", "Relative", "end_of_day", "performance"]

TAIL_LEVEL = 0.95
TAIL_PERIODS_MIN = 20
AUTOCORRELATED = 2.576
"""Standard errors beyond which a first autocorrelation is believed: one white series in a hundred passes."""


@dataclass(frozen=True, kw_only=True)
class Relative:
    """Performance against a benchmark in the same currency; the lower three are annualised.

    beta: slope of excess returns on the benchmark's. alpha: what beta does not explain (Jensen, 1968).
    information_ratio: active return over tracking error, which is the deviation of active returns (n - 1).
    """

    total_return: float
    beta: float | None
    correlation: float | None
    alpha: float | None
    tracking_error: float | None
    information_ratio: float | None


@dataclass(frozen=True, kw_only=True)
class Performance:
    """The figures. Returns and risks are fractions (0.01 is one percent), losses positive, `None` where left out.

    periods: returns counted. years: periods over periods_per_year.
    total_return: compounded, time-weighted where there were flows. cagr: the same per year.
    volatility, sharpe, sortino: annualised by the square root of periods_per_year; risk_free is the rate they use.
    sharpe_adjusted: annualised for autocorrelation (Lo, 2002).
    omega: what was gained in all periods over what was lost, around the risk-free return (Keating and Shadwick, 2002).
    max_drawdown: of compounded wealth, the starting point included; calmar: cagr over it. longest_drawdown: periods in
    a row below an earlier value.
    hit_rate: periods that gained, of all periods. skew, kurtosis: of returns, population moments, normal = 0 and 3.
    value_at_risk, expected_shortfall: historical, 95 %, of one period.
    turnover: half of what was bought and sold, over the average net asset value, per year.
    gross_exposure, net_exposure: mean of positions over net asset value; gross_exposure_max: the largest.
    time_invested: share of times with a position.
    probabilistic_sharpe: probability that the true Sharpe ratio is positive. deflated_sharpe: that it exceeds what the
    best of all trials would show by luck (Bailey and Lopez de Prado, 2012 and 2014). minimum_track_record: periods
    after which the first would be 95 %. minimum_backtest_length: years below which luck alone explains the best of all
    trials. currency: of the values.
    """

    currency: str | None
    periods: int
    periods_per_year: float | None
    years: float | None
    risk_free: float | None
    total_return: float | None
    cagr: float | None
    volatility: float | None
    sharpe: float | None
    sharpe_adjusted: float | None
    sortino: float | None
    omega: float | None
    max_drawdown: float | None
    longest_drawdown: int | None
    calmar: float | None
    hit_rate: float | None
    best_period: float | None
    worst_period: float | None
    skew: float | None
    kurtosis: float | None
    value_at_risk: float | None
    expected_shortfall: float | None
    turnover: float | None
    gross_exposure: float | None
    gross_exposure_max: float | None
    net_exposure: float | None
    time_invested: float | None
    probabilistic_sharpe: float | None
    deflated_sharpe: float | None
    minimum_track_record: float | None
    minimum_backtest_length: float | None
    trials: int | None
    relative: Relative | None
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values, ready for JSON.

        >>> performance([100.0, 101.0], periods_per_year=252).to_dict()["periods"]
        1
        """
        return {**asdict(self), "notes": list(self.notes)}


def performance(
    equity: pd.Series[Any] | ArrayLike,
    *,
    periods_per_year: float | None = None,
    capital: float | None = None,
    risk_free: float | ArrayLike = 0.0,
    flows: ArrayLike | None = None,
    benchmark: ArrayLike | None = None,
    traded_notional: float | None = None,
    exposure: tuple[ArrayLike, ArrayLike] | None = None,
    trials: int | None = None,
    trial_variance: float | None = None,
    lags: int | None = None,
    currency: str | None = None,
    benchmark_currency: str | None = None,
) -> Performance:
    """Measure a net asset value series.

    equity: values in time order, one per period; with a DatetimeIndex the periods per year follow from it.
    capital: the starting point; without it the first value is the starting point.
    risk_free: a yearly rate (spread evenly over the periods), or a return for each period.
    flows: money paid in (positive) or out at the end of each period, included in that period's value.
    benchmark: levels at the same points as the returns' ends, the starting point first (one more than returns).
    traded_notional: sum of what was bought and sold, currency units.
    exposure: gross and net value of the positions as shares of net asset value, one value a time each.
    trials: how many configurations were tried, this one included, for the deflated Sharpe ratio; trial_variance: of
    their Sharpe ratios per period (default: the sampling variance of a worthless strategy, 1 / (periods - 1)).
    lags: autocorrelations for `sharpe_adjusted`; `None` = as many as the sample carries (`ratios.lags_for`).
    currency: of the values; benchmark_currency: of the benchmark, refused where it is another.

    Raises RUN_NO_DATA, RUN_NUMBER, RUN_CONFIG, DATA_UNSORTED, DATA_DUPLICATE.

    >>> report = performance([110.0, 99.0], capital=100.0, periods_per_year=252)
    >>> round(report.total_return, 6), round(report.max_drawdown, 6), report.sharpe
    (-0.01, 0.1, None)
    >>> print(report.notes[0].partition(":")[0])
    RUN-004 too few observations for this statistic
    """
    if benchmark is not None and benchmark_currency != currency and benchmark_currency is not None:
        raise problem("RUN_CONFIG", f"benchmark in {benchmark_currency}, values in {currency}; convert one of them")
    series = nav_series(equity, capital=capital, flows=flows, periods_per_year=periods_per_year)
    rate = periodic_rate(risk_free, series)
    notes = _Notes(series)
    annual = notes.annual_scale()
    excess = ratios.shape(series.returns - rate)
    figures = _growth(series, rate, excess, annual, notes) | _periods(series, rate)
    figures["sharpe_adjusted"] = _adjusted(series, rate, lags, annual, figures["sharpe"], notes)
    figures.update(_tail(series, notes))
    figures.update(_belief(series, excess, trials, trial_variance, notes))
    figures["minimum_backtest_length"] = _minimum_length(figures["sharpe"], trials, series, notes)
    figures["turnover"] = _turnover(series, traded_notional, annual)
    figures.update(_exposure(exposure))
    notes.contradictions(figures)
    return Performance(
        currency=currency,
        periods=series.returns.size,
        longest_drawdown=tails.longest_below_peak(series.wealth) if series.returns.size else None,
        periods_per_year=series.periods_per_year,
        years=series.years,
        risk_free=_mean_rate(series, rate),
        trials=trials,
        relative=None if benchmark is None else _relative(series, rate, benchmark, annual),
        notes=tuple(notes.lines),
        **figures,
    )


def headline(series: Series, traded_notional: float) -> dict[str, float | None]:
    """What variants are compared by, as `performance` has it: growth, belief and turnover, by name."""
    notes = _Notes(series)
    annual = notes.annual_scale()
    figures = _growth(series, 0.0, series.shape, annual, notes) | _belief(series, series.shape, None, None, notes)
    return figures | {"turnover": _turnover(series, traded_notional, annual)}


def _growth(
    series: Series, rate: ArrayLike, excess: ratios.Shape, annual: float | None, notes: _Notes
) -> dict[str, float | None]:
    """Return against risk; `excess` is the shape of the returns less the risk-free rate."""
    fall = tails.max_drawdown(series.wealth).depth
    total = float(series.wealth[-1] / series.wealth[0]) - 1 if series.whole else None
    cagr = volatility = sharpe = sortino = None
    if annual is not None and series.years is not None and total is not None:
        scale = math.sqrt(annual)
        cagr = (1 + total) ** (1 / series.years) - 1
        volatility = (series.shape.deviation or 0.0) * scale
        sharpe, sortino = _scaled(excess.sharpe, scale), _scaled(ratios.sortino(series.returns, rate), scale)
        if sharpe is None:
            notes.add("sharpe: the returns do not differ, so there is nothing to divide by")
        if sortino is None:
            notes.add("sortino: no return fell short, so there is nothing to divide by")
    some = series.returns.size > 0
    return {
        "total_return": total if some else None,
        "cagr": cagr,
        "volatility": volatility,
        "sharpe": sharpe,
        "sortino": sortino,
        "max_drawdown": fall if some else None,
        "calmar": cagr / fall if cagr is not None and fall > 0 else None,
    }


def _periods(series: Series, rate: Floats) -> dict[str, float | None]:
    """Gains against losses, period by period."""
    returns, some = series.returns, series.returns.size > 0
    return {
        "omega": partial.omega(returns, rate),
        "hit_rate": float(np.mean(returns > 0)) if some else None,
        "best_period": float(returns.max()) if some else None,
        "worst_period": float(returns.min()) if some else None,
    }


def _adjusted(
    series: Series, rate: Floats, lags: int | None, annual: float | None, sharpe: float | None, notes: _Notes
) -> float | None:
    """The Sharpe ratio annualised for autocorrelation; where that is believed, a note says so."""
    if annual is None or sharpe is None:
        return None
    excess, per_year = series.returns - rate, round(annual)
    most = min(per_year, excess.size) - 1
    factor = ratios.annual_factor(excess, per_year, min(ratios.lags_for(excess.size), most) if lags is None else lags)
    adjusted = None if factor is None else sharpe / math.sqrt(annual) * factor
    first = ratios.autocorrelation(excess)
    if adjusted is not None and first is not None and abs(first) * math.sqrt(excess.size) > AUTOCORRELATED:
        notes.add(
            f"returns depend on the ones before them (first autocorrelation {first:+.2f}): the Sharpe ratio is "
            f"{sharpe:.2f} by the square root of time, {adjusted:.2f} corrected for it"
        )
    return adjusted


def _tail(series: Series, notes: _Notes) -> dict[str, float | None]:
    skew, kurtosis = series.shape.skew, series.shape.kurtosis
    if series.returns.size < TAIL_PERIODS_MIN:
        notes.short(f"value_at_risk, expected_shortfall: {series.returns.size} periods, at least {TAIL_PERIODS_MIN}")
        return {"skew": skew, "kurtosis": kurtosis, "value_at_risk": None, "expected_shortfall": None}
    return {
        "skew": skew,
        "kurtosis": kurtosis,
        "value_at_risk": tails.value_at_risk(series.returns, TAIL_LEVEL),
        "expected_shortfall": tails.expected_shortfall(series.returns, TAIL_LEVEL),
    }


def _belief(
    series: Series, excess: ratios.Shape, trials: int | None, trial_variance: float | None, notes: _Notes
) -> dict[str, float | None]:
    """How far the Sharpe ratio can be believed: it is an estimate, and perhaps the best of many."""
    figures: dict[str, float | None] = dict.fromkeys(
        ("probabilistic_sharpe", "deflated_sharpe", "minimum_track_record")
    )
    if trials is not None and trials < 1:
        raise problem("RUN_CONFIG", f"trials {trials}; at least 1, this configuration included")
    estimate, skew, kurtosis, count = excess.sharpe, excess.skew, excess.kurtosis, excess.count
    if not series.long_enough or estimate is None or skew is None or kurtosis is None:
        return figures
    figures["probabilistic_sharpe"] = ratios.probabilistic_sharpe(estimate, count, skew=skew, kurtosis=kurtosis)
    figures["minimum_track_record"] = ratios.minimum_track_record(estimate, skew=skew, kurtosis=kurtosis)
    if trials is None or trials == 1:
        if trials == 1:
            notes.add("deflated_sharpe: one trial has no best to deflate for; count every configuration that was tried")
        return figures
    variance = 1 / (count - 1) if trial_variance is None else trial_variance
    figures["deflated_sharpe"] = ratios.deflated_sharpe(
        estimate, count, skew=skew, kurtosis=kurtosis, trials=trials, variance=variance
    )
    return figures


def _minimum_length(sharpe: float | None, trials: int | None, series: Series, notes: _Notes) -> float | None:
    """Years that a sample needs for so many trials; a shorter one is pointed out."""
    if sharpe is None or trials is None or trials < 2:
        return None
    years = ratios.minimum_backtest_length(trials, sharpe)
    if years is not None and series.years is not None and series.years < years:
        notes.add(
            f"{series.years:.1f} years are too short for {trials} trials: the best of so many worthless ones is "
            f"expected to show as much in less than {years:.1f} years"
        )
    return years


def _exposure(shares: tuple[ArrayLike, ArrayLike] | None) -> dict[str, float | None]:
    names = ("gross_exposure", "gross_exposure_max", "net_exposure", "time_invested")
    if shares is None:
        return dict.fromkeys(names)
    gross, net = (np.asarray(share, dtype=np.float64) for share in shares)
    if gross.size == 0 or gross.shape != net.shape or not (np.isfinite(gross).all() and np.isfinite(net).all()):
        raise problem("RUN_CONFIG", f"exposure of {gross.shape} and {net.shape}; finite, as many gross as net")
    told = (gross.mean(), gross.max(), net.mean(), np.mean(gross > 0))
    return dict(zip(names, map(float, told), strict=True))


def _turnover(series: Series, traded_notional: float | None, annual: float | None) -> float | None:
    if traded_notional is None or annual is None or series.years is None:
        return None
    if not (math.isfinite(traded_notional) and traded_notional >= 0):
        raise problem("RUN_NUMBER", f"traded_notional {traded_notional}")
    return traded_notional / 2 / float(np.mean(series.nav)) / series.years


def _relative(series: Series, rate: Floats, benchmark: ArrayLike, annual: float | None) -> Relative:
    levels = np.asarray(benchmark, dtype=np.float64)
    if not series.whole:
        levels = levels[: series.returns.size + 1]
    if levels.size != series.returns.size + 1 or not (np.isfinite(levels) & (levels > 0)).all():
        detail = f"benchmark of {levels.size} levels; {series.returns.size + 1} positive ones, the starting point first"
        raise problem("RUN_CONFIG", detail)
    market = levels[1:] / levels[:-1] - 1
    total = float(levels[-1] / levels[0]) - 1
    if annual is None:  # two returns have a slope, and it means nothing
        return Relative(
            total_return=total, beta=None, correlation=None, alpha=None, tracking_error=None, information_ratio=None
        )
    active = series.returns - market
    correlation, beta = ratios.co_movement(series.returns - rate, market - rate)
    alpha = None
    if beta is not None:
        alpha = float(np.mean(series.returns - rate) - beta * np.mean(market - rate)) * annual
    tracking, scale = ratios.spread(active), math.sqrt(annual)
    return Relative(
        total_return=total,
        beta=beta,
        correlation=correlation,
        alpha=alpha,
        tracking_error=_scaled(tracking, scale),
        information_ratio=None if tracking is None else float(active.mean()) / tracking * scale,
    )


def _mean_rate(series: Series, rate: Floats) -> float | None:
    per_year = series.periods_per_year
    return float(np.mean(rate)) * per_year if per_year is not None and rate.size else None


def _scaled(figure: float | None, scale: float) -> float | None:
    return None if figure is None else figure * scale


class _Notes:
    """Collects what the reader must know beside the figures."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.lines: list[str] = []
        if not series.whole:
            self.add(
                f"the net asset value fell to zero or below in period {series.returns.size}; nothing after it counts"
            )

    def add(self, text: str) -> None:
        self.lines.append(text)

    def short(self, detail: str) -> None:
        self.lines.append(str(problem("RUN_TOO_SHORT", detail)))

    def annual_scale(self) -> float | None:
        """Periods per year if the sample is long enough to annualise; otherwise `None`, and a note."""
        series = self.series
        if series.long_enough:
            if series.years is not None and series.years < 1:
                self.add(
                    f"annualised from {series.years:.2f} years; GIPS does not allow this to be shown as performance"
                )
            return series.periods_per_year
        self.short(
            f"annualised figures and the belief in the Sharpe ratio: {series.returns.size} periods, "
            f"at least {series.periods_min}"
        )
        return None

    def contradictions(self, figures: dict[str, float | None]) -> None:
        total, sharpe = figures["total_return"], figures["sharpe"]
        hit, cagr = figures["hit_rate"], figures["cagr"]
        if total is None:
            return
        if sharpe is not None and cagr is not None and sharpe > 0 > total:
            self.add(
                f"contradictory signs: sharpe {sharpe:.2f} but total return {total:.2%}; the mean return is positive "
                f"and volatility ate it"
            )
        if hit is not None and hit > 0.5 and total < 0:
            self.add(
                f"contradictory signs: {hit:.1%} of periods gained but total return {total:.2%}; losses were larger"
            )
