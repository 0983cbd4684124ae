"""Named errors: one exception per area, every message with its code, the value seen, the limit and the remedy.

The table of codes lives in the Rust core and is read from there; nothing here invents a code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from hedgerow import _core


@dataclass(frozen=True)
class CodeRow:
    """One row of the error table."""

    number: int
    code: str
    name: str
    says: str
    remedy: str
    area: str
    exit_status: int


@cache
def error_table() -> tuple[CodeRow, ...]:
    """Every error code, in order.

    >>> error_table()[0].code
    'CORE-001'
    """
    return tuple(CodeRow(*row) for row in _core.error_table())


class HedgerowError(Exception):
    """Something went wrong that has a name: `code`, `detail` (value seen, limit, row) and `remedy`."""

    def __init__(self, row: CodeRow, detail: str) -> None:
        self.row = row
        self.code = row.code
        self.detail = detail
        self.remedy = row.remedy
        text = f"{row.code} {row.says}" + (f": {detail}" if detail else "")
        super().__init__(f"{text}; {row.remedy}")

    def __reduce__(self) -> tuple[type[HedgerowError], tuple[CodeRow, str]]:
        return type(self), (self.row, self.detail)


class CoreError(HedgerowError):
    """CORE: records, money, capacity, time."""


class DataError(HedgerowError):
    """DATA: prices and tables that cannot be believed."""


class RiskError(HedgerowError):
    """RISK: an order that the gate denies."""


class OrderError(HedgerowError):
    """OMS: an event that cannot happen to an order."""


class LedgerError(HedgerowError):
    """LEDGER: books that do not balance."""


class LogError(HedgerowError):
    """LOG: a journal that cannot be proved."""


class GovernanceError(HedgerowError):
    """GOV: people, keys, signatures, mandates."""


class SimulationError(HedgerowError):
    """SIM: the simulated venue."""


class ModelError(HedgerowError):
    """MODEL: training and forecasts."""


class OptimiserError(HedgerowError):
    """OPT: target portfolios."""


class RunError(HedgerowError):
    """RUN: backtests and their settings."""


class UsageError(HedgerowError):
    """CLI: the command line."""


class JailError(HedgerowError):
    """JAIL: opaque strategies and where they run."""


class BookError(HedgerowError):
    """BOOK: order books that contradict themselves or their venue."""


class WireError(HedgerowError):
    """WIRE: messages of a feed that cannot be read."""


class FeedError(HedgerowError):
    """FEED: what comes from vendors and venues."""


class LiveError(HedgerowError):
    """LIVE: what a run at a venue finds."""


DETAIL_MAX = 2_000
"""Characters of an error's detail; of a longer one both ends are shown."""
_CLASS_OF_AREA: dict[str, type[HedgerowError]] = {
    "CORE": CoreError,
    "DATA": DataError,
    "RISK": RiskError,
    "OMS": OrderError,
    "LEDGER": LedgerError,
    "LOG": LogError,
    "GOV": GovernanceError,
    "SIM": SimulationError,
    "MODEL": ModelError,
    "OPT": OptimiserError,
    "RUN": RunError,
    "CLI": UsageError,
    "JAIL": JailError,
    "BOOK": BookError,
    "WIRE": WireError,
    "FEED": FeedError,
    "LIVE": LiveError,
}


@cache
def _rows_by_key() -> dict[str | int, CodeRow]:
    return {key: row for row in error_table() for key in (row.name, row.number, row.code)}


def problem(name: str | int, detail: str = "") -> HedgerowError:
    """Make the exception for a code, given by constant (`"DATA_CROSSED"`), text (`"DATA-003"`) or number.

    >>> str(problem("DATA_EMPTY", "prices.csv")).startswith("DATA-009")
    True
    """
    row = _rows_by_key()[name]
    if len(detail) > DETAIL_MAX:  # a cell, a line or a name of a file may be of any length
        half = DETAIL_MAX // 2
        detail = f"{detail[:half]} ... ({len(detail):,} characters) ... {detail[-half:]}"
    return _CLASS_OF_AREA[row.area](row, detail)


@contextmanager
def named_errors() -> Iterator[None]:
    """Turn the core's `CoreProblem` into the exception of its area, its traceback kept."""
    try:
        yield
    except _core.CoreProblem as error:
        number, detail = error.args
        raise problem(number, detail).with_traceback(error.__traceback__) from None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suffix for an error about an unknown name: the closest known ones, or nothing.

    >>> did_you_mean("momentun", ["momentum", "returns"])
    "; did you mean 'momentum'?"
    """
    close = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(c) for c in close)}?" if close else ""
