"""Times on the command line: the one place where the governance commands read the clock.

Promises: a time without a zone is UTC.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]

At = Annotated[
    datetime | None,
    typer.Option("--at", help="Act at this time, UTC; default: now.", formats=FORMATS, show_default=False),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", help="When the mandate ends, UTC; default: as late as its tier allows.", formats=FORMATS),
]


def moment_ns(moment: datetime) -> int:
    """A time of the command line in UTC nanoseconds.

    >>> moment_ns(datetime(1970, 1, 2))
    86400000000000
    """
    return int(moment.replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def now_ns(at: datetime | None) -> int:
    """The time of an act: the one given, else the clock's."""
    return time.time_ns() if at is None else moment_ns(at)
