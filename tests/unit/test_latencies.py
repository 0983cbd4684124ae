"""Latencies of a venue: what is waited for, in histograms of three digits; what a broken session leaves open is not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hedgerow import _core
from hedgerow.core.errors import HedgerowError
from hedgerow.execution.latencies import MEASURES, Latencies, keep_latencies, kept_latencies


def counts(seen: Latencies) -> list[int]:
    """How many of each measure."""
    return [seen.histograms[name].count for name in MEASURES]


def test_each_wait_is_counted_once_and_from_where_it_began() -> None:
    """Acknowledged at the first word, durable when settled, filled at the first execution, cancelled at the answer."""
    seen = Latencies()
    seen.sent("a", 1)
    seen.heard({11: "a", 150: "0"}, 3)
    seen.heard({11: "a", 150: "F"}, 6)
    seen.heard({11: "a", 150: "F"}, 9)
    seen.settled(9)
    seen.settled(99)
    seen.asked("c", 10)
    seen.heard({11: "c", 41: "a", 150: "4"}, 14)
    seen.heard({11: "c", 41: "a", 150: "4"}, 19)
    assert {name: (one.count, one.most) for name, one in seen.histograms.items()} == {
        "acknowledged": (1, 2),
        "durable": (1, 8),
        "filled": (1, 5),
        "cancelled": (1, 4),
    }


def test_an_order_that_is_filled_or_refused_at_once_is_acknowledged_by_that() -> None:
    """A first word is a first word; a refused cancel is an answer; what nobody sent is nothing."""
    seen = Latencies()
    for name, kind in (("a", "F"), ("b", "8"), ("d", "4")):
        seen.sent(name, 0)
        seen.heard({11: name, 150: kind}, 5)
    seen.asked("c", 0)
    seen.heard({11: "c", 41: "b", 39: "8"}, 7)
    seen.heard({11: "stranger", 150: "F"}, 7)
    seen.heard({}, 7)
    assert counts(seen) == [3, 0, 1, 1]


def test_a_broken_session_counts_nothing_of_what_it_left_open() -> None:
    """The answer comes after another logon, which says nothing about the venue's speed."""
    seen = Latencies()
    for name in "ab":
        seen.sent(name, 0)
    seen.asked("c", 0)
    seen.heard({11: "a", 150: "0"}, 5)
    seen.forget()
    for told in ({11: "b", 150: "0"}, {11: "b", 150: "F"}, {11: "c", 41: "a", 150: "4"}):
        seen.heard(told, 10**12)
    seen.settled(10**12)
    assert counts(seen) == [1, 0, 0, 0]


def test_quantiles_are_right_to_three_digits() -> None:
    """Against the sorted values themselves, from a nanosecond to an hour, and beyond both ends."""
    draws = random.Random(5)
    values = sorted(int(10 ** draws.uniform(0, 12.5)) for _ in range(20_000))
    histogram = _core.LatencyHistogram()
    for value in values:
        histogram.record(value)
    for share in (0.5, 0.9, 0.99, 0.999, 1.0):
        exact = values[max(0, -int(-share * len(values) // 1) - 1)]
        assert histogram.quantile(share) == pytest.approx(exact, rel=2e-3)
    histogram.record(-5)
    histogram.record(2**62)
    assert (histogram.least, histogram.count) == (0, 20_002)
    assert histogram.most == pytest.approx(3_600_000_000_000, rel=1e-3)


def test_what_is_kept_is_read_back_and_added_to(tmp_path: Path) -> None:
    """Another life of a run goes on where the last one stopped counting; two histograms add up."""
    path, seen = tmp_path / "latency.json", Latencies()
    for number in range(1_000):
        seen.sent(str(number), 0)
        seen.heard({11: str(number), 150: "0"}, number * 1_001)
    keep_latencies(path, {"EXCH": seen})
    again = kept_latencies(path)["EXCH"]
    assert again.summary() == seen.summary()
    again.sent("more", 0)
    again.heard({11: "more", 150: "0"}, 1)
    assert counts(again) == [1_001, 0, 0, 0]
    both = _core.LatencyHistogram(again.histograms["acknowledged"].buckets())
    both.merge(seen.histograms["acknowledged"])
    assert both.count == 2_001
    assert kept_latencies(tmp_path / "none.json") == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"v": 2, "venues": {}}',
        '{"v": 1, "venues": {"X": []}}',
        '{"v": 1, "venues": {"X": {"durable": [[1]]}}}',
        '{"v": 1, "venues": {"X": {"durable": [[-1, 1]]}}}',
        '{"v": 1, "venues": {"X": {"durable": [[1, 99999999999999999999999]]}}}',
    ],
)
def test_a_file_that_is_something_else_is_named(tmp_path: Path, text: str) -> None:
    """Nothing is taken from it."""
    path = tmp_path / "latency.json"
    path.write_text(text)
    with pytest.raises(HedgerowError) as caught:
        kept_latencies(path)
    assert "latency.json" in str(caught.value)
