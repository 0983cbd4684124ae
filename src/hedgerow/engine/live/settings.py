"""What a paper run is told, in one TOML file: whose strategy, with what money, over which books, how fast.

Promises: what is read is complete and can be meant, or `RUN_CONFIG` names table, key and value; paths are relative to
the file. Never: reads data, makes a folder, or fills in a key that was misspelt.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from hedgerow.core.costs import Costs
from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.simulation import Simulation
from hedgerow.engine.assumptions import simulation_of
from hedgerow.market.instruments import Instrument

SPEED_MAX = 1_000_000.0
_TABLES = ("run", "data", "instrument", "config", "costs", "simulation")
_RUN = {"strategy": str, "folder": str, "cash": (str, int, float), "currency": str, "seed": int, "name": str}
_RUN |= {"speed": (int, float), "mandate": str}
_DATA = {"source": (str, list), "rule": str, "shown": str}


@dataclass(frozen=True, kw_only=True)
class PaperSettings:
    """A paper run: whose strategy, with what money, over which recording, how fast."""

    strategy: str
    """`FILE.py:Class`; the file as it is found from the settings."""
    config: Mapping[str, Any]
    """Settings of the strategy's `Config`."""
    folder: Path
    """The journal's folder; there must be none yet."""
    source: tuple[Path, ...]
    """Files of books or recordings of one venue, one after the other; or a catalog."""
    instrument: Instrument
    rule: str | None = None
    """How the venue of a recording numbers its updates."""
    shown: Any = None
    """How deep the books are read; `None` = as deep as the source shows them."""
    cash: Decimal = Decimal(1_000_000)
    currency: str = "USD"
    seed: int = 7
    name: str | None = None
    """The strategy's name in its proposal; `None` = the class."""
    speed: float = 1.0
    """Seconds of the recording that pass in one of ours; 0 = no waiting."""
    mandate: Path | None = None
    """The fund's folder, under whose signed mandate it runs; `None` = a mandate for simulated money of its own."""
    costs: Costs | None = None
    simulation: Simulation | None = None


def read_settings(path: Path, *, speed: float | None = None) -> PaperSettings:
    """Read a settings file; `speed` speaks over the file's.

    Raises RUN_CONFIG for what cannot be meant, and what `Instrument`, `Costs` and `Simulation` raise for theirs.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise problem("RUN_CONFIG", f"{path}: {error}") from None
    _known(said, _TABLES, str(path))
    tables = {name: _table(said, name) for name in _TABLES}
    run, data = _typed(tables["run"], _RUN, "[run]"), _typed(tables["data"], _DATA, "[data]")
    _wanted(run, ("strategy", "folder"), "[run]")
    _wanted(data, ("source",), "[data]")
    file, colon, name = run.pop("strategy").partition(":")
    told: dict[str, Any] = {**run, "strategy": f"{path.parent / file}{colon}{name}", "config": tables["config"]}
    told |= {key: path.parent / told[key] for key in ("folder", "mandate") if key in told}
    told |= {**data, "source": _paths(data["source"], path.parent)}
    told["instrument"] = _made(Instrument, tables["instrument"], "[instrument]")
    if tables["costs"]:
        told["costs"] = _made(Costs, tables["costs"], "[costs]")
    if tables["simulation"]:
        told["simulation"] = simulation_of(path)
    return _checked(told if speed is None else {**told, "speed": speed})


def _checked(told: dict[str, Any]) -> PaperSettings:
    """The settings, once their numbers can be meant."""
    speed, cash = told.get("speed", 1.0), str(told.get("cash", "1000000"))
    if not 0 <= speed <= SPEED_MAX:
        raise problem("RUN_CONFIG", f"[run] speed: {speed!r}, from 0 (no waiting) to {SPEED_MAX:,.0f}")
    if not re.fullmatch(r"\d{1,15}(\.\d{1,9})?", cash) or not Decimal(cash):
        raise problem("RUN_CONFIG", f"[run] cash: {told['cash']!r} is no amount above zero")
    return PaperSettings(**{**told, "speed": float(speed), "cash": Decimal(cash)})


def _table(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = said.get(name, {})
    if not isinstance(table, dict):
        raise problem("RUN_CONFIG", f"[{name}] is {table!r}, no table")
    return table


def _known(row: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for key in row:
        if key not in names:
            raise problem("RUN_CONFIG", f"{where}: no such key {key!r}{did_you_mean(key, names)}")


def _wanted(row: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in names:
        if name not in row:
            raise problem("RUN_CONFIG", f"{where} {name}: is missing")


def _typed(row: Mapping[str, Any], kinds: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A table whose keys are known and whose values are of their kinds."""
    _known(row, tuple(kinds), where)
    for key, value in row.items():
        if isinstance(value, bool) or not isinstance(value, kinds[key]):
            raise problem("RUN_CONFIG", f"{where} {key}: {value!r} is not of the kind that belongs there")
    return dict(row)


def _made(kind: Any, row: Mapping[str, Any], where: str) -> Any:
    _known(row, tuple(field.name for field in fields(kind)), where)
    try:
        return kind(**row)
    except TypeError as error:
        raise problem("RUN_CONFIG", f"{where}: {error}") from None


def _paths(given: str | list[Any], folder: Path) -> tuple[Path, ...]:
    listed = [given] if isinstance(given, str) else given
    if not listed or not all(isinstance(one, str) for one in listed):
        raise problem("RUN_CONFIG", f"[data] source: {given!r}; a path, or a list of paths, one at least")
    for path in (folder / one for one in listed):
        if not path.exists():
            raise problem("RUN_CONFIG", f"[data] source: there is no {path}")
    return tuple(folder / one for one in listed)
