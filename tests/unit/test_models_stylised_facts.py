"""The checker of stylised facts passes what has them, real prices among it, and fails what has not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.models.stylised_facts import autocorrelation, tail_index

Shared = Callable[[str], Path]


def garch(n: int, seed: int, omega: float = 2e-6, alpha: float = 0.05, beta: float = 0.93) -> np.ndarray:
    """A GARCH(1,1) path with normal shocks."""
    random = np.random.default_rng(seed)
    shocks, path, variance = random.normal(size=n), np.empty(n), omega / (1 - alpha - beta)
    for at in range(n):
        path[at] = np.sqrt(variance) * shocks[at]
        variance = omega + alpha * path[at] ** 2 + beta * variance
    return path


def test_a_random_walk_of_normal_steps_fails_what_makes_a_market() -> None:
    """No heavy tails, no clusters, nothing after a filter; and no autocorrelation, which does hold."""
    facts = hr.stylised_facts(np.random.default_rng(3).normal(size=60_000))
    assert {"heavy tails", "volatility clustering", "intermittency", "slow decay", "tail index"} <= set(facts.failed)
    assert facts["no autocorrelation"].holds is True
    assert facts["aggregational Gaussianity"].holds is None


def test_a_garch_process_has_what_its_moments_say(shared: Shared) -> None:
    """Autocorrelation of squares and kurtosis are those of theory; clusters are found, and none after the filter."""
    entries = json.loads(shared("reference/expected.json").read_text("utf-8"))["entries"]
    known = next(entry for entry in entries if entry["id"] == "lob_hawkes.stylised_facts.garch_calibration")
    path = garch(known["inputs"]["n"], seed=3)
    facts = hr.stylised_facts(path)
    mine = [autocorrelation(path, 1)[0], autocorrelation(path**2, 1)[0], facts["heavy tails"].value]
    for figure, published, close in zip(mine, known["expected"], known["tol"], strict=True):
        assert figure == pytest.approx(published, abs=close)
    for name in ("no autocorrelation", "heavy tails", "intermittency", "volatility clustering"):
        assert facts[name].holds is True
    assert facts["conditional heavy tails"].holds is False


def test_the_index_of_a_students_tails_is_its_degrees_of_freedom() -> None:
    """Three for three."""
    assert tail_index(np.random.default_rng(2).standard_t(3, 200_000)) == pytest.approx(3.0, abs=0.25)


def test_a_real_index_has_every_fact_that_can_be_asked(shared: Shared) -> None:
    """Thirty-two years of the S&P 500; volumes are not told, so that one is not judged."""
    prices = pd.read_csv(shared("data/macro/sp500_index_daily.csv.gz")).iloc[:, 1].to_numpy()
    facts = hr.stylised_facts(np.diff(np.log(prices)))
    assert facts.failed == ()
    assert [fact.name for fact in facts if fact.holds is None] == ["volume and volatility"]


def test_volumes_that_move_with_prices_are_seen() -> None:
    """And those that do not, are not."""
    random, path = np.random.default_rng(5), garch(5_000, seed=6)
    with_volume = hr.stylised_facts(path, np.abs(path) * (1 + random.random(path.size)))
    without = hr.stylised_facts(path, random.random(path.size))
    assert (with_volume["volume and volatility"].holds, without["volume and volatility"].holds) == (True, False)


def test_order_flow_of_split_orders_has_memory_and_coin_tosses_have_none() -> None:
    """Orders of Pareto length 1.5, worked one after the other, give signs whose autocorrelation falls as lag^-0.5."""
    random = np.random.default_rng(8)
    lengths = np.ceil(random.pareto(1.5, 20_000) + 1).astype(int)
    signs = np.repeat(random.choice([-1.0, 1.0], lengths.size), lengths)[:40_000]
    bursts = np.cumsum(random.exponential(1e9, 40_000) * np.repeat(random.pareto(1.5, 400) + 0.1, 100))
    held = hr.order_flow_facts(signs, bursts, adds=100, cancels=90)
    assert [fact.holds for fact in held] == [True, True, True, None]
    tossed = hr.order_flow_facts(random.choice([-1.0, 1.0], 40_000), np.cumsum(random.exponential(1e9, 40_000)))
    assert tossed["memory of signs"].holds is not True
    assert tossed["bursts of arrivals"].holds is False


def test_queues_that_foretell_are_told_from_those_that_do_not() -> None:
    """By the correlation of imbalance and next move."""
    random, n = np.random.default_rng(9), 2_000
    imbalance = random.uniform(-1, 1, n)
    moves = np.where(random.uniform(-1, 1, n) < imbalance, 1.0, -1.0)
    ask = {"signs": random.choice([-1.0, 1.0], n), "times_ns": np.arange(n, dtype=float)}
    facts = hr.order_flow_facts(**ask, imbalance=imbalance, next_move=moves)
    assert facts["queues foretell"].holds is True
    facts = hr.order_flow_facts(**ask, imbalance=imbalance, next_move=random.permutation(moves))
    assert facts["queues foretell"].holds is False


@pytest.mark.parametrize(
    ("returns", "says"),
    [
        (np.ones(499), "at least 500"),
        (np.r_[np.ones(600), np.nan], r"returns\[600\] is nan|returns\[600\] is np.float64\(nan\)"),
        (np.ones(600), "the same"),
        (np.ones((600, 2)), "at least 500"),
    ],
)
def test_what_cannot_be_judged_is_named(returns: np.ndarray, says: str) -> None:
    """With the value seen and what is needed."""
    with pytest.raises(HedgerowError, match=says):
        hr.stylised_facts(returns)


def test_an_unknown_fact_is_named_with_those_there_are() -> None:
    """As a table, too, every fact has its rule."""
    facts = hr.stylised_facts(garch(600, seed=1))
    with pytest.raises(HedgerowError, match="heavy tails"):
        facts["fat tails"]
    assert facts.table()["rule"].str.len().min() > 10
