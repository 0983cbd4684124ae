"""Feature functions agree with pandas where pandas has the same definition, and return the kind they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hedgerow.core.errors import HedgerowError
from hedgerow.models.features import (
    Feature,
    FeatureSet,
    ema,
    feature,
    momentum,
    rank,
    returns,
    rolling_std,
    sma,
    volatility,
    zscore,
)


@pytest.fixture
def closes() -> pd.DataFrame:
    """Sixty days of three instruments, one listed late, one with a gap."""
    walk = np.random.default_rng(7).normal(0, 0.02, (60, 3)).cumsum(axis=0)
    frame = pd.DataFrame(100 * np.exp(walk), index=pd.date_range("2024-01-01", periods=60), columns=["A", "B", "C"])
    frame.iloc[:15, 1] = np.nan
    frame.iloc[30, 2] = np.nan
    return frame


def test_rolling_features_agree_with_pandas(closes: pd.DataFrame) -> None:
    """Mean, deviation, z-score and volatility are what pandas computes over full windows."""
    change = closes.pct_change(fill_method=None)
    window = closes.rolling(10)
    for ours, theirs in [
        (sma(closes, 10), window.mean()),
        (rolling_std(closes, 10), window.std()),
        (rolling_std(closes, 10, ddof=0), window.std(ddof=0)),
        (zscore(closes, 10), (closes - window.mean()) / window.std()),
        (returns(closes), change),
        (returns(closes, log=True), np.log(closes).diff()),
        (volatility(closes, 10, annualise=252), change.rolling(10).std() * np.sqrt(252)),
        (momentum(closes, 20, skip=5), closes.shift(5) / closes.shift(20) - 1),
    ]:
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, check_freq=False)


def test_the_exponential_average_agrees_with_pandas_after_its_warm_up(closes: pd.DataFrame) -> None:
    """It is the recursive form that skips gaps; a gap itself has no value."""
    theirs = closes.ewm(span=8, adjust=False, ignore_na=True, min_periods=8).mean().where(closes.notna())
    pd.testing.assert_frame_equal(ema(closes, 8), theirs, rtol=1e-12, check_freq=False)


def test_ranks_agree_with_pandas(closes: pd.DataFrame) -> None:
    """Percentile ranks within each row, with mean ranks for equals."""
    rounded = closes.round(0)
    pd.testing.assert_frame_equal(rank(rounded), rounded.rank(axis=1, pct=True))
    assert rank(rounded.iloc[40].to_numpy()).tolist() == rounded.iloc[40].rank(pct=True).tolist()


def test_each_kind_of_input_gives_its_own_kind(closes: pd.DataFrame) -> None:
    """Series, frame, vector and table, floats or whole numbers, in any memory order."""
    column = closes["A"]
    series = sma(column, 5)
    assert isinstance(series, pd.Series)
    assert series.name == "A"
    assert series.index.equals(closes.index)
    vector = sma(column.to_numpy(), 5)
    np.testing.assert_array_equal(vector, series.to_numpy())
    table = sma(np.asfortranarray(closes.to_numpy()), 5)
    np.testing.assert_array_equal(table, sma(closes, 5).to_numpy())
    np.testing.assert_array_equal(sma(column.to_numpy()[::-2], 5), sma(column.to_numpy()[::-2].copy(), 5))
    whole = np.arange(10, dtype=np.int32)
    np.testing.assert_array_equal(sma(whole, 2), sma(whole.astype(float), 2))


def test_nullable_columns_of_pandas_count_missing_as_nan() -> None:
    """`Float64` and `Int64` with `pd.NA` are numbers with gaps."""
    column = pd.Series([1, 2, None, 4, 5], dtype="Int64")
    assert np.array_equal(sma(column, 2).to_numpy(), [np.nan, 1.5, np.nan, np.nan, 4.5], equal_nan=True)
    frame = pd.DataFrame({"A": column, "B": column.astype("Float64")})
    assert np.array_equal(sma(frame, 2)["B"].to_numpy(), [np.nan, 1.5, np.nan, np.nan, 4.5], equal_nan=True)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (np.array(["a", "b"]), "DATA-015"),
        (np.array([True, False]), "DATA-015"),
        (pd.Series(["a", "b"]), "DATA-015"),
        (pd.DataFrame({"A": [1.0], "B": ["x"]}), "DATA-015"),
        (np.zeros((2, 2, 2)), "MODEL-006"),
    ],
)
def test_what_is_not_a_table_of_numbers_is_a_named_error(values: object, code: str) -> None:
    """Text, truth values and cubes are refused with their type or shape."""
    with pytest.raises(HedgerowError) as caught:
        sma(values, 2)  # type: ignore[type-var]
    assert caught.value.code == code


def test_an_unknown_name_or_parameter_says_what_was_meant() -> None:
    """The error of a misspelt feature names the closest known one."""
    for make, says in [
        (lambda: feature("momentun", lookback=5), "did you mean 'momentum'"),
        (lambda: feature("sma", windw=5), "did you mean 'window'"),
        (lambda: feature("sma"), "needs the parameter 'window'"),
        (lambda: feature("sma", window=0), "from 1"),
        (lambda: feature("momentum", lookback=5, skip=5), "below lookback"),
        (lambda: Feature(name="", operator="return"), "without a name"),
        (lambda: FeatureSet([feature("return"), feature("return")]), "named twice: return"),
        (lambda: FeatureSet([]), "without features"),
    ]:
        with pytest.raises(HedgerowError, match=says) as caught:
            make()
        assert caught.value.code.startswith("MODEL-")


def test_a_set_is_rebuilt_from_its_definition() -> None:
    """Definition and set are the same thing, so an artifact's hash covers its features."""
    features = FeatureSet([feature("momentum", lookback=20, skip=5, ranked=True), feature("return", name="r")])
    again = FeatureSet.from_definition(features.definition())
    assert again == features
    assert hash(again) == hash(features)
    assert repr(again) == "FeatureSet(momentum_20_5_rank, r)"


def test_the_long_frame_has_one_row_per_time_and_instrument(closes: pd.DataFrame) -> None:
    """Rows are in order of time, then instrument; columns are the features."""
    features = FeatureSet([feature("sma", window=5), feature("return", ranked=True)])
    frame = features.frame(closes)
    assert list(frame.columns) == ["sma_5", "return_rank"]
    assert frame.index.names == ["time", "instrument"]
    np.testing.assert_array_equal(frame["sma_5"].unstack().to_numpy(), sma(closes, 5).to_numpy())
    np.testing.assert_array_equal(frame["return_rank"].unstack().to_numpy(), rank(returns(closes)).to_numpy())


def test_closes_of_the_wrong_shape_are_refused(closes: pd.DataFrame) -> None:
    """A cube needs a table; a stream needs one number per instrument."""
    features = FeatureSet([feature("return")])
    with pytest.raises(HedgerowError, match="times x instruments"):
        features.cube(closes["A"].to_numpy())
    stream = features.stream(width=3)
    with pytest.raises(HedgerowError, match="2 values for 3 instruments"):
        stream.update(np.array([1.0, 2.0]))
    with pytest.raises(HedgerowError, match="one axis"):
        stream.update(np.zeros((1, 3)))
