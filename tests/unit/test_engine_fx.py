"""Runs in more than one currency: rates as numbers and as series, and when they count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hedgerow import Bars, Costs, HedgerowError, Instrument, backtest

FREE = Costs.none()
DAYS = pd.bdate_range("2024-01-01", periods=6)
FLAT = pd.DataFrame({"EUX": [10.0] * 6}, index=DAYS)
EURO = Bars.from_frame(FLAT, currency="EUR")
HOLD = [100] * 6


def nav(fx: Any, **options: Any) -> list[float]:
    """The book's value at the capital and after each bar, holding 100 shares at 10 EUR with 1,500 USD."""
    result = backtest(EURO, signals=HOLD, fx=fx, cash=1_500, costs=FREE, **options)
    assert set(result.trial_balance.values()) <= {0}
    values: list[float] = result.equity["nav"].round(6).tolist()
    return values


@pytest.mark.parametrize("rate", [1.25, "1.25", np.float64(1.25)])
def test_a_number_is_the_rate_of_the_whole_run(rate: Any) -> None:
    """Flat prices at a flat rate earn nothing."""
    assert nav({"EUR": rate}) == [1_500.0] * 7


@pytest.mark.parametrize("rate", [1 / 3, 0.9345794392523364])
def test_rates_are_rounded_to_a_billionth(rate: float) -> None:
    """A float with all its digits is no error."""
    assert nav({"EUR": rate}) == [1_500.0] * 7


def test_money_owed_and_owned_in_a_currency_moves_with_its_rate() -> None:
    """Bought with euros that are owed, a flat share earns nothing; the profit it makes is worth the rate of its day."""
    rising = Bars.from_frame(pd.DataFrame({"EUX": [10.0, 10, 11, 11, 11, 11]}, index=DAYS), currency="EUR")
    rates = pd.Series([1.0, 1.0, 1.0, 2.0, 2.0, 2.0], index=DAYS)
    result = backtest(rising, signals=HOLD, fx={"EUR": rates}, cash=1_500, costs=FREE)
    assert result.equity["nav"].round(6).tolist() == [1500, 1500, 1500, 1600, 1700, 1700, 1700]


def test_a_date_labels_the_rate_known_when_it_ends() -> None:
    """The rate of Thursday counts at Thursday's close, not before."""
    rising = Bars.from_frame(pd.DataFrame({"EUX": [10.0, 10, 11, 11, 11, 11]}, index=DAYS), currency="EUR")
    one_step = pd.Series([1.0, 2.0], index=DAYS[[0, 3]])
    every_day = one_step.reindex(DAYS).ffill()
    first, second = (
        backtest(rising, signals=HOLD, fx={"EUR": r}, cash=1_500, costs=FREE).equity for r in (one_step, every_day)
    )
    pd.testing.assert_frame_equal(first, second)
    assert first["nav"].iloc[3] == 1_600
    assert first["nav"].iloc[4] == 1_700


def test_the_rate_in_force_at_the_start_is_the_last_known_one() -> None:
    """A series that begins long before counts with its latest rate, whatever its order."""
    days = pd.bdate_range("2023-12-01", DAYS[-1])
    rates = pd.Series(np.where(days < DAYS[0], 5.0, 1.25), index=days)
    rates.iloc[-7:] = 1.25
    assert nav({"EUR": rates}) == nav({"EUR": rates.iloc[::-1]}) == [1_500.0] * 7
    result = backtest(EURO, signals=HOLD, fx={"EUR": rates}, cash=1_500, costs=FREE)
    assert result.records("Fill").size == 1


@pytest.mark.parametrize(
    ("fx", "says"),
    [
        (None, r"CORE-010.*EUR into USD; pass fx=\{'EUR': rate\}"),
        ({"EUT": 1.0}, r"CORE-010.*EUR into USD; did you mean 'EUT'"),
        ({"EUR": 0}, r"RUN-008.*the rate of EUR is 0"),
        ({"EUR": -1.0}, r"RUN-008.*the rate of EUR is -1"),
        ({"EUR": float("nan")}, r"RUN-008.*the rate of EUR is nan"),
        ({"EUR": "dear"}, r"RUN-008.*the rate of EUR is 'dear'"),
        ({"EUR": pd.Series([1.0, np.nan], index=DAYS[[0, 2]])}, r"RUN-008.*the rate of EUR is .*nan"),
        ({"EUR": pd.Series([1.0, 1.0], index=DAYS[[0, 0]])}, r"DATA-005.*2024-01-01.*twice"),
        ({"EUR": pd.Series([1.0], index=DAYS[[3]])}, r"CORE-010.*first rate of EUR is known at 2024-01-05"),
        ({"EUR": pd.Series([], dtype=float, index=DAYS[:0])}, r"CORE-010.*rates of EUR are empty"),
        ({"EUR": pd.Series([1.0, 1.1])}, r"RUN-003.*not times"),
    ],
)
def test_rates_that_cannot_be_used_are_named_errors(fx: Any, says: str, tmp_path: Any) -> None:
    """Missing, impossible, repeated or too late; and no journal is begun."""
    with pytest.raises(HedgerowError, match=says):
        backtest(EURO, signals=HOLD, fx=fx, log=tmp_path / "log")
    assert list(tmp_path.iterdir()) == []


def test_each_currency_balances_by_itself() -> None:
    """Two currencies and a base: every cause's postings sum to zero in each, and the books agree with the equity."""
    frame = pd.DataFrame({"EUX": [10.0, 11, 12, 11, 10, 12], "JPX": [1000.0, 1010, 1020, 990, 980, 1000]}, index=DAYS)
    bars = Bars.from_frame(frame, instruments=[Instrument("EUX", "EUR"), Instrument("JPX", "JPY", tick="1")])
    rates = {"EUR": pd.Series(np.linspace(1.05, 1.10, 6), index=DAYS), "JPY": 1 / 150}
    signals = np.tile([[1, 1], [1, -1], [0, 1]], (2, 1))
    result = backtest(bars, signals=signals, size=100, fx=rates)
    sums = result.postings.groupby(["cause", "currency"])["amount"].sum()
    assert (sums.abs() < 1e-6).all()
    assert set(result.postings["currency"]) == {"USD", "EUR", "JPY"}
    assert set(result.trial_balance) == {"USD", "EUR", "JPY"}
    assert result.equity["nav"].iloc[-1] == pytest.approx(result.final_nav, abs=1e-6)
    book = result.book
    named = book["capital"] + book["realised"] + book["unrealised"] + book["income"] - book["fees"]
    assert book["nav"] == pytest.approx(named + book["currency_effect"] + book["exchanged"], abs=1e-5)


def test_weights_are_of_the_book_in_its_base_currency() -> None:
    """Half of 100,000 USD at 1.25 USD for a euro buys 4,000 shares at 10 EUR."""
    result = backtest(EURO, weights=[0.5] + [np.nan] * 5, fx={"EUR": 1.25}, cash=100_000, costs=FREE)
    assert result.fills["quantity"].tolist() == [4_000.0]
