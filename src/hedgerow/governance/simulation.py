"""A mandate for simulated money: research passes the same gate as real money, under keys that anybody can derive.

Promises: equal arguments give equal bytes; the tier is of the kind `simulation`, which no venue with real money
accepts. Never: a key of a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from hedgerow.governance import events
from hedgerow.governance.events import Context
from hedgerow.governance.keys import Key
from hedgerow.governance.manifests import proposal_manifest
from hedgerow.governance.tiers import simulation_tier

_QUORUM = "all(risk 1, fund_manager 1)"


def simulation_authority(
    *,
    seed: int,
    strategy: str,
    artifact: bytes,
    limits: Mapping[str, Any],
    universe: Sequence[str],
    base_currency: str,
    fund: str,
    valid_until_ns: int,
) -> tuple[bytes, list[bytes]]:
    """Genesis and signed events (roster, policy, proposal, two approvals) that grant `limits` to `artifact` (32 bytes).

    `artifact` is the hash of a manifest's content; what runs is named by `simulated_artifact`.

    >>> genesis, envelopes = simulation_authority(
    ...     seed=7, strategy="momentum", artifact=bytes(32), limits={"capital": "1000000.00"}, universe=["AAA"],
    ...     base_currency="USD", fund="research", valid_until_ns=2**63 - 1)
    >>> from hedgerow import _core
    >>> authority = _core.Authority(genesis)
    >>> [authority.apply(envelope, 2 + i, 0)["outcome"] for i, envelope in enumerate(envelopes)]
    ['roster_set', 'policy_set', 'proposed', 'approved', 'granted']
    """
    house = _house(seed, fund, base_currency)
    author, risk, manager = house.author, house.risk, house.manager
    rules = events.event_id(house.policy)
    proposal = events.proposal(
        key=author,
        strategy=strategy,
        manifest=_manifest(artifact, author.name),
        tier="simulation",
        limits=limits,
        universe=universe,
        valid_until_ns=valid_until_ns,
        prev=None,
        context=Context([rules], (0, 2), rules),
    )
    name = events.event_id(proposal)
    yes = [
        events.approval(key=key, proposal=name, role=role, context=Context([name], (0, 3), rules))
        for key, role in ((risk, "risk"), (manager, "fund_manager"))
    ]
    return house.genesis, [house.roster, house.policy, proposal, *yes]


class _House(NamedTuple):
    """What every simulated mandate of a seed stands on."""

    genesis: bytes
    roster: bytes
    policy: bytes
    author: Key
    risk: Key
    manager: Key


@lru_cache(maxsize=16)
def _house(seed: int, fund: str, base_currency: str) -> _House:
    """The same bytes for every run of a seed, so they are signed once."""
    root, author, risk, manager = (_key(seed, name) for name in ("root", "researcher", "risk", "fund manager"))
    first = events.genesis(fund=fund, base=base_currency, root_keys=[root.public], root_threshold=1)
    people = [
        events.Person(author.name, ("researcher",), (author.public,)),
        events.Person(risk.name, ("risk",), (risk.public,)),
        events.Person(manager.name, ("fund_manager",), (manager.public,)),
    ]
    roster = events.roster(
        signers=[root],
        version=1,
        root_keys=[root.public],
        root_threshold=1,
        people=people,
        context=Context([hashlib.sha256(first).hexdigest()], (0, 0)),
    )
    policy = events.policy(
        signers=[root],
        version=1,
        change=_QUORUM,
        tiers=[simulation_tier(_QUORUM)],
        context=Context([events.event_id(roster)], (0, 1)),
    )
    return _House(first, roster, policy, author, risk, manager)


def simulated_artifact(artifact: bytes) -> bytes:
    """The hash (32 bytes) of the manifest by which a simulated mandate names this content.

    >>> simulated_artifact(bytes(32)).hex()[:16]
    '0f2ef46a2877d60a'
    """
    return bytes.fromhex(events.artifact_of(_manifest(artifact, "simulated researcher")))


def _manifest(artifact: bytes, author: str) -> dict[str, Any]:
    content = {"v": 1, "kind": "digest", "sha256": artifact.hex()}
    return proposal_manifest(content, credits={author: 10_000}, title="simulated run")


def _key(seed: int, name: str) -> Key:
    private = hashlib.sha256(f"hedgerow simulation {seed} {name}".encode()).digest()
    return Key.from_seed(private, name=f"simulated {name}")
