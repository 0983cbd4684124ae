"""The nouns for NumPy: structured dtypes printed by the core, and exact money out of its 128-bit columns.

Promises: layouts are read from the core, never written here; money is exact unless a float is asked for by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from hedgerow import _core
from hedgerow.core.errors import did_you_mean, problem

MONEY_UNIT = 1_000_000_000
"""How many of the core's smallest units make one unit of currency."""

_MONEY = np.dtype([("lo", "<u8"), ("hi", "<i8")])
_SCALARS: dict[str, Any] = {
    "u8": "u1",
    "u16": "<u2",
    "u32": "<u4",
    "i32": "<i4",
    "u64": "<u8",
    "i64": "<i8",
    "f64": "<f8",
    "money": _MONEY,
    "currency": "S8",
    "text32": "S32",
    "text64": "S64",
}


@dataclass(frozen=True)
class Noun:
    """A record type: its name, its number in the journal, its layout and what its fields mean."""

    name: str
    kind: int
    dtype: np.dtype[Any]
    doc: str
    fields: tuple[tuple[str, str, int, int, str], ...]


@cache
def nouns() -> dict[str, Noun]:
    """Every noun by name.

    >>> nouns()["Order"].dtype.itemsize
    64
    """
    table = {}
    for row in _core.noun_table():
        formats = [_SCALARS.get(kind, f"V{size}") for _, kind, _, size, _ in row["fields"]]
        layout = {
            "names": [f[0] for f in row["fields"]],
            "formats": formats,
            "offsets": [f[2] for f in row["fields"]],
            "itemsize": row["size"],
        }
        fields = tuple((f[0], f[1], f[2], f[3], f[4]) for f in row["fields"])
        table[row["name"]] = Noun(row["name"], row["kind"], np.dtype(layout), row["doc"], fields)  # type: ignore[call-overload]
    return table


def noun(name: str) -> Noun:
    """One noun; an unknown name is an error with suggestions."""
    if name not in nouns():
        raise problem("CORE_INPUT", f"no noun {name!r}{did_you_mean(name, nouns())}")
    return nouns()[name]


@cache
def noun_of_kind(kind: int) -> Noun | None:
    """The noun with this number in journal frames, if there is one."""
    return next((n for n in nouns().values() if n.kind == kind), None)


def records(name: str, data: bytes) -> npt.NDArray[Any]:
    """View the bytes of many records as a structured array, without copying."""
    return np.frombuffer(data, dtype=noun(name).dtype)


def money_floats(column: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Money as floats in currency units, each the nearest to the exact amount; for tables and statistics only."""
    low = np.ascontiguousarray(column["lo"]).view(np.int64)
    floats = low / MONEY_UNIT
    for i in np.flatnonzero(column["hi"] != low >> 63):
        floats[i] = money_int(column[i]) / MONEY_UNIT
    return np.asarray(floats, dtype=np.float64)


def money_int(cell: Any) -> int:
    """One amount as an exact integer of 10^-9 units."""
    return int(cell["hi"]) * 2**64 + int(cell["lo"])


def text_of(cell: Any) -> str:
    """A currency, a symbol or another text of a record.

    >>> text_of(np.bytes_(b"BNB"))
    'BNB'
    """
    return bytes(cell).rstrip(b"\0").decode()


def money_decimal(amount_nano: int) -> Decimal:
    """An exact amount in currency units.

    >>> money_decimal(1_250_000_000)
    Decimal('1.25')
    """
    return (
        (Decimal(amount_nano) / MONEY_UNIT).normalize()
        if amount_nano % MONEY_UNIT
        else Decimal(amount_nano // MONEY_UNIT)
    )


def money_nano(amount: int | float | str | Decimal) -> int:
    """Currency units as an exact integer of 10^-9; floats are read as the decimal they print as.

    >>> money_nano("0.1"), money_nano(1_000_000)
    (100000000, 1000000000000000)
    """
    exact = Decimal(str(amount)) if isinstance(amount, float) else Decimal(amount)
    scaled = exact * MONEY_UNIT
    if not exact.is_finite() or scaled != scaled.to_integral_value():
        raise problem("RUN_NUMBER", f"amount {amount!r} is not a whole number of 0.000000001 units")
    return int(scaled)
