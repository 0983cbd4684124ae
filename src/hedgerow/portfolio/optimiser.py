"""The optimiser: forecasts, risk, costs and limits in, the portfolio we want out, with the price of every limit.

Maximises expected return - risk_aversion / 2 * variance - trading cost over the forecast's horizon (Markowitz 1952;
costs as in Boyd et al. 2017). Promises: every hard constraint holds, checked again in plain arithmetic; if none can,
the error names the constraints that clash and how much each must give. Never falls back in silence: keeping the
current weights is a choice of the caller, and shows as status "held" with its reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from hedgerow.core.errors import OptimiserError, problem
from hedgerow.portfolio.constraint import breaches
from hedgerow.portfolio.covariance import require_psd
from hedgerow.portfolio.infeasibility import Infeasible, NamedRows, find_clash, infeasible
from hedgerow.portfolio.program import SOLVER, DayInputs, Program
from hedgerow.portfolio.target import ObjectiveParts, TargetPortfolio
from hedgerow.portfolio.trading_cost import CostCoefficients, TradingConditions, cost_coefficients

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hedgerow.core.costs import Costs
    from hedgerow.portfolio.constraint import Constraint

    FloatArray = NDArray[np.float64]

# Interior-point solutions touch a limit to about 1e-8; more than this is a failed solve.
BREACH_TOLERANCE = 1e-6


class Optimiser:
    """A universe, its constraints and its costs, compiled once; `solve` is called for every decision.

    instruments: names, in the order of every array. costs: the simulator's own cost object, None trades for free.
    risk_aversion: 1 is full Kelly, 2 half Kelly; more is more cautious.
    cost_weight: below 1 when positions are held for longer than the forecast's horizon, as costs then fall less often.

    >>> from hedgerow.portfolio.constraints import LongOnly, NetLimit
    >>> optimiser = Optimiser(["A", "B"], [LongOnly(), NetLimit(net_min=1.0, net_max=1.0)], risk_aversion=2.0)
    >>> target = optimiser.solve(np.zeros(2), np.diag([0.01, 0.03]), np.zeros(2))
    >>> target.weights.round(4).tolist(), target.status
    ([0.75, 0.25], 'optimal')
    """

    def __init__(
        self,
        instruments: Sequence[str],
        constraints: Sequence[Constraint],
        *,
        costs: Costs | None = None,
        risk_aversion: float = 5.0,
        cost_weight: float = 1.0,
    ) -> None:
        self._instruments = tuple(instruments)
        self._constraints = tuple(constraints)
        self._costs = costs
        self._risk_aversion = risk_aversion
        self._cost_weight = cost_weight
        if not self._instruments:
            raise problem("OPT_BAD_INPUT", "there are no instruments")
        for name, value in (("risk_aversion", risk_aversion), ("cost_weight", cost_weight)):
            if not (np.isfinite(value) and value >= 0):
                raise problem("OPT_BAD_INPUT", f"{name} {value}; it is finite and not negative")
        names = [constraint.name for constraint in self._constraints]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise problem("OPT_BAD_INPUT", f"two constraints have the same name: {twice[0]!r}")
        self._rows = tuple(constraint.rows(len(self._instruments)) for constraint in self._constraints)
        impact = costs is not None and costs.impact > 0
        self._program = Program(len(self._instruments), self._constraints, self._rows, impact=impact)

    def solve(
        self,
        expected_return: FloatArray,
        covariance: FloatArray,
        current_weights: FloatArray,
        *,
        conditions: TradingConditions | None = None,
        without_solution: Literal["raise", "hold"] = "raise",
    ) -> TargetPortfolio:
        """The target for one decision: forecasts (N) and covariance (N x N) over one horizon, weights held now (N).

        Raises OPT_BAD_INPUT and OPT_NOT_PSD always; OPT_INFEASIBLE (an `Infeasible` with its `.clash`) and OPT_SOLVER
        unless `without_solution="hold"`, which keeps the current weights and says so.
        """
        size = len(self._instruments)
        self._check("expected_return", expected_return)
        self._check("current_weights", current_weights)
        if covariance.shape != (size, size):
            raise problem("OPT_BAD_INPUT", f"covariance {covariance.shape}, {size} instruments")
        if conditions is not None and len(conditions.price) != size:
            raise problem("OPT_BAD_INPUT", f"conditions for {len(conditions.price)} instruments, {size} are here")
        covariance = require_psd(covariance)
        coefficients = cost_coefficients(self._costs, conditions, size, self._instruments)
        limits = [constraint.limits(size, conditions) for constraint in self._constraints]
        day = DayInputs(
            expected_return=expected_return,
            risk_root=_root(covariance * self._risk_aversion / 2.0),
            current_weights=current_weights,
            linear_cost=coefficients.linear * self._cost_weight,
            impact_cost=coefficients.impact * self._cost_weight,
            limits=np.concatenate(limits) if limits else np.zeros(0),
        )
        try:
            weights, duals = self._solved(day, limits, conditions)
        except OptimiserError as error:
            if without_solution == "raise":
                raise
            return self._target(current_weights, day, coefficients, covariance, conditions, held=error)
        prices = self._prices(duals, limits)
        return self._target(weights, day, coefficients, covariance, conditions, prices=prices)

    def _solved(
        self, day: DayInputs, limits: list[FloatArray], conditions: TradingConditions | None
    ) -> tuple[FloatArray, FloatArray]:
        """Weights whose hard constraints hold and the dual of every row, or the error that says why there is none."""
        solution = self._program.solve(day)
        if solution.weights is not None and solution.duals is not None:
            worst = breaches(solution.weights, day.current_weights, self._hard, conditions)
            broken = {name: excess for name, excess in worst.items() if excess > BREACH_TOLERANCE}
            if not broken:
                return solution.weights, solution.duals
            raise problem("OPT_SOLVER", f"{SOLVER} said {solution.status!r} but these do not hold: {broken}")
        if "unbounded" in solution.status:
            raise problem("OPT_SOLVER", "the objective is unbounded: set a risk aversion, or a gross or position limit")
        blocks = [
            NamedRows(constraint.name, rows, limit)
            for constraint, rows, limit in zip(self._constraints, self._rows, limits, strict=True)
            if constraint.kind == "hard"
        ]
        clash = find_clash(blocks, day.current_weights)
        if clash is None:
            raise problem("OPT_SOLVER", f"{SOLVER} said {solution.status!r}, but the constraints can hold together")
        raise infeasible(clash)

    def _target(
        self,
        weights: FloatArray,
        day: DayInputs,
        coefficients: CostCoefficients,
        covariance: FloatArray,
        conditions: TradingConditions | None,
        *,
        prices: dict[str, float] | None = None,
        held: OptimiserError | None = None,
    ) -> TargetPortfolio:
        soft = [constraint for constraint in self._constraints if constraint.kind == "soft"]
        soft_breaches = breaches(weights, day.current_weights, soft, conditions)
        linear, impact = coefficients.of(weights - day.current_weights)
        return TargetPortfolio(
            weights=weights,
            trades=weights - day.current_weights,
            objective=ObjectiveParts(
                expected_return=float(day.expected_return @ weights),
                risk_penalty=float(weights @ covariance @ weights) * self._risk_aversion / 2.0,
                linear_cost=linear * self._cost_weight,
                impact_cost=impact * self._cost_weight,
                soft_penalty=sum(constraint.penalty * soft_breaches[constraint.name] for constraint in soft),
            ),
            status="optimal" if held is None else "held",
            solver=SOLVER,
            shadow_prices=prices or {},
            soft_breaches=soft_breaches,
            clash=held.clash if isinstance(held, Infeasible) else None,
            reason="" if held is None else str(held),
        )

    def _prices(self, duals: FloatArray, limits: list[FloatArray]) -> dict[str, float]:
        """Dual values summed over the rows of each constraint."""
        ends = np.cumsum([len(limit) for limit in limits])
        parts = np.split(duals, ends[:-1]) if limits else []
        return {c.name: float(part.sum()) for c, part in zip(self._constraints, parts, strict=True)}

    @property
    def _hard(self) -> list[Constraint]:
        return [constraint for constraint in self._constraints if constraint.kind == "hard"]

    def _check(self, what: str, values: FloatArray) -> None:
        if values.shape != (len(self._instruments),):
            raise problem("OPT_BAD_INPUT", f"{what} {values.shape}, {len(self._instruments)} instruments")
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise problem("OPT_BAD_INPUT", f"{what} of {self._instruments[bad[0]]} is {values[bad[0]]}")


def optimise(
    expected_return: FloatArray,
    covariance: FloatArray,
    current_weights: FloatArray,
    constraints: Sequence[Constraint],
    *,
    instruments: Sequence[str] | None = None,
    costs: Costs | None = None,
    conditions: TradingConditions | None = None,
    risk_aversion: float = 5.0,
    cost_weight: float = 1.0,
    without_solution: Literal["raise", "hold"] = "raise",
) -> TargetPortfolio:
    """One target without keeping the compiled problem; see `Optimiser`, which is faster over many dates.

    >>> optimise(np.array([0.02]), np.array([[0.04]]), np.zeros(1), [], risk_aversion=1.0).weights.round(4).tolist()
    [0.5]
    """
    names = instruments if instruments is not None else [str(i) for i in range(len(expected_return))]
    optimiser = Optimiser(names, constraints, costs=costs, risk_aversion=risk_aversion, cost_weight=cost_weight)
    return optimiser.solve(
        expected_return, covariance, current_weights, conditions=conditions, without_solution=without_solution
    )


def _root(matrix: FloatArray) -> FloatArray:
    """A root with `root.T @ root = matrix`, through eigenvalues, so that a singular covariance has one too."""
    values, vectors = np.linalg.eigh(matrix)
    root: FloatArray = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    return root
