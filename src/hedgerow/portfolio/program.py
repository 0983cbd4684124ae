"""The convex program behind the optimiser: compiled once for a universe and its constraints, solved for many days.

Maximises `mu @ w - |R w|^2 - linear @ t - impact @ t^1.5 - penalty @ s` over weights w, sizes a >= |w|, trades t >=
|w - w0| and slacks s of soft constraints, under `Gw w + Ga a + Gt t - E s <= limits`. Everything that changes by day
is a parameter (disciplined parametrised programming, Agrawal et al. 2019), so a day costs a substitution and a solve.

Promises: all parameters are scaled so that the objective is about one, whatever the units of the forecasts, since a
solver's tolerance is absolute there. Never reports a solution that the solver did not call solved.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hedgerow.portfolio.constraint import Constraint, Rows

    FloatArray = NDArray[np.float64]

SOLVER = "CLARABEL"


@dataclass(frozen=True, kw_only=True)
class DayInputs:
    """Parameters of one day: arrays of N, the N x N root with `|root @ w|^2` the risk penalty, limits of M rows."""

    expected_return: FloatArray
    risk_root: FloatArray
    current_weights: FloatArray
    linear_cost: FloatArray
    impact_cost: FloatArray
    limits: FloatArray


@dataclass(frozen=True)
class Solution:
    """Weights (N) and the dual value of each row (M), or none of either and the solver's word for why."""

    status: str
    weights: FloatArray | None
    duals: FloatArray | None


class Program:
    """One compiled problem; owner of its CVXPY parameters, so one thread at a time."""

    def __init__(self, size: int, constraints: Sequence[Constraint], rows: Sequence[Rows], *, impact: bool) -> None:
        cvxpy = import_cvxpy()
        soft = [place for place, constraint in enumerate(constraints) if constraint.kind == "soft"]
        self._mu = cvxpy.Parameter(size)
        self._root = cvxpy.Parameter((size, size))
        self._current = cvxpy.Parameter(size)
        self._linear = cvxpy.Parameter(size, nonneg=True)
        self._impact = cvxpy.Parameter(size, nonneg=True)
        self._scale = cvxpy.Parameter(nonneg=True)
        self._limits = cvxpy.Parameter(max(sum(len(r.weights) for r in rows), 1))
        self._weights = cvxpy.Variable(size)
        traded = cvxpy.Variable(size)
        objective = self._mu @ self._weights - cvxpy.sum_squares(self._root @ self._weights) - self._linear @ traded
        if impact:
            objective -= self._impact @ cvxpy.power(traded, 1.5)
        held = [traded >= cvxpy.abs(self._weights - self._current)]
        self._bound = None
        if rows:
            left = np.vstack([r.weights for r in rows]) @ self._weights
            left += np.vstack([r.traded for r in rows]) @ traded
            absolute = np.vstack([r.absolute for r in rows])
            if absolute.any():
                size_of = cvxpy.Variable(size)
                held.append(size_of >= cvxpy.abs(self._weights))
                left += absolute @ size_of
            if soft:
                slack = cvxpy.Variable(len(soft), nonneg=True)
                left -= _slack_matrix(rows, soft) @ slack
                objective -= self._scale * (np.array([constraints[p].penalty for p in soft]) @ slack)
            self._bound = left <= self._limits
            held.append(self._bound)
        self._problem = cvxpy.Problem(cvxpy.Maximize(objective), held)

    def solve(self, day: DayInputs) -> Solution:
        """Solve one day; an infeasible or unbounded day is a status, a solver that breaks down is OPT_SOLVER."""
        cvxpy = import_cvxpy()
        scale = 1.0 / max(
            float(np.abs(day.expected_return).max()),
            float((day.risk_root**2).sum(axis=0).max()),
            float(day.linear_cost.max()),
            float(day.impact_cost.max()),
            1e-12,
        )
        self._mu.value = day.expected_return * scale
        self._root.value = day.risk_root * np.sqrt(scale)
        self._current.value = day.current_weights
        self._linear.value = day.linear_cost * scale
        self._impact.value = day.impact_cost * scale
        self._scale.value = scale
        self._limits.value = day.limits if len(day.limits) else np.zeros(1)
        try:
            with warnings.catch_warnings():
                # An inaccurate solution is reported by its status, which is checked below.
                warnings.simplefilter("ignore")
                self._problem.solve(solver=SOLVER)
        except cvxpy.error.SolverError as error:
            raise problem("OPT_SOLVER", f"{SOLVER}: {str(error).splitlines()[0]}") from None
        status = str(self._problem.status)
        if status not in ("optimal", "optimal_inaccurate"):
            return Solution(status, None, None)
        duals = np.zeros(0) if self._bound is None else np.asarray(self._bound.dual_value, dtype=np.float64) / scale
        return Solution(status, np.asarray(self._weights.value, dtype=np.float64), duals)


def import_cvxpy() -> Any:
    """CVXPY with Clarabel behind it, imported when first needed."""
    try:
        import clarabel  # noqa: F401
        import cvxpy
    except ImportError as error:
        raise problem("MODEL_MISSING_EXTRA", f"{error.name}: pip install 'hedgerow[research]'") from None
    return cvxpy


def _slack_matrix(rows: Sequence[Rows], soft: Sequence[int]) -> FloatArray:
    """M x S: which rows each soft constraint's slack relaxes."""
    blocks = []
    for place, block in enumerate(rows):
        matrix = np.zeros((len(block.weights), len(soft)))
        if place in soft:
            matrix[:, soft.index(place)] = 1.0
        blocks.append(matrix)
    return np.vstack(blocks)
