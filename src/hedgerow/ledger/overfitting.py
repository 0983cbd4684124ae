"""How likely the best of many backtests is the best by luck: combinatorially symmetric cross-validation.

The rows are cut into an even number of blocks. Every half of the blocks is once the sample in which the best variant is
chosen, and the other half the one in which it is judged: all C(S, S/2) splits, none drawn by chance. The probability of
overfitting is the share of splits in which the chosen one ranks in the lower half of all variants.

Promises: exact (every split), deterministic (no random number, one order of sums), memory that grows with variants and
not with splits. Never: a row in both halves, a sample too short to fill the blocks.
Source: Bailey, Borwein, Lopez de Prado and Zhu, The Probability of Backtest Overfitting, Journal of Computational
Finance 20(4), 2017.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.ledger.ratios import RESOLUTION

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

BLOCKS_MAX = 20
"""C(20, 10) = 184,756 splits; beyond that they take minutes and say the same."""
ROWS_PER_BLOCK_MIN = 2
CELLS_AT_ONCE = 2**19
"""Splits times variants that are worked on at a time: some 4 MB an array."""


@dataclass(frozen=True)
class Overfitting:
    """What the splits of a table of variants say.

    probability: share of splits whose chosen variant ranks in the lower half of the other sample (PBO).
    logits: (splits,) logarithm of the odds of that rank, above 0 in the upper half. chosen: (splits,) the variant that
    was best in sample. probability_of_loss: share of splits in which the chosen one's mean return out of sample is not
    positive. degradation: slope of the chosen one's Sharpe ratio out of sample on that in sample, `None` where the
    latter does not vary. rows_left_out: the earliest rows, which did not fill a block.
    """

    probability: float
    logits: Floats
    chosen: Ints
    probability_of_loss: float
    degradation: float | None
    blocks: int
    variants: int
    rows_left_out: int

    @property
    def splits(self) -> int:
        """How many ways there are to halve the blocks: 12,870 for 16 of them."""
        return int(self.logits.size)

    def __repr__(self) -> str:
        return (
            f"Overfitting(probability={self.probability:.3f}, {self.variants} variants, {self.splits:,} splits of "
            f"{self.blocks} blocks)"
        )


def cscv(returns: ArrayLike, *, blocks: int = 16) -> Overfitting:
    """Probability that the best of the variants in a T x N table of returns is the best by luck.

    returns: one row a period, one column a variant, of the same periods. blocks: even, from 2 to 20; the paper's 16.
    Variants are ranked by the Sharpe ratio of each half; one whose returns do not differ ranks as 0. Ties share a rank,
    and of several best ones the first is chosen. Raises RUN_CONFIG for blocks, RUN_NUMBER for what is not finite,
    RUN_TOO_SHORT for fewer than two rows a block or fewer than two variants.

    >>> mirrored = [[0.01, -0.01], [0.03, -0.03], [-0.01, 0.01], [-0.03, 0.03]]
    >>> cscv(mirrored, blocks=2).probability  # the best of one half is the worst of the other
    1.0
    """
    table = _checked(returns, blocks)
    size = len(table) // blocks
    left_out = len(table) - size * blocks
    # Sums of squares of centred columns lose no digits; a shift of all rows changes no deviation.
    centre = table.mean(axis=0)
    parts = (table[left_out:] - centre).reshape(blocks, size, -1)
    sums, squares = parts.sum(axis=1), (parts**2).sum(axis=1)
    rows = size * blocks // 2
    halves: list[tuple[Floats, Ints, Floats, Floats]] = []
    for inside in _halves(blocks, max(1, CELLS_AT_ONCE // table.shape[1])):
        own = _sharpe(inside, sums, squares, centre, rows)
        other = _sharpe(~inside, sums, squares, centre, rows)
        halves.append(_judged(own[0], *other))
    logits, chosen, earned, pairs = (np.concatenate([half[n] for half in halves]) for n in range(4))
    return Overfitting(
        probability=float(np.mean(logits <= 0)),
        logits=logits,
        chosen=chosen.astype(np.int64),
        probability_of_loss=float(np.mean(earned <= 0)),
        degradation=_slope(pairs),
        blocks=blocks,
        variants=table.shape[1],
        rows_left_out=left_out,
    )


def _checked(returns: ArrayLike, blocks: int) -> Floats:
    table = np.asarray(returns, dtype=np.float64)
    if blocks is True or blocks % 2 or not 2 <= blocks <= BLOCKS_MAX:
        raise problem("RUN_CONFIG", f"blocks={blocks!r}; an even number from 2 to {BLOCKS_MAX}")
    if table.ndim != 2 or table.shape[1] < 2:
        raise problem("RUN_TOO_SHORT", f"returns of shape {table.shape}; rows of at least 2 variants")
    if len(table) < ROWS_PER_BLOCK_MIN * blocks:
        raise problem("RUN_TOO_SHORT", f"{len(table)} rows in {blocks} blocks; at least {ROWS_PER_BLOCK_MIN * blocks}")
    if not np.isfinite(table).all():
        row, column = np.argwhere(~np.isfinite(table))[0]
        raise problem("RUN_NUMBER", f"return of row {row}, variant {column} is {table[row, column]}")
    return table


def _halves(blocks: int, at_once: int) -> Iterator[NDArray[np.bool_]]:
    """Every half of the blocks, so many at a time: rows of blocks that are in sample, in lexical order."""
    every = combinations(range(blocks), blocks // 2)
    while chosen := list(islice(every, at_once)):
        inside = np.zeros((len(chosen), blocks), dtype=bool)
        np.put_along_axis(inside, np.array(chosen), values=True, axis=1)
        yield inside


def _sharpe(
    inside: NDArray[np.bool_], sums: Floats, squares: Floats, centre: Floats, rows: int
) -> tuple[Floats, Floats]:
    """Sharpe ratio and mean of each variant (columns) over the blocks of each half (rows)."""
    total = np.zeros((len(inside), sums.shape[1]))
    square = np.zeros_like(total)
    # Block by block: a matrix product may add in another order on another machine.
    for block in range(len(sums)):
        rows_in = inside[:, block, None]
        total += np.where(rows_in, sums[block], 0.0)
        square += np.where(rows_in, squares[block], 0.0)
    mean = total / rows
    variance = np.maximum(square - total * mean, 0.0) / (rows - 1)
    deviation = np.sqrt(variance)
    varies = deviation > RESOLUTION
    mean = mean + centre
    return np.where(varies, mean / np.where(varies, deviation, 1.0), 0.0), mean


def _judged(own: Floats, other: Floats, other_mean: Floats) -> tuple[Floats, Ints, Floats, Floats]:
    """Of each half: logit of the chosen variant's rank in the other half, the variant, what it earned, both ratios."""
    best = np.argmax(own, axis=1)
    at = np.arange(len(best))
    judged = other[at, best]
    below, equal = (other < judged[:, None]).sum(axis=1), (other == judged[:, None]).sum(axis=1)
    rank = (below + (equal + 1) / 2) / (other.shape[1] + 1)
    pairs = np.stack([own[at, best], judged], axis=1)
    return np.log(rank / (1 - rank)), best, other_mean[at, best], pairs


def _slope(pairs: Floats) -> float | None:
    inside, outside = pairs[:, 0] - pairs[:, 0].mean(), pairs[:, 1] - pairs[:, 1].mean()
    varied = float(inside @ inside)
    return float(inside @ outside) / varied if varied > RESOLUTION * len(pairs) else None
