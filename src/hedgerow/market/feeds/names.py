"""Names of files: those that come from outside, and those that a specification expects.

Promises: a checked name lies below the folder it is joined to, on any file system. Never: mends a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase

from hedgerow.core.errors import problem

NAME_BYTES_MAX = 1024
PART_BYTES_MAX = 200
_FIELD = re.compile(r"\{(\w+)(?::([^{}]*))?\}")


def checked(name: str) -> str:
    """A name from outside, if it is a plain relative one; otherwise `FEED_NAME` with what is wrong.

    >>> checked("2026/11/trades.csv.gz")
    '2026/11/trades.csv.gz'
    >>> checked("../../etc/passwd")
    Traceback (most recent call last):
    hedgerow.core.errors.FeedError: FEED-008 ...: '../../etc/passwd': a part is '..' or begins with a dot; ...
    """
    if wrong := _wrong(name):
        raise problem("FEED_NAME", f"{name[:120]!r}: {wrong}")
    return name


def _wrong(name: str) -> str:
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "it is not text"
    parts = name.split("/")
    if not 0 < length <= NAME_BYTES_MAX or max(len(part.encode()) for part in parts) > PART_BYTES_MAX:
        return f"it has {length} bytes, limit {NAME_BYTES_MAX}, {PART_BYTES_MAX} a part"
    if any(ord(sign) < 32 or ord(sign) == 127 or sign in '\\:*?"<>|' for sign in name):
        return "it holds a backslash, a colon or a sign that cannot be printed"
    if not all(parts):
        return "it is absolute, or a part is empty"
    if any(part.startswith(".") for part in parts):
        return "a part is '..' or begins with a dot"
    return "a part ends with a blank or a dot" if any(part[-1] in " ." for part in parts) else ""


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name, or its last part, fits one of the patterns; no patterns fit everything.

    >>> matches("eod/AAPL.csv", ["*.csv"]), matches("eod/AAPL.csv.tmp", ["*.csv"]), matches("x", [])
    (True, False, True)
    """
    wanted = tuple(patterns)
    return not wanted or any(fnmatchcase(name, p) or fnmatchcase(name.rpartition("/")[2], p) for p in wanted)


def filled(template: str, day: date) -> str:
    """A template's name for a day: `{date}` is 2026-11-27, `{date:%Y%m%d}` is 20261127.

    >>> filled("eod/{date:%Y}/prices-{date}.csv", date(2026, 11, 27))
    'eod/2026/prices-2026-11-27.csv'
    """
    return _FIELD.sub(lambda field: day.strftime(field[2]) if field[2] else day.isoformat(), template)


def template_fault(template: str) -> str:
    """What is wrong with a template, or nothing.

    >>> template_fault("prices-{day}.csv"), template_fault("prices-{date}.csv")
    ("'{day}' is not {date} or {date:%Y%m%d}", '')
    """
    for field in _FIELD.finditer(template):
        if field[1] != "date":
            return f"{field[0]!r} is not {{date}} or {{date:%Y%m%d}}"
    if "{" in _FIELD.sub("", template):
        return f"{template!r} has a brace that is not closed"
    wrong = _wrong(filled(template, date(2000, 1, 1)))
    return f"{template!r}: {wrong}" if wrong else ""
