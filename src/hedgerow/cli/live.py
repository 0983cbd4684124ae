"""Commands that run strategies by a wall clock."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hedgerow.cli.fund import desk
from hedgerow.cli.group import group
from hedgerow.cli.identity import Identity
from hedgerow.cli.output import Json, Output, plain, table

if TYPE_CHECKING:
    from hedgerow.engine.live import Paper

run = group("Run a strategy by a wall clock: on paper, over a recording that comes as it came.")


@run.command("paper")
def paper(
    settings: Annotated[Path, typer.Argument(help="A settings file (TOML): [run], [data], [instrument], and more.")],
    speed: Annotated[
        float | None, typer.Option(help="Seconds of the recording in one of ours, over the file's; 0 = no waiting.")
    ] = None,
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Trade on paper: the recording comes as it came, or faster; Ctrl-C and SIGTERM end the run and seal its log."""
    from hedgerow.cli.strategies import load_strategy
    from hedgerow.engine.live import paper as run_paper
    from hedgerow.engine.live import read_settings

    output, stop, told = Output(json), threading.Event(), read_settings(settings, speed=speed)
    strategy = load_strategy(told.strategy, dict(told.config), identity)
    fund = None if told.mandate is None else desk(told.mandate, identity)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    hidden = json or not sys.stderr.isatty()
    try:
        with typer.progressbar(length=0, label="rows", file=sys.stderr, hidden=hidden) as bar:

            def tell(rows: int, of_rows: int) -> None:
                bar.length = of_rows
                bar.update(rows - bar.pos)

            done = run_paper(told, strategy, clock=time.monotonic, stop=stop, desk=fund, progress=tell)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    output.emit(done.to_json(), lambda: _text(done))


def _text(done: Paper) -> str:
    """The status at the end, for a trader."""
    status = done.to_json()
    for name in ("pnl", "final_nav", "fees"):
        status[name] = f"{status[name]:,.2f} {status['currency']}"
    status["positions"] = ", ".join(f"{s} {q:g}" for s, q in status["positions"].items() if q) or "flat"
    return table([(name, plain(value)) for name, value in status.items() if name != "currency"])
