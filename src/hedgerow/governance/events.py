"""The events that people sign, one builder each, and the genesis they all descend from.

Promises: pure functions of their arguments; time and parents are arguments; equal arguments give equal bytes.
Never: checks who may do what. That is the authority's business, in the core, where a forged page cannot skip it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hedgerow.governance.envelope import canonical, read_envelope, sign_event
from hedgerow.governance.expressions import Expression, expression
from hedgerow.governance.keys import Key
from hedgerow.governance.limits import limits_body
from hedgerow.governance.tiers import Tier

Hlc = tuple[int, int]
"""Hybrid logical clock of the signing device: milliseconds since 1970 and a counter."""

Seen = Mapping[str, Any]
"""The governance log that the signer had verified: `origin`, `size`, `root`."""

Scope = Literal["epoch", "evidence", "gateway", "run", "sequence", "witness"]
"""What a service may be there for."""

Compartment = Literal["governance", "journal", "author-private", "compensation"]
"""What an epoch key opens."""


@dataclass(frozen=True)
class Device:
    """What a human signs with: a public key (32 raw bytes), and the age recipient that data are encrypted to."""

    key: bytes
    age: str | None = None


@dataclass(frozen=True)
class Person:
    """A human on the roster: what they may speak for, and their devices (or bare public keys)."""

    name: str
    roles: tuple[str, ...]
    devices: tuple[Device | bytes, ...]


@dataclass(frozen=True)
class Service:
    """A program on the roster: its public key, what it may do, and until when."""

    name: str
    key: bytes
    scopes: tuple[Scope, ...]
    valid_until_ns: int


@dataclass(frozen=True)
class Context:
    """What every event rests on: parents, the device's clock, the policy in force, and the log that was seen."""

    parents: Sequence[str]
    hlc: Hlc
    policy: str | None = None
    seen: Seen | None = None


@dataclass(frozen=True)
class Live:
    """Results at another tier over a time, by the hash of their report."""

    from_tier: str
    from_ns: int
    to_ns: int
    digest: str


def genesis(
    *, fund: str, base: str, root_keys: Sequence[bytes], root_threshold: int, origin: str | None = None
) -> bytes:
    """The fund's first record: name, base currency, the name of its governance log, root keys and their threshold.

    >>> genesis(fund="Quince Fund", base="USD", root_keys=[], root_threshold=1)[:75]
    b'{"base":"USD","fund":"Quince Fund","origin":"quince-fund/governance","root"'
    """
    return canonical(
        {
            "v": 1,
            "type": "genesis",
            "fund": fund,
            "base": base,
            "origin": f"{slug(fund)}/governance" if origin is None else origin,
            "root": _root(root_keys, root_threshold),
        }
    )


def genesis_id(genesis: bytes) -> str:
    """The name of a fund's first record, the first parent of all events: its SHA-256, hexadecimal."""
    return hashlib.sha256(genesis).hexdigest()


def slug(name: str) -> str:
    """A name as a log's origin carries it: lower-case letters, digits and hyphens.

    >>> slug("Quince Fund, L.P.")
    'quince-fund-l-p'
    """
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in name.lower()).split()
    return "-".join(words) or "fund"


def roster(
    *,
    signers: Sequence[Key],
    version: int,
    root_keys: Sequence[bytes],
    root_threshold: int,
    people: Sequence[Person],
    services: Sequence[Service] = (),
    context: Context,
) -> bytes:
    """Sign a roster with root keys: those of the roster before it and those that it names."""
    body = {
        "version": version,
        "root": _root(root_keys, root_threshold),
        "people": [
            {"name": p.name, "roles": list(p.roles), "devices": [_device(device) for device in p.devices]}
            for p in people
        ],
        "services": [
            {"name": s.name, "key": s.key.hex(), "scopes": list(s.scopes), "valid_until": str(s.valid_until_ns)}
            for s in services
        ],
    }
    return _signed("roster", body, signers, context)


def policy(
    *,
    signers: Sequence[Key],
    version: int,
    change: Expression | str,
    tiers: Sequence[Tier],
    pause: Expression | str = "risk 1",
    context: Context,
) -> bytes:
    """Sign a policy: the first with root keys, a later one as a person's proposal to the old policy's quorum."""
    body = {
        "version": version,
        "change": expression(change),
        "pause": expression(pause),
        "tiers": [tier.body(rank) for rank, tier in enumerate(tiers)],
    }
    return _signed("policy", body, signers, context)


def proposal(
    *,
    key: Key,
    strategy: str,
    manifest: Mapping[str, Any],
    tier: str,
    limits: Mapping[str, Any],
    universe: Sequence[str],
    valid_until_ns: int,
    prev: str | None,
    context: Context,
    evidence_event: str | None = None,
    evidence_pack: str | None = None,
    live: Live | None = None,
) -> bytes:
    """Sign a proposal: this artifact (its manifest, version 2) should have this capital under these limits until then.

    `prev` is the last change of the strategy's allocation, a pause or another restraint too, or None. The authors are
    those whom the manifest credits.
    """
    body = {
        "strategy": strategy,
        "artifact": artifact_of(manifest),
        "manifest": manifest,
        "tier": tier,
        "limits": limits_body(limits),
        "universe": list(universe),
        "valid_until": str(valid_until_ns),
        "prev": prev,
        "evidence": {"event": evidence_event, "pack": evidence_pack, "live": _live(live)},
        "authors": [credit["name"] for credit in manifest["credits"]],
    }
    return _signed("proposal", body, [key], context)


def evidence(*, key: Key, artifact: str, pack: str, trials: int, summary: Mapping[str, str], context: Context) -> bytes:
    """Sign, as a service with the scope `evidence`, what the platform found when it ran an artifact."""
    body = {"artifact": artifact, "pack": pack, "trials": trials, "summary": dict(summary)}
    return _signed("evidence", body, [key], context)


def approval(
    *, key: Key, proposal: str, role: str, context: Context, decision: Literal["approve", "reject"] = "approve"
) -> bytes:
    """Sign a decision on a proposal of capital or of a policy (its event id), speaking in one role."""
    return _signed("approval", {"proposal": proposal, "role": role, "decision": decision}, [key], context)


def pause(*, key: Key, strategy: str, reason: str, context: Context) -> bytes:
    """Sign that a strategy may only reduce risk, until a new proposal is approved."""
    return _signed("pause", {"strategy": strategy, "reason": reason}, [key], context)


def demote(*, key: Key, strategy: str, tier: str, limits: Mapping[str, Any], reason: str, context: Context) -> bytes:
    """Sign that a strategy falls to a lower tier at once, under limits that are nowhere wider than now."""
    body = {"strategy": strategy, "tier": tier, "limits": limits_body(limits), "reason": reason}
    return _signed("demote", body, [key], context)


def retire(*, key: Key, strategy: str, reason: str, context: Context) -> bytes:
    """Sign that a strategy ends and its name is closed for good."""
    return _signed("retire", {"strategy": strategy, "reason": reason}, [key], context)


def revocation(
    *,
    signers: Sequence[Key],
    reason: str,
    context: Context,
    strategy: str | None = None,
    proposal: str | None = None,
    revoked_key: bytes | None = None,
) -> bytes:
    """Sign that capital is taken back from a strategy or a proposal, or that a key signs nothing from here on."""
    targets = {"strategy": strategy, "proposal": proposal, "key": None if revoked_key is None else revoked_key.hex()}
    body = {"reason": reason} | {name: value for name, value in targets.items() if value is not None}
    return _signed("revocation", body, signers, context)


def epoch(
    *,
    signers: Sequence[Key],
    compartment: Compartment,
    number: int,
    commitment: str,
    recipients: Sequence[str],
    wrapped: str,
    context: Context,
) -> bytes:
    """Sign a new epoch key: its commitment (hexadecimal), whom it goes to, and the age file (base64) that holds it."""
    body = {
        "compartment": compartment,
        "number": number,
        "commitment": commitment,
        "recipients": list(recipients),
        "wrapped": wrapped,
    }
    return _signed("epoch", body, signers, context)


def event_id(envelope: bytes) -> str:
    """The name of a signed event: SHA-256 of its payload, hexadecimal."""
    return read_envelope(envelope).id


def artifact_of(manifest: Mapping[str, Any]) -> str:
    """The artifact's hash: SHA-256 of its manifest in canonical JSON, hexadecimal.

    >>> artifact_of({"v": 2})[:16]
    '2b5442799fccc3af'
    """
    return hashlib.sha256(canonical(manifest)).hexdigest()


def _root(keys: Sequence[bytes], threshold: int) -> dict[str, Any]:
    return {"keys": [key.hex() for key in keys], "threshold": threshold}


def _device(device: Device | bytes) -> dict[str, Any]:
    given = Device(device) if isinstance(device, bytes) else device
    return {"key": given.key.hex(), "age": given.age}


def _live(live: Live | None) -> dict[str, Any] | None:
    if live is None:
        return None
    return {"from_tier": live.from_tier, "from": str(live.from_ns), "to": str(live.to_ns), "digest": live.digest}


def _signed(kind: str, body: Mapping[str, Any], signers: Sequence[Key], context: Context) -> bytes:
    event = {
        "v": 1,
        "type": kind,
        "stream": "governance",
        "actor": signers[0].name,
        "device": signers[0].keyid,
        "hlc": list(context.hlc),
        "parents": list(context.parents),
        "seen": None if context.seen is None else dict(context.seen),
        "policy": context.policy,
        "body": body,
    }
    return sign_event(event, signers)
