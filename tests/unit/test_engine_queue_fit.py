"""Queue models fitted to own fills: an exponent that made them is found again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.engine.queue_fit import OwnOrder, calibrate_queue
from hedgerow.market.books import level_events
from hedgerow.market.replay import Books

SECOND = 10**9
START = 1_577_836_800 * SECOND


def breathing(steps: int, seed: int) -> Books:
    """A bid of a few hundred lots: orders come, are taken back and trade, by a seed."""
    random = np.random.default_rng(seed)
    lots, levels, trades = 200, [level_events(bids=[(1_000, 200)], asks=[(1_001, 500)], ts_event=START)], []
    for step in range(1, steps):
        ts = START + step * SECOND // 10
        what, size = random.choice(["come", "leave", "trade"], p=[0.45, 0.4, 0.15]), int(random.integers(1, 25))
        size = min(size, lots - 60) if what != "come" else min(size, 400 - lots)
        if size <= 0:
            continue
        lots += size if what == "come" else -size
        if what == "trade":
            row: Any = np.zeros(1, dtype=noun("Trade").dtype)
            row["ts_event"] = row["ts_init"] = ts
            row["price_ticks"], row["lots"], row["aggressor"], row["kind"] = 1_000, size, 2, 1
            trades.append(row)
        levels.append(level_events(bids=[(1_000, lots)], ts_event=ts))
    return Books.from_events(hr.Instrument("X"), levels=np.concatenate(levels), trades=np.concatenate(trades))


class Waiting(hr.Strategy):
    """Always one order at the bid; every third is taken back after a while."""

    def on_start(self) -> None:
        """No order yet."""
        self.ticket: Any = None
        self.sent, self.since = 0, 0

    def on_book(self, book: Any) -> None:
        """Wait anew."""
        if self.ticket is None or self.ticket.state is None:
            self.ticket, self.since = self.buy(5, limit=10.0, tif="gtx"), self.now
            self.sent += 1
        elif self.sent % 3 == 0 and self.now - self.since > 20 * SECOND and self.ticket.state == "Live":
            self.cancel(self.ticket)


@pytest.mark.parametrize("power", [1.0, 3.0])
def test_the_exponent_that_made_the_fills_is_found_again(power: float) -> None:
    """From a run, and from the venue's own words of it with another exponent at the start."""
    books = breathing(6_000, seed=5)
    made = hr.Simulation(queue="power", power=power)
    result = hr.backtest(books, Waiting, simulation=made, costs=hr.Costs.none())
    assert len(result.fills) > 20
    found = calibrate_queue(result, books, simulation=hr.Simulation(), powers=(0.5, 1.0, 2.0, 3.0, 5.0))
    assert (found.simulation.queue, found.simulation.power) == ("power", power)
    assert found.distance_s == 0.0 < found.table["distance_s"][1]
    assert found.orders == len(result.orders)


def test_what_no_model_tells_apart_is_said() -> None:
    """An order that never had a queue, and none at all."""
    books = Books.from_quotes(START + np.arange(9) * SECOND, bid=1_000, ask=1_002, bid_size=5, ask_size=5)
    with pytest.raises(HedgerowError, match=r"RUN-004 .*every queue model says the same"):
        calibrate_queue([OwnOrder(START, "buy", 10.0, 1)], books)
    with pytest.raises(HedgerowError, match=r"RUN-005 .*no limit order"):
        calibrate_queue([], books)
