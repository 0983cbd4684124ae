"""No training label of any fold overlaps a test label, embargo included; nothing that could train is left out."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedgerow.core.errors import ModelError
from hedgerow.models.folds import CombinatorialPurgedFolds, Intervals, PurgedFolds, PurgedKFold, WalkForwardFolds
from hedgerow.models.validation import WalkForwardConfig

starts = st.lists(st.integers(0, 60), min_size=12, max_size=60).map(lambda times: np.array(times, dtype=np.int64))


@st.composite
def labels(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Rows in any order, several at one time, labels of unequal length, some of none."""
    start = draw(starts.filter(lambda times: len(np.unique(times)) >= 8))
    length = draw(st.lists(st.integers(0, 9), min_size=len(start), max_size=len(start)))
    return start, start + np.array(length, dtype=np.int64)


def overlaps(start: np.ndarray, end: np.ndarray, train: int, test: int, embargo: int) -> bool:
    """The definition: the training label and the test label, the embargo behind it, share a moment."""
    return bool(start[train] <= end[test] + embargo and end[train] >= start[test])


def splits(folds: PurgedFolds) -> list[tuple[np.ndarray, np.ndarray]]:
    """All folds, or none where purging leaves nothing to train on."""
    try:
        return list(folds.split())
    except ModelError as error:
        if error.row.name != "MODEL_TOO_FEW_ROWS":
            raise
        return []


@settings(max_examples=60)
@given(labels(), st.integers(2, 5), st.integers(0, 12))
def test_no_label_of_a_purged_fold_reaches_into_its_test(
    label: tuple[np.ndarray, np.ndarray], count: int, embargo: int
) -> None:
    """Every pair of rows by the definition; and what lies clear of the whole test stretch is trained on."""
    start, end = label
    for train, test in splits(PurgedKFold(start, end, n_splits=count, embargo=embargo)):
        assert not any(overlaps(start, end, a, b, embargo) for a in train for b in test)
        first, last = start[test].min(), end[test].max()
        for row in set(range(len(start))) - set(train.tolist()):
            assert end[row] >= first
            assert start[row] <= last + embargo


@settings(max_examples=60)
@given(labels(), st.integers(2, 6))
def test_every_row_is_tested_once_and_rows_of_one_time_together(
    label: tuple[np.ndarray, np.ndarray], count: int
) -> None:
    """Test stretches are a partition in order of time."""
    start, end = label
    blocks = Intervals.of(start, end).blocks(count)
    assert sorted(np.concatenate(blocks).tolist()) == list(range(len(start)))
    assert all(start[left].max() < start[right].min() for left, right in pairwise(blocks))


@settings(max_examples=40)
@given(labels(), st.integers(3, 6), st.integers(1, 3), st.integers(0, 4))
def test_combinatorial_folds_are_clean_and_make_as_many_paths_as_the_formula(
    label: tuple[np.ndarray, np.ndarray], count: int, tested: int, embargo: int
) -> None:
    """C(N, k) folds, C(N-1, k-1) paths, each row once on each path, out of sample there."""
    start, end = label
    tested = min(tested, count - 1)
    folds = CombinatorialPurgedFolds(start, end, n_blocks=count, n_test_blocks=tested, embargo=embargo)
    assert folds.get_n_splits() == math.comb(count, tested)
    assert folds.n_paths == math.comb(count - 1, tested - 1) == math.comb(count, tested) * tested // count
    numbers = folds.path_numbers()
    for block in range(count):
        assert sorted(numbers[:, block][numbers[:, block] >= 0].tolist()) == list(range(folds.n_paths))
    found = splits(folds)
    for train, test in found:
        assert not any(overlaps(start, end, a, b, embargo) for a in train for b in test)
    if found:
        marked = folds.paths([np.full(len(test), number) for number, (_, test) in enumerate(found)])
        assert marked.shape == (folds.n_paths, len(start))
        for path in marked:
            assert all(row in found[int(fold)][1] for row, fold in enumerate(path))
        for row in range(len(start)):
            assert len(set(marked[:, row].tolist())) == folds.n_paths


@settings(max_examples=40)
@given(labels(), st.integers(0, 6), st.integers(3, 15))
def test_walking_forward_trains_on_the_past_alone(
    label: tuple[np.ndarray, np.ndarray], embargo: int, every: int
) -> None:
    """All training labels ended, embargo included, before the first test row."""
    start, end = label
    config = WalkForwardConfig(
        test_from_ns=int(np.median(start)), retrain_every_ns=every, embargo_ns=embargo, train_rows_min=1
    )
    folds = WalkForwardFolds(start, end, config)
    found = splits(folds)
    for train, test in found:
        assert end[train].max() + embargo < start[test].min()
    if found:
        assert folds.get_n_splits() == len(found)


def test_more_folds_than_times_are_refused() -> None:
    """Three times carry three blocks."""
    with pytest.raises(ModelError, match=r"MODEL-005.*4 blocks of 3 times"):
        PurgedKFold([1, 2, 3, 3], [2, 3, 4, 5], n_splits=4)
