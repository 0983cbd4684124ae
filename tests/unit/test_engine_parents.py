"""Orders that an algorithm works inside a run: what is sent when, what is in the log, what it cost, what is refused."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.execution.algorithms import ALGORITHMS, Twap, algorithm
from hedgerow.execution.almgren_chriss import LinearImpact
from hedgerow.execution.volume_curves import disguised, moments, slices
from hedgerow.market.books import level_events
from hedgerow.market.replay import Books

Shared = Callable[[str], Path]
SHARED = runpy.run_path(str(Path(__file__).with_name("parent_askers.py")))
Asker, OverBars, OverBooks, sent = (SHARED[name] for name in ("Asker", "OverBars", "OverBooks", "sent"))
SECOND = 10**9
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
START = 1_577_836_800 * SECOND
FREE = {"costs": hr.Costs.none(), "cash": 1e8}
IN_BOOKS = {**FREE, "simulation": hr.Simulation.instant()}
IMPACT = LinearImpact(sigma=0.95, eta=2.5e-6, gamma=2.5e-7, epsilon=0.0625)


def minutes(n: int = 60, volume: Any = 1_000, close: Any = 100.0, days: int = 1) -> hr.Bars:
    """Bars of a minute, of `n` minutes on each day."""
    begin = np.datetime64("2020-01-01T14:30", "ns")
    times = np.concatenate([begin + (day * 1440 + np.arange(1, n + 1)).astype("timedelta64[m]") for day in range(days)])
    size = len(times)
    return hr.Bars.from_arrays(
        times, close=np.broadcast_to(close, size).astype(float), volume=np.broadcast_to(volume, size), span="1min"
    )


def books(n: int = 600, size: int = 1_000, traded: int = 20, wander: bool = False) -> Books:
    """A book that changes every second, 10.00 bid and 10.02 asked at first; a trade at the ask between two changes."""
    mid = 1_001 + np.round(10 * (np.cos(np.arange(n) / 60) - 1)).astype(np.int64) * wander
    updates, before = [], None
    for second, price in enumerate(mid.tolist()):
        gone = [] if before in (None, price) else [before]
        updates.append(
            level_events(
                bids=[*((p - 1, 0) for p in gone), (price - 1, size + second % 2)],
                asks=[*((p + 1, 0) for p in gone), (price + 1, size)],
                ts_event=START + second * SECOND,
            )
        )
        before = price
    trades: Any = np.zeros(n, dtype=noun("Trade").dtype)
    trades["ts_event"] = trades["ts_init"] = START + np.arange(n) * SECOND + SECOND // 2
    trades["price_ticks"], trades["lots"], trades["aggressor"], trades["kind"] = mid + 1, traded, 1, 1
    return Books.from_events(hr.Instrument("X"), levels=np.concatenate(updates), trades=trades)


def plan(result: hr.Result) -> list[tuple[float, int]]:
    """Seconds after the parent, and lots in all, of each step of the plan."""
    steps = result.records("PlanStep")
    return [((int(s["due_ts"]) - int(s["ts"])) / SECOND, int(s["due_lots"])) for s in steps]


def test_equal_slices_over_bars_follow_the_clock_and_not_the_bars() -> None:
    """A slice goes out with the first bar at which it is due, and what is due is counted in all."""
    result = hr.backtest(minutes(), OverBars(algorithm="twap", slices=4, until=timedelta(minutes=10)), **FREE)
    assert sent(result) == [(0, 25), (180, 25), (300, 25), (480, 25)]
    assert plan(result) == [(0, 25), (150, 50), (300, 75), (450, 100)]
    assert (result.orders["cause"] == result.parents["id"].iloc[0]).all()


def test_over_bars_without_an_end_there_is_a_slice_a_bar() -> None:
    """As the parent orders of forecasting strategies are worked."""
    result = hr.backtest(minutes(), OverBars(10, algorithm="twap", slices=4), **FREE)
    assert sent(result) == [(0, 2), (60, 3), (120, 2), (180, 3)]
    assert result.parents["state"].tolist() == ["filled"]


def test_over_books_slices_go_out_at_their_own_times_between_two_events() -> None:
    """The run's clock drives them: 12.5 seconds are no event of the book."""
    result = hr.backtest(books(), OverBooks(80, algorithm="twap", slices=8, until=timedelta(seconds=100)), **IN_BOOKS)
    assert sent(result) == [(12.5 * n, 10) for n in range(8)]


def test_volumes_that_were_given_shape_the_slices() -> None:
    """Lots follow the weights, whole and cumulative."""
    how = {"algorithm": "vwap", "slices": 3, "volumes": (5, 1, 4), "until": timedelta(minutes=9)}
    result = hr.backtest(minutes(), OverBars(**how), **FREE)
    assert sent(result) == [(0, 50), (180, 10), (360, 40)]
    assert result.records("AlgoSettings")["curve"].tolist() == [2]


def at_last_day(bars: hr.Bars) -> OverBars:
    """Hands over an order at the beginning of the fifth day."""

    class Waits(OverBars):
        def on_bar(self, bar: Any) -> None:
            if bar.ts >= START + 4 * DAY:
                self.step()

    return Waits(algorithm="vwap", slices=4, until=timedelta(minutes=40))


def test_volumes_are_learnt_from_the_days_before_and_from_nothing_later() -> None:
    """A day that trades late is foreseen to; what the day itself and the next ones bring changes nothing."""
    shape = np.repeat([100, 100, 100, 700], 10) + np.zeros(40, dtype=np.int64)
    usual = np.tile(np.concatenate([shape, np.full(20, 100)]), 6)
    odd = usual.copy()
    odd[4 * 60 + 1 :] = np.random.default_rng(3).integers(1, 5_000, 2 * 60 - 1)
    plans = [plan(hr.backtest(minutes(60, v, days=6), at_last_day(minutes()), **FREE)) for v in (usual, odd)]
    assert plans[0] == plans[1]
    done = [lots for _, lots in plans[0]]
    # It begins behind the day's first bar, so that each slice has nine bars of its stretch and one of the next.
    assert done == [10, 20, 36, 100]


def test_where_no_curve_foretells_the_days_slices_are_even() -> None:
    """Days that are each the opposite of the one before teach nothing, and neither does the first day."""
    rising = np.arange(1, 61) * 10
    volumes = np.concatenate([rising, rising[::-1]] * 3)
    result = hr.backtest(minutes(60, volumes, days=6), at_last_day(minutes()), **FREE)
    first = hr.backtest(minutes(), OverBars(algorithm="vwap", slices=4, until=timedelta(minutes=40)), **FREE)
    for one in (result, first):
        assert [lots for _, lots in plan(one)] == [25, 50, 75, 100]
        assert one.records("AlgoSettings")["curve"].tolist() == [0]


def test_a_share_of_volume_follows_what_trades_over_bars() -> None:
    """A tenth of what traded since the order was made, odd lots carried over."""
    result = hr.backtest(minutes(volume=95), OverBars(algorithm="pov", participation=0.1), **FREE)
    assert [quantity for _, quantity in sent(result)][:4] == [9, 10, 9, 10]
    (row,) = result.parents.to_dict("records")
    assert row["state"] == "filled"
    assert row["participation"] <= 0.1


def test_a_share_of_volume_follows_trades_over_books_and_rests_between() -> None:
    """Twenty lots a second and a fifth of them: four each time, or what has gathered in five seconds."""
    how = {"algorithm": "pov", "participation": 0.2, "every": timedelta(seconds=5)}
    result = hr.backtest(books(), OverBooks(**how), **IN_BOOKS)
    assert sent(result)[:3] == [(0.5, 4), (5.5, 20), (10.5, 20)]


def test_the_schedule_of_almgren_and_chriss_is_the_papers(shared: Shared) -> None:
    """The published trade list, as the steps of a parent order of a run over five days."""
    entries = {one["id"]: one for one in json.loads(shared("reference/expected.json").read_text())["entries"]}
    known = entries["almgren_chriss.trade_list"]
    given = known["inputs"]
    market = LinearImpact(sigma=given["sigma"], eta=given["eta"], gamma=given["gamma"], epsilon=given["eps"])
    bars = hr.Bars.from_arrays(np.arange(10).astype("datetime64[D]"), close=np.full(10, 50.0), volume=np.full(10, 5e6))
    how = {"slices": given["N"], "risk_aversion": given["lam"], "market": market, "until": timedelta(days=given["T"])}
    result = hr.backtest(bars, OverBars(given["X"], algorithm="is", **how), **FREE)
    due = [lots for _, lots in plan(result)]
    assert np.diff([0, *due]).tolist() == pytest.approx(known["expected"], abs=max(1, known["tol"]))
    assert [quantity for _, quantity in sent(result)] == np.diff([0, *due]).tolist()


def test_impact_is_told_by_the_book_where_nobody_says_it() -> None:
    """Price and spread are the book's, volume and volatility the instrument's; a steep schedule comes of much risk."""

    class Known(OverBooks):
        pass

    data = books()
    data = Books.from_events(hr.Instrument("X", adv=10_000, sigma=0.02), levels=_levels(data), trades=None)
    how = {"algorithm": "is", "slices": 4, "until": timedelta(minutes=4), "days": 1.0}
    flat, steep = (hr.backtest(data, Known(400, risk_aversion=a, **how), **IN_BOOKS) for a in (0.0, 10.0))
    assert [lots for _, lots in plan(flat)] == [100, 200, 300, 400]
    assert plan(steep)[0][1] > 200


def _levels(data: Books) -> Any:
    kinds, rows = zip(*data.pieces(), strict=True)
    words = np.concatenate([np.ascontiguousarray(r).reshape(-1, 4) for r in rows])
    keep = np.concatenate(kinds) == noun("BookLevel").kind
    return np.ascontiguousarray(words[keep]).view(noun("BookLevel").dtype).reshape(-1)


def test_an_iceberg_shows_one_slice_at_a_time() -> None:
    """At the bid sellers come twenty lots a second; each slice follows the fill of the one before."""
    data = books(traded=200)
    trades: Any = np.zeros(300, dtype=noun("Trade").dtype)
    trades["ts_event"] = trades["ts_init"] = START + np.arange(300) * SECOND + SECOND // 4
    trades["price_ticks"], trades["lots"], trades["aggressor"], trades["kind"] = 1_000, 500, 2, 1
    data = Books.from_events(hr.Instrument("X"), levels=_levels(data), trades=trades)
    result = hr.backtest(data, OverBooks(70, algorithm="iceberg", display=30, limit=10.0), **IN_BOOKS)
    assert result.orders["quantity"].tolist() == [30, 30, 10]
    assert (result.orders["limit"] == 10.0).all()
    fills, orders = result.fills, result.orders
    for before, after in zip(orders["id"], orders["id"][1:], strict=False):
        assert fills[fills["order_id"] == before]["id"].max() < after
    assert fills["price"].tolist() == [10.0] * len(fills)


def test_a_sniper_takes_what_is_offered_within_its_limit_and_waits_for_enough() -> None:
    """The ask is beyond the limit until the market comes down to it."""
    result = hr.backtest(
        books(wander=True, size=50), OverBooks(120, algorithm="sniper", limit=9.95, min_size=40), **IN_BOOKS
    )
    assert len(result.fills) >= 3
    assert (result.fills["price"] <= 9.95).all()
    assert set(result.orders["tif"]) == {"ioc"}
    enough = hr.backtest(books(size=50), OverBooks(120, algorithm="sniper", limit=10.02, min_size=51), **IN_BOOKS)
    assert len(enough.orders) == 0
    assert enough.parents["state"].tolist() == ["left"]


def test_the_close_is_traded_in_the_last_stretch() -> None:
    """Nothing before it, and all of it before the end."""
    how = {"algorithm": "close", "stretch": timedelta(minutes=2), "slices": 4, "until": timedelta(minutes=8)}
    result = hr.backtest(books(), OverBooks(**how), **IN_BOOKS)
    assert sent(result) == [(360, 25), (390, 25), (420, 25), (450, 25)]
    assert result.parents["state"].tolist() == ["filled"]


def test_times_and_sizes_are_random_by_a_seed_that_is_in_the_log() -> None:
    """Equal seeds give equal plans, and whoever reads the record derives them."""
    how = {"algorithm": "twap", "slices": 10, "size_jitter": 0.3, "random_times": True, "until": timedelta(seconds=100)}
    runs = [hr.backtest(books(), OverBooks(1_000, seed=seed, **how), **IN_BOOKS) for seed in (3, 3, 4)]
    assert plan(runs[0]) == plan(runs[1]) != plan(runs[2])
    (told,) = runs[0].records("AlgoSettings")
    seed, ts = int(told["seed"]), int(told["ts"])
    sizes = disguised(slices(1_000, [1.0] * 10), seed=seed, by=int(told["size_bps"]) / 10_000)
    times = moments(ts, ts + 100 * SECOND, 10, seed=seed + 1)
    steps = runs[0].records("PlanStep")
    assert steps["due_ts"].tolist() == times
    assert steps["due_lots"].tolist() == np.cumsum(sizes).tolist()
    assert len(set(np.diff([at for at, _ in sent(runs[0])]).round(3).tolist())) > 5


def test_slices_that_wait_are_filled_at_the_touch_and_what_they_leave_crosses() -> None:
    """At the bid nobody sells in the first market; in the second sellers come, and every slice but the last waits."""
    how = {"algorithm": "twap", "slices": 4, "until": timedelta(seconds=80), "passive": True}
    alone = hr.backtest(books(), OverBooks(**how), **IN_BOOKS)
    # Three slices wait in vain: each is taken back when the next is due, and crosses a second later.
    assert alone.fills["price"].tolist() == [10.02] * len(alone.fills)
    assert sent(alone) == [(0, 25), (20, 25), (21, 25), (40, 25), (41, 25), (60, 25), (61, 25)]
    assert alone.orders["limit"].fillna(0).tolist() == [10.0, 10.0, 0, 10.0, 0, 0, 0]
    assert (alone.parents["state"].iloc[0], alone.parents["filled"].iloc[0]) == ("filled", 100)
    trades: Any = np.zeros(300, dtype=noun("Trade").dtype)
    trades["ts_event"] = trades["ts_init"] = START + np.arange(300) * SECOND + SECOND // 4
    trades["price_ticks"], trades["lots"], trades["aggressor"], trades["kind"] = 1_000, 5_000, 2, 1
    met = Books.from_events(hr.Instrument("X"), levels=_levels(books()), trades=trades)
    result = hr.backtest(met, OverBooks(**how), **IN_BOOKS)
    assert result.fills["price"].tolist() == [10.0, 10.0, 10.0, 10.02]
    assert result.fills["liquidity"].tolist() == ["maker"] * 3 + ["taker"]


def test_the_log_of_slices_that_wait_proves_itself(tmp_path: Path) -> None:
    """Prices of waiting children are derived from what the slice says was seen."""
    how = {"algorithm": "is", "market": IMPACT, "slices": 5, "until": timedelta(seconds=80), "passive": True}
    result = hr.backtest(books(wander=True), OverBooks(-100, **how), log=tmp_path, **IN_BOOKS)
    assert hr.verify(tmp_path).slices == len(result.orders) >= 5
    assert result.parents["filled"].tolist() == [100]


def test_a_cancelled_order_sends_no_more_and_takes_back_what_works() -> None:
    """A child that waits at a limit is cancelled with it; both are in the log."""
    how = {"algorithm": "twap", "slices": 4, "until": timedelta(minutes=8), "limit": 9.0}
    strategy = OverBooks(then={200: lambda ticket: ticket.cancel()}, **how)
    result = hr.backtest(books(), strategy, **IN_BOOKS)
    assert set(result.orders["state"]) == {"Cancelled"}
    assert len(result.orders) == 2
    assert result.parents["state"].tolist() == ["stopped"]
    assert [int(event) for event in result.records("ParentEvent")["event"]] == [1, 3]
    assert strategy.ticket.is_done
    assert not strategy.ticket.cancel()


def test_at_its_end_what_works_is_cancelled() -> None:
    """A limit that the market never came to."""
    how = {"algorithm": "iceberg", "display": 40, "limit": 9.0, "until": timedelta(minutes=2)}
    result = hr.backtest(books(), OverBooks(**how), **IN_BOOKS)
    assert result.orders["state"].tolist() == ["Cancelled"]
    (row,) = result.parents.to_dict("records")
    assert (row["state"], row["filled"]) == ("expired", 0.0)
    assert (row["ended"] - row["ts"]).total_seconds() == pytest.approx(120, abs=1)


def test_an_amended_order_is_planned_anew_for_what_is_left() -> None:
    """Twice as much until a later end: what is done counts, the rest is spread over the time that is left."""
    later = timedelta(seconds=100)
    change = {51: lambda ticket: ticket.amend(quantity=300, until=later)}
    strategy = OverBooks(then=change, algorithm="twap", slices=4, until=timedelta(seconds=80))
    result = hr.backtest(books(), strategy, **IN_BOOKS)
    # 75 are filled at 50 seconds; 225 more go out in four slices from then on.
    assert sent(result) == [(0, 25), (20, 25), (40, 25), (50, 56), (75, 56), (100, 57), (125, 56)]
    assert (result.parents["quantity"].iloc[0], result.parents["state"].iloc[0]) == (300, "filled")
    assert strategy.ticket.filled == 300


def test_another_limit_replaces_the_children_at_the_old_one() -> None:
    """The order at 9.00 is cancelled, and one at 10.02 trades."""
    change = {20: lambda ticket: ticket.amend(limit=10.02)}
    strategy = OverBooks(50, then=change, algorithm="iceberg", display=50, limit=9.0)
    result = hr.backtest(books(), strategy, **IN_BOOKS)
    assert result.orders["state"].tolist() == ["Cancelled", "Filled"]
    assert result.orders["limit"].tolist() == [9.0, 10.02]


def test_what_the_gate_denies_is_due_again_and_never_too_much() -> None:
    """An order beyond every limit: its slices are tried until its end, each denied, and none goes round the gate."""
    how = {"algorithm": "vwap", "slices": 2, "volumes": (1, 9), "until": timedelta(minutes=4)}
    result = hr.backtest(minutes(), OverBars(10_000_000, **how), costs=hr.Costs.none(), cash=1e6)
    assert len(result.orders) > 2
    assert set(result.orders["state"]) == {"Denied"}
    assert (result.orders["quantity"] <= 10_000_000).all()
    assert result.parents["state"].tolist() == ["expired"]


def test_the_log_proves_what_the_algorithm_decided_and_says_why(tmp_path: Path) -> None:
    """Every slice is derived again; the walk from a fill goes through the decision to the order and its settings."""
    how = {"algorithm": "pov", "participation": 0.2, "every": timedelta(seconds=5)}
    result = hr.backtest(books(), OverBooks(**how), log=tmp_path, **IN_BOOKS)
    assert hr.verify(tmp_path).slices == len(result.orders) > 3
    chain = hr.why(tmp_path, int(result.fills["id"].iloc[2]))
    assert [cause.noun for cause in chain][:6] == ["Fill", "Order", "Verdict", "Slice", "ParentOrder", "AlgoSettings"]
    said = {cause.noun: cause.says for cause in chain}
    assert said["ParentOrder"] == "buy 100 X by pov"
    assert said["Slice"].startswith("its share of what traded: 44 due, 24 filled, 0 at work, so send 20")
    assert said["AlgoSettings"].endswith("20 % of the volume")


def test_costs_of_parents_sum_to_those_of_their_children_and_are_shown_by_algorithm() -> None:
    """Parts sum to the total, fees to the ledger's, and an order without an algorithm is `direct`."""

    class Mixed(OverBooks):
        def step(self) -> None:
            self.events += 1
            if self.events == 1:
                self.work(100, algorithm="twap", slices=5, until=timedelta(minutes=2))
                self.work(60, algorithm="pov", participation=0.05)
            if self.events == 400:
                self.sell(160)

    costs = hr.Costs(half_spread_bps=0, impact=0, volume_cap=0, fee_bps=2)
    run = hr.backtest(books(wander=True), Mixed(), costs=costs, cash=1e8, simulation=hr.Simulation.instant())
    parents = run.parents
    parts = parents[["spread_and_impact", "timing", "opportunity", "fees"]].sum(axis=1)
    assert parents["total"].to_numpy() == pytest.approx(parts.to_numpy())
    by = run.tca(by="algorithm")
    assert by["orders"].to_dict() == {"direct": 1, "pov": 1, "twap": 1}
    assert by["fees"].sum() == pytest.approx(run.book["fees"])
    paid = run.fills.assign(worth=run.fills["quantity"] * run.fills["price"])
    first = run.orders.set_index("id")["cause"].reindex(paid["order_id"]).to_numpy() == parents["id"].iloc[0]
    assert parents["average_price"].iloc[0] == pytest.approx(paid[first]["worth"].sum() / 100)
    assert run.tca(by="side")["orders"].to_dict() == {"buy": 2, "sell": 1}


def test_the_interval_is_measured_by_what_traded_in_it() -> None:
    """VWAP and volume between the order and its end, from the run's own trades."""
    result = hr.backtest(books(), OverBooks(algorithm="twap", slices=4, until=timedelta(seconds=100)), **IN_BOOKS)
    (row,) = result.parents.to_dict("records")
    assert row["interval_vwap"] == pytest.approx(10.02)
    assert row["market_volume"] == 20 * round((row["ended"] - row["ts"]).total_seconds())
    assert (row["arrival"], row["children"]) == (pytest.approx(10.01), 4)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"algorithm": "twpa"}, "RUN_CONFIG"),
        ({"algorithm": 7}, "RUN_CONFIG"),
        ({"algorithm": "twap", "slice": 3}, "RUN_CONFIG"),
        ({"algorithm": Twap(slices=3), "slices": 4}, "RUN_CONFIG"),
        ({"algorithm": "twap", "slices": 0}, "RUN_NUMBER"),
        ({"algorithm": "twap", "slices": 10_001}, "RUN_NUMBER"),
        ({"algorithm": "twap", "slices": True}, "RUN_NUMBER"),
        ({"algorithm": "twap", "size_jitter": 1.5}, "RUN_NUMBER"),
        ({"algorithm": "twap", "size_jitter": float("nan")}, "RUN_NUMBER"),
        ({"algorithm": "twap", "seed": -1}, "RUN_NUMBER"),
        ({"algorithm": "twap", "random_times": True}, "RUN_CONFIG"),
        ({"algorithm": "twap", "until": timedelta(0)}, "RUN_CONFIG"),
        ({"algorithm": "twap", "until": datetime(2019, 1, 1, tzinfo=UTC)}, "RUN_CONFIG"),
        ({"algorithm": "twap", "until": timedelta(hours=1), "start": START}, "RUN_CONFIG"),
        ({"algorithm": "vwap"}, "RUN_CONFIG"),
        ({"algorithm": "vwap", "until": timedelta(hours=1), "volumes": (1, -1)}, "RUN_NUMBER"),
        ({"algorithm": "vwap", "until": timedelta(hours=1), "volumes": ()}, "RUN_NUMBER"),
        ({"algorithm": "pov", "participation": 0.0}, "RUN_NUMBER"),
        ({"algorithm": "pov", "participation": 1e-6}, "RUN_NUMBER"),
        ({"algorithm": "pov", "size_jitter": 0.1}, "RUN_CONFIG"),
        ({"algorithm": "pov", "every": 5}, "RUN_CONFIG"),
        ({"algorithm": "pov", "passive": True}, "RUN_CONFIG"),
        ({"algorithm": "twap", "passive": 1}, "RUN_CONFIG"),
        ({"algorithm": "is", "until": timedelta(hours=1)}, "RUN_NO_DATA"),
        ({"algorithm": "is", "until": timedelta(hours=1), "market": IMPACT, "risk_aversion": -1.0}, "RUN_NUMBER"),
        ({"algorithm": "iceberg", "display": 10}, "RUN_CONFIG"),
        ({"algorithm": "iceberg", "limit": 99.0}, "RUN_NUMBER"),
        ({"algorithm": "iceberg", "limit": 99.0, "display": 10, "quantity": 1e6}, "RUN_NUMBER"),
        ({"algorithm": "sniper", "limit": 99.0}, "RUN_CONFIG"),
        ({"algorithm": "close"}, "RUN_CONFIG"),
        ({"algorithm": "close", "until": timedelta(hours=1), "auction": 1.5}, "RUN_NUMBER"),
        ({"algorithm": "close", "until": timedelta(hours=1), "participation": 0.1}, "RUN_CONFIG"),
        ({"algorithm": "close", "until": timedelta(hours=1), "auction": 1, "participation": 2.0}, "RUN_NUMBER"),
        ({"algorithm": "close", "until": timedelta(hours=1), "auction": 1, "lead": timedelta(0)}, "RUN_CONFIG"),
        ({"algorithm": "twap", "quantity": 0.5}, "RUN_NUMBER"),
        ({"algorithm": "twap", "limit": -1.0}, "RUN_NUMBER"),
        ({"algorithm": "twap", "symbol": "NOPE"}, "CORE_UNKNOWN_INSTRUMENT"),
    ],
    ids=str,
)
def test_what_cannot_be_worked_is_refused_by_name_and_leaves_no_order(how: dict[str, Any], code: str) -> None:
    """The strategy hears the error where it asks."""
    heard = []

    class Refused(OverBars):
        def step(self) -> None:
            try:
                super().step()
            except HedgerowError as error:
                heard.append(error.row.name)

    result = hr.backtest(minutes(), Refused(**{"quantity": 100.0, **how}), **FREE)
    assert set(heard) == {code}
    assert len(result.parents) == len(result.records("PlanStep")) == 0


def test_an_amendment_that_cannot_be_is_refused_and_changes_nothing() -> None:
    """Less than is filled, and an order that has ended."""
    heard = []

    def ask(**change: Any) -> Callable[[Any], None]:
        def tried(ticket: Any) -> None:
            with pytest.raises(HedgerowError) as caught:
                ticket.amend(**change)
            heard.append(caught.value.row.name)

        return tried

    then = {30: ask(quantity=20), 31: ask(limit=-1.0), 300: ask(quantity=500)}
    strategy = OverBooks(then=then, algorithm="twap", slices=4, until=timedelta(seconds=80))
    result = hr.backtest(books(), strategy, **IN_BOOKS)
    assert heard == ["RUN_NUMBER", "RUN_NUMBER", "RUN_CONFIG"]
    assert result.orders["quantity"].tolist() == [25] * 4


def test_a_wish_for_nothing_is_nothing() -> None:
    """No order, no record."""
    assert len(hr.backtest(minutes(), OverBars(0.0, algorithm="twap"), **FREE).parents) == 0


def test_every_algorithm_is_found_by_name_and_has_a_record_of_its_own_number() -> None:
    """The names of Python and the numbers of the core are one list."""
    assert [kind.number for kind in ALGORITHMS.values()] == list(range(1, 8))
    assert isinstance(algorithm("twap", slices=3), Twap)
    with pytest.raises(HedgerowError, match="did you mean 'iceberg'"):
        algorithm("icebreg")
