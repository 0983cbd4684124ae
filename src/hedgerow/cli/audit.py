"""Commands about a written log: prove it, and show one of its records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hedgerow.cli.group import group
from hedgerow.cli.output import Json, Output

audit = group("Prove a log and look into it.")


@audit.command("verify")
def verify(
    directory: Annotated[Path, typer.Argument(help="The folder that holds journal/.")],
    key: Annotated[str | None, typer.Option(help="Verifier key line to trust; default: the one in the log.")] = None,
    json: Json = False,
) -> None:
    """Prove a log: hashes, signature and order first, then every decision derived again."""
    from hedgerow.engine import audit as proving

    proof = proving.verify(directory, key)
    text = (
        f"verified {proof.records:,} records in {proof.entries:,} entries\n"
        f"  root        {proof.root}\n"
        f"  signed by   {proof.origin}\n"
        f"  replayed    {proof.inputs:,} inputs gave the same {proof.effects:,} effects\n"
        f"  state hash  {proof.state_hash}"
    )
    Output(json).emit(proof.to_json(), text)
