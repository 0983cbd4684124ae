"""Folds over labels that last: purged and embargoed K-fold, combinatorial purged folds with their paths, walk-forward.

Each splitter knows when every row's label begins and ends, and has `split(X, y, groups)` and `get_n_splits` as
scikit-learn's have, so that `cross_val_score(model, X, y, cv=PurgedKFold(...))` works.

Promises: test sets are whole stretches of time, rows of one time in one block; no training label overlaps a test
block's time, nor begins within the embargo after it; every fold is checked before it is handed out (MODEL_LEAK); the
same intervals give the same folds. Never: shuffles, counts rows instead of times, looks at what a label says.
Source: Lopez de Prado, Advances in Financial Machine Learning (2018), ch. 7 and 12.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.models.validation import WalkForwardConfig, check_rows, walk_forward

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

SPLITS_MAX = 20_000


@dataclass(frozen=True)
class Intervals:
    """When each row's label begins (its prediction) and ends, R each, UTC nanoseconds or any whole numbers.

    Raises MODEL_SHAPE, MODEL_TOO_FEW_ROWS, MODEL_BAD_FOLDS for labels that end before they begin.
    """

    start: IntArray
    end: IntArray

    def __post_init__(self) -> None:
        check_rows(self.start, self.end)

    @classmethod
    def of(cls, start: ArrayLike, end: ArrayLike) -> Intervals:
        """From whole numbers, datetime64, or pandas times; dates mean their midnight.

        >>> Intervals.of([1, 2], [3, 4]).end.tolist()
        [3, 4]
        """
        return cls(_times(start), _times(end))

    def __len__(self) -> int:
        return int(self.start.size)

    def blocks(self, count: int) -> list[IntArray]:
        """Rows of `count` stretches of time, as equal as they can be in different times; MODEL_BAD_FOLDS."""
        times = np.unique(self.start)
        if not 2 <= count <= times.size:
            raise problem("MODEL_BAD_FOLDS", f"{count} blocks of {times.size} times; at least 2, at most the times")
        firsts = [int(part[0]) for part in np.array_split(times, count)]
        number = np.searchsorted(firsts, self.start, side="right") - 1
        return [np.flatnonzero(number == block) for block in range(count)]

    def span(self, rows: IntArray) -> tuple[int, int]:
        """From the first beginning to the last end of these rows' labels."""
        return int(self.start[rows].min()), int(self.end[rows].max())

    def clear_of(self, spans: Sequence[tuple[int, int]], embargo: int) -> NDArray[np.bool_]:
        """Which rows' labels touch none of the spans, and begin in no embargo after one."""
        clear = np.ones(len(self), dtype=bool)
        for first, last in spans:
            clear &= (self.end < first) | (self.start > last + embargo)
        return clear


class PurgedFolds(ABC):
    """What the splitters share: intervals, an embargo, and folds that are checked before they are handed out."""

    def __init__(self, start: ArrayLike, end: ArrayLike, *, embargo: int = 0) -> None:
        self.intervals = Intervals.of(start, end)
        if isinstance(embargo, bool) or embargo < 0:
            raise problem("RUN_CONFIG", f"embargo {embargo!r}; nanoseconds, at least 0")
        self.embargo = int(embargo)

    @abstractmethod
    def _folds(self) -> Iterator[tuple[IntArray, IntArray]]:
        """Training rows and test rows of each fold."""

    @abstractmethod
    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many folds there are; the arguments are not looked at."""

    def split(self, X: Any = None, y: Any = None, groups: Any = None) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield (training rows, test rows) of each fold.

        X: only its number of rows is looked at; y and groups are not. Raises MODEL_SHAPE for another number of rows
        than intervals, MODEL_TOO_FEW_ROWS for a fold with nothing to train on.
        """
        rows = None if X is None else X.shape[0] if hasattr(X, "shape") else len(X)
        if rows is not None and rows != len(self.intervals):
            raise problem("MODEL_SHAPE", f"{rows} rows, {len(self.intervals)} intervals")
        for number, (train, test) in enumerate(self._folds()):
            if not train.size:
                raise problem("MODEL_TOO_FEW_ROWS", f"fold {number}: no label lies clear of the test and its embargo")
            require_apart(self.intervals, train, test, embargo=self.embargo)
            yield train, test

    def _around(self, blocks: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
        """The fold that tests these blocks: what is clear of them, and their rows."""
        clear = self.intervals.clear_of([self.intervals.span(block) for block in blocks], self.embargo)
        return np.flatnonzero(clear), np.sort(np.concatenate(blocks))


class PurgedKFold(PurgedFolds):
    """K folds; each stretch of time is the test once, and the rest, purged and embargoed, the training.

    start, end: when each row's label begins and ends (R; UTC nanoseconds, or times). embargo: nanoseconds after a test
    stretch in which no training label may begin. Raises as `Intervals`, RUN_CONFIG.

    >>> days = np.arange(8)
    >>> [(train.tolist(), test.tolist()) for train, test in PurgedKFold(days, days + 1, n_splits=4, embargo=1).split()]
    [([4, 5, 6, 7], [0, 1]), ([0, 6, 7], [2, 3]), ([0, 1, 2], [4, 5]), ([0, 1, 2, 3, 4], [6, 7])]
    """

    def __init__(self, start: ArrayLike, end: ArrayLike, *, n_splits: int = 5, embargo: int = 0) -> None:
        super().__init__(start, end, embargo=embargo)
        self.n_splits = n_splits
        self._blocks = self.intervals.blocks(n_splits)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many folds there are."""
        return self.n_splits

    def _folds(self) -> Iterator[tuple[IntArray, IntArray]]:
        return (self._around([block]) for block in self._blocks)


class CombinatorialPurgedFolds(PurgedFolds):
    """Every choice of `n_test_blocks` of `n_blocks` stretches of time is the test once (CPCV).

    The C(N, k) folds together test each row C(N-1, k-1) times, so their forecasts make so many whole paths through
    time: as many backtests of one strategy, each out of sample throughout. Arguments as `PurgedKFold`.

    >>> folds = CombinatorialPurgedFolds(np.arange(12), np.arange(12), n_blocks=6, n_test_blocks=2)
    >>> folds.get_n_splits(), folds.n_paths
    (15, 5)
    """

    def __init__(
        self, start: ArrayLike, end: ArrayLike, *, n_blocks: int = 6, n_test_blocks: int = 2, embargo: int = 0
    ) -> None:
        super().__init__(start, end, embargo=embargo)
        if not 1 <= n_test_blocks < n_blocks or math.comb(n_blocks, n_test_blocks) > SPLITS_MAX:
            raise problem(
                "MODEL_BAD_FOLDS",
                f"{n_test_blocks} test blocks of {n_blocks}; at least 1, fewer than all, at most {SPLITS_MAX:,} folds",
            )
        self.n_blocks, self.n_test_blocks = n_blocks, n_test_blocks
        self._blocks = self.intervals.blocks(n_blocks)

    @property
    def n_paths(self) -> int:
        """How many paths the folds make: C(N-1, k-1)."""
        return math.comb(self.n_blocks - 1, self.n_test_blocks - 1)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many folds there are: C(N, k)."""
        return math.comb(self.n_blocks, self.n_test_blocks)

    def _folds(self) -> Iterator[tuple[IntArray, IntArray]]:
        for chosen in combinations(range(self.n_blocks), self.n_test_blocks):
            yield self._around([self._blocks[block] for block in chosen])

    def path_numbers(self) -> IntArray:
        """Folds x blocks: the path that a fold's forecasts of a block belong to, -1 where it does not test it.

        >>> CombinatorialPurgedFolds(np.arange(4), np.arange(4), n_blocks=4).path_numbers().tolist()[:3]
        [[0, 0, -1, -1], [1, -1, 0, -1], [2, -1, -1, 0]]
        """
        numbers = np.full((self.get_n_splits(), self.n_blocks), -1, dtype=np.int64)
        used = np.zeros(self.n_blocks, dtype=np.int64)
        for fold, chosen in enumerate(combinations(range(self.n_blocks), self.n_test_blocks)):
            tested = list(chosen)
            numbers[fold, tested] = used[tested]
            used[tested] += 1
        return numbers

    def paths(self, forecasts: Sequence[ArrayLike]) -> FloatArray:
        """Paths x R forecasts, from one array a fold, in the order of `split`, with a forecast for each test row.

        Raises MODEL_SHAPE where a fold's forecasts do not fit its test rows.
        """
        if len(forecasts) != self.get_n_splits():
            raise problem("MODEL_SHAPE", f"forecasts of {len(forecasts)} folds; {self.get_n_splits()}")
        found = np.full((self.n_paths, len(self.intervals)), np.nan)
        numbers = self.path_numbers()
        for fold, blocks in enumerate(combinations(range(self.n_blocks), self.n_test_blocks)):
            rows = np.sort(np.concatenate([self._blocks[block] for block in blocks]))
            values = np.asarray(forecasts[fold], dtype=np.float64)
            if values.shape != rows.shape:
                raise problem("MODEL_SHAPE", f"fold {fold}: forecasts {values.shape}, test rows {rows.shape}")
            for block in blocks:
                own = self._blocks[block]
                found[numbers[fold, block], own] = values[np.searchsorted(rows, own)]
        return found


class WalkForwardFolds(PurgedFolds):
    """`walk_forward` as a splitter: trains on the past only, tests on what followed, moves on.

    start, end: as `PurgedKFold`; config: when to test, and how often to train again (its embargo counts).

    >>> config = WalkForwardConfig(test_from_ns=6, retrain_every_ns=2, train_rows_min=1)
    >>> days = np.arange(10)
    >>> [(train.tolist(), test.tolist()) for train, test in WalkForwardFolds(days, days + 2, config).split()]
    [([0, 1, 2, 3], [6, 7]), ([0, 1, 2, 3, 4, 5], [8, 9])]
    """

    def __init__(self, start: ArrayLike, end: ArrayLike, config: WalkForwardConfig) -> None:
        super().__init__(start, end, embargo=config.embargo_ns)
        self.config = config

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many test periods have rows."""
        return sum(1 for _ in self._folds())

    def _folds(self) -> Iterator[tuple[IntArray, IntArray]]:
        for fold in walk_forward(self.intervals.start, self.intervals.end, self.config):
            if fold.test_rows.size:
                yield fold.train_rows, fold.test_rows


def require_apart(intervals: Intervals, train: IntArray, test: IntArray, *, embargo: int = 0) -> None:
    """Raise MODEL_LEAK, naming the row, if a training label overlaps a test label or begins in its embargo."""
    order = test[np.argsort(intervals.start[test], kind="stable")]
    latest_end = np.maximum.accumulate(intervals.end[order])
    # Of the test labels that begin before a training label ends, the one that ends last is the one it may touch.
    before = np.searchsorted(intervals.start[order], intervals.end[train], side="right") - 1
    touched = (before >= 0) & (latest_end[np.maximum(before, 0)] + embargo >= intervals.start[train])
    if touched.any():
        row = int(train[np.argmax(touched)])
        lasts = f"its label lasts from {intervals.start[row]} to {intervals.end[row]}"
        raise problem("MODEL_LEAK", f"training row {row} touches the test: {lasts}, embargo {embargo}")


def _times(values: ArrayLike) -> IntArray:
    """Whole numbers as they are, times as UTC nanoseconds."""
    array = np.asarray(values)
    if array.dtype.kind == "O":
        import pandas as pd

        return np.asarray(pd.DatetimeIndex(array).as_unit("ns").asi8, dtype=np.int64)
    if array.dtype.kind == "M":
        return np.asarray(array.astype("datetime64[ns]").astype(np.int64))
    if array.dtype.kind not in "iu":
        raise problem("MODEL_SHAPE", f"label times are {array.dtype}; whole numbers or times")
    return array.astype(np.int64)
