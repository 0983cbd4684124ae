"""The command that says what trading cost, by the journals of runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hedgerow.cli.identity import Identity
from hedgerow.cli.output import Json, Output, table
from hedgerow.core.errors import problem
from hedgerow.core.spans import DAY_NS, span_ns

if TYPE_CHECKING:
    import pandas as pd

_UNITS = ("ms", "s", "m", "h", "d")
_FITTED = ("half_spread_bps", "impact", "fee_bps")
_SHOWN = {
    "order": ("order_id", "algorithm", "symbol", "side", "quantity", "filled", "arrival", "average_price", "total"),
    "sums": ("orders", "fills", "filled_share", "maker_share", "delay", "trading", "opportunity", "fees", "total"),
}
_HEADS = {"total_bps": "total bps", "average_price": "average", "filled_share": "filled", "order_id": "order"}
_SHARES = ("total_bps", "effective_bps", "realised_bps", "impact_bps")


def tca(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs, each with its journal/.")],
    by: Annotated[
        Literal["order", "algorithm", "symbol", "side", "liquidity", "strategy", "venue", "run"],
        typer.Option(help="Sum up by what; `order`: each by itself."),
    ] = "algorithm",
    after: Annotated[str, typer.Option(help="How long after fills the mid is looked at again.")] = "1s,10s,60s",
    fit: Annotated[bool, typer.Option("--fit", help="Print the cost model that the fills show, for settings.")] = False,
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Say what trading cost: delay, trading, opportunity, fees, spreads and what fills were worth after a while."""
    from hedgerow.engine.journal_costs import costs_by, journal_costs, journal_fitted_costs

    output = Output(json)
    if fit:
        costs = asdict(journal_fitted_costs(folders, identity=identity))
        fitted = {name: costs[name] for name in _FITTED}
        output.emit(fitted, "\n".join(["[costs]", *(f"{name} = {value:.4f}" for name, value in fitted.items())]))
        return
    orders = journal_costs(folders, after=_stretches(after), identity=identity)
    rows = orders if by == "order" else costs_by(orders, by)
    if not json:
        output.emit({}, _text(rows, by) if len(rows) else "no order passed the gate")
        return
    for row in rows.to_dict("records"):
        output.emit({str(name): value for name, value in row.items()})


def _stretches(words: str) -> dict[str, int]:
    """Lengths of time in nanoseconds, by name."""
    found = {}
    for word in words.split(","):
        ns = span_ns(word, _UNITS)
        if ns is None or not 0 < ns <= 366 * DAY_NS:
            raise problem("CLI_USAGE", f"--after {words!r}: {word!r} is no stretch; write such as 500ms, 10s, 5m, 1d")
        found[word.strip()] = ns
    return found


def _text(rows: pd.DataFrame, by: str) -> str:
    """Sums in money, then shares in basis points; a figure that is not known is a dash."""
    currencies = rows["currency"].unique()
    keys = [name for name in (by, "currency") if name != "order" and (name == by or len(currencies) > 1)]
    worths = [name for name in map(str, rows) if name.startswith("after_")]
    names = [*keys, *_SHOWN["order" if by == "order" else "sums"], *_SHARES, *worths]
    heads = [_HEADS.get(name, name.removesuffix("_bps").replace("_", " ")) for name in names]
    cells = [[_cell(row[name]) for name in names] for row in rows.to_dict("records")]
    of = f"money in {currencies[0]}" if len(currencies) == 1 else "money in the currency of each row"
    shares = "from `total bps` on in basis points of value, costs positive; after: what fills were worth then"
    return f"{table(cells, heads=heads)}\n\n{of}; {shares}"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "-" if value != value else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
