"""Reports of the exchange: all of them there in order, the old ones packed."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from hedgerow.execution.venues.letters import Letters, Reports


def report(number: int) -> dict[str, Any]:
    """One as the exchange makes them."""
    name = f"m{1_796_098_534_146_968_336 + number}-0-Säle"
    return {
        "event": "order", "exec": number, "ts": number, "what": "accepted", "order_id": number, "participant": 1,
        "client_id": name, "instrument": 0, "side": "Sell", "order_type": "limit", "time_in": "gtc", "lots": 100,
        "price_ticks": 10_003, "stop_ticks": 0, "show_lots": 0, "post_only": False, "expire_ts": 0, "status": "new",
        "leaves_lots": 100, "cum_lots": 0, "last_lots": 0, "echo": {"54": "2"},
    }  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 5000])
def test_every_report_is_there_whatever_is_packed(count: int) -> None:
    """By number, from a number on, and all; none before the first and none behind the last."""
    reports, wanted = Reports(), [report(number) for number in range(count)]
    for one in wanted:
        reports.append(one)
    assert len(reports) == count
    assert list(reports) == wanted
    for since in (0, 1, count // 2, max(0, count - 1), count):
        assert list(reports.since(since)) == wanted[since:]
    assert all(reports[at] == wanted[at] for at in range(0, count, 97))
    for none in (-1, count):
        with pytest.raises(IndexError):
            reports[none]


def test_the_newest_thousand_are_never_unpacked_for_who_keeps_up() -> None:
    """They are the same objects as were added."""
    reports = Reports()
    for number in range(5000):
        reports.append(one := report(number))
        assert reports[number] is one
        assert number < 1024 or reports[number - 1023] == report(number - 1023)


def test_thirty_thousand_take_a_few_megabytes() -> None:
    """As they are they would take a hundred."""
    letters = Letters()
    tracemalloc.start()
    try:
        for number in range(30_000):
            letters.reports.append(report(number))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 8_000_000
