"""What speaks for chance in a tear sheet: the variants that a run was chosen from.

Promises: the number of trials and the probability of overfitting stand above the table; all variants are counted, also
those that are not listed. Never: a variant's figure that is not deflated by all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hedgerow.engine.tearsheet.markup import Markup, counted, joined, number, percent, table, tag

if TYPE_CHECKING:
    from hedgerow.engine.comparison import Comparison
    from hedgerow.engine.result import Result

VARIANTS_SHOWN = 20


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
