"""The events that people sign: roster, proposal, approval, revocation, and the genesis they all descend from.

Promises: pure functions of their arguments; time and parents are arguments; equal arguments give equal bytes.
Never: checks who may do what. That is the authority's business, in the core, where a forged page cannot skip it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hedgerow.governance.envelope import canonical, read_envelope, sign_event
from hedgerow.governance.keys import Key
from hedgerow.governance.limits import limits_body

Hlc = tuple[int, int]
"""Hybrid logical clock of the signing device: milliseconds since 1970 and a counter."""

Tier = Literal["simulation", "paper", "canary", "full"]
"""The tier of capital, from simulated venues only to real money in full."""


@dataclass(frozen=True)
class Person:
    """A human on the roster: what they may speak for, and the public keys (32 raw bytes each) of their devices."""

    name: str
    roles: tuple[str, ...]
    keys: tuple[bytes, ...]


def genesis(*, fund: str, base: str, root_keys: Sequence[bytes], root_threshold: int) -> bytes:
    """The fund's first record: its name, base currency, root public keys, and how many of them sign a roster."""
    return canonical(
        {
            "v": 1,
            "type": "genesis",
            "fund": fund,
            "base": base,
            "root_keys": [key.hex() for key in root_keys],
            "root_threshold": root_threshold,
        }
    )


def roster(
    *,
    signers: Sequence[Key],
    version: int,
    people: Sequence[Person],
    quorum: Mapping[str, int],
    parents: Sequence[str],
    hlc: Hlc,
) -> bytes:
    """Sign a roster with root keys; `quorum` says how many humans of each role must approve a proposal."""
    body = {
        "version": version,
        "people": [{"name": p.name, "roles": list(p.roles), "keys": [k.hex() for k in p.keys]} for p in people],
        "policy": {"quorum": [{"role": role, "count": count} for role, count in quorum.items()]},
    }
    return _signed("roster", body, signers, parents, hlc)


def proposal(
    *,
    key: Key,
    strategy: str,
    artifact: str,
    tier: Tier,
    limits: Mapping[str, Any],
    universe: Sequence[str],
    valid_until_ns: int,
    parents: Sequence[str],
    hlc: Hlc,
    title: str = "",
    description: str = "",
    authors: Sequence[str] = (),
) -> bytes:
    """Sign a proposal: this artifact (SHA-256, hexadecimal) should have this capital under these limits until then."""
    body = {
        "strategy": strategy,
        "artifact": artifact,
        "tier": tier,
        "limits": limits_body(limits),
        "universe": list(universe),
        "valid_until": str(valid_until_ns),
        "title": title,
        "description": description,
        "authors": list(authors) or [key.name],
    }
    return _signed("proposal", body, [key], parents, hlc)


def approval(
    *,
    key: Key,
    proposal: str,
    role: str,
    parents: Sequence[str],
    hlc: Hlc,
    decision: Literal["approve", "reject"] = "approve",
) -> bytes:
    """Sign a decision on a proposal (its event id), speaking in one role."""
    return _signed("approval", {"proposal": proposal, "role": role, "decision": decision}, [key], parents, hlc)


def revocation(
    *,
    key: Key,
    parents: Sequence[str],
    hlc: Hlc,
    strategy: str | None = None,
    proposal: str | None = None,
    reason: str = "",
) -> bytes:
    """Sign that capital is taken back: from a strategy with all its open proposals, or from one proposal."""
    targets = {"strategy": strategy, "proposal": proposal}
    body = {"reason": reason} | {name: value for name, value in targets.items() if value is not None}
    return _signed("revocation", body, [key], parents, hlc)


def event_id(envelope: bytes) -> str:
    """The name of a signed event: SHA-256 of its payload, hexadecimal."""
    return read_envelope(envelope).id


def _signed(kind: str, body: Mapping[str, Any], signers: Sequence[Key], parents: Sequence[str], hlc: Hlc) -> bytes:
    event = {
        "v": 1,
        "type": kind,
        "actor": signers[0].name,
        "device": signers[0].keyid,
        "hlc": list(hlc),
        "parents": list(parents),
        "body": body,
    }
    return sign_event(event, signers)
