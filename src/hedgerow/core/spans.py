"""Lengths of time as whole nanoseconds, which is how the core counts it."""

from __future__ import annotations

from datetime import timedelta

DAY_NS = 86_400 * 10**9
"""Nanoseconds of a day."""


def ns_of(span: timedelta) -> int:
    """A length of time, exactly.

    >>> ns_of(timedelta(seconds=1, microseconds=5))
    1000005000
    """
    return span // timedelta(microseconds=1) * 1000
