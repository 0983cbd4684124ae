"""Futures and options that expire while a run goes on: settled in cash, over bars and books, in the log."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.result import Result
from hedgerow.engine.tearsheet.agreement import agreements
from hedgerow.market.replay import Books

FREE = hr.Costs.none()
DAY, HOUR = 86_400 * 10**9, 3_600 * 10**9
START = int(np.datetime64("2024-01-01", "ns").astype(np.int64))


def bars(**closes: list[float]) -> hr.Bars:
    """Days of several contracts, each worth a hundred a point; those that end have fewer."""
    frames = [
        pd.DataFrame({"date": pd.date_range("2024-01-01", periods=len(prices)), "symbol": symbol, "close": prices})
        for symbol, prices in closes.items()
    ]
    told = [hr.Instrument(symbol, multiplier=100) for symbol in closes]
    return hr.Bars.from_frame(pd.concat(frames), instruments=told)


def held(data: hr.Bars, symbol: str, units: float, **more: Any) -> Result:
    """So many of one contract from the first bar on."""
    times = np.unique(data.ts_event)
    wanted = pd.DataFrame({symbol: [units] + [np.nan] * (len(times) - 1)}, index=pd.DatetimeIndex(times, name="ts"))
    run = hr.backtest(data, signals=wanted, cash=1e6, costs=FREE, **more)
    assert agreements(run)
    assert set(run.trial_balance.values()) == {0}
    return run


def after(days: int) -> int:
    """The close of the bar of a day."""
    return START + days * DAY


@pytest.mark.parametrize(
    ("told", "worth"),
    [
        ({}, 14.0),  # a future at its own last price
        ({"settlement": "14.25"}, 14.25),
        ({"settlement": -3}, -3.0),
        ({"underlying": "U"}, 104.0),
        ({"underlying": "U", "strike": 100, "right": "call"}, 4.0),
        ({"underlying": "U", "strike": 100, "right": "put"}, 0.0),
        ({"settlement": 97.5, "strike": 100, "right": "put"}, 2.5),
        ({"settlement": 97.5, "strike": 100, "right": "call"}, 0.0),
    ],
)
def test_a_contract_closes_at_what_it_is_worth(told: dict[str, Any], worth: float) -> None:
    """Longs and shorts, by the price told or the underlying's last, times the contract's size."""
    data = bars(C=[10.0, 12.0, 14.0], U=[100.0, 102.0, 104.0, 90.0])
    for units in (2, -2):
        run = held(data, "C", units, actions=[hr.Expiry(instrument="C", ts_event=after(3), **told)])
        assert run.carry[["kind", "quantity", "cash"]].to_numpy().tolist() == [["expiry", -units, units * 100 * worth]]
        assert run.final_nav == pytest.approx(1e6 + units * 100 * (worth - 12.0))
        assert run.trades["open"].tolist() == [False]


def test_one_that_expires_behind_the_last_bar_of_its_day_is_booked_and_a_later_one_lives_on() -> None:
    """The afternoon of the last day closes it; a day further the position stays."""
    data = bars(C=[10.0, 12.0, 14.0])
    run = held(data, "C", 1, actions=[hr.Expiry(instrument="C", ts_event=after(3) + 5 * HOUR, settlement=15)])
    assert run.equity["nav"].iloc[-1] == run.final_nav == 1e6 + 300
    later = held(data, "C", 1, actions=[hr.Expiry(instrument="C", ts_event=after(9), settlement=15)])
    assert (len(later.carry), later.final_nav) == (0, 1e6 + 200)
    early = held(data, "C", 1, actions=[hr.Expiry(instrument="C", ts_event=START - DAY, settlement=15)])
    assert not len(early.carry)


def test_over_books_it_closes_at_its_moment_and_its_orders_expire() -> None:
    """At the mark by then, or as told; the resting order ends with it."""
    times = START + 12 * HOUR + np.arange(4) * HOUR
    quotes = Books.from_quotes(
        times, bid=[999, 1_099, 1_199, 1_299], ask=[1_001, 1_101, 1_201, 1_301], bid_size=9, ask_size=9, symbol="C"
    )

    class Once(hr.Strategy):
        def on_start(self) -> None:
            self.done = False

        def on_quote(self, quote: Any) -> None:
            if not self.done:
                self.done = True
                self.buy(2)
                self.buy(1, limit=5.0)

    instant = {"costs": FREE, "simulation": hr.Simulation.instant()}
    for told, cash in (
        ({}, 22.0),
        ({"settlement": 10.5}, 21.0),
        ({"settlement": 30, "strike": 8, "right": "call"}, 44.0),
    ):
        expiry = hr.Expiry(instrument="C", ts_event=int(times[1]) + HOUR // 2, **told)
        run = hr.backtest(quotes, Once(), actions=[expiry], **instant)
        assert agreements(run)
        assert run.carry[["kind", "cash"]].to_numpy().tolist() == [["expiry", cash]]
        assert run.orders["state"].tolist() == ["Filled", "Expired"]


def test_the_log_proves_an_expiry(tmp_path: Path) -> None:
    """Derived again by the audit, and told apart by the trial's identity."""
    data = bars(C=[10.0, 12.0, 14.0])
    expiry = hr.Expiry(instrument="C", ts_event=after(3), settlement=Decimal("14.5"))
    run = held(data, "C", 3, actions=[expiry], log=tmp_path / "log")
    assert hr.verify(tmp_path / "log").state_hash == run.state_hash
    said = [cause.says for cause in hr.why(tmp_path / "log", int(run.carry["id"].iloc[0]))]
    assert "expir" in said[0].lower()
    assert run.info.holding != held(data, "C", 3).info.holding


def test_what_cannot_be_meant_is_refused() -> None:
    """Each by name."""
    data = bars(C=[10.0, 12.0, 14.0], U=[1.0, 1.0, 1.0, 1.0])
    ts = after(3)
    for told, said in (
        ({"strike": 1}, "an option has a right"),
        ({"right": "call"}, "an option has a right"),
        ({"strike": 1, "right": "cal"}, "call"),
        ({"strike": 1, "right": "call"}, "say the settlement"),
        ({"settlement": "x"}, "settlement of C"),
        ({"settlement": float("nan")}, "settlement of C"),
    ):
        with pytest.raises(HedgerowError, match=said):
            hr.Expiry(instrument="C", ts_event=ts, **told)
    with pytest.raises(HedgerowError, match="nanoseconds"):
        hr.Expiry(instrument="C", ts_event="2024-01-01")  # type: ignore[arg-type]
    with pytest.raises(HedgerowError, match="no prices"):
        held(data, "C", 1, actions=[hr.Expiry(instrument="C", ts_event=ts, underlying="V")])
    full = hr.Bars.from_arrays(
        np.arange("2024-01-01", "2024-01-05", dtype="datetime64[D]"), close=[1.0] * 4, volume=[5.0] * 4, symbol="C"
    )
    with pytest.raises(HedgerowError, match="trades after its expiry"):
        hr.backtest(full, signals=[0] * 4, costs=FREE, actions=[hr.Expiry(instrument="C", ts_event=after(2))])


def test_bars_of_unknown_volume_behind_an_expiry_are_refused_and_those_of_none_are_not() -> None:
    """What has ended could be bought again there."""
    days = np.arange("2024-01-01", "2024-01-07", dtype="datetime64[D]")
    told = [hr.Expiry(instrument="C", ts_event=START + 2 * DAY + 16 * HOUR, settlement=15)]
    unknown = hr.Bars.from_arrays(days, close=[10.0] * 6, symbol="C")
    with pytest.raises(HedgerowError, match=r"DATA-017.*not known"):
        held(unknown, "C", 1, actions=told)
    stale = hr.Bars.from_arrays(days, close=[10.0] * 6, volume=[9.0, 9.0, 9.0, 0.0, 0.0, 0.0], symbol="C")
    assert held(stale, "C", 1, actions=told).carry["kind"].tolist() == ["expiry"]
