"""Rates that people state: which numbers are believed.

Promises: a fraction within its bounds, or RUN_NUMBER with what it is of. Never: text, NaN or a bool as a number.
"""

from __future__ import annotations

import math
from typing import Any

from hedgerow.core.errors import problem

RATE_MAX = 10.0
"""The largest rate that is believed: 1,000 % a year, or of a position's value at one funding."""


def believed(rate: Any, what: str, least: float = -RATE_MAX, most: float = RATE_MAX) -> float:
    """A rate that can be meant; RUN_NUMBER otherwise.

    >>> believed(0.0001, "funding")
    0.0001
    """
    try:
        number = math.nan if isinstance(rate, bool | str) else float(rate)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not least <= number <= most:
        raise problem("RUN_NUMBER", f"{what} is {rate!r}; a fraction from {least:g} to {most:g}")
    return number
