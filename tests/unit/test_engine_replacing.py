"""Changes of working orders over books: what they cost in the queue, and who refuses them."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.nouns import noun
from hedgerow.market.books import level_events
from hedgerow.market.replay import Books

SECOND = 10**9
START = 1_577_836_800 * SECOND
INSTANT = {"costs": hr.Costs.none(), "simulation": hr.Simulation.instant()}


def sold(ts: int, lots: int) -> Any:
    """Others sell so many lots at 9.99."""
    row: Any = np.zeros(1, dtype=noun("Trade").dtype)
    row["ts_event"] = row["ts_init"] = ts
    row["price_ticks"], row["lots"], row["aggressor"], row["kind"] = 999, lots, 2, 1
    return row


def queue(after: list[int]) -> Books:
    """Ten lots bid at 9.99 and ten asked at 10.01; sales of so many lots at the bid, a second apart."""
    levels = [level_events(bids=[(999, 10)], asks=[(1_001, 10)], ts_event=START)]
    trades = []
    for second, lots in enumerate(after, 1):
        levels.append(level_events(bids=[(998, 5 + second)], ts_event=START + second * SECOND))
        trades.append(sold(START + second * SECOND, lots))
    return Books.from_events(hr.Instrument("X"), levels=np.concatenate(levels), trades=np.concatenate(trades))


@pytest.mark.parametrize(
    ("quantity", "limit", "filled"),
    [(None, None, 4.0), (2, None, 2.0), (6, None, 0.0), (None, 9.98, 0.0)],
)
def test_a_change_keeps_its_place_in_the_queue_only_at_its_price_and_without_growing(
    quantity: float | None, limit: float | None, filled: float
) -> None:
    """Six of ten ahead trade; then the order is changed; eight more trade and reach it only where it kept its place."""

    class Waits(hr.Strategy):
        def on_start(self) -> None:
            self.ticket: Any = None
            self.changed = False

        def on_trade(self, trade: Any) -> None:
            """After the first trade."""
            if not self.changed and (quantity is not None or limit is not None):
                self.changed = True
                self.replace(self.ticket, quantity, limit=limit)

        def on_book(self, book: Any) -> None:
            """Once."""
            if self.ticket is None:
                self.ticket = self.buy(4, limit=9.99)

    result = hr.backtest(queue([6, 8]), Waits, **INSTANT)
    assert result.fills["quantity"].sum() == filled
    assert (result.fills["liquidity"] == "maker").all()


def test_a_change_that_comes_too_late_is_rejected_by_the_venue_and_is_no_denial() -> None:
    """It passed the gate, and met a filled order: the fill stands, nothing else moved."""

    class Late(hr.Strategy):
        def on_start(self) -> None:
            self.ticket: Any = None
            self.changed = False

        def on_quote(self, quote: Any) -> None:
            """Take at once, and change one's mind before the answer is here."""
            if self.ticket is None:
                self.ticket = self.buy(4, limit=10.03)
            elif quote.ask == 10.04 and not self.changed:
                self.changed = True
                assert self.ticket.state == "Live"
                assert self.replace(self.ticket, 8, limit=9.90).approved

    step = np.arange(200)
    bid = 1_000 + np.abs(step // 4 % 10 - 5)
    ts = START + step * SECOND // 10
    books = Books.from_quotes(ts, bid=bid, ask=bid + 2, bid_size=10, ask_size=10, symbol="X")
    simulation = hr.Simulation(entry=timedelta(milliseconds=450), response=timedelta(milliseconds=350))
    result = hr.backtest(books, Late, costs=hr.Costs.none(), simulation=simulation, log=None)
    assert result.orders["state"].tolist() == ["Filled"]
    assert result.fills["quantity"].sum() == 4.0
    assert result.verdicts["action"].tolist() == ["new", "replace"]
    assert result.records("Finding").size == 0
