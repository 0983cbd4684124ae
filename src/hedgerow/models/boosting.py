"""A gradient-boosting forecaster: trees on standardised relative returns, scaled back to returns by what held up.

Promises: the same panel, settings and seed give the same model byte for byte (one thread, deterministic histograms);
the scale of its forecasts and their uncertainty come from rows it had not seen, so a model that found nothing
forecasts nothing. Never picks its own settings and never sees a label that was open when its validation period began.
Sources: Ke et al., LightGBM (NIPS 2017); Grinold, Alpha is volatility times IC times score (JPM 1994).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.models.boosting_config import BoostingConfig, import_lightgbm
from hedgerow.models.diagnostics import rank_information_coefficient
from hedgerow.models.model_version import ModelVersion
from hedgerow.models.validation import holdout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hedgerow.models.panel import Panel

    FloatArray = NDArray[np.float64]

ROWS_MIN = 200
PROBE_ROWS = 8
# Rows of prior weight on the pooled deviation: a name with a short history borrows from the others.
POOLED_ROWS = 60


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What a variant did on rows it had not seen.

    rank_ic: mean over dates. slope: expected return per unit of score, at least 0. residual_std: of the forecast error,
    pooled; instrument_std: by instrument, shrunk towards the pooled one. Returns over the label's horizon.
    """

    rank_ic: float
    slope: float
    residual_std: float
    instrument_std: tuple[float, ...]


def validate(panel: Panel, config: BoostingConfig, *, seed: int) -> Validation:
    """Train on the earlier part of a panel, purged, and measure on the rest.

    Raises MODEL_TOO_FEW_ROWS, MODEL_BAD_FOLDS, MODEL_NAN, MODEL_MISSING_EXTRA.
    """
    _check_panel(panel)
    train_rows, held_rows = holdout(panel.prediction_ns, panel.label_end_ns, share=config.holdout_share)
    if len(train_rows) < ROWS_MIN:
        raise problem(
            "MODEL_TOO_FEW_ROWS", f"{len(train_rows)} rows before the holdout, at least {ROWS_MIN} are wanted"
        )
    held = panel.take(held_rows)
    score = _fit(panel.take(train_rows), config, seed=seed).predict(held.features, num_threads=1)
    if panel.label_config.demean:
        table = held.wide(score)
        score = (table - np.nanmean(table, axis=1, keepdims=True))[_cells(held)]
    power = float(score @ score)
    slope = max(float(score @ held.label) / power, 0.0) if power > 0 else 0.0
    pooled, by_instrument = _residual_std(held, held.label - slope * score)
    coefficients = rank_information_coefficient(held.wide(score), held.wide(held.label))
    known = coefficients[np.isfinite(coefficients)]
    return Validation(
        rank_ic=float(known.mean()) if len(known) else 0.0,
        slope=slope,
        residual_std=pooled,
        instrument_std=by_instrument,
    )


def train(panel: Panel, config: BoostingConfig, *, seed: int, validation: Validation | None = None) -> ModelVersion:
    """Train one model version on a whole panel; `validation` saves measuring again what `validate` measured.

    Raises MODEL_TOO_FEW_ROWS, MODEL_BAD_FOLDS, MODEL_NAN, MODEL_MISSING_EXTRA.
    """
    measured = validation if validation is not None else validate(panel, config, seed=seed)
    booster = _fit(panel, config, seed=seed)
    probe = panel.features[np.linspace(0, len(panel) - 1, PROBE_ROWS).astype(np.int64)]
    return ModelVersion(
        model_text=booster.model_to_string(),
        feature_names=panel.feature_names,
        instruments=panel.instruments,
        label_config=panel.label_config,
        config=config,
        seed=seed,
        data_digest=panel.digest().hex(),
        rank_ic=measured.rank_ic,
        slope=measured.slope,
        residual_std=measured.residual_std,
        instrument_std=measured.instrument_std,
        probe=tuple(tuple(float(x) for x in row) for row in probe),
    )


def _fit(panel: Panel, config: BoostingConfig, *, seed: int) -> Any:
    lightgbm = import_lightgbm()
    settings = {
        "objective": "regression",
        "learning_rate": config.learning_rate,
        "num_leaves": config.leaves,
        "min_data_in_leaf": config.leaf_rows_min,
        "feature_fraction": config.feature_share,
        "bagging_fraction": config.row_share,
        "bagging_freq": 1,
        "lambda_l2": config.l2,
        "max_bin": config.bins_max,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    rows = lightgbm.Dataset(panel.features, label=_standardised(panel), free_raw_data=True)
    return lightgbm.train(settings, rows, num_boost_round=config.trees)


def _standardised(panel: Panel) -> FloatArray:
    """Labels divided by their dispersion over instruments at each time, so that a crisis does not outshout all else."""
    table = panel.wide(panel.label)
    known = np.isfinite(table)
    count = known.sum(axis=1)
    mean_square = np.where(known, table, 0.0) ** 2
    dispersion = np.sqrt(mean_square.sum(axis=1) / np.maximum(count, 1))
    overall = float(np.sqrt((panel.label**2).mean()))
    # Two or fewer names say nothing about dispersion; the floor keeps a still day from becoming an outlier.
    dispersion = np.where(count > 2, np.maximum(dispersion, 0.1 * overall), overall)
    if overall <= 0:
        raise problem("MODEL_TOO_FEW_ROWS", "every label is zero; there is nothing to learn")
    scaled: FloatArray = np.clip(table / dispersion[:, None], -5.0, 5.0)[_cells(panel)]
    return scaled


def _cells(panel: Panel) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each row of a panel stands in its wide table."""
    return np.unique(panel.time_index, return_inverse=True)[1], panel.instrument_index


def _residual_std(held: Panel, residual: FloatArray) -> tuple[float, tuple[float, ...]]:
    pooled = float((residual**2).mean())
    size = len(held.instruments)
    count = np.bincount(held.instrument_index, minlength=size)
    total = np.bincount(held.instrument_index, weights=residual**2, minlength=size)
    shrunk = np.sqrt((total + POOLED_ROWS * pooled) / (count + POOLED_ROWS))
    return float(np.sqrt(pooled)), tuple(float(s) for s in shrunk)


def _check_panel(panel: Panel) -> None:
    if len(panel) < ROWS_MIN:
        raise problem("MODEL_TOO_FEW_ROWS", f"{len(panel)} rows, at least {ROWS_MIN} are wanted")
    bad = np.argwhere(~np.isfinite(np.column_stack([panel.features, panel.label])))
    if len(bad):
        row, column = bad[0]
        what = panel.feature_names[column] if column < len(panel.feature_names) else "label"
        raise problem("MODEL_NAN", f"panel row {row}: {what} is not finite")
