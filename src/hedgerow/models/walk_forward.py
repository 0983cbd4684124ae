"""The whole research loop on given features: choose a variant, train, forecast what came next, move on, train again.

Promises: every forecast at time t comes from a model trained only on labels that had ended before its test period
began; every variant tried is counted in the trial ledger; equal inputs and seed give equal models and forecasts.
Never chooses a variant by its test period, and never forecasts where no model was in force (NaN there).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.models.boosting import Validation, train, validate
from hedgerow.models.boosting_config import BoostingConfig
from hedgerow.models.digests import digest
from hedgerow.models.panel import LabelConfig, Panel, build_panel
from hedgerow.models.trials import Variant
from hedgerow.models.validation import walk_forward

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hedgerow.models.model_version import ModelVersion
    from hedgerow.models.trials import TrialLedger
    from hedgerow.models.validation import Fold, WalkForwardConfig

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

# A small ladder from additive to deep; each step is one more trial to deflate by.
DEFAULT_VARIANTS: tuple[BoostingConfig, ...] = (
    BoostingConfig(leaves=4, trees=80),
    BoostingConfig(leaves=8, trees=100),
    BoostingConfig(leaves=16, trees=120, leaf_rows_min=400),
)


@dataclass(frozen=True, kw_only=True)
class TrainedFold:
    """One model and where it came from: what it was trained on, what it was tested on, what each variant scored.

    Times are UTC nanoseconds; train_to_ns is the end of the last label; the test period is [test_from_ns, test_to_ns).
    """

    number: int
    train_from_ns: int
    train_to_ns: int
    test_from_ns: int
    test_to_ns: int
    train_rows: int
    purged_rows: int
    variant: int
    variant_rank_ic: tuple[float, ...]
    model: ModelVersion


@dataclass(frozen=True, kw_only=True)
class WalkForwardResult:
    """Out-of-sample forecasts, T x N like the closes they came from, NaN where no model was in force.

    fold_of_time: T integers, the fold whose model made that row, -1 where none did.
    """

    expected_return: FloatArray
    uncertainty: FloatArray
    fold_of_time: IntArray
    folds: tuple[TrainedFold, ...]


def run_walk_forward(
    closes: FloatArray,
    features: FloatArray,
    *,
    times_ns: IntArray,
    instruments: Sequence[str],
    feature_names: Sequence[str],
    label: LabelConfig,
    split: WalkForwardConfig,
    trials: TrialLedger,
    seed: int,
    variants: Sequence[BoostingConfig] = DEFAULT_VARIANTS,
    family: str = "models",
) -> WalkForwardResult:
    """Train and forecast fold by fold; closes T x N, features T x N x F, times UTC nanoseconds.

    family: the strategy that the models are for; each variant tried on each training set is one of its trials.

    Raises MODEL_SHAPE, MODEL_NAN, MODEL_TOO_FEW_ROWS, MODEL_BAD_FOLDS, MODEL_LEAK, MODEL_MISSING_EXTRA, RUN_CONFIG.
    """
    if not variants:
        raise problem("RUN_CONFIG", "variants is empty; give at least one BoostingConfig")
    panel = build_panel(
        closes, features, times_ns=times_ns, instruments=instruments, feature_names=feature_names, config=label
    )
    expected, uncertainty = np.full(closes.shape, np.nan), np.full(closes.shape, np.nan)
    fold_of_time = np.full(len(times_ns), -1, dtype=np.int64)
    folds = []
    for fold in walk_forward(panel.prediction_ns, panel.label_end_ns, split, last_ns=int(times_ns[-1])):
        trained = _train_fold(panel, fold, variants, trials=trials, family=family, seed=seed)
        # Forecasts come from the features, not from panel rows: the last days have no label yet, and need one most.
        tested = np.flatnonzero((times_ns >= fold.test_from_ns) & (times_ns < fold.test_to_ns))
        expected[tested], uncertainty[tested] = trained.model.forecast_many(features[tested], instruments)
        fold_of_time[tested] = fold.number
        folds.append(trained)
    return WalkForwardResult(
        expected_return=expected, uncertainty=uncertainty, fold_of_time=fold_of_time, folds=tuple(folds)
    )


def leak_audit(
    compute: Callable[[FloatArray], FloatArray], data: FloatArray, *, cuts: Sequence[int], feature_names: Sequence[str]
) -> int:
    """Recompute features on data cut off after each row in `cuts`, and compare bit for bit with those of all data.

    compute: data (T x ...) to features (T x N x F). Returns how many values were compared.
    Raises MODEL_LOOK_AHEAD, naming the first feature that changes when the future is taken away.

    >>> closes = np.arange(1.0, 7.0)[:, None]
    >>> leak_audit(lambda c: c[:, :, None] * 2, closes, cuts=[3, 5], feature_names=["double"])
    8
    """
    whole = compute(data)
    compared = 0
    for cut in cuts:
        if not 0 < cut <= len(data):
            raise problem("MODEL_SHAPE", f"cut {cut}; data have {len(data)} rows")
        part, same_rows = compute(data[:cut].copy()), whole[:cut]
        if part.shape != same_rows.shape or part.shape[-1] != len(feature_names):
            seen = f"{part.shape} from {cut} rows, {same_rows.shape} from all, {len(feature_names)} names"
            raise problem("MODEL_SHAPE", f"features {seen}")
        changed = np.argwhere((part != same_rows) & ~(np.isnan(part) & np.isnan(same_rows)))
        if len(changed):
            time, column, name = changed[0]
            raise problem(
                "MODEL_LOOK_AHEAD",
                f"feature {feature_names[name]} of instrument {column} at row {time} is {whole[time, column, name]} "
                f"with all data, {part[time, column, name]} with data up to row {cut - 1}",
            )
        compared += part.size
    return compared


def _train_fold(
    panel: Panel, fold: Fold, variants: Sequence[BoostingConfig], *, trials: TrialLedger, family: str, seed: int
) -> TrainedFold:
    """Try each variant inside the training rows, count it, and train the best on all of them."""
    rows = panel.take(fold.train_rows)
    data = rows.digest().hex()
    measured: list[Validation] = []
    for config in variants:
        measured.append(validate(rows, config, seed=seed))
        recipe = digest([config, seed]).hex()
        variant = Variant(family, recipe, recipe, data, fold.train_from_ns, fold.train_to_ns)
        trials.record(variant, {"rank_ic": measured[-1].rank_ic})
    best = max(range(len(variants)), key=lambda v: measured[v].rank_ic)
    return TrainedFold(
        number=fold.number,
        train_from_ns=fold.train_from_ns,
        train_to_ns=fold.train_to_ns,
        test_from_ns=fold.test_from_ns,
        test_to_ns=fold.test_to_ns,
        train_rows=len(rows),
        purged_rows=fold.purged,
        variant=best,
        variant_rank_ic=tuple(m.rank_ic for m in measured),
        model=train(rows, variants[best], seed=seed, validation=measured[best]),
    )
