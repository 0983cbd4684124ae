"""One table of a feed's specification, read key by key.

Promises: every key that is missing, unknown, of the wrong type or outside its limits is gathered as one sentence with
table, key, value and limit, so that one reading is enough to correct the file. Never: raises, guesses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from hedgerow.core.errors import did_you_mean

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_BYTES = {"": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class Table:
    """A table of a TOML file and the faults found in it so far.

    >>> faults = []
    >>> table = Table({"every": "1 fortnight", "at": ["25:00"], "tz": "UTC"}, "[schedule]", faults)
    >>> table.span_s("every", "1h"), table.times("at"), table.done()
    (3600.0, (), None)
    >>> for fault in faults: print(fault)
    [schedule] every: '1 fortnight' is not a length of time such as '30s', '15min' or '1d'
    [schedule] at: '25:00' is not a time of day such as '18:30'
    [schedule] tz: no such key
    """

    def __init__(self, rows: Mapping[str, Any], where: str, faults: list[str]) -> None:
        self._rows, self._where, self._faults = rows, where, faults
        self._asked: list[str] = []

    def fault(self, key: str, says: str) -> None:
        """Note what is wrong with a key."""
        self._faults.append(f"{self._where} {key}: {says}".strip())

    def has(self, key: str) -> bool:
        """Whether the key is there; asking makes it a known one."""
        self._asked.append(key)
        return key in self._rows

    def text(self, key: str, default: str | None = None) -> str:
        """Text; without a default it must be there and not be empty."""
        if not self.has(key):
            if default is None:
                self.fault(key, "is missing")
            return default or ""
        value = self._rows[key]
        if not isinstance(value, str) or (not value and default is None):
            self.fault(key, f"{value!r} is not a text")
            return default or ""
        return value

    def choice(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        """One of a few words."""
        value = self.text(key, default)
        if value and value not in known:
            self.fault(key, f"{value!r} is none of {', '.join(known)}{did_you_mean(value, known)}")
            return known[0]
        return value

    def whole(self, key: str, default: int | None, least: int, most: int) -> int:
        """A whole number between two bounds."""
        value = self._rows.get(key, default) if self.has(key) else default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            seen = "is missing" if value is None else f"{value!r} is not a whole number from {least:,} to {most:,}"
            self.fault(key, seen)
            return least
        return value

    def number(self, key: str, default: float, least: float, most: float) -> float:
        """A number between two bounds."""
        value = self._rows.get(key, default) if self.has(key) else default
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.fault(key, f"{value!r} is not a number from {least:g} to {most:g}")
            return default
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._rows.get(key, default) if self.has(key) else default
        if not isinstance(value, bool):
            self.fault(key, f"{value!r} is neither true nor false")
            return default
        return value

    def span_s(self, key: str, default: str, *, least_s: float = 0.0) -> float:
        """Seconds of a length of time such as `15min`."""
        return self._measured(key, default, _SECONDS, "a length of time such as '30s', '15min' or '1d'", least_s)

    def size(self, key: str, default: str) -> int:
        """Bytes of a size such as `10 GB`."""
        return int(self._measured(key, default, _BYTES, "a size such as '500 MB' or '10 GiB'", 0))

    def times(self, key: str) -> tuple[time, ...]:
        """Times of day such as `18:30`, in order."""
        found = []
        for text in self.texts(key):
            match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", text)
            if match is None:
                self.fault(key, f"{text!r} is not a time of day such as '18:30'")
            else:
                found.append(time(int(match[1]), int(match[2]), int(match[3] or 0)))
        return tuple(sorted(found))

    def days(self, key: str) -> frozenset[date]:
        """Dates such as 2026-12-25, with or without quotes."""
        found = set()
        for value in self._list(key):
            try:
                day = date.fromisoformat(value) if isinstance(value, str) else value
            except ValueError:
                day = None
            if type(day) is date:
                found.add(day)
            else:
                self.fault(key, f"{value!r} is not a date such as 2026-12-25")
        return frozenset(found)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text."""
        found = tuple(value for value in self._list(key) if isinstance(value, str) and value)
        if len(found) != len(self._list(key)):
            self.fault(key, f"{self._rows[key]!r} is not a text or a list of texts")
        return found

    def pairs(self, key: str) -> dict[str, str]:
        """A table of texts by name."""
        value = self._rows.get(key, {}) if self.has(key) else {}
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            self.fault(key, f"{value!r} is not a table of texts")
            return {}
        return dict(value)

    def table(self, key: str) -> Table:
        """A table within this one; empty where it is not there."""
        value = self._rows.get(key, {}) if self.has(key) else {}
        if not isinstance(value, dict):
            self.fault(key, f"{value!r} is not a table")
            value = {}
        return Table(value, f"[{key}]", self._faults)

    def filled(self, given: Mapping[str, Any]) -> Table:
        """The same table with values for keys that it has not."""
        return Table({**given, **self._rows}, self._where, self._faults)

    def done(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._rows:
            if key not in self._asked:
                self.fault(key, f"no such key{did_you_mean(key, self._asked)}")

    def _list(self, key: str) -> list[Any]:
        value = self._rows.get(key, []) if self.has(key) else []
        return value if isinstance(value, list) else [value]

    def _measured(self, key: str, default: str, units: Mapping[str, float], what: str, least: float) -> float:
        text = self.text(key, default)
        for candidate in (text, default):
            match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([A-Za-z]*)", candidate)
            if match is not None and match[2] in units:
                amount = float(match[1]) * units[match[2]]
                if amount >= least:
                    return amount
                self.fault(key, f"{text!r} is shorter than {least:g} s")
            else:
                self.fault(key, f"{text!r} is not {what}")
        return least
