"""Two-sided quotes from a strategy: over books and bars, in the queue, in the log, and on paper."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.engine.audit import verify
from hedgerow.engine.opening import research_limits
from hedgerow.engine.why import why
from hedgerow.market.books import level_events
from hedgerow.market.replay import Books

SECOND = 10**9
START = 1_577_836_800 * SECOND
INSTANT = {"costs": hr.Costs.none(), "simulation": hr.Simulation.instant()}


def traded(ts: int, ticks: int, lots: int, aggressor: int) -> Any:
    """Others trade so many lots: 1 bought, 2 sold."""
    row: Any = np.zeros(1, dtype=noun("Trade").dtype)
    row["ts_event"] = row["ts_init"] = ts
    row["price_ticks"], row["lots"], row["aggressor"], row["kind"] = ticks, lots, aggressor, 1
    return row


def queue(after: list[tuple[int, int, int]]) -> Books:
    """Ten lots bid at 9.99 and ten asked at 10.01, and a second apart what others trade: ticks, lots, aggressor."""
    levels, trades = [level_events(bids=[(999, 10)], asks=[(1_001, 10)], ts_event=START)], []
    for second, (ticks, lots, aggressor) in enumerate(after, 1):
        levels.append(level_events(bids=[(990, 5 + second)], ts_event=START + second * SECOND))
        trades.append(traded(START + second * SECOND, ticks, lots, aggressor))
    return Books.from_events(hr.Instrument("X"), levels=np.concatenate(levels), trades=np.concatenate(trades))


class Quotes(hr.Strategy):
    """Says the next of these whenever others have traded; the first with the first book."""

    SAYS: tuple[dict[str, float], ...] = ()

    def on_start(self) -> None:
        """Nothing said yet."""
        self.left = list(self.SAYS)
        self.tickets: list[Any] = []

    def say(self) -> None:
        """The next."""
        if self.left:
            self.tickets.append(self.quote(**self.left.pop(0)))

    def on_book(self, book: Any) -> None:
        """Once."""
        if not self.tickets:
            self.say()

    def on_trade(self, trade: Any) -> None:
        """After each trade."""
        self.say()


def quotes(*says: dict[str, float]) -> Quotes:
    """A strategy that says these."""
    kind = type("Says", (Quotes,), {"SAYS": says})
    strategy: Quotes = kind()
    return strategy


BOTH = {"bid": 9.99, "bid_quantity": 4.0, "ask": 10.01, "ask_quantity": 4.0}


def test_both_sides_are_one_decision_and_the_log_derives_it_again(tmp_path: Path) -> None:
    """One verdict for two orders; the audit agrees; from a fill one walks to the quote that it came from."""
    strategy = quotes(BOTH, {**BOTH, "bid_quantity": 2.0, "ask": 10.02})
    result = hr.backtest(queue([(999, 12, 2), (999, 1, 2)]), strategy, log=tmp_path, **INSTANT)
    assert result.verdicts["action"].tolist() == ["quote", "quote"]
    assert result.orders["side"].tolist() == ["buy", "sell"]
    assert result.records("QuoteUpdate")["ask_ticks"].tolist() == [1_001, 1_002]
    assert result.records("ReplaceRequest")["limit_ticks"].tolist() == [1_002]
    assert [ticket.approved for ticket in strategy.tickets] == [True, True]
    assert verify(tmp_path).effects > 0
    walk = why(tmp_path, int(result.fills["id"].iloc[0]))
    assert [cause.noun for cause in walk[:5]] == ["Fill", "Order", "QuoteUpdate", "Verdict", "Quote"]
    assert "bid 4 at 9.9900, ask 4 at 10.0100" in walk[2].says
    assert "Mandate" in {cause.noun for cause in walk}


@pytest.mark.parametrize(
    ("then", "filled"),
    [
        ({**BOTH, "ask": 10.05}, 4.0),
        ({"bid": 9.99, "bid_quantity": 4.0}, 4.0),
        ({**BOTH, "bid_quantity": 3.0}, 3.0),
        ({**BOTH, "bid_quantity": 5.0}, 0.0),
        ({**BOTH, "bid": 9.98}, 0.0),
    ],
)
def test_a_side_that_stays_keeps_its_place_in_the_queue(then: dict[str, float], filled: float) -> None:
    """Six of ten ahead trade, the quote changes, eight more trade: they reach the bid only where it kept its place."""
    result = hr.backtest(queue([(999, 6, 2), (999, 8, 2)]), quotes(BOTH, then), **INSTANT)
    bought = result.fills[result.fills["side"] == "buy"]
    assert bought["quantity"].sum() == filled
    assert (result.fills["liquidity"] == "maker").all()


def test_what_is_quoted_is_what_shall_be_open_and_saying_it_again_does_nothing() -> None:
    """Two of four are filled: two open at the same price is what stands; four again is a change."""
    half = {**BOTH, "bid_quantity": 2.0}
    strategy = quotes(BOTH, half, BOTH)
    result = hr.backtest(queue([(999, 12, 2), (999, 1, 1)]), strategy, **INSTANT)
    assert [ticket is None for ticket in strategy.tickets] == [False, True, False]
    assert result.records("ReplaceRequest")["lots"].tolist() == [6]


def test_nothing_is_asked_while_the_venue_has_not_answered_but_a_withdrawal() -> None:
    """With a delay the second quote finds the first on its way; a withdrawal does not wait."""
    simulation = hr.Simulation(entry=timedelta(seconds=1.5), response=timedelta(seconds=1.5))
    strategy = quotes(BOTH, {**BOTH, "bid": 9.98}, {})
    result = hr.backtest(
        queue([(1_001, 1, 1), (1_001, 1, 1), (1_001, 1, 1)]), strategy, costs=hr.Costs.none(), simulation=simulation
    )
    assert [ticket is None for ticket in strategy.tickets] == [False, True, False]
    assert len(result.orders) == 2


def test_a_side_that_would_take_is_rejected_by_the_venue_and_the_other_one_stands() -> None:
    """The gate let both pass; that one of them meets the market is the venue's word, side by side."""
    wide = {"bid": 10.01, "bid_quantity": 4.0, "ask": 10.05, "ask_quantity": 4.0}
    result = hr.backtest(queue([(1_001, 1, 1)]), quotes(wide), **INSTANT)
    assert result.orders["state"].tolist() == ["Rejected", "Live"]
    assert (result.verdicts["decision"] == "approved").all()


def test_a_denied_side_denies_both_and_the_quote_stands() -> None:
    """The second quote is too large on one side: nothing of it is sent, and the first goes on in its place."""
    limits = replace(research_limits(1e5), order_lots=10)
    strategy = quotes(BOTH, {**BOTH, "bid": 9.98, "ask_quantity": 20.0})
    result = hr.backtest(queue([(999, 6, 2), (999, 8, 2)]), strategy, limits=limits, **INSTANT)
    assert [ticket.code for ticket in strategy.tickets] == [None, "RISK-013"]
    assert result.fills["quantity"].sum() == 4.0


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({**BOTH, "bid": 10.01}, "RUN-013"),
        ({**BOTH, "bid": 10.02}, "RUN-013"),
        ({"bid": 9.99}, "RUN-013"),
        ({**BOTH, "bid_quantity": 0.0}, "RUN-013"),
        ({**BOTH, "bid": 9.995}, "RUN-008"),
        ({**BOTH, "ask_quantity": 1.5}, "RUN-008"),
    ],
)
def test_what_cannot_be_quoted_is_a_named_error(said: dict[str, float], code: str) -> None:
    """Crossing prices, half of a side, off tick and off lot."""
    with pytest.raises(HedgerowError) as raised:
        hr.backtest(queue([(999, 1, 2)]), quotes(said), **INSTANT)
    assert code in str(raised.value)


def test_over_bars_a_quote_is_two_limit_orders_that_change_as_one() -> None:
    """The bar that goes through the ask fills it; the bid follows the market and keeps nothing of the bar before."""
    rows = [(100, 101, 99, 100), (100, 103, 100, 102), (102, 103, 100, 101)]
    first, high, low, last = np.array(rows, dtype=float).T
    ts = np.arange(1, 4) * 86_400 * SECOND
    bars = hr.Bars.from_arrays(ts, open=first, high=high, low=low, close=last, instruments=hr.Instrument("XYZ"))

    class Maker(hr.Strategy):
        def on_bar(self, bar: Any) -> None:
            """Two around the last close."""
            self.quote(bid=bar.close - 2, bid_quantity=5, ask=bar.close + 2, ask_quantity=5)
            standing = self.quoted()
            assert (standing.bid, standing.ask_quantity) == (bar.close - 2, 5.0)

    result = hr.backtest(bars, Maker, costs=hr.Costs.none())
    assert result.fills[["side", "price"]].to_numpy().tolist() == [["sell", 102.0]]
    assert set(result.verdicts["action"]) == {"quote"}
