"""The saved baseline, and how far a run has drifted from it.

Promises: only what can be compared is compared: ratios to something measured in the same run, and counts. Never:
nanoseconds of two machines against each other.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.figures import Figure, significant

PATH = Path(__file__).parent / "baseline.json"
COUNTED = ("instructions/step", "MB")
"""Units whose values mean the same on every machine."""


def comparable(figure: Figure) -> float | None:
    """The number of a figure that may be held against another run's."""
    if figure.unit in COUNTED:
        return figure.value
    return figure.ratio


def with_drift(figures: list[Figure], path: Path = PATH) -> list[Figure]:
    """The figures, each told its number now over its number then."""
    saved = load(path).get("figures", {})
    return [figure.drifted(_drift(comparable(figure), saved.get(figure.figure))) for figure in figures]


def _drift(now: float | None, then: dict[str, Any] | None) -> float | None:
    if now is None or then is None or not then.get("comparable"):
        return None
    return now / float(then["comparable"])


def load(path: Path = PATH) -> dict[str, Any]:
    """The saved baseline; empty if there is none."""
    if not path.exists():
        return {}
    saved: dict[str, Any] = json.loads(path.read_text())
    return saved


def save(figures: list[Figure], machine: dict[str, Any], path: Path = PATH) -> None:
    """Save these figures; figures of groups that were not run now keep their old numbers."""
    kept: dict[str, Any] = load(path).get("figures", {})
    for figure in figures:
        number = comparable(figure)
        if number is not None:
            kept[figure.figure] = {
                "comparable": significant(number),
                "value": significant(figure.value),
                "unit": figure.unit,
                "against": figure.against,
            }
    content = {"machine": machine, "figures": dict(sorted(kept.items()))}
    path.write_text(json.dumps(content, indent=1) + "\n")
