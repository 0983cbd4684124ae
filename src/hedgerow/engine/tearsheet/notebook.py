"""A run in a notebook cell: the curve as a small picture and the figures one asks for first.

Promises: no script, no style sheet, nothing fetched; every text is escaped. Never: raises because a sample is short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hedgerow.engine.tearsheet.charts import polyline
from hedgerow.engine.tearsheet.figures import span_of
from hedgerow.engine.tearsheet.markup import Markup, amount, joined, number, percent, tag
from hedgerow.engine.tearsheet.series import clock

if TYPE_CHECKING:
    from hedgerow.engine.result import Result

WIDTH, HEIGHT = 420, 80
GREEN = "#3c8562"


def notebook_html(result: Result) -> str:
    """A run as HTML for a notebook: no scripts, readable on light and dark ground."""
    figures, info = result.performance, result.info
    gain = result.final_nav / info.cash - 1
    lines = (
        ("Value at the end", f"{amount(result.final_nav)} {info.currency}"),
        ("Total return, net of costs", percent(gain, signed=True)),
        ("Return per year", percent(figures.cagr, signed=True)),
        ("Volatility", percent(figures.volatility)),
        ("Sharpe ratio", number(figures.sharpe)),
        ("Deepest drawdown", percent(None if figures.max_drawdown is None else -figures.max_drawdown)),
        ("Fees paid", f"{amount(result.book['fees'])} {info.currency}"),
        ("Fills", f"{len(result.records('Fill')):,}"),
        ("Orders denied", f"{int((result.records('Verdict')['decision'] == 2).sum()):,}"),
    )
    cell = "padding:2px 12px 2px 0;text-align:left;font-weight:normal"
    rows = joined(
        tag("tr", tag("th", name, style=cell, scope="row"), tag("td", text, style=cell)) for name, text in lines
    )
    notes = tag("p", " · ".join(info.notes), style="font-size:90%;margin:4px 0") if info.notes else ""
    return str(
        tag(
            "div",
            tag("b", info.name),
            f" · {span_of(result)} · hypothetical: backtest",
            _picture(result),
            tag("table", rows),
            notes,
            style="font-family:system-ui,sans-serif",
        )
    )


def _picture(result: Result) -> Markup:
    ts = clock(result.equity.index)
    nav = result.equity["nav"].to_numpy(dtype=np.float64)
    line = polyline(ts, nav, [nav], WIDTH, HEIGHT, "curve", points=200)
    return tag(
        "svg",
        tag("g", line, stroke=GREEN, stroke_width="1.5"),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=str(WIDTH),
        height=str(HEIGHT),
        style="display:block;margin:6px 0",
        role="img",
        aria_label=f"Net asset value from {amount(float(nav[0]))} to {amount(float(nav[-1]))}",
    )
