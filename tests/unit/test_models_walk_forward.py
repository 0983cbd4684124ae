"""The research loop: it finds a planted signal, never sees the future, counts trials, and repeats itself exactly."""

from __future__ import annotations

import numpy as np
import pytest

from hedgerow.core.errors import ModelError, RunError
from hedgerow.core.spans import DAY_NS
from hedgerow.models.boosting_config import BoostingConfig
from hedgerow.models.diagnostics import information_coefficient
from hedgerow.models.panel import LabelConfig, forward_returns
from hedgerow.models.trials import TrialLedger
from hedgerow.models.validation import WalkForwardConfig
from hedgerow.models.walk_forward import leak_audit, run_walk_forward

pytest.importorskip("lightgbm")

PLANTED_IC = 0.05
VARIANTS = (BoostingConfig(trees=25, leaves=3, leaf_rows_min=500), BoostingConfig(trees=40, leaves=6))
LABEL = LabelConfig(horizon_bars=1, lag_bars=1)


def planted_market(*, days=1500, names=40, ic=PLANTED_IC, seed=0):
    """Closes, and features of which the first correlates by `ic` with the return from t+1 to t+2; four are noise."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((days, names, 5))
    noise = rng.standard_normal((days, names))
    returns = np.zeros((days, names))
    returns[2:] = 0.02 * (ic * features[:-2, :, 0] + np.sqrt(1 - ic**2) * noise[2:])
    closes = 50.0 * np.cumprod(1.0 + returns, axis=0)
    return closes, features, (1 + np.arange(days)) * DAY_NS


def run(closes, features, times, *, trials=None, seed=3, variants=VARIANTS, test_from=1000, **split):
    """Walk forward over the market above, training again every 250 days."""
    return run_walk_forward(
        closes,
        features,
        times_ns=times,
        instruments=[f"N{i:02}" for i in range(closes.shape[1])],
        feature_names=["signal", "noise 1", "noise 2", "noise 3", "noise 4"],
        label=LABEL,
        split=WalkForwardConfig(test_from_ns=int(times[test_from]), retrain_every_ns=250 * DAY_NS, **split),
        trials=trials if trials is not None else TrialLedger(),
        seed=seed,
        variants=variants,
    )


@pytest.fixture(scope="module")
def market():
    """One planted market."""
    return planted_market()


@pytest.fixture(scope="module")
def result(market):
    """What the loop makes of it."""
    return run(*market)


def test_the_learner_recovers_at_least_four_fifths_of_a_planted_signal(market, result):
    """A learner that misses a planted signal finds none; the signal's own coefficient is the measure."""
    closes, features, _ = market
    outcome = forward_returns(closes, LABEL)
    found = np.nanmean(information_coefficient(result.expected_return, outcome))
    there = np.nanmean(information_coefficient(features[1000:, :, 0], outcome[1000:]))
    assert there == pytest.approx(PLANTED_IC, abs=0.015)
    assert found >= 0.8 * there


def test_forecasts_stand_where_a_model_was_in_force_and_nowhere_else(market, result):
    """NaN before the first test period; every later time up to the last one, which has no label yet."""
    assert np.isnan(result.expected_return[:1000]).all()
    assert np.isfinite(result.expected_return[1000:]).all()
    assert np.isfinite(result.uncertainty[1000:]).all()
    assert result.fold_of_time.tolist() == [-1] * 1000 + [0] * 250 + [1] * 250


def test_every_fold_was_trained_on_labels_that_had_ended(result):
    """Training windows end before their test periods begin, and grow when history is kept."""
    for fold in result.folds:
        assert fold.train_to_ns < fold.test_from_ns
        assert fold.purged_rows > 0
    assert result.folds[1].train_rows > result.folds[0].train_rows


def test_changing_the_future_changes_no_earlier_forecast(market, result):
    """Everything after day 1250 is replaced by noise: forecasts of the first fold stay bit for bit."""
    closes, features, times = (array.copy() for array in market)
    rng = np.random.default_rng(9)
    closes[1250:] = rng.uniform(1, 99, closes[1250:].shape)
    features[1250:] = rng.standard_normal(features[1250:].shape)
    again = run(closes, features, times)
    assert (again.expected_return[1000:1250] == result.expected_return[1000:1250]).all()
    assert (again.expected_return[1250:] != result.expected_return[1250:]).any()


def test_the_same_inputs_and_seed_give_the_same_models_and_forecasts(market, result):
    """Down to the version's digest."""
    again = run(*market)
    assert [f.model.version for f in again.folds] == [f.model.version for f in result.folds]
    assert np.array_equal(again.expected_return, result.expected_return, equal_nan=True)


def test_every_variant_on_every_window_is_counted_once(market, result):
    """Two variants by two windows are four trials, also when it all runs again; the best of its window is used."""
    trials = TrialLedger()
    for _ in range(2):
        run(*market, trials=trials)
    assert (trials.count, len({trial.variant.config for trial in trials.trials})) == (4, 2)
    for fold in result.folds:
        assert fold.variant_rank_ic[fold.variant] == max(fold.variant_rank_ic)
    run(*market, trials=trials, seed=4)
    assert trials.count == 8


def test_a_rolling_window_forgets_what_is_older(market):
    """Training starts no earlier than the span before the test period."""
    rolling = run(*market, train_span_ns=600 * DAY_NS, variants=VARIANTS[:1])
    for fold in rolling.folds:
        assert fold.train_from_ns == fold.test_from_ns - 600 * DAY_NS


def test_no_variants_is_a_named_error(market):
    """There is nothing to choose from."""
    with pytest.raises(RunError, match="variants is empty"):
        run(*market, variants=())


def momentum(closes):
    """An honest feature: the return since the row before."""
    feature = np.full(closes.shape, np.nan)
    feature[1:] = closes[1:] / closes[:-1] - 1
    return feature[:, :, None]


def normalised(closes):
    """A leaking feature: momentum divided by its deviation over all of history, the future included."""
    return momentum(closes) / np.nanstd(momentum(closes))


def test_the_leak_audit_passes_features_of_the_past(market):
    """And says how much it compared."""
    assert leak_audit(momentum, market[0], cuts=[10, 500, 1500], feature_names=["momentum"]) == 40 * (10 + 500 + 1500)


def test_the_leak_audit_names_a_feature_that_knows_the_future(market):
    """Scaling by a figure of the whole history is the classic leak."""
    with pytest.raises(ModelError, match=r"MODEL-009.*feature scaled of instrument 0 at row 2 .* data up to row 499"):
        leak_audit(normalised, market[0], cuts=[500], feature_names=["scaled"])


@pytest.mark.parametrize(("cuts", "names"), [([0], ["momentum"]), ([9999], ["momentum"]), ([5], ["a", "b"])])
def test_an_audit_that_does_not_fit_the_data_is_a_named_error(market, cuts, names):
    """Cuts outside the data, or another number of features than names."""
    with pytest.raises(ModelError, match="MODEL-006"):
        leak_audit(momentum, market[0], cuts=cuts, feature_names=names)
