"""What happens to positions while books are replayed: the same as over bars where both show the same prices."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.cli.main import run as command
from hedgerow.cli.strategies import load_class
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.engine.book_lifecycle import Due, parts
from hedgerow.engine.tearsheet.agreement import agreements
from hedgerow.market.actions import Action
from hedgerow.market.books import BUY, LAST_OF_UPDATE, SELL
from hedgerow.market.replay import Books
from hedgerow.models.trials import TrialLedger

FREE: dict[str, Any] = {"costs": hr.Costs.none(), "simulation": hr.Simulation.instant()}
DAY, HOUR = 86_400 * 10**9, 3_600 * 10**9


def day(n: int) -> int:
    """The midnight that begins day n, UTC nanoseconds."""
    return int(np.datetime64("2024-01-01", "ns").astype(np.int64)) + n * DAY


def action(kind: str, on: int, value: Any = None, symbol: str = "X", **more: Any) -> Action:
    """An action of the made-up instrument, told on its day."""
    return Action(symbol, kind, day(on), day(on), None if value is None else Decimal(str(value)), **more)


def books(*prices: int, symbol: str = "X", every: int = DAY, size: int = 100) -> Books:
    """One quote at noon of each day, a bid and an ask at the same price (ticks of a cent)."""
    at = np.array(prices)
    times = day(0) + 12 * HOUR + np.arange(at.size) * every
    return Books.from_quotes(times, bid=at - 1, ask=at + 1, bid_size=size, ask_size=size, symbol=symbol)


class Once(hr.Strategy):
    """Buys (or sells short) once, and notes what it hears."""

    def __init__(self, units: float = 10, limit: float | None = None) -> None:
        """So many units, at the market or at a limit."""
        super().__init__()
        self.units, self.limit = units, limit

    def on_start(self) -> None:
        """Nothing yet."""
        self.done = False
        self.orders: list[Any] = []
        self.fills: list[float] = []

    def on_quote(self, quote: Any) -> None:
        """The first quote."""
        if not self.done:
            self.done = True
            trade = self.buy if self.units > 0 else self.sell
            self.orders.append(trade(abs(self.units), limit=self.limit))

    def on_fill(self, fill: Any) -> None:
        """One fill."""
        self.fills.append(fill.quantity)


def sound(run: hr.Result) -> hr.Result:
    """The run, whose figures all agree with its books."""
    assert agreements(run)
    assert set(run.trial_balance.values()) == {0}
    return run


def test_a_split_a_dividend_and_borrow_are_booked_as_over_bars() -> None:
    """The same prices as bars and as quotes: the same rows of what holding brought, for longs and shorts."""
    closes = [10_000, 10_000, 10_000, 5_000, 5_100]
    told = [action("split", 3, 2), action("dividend", 3, "0.5")]
    carry = hr.Carry(borrow=0.1)
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=5), "close": [c / 100 for c in closes]})
    for sign in (1, -1):
        over_books = sound(hr.backtest(books(*closes), Once(10 * sign), actions=told, carry=carry, **FREE))
        signals = [sign, sign, sign, 2 * sign, 2 * sign]
        bars = hr.Bars.from_frame(frame, symbol="X")
        over_bars = hr.backtest(bars, signals=signals, size=10, costs=hr.Costs.none(), actions=told, carry=carry)
        names = ["kind", "quantity", "cash", "income"]
        left, right = (run.carry[run.carry["kind"] != "borrow"][names] for run in (over_books, over_bars))
        assert left.to_numpy().tolist() == right.to_numpy().tolist()
        assert [float(q) for q in left["quantity"]] == [10.0 * sign, 0.0]
        borrowed = over_books.carry[over_books.carry["kind"] == "borrow"]["cash"].tolist()
        # Bars trade at the open of the second day and so are short one night less.
        assert borrowed[1:] == over_bars.carry[over_bars.carry["kind"] == "borrow"]["cash"].tolist()
        assert len(borrowed) == (4 if sign < 0 else 0)
        assert over_books.book["income"] == pytest.approx(sum(over_books.carry["income"]))


def test_the_split_of_a_short_costs_nothing_and_leaves_its_worth() -> None:
    """Worth before and after a split is one, also before the book shows its new prices."""
    run = hr.backtest(books(10_000, 10_000, 2_500), Once(10), actions=[action("split", 2, 4)], **FREE)
    sound(run)
    assert run.carry[["kind", "quantity"]].to_numpy().tolist() == [["split", 30.0]]
    # Bought one tick above the middle of what is shown.
    assert run.final_nav == 1e6 - 10 * 0.01
    assert set(np.round(run.equity["nav"].iloc[2:], 6)) == {1e6 - 0.1}


def test_an_order_under_way_and_one_at_rest_end_where_the_lots_change() -> None:
    """Orders in what is split expire, those too that travel, and their news is not late."""
    slow = {"costs": hr.Costs.none(), "simulation": hr.Simulation(entry=2 * HOUR, response=20 * HOUR)}
    for limit in (None, 50.0):
        strategy = Once(10, limit)
        run = sound(hr.backtest(books(10_000, 5_000, 5_000), strategy, actions=[action("split", 1, 2)], **slow))
        if limit is None:  # it had traded at the venue, and the news of it was on its way
            assert strategy.fills == [10.0]
            assert run.carry[["kind", "quantity"]].to_numpy().tolist() == [["split", 10.0]]
        else:
            assert run.orders["state"].tolist() == ["Expired"]
    far = {"costs": hr.Costs.none(), "simulation": hr.Simulation(entry=20 * HOUR, response=HOUR)}
    run = sound(hr.backtest(books(10_000, 5_000, 5_000), Once(10), actions=[action("split", 1, 2)], **far))
    assert run.orders["state"].tolist() == ["Expired"]
    assert not len(run.fills)
    assert not len(run.findings)


def test_funding_is_paid_on_the_mark_of_its_moment() -> None:
    """Longs pay a positive rate on what the position is worth then."""
    quoted = books(10_000, 20_000, 20_000, every=HOUR)
    times = pd.DatetimeIndex([day(0) + 12 * HOUR + 30 * 60 * 10**9, day(0) + 13 * HOUR + 1], name="ts")
    rates = pd.Series([0.001, -0.002], index=times)
    run = sound(hr.backtest(quoted, Once(10), carry=hr.Carry(funding={"X": rates}), **FREE))
    assert run.carry["cash"].tolist() == [-1.0, 4.0]


def test_a_delisting_behind_the_last_row_is_booked_or_named() -> None:
    """On the last day or the one after it closes the position; later it stands in the notes."""
    for on in (2, 3):
        run = sound(hr.backtest(books(1_000, 1_000, 1_000), Once(10), actions=[action("delisting", on, 0)], **FREE))
        assert run.carry["kind"].tolist() == ["delisting"]
        assert run.final_nav == 1e6 - 10 * 10.01
        assert run.equity["nav"].iloc[-1] == run.final_nav
    later = hr.backtest(books(1_000, 1_000, 1_000), Once(10), actions=[action("delisting", 5, 0)], **FREE)
    assert any("delisting on 2024-01-06, behind the last row" in note for note in later.info.notes)
    assert not len(later.carry)


def test_what_trades_after_its_end_is_refused() -> None:
    """A trade behind the midnight that ends the day of the delisting."""
    row: Any = np.zeros(1, dtype=noun("Trade").dtype)
    row["ts_event"] = row["ts_init"] = day(4) + HOUR
    row["price_ticks"], row["lots"], row["aggressor"], row["kind"] = 1_000, 1, 1, 1
    at = np.full(5, 1_000)
    times = day(0) + 12 * HOUR + np.arange(5) * DAY
    quoted = Books.from_quotes(times, bid=at - 1, ask=at + 1, bid_size=9, ask_size=9, symbol="X", trades=row)
    with pytest.raises(HedgerowError, match="trades after its end"):
        hr.backtest(quoted, Once(10), actions=[action("delisting", 2, 1)], **FREE)
    assert len(hr.backtest(quoted, Once(10), actions=[action("delisting", 4, 1)], **FREE).carry) == 1


def test_no_order_passes_behind_an_end_though_quotes_go_on(tmp_path: Path) -> None:
    """Its books may show prices behind its end for as long as they like; the gate says that it is halted."""

    class Goes(hr.Strategy):
        def on_quote(self, quote: Any) -> None:
            self.buy(1)

    for kind in ("delisting", "merger"):
        log = tmp_path / kind
        told = [action(kind, 2, 1)]
        run = sound(hr.backtest(books(1_000, 1_001, 1_002, 1_003, 1_004), Goes(), actions=told, log=log, **FREE))
        assert run.orders["state"].tolist() == ["Filled", "Filled", "Filled", "Denied", "Denied"]
        assert set(run.verdicts[run.verdicts["decision"] == "denied"]["code"]) == {"RISK-009"}
        assert run.carry["quantity"].tolist() == [-3.0]
        assert hr.verify(log).state_hash == run.state_hash


def test_an_event_falls_between_two_updates() -> None:
    """An update of several orders stays whole, whatever moment falls into its rows."""
    rows: Any = np.zeros(4, dtype=noun("BookOrder").dtype)
    rows["ts_event"] = [day(0) + HOUR, day(0) + HOUR, day(1) + HOUR, day(2) + HOUR]
    rows["order_id"], rows["lots"], rows["side"] = [1, 2, 3, 4], 5, [BUY, SELL, SELL, SELL]
    rows["price_ticks"], rows["action"] = [999, 1_001, 1_002, 1_003], [1, 1 | LAST_OF_UPDATE, 1, 1 | LAST_OF_UPDATE]
    told = Books.from_events(hr.Instrument("X"), orders=rows)
    piece = next(iter(told.pieces()))
    cut = [
        (len(kinds), due)
        for (kinds, _), due in parts(piece, [Due(day(1) + 2 * HOUR, "funding", 0, lambda _: iter(()))])
    ]
    assert [rows for rows, _ in cut] == [4, 0]  # the moment lies between two rows of the second update
    run = sound(hr.backtest(told, Once(2), carry=hr.Carry(borrow=0.5), actions=[action("dividend", 1, 1)], **FREE))
    assert run.carry[["kind", "cash"]].to_numpy().tolist() == [["dividend", 2.0]]


def test_the_log_holds_and_derives_all_of_it_again(tmp_path: Path) -> None:
    """Postings of a split over books are derived again by the audit, and `why` walks from one to its event."""
    told = [action("split", 1, 2), action("dividend", 2, 1)]
    carry, log = hr.Carry(borrow=0.2), tmp_path / "log"
    run = hr.backtest(books(10_000, 5_000, 5_000, 5_000), Once(-10), actions=told, carry=carry, log=log, **FREE)
    again = hr.backtest(books(10_000, 5_000, 5_000, 5_000), Once(-10), actions=told, carry=carry, **FREE)
    assert run.state_hash == again.state_hash
    assert hr.verify(log).state_hash == run.state_hash
    event = int(run.carry["id"].iloc[0])
    assert "LifecycleEvent" in [step.noun for step in hr.why(log, event)]


class Sized(hr.Strategy):
    """Buys a number of units once, over bars."""

    @dataclass(frozen=True)
    class Config:
        """How many."""

        units: float = 1.0

    def on_start(self) -> None:
        """Nothing yet."""
        self.done = False

    def on_bar(self, bar: Any) -> None:
        """The first bar."""
        if not self.done:
            self.done = True
            self.buy(self.config.units)


class Quoted(hr.Strategy):
    """The same over books."""

    Config = Sized.Config

    def on_start(self) -> None:
        """Nothing yet."""
        self.done = False

    def on_quote(self, quote: Any) -> None:
        """The first quote."""
        if not self.done:
            self.done = True
            self.buy(self.config.units)


def test_a_sweep_runs_with_actions_and_carry_over_bars_and_books() -> None:
    """Each variant is what the same backtest is, and other assumptions of holding are other trials."""
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=4), "close": [100.0, 100.0, 50.0, 50.0]})
    bars, told = hr.Bars.from_frame(frame, symbol="X"), [action("split", 2, 2), action("dividend", 3, 1)]
    for data, maker, more in (
        (bars, Sized, {"costs": hr.Costs.none()}),
        (books(10_000, 10_000, 5_000, 5_000), Quoted, FREE),
    ):
        given = {"actions": iter(told), "carry": hr.Carry(borrow=0.1), **more}
        done = hr.sweep(data, maker, {"units": [10.0, 20.0]}, workers=1, **given)
        alone = hr.backtest(data, maker(units=20.0), actions=told, carry=hr.Carry(borrow=0.1), **more)
        assert done.table["final_nav"].tolist()[1] == alone.final_nav
        assert alone.book["income"] == 40.0
    ledger = TrialLedger()
    for given in ({}, {"actions": told}, {"carry": hr.Carry(borrow=0.1)}, {"actions": told}):
        hr.sweep(bars, Sized, {"units": [1.0]}, workers=1, trials=ledger, costs=hr.Costs.none(), **given)
    assert ledger.family("Sized").count == 3


STRATEGY = """
import hedgerow as hr
from dataclasses import dataclass


class Once(hr.Strategy):
    @dataclass(frozen=True)
    class Config:
        units: float = 10.0

    def on_start(self):
        self.done = False

    def on_bar(self, bar):
        if not self.done:
            self.done = True
            self.sell(self.config.units)
"""


def test_commands_take_actions_of_a_catalog_and_terms_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`backtest` and `sweep` give what the functions give with the same words."""
    (tmp_path / "once.py").write_text(STRATEGY)
    rows = "".join(f"2024-01-0{n},100,100,100,{close},1000\n" for n, close in ((1, 100), (2, 100), (3, 100)))
    (tmp_path / "X.csv").write_text("date,open,high,low,close,volume\n" + rows)
    (tmp_path / "actions.csv").write_text("symbol,ex_date,action,value\nX,2024-01-03,dividend,1\n")
    catalog = hr.Catalog(tmp_path / "catalog")
    catalog.ingest_rows(tmp_path / "actions.csv", ingested_at="2024-02-01")
    (tmp_path / "funding.csv").write_text("ts,rate\n2024-01-02T12:00:00Z,0.01\n")
    terms = tmp_path / "terms.toml"
    terms.write_text('[costs]\nhalf_spread_bps = 0.0\n[carry]\nborrow = {X = 0.36}\nfunding = {X = "funding.csv"}\n')
    words = [f"{tmp_path / 'once.py'}:Once", str(tmp_path / "X.csv")]
    more = ["--actions", str(tmp_path / "catalog"), "--terms", str(terms), "--json"]
    assert command(["backtest", *words, *more]) == 0
    told = json.loads(capsys.readouterr().out)
    rates = pd.Series([0.01], index=pd.DatetimeIndex(["2024-01-02T12:00:00Z"], name="ts"))
    given: dict[str, Any] = {"carry": hr.Carry(borrow={"X": 0.36}, funding={"X": rates})}
    given |= {"actions": catalog.actions(), "costs": hr.Costs(half_spread_bps=0.0)}
    alone = hr.backtest(hr.Bars.read(tmp_path / "X.csv"), load_class(words[0]), **given)
    assert told["state_hash"] == alone.state_hash
    assert {"dividend", "borrow"} <= set(alone.carry["kind"])
    assert command(["sweep", *words, "--grid", "units=10,20", "--workers", "1", "--metric", "total_return", *more]) == 0
    assert json.loads(capsys.readouterr().out)["variants"][0]["final_nav"] == alone.final_nav
    for text, said in (
        ("[cost]", "costs"), ("[carry]\nborow = 1", "borrow"), ("carry = 1", "[carry]"),
        ('[carry.funding]\nX = "no.csv"', "no.csv"), ("[carry]\nborrow = -1.0", "RUN-008"),
    ):  # fmt: skip
        terms.write_text(text)
        assert command(["backtest", *words, *more]) != 0
        assert said in capsys.readouterr().err
