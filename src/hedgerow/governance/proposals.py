"""Proposals and decisions: an author asks for capital, people sign or refuse, an allocation follows the one before it.

Promises: a change of capital for an approved artifact repeats its manifest byte for byte, so the artifact stays the
same; each change names the one before it. Never: decides whether a quorum is complete; the authority does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from hedgerow.core.errors import problem
from hedgerow.governance import events
from hedgerow.governance.acts import Act
from hedgerow.governance.desk import Desk, Fund
from hedgerow.governance.keys import Key
from hedgerow.governance.manifests import proposal_manifest
from hedgerow.governance.names import plain_name
from hedgerow.governance.policy import read_policy

_WHOLE_BPS = 10_000


def propose(
    folder: Fund,
    *,
    key_file: Path | str,
    strategy: str,
    artifact: str | Mapping[str, Any],
    limits: Mapping[str, Any],
    universe: Sequence[str],
    now_ns: int,
    valid_until_ns: int | None = None,
    tier: str | None = None,
    title: str = "",
    description: str = "",
    credits: Mapping[str, int] | None = None,
    data: Sequence[str] = (),
    horizon_ns: int = 0,
    capacity: int | str | Decimal = 0,
    risk: Mapping[str, str] | None = None,
    commitments: Mapping[str, str] | None = None,
    evidence: Path | str | None = None,
    live: Path | str | None = None,
) -> dict[str, Any]:
    """Propose that an artifact gets capital at a tier (default: the lowest), as long as the tier allows by default.

    `artifact` is what `manifest` says of a file, folder or class, or the hash of a content (64 hexadecimal digits).
    `credits` gives each author a share in basis points, 10,000 together; default: the key's owner alone. `evidence` is
    a pack that the platform made and whose event is in the log; `live` a report of results at the tier below.
    """
    act = Act.on(folder, now_ns)
    key = act.signer(key_file)
    content = {"v": 1, "kind": "digest", "sha256": artifact} if isinstance(artifact, str) else artifact
    manifest = proposal_manifest(
        content,
        credits=credits or {key.name: _WHOLE_BPS},
        title=title,
        description=description,
        universe=universe,
        data=data,
        horizon_ns=horizon_ns,
        capacity=capacity,
        risk=risk,
        commitments=commitments,
    )
    return _ask(act, key, strategy, manifest, tier, limits, universe, valid_until_ns, evidence, live)


def allocate(
    folder: Fund,
    *,
    key_file: Path | str,
    strategy: str,
    now_ns: int,
    limits: Mapping[str, Any] | None = None,
    valid_until_ns: int | None = None,
    tier: str | None = None,
    universe: Sequence[str] | None = None,
    evidence: Path | str | None = None,
    live: Path | str | None = None,
) -> dict[str, Any]:
    """Propose another capital, or another tier, for the artifact that was approved last for a strategy.

    `tier`, `universe` and limits that are not named stay as they are; the end is by default as late as the tier allows.
    """
    act = Act.on(folder, now_ns)
    key = act.signer(key_file)
    rows = [m for m in act.state["mandates"] if m["strategy"] == strategy]
    if not rows:
        raise problem("GOV_UNKNOWN_PROPOSAL", f"strategy {strategy!r} was never granted; propose it first")
    last = rows[-1]
    manifest = act.body_of(last["proposal"])["manifest"]
    symbols = last["universe"] if universe is None else universe
    wanted = act.limits_now(strategy) | dict(limits or {})
    return _ask(act, key, strategy, manifest, tier or last["tier"], wanted, symbols, valid_until_ns, evidence, live)


def _ask(
    act: Act,
    key: Key,
    strategy: str,
    manifest: Mapping[str, Any],
    tier: str | None,
    limits: Mapping[str, Any],
    universe: Sequence[str],
    valid_until_ns: int | None,
    evidence: Path | str | None,
    live: Path | str | None,
) -> dict[str, Any]:
    plain_name(strategy, "strategy")
    artifact = events.artifact_of(manifest)
    rules = act.tier(tier)
    pack, event = (None, None) if evidence is None else _evidence(act, artifact, evidence)
    envelope = events.proposal(
        key=key,
        strategy=strategy,
        manifest=manifest,
        tier=rules["name"],
        limits=limits,
        universe=universe,
        valid_until_ns=act.latest_end_ns(rules) if valid_until_ns is None else valid_until_ns,
        prev=act.last_change(strategy),
        context=act.context([event, act.last_change(strategy)]),
        evidence_event=event,
        evidence_pack=pack,
        live=None if live is None else _live(act, strategy, artifact, rules, Path(live)),
    )
    return act.submit(envelope)


def _evidence(act: Act, artifact: str, path: Path | str) -> tuple[str, str]:
    """The hash of a pack and the event by which the platform vouches for it."""
    pack = _digest(Path(path))
    found = [e for e in act.state["evidence"] if e["pack"] == pack and e["artifact"] == artifact]
    if not found:
        others = sorted(e["pack"][:12] for e in act.state["evidence"] if e["artifact"] == artifact)
        known = f"; known packs of this artifact: {', '.join(others) or 'none'}"
        raise problem("GOV_EVIDENCE", f"{path} is the pack {pack[:12]}, and no event of this artifact names it{known}")
    return pack, str(found[-1]["id"])


def _live(act: Act, strategy: str, artifact: str, rules: Mapping[str, Any], report: Path) -> events.Live:
    """Results at the tier that the wanted one builds on, over all the time that the artifact was in force there."""
    tiers = act.state["policy"]["tiers"]
    below = tiers[rules["rank"] - 1]["name"] if rules["rank"] else rules["name"]
    ground = rules["evidence"]["live_from"] or below
    rows = [
        m
        for m in act.state["mandates"]
        if (m["strategy"], m["artifact"], m["tier"]) == (strategy, artifact, ground) and int(m["since"]) <= act.now_ns
    ]
    if not rows:
        raise problem("GOV_EVIDENCE", f"{strategy!r} was never in force at {ground!r} with this artifact")
    return events.Live(ground, int(rows[0]["since"]), act.now_ns, _digest(report))


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        raise problem("GOV_EVIDENCE", f"{path}: {getattr(error, 'strerror', None) or error}") from None


def approve(
    folder: Fund,
    *,
    key_file: Path | str,
    proposal: str,
    now_ns: int,
    role: str | None = None,
    decision: Literal["approve", "reject"] = "approve",
) -> dict[str, Any]:
    """Approve a proposal of capital or of a policy: by its id, the start of it, its strategy, or the word `policy`.

    `role` is by default the one role of the signer that the proposal still lacks.
    """
    act = Act.on(folder, now_ns)
    key = act.signer(key_file)
    row = act.proposal(proposal)
    spoken = role or _role(act, key.name, row)
    envelope = events.approval(
        key=key, proposal=row["id"], role=spoken, decision=decision, context=act.context([row["id"]])
    )
    return act.submit(envelope)


def reject(
    folder: Fund, *, key_file: Path | str, proposal: str, now_ns: int, role: str | None = None
) -> dict[str, Any]:
    """Refuse a proposal: one "no" of a role that has a seat closes it."""
    return approve(folder, key_file=key_file, proposal=proposal, role=role, now_ns=now_ns, decision="reject")


def _role(act: Act, name: str, row: Mapping[str, Any]) -> str:
    """The role that somebody speaks in when they do not say it."""
    held = list(act.person(name)["roles"])
    fitting = [role for role in held if role in row["missing"]] or held
    if len(fitting) != 1:
        raise problem("GOV_NOT_AUTHORISED", f"{name} is {', '.join(held) or 'nothing'}; say in which role they speak")
    return str(fitting[0])


def policy_new(
    folder: Fund,
    *,
    root_key_files: Sequence[Path | str],
    now_ns: int,
    policy: Path | str | Mapping[str, Any],
    draft: Path | str | None = None,
) -> dict[str, Any]:
    """Sign the first policy with the root keys, where the fund has none yet; with `draft` see `sign_draft`."""
    act = Act.on(folder, now_ns)
    signers = [Key.load(file, name="root") for file in root_key_files]
    return act.submit(_policy(act, signers, policy), draft)


def policy_propose(
    folder: Fund, *, key_file: Path | str, now_ns: int, policy: Path | str | Mapping[str, Any]
) -> dict[str, Any]:
    """Propose the next policy; it takes effect when the quorum that the present one demands has approved it."""
    act = Act.on(folder, now_ns)
    return act.submit(_policy(act, [act.signer(key_file)], policy))


def policy_show(folder: Fund) -> dict[str, Any]:
    """The policy in force, and the changes that are proposed."""
    state = Desk.at(folder).standing().state
    return {"policy": state["policy"], "proposals": state["policy_proposals"]}


def _policy(act: Act, signers: Sequence[Key], policy: Path | str | Mapping[str, Any]) -> bytes:
    terms, current = read_policy(policy), act.state["policy"]
    return events.policy(
        signers=signers,
        version=1 if current is None else current["version"] + 1,
        change=terms.change,
        pause=terms.pause,
        tiers=terms.tiers,
        context=act.context(),
    )
