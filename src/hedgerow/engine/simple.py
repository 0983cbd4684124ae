"""Strategies in twelve lines: `init` computes series once, `next` sees them up to the present bar.

Promises: `next` can index only what was known (`[-1]` is now); a series that uses the future is found out by computing
it again on shortened data, and refused. Lowers to an event strategy: the same orders, gate and fills.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.engine.look_ahead import one_value_a_bar, refuse_look_ahead
from hedgerow.engine.strategy import Strategy

Floats = npt.NDArray[np.float64]


class Series:
    """A series seen up to now: `s[-1]` is the present value, `s[-2]` the one before, `len(s)` how many there are.

    A slice, and `np.asarray(s)`, are arrays of known values that cannot be written to.
    """

    __slots__ = ("_clock", "_values")

    def __init__(self, values: Floats, clock: _Clock) -> None:
        self._values = values.view()
        self._values.flags.writeable = False
        self._clock = clock

    def __len__(self) -> int:
        return self._clock.now

    @overload
    def __getitem__(self, index: int) -> float: ...

    @overload
    def __getitem__(self, index: slice) -> Floats: ...

    def __getitem__(self, index: int | slice) -> float | Floats:
        now = self._clock.now
        if isinstance(index, slice):
            return self._values[:now][index]
        position = now + index if index < 0 else index
        if not 0 <= position < now:
            raise IndexError(f"index {index} of a series with {now} known values")
        return float(self._values[position])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return np.array(self._values[: self._clock.now], dtype=dtype, copy=copy)


class _Clock:
    """How many bars are known."""

    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = 0


class SimpleData:
    """The columns of the instrument: `open, high, low, close, volume`, each a `Series`."""

    open: Series
    high: Series
    low: Series
    close: Series
    volume: Series

    def __init__(self, columns: dict[str, Floats], clock: _Clock) -> None:
        self._clock = clock
        for name, values in columns.items():
            setattr(self, name, Series(values, clock))

    def __getattr__(self, name: str) -> Series:
        raise AttributeError(f"no column {name!r}{did_you_mean(name, ('open', 'high', 'low', 'close', 'volume'))}")

    def __len__(self) -> int:
        return self._clock.now


class SimpleStrategy(Strategy):
    """A strategy on one instrument as `init` and `next`.

    >>> class Cross(SimpleStrategy):
    ...     def init(self):
    ...         self.fast = self.I(sma, self.data.close, 20)
    ...         self.slow = self.I(sma, self.data.close, 100)
    ...     def next(self):
    ...         if self.fast[-1] > self.slow[-1] and self.position == 0:
    ...             self.buy(100)
    ...         elif self.fast[-1] < self.slow[-1] and self.position > 0:
    ...             self.close()
    """

    data: SimpleData
    _clock: _Clock
    _length: int
    _warm_up: int

    def init(self) -> None:
        """Compute what `next` needs with `self.I(function, series, ...)`."""

    def next(self) -> None:
        """Decide, once a bar has closed and every series of `I` has a value."""
        raise problem("RUN_CONFIG", f"{type(self).__name__} has no next()")

    def I(self, function: Callable[..., Any], *arguments: Any) -> Series:  # noqa: E743 (the field's name for it)
        """Compute a series from others once; `function` maps arrays to one value a bar, and may use no later bars.

        That is tried: the function is called again on series whose later bars are left out or changed, and what it said
        of the past must not change. Series are passed as arrays that cannot be written to, other arguments as they are.
        Raises MODEL_LOOK_AHEAD where it does, RUN_WEIGHTS for another shape.

        >>> class Centred(SimpleStrategy):
        ...     def init(self):
        ...         self.mean = self.I(lambda close: close - close.mean(), self.data.close)
        ...     def next(self):
        ...         ...
        >>> import numpy as np
        >>> from hedgerow import Bars, backtest
        >>> backtest(Bars.from_arrays(np.arange(9).astype("datetime64[D]"), close=np.arange(1.0, 10.0)), Centred)
        Traceback (most recent call last):
            ...
        hedgerow.core.errors.ModelError: MODEL-009 a feature changes when the future is taken away: ...
        """
        is_series = [isinstance(argument, Series) for argument in arguments]
        plain = [argument._values if isinstance(argument, Series) else argument for argument in arguments]
        values = one_value_a_bar(function, plain, self._length)
        refuse_look_ahead(function, plain, is_series, values)
        started = np.flatnonzero(~np.isnan(values))
        self._warm_up = max(self._warm_up, int(started[0]) if started.size else len(values))
        return Series(values, self._clock)

    def prepare(self, columns: dict[str, Floats]) -> None:
        """Give the strategy its data; called by the engine before `on_start`."""
        self._clock = _Clock()
        self._length = len(columns["close"])
        self._warm_up = 0
        self.data = SimpleData(columns, self._clock)

    def on_start(self) -> None:
        """Calls `init`."""
        self.init()

    def on_bar(self, bar: Any) -> None:
        """Calls `next` once every series has begun."""
        self._clock.now += 1
        if self._clock.now > self._warm_up:
            self.next()


def crossover(first: Series | float, second: Series | float) -> bool:
    """Whether `first` has just risen above `second`; one of them may be a number.

    False until two bars are known.
    """
    known = min(len(line) for line in (first, second) if isinstance(line, Series))
    if known < 2:
        return False
    (before, now), (other_before, other_now) = (
        (line[-2], line[-1]) if isinstance(line, Series) else (line, line) for line in (first, second)
    )
    return before <= other_before and now > other_now
