"""The figures of a tear sheet in words: what each is, what it came to beside the benchmark, and why one is missing.

Promises: every figure is the ledger's; where a sample cannot carry one there is a dash and the reason. Never: a figure
worked out twice in two ways.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hedgerow.engine.exchange import fill_amounts
from hedgerow.engine.tearsheet.markup import DASH, Markup, amount, counted, joined, number, percent, table, tag
from hedgerow.engine.tearsheet.series import clock, period_word

if TYPE_CHECKING:
    from hedgerow.engine.result import Result
    from hedgerow.ledger.metrics import Performance

ANNUAL = "annualised figures"


@dataclass(frozen=True)
class Figure:
    """A row of the table: its name, what it means, the statistic behind it and how it is written."""

    name: str
    means: str
    field: str
    write: Callable[[float | None], str]


def _gain(value: float | None) -> str:
    return percent(value, signed=True)


def _loss(value: float | None) -> str:
    return percent(value if value is None or value <= 0 else -value)


def _count(value: float | None) -> str:
    return number(value, 0)


FIGURES = (
    Figure("Total return", "net of costs, the first day counted", "total_return", _gain),
    Figure("Return per year", "compounded (CAGR)", "cagr", _gain),
    Figure("Volatility", "standard deviation of the returns of each {period}, per year", "volatility", percent),
    Figure("Sharpe ratio", "return over volatility, per year", "sharpe", number),
    Figure("Sharpe, corrected", "per year, for returns that depend on each other (Lo)", "sharpe_adjusted", number),
    Figure("Sortino ratio", "return over downside deviation, per year", "sortino", number),
    Figure("Deepest drawdown", "from a high to the low after it, by the {period}", "max_drawdown", _loss),
    Figure("Longest drawdown", "{period}s in a row below an earlier value", "longest_drawdown", _count),
    Figure("Calmar ratio", "return per year over the deepest drawdown", "calmar", number),
    Figure("Hit rate", "{period}s that gained", "hit_rate", percent),
    Figure("Best {period}", "", "best_period", _gain),
    Figure("Worst {period}", "", "worst_period", _gain),
    Figure("Value at risk", "loss exceeded in one {period} of twenty (95 %, historical)", "value_at_risk", _loss),
    Figure("Expected shortfall", "mean of the worst {period} in twenty (95 %)", "expected_shortfall", _loss),
    Figure("Turnover", "half of what was traded, over the mean value, per year", "turnover", lambda v: percent(v, 0)),
    Figure("Gross exposure", "positions over value, on average", "gross_exposure", percent),
    Figure("Time invested", "share of times with a position", "time_invested", percent),
    Figure(
        "Probabilistic Sharpe", "probability that the true Sharpe ratio is positive", "probabilistic_sharpe", percent
    ),
    Figure("Deflated Sharpe", "the same, against the best of all trials by luck", "deflated_sharpe", percent),
    Figure("Track record needed", "{period}s until the first is 95 %", "minimum_track_record", _count),
    Figure("Backtest needed", "years below which luck explains the best trial", "minimum_backtest_length", number),
)


def missing(field: str, performance: Performance) -> str:
    """Why a figure is left out, in the words of the statistics."""
    if field == "sharpe_adjusted" and performance.sharpe is None:
        field = "sharpe"
    for sign in (f"{field}:", f"{field},", ANNUAL, "net asset value fell"):
        for note in performance.notes:
            if sign in note:
                return note
    if performance.periods == 0:
        return "there is no day to measure"
    return {
        "calmar": "there was no drawdown to divide by",
        "deflated_sharpe": "the number of trials is not known",
        "minimum_track_record": "no record is long enough: the Sharpe ratio is not positive",
        "minimum_backtest_length": "no length suffices: the Sharpe ratio is not positive"
        if (performance.trials or 1) > 1
        else "one trial has no best; count every configuration that was tried",
        "probabilistic_sharpe": "the returns do not differ enough to have a distribution",
    }.get(field, "the returns do not carry it")


class Footnotes:
    """Numbered reasons beneath a table; equal reasons share a number."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def dash(self, reason: str) -> Markup:
        """A table cell with a dash and the number of its reason."""
        if reason not in self._texts:
            self._texts.append(reason)
        return tag("td", DASH, tag("sup", str(self._texts.index(reason) + 1)), title=reason)

    def shown(self) -> Markup:
        """All reasons, in order."""
        items = joined(tag("li", text) for text in self._texts)
        return tag("ol", items, class_="reasons") if self._texts else Markup("")


def figures_table(result: Result, benchmark: Result | None, name: str) -> Markup:
    """Every figure of the run beside the benchmark's, with footnotes for those that are left out."""
    notes, sides = Footnotes(), [result] if benchmark is None else [result, benchmark]
    rows: list[list[object]] = [["Value at the end", *(amount(side.final_nav) for side in sides), result.info.currency]]
    period = period_word(result.performance.periods_per_year)
    for figure in FIGURES:
        rows.append(
            [
                figure.name.format(period=period),
                *(_cell(figure, side.performance, notes) for side in sides),
                _meaning(figure, result),
            ]
        )
    rows += _cost_rows(sides, result.info.currency)
    capacities = [_capacity(side, notes) for side in sides]
    rows.append(["Capacity", *capacities, f"{result.info.currency}, capital at which costs eat half of the profit"])
    if benchmark is not None:
        rows += _relative_rows(result, benchmark, notes)
    heads = ["", "Strategy", *([] if benchmark is None else [_heading(name)]), "What it is"]
    caption = "Strategy" if benchmark is None else f"Strategy beside {name}, under the same costs"
    return joined([table(caption, heads, rows, words=[len(heads) - 1], class_="figures"), notes.shown()])


def _heading(name: str) -> str:
    return name[:1].upper() + name[1:] if len(name) <= 24 else "Benchmark"


def _cell(figure: Figure, performance: Performance, notes: Footnotes) -> Markup:
    value = getattr(performance, figure.field)
    if value is None:
        return notes.dash(missing(figure.field, performance))
    return tag("td", figure.write(value), class_="bad" if figure.write is _gain and value < 0 else None)


def _meaning(figure: Figure, result: Result) -> str:
    means = figure.means.format(period=period_word(result.performance.periods_per_year))
    trials, rate = result.info.trials, result.performance.risk_free
    if figure.field == "deflated_sharpe":
        return f"{means}; {counted(trials, 'trial')} of the strategy"
    return f"{means}; risk-free rate {percent(rate)}" if figure.field == "sharpe" and rate is not None else means


def _capacity(side: Result, notes: Footnotes) -> Markup:
    found = side.capacity
    return notes.dash(found.reason) if found.costs_eat_half is None else tag("td", f"{found.costs_eat_half:,.0f}")


def _cost_rows(sides: list[Result], currency: str) -> list[list[object]]:
    amounts = [fill_amounts(side) for side in sides]
    fees = [float(a.fee.sum()) for a in amounts]
    slippage = [float(a.slippage.sum()) for a in amounts]
    return [
        ["Fees paid", *map(amount, fees), currency],
        ["Spread and impact", *map(amount, slippage), f"{currency}, fill prices against the prices before our orders"],
        [
            "Costs together",
            *(amount(f + s) for f, s in zip(fees, slippage, strict=True)),
            f"{currency}, already in every figure",
        ],
    ]


def _relative_rows(result: Result, benchmark: Result, notes: Footnotes) -> list[list[object]]:
    """Beta, alpha and the like: statistics of the run against the benchmark's value on the same days."""
    from hedgerow.engine.tearsheet.benchmark import aligned, relative_to

    if not (aligned(result, benchmark, clock(result.daily.index) + 1) > 0).all():
        return []
    relative = relative_to(result, benchmark)
    lines = (
        ("Beta", "how the strategy moves with the benchmark", relative.beta, number),
        ("Correlation", "of their returns", relative.correlation, number),
        ("Alpha", "per year, what beta does not explain", relative.alpha, _gain),
        ("Tracking error", "deviation from the benchmark, per year", relative.tracking_error, percent),
        ("Information ratio", "active return over tracking error", relative.information_ratio, number),
    )
    why = missing(ANNUAL, result.performance)
    return [
        [f"{name} to the benchmark", notes.dash(why) if value is None else write(value), "", means]
        for name, means, value, write in lines
    ]


def cards(result: Result, benchmark: Result | None, name: str) -> Markup:
    """The few figures one reads first."""
    ours = result.performance
    theirs = None if benchmark is None else benchmark.performance
    costs = fill_amounts(result)
    paid = float(costs.fee.sum() + costs.slippage.sum())

    def card(label: str, text: str, below: str, value: float | None = None) -> Markup:
        bad = "bad" if value is not None and value < 0 else None
        return tag("div", tag("span", label), tag("b", text, class_=bad), tag("small", below), class_="card")

    def beside(field: str, write: Callable[[float | None], str]) -> str:
        return "" if theirs is None else f"{name if len(name) < 20 else 'benchmark'} {write(getattr(theirs, field))}"

    return tag(
        "div",
        card("Total return", _gain(ours.total_return), beside("total_return", _gain), ours.total_return),
        card("Return per year", _gain(ours.cagr), beside("cagr", _gain), ours.cagr),
        card("Sharpe ratio", number(ours.sharpe), beside("sharpe", number), ours.sharpe),
        card("Deepest drawdown", _loss(ours.max_drawdown), beside("max_drawdown", _loss)),
        card("Volatility", percent(ours.volatility), beside("volatility", percent)),
        card(
            "Costs paid", f"{paid:,.0f}", f"{result.info.currency}, {percent(paid / result.info.cash)} of the capital"
        ),
        class_="cards",
    )


def span_of(result: Result) -> str:
    """The first and last day of a run."""
    days = result.daily.index
    first, last = (f"{day:%Y-%m-%d}" for day in (days[1], days[-1]))
    return first if first == last else f"{first} to {last}"


def verdict(result: Result, benchmark: Result | None, name: str) -> Markup:
    """What came of the money, in one sentence, a loss called a loss."""
    info, gain = result.info, result.final_nav / result.info.cash - 1
    word = "gained" if gain > 0 else "lost" if gain < 0 else "neither gained nor lost"
    size = f" {percent(abs(gain))}" if gain else ""
    text = (
        f"{amount(info.cash)} {info.currency} became {amount(result.final_nav)} {info.currency}: "
        f"the strategy {word}{size} after all costs."
    )
    if benchmark is None:
        return tag("p", text, class_="verdict")
    ahead = gain - (benchmark.final_nav / benchmark.info.cash - 1)
    than = "ahead of" if ahead >= 0 else "behind"
    return tag("p", text, f" That is {percent(abs(ahead))} of the capital {than} {name}.", class_="verdict")


def remarks(result: Result, benchmark: Result | None) -> Markup:
    """What the statistics want said beside their figures, such as contradictory signs or a short sample."""
    said = [f"Strategy: {note}" for note in result.performance.notes]
    said += [f"Benchmark: {note}" for note in (benchmark.performance.notes if benchmark is not None else ())]
    kept = [text for text in said if "trial has no best" not in text]
    return tag("ul", joined(tag("li", text) for text in kept), class_="remarks") if kept else Markup("")
