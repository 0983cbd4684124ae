"""Icebergs from a strategy: what is shown of an order at a time, at the gate, over books and bars, in the log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.core.nouns import noun
from hedgerow.market.books import level_events
from hedgerow.market.replay import Books

SECOND = 10**9
START = 1_577_836_800 * SECOND
FREE = hr.Costs.none()
INSTANT: dict[str, Any] = {"costs": FREE, "simulation": hr.Simulation.instant()}


class Acts(hr.Strategy):
    """Does at each quote what a table says."""

    table: Any = None

    def on_start(self) -> None:
        """Nothing yet."""
        self.at, self.tickets = 0, list[Any]()

    def on_quote(self, quote: Any) -> None:
        """The next row of the table."""
        if self.at in self.table:
            self.tickets.append(self.table[self.at](self))
        self.at += 1


def traded(trades: list[int], lots: int = 20, seconds: int = 0) -> Books:
    """A bid of so many lots at 10.00 and an ask at 10.02, said anew each second.

    Half a second behind the n-th, so many of the bid trade, and are shown gone a moment later.
    """
    levels, made, left = [], [], lots
    for second in range(max(seconds, len(trades) + 1)):
        ts = START + second * SECOND
        # The ask changes its size each second, so that each second has a quote.
        levels.append(level_events(bids=[(1_000, left)], asks=[(1_002, 50 + second)], ts_event=ts))
        if second < len(trades) and trades[second]:
            row: Any = np.zeros(1, dtype=noun("Trade").dtype)
            row["ts_event"] = row["ts_init"] = ts + SECOND // 2
            row["price_ticks"], row["lots"], row["aggressor"], row["kind"] = 1_000, trades[second], 2, 1
            made.append(row)
            left = max(0, left - trades[second])
            levels.append(level_events(bids=[(1_000, left)], ts_event=ts + SECOND // 2 + 1))
    told: dict[str, Any] = {"trades": np.concatenate(made)} if made else {}
    return Books.from_events(hr.Instrument("X"), levels=np.concatenate(levels), **told)


def ran(data: Any, table: dict[int, Any], **more: Any) -> tuple[Any, hr.Result]:
    """The strategy and its run."""
    strategy = Acts()
    strategy.table = table
    return strategy, hr.backtest(data, strategy, **(more or INSTANT))


def test_over_books_a_slice_trades_and_the_next_one_waits_behind_what_is_shown() -> None:
    """Twenty stand before it; of 35 that trade the slice of ten is served, and of the hidden nothing."""
    _, shown = ran(traded([0, 35, 0, 0]), {0: lambda s: s.buy(30, limit=10.00, display=10)})
    assert shown.fills[["quantity", "price"]].values.tolist() == [[10.0, 10.00]]
    _, whole = ran(traded([0, 35, 0, 0]), {0: lambda s: s.buy(30, limit=10.00)})
    assert whole.fills["quantity"].tolist() == [15.0]


def test_over_bars_an_iceberg_trades_like_any_order_with_its_limit() -> None:
    """Bars show no queue: what is shown of an order makes no difference there."""
    close = np.array([10.0, 9.5, 9.0, 9.5])
    bars = hr.Bars.from_arrays(np.arange(1, 5) * 86_400 * SECOND, close=close, instruments=hr.Instrument("X"))

    class Buys(hr.Strategy):
        """Once, with or without a display."""

        def __init__(self, **more: Any) -> None:
            super().__init__()
            self.more, self.ticket = more, None

        def on_bar(self, bar: Any) -> None:
            """Buy once."""
            if self.ticket is None:
                self.ticket = self.buy(10, limit=9.6, **self.more)

    found = [hr.backtest(bars, Buys(**more), costs=FREE) for more in ({}, {"display": 2})]
    columns = ["ts", "quantity", "price"]
    assert found[0].fills[columns].values.tolist() == found[1].fills[columns].values.tolist() != []


def test_a_ticket_and_the_table_of_orders_say_what_is_shown() -> None:
    """In units; nothing where all is."""
    table = {0: lambda s: s.buy(30, limit=9.98, display=10), 1: lambda s: s.buy(5, limit=9.97)}
    strategy, result = ran(traded([0, 0, 0]), table)
    assert [ticket.display for ticket in strategy.tickets] == [10.0, None]
    assert result.orders["display"].fillna(0).tolist() == [10.0, 0.0]


def test_made_smaller_than_what_it_shows_it_shows_all_and_larger_again_no_more() -> None:
    """What an order shows never grows."""
    table = {
        0: lambda s: s.buy(30, limit=9.98, display=10),
        1: lambda s: s.replace(s.tickets[0], 4),
        2: lambda s: s.tickets[0].display,
        3: lambda s: s.replace(s.tickets[0], 50),
        4: lambda s: (s.tickets[0].display, s.tickets[0].quantity),
    }
    strategy, _ = ran(traded([], seconds=6), table)
    assert strategy.tickets[2] == 4.0
    assert strategy.tickets[4] == (4.0, 50.0)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"limit": 10.0, "display": 31}, "RISK-008"),  # more than there is
        ({"display": 10}, "RISK-033"),  # at the market
        ({"limit": 10.0, "display": 10, "tif": "ioc"}, "RISK-033"),
        ({"limit": 10.0, "display": 10, "tif": "fok"}, "RISK-033"),
        ({"limit": 10.0, "display": 10, "tif": "cls"}, "RISK-033"),
    ],
)
def test_what_cannot_be_shown_in_part_is_denied_by_name(words: dict[str, Any], code: str) -> None:
    """Before anything is sent."""
    strategy, result = ran(traded([0]), {0: lambda s: s.buy(30, **words)})
    assert (strategy.tickets[0].approved, strategy.tickets[0].code) == (False, code)
    assert result.orders["state"].tolist() == ["Denied"]


@pytest.mark.parametrize("display", [0, -1, 0.5, float("nan")])
def test_a_display_that_is_no_quantity_is_an_error(display: float) -> None:
    """Not an order of some other kind."""
    with pytest.raises(HedgerowError, match="RUN-"):
        ran(traded([0]), {0: lambda s: s.buy(30, limit=10.0, display=display)})


def test_the_gate_counts_all_of_it_and_not_what_is_shown() -> None:
    """A limit on the size of an order holds the hidden too."""
    limits = replace(hr.Limits.for_research(capital=1_000_000), order_lots=29)
    strategy, _ = ran(traded([0]), {0: lambda s: s.buy(30, limit=10.0, display=1)}, **INSTANT, limits=limits)
    assert strategy.tickets[0].code == "RISK-013"


def test_equal_inputs_give_equal_journals_and_the_audit_derives_an_iceberg_again(tmp_path: Path) -> None:
    """Byte for byte, and replayed from the log alone."""
    table = {
        0: lambda s: s.buy(30, limit=10.00, display=10),
        2: lambda s: s.replace(s.tickets[0], 25),
        3: lambda s: s.buy(8, stop=10.02, limit=10.02, display=3),
        4: lambda s: s.sell(5, limit=10.02, display=2, reduce_only=True),
    }
    found = []
    for name in ("one", "two"):
        data = traded([0, 35, 5, 4, 5, 10, 0])
        _, result = ran(data, table, costs=FREE, seed=3, log=tmp_path / name)
        hr.verify(tmp_path / name)
        assert len(result.fills) > 0
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        found.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})
    assert found[0] == found[1]


def test_the_walk_from_a_fill_tells_what_was_shown(tmp_path: Path) -> None:
    """The terms stand beside the order."""
    _, result = ran(traded([0, 35, 0]), {0: lambda s: s.buy(30, limit=10.00, display=10)}, **INSTANT, log=tmp_path)
    says = {cause.noun: cause.says for cause in hr.why(tmp_path, int(result.fills["id"].iloc[0]))}
    assert says["OrderTerms"] == "terms of the record behind it: showing 10 at a time in X"
