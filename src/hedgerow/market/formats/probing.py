"""A look at files before they are loaded: what each is, how many rows it has, from when to when, and what is wrong.

Promises a finding for every file, whatever is in it: read, refused for a stated reason, or unreadable. Reads a
block at a time, bars again for each option that might keep them, and writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow.core.errors import HedgerowError, error_table, problem
from hedgerow.market.formats.checking import Checker
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.registry import FORMATS, Format, not_a_file, opened, parts, read_rows
from hedgerow.market.formats.rows import Rows
from hedgerow.market.reading import Reading

_UNREADABLE = frozenset({"DATA_DAMAGED", "DATA_EXPANSION", "DATA_LAYOUT", "DATA_READER", "DATA_UNKNOWN_FORMAT"})


@dataclass(frozen=True)
class Finding:
    """What a file is.

    format: its name, empty if unknown. rows: records of the source; kinds: rows by kind that they become. first, last:
    the times that label its records, ISO 8601 in UTC, empty where they have none. error: why it was not taken as it is.
    loads_with: options with which `hedgerow data ingest` (its bars) or `data keep` (all else) takes it all the same.
    notes: what to know.
    """

    path: str
    format: str = ""
    kinds: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    error: HedgerowError | None = None
    loads_with: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """`ok`, `refused` (it can be read, or is known to be no data) or `unreadable`."""
        if self.error is None:
            return "ok"
        return "unreadable" if self.error.row.name in _UNREADABLE else "refused"

    def record(self) -> dict[str, Any]:
        """As a program reads it."""
        told = None if self.error is None else self.error
        return {
            "path": self.path,
            "format": self.format or None,
            "rows": self.rows,
            "first": _shown(self.first_ns),
            "last": _shown(self.last_ns),
            "ok": self.error is None,
            "status": self.status,
            "kinds": self.kinds,
            "code": told and told.code,
            "detail": told and told.detail,
            "remedy": told and told.remedy,
            "loads_with": " ".join(self.loads_with) or None,
            "notes": list(self.notes),
        }


def files_below(paths: Iterable[Path]) -> list[Path]:
    """All files named, and all below the folders named, in order of their paths; hidden ones are left out."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inner = (file for file in sorted(path.rglob("*")) if not_a_file(file) is not None or file.is_file())
            found |= dict.fromkeys(file for file in inner if not _hidden(file.relative_to(path)))
        else:
            found[path] = None
    return list(found)


def probe(path: Path, reading: Reading, *, expand_max: int | None = None) -> Finding:
    """What a file is; never raises for what is in the file."""
    found = Finding(str(path))
    try:
        for inner, form in parts(opened(path, expand_max)):
            found = _part(found, inner, form, reading)
            if found.error is not None:
                break
    except HedgerowError as error:
        found = replace(found, error=error)
    except OSError as error:
        found = replace(found, error=problem("DATA_NOT_FOUND", f"{path}: {error}"))
    except Exception as error:
        found = replace(found, error=problem("DATA_READER", f"{path.name}: {type(error).__name__}: {error}"))
    if "bars" in found.kinds and found.error is None:
        return _judged_as_bars(found, path, reading)
    return found


def formats() -> list[dict[str, str]]:
    """The formats that are read, in the order in which a file is offered to them."""
    return [{"format": entry.name, "reads": entry.says} for entry in FORMATS]


def head(path: Path, reading: Reading, count: int, *, expand_max: int | None = None) -> Iterator[Rows]:
    """The first rows of each kind in a file, at most `count` of each, as they were understood."""
    left: dict[str, int] = {}
    for inner, form in parts(opened(path, expand_max)):
        for rows in read_rows(inner, form, reading):
            some = min(left.setdefault(rows.kind, count), rows.table.num_rows)
            if some:
                left[rows.kind] -= some
                yield replace(rows, table=rows.table.slice(0, some))
        if left and not any(left.values()):
            return


def _part(found: Finding, file: Opened, form: Format, reading: Reading) -> Finding:
    """A finding with what one file, or one member of an archive, adds to it."""
    checker = Checker(file.shown, form.clock)
    kinds, notes = dict(found.kinds), dict.fromkeys(found.notes)
    rows, error = found.rows, None
    times = [time for time in (found.first_ns, found.last_ns) if time is not None]
    try:
        for part in read_rows(file, form, reading):
            rows += part.records
            if part.table.num_rows:
                kinds[part.kind] = kinds.get(part.kind, 0) + part.table.num_rows
            times += [time for time in (part.first_ns, part.last_ns) if time is not None]
            times = [min(times), max(times)] if times else []
            notes |= dict.fromkeys(part.notes)
            checker.add(part)
    except HedgerowError as raised:
        error = raised
    return replace(
        found,
        format=form.name,
        kinds=kinds,
        rows=rows,
        first_ns=times[0] if times else None,
        last_ns=times[-1] if times else None,
        error=error or checker.error,
        loads_with=() if error is not None else _kept_with(checker.error),
        notes=tuple(notes),
    )


_ALSO = re.compile(r"also (DATA-\d+) in")
SYMBOL_MAX = 32
_REMEDIES: dict[str, tuple[str, dict[str, Any]]] = {
    "DATA_UNSORTED": ("--sort", {"sort": True}),
    "DATA_NAN": ("--missing drop", {"missing": "drop"}),
    "DATA_NOT_POSITIVE": ("--faulty drop", {"faulty": "drop"}),
    "DATA_CROSSED": ("--faulty drop", {"faulty": "drop"}),
    "DATA_VOLUME": ("--faulty drop", {"faulty": "drop"}),
    "DATA_OFF_TICK": ("--off-tick round", {"off_tick": "round"}),
    "DATA_STAMPED_AT_OPEN": ("--stamped open", {"stamped": "open"}),
}


def _judged_as_bars(found: Finding, path: Path, reading: Reading) -> Finding:
    """A finding with the verdict of `Bars` on its bars, and the options with which they load all the same."""
    from hedgerow.market.files import Tables, read_bars

    first: HedgerowError | None = None
    options: list[str] = []
    held: Tables = {}
    for _ in range(len(_REMEDIES)):
        try:
            bars = read_bars(path, reading, held)
        except HedgerowError as error:
            first = first or error
            remedies = _remedies(error, path, options)
            if not remedies:
                return replace(found, error=first)
            for option, settings in remedies:
                options.append(option)
                reading = replace(reading, **settings)
            continue
        except (ValueError, TypeError, KeyError, IndexError, OverflowError, ArithmeticError) as error:
            first = first or problem("DATA_READER", f"{path.name}: {type(error).__name__}: {error}")
            return replace(found, error=first)
        notes = tuple(dict.fromkeys((*found.notes, *bars.notes)))
        return replace(found, error=first, loads_with=tuple(options), notes=notes)
    return replace(found, error=first)


def _kept_with(error: HedgerowError | None) -> tuple[str, ...]:
    """The options of `hedgerow data keep` that allow what was found in rows."""
    if error is None:
        return ()
    found = {error.code, *_ALSO.findall(error.detail)}
    unsorted = problem("DATA_UNSORTED").code
    return (*(["--sort"] if unsorted in found else []), *(["--faulty drop"] if found != {unsorted} else []))


def _remedies(error: HedgerowError, path: Path, tried: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """The options that allow what an error found, all kinds of fault that it lists at once."""
    if error.row.name == "CORE_SYMBOL":
        name = path.name.split(".")[0][:SYMBOL_MAX]
        found = [(f"--symbol {name}", {"symbol": name})]
    else:
        listed = {error.code, *_ALSO.findall(error.detail)}
        found = [_REMEDIES[row.name] for row in error_table() if row.code in listed and row.name in _REMEDIES]
    return [remedy for n, remedy in enumerate(found) if remedy[0] not in tried and remedy not in found[:n]]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _shown(ns: int | None) -> str | None:
    return None if ns is None else f"{np.datetime64(ns, 'ns')}Z"
