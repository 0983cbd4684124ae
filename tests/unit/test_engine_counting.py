"""Runs that a trial ledger counts: every variant once, and the Sharpe ratio deflated by all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import RunError
from hedgerow.ledger.ratios import deflated_sharpe, moments, sharpe
from hedgerow.models.trials import TrialLedger

RANDOM = np.random.default_rng(5)
CLOSES = np.round(50 * np.exp(np.cumsum(RANDOM.normal(0.0006, 0.01, 300))), 2)
FRAME = pd.DataFrame({"AAA": CLOSES}, index=pd.bdate_range("2022-01-03", periods=300))


def signals(period: int) -> np.ndarray:
    """Long for `period` days, flat for as many."""
    return (np.arange(300) // period % 2 == 0) * 1.0


def run(period: int, trials: object, name: str = "turns", **settings: object) -> hr.Result:
    """One variant."""
    return hr.backtest(FRAME, signals=signals(period), size=5_000, name=name, trials=trials, **settings)


class Breaks(hr.Strategy):
    """Stops in the middle."""

    def on_bar(self, bar: object) -> None:
        """Fail at once."""
        raise ZeroDivisionError


def test_every_variant_of_a_family_deflates_the_sharpe_ratio(tmp_path: Path) -> None:
    """Number and variance are those of the ledger; the belief is the published formula's."""
    results = [run(period, tmp_path / "trials.jsonl") for period in (10, 20, 30, 40)]
    assert [result.info.trials for result in results] == [1, 2, 3, 4]
    last, returns = results[-1], [r.daily.pct_change().dropna().to_numpy() for r in results]
    ratios = np.array([sharpe(r) for r in returns], dtype=float)
    variance = max(float(ratios.var(ddof=1)), 1 / (len(returns[-1]) - 1))
    skew, kurtosis = moments(returns[-1]) or (0.0, 3.0)
    expected = deflated_sharpe(
        float(ratios[-1]), len(returns[-1]), skew=skew, kurtosis=kurtosis, trials=4, variance=variance
    )
    assert last.performance.deflated_sharpe == pytest.approx(expected, rel=1e-9)
    assert last.performance.trials == 4


def test_more_trials_lower_the_deflated_sharpe_ratio() -> None:
    """The same run, after forty others of its family, is believed less."""
    few, many = TrialLedger(), TrialLedger()
    run(10, few)
    for period in range(11, 51):
        run(period, many)
    first, last = run(20, few), run(20, many)
    assert first.nav_nano == last.nav_nano
    assert first.performance.deflated_sharpe is not None
    assert last.performance.deflated_sharpe is not None
    assert last.performance.deflated_sharpe < first.performance.deflated_sharpe


def test_the_same_run_counts_once_and_other_settings_count_again() -> None:
    """Cash, costs, seed and data are part of what was tried; running again is not."""
    ledger = TrialLedger()
    for _ in range(2):
        run(10, ledger)
    assert ledger.count == 1
    run(10, ledger, cash=2_000_000)
    run(10, ledger, costs=hr.Costs.none())
    run(10, ledger, seed=1)
    hr.backtest(FRAME.iloc[:200], signals=signals(10)[:200], size=5_000, name="turns", trials=ledger)
    assert ledger.count == 5


def test_a_run_that_breaks_is_a_trial() -> None:
    """Whoever stops a run because it looks bad has tried it."""
    ledger = TrialLedger()
    with pytest.raises(ZeroDivisionError):
        hr.backtest(FRAME, Breaks, trials=ledger)
    assert [trial.outcome for trial in ledger.family("Breaks").trials] == [None]


def test_a_run_that_never_traded_counts_without_a_ratio() -> None:
    """Its returns do not differ, so there is no Sharpe ratio, but it was tried."""
    ledger = TrialLedger()
    hr.backtest(FRAME, signals=np.zeros(300), name="idle", trials=ledger)
    family = ledger.family("idle")
    assert (family.count, family.sharpes) == (1, ())


def test_families_do_not_deflate_each_other() -> None:
    """Another strategy's trials are not this one's."""
    ledger = TrialLedger()
    run(10, ledger, name="one")
    assert run(20, ledger, name="two").info.trials == 1


def test_the_report_states_the_count(tmp_path: Path) -> None:
    """A reader sees by how many trials the ratio was deflated."""
    ledger = TrialLedger()
    for period in (10, 20, 30):
        result = run(period, ledger)
    text = Path(result.report(str(tmp_path / "page.html"))).read_text()
    assert "3 trials of the strategy" in text


@pytest.mark.parametrize("trials", [1.5, 0, True, None])
def test_what_is_neither_a_number_nor_a_ledger_is_refused(trials: object) -> None:
    """Nothing is run and nothing is counted."""
    with pytest.raises(RunError, match=r"RUN-002.*trials="):
        run(10, trials)
