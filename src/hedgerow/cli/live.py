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
from hedgerow.cli.stopping import signals, until
from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from hedgerow.engine.live import LiveRun, Outcome, Paper
    from hedgerow.engine.live.venue_settings import Mode

run = group("Run a strategy by a wall clock: on paper, over a recording or at a venue; live, at a venue.")

SettingsFile = Annotated[Path, typer.Argument(help="A settings file (TOML): [run], [venue], [[instrument]].")]
SHOWN_EVERY_S = 1.0
_LATENCY_COLUMNS = ("p50_us", "p90_us", "p99_us", "p999_us", "max_us")


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
    hidden = json or not sys.stderr.isatty()
    with (
        signals({signal.SIGTERM: stop, signal.SIGINT: stop}),
        typer.progressbar(length=0, label="rows", file=sys.stderr, hidden=hidden) as bar,
    ):

        def tell(rows: int, of_rows: int) -> None:
            bar.length = of_rows
            bar.update(rows - bar.pos)

        done = run_paper(told, strategy, clock=time.monotonic, stop=stop, desk=fund, progress=tell)
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


@run.command("alive")
def alive(
    settings: SettingsFile,
    lift: Annotated[bool, typer.Option("--lift", help="Lift the kill switch too: new orders pass again.")] = False,
    json: Json = False,
) -> None:
    """Say to a run that somebody is there: its dead-man timer (`operator_every`) begins anew."""
    from hedgerow.engine.live import LiveSettings
    from hedgerow.engine.live.watchman import say_alive

    folder = LiveSettings.read(settings, "paper", trades=False).folder
    if not folder.is_dir():
        raise problem("RUN_CONFIG", f"no run at {folder}")
    say_alive(folder, lift=lift)
    Output(json).emit({"log": str(folder), "lift": lift}, f"{folder}: told" + (", and to lift the switch" * lift))


@run.command("findings")
def findings(settings: SettingsFile, json: Json = False) -> None:
    """Show what a run at a venue found, over all its lives: when, about which record, in words; from its journal."""
    from hedgerow.engine.live import LiveSettings
    from hedgerow.engine.live.findings import findings_of

    found, output = findings_of(LiveSettings.read(settings, "paper", trades=False).folder), Output(json)
    if json:
        for one in found:
            output.emit(one.to_json())
    else:
        rows = [
            (time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(one.ts // 10**9)), one.code, f"{one.cause or ''}", one.says)
            for one in found
        ]
        output.emit({}, table(rows, heads=("when (UTC)", "code", "about", "what")) if rows else "nothing was found")


def reconcile(
    settings: SettingsFile,
    venue: Annotated[
        Path | None, typer.Option("--venue", help="Settings of a simulated exchange whose record is the other side.")
    ] = None,
    statement: Annotated[
        Path | None, typer.Option("--statement", help="CSV: order, symbol, side, quantity, total, price.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="Of a run over several venues: which one, by its name.")] = None,
    json: Json = False,
) -> None:
    """Compare a run's journal with a venue's record, or a statement: each difference with what is proposed."""
    from hedgerow.engine.live import LiveSettings
    from hedgerow.engine.live.accounts import of_exchange, of_journal, of_statement
    from hedgerow.engine.live.gateways import venue_at
    from hedgerow.execution.gateways import FixLink
    from hedgerow.execution.reconciliation import differences
    from hedgerow.execution.venues import read_settings

    if (venue is None) == (statement is None):
        raise problem("RUN_CONFIG", "say with what: --venue SETTINGS or --statement FILE")
    told = LiveSettings.read(settings, "paper", trades=False)
    where = venue_at(told.venues, at)
    ours = of_journal(told.folder, where.name if told.is_routed else None)
    if statement is not None:
        theirs = of_statement(statement)
        ours = replace(ours, orders={})  # a statement lists trades, not orders
    else:
        assert venue is not None
        if not isinstance(where.place, FixLink):
            raise problem("RUN_CONFIG", f"{settings}: only a run at an exchange of --venue can be compared with it")
        theirs = of_exchange(read_settings(venue), where.place.sender)
    found, output = differences(ours, theirs), Output(json)
    for one in found:
        output.emit({"difference": dict(vars(one))}, str(one))
    counts = {"orders": len(ours.orders), "executions": len(ours.executions), "differences": len(found)}
    with_whom = f"{ours.who} and {theirs.who}"
    output.emit(counts, f"{with_whom}: {len(ours.executions):,} executions, {len(found):,} differences")
    if found:
        raise typer.Exit(1)


def latency(settings: SettingsFile, json: Json = False) -> None:
    """Show how long a run's venue takes to acknowledge, to fill and to cancel, in microseconds; its runs added up."""
    from hedgerow.engine.live import LiveSettings
    from hedgerow.engine.live.running import LATENCIES
    from hedgerow.execution.latencies import MEASURES, kept_latencies

    path = LiveSettings.read(settings, "paper", trades=False).folder / LATENCIES
    found = {venue: seen.summary() for venue, seen in kept_latencies(path).items()}
    if not any(found.values()):
        raise problem("RUN_CONFIG", f"no latencies at {path}: a run keeps them once a minute, and when it ends")
    if not json:
        Output(json).emit({}, _latency_text(found))
        return
    for venue, measures in found.items():
        for measure, figures in measures.items():
            Output(json).emit({"venue": venue, "measure": measure, "from_to": MEASURES[measure], **figures})


def _trade(path: Path, mode: Mode, seconds: float | None, identity: Path | None, *, json: bool) -> None:
    from hedgerow.cli.strategies import load_strategy
    from hedgerow.engine.live import LiveRun, LiveSettings

    output, stop, kills = Output(json), threading.Event(), threading.Event()
    shown = [0.0]

    def tell(life: LiveRun) -> None:
        for found in life.found():
            output.alert({"finding": found.to_json()}, f"finding: {found}")
        if kills.is_set():
            kills.clear()
            output.note(f"kill switch: {life.kill()} cancels asked for; no new order passes")
        if not json and sys.stderr.isatty() and time.monotonic() - shown[0] > SHOWN_EVERY_S:
            shown[0] = time.monotonic()
            sys.stderr.write(f"\r{mode}: {'up' if life.is_up else 'DOWN'} {_line(life.outcome())}\033[K")

    with signals({signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGUSR1: kills}):
        told = LiveSettings.read(path, mode)
        made = load_strategy(told.strategy, dict(told.config), identity)
        life = LiveRun(told, made, time.time_ns, None if told.mandate is None else desk(told.mandate, identity))
        outcome = life.run(until(stop, seconds), tell)
        tell(life)
    output.emit({"mode": mode, "log": str(told.folder), **outcome.to_json()}, lambda: _outcome_text(outcome))


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
        *((f"cash {currency}", f"{amount:,.12g}", "") for currency, amount in outcome.cash.items()),
    ]
    told = [table(rows, heads=("", "", "")), *(f"finding: {text}" for text in outcome.findings)]
    return "\n".join([*told, *([_latency_text(outcome.latencies)] if any(outcome.latencies.values()) else [])])


def _latency_text(venues: dict[str, dict[str, dict[str, float]]]) -> str:
    """A row a venue and measure, in microseconds."""
    rows = [
        (venue, measure, f"{figures['count']:,}", *(f"{figures[name]:,.0f}" for name in _LATENCY_COLUMNS))
        for venue, measures in venues.items()
        for measure, figures in measures.items()
    ]
    return table(rows, heads=("venue", "us", "count", *(name.removesuffix("_us") for name in _LATENCY_COLUMNS)))
