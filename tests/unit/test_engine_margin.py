"""Margin, calls, liquidations, interest on cash: over bars and books, to the cent, in the log and derived again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.engine.result import Result
from hedgerow.engine.tearsheet.agreement import agreements
from hedgerow.engine.terms import terms_of
from hedgerow.market.replay import Books

FREE = hr.Costs.none()
OPEN = hr.Limits.for_research(capital=1_000, leverage=50)
DAY, HOUR = 86_400 * 10**9, 3_600 * 10**9
START = int(np.datetime64("2024-01-01", "ns").astype(np.int64))


def bars(*closes: float, lows: Any = None, highs: Any = None, symbol: str = "X", **instrument: Any) -> hr.Bars:
    """Days that open at the close before."""
    close = np.array(closes, dtype=float)
    opened = np.concatenate([close[:1], close[:-1]])
    low = np.minimum(opened, close) if lows is None else np.array(lows, dtype=float)
    high = np.maximum(opened, close) if highs is None else np.array(highs, dtype=float)
    frame = pd.DataFrame({"open": opened, "high": high, "low": low, "close": close, "volume": 1e6})
    frame.index = pd.date_range("2024-01-01", periods=close.size)
    return hr.Bars.from_frame(frame, instruments=[hr.Instrument(symbol, **instrument)])


def run_on(data: Any, units: Any, margin: hr.Margin | None, cash: float = 1_000, **more: Any) -> Result:
    """Wanted units by bar, on margin."""
    given: dict[str, Any] = {"carry": hr.Carry(margin=margin), "costs": FREE, "limits": OPEN, **more}
    run = hr.backtest(data, signals=units, cash=cash, **given)
    assert agreements(run)
    assert set(run.trial_balance.values()) == {0}
    return run


def findings(run: Result) -> list[list[Any]]:
    """Codes, what was there and what was needed."""
    return run.findings[["code", "value", "limit"]].to_numpy().tolist()


def test_where_the_worst_price_of_a_bar_asks_for_it_a_contract_is_closed_there_with_its_fee() -> None:
    """50 at 100 on 1,000: at 82 the equity is 100, keeping it takes 205; sold at 82, though the bar closed at 99."""
    margin = hr.Margin.contracts(0.1, 0.05, fee_bps=100)
    data = bars(100, 100, 99, 99, lows=[100, 100, 82, 99])
    run = run_on(data, [50, 50, np.nan, np.nan], margin)
    assert findings(run) == [["SIM-007", 100.0, 205.0]]
    assert run.fills[["side", "quantity", "price", "fee"]].to_numpy().tolist() == [
        ["buy", 50, 100.0, 0.0], ["sell", 50, 82.0, 41.0],
    ]  # fmt: skip
    assert run.final_nav == 1_000 - 50 * 18 - 41
    # With the closes alone nobody would have asked.
    assert not findings(run_on(bars(100, 100, 99, 99), [50, 50, np.nan, np.nan], margin))


def test_a_short_is_closed_at_the_highest_price() -> None:
    """The mirror of it."""
    data = bars(100, 100, 101, 101, highs=[100, 100, 118, 101])
    run = run_on(data, [-50, -50, np.nan, np.nan], hr.Margin.contracts(0.1, 0.05, fee_bps=0))
    assert findings(run) == [["SIM-007", 100.0, 295.0]]
    assert run.fills["price"].tolist() == [100.0, 118.0]
    assert run.final_nav == 100.0


def test_a_call_under_regulation_t_waits_and_then_as_much_is_sold_as_leaves_initial_margin() -> None:
    """20 at 100 on 1,000: at 65 a quarter of 1,300 is not there; two days later 8 of 20 stay, half of them equity."""
    margin = hr.Margin.regulation_t(grace=timedelta(days=2))
    held = [20, np.nan, np.nan, np.nan, np.nan, np.nan]
    run = run_on(bars(100, 100, 65, 65, 65, 65), held, margin)
    assert findings(run) == [["SIM-007", 300.0, 325.0]]
    assert run.fills[["side", "quantity", "price"]].to_numpy().tolist() == [["buy", 20, 100.0], ["sell", 11, 65.0]]
    sold = run.fills["ts"].iloc[1] - pd.Timestamp(run.findings["ts"].iloc[0])
    assert sold == pd.Timedelta(days=2)
    assert run.final_nav == 300.0  # 9 of 65 are held, 585; half of that is 292.5
    # A price that comes back in time meets the call.
    assert len(run_on(bars(100, 100, 65, 90, 90, 90), held, margin).fills) == 1


def test_an_order_that_the_margin_does_not_carry_is_rejected_and_one_that_reduces_never() -> None:
    """11 of 100 take 110 at a tenth, and 100 are there; closing is always let through."""

    class Orders(hr.Strategy):
        def on_start(self) -> None:
            self.tickets: list[Any] = []

        def on_bar(self, bar: Any) -> None:
            wanted = [11, 10, 1, -10, 0, 0][len(self.tickets)]
            order = self.buy if wanted > 0 else self.sell
            self.tickets.append(order(abs(wanted)) if wanted else None)

    margin = hr.Margin.contracts(0.1, 0.05)
    given: dict[str, Any] = {"cash": 100, "costs": FREE, "limits": OPEN, "carry": hr.Carry(margin=margin)}
    run = hr.backtest(bars(*[100] * 6), Orders(), **given)
    assert run.orders["state"].tolist() == ["Rejected", "Filled", "Rejected", "Filled"]
    assert run.fills["quantity"].tolist() == [10, 10]
    assert set(run.verdicts["decision"]) == {"approved"}


def test_working_orders_count_and_go_first() -> None:
    """A resting order needs margin beside the position; a liquidation cancels it and names the call as its cause."""

    class Rests(hr.Strategy):
        def on_start(self) -> None:
            self.bars = 0

        def on_bar(self, bar: Any) -> None:
            self.bars += 1
            if self.bars == 1:
                self.buy(50)
                self.buy(40, limit=50.0)
                self.buy(20, limit=50.0)  # 110 of 100 at a tenth are more than 1,000

    data = bars(100, 100, 100, 82, 82)
    given: dict[str, Any] = {"cash": 1_000, "costs": FREE, "limits": OPEN}
    given["carry"] = hr.Carry(margin=hr.Margin.contracts(0.1, 0.05, fee_bps=0))
    run = hr.backtest(data, Rests(), **given)
    assert run.orders["state"].tolist() == ["Filled", "Cancelled", "Rejected", "Filled"]
    assert run.final_nav == 100.0


def test_rates_by_instrument_and_what_is_not_named_is_paid_in_full() -> None:
    """A tenth for one, everything for the other; the dearest to keep is closed first."""
    days = pd.date_range("2024-01-01", periods=4)
    frame = pd.DataFrame({"A": [100.0, 100, 100, 100], "B": [100.0, 100, 20, 20]}, index=days)
    many = hr.Bars.from_frame(frame)
    margin = hr.Margin(initial={"A": 0.1}, maintenance={"A": 0.05}, close="restore")
    wanted = pd.DataFrame({"A": [40.0, np.nan, np.nan, np.nan], "B": [6.0, np.nan, np.nan, np.nan]}, index=days)
    run = run_on(many, wanted, margin)
    assert not findings(run)  # 4,000 at a twentieth and 120 in full are 320; 1,000 less 480 are there
    wanted["A"] = [41.0, np.nan, np.nan, np.nan]  # 410 and 600 are more than there is
    run = run_on(many, wanted, margin)
    assert run.fills["symbol"].tolist() == ["A"]
    assert run.orders["state"].tolist() == ["Filled", "Rejected"]


def test_over_books_a_liquidation_is_sent_and_trades_with_what_stands_there() -> None:
    """The call comes with the price, its order travels, and walks down the bids."""
    at = np.array([10_000, 10_000, 8_100, 8_100, 8_100])
    times = START + np.arange(5) * 2 * 10**9
    quotes = Books.from_quotes(times, bid=at - 1, ask=at + 1, bid_size=30, ask_size=100, symbol="X")

    class Once(hr.Strategy):
        def on_start(self) -> None:
            self.done = False
            self.heard: list[float] = []

        def on_quote(self, quote: Any) -> None:
            if not self.done:
                self.done = True
                self.buy(50)

        def on_fill(self, fill: Any) -> None:
            self.heard.append(fill.quantity)

    made = Once()
    margin = hr.Margin.contracts(0.1, 0.05, fee_bps=100)
    run = hr.backtest(quotes, made, cash=1_000, costs=FREE, limits=OPEN, carry=hr.Carry(margin=margin))
    assert agreements(run)
    assert run.findings["code"].tolist()[:1] == ["SIM-007"]
    sold = run.fills[run.fills["side"] == "sell"]
    assert sold["price"].tolist() == [80.99]
    assert sold["quantity"].tolist() == [30]
    assert sold["fee"].tolist() == [24.297]
    assert made.heard == [50, 30]
    # What did not find a bid is tried again for as long as the call stands.
    assert run.orders["state"].tolist()[1:3] == ["Expired", "Expired"]


def test_over_books_what_is_called_back_and_trades_on_the_way_is_not_sold_twice() -> None:
    """An offer of all that is held fills while its cancel travels; a liquidation beside it would have gone short."""
    at = np.array([10_000, 9_000, 8_200, 9_600, 9_600, 9_600])
    times = START + np.array([0, 1_000, 2_000, 2_050, 4_000, 5_000]) * 10**6  # the call comes at 2,000 ms
    quotes = Books.from_quotes(times, bid=at - 1, ask=at + 1, bid_size=500, ask_size=500, symbol="X")

    class Offers(hr.Strategy):
        def on_start(self) -> None:
            self.heard = 0

        def on_quote(self, quote: Any) -> None:
            self.heard += 1
            if self.heard == 1:
                self.buy(50)
            elif self.heard == 2:
                self.sell(50, limit=95.0)

    run = hr.backtest(
        quotes, Offers(), cash=1_000, costs=FREE, limits=OPEN,
        simulation=hr.Simulation(entry=timedelta(milliseconds=100)),
        carry=hr.Carry(margin=hr.Margin.contracts(0.1, 0.05, fee_bps=0)),
    )  # fmt: skip
    assert run.findings["code"].tolist()[0] == "SIM-007"
    assert run.fills[["side", "price"]].to_numpy().tolist() == [["buy", 100.01], ["sell", 95.0]]
    assert run.verdicts[run.verdicts["decision"] == "denied"]["code"].tolist() == ["RISK-034"]
    assert agreements(run)


def test_the_log_proves_the_call_and_the_order_names_it(tmp_path: Path) -> None:
    """The audit derives the postings; `why` walks from the fill to the order, the call and the bar."""
    margin = hr.Margin.contracts(0.1, 0.05)
    data, held = bars(100, 100, 99, 99, lows=[100, 100, 82, 99]), [50, 50, np.nan, np.nan]
    run = run_on(data, held, margin, log=tmp_path / "log")
    assert run.state_hash == run_on(data, held, margin).state_hash
    assert hr.verify(tmp_path / "log").state_hash == run.state_hash
    chain = [cause.noun for cause in hr.why(tmp_path / "log", int(run.fills["id"].iloc[-1]))]
    assert chain[:2] == ["Fill", "Order"]
    assert {"Finding", "Bar"} <= set(chain)
    assert run.info.holding["margin"]["initial"] == 0.1
    assert "SIM-007" in hr.why(tmp_path / "log", int(run.findings["id"].iloc[0]))[0].says


def test_with_margin_a_fast_run_is_the_slow_one() -> None:
    """Vectors and events close the same at the same bar, also where bars are taken many at a time."""
    rng = np.random.default_rng(5)
    closes = (100 * np.exp(rng.normal(0, 0.03, 300).cumsum())).round(2)
    data = bars(*closes)

    class Same(hr.Strategy):
        def on_bar(self, bar: Any) -> None:
            self.order_target(40)

    margin = hr.Margin.contracts(0.2, 0.1)
    given: dict[str, Any] = {"cash": 1_000, "costs": FREE, "limits": OPEN, "carry": hr.Carry(margin=margin)}
    fast, slow = hr.backtest(data, signals=[40.0] * 300, **given), hr.backtest(data, Same(), **given)
    assert len(fast.findings) >= 1
    columns = ["ts", "side", "quantity", "price", "fee"]
    assert fast.fills[columns].equals(slow.fills[columns])
    assert fast.final_nav == slow.final_nav
    assert fast.findings["ts"].tolist() == slow.findings["ts"].tolist()


def test_cash_earns_and_debit_pays_for_each_midnight() -> None:
    """36,000 at 1 % are one a day; half of it borrowed at 2 % costs one a day."""
    flat = bars(10, 10, 10, 10)
    idle = run_on(flat, [0] * 4, None, cash=36_000, carry=hr.Carry(cash=0.01, debit=0.02))
    assert (idle.book["income"], idle.final_nav) == (3.000083333, 36_003.000083333)
    borrowed = hr.backtest(
        flat, signals=[5_400] * 4, cash=36_000, costs=FREE, carry=hr.Carry(cash=0.01, debit=0.02),
        limits=hr.Limits.for_research(capital=36_000, leverage=5),
    )  # fmt: skip
    assert borrowed.book["income"] == pytest.approx(1.0 - 2 * 18_000 * 0.02 / 360, abs=1e-3)
    assert agreements(borrowed)
    assert hr.attribution(borrowed)["profit"].sum() == pytest.approx(borrowed.final_nav - 36_000)
    days = pd.date_range("2024-01-01", periods=4)
    gaps = hr.Bars.from_frame(pd.DataFrame({"date": [days[0], days[3]], "close": 10.0}), symbol="X")
    over_gap = run_on(gaps, [0, 0], None, cash=36_000, carry=hr.Carry(cash=0.01))
    assert over_gap.book["income"] == 3.0  # three nights in one


def test_contracts_earn_interest_on_the_account_and_not_on_their_notional() -> None:
    """A long future's notional is no debt."""
    contracts = hr.Carry(cash=0.01, debit=0.5, margin=hr.Margin.contracts(0.1, 0.05))
    run = run_on(bars(100, 100, 100), [50, 50, 50], None, cash=3_600, carry=contracts)
    assert run.book["income"] == pytest.approx(0.2, abs=1e-4)


def test_over_books_the_same_interest_is_paid() -> None:
    """Midnights between the quotes."""
    times = START + 12 * HOUR + np.arange(4) * DAY
    quotes = Books.from_quotes(times, bid=999, ask=1_001, bid_size=5, ask_size=5 + np.arange(4), symbol="X")

    class Idle(hr.Strategy):
        def on_quote(self, quote: Any) -> None:
            pass

    run = hr.backtest(quotes, Idle(), cash=36_000, costs=FREE, carry=hr.Carry(cash=0.01))
    over_bars = run_on(bars(10, 10, 10, 10), [0] * 4, None, cash=36_000, carry=hr.Carry(cash=0.01))
    assert run.book["income"] == over_bars.book["income"] == 3.000083333
    assert agreements(run)


def test_a_file_of_terms_holds_margin_and_interest(tmp_path: Path) -> None:
    """By style, or by its figures."""
    file = tmp_path / "terms.toml"
    file.write_text('[carry]\ncash = 0.02\n[carry.margin]\nstyle = "regulation_t"\ngrace_days = 3\n')
    margin = hr.Margin.regulation_t(grace=timedelta(days=3))
    assert terms_of(file) == {"carry": hr.Carry(cash=0.02, margin=margin)}
    file.write_text("[carry.margin]\ninitial = {X = 0.1}\nmaintenance = 0.05\nclose = 'restore'\n")
    own = hr.Margin(initial={"X": 0.1}, maintenance=0.05, close="restore")
    assert terms_of(file)["carry"].margin == own
    for text, said in (
        ("[carry.margin]\nstyle = 'reg_t'", "regulation_t"),
        ("[carry.margin]\ninitial = 0.1", "maintenance"),
        ("[carry.margin]\nstyle = 'contracts'", "initial"),
        ("[carry.margin]\ninitial = 0.1\nmaintenance = 0.05\nfee = 1", "fee"),
        ("[carry]\nmargin = 1", "margin"),
    ):
        file.write_text(text)
        with pytest.raises(HedgerowError, match=said):
            terms_of(file)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"initial": 0.1, "maintenance": 0.2}, "opening it only"),
        ({"initial": {"X": 0.1}, "maintenance": {"Y": 0.1, "X": 0.2}}, "keeping X"),
        ({"initial": 1.5, "maintenance": 0.2}, "initial margin"),
        ({"initial": 0.5, "maintenance": float("nan")}, "maintenance margin"),
        ({"initial": 0.5, "maintenance": 0.2, "short": 0.6}, "opening it only"),
        ({"initial": 0.5, "maintenance": 0.2, "grace": 3}, "timedelta"),
        ({"initial": 0.5, "maintenance": 0.2, "close": "al"}, "all"),
        ({"initial": 0.5, "maintenance": 0.2, "fee_bps": -1}, "liquidation"),
    ],
)
def test_margins_that_cannot_be_meant_are_refused(told: dict[str, Any], said: str) -> None:
    """Each by name."""
    with pytest.raises(HedgerowError, match=said):
        hr.Margin(**told)


def test_margin_of_no_instrument_is_refused() -> None:
    """With what was meant."""
    with pytest.raises(HedgerowError, match="no instrument"):
        run_on(bars(1, 1), [0, 0], hr.Margin(initial={"XX": 0.5}, maintenance=0.25))


def test_over_books_a_price_between_two_looks_calls_at_once_and_a_fill_too() -> None:
    """The run is looked at once a day; the price falls and comes back within an hour, and the call is of that hour."""
    at = np.array([1_000, 1_000, 820, 1_000, 1_000])
    times = START + HOUR * np.array([1, 2, 3, 4, 30])
    quotes = Books.from_quotes(times, bid=at - 1, ask=at + 1, bid_size=500, ask_size=500, symbol="X")

    class Buys(hr.Strategy):
        def on_start(self) -> None:
            self.sent = False

        def on_quote(self, quote: Any) -> None:
            if not self.sent:
                self.sent = True
                self.buy(50)

    given: dict[str, Any] = {"cash": 100, "costs": FREE, "limits": OPEN}
    margin = hr.Margin.contracts(0.1, 0.05, fee_bps=0)
    slow = hr.Simulation.instant(sample=timedelta(days=1))
    run = hr.backtest(quotes, Buys(), simulation=slow, carry=hr.Carry(margin=margin), **given)
    found = run.findings
    assert found["code"].tolist() == ["SIM-007"]
    assert pd.Timestamp(found["ts"].iloc[0]) == pd.Timestamp(START + 3 * HOUR, tz="UTC")
    # Bought at 10.01, marked at 8.20: 100 less 90.50 against a twentieth of 410.
    assert found[["value", "limit"]].to_numpy().tolist() == [[9.5, 20.5]]
    assert run.fills[["side", "quantity", "price"]].to_numpy().tolist() == [["buy", 50, 10.01], ["sell", 50, 8.19]]
    # Whoever buys what the fill itself leaves without its margin hears of it as the fill comes.
    wide = Books.from_quotes(times, bid=at - 362, ask=at + 1, bid_size=500, ask_size=500, symbol="X")
    bought = hr.backtest(wide, Buys(), simulation=slow, carry=hr.Carry(margin=margin), **given)
    assert pd.Timestamp(bought.findings["ts"].iloc[0]) == pd.Timestamp(START + HOUR, tz="UTC")


def test_a_change_that_makes_an_order_no_larger_needs_no_margin() -> None:
    """What the account could not send as it is may be made smaller, or cheaper, and not larger again."""
    closes = [100, 100, 150, 150, 150, 150, 150]

    class Changes(hr.Strategy):
        def on_start(self) -> None:
            self.bars = 0

        def on_bar(self, bar: Any) -> None:
            self.bars += 1
            if self.bars == 1:
                self.buy(8)
                self.ticket = self.buy(2, limit=10.0)
            changes = {4: (1, 10.0), 5: (1, 9.0), 6: (2, 9.0)}
            if self.bars in changes:
                quantity, limit = changes[self.bars]
                self.replace(self.ticket, quantity, limit=limit)
                states.append(self.ticket)

    states: list[Any] = []
    margin = hr.Margin.contracts({"X": 0.99}, {"X": 0.01}, fee_bps=0)
    given: dict[str, Any] = {"cash": 1_000, "costs": FREE, "limits": OPEN, "carry": hr.Carry(margin=margin)}
    run = hr.backtest(bars(*closes), Changes(), **given)
    assert len(run.records("ReplaceRequest")) == 3
    assert (states[0].quantity, states[0].limit) == (1.0, 9.0)
