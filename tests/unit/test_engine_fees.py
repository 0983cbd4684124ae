"""Fees by tier: what the venue charges, what is forecast, and that both are the same object over bars and books."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.cli.main import run as command
from hedgerow.core.errors import HedgerowError
from hedgerow.core.fees import fees_for_core, fees_of
from hedgerow.engine.result import Result
from hedgerow.engine.tearsheet.agreement import agreements
from hedgerow.engine.tearsheet.books import costs_in_words
from hedgerow.engine.terms import terms_of
from hedgerow.market.replay import Books
from hedgerow.portfolio.trading_cost import TradingConditions, cost_coefficients

DAY, HOUR = 86_400 * 10**9, 3_600 * 10**9
START = int(np.datetime64("2024-01-01", "ns").astype(np.int64))
SPOT = hr.FeeSchedule(
    tiers=(
        hr.FeeTier(maker_bps=10, taker_bps=10),
        hr.FeeTier(volume=1_000, maker_bps=5, taker_bps=8),
        hr.FeeTier(volume=5_000, maker_bps=-0.5, taker_bps=4),
    ),
    days=2,
)


def charged(fees: Any, **more: Any) -> hr.Costs:
    """Nothing but these fees."""
    return hr.Costs(half_spread_bps=0, impact=0, fee_bps=0, volume_cap=0, fees=fees, **more)


def bars(n: int = 6, **columns: Any) -> hr.Bars:
    """Days at 10.00."""
    days = pd.date_range("2024-01-01", periods=n)
    told = {"open": 10.0, "high": 10.5, "low": 9.5, "close": 10.0, "volume": 1e6, **columns}
    return hr.Bars.from_frame(pd.DataFrame(told, index=days), symbol="X")


def sound(run: Result) -> Result:
    """The run, whose figures all agree with its books."""
    assert agreements(run)
    assert set(run.trial_balance.values()) == {0}
    return run


def test_volume_of_the_days_before_chooses_the_tier_and_leaves_it_again() -> None:
    """1,000 on a day lower the next day's fee, 5,000 within two days lower it again, and nothing is kept for ever."""
    wanted = [100, 600, 700, 800, 800, 800, 900, 900]
    run = sound(hr.backtest(bars(8), signals=wanted, cash=1e5, costs=charged(SPOT)))
    lots, bps = (
        run.fills["quantity"].tolist(),
        (run.fills["fee"] / (run.fills["quantity"] * 10) * 1e4).round(6).tolist(),
    )
    # Bought at the open of the day after: 1,000 at first, 5,000 at 8 bp, then 4 bp, at last the dearest again.
    assert lots == [100, 500, 100, 100, 100]
    assert bps == [10, 8, 4, 4, 10]


def test_whoever_waits_is_charged_as_a_maker_and_rebates_are_income_of_the_trade() -> None:
    """A limit at rest earns the rebate of its tier; the fee of the ledger is negative by exactly that."""

    class Waits(hr.Strategy):
        def on_start(self) -> None:
            self.done = False

        def on_bar(self, bar: Any) -> None:
            if not self.done:
                self.done = True
                self.buy(100, limit=9.8)

    beside = hr.FeeSchedule(tiers=SPOT.tiers, beside=5_000)
    run = sound(hr.backtest(bars(3), Waits(), costs=charged(beside)))
    assert run.fills[["price", "fee"]].to_numpy().tolist() == [[9.8, -0.049]]
    assert run.book["fees"] == -0.049


def test_rates_a_unit_and_units_that_count() -> None:
    """A stock exchange's schedule: mills a share by shares, taker and maker."""
    mills = hr.FeeSchedule(
        tiers=(
            hr.FeeTier(maker_per_unit=-0.0012, taker_per_unit=0.003),
            hr.FeeTier(volume=300, maker_per_unit=-0.002, taker_per_unit=0.0029),
        ),
        days=1,
        counts="units",
    )
    run = sound(hr.backtest(bars(4), signals=[300, 400, 400, 400], cash=1e5, costs=charged(mills)))
    assert run.fills["fee"].tolist() == [0.9, 0.29]


def test_over_books_the_same_schedule_charges_the_same() -> None:
    """Taking 1,000 worth a day, as over bars, at the tiers of the days before."""
    times = START + 12 * HOUR + np.arange(5) * DAY
    quotes = Books.from_quotes(times, bid=9.99, ask=10.0, bid_size=1e4, ask_size=1e4, symbol="X")

    class Buys(hr.Strategy):
        def on_quote(self, quote: Any) -> None:
            self.buy(100)

    more = {"costs": charged(SPOT), "simulation": hr.Simulation.instant(sample=pd.Timedelta("1h").to_pytimedelta())}
    moved = Books.from_quotes(times, bid=9.99, ask=10.0, bid_size=1e4 + np.arange(5.0), ask_size=1e4, symbol="X")
    assert len(hr.backtest(quotes, Buys(), cash=1e5, **more).fills) == 1
    run = sound(hr.backtest(moved, Buys(), cash=1e5, **more))
    assert run.fills["fee"].tolist() == [1.0, 0.8, 0.8, 0.8, 0.8]


def test_equal_schedules_are_one_account_and_the_others_pay_the_flat_fee() -> None:
    """What one instrument trades lowers the fee of another under the same schedule, and of no other."""
    days = pd.date_range("2024-01-01", periods=4)
    frame = pd.DataFrame(10.0, index=days, columns=["A", "B", "C"])
    many = hr.Bars.from_frame(frame)
    wanted = pd.DataFrame({"A": [100.0] * 4, "B": [0, 10.0, 10.0, 10.0], "C": [0, 10.0, 10.0, 10.0]}, index=days)
    same = {"A": SPOT, "B": hr.FeeSchedule(tiers=SPOT.tiers, days=2)}
    costs = hr.Costs(half_spread_bps=0, impact=0, fee_bps=20, volume_cap=0, fees=same)
    run = sound(hr.backtest(many, signals=wanted, cash=1e5, costs=costs))
    paid = dict(zip(run.fills["symbol"], run.fills["fee"], strict=True))
    assert paid == {"A": 1.0, "B": 0.08, "C": 0.2}


def test_the_smallest_fee_of_an_order_counts_beside_the_tier() -> None:
    """It is the least that an order pays, whatever its tier."""
    run = hr.backtest(bars(3), signals=[10, 10, 10], cash=1e5, costs=charged(SPOT, fee_min=2.5))
    assert run.fills["fee"].tolist() == [2.5]


def test_forecast_optimiser_and_venue_charge_by_the_same_object() -> None:
    """Notional, per-unit and tiers: one number from all three."""
    schedule = hr.FeeSchedule(
        tiers=(hr.FeeTier(taker_bps=10, taker_per_unit=0.01), hr.FeeTier(volume=1e3, taker_bps=1))
    )
    costs = charged({"X": schedule, "Y": SPOT})
    paid = hr.backtest(bars(3), signals=[50] * 3, cash=1e5, costs=charged(schedule)).fills["fee"].tolist()
    kinds = {"sigma": 0.02, "adv_notional": 1e6, "price": 10.0, "symbols": ["X", "Y", "Z"]}
    assert costs.expected_cost(500.0, **kinds).tolist() == [*paid, 0.5, 0.0]
    assert costs.expected_cost(500.0, traded=2e3, **kinds).tolist() == [0.05, 0.4, 0.0]
    conditions = TradingConditions(
        nav_value=1e4, adv_value=np.full(3, 1e6), volatility_day=np.full(3, 0.02), price=np.full(3, 10.0)
    )
    linear = cost_coefficients(costs, conditions, 3, ["X", "Y", "Z"]).linear * 500
    assert linear.tolist() == pytest.approx([*paid, 0.5, 0.0])
    with pytest.raises(HedgerowError, match="say the symbols"):
        costs.expected_cost(1.0, sigma=0.1, adv_notional=1.0)


def test_the_record_holds_the_schedule_and_the_log_proves_the_fees(tmp_path: Path) -> None:
    """The costs of a run's record are the object again, and the audit derives the postings."""
    costs = charged({"X": SPOT})
    run = hr.backtest(bars(), signals=[100, 600, 700, 0, 0, 0], cash=1e5, costs=costs, log=tmp_path / "log")
    assert hr.Costs(**json.loads(json.dumps(run.info.costs))) == costs
    assert hr.verify(tmp_path / "log").state_hash == run.state_hash
    fee = run.postings[run.postings["account"] == "fees"]["id"].iloc[0]
    assert "Fill" in [cause.noun for cause in hr.why(tmp_path / "log", int(fee))]
    assert "fees by tier" in costs_in_words(run.info.costs)
    assert "fees" not in hr.backtest(bars(), signals=[1] * 6, costs=hr.Costs()).info.costs


def test_a_file_of_terms_holds_schedules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """TOML tables are the objects."""
    file = tmp_path / "terms.toml"
    file.write_text(
        "[costs]\nfee_bps = 0.0\n[costs.fees.X]\ndays = 2\ntiers = [\n  {maker_bps = 10.0, taker_bps = 10.0},\n"
        "  {volume = 1000.0, maker_bps = 5.0, taker_bps = 8.0},\n"
        "  {volume = 5000.0, maker_bps = -0.5, taker_bps = 4.0},\n]\n"
    )
    assert terms_of(file)["costs"] == hr.Costs(fee_bps=0.0, fees={"X": SPOT})
    file.write_text("[costs.fees]\ntiers = [{taker_bp = 1.0}]\n")
    (tmp_path / "s.py").write_text("import hedgerow as hr\nclass S(hr.Strategy):\n    def on_bar(self, bar): pass\n")
    assert command(["backtest", f"{tmp_path / 's.py'}:S", "none.csv", "--terms", str(file)]) != 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"tiers": []}, "rising"),
        ({"tiers": [{"volume": 1.0}]}, "the first from 0"),
        ({"tiers": [{}, {"volume": 5.0}, {"volume": 5.0}]}, "rising"),
        ({"tiers": [{"taker_bps": float("nan")}]}, "taker_bps"),
        ({"tiers": [{"maker_bps": -20_000}]}, "maker_bps"),
        ({"tiers": [{"takr_bps": 1}]}, "taker_bps"),
        ({"tiers": [{}], "days": 0}, "days"),
        ({"tiers": [{}], "counts": "unit"}, "units"),
        ({"tiers": [{}], "beside": -1.0}, "beside"),
        ({"X": {"days": 3}}, "without tiers"),
        ([], "fees="),
        (3, "fees="),
    ],
)
def test_schedules_that_cannot_be_meant_are_refused(told: Any, said: str) -> None:
    """Each by name."""
    with pytest.raises(HedgerowError, match=said):
        fees_of(told)


def test_schedules_of_no_instrument_and_of_two_currencies_are_refused() -> None:
    """Volume of two currencies has no sum."""
    pair = [hr.Instrument("A", "USD"), hr.Instrument("B", "EUR")]
    with pytest.raises(HedgerowError, match="no instrument"):
        fees_for_core({"C": SPOT}, pair)
    with pytest.raises(HedgerowError, match="EUR, USD"):
        fees_for_core(SPOT, pair)
    units = hr.FeeSchedule(tiers=SPOT.tiers, counts="units")
    assert fees_for_core(units, pair) == ([units.for_core()], [0, 0])
