"""How much will trade in the next interval, and how wide the market will stand: foretold from history and book.

Promises: what is foretold of an interval rests on what was known before it began; how far off it was is measured
against what came, beside the simplest forecast there is (the interval before, once more); where the model has not
been better than that, the simplest is what is given. Never: a random number, a look at a price.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem
from hedgerow.core.spans import DAY_NS

Floats = npt.NDArray[np.float64]

FORETOLD_MIN = 20
"""Intervals that a model must have foretold before it is believed."""
_GAP_MAX = 30  # more empty intervals in a row than this are a night, not a quiet market
_FAST, _SLOW = 0.35, 0.06  # weights of the newest interval in the two running means
_RIDGE = 3.0  # how many intervals the first weights count for


@dataclass(frozen=True)
class LiquidityForecast:
    """What is expected of the next interval; volume in lots or units, spread in ticks or currency, as it was learnt.

    NaN where nothing is known. volume_error, spread_error: mean absolute error of what was foretold so far, as a
    share of the mean of what came; naive_*: the same for the interval before, once more. intervals: how many were
    foretold.
    """

    volume: float
    spread: float
    volume_error: float
    naive_volume_error: float
    spread_error: float
    naive_spread_error: float
    intervals: int

    @property
    def volume_is_better(self) -> bool:
        """Whether the model's volume has been nearer to what came than the interval before, often enough to say so."""
        return self.intervals >= FORETOLD_MIN and self.volume_error < self.naive_volume_error

    @property
    def spread_is_better(self) -> bool:
        """The same of the spread."""
        return self.intervals >= FORETOLD_MIN and self.spread_error < self.naive_spread_error


class LiquidityModel:
    """Learns interval by interval; `every_ns` is how long one is.

    Two linear models in logarithms, learnt by recursive least squares: the last interval, two running means, what the
    same time of the day brought before, and the book's depth and width as the interval ended. What is foretold of
    volume is scaled so that the sum of all forecasts is the sum of what came.

    >>> model = LiquidityModel(60 * 10**9)
    >>> minutes = np.arange(1, 200)
    >>> model.learn(minutes * 60 * 10**9, 100 + minutes % 2 * 50)
    >>> found = model.forecast()
    >>> found.volume_is_better, 90 < found.volume < 115
    (True, True)
    """

    def __init__(self, every_ns: int) -> None:
        if type(every_ns) is not int or every_ns <= 0:
            raise problem("RUN_NUMBER", f"every_ns={every_ns!r}; nanoseconds above zero")
        self.every_ns = every_ns
        self._volume, self._spread = _Line(), _Line()
        self._open: _Interval | None = None

    def learn(
        self, ends_ns: Any, lots: Any, widths: Any = None, depths: Any = None, *, until_ns: int | None = None
    ) -> None:
        """Take stretches in order of time: when each ended, lots traded in it, mean width and depth (NaN = not known).

        until_ns: the time now, by which the interval of the last stretch may have ended; that stretch's end without it.
        Intervals of which nothing is heard count as empty once something is heard again, unless they were a night.
        Raises RUN_NUMBER for columns that do not belong together, or a time before one that was told.
        """
        ends, traded = np.asarray(ends_ns, dtype=np.int64), np.asarray(lots, dtype=np.float64)
        book = [
            np.full(len(ends), np.nan) if column is None else np.asarray(column, dtype=np.float64)
            for column in (widths, depths)
        ]
        if any(len(column) != len(ends) for column in (traded, *book)) or (traded < 0).any():
            raise problem("RUN_NUMBER", f"{len(ends)} ends; as many volumes (none below zero), widths and depths")
        columns = (column.tolist() for column in (ends, traded, *book))
        for end, amount, width, depth in zip(*columns, strict=True):
            self._advance(-(-end // self.every_ns))
            assert self._open is not None
            self._open.take(amount, width, depth)
        last_ns = int(ends[-1]) if len(ends) else None
        now_ns = until_ns if until_ns is not None else last_ns
        if now_ns is not None and self._open is not None and self._open.is_heard:
            self._advance(min(now_ns // self.every_ns, self._open.number) + 1)

    def _advance(self, number: int) -> None:
        """The interval of this number is open now; those before it have ended."""
        if self._open is None:
            self._open = _Interval(number)
        if number < self._open.number:
            raise problem("RUN_NUMBER", f"a stretch of interval {number}, behind one of {self._open.number}")
        if number - self._open.number > _GAP_MAX:
            if self._open.is_heard:
                self._close(self._open)
            self._volume.pause()
            self._spread.pause()
            self._open = _Interval(number, self._open.width)
        while self._open.number < number:
            done = self._open
            self._close(done)
            self._open = _Interval(done.number + 1, done.width)

    def _close(self, done: _Interval) -> None:
        place = done.number * self.every_ns % DAY_NS // self.every_ns
        depth = math.log1p(done.depth) if done.depth > 0 else 0.0
        width, stood = (math.log1p(w) if w > 0 else 0.0 for w in (done.width, done.mean_width))
        following = (done.number + 1) * self.every_ns % DAY_NS // self.every_ns
        self._volume.came(math.log1p(done.lots), done.lots, place, following, (depth, width))
        if done.width >= 0:
            self._spread.came(stood, done.mean_width, place, following, (depth, width))

    def forecast(self) -> LiquidityForecast:
        """Of the interval that is open, from all that have ended."""
        volume, spread = self._volume, self._spread
        return LiquidityForecast(
            volume=volume.next if volume.is_better else volume.last,
            spread=spread.next if spread.is_better else spread.last,
            volume_error=volume.error,
            naive_volume_error=volume.naive_error,
            spread_error=spread.error,
            naive_spread_error=spread.naive_error,
            intervals=volume.foretold,
        )


class _Interval:
    """What has been seen of an interval; a market of which nothing is heard stands as wide as it stood before."""

    def __init__(self, number: int, width: float = math.nan) -> None:
        self.number, self.lots, self.width, self.depth = number, 0.0, width, math.nan
        self._widths: list[float] = []
        self.is_heard = False

    def take(self, lots: float, width: float, depth: float) -> None:
        """A stretch of it: the newest width and depth are those with which it ends."""
        self.lots, self.is_heard = self.lots + lots, True
        if width >= 0:
            self.width = width
            self._widths.append(width)
        self.depth = depth if depth >= 0 else self.depth

    @property
    def mean_width(self) -> float:
        """Over its stretches."""
        return sum(self._widths) / len(self._widths) if self._widths else self.width


class _Line:
    """A line through what came, in logarithms, and how far off it was."""

    def __init__(self) -> None:
        self._weights = np.array([0.0, 0.2, 0.4, 0.2, 0.2, 0.0, 0.0])
        self._spread = np.eye(7) / _RIDGE
        self._features: Floats | None = None
        self._fast = self._slow = math.nan
        self._usual: dict[int, tuple[float, int]] = {}
        self.last, self.next = math.nan, math.nan
        self.foretold = 0
        self._off = self._naive_off = self._sum = self._raw_sum = self._raw = 0.0

    @property
    def error(self) -> float:
        """Of the model, as a share of what came."""
        return self._off / self._sum if self._sum else math.nan

    @property
    def naive_error(self) -> float:
        """Of the interval before, once more."""
        return self._naive_off / self._sum if self._sum else math.nan

    @property
    def is_better(self) -> bool:
        """Whether the model is believed."""
        return self.foretold >= FORETOLD_MIN and self._off < self._naive_off

    def pause(self) -> None:
        """The market was closed: what comes next does not follow what came last."""
        self._features = None

    def came(self, log: float, value: float, place: int, following: int, book: tuple[float, ...]) -> None:
        """An interval brought this; `place` is its place in the day, `following` that of the next."""
        if self._features is not None:
            self._measure(value)
            self._correct(log)
        fresh = math.isnan(self._fast)
        self._fast = log if fresh else self._fast + _FAST * (log - self._fast)
        self._slow = log if fresh else self._slow + _SLOW * (log - self._slow)
        mean, count = self._usual.get(place, (0.0, 0))
        self._usual[place] = (mean + (log - mean) / (count + 1), count + 1)
        usual = self._usual[following][0] if following in self._usual else self._slow
        self._features = np.array([1.0, log, self._fast, self._slow, usual, *book])
        self.last = value
        self._raw = max(0.0, math.expm1(min(50.0, float(self._weights @ self._features))))
        self.next = self._raw * self._scale

    @property
    def _scale(self) -> float:
        """What makes the sum of the forecasts the sum of what came; 1 until enough has come."""
        if self.foretold < FORETOLD_MIN or self._raw_sum <= 0:
            return 1.0
        return min(3.0, max(1 / 3, self._sum / self._raw_sum))

    def _measure(self, value: float) -> None:
        self.foretold += 1
        self._off += abs(value - self.next)
        self._naive_off += abs(value - self.last)
        self._sum += value
        self._raw_sum += self._raw

    def _correct(self, log: float) -> None:
        """One step of recursive least squares."""
        assert self._features is not None
        gain = self._spread @ self._features
        gain = gain / (1.0 + float(self._features @ gain))
        self._weights = self._weights + gain * (log - float(self._weights @ self._features))
        self._spread = self._spread - np.outer(gain, self._features @ self._spread)
