"""Settings that people write into TOML files, read table by table and key by key.

Promises: every key that is missing, unknown, of the wrong type or outside its limits is gathered as one sentence with
table, key, value and limit, so that one reading is enough to correct the file. Never: guesses.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from hedgerow.core.errors import did_you_mean, problem

Made = TypeVar("Made")
FAULTS_TOLD = 20
"""So many faults of a file are told; the rest is counted."""
NUMBER_MAX = 10**12
DECIMALS_MAX = 18
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_BYTES = {"": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file; RUN_CONFIG where it cannot be read or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise problem("RUN_CONFIG", f"{path}: {error}") from None


def settings_of(path: Path, read: Callable[[Table], Made]) -> Made:
    """What `read` makes of a file; RUN_CONFIG names the file and everything that is wrong in it."""
    faults: list[str] = []
    top = Table(read_toml(path), "", faults)
    made = read(top)
    top.done()
    refuse("RUN_CONFIG", path, faults)
    return made


def refuse(error: str, place: object, faults: Sequence[str]) -> None:
    """Raise an error that names the faults of a file, if it has any."""
    if faults:
        more = f" (and {len(faults) - FAULTS_TOLD} more)" if len(faults) > FAULTS_TOLD else ""
        raise problem(error, f"{place}: {'; '.join(faults[:FAULTS_TOLD])}{more}")


def known(kind: type[Any], told: Any, what: str) -> dict[str, Any]:
    """What is told of a dataclass; RUN_CONFIG for what is no table, or has a name that is none of its fields."""
    names = [field.name for field in fields(kind)]
    if not isinstance(told, Mapping):
        raise problem("RUN_CONFIG", f"{told!r:.60} is no {kind.__name__}")
    for name in told:
        if name not in names:
            raise problem("RUN_CONFIG", f"{name!r} in {what}{did_you_mean(str(name), names)}")
    return dict(told)


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
            return known[0] if known else value
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

    def decimal(self, key: str, default: Decimal | None, most: int = NUMBER_MAX) -> Decimal:
        """An exact number above zero; quoted, or as TOML writes it."""
        value = self._rows.get(key, default) if self.has(key) else default
        if value is None:
            self.fault(key, "is missing")
            return Decimal(1)
        try:
            number = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or not 0 < number < most:
            self.fault(key, f"{value!r} is no number above 0 and below {most:,}")
            return Decimal(1)
        if int(number.as_tuple().exponent) < -DECIMALS_MAX:
            self.fault(key, f"{value!r} has more than {DECIMALS_MAX} decimals")
            return Decimal(1)
        return number

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

    def is_array(self, key: str) -> bool:
        """Whether a key holds an array, as tables written `[[key]]` do."""
        return self.has(key) and isinstance(self._rows[key], list)

    def table(self, key: str) -> Table:
        """A table within this one; empty where it is not there."""
        value = self._rows.get(key, {}) if self.has(key) else {}
        if not isinstance(value, dict):
            self.fault(key, f"{value!r} is not a table")
            value = {}
        return Table(value, f"[{key}]", self._faults)

    def tables(self, key: str) -> tuple[Table, ...]:
        """An array of tables; one at least."""
        rows = self._rows.get(key) if self.has(key) else None
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            self.fault(f"[[{key}]]", "there must be one table of this name at least")
            return ()
        return tuple(Table(row, f"[[{key}]] {at}", self._faults) for at, row in enumerate(rows, start=1))

    def free(self) -> dict[str, Any]:
        """All keys and values, whatever they are."""
        self._asked += self._rows
        return dict(self._rows)

    def made(self, kind: Callable[..., Any]) -> Any:
        """A dataclass of the values, None with a fault for a key that is none of its fields; raises what it raises."""
        for field in fields(kind):  # type: ignore[arg-type]
            self.has(field.name)
        faults = len(self._faults)
        self.done()
        if len(self._faults) > faults:
            return None
        try:
            return kind(**self._rows)
        except TypeError as error:
            self._faults.append(f"{self._where}: {error}")
            return None

    def filled(self, given: Mapping[str, Any]) -> Table:
        """The same table with values for keys that it has not."""
        return Table({**given, **self._rows}, self._where, self._faults)

    def over(self, given: Mapping[str, Any]) -> Table:
        """The same table with other values for some keys."""
        return Table({**self._rows, **given}, self._where, self._faults)

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
