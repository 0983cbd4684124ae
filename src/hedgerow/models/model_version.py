"""A model version: everything that decides a forecast, named by one SHA-256, saved and loaded with a parity check.

Promises: two versions with the same name give the same forecasts; loading recomputes the forecasts of stored probe
rows and compares them bit for bit (MODEL_PARITY). Never forecasts from a row with a missing feature: the answer is
NaN.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import problem
from hedgerow.core.files import write_whole
from hedgerow.models.boosting_config import BoostingConfig, import_lightgbm
from hedgerow.models.digests import canonical_bytes
from hedgerow.models.panel import LabelConfig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

FORMAT = "hedgerow-model-1"


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """A trained forecaster.

    slope turns a tree score into a return over `label_config.horizon_bars`; residual_std is the pooled deviation of the
    forecast error on unseen rows, instrument_std the same by instrument; rank_ic is the validation's. data_digest names
    the training panel. probe holds a few training rows for the parity check.
    """

    model_text: str
    feature_names: tuple[str, ...]
    instruments: tuple[str, ...]
    label_config: LabelConfig
    config: BoostingConfig
    seed: int
    data_digest: str
    rank_ic: float
    slope: float
    residual_std: float
    instrument_std: tuple[float, ...]
    probe: tuple[tuple[float, ...], ...]

    @cached_property
    def version(self) -> bytes:
        """The name: SHA-256 (32 bytes) over the canonical bytes of every field; goes into `Forecast.model`."""
        return hashlib.sha256(canonical_bytes(self)).digest()

    def forecast(self, features: FloatArray, instruments: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Expected return and its uncertainty (both N) for one cross-section of features (N x F).

        Simple return over the label's horizon, relative to the cross-section's mean if the labels were demeaned;
        uncertainty is one standard deviation of the forecast error. NaN where a feature is missing.
        """
        expected, uncertainty = self.forecast_many(features[None, :, :], instruments)
        return expected[0], uncertainty[0]

    def forecast_many(self, features: FloatArray, instruments: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """`forecast` for a cube of times x instruments x features at once: two T x N tables, each time on its own.

        Raises MODEL_SHAPE, MODEL_NAN for an infinite feature.
        """
        wanted = (len(instruments), len(self.feature_names))
        if features.ndim != 3 or features.shape[1:] != wanted:
            raise problem("MODEL_SHAPE", f"features {features.shape}; instruments x features is {wanted}")
        if np.isinf(features).any():
            time, row, column = np.argwhere(np.isinf(features))[0]
            where = f"time {time}, {instruments[row]}"
            raise problem("MODEL_NAN", f"{where}: {self.feature_names[column]} is infinite")
        known = np.isfinite(features).all(axis=2)
        score = np.full(known.shape, np.nan)
        if known.any():
            score[known] = self._score(features[known])
        if self.label_config.demean:
            count = np.maximum(known.sum(axis=1, keepdims=True), 1)
            score = score - np.nansum(score, axis=1, keepdims=True) / count
        std_by_name = dict(zip(self.instruments, self.instrument_std, strict=True))
        std = np.array([std_by_name.get(name, self.residual_std) for name in instruments])
        return self.slope * score, np.where(known, std, np.nan)

    def save(self, path: Path) -> None:
        """Write the version and its probe's scores as one JSON file, whole or not at all."""
        body = {
            "format": FORMAT,
            "version": self.version.hex(),
            "scores": [score.hex() for score in self._probe_scores()],
            "model": asdict(self),
        }
        write_whole(path, json.dumps(body, sort_keys=True, indent=1).encode())

    @staticmethod
    def load(path: Path) -> ModelVersion:
        """Read a saved version; MODEL_PARITY if its bytes changed or this library scores its probe otherwise."""
        try:
            body = json.loads(path.read_text("utf-8"))
            version = _from_plain(body["model"])
            stated, scores = body["version"], body["scores"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise problem("MODEL_PARITY", f"{path.name} is not a saved model: {error}") from None
        if version.version.hex() != stated:
            raise problem("MODEL_PARITY", f"{path.name}: digest {version.version.hex()[:12]}, stated {stated[:12]}")
        again = [score.hex() for score in version._probe_scores()]
        if again != scores:
            raise problem("MODEL_PARITY", f"{path.name}: its probe scores {again}, saved {scores}")
        return version

    @cached_property
    def _booster(self) -> Any:
        return import_lightgbm().Booster(model_str=self.model_text)

    def _score(self, rows: FloatArray) -> FloatArray:
        score: FloatArray = self._booster.predict(np.ascontiguousarray(rows), num_threads=1)
        return score

    def _probe_scores(self) -> list[float]:
        return [float(score) for score in self._score(np.array(self.probe, dtype=np.float64))]


def _from_plain(plain: dict[str, Any]) -> ModelVersion:
    """Rebuild a version from parsed JSON, lists back to tuples, settings back to their types."""
    values = {field.name: plain[field.name] for field in fields(ModelVersion)}
    values["config"] = BoostingConfig(**values["config"])
    values["label_config"] = LabelConfig(**values["label_config"])
    for name in ("feature_names", "instruments", "instrument_std"):
        values[name] = tuple(values[name])
    values["probe"] = tuple(tuple(row) for row in values["probe"])
    return ModelVersion(**values)
