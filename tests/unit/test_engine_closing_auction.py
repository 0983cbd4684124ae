"""The `close` algorithm and the closing auction: a share before it, the rest in it, and what it does not take."""

from __future__ import annotations

import runpy
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.execution.algorithms import Close, Recorded, Situation

PHASES = runpy.run_path(str(Path(__file__).with_name("test_engine_phases.py")))
SHARED = runpy.run_path(str(Path(__file__).with_name("parent_askers.py")))
market, printed, Scripted = (PHASES[name] for name in ("market", "printed", "Scripted"))
OverBars, sent = SHARED["OverBars"], SHARED["sent"]
SECOND = 10**9
HOW: dict[str, Any] = {
    "algorithm": "close",
    "until": timedelta(seconds=10),
    "stretch": timedelta(seconds=4),
    "lead": timedelta(seconds=4),
    "slices": 2,
    "auction": 0.6,
}
DAY = [(0, "continuous"), (9, "closing_call"), (11, "closed")]


def closed(day: list[tuple[int, str]], quantity: float = 50, **said: Any) -> tuple[list[Any], hr.Result]:
    """When how much of an order made at second one was sent and how, and what came of it; the auction prints at 11."""
    table = {1: lambda s: s.work(quantity, **{**HOW, **said})}
    simulation = hr.Simulation.instant(auction_share=0.1)
    books = market(day, printed((11, "closing", 1_005, 400)), 14)
    log = {"log": said.pop("log")} if "log" in said else {}
    result = hr.backtest(books, Scripted(table), costs=hr.Costs.none(), simulation=simulation, **log)
    rows = zip(sent(result), result.orders["kind"], result.orders["tif"], strict=True)
    return [(second, lots, kind, tif) for (second, lots), kind, tif in rows], result


def test_a_share_trades_before_and_the_rest_in_the_auction_after_the_order_has_ended(tmp_path: Path) -> None:
    """Two slices of ten at the market, and thirty in the auction at its price; the audit decides the same again."""
    found, result = closed(DAY, log=tmp_path / "log")
    assert found == [(2, 10, "market", "gtc"), (4, 10, "market", "gtc"), (6, 30, "market", "cls")]
    assert result.fills[["quantity", "price"]].values.tolist() == [[10.0, 10.02], [10.0, 10.02], [30.0, 10.05]]
    assert result.parents[["filled", "state"]].values.tolist() == [[50.0, "filled"]]
    assert hr.verify(tmp_path / "log").slices == 3
    says = [cause.says for cause in hr.why(tmp_path / "log", int(result.orders["id"].iloc[-1]))]
    assert any(told.endswith("so send 30 to the closing auction") for told in says)
    assert any("its last step is for the closing auction" in told for told in says)


def test_with_a_limit_it_is_an_order_with_a_limit_for_the_close() -> None:
    """LOC: at a price that is not better than its limit it does not trade, and that is the end of it."""
    found, result = closed(DAY, limit=10.05)
    assert found[-1] == (6, 30, "limit", "cls")
    assert result.orders["state"].iloc[-1] == "Expired"
    assert result.parents["filled"].tolist() == [20.0]


def test_where_no_auction_is_known_all_of_it_trades_before_the_end() -> None:
    """A venue that never said what it does: the rest goes in two parts, the second half way to the end."""
    found, result = closed([])
    assert found == [(s, lots, "market", "gtc") for s, lots in [(2, 10), (4, 10), (6, 15), (8, 15)]]
    assert result.parents["state"].tolist() == ["filled"]


def test_what_the_venue_refuses_for_its_auction_trades_before_the_end() -> None:
    """The auction has been held when the order for it leaves."""
    table = {1: lambda s: s.work(50, **HOW)}
    books = market([(0, "continuous"), (3, "closing_call"), (5, "continuous")], printed((4, "closing", 1_005, 1)), 14)
    simulation = hr.Simulation.instant(auction_share=0.0)
    result = hr.backtest(books, Scripted(table), costs=hr.Costs.none(), simulation=simulation)
    assert "Rejected" in result.orders["state"].tolist()
    assert result.parents[["filled", "state"]].values.tolist() == [[50.0, "filled"]]


def test_no_more_than_a_share_of_the_market_goes_to_the_auction() -> None:
    """Nothing traded since the order was made, so nothing is for the auction; in one that traded forty, a tenth is."""
    found, _ = closed(DAY, participation=0.1)
    assert [tif for *_, tif in found] == ["gtc"] * 4
    table = {1: lambda s: s.work(50, **{**HOW, "participation": 0.1})}
    trades = printed((3, "hidden", 1_002, 40), (11, "closing", 1_005, 400))
    result = hr.backtest(market(DAY, trades, 14), Scripted(table), costs=hr.Costs.none())
    own = result.orders[result.orders["tif"] == "cls"]["quantity"].tolist()
    assert own == [4.0]
    assert result.orders["quantity"].sum() == 50.0


def test_over_bars_it_trades_at_the_close_of_the_session() -> None:
    """An hour of minutes a day: a half before the last ten minutes, a half at the last bar's close."""
    begin = np.datetime64("2020-01-01T14:30", "ns")
    times = np.concatenate([begin + (day * 1440 + np.arange(1, 61)).astype("timedelta64[m]") for day in range(2)])
    bars = hr.Bars.from_arrays(times, close=100 + np.arange(120) / 100, volume=[1_000] * 120, span="1min")
    how = {"algorithm": "close", "slices": 2, "auction": 0.5, "until": timedelta(minutes=59)}
    result = hr.backtest(bars, OverBars(100, **how), costs=hr.Costs.none(), cash=1e8)
    assert sent(result) == [(39 * 60, 25), (44 * 60, 25), (49 * 60, 50)]
    assert result.orders["tif"].tolist() == ["gtc", "gtc", "cls"]
    assert result.fills["price"].iloc[-1] == pytest.approx(100.59)


def test_an_order_that_comes_late_goes_to_the_auction_whole() -> None:
    """Less than `lead` is left."""
    now = Situation(lots=10, start_ns=95 * SECOND, until_ns=100 * SECOND)
    plan = Close(slices=2, auction=0.5, lead=timedelta(seconds=20)).plan(now)
    assert (plan.steps, plan.auction) == (((95 * SECOND, 10),), True)


def test_the_log_gives_back_what_the_algorithm_was_told() -> None:
    """As a run that was taken up again plans an amended order anew."""
    told = Close(
        slices=2,
        auction=0.6,
        stretch=timedelta(seconds=8),
        lead=timedelta(seconds=20),
        participation=0.05,
    )
    now = Situation(lots=100, start_ns=0, until_ns=100 * SECOND)
    plan = told.plan(now)
    before = [0, *(lots for _, lots in plan.steps)]
    own = [(due, lots - done) for (due, lots), done in zip(plan.steps, before, strict=False)]
    again = Recorded(
        number=7,
        slices=plan.slices,
        until_ns=now.until_ns,
        steps=own,
        lot=1.0,
        seed=0,
        every_ns=0,
        size_lots=0,
        risk_aversion=0.0,
        share_bps=plan.share_bps,
        size_bps=0,
        random_times=False,
        curve=0,
        passive=False,
        auction=plan.auction,
    )
    assert again.algorithm() == told
