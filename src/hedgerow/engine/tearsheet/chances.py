"""What speaks against a result in its tear sheet: what the linter suspects, and the variants that it was chosen from.

Promises: every suspicion stands with its evidence and what to do, every rule that could not be asked with its reason;
all variants are counted, also those that are not listed. Never: a variant's figure that is not deflated by all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hedgerow.engine.tearsheet.markup import Markup, counted, joined, number, percent, table, tag

if TYPE_CHECKING:
    from hedgerow.engine.comparison import Comparison
    from hedgerow.engine.result import Result

VARIANTS_SHOWN = 20


def suspicions_table(result: Result, among: Comparison | None) -> Markup:
    """What the linter found, and what it could not ask."""
    from hedgerow.engine.lint import lint

    found = result.lint if among is None else lint(result, among=among)
    unasked = tag("ul", *(tag("li", f"{name}: {reason}") for name, reason in found.unasked.items()), class_="remarks")
    told = f"{counted(found.asked, 'rule')} of the backtest linter asked"
    if found.unasked:
        told += "; those below could not be"
    parts: list[object] = [tag("p", f"{told}.")]
    if found.suspicions:
        rows = [[s.rule, s.says, s.remedy, "; ".join(s.examples)] for s in found.suspicions]
        heads = ["Rule", "What was found", "What to do", "Look at"]
        caption = f"{counted(len(rows), 'reason')} to doubt the figures above"
        parts = [table(caption, heads, rows, words=[1, 2, 3], class_="prose"), *parts]
    else:
        parts = [tag("p", "Nothing looks suspicious."), *parts]
    return joined([*parts, unasked] if found.unasked else parts)


def variants_table(result: Result, among: Comparison) -> Markup:
    """The best variants, this one among them, and how likely the best of them is luck."""
    overfitting = among.overfitting
    if overfitting is None:
        says = f"No probability of overfitting: {among.why_not}."
    else:
        says = (
            f"Probability of overfitting {percent(overfitting.probability, 1)}: in so many of "
            f"{overfitting.splits:,} halvings of the days, the best variant of one half was below the middle in the "
            f"other; it lost money there in {percent(overfitting.probability_of_loss, 1)}."
        )
    heads = ["", *among.grid, "Return", "Sharpe", "Deflated", "Drawdown", "Fills"]
    rows = []
    for place, (run, row) in enumerate(zip(among.results, among.table.to_dict("records"), strict=True)):
        if place >= VARIANTS_SHOWN and run is not result:
            continue
        name = f"{run.info.name} (this run)" if run is result else run.info.name
        figures = run.performance
        rows.append(
            [
                name,
                *(row[setting] for setting in among.grid),
                percent(figures.total_return, signed=True),
                number(figures.sharpe),
                percent(figures.deflated_sharpe),
                percent(figures.max_drawdown),
                f"{row['fills']:,}",
            ]
        )
    caption = f"{counted(among.trials, 'trial')} counted, {len(rows):,} of {len(among.results):,} shown, the best first"
    return joined([tag("p", says), table(caption, heads, rows)])
