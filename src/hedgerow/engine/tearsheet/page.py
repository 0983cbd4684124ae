"""The page: sections in the order in which one reads them, style and scripts inside, and nothing from outside.

Promises: the page fetches nothing (its own policy forbids it) and runs only the scripts whose hashes it names; it is
written whole or not at all, after its figures were found to agree with the ledger. Never: a clock in it.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from hedgerow.core.files import write_whole
from hedgerow.engine.tearsheet.agreement import Agreement, agreements
from hedgerow.engine.tearsheet.benchmark import buy_and_hold, checked
from hedgerow.engine.tearsheet.books import accounts_table, bridge_table, checks_table, costs_in_words, provenance
from hedgerow.engine.tearsheet.chances import suspicions_table, variants_table
from hedgerow.engine.tearsheet.charts import Chart, chart_block, charts, months_table
from hedgerow.engine.tearsheet.figures import cards, figures_table, remarks, span_of, verdict
from hedgerow.engine.tearsheet.holdings import positions_table
from hedgerow.engine.tearsheet.markup import Markup, amount, counted, joined, script_json, tag
from hedgerow.engine.tearsheet.orders import denied_table, orders_table
from hedgerow.engine.tearsheet.trading import instruments_table, months_heat, sides_table, trades_tables

if TYPE_CHECKING:
    from hedgerow.engine.comparison import Comparison
    from hedgerow.engine.result import Result

HYPOTHETICAL = (
    "Hypothetical: a backtest. Fills are simulated on past prices and no money was traded; what a backtest shows is no "
    "sign of what comes. Every figure is net of the costs named above."
)


def write_tearsheet(
    result: Result, path: str | Path, benchmark: Result | None = None, among: Comparison | None = None
) -> str:
    """Write a run as one self-contained HTML page; returns its path.

    benchmark: another run to stand beside it, in the same currency; `None` = the universe bought in equal parts and
    held, under the same costs. among: the variants that it was chosen from. Raises RUN_RECONCILE if a figure does not
    agree with the ledger (then nothing is written), RUN_CONFIG for a benchmark that cannot be compared.
    """
    found = agreements(result)
    if benchmark is None:
        benchmark, name = buy_and_hold(result)
    else:
        name = checked(result, benchmark).info.name
    if benchmark is not None:
        agreements(benchmark)
    text = page(result, benchmark, name, found, among)
    write_whole(Path(path), text.encode())
    return str(path)


def page(
    result: Result, benchmark: Result | None, name: str, found: list[Agreement], among: Comparison | None = None
) -> str:
    """The whole page as text. `name`: of the benchmark, or why there is none."""
    drawn = charts(result, benchmark, name)
    numbers = script_json({"currency": result.info.currency, "charts": {chart.id: chart.numbers() for chart in drawn}})
    licence = Markup(f"/*\n{_asset('uPlot.LICENSE')}\n*/\n")
    scripts = (licence + _asset("uPlot.iife.min.js"), _asset("tearsheet.js"))
    body = tag(
        "body",
        tag(
            "main",
            _head(result, benchmark, name),
            *_sections(result, benchmark, name, drawn, found, among),
            _foot(drawn),
        ),
        Markup(f'<script type="application/json" id="numbers">{numbers}</script>'),
        *(Markup(f"<script>{script}</script>") for script in scripts),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(scripts)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{result.info.name}: tear sheet"),
        Markup(f"<style>{_asset('uPlot.min.css')}\n{_asset('tearsheet.css')}</style>"),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _head(result: Result, benchmark: Result | None, name: str) -> Markup:
    info, span = result.info, span_of(result)
    strategy = "" if info.strategy == info.name else f" · {info.strategy}"
    lead = (
        f"{span} · capital {amount(info.cash)} {info.currency} · {counted(len(info.symbols), 'instrument')}{strategy}"
    )
    notes = [*info.notes] if benchmark is not None else [*info.notes, f"no benchmark: {name}"]
    return tag(
        "header",
        tag("h1", info.name),
        tag("p", lead, class_="lead"),
        verdict(result, benchmark, name),
        tag("p", tag("b", "Costs: "), costs_in_words(info.costs), ".", class_="lead"),
        tag("p", HYPOTHETICAL, class_="note"),
        tag("div", tag("b", "About the data"), tag("ul", *(tag("li", note) for note in notes)), class_="note")
        if notes
        else "",
        cards(result, benchmark, name),
    )


def _sections(
    result: Result,
    benchmark: Result | None,
    name: str,
    drawn: list[Chart],
    found: list[Agreement],
    among: Comparison | None,
) -> list[Markup]:
    still = tag(
        "noscript", tag("p", "The pictures are still because scripts are off."), months_table(result, benchmark, name)
    )
    return [
        _section("Curves", joined(chart_block(chart) for chart in drawn), still),
        _section("Figures", figures_table(result, benchmark, name), remarks(result, benchmark)),
        _section("What looks suspicious", suspicions_table(result, among)),
        *([] if among is None else [_section("Among its variants", variants_table(result, among))]),
        _section("Months", months_heat(result)),
        _section("Profit and cost by instrument", instruments_table(result), sides_table(result)),
        _section("Best and worst trades", trades_tables(result)),
        _section("Positions at the end", positions_table(result)),
        _section("Orders", orders_table(result)),
        _section("Orders the gate denied", denied_table(result)),
        _section("Books", tag("div", bridge_table(result), accounts_table(result), class_="pair")),
        _section("Checks", checks_table(found)),
        _section("How to repeat and prove it", provenance(result)),
    ]


def _section(title: str, *content: object) -> Markup:
    return tag("section", tag("h2", title), *content)


def _foot(drawn: list[Chart]) -> Markup:
    hint = "Drag over a chart to look closer, double-click to see all again. " if drawn else ""
    return tag(
        "footer",
        f"{hint}Times are UTC; a bar that closes at midnight belongs to the day it ends. The page is complete in "
        "itself and carries no date of its own: equal runs give equal pages. Charts by uPlot (MIT licence).",
    )


def _policy(scripts: tuple[str, ...]) -> str:
    """Only the scripts of this page may run, and nothing may be fetched."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{text}'" for text in hashes)
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}; base-uri 'none'; form-action 'none'"


@cache
def _asset(name: str) -> Markup:
    text = resources.files("hedgerow.engine").joinpath("assets", name).read_text(encoding="utf-8")
    return Markup(text.strip())
