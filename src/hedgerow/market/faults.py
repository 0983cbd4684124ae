"""Rows that cannot be believed, gathered into one named error.

A table often has more than one fault. The first kind found gives the error its name and its offending row; every other
kind is listed with its count and first row, so that one reading of the message is enough to repair the source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hedgerow.core.errors import HedgerowError, error_table, problem


@dataclass(frozen=True)
class Fault:
    """One kind of fault: its code's name, the rows that have it, and what is wrong in the first."""

    name: str
    rows: npt.NDArray[np.int64]
    detail: str

    @property
    def count(self) -> int:
        """How many rows have it."""
        return self.rows.size

    @property
    def row(self) -> int:
        """The first row that has it."""
        return int(self.rows[0])


class Faults:
    """Collects faults of a table; `where(row)` names a row for people, such as `row 17 of prices.csv (AAPL ...)`."""

    def __init__(self, where: Callable[[int], str]) -> None:
        self._where = where
        self._found: list[Fault] = []

    def add(self, name: str, bad: npt.NDArray[np.bool_], explain: Callable[[int], str]) -> None:
        """Record the rows where `bad` is true; `explain(row)` gives the value seen and the limit."""
        rows = np.flatnonzero(bad)
        if rows.size:
            self._found.append(Fault(name, rows, explain(int(rows[0]))))

    def __bool__(self) -> bool:
        return bool(self._found)

    def of(self, names: frozenset[str]) -> list[Fault]:
        """The faults of these kinds."""
        return [fault for fault in self._found if fault.name in names]

    def error(self) -> HedgerowError:
        """The error to raise: named after the first kind, listing all kinds."""
        head, *rest = self._found
        more = f" ({head.count} such rows)" if head.count > 1 else ""
        codes = {row.name: row.code for row in error_table()}
        also = "".join(
            f"; also {codes[fault.name]} in {fault.count} {'rows, first' if fault.count > 1 else 'row,'} "
            f"{self._where(fault.row)}: {fault.detail}"
            for fault in rest
        )
        return problem(head.name, f"{self._where(head.row)}: {head.detail}{more}{also}")

    def raise_if_any(self) -> None:
        """Raise the error, if anything was found."""
        if self._found:
            raise self.error()
