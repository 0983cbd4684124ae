"""The command that runs a strategy in many variants, and the words in which a grid is written."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hedgerow.cli.books import (
    Assume,
    AssumeFile,
    Between,
    Currency,
    Depth,
    FaultyQuotes,
    Lot,
    Named,
    QuoteSize,
    Rule,
    Tick,
    read_assumptions,
    read_data,
)
from hedgerow.cli.holding import Actions, Terms, read_holding
from hedgerow.cli.output import Json, Output, table
from hedgerow.core.errors import RunError, problem

if TYPE_CHECKING:
    from hedgerow.engine.sweep import Sweep

GridWords = Annotated[
    list[str], typer.Option("--grid", help="name=10,20,30 or name=10:50:5 (both ends included); once a parameter.")
]
WindowWords = Annotated[
    list[str] | None, typer.Option("--window", help="FROM..TO, each run by itself; 2010-01-01..2011-12-31.")
]
UniverseWords = Annotated[
    list[str] | None, typer.Option("--universe", help="NAME=AAA,BBB: the symbols that a variant trades.")
]
MetricWord = Annotated[
    str | None,
    typer.Option("--metric", help="Figure that the variants are ordered by; default: sharpe, of books total_return."),
]
SHOWN = ("sharpe", "total_return", "max_drawdown", "fills")
"""Figures in the table for people, besides the one that the sweep is ordered by."""


def sweep(
    strategy: Annotated[str, typer.Argument(help="FILE.py:Class; its Config holds the parameters.")],
    data: Annotated[Path, typer.Argument(help="Bars: .csv, .csv.gz or .parquet, or a folder of them.")],
    grid: GridWords,
    window: WindowWords = None,
    universe: UniverseWords = None,
    metric: MetricWord = None,
    top: Annotated[int, typer.Option(help="Variants shown.")] = 10,
    cash: Annotated[float, typer.Option(help="Capital before the first bar.")] = 1_000_000.0,
    out: Annotated[
        Path | None, typer.Option(help="Folder that keeps the rows; the same sweep goes on where it was broken off.")
    ] = None,
    trials: Annotated[
        Path | None, typer.Option(help="Trial ledger (file or the fund's folder) that counts every variant.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The family of trials; default: the class.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; default: one a core.")] = None,
    cluster: Annotated[str | None, typer.Option(help="A Ray cluster instead: ray://HOST:PORT, or local.")] = None,
    keep_errors: Annotated[
        bool, typer.Option("--keep-errors", help="A variant that fails is a row, not the end.")
    ] = False,
    books: Depth = None,
    symbol: Named = None,
    tick: Tick = "0.01",
    lot: Lot = "1",
    currency: Currency = "USD",
    rule: Rule = None,
    quote_size: QuoteSize = None,
    faulty: FaultyQuotes = "error",
    span: Between = None,
    actions: Actions = None,
    terms: Terms = None,
    simulation: AssumeFile = None,
    assume: Assume = None,
    json: Json = False,
) -> None:
    """Run a strategy in every variant of a grid; every one is a trial."""
    from hedgerow.cli.strategies import load_class
    from hedgerow.engine.sweep import sweep as run

    maker, assumed = load_class(strategy), read_assumptions(books, simulation, assume)
    given: Any = read_data(data, books, symbol, tick, lot, currency, rule, span, quote_size, faulty)
    metric = metric or ("sharpe" if books is None else "total_return")
    with typer.progressbar(length=1, label="variants", file=sys.stderr, hidden=json or not sys.stderr.isatty()) as bar:

        def tell(done: int, whole: int) -> None:
            bar.length = whole
            bar.update(done - bar.pos)

        done = run(
            given,
            maker,
            read_grid(grid),
            windows=_windows(window),
            universes=_universes(universe),
            cash=cash,
            currency=currency,
            folder=out,
            trials=trials,
            name=name,
            workers=workers,
            cluster=cluster,
            errors="keep" if keep_errors else "raise",
            progress=tell,
            simulation=assumed,
            **read_holding(actions, terms),
        )
    best, luck = done.best(metric), _luck(done)
    told = {"best": best, "probability_of_overfitting": luck, **done.to_json()}
    Output(json).emit(told, lambda: _text(done, best, luck, metric, top))


def _luck(done: Sweep) -> float | None:
    """Probability that the best is the best by luck; `None` where the variants' days do not let it be told."""
    try:
        return done.overfitting().probability
    except RunError:
        return None


def read_grid(words: list[str]) -> dict[str, list[Any]]:
    """Read `name=1,2,3` and `name=10:50:5` (from, to, step; both ends included); values are literals, or text.

    >>> read_grid(["fast=10:30:10", "kind=sma,ema"])
    {'fast': [10, 20, 30], 'kind': ['sma', 'ema']}
    """
    told: dict[str, list[Any]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        if not equals or not name.isidentifier() or not values:
            raise problem("CLI_USAGE", f"--grid {word!r}; write name=10,20,30 or name=10:50:5")
        if name in told:
            raise problem("CLI_USAGE", f"--grid {name} is given twice; write all its values in one")
        told[name] = _steps(word, values) if ":" in values else [_literal(value) for value in values.split(",")]
    return told


def _steps(word: str, values: str) -> list[Any]:
    try:
        numbers = [int(value) for value in values.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or (len(numbers) == 3 and numbers[2] <= 0) or numbers[0] > numbers[1]:
        raise problem("CLI_USAGE", f"--grid {word!r}; a range is FROM:TO or FROM:TO:STEP in whole numbers, FROM <= TO")
    first, last, step = (*numbers, 1)[:3]
    return list(range(first, last + 1, step))


def _literal(value: str) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


def _windows(words: list[str] | None) -> list[tuple[str | None, str | None]] | None:
    if words is None:
        return None
    told: list[tuple[str | None, str | None]] = []
    for word in words:
        start, dots, end = word.partition("..")
        if not dots or not (start or end):
            raise problem("CLI_USAGE", f"--window {word!r}; write FROM..TO, such as 2010-01-01..2011-12-31")
        told.append((start or None, end or None))
    return told


def _universes(words: list[str] | None) -> dict[str, list[str]] | None:
    if words is None:
        return None
    told: dict[str, list[str]] = {}
    for word in words:
        name, equals, symbols = word.partition("=")
        if not equals or not name or not symbols or name in told:
            raise problem("CLI_USAGE", f"--universe {word!r}; write NAME=AAA,BBB, each name once")
        told[name] = symbols.split(",")
    return told


def _text(done: Sweep, best: dict[str, Any], luck: float | None, metric: str, top: int) -> str:
    """The best variants, and what is to be said of the best of so many."""
    from hedgerow.engine.sweep.outcome import SMALLER_IS_BETTER, TOLD

    rows = done.table.sort_values(metric, ascending=metric in SMALLER_IS_BETTER, na_position="last").head(top)
    places = [str(c) for c in rows.columns if c not in (*TOLD, "error")]
    figures = list(dict.fromkeys((metric, *SHOWN)))
    shown = [
        (str(number), *(str(row[name]) for name in places), *(_figure(name, row[name]) for name in figures))
        for number, row in rows.iterrows()
    ]
    failed = int(done.table["error"].notna().sum())
    deflated = best["deflated_sharpe"]
    told = "cannot be told from so short a sample" if deflated is None else f"{deflated:.2f}"
    return "\n".join(
        [
            table(shown, heads=("variant", *places, *figures)),
            "",
            f"{len(done.table):,} variants" + (f", {failed:,} failed" if failed else ""),
            f"Deflated Sharpe ratio of variant {best['variant']} after {best['trials']:,} trials: {told}",
            "(the probability that it is better than the luck of the best of so many)",
            f"Probability of overfitting (CSCV): {'cannot be told from these days' if luck is None else f'{luck:.2f}'}",
        ]
    )


def _figure(name: str, value: float) -> str:
    if value != value:
        return "-"
    if name in ("fills", "denied", "findings", "final_nav"):
        return f"{value:,.0f}"
    return f"{value:.2f}" if name in ("sharpe", "sortino", "calmar", "turnover") else f"{value:.2%}"
