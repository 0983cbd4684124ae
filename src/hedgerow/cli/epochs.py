"""Commands about epochs: begin one, see them, hand old ones to an auditor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hedgerow.cli.fund import Dir, DraftFile, desk, note_unread, told
from hedgerow.cli.group import group
from hedgerow.cli.identity import Identity
from hedgerow.cli.moments import At, now_ns
from hedgerow.cli.output import Json, Output, table

epochs = group("Keys that records are sealed with, and who holds them.")


@epochs.command("new")
def new(
    compartment: Annotated[str, typer.Argument(help="journal, governance, author-private or compensation.")],
    key: Annotated[Path | None, typer.Option("--key", "-k", help="A risk officer's private key file.")] = None,
    root: Annotated[list[Path] | None, typer.Option("--root", "-r", help="A root key file; may be repeated.")] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            help="An age recipient; default, for journal and governance: the roster's devices, and who had the last.",
        ),
    ] = None,
    draft: DraftFile = None,
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Begin a compartment's next epoch for the team as it is now; do it whenever a device leaves."""
    from hedgerow.governance import rotation

    outcome = rotation.epoch_new(
        desk(directory, identity, key),
        compartment=compartment,
        key_file=key,
        root_key_files=root or (),
        recipients=to,
        draft=draft,
        now_ns=now_ns(at),
    )
    output = Output(json)
    output.emit(outcome, told(outcome))
    note_unread(output, outcome)


@epochs.command("show")
def show(directory: Dir = Path(), identity: Identity = None, json: Json = False) -> None:
    """Show every epoch, to how many devices it went, and whether your identity opens it."""
    from hedgerow.governance import rotation

    shown = rotation.epochs_show(desk(directory, identity), identity=identity)
    rows = [
        (row["epoch"], row["commitment"][:16], str(row["recipients"]), "yes" if row["opens"] else "no")
        for row in shown["epochs"]
    ]
    heads = ("epoch", "commitment", "devices", "opens")
    Output(json).emit(shown, table(rows, heads=heads) if rows else "no epochs; see `hedgerow epochs new --help`")


@epochs.command("grant")
def grant(
    recipient: Annotated[str, typer.Argument(help="The auditor's age recipient (age1...).")],
    identity: Annotated[Path, typer.Option("--identity", envvar="HEDGEROW_IDENTITY", help="Your age identity file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the grant goes, such as 2026.grant.")],
    compartment: Annotated[list[str] | None, typer.Option(help="Only this compartment; may be repeated.")] = None,
    directory: Dir = Path(),
    json: Json = False,
) -> None:
    """Re-wrap the epochs that you can open for an auditor, who puts the file beside their identity."""
    from hedgerow.core.errors import problem
    from hedgerow.governance import rotation

    if out.exists():
        raise problem("CLI_EXISTS", str(out))
    data, names = rotation.epochs_grant(
        desk(directory, identity), identity=identity, recipient=recipient, compartments=tuple(compartment or ())
    )
    out.write_bytes(data)
    Output(json).emit({"file": str(out), "epochs": names})
