"""Walk-forward folds: purged by the times labels end, checked against a brute-force twin, refused when they leak."""

from __future__ import annotations

import numpy as np
import pytest

from hedgerow.core.errors import ModelError, RunError
from hedgerow.models.validation import Fold, WalkForwardConfig, holdout, require_no_leak, walk_forward


def brute_force(prediction, label_end, config):
    """The definition, row by row: (train rows, test rows) of each fold."""
    start, folds = config.test_from_ns, []
    while start <= prediction.max():
        end = start + config.retrain_every_ns
        train, test = [], []
        for row in range(len(prediction)):
            if start <= prediction[row] < end:
                test.append(row)
            old_enough = config.train_span_ns is None or prediction[row] >= start - config.train_span_ns
            if prediction[row] < start and old_enough and label_end[row] + config.embargo_ns < start:
                train.append(row)
        folds.append((train, test))
        start = end
    return folds


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("span", [None, 40])
@pytest.mark.parametrize("embargo", [0, 5])
def test_folds_equal_the_definition_applied_row_by_row(seed, span, embargo):
    """Irregular times and labels of unequal length, expanding and rolling, with and without embargo."""
    rng = np.random.default_rng(seed)
    prediction = np.sort(rng.integers(0, 100, 120))
    label_end = prediction + rng.integers(0, 20, 120)
    config = WalkForwardConfig(
        test_from_ns=60, retrain_every_ns=15, train_span_ns=span, embargo_ns=embargo, train_rows_min=1
    )
    found = [(f.train_rows.tolist(), f.test_rows.tolist()) for f in walk_forward(prediction, label_end, config)]
    assert found == brute_force(prediction, label_end, config)


def test_purging_goes_by_label_end_times_and_not_by_counting_rows():
    """One early row with a very long label is dropped while later rows with short labels stay."""
    prediction = np.arange(10, dtype=np.int64)
    label_end = prediction + 1
    label_end[2] = 9
    config = WalkForwardConfig(test_from_ns=8, retrain_every_ns=10, train_rows_min=1)
    (fold,) = walk_forward(prediction, label_end, config)
    assert fold.train_rows.tolist() == [0, 1, 3, 4, 5, 6]
    assert (fold.purged, fold.train_to_ns) == (2, 7)


def test_every_test_row_is_tested_exactly_once():
    """Test periods neither overlap nor leave a gap."""
    prediction = np.repeat(np.arange(50, dtype=np.int64), 3)
    config = WalkForwardConfig(test_from_ns=20, retrain_every_ns=7, train_rows_min=1)
    tested = np.concatenate([f.test_rows for f in walk_forward(prediction, prediction + 2, config)])
    assert tested.tolist() == np.flatnonzero(prediction >= 20).tolist()


def test_the_last_test_period_can_reach_beyond_the_last_label():
    """Days without a label yet are the ones a live model is asked about."""
    prediction = np.arange(10, dtype=np.int64)
    config = WalkForwardConfig(test_from_ns=8, retrain_every_ns=2, train_rows_min=1)
    folds = list(walk_forward(prediction, prediction, config, last_ns=13))
    assert [(f.test_from_ns, f.test_to_ns) for f in folds] == [(8, 10), (10, 12), (12, 14)]
    assert folds[-1].test_rows.tolist() == []


def test_a_fold_that_leaks_is_refused_and_the_row_is_named():
    """A training label that ends in the test period, and a row on both sides."""
    prediction = np.arange(6, dtype=np.int64)
    fold = Fold(
        number=3,
        train_rows=np.array([0, 1, 2, 3]),
        test_rows=np.array([4, 5]),
        train_from_ns=0,
        train_to_ns=3,
        test_from_ns=4,
        test_to_ns=6,
        purged=0,
    )
    require_no_leak(prediction, prediction, fold)
    with pytest.raises(ModelError, match=r"MODEL-003.*fold 3: row 2 has a label open"):
        require_no_leak(prediction, prediction + 2, fold)
    with pytest.raises(ModelError, match=r"MODEL-003.*row 3 has a label open.*embargo 1 ns"):
        require_no_leak(prediction, prediction, fold, embargo_ns=1)
    both = Fold(**{**vars(fold), "test_rows": np.array([3, 4])})
    with pytest.raises(ModelError, match="row 3 is tested before the test period"):
        require_no_leak(prediction, prediction, both)
    twice = Fold(**{**vars(fold), "train_rows": np.array([4]), "test_rows": np.array([4])})
    with pytest.raises(ModelError, match="row 4 is trained on and tested"):
        require_no_leak(prediction, prediction - 3, twice)


def test_a_holdout_is_the_latest_share_of_times_with_open_labels_purged():
    """Eight times, a quarter held out: rows whose label ends at or after time 6 are in neither part."""
    prediction = np.repeat(np.arange(8, dtype=np.int64), 2)
    train, held = holdout(prediction, prediction + 2, share=0.25)
    assert prediction[train].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert prediction[held].tolist() == [6, 6, 7, 7]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda t: list(walk_forward(t, t, WalkForwardConfig(test_from_ns=99))), ModelError, "MODEL-005"),
        (
            lambda t: list(walk_forward(t, t, WalkForwardConfig(test_from_ns=5))),
            ModelError,
            "MODEL-001.*5 training rows",
        ),
        (lambda t: list(walk_forward(t, t - 1, WalkForwardConfig(test_from_ns=5))), ModelError, "MODEL-005.*row 0"),
        (lambda t: list(walk_forward(t, t[:3], WalkForwardConfig(test_from_ns=5))), ModelError, "MODEL-006"),
        (
            lambda t: list(walk_forward(t[:0], t[:0], WalkForwardConfig(test_from_ns=5))),
            ModelError,
            "MODEL-001.*0 rows",
        ),
        (lambda t: holdout(t, t + 50, share=0.5), ModelError, "MODEL-005.*no label ends before"),
        (lambda t: holdout(t[:1], t[:1], share=0.5), ModelError, "MODEL-005"),
        (lambda t: WalkForwardConfig(test_from_ns=0, retrain_every_ns=0), RunError, "retrain_every_ns 0"),
        (lambda t: WalkForwardConfig(test_from_ns=0, train_span_ns=0), RunError, "train_span_ns 0"),
    ],
)
def test_folds_that_do_not_fit_are_named_errors(call, error, says):
    """Too late a start, too few rows, labels that end before they begin, impossible settings."""
    with pytest.raises(error, match=says):
        call(np.arange(10, dtype=np.int64))
