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
from hedgerow.core.alike import once
from hedgerow.core.errors import did_you_mean, named_errors, problem

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

    Table = NDArray[Any] | pd.DataFrame
    Row = NDArray[Any] | pd.Series[Any]

Prices = TypeVar("Prices", "NDArray[Any]", "pd.Series[Any]", "pd.DataFrame")
# What a feature takes if nothing else is said.
CLOSES = ("close",)


def sma(x: Prices, window: int) -> Prices:
    """Simple moving average of the last `window` observations.

    >>> sma(np.array([1, 2, 3, 4]), 2).tolist()
    [nan, 1.5, 2.5, 3.5]
    """
    return columns("sma", x, window=window)


def ema(x: Prices, span: int) -> Prices:
    """Exponential moving average, `alpha = 2 / (span + 1)`, recursive form (`adjust=False`); NaN before `span` values.

    >>> ema(np.array([2.0, 4.0, 4.0, 8.0]), 3).tolist()
    [nan, nan, 3.5, 5.75]
    """
    return columns("ema", x, span=span)


def returns(x: Prices, *, log: bool = False) -> Prices:
    """Simple returns of one step, or logarithmic ones; a change from zero is NaN.

    >>> returns(np.array([100, 110, 99])).round(12).tolist()
    [nan, 0.1, -0.1]
    """
    return columns("log_return" if log else "return", x)


def rolling_std(x: Prices, window: int, *, ddof: int = 1) -> Prices:
    """Standard deviation of the last `window` observations, with `window - ddof` in the denominator.

    >>> rolling_std(np.array([1.0, 3.0, 3.0]), 2, ddof=0).tolist()
    [nan, 1.0, 0.0]
    """
    return columns("rolling_std", x, window=window, ddof=ddof)


def zscore(x: Prices, window: int, *, ddof: int = 1) -> Prices:
    """How many standard deviations each observation lies above the mean of its window; NaN where all are equal.

    >>> zscore(np.array([1.0, 3.0, 3.0]), 2, ddof=0).tolist()
    [nan, 1.0, nan]
    """
    return columns("zscore", x, window=window, ddof=ddof)


def momentum(x: Prices, lookback: int, *, skip: int = 0) -> Prices:
    """Return over `lookback` steps that leaves out the last `skip`: `x[t-skip] / x[t-lookback] - 1`.

    Source: 252 and 21 daily closes are the 12-1 momentum of Jegadeesh & Titman (1993).

    >>> momentum(np.array([1.0, 2.0, 4.0, 8.0]), 2, skip=1).tolist()
    [nan, nan, 1.0, 1.0]
    """
    return columns("momentum", x, lookback=lookback, skip=skip)


def volatility(x: Prices, window: int, *, annualise: float = 1.0) -> Prices:
    """Sample standard deviation of the last `window` simple returns, times `sqrt(annualise)` (252 for daily closes).

    >>> volatility(np.array([100.0, 110.0, 121.0]), 2).round(12).tolist()
    [nan, nan, 0.0]
    """
    return columns("volatility", x, window=window, annualise=annualise)


def rank(x: Prices) -> Prices:
    """Percentile ranks within each cross-section: a vector (N) is one, each row of a table (T x N) is one.

    The smallest of n numbers gets 1 / n, the largest 1; equals share the mean rank; NaN stays NaN and is not counted.

    >>> rank(np.array([30.0, np.nan, 10.0, 30.0])).round(4).tolist()
    [0.8333, nan, 0.3333, 0.8333]
    """
    values = numbers(x)
    return like(x, _core.rank_rows(np.atleast_2d(values)).reshape(values.shape))


@cache
def operators() -> Mapping[str, Mapping[str, float | None]]:
    """Every operator a feature may use, with its parameters and their defaults (`None` = must be given).

    >>> operators()["momentum"]
    {'lookback': None, 'skip': 0.0}
    """
    return {name: {row[0]: row[4] for row in params} for name, _, _, params in _core.operator_table()}


@cache
def inputs_of(operator: str) -> tuple[str, ...]:
    """What an operator takes at once, in order; one name for an operator of any one series.

    >>> inputs_of("sma"), inputs_of("parkinson")
    (('x',), ('high', 'low'))
    """
    return next(tuple(inputs) for name, _, inputs, _ in _core.operator_table() if name == operator)


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One feature: an operator over each instrument's prices and, if `ranked`, its rank among the instruments then.

    Made by `feature(...)`, which also names it. `params` are in the order of the operator's definition; `fields` are
    what it takes, in order of its inputs.
    """

    name: str
    operator: str
    params: tuple[tuple[str, float], ...] = ()
    ranked: bool = False
    fields: tuple[str, ...] = CLOSES

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
        if len(self.fields) != len(inputs_of(self.operator)):
            wanted = f"{self.operator} takes {', '.join(inputs_of(self.operator))}"
            raise problem("MODEL_FEATURE", f"fields {list(self.fields)}; {wanted}")


def feature(
    operator: str,
    *,
    name: str | None = None,
    ranked: bool = False,
    fields: Sequence[str] | None = None,
    **params: float,
) -> Feature:
    """Define a feature; without a name it is called after its operator and parameters.

    fields: what it takes, in order of its inputs; the close if it takes one series, else what its inputs are called.
    Raises MODEL_FEATURE if the operator or a parameter is unknown, missing or out of range.

    >>> feature("momentum", lookback=252, skip=21, ranked=True).name
    'momentum_252_21_rank'
    >>> feature("parkinson", window=20).fields
    ('high', 'low')
    """
    if name is None:
        name = "_".join([operator, *(f"{value:g}" for value in params.values()), *(["rank"] if ranked else [])])
    if fields is None:
        inputs = inputs_of(operator) if operator in operators() else CLOSES
        fields = inputs if len(inputs) > 1 else CLOSES
    return Feature(name=name, operator=operator, params=tuple(params.items()), ranked=ranked, fields=tuple(fields))


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

    @property
    def fields(self) -> tuple[str, ...]:
        """What the features take, each field once, in the order in which they ask for it."""
        return tuple(dict.fromkeys(field for one in self.features for field in one.fields))

    def cube(self, closes: Table | Mapping[str, Table]) -> FloatArray:
        """The features (T x N x F) of wide closes (T x N; NaN where an instrument does not trade).

        A set that takes other fields than the close wants a table of each: `{"high": ..., "low": ...}`.
        Raises DATA_TYPE or MODEL_SHAPE if a field is missing, or not a table of numbers.
        """
        tables = {field: _table(values) for field, values in self._by_field(closes).items()}
        out = np.empty((*tables[self.fields[0]].shape, len(self.features)))
        for place, one in enumerate(self.features):
            with named_errors():
                values = _core.feature_columns(one.operator, dict(one.params), *(tables[field] for field in one.fields))
            if values.shape != out.shape[:2]:
                raise problem("MODEL_SHAPE", f"{one.name} is {values.shape}, {self.names[0]} is {out.shape[:2]}")
            out[:, :, place] = _core.rank_rows(values) if one.ranked else values
        return out

    def frame(self, closes: pd.DataFrame | Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        """The features as a long frame: one row per time and instrument, in that order, one column per feature."""
        import pandas as pd

        wide = self._by_field(closes)[self.fields[0]]
        rows = pd.MultiIndex.from_product([wide.index, wide.columns], names=["time", "instrument"])
        return pd.DataFrame(self.cube(closes).reshape(len(rows), -1), index=rows, columns=list(self.names))

    def _by_field(self, given: Any) -> dict[str, Any]:
        """What each field of the set is: the only thing given, or the thing of its name."""
        if not isinstance(given, Mapping):
            given = {CLOSES[0]: given}
        if missing := [field for field in self.fields if field not in given]:
            raise problem("MODEL_SHAPE", f"no {', '.join(missing)} among {', '.join(given)}")
        return {field: given[field] for field in self.fields}

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
            | ({} if one.fields == CLOSES else {"fields": list(one.fields)})
            for one in self.features
        ]

    @classmethod
    def from_definition(cls, rows: Sequence[Mapping[str, Any]]) -> FeatureSet:
        """The set that `definition` described."""
        return cls(
            Feature(**{**row, "params": tuple(row["params"].items()), "fields": tuple(row.get("fields", CLOSES))})
            for row in rows
        )


class FeatureStream:
    """A feature set at work, one cross-section at a time; made by `FeatureSet.stream`."""

    def __init__(self, features: FeatureSet, *, width: int) -> None:
        self.features = features
        self._width = width
        specification = [
            (one.operator, dict(one.params), [features.fields.index(field) for field in one.fields], one.ranked)
            for one in features.features
        ]
        self._bank = _core.FeatureBank(specification, width)

    def update(self, closes: Row | Mapping[str, Row]) -> FloatArray:
        """Take the next close of every instrument (N, NaN = none) and return its features (N x F).

        A set that takes other fields than the close wants each: `{"high": ..., "low": ...}`.
        Raises DATA_TYPE or MODEL_SHAPE if a field is missing, or not one number per instrument.
        """
        rows = [numbers(values) for values in self.features._by_field(closes).values()]
        for values in rows:
            if values.ndim != 1:
                raise problem("MODEL_SHAPE", f"a cross-section of shape {values.shape}; it has one axis")
            if len(values) != self._width:
                detail = f"a cross-section of {len(values)} values for {self._width} instruments"
                raise problem("MODEL_SHAPE", detail)
        return self._bank.update(np.stack(rows))

    def reset(self) -> None:
        """Forget every observation."""
        self._bank.reset()


def indicator(operator: str, **params: float) -> _core.Indicator:
    """An operator to feed one observation at a time: `update(x)`, or one number for each of its inputs.

    What it says of each is what the function of that name says of the column, bit for bit. Raises MODEL_FEATURE if the
    operator or a parameter is unknown, missing or out of range.

    >>> imbalance = indicator("queue_imbalance")
    >>> imbalance.update(3.0, 1.0), imbalance.value, imbalance.ready
    (0.5, 0.5, True)
    """
    with named_errors():
        return _core.indicator(operator, params)


def columns(operator: str, first: Prices, *more: Any, **params: float) -> Prices:
    """What an operator makes of columns (T) or tables (T x N), one for each of its inputs; the kind of the first.

    Raises MODEL_FEATURE for a parameter out of range, DATA_TYPE and MODEL_SHAPE for what are not numbers of one shape.

    >>> columns("queue_imbalance", np.array([3.0, 1.0]), np.array([1.0, 1.0])).tolist()
    [0.5, 0.0]
    """
    given = (first, *more)
    values = [numbers(one) for one in given]
    shapes = sorted({one.shape for one in values})
    if len(shapes) > 1:
        raise problem("MODEL_SHAPE", f"{operator} of {', '.join(map(str, shapes))}; what it takes has one shape")
    labelled: list[Any] = [one for one in given if hasattr(one, "index") and hasattr(one, "to_numpy")]
    if any(not one.index.equals(labelled[0].index) for one in labelled):
        raise problem("MODEL_SHAPE", f"{operator} of columns whose labels differ; align them first")
    with named_errors():
        if values[0].ndim == 1:
            how = tuple(params.items())
            column = once(operator, given, how, lambda: _core.indicator(operator, params).batch(*values))
            return like(first, column)
        return like(first, _core.feature_columns(operator, params, *values))


def _table(closes: NDArray[Any] | pd.DataFrame) -> FloatArray:
    values = numbers(closes)
    if values.ndim != 2:
        raise problem("MODEL_SHAPE", f"closes of shape {values.shape}; they are times x instruments")
    return values


def numbers(x: Any) -> FloatArray:
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


def like(x: Prices, values: FloatArray) -> Prices:
    """The values in the kind of container that `x` is."""
    if not hasattr(x, "to_numpy"):
        return cast("Prices", values)
    import pandas as pd

    if isinstance(x, pd.DataFrame):
        return pd.DataFrame(values, index=x.index, columns=x.columns)
    labels: Any = x
    return cast("Prices", pd.Series(values, index=labels.index, name=labels.name))
