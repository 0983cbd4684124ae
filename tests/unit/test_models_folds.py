"""Purged folds as scikit-learn knows them, and what they refuse."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.models.folds import CombinatorialPurgedFolds, Intervals, PurgedKFold, require_apart

DAYS = np.arange(40, dtype=np.int64)


def test_the_embargo_stands_behind_a_test_stretch_and_the_purge_on_both_sides() -> None:
    """Labels of three days, an embargo of two: three rows go before the test, five after it."""
    folds = list(PurgedKFold(DAYS, DAYS + 3, n_splits=4, embargo=2).split())
    train, test = folds[1]
    assert test.tolist() == list(range(10, 20))
    assert train.tolist() == [*range(7), *range(25, 40)]


def test_times_of_pandas_and_numpy_give_the_same_folds() -> None:
    """Dates with and without a zone, datetime64 and nanoseconds."""
    index = pd.date_range("2024-01-01", periods=40)
    ends = index + pd.Timedelta(days=3)
    day = 86_400 * 10**9
    wanted = [test.tolist() for _, test in PurgedKFold(DAYS * day, (DAYS + 3) * day, n_splits=4).split()]
    for start, end in (
        (index, ends),
        (index.tz_localize("UTC"), ends.tz_localize("UTC")),
        (pd.Series(index.tz_localize("UTC")), pd.Series(ends.tz_localize("UTC"))),
        (index.to_numpy().astype("datetime64[s]"), ends.to_numpy()),
    ):
        assert [test.tolist() for _, test in PurgedKFold(start, end, n_splits=4).split()] == wanted


@pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="scikit-learn is not installed")
def test_scikit_learn_takes_the_splitters() -> None:
    """`cross_val_score` and a grid search run on them; a model that learns labels by heart is unmasked.

    A label is the sum of the next ten numbers, so neighbours share nine of them: a nearest neighbour in time scores
    well where rows are shuffled, and not where overlapping labels are purged.
    """
    from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
    from sklearn.neighbors import KNeighborsRegressor

    shocks = np.random.default_rng(1).normal(size=411)
    label = np.convolve(shocks, np.ones(10), mode="valid")[:400]
    time = np.arange(400, dtype=np.int64)
    table = time.reshape(-1, 1).astype(float)
    model = KNeighborsRegressor(n_neighbors=1)
    purged = PurgedKFold(time, time + 9, n_splits=5)
    honest = cross_val_score(model, table, label, cv=purged).mean()
    fooled = cross_val_score(model, table, label, cv=KFold(5, shuffle=True, random_state=0)).mean()
    assert fooled > 0.5
    assert honest < 0.0
    combinatorial = CombinatorialPurgedFolds(time, time + 9)
    assert len(cross_val_score(model, table, label, cv=combinatorial)) == 15
    search = GridSearchCV(model, {"n_neighbors": [1, 5]}, cv=purged).fit(table, label)
    assert search.n_splits_ == 5


@pytest.mark.skipif(importlib.util.find_spec("skfolio") is None, reason="skfolio is not installed")
@pytest.mark.filterwarnings("ignore")
def test_combinatorial_folds_and_their_paths_are_another_librarys() -> None:
    """Where labels have one length, purging by rows and by times is the same: folds and paths agree with skfolio's."""
    from skfolio.model_selection import CombinatorialPurgedCV

    theirs = CombinatorialPurgedCV(n_folds=6, n_test_folds=2, purged_size=3, embargo_size=0)
    ours = CombinatorialPurgedFolds(np.arange(60), np.arange(60) + 3)
    for (train, test), (other_train, other_test) in zip(ours.split(), theirs.split(np.zeros((60, 1))), strict=True):
        assert train.tolist() == other_train.tolist()
        assert test.tolist() == np.concatenate(other_test).tolist()
    assert ours.n_paths == theirs.n_test_paths
    numbers = ours.path_numbers()
    assert [row[row >= 0].tolist() for row in numbers] == theirs.get_path_ids().tolist()


def test_forecasts_of_folds_become_paths() -> None:
    """Each fold's forecasts stand at its test rows, on the path that its block belongs to."""
    folds = CombinatorialPurgedFolds(DAYS, DAYS, n_blocks=4, n_test_blocks=2)
    forecasts = [test * 10.0 for _, test in folds.split()]
    assert folds.paths(forecasts).tolist() == [(DAYS * 10.0).tolist()] * 3
    with pytest.raises(HedgerowError, match=r"MODEL-006.*5 folds; 6"):
        folds.paths(forecasts[:5])
    with pytest.raises(HedgerowError, match=r"MODEL-006.*fold 1"):
        folds.paths([forecasts[0], forecasts[1][:3], *forecasts[2:]])


def test_a_leak_is_named_by_its_row() -> None:
    """A training label that ends in the test, one that begins in the embargo, and a row on both sides."""
    intervals = Intervals.of(DAYS, DAYS + 1)
    require_apart(intervals, np.array([1, 9]), np.array([3, 4, 5]), embargo=2)
    for train, row in (([0, 2], 2), ([1, 8], 8), ([4], 4)):
        with pytest.raises(HedgerowError, match=rf"MODEL-003.*training row {row} touches"):
            require_apart(intervals, np.array(train), np.array([3, 4, 5]), embargo=2)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: PurgedKFold(DAYS, DAYS, n_splits=1), "MODEL-005"),
        (lambda: PurgedKFold(DAYS, DAYS, embargo=-1), "RUN-002.*embargo -1"),
        (lambda: PurgedKFold(DAYS, DAYS - 1), "MODEL-005.*before its prediction"),
        (lambda: PurgedKFold(DAYS, DAYS[:3]), "MODEL-006"),
        (lambda: PurgedKFold(DAYS * 1.5, DAYS), "MODEL-006.*float64"),
        (lambda: PurgedKFold([], []), "MODEL-0"),
        (lambda: list(PurgedKFold(DAYS, DAYS).split(np.zeros((3, 1)))), "MODEL-006.*3 rows, 40 intervals"),
        (lambda: list(PurgedKFold(DAYS, DAYS + 50).split()), "MODEL-001.*fold 0"),
        (lambda: CombinatorialPurgedFolds(DAYS, DAYS, n_blocks=4, n_test_blocks=4), "MODEL-005"),
        (lambda: CombinatorialPurgedFolds(DAYS, DAYS, n_blocks=30, n_test_blocks=15), "MODEL-005.*20,000"),
    ],
)
def test_folds_that_cannot_be_are_named_errors(make: object, says: str) -> None:
    """One fold, labels that end before they begin, rows that do not match, nothing left to train on."""
    with pytest.raises(HedgerowError, match=says):
        make()  # type: ignore[operator]
