"""The boosting forecaster: same in, same out to the byte; its scale and error come from rows it had not seen."""

from __future__ import annotations

import builtins
import json
from dataclasses import replace

import numpy as np
import pytest

from hedgerow.core.errors import ModelError, RunError
from hedgerow.models.boosting import train, validate
from hedgerow.models.boosting_config import BoostingConfig, import_lightgbm
from hedgerow.models.model_version import ModelVersion
from hedgerow.models.panel import LabelConfig, Panel

pytest.importorskip("lightgbm")

NAMES = ("A", "B", "C", "D", "E", "F")
SMALL = BoostingConfig(trees=20, leaves=4, leaf_rows_min=30)


def made_panel(strength=1.0, *, times=400, demean=True, seed=0, names=NAMES):
    """Rows whose label is `strength` times the first of three features, plus noise three times as large."""
    rng = np.random.default_rng(seed)
    size = len(names)
    features = rng.standard_normal((times * size, 3))
    label = 0.01 * (strength * features[:, 0] + 3.0 * rng.standard_normal(times * size))
    if demean:
        label -= np.repeat(label.reshape(times, size).mean(axis=1), size)
    time_index = np.repeat(np.arange(times), size)
    return Panel(
        features=features,
        label=label,
        time_index=time_index,
        instrument_index=np.tile(np.arange(size), times),
        prediction_ns=time_index * 10,
        label_end_ns=time_index * 10 + 20,
        feature_names=("signal", "noise", "more noise"),
        instruments=names,
        label_config=LabelConfig(horizon_bars=1, demean=demean),
    )


@pytest.fixture(scope="module")
def model():
    """One trained version."""
    return train(made_panel(), SMALL, seed=7)


def test_the_same_panel_settings_and_seed_give_the_same_version(model):
    """And another seed, panel or setting gives another."""
    assert train(made_panel(), SMALL, seed=7).version == model.version
    assert len(model.version) == 32
    others = [
        train(made_panel(), SMALL, seed=8),
        train(made_panel(seed=1), SMALL, seed=7),
        train(made_panel(), replace(SMALL, trees=21), seed=7),
    ]
    assert len({model.version, *(other.version for other in others)}) == 4


def test_a_measured_validation_is_used_as_it_is(model):
    """Training with a validation in hand gives the version that measuring again gives."""
    measured = validate(made_panel(), SMALL, seed=7)
    assert train(made_panel(), SMALL, seed=7, validation=measured).version == model.version


def test_forecasts_are_returns_with_about_the_right_size(model):
    """The signal is worth 1 % per unit: two names at +1 and -1 differ by about 2 %, shrunk by what held up."""
    features = np.zeros((6, 3))
    features[0, 0], features[1, 0] = 1.0, -1.0
    expected, uncertainty = model.forecast(features, NAMES)
    assert 0.008 < expected[0] - expected[1] < 0.03
    assert expected.sum() == pytest.approx(0.0, abs=1e-12)
    assert np.allclose(uncertainty, 0.03 * np.sqrt(5 / 6), rtol=0.15)


def test_a_model_that_found_nothing_forecasts_nothing_or_nearly():
    """Labels without signal: the scale found on unseen rows is at most a tenth of that with signal."""
    real, empty = (validate(made_panel(s, times=800), SMALL, seed=1) for s in (1.0, 0.0))
    assert real.rank_ic > 0.2
    assert abs(empty.rank_ic) < 0.06
    assert empty.slope < 0.3 * real.slope


def test_forecasting_many_times_at_once_equals_forecasting_one_by_one(model):
    """Each time stands on its own, bit for bit."""
    cube = np.random.default_rng(4).standard_normal((9, 6, 3))
    expected, uncertainty = model.forecast_many(cube, NAMES)
    for time in range(9):
        one, error = model.forecast(cube[time], NAMES)
        assert (one == expected[time]).all()
        assert (error == uncertainty[time]).all()


def test_a_missing_feature_gives_no_forecast_for_that_name_only(model):
    """NaN in, NaN out; the others are forecast relative to those that are known."""
    features = np.random.default_rng(4).standard_normal((6, 3))
    features[2, 1] = np.nan
    expected, uncertainty = model.forecast(features, NAMES)
    assert np.isnan(expected).tolist() == np.isnan(uncertainty).tolist() == [False, False, True, False, False, False]
    assert np.nansum(expected) == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(model.forecast(np.full((6, 3), np.nan), NAMES)[0]).all()


def test_an_unknown_name_gets_the_pooled_uncertainty(model):
    """It was never measured, so nothing better is known."""
    _, uncertainty = model.forecast(np.zeros((2, 3)), ["A", "New"])
    assert uncertainty.tolist() == [model.instrument_std[0], model.residual_std]


def test_a_single_instrument_can_be_forecast_without_demeaning():
    """Absolute returns of one name."""
    panel = made_panel(times=800, demean=False, names=("A",))
    expected, _ = train(panel, SMALL, seed=1).forecast(np.array([[2.0, 0.0, 0.0]]), ["A"])
    assert expected[0] > 0


def test_a_saved_version_loads_as_itself(model, tmp_path):
    """Same name, same forecasts to the bit, and no half-written file beside it."""
    path = tmp_path / "model.json"
    model.save(path)
    loaded = ModelVersion.load(path)
    assert loaded == model
    assert loaded.version == model.version
    cube = np.random.default_rng(4).standard_normal((3, 6, 3))
    assert (loaded.forecast_many(cube, NAMES)[0] == model.forecast_many(cube, NAMES)[0]).all()
    assert [p.name for p in tmp_path.iterdir()] == ["model.json"]


def edit_scale(body):
    """Double what the model says."""
    body["model"]["slope"] *= 2


def edit_score(body):
    """Say that a probe row scored otherwise, as another library version might."""
    body["scores"][0] = (1.25).hex()


def drop_field(body):
    """Leave out a field."""
    del body["model"]["seed"]


@pytest.mark.parametrize(
    ("edit", "says"), [(edit_scale, "digest"), (edit_score, "probe scores"), (drop_field, "not a saved model")]
)
def test_a_file_that_is_not_what_was_saved_is_refused(model, tmp_path, edit, says):
    """Edited fields, other scores, missing parts."""
    path = tmp_path / "model.json"
    model.save(path)
    body = json.loads(path.read_text())
    edit(body)
    path.write_text(json.dumps(body))
    with pytest.raises(ModelError, match=f"MODEL-007.*{says}"):
        ModelVersion.load(path)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda m: m.forecast(np.zeros((6, 2)), NAMES), ModelError, r"MODEL-006.*\(1, 6, 2\).*\(6, 3\)"),
        (lambda m: m.forecast(np.full((1, 3), np.inf), ["A"]), ModelError, "MODEL-002.*A: signal is infinite"),
        (lambda m: train(made_panel(times=20), SMALL, seed=1), ModelError, "MODEL-001.*120 rows"),
        (lambda m: train(made_panel(times=40), SMALL, seed=1), ModelError, "MODEL-001.*rows before the holdout"),
        (lambda m: validate(made_panel(float("nan")), SMALL, seed=1), ModelError, "MODEL-002.*label is not finite"),
        (lambda m: BoostingConfig(leaves=1), RunError, "BoostingConfig.leaves 1; from 2"),
    ],
)
def test_inputs_that_cannot_be_meant_are_named_errors(model, call, error, says):
    """Value seen and limit are in the message."""
    with pytest.raises(error, match=says):
        call(model)


def test_labels_that_never_move_cannot_be_learned():
    """All zeros: the error says so instead of dividing by them."""
    panel = made_panel()
    with pytest.raises(ModelError, match="every label is zero"):
        train(replace(panel, label=np.zeros(len(panel))), SMALL, seed=1)


def test_a_missing_library_is_named_with_the_command_that_installs_it(monkeypatch):
    """The base install does not carry it."""
    real_import = builtins.__import__

    def without_lightgbm(name, *args, **kwargs):
        if name == "lightgbm":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_lightgbm)
    with pytest.raises(ModelError, match=r"MODEL-004.*pip install 'hedgerow\[research\]'"):
        import_lightgbm()
