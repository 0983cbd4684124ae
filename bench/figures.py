"""A figure: a value, what it is held against in the same run, and whether its goal is met.

Promises: every line has the same keys in the same order; a goal is met, missed, or not judged (`met` is null) because
something to compare with is not here; nothing is rounded before it is judged. Never: a figure without its unit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

KEYS = ("figure", "value", "unit", "against", "against_value", "ratio", "goal", "met", "drift", "note")
"""Keys of a line, in order. The first eight are the promise to readers; `drift` and `note` explain."""
NUMBERS = {1, 4, 7}
"""Columns of the table that are numbers."""


@dataclass(frozen=True)
class Goal:
    """What a figure should be: its ratio to what it is held against, or (`of="value"`) the value itself.

    >>> Goal("<=", 5).text, Goal("<", 150, of="value", unit="ms").text
    ('<= 5x', '< 150 ms')
    """

    op: Literal["<=", "<", ">=", "=="]
    bound: float
    of: Literal["ratio", "value"] = "ratio"
    unit: str = ""

    @property
    def text(self) -> str:
        """The goal as people read it."""
        return f"{self.op} {self.bound:g}x" if self.of == "ratio" else f"{self.op} {self.bound:g} {self.unit}".rstrip()

    def met(self, value: float | None, ratio: float | None) -> bool | None:
        """Whether it is reached; None if there is nothing to judge."""
        seen = ratio if self.of == "ratio" else value
        if seen is None:
            return None
        return {"<=": seen <= self.bound, "<": seen < self.bound, ">=": seen >= self.bound, "==": seen == self.bound}[
            self.op
        ]


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    >>> Figure("gate", 30.0, "ns", "floor", 7.5, Goal("<=", 5)).line()["met"]
    True
    """

    figure: str
    value: float | None
    unit: str
    against: str | None = None
    against_value: float | None = None
    goal: Goal | None = None
    note: str = ""
    drift: float | None = None
    wrong: bool = False
    """The result behind the figure was wrong, so there is no speed and the goal is missed."""

    @property
    def ratio(self) -> float | None:
        """Value over what it is held against."""
        if self.value is None or not self.against_value:
            return None
        return self.value / self.against_value

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached."""
        if self.goal is None:
            return None
        return False if self.wrong else self.goal.met(self.value, self.ratio)

    def drifted(self, drift: float | None) -> Figure:
        """The same figure, told how it compares with its baseline."""
        return replace(self, drift=drift)

    def line(self) -> dict[str, Any]:
        """The figure as a JSON object."""
        values = (
            self.figure,
            significant(self.value),
            self.unit,
            self.against,
            significant(self.against_value),
            significant(self.ratio),
            None if self.goal is None else self.goal.text,
            self.met,
            significant(self.drift),
            self.note,
        )
        return dict(zip(KEYS, values, strict=True))

    def json(self) -> str:
        """The line as text."""
        return json.dumps(self.line(), ensure_ascii=False)


def significant(value: float | None, digits: int = 5) -> float | None:
    """A number with so many significant digits; more would be noise.

    >>> significant(1234567.0), significant(0.123456789), significant(0.0)
    (1234600.0, 0.12346, 0.0)
    """
    return None if value is None else float(f"{value:.{digits}g}")


def table(figures: list[Figure]) -> str:
    """Figures as a table for people."""
    heads = ("figure", "value", "unit", "against", "ratio", "goal", "met", "drift")
    words = {True: "yes", False: "NO", None: "-"}
    rows = [_row(figure, words) for figure in figures]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    lines = ["  ".join(_cell(row[i], i, widths[i]) for i in range(len(heads))) for row in [heads, *rows]]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _row(figure: Figure, words: dict[bool | None, str]) -> tuple[str, ...]:
    goal = "" if figure.goal is None else figure.goal.text
    met = "" if figure.goal is None else words[figure.met]
    ratio, drift = _text(figure.ratio), _text(figure.drift)
    return figure.figure, _text(figure.value), figure.unit, figure.against or "-", ratio, goal or "-", met, drift


def _cell(word: str, column: int, width: int) -> str:
    return word.rjust(width) if column in NUMBERS else word.ljust(width)


def _text(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
