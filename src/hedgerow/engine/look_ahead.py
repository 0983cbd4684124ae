"""Finds out indicators that look ahead, by taking the future away and by changing it.

Promises: a function that is accepted said the same of the past whatever came after it, in every trial; one that is
refused is named with the bar and both values. Never: takes rounding for a look ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import problem

Floats = npt.NDArray[np.float64]


def one_value_a_bar(function: Callable[..., Any], arguments: Sequence[Any], bars: int) -> Floats:
    """What a function makes of its arguments, as floats; RUN_WEIGHTS unless that is one value a bar."""
    values = np.asarray(function(*arguments), dtype=np.float64)
    if values.shape != (bars,):
        raise problem("RUN_WEIGHTS", f"I() expects one value per bar, got shape {values.shape} for {bars} bars")
    return values


def refuse_look_ahead(
    function: Callable[..., Any], arguments: Sequence[Any], is_series: Sequence[bool], values: Floats
) -> None:
    """Raise MODEL_LOOK_AHEAD if what a function says of the past depends on later bars.

    arguments: of the function; is_series: which of them have one value a bar. values: (n,) what it said of all bars.
    """
    bars = len(values)

    def cut(known: int) -> list[Any]:
        return [a[:known] if timed else a for a, timed in zip(arguments, is_series, strict=True)]

    def shaken(known: int) -> list[Any]:
        return [_shaken(a, known) if timed else a for a, timed in zip(arguments, is_series, strict=True)]

    for known in sorted({bars // 3, bars // 2, bars - 1} - {0, -1}):
        _compare(
            function, values, _again(function, cut(known), known, must=known == bars - 1), f"without bars from {known}"
        )
    for known in sorted({bars // 3, 2 * bars // 3} - {0}):
        again = _again(function, shaken(known), bars, must=False)
        _compare(function, values, None if again is None else again[:known], f"with other bars from {known}")


def _shaken(series: Floats, known: int) -> Floats:
    """A series whose values from `known` on are three times as high and a third as low, in turn."""
    changed = series.copy()
    changed[known::2] *= 3.0
    changed[known + 1 :: 2] /= 3.0
    return changed


def _again(function: Callable[..., Any], arguments: Sequence[Any], bars: int, *, must: bool) -> Floats | None:
    try:
        return one_value_a_bar(function, arguments, bars)
    except Exception:
        if must:
            raise
        return None  # a function may need many bars: what it cannot compute it did not take from the future


def _compare(function: Callable[..., Any], values: Floats, again: Floats | None, how: str) -> None:
    if again is None:
        return
    # Sums in another order differ in the last digits; a look ahead differs in the first.
    scale = float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
    same = np.isclose(again, values[: len(again)], rtol=1e-7, atol=1e-9 * scale, equal_nan=True)
    if not same.all():
        name, bar = getattr(function, "__name__", "function"), int(np.argmin(same))
        raise problem("MODEL_LOOK_AHEAD", f"{name} says {values[bar]:g} of bar {bar}, and {again[bar]:g} {how} on")
