"""`lint`: asks a run every rule, and says what looks suspicious, what does not, and what could not be asked.

Promises: every rule is asked, in one order; one that cannot be asked stands among `unasked` with its reason and counts
as nothing; equal runs give equal answers. Never: it changes a figure or refuses a result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hedgerow.core.errors import HedgerowError
from hedgerow.engine.comparison import Comparison
from hedgerow.engine.lint import luck, market
from hedgerow.engine.lint.rule import Rule, Seen, Suspicion
from hedgerow.engine.lint.subject import Subject

if TYPE_CHECKING:
    import pandas as pd

    from hedgerow.engine.result import Result
    from hedgerow.engine.sweep import Sweep
    from hedgerow.market.bars import Bars
    from hedgerow.market.universes import Universe

RULES = (
    Rule("look-ahead", "compute what decides from rows up to its own time only; see `again=`", luck.look_ahead),
    Rule("open-stamps", "stamp bars at their close: add one bar's length to each time", market.open_stamps),
    Rule("stale-prices", "leave out what does not trade, or wait for a price that moves", market.stale_prices),
    Rule("bad-prints", "repair or drop the bars named, and run again", market.bad_prints),
    Rule("survivorship", "use a universe as it was at each time, with what was delisted since", market.survivorship),
    Rule("unfillable-size", "trade less, trade slower, or leave the volume cap on", market.unfillable_size),
    Rule("cost-free", "run with the default costs, or with those of your broker and venue", market.cost_free),
    Rule("costs-eat-profit", "trade less often; try the run at twice the costs", market.costs_eat_profit),
    Rule("constant-rate", "give the exchange rate as a series by time (fx=)", market.constant_rate),
    Rule("too-few-trades", "use a longer history or more instruments", luck.too_few_trades),
    Rule("too-short", "use at least a year, better one with a crisis in it", luck.too_short),
    Rule("one-lucky-day", "look at that day's fills and news; run without it", luck.one_lucky_day),
    Rule("one-lucky-trade", "look at that trip; run without its instrument", luck.one_lucky_trade),
    Rule("contradictory-signs", "believe the compounded return, and ask what the mean hides", luck.contradictory_signs),
    Rule("grid-edge", "widen the grid until the best value lies inside it", luck.grid_edge),
    Rule("too-smooth", "look for stale prices, late marks, or positions that are not marked", luck.too_smooth),
    Rule("too-good", "look for an error before you look for capital: costs, fills, look-ahead", luck.too_good),
    Rule("best-of-many", "test it on data that no trial has seen, or try less", luck.best_of_many),
    Rule("overfitted", "simplify; choose by what holds in every part of the sample", luck.overfitted),
    Rule("mostly-denied", "give the limits it needs, or test the strategy that fits the limits", luck.mostly_denied),
)


@dataclass(frozen=True)
class Lint:
    """What the rules found. suspicions: in the order of the rules. unasked: rules that could not be asked, and why.
    asked: how many could."""

    suspicions: tuple[Suspicion, ...]
    unasked: Mapping[str, str]
    asked: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the rules that found something."""
        return tuple(suspicion.rule for suspicion in self.suspicions)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "suspicions": [suspicion.to_json() for suspicion in self.suspicions],
            "unasked": dict(self.unasked),
            "asked": self.asked,
        }

    def frame(self) -> pd.DataFrame:
        """A row a suspicion: rule, says, value, limit, remedy, examples."""
        import pandas as pd

        columns = ["rule", "says", "value", "limit", "remedy", "examples"]
        return pd.DataFrame([dict(s.__dict__) for s in self.suspicions], columns=columns)

    def __str__(self) -> str:
        lines = [str(suspicion) for suspicion in self.suspicions] or ["nothing looks suspicious"]
        return "\n".join([*lines, f"{self.asked} rules asked, {len(self.unasked)} could not be"])


def lint(
    result: Result,
    *,
    among: Comparison | Sweep | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    again: Callable[[Bars], Result] | None = None,
    universe: Universe | None = None,
) -> Lint:
    """Look for what makes a backtest look better than the strategy is.

    among: the variants it was chosen from: a sweep, or what `hedgerow.compare` gives. grid: the values that were tried
    of each setting, by its name in the strategy's Config. again: runs the strategy over other bars; with it a look
    ahead is proved and not only suspected, because orders must not change when later bars are taken away. universe:
    what it chose from through time (`Catalog.universe`): members that are not among the instruments are then counted.

    >>> import numpy as np, hedgerow as hr
    >>> bars = hr.Bars.from_arrays(np.arange(5).astype("datetime64[D]"), close=[10.0, 11.0, 12.0, 11.0, 13.0])
    >>> found = hr.lint(hr.backtest(bars, signals=[1, 1, 1, 0, 0], size=100, costs=hr.Costs.none()))
    >>> found.names
    ('cost-free', 'too-few-trades', 'too-short')
    """
    subject = Subject(result, **_told(among, grid or {}), again=again, universe=universe)
    suspicions, unasked = [], {}
    for rule in RULES:
        answer = rule.ask(subject)
        if isinstance(answer, Seen):
            suspicions.append(
                Suspicion(rule.name, answer.says, answer.value, answer.limit, rule.remedy, answer.examples)
            )
        elif answer is not None:
            unasked[rule.name] = answer
    return Lint(tuple(suspicions), unasked, len(RULES) - len(unasked))


def _told(among: Comparison | Sweep | None, grid: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """What the variants tell: the values that were tried, and how likely the best of them is luck."""
    if among is None:
        return {"grid": grid}
    if isinstance(among, Comparison):
        return {"grid": {**among.grid, **grid}, "overfitting": among.overfitting or among.why_not}
    overfitting: Any
    try:
        overfitting = among.overfitting()
    except HedgerowError as error:
        overfitting = error.detail
    return {"grid": {**among.parameters, **grid}, "overfitting": overfitting}
