"""The assumptions of a run over books as people write them: words of a command line, or a TOML file.

Promises: every field of `Simulation` can be written, and nothing else; a number of time bears its unit; flags speak
after the file. Written delays: `5ms` always, `2ms..9ms` each as likely as the other, `2ms+1ms` at least the first and
beyond it exponential with the second as its mean, `measured:FILE.csv` as a log of times and delays says.
"""

from __future__ import annotations

import ast
import csv
import dataclasses
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.settings import read_toml
from hedgerow.core.simulation import Delay, Simulation
from hedgerow.core.spans import span_ns

_UNITS = ("ns", "us", "ms", "s", "m", "h")
_DELAYS = ("entry", "response")
_SPANS = ("half_life", "sample")


def simulation_of(file: Path | None = None, words: Iterable[str] = ()) -> Simulation:
    """The assumptions of a TOML file (its table `simulation`, or all of it) with `name=value` words over them.

    Raises RUN_CONFIG for a name or value that cannot be read, SIM_BAD_MODEL for one that cannot be meant.

    >>> simulation_of(words=["queue=power", "entry=2ms..9ms", "sample=10s"]).entry_delay.more_ns
    9000000
    """
    given = {} if file is None else _in_file(file)
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise problem("CLI_USAGE", f"--assume {word!r}; write name=value, such as entry=5ms")
        given[name] = value
    return simulation_told(given, Path() if file is None else file.parent)


def simulation_told(given: Mapping[str, Any], folder: Path) -> Simulation:
    """The assumptions of a table; its paths are relative to `folder`. Raises as `simulation_of`."""
    known = [field.name for field in dataclasses.fields(Simulation)]
    for name in given:
        if name not in known:
            raise problem("RUN_CONFIG", f"{name!r} is no assumption of a simulation{did_you_mean(name, known)}")
    return Simulation(**{name: _value(name, value, folder) for name, value in given.items()})


def _in_file(file: Path) -> dict[str, Any]:
    told = read_toml(file)
    table = told.get("simulation", told)
    return dict(table) if isinstance(table, dict) else {"simulation": table}


def _value(name: str, value: Any, folder: Path) -> Any:
    if not isinstance(value, str):
        return value
    if name in _DELAYS:
        return _delay(name, value, folder)
    if name == "feed":
        return _span_ns(name, value)
    if name in _SPANS:
        return timedelta(microseconds=_span_ns(name, value) / 1_000)
    try:
        return ast.literal_eval(value.capitalize() if value in ("true", "false") else value)
    except (ValueError, SyntaxError):
        return value


def _delay(name: str, value: str, folder: Path) -> Delay:
    if value.startswith("measured:"):
        return measured_delay(folder / value.removeprefix("measured:"))
    least, dots, most = value.partition("..")
    if dots:
        return Delay.uniform(_span_ns(name, least), _span_ns(name, most))
    least, plus, mean = value.partition("+")
    if plus:
        return Delay.exponential(_span_ns(name, least), _span_ns(name, mean))
    return Delay.constant(_span_ns(name, value))


def _span_ns(name: str, value: str) -> int:
    found = span_ns(value, _UNITS)
    if found is None:
        raise problem("RUN_CONFIG", f"{name}={value!r}; write a number and its unit ({', '.join(_UNITS)}), such as 5ms")
    return found


def measured_delay(file: Path) -> Delay:
    """A measured log as a delay: CSV of UTC nanoseconds and delay in nanoseconds, a header allowed; times rising."""
    points = []
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            for number, row in enumerate(csv.reader(lines), start=1):
                try:
                    ts, ns = (int(cell) for cell in row)
                except ValueError:
                    if number == 1:
                        continue
                    said = f"{file}, line {number}: {','.join(row)!r}; two whole numbers, time and delay, nanoseconds"
                    raise problem("DATA_TYPE", said) from None
                points.append((ts, ns))
    except (OSError, UnicodeDecodeError) as error:
        raise problem("DATA_NOT_FOUND", f"{file}: {error}") from None
    return Delay.measured(points)
