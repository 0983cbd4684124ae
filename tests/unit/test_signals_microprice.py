"""The micro-price agrees with chains that can be solved by hand, and beats the mid on what it was not fitted to."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError

TICK = 0.01


def two_state_quotes(steps: int, up: float, stay: float, seed: int) -> list[np.ndarray]:
    """Quotes one tick wide: a step moves the mid a tick, up with `up` if bids are heavy, and keeps the side or not."""
    rng = np.random.default_rng(seed)
    heavy = np.cumsum(rng.uniform(size=steps) > stay) % 2 == 0
    towards = np.where(rng.uniform(size=steps) < up, 1, -1)
    ticks = np.concatenate([[0], np.cumsum(np.where(heavy, towards, -towards))[:-1]])
    bid = 100 + ticks * TICK
    return [bid, np.where(heavy, 8.0, 2.0), bid + TICK, np.where(heavy, 2.0, 8.0)]


@pytest.mark.parametrize(("stay", "sums_to"), [(0.5, 1.0), (0.75, 2.0), (0.25, 2 / 3)])
def test_the_adjustment_is_the_sum_over_all_coming_changes(stay: float, sums_to: float) -> None:
    """If the side is kept with probability s, each change carries on by 2s - 1: the sum is geometric."""
    quotes = two_state_quotes(200_000, up=0.6, stay=stay, seed=5)
    model = hr.fit_microprice(*quotes, tick=TICK, buckets=2, spreads=1)
    expected = 0.2 * TICK * sums_to
    np.testing.assert_allclose(model.adjustment, [[-expected, expected]], rtol=0.04)


def test_a_book_and_its_mirror_image_have_opposite_adjustments() -> None:
    """Whatever the sample's trend, the chain is made symmetric; a state that was not seen has no adjustment."""
    quotes = two_state_quotes(1_000, up=0.9, stay=0.7, seed=6)
    adjustment = hr.fit_microprice(*quotes, tick=TICK, buckets=4, spreads=2).adjustment
    np.testing.assert_allclose(adjustment, -adjustment[:, ::-1], atol=1e-12)
    assert np.isnan(adjustment[1]).all()


def test_a_quote_has_the_same_price_alone_and_in_a_column() -> None:
    """A stream gives what the column gives, Series give a series, and a wide or one-sided quote has no price."""
    quotes = two_state_quotes(500, up=0.6, stay=0.7, seed=7)
    model = hr.fit_microprice(*quotes, tick=TICK, buckets=2, spreads=1)
    column = model.price(*quotes)
    for place in range(0, 500, 50):
        assert model.price(*(side[place : place + 1] for side in quotes))[0] == column[place]
    labelled = model.price(*(pd.Series(side, index=np.arange(500) + 7) for side in quotes))
    assert labelled.index[0] == 7
    odd = model.price(*np.array([[10.0, np.nan], [1.0, 1.0], [10.05, 10.01], [1.0, 1.0]]))
    assert np.isnan(odd).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tick": 0.0}, "tick 0.0"),
        ({"buckets": 0}, "buckets 0"),
        ({"bid_price": np.full(3, 100.0)}, "one length"),
        ({"bid_price": np.full(9, 100.0), "ask_price": np.full(9, 100.01)}, "none of which changes the mid"),
    ],
)
def test_quotes_that_teach_nothing_are_named_errors(change: dict[str, object], says: str) -> None:
    """Shapes and parameters that do not fit, and a mid that never moves."""
    names = ("bid_price", "bid_size", "ask_price", "ask_size")
    given = dict(zip(names, two_state_quotes(9, up=0.6, stay=0.5, seed=1), strict=True))
    with pytest.raises(HedgerowError, match=says):
        hr.fit_microprice(**({"tick": TICK, "spreads": 1} | given | change))  # type: ignore[arg-type]


def test_on_a_recording_it_forecasts_the_mid_better_than_the_mid_and_the_weighted_mid(
    shared: Callable[[str], Path],
) -> None:
    """Learnt from the first half of six minutes of futures quotes, measured a second ahead on the second half."""
    times, rows = [], []
    with gzip.open(shared("data/crypto_l2/binance_usdm_ethusdt_20240808.gz"), "rt") as lines:
        for line in lines:
            time, message = line.split(" ", 1)
            if '@bookTicker"' in message:
                data = json.loads(message)["data"]
                times.append(int(time))
                rows.append([float(data[key]) for key in "bBaA"])
    order = np.argsort(times, kind="stable")
    at, quotes = np.array(times)[order], np.array(rows)[order].T
    half = len(at) // 2
    model = hr.fit_microprice(*quotes[:, :half], tick=TICK)
    mid = (quotes[0] + quotes[2]) / 2
    later = np.minimum(np.searchsorted(at, at + 10**9), len(at) - 1)
    forecasts = {"micro": model.price(*quotes), "weighted": hr.weighted_mid(*quotes), "mid": mid}
    tested = (np.arange(len(at)) >= half) & (at < at[-1] - 10**9) & ~np.isnan(forecasts["micro"])
    error = {name: float(np.mean((mid[later] - price)[tested] ** 2)) for name, price in forecasts.items()}
    assert tested.sum() > 10_000
    assert error["micro"] < error["weighted"]
    assert error["micro"] < error["mid"]
