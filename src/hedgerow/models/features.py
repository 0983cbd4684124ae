"""Features of prices: functions over columns, and named sets of them that run in batch and live with the same bits.

Promises: every number comes from the Rust operators, which live trading drives too, so training and serving cannot
differ; a value is NaN until its window is full of numbers, and again while a gap is inside it. Nothing looks ahead: the
value at time t rests on observations up to and including t. Never fills a gap.

Every function takes a NumPy array (T, or T x N), a pandas Series or a DataFrame (one column per instrument), integers
or floats, and returns the same kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, named_errors, problem

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

Prices = TypeVar("Prices", "NDArray[Any]", "pd.Series[Any]", "pd.DataFrame")


def sma(x: Prices, window: int) -> Prices:
    """Simple moving average of the last `window` observations.

    >>> sma(np.array([1, 2, 3, 4]), 2).tolist()
    [nan, 1.5, 2.5, 3.5]
    """
    return _columns(x, "sma", window=window)


def ema(x: Prices, span: int) -> Prices:
    """Exponential moving average, `alpha = 2 / (span + 1)`, recursive form (`adjust=False`); NaN before `span` values.

    >>> ema(np.array([2.0, 4.0, 4.0, 8.0]), 3).tolist()
    [nan, nan, 3.5, 5.75]
    """
    return _columns(x, "ema", span=span)


def returns(x: Prices, *, log: bool = False) -> Prices:
    """Simple returns of one step, or logarithmic ones; a change from zero is NaN.

    >>> returns(np.array([100, 110, 99])).round(12).tolist()
    [nan, 0.1, -0.1]
    """
    return _columns(x, "log_return" if log else "return")


def rolling_std(x: Prices, window: int, *, ddof: int = 1) -> Prices:
    """Standard deviation of the last `window` observations, with `window - ddof` in the denominator.

    >>> rolling_std(np.array([1.0, 3.0, 3.0]), 2, ddof=0).tolist()
    [nan, 1.0, 0.0]
    """
    return _columns(x, "rolling_std", window=window, ddof=ddof)


def zscore(x: Prices, window: int, *, ddof: int = 1) -> Prices:
    """How many standard deviations each observation lies above the mean of its window; NaN where all are equal.

    >>> zscore(np.array([1.0, 3.0, 3.0]), 2, ddof=0).tolist()
    [nan, 1.0, nan]
    """
    return _columns(x, "zscore", window=window, ddof=ddof)


def momentum(x: Prices, lookback: int, *, skip: int = 0) -> Prices:
    """Return over `lookback` steps that leaves out the last `skip`: `x[t-skip] / x[t-lookback] - 1`.

    Source: 252 and 21 daily closes are the 12-1 momentum of Jegadeesh & Titman (1993).

    >>> momentum(np.array([1.0, 2.0, 4.0, 8.0]), 2, skip=1).tolist()
    [nan, nan, 1.0, 1.0]
    """
    return _columns(x, "momentum", lookback=lookback, skip=skip)


def volatility(x: Prices, window: int, *, annualise: float = 1.0) -> Prices:
    """Sample standard deviation of the last `window` simple returns, times `sqrt(annualise)` (252 for daily closes).

    >>> volatility(np.array([100.0, 110.0, 121.0]), 2).round(12).tolist()
    [nan, nan, 0.0]
    """
    return _columns(x, "volatility", window=window, annualise=annualise)


def rank(x: Prices) -> Prices:
    """Percentile ranks within each cross-section: a vector (N) is one, each row of a table (T x N) is one.

    The smallest of n numbers gets 1 / n, the largest 1; equals share the mean rank; NaN stays NaN and is not counted.

    >>> rank(np.array([30.0, np.nan, 10.0, 30.0])).round(4).tolist()
    [0.8333, nan, 0.3333, 0.8333]
    """
    values = _numbers(x)
    return _like(x, _core.rank_rows(np.atleast_2d(values)).reshape(values.shape))


@cache
def operators() -> Mapping[str, Mapping[str, float | None]]:
    """Every operator a feature may use, with its parameters and their defaults (`None` = must be given).

    >>> operators()["momentum"]
    {'lookback': None, 'skip': 0.0}
    """
    return {name: {row[0]: row[3] for row in params} for name, _, params in _core.operator_table()}


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One feature: an operator over each instrument's prices and, if `ranked`, its rank among the instruments then.

    Made by `feature(...)`, which also names it. `params` are in the order of the operator's definition.
    """

    name: str
    operator: str
    params: tuple[tuple[str, float], ...] = ()
    ranked: bool = False

    def __post_init__(self) -> None:
        if not self.name:
            raise problem("MODEL_FEATURE", "a feature without a name")
        if self.operator not in operators():
            raise problem("MODEL_FEATURE", f"'{self.operator}'{did_you_mean(self.operator, operators())}")
        known = operators()[self.operator]
        for given, _ in self.params:
            if given not in known:
                seen = f"{self.operator} has no parameter '{given}', it takes {list(known)}"
                raise problem("MODEL_FEATURE", seen + did_you_mean(given, known))
        with named_errors():
            _core.indicator(self.operator, dict(self.params))


def feature(operator: str, *, name: str | None = None, ranked: bool = False, **params: float) -> Feature:
    """Define a feature; without a name it is called after its operator and parameters.

    Raises MODEL_FEATURE if the operator or a parameter is unknown, missing or out of range.

    >>> feature("momentum", lookback=252, skip=21, ranked=True).name
    'momentum_252_21_rank'
    """
    if name is None:
        name = "_".join([operator, *(f"{value:g}" for value in params.values()), *(["rank"] if ranked else [])])
    return Feature(name=name, operator=operator, params=tuple(params.items()), ranked=ranked)


class FeatureSet:
    """A named list of features: a cube of them over a history, or one cross-section at a time, bit for bit alike.

    >>> features = FeatureSet([feature("return"), feature("sma", window=2, ranked=True)])
    >>> features.names
    ('return', 'sma_2_rank')
    >>> closes = np.array([[10.0, 20.0], [11.0, 19.0]])
    >>> cube = features.cube(closes)
    >>> cube.shape, cube[1, :, 1].tolist()
    ((2, 2, 2), [0.5, 1.0])
    >>> stream = features.stream(width=2)
    >>> all(np.array_equal(stream.update(row), known, equal_nan=True) for row, known in zip(closes, cube))
    True
    """

    def __init__(self, features: Iterable[Feature]) -> None:
        self.features = tuple(features)
        repeated = {name for name in self.names if self.names.count(name) > 1}
        if repeated or not self.features:
            detail = f"named twice: {', '.join(sorted(repeated))}" if repeated else "a set without features"
            raise problem("MODEL_FEATURE", detail)

    def __repr__(self) -> str:
        return f"FeatureSet({', '.join(self.names)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FeatureSet) and self.features == other.features

    def __hash__(self) -> int:
        return hash(self.features)

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names, in order."""
        return tuple(one.name for one in self.features)

    def cube(self, closes: NDArray[Any] | pd.DataFrame) -> FloatArray:
        """The features (T x N x F) of wide closes (T x N; NaN where an instrument does not trade).

        Raises DATA_TYPE or MODEL_SHAPE if the closes are not a table of numbers.
        """
        table = _table(closes)
        out = np.empty((*table.shape, len(self.features)))
        for place, one in enumerate(self.features):
            values = _core.feature_columns(one.operator, dict(one.params), table)
            out[:, :, place] = _core.rank_rows(values) if one.ranked else values
        return out

    def frame(self, closes: pd.DataFrame) -> pd.DataFrame:
        """The features as a long frame: one row per time and instrument, in that order, one column per feature."""
        import pandas as pd

        rows = pd.MultiIndex.from_product([closes.index, closes.columns], names=["time", "instrument"])
        return pd.DataFrame(self.cube(closes).reshape(len(rows), -1), index=rows, columns=list(self.names))

    def stream(self, *, width: int) -> FeatureStream:
        """Begin a stream of cross-sections of `width` instruments."""
        return FeatureStream(self, width=width)

    def definition(self) -> list[dict[str, Any]]:
        """The set as plain values, for an artifact's hash; `FeatureSet.from_definition` reads it back.

        >>> FeatureSet([feature("sma", window=5)]).definition()
        [{'name': 'sma_5', 'operator': 'sma', 'params': {'window': 5}, 'ranked': False}]
        """
        return [
            {"name": one.name, "operator": one.operator, "params": dict(one.params), "ranked": one.ranked}
            for one in self.features
        ]

    @classmethod
    def from_definition(cls, rows: Sequence[Mapping[str, Any]]) -> FeatureSet:
        """The set that `definition` described."""
        return cls(Feature(**{**row, "params": tuple(row["params"].items())}) for row in rows)


class FeatureStream:
    """A feature set at work, one cross-section at a time; made by `FeatureSet.stream`."""

    def __init__(self, features: FeatureSet, *, width: int) -> None:
        self.features = features
        specification = [(one.operator, dict(one.params), one.ranked) for one in features.features]
        self._bank = _core.FeatureBank(specification, width)

    def update(self, closes: NDArray[Any] | pd.Series[Any]) -> FloatArray:
        """Take the next close of every instrument (N, NaN = none) and return its features (N x F).

        Raises DATA_TYPE or MODEL_SHAPE if the closes are not one number per instrument.
        """
        values = _numbers(closes)
        if values.ndim != 1:
            raise problem("MODEL_SHAPE", f"a cross-section of shape {values.shape}; it has one axis")
        with named_errors():
            return self._bank.update(values)

    def reset(self) -> None:
        """Forget every observation."""
        self._bank.reset()


def _columns(x: Prices, operator: str, **params: float) -> Prices:
    values = _numbers(x)
    with named_errors():
        if values.ndim == 1:
            return _like(x, _core.indicator(operator, params).batch(values))
        return _like(x, _core.feature_columns(operator, params, values))


def _table(closes: NDArray[Any] | pd.DataFrame) -> FloatArray:
    values = _numbers(closes)
    if values.ndim != 2:
        raise problem("MODEL_SHAPE", f"closes of shape {values.shape}; they are times x instruments")
    return values


def _numbers(x: Any) -> FloatArray:
    """The values as floats, without a copy if they are floats already."""
    values = x.to_numpy() if hasattr(x, "to_numpy") else np.asarray(x)
    if values.dtype == object and hasattr(x, "to_numpy"):
        values = _plain(x)
    if values.dtype.kind not in "iuf":
        raise problem("DATA_TYPE", f"values of type {values.dtype}")
    if values.ndim not in (1, 2):
        raise problem("MODEL_SHAPE", f"values of shape {values.shape}; they are a column or a table")
    return values.astype(np.float64, copy=False)


def _plain(x: Any) -> NDArray[Any]:
    """Nullable pandas columns as floats, with NaN for what is missing; anything else as it is."""
    kinds = {dtype.kind for dtype in (x.dtypes if x.ndim == 2 else [x.dtype]) if hasattr(dtype, "kind")}
    return cast("NDArray[Any]", x.to_numpy(dtype=np.float64, na_value=np.nan) if kinds <= set("iuf") else x.to_numpy())


def _like(x: Prices, values: FloatArray) -> Prices:
    """The values in the kind of container that `x` is."""
    if not hasattr(x, "to_numpy"):
        return cast("Prices", values)
    import pandas as pd

    if isinstance(x, pd.DataFrame):
        return pd.DataFrame(values, index=x.index, columns=x.columns)
    labels: Any = x
    return cast("Prices", pd.Series(values, index=labels.index, name=labels.name))
