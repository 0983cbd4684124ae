"""The ready market maker: what it learns, how it leans, what it never holds, and what its report says."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.maker_report import MakerTally
from hedgerow.engine.opening import research_limits
from hedgerow.execution.maker_estimates import MakerEstimates
from hedgerow.execution.quoting import GueantLehalleTapia
from hedgerow.market.generated import generated_books

SECOND = 10**9
EXAMPLE = runpy.run_path(str(Path(__file__).resolve().parents[2] / "examples" / "market_making.py"))


def walked(sigma: float, k: float, rate: float, seconds: int = 4_000) -> MakerEstimates:
    """What is learnt of a walk with these figures, one move a second, `rate` trades a second and side."""
    draws, seen = np.random.default_rng(5), MakerEstimates(1_000.0)
    mid, ts = 100_000.0, SECOND
    for _ in range(seconds):
        ts += SECOND
        mid += round(draws.normal(0, sigma))
        seen.quote(ts, int(mid) - 1, int(mid) + 1, 5.0, 5.0)
        for _ in range(draws.poisson(2 * rate)):
            reach = draws.exponential(1 / k)
            seen.trade(ts, mid + reach * draws.choice([-1, 1]))
    return seen


def test_volatility_and_arrivals_of_a_known_market_are_found() -> None:
    """Within what so many seconds can tell."""
    seen = walked(sigma=8.0, k=0.4, rate=1.5)
    assert seen.sigma == pytest.approx(8.0, rel=0.08)
    assert seen.k == pytest.approx(0.4, rel=0.08)
    assert seen.intensity == pytest.approx(1.5, rel=0.08)
    assert seen.ready


def test_imbalance_says_who_pushes_and_fades() -> None:
    """Bids that grow and rise are buying; asks that grow and fall are selling; the past is forgotten."""
    seen = MakerEstimates(10.0)
    for step in range(20):
        seen.quote((step + 1) * SECOND, 100 + step, 102 + step, 5.0, 5.0)
    assert seen.imbalance > 0.9
    for step in range(20):
        seen.quote((100 + step) * SECOND, 119 - step, 121 - step, 5.0, 5.0)
    assert seen.imbalance < -0.9
    assert not seen.ready


@pytest.mark.parametrize("memory", [0.0, -1.0, float("nan"), float("inf")])
def test_a_memory_that_cannot_be_is_refused(memory: float) -> None:
    """By name."""
    with pytest.raises(HedgerowError, match="RUN-008"):
        MakerEstimates(memory)


@pytest.mark.parametrize("model", ["glft", "avellaneda_stoikov"])
def test_more_risk_aversion_holds_less_and_no_quote_ever_takes(model: Any) -> None:
    """Over a made-up market, one market for all; the limits on inventory hold at every fill."""
    held = []
    for gamma in (0.001, 0.05):
        maker = hr.MarketMaker(inventory_max=4, gamma=gamma, model=model, every=0.25)
        result = hr.backtest(generated_books(20_000, seed=7), maker)
        report = maker.report()
        assert report.fills == len(result.fills)
        assert (result.fills["liquidity"] == "maker").all()
        assert set(result.verdicts["action"]) == {"quote"}
        assert result.positions["quantity"].abs().max() <= 4
        assert (report.inventory_low, report.inventory_high) == (
            min(0.0, result.positions["quantity"].min()),
            max(0.0, result.positions["quantity"].max()),
        )
        assert report.bought - report.sold == report.inventory
        assert report.fees == pytest.approx(result.fills["fee"].sum())
        held.append(report.inventory_mean)
    assert held[1] < held[0]


def test_its_quotes_are_those_of_the_model_from_what_it_has_learnt() -> None:
    """Each is the closed form at the figures of its moment, rounded away from the mid, and never through the market."""
    seen: list[tuple[Any, ...]] = []

    class Spied(hr.MarketMaker):
        def quote(self, symbol: str | None = None, **sides: Any) -> Any:
            """Note what is said, and what it rests on."""
            known = self.estimates
            figures = {"sigma": known.sigma, "k": known.k, "intensity": known.intensity}
            seen.append((figures, known.mid, known.imbalance, self.position, self._top, sides))
            return super().quote(symbol, **sides)

    hr.backtest(generated_books(20_000, seed=7), Spied(gamma=0.02, inventory_max=50, lean=0.7))
    assert len(seen) > 300
    for figures, mid, imbalance, position, top, sides in seen:
        model = GueantLehalleTapia(gamma=0.02, **figures)
        bid, ask = model.closed_form(mid, inventory=position, lean=0.7 * imbalance).in_ticks(1.0)
        assert bid is not None
        assert ask is not None
        assert round(sides["bid"] * 100) == min(bid, top.ask_ticks - 1)
        assert round(sides["ask"] * 100) == max(ask, top.bid_ticks + 1)


def test_a_denied_quote_is_followed_by_a_withdrawal() -> None:
    """A mandate that carries one side only: nothing of a quote of both stays at the venue."""
    limits = replace(research_limits(1e6), order_lots=1)
    maker = hr.MarketMaker(quantity=2.0, every=0.25)
    result = hr.backtest(generated_books(8_000, seed=7), maker, limits=limits)
    report = maker.report()
    assert report.denied > 0
    assert (report.updates, report.fills, len(result.orders)) == (0, 0, 0)


def test_hold_ticks_leave_more_quotes_where_they_are() -> None:
    """The further the model may drift, the fewer changes."""
    updates = []
    for hold in (0, 3):
        maker = hr.MarketMaker(hold_ticks=hold, every=0.25)
        hr.backtest(generated_books(15_000, seed=3), maker)
        updates.append(maker.report().updates)
    assert updates[1] < 0.8 * updates[0]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"gamma": 0.0}, "RUN-008"),
        ({"quantity": -1.0}, "RUN-008"),
        ({"markouts": (0.0,)}, "RUN-008"),
        ({"hold_ticks": -1}, "RUN-008"),
        ({"lean": float("nan")}, "RUN-008"),
        ({"model": "guess"}, "RUN-002"),
        ({"gama": 0.1}, "RUN-002"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(told: dict[str, Any], code: str) -> None:
    """Before anything is quoted."""
    with pytest.raises(HedgerowError, match=code):
        hr.backtest(generated_books(1_000, seed=7), hr.MarketMaker(**told))


class Fill:
    """A fill as a strategy hears of it."""

    def __init__(self, side: str, price: float, quantity: float) -> None:
        self.side, self.price, self.quantity, self.fee = side, price, quantity, -0.01


def test_the_report_counts_spread_markouts_and_inventory() -> None:
    """By hand: one bought at 99 beside a mid of 100, sold at 102 beside 101; the mid after 10 s was 98, then 103."""
    tally = MakerTally((10.0,))
    tally.look(1 * SECOND, 100.0)
    tally.fill(2 * SECOND, Fill("buy", 99.0, 1.0), 100.0, 1.0)
    tally.fill(6 * SECOND, Fill("sell", 102.0, 1.0), 101.0, 0.0)
    tally.look(11 * SECOND, 97.0)
    tally.look(12 * SECOND, 98.0)
    tally.look(20 * SECOND, 103.0)
    tally.fill(21 * SECOND, Fill("sell", 103.0, 2.0), 103.0, -2.0)
    report = tally.report()
    assert (report.fills, report.bought, report.sold, report.spread_captured) == (3, 1.0, 3.0, 2.0)
    assert report.markouts_bps[10.0] == pytest.approx(((98 / 99 - 1) - (103 / 102 - 1)) / 2 * 1e4)
    assert (report.unjudged, report.inventory_mean) == (1, pytest.approx(4 / 20))
    assert (report.inventory, report.inventory_low, report.inventory_high) == (-2.0, -2.0, 1.0)
    assert "3 fills: 1 bought, 3 sold" in str(report)


@pytest.mark.parametrize(("symbol", "tick"), [("BTCUSDT", "0.1"), ("ETHUSDT", "0.01")])
def test_on_a_real_recording_it_quotes_within_its_limits_and_the_figures_agree(
    shared: Callable[[str], Path], symbol: str, tick: str
) -> None:
    """What it earns there is what it is; that its report, the ledger and its limits agree is what is tested."""
    path = shared(f"data/crypto_l2/binance_usdm_{symbol.lower()}_20240808.gz")
    coin = hr.Instrument(symbol, "USDT", tick=tick, lot="0.001")
    books = hr.Books.from_messages(coin, EXAMPLE["messages"](path, coin), rule="binance_futures")
    maker = hr.MarketMaker(quantity=0.01, inventory_max=10, gamma=0.001)
    delays: Any = {"entry": timedelta(milliseconds=2), "response": timedelta(milliseconds=2)}
    simulation = hr.Simulation(maker_fee_bps=-0.5, **delays)
    result = hr.backtest(books, maker, currency="USDT", cash=100_000, simulation=simulation)
    report = maker.report()
    assert report.fills == len(result.fills) > 200
    assert (result.fills["liquidity"] == "maker").all()
    assert max(-report.inventory_low, report.inventory_high) <= 0.1 + 1e-9
    assert report.fees == pytest.approx(result.fills["fee"].sum())
    assert report.denied == 0
    assert report.markouts_bps[1.0] < 0  # who trades with it knows more
