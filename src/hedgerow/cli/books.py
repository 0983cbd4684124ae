"""The words in which a command names books instead of bars: how deep, of which instrument, and what is assumed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from hedgerow.core.simulation import Simulation
    from hedgerow.market.bars import Bars
    from hedgerow.market.replay import Books

DEPTHS = ("deepest", "quotes", "levels", "orders")

Depth = Annotated[
    str | None,
    typer.Option("--books", help="DATA are order books (files, a recording, a catalog): quotes|levels|orders|deepest."),
]
Named = Annotated[str | None, typer.Option("--symbol", help="Of books: the instrument, as the data name it.")]
Tick = Annotated[str, typer.Option(help="Of books: price of one tick.")]
Lot = Annotated[str, typer.Option(help="Of books: size of one lot.")]
Currency = Annotated[str, typer.Option(help="Of books: currency of the instrument and of the cash.")]
Rule = Annotated[
    str | None, typer.Option(help="Of a recording: how the venue numbers its updates, such as binance_futures.")
]
QuoteSize = Annotated[
    str | None,
    typer.Option("--quote-size", help="Of quotes without sizes: units assumed to stand at each best price."),
]
FaultyQuotes = Annotated[
    Literal["error", "drop"], typer.Option("--faulty", help="Of quotes: those whose bid is not below their ask.")
]
Between = Annotated[str | None, typer.Option("--between", help="Of a catalog: FROM..TO, ISO 8601; events in it.")]
AssumeFile = Annotated[
    Path | None, typer.Option("--simulation", help="TOML of the simulation's assumptions: queue, delays, impact.")
]
Assume = Annotated[
    list[str] | None, typer.Option("--assume", help="name=value of the simulation, over the file: entry=2ms..9ms.")
]


def read_data(
    data: Path,
    depth: str | None,
    symbol: str | None,
    tick: str,
    lot: str,
    currency: str,
    rule: str | None,
    span: str | None,
    quote_size: str | None = None,
    faulty: str = "error",
) -> Bars | Books:
    """The bars of a file, or with a depth the books that a command names; CLI_USAGE where it does not say which."""
    from hedgerow.core.errors import did_you_mean
    from hedgerow.engine.backtest import as_bars
    from hedgerow.market.instruments import Instrument
    from hedgerow.market.replay import Books

    if depth is None:
        return as_bars(data)
    if depth not in DEPTHS:
        raise problem("CLI_USAGE", f"--books {depth!r}; one of {', '.join(DEPTHS)}{did_you_mean(depth, DEPTHS)}")
    if symbol is None:
        raise problem("CLI_USAGE", "--books needs --symbol, the instrument as the data name it")
    start, dots, end = (span or "..").partition("..")
    if not dots:
        raise problem("CLI_USAGE", f"--between {span!r}; write FROM..TO, such as 2024-08-08T10:00..2024-08-08T11:00")
    instrument = Instrument(symbol, currency, tick=tick, lot=lot)
    shown = None if depth == "deepest" else depth
    told: dict[str, Any] = {"shown": shown, "rule": rule, "start": start or None, "end": end or None}
    return Books.read(data, instrument, **told, quote_size=quote_size, faulty=faulty)  # type: ignore[arg-type]


def read_assumptions(depth: str | None, file: Path | None, words: list[str] | None) -> Simulation | None:
    """What is assumed of the venue; CLI_USAGE where no books are run over."""
    from hedgerow.engine.assumptions import simulation_of

    if depth is None:
        if file is not None or words:
            raise problem("CLI_USAGE", "--simulation and --assume are of order books; say --books")
        return None
    return simulation_of(file, words or [])
