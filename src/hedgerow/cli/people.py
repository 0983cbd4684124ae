"""Commands of a fund's foundation: keys, the roster, the policy.

Each signs one event with the key files given; the authority in the core judges it. The clock is read here, at the edge,
and handed down.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hedgerow.cli.fund import Dir, DraftFile, KeyFile, desk, note_unread, told
from hedgerow.cli.group import group
from hedgerow.cli.identity import Identity
from hedgerow.cli.moments import At, moment_ns, now_ns
from hedgerow.cli.output import Json, Output, table
from hedgerow.cli.pairs import listed, pairs
from hedgerow.core.errors import problem

if TYPE_CHECKING:
    from hedgerow.governance import Desk

Root = Annotated[list[Path], typer.Option("--root", "-r", help="A root key file that signs; may be repeated.")]

keys = group("Keys of people and their devices.")
roster = group("The people of the fund, their devices and roles, its services and its root.")
policy = group("Tiers of capital, who signs, who pauses, who changes the policy.")


@keys.command("new")
def keys_new(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    directory: Dir = Path(),
    json: Json = False,
) -> None:
    """Make a key, and an age identity for what is sealed: NAME.pem and NAME.age stay with the person."""
    from hedgerow import governance

    Output(json).emit(governance.keys_new(directory, name))


@keys.command("show")
def keys_show(
    source: Annotated[str, typer.Argument(help="A key file, private or public, or a public key in hexadecimal.")],
    json: Json = False,
) -> None:
    """Show a key's public half and its name in envelopes; a secret is never printed."""
    from hedgerow import governance

    Output(json).emit(governance.keys_show(source))


@roster.command("new")
def roster_new(
    person: Annotated[list[str], typer.Option("--person", "-p", help="NAME=ROLE,ROLE; once for each person.")],
    root: Root,
    directory: Dir = Path(),
    public: Annotated[
        list[str] | None, typer.Option("--public", help="NAME=KEY,KEY (files or hexadecimal) in place of NAME.pub.pem.")
    ] = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option(
            "--recipient", help="NAME=age1... of a person or service; default: of keys/NAME.age where it lies."
        ),
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option("--service", help="NAME=KEY,SCOPE,SCOPE, such as evidence=KEY,evidence; adds or replaces."),
    ] = None,
    service_until: Annotated[
        datetime | None, typer.Option(help="When these services end, UTC; default: never.", formats=["%Y-%m-%d"])
    ] = None,
    new_root: Annotated[
        list[str] | None,
        typer.Option("--new-root", help="A public key of the new root; may be repeated."),
    ] = None,
    threshold: Annotated[int | None, typer.Option(help="Root keys that must sign; default: all, or as now.")] = None,
    policy: Annotated[
        Path | None, typer.Option(help="The first policy, TOML or JSON; default: paper, canary, full.")
    ] = None,
    fund: Annotated[str, typer.Option(help="The fund's name; needed the first time.")] = "",
    base: Annotated[str, typer.Option(help="The fund's base currency; needed the first time.")] = "",
    draft: DraftFile = None,
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Set the roster; the first one starts the fund, with its policy, its sequencer's key and its logs' epochs."""
    from hedgerow import governance

    fund_desk = desk(directory, identity)
    outcome = governance.roster_new(
        fund_desk,
        people={name: listed([roles]) for name, roles in pairs("--person", person).items()},
        root_key_files=root,
        now_ns=now_ns(at),
        public_keys={name: listed([given]) for name, given in pairs("--public", public or []).items()},
        recipients=pairs("--recipient", recipient or []),
        services=_services(fund_desk, service or [], service_until),
        root_public=new_root or None,
        root_threshold=threshold,
        policy=policy,
        fund=fund,
        base_currency=base,
        draft=draft,
    )
    output = Output(json)
    output.emit(outcome, told(outcome))
    if outcome.get("epochs") == []:
        output.note(
            "note: the logs are plain: nobody to read them has an age recipient; see `hedgerow epochs new --help`"
        )
    note_unread(output, outcome)


def _services(fund: Desk, words: list[str], until: datetime | None) -> Any:
    """Services as typed, beside those in force that they do not replace; `None` leaves all as they are."""
    if not words:
        return None
    from hedgerow import governance

    until_ns = governance.FOREVER_NS if until is None else moment_ns(until)
    given = []
    for name, value in pairs("--service", words).items():
        key, *scopes = listed([value])
        if not scopes:
            raise problem("CLI_USAGE", f"--service {name}={value} names no scope; write {name}=KEY,SCOPE")
        given.append(governance.Service(name, governance.load_public(key), tuple(scopes), until_ns))  # type: ignore[arg-type]
    names = {service.name for service in given}
    return [*(s for s in governance.services_of(fund) if s.name not in names), *given]


@roster.command("show")
def roster_show(directory: Dir = Path(), identity: Identity = None, at: At = None, json: Json = False) -> None:
    """Show the people, devices, services and root in force, and revoked keys."""
    from hedgerow import governance

    shown = governance.roster_show(desk(directory, identity), now_ns=now_ns(at))
    Output(json).emit(shown, lambda: _roster_text(shown))


def _roster_text(shown: dict[str, Any]) -> str:
    root, expired = shown["root"], shown["expired_services"]
    people = [
        (p["name"], ", ".join(p["roles"]) or "-", d["key"][:16], "revoked" if d["revoked"] else "in use")
        for p in shown["people"]
        for d in p["devices"]
    ]
    services = [
        (
            s["name"],
            ", ".join(s["scopes"]),
            s["key"][:16],
            "expired" if s["name"] in expired else "in use",
        )
        for s in shown["services"]
    ]
    head = f"{shown['fund']}, roster {shown['version']}; {root['threshold']} of {len(root['keys'])} root keys sign"
    return "\n".join([head, table([*people, *services], heads=("who", "roles or scopes", "key", "state"))])


@policy.command("new")
def policy_new(
    file: Annotated[Path, typer.Argument(help="The policy, TOML or JSON.")],
    root: Root,
    draft: DraftFile = None,
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Sign the first policy with the root keys, where the fund has none yet."""
    from hedgerow import governance

    fund = desk(directory, identity)
    outcome = governance.policy_new(fund, root_key_files=root, now_ns=now_ns(at), policy=file, draft=draft)
    Output(json).emit(outcome, told(outcome))


@policy.command("show")
def policy_show(
    file: Annotated[Path | None, typer.Argument(help="A policy file to show instead.")] = None,
    directory: Dir = Path(),
    default: Annotated[bool, typer.Option("--default", help="Show the policy that a new fund starts with.")] = False,
    identity: Identity = None,
    json: Json = False,
) -> None:
    """Show the policy in force as text; --json prints it in the form that a file may have."""
    from hedgerow import governance

    output = Output(json)
    if default or file is not None:
        terms = governance.default_policy() if file is None else governance.read_policy(file)
        output.emit(terms.to_json(), lambda: governance.policy_text(terms.to_json()))
        return
    shown = governance.policy_show(desk(directory, identity))
    in_force = shown["policy"]
    output.emit(in_force or {}, lambda: _policies_text(shown))


def _policies_text(shown: dict[str, Any]) -> str:
    from hedgerow import governance

    in_force = shown["policy"]
    lines = ["no policy is in force"] if in_force is None else [governance.policy_text(in_force)]
    for row in shown["proposals"]:
        lacks = f"; still lacks {', '.join(row['missing'])}" if row["missing"] else ""
        version = row["policy"]["version"]
        lines.append(f"proposal {row['id'][:12]} of policy {version} by {row['author']}: {row['status']}{lacks}")
    return "\n".join(lines)


@policy.command("propose")
def policy_propose(
    file: Annotated[Path, typer.Argument(help="The next policy, TOML or JSON.")],
    key: KeyFile,
    directory: Dir = Path(),
    identity: Identity = None,
    at: At = None,
    json: Json = False,
) -> None:
    """Propose the next policy; the quorum that the present one demands approves it: `hedgerow approve policy`."""
    from hedgerow import governance

    fund = desk(directory, identity, key)
    outcome = governance.policy_propose(fund, key_file=key, now_ns=now_ns(at), policy=file)
    Output(json).emit(outcome, told(outcome))
