"""What a run at a venue finds: told as soon as it is found, and kept in the journal with words behind it.

Promises: each stands in the journal, durable with what happened beside it; one that comes again and again is told once
a minute, and how often it came. Never: a posting; what is proposed is for people to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hedgerow.core.errors import error_table, named_errors, problem
from hedgerow.core.nouns import MONEY_UNIT, money_int, noun
from hedgerow.engine.live.outcome import rows_of
from hedgerow.engine.why import Journal

AGAIN_NS = 60 * 10**9
"""How long the same words are not told again."""
_BYTES_MAX = 1_000
_ALL = (2**32 - 1, 2**16 - 1)
"""Of no instrument, of no strategy alone."""
_KNOWN_MAX = 1_000


@dataclass(frozen=True)
class Found:
    """A finding of the journal.

    id: of its record. ts: UTC nanoseconds. code: of the table of errors. says: what was found. cause: record that it is
    about, 0 = none. value, limit: what was seen and what was to be, where it is of numbers.
    """

    id: int
    ts: int
    code: str
    says: str
    cause: int
    value: float
    limit: float

    def __str__(self) -> str:
        return f"{self.code} {self.says}"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


class Findings:
    """The findings of a run, over all its lives; the words of this life."""

    def __init__(self, engine: Any, now_ns: Callable[[], int]) -> None:
        self._engine, self._now_ns = engine, now_ns
        self._words: dict[int, str] = {}
        self._last: dict[str, tuple[int, int]] = {}
        """Of each text: when it was told, and how often it came since."""
        self._told = len(rows_of(self._engine, "Finding"))

    def add(self, name: str, words: str, *, cause: int = 0) -> None:
        """Something was found: its name in the table of errors, words about it, and the record that it is about."""
        now_ns, (last_ns, missed) = self._now_ns(), self._last.get(words, (None, 0))
        if last_ns is not None and now_ns - last_ns < AGAIN_NS:
            self._last[words] = last_ns, missed + 1
            return
        if len(self._last) >= _KNOWN_MAX:
            self._last.clear()
        self._last[words] = now_ns, 0
        said = one_line(words + (f" (and {missed:,} times since it was last told)" if missed else ""))
        row = np.zeros(1, noun("Finding").dtype)
        row["code"], row["cause"] = problem(name).row.number, cause
        row["instrument"], row["strategy"] = _ALL
        with named_errors():
            self._words[self._engine.found(row.tobytes(), said)] = said

    def all(self) -> tuple[Found, ...]:
        """All of them, in order."""
        return found_of(rows_of(self._engine, "Finding"), self._words)

    def fresh(self) -> tuple[Found, ...]:
        """Those that came since this was last asked."""
        rows = rows_of(self._engine, "Finding")
        since, self._told = self._told, len(rows)
        return found_of(rows[since:], self._words) if since < len(rows) else ()


def findings_of(folder: Path) -> tuple[Found, ...]:
    """All that a run's journal says was found, over all its lives; `LOG` errors where it cannot be read."""
    journal = Journal(folder)
    rows = journal.of("Finding")
    return found_of(rows, {number: journal.remark_on(number) for number in map(int, rows["id"])})


def found_of(rows: Any, words: dict[int, str]) -> tuple[Found, ...]:
    """Findings from their records, and the words that there are about some."""
    table = {one.number: one for one in error_table()}
    return tuple(
        Found(
            id=int(row["id"]),
            ts=int(row["ts"]),
            code=table[int(row["code"])].code,
            says=words.get(int(row["id"])) or table[int(row["code"])].says,
            cause=int(row["cause"]),
            value=money_int(row["value"]) / MONEY_UNIT,
            limit=money_int(row["limit"]) / MONEY_UNIT,
        )
        for row in rows
    )


def one_line(words: str) -> str:
    """Words as the journal takes them: no control characters, at most a thousand bytes.

    >>> one_line("two\\nlines")
    'two lines'
    """
    plain = "".join(" " if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in words).encode(errors="replace")
    return plain[:_BYTES_MAX].decode(errors="ignore") or "?"
