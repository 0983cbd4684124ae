"""What happens to positions while a backtest runs: each action and fee on positions that are held, to the cent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.logged import logged_run
from hedgerow.engine.tearsheet.agreement import agreements
from hedgerow.market.actions import Action
from hedgerow.market.adjusted import adjusted_bars

SHARED = Path(__file__).parents[3] / "shared" / "data" / "equities_daily"
FREE = hr.Costs.none()


def day(n: int) -> int:
    """The midnight that begins day n, UTC nanoseconds; bar n closes at the midnight after it."""
    return int(np.datetime64("2024-01-01", "ns").astype(np.int64)) + n * 86_400 * 10**9


def bars(*closes: float, opens: Any = None, symbol: str = "ACME", dates: Any = None, **instrument: Any) -> hr.Bars:
    """Bars of whole days."""
    close = np.array(closes)
    opened = close if opens is None else np.array(opens)
    frame = pd.DataFrame({"open": opened, "high": np.maximum(opened, close), "low": np.minimum(opened, close)})
    frame["close"] = close
    frame.index = pd.date_range("2024-01-01", periods=close.size) if dates is None else dates
    return hr.Bars.from_frame(frame, instruments=[hr.Instrument(symbol, **instrument)])


def action(kind: str, on: int, value: Any = None, symbol: str = "ACME", **more: Any) -> Action:
    """An action of the made-up instrument, told on its day."""
    return Action(symbol, kind, day(on), day(on), None if value is None else Decimal(str(value)), **more)


def sound(run: hr.Result) -> hr.Result:
    """The run, whose figures all agree with its books."""
    assert agreements(run)
    assert set(run.trial_balance.values()) == {0}
    return run


def test_a_split_multiplies_the_position_and_keeps_its_worth_and_cost() -> None:
    """Ten shares at 100 are forty at 25, and only then does the price earn anything."""
    run = hr.backtest(
        bars(100, 100, 100, 25, 26), signals=[1] * 5, size=10, costs=FREE, actions=[action("split", 3, 4)]
    )
    sound(run)
    assert run.equity["nav"].tolist()[:-1] == [1e6] * 5  # nothing was earned by splitting
    assert run.final_nav == 1e6 + 40 * (26 - 25) - 30 * 26 + 30 * 26
    assert run.carry[["kind", "quantity", "cash"]].to_numpy().tolist()[0] == ["split", 30.0, 0.0]
    # A position of ten is wanted: thirty are sold again at the next open, and average cost followed.
    assert run.positions["quantity"].tolist() == [10.0, 10.0]
    closed = run.trades[~run.trades["open"]]
    assert closed[["entry_price", "exit_price", "pnl"]].to_numpy().tolist() == [[25.0, 26.0, 30.0]]


def test_what_a_split_leaves_of_a_share_is_paid_at_the_last_close() -> None:
    """One for ten of fifteen shares: one stays, half of one is cash."""
    held = [np.nan, 1, np.nan, np.nan]
    run = hr.backtest(
        bars(10, 10, 10, 100), weights=None, signals=held, size=15, costs=FREE, actions=[action("split", 3, 0.1)]
    )
    sound(run)
    # 15 shares become 1.5: one stays, half a share is paid with 50.
    assert run.carry[["quantity", "cash", "realised"]].to_numpy().tolist() == [[-14.0, 50.0, 0.0]]
    assert run.final_nav == 1e6


def both(left: hr.Bars, right: hr.Bars) -> hr.Bars:
    """Two instruments in one run."""
    frames = [
        pd.DataFrame({"date": one.session_dates(), "symbol": one.symbols[0], "close": one.prices()})
        for one in (left, right)
    ]
    return hr.Bars.from_frame(pd.concat(frames))


@pytest.mark.parametrize("units", [10, -10])
def test_a_dividend_is_paid_to_longs_and_by_shorts_on_the_ex_date(units: int) -> None:
    """Income of who is long, a debt of who is short, in shares after the split of the day."""
    told = [action("dividend", 3, 2), action("split", 3, 2)]  # a share's after the split of its day
    run = sound(
        hr.backtest(
            bars(100, 100, 100, 48, 48), signals=np.array([1, 1, 1, 2, 2]) * units, size=1, costs=FREE, actions=told
        )
    )
    assert run.equity["nav"].tolist() == [1e6] * 6
    assert run.book["income"] == 2 * 2 * units
    assert run.book["unrealised"] == -2 * 2 * units
    by_side = run.attribution("side")
    assert by_side["income"].to_dict() == {
        "long": max(40.0, 0) if units > 0 else 0.0,
        "short": 0.0 if units > 0 else -40.0,
        "other": 0.0,
    }


def test_who_buys_on_the_ex_date_gets_nothing_and_who_sells_then_does() -> None:
    """A dividend is paid to who holds when its ex-date begins."""
    paid = [action("dividend", 2, 1)]
    late = hr.backtest(bars(10, 10, 9, 9), signals=[0, 1, 1, 1], size=10, costs=FREE, actions=paid)
    gone = hr.backtest(bars(10, 10, 9, 9), signals=[1, 0, 0, 0], size=10, costs=FREE, actions=paid)
    assert late.book["income"] == 0
    assert gone.book["income"] == 10


def test_orders_expire_at_a_split_and_work_on_at_a_dividend() -> None:
    """What an order asks for is no longer the same thing after a split."""

    class Waits(hr.Strategy):
        def on_start(self) -> None:
            self.sent = False

        def on_bar(self, bar: Any) -> None:
            if not self.sent:
                self.sent = True
                self.buy(10, symbol="ACME", limit=5.0)

    for kind, state in (("split", "Expired"), ("dividend", "Live")):
        run = hr.backtest(bars(10, 10, 10), Waits, costs=FREE, actions=[action(kind, 1, 2)])
        assert run.orders["state"].tolist() == [state], kind


@pytest.mark.parametrize(
    ("told", "worth"),
    [
        (action("merger", 3, 54), 54),
        (action("delisting", 3, 0), 0),
        (action("delisting", 3, 7), 7),
        (action("delisting", 3), 50),
        (action("merger", 3, 4, into="BUYER", ratio=Decimal(2)), 44),
    ],
)
@pytest.mark.parametrize("units", [10, -10])
def test_an_end_closes_every_position_at_its_worth(told: Action, worth: float, units: int) -> None:
    """Cash, shares of another at their close, what is recovered, or the last close."""
    two = both(bars(50, 50, 50), bars(20, 20, 20, 21, 21, symbol="BUYER"))
    ended = np.where(two.instrument == two.symbols.index("ACME"), 1.0, 0.0)
    run = sound(hr.backtest(two, signals=ended * units, size=1, costs=FREE, actions=[told]))
    assert run.final_nav == 1e6 + units * (worth - 50)
    assert run.trades[["quantity", "exit_price"]].to_numpy().tolist() == [[10.0, float(worth)]]


def test_shorts_pay_for_every_midnight_and_longs_for_none() -> None:
    """A year of 360 days, or of 365; a night on the close before it."""
    week = bars(100, 100, 100, 110, 110)
    short = sound(hr.backtest(week, signals=[-1] * 5, size=36, costs=FREE, carry=hr.Carry(borrow=0.1)))
    # Sold at the second bar's open: three midnights follow, at the closes before them.
    assert short.book["income"] == pytest.approx(-36 * 0.1 / 360 * (100 + 100 + 110), abs=1e-9)
    assert set(short.carry["kind"]) == {"borrow"}
    assert hr.backtest(week, signals=[1] * 5, size=36, costs=FREE, carry=hr.Carry(borrow=0.1)).book["income"] == 0
    by_365 = hr.backtest(week, signals=[-1] * 5, size=36, costs=FREE, carry=hr.Carry(borrow=0.1, day_count=365))
    assert by_365.book["income"] == pytest.approx(short.book["income"] * 360 / 365, abs=1e-8)


def test_longs_pay_a_positive_funding_and_shorts_get_it() -> None:
    """At each time on the position that is held then."""
    coin = bars(100, 100, 200, 200, lot="0.00000001", tick="0.1")
    times = pd.to_datetime(["2024-01-02", "2024-01-03 08:00", "2024-01-04 00:00"], format="ISO8601")
    rates = pd.Series([0.01, 0.01, -0.02], index=times.rename("ts"))
    for sign in (1, -1):
        run = hr.backtest(coin, signals=[sign] * 4, size=0.5, costs=FREE, carry=hr.Carry(funding={"ACME": rates}))
        # At 2 January nothing was held yet; on the 3rd the close before was 100, at the midnight of the 4th 200.
        assert run.book["income"] == pytest.approx(sign * 0.5 * (-0.01 * 100 + 0.02 * 200), abs=1e-9)


def test_a_run_with_events_is_proved_and_explained_from_its_log(tmp_path: Path) -> None:
    """The audit derives every posting again, and `why` says where a cent came from."""
    told = [action("split", 2, 2), action("dividend", 3, 1)]
    run = hr.backtest(
        bars(100, 100, 50, 49, 49),
        signals=[-1] * 5,
        size=10,
        costs=FREE,
        log=tmp_path / "log",
        actions=told,
        carry=hr.Carry(borrow=0.05),
    )
    assert hr.verify(tmp_path / "log")
    number = int(run.carry["id"][run.carry["kind"] == "dividend"].iloc[0])
    posting = int(run.postings["id"][run.postings["cause"] == number].iloc[0])
    chain = hr.why(tmp_path / "log", posting)
    assert [cause.noun for cause in chain[:2]] == ["Posting", "LifecycleEvent"]
    assert "dividend: longs receive, shorts pay 1 for 1 held" in chain[1].says
    read = logged_run(tmp_path / "log")
    np.testing.assert_allclose(read.equity["nav"].to_numpy(), run.equity["nav"].to_numpy(), atol=1e-6)
    assert len(read.carry) == len(run.carry)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"actions": [action("split", 2, 0)]}, "DATA-002"),
        ({"actions": [action("split", 2, -4)]}, "DATA-002"),
        ({"actions": [action("split", 2, "NaN")]}, "DATA-002"),
        ({"actions": [action("split", 2, "1E+30")]}, "DATA-002"),
        ({"actions": [action("dividend", 2, -1)]}, "DATA-002"),
        ({"actions": [action("dividend", 2, "1E+40")]}, "DATA-016"),
        ({"actions": [action("delisting", 3, -1)]}, "DATA-002"),
        ({"actions": [action("merger", 3, 1, into="NONE", ratio=Decimal(1))]}, "RUN-002"),
        ({"actions": 7}, "RUN-002"),
        ({"actions": ["split"]}, "RUN-002"),
        ({"carry": 0.1}, "RUN-002"),
        ({"carry": {"borrow": 0.1}}, "RUN-002"),
    ],
)
def test_what_cannot_be_is_refused_before_the_run(settings: dict[str, Any], code: str) -> None:
    """Named, and nothing has begun."""
    two = both(bars(10, 10, 10, 10), bars(5, 5, 5, 5, 5, 5, symbol="OTHER"))
    with pytest.raises(HedgerowError) as refused:
        hr.backtest(two, weights=np.zeros(len(two)), costs=FREE, **settings)
    assert refused.value.code == code, refused.value


@pytest.mark.parametrize(
    "made",
    [
        {"borrow": -0.1},
        {"borrow": float("nan")},
        {"borrow": 99},
        {"borrow": {"A": "x"}},
        {"day_count": 252},
        {"funding": 3},
    ],
)
def test_rates_that_cannot_be_meant_are_refused(made: dict[str, Any]) -> None:
    """Named when the object is made."""
    with pytest.raises(HedgerowError):
        hr.Carry(**made)


def test_an_instrument_that_trades_after_its_end_is_a_conflict() -> None:
    """Bars behind an end are of something else."""
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=6), "close": 10.0, "volume": 100.0})
    with pytest.raises(HedgerowError, match="trades after its delisting"):
        hr.backtest(hr.Bars.from_frame(frame, symbol="ACME"), signals=[0] * 6, actions=[action("delisting", 2, 1)])


def test_buy_and_hold_over_raw_prices_earns_what_it_earns_over_adjusted_ones() -> None:
    """Made-up: a split, a reverse split and two dividends, each put into new shares at the close of its ex-date."""
    close = np.array([100.0, 101.0, 50.2, 51.0, 50.0, 49.5, 150.0, 151.5, 151.0])
    splits, cash = {2: "2", 6: "0.333333333333"}, {3: "0.8", 7: "1.2"}
    told = [action("split", at, value) for at, value in splits.items()]
    told += [action("dividend", at, value) for at, value in cash.items()]
    split, paid = (np.array([float(of.get(at, none)) for at in range(9)]) for of, none in ((splits, 1), (cash, 0)))
    adjusted = adjusted_bars(bars(*close), told, dividends="ex close").prices()
    assert reinvested(close, split, paid, told) == pytest.approx(adjusted[-1] / adjusted[0], rel=1e-8)


@pytest.mark.parametrize("name", ["aapl", "ba", "cat", "f", "ge"])
def test_real_prices_with_their_actions_return_what_the_vendor_says(name: str) -> None:
    """Decades of raw closes, splits and dividends, against the vendor's adjusted closes."""
    path = SHARED / "long" / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    vendor = pd.read_parquet(path).dropna(subset=["close", "adj_close"])
    vendor = vendor[vendor.close > 0].sort_values("date").reset_index(drop=True)
    told = []
    for row in vendor.iloc[1:].itertuples():
        at = int(pd.Timestamp(row.date).as_unit("ns").value)
        if row.split_ratio not in (0, 1):
            told.append(Action("ACME", "split", at, at, Decimal(str(row.split_ratio))))
        if row.ex_dividend:
            told.append(Action("ACME", "dividend", at, at, Decimal(str(row.ex_dividend))))
    assert len(told) > 30
    split = vendor.split_ratio.replace(0, 1).to_numpy(dtype=float)
    returned = reinvested(
        vendor.close.to_numpy(), split, vendor.ex_dividend.to_numpy(), told, pd.DatetimeIndex(vendor.date)
    )
    assert returned == pytest.approx(vendor.adj_close.iloc[-1] / vendor.adj_close.iloc[0], rel=1e-6)


def reinvested(close: Any, split: Any, cash: Any, told: list[Action], dates: Any = None) -> float:
    """What a share becomes, as a multiple of its first close, in a run over raw prices whose dividends buy new shares.

    A bar opens at the close before it, in its own shares, so that what is decided at a close is done at that price.
    """
    split, cash = np.concatenate([[1.0], split[1:]]), np.concatenate([[0.0], cash[1:]])
    opens = np.concatenate([[close[0]], close[:-1] / split[1:]])
    raw = bars(*close, opens=np.round(opens, 6), tick="0.000001", lot="0.001", dates=dates)
    first = 1e8 / close[0]
    lots = np.round(first * np.cumprod(split * (1 + cash / close)) * 1000)
    run = sound(hr.backtest(raw, signals=lots, size=0.001, cash=1e10, costs=FREE, actions=told))
    assert set(run.orders["state"]) == {"Filled"}
    return float((run.final_nav - 1e10) / (first * close[0]) + 1)


def test_runs_that_differ_in_what_holding_costs_are_different_trials(tmp_path: Path) -> None:
    """Each borrow fee and each list of actions that is tried counts; the same ones again do not."""
    rates = pd.Series([0.001], index=pd.DatetimeIndex(["1970-01-02T08:00"], tz="UTC", name="ts"))
    tried = [
        {},
        {"carry": hr.Carry(borrow=0.1)},
        {"carry": hr.Carry(borrow=0.2)},
        {"carry": hr.Carry(borrow=0.2)},
        {"carry": hr.Carry(borrow=0.2, funding={"ACME": rates})},
        {"actions": [action("split", 1, 2)]},
    ]
    counts = [
        hr.backtest(bars(10, 10, 10), signals=[1, 1, 0], costs=FREE, trials=tmp_path / "trials", **told).info.trials
        for told in tried
    ]
    assert counts == [1, 2, 3, 3, 4, 5]


def test_a_run_says_what_it_assumed_of_holding() -> None:
    """Its record is enough to run it again."""
    plain = hr.backtest(bars(10, 10, 10), signals=[1, 1, 0], costs=FREE)
    borrowed = hr.backtest(bars(10, 10, 10), signals=[1, 1, 0], costs=FREE, carry=hr.Carry(borrow=0.2))
    assert plain.info.holding == {}
    assert borrowed.info.holding == {"borrow": 0.2, "day_count": 360, "funding": {}}


def test_an_end_behind_the_last_bar_is_booked_or_named() -> None:
    """Of the last bar's day, or of the day after it, it closes the position behind the bar; a later one is a note."""
    for on in (2, 3):
        run = sound(
            hr.backtest(bars(9, 9, 9), signals=[1] * 3, size=10, costs=FREE, actions=[action("delisting", on, 2)])
        )
        assert run.carry[["kind", "cash"]].to_numpy().tolist() == [["delisting", 20.0]]
        assert run.equity["nav"].iloc[-1] == run.final_nav == 1e6 - 70
    late = [action("delisting", 9, 2)]
    run = hr.backtest(bars(9, 9, 9), signals=[1] * 3, size=10, costs=FREE, actions=late)
    assert run.info.notes[-1] == "ACME: a delisting on 2024-01-10, behind the last row, is not booked"
    assert (len(run.carry), run.final_nav) == (0, 1e6)
