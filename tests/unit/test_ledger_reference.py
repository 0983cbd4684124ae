"""Published figures of other people's libraries, textbooks and papers; skipped where the reference data are absent."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hedgerow.ledger import partial, ratios, tails
from hedgerow.ledger.metrics import performance

SHARED = Path(__file__).resolve().parents[3] / "shared"
pytestmark = pytest.mark.skipif(
    not (SHARED / "reference" / "expected.json").exists(), reason="shared/reference/expected.json is absent"
)


def expected(name: str) -> Any:
    """The published value of an entry."""
    return entry(name)["expected"]


def entry(name: str) -> dict[str, Any]:
    """An entry of the reference table."""
    entries = json.loads((SHARED / "reference" / "expected.json").read_text("utf-8"))["entries"]
    return next(e for e in entries if e["id"] == name)


def column(file: str, name: str | int) -> np.ndarray:
    """A column of a reference data set, empty cells left out."""
    path = SHARED / "refdata" / file
    if not path.exists():
        pytest.skip(f"shared/refdata/{file} is absent")
    with path.open(newline="") as lines:
        header, *rows = list(csv.reader(lines))
    place = header.index(name) if isinstance(name, str) else name
    return np.array([float(row[place]) for row in rows if row[place]])


def wealth(returns: np.ndarray) -> np.ndarray:
    """A net asset value series from 100."""
    return 100 * np.concatenate([[1.0], np.cumprod(1 + returns)])


def test_sharpe_ratio_uses_the_deviation_of_the_excess_return() -> None:
    """HAM1 gives PerformanceAnalytics' figures with a constant and with a varying risk-free return."""
    ham1, bills = column("managers.csv", "HAM1"), column("managers.csv", "US 3m TR")
    assert ratios.sharpe(ham1, 0.035 / 12) == pytest.approx(expected("performance.sharpe.const_rf"), abs=1e-4)
    assert ratios.sharpe(ham1, bills) == pytest.approx(expected("performance.sharpe.vector_rf"), abs=1e-4)


def test_the_report_annualises_sharpe_as_published() -> None:
    """A yearly risk-free rate of 3.5 % on monthly values gives the published annual ratio."""
    report = performance(wealth(column("managers.csv", "HAM1")), periods_per_year=12, risk_free=0.035)
    assert report.sharpe == pytest.approx(expected("performance.sharpe.annualised"), abs=1e-4)


def test_sortino_ratio_counts_every_period() -> None:
    """Bacon's textbook portfolio and HAM1 give the published ratios; the two usual errors would not."""
    bacon = column("portfolio_bacon.csv", 1)
    assert ratios.sortino(bacon, 0.005) == pytest.approx(expected("performance.sortino.bacon"), abs=6e-4)
    assert ratios.downside_deviation(bacon, 0.005) == pytest.approx(0.0255, abs=1e-4)
    assert ratios.sortino(column("managers.csv", "HAM1")) == pytest.approx(
        expected("performance.sortino.ham1"), abs=1e-4
    )


def test_maximum_drawdown_counts_compounded_wealth_from_the_start() -> None:
    """Ten published drawdowns agree, the risk-free column's nothing included."""
    reference = entry("performance.max_drawdown.managers")
    for name, depth in zip(reference["inputs"]["cols"], reference["expected"], strict=True):
        assert tails.max_drawdown(wealth(column("managers.csv", name))).depth == pytest.approx(depth, abs=1e-4), name


def test_calmar_ratio_is_the_compound_growth_over_the_drawdown() -> None:
    """Six published Calmar ratios agree."""
    reference = entry("performance.calmar.managers")
    for name, calmar in zip(reference["inputs"]["cols"], reference["expected"], strict=True):
        report = performance(wealth(column("managers.csv", name)), periods_per_year=12)
        assert report.calmar == pytest.approx(calmar, abs=1e-4), name


def test_probabilistic_sharpe_ratio_uses_raw_kurtosis_and_all_moments() -> None:
    """The 2012 paper's hedge fund falls from 0.982 to 0.913 when its moments are believed."""
    reference = entry("performance.psr.hedge_fund_2012")
    given, (normal, full) = reference["inputs"], reference["expected"]
    sharpe, count = given["sr_monthly"], given["n"]
    assert ratios.probabilistic_sharpe(sharpe, count, skew=0, kurtosis=3) == pytest.approx(normal, abs=6e-4)
    believed = ratios.probabilistic_sharpe(sharpe, count, skew=given["skew"], kurtosis=given["kurt"])
    assert believed == pytest.approx(full, abs=6e-4)


def test_minimum_track_record_is_the_papers_not_the_librarys_default() -> None:
    """59.895 months, where ignoring kurtosis would say 52.37."""
    given = entry("performance.mintrl.paper")["inputs"]
    needed = ratios.minimum_track_record(given["sr"], skew=given["skew"], kurtosis=given["kurt"], against=given["ref"])
    assert needed == pytest.approx(expected("performance.mintrl.paper")[0], abs=6e-4)
    ignored = ratios.minimum_track_record(given["sr"], skew=given["skew"], kurtosis=3, against=given["ref"])
    assert ignored == pytest.approx(expected("performance.psr.example_kurt_ignored")[1], abs=1e-4)


@pytest.mark.parametrize("name", ["example", "example_N46", "example_N88_normal"])
def test_deflated_sharpe_ratio_agrees_with_the_papers_three_examples(name: str) -> None:
    """Everything per period: the annual variance of the trials is divided by the periods of a year."""
    reference = entry(f"performance.dsr.{name}")
    given = reference["inputs"]
    variance = given["var_sr_annual"] / given["periods"]
    deflated = ratios.deflated_sharpe(
        given["sr_annual"] / given["periods"] ** 0.5,
        given["T"],
        skew=given["skew"],
        kurtosis=given["kurt"],
        trials=given["N"],
        variance=variance,
    )
    published = np.atleast_1d(reference["expected"])
    assert deflated == pytest.approx(published[-1], abs=6e-5)
    if published.size == 2:
        assert ratios.expected_best_sharpe(given["N"], variance) == pytest.approx(published[0], abs=6e-5)


def test_the_best_of_many_worthless_strategies_looks_as_good_as_published() -> None:
    """10, 100 and 1,000 trials."""
    reference = entry("performance.expected_max_normal")
    for trials, best in zip(reference["inputs"]["N"], reference["expected"], strict=True):
        assert ratios.expected_best_sharpe(trials, 1.0) == pytest.approx(best, abs=1e-9)


def test_partial_moments_are_bacons() -> None:
    """Downside potential, frequencies, volatility skewness, Omega-Sharpe and the ratio of Bernardo and Ledoit."""
    bacon, least = column("portfolio_bacon.csv", 1), 0.005
    potential = partial.downside_potential(bacon, least)
    assert potential == pytest.approx(expected("performance.downside_potential.bacon"), abs=6e-5)
    assert partial.frequencies(bacon, least) == pytest.approx(expected("performance.upside_frequency.bacon"), abs=6e-4)
    skewness = partial.volatility_skewness(bacon, least)
    assert skewness is not None
    published = expected("performance.volatility_skewness.bacon")
    assert [skewness, skewness**0.5] == pytest.approx(published, abs=1.01e-3)
    omega_sharpe, bernardo_ledoit = expected("performance.omega_sharpe_bernardo_ledoit.bacon")
    assert (partial.omega(bacon, least) or 0) - 1 == pytest.approx(omega_sharpe, abs=6e-3)
    assert partial.omega(bacon) == pytest.approx(bernardo_ledoit, abs=6e-3)


def test_half_kelly_is_of_the_excess_return() -> None:
    """HAM1 over bills at 4 % a year."""
    ham1 = column("managers.csv", "HAM1")
    assert ratios.kelly(ham1, 0.04 / 12) == pytest.approx(expected("performance.kelly.ham1"), abs=1.01e-3)


def test_the_probabilistic_sharpe_ratio_of_an_index_agrees_with_the_library_that_ignores_kurtosis() -> None:
    """EDHEC convertible arbitrage against a ratio of 0.23, with the normal's kurtosis as that library has it."""
    returns = column("edhec.csv", "Convertible Arbitrage")
    shape, sharpe = ratios.moments(returns), ratios.sharpe(returns)
    assert shape is not None
    assert sharpe is not None
    published = expected("performance.psr.edhec_ca")[0]
    found = ratios.probabilistic_sharpe(sharpe, returns.size, skew=shape[0], kurtosis=3, against=0.23)
    assert found == pytest.approx(published, abs=1.01e-4)


def test_forty_five_trials_want_five_years() -> None:
    """Below that, the best of 45 worthless strategies is expected to show a yearly Sharpe ratio of 1."""
    assert ratios.minimum_backtest_length(45) == pytest.approx(5.0, abs=0.05)


def test_expected_shortfall_splits_the_atom_at_the_quantile() -> None:
    """Acerbi and Tasche's discrete example: 9.3333, not 9."""
    reference = entry("var_es.es_discrete_fractional")
    returns = [-loss for loss in reference["inputs"]["losses"]]
    assert tails.expected_shortfall(returns, reference["inputs"]["conf"]) == pytest.approx(reference["expected"])


def test_value_at_risk_is_the_strict_quantile_of_the_empirical_distribution() -> None:
    """The sixth worst of 500 at 99 %, not Hull's fifth."""
    reference = entry("var_es.order_statistic_var")
    given, rank = reference["inputs"], reference["expected"][1]
    returns = -np.arange(given["n"], dtype=float)
    assert tails.value_at_risk(returns, given["conf"]) == given["n"] - rank
