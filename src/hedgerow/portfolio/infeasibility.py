"""Why no portfolio exists: the smallest set of constraints that clash, and by how much each would have to give way.

Promises: the set is minimal (leave any one out and the others can hold together), found by a deletion filter over
linear programs; the amounts are the least that make all constraints hold. Never changes a limit; it only says.
Source: Chinneck, Feasibility and Infeasibility in Optimization (2008), chapters 5 and 6 (deletion and elastic
filters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hedgerow.core.errors import CodeRow, HedgerowError, OptimiserError, problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hedgerow.portfolio.constraint import Rows

    FloatArray = NDArray[np.float64]

# Below this a breach is rounding, not a conflict; ten times the solver's tolerance.
SLACK_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Conflict:
    """One constraint of a clash, and how far its limit must move if it alone gives way among those that clash."""

    name: str
    relax_alone: float


@dataclass(frozen=True)
class Clash:
    """A minimal set of constraints that cannot hold together, and the least that frees the whole problem.

    least_relaxation: by constraint, the movements of limits with the smallest sum that let everything hold; it may name
    constraints outside the minimal set when there are other clashes behind it.
    """

    conflicts: tuple[Conflict, ...]
    least_relaxation: dict[str, float]


class Infeasible(OptimiserError):
    """OPT_INFEASIBLE with the clash as data."""

    def __init__(self, row: CodeRow, detail: str, clash: Clash) -> None:
        super().__init__(row, detail)
        self.clash = clash

    def __reduce__(self) -> tuple[type[HedgerowError], tuple[CodeRow, str, Clash]]:  # type: ignore[override]
        return type(self), (self.row, self.detail, self.clash)


@dataclass(frozen=True)
class NamedRows:
    """A constraint as the filters see it: its name, its left-hand sides, its limits of the day."""

    name: str
    rows: Rows
    limits: FloatArray


def infeasible(clash: Clash) -> Infeasible:
    """The error that names the clash."""
    names = " and ".join(repr(c.name) for c in clash.conflicts)
    alone = " or ".join(f"{c.name!r} by {c.relax_alone:.6g}" for c in clash.conflicts)
    least = ", ".join(f"{name!r} by {amount:.6g}" for name, amount in clash.least_relaxation.items())
    verb = "cannot be kept" if len(clash.conflicts) == 1 else "cannot hold together"
    detail = f"{names} {verb}: relax {alone}; the least that frees the whole problem is {least}"
    return Infeasible(problem("OPT_INFEASIBLE").row, detail, clash)


def find_clash(blocks: Sequence[NamedRows], current_weights: FloatArray) -> Clash | None:
    """The minimal clash among constraints, or None if they can all hold. Blocks are left out in the order given.

    Raises OPT_SOLVER if the linear programs fail, MODEL_MISSING_EXTRA without SciPy.
    """
    least = _least_relaxation(blocks, current_weights, elastic=range(len(blocks)))
    if least is None:
        raise problem("OPT_SOLVER", "the elastic program has no solution, which a sum of slacks always has")
    if least.sum() <= SLACK_TOLERANCE:
        return None
    clash = list(range(len(blocks)))
    for candidate in range(len(blocks)):
        rest = [b for b in clash if b != candidate]
        if not _can_hold([blocks[b] for b in rest], current_weights):
            clash = rest
    conflicts = []
    for place, block in enumerate(clash):
        alone = _least_relaxation([blocks[b] for b in clash], current_weights, elastic=[place])
        amount = float("inf") if alone is None else float(alone[place])
        conflicts.append(Conflict(blocks[block].name, amount))
    moved = {b.name: float(amount) for b, amount in zip(blocks, least, strict=True) if amount > SLACK_TOLERANCE}
    return Clash(tuple(conflicts), moved)


def _can_hold(blocks: Sequence[NamedRows], current_weights: FloatArray) -> bool:
    slack = _least_relaxation(blocks, current_weights, elastic=range(len(blocks)))
    return slack is not None and float(slack.sum()) <= SLACK_TOLERANCE


def _least_relaxation(
    blocks: Sequence[NamedRows], current_weights: FloatArray, *, elastic: Sequence[int]
) -> FloatArray | None:
    """Least sum of slacks, one per elastic block, or None where even they do not help.

    Variables in order: w, |w|, |w - w0|, slacks.
    """
    try:
        from scipy.optimize import linprog
    except ImportError:
        raise problem("MODEL_MISSING_EXTRA", "scipy: pip install 'hedgerow[research]'") from None
    size, count = len(current_weights), len(blocks)
    if count == 0:
        return np.zeros(0)
    eye, none, no_slack = np.eye(size), np.zeros((size, size)), np.zeros((size, count))
    left = [
        np.hstack([eye, -eye, none, no_slack]),
        np.hstack([-eye, -eye, none, no_slack]),
        np.hstack([eye, none, -eye, no_slack]),
        np.hstack([-eye, none, -eye, no_slack]),
    ]
    right = [np.zeros(size), np.zeros(size), current_weights, -current_weights]
    for place, block in enumerate(blocks):
        slack = np.zeros((len(block.limits), count))
        slack[:, place] = -1.0
        left.append(np.hstack([block.rows.weights, block.rows.absolute, block.rows.traded, slack]))
        right.append(block.limits)
    slack_bounds = [(0.0, None if place in set(elastic) else 0.0) for place in range(count)]
    solved = linprog(
        np.concatenate([np.zeros(3 * size), np.ones(count)]),
        A_ub=np.vstack(left),
        b_ub=np.concatenate(right),
        bounds=[(None, None)] * size + [(0.0, None)] * (2 * size) + slack_bounds,
        method="highs",
    )
    if solved.status not in (0, 2):
        raise problem("OPT_SOLVER", f"the elastic program ended with: {solved.message}")
    return np.asarray(solved.x[3 * size :]) if solved.status == 0 else None
