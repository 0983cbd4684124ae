"""What a sweep came to: a row a variant, and what may be said of the best of so many."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.engine.counting import variance_for
from hedgerow.engine.sweep.points import Point
from hedgerow.engine.sweep.variants import FIGURES, Row
from hedgerow.ledger import ratios
from hedgerow.ledger.overfitting import Overfitting, cscv

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.models.trials import Family

SMALLER_IS_BETTER = ("volatility", "max_drawdown", "turnover", "denied", "findings")
COUNTS = ("fills", "denied", "findings")
TOLD = ("final_nav", *FIGURES, *COUNTS)


class Sweep:
    """The outcome of a sweep. `table` has a row a variant, in the order of the grid."""

    def __init__(self, points: list[Point], rows: list[Row], family: Family) -> None:
        self._points = points
        self._rows = rows
        self._family = family

    @property
    def trials(self) -> int:
        """How many variants of this family were ever tried, those of earlier runs of the same ledger included."""
        return self._family.count

    @property
    def parameters(self) -> dict[str, tuple[Any, ...]]:
        """The values that were tried of each parameter, in the order of the grid."""
        names = dict.fromkeys(name for point in self._points for name in point.parameters)
        return {
            name: tuple({repr(v): v for v in (point.parameters.get(name) for point in self._points)}.values())
            for name in names
        }

    @cached_property
    def table(self) -> pd.DataFrame:
        """Parameters, window and universe where there are several, figures, and `error`; index = the variant's number.

        Figures are those of `Performance`; NaN where the sample does not carry one.
        """
        import pandas as pd

        told: dict[str, Any] = {
            name: [point.parameters.get(name) for point in self._points] for name in self.parameters
        }
        if any(point.slice.window is not None for point in self._points):
            told["window"] = [point.slice.name for point in self._points]
        if any(point.slice.universe is not None for point in self._points):
            told["universe"] = [point.slice.universe for point in self._points]
        for name in TOLD:
            told[name] = np.array([row.figures.get(name) for row in self._rows], dtype=np.float64)
        told["error"] = [row.error for row in self._rows]
        return pd.DataFrame(told, index=pd.RangeIndex(len(self._points), name="variant"))

    @cached_property
    def returns(self) -> pd.DataFrame:
        """(days, variants) daily returns, NaN where a variant did not run; the columns are the variants' numbers.

        Raises RUN_CONFIG where they were not kept.
        """
        import pandas as pd

        kept = [row for row in self._rows if row.days is not None]
        if not kept:
            raise problem("RUN_CONFIG", "no daily returns were kept: returns=False, or too many; sweep fewer variants")
        columns = {row.number: pd.Series(row.returns, index=row.days) for row in kept}
        table = pd.DataFrame(columns).sort_index()
        table.index = pd.DatetimeIndex(
            np.asarray(table.index, dtype="datetime64[D]").astype("datetime64[ns]"), tz="UTC"
        )
        table.columns.name, table.index.name = "variant", "day"
        return table

    def best(self, metric: str = "sharpe") -> dict[str, Any]:
        """The row that is best by a figure of the table, with what is left of its Sharpe ratio among all the trials.

        `deflated_sharpe`: probability that its true Sharpe ratio exceeds what the best of all `trials` shows by luck
        (Bailey and Lopez de Prado, 2014); `None` where the sample does not carry it. Raises RUN_CONFIG for an unknown
        figure, RUN_TOO_SHORT where no variant has it.
        """
        place = _best(self._values(metric), metric)
        if place is None:
            raise problem("RUN_TOO_SHORT", f"no variant has a {metric}")
        row = self.table.iloc[place].to_dict()
        told = {"variant": place, **{str(name): _plain(value) for name, value in row.items()}}
        return {**told, "trials": self.trials, "deflated_sharpe": self._deflated(self._rows[place])}

    def grid(self, rows: str, columns: str, metric: str = "sharpe") -> pd.DataFrame:
        """A figure over two parameters, as a table of one against the other; the mean where others vary too."""
        self._values(metric)
        for name in (rows, columns):
            if name not in self.parameters:
                raise problem(
                    "RUN_CONFIG", f"{name!r} is no parameter of this sweep{did_you_mean(name, self.parameters)}"
                )
        return self.table.pivot_table(index=rows, columns=columns, values=metric, aggfunc="mean")

    def walk_forward(self, metric: str = "sharpe") -> pd.DataFrame:
        """What choosing by the window before would have brought: each window's figures of the variant that was best
        in the one before it, universe by universe. The first window only chooses.

        Raises RUN_CONFIG where the sweep has fewer than two windows.
        """
        import pandas as pd

        self._values(metric)
        table = self.table
        if "window" not in table or table["window"].nunique() < 2:
            raise problem("RUN_CONFIG", "walk_forward needs two windows or more; sweep with windows=[...]")
        told: list[dict[str, Any]] = []
        for _, part in table.groupby("universe", sort=False) if "universe" in table else [(None, table)]:
            windows = [window for _, window in part.groupby("window", sort=False)]
            for before, window in pairwise(windows):
                place = _best(before[metric].to_numpy(), metric)
                if place is not None:
                    # Every window has the same variants in the same order.
                    row = {str(name): value for name, value in window.iloc[place].to_dict().items()}
                    told.append(row | {f"chosen_{metric}": before[metric].iloc[place]})
        return pd.DataFrame(told)

    def overfitting(self, *, blocks: int = 16) -> Overfitting:
        """Probability that the best by Sharpe ratio is the best by luck, from the daily returns of all variants (CSCV).

        Raises RUN_CONFIG for a sweep over several windows or universes, whose days differ, and as
        `hedgerow.ledger.overfitting.cscv`.
        """
        if len({point.slice for point in self._points}) > 1:
            raise problem("RUN_CONFIG", "variants of several windows or universes share no days; sweep one of them")
        return cscv(self.returns, blocks=blocks)

    def to_json(self) -> dict[str, Any]:
        """The whole outcome as plain values."""
        rows = self.table.to_dict("records")
        return {
            "trials": self.trials,
            "variants": [{str(name): _plain(value) for name, value in row.items()} for row in rows],
        }

    def _values(self, metric: str) -> Any:
        if metric not in TOLD:
            raise problem("RUN_CONFIG", f"{metric!r} is no figure of a sweep{did_you_mean(metric, TOLD)}")
        return self.table[metric].to_numpy()

    def _deflated(self, row: Row) -> float | None:
        told, variance = row.outcome, variance_for(self._family, row.outcome)
        if variance is None or self.trials < 2 or not {"sharpe", "skew", "kurtosis"} <= told.keys():
            return None
        return ratios.deflated_sharpe(
            told["sharpe"],
            int(told["periods"]),
            skew=told["skew"],
            kurtosis=told["kurtosis"],
            trials=self.trials,
            variance=variance,
        )

    def __repr__(self) -> str:
        failed = sum(row.error is not None for row in self._rows)
        told = f", {failed} failed" if failed else ""
        return f"Sweep({len(self._rows):,} variants{told}, {self.trials:,} trials of {self._family.name})"


def _best(values: Any, metric: str) -> int | None:
    """Where the best value stands, the first of equals; `None` where there is none."""
    if np.isnan(values).all():
        return None
    return int(np.nanargmin(values) if metric in SMALLER_IS_BETTER else np.nanargmax(values))


def _plain(value: Any) -> Any:
    """A cell as JSON has it: no NaN, no NumPy."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and np.isnan(value) else value
