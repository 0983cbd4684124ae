"""Walk-forward folds: train on the past, test on what came next, with purging by label end times and an embargo.

Promises: no training label of a fold was still open, or within `embargo_ns` of being open, when its test period
began; every fold is checked before it is handed out (MODEL_LEAK). Purging by counting rows is wrong as soon as labels
have different lengths (holidays, events), so times decide. Source: Lopez de Prado, Advances in Financial Machine
Learning (2018), ch. 7. Never shuffles, never looks at a feature or a label's value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    IntArray = NDArray[np.int64]

YEAR_NS = 31_556_952_000_000_000  # the mean Gregorian year, 365.2425 days


@dataclass(frozen=True, kw_only=True)
class WalkForwardConfig:
    """When to start testing, how often to train again, and what to keep out.

    test_from_ns: start of the first test period, UTC nanoseconds; earlier rows are only ever trained on.
    test_to_ns: end (exclusive) of the last one; None means the end of the rows.
    retrain_every_ns: length of a test period; shorter follows the market more closely and costs more training.
    train_span_ns: None keeps all history (expanding); a span forgets what is older (rolling).
    embargo_ns: extra time between the last training label and the test period, for effects that outlast labels.
    train_rows_min: a fold with fewer training rows is refused, not trained on.
    """

    test_from_ns: int
    test_to_ns: int | None = None
    retrain_every_ns: int = YEAR_NS
    train_span_ns: int | None = None
    embargo_ns: int = 0
    train_rows_min: int = 500

    def __post_init__(self) -> None:
        if self.retrain_every_ns <= 0 or self.embargo_ns < 0 or self.train_rows_min < 1:
            raise problem(
                "RUN_CONFIG",
                f"retrain_every_ns {self.retrain_every_ns}, embargo_ns {self.embargo_ns}, "
                f"train_rows_min {self.train_rows_min}; the first and last are positive, the embargo not negative",
            )
        if self.train_span_ns is not None and self.train_span_ns <= 0:
            raise problem("RUN_CONFIG", f"train_span_ns {self.train_span_ns}; a span is positive, None is all history")


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One training set and the test period after it; `purged` rows were left out as their labels reached into it."""

    number: int
    train_rows: IntArray
    test_rows: IntArray
    train_from_ns: int
    train_to_ns: int
    test_from_ns: int
    test_to_ns: int
    purged: int


def walk_forward(
    prediction_ns: IntArray, label_end_ns: IntArray, config: WalkForwardConfig, *, last_ns: int | None = None
) -> Iterator[Fold]:
    """Yield folds over rows that carry the time of their prediction and the time their label ended (both R, UTC ns).

    last_ns: the last time to forecast, when that is later than the last row with a label.
    Raises MODEL_BAD_FOLDS when no fold fits, MODEL_TOO_FEW_ROWS when a fold has too little to train on.

    >>> times = np.arange(10, dtype=np.int64)
    >>> config = WalkForwardConfig(test_from_ns=6, retrain_every_ns=2, train_rows_min=1)
    >>> [(f.train_rows.tolist(), f.test_rows.tolist()) for f in walk_forward(times, times + 2, config)]
    [([0, 1, 2, 3], [6, 7]), ([0, 1, 2, 3, 4, 5], [8, 9])]
    """
    check_rows(prediction_ns, label_end_ns)
    last = int(prediction_ns.max()) if last_ns is None else last_ns
    for number, (test_from_ns, test_to_ns) in enumerate(periods_to_test(last, config)):
        test_rows = np.flatnonzero((prediction_ns >= test_from_ns) & (prediction_ns < test_to_ns))
        past = prediction_ns < test_from_ns
        if config.train_span_ns is not None:
            past &= prediction_ns >= test_from_ns - config.train_span_ns
        closed = label_end_ns + config.embargo_ns < test_from_ns
        train_rows = np.flatnonzero(past & closed)
        if len(train_rows) < config.train_rows_min:
            seen = f"fold {number} has {len(train_rows)} training rows before {np.datetime64(test_from_ns, 'ns')}"
            raise problem("MODEL_TOO_FEW_ROWS", f"{seen}, at least {config.train_rows_min} are wanted")
        fold = Fold(
            number=number,
            train_rows=train_rows,
            test_rows=test_rows,
            train_from_ns=int(prediction_ns[train_rows].min()),
            train_to_ns=int(label_end_ns[train_rows].max()),
            test_from_ns=test_from_ns,
            test_to_ns=test_to_ns,
            purged=int((past & ~closed).sum()),
        )
        require_no_leak(prediction_ns, label_end_ns, fold, embargo_ns=config.embargo_ns)
        yield fold


def periods_to_test(last_ns: int, config: WalkForwardConfig) -> list[tuple[int, int]]:
    """Test periods [from, to) that cover `test_from_ns` up to and including `last_ns`."""
    end_ns = last_ns + 1 if config.test_to_ns is None else min(config.test_to_ns, last_ns + 1)
    starts = range(config.test_from_ns, end_ns, config.retrain_every_ns)
    if not starts:
        first, last = (np.datetime64(t, "ns") for t in (config.test_from_ns, last_ns))
        raise problem("MODEL_BAD_FOLDS", f"testing starts at {first}, the last row is at {last}")
    return [(start, min(start + config.retrain_every_ns, end_ns)) for start in starts]


def holdout(
    prediction_ns: IntArray, label_end_ns: IntArray, *, share: float, embargo_ns: int = 0
) -> tuple[IntArray, IntArray]:
    """Split rows once by time: (train rows, validation rows), the last `share` of the distinct times held out, purged.

    Raises MODEL_BAD_FOLDS when a side would be empty.
    """
    times = np.unique(prediction_ns)
    cut = int(len(times) * (1.0 - share))
    if not 0 < cut < len(times):
        raise problem("MODEL_BAD_FOLDS", f"{len(times)} times cannot hold out a share of {share}")
    start_ns = int(times[cut])
    train_rows = np.flatnonzero(label_end_ns + embargo_ns < start_ns)
    if len(train_rows) == 0:
        raise problem("MODEL_BAD_FOLDS", f"no label ends before the holdout starts at {np.datetime64(start_ns, 'ns')}")
    return train_rows, np.flatnonzero(prediction_ns >= start_ns)


def require_no_leak(prediction_ns: IntArray, label_end_ns: IntArray, fold: Fold, *, embargo_ns: int = 0) -> None:
    """Raise MODEL_LEAK, naming the row, if a training row's label was open (plus embargo) when the test began."""
    late = fold.train_rows[label_end_ns[fold.train_rows] + embargo_ns >= fold.test_from_ns]
    early = fold.test_rows[prediction_ns[fold.test_rows] < fold.test_from_ns]
    shared = np.intersect1d(fold.train_rows, fold.test_rows)
    for rows, what in ((late, "has a label open in the test period"), (early, "is tested before the test period")):
        if len(rows):
            row = int(rows[0])
            ended = np.datetime64(int(label_end_ns[row]), "ns")
            raise problem(
                "MODEL_LEAK",
                f"fold {fold.number}: row {row} {what}: its label ends {ended}, "
                f"the test begins {np.datetime64(fold.test_from_ns, 'ns')}, embargo {embargo_ns} ns",
            )
    if len(shared):
        raise problem("MODEL_LEAK", f"fold {fold.number}: row {int(shared[0])} is trained on and tested")


def check_rows(prediction_ns: IntArray, label_end_ns: IntArray) -> None:
    """Raise MODEL_SHAPE, MODEL_TOO_FEW_ROWS or MODEL_BAD_FOLDS unless every label ends at or after its prediction."""
    if prediction_ns.shape != label_end_ns.shape or prediction_ns.ndim != 1:
        raise problem("MODEL_SHAPE", f"prediction times {prediction_ns.shape}, label end times {label_end_ns.shape}")
    if len(prediction_ns) == 0:
        raise problem("MODEL_TOO_FEW_ROWS", "0 rows")
    backwards = np.flatnonzero(label_end_ns < prediction_ns)
    if len(backwards):
        row = int(backwards[0])
        raise problem(
            "MODEL_BAD_FOLDS",
            f"row {row}: its label ends {label_end_ns[row]}, before its prediction {prediction_ns[row]}",
        )
