"""Orders cut over a day, and over venues: exact sums, and against every other allocation."""

from __future__ import annotations

import itertools
import json
import random
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow.core.errors import HedgerowError
from hedgerow.execution.routing import Offer, Queue, expected_gain, split, sweep
from hedgerow.execution.volume_curves import CurveLearner, disguised, moments, slices, volume_curve


@given(st.integers(0, 10**15), st.lists(st.floats(0, 1e9), min_size=1, max_size=40).filter(lambda w: sum(w) > 0))
def test_slices_are_whole_and_never_more_than_a_lot_off(lots: int, weights: list[float]) -> None:
    """They sum to the order, none is negative, and what is done follows the weights."""
    found = slices(lots, weights)
    assert sum(found) == lots
    assert min(found) >= 0
    done, total = np.cumsum(found), sum(weights)
    wanted = lots * np.cumsum(weights) / total
    assert np.abs(done - wanted).max() <= 1 + 1e-6 * max(lots, 1)


def test_a_curve_foretells_days_like_its_own_better_than_an_even_one() -> None:
    """U-shaped days with noise; of days without a shape the curve is not better, and the figures say so."""
    draws = np.random.default_rng(1)
    shape = 1 + 3 * np.linspace(-1, 1, 26) ** 2
    curve = volume_curve(shape * draws.lognormal(0, 0.3, (40, 26)) * draws.lognormal(0, 1, (40, 1)))
    assert curve.error < curve.flat_error / 2
    assert np.abs(np.array(curve.shares) - shape / shape.sum()).max() < 0.01
    shapeless = volume_curve(draws.lognormal(0, 0.3, (40, 26)))
    assert shapeless.error > 0.9 * shapeless.flat_error
    assert sum(curve.part(3, 9).shares) == pytest.approx(1)
    assert sum(slices(1001, curve.shares)) == 1001


@given(st.integers(2, 30), st.integers(1, 20), st.integers(0, 2**32), st.sampled_from([0, 2, 5]))
def test_a_curve_learnt_day_by_day_is_the_one_of_all_days_at_once_to_the_last_bit(
    days: int, intervals: int, seed: int, days_max: int
) -> None:
    """Kept and taken up again after every day, among them days without a trade; of the latest only where so wished."""
    draws = np.random.default_rng(seed)
    table = draws.lognormal(0, 3, (days, intervals)) * draws.integers(0, 2, (days, 1))
    table[:2] += 1e-9
    learner, seen = CurveLearner(intervals, days_max), 0
    for day in table:
        learner.learn(day)
        learner, seen = CurveLearner.of_json(json.loads(json.dumps(learner.to_json()))), seen + 1
        traded = table[:seen][table[:seen].sum(axis=1) > 0]
        assert learner.days == min(len(traded), days_max or len(traded))
        if learner.days >= 2:
            assert learner.curve() == volume_curve(traded[-learner.days :])


def test_what_a_curve_cannot_be_learnt_from_changes_nothing_and_is_named() -> None:
    """A day of another length or below zero, a state that is none; and one day is not enough for a curve."""
    learner = CurveLearner(2)
    learner.learn([1, 2])
    before = learner.to_json()
    for day in ([1, 2, 3], [1, -2], [1, float("nan")], [[1, 2]]):
        with pytest.raises(HedgerowError, match="RUN-"):
            learner.learn(day)
    assert learner.to_json() == before
    wrong = [None, [], {}, {**before, "v": 2}, {**before, "days": [["x", "0x1p0"]]}, {**before, "days": [["0x1p0"]]}]
    for told in [*wrong, {**before, "days_max": 1}, {**before, "intervals": True}, {**before, "days": 5}]:
        with pytest.raises(HedgerowError, match="RUN-"):
            CurveLearner.of_json(told)
    with pytest.raises(HedgerowError, match="1 days"):
        learner.curve()


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.integers(0, 2**32), st.floats(0, 1))
def test_disguised_slices_are_the_same_order(wanted: list[int], seed: int, by: float) -> None:
    """The sum is kept, none is negative, and the seed is enough to have them again."""
    found = disguised(wanted, seed=seed, by=by)
    assert sum(found) == sum(wanted)
    assert min(found) >= 0
    assert found == disguised(wanted, seed=seed, by=by)


def test_moments_lie_each_in_its_own_stretch() -> None:
    """In order, by a seed or in the middle."""
    for seed in (None, 3):
        found = moments(1000, 2000, 7, seed=seed)
        assert found == sorted(found)
        assert all(1000 + 1000 * n // 7 <= at < 1000 + 1000 * (n + 1) // 7 for n, at in enumerate(found))


def test_a_sweep_is_the_cheapest_of_all() -> None:
    """Against every allocation of small orders over three venues with fees and rebates, for both sides."""
    draws = random.Random(2)
    for _ in range(60):
        offers = [
            Offer(venue, 100 + draws.randint(-1, 2), draws.randint(1, 3), Decimal(draws.randint(-5, 5)) / 10)
            for venue in "ABC"
            for _ in range(draws.randint(1, 2))
        ]
        buys, lots = draws.random() < 0.5, draws.randint(1, 6)
        sign = 1 if buys else -1

        def cost(taken: tuple[int, ...], offers: list[Offer] = offers, sign: int = sign) -> Decimal:
            return sum(
                (n * (sign * o.price_ticks + o.fee_ticks) for n, o in zip(taken, offers, strict=True)), Decimal(0)
            )

        wanted = min(lots, sum(offer.lots for offer in offers))
        every = itertools.product(*(range(offer.lots + 1) for offer in offers))
        best = min(cost(taken) for taken in every if sum(taken) == wanted)
        found = sweep(buys, lots, offers)
        assert sum(found.values()) == wanted
        # What was found, put back onto the offers of its venue and price, the cheaper ones first.
        paid = Decimal(0)
        for key, size in found.items():
            left = size
            for offer in sorted((o for o in offers if (o.venue, o.price_ticks) == key), key=lambda o: o.fee_ticks):
                paid += min(left, offer.lots) * (sign * offer.price_ticks + offer.fee_ticks)
                left -= min(left, offer.lots)
        assert paid == best


def test_a_sweep_keeps_its_limit() -> None:
    """No price beyond it, whatever the rebate."""
    offers = [Offer("A", 100, 5), Offer("B", 101, 5, Decimal(-9))]
    assert sweep(True, 9, offers, limit_ticks=100) == {("A", 100): 5}
    assert sweep(False, 9, offers, limit_ticks=101) == {("B", 101): 5}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_split_gains_most_of_all(data: st.DataObject) -> None:
    """Against every allocation of up to six lots over three venues."""
    queues = [
        Queue(
            venue,
            data.draw(st.integers(0, 4)),
            tuple(data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=5))),
            Decimal(data.draw(st.integers(-3, 9))) / 10,
        )
        for venue in "ABC"
    ]
    lots = data.draw(st.integers(1, 6))
    found = split(lots, queues)
    every = itertools.product(range(lots + 1), repeat=3)
    best = max(expected_gain(dict(zip("ABC", at, strict=True)), queues) for at in every if sum(at) <= lots)
    assert expected_gain(found, queues) == best
    assert sum(found.values()) <= lots


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: slices(-1, [1.0]),
        lambda: slices(5, [0.0]),
        lambda: slices(5, [1.0, float("nan")]),
        lambda: slices(True, [1.0]),
        lambda: volume_curve([[1, 2]]),
        lambda: volume_curve([[1, -2], [1, 1]]),
        lambda: volume_curve([[1, 2], [3, 4]]).part(1, 1),
        lambda: disguised([5], seed=1, by=1.5),
        lambda: moments(5, 5, 1),
        lambda: sweep(True, 0, [Offer("A", 1, 1)]),
        lambda: sweep(True, 1, []),
        lambda: split(1, [Queue("A", 0, (1,), Decimal(1)), Queue("A", 0, (1,), Decimal(1))]),
    ],
)
def test_numbers_that_cannot_be_meant_are_named(wrong: object) -> None:
    """RUN_NUMBER, with the value."""
    with pytest.raises(HedgerowError, match="RUN-"):
        wrong()  # type: ignore[operator]
