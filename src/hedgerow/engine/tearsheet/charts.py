"""The charts of a tear sheet: numbers for the script that draws them, and still pictures for readers without scripts.

Promises: every chart has a heading, a sentence that says what it shows, and a picture that needs no script; times are
exact, values rounded far below what the eye or the cursor shows. Never: a value that the run did not have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hedgerow.core.spans import DAY_NS
from hedgerow.engine.tearsheet.benchmark import aligned
from hedgerow.engine.tearsheet.markup import Markup, amount, joined, number, percent, table, tag
from hedgerow.engine.tearsheet.series import (
    WINDOW,
    Curves,
    clock,
    period_word,
    rolling,
    session_days,
    thin,
)
from hedgerow.ledger import tails

if TYPE_CHECKING:
    from hedgerow.engine.result import Result

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
POINTS_MAIN, POINTS_OTHER = 4_000, 2_000
SECOND_NS = 10**9
UNITS_NS = (3_600 * 10**9, 60 * 10**9, SECOND_NS, 10**6, 1)


@dataclass(frozen=True)
class Chart:
    """A chart: its place in the page, what it shows, its curves and how they are drawn."""

    id: str
    title: str
    says: str
    curves: Curves
    labels: tuple[str, ...]
    looks: tuple[str, ...]
    unit: str
    height: int
    digits: int = 6
    choices: tuple[tuple[str, str], ...] = ()
    shown: tuple[int, ...] = field(default=())

    def numbers(self) -> dict[str, Any]:
        """What the drawing script reads: time steps in a unit of seconds, and rounded columns."""
        ts, unit_ns = _whole_units(self.curves)
        return {
            "start": int(ts[0]) / SECOND_NS,
            "unit": unit_ns / SECOND_NS,
            "steps": (np.diff(ts) // unit_ns).tolist(),
            "columns": [_rounded(column, self.digits) for column in self.curves.columns],
            "labels": self.labels,
            "looks": self.looks,
            "format": self.unit,
            "height": self.height,
        }


def charts(result: Result, benchmark: Result | None, name: str) -> list[Chart]:
    """Every chart that the run can fill."""
    ts = clock(result.equity.index)
    nav = result.equity["nav"].to_numpy(dtype=np.float64)
    theirs = None if benchmark is None else aligned(result, benchmark, ts)
    made = [_equity(result, ts, nav, theirs, name), _drawdown(ts, nav, theirs, name)]
    made += _rolling(result, benchmark, name)
    made += _exposure(result, nav)
    return made


def _equity(result: Result, ts: Ints, nav: Floats, theirs: Floats | None, name: str) -> Chart:
    columns = (nav,) if theirs is None else (nav, theirs)
    labels = ("strategy", name)
    currency, low, high = result.info.currency, float(nav.min()), float(nav.max())
    says = (
        f"Net asset value in {currency}, from {amount(float(nav[0]))} to {amount(float(nav[-1]))}; "
        f"lowest {amount(low)}, highest {amount(high)}."
    )
    if theirs is not None:
        says += f" The dashed line is {name} with the same capital, which ended at {amount(float(theirs[-1]))}."
    positive = all(float(column.min()) > 0 for column in columns)
    choices = (("linear", "Linear"), ("log", "Logarithmic")) if positive else ()
    curves = thin(ts, columns, POINTS_MAIN)
    return Chart("equity", "Net asset value", says, curves, labels, ("main", "other"), "money", 320, 8, choices)


def _drawdown(ts: Ints, nav: Floats, theirs: Floats | None, name: str) -> Chart:
    own = 0.0 - tails.drawdowns(nav)
    columns = (own,) if theirs is None else (own, 0.0 - tails.drawdowns(theirs))
    labels = ("strategy", name)
    says = f"Loss from the highest value so far; at its deepest {percent(float(own.min()))}."
    curves = thin(ts, columns, POINTS_OTHER)
    return Chart("drawdown", "Drawdown", says, curves, labels, ("loss", "other"), "percent", 170, 4)


def _rolling(result: Result, benchmark: Result | None, name: str) -> list[Chart]:
    daily, per_year = result.daily, result.performance.periods_per_year
    values = daily.to_numpy(dtype=np.float64)
    if per_year is None or values.size <= WINDOW + 1 or not (values > 0).all():
        return []
    ts = clock(daily.index) + 1
    columns = list(rolling(values[1:] / values[:-1] - 1, per_year))
    labels = ["strategy", "strategy"]
    if benchmark is not None:
        theirs = aligned(result, benchmark, clock(daily.index) + 1)
        if (theirs > 0).all():
            columns += rolling(theirs[1:] / theirs[:-1] - 1, per_year)
            labels += [name, name]
    word = period_word(per_year)
    columns = [np.concatenate([[np.nan], column]) for column in columns]
    says = (
        f"Over the last {WINDOW} {word}s at each point, annualised; the first {WINDOW - 1} have no value. "
        f"At the end: Sharpe ratio {number(float(columns[0][-1]))}, volatility {percent(float(columns[1][-1]))}."
    )
    curves = thin(ts, tuple(columns), POINTS_OTHER)
    choices = (("sharpe", "Sharpe ratio"), ("volatility", "Volatility"))
    looks = ("main", "main", "other", "other")
    title = f"Rolling {WINDOW} {word}s"
    return [
        Chart(
            "rolling",
            title,
            says,
            curves,
            tuple(labels),
            looks,
            "rolling",
            170,
            4,
            choices,
            (0, 2)[: len(columns) // 2],
        )
    ]


def _exposure(result: Result, nav: Floats) -> list[Chart]:
    if not len(result.records("Fill")) or not (nav > 0).all():
        return []
    columns = tuple(result.exposure[name].to_numpy(dtype=np.float64) for name in ("gross", "net"))
    says = (
        f"Positions at each close as a share of net asset value: gross at most {percent(float(columns[0].max()), 1)}, "
        f"net from {percent(float(columns[1].min()), 1)} to {percent(float(columns[1].max()), 1)}."
    )
    curves = thin(clock(result.exposure.index), columns, POINTS_OTHER)
    return [Chart("exposure", "Exposure", says, curves, ("gross", "net"), ("other", "main"), "percent", 170, 4)]


def chart_block(chart: Chart) -> Markup:
    """A chart's place in the page: heading, sentence, switches, and a still picture until the script draws it."""
    buttons = joined(
        tag("button", text, type="button", data_chart=chart.id, data_choice=key, aria_pressed="false" if n else "true")
        for n, (key, text) in enumerate(chart.choices)
    )
    bar = (
        tag("div", buttons, class_="tools", role="group", aria_label=f"{chart.title}: what to show") if buttons else ""
    )
    thinned = ""
    if chart.curves.thinned:
        drawn, total = chart.curves.ts.size, chart.curves.total
        thinned = f" Drawn from {drawn:,} of {total:,} points: the lowest and highest of each stretch."
    caption = tag("figcaption", chart.says + thinned)
    title = tag("h3", chart.title)
    still = still_picture(chart, 1000, chart.height)
    plot = tag("div", still, id=chart.id, class_="plot", role="img", aria_label=f"{chart.title}. {chart.says}")
    return tag("figure", tag("div", title, bar, class_="titled"), plot, caption)


def still_picture(chart: Chart, width: int, height: int) -> Markup:
    """The curves as a plain SVG, without axes; their range stands in the sentence beneath."""
    places = chart.shown or tuple(range(len(chart.curves.columns)))
    columns = [chart.curves.columns[n] for n in places]
    lines = [
        polyline(chart.curves.ts, column, columns, width, height, f"line {chart.looks[n]}")
        for n, column in reversed(list(zip(places, columns, strict=True)))
    ]
    return tag("svg", *lines, viewBox=f"0 0 {width} {height}", preserveAspectRatio="none", aria_hidden="true")


def polyline(
    ts: Ints, column: Floats, among: list[Floats], width: int, height: int, class_: str, points: int = 400
) -> Markup:
    """One curve, scaled with others into a box; gaps are left out."""
    known = ~np.isnan(column)
    if not known.any():
        return Markup("")
    few = thin(ts[known], (column[known],), points)
    seen = np.concatenate([c[~np.isnan(c)] for c in among])
    low, high = float(seen.min()), float(seen.max())
    span = float(ts[-1] - ts[0]) or 1.0
    x = (few.ts - ts[0]) / span * (width - 4) + 2
    y = height - 4 - (few.columns[0] - low) / ((high - low) or 1.0) * (height - 8)
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return tag("polyline", points=path, class_=class_, fill="none", vector_effect="non-scaling-stroke")


def months_table(result: Result, benchmark: Result | None, name: str) -> Markup:
    """Month-end values as a table, for readers without scripts."""
    daily = result.daily
    days = session_days(clock(daily.index) + 1).astype("datetime64[D]")
    months = days.astype("datetime64[M]").astype(np.int64)
    ends = np.append(np.flatnonzero(np.diff(months)), len(daily) - 1)
    rows = []
    for row in ends.tolist():
        line = [str(days[row]), amount(float(daily.iloc[row]))]
        if benchmark is not None:
            line.append(amount(float(aligned(result, benchmark, clock(daily.index[[row]]) + 1)[0])))
        rows.append(line)
    heads = ["Month's end", "Strategy", *([] if benchmark is None else [name])]
    return table(f"Net asset value at the end of each month, {result.info.currency}", heads, rows)


def _whole_units(curves: Curves) -> tuple[Ints, int]:
    """Times and the largest unit that holds their steps; where there is one point a day, it is told by its date."""
    if curves.daily:
        return session_days(curves.ts) * DAY_NS, DAY_NS
    steps = np.diff(curves.ts)
    return curves.ts, next(unit for unit in UNITS_NS if not (steps % unit).any())


def _rounded(column: Floats, digits: int) -> list[float | None]:
    """Numbers with so many significant digits of the largest, whole ones without a point; gaps are `None`."""
    largest = float(np.nanmax(np.abs(column), initial=0.0))
    places = digits - 1 - int(np.floor(np.log10(largest))) if largest > 0 else 0
    return [
        None if value != value else int(value) if value == int(value) else value
        for value in np.round(column, places).tolist()
    ]
