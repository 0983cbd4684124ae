"""A macro series as FRED and ALFRED give it: values by the real-time period in which they stood.

A value of a vintage was known at the last instant of the day of its `realtime_start` (UTC), so that what was known as
of a day is what ALFRED shows for that day. Promises: a value that was taken back without another in its place is
missing from then on. Source: the FRED API, `series/observations`, output types 1 and 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from hedgerow.core.errors import problem
from hedgerow.core.spans import DAY_NS

MISSING = "."
"""How FRED writes that there is no value."""
_DAY_ONE = date(1970, 1, 1)


def vintages_in(answer: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    """(when it happened, when it was known, the value as written) of each value in an answer.

    >>> row = {"date": "2024-01-01", "realtime_start": "2024-02-10", "realtime_end": "2024-03-09", "value": "1.5"}
    >>> answer = {"realtime_start": "2024-01-01", "realtime_end": "2024-12-31", "observations": [row]}
    >>> [(event // DAY_NS, known // DAY_NS, value) for event, known, value in vintages_in(answer)]
    [(19723, 19763, '1.5'), (19723, 19792, '.')]
    """
    try:
        asked_until = date.fromisoformat(answer["realtime_end"])
        rows = [(_day(row, "date"), _day(row, "realtime_start"), _day(row, "realtime_end"), str(row["value"]))
                for row in answer["observations"]]  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise problem("DATA_LAYOUT", f"not an answer of FRED's series/observations: {error!r}") from None
    rows.sort(key=lambda row: row[:2])
    is_first_only = answer.get("output_type") == 4  # whose ends are those of corrections that it leaves out
    more = int(answer.get("offset", 0)) + len(rows) < int(answer.get("count", 0))
    for row, following in zip(rows, [*rows[1:], None], strict=True) if rows else ():
        event, start, end, value = row
        yield _ns(event), _ns(start) + DAY_NS - 1, value
        if end >= asked_until or is_first_only or (following is None and more):
            continue
        gone = end + timedelta(1)
        if following is None or following[0] != event or following[1] > gone:
            yield _ns(event), _ns(gone) + DAY_NS - 1, MISSING


def _day(row: Mapping[str, Any], key: str) -> date:
    return date.fromisoformat(row[key])


def _ns(day: date) -> int:
    return (day - _DAY_ONE).days * DAY_NS
