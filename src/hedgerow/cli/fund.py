"""What commands on a fund have in common: the options that name it and open its log, and how an outcome is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hedgerow.cli.output import Output, plain, table

if TYPE_CHECKING:
    from hedgerow.governance import Desk

Dir = Annotated[Path, typer.Option("--dir", "-d", help="The fund's folder.")]
KeyFile = Annotated[Path, typer.Option("--key", "-k", help="Your private key file.")]
DraftFile = Annotated[
    Path | None, typer.Option("--draft", help="Write a draft here for the other root keys to sign; nothing counts yet.")
]


def desk(directory: Path, identity: Path | None, key: Path | None = None) -> Desk:
    """The fund, opened with the identity named, with those in its folder, or with the one beside the key file."""
    from hedgerow.governance import Desk

    beside = None if key is None else key.with_suffix(".age")
    if identity is None and beside is not None and beside.exists():
        identity = beside
    return Desk(directory, identity=identity)


def told(outcome: Mapping[str, Any]) -> str:
    """What an act brought about, for people: a mandate's bytes are for programs."""
    if outcome.get("outcome") == "drafted":
        file = outcome["file"]
        return f"wrote {file}; each of the others signs it with: hedgerow sign {file} --key KEY"
    hidden = ("mandate", "mandates", "ended", "cannot_read")
    shown = {name: value for name, value in outcome.items() if name not in hidden}
    return table([(name, plain(value)) for name, value in shown.items()])


def note_unread(output: Output, outcome: Mapping[str, Any]) -> None:
    """Say on standard error who cannot read what is sealed."""
    if names := outcome.get("cannot_read"):
        cannot = "has no age recipient and cannot" if len(names) == 1 else "have no age recipient and cannot"
        output.note(
            f"note: {', '.join(names)} {cannot} read what is sealed; see --recipient, then `hedgerow epochs new`"
        )
