"""Commands that run strategies by a wall clock."""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hedgerow.cli.fund import desk
from hedgerow.cli.group import group
from hedgerow.cli.identity import Identity
from hedgerow.cli.output import Json, Output, plain, table
from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from hedgerow.engine.live import LiveRun, Outcome, Paper
    from hedgerow.engine.live.venue_settings import Mode

run = group("Run a strategy by a wall clock: on paper, over a recording or at a venue; live, at a venue.")

SettingsFile = Annotated[Path, typer.Argument(help="A settings file (TOML): [run], [venue], [[instrument]].")]
SHOWN_EVERY_S = 1.0


@run.command("paper")
def paper(
    settings: Annotated[Path, typer.Argument(help="A settings file (TOML): [run], [data] or [venue], and more.")],
    speed: Annotated[
        float | None, typer.Option(help="Seconds of the recording in one of ours, over the file's; 0 = no waiting.")
    ] = None,
    seconds: Annotated[float | None, typer.Option("--for", help="At a venue: stop after so many.", min=0.0)] = None,
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Trade on paper: over a recording that comes as it came, or faster, or at a venue that speaks FIX.

    Ctrl-C and SIGTERM end the run and seal its log; at a venue SIGUSR1 is the kill switch, and a run that died goes on.
    """
    from hedgerow.cli.strategies import load_strategy
    from hedgerow.engine.live import names_venue, read_settings
    from hedgerow.engine.live import paper as run_paper

    if names_venue(settings):
        if speed is not None:
            raise problem("RUN_CONFIG", "--speed is of recordings; a venue has its own time")
        _trade(settings, "paper", seconds, identity, json=json)
        return

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


@run.command("live")
def live(
    settings: SettingsFile,
    seconds: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.", min=0.0)] = None,
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Trade real money at a venue, under a mandate that people signed; a run that died goes on. SIGUSR1 kills."""
    _trade(settings, "live", seconds, identity, json=json)


def reconcile(
    settings: SettingsFile,
    venue: Annotated[
        Path | None, typer.Option("--venue", help="Settings of a simulated exchange whose record is the other side.")
    ] = None,
    statement: Annotated[
        Path | None, typer.Option("--statement", help="CSV: order, symbol, side, quantity, total, price.")
    ] = None,
    json: Json = False,
) -> None:
    """Compare a run's journal with a venue's record, or a statement: each difference with what is proposed."""
    from hedgerow.engine.live import LiveSettings
    from hedgerow.engine.live.accounts import of_exchange, of_journal, of_statement
    from hedgerow.execution.reconciliation import differences
    from hedgerow.execution.venues import read_settings

    if (venue is None) == (statement is None):
        raise problem("RUN_CONFIG", "say with what: --venue SETTINGS or --statement FILE")
    told = LiveSettings.read(settings, "paper")
    ours = of_journal(told.log)
    if statement is not None:
        theirs = of_statement(statement)
        ours = replace(ours, orders={})  # a statement lists trades, not orders
    else:
        assert venue is not None
        theirs = of_exchange(read_settings(venue), told.sender)
    found, output = differences(ours, theirs), Output(json)
    for one in found:
        output.emit({"difference": dict(vars(one))}, str(one))
    counts = {"orders": len(ours.orders), "executions": len(ours.executions), "differences": len(found)}
    with_whom = f"{ours.who} and {theirs.who}"
    output.emit(counts, f"{with_whom}: {len(ours.executions):,} executions, {len(found):,} differences")
    if found:
        raise typer.Exit(1)


def _trade(path: Path, mode: Mode, seconds: float | None, identity: Path | None, *, json: bool) -> None:
    from hedgerow.cli.strategies import load_strategy
    from hedgerow.engine.live import LiveRun, LiveSettings

    told = LiveSettings.read(path, mode)
    made = load_strategy(told.strategy, dict(told.config), identity)
    output, stop, kills = Output(json), threading.Event(), threading.Event()
    life = LiveRun(told, made, time.time_ns, None if told.mandate is None else desk(told.mandate, identity))
    end = None if seconds is None else time.monotonic() + seconds
    shown = [0.0]

    def tell(life: LiveRun) -> None:
        if kills.is_set():
            kills.clear()
            output.note(f"kill switch: {life.kill()} cancels asked for; no new order passes")
        if not json and sys.stderr.isatty() and time.monotonic() - shown[0] > SHOWN_EVERY_S:
            shown[0] = time.monotonic()
            sys.stderr.write(f"\r{mode}: {'up' if life.is_up else 'DOWN'} {_line(life.outcome())}\033[K")

    handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGUSR1: kills}
    before = {number: signal.signal(number, lambda *_, event=event: event.set()) for number, event in handlers.items()}
    try:
        outcome = life.run(lambda: stop.is_set() or (end is not None and time.monotonic() >= end), tell)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    output.emit({"mode": mode, "log": str(told.log), **outcome.to_json()}, lambda: _outcome_text(outcome))


def _text(done: Paper) -> str:
    """The status at the end, for a trader."""
    status = done.to_json()
    for name in ("pnl", "final_nav", "fees"):
        status[name] = f"{status[name]:,.2f} {status['currency']}"
    status["positions"] = ", ".join(f"{s} {q:g}" for s, q in status["positions"].items() if q) or "flat"
    return table([(name, plain(value)) for name, value in status.items() if name != "currency"])


def _line(outcome: Outcome) -> str:
    return f"{outcome.orders:,} orders, {outcome.fills:,} fills, {outcome.working} working, worth {outcome.nav:,.2f}"


def _outcome_text(outcome: Outcome) -> str:
    rows = [
        ("orders", f"{outcome.orders:,}", ""),
        ("denied by the gate", f"{outcome.denied:,}", ""),
        ("fills", f"{outcome.fills:,}", ""),
        (
            "still working",
            f"{outcome.working}",
            "unknown to everybody: " + str(outcome.unknown) if outcome.unknown else "",
        ),
        ("worth", f"{outcome.nav:,.2f}", ""),
        *((f"position {symbol}", f"{size:,.8g}", "") for symbol, size in outcome.positions.items()),
    ]
    return "\n".join([table(rows, heads=("", "", "")), *(f"finding: {text}" for text in outcome.findings)])
