"""Commands of the simulated exchange."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from hedgerow.cli.group import group
from hedgerow.cli.lasting import lasting
from hedgerow.cli.output import Json, Output
from hedgerow.cli.stopping import signals, until

venue = group("Venue: a simulated exchange that several participants trade at.")


@venue.command("serve")
def serve(
    settings: Annotated[Path, typer.Argument(help="A settings file (TOML): [venue], [[instrument]], [[participant]].")],
    seconds: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.", min=0.0)] = None,
    json: Json = False,
) -> None:
    """Serve an exchange over loopback until interrupted: FIX, OUCH, websocket; its log is in its folder."""
    from hedgerow.execution.venues import Server, read_settings

    output, stop = Output(json), threading.Event()
    server = Server(read_settings(settings), time.time_ns)
    listed = ", ".join(f"{protocol} on port {port}" for protocol, port in server.ports.items())
    with signals({signal.SIGTERM: stop, signal.SIGINT: stop}), lasting():
        output.emit({"ready": True, "host": server.settings.host, **server.ports}, f"ready: {listed}")
        server.serve(until(stop, seconds))


Port = Annotated[int, typer.Argument(help="The control port that `venue serve` printed.", min=1, max=65_535)]
Symbol = Annotated[str, typer.Argument(help="The instrument.")]


@venue.command("phase")
def phase(
    port: Port,
    symbol: Symbol,
    to: Annotated[str, typer.Argument(help="closed, opening_call, continuous, closing_call or halted.")],
    json: Json = False,
) -> None:
    """Have a serving exchange halt an instrument, gather for an auction, trade it, or close it; events are printed."""
    from hedgerow.execution.venues import ask_control

    told = ask_control(port, {"do": "phase", "symbol": symbol, "phase": to})
    Output(json).emit(told, f"{symbol} is {to}; {len(told['events'])} events")


@venue.command("bust")
def bust(
    port: Port, trade: Annotated[int, typer.Argument(help="The number of the trade.", min=1)], json: Json = False
) -> None:
    """Take a trade back at a serving exchange; both sides are told."""
    from hedgerow.execution.venues import ask_control

    told = ask_control(port, {"do": "bust", "trade": trade})
    Output(json).emit(told, f"trade {trade} is taken back")


@venue.command("book")
def book(port: Port, symbol: Symbol, json: Json = False) -> None:
    """Print how an instrument stands at a serving exchange: phase, last price, levels, hash of the whole state."""
    from hedgerow.execution.venues import ask_control

    Output(json).emit(ask_control(port, {"do": "book", "symbol": symbol}))
