"""Commands of people: keys, the roster, proposals, approvals, revocations, and how things stand.

Each signs one event with the key file given; the authority in the core judges it, and only an event that counts is
written. The clock is read here, at the edge, and handed down.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from hedgerow.cli.group import group
from hedgerow.cli.output import Json, Output, plain, table
from hedgerow.cli.pairs import listed, pairs
from hedgerow.core.errors import problem

Dir = Annotated[Path, typer.Option("--dir", "-d", help="The fund's folder.")]
Until = Annotated[datetime, typer.Option(help="When the mandate ends, UTC.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])]
Tier = Annotated[str, typer.Option(help="Tier of capital, as the policy names it.")]
KeyFile = Annotated[Path, typer.Option("--key", "-k", help="Your private key file.")]

keys = group("Keys that people sign with.")
roster = group("The people of the fund, their keys and their roles.")


@keys.command("new")
def keys_new(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    directory: Dir = Path(),
    json: Json = False,
) -> None:
    """Make a key, and an age identity for what is sealed: NAME.pem and NAME.age stay with the person."""
    from hedgerow import governance

    Output(json).emit(governance.keys_new(directory, name))


@roster.command("new")
def roster_new(
    person: Annotated[list[str], typer.Option("--person", "-p", help="NAME=ROLE,ROLE; once for each person.")],
    root: Annotated[list[Path], typer.Option("--root", "-r", help="A root key file that signs; may be repeated.")],
    directory: Dir = Path(),
    public: Annotated[
        list[str] | None, typer.Option("--public", help="NAME=KEY,KEY (files or hexadecimal) in place of NAME.pub.pem.")
    ] = None,
    quorum: Annotated[
        list[str] | None, typer.Option("--quorum", "-q", help="ROLE=COUNT of approvals; default: one of each officer.")
    ] = None,
    fund: Annotated[str, typer.Option(help="The fund's name; needed the first time.")] = "",
    base: Annotated[str, typer.Option(help="The fund's base currency; needed the first time.")] = "",
    threshold: Annotated[int | None, typer.Option(help="Root keys that must sign; default: all given.")] = None,
    json: Json = False,
) -> None:
    """Set the roster; the first one starts the fund."""
    from hedgerow import governance

    outcome = governance.roster_new(
        directory,
        people={name: listed([roles]) for name, roles in pairs("--person", person).items()},
        root_key_files=root,
        now_ns=time.time_ns(),
        public_keys={name: listed([given]) for name, given in pairs("--public", public or []).items()},
        quorum={role: _whole("--quorum", count) for role, count in pairs("--quorum", quorum or []).items()} or None,
        fund=fund,
        base_currency=base,
        root_threshold=threshold,
    )
    Output(json).emit(outcome)


def propose(
    artifact: Annotated[str, typer.Argument(help="The strategy's file or folder, or its hash in hexadecimal.")],
    strategy: Annotated[str, typer.Option(help="The strategy's name.")],
    key: KeyFile,
    limit: Annotated[list[str], typer.Option("--limit", "-l", help="FIELD=VALUE, such as capital=1000000.")],
    universe: Annotated[list[str], typer.Option("--universe", "-u", help="Symbols, separated by commas.")],
    until: Until,
    tier: Tier = "simulation",
    title: Annotated[str, typer.Option(help="One line for those who decide.")] = "",
    description: Annotated[str, typer.Option(help="What it does and why it should earn.")] = "",
    author: Annotated[list[str] | None, typer.Option(help="Another author; may be repeated.")] = None,
    directory: Dir = Path(),
    json: Json = False,
) -> None:
    """Propose that a strategy gets capital under limits; what you do not grant is zero."""
    from hedgerow import governance
    from hedgerow.risk.limits import Limits

    output, limits = Output(json), pairs("--limit", limit)
    left_out = [field.name for field in dataclasses.fields(Limits) if field.name not in limits]
    if left_out:
        output.note(f"note: not granted, so every order will be denied: {', '.join(left_out)}")
    outcome = governance.propose(
        directory,
        key_file=key,
        strategy=strategy,
        artifact=_content_of(artifact),
        tier=tier,
        limits=limits,
        universe=listed(universe),
        valid_until_ns=int(until.replace(tzinfo=UTC).timestamp()) * 1_000_000_000,
        now_ns=time.time_ns(),
        title=title,
        description=description,
        authors=author or (),
    )
    output.emit(outcome)


def approve(
    proposal: Annotated[str, typer.Argument(help="The proposal's id, its start, or the strategy's name.")],
    role: Annotated[str, typer.Option(help="The role you speak in, such as risk.")],
    key: KeyFile,
    reject: Annotated[bool, typer.Option("--reject", help="Sign a refusal instead.")] = False,
    directory: Dir = Path(),
    json: Json = False,
) -> None:
    """Approve a proposal, or reject it; the approval that completes the quorum grants the mandate."""
    from hedgerow import governance

    decision: Literal["approve", "reject"] = "reject" if reject else "approve"
    outcome = governance.approve(
        directory, key_file=key, proposal=proposal, role=role, now_ns=time.time_ns(), decision=decision
    )
    Output(json).emit(outcome, _told(outcome))


def _told(outcome: Mapping[str, Any]) -> str:
    """An outcome for people: a mandate's bytes are for programs."""
    shown = {name: value for name, value in outcome.items() if name != "mandate" or value is None}
    return table([(name, plain(value)) for name, value in shown.items()])


def revoke(
    key: KeyFile,
    strategy: Annotated[str | None, typer.Option(help="Take all capital from this strategy.")] = None,
    proposal: Annotated[str | None, typer.Option(help="Take back this proposal only.")] = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    directory: Dir = Path(),
    json: Json = False,
) -> None:
    """Take capital back from a strategy or from one proposal."""
    from hedgerow import governance

    if (strategy is None) == (proposal is None):
        raise problem("CLI_USAGE", "say either --strategy or --proposal")
    outcome = governance.revoke(
        directory, key_file=key, now_ns=time.time_ns(), strategy=strategy, proposal=proposal, reason=reason
    )
    Output(json).emit(outcome, _told(outcome))


def sequence(
    directory: Dir = Path(),
    key: Annotated[
        Path | None, typer.Option("--key", "-k", help="The sequencer's key file; default: keys/sequencer.pem.")
    ] = None,
    json: Json = False,
) -> None:
    """Take pending events into the governance log, where they begin to count; names what is refused."""
    from hedgerow import governance

    report = governance.sequence(directory, now_ns=time.time_ns(), key_file=key)
    Output(json).emit(report.to_json(), lambda: _report_text(report.to_json()))
    if report.refused:
        raise typer.Exit(next(iter(report.refused.values())).row.exit_status)


def _report_text(report: Mapping[str, Any]) -> str:
    taken = [f"sequenced  {row['event'][:12]}  {row['outcome']}" for row in report["sequenced"]]
    words = ("refused", "waiting")
    kept = [f"{word:<9}  {row['event'][:12]}  {row['error']}" for word in words for row in report[word]]
    return "\n".join([*taken, *kept, f"{report['origin']} holds {report['size']} entries, root {report['root']}"])


def mandates(directory: Dir = Path(), json: Json = False) -> None:
    """Show how things stand: proposals, the approvals they lack, and mandates in force."""
    from hedgerow import governance

    standing = governance.status(directory, now_ns=time.time_ns())
    Output(json).emit(standing, lambda: _standing_text(standing))


def _standing_text(standing: Mapping[str, Any]) -> str:
    in_force = {mandate["id"] for mandate in standing["mandates"]}
    rows = [
        (
            row["id"][:12],
            row["strategy"],
            row["tier"],
            "in force" if row["id"] in in_force else "expired" if row["expired"] else row["status"],
            row["valid_until_utc"],
            ", ".join(row.get("missing", [])) or "-",
        )
        for row in standing["proposals"]
    ]
    heads = ("proposal", "strategy", "tier", "status", "valid until", "still lacks")
    text = table(rows, heads=heads) if rows else "no proposals; see `hedgerow propose --help`"
    waits = [
        f"pending: {row['type']} by {row['actor']}: {row['error'] or 'waits to be sequenced'}"
        for row in standing["pending"]
    ]
    return "\n".join([text, *waits])


def _content_of(artifact: str) -> str | dict[str, Any]:
    """What the manifest says of a file or folder; a hash stands for itself."""
    if len(artifact) == 64 and all(digit in "0123456789abcdef" for digit in artifact):
        return artifact
    from hedgerow import governance

    return governance.manifest(Path(artifact))


def _whole(option: str, text: str) -> int:
    if not text.isdecimal():
        raise problem("CLI_USAGE", f"{option}: {text!r} is not a whole number")
    return int(text)
