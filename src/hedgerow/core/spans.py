"""Lengths of time as whole nanoseconds, which is how the core counts it."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta

DAY_NS = 86_400 * 10**9
"""Nanoseconds of a day."""


def ns_of(span: timedelta) -> int:
    """A length of time, exactly.

    >>> ns_of(timedelta(seconds=1, microseconds=5))
    1000005000
    """
    return span // timedelta(microseconds=1) * 1000


_UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9, "d": DAY_NS}


def span_ns(text: str, units: Collection[str]) -> int | None:
    """Nanoseconds of a length of time in words, in one of these units; `None` for anything else.

    units: of `ns`, `us`, `ms`, `s`, `m`, `h`, `d`.

    >>> span_ns("1.5ms", ("ms", "s")), span_ns("2h", ("ms", "s"))
    (1500000, None)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]+)", text.strip())
    return round(float(found[1]) * _UNITS[found[2]]) if found is not None and found[2] in units else None
