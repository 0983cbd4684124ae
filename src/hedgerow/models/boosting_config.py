"""Settings of one gradient-boosting variant, and the one door to the library behind it.

Promises: settings are frozen and checked when made; the library is imported when first used, never at import of this
file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from hedgerow.core.errors import problem


@dataclass(frozen=True, kw_only=True)
class BoostingConfig:
    """Settings of one variant; the defaults are small trees and strong averaging, because returns are mostly noise.

    trees, learning_rate: more trees at a lower rate fit more slowly and more smoothly.
    leaves: interactions a tree can express; 2 is additive.
    leaf_rows_min: the smallest group of rows that may speak; raise it against noise.
    feature_share, row_share: share of columns and rows each tree sees.
    l2: shrinkage of leaf values.
    bins_max: resolution of each feature; 63 is faster than 255 and rarely worse on returns.
    holdout_share: share of the training times, the latest ones, that scales forecasts and measures their error.
    """

    trees: int = 100
    learning_rate: float = 0.05
    leaves: int = 8
    leaf_rows_min: int = 200
    feature_share: float = 0.7
    row_share: float = 0.7
    l2: float = 10.0
    bins_max: int = 63
    holdout_share: float = 0.25

    def __post_init__(self) -> None:
        for name, low, high in (
            ("trees", 1, 10_000),
            ("learning_rate", 1e-4, 1.0),
            ("leaves", 2, 1024),
            ("leaf_rows_min", 1, 1_000_000),
            ("feature_share", 0.01, 1.0),
            ("row_share", 0.01, 1.0),
            ("l2", 0.0, 1e9),
            ("bins_max", 2, 255),
            ("holdout_share", 0.05, 0.8),
        ):
            if not low <= getattr(self, name) <= high:
                raise problem("RUN_CONFIG", f"BoostingConfig.{name} {getattr(self, name)}; from {low} to {high}")


def import_lightgbm() -> Any:
    """LightGBM, imported late and waiting passively: OpenMP's busy wait makes it 100 times slower on a full machine."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import lightgbm
    except ImportError:
        raise problem("MODEL_MISSING_EXTRA", "lightgbm: pip install 'hedgerow[research]'") from None
    return lightgbm
