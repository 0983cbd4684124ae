"""A tear sheet polices itself: a figure that does not agree with the ledger stops it, and nothing is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import RunError
from hedgerow.engine.result import Result
from hedgerow.engine.tearsheet.agreement import agreements


def run() -> Result:
    """Eighty days of two instruments, long and short."""
    moves = np.random.default_rng(11).normal(0, 0.01, (80, 2)).cumsum(axis=0)
    frame = pd.DataFrame(100 * np.exp(moves), pd.bdate_range("2021-01-01", periods=80), ["A", "B"]).round(2)
    weights = np.full(frame.shape, np.nan)
    weights[::10] = np.random.default_rng(12).uniform(-0.4, 0.4, weights[::10].shape)
    return hr.backtest(frame, weights=weights)


def tampered_equity(result: Result) -> None:
    """The last point is two cents too high."""
    result.__dict__["equity"] = result.equity.assign(nav=result.equity["nav"] + np.r_[np.zeros(80), 0.02])


def forgotten_first_day(result: Result) -> None:
    """The curve begins with the first close instead of the capital before it."""
    result.__dict__["equity"] = result.equity.iloc[1:]


def tampered_trades(result: Result) -> None:
    """One round trip made a cent more."""
    trades = result.trades.copy()
    trades.loc[trades.index[0], "pnl"] += 0.01
    result.__dict__["trades"] = trades


def lost_fee(result: Result) -> None:
    """A fill whose fee is not counted."""
    fills = result.fills.copy()
    fills.loc[0, "fee"] = 0.0
    result.__dict__["fills"] = fills


def embellished_return(result: Result) -> None:
    """A total return that the books do not bear."""
    total = result.performance.total_return
    assert total is not None
    result.__dict__["performance"] = dataclasses.replace(result.performance, total_return=total + 0.001)


def flattered_drawdown(result: Result) -> None:
    """A drawdown that is less than the loss."""
    result.__dict__["performance"] = dataclasses.replace(result.performance, max_drawdown=0.0)


def wrong_sign(result: Result) -> None:
    """A yearly return against the total."""
    total = result.performance.total_return
    assert total is not None
    result.__dict__["performance"] = dataclasses.replace(result.performance, cagr=-np.sign(total) * 0.1)


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (tampered_equity, "the curve ends at the books' net asset value"),
        (forgotten_first_day, "the curve begins"),
        (tampered_trades, "profit of round trips = realised in USD"),
        (lost_fee, "fees of fills = fees booked in USD"),
        (embellished_return, "the first day counted"),
        (flattered_drawdown, "the deepest fall is at least"),
        (wrong_sign, "return per year has the sign of the total"),
    ],
)
def test_a_figure_that_does_not_agree_stops_the_report(
    tamper: Callable[[Result], None], says: str, tmp_path: Path
) -> None:
    """RUN-007 with what was compared and both figures; no file, whole or half, is left."""
    result = run()
    tamper(result)
    with pytest.raises(RunError, match=f"RUN-007 .*{says}"):
        result.report(str(tmp_path / "page.html"))
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_cannot_be_written_leaves_the_last_one(tmp_path: Path) -> None:
    """A page is replaced whole or not at all."""
    page = tmp_path / "page.html"
    run().report(str(page))
    before = page.read_bytes()
    result = run()
    tampered_equity(result)
    with pytest.raises(RunError):
        result.report(str(page))
    assert page.read_bytes() == before


def test_what_agreed_is_shown_with_its_figure() -> None:
    """Exact where both sides are exact integers, to the cent where a table of floats is one side."""
    found = {agreement.says: agreement.figure for agreement in agreements(run())}
    assert found["all postings in USD sum to zero"] == "0.00 USD, exact"
    assert found["the curve begins with the capital"] == "1,000,000.00 USD"
    assert len(found) >= 14


def test_a_small_capital_is_checked_finer_than_a_cent() -> None:
    """For a book of one coin a cent would be half of everything."""
    bars = hr.Bars.from_arrays(
        86_400 * 10**9 * np.arange(1, 4),
        close=[0.05, 0.06, 0.05],
        instruments=hr.Instrument("ETH", currency="BTC", tick="0.00001", lot="0.001"),
    )
    result = hr.backtest(bars, signals=[1, 1, 1], size=2.0, cash=1, currency="BTC")
    agreements(result)
    result.__dict__["equity"] = result.equity.assign(nav=result.equity["nav"] + np.r_[np.zeros(3), 1e-7])
    with pytest.raises(RunError, match="RUN-007"):
        agreements(result)
