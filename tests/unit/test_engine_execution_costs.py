"""The costs of a run's orders sum to what the ledger lost by trading; a fitted cost model finds the one of the run."""

from __future__ import annotations

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError


def market(days: int = 400, seed: int = 5) -> hr.Bars:
    """A random walk with a volume that is known."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, days)))
    opened = np.r_[100.0, close[:-1]] * np.exp(random.normal(0, 0.002, days))
    return hr.Bars.from_arrays(
        np.arange(days).astype("datetime64[D]"),
        open=opened.round(2),
        high=(np.maximum(close, opened) * 1.002).round(2),
        low=(np.minimum(close, opened) * 0.998).round(2),
        close=close.round(2),
        volume=random.integers(900_000, 1_100_000, days).astype(float),
    )


def traded(costs: hr.Costs, days: int = 400) -> hr.Result:
    """A run that changes its mind every day."""
    wanted = np.random.default_rng(9).uniform(-1, 1, days)
    return hr.backtest(market(days), weights=wanted, cash=1e8, costs=costs)


def test_parts_sum_and_agree_with_the_ledger() -> None:
    """Fees are those of the fills; spread and impact are what prices were moved by."""
    run = traded(hr.Costs(half_spread_bps=3, impact=1.2, fee_bps=2, volume_cap=0))
    table, fills = run.tca(), run.fills
    parts = table[["spread_and_impact", "timing", "opportunity", "fees"]].sum(axis=1)
    assert np.allclose(parts, table["total"])
    assert table["fees"].sum() == pytest.approx(fills["fee"].sum())
    sign = np.where(fills["side"] == "buy", 1, -1)
    moved = (sign * fills["quantity"] * (fills["price"] - fills["reference_price"])).sum()
    assert table["spread_and_impact"].sum() == pytest.approx(moved)
    # Everything was filled: what was paid beyond the arrival price is all there is.
    paid = sign * fills["quantity"] * fills["price"]
    at_arrival = np.where(table["side"] == "buy", 1, -1) * table["filled"] * table["arrival"]
    assert table["total"].sum() == pytest.approx(paid.sum() - at_arrival.sum() + fills["fee"].sum())


def test_arrival_is_the_last_close_known_and_the_market_is_what_traded_until_the_fill() -> None:
    """An order made at a close, filled at the next open: its market is the bar of that open."""
    bars = hr.Bars.from_arrays(
        np.arange(3).astype("datetime64[D]"),
        open=[10.0, 10.5, 11.5],
        high=[10.0, 11.0, 12.0],
        low=[10.0, 10.5, 11.5],
        close=[10.0, 11.0, 12.0],
        volume=[1e6, 1e6, 1e6],
    )
    table = hr.backtest(bars, signals=[1, 1, 1], size=100, costs=hr.Costs.none()).tca()
    row = table.iloc[0]
    assert (row["arrival"], row["average_price"], row["market_vwap"]) == (10.0, 10.5, 11.0)
    assert (row["timing"], row["spread_and_impact"], row["total"]) == (50.0, 0.0, 50.0)
    assert row["total_bps"] == pytest.approx(500.0)
    assert row["vwap_bps"] == pytest.approx((10.5 / 11 - 1) * 1e4)


def test_what_was_not_filled_is_an_opportunity_that_was_missed() -> None:
    """A limit that the market ran away from costs the move to the end."""
    bars = hr.Bars.from_arrays(np.arange(3).astype("datetime64[D]"), close=[10.0, 11.0, 12.0])

    class Once(hr.Strategy):
        def on_start(self) -> None:
            self.asked = False

        def on_bar(self, bar: object) -> None:
            if not self.asked:
                self.asked = True
                self.buy(100, limit=9.0)

    row = hr.backtest(bars, Once, costs=hr.Costs.none()).tca().iloc[0]
    assert (row["filled"], row["opportunity"], row["total"]) == (0.0, 200.0, 200.0)
    assert np.isnan(row["average_price"])


def test_denied_orders_cost_nothing_and_are_not_in_the_table() -> None:
    """They never were in the market."""
    limits = hr.Limits(capital=1_000_000)
    run = hr.backtest(market(30), signals=[1] * 30, size=1_000_000, limits=limits, costs=hr.Costs.none())
    assert (run.orders["state"] == "Denied").all()
    assert run.tca().empty


def test_the_fitted_model_finds_the_one_that_was_used() -> None:
    """Impact to a hundredth, fees exactly, the half spread to the tick that prices are rounded to."""
    found = traded(hr.Costs(half_spread_bps=3, impact=1.2, fee_bps=2, volume_cap=0)).fitted_costs()
    assert found.impact == pytest.approx(1.2, abs=0.02)
    assert found.half_spread_bps == pytest.approx(3.0, abs=1.5)
    assert found.fee_bps == pytest.approx(2.0)


def test_too_few_fills_fit_nothing() -> None:
    """With the number seen and the number needed."""
    with pytest.raises(HedgerowError, match="takes 30"):
        traded(hr.Costs(volume_cap=0), days=20).fitted_costs()


def test_a_fitted_model_takes_rebates_for_no_fee() -> None:
    """Who was paid for trading is not promised that it goes on."""
    paid = hr.FeeSchedule(tiers=(hr.FeeTier(maker_bps=-1, taker_bps=-1),))
    run = traded(hr.Costs(half_spread_bps=3, impact=1.2, volume_cap=0, fees=paid))
    assert run.fills["fee"].sum() < 0
    found = run.fitted_costs()
    assert (found.fee_bps, found.fees) == (0.0, None)
    assert found.half_spread_bps == pytest.approx(3, abs=0.6)
