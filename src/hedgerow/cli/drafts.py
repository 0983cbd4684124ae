"""Commands about drafts: what several people must sign goes round as a file, and counts once enough have signed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hedgerow.cli.fund import Dir, desk, told
from hedgerow.cli.identity import Identity
from hedgerow.cli.moments import At, now_ns
from hedgerow.cli.output import Json, Output


def sign(
    file: Annotated[Path, typer.Argument(help="A draft, as `--draft` writes it, or any signed event.")],
    key: Annotated[
        Path | None, typer.Option("--key", "-k", help="The private key file that signs; without it the draft is shown.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what a draft says and who has signed it; with a key, add a signature. Needs no fund and no network."""
    from hedgerow import governance

    shown = governance.show_draft(file) if key is None else governance.sign_draft(file, key_file=key)
    Output(json).emit(shown, lambda: _draft_text(shown))


def submit(
    files: Annotated[list[Path], typer.Argument(help="A draft, or copies of it that were signed apart.")],
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Take in a draft that enough people have signed, or an event that somebody signed elsewhere."""
    from hedgerow import governance

    outcome = governance.submit_draft(desk(directory, identity), files, now_ns=now_ns(at))
    Output(json).emit(outcome, told(outcome))


def _draft_text(shown: Mapping[str, Any]) -> str:
    from json import dumps

    founds = [] if shown["genesis"] is None else [f"founds {shown['genesis']['fund']}"]
    parts = []
    for row in shown["events"]:
        signers = ", ".join(name[:16] for name in row["signed_by"])
        parts.append(f"{row['type']} {row['event'][:12]}, signed by {signers}\n{dumps(row['body'], indent=1)}")
    return "\n".join([*founds, *parts])
