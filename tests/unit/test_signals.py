"""Signals in Python: kinds of containers, streams, errors, and the formula errors that must not come back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import hedgerow as hr
from hedgerow.core.errors import HedgerowError
from hedgerow.models.features import FeatureSet, feature


@pytest.fixture
def bars() -> pd.DataFrame:
    """Fifty bars that can be."""
    rng = np.random.default_rng(4)
    close = 100 * np.exp(rng.normal(0, 0.02, 50).cumsum())
    open_ = close * np.exp(rng.normal(0, 0.01, 50))
    high = np.maximum(open_, close) * 1.01
    low = np.minimum(open_, close) * 0.99
    frame = {"open": open_, "high": high, "low": low, "close": close}
    return pd.DataFrame(frame, index=pd.date_range("2024-01-01", periods=50))


def test_rolling_statistics_agree_with_pandas(bars: pd.DataFrame) -> None:
    """Variance, quantile, covariance, correlation are pandas'; skew and kurtosis its population values."""
    x, y, n = bars["close"], bars["open"], 12
    window = x.rolling(n)
    skew = window.skew() * (n - 2) / (n * (n - 1)) ** 0.5
    kurt = (window.kurt() * (n - 2) * (n - 3) / (n - 1) - 6) / (n + 1) + 3
    for ours, theirs in [
        (hr.rolling_var(x, n), window.var()),
        (hr.rolling_quantile(x, n, 0.3), window.quantile(0.3)),
        (hr.rolling_quantile(x, n), window.median()),
        (hr.rolling_skew(x, n), skew),
        (hr.rolling_kurt(x, n), kurt),
        (hr.covariance(x, y, n), window.cov(y)),
        (hr.correlation(x, y, n), window.corr(y)),
        (hr.beta(x, y, n), window.cov(y) / y.rolling(n).var()),
    ]:
        pd.testing.assert_series_equal(ours, theirs, rtol=1e-8, check_names=False)


def test_a_signal_returns_the_kind_of_its_first_input(bars: pd.DataFrame) -> None:
    """Series give a series with their labels, tables a table, column by column what the columns give."""
    series = hr.parkinson(bars["high"], bars["low"], 5)
    assert isinstance(series, pd.Series)
    assert series.index.equals(bars.index)
    wide = [pd.DataFrame({"A": bars[field], "B": bars[field] * 2}) for field in ("high", "low")]
    table = hr.parkinson(*wide, 5)
    np.testing.assert_array_equal(table["A"], series)
    np.testing.assert_array_equal(hr.parkinson(bars["high"].to_numpy(), bars["low"].to_numpy(), 5), series)


def test_a_stream_says_what_the_function_says(bars: pd.DataFrame) -> None:
    """Each update of the operator of that name gives the bits of the batch."""
    numbers = bars[["open", "high", "low", "close"]].to_numpy()
    stream = hr.indicator("yang_zhang", window=10)
    streamed = np.array([stream.update(*row) for row in numbers])
    assert streamed.tobytes() == hr.yang_zhang(*numbers.T.copy(), 10).tobytes()


@pytest.mark.parametrize(
    ("work", "says"),
    [
        (lambda: hr.ofi(np.ones(3), np.ones(3), np.ones(3), np.ones(4)), "one shape"),
        (lambda: hr.queue_imbalance(pd.Series([1.0], [0]), pd.Series([1.0], [1])), "labels differ"),
        (lambda: hr.rolling_quantile(np.ones(3), 2, 1.5), "from 0 to 1"),
        (lambda: hr.vpin(np.ones(3), np.ones(3), bucket=0.0), "bucket of vpin is 0"),
        (lambda: hr.indicator("ofi").update(1.0), "takes 4: bid_price, bid_size, ask_price, ask_size"),
        (lambda: hr.indicator("ofi").batch(np.ones(2)), "takes 4"),
        (lambda: hr.indicator("beta", window=2).batch(np.ones(2), np.ones(3)), "wanted 2"),
        (lambda: hr.indicator("offi"), "'offi' is not one of"),
        (lambda: feature("parkinson", window=3, fields=["high"]), "parkinson takes high, low"),
        (lambda: FeatureSet([feature("parkinson", window=3)]).cube(np.ones((3, 2))), "no high, low among close"),
        (lambda: hr.demean(np.ones(3), ["a", "b"]), "groups of shape 2"),
        (lambda: hr.neutralise(np.ones(3), np.ones(4)), "exposures of shape"),
        (lambda: hr.quotes_at([1], [2, 1], [1.0, 2.0]), "quote 1 is earlier"),
        (lambda: hr.quotes_at([1.5], [1], [1.0]), "times of type float64"),
        (lambda: hr.volume_buckets([1.0, -1.0], [1.0, 1.0], 5.0), "smallest volume -1"),
        (lambda: hr.pin([1.5] * 5, [1] * 5), "buys of day 0 is 1.5"),
        (lambda: hr.pin([1] * 5, [1] * 4), "one number a day"),
        (lambda: hr.pin([1] * 4, [1] * 4), "4 days, at least 5"),
        (lambda: hr.fit_hawkes(np.arange(9.0), end=9.0), "9 events, at least 10"),
        (lambda: hr.hawkes_residuals([2.0, 1.0], mu=1.0, alpha=0.5, beta=1.0), "time 1 is 1"),
    ],
)
def test_what_cannot_be_computed_is_a_named_error(work: Callable[[], object], says: str) -> None:
    """Shapes, labels, parameters and times that do not fit are refused with the value seen."""
    with pytest.raises(HedgerowError, match=says):
        with_core_errors_named(work)


def with_core_errors_named(work: Callable[[], object]) -> object:
    """Indicators are the core's own, whose errors are named where the package calls it."""
    from hedgerow.core.errors import named_errors

    with named_errors():
        return work()


def test_features_may_take_several_fields(bars: pd.DataFrame) -> None:
    """A set asks for each field once, gives what the functions give, and is rebuilt from its definition."""
    features = FeatureSet(
        [feature("parkinson", window=5), feature("sma", window=3), feature("sma", fields=["high"], window=2)]
    )
    assert features.fields == ("high", "low", "close")
    tables = {field: pd.DataFrame({"A": bars[field], "B": bars[field] * 3}) for field in features.fields}
    cube = features.cube(tables)
    np.testing.assert_array_equal(cube[:, 0, 0], hr.parkinson(bars["high"], bars["low"], 5))
    np.testing.assert_array_equal(cube[:, 1, 1], hr.sma(tables["close"]["B"], 3))
    assert FeatureSet.from_definition(features.definition()) == features
    assert features.definition()[1] == {"name": "sma_3", "operator": "sma", "params": {"window": 3}, "ranked": False}
    assert features.frame(tables).shape == (100, 3)


def test_neutral_cross_sections_agree_with_least_squares() -> None:
    """Residuals are NumPy's, at each moment by itself; groups lose their own mean; gaps stay gaps."""
    rng = np.random.default_rng(6)
    x, loads = rng.normal(size=(4, 30)), rng.normal(size=(4, 30, 2))
    x[1, 3] = np.nan
    got = hr.neutralise(x, loads)
    for row, load, residual in zip(x, loads, got, strict=True):
        known = ~np.isnan(row)
        design = np.column_stack([np.ones(known.sum()), load[known]])
        fit = design @ np.linalg.lstsq(design, row[known], rcond=None)[0]
        np.testing.assert_allclose(residual[known], row[known] - fit, atol=1e-12)
        assert np.isnan(residual[~known]).all()
    np.testing.assert_array_equal(hr.neutralise(x[2], loads[2]), got[2])
    groups = ["a", "b", None] * 10
    means = pd.DataFrame(x).T.groupby(pd.Series(groups)).transform("mean").T
    np.testing.assert_allclose(hr.demean(pd.DataFrame(x), groups), x - means, atol=1e-14)
    assert abs(hr.demean(x[0]).sum()) < 1e-13


def test_a_quote_counts_for_trades_after_it_and_after_its_lag() -> None:
    """The quote of the trade's own instant may be its consequence; five seconds of lag reach further back."""
    second = 1_000_000_000
    quotes, bids = np.array([0, 4, 6, 10]) * second, np.array([1.0, 2.0, 3.0, 4.0])
    (now,) = hr.quotes_at(np.array([0, 5, 6, 12]) * second, quotes, bids)
    assert np.array_equal(now, [np.nan, 2.0, 2.0, 4.0], equal_nan=True)
    (then,) = hr.quotes_at(pd.to_datetime(np.array([0, 5, 6, 12]) * second), quotes, bids, lag_ns=5 * second)
    assert np.array_equal(then, [np.nan, np.nan, 1.0, 3.0], equal_nan=True)


def stylised_book(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Quotes of a book whose price moves by order flow over twice its depth, and that flow, change by change."""
    rng = np.random.default_rng(7)
    flow = rng.normal(0, 30, steps).round()
    depth = 100.0
    level = np.concatenate([[0.0], flow.cumsum()]) / depth
    tick, within = np.floor(level), level - np.floor(level)
    # The bid queue holds what is done of the tick, the ask queue what is left of it; both prices move with the tick.
    quotes = np.stack([1_000 + tick, depth * within, 1_001 + tick, depth * (1 - within)])
    return quotes, flow


def test_order_flow_explains_the_price_of_its_own_interval_and_does_not_predict_the_next() -> None:
    """The R2 of 65 % that is published is of the same interval; of the next it is nothing."""
    quotes, _ = stylised_book(20_000)
    flow = hr.ofi(*quotes, window=10)[10::10]
    mid = ((quotes[0] + quotes[2]) / 2)[::10]
    change = np.diff(mid)
    same = np.corrcoef(flow, change)[0, 1] ** 2
    following = np.corrcoef(flow[:-1], change[1:])[0, 1] ** 2
    assert same > 0.65
    assert following < 0.01


def test_order_flow_is_neither_signed_volume_nor_the_change_of_queues() -> None:
    """A quote that moves without a trade is order flow; queue changes without price indicators get its sign wrong."""
    quotes = np.array([[10.0, 50.0, 10.01, 50.0], [10.01, 20.0, 10.02, 60.0]])
    assert hr.ofi(*quotes.T)[1] == 20.0 + 50.0
    assert (quotes[1, 1] - quotes[0, 1]) - (quotes[1, 3] - quotes[0, 3]) == -40.0
    no_trades = hr.trade_imbalance(np.zeros(2), np.zeros(2), 2)
    assert no_trades[1] == 0.0


def test_vpin_is_of_volume_buckets_and_bulk_volume_not_of_ticks() -> None:
    """The tick test calls a whole bar one side; bulk classification shares it, so the same bars are less one-sided."""
    rng = np.random.default_rng(8)
    price = 100 + rng.normal(0, 1, 400).cumsum()
    change, volume = np.diff(price, prepend=price[0]), np.full(400, 10.0)
    share = np.nan_to_num(hr.bulk_buy_share(change, 50), nan=0.5)
    bulk = hr.vpin(volume * share, volume * (1 - share), bucket=20.0)[-1]
    bought = np.nan_to_num(hr.tick_test(price)) > 0
    ticks = hr.vpin(volume * bought, volume * ~bought, bucket=20.0)[-1]
    assert 0 < bulk < ticks - 0.05
