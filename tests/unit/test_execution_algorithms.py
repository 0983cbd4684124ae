"""Plans of execution algorithms: whole orders, rising steps, equal seeds; and volumes of days that were."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow.core.errors import HedgerowError
from hedgerow.engine.working import past_volumes
from hedgerow.execution.algorithms import (
    Algorithm,
    Close,
    Iceberg,
    ImplementationShortfall,
    Pov,
    Situation,
    Sniper,
    Twap,
    Vwap,
)
from hedgerow.execution.almgren_chriss import LinearImpact

MINUTE = 60 * 10**9
DAY = 24 * 60 * MINUTE
IMPACT = LinearImpact(sigma=0.95, eta=2.5e-6)


def kinds(count: int, jitter: float, random: bool, seed: int) -> list[Algorithm]:
    """Every algorithm that plans by time, and the iceberg."""
    told: dict[str, Any] = {"size_jitter": jitter, "seed": seed}
    timed: dict[str, Any] = {**told, "random_times": random}
    weights = tuple(float(1 + n % 3) for n in range(count))
    return [
        Twap(slices=count, **timed),
        Vwap(slices=count, volumes=weights, **timed),
        ImplementationShortfall(slices=count, market=IMPACT, **timed),
        Close(slices=count, stretch=timedelta(minutes=7), **timed),
        Iceberg(display=float(3 + count), **told),
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 3_000), st.integers(0, 500), st.integers(1, 40), st.floats(0, 1), st.booleans(), st.integers(0, 99)
)
def test_a_plan_is_the_whole_order_and_its_steps_never_fall(
    lots: int, done: int, count: int, jitter: float, random: bool, seed: int
) -> None:
    """Whatever is random; what was done before counts; times stay within the order's life."""
    now = Situation(lots=lots, done=done, start_ns=5 * MINUTE, until_ns=20 * MINUTE, limit=True)
    for how in kinds(count, jitter, random, seed):
        plan = how.plan(now)
        due, total = [ts for ts, _ in plan.steps], [lots for _, lots in plan.steps]
        assert total[-1] == done + lots
        assert [done, *total] == sorted([done, *total])
        assert due == sorted(due)
        assert all(ts == 0 or 5 * MINUTE <= ts < 20 * MINUTE for ts in due)
        assert plan == how.plan(now)


def test_seeds_change_what_is_random_and_nothing_else() -> None:
    """Sizes by one, times by another draw; without either the seed has no meaning."""
    now = Situation(lots=1_000, start_ns=0, until_ns=100 * MINUTE)
    plans = [Twap(slices=20, size_jitter=0.5, random_times=True, seed=seed).plan(now).steps for seed in (1, 2)]
    assert plans[0] != plans[1]
    assert Twap(slices=20, seed=1).plan(now) == Twap(slices=20, seed=2).plan(now)


def test_numbers_of_numpy_are_numbers() -> None:
    """A grid of settings gives what its Python numbers give."""
    now = Situation(lots=1_000, start_ns=0, until_ns=100 * MINUTE)
    told = {"slices": np.int64(7), "seed": np.int32(3), "size_jitter": np.float64(0.25), "random_times": np.bool_(True)}
    assert Twap(**told) == Twap(slices=7, seed=3, size_jitter=0.25, random_times=True)  # type: ignore[arg-type]
    assert Vwap(slices=2, volumes=np.array([1, 3])).plan(now).steps[0][1] == 250  # type: ignore[arg-type]


def test_a_share_of_volume_looks_once_in_each_stretch_at_random() -> None:
    """Ten looks in a hundred seconds, each in its own ten."""
    now = Situation(lots=10, start_ns=0, until_ns=100 * 10**9)
    plan = Pov(participation=0.1, random_times=True, seed=4).plan(now)
    assert [ts // (10 * 10**9) for ts, _ in plan.steps] == list(range(10))
    assert (plan.share_bps, plan.every_ns) == (1_000, 10 * 10**9)


def test_the_close_waits_for_its_stretch_or_begins_at_once_within_it() -> None:
    """Seven minutes before the end, or now where fewer are left."""
    how = Close(slices=1, stretch=timedelta(minutes=7))
    assert how.plan(Situation(lots=1, start_ns=0, until_ns=20 * MINUTE)).steps[0][0] == 13 * MINUTE
    assert how.plan(Situation(lots=1, start_ns=16 * MINUTE, until_ns=20 * MINUTE)).steps[0][0] == 16 * MINUTE


def test_sizes_are_told_in_units_and_planned_in_lots() -> None:
    """A lot of a thousandth of a coin."""
    now = Situation(lots=100, start_ns=0, lot=0.001, limit=True, over_books=True)
    assert Iceberg(display=0.03).plan(now).steps == ((0, 30), (0, 60), (0, 90), (0, 100))
    assert Sniper(min_size=0.0105).plan(now).size_lots == 11


def test_a_learnt_curve_is_used_only_where_it_is_better_than_an_even_one() -> None:
    """Days of one shape teach it; two of opposite shapes do not, and one day is none."""

    def shares(*rows: list[float]) -> Any:
        past = np.array(rows, dtype=float).reshape(len(rows), 3)
        now = Situation(lots=100, start_ns=0, until_ns=3 * MINUTE, past=lambda begin, end, count: past)
        return Vwap(slices=3).plan(now)

    learnt = shares([6, 2, 2], [5, 3, 2], [7, 1, 2])
    assert ([lots for _, lots in learnt.steps], learnt.curve) == ([60, 80, 100], 1)
    for none in (shares([8, 1, 1], [1, 1, 8]), shares([6, 2, 2]), shares()):
        assert ([lots for _, lots in none.steps], none.curve) == ([33, 67, 100], 0)


def test_past_volumes_are_those_of_the_same_stretch_of_whole_days_before() -> None:
    """Ends of stretches count; the day that began too late and the present one do not."""
    ends = np.array([DAY + 10, DAY + 20, DAY + 30, 2 * DAY + 10, 2 * DAY + 25, 3 * DAY + 5, 3 * DAY + 10])
    lots = np.array([1, 2, 4, 8, 16, 32, 64])
    found = past_volumes(ends, lots, 3 * DAY + 10, 3 * DAY + 30, 2)
    assert found.tolist() == [[2, 4], [0, 16]]
    assert past_volumes(ends, lots, 2 * DAY + 9, 2 * DAY + 10, 1).tolist() == []
    assert past_volumes(ends[:0], lots[:0], 0, 10, 2).shape == (0, 2)


def test_an_order_longer_than_a_day_learns_from_what_is_as_long() -> None:
    """No day of its own life is taken for one that was."""
    ends = np.arange(1, 11) * DAY
    found = past_volumes(ends, np.arange(1, 11), 8 * DAY, 10 * DAY, 2)
    assert found.tolist() == [[2, 3], [3, 4], [4, 5], [5, 6], [6, 7], [7, 8]]


@pytest.mark.parametrize("spread", [math.nan, 0.0])
def test_impact_is_not_guessed_where_a_figure_is_missing(spread: float) -> None:
    """Price, spread, volume and volatility; the error says which, and what to say instead."""
    known = {"price": 50.0, "spread": 0.01, "adv": 1e6, "volatility": 0.02}
    how, life = ImplementationShortfall(), {"lots": 10, "start_ns": 0, "until_ns": DAY}
    assert how.plan(Situation(**life, **known)).steps  # type: ignore[arg-type]
    for name in known:
        with pytest.raises(HedgerowError, match=r"RUN-.* is not known; "):
            how.plan(Situation(**life, **{**known, name: spread}))  # type: ignore[arg-type]
