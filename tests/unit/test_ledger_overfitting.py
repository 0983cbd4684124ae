"""The probability of backtest overfitting: against its definition split by split, published cases, and its bounds."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.ledger.overfitting import cscv


def obvious(table: np.ndarray, blocks: int) -> tuple[float, list[float]]:
    """The paper's steps, one split after the other: PBO and logits."""
    size = len(table) // blocks
    parts = table[len(table) - size * blocks :].reshape(blocks, size, -1)
    logits = []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[b] for b in chosen])
        outside = np.concatenate([parts[b] for b in range(blocks) if b not in chosen])
        own, other = (half.mean(axis=0) / half.std(axis=0, ddof=1) for half in (inside, outside))
        best = other[np.argmax(own)]
        rank = (np.sum(other < best) + (np.sum(other == best) + 1) / 2) / (len(other) + 1)
        logits.append(math.log(rank / (1 - rank)))
    return float(np.mean(np.array(logits) <= 0)), logits


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("blocks", [2, 4, 8])
def test_it_equals_the_definition_split_by_split(seed: int, blocks: int) -> None:
    """Odd and even numbers of variants, rows that do not fill the blocks, returns with a large mean."""
    random = np.random.default_rng(seed)
    table = random.normal(0.5 * (seed % 2), 0.01, (8 * 11 + seed, 5 + seed))
    found, (probability, logits) = cscv(table, blocks=blocks), obvious(table, blocks)
    assert found.probability == probability
    assert found.logits == pytest.approx(logits, rel=1e-9)
    assert found.rows_left_out == len(table) % blocks


def test_published_cases(shared: Callable[[str], Path]) -> None:
    """Noise gives a half on average, a true edge nothing, mirrored regimes one; and the numbers of splits."""
    entries = json.loads(shared("reference/expected.json").read_text())["entries"]
    given = {e["id"].removeprefix("performance.pbo."): e for e in entries if ".pbo." in e["id"]}
    noise, edge = given["pure_noise"], given["one_true_strategy"]
    random, inputs = np.random.default_rng(7), noise["inputs"]
    shape = (inputs["T"], inputs["N"])
    runs = [cscv(random.normal(size=shape), blocks=inputs["S"]).probability for _ in range(inputs["trials"])]
    assert np.mean(runs) == pytest.approx(noise["expected"], abs=noise["tol"])
    skilled = random.normal(size=shape)
    skilled[:, 17] += edge["inputs"]["edge_sd_units"]
    found = cscv(skilled, blocks=edge["inputs"]["S"])
    assert found.probability == pytest.approx(edge["expected"], abs=edge["tol"])
    assert set(found.chosen.tolist()) == {17}
    half = random.normal(0.3, 1.0, 50)
    mirrored = np.stack([np.concatenate([half, -half]), np.concatenate([-half, half])], axis=1)
    assert cscv(mirrored, blocks=2).probability == given["anti_persistent"]["expected"]
    splits = [cscv(random.normal(size=(64, 2)), blocks=s).splits for s in given["n_splits"]["inputs"]["S"]]
    assert splits == given["n_splits"]["expected"]


def test_equal_variants_share_a_rank_and_a_flat_one_ranks_as_nothing() -> None:
    """Copies of one variant lie in the middle of each other, which is no evidence of skill."""
    column = np.random.default_rng(2).normal(0.1, 1.0, 64)
    copies = np.stack([column] * 5, axis=1)
    assert cscv(copies, blocks=4).logits.tolist() == [0.0] * 6
    assert cscv(copies, blocks=4).probability == 1.0
    idle = np.stack([column + 3, np.zeros(64)], axis=1)
    assert cscv(idle, blocks=4).probability == 0.0
    assert cscv(idle, blocks=4).probability_of_loss == 0.0


def test_choosing_in_noise_degrades_and_choosing_skill_does_not_lose() -> None:
    """Of noise the chosen one loses half of the time; of a true edge never."""
    random = np.random.default_rng(5)
    noise = cscv(random.normal(size=(320, 40)), blocks=8)
    assert noise.degradation is not None
    assert noise.degradation < 0
    assert 0.1 < noise.probability_of_loss < 0.9


def test_two_processes_give_the_same_bytes() -> None:
    """No random number, no order of sums that depends on the machine's threads."""
    script = (
        "import numpy as np, hashlib; from hedgerow.ledger.overfitting import cscv\n"
        "t = np.random.default_rng(1).normal(size=(500, 30))\n"
        "print(hashlib.sha256(cscv(t, blocks=10).logits.tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True, env={"OPENBLAS_NUM_THREADS": n}
        ).stdout
        for n in ("1", "2")
    }
    assert len(digests) == 1


def test_memory_does_not_grow_with_the_number_of_splits() -> None:
    """12,870 splits of 300 variants would be 31 MB an array at once; it stays within a few chunks."""
    table = np.random.default_rng(1).normal(size=(160, 300))
    tracemalloc.start()
    cscv(table, blocks=16)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 48e6


@pytest.mark.parametrize(
    ("table", "blocks", "code"),
    [
        (np.zeros((40, 3)), 5, "RUN-002"),
        (np.zeros((40, 3)), 0, "RUN-002"),
        (np.zeros((90, 3)), 22, "RUN-002"),
        (np.zeros((40, 3)), True, "RUN-002"),
        (np.zeros((31, 3)), 16, "RUN-004"),
        (np.zeros((40, 1)), 4, "RUN-004"),
        (np.zeros(40), 4, "RUN-004"),
        (np.full((40, 3), np.nan), 4, "RUN-008"),
    ],
)
def test_what_cannot_be_split_is_named(table: np.ndarray, blocks: int, code: str) -> None:
    """Odd or too many blocks, too few rows or variants, returns that are no numbers."""
    with pytest.raises(HedgerowError) as caught:
        cscv(table, blocks=blocks)
    assert caught.value.code == code
