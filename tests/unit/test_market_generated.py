"""A made-up market is a feed like any other, the same for equal seeds, and shows the facts that it is said to show."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.market.books import OrderBook
from hedgerow.market.generated import MarketModel, QueueReactive, generated_books, generated_events, generated_pieces

ADD, EXECUTE, DELETE, LAST = 1, 3, 4, 0x80
STEP_NS = 3 * 10**9


def test_the_default_market_shows_what_real_ones_show() -> None:
    """Returns every three seconds; signs, times and cancels of its orders; what its queues foretell."""
    orders, trades = generated_events(3_000_000, seed=1)
    tops = OrderBook().tops(orders)
    last = (orders["action"] & LAST) != 0
    ts = (orders["ts_event"] if len(tops) == len(orders) else orders["ts_event"][last])[200:]
    bid, bid_lots, ask, ask_lots = tops[200:].T
    mid = (bid + ask) / 2
    grid = np.arange(ts[0], ts[-1], STEP_NS)
    returns = np.diff(np.log(mid[np.searchsorted(ts, grid, side="right") - 1]))
    volume = np.histogram(trades["ts_event"], bins=grid, weights=trades["lots"])[0]
    facts = hr.stylised_facts(returns, volume)
    held = {fact.name for fact in facts if fact.holds}
    assert {
        "no autocorrelation",
        "heavy tails",
        "intermittency",
        "volatility clustering",
        "conditional heavy tails",
        "slow decay",
        "volume and volatility",
    } <= held
    first = np.r_[True, np.diff(trades["ts_event"]) != 0]
    action = orders["action"] & ~np.uint8(LAST)
    moves = np.flatnonzero(np.diff(mid)) + 1
    at = np.arange(0, moves[-1], 97)
    after = moves[np.searchsorted(moves, at, side="right").clip(max=moves.size - 1)]
    flow = hr.order_flow_facts(
        np.where(trades["aggressor"][first] == 1, 1.0, -1.0),
        trades["ts_event"][first].astype(float),
        adds=int((action == ADD).sum()),
        cancels=int((action == DELETE).sum()),
        imbalance=((bid_lots - ask_lots) / (bid_lots + ask_lots))[at],
        next_move=np.sign(mid[after] - mid[after - 1]),
    )
    assert [fact.holds for fact in flow] == [True, True, True, True]


def test_without_its_memory_the_market_fails_what_memory_makes() -> None:
    """The published model alone: no clusters, no memory of signs, no bursts."""
    orders, trades = generated_events(600_000, seed=1, model=MarketModel.zero_intelligence())
    assert set(trades["lots"].tolist()) == {1}
    flow = hr.order_flow_facts(
        np.where(trades["aggressor"] == 1, 1.0, -1.0), trades["ts_event"].astype(float), adds=1, cancels=0
    )
    assert flow["memory of signs"].holds is not True
    assert flow["bursts of arrivals"].holds is False
    assert (np.diff(orders["ts_event"]) >= 0).all()


def test_equal_seeds_give_equal_markets_piece_by_piece_too() -> None:
    """However it is cut; another seed gives another market."""
    whole = generated_events(20_000, seed=5)[0]
    pieces = generated_pieces(5_000, seed=5)
    cut = np.concatenate([next(pieces)[0] for _ in range(4)])[: len(whole)]
    assert (whole[: len(cut)] == cut).all()
    assert (generated_events(20_000, seed=6)[0]["ts_event"][:100] != whole["ts_event"][:100]).any()


def test_start_price_and_instrument_are_those_asked_for() -> None:
    """The first orders stand around the start."""
    orders, _ = generated_events(10, seed=1, start="2024-01-02", start_ticks=500, instrument=3)
    assert orders["instrument"].tolist()[0] == 3
    assert orders["price_ticks"][:40].min() >= 490
    assert orders["ts_event"][0] >= 1_704_153_600 * 10**9


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"market_rate": 0.0}, "rate of 0"),
        ({"limit_rates": ()}, "limit_rates"),
        ({"branching": 1.5}, "branching"),
        ({"split_orders": 0}, "split_orders"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(changes: dict[str, float], says: str) -> None:
    """With the value seen and its bounds."""
    with pytest.raises(HedgerowError, match=says):
        generated_events(10, seed=1, model=MarketModel(**changes))  # type: ignore[arg-type]


def test_more_than_memory_holds_is_refused() -> None:
    """Piece by piece there is no end."""
    with pytest.raises(HedgerowError, match="piece by piece"):
        generated_events(10**9, seed=1)


def test_a_strategy_runs_on_a_made_up_book() -> None:
    """Every order and trade reaches it as from a real feed."""

    class Listener(hr.Strategy):
        def on_start(self) -> None:
            self.seen = 0

        def on_trade(self, trade: object) -> None:
            self.seen += 1

    listener = Listener()
    books = generated_books(20_000, seed=3)
    result = hr.backtest(books, listener)
    assert listener.seen > 1_000
    assert result.final_nav == pytest.approx(result.info.cash)


def test_a_queue_reactive_market_returns_to_where_it_was_and_its_queues_foretell() -> None:
    """A mid that moves by queues running empty comes back at once and walks in the long run."""
    orders, trades = generated_events(1_000_000, seed=1, model=QueueReactive())
    tops, ends = OrderBook().tops(orders), (orders["action"] & LAST) != 0
    both = (tops[:, 1] > 0) & (tops[:, 3] > 0)
    (bid, bid_lots, ask, ask_lots), ts = tops[both].T, orders["ts_event"][ends][both]
    mid = (bid + ask) / 2
    moves = np.flatnonzero(np.diff(mid)) + 1
    steps = np.diff(mid)[moves - 1]
    assert np.corrcoef(steps[1:], steps[:-1])[0, 1] < -0.1
    grid = np.arange(ts[0], ts[-1], 300 * 10**9)
    walk = np.diff(mid[np.searchsorted(ts, grid, side="right") - 1])
    assert abs(np.corrcoef(walk[1:], walk[:-1])[0, 1]) < 4 / np.sqrt(len(walk))
    at = np.arange(0, moves[-1], 97)
    after = moves[np.searchsorted(moves, at, side="right").clip(max=moves.size - 1)]
    flow = hr.order_flow_facts(
        np.where(trades["aggressor"] == 1, 1.0, -1.0),
        trades["ts_event"].astype(float),
        adds=1,
        cancels=1,
        imbalance=((bid_lots - ask_lots) / (bid_lots + ask_lots))[at],
        next_move=np.sign(mid[after] - mid[after - 1]),
    )
    assert flow["queues foretell"].holds
    assert set(trades["lots"].tolist()) == {1}


def test_queues_are_as_long_as_the_published_law_says(shared: Callable[[str], Path]) -> None:
    """One queue a side, whose reference price stays."""
    entries = json.loads(shared("reference/expected.json").read_text("utf-8"))["entries"]
    known = next(entry for entry in entries if entry["id"] == "lob_hawkes.queue_reactive.stationary_law")
    given = known["inputs"]
    model = QueueReactive(
        limit_rates=((given["arrival"],),),
        cancel_rates=(tuple(given["cancel_per_order"] * many for many in range(1, 80)),),
        market_rates=((given["market"],),),
        theta=0.0,
    )
    orders, _ = generated_events(600_000, seed=2, model=model)
    change = np.where(orders["action"] & ~np.uint8(LAST) == ADD, 1, -1)
    for side in (1, 2):
        mine = orders["side"] == side
        length, stayed = np.cumsum(change[mine])[:-1], np.diff(orders["ts_event"][mine])
        shares = np.bincount(length, weights=stayed)[: len(known["expected"])] / stayed.sum()
        assert shares == pytest.approx(known["expected"], abs=known["tol"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"theta": 2.0}, "theta is 2"),
        ({"limit_rates": ((5.0,), (1.0,), (0.8,))}, "queue 1 grows without end"),
        ({"market_rates": ()}, "market_rates of 0 queues"),
    ],
)
def test_queue_reactive_settings_that_cannot_be_meant_are_named(changes: dict[str, object], says: str) -> None:
    """With the value seen and its bounds."""
    with pytest.raises(HedgerowError, match=says):
        generated_events(10, seed=1, model=QueueReactive(**changes))  # type: ignore[arg-type]
