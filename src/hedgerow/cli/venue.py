"""Commands of the simulated exchange."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from hedgerow.cli.group import group
from hedgerow.cli.output import Json, Output

venue = group("Venue: a simulated exchange that several participants trade at.")


@venue.command("serve")
def serve(
    settings: Annotated[Path, typer.Argument(help="A settings file (TOML): [venue], [[instrument]], [[participant]].")],
    seconds: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.", min=0.0)] = None,
    json: Json = False,
) -> None:
    """Serve an exchange over loopback until interrupted: FIX order entry, books in its folder, its own log."""
    from hedgerow.execution.venues import Server, read_settings

    output, stop = Output(json), threading.Event()
    server = Server(read_settings(settings), time.time_ns)
    end = None if seconds is None else time.monotonic() + seconds
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    listed = ", ".join(f"{protocol} on port {port}" for protocol, port in server.ports.items())
    output.emit({"ready": True, "host": server.settings.host, **server.ports}, f"ready: {listed}")
    try:
        server.serve(lambda: stop.is_set() or (end is not None and time.monotonic() >= end))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
