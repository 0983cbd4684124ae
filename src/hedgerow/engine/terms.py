"""What trading and holding cost as people write it: a TOML file with a table for each object that a run takes.

Promises: every field of those objects can be written, under the name that it has in Python, and nothing else; times of
funding come from a CSV file beside it. Never: a default of its own; a table that is not there leaves the run's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from hedgerow.core.carry import Carry
from hedgerow.core.costs import Costs
from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.margin import Margin
from hedgerow.core.rates import believed
from hedgerow.core.settings import known, read_toml


def terms_of(file: Path) -> dict[str, Any]:
    """The arguments of `backtest` and `sweep` that a file holds: `costs`, `carry`.

    Raises RUN_CONFIG for a name that is none, and what the objects raise for numbers that cannot be meant.
    """
    told = read_toml(file)
    for name in told:
        if name not in _TABLES:
            raise problem("RUN_CONFIG", f"{file}: [{name}]; a table is one of {', '.join(_TABLES)}{_hint(name)}")
    return {name: _TABLES[name](_table(file, name, told[name]), file.parent) for name in told}


def _hint(name: str) -> str:
    return did_you_mean(name, _TABLES)


def _table(file: Path, name: str, told: Any) -> dict[str, Any]:
    if not isinstance(told, Mapping):
        raise problem("RUN_CONFIG", f"{file}: {name} = {told!r:.60}; write a table [{name}]")
    return dict(told)


def _costs(told: dict[str, Any], folder: Path) -> Costs:
    return Costs(**known(Costs, told, "[costs]"))


def carry_told(told: Mapping[str, Any], folder: Path) -> Carry:
    """What holding costs, of a table; its paths are relative to `folder`. Raises as `terms_of`."""
    given = known(Carry, told, "[carry]")
    funding = _table(folder, "funding", given.get("funding", {}))
    given["funding"] = {symbol: _rates(folder / str(path)) for symbol, path in funding.items()}
    if "margin" in given:
        given["margin"] = _margin(_table(folder, "margin", given["margin"]))
    return Carry(**given)


def _margin(told: dict[str, Any]) -> Margin:
    """A table of the object's fields; `style` names one of the two that are made, `grace_days` is its time."""
    given = {name: value for name, value in told.items() if name not in ("style", "grace_days")}
    if "grace_days" in told:
        given["grace"] = timedelta(days=believed(told["grace_days"], "grace_days", least=0.0, most=366.0))
    style = told.get("style")
    if style is None:
        missing = [name for name in ("initial", "maintenance") if name not in given]
        if missing:
            raise problem("RUN_CONFIG", f"[carry.margin] says no {missing[0]}")
        return Margin(**known(Margin, given, "[carry.margin]"))
    makers = {"regulation_t": Margin.regulation_t, "contracts": Margin.contracts}
    if style not in makers:
        hint = did_you_mean(str(style), makers)
        raise problem("RUN_CONFIG", f"style={style!r} in [carry.margin]; it is one of {', '.join(makers)}{hint}")
    try:
        return makers[style](**given)  # type: ignore[operator, no-any-return]
    except TypeError as error:
        raise problem("RUN_CONFIG", f"[carry.margin] of style {style!r}: {error}") from None


def _rates(file: Path) -> Any:
    """A CSV file of times and rates, with a header; times as everywhere, a column named `ts` always moments."""
    import pandas as pd

    try:
        table = pd.read_csv(file, index_col=0, dtype={0: str})
        table.index = pd.to_datetime(table.index, utc=True).rename(table.index.name)
        rates = table.iloc[:, 0].astype(float)
    except (OSError, ValueError, IndexError) as error:
        raise problem("DATA_TYPE", f"{file}: {error}; a CSV file of times and rates with a header") from None
    return rates


_TABLES: dict[str, Callable[[dict[str, Any], Path], Any]] = {"costs": _costs, "carry": carry_told}
