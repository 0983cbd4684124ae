"""Commands about capital: propose, review, approve, reject, allocate, pause, demote, retire, revoke, sequence.

Each signs one event with the key file given; the authority in the core judges it, and only an event that would count is
kept. The clock is read at the edge and handed down.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hedgerow.cli.fund import Dir, DraftFile, KeyFile, desk, told
from hedgerow.cli.identity import Identity
from hedgerow.cli.moments import At, Until, moment_ns, now_ns
from hedgerow.cli.output import Json, Output, table
from hedgerow.cli.pairs import listed, pairs
from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from hedgerow.governance import Desk

Role = Annotated[str | None, typer.Option(help="The role you speak in; default: the one that is lacking.")]
Tier = Annotated[str | None, typer.Option(help="Tier of capital, as the policy names it.")]
Proposal = Annotated[str, typer.Argument(help="The proposal's id, its start, the strategy's name, or `policy`.")]
Strategy = Annotated[str, typer.Argument(help="The strategy's name.")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]
Limit = Annotated[list[str] | None, typer.Option("--limit", "-l", help="FIELD=VALUE, such as capital=1000000.")]
Evidence = Annotated[Path | None, typer.Option(help="An evidence pack that the platform made and vouched for.")]
Live = Annotated[Path | None, typer.Option(help="A report of results at the tier below (`hedgerow evidence live`).")]


def propose(
    artifact: Annotated[str, typer.Argument(help="The strategy's file or folder, or its hash in hexadecimal.")],
    strategy: Annotated[str, typer.Option(help="The strategy's name.")],
    key: KeyFile,
    limit: Limit,
    universe: Annotated[list[str], typer.Option("--universe", "-u", help="Symbols, separated by commas.")],
    until: Until = None,
    tier: Tier = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="name=value of a setting that is not as by default.")
    ] = None,
    title: Annotated[str, typer.Option(help="One line for those who decide.")] = "",
    description: Annotated[str, typer.Option(help="What it does and why it should earn.")] = "",
    credit: Annotated[list[str] | None, typer.Option(help="NAME=SHARE_BPS of an author; together 10000.")] = None,
    data: Annotated[list[str] | None, typer.Option(help="Data that it needs; may be repeated.")] = None,
    horizon: Annotated[str, typer.Option(help="How far it looks ahead, such as '5 days'.")] = "0",
    capacity: Annotated[str, typer.Option(help="Capital that it can carry.")] = "0",
    risk: Annotated[list[str] | None, typer.Option(help="NAME=TEXT about its risks; may be repeated.")] = None,
    evidence: Evidence = None,
    live: Live = None,
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Propose that a strategy gets capital under limits; what you do not grant is zero."""
    from hedgerow import governance

    output, limits = Output(json), pairs("--limit", limit or [])
    _note_left_out(output, limits)
    outcome = governance.propose(
        desk(directory, identity, key),
        key_file=key,
        strategy=strategy,
        artifact=_content_of(artifact, setting or []),
        tier=tier,
        limits=limits,
        universe=listed(universe),
        valid_until_ns=None if until is None else moment_ns(until),
        now_ns=now_ns(at),
        title=title,
        description=description,
        credits={name: _whole("--credit", share) for name, share in pairs("--credit", credit or []).items()},
        data=data or (),
        horizon_ns=governance.span_ns(horizon, "--horizon"),
        capacity=capacity,
        risk=pairs("--risk", risk or []),
        evidence=evidence,
        live=live,
    )
    output.emit(outcome, told(outcome))


def allocate(
    strategy: Strategy,
    key: KeyFile,
    tier: Tier = None,
    limit: Limit = None,
    universe: Annotated[list[str] | None, typer.Option("--universe", "-u", help="Symbols; default: as now.")] = None,
    until: Until = None,
    evidence: Evidence = None,
    live: Live = None,
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Propose another capital or tier for an approved artifact; limits that are not named stay as they are."""
    from hedgerow import governance

    outcome = governance.allocate(
        desk(directory, identity, key),
        key_file=key,
        strategy=strategy,
        tier=tier,
        limits=pairs("--limit", limit or []),
        universe=None if universe is None else listed(universe),
        valid_until_ns=None if until is None else moment_ns(until),
        now_ns=now_ns(at),
        evidence=evidence,
        live=live,
    )
    Output(json).emit(outcome, told(outcome))


def review(
    proposal: Proposal, directory: Dir = Path(), identity: Identity = None, at: At = None, json: Json = False
) -> None:
    """Show all that a reviewer may see: exposure, risk, liquidity, limits against the tier, who signed; never code."""
    from hedgerow import governance
    from hedgerow.cli.review import page

    shown = governance.review(desk(directory, identity), proposal, now_ns=now_ns(at))
    Output(json).emit(shown, lambda: page(shown))


def approve(
    proposal: Proposal,
    key: KeyFile,
    role: Role = None,
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Approve a proposal; the approval that completes the quorum grants the mandate, or puts the policy in force."""
    _decide("approve", proposal, key, role, desk(directory, identity, key), at, json)


def reject(
    proposal: Proposal,
    key: KeyFile,
    role: Role = None,
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Refuse a proposal; one no of a role that has a seat closes it."""
    _decide("reject", proposal, key, role, desk(directory, identity, key), at, json)


def _decide(
    decision: Literal["approve", "reject"],
    proposal: str,
    key: Path,
    role: str | None,
    fund: Desk,
    at: datetime | None,
    json: bool,
) -> None:
    from hedgerow import governance

    outcome = governance.approve(fund, key_file=key, proposal=proposal, role=role, now_ns=now_ns(at), decision=decision)
    Output(json).emit(outcome, told(outcome))


def pause(
    strategy: Strategy,
    key: KeyFile,
    reason: Reason = "",
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Let a strategy only reduce risk from here on; a new approved proposal resumes it."""
    from hedgerow import governance

    fund = desk(directory, identity, key)
    outcome = governance.pause(fund, key_file=key, strategy=strategy, reason=reason, now_ns=now_ns(at))
    Output(json).emit(outcome, told(outcome))


def demote(
    strategy: Strategy,
    tier: Annotated[str, typer.Option(help="The lower tier, as the policy names it.")],
    key: KeyFile,
    limit: Limit = None,
    reason: Reason = "",
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Put a strategy on a lower tier at once; limits that are not named stay, as far as the tier allows."""
    from hedgerow import governance

    outcome = governance.demote(
        desk(directory, identity, key),
        key_file=key,
        strategy=strategy,
        tier=tier,
        limits=pairs("--limit", limit or []),
        reason=reason,
        now_ns=now_ns(at),
    )
    Output(json).emit(outcome, told(outcome))


def retire(
    strategy: Strategy,
    key: KeyFile,
    reason: Reason = "",
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """End a strategy for good: its mandate is taken back and its name is closed."""
    from hedgerow import governance

    fund = desk(directory, identity, key)
    outcome = governance.retire(fund, key_file=key, strategy=strategy, reason=reason, now_ns=now_ns(at))
    Output(json).emit(outcome, told(outcome))


def revoke(
    key: Annotated[Path | None, typer.Option("--key", "-k", help="Your private key file.")] = None,
    root: Annotated[list[Path] | None, typer.Option("--root", "-r", help="Root key files, to revoke a key.")] = None,
    strategy: Annotated[str | None, typer.Option(help="Take all capital from this strategy.")] = None,
    proposal: Annotated[str | None, typer.Option(help="Take back this proposal only.")] = None,
    public: Annotated[
        str | None,
        typer.Option("--public", help="Take this key, a file or hexadecimal, out of service."),
    ] = None,
    reason: Reason = "",
    draft: DraftFile = None,
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Take capital back from a strategy or a proposal, or a lost device's key out of service."""
    from hedgerow import governance

    if sum(target is not None for target in (strategy, proposal, public)) != 1:
        raise problem("CLI_USAGE", "say one of --strategy, --proposal and --public")
    if (key is None) == (not root):
        raise problem("CLI_USAGE", "say who signs: --key, or --root for the root keys")
    outcome = governance.revoke(
        desk(directory, identity, key),
        key_file=key,
        root_key_files=root or (),
        now_ns=now_ns(at),
        strategy=strategy,
        proposal=proposal,
        revoked_key=public,
        reason=reason,
        draft=draft,
    )
    Output(json).emit(outcome, told(outcome))


def sequence(
    directory: Dir = Path(),
    key: Annotated[
        Path | None, typer.Option("--key", "-k", help="The sequencer's key file; default: keys/sequencer.pem.")
    ] = None,
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Take pending events into the governance log, where they begin to count; names what is refused."""
    from hedgerow import governance

    report = governance.sequence(desk(directory, identity, key), now_ns=now_ns(at), key_file=key)
    Output(json).emit(report.to_json(), lambda: _report_text(report.to_json()))
    if report.refused:
        raise typer.Exit(next(iter(report.refused.values())).row.exit_status)


def _report_text(report: Mapping[str, Any]) -> str:
    taken = [f"sequenced  {row['event'][:12]}  {row['outcome']}" for row in report["sequenced"]]
    words = ("refused", "waiting")
    kept = [f"{word:<9}  {row['event'][:12]}  {row['error']}" for word in words for row in report[word]]
    return "\n".join([*taken, *kept, f"{report['origin']} holds {report['size']} entries, root {report['root']}"])


def mandates(directory: Dir = Path(), identity: Identity = None, at: At = None, json: Json = False) -> None:
    """Show how things stand: proposals, the seats they lack, mandates, and what waits to be sequenced."""
    from hedgerow import governance

    standing = governance.status(desk(directory, identity), now_ns=now_ns(at))
    Output(json).emit(standing, lambda: _standing_text(standing))


def _standing_text(standing: Mapping[str, Any]) -> str:
    proposals = [
        (
            row["id"][:12],
            row["strategy"],
            row["tier"],
            "expired" if row["expired"] and row["status"] == "open" else row["status"],
            row["valid_until_utc"],
            ", ".join(row["missing"]) or "-",
        )
        for row in standing["proposals"]
    ]
    policies = [
        (row["id"][:12], "policy", "-", row["status"], "-", ", ".join(row["missing"]) or "-")
        for row in standing["policy_proposals"]
    ]
    granted = [
        (
            str(row["index"]),
            row["strategy"],
            row["tier"],
            row["status"],
            row["limits"].get("capital", "0"),
            row["since_utc"],
            row["valid_until_utc"],
        )
        for row in standing["mandates"]
    ]
    heads = ("proposal", "strategy", "tier", "status", "valid until", "still lacks")
    rows = [*proposals, *policies]
    parts = [table(rows, heads=heads) if rows else "no proposals; see `hedgerow propose --help`"]
    if granted:
        columns = ("mandate", "strategy", "tier", "status", "capital", "since", "valid until")
        parts.append(table(granted, heads=columns))
    parts += [
        f"pending: {row['type']} by {row['actor']}: {row['error'] or 'waits to be sequenced'}"
        for row in standing["pending"]
    ]
    return "\n".join(parts)


def _note_left_out(output: Output, limits: Mapping[str, Any]) -> None:
    from hedgerow.risk.limits import Limits

    left_out = [field.name for field in dataclasses.fields(Limits) if field.name not in limits]
    if left_out:
        output.note(f"note: not granted, so every order will be denied: {', '.join(left_out)}")


def _content_of(artifact: str, setting: list[str]) -> str | dict[str, Any]:
    """What the manifest says of a file or folder with its settings; a hash stands for itself."""
    if len(artifact) == 64 and all(digit in "0123456789abcdef" for digit in artifact):
        if setting:
            raise problem("CLI_USAGE", f"--set {setting[0]!r}: the hash {artifact[:16]} covers its settings already")
        return artifact
    from hedgerow import governance
    from hedgerow.cli.strategies import is_opaque, read_settings

    settings = read_settings(setting)
    if is_opaque(artifact) and settings:
        from hedgerow.engine.jailed import read_jail_config
        from hedgerow.engine.strategy import changed

        return governance.manifest(Path(artifact), changed(read_jail_config(None, settings)))
    return governance.manifest(Path(artifact), settings or None)


def _whole(option: str, text: str) -> int:
    if not text.isdecimal():
        raise problem("CLI_USAGE", f"{option}: {text!r} is not a whole number")
    return int(text)
