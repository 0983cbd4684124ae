"""Parent orders that are amended, or over, while something else is to come: their start, their slices, a cancel."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hedgerow as hr
from hedgerow.market.books import level_events
from hedgerow.market.replay import Books

SHARED = runpy.run_path(str(Path(__file__).with_name("parent_askers.py")))
SECOND = 10**9
START = 1_577_836_800 * SECOND
FREE: dict[str, Any] = {"costs": hr.Costs.none(), "cash": 1e8}


def amending(then: dict[int, dict[str, float]]) -> dict[int, Callable[[Any], Any]]:
    """What is changed at which event."""
    return {event: lambda ticket, terms=terms: ticket.amend(**terms) for event, terms in then.items()}


def sent_over_bars(quantity: float, then: dict[int, dict[str, float]], **how: Any) -> list[tuple[float, float]]:
    """Seconds after the parent, and size, of every child in an hour of bars of a minute."""
    times = np.datetime64("2020-01-01T14:30", "ns") + np.arange(1, 61).astype("timedelta64[m]")
    bars = hr.Bars.from_arrays(times, close=np.full(60, 100.0), volume=np.full(60, 1_000), span="1min")
    sent: list[tuple[float, float]] = SHARED["sent"](
        hr.backtest(bars, SHARED["OverBars"](quantity, amending(then), **how), **FREE)
    )
    return sent


def test_without_an_end_what_is_left_is_spread_over_the_slices_anew() -> None:
    """50 are done, a slice a bar; 150 go out in ten equal slices from the next bar on."""
    sent = sent_over_bars(100, {6: {"quantity": 200}}, algorithm="twap", slices=10)
    assert sent == [(60 * n, 10 if n < 5 else 15) for n in range(15)]


def test_before_it_begins_it_is_planned_from_its_beginning() -> None:
    """Twice as much in the same ten minutes, in four slices as before."""
    when = {"start": timedelta(minutes=10), "until": timedelta(minutes=20)}
    sent = sent_over_bars(100, {3: {"quantity": 200}}, algorithm="twap", slices=4, **when)
    assert sent == [(600, 50), (780, 50), (900, 50), (1080, 50)]


@pytest.mark.parametrize(
    ("then", "how", "state"),
    [
        ({20: 9.5, 22: 9.6}, {"algorithm": "iceberg", "display": 50, "limit": 9.0}, "left"),
        ({20: 9.5}, {"algorithm": "iceberg", "display": 50, "limit": 9.0, "until": timedelta(seconds=22)}, "expired"),
        ({}, {"algorithm": "twap", "slices": 3, "until": timedelta(seconds=6), "passive": True}, "expired"),
    ],
    ids=["changed twice", "changed, then over", "taken back, then over"],
)
def test_a_child_whose_cancel_is_on_its_way_is_not_asked_again(
    then: dict[int, float], how: dict[str, Any], state: str
) -> None:
    """A cancel takes six seconds to be answered, and the order changes or ends before."""
    levels = [
        level_events(bids=[(1_000, 1_000 + n % 2)], asks=[(1_002, 1_000)], ts_event=START + n * SECOND)
        for n in range(60)
    ]
    books = Books.from_events(hr.Instrument("X"), levels=np.concatenate(levels), trades=None)
    strategy = SHARED["OverBooks"](60, amending({event: {"limit": limit} for event, limit in then.items()}), **how)
    slow = hr.Simulation(entry=timedelta(seconds=3), response=timedelta(seconds=3))
    result = hr.backtest(books, strategy, simulation=slow, **FREE)
    assert result.orders["state"].iloc[0] == "Cancelled"
    assert result.parents["state"].tolist() == [state]
