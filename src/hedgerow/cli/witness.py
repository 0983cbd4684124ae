"""Commands of witnesses, and of the log that asks them.

The clock is read here, at the edge, and handed down.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from hedgerow.cli.group import group
from hedgerow.cli.output import Json, Output
from hedgerow.core.errors import problem

witness = group("Witnesses: they see to it that a log has one history.")

Policy = Annotated[Path, typer.Option("--policy", "-p", help="Policy file (C2SP tlog-policy).")]


@witness.command("new")
def new(
    directory: Annotated[Path, typer.Argument(help="The witness's own folder.")],
    name: Annotated[str, typer.Option("--name", "-n", help="Name of its key, such as auditor.example/w1.")],
    json: Json = False,
) -> None:
    """Make a witness: its own key and its empty memory; prints the key line for policies."""
    from hedgerow.governance import witness as witnesses

    line = witnesses.new(directory, name)
    Output(json).emit({"folder": str(directory), "name": name, "key": line}, line)


@witness.command("serve")
def serve(
    directory: Annotated[Path, typer.Option("--dir", "-d", help="The witness's folder.")],
    origin_key: Annotated[
        list[str], typer.Option("--origin-key", help="Key line of a log it watches; may be repeated.")
    ],
    listen: Annotated[str, typer.Option(help="HOST:PORT; port 0 takes a free one.")] = "127.0.0.1:8190",
    json: Json = False,
) -> None:
    """Serve add-checkpoint (C2SP tlog-witness) until it is stopped; one line a request."""
    from hedgerow.governance import witness as witnesses

    output = Output(json)

    def report(row: Mapping[str, Any]) -> None:
        stamped = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **row}
        output.emit(stamped, " ".join(str(value) for value in stamped.values()))

    server = witnesses.serve(directory, origin_key, _address(listen), report=report)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: server.stop())
    output.emit(
        {"url": server.url, "key": server.witness.key, "watches": list(origin_key)},
        f"{server.witness.key} listens at {server.url}",
    )
    with server:
        server.serve_forever(poll_interval=0.1)


@witness.command("policy")
def policy(
    witness_key: Annotated[list[str], typer.Option("--witness", "-w", help="KEYLINE or KEYLINE@URL; once for each.")],
    log_key: Annotated[list[str] | None, typer.Option("--log", help="Key line of a log; may be repeated.")] = None,
    json: Json = False,
) -> None:
    """Print a policy that asks for 3 of 4 witnesses, or the like share of another number."""
    from hedgerow.governance import witness as witnesses

    rows = [(line, url or None) for line, _, url in (word.partition("@") for word in witness_key)]
    text = witnesses.default_policy(log_key or [], rows)
    Output(json).emit({"policy": text}, text.rstrip("\n"))


@witness.command("ask")
def ask(
    directory: Annotated[Path, typer.Argument(help="The folder that holds journal/.")],
    policy: Policy,
    stream: Annotated[Literal["journal", "governance"], typer.Option(help="Which log of the folder.")] = "journal",
    deadline: Annotated[float, typer.Option(help="Seconds until the slowest witness is given up.", min=0.1)] = 10.0,
    json: Json = False,
) -> None:
    """Ask all witnesses of the policy to cosign the checkpoint, and publish what they signed."""
    from hedgerow.governance import witness as witnesses

    asked = witnesses.ask(directory, witnesses.read_policy(policy), deadline_s=deadline, stream=stream)
    Output(json).emit(asked.to_json(), asked.says)
    asked.standing.demand()


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise problem("CLI_USAGE", f"--listen {listen!r} is not HOST:PORT")
    return host.strip("[]"), int(port)
